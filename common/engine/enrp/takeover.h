#ifndef RSP_ENRP_TAKEOVER_H
#define RSP_ENRP_TAKEOVER_H

#include "engine/enrp/peer.h"

/*
 * Detects dead peers, RFC 5353 s.3.4.3, and takes over their elements, s.3.5. The target is the dead peer; an initiator is
 * a registrar that sends ENRP_INIT_TAKEOVER for it. Beyond the RFC: if the target is ACTIVE here, this registrar probes
 * it before it acknowledges. If no other registrar must acknowledge, the takeover is complete at once. If an initiator
 * dies before the end, another registrar begins a takeover when its timer for the INACTIVE target expires. A decided
 * takeover moves the elements slice by slice: transfer.c.
 */

/** A message of @peer was received: @peer is ACTIVE. A takeover of @peer is aborted, unless it is decided: then it is completed.
 * If @peer was not heard before, it must acknowledge each takeover that has begun: it is sent ENRP_INIT_TAKEOVER. */
void rsp_takeover_peer_heard(struct rsp_enrp *n, struct rsp_peer *peer);

/** Whether the registrar @id was taken over within MAX-TIME-LAST-HEARD. What a peer says of it may be from before that. */
bool rsp_takeover_is_gone(const struct rsp_enrp *n, uint32_t id);

/** A PRESENCE of a peer has arrived, and the registrars that it hears are stored. A takeover of one of them is aborted, unless
 * it is decided; one by another registrar, which waited until that peer hears the target no more, is accepted. */
void rsp_takeover_note_relayed(struct rsp_enrp *n);

/** If @peer is ACTIVE: send it a PRESENCE that requires an answer. @peer is then PROBED. @reason is recorded. */
void rsp_takeover_probe(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** Declare @peer dead because of @reason, and begin its takeover, unless another registrar has completed one. While this registrar
 * joins, it begins no takeover and acknowledges the takeovers of other registrars. */
void rsp_takeover_begin(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** A registrar may never acknowledge the takeover of @peer, or @peer is heard but does not answer. So that dead elements do not
 * stay in the handlespace for ever, look at the elements of @peer if that has lasted too long; those that do not answer are removed. */
void rsp_takeover_look(struct rsp_enrp *n, const struct rsp_peer *peer);

/** The timer of @peer has expired. */
void rsp_takeover_peer_due(struct rsp_enrp *n, struct rsp_peer *peer);

/** @peer has another connection: send it each ENRP_INIT_TAKEOVER that it has not acknowledged. */
void rsp_takeover_tell(struct rsp_enrp *n, const struct rsp_peer *peer);

/** Handle a message of @peer: ENRP_INIT_TAKEOVER (initiated), ENRP_INIT_TAKEOVER_ACK (acknowledged) or
 * ENRP_TAKEOVER_SERVER (enforced). */
void rsp_takeover_initiated(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
			    const struct rsp_message *msg);
void rsp_takeover_acknowledged(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *msg);
void rsp_takeover_enforced(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);

/** End of the turn: if all registrars have acknowledged the takeover of @peer, complete it. When all elements have
 * moved, @peer is removed from the peer list. */
void rsp_takeover_settle(struct rsp_enrp *n, struct rsp_peer *peer);

#endif
