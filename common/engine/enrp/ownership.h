#ifndef RSP_ENRP_OWNERSHIP_H
#define RSP_ENRP_OWNERSHIP_H

#include "engine/enrp/peer.h"

/* Statements about elements that other registrars make (RFC 5353 s.3.3, s.3.6.3), and what follows from them. The rules are
 * in model/ownership.h; statement.c gathers the facts that they need, and this file executes the verdict. */

/** ENRP_HANDLE_UPDATE. */
void rsp_ownership_update_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
				   const struct rsp_message *msg);

/** @peer's table lists @pe in the pool @handle. False: it may not. */
bool rsp_ownership_listed(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_bytes handle,
			  struct rsp_pool_element *pe);

/** @peer says that it took this registrar over: ask all own elements whether they are still here. */
void rsp_ownership_claimed_all(struct rsp_enrp *n, const struct rsp_peer *peer);

/** The own element @m, which another registrar claims, has answered us: it stays. */
void rsp_ownership_claim_refuted(struct rsp_enrp *n, struct rsp_member *m);
/** It has not answered: the claim is accepted. */
void rsp_ownership_claim_accepted(struct rsp_enrp *n, struct rsp_member *m);
/** FOREIGN_CLAIMED: its home has not answered, or was taken over. A pending removal: forget the element. A pending claim:
 * believe it if the claimant lives, else drop it. */
void rsp_ownership_claim_unanswered(struct rsp_enrp *n, struct rsp_member *m);

/** The element @m of the registrar @home was reported, and does not answer us: @home is to ask it over its own
 * connection. */
void rsp_ownership_ask_home(struct rsp_enrp *n, const struct rsp_peer *home, const struct rsp_member *m);

#endif
