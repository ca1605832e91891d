#ifndef RSP_MODEL_CHECKSUM_H
#define RSP_MODEL_CHECKSUM_H

#include <stdint.h>

#include "base/bytes.h"

/* The PE checksum, RFC 5353 s.3.6.2: RFC 1071's sum over a block for each element, its pool's handle (padded with
 * zeros) and its id. Kept as the plain sum of all 16-bit words, which elements can be added to and taken from
 * exactly. */

/** What each element of the pool @handle adds because of the handle. */
uint32_t rsp_checksum_handle(struct rsp_bytes handle);

/** What the element @pe_id of a pool adds, whose handle adds @handle_sum. */
static inline uint64_t
rsp_checksum_element(uint32_t handle_sum, uint32_t pe_id)
{
	return (uint64_t)handle_sum + (pe_id >> 16) + (pe_id & 0xffff);
}

/**
 * What the element @pe_id in @version adds to its registrar's digest, the sum (modulo 2^64) over its elements. Beyond
 * the RFC: the checksum's 16 bits know nothing of attributes, nor do they often notice two changes at once. The pool's
 * handle is @handle_digest, from rsp_digest_handle().
 */
uint64_t rsp_digest_element(uint64_t handle_digest, uint32_t pe_id, uint64_t version);
uint64_t rsp_digest_handle(struct rsp_bytes handle);

/**
 * The checksum of elements that add @sum in all, as a number whose big-endian octets go on the wire; of none: 0xffff.
 */
uint16_t rsp_checksum_fold(uint64_t sum);

#endif
