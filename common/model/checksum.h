#ifndef RSP_MODEL_CHECKSUM_H
#define RSP_MODEL_CHECKSUM_H

#include <stdint.h>

#include "base/bytes.h"

/* The PE checksum, RFC 5353 s.3.6.2: the checksum of RFC 1071 over one block for each element. A block is the pool handle,
 * padded with zeros, and the PE identifier. The handlespace stores the sum of all 16-bit words without folding it, so
 * that an element can be added and subtracted exactly. */

/** The sum of the words of @handle: each element of the pool adds this to the sum. */
uint32_t rsp_checksum_handle(struct rsp_bytes handle);

/** The number that the element @pe_id adds to the sum. @handle_sum is from rsp_checksum_handle(). */
static inline uint64_t
rsp_checksum_element(uint32_t handle_sum, uint32_t pe_id)
{
	return (uint64_t)handle_sum + (pe_id >> 16) + (pe_id & 0xffff);
}

static inline uint64_t
rsp_digest_stir(uint64_t value)
{
	value = (value ^ (value >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return value ^ (value >> 32);
}

/** What an element adds to the digest of its home: a number that depends on each of the three. */
static inline uint64_t
rsp_digest_element(uint64_t handle_digest, uint32_t pe_id, uint64_t contents_digest)
{
	return rsp_digest_stir(rsp_digest_stir(handle_digest ^ pe_id) + contents_digest * UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t rsp_digest_handle(struct rsp_bytes handle);

/**
 * What the element @pe_id with a statement adds to the digest of its home, which is the sum (modulo 2^64) over its elements:
 * a number over all octets of its parameter @encoded, but for statement.since_ms, which decides nothing and so may differ.
 * @handle_digest is from rsp_digest_handle(). Beyond the RFC: the 16 bits of the checksum do not depend on attributes, and
 * two changes at once often cancel out in them.
 */
uint64_t rsp_digest_statement(uint64_t handle_digest, uint32_t pe_id, struct rsp_bytes encoded);

/**
 * The PE checksum for the sum @sum of all elements, as a number that is sent in big-endian order. For no elements: 0xffff.
 */
uint16_t rsp_checksum_fold(uint64_t sum);

#endif
