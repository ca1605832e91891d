#ifndef RSP_PROTO_ENCODED_H
#define RSP_PROTO_ENCODED_H

#include "proto/param.h"

/*
 * Reads and changes fields of an encoded Pool Element without decoding it, so that its octets can be stored, sent again
 * and compared. Each @pe is one whole parameter from rsp_pool_element_encode(), without unknown parameters:
 *
 *   header 4 | PE identifier 4 | home id 4 | lifetime 4 | user transport | policy | [ASAP transport | owner | version]
 *
 * Pool users get the octets up to the end of the policy (the public part), other registrars get all octets.
 */

/** The policy parameter of @pe, with its header. Empty: @pe is not a Pool Element. */
struct rsp_bytes rsp_encoded_policy(struct rsp_bytes pe);

/** The public part of @pe: from its header to the end of the policy. The length field
 * in the header is the length of the whole @pe. */
struct rsp_bytes rsp_encoded_public(struct rsp_bytes pe);

/** Whether the public parts @a and @b have the same contents; the length fields in the headers may differ. */
bool rsp_encoded_public_equal(struct rsp_bytes a, struct rsp_bytes b);

/** Replace the home id of @pe. */
void rsp_encoded_set_home_id(uint8_t *pe, uint32_t home_id);

/** The version of @pe, which must have been encoded with a version. It is the last 8 octets. */
uint64_t rsp_encoded_version(struct rsp_bytes pe);

/** Replace the version of @pe, which has @size octets and must have been encoded with a version. */
void rsp_encoded_set_version(uint8_t *pe, size_t size, uint64_t version);

/** Decode @pe. Views in @ret are valid as long as the octets of @pe. @ret is unchanged if @pe is not a Pool Element. */
void rsp_encoded_decode(struct rsp_bytes pe, struct rsp_pool_element *ret);

#endif
