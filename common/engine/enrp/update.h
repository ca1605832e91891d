#ifndef RSP_ENRP_UPDATE_H
#define RSP_ENRP_UPDATE_H

#include "engine/enrp/peer.h"

/* Sends ENRP_HANDLE_UPDATEs: RFC 5353 s.3.3. */

/**
 * Send an ENRP_HANDLE_UPDATE with @action about the element @e to all connected peers. RFC 5353 s.3.3.1: the receiver id
 * is 0, so all peers get the same octets. @passed_on: this registrar was the home of @e, and has accepted the claim of
 * another registrar. Then send the update only to peers that state versions (others do not accept it from a registrar
 * which is not the home), and not to the new home.
 */
void rsp_update_announce(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action, bool passed_on);

/** Send @peer alone an ENRP_HANDLE_UPDATE with ADD_PE and the stored contents of @e. */
void rsp_update_tell(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_element *e);

/** Send @peer an ENRP_HANDLE_UPDATE with @action about @pe. @asks: the receiver id is that of @peer, so @peer, as the
 * home, must answer whether the update is true; else the receiver id is 0. */
void rsp_update_send(struct rsp_enrp *n, const struct rsp_peer *peer, bool asks, uint16_t action,
		     struct rsp_bytes handle, const struct rsp_pool_element *pe);

/** @peer claims @pe, but the element was removed in @version: send @peer its own statement back as a DEL_PE, with
 * @version and this registrar as the home. */
void rsp_update_tell_removed(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle,
			     const struct rsp_pool_element *pe, uint64_t version);

#endif
