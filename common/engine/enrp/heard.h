#ifndef RSP_ENRP_HEARD_H
#define RSP_ENRP_HEARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "proto/param.h"

/*
 * Relay: the registrars that one peer hears, from the RSP_PARAM_HEARD of its last PRESENCE, each with the digest of
 * what that peer has of it. A registrar that this one does not hear, but one of its peers, is alive; that peer sends its
 * elements (RSP_PARAM_TABLE_OF).
 */

/** { 0 } is an empty list. The caller frees it with rsp_heard_list_done(). */
struct rsp_heard_list {
	struct rsp_heard *item; /* ascending server ids */
	unsigned n;
};

/** The entries that a PRESENCE carries at most, so that it fits into a message: 24 KiB. */
#define RSP_HEARD_MAX 2048

/**
 * Store a copy of the entries of @encoded (empty: no entries), in place of those in @list. It keeps the @max entries with
 * the lowest server ids, so that the choice does not depend on the order; of two entries with one server id the first, and none
 * with server id 0. If out of memory, the list is empty.
 */
void rsp_heard_list_set(struct rsp_heard_list *list, struct rsp_bytes encoded, unsigned max);
void rsp_heard_list_done(struct rsp_heard_list *list);

/** Remove the entry with @server_id, if there is one. */
void rsp_heard_list_remove(struct rsp_heard_list *list, uint32_t server_id);

/** The entry with @server_id; NULL: there is none. Valid until the list changes. */
const struct rsp_heard *rsp_heard_list_find(const struct rsp_heard_list *list, uint32_t server_id);

/** The value of an RSP_PARAM_HEARD with the first RSP_HEARD_MAX of the @n entries @item; in @room, with @size octets, which also
 * limit the number of entries. */
struct rsp_bytes rsp_heard_list_compose(const struct rsp_heard *item, unsigned n, uint8_t *room, size_t size);

/**
 * When this registrar requests the elements of a registrar that it does not hear, from a peer that hears it. { 0 }: not
 * yet. One for each registrar that is not heard.
 */
struct rsp_relay {
	bool requested;	  /* and not refused */
	uint64_t digest;  /* that was listed then */
	uint64_t next_ms; /* no request before */
};

/**
 * A peer lists a registrar with the digest @listed; the digest of its elements as they are stored here is @stored. Whether
 * to request its elements from that peer at @now_ms: if the digests differ, and @listed is not the digest of the last
 * request (unless that is RSP_RELAY_AGAIN cycles ago: it may have been refused), at most once in @cycle_ms.
 */
bool rsp_relay_is_due(struct rsp_relay *relay, uint64_t listed, uint64_t stored, uint64_t now_ms, uint32_t cycle_ms);
#define RSP_RELAY_AGAIN 4

/** The request was refused, or its connection has ended: it may be sent again in the next cycle. */
void rsp_relay_failed(struct rsp_relay *relay);

#endif
