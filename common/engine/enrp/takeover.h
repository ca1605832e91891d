#ifndef RSP_ENRP_TAKEOVER_H
#define RSP_ENRP_TAKEOVER_H

#include "engine/enrp/peer.h"

/*
 * Whether a peer lives, RFC 5353 s.3.4.3, and the takeover of a dead peer's elements, s.3.5. Beyond the RFC: a registrar
 * that still hears the target, or believes so, probes it before it acknowledges a takeover; with no registrar left to
 * acknowledge, the takeover is complete at once; if an initiator dies in the middle, another registrar follows
 * (INACTIVE ends). A takeover that is decided moves the elements slice by slice.
 */

/** A message of @peer came: it is ACTIVE. */
void rsp_takeover_peer_heard(struct rsp_enrp *n, struct rsp_peer *peer);

/** ACTIVE: send @peer a PRESENCE that must be answered; it is PROBED. */
void rsp_takeover_probe(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** @peer is dead: begin to take it over. While this registrar joins it takes nothing over, and lets others do so. */
void rsp_takeover_begin(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** The timer of @peer has expired. */
void rsp_takeover_peer_due(struct rsp_enrp *n, struct rsp_peer *peer);

/** @peer can be reached: send it the ENRP_INIT_TAKEOVERs that it has not acknowledged. */
void rsp_takeover_tell(struct rsp_enrp *n, const struct rsp_peer *peer);

/** @peer has sent ENRP_INIT_TAKEOVER (initiated), ENRP_INIT_TAKEOVER_ACK (acknowledged) or ENRP_TAKEOVER_SERVER
 * (enforced): handle it. */
void rsp_takeover_initiated(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
			    const struct rsp_message *msg);
void rsp_takeover_acknowledged(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *msg);
void rsp_takeover_enforced(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);

/** Remove the element @m of @target, whose takeover is late: it does not answer. */
void rsp_takeover_remove_silent(struct rsp_enrp *n, const struct rsp_peer *target, struct rsp_member *m);

/** Whether elements are moving: the tables of this registrar are not whole. */
bool rsp_takeover_is_moving(const struct rsp_enrp *n);

/** End of the turn: complete the takeover of @peer, if all have acknowledged it. Takes @peer off the list then. */
void rsp_takeover_settle(struct rsp_enrp *n, struct rsp_peer *peer);

#endif
