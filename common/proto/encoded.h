#ifndef RSP_PROTO_ENCODED_H
#define RSP_PROTO_ENCODED_H

#include "proto/param.h"

/*
 * Reads and changes fields of an encoded Pool Element without decoding it, so that its octets can be stored, sent again
 * and compared. Each @pe is one whole parameter from rsp_pool_element_encode():
 *
 *   header 4 | PE identifier 4 | home id 4 | lifetime 4 | user transport | policy |
 *   [ASAP transport | owner | unknown parameters | version | statement]
 *
 * A tombstone has neither transports nor policy, so it has no public part.
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

/** Whether @pe has a statement (RSP_PARAM_STATEMENT). */
bool rsp_encoded_has_statement(struct rsp_bytes pe);

/** The statement of @pe; rank 0: it has none. */
struct rsp_statement rsp_encoded_statement(struct rsp_bytes pe);

/** Replace the statement of @pe, which has @size octets and must have been encoded with a statement. */
void rsp_encoded_set_statement(uint8_t *pe, size_t size, const struct rsp_statement *statement);

/** Order the contents of @a and @b by (length, octets): all but the home id and the statement, which
 * one of them may lack. Negative, zero or positive, as memcmp(). */
int rsp_encoded_contents_compare(struct rsp_bytes a, struct rsp_bytes b);

/** A digest over all octets of @pe, the same on every host. Not secret: a sender that chooses the octets can choose the digest. */
uint64_t rsp_encoded_digest(struct rsp_bytes pe);

/** Decode @pe. Views in @ret are valid as long as the octets of @pe. @ret is unchanged if @pe is not a Pool Element. */
void rsp_encoded_decode(struct rsp_bytes pe, struct rsp_pool_element *ret);

#endif
