#ifndef RSP_REGISTRAR_LOOK_H
#define RSP_REGISTRAR_LOOK_H

#include "engine/registrar/member.h"

/*
 * A look checks whether an element is alive that is not linked: this registrar connects to the ASAP transport of the
 * element, and sends an ASAP_ENDPOINT_KEEP_ALIVE. It has the H flag only if the statement is that the element was taken
 * over by this registrar. RFC 5352 s.3.5 requires this at once for an element that a user reported unreachable, also if
 * its home is another registrar. The phases of the element show the state of the look (phase.h).
 *
 * An own element that answers stays, and is looked at again after the keep-alive interval, for as long as it is not linked.
 * One that does not answer for the whole grace time is removed. For other elements, RSP_NEWS_REACHED and RSP_NEWS_UNREACHED
 * are noted. Dials are bounded (config.max_adoptions); looks wait for them in core->first_looks and core->looks.
 */

/** Find out whether @m is alive. If it is linked, ask it over its link; else begin a look at it, or let it wait. Does nothing if it
 * is looked at already, or was within keepalive_distance_ms (RFC 5355 s.2.14), or if its home is being asked, which decides about
 * it. @reported: a user reported @m unreachable; then the look comes before those at elements of which only other registrars have
 * said that they exist. A registrar that invents a million elements must not delay it. */
void rsp_look_begin(struct rsp_core *core, struct rsp_member *m, bool reported);

/** Whether the statement about @m is that this registrar has taken it over, so that the element must take it as its home. */
bool rsp_look_takes_home(const struct rsp_core *core, const struct rsp_member *m);

/** @link, which was dialled to elements, is up: send the keep-alives of the looks that wait for it. */
void rsp_look_link_up(struct rsp_core *core, struct rsp_link *link);
/** @link is CLOSING: the looks that use it count as unanswered. */
void rsp_look_link_down(struct rsp_core *core, struct rsp_link *link);

/** The element @m, which is looked at, has sent an ASAP_ENDPOINT_KEEP_ALIVE_ACK over @link. */
void rsp_look_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			   struct rsp_member *m);

/** The timer of @m has expired, in UNLINKED, FOREIGN_LOOK or a phase of a look. */
void rsp_look_due(struct rsp_core *core, struct rsp_member *m);

/** End of the turn: begin the dials of waiting looks. False: there was none to begin. */
bool rsp_look_settle(struct rsp_core *core);

#endif
