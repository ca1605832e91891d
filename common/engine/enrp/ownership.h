#ifndef RSP_ENRP_OWNERSHIP_H
#define RSP_ENRP_OWNERSHIP_H

#include "engine/enrp/peer.h"

/* Handles statements of other registrars about elements: ENRP_HANDLE_UPDATEs (RFC 5353 s.3.3) and entries of handle tables
 * (s.3.6.3). statement.c gathers the facts, rsp_owner_judge() in model/ownership.h gives the verdict, and ownership.c
 * carries it out. Terms such as claim and pending claim: model/ownership.h. */

/** Handle the ENRP_HANDLE_UPDATE @msg, which @peer has sent over @link. */
void rsp_ownership_update_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
				   const struct rsp_message *msg);

/** Handle an entry of the handle table of @peer: the element @pe in the pool
 * @handle. False: @peer may not list this element. */
bool rsp_ownership_listed(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_bytes handle,
			  struct rsp_pool_element *pe);

/** An ENRP_TAKEOVER_SERVER of @peer says that @peer has taken over this registrar: treat each own element as claimed by
 * @peer, in slices, and send keep-alives to the connected ones. Elements that register meanwhile are not treated so. */
void rsp_ownership_claimed_all(struct rsp_enrp *n, const struct rsp_peer *peer);

/** The timer of n->contests has expired: handle the next slice of own elements. */
void rsp_ownership_contests_due(struct rsp_enrp *n);

/** The own element @m, which has a pending claim of another registrar, has answered the keep-alive of this registrar:
 * it stays an own element, with a version newer than the claim. */
void rsp_ownership_claim_refuted(struct rsp_enrp *n, struct rsp_member *m);
/** The own element @m has not answered: accept the pending claim, or remove the element if it is a pending removal. */
void rsp_ownership_claim_accepted(struct rsp_enrp *n, struct rsp_member *m);
/** The home of the element @m (not this registrar) has not answered within the time limit, or was taken over. Pending
 * removal: forget the element. Pending claim: accept it if the claimant is alive, else drop it. */
void rsp_ownership_claim_unanswered(struct rsp_enrp *n, struct rsp_member *m);

/** The element @m, whose home is the registrar @home, does not answer this registrar: request
 * @home to ask the element over its own connection. */
void rsp_ownership_ask_home(struct rsp_enrp *n, const struct rsp_peer *home, const struct rsp_member *m);

#endif
