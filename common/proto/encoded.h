#ifndef RSP_PROTO_ENCODED_H
#define RSP_PROTO_ENCODED_H

#include "proto/param.h"

/*
 * Where things are in an encoded Pool Element, so that its octets can be stored, sent again and compared without being
 * decoded. Each @pe is one whole parameter that rsp_pool_element_encode() wrote, without unknown parameters:
 *
 *   header 4 | PE identifier 4 | home id 4 | lifetime 4 | user transport | policy | [ASAP transport | owner | version]
 *
 * Pool users get it up to the policy (its public part), other registrars get all of it.
 */

/** The policy parameter, with its header. Empty if @pe is no Pool Element. */
struct rsp_bytes rsp_encoded_policy(struct rsp_bytes pe);

/** The public part: from the header up to and with the policy. The length field in the header counts more than this. */
struct rsp_bytes rsp_encoded_public(struct rsp_bytes pe);

/** Whether the public parts @a and @b tell pool users the same. */
bool rsp_encoded_public_equal(struct rsp_bytes a, struct rsp_bytes b);

/** Replace the home id of @pe. */
void rsp_encoded_set_home_id(uint8_t *pe, uint32_t home_id);

/** The version of @pe, which must have been encoded with one. It is read from the last octets, without parsing @pe. */
uint64_t rsp_encoded_version(struct rsp_bytes pe);

/** Replace the version of @pe, which has @size octets and must have been encoded with a version. */
void rsp_encoded_set_version(uint8_t *pe, size_t size, uint64_t version);

/** Decode @pe; views in @ret live as long as its octets. Unchanged if @pe is no Pool Element. */
void rsp_encoded_decode(struct rsp_bytes pe, struct rsp_pool_element *ret);

#endif
