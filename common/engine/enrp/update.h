#ifndef RSP_ENRP_UPDATE_H
#define RSP_ENRP_UPDATE_H

#include "engine/enrp/peer.h"

/*
 * Sends ENRP_HANDLE_UPDATEs: RFC 5353 s.3.3. Beyond the RFC: to peers that state numbers (RSP_PEER_STATES), an update has
 * the statement about the element, and one that goes to all peers has the next update number (ring.h). To PLAIN peers,
 * updates are about linked elements only: they are what RFC 5353 knows as the elements of this registrar.
 */

/** Send all STATES peers the statement about the own element @e, with the next number; PLAIN peers too, if it is linked. */
void rsp_update_announce(struct rsp_enrp *n, const struct rsp_member *m);

/** Send all STATES peers the removals that this registrar has stored since the last turn, each with the next number. A peer
 * without room (rsp_update_has_room()) is not sent those that are too much: it requests the numbers that it lacks. */
void rsp_update_announce_removals(struct rsp_enrp *n);
/** The removals that were stored since were heard from another registrar, which has announced them: do not send them, even
 * if they name this registrar as the home. */
void rsp_update_skip_removals(struct rsp_enrp *n);

/** Send all PLAIN peers that the element @e is an own element (ENRP_ADD_PE), or is one no more (ENRP_DEL_PE). */
void rsp_update_plain(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action);

/** Whether @peer was sent less than RSP_SLICE_OCTETS of updates in the last RSP_SLICE_MS, or has no link. Else the caller sends
 * it later what can wait, or leaves it to the audits: many large updates at once would overflow the queue of its connection,
 * which is then closed, and the next audit would find the same. */
bool rsp_update_has_room(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** Send @peer alone an update with the greatest statement about @m. @asks: @peer is the home, and must answer with what it
 * has; then the receiver id is that of @peer, else 0. */
void rsp_update_tell(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_member *m, bool asks);
/** The same, with the removal @tomb. */
void rsp_update_tell_removed(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_tomb *tomb);

/** Pass on to @peer, the home of the element @pe, what it must know: a peer without STATEMENT says that it has @pe; or
 * (@reported) users reported @pe, which did not answer this registrar (RSP_PARAM_REPORTED). */
void rsp_update_pass_on(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle,
			const struct rsp_pool_element *pe, bool reported);

/** Send @peer over @link the updates from number @from to the last one. False: not all of them are kept, or one is older than
 * the tombstone time: what it says may have been removed since, and the removal be forgotten. */
bool rsp_update_send_again(struct rsp_enrp *n, uint32_t link, uint64_t from);

/** Write the tombstone @tomb as a Pool Element parameter. */
void rsp_update_write_removed(struct rsp_wr *wr, const struct rsp_tomb *tomb);

#endif
