#ifndef RSP_ENRP_UPDATE_H
#define RSP_ENRP_UPDATE_H

#include "engine/enrp/peer.h"

/* ENRP_HANDLE_UPDATEs that this registrar sends: RFC 5353 s.3.3. */

/**
 * Announce the element @e to all peers with @action. RFC 5353 s.3.3.1: to no receiver by id, so that all are sent the same
 * octets. @passed_on: it was ours, and another registrar's claim to it was accepted: peers that may still take it for ours
 * are told; only registrars of ours understand that.
 */
void rsp_update_announce(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action, bool passed_on);

/** Tell @peer what is stored of @e. */
void rsp_update_tell(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_element *e);

/** Send @peer an update about @pe. @asks: as its home @peer is to say whether that is true. */
void rsp_update_send(struct rsp_enrp *n, const struct rsp_peer *peer, bool asks, uint16_t action,
		     struct rsp_bytes handle, const struct rsp_pool_element *pe);

/** @peer claims @pe, which was removed in @version: send it its own statement back, as a removal by this registrar. */
void rsp_update_tell_removed(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle,
			     const struct rsp_pool_element *pe, uint64_t version);

#endif
