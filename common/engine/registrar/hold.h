#ifndef RSP_REGISTRAR_HOLD_H
#define RSP_REGISTRAR_HOLD_H

#include "engine/registrar/resolve.h"

/*
 * Beyond the RFC: a registrar that has just begun to serve alone, and one that hears peers again, may be asked for a
 * pool that it does not know yet: the elements are about to register again, or a peer's table is being downloaded. A
 * user would believe the answer "unknown pool handle". So the question waits, up to a bound.
 */

#define RSP_HELD_MAX	  1024 /* questions of all links */
#define RSP_HELD_LINK_MAX 16   /* of one link */

STAILQ_HEAD(rsp_held_list, rsp_held_question);

struct rsp_hold {
	struct rsp_resolver *resolver;
	struct rsp_held_list questions; /* the oldest first */
	unsigned n;
	uint64_t pools_made; /* rsp_pools_made() when the questions were looked at last */
};

void rsp_hold_init(struct rsp_hold *hold, struct rsp_resolver *resolver);

/** Hold @question, whose pool is unknown. False: there is no room, or the handle is impossible. */
bool rsp_hold_question(struct rsp_hold *hold, const struct rsp_question *question);

/** Answer the questions whose pool is known by now, and those whose time is over; all, unless @pools_may_be_missing. */
void rsp_hold_settle(struct rsp_hold *hold, bool pools_may_be_missing);

/** Forget the questions of @link. */
void rsp_hold_link_down(struct rsp_hold *hold, const struct rsp_link *link);

/** When the next question is due; RSP_NEVER: there is none. */
uint64_t rsp_hold_deadline(const struct rsp_hold *hold);

#endif
