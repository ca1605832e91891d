#ifndef RSP_ENRP_OWNERSHIP_H
#define RSP_ENRP_OWNERSHIP_H

#include "engine/enrp/peer.h"

/* Handles statements of other registrars about elements: ENRP_HANDLE_UPDATEs (RFC 5353 s.3.3) and entries of handle tables
 * (s.3.6.3). statement.c gathers the facts, rsp_judge() in model/judge.h gives the verdict, and ownership.c carries it
 * out. What registrars without STATEMENT send goes to word.c. */

/** Handle the ENRP_HANDLE_UPDATE @msg, which @peer has sent over @link. */
void rsp_ownership_update_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
				   const struct rsp_message *msg);

/** Handle an entry of a handle table of @peer: the element @pe in the pool @handle. @of: the home whose elements were
 * requested; 0: all. False: @peer may not list this element. */
bool rsp_ownership_listed(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t of, struct rsp_bytes handle,
			  const struct rsp_pool_element *pe);

/** The element or the home was asked about m->pending, and did not answer as it should: store m->pending. */
void rsp_ownership_store_pending(struct rsp_enrp *n, struct rsp_member *m);

#endif
