#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

/* What a seed decides before the run begins. */

enum sim_style {
	SIM_QUIET,  /* no faults; then one registrar restarts and joins */
	SIM_GENTLE, /* one fault at a time: no element may be lost meanwhile */
	SIM_STORM,  /* any faults at any time: the scope must settle after them */
	SIM_LAYERS, /* two or three faults at a time, most for so long that the scope answers each; no seed says so by itself */
	SIM_STYLES
};

struct sim_plan {
	enum sim_style style;
	unsigned registrars, element_clients, users, pools;
	unsigned elements_each; /* of a client, at most */
	unsigned handle_size;	/* of a pool's handle; long ones make handle tables of several pages */
	bool insecure;
	bool all_contacts; /* each registrar is configured with all others, or with one */
	bool listens;	   /* elements have a listener for registrars */

	uint32_t heartbeat_ms, last_heard_ms, no_response_ms; /* RFC 5353 s.4.2 */
	uint32_t keepalive_ms, keepalive_timeout_ms, grace_ms;
	int32_t lifetime_s;
	uint32_t delay_min_ms, delay_max_ms; /* of a message, one way */
	uint32_t lag_ms, lag_percent; /* on this share of connections each message takes up to so much longer */
	uint32_t dial_timeout_ms;
	uint32_t link_timeout_ms; /* a connection ends when data is not acknowledged for so long */
	uint64_t skew_ms;	  /* the largest error of a wall clock */

	unsigned faults;
	uint32_t load_ms; /* between two acts of the load, on average */
	uint32_t sample_ms; /* between two looks at everything */

	bool more;  /* what the simulator did not know at first is drawn too; not with --plain */
	bool tight; /* some limit of the next ones is so small that it is reached */
	uint32_t max_items; /* elements in an answer */
	uint32_t tombstone_ms, max_tombstones, max_downloads, max_adoptions;
	bool quota;   /* no identity may have more elements than it needs */
	bool changes; /* contents go on changing while all else mends */
	bool announces;		   /* clients are not configured with registrars, but hear them announce themselves */
	unsigned no_epoch_percent; /* of the clients: they do not number their statements */
	unsigned stripped;	   /* the registrar stripped - 1 is one of another implementation; 0: none is */
};

/** The plan of @seed. @style is kept if it is not SIM_STYLES. @plain: without what was added later. */
struct sim_plan sim_plan_of(uint64_t seed, enum sim_style style, bool plain, bool strict);

/** One hundred registrars and ten thousand elements. */
struct sim_plan sim_plan_large(void);

/** The error of a wall clock. */
int64_t sim_plan_skew(const struct sim_plan *plan, struct rsp_rng *rng);

/** Name the @i-th peculiarity of the plan, from 0; "": it is not in this plan; NULL: there are no more. */
const char *sim_plan_with(const struct sim_plan *plan, unsigned i);

const char *sim_style_name(enum sim_style style);

/* Bounds on how long things may take, from the timers. */

/** A message and its answer, a new connection first. */
uint64_t sim_bound_exchange(const struct sim_plan *plan);
/** From a registrar's end until another one finds it dead. @reset: connections to it are reset. */
uint64_t sim_bound_detection(const struct sim_plan *plan, bool reset);
/** From a registrar's end until another one has taken it over. */
uint64_t sim_bound_takeover(const struct sim_plan *plan, bool reset);
/** From a registrar's end until its elements have another home, and all registrars know that. */
uint64_t sim_bound_rehoming(const struct sim_plan *plan, bool reset);
/** From an element's end until no registrar has it, if its home is well. */
uint64_t sim_bound_removal(const struct sim_plan *plan, bool reset);
/** From the end of the last fault between two registrars until they show the same: the next heartbeat of each, and a few
 * exchanges, some over new connections. Also: until a change of an element is known to all registrars that hear its home. */
uint64_t sim_bound_converged(const struct sim_plan *plan);
/** The same over one registrar in between: it is asked once a peer is found silent. */
uint64_t sim_bound_relayed(const struct sim_plan *plan);
/** From an element's end until a registrar that does not hear of its home has looked at it, and removed it. */
uint64_t sim_bound_orphan(const struct sim_plan *plan);
/** From a change of an element's contents until its home has them: elements limit how often they register. */
uint64_t sim_bound_update(const struct sim_plan *plan);
/** From a report about an element that has ended until no registrar that hears its home shows it. */
uint64_t sim_bound_report(const struct sim_plan *plan);
/** From the end of a fault that ended no process until the scope has settled: the same as sim_bound_converged(), and a look
 * where one is needed. */
uint64_t sim_bound_healed(const struct sim_plan *plan);
/** From the end of all faults until the scope has settled. */
uint64_t sim_bound_settled(const struct sim_plan *plan);

#endif
