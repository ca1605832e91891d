#ifndef RSP_REGISTRAR_HOLD_H
#define RSP_REGISTRAR_HOLD_H

#include "engine/registrar/resolve.h"

/*
 * Beyond the RFC: a user may request the resolution of a pool that exists in the scope, but is unknown to this registrar.
 * This happens shortly after this registrar began to serve alone (elements have not registered again yet), or while it
 * downloads the table of a peer. The answer "unknown pool handle" would be wrong. So this registrar holds the question
 * (struct rsp_question): it answers as soon as it knows the pool, or after config.hold_ms; if a peer is known to have more
 * than this registrar then, after config.hold_window_ms at most.
 */

#define RSP_HELD_MAX	  1024 /* held questions of all links */
#define RSP_HELD_LINK_MAX 16   /* held questions of one link */

STAILQ_HEAD(rsp_held_list, rsp_held_question);

struct rsp_hold {
	struct rsp_resolver *resolver;
	struct rsp_held_list questions; /* oldest first */
	unsigned n;
	uint64_t pools_made; /* value of rsp_pools_made() at the last check of the questions */
};

void rsp_hold_init(struct rsp_hold *hold, struct rsp_resolver *resolver);

/** Hold @question, whose pool is unknown. False: not held, because a limit is reached, memory
 * is short, or the handle has an invalid length. */
bool rsp_hold_question(struct rsp_hold *hold, const struct rsp_question *question);

/** What this registrar does not have yet. */
enum rsp_hold_missing {
	RSP_HOLD_NOTHING, /* what it does not know does not exist */
	RSP_HOLD_PERHAPS, /* pools may be missing: it has only just begun */
	RSP_HOLD_KNOWN	  /* a peer has elements that it does not have yet */
};

/** Answer the questions whose pool is known now, and those held for long enough. Answer all, if nothing is missing. */
void rsp_hold_settle(struct rsp_hold *hold, enum rsp_hold_missing missing);

/** Forget the questions of @link. */
void rsp_hold_link_down(struct rsp_hold *hold, const struct rsp_link *link);

/** The time at which the oldest question must be answered; RSP_NEVER: no question is held. */
uint64_t rsp_hold_deadline(const struct rsp_hold *hold);

#endif
