#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rng.h"
#include "plan.h"

/*
 * A whole scope in one process and in virtual time: registrars, elements and users on the production engines, with a
 * network and faults that are drawn from a seed. One seed is one run, the same on every machine.
 *
 * To replay a seed that failed:
 *	make sim SEEDS=4711                     what was wrong, and when
 *	./rsp-sim --seed 4711 --verbose         every message, record and fault, a line each
 *	./rsp-sim --seed 4711 --verbose --stop-at 31500    up to then, and what each registrar knows by then
 *	./rsp-sim --seed 4711 --without 2,5         the same without faults 2 and 5 of the trace
 *
 * --style layers has two or three faults last at a time, in a small scope; --strict judges all. --ignore INVARIANT,... goes on after violations of these; --plain leaves out what the simulator draws since it judges
 * more (plan.more).
 *
 * world: time and the queue of events. node: engines, and their calls. net, reach: connections. faults, load, announce:
 * what is done to the scope. truth: what is so, as no registrar can know. judge: what registrars show, compared with that.
 * told: the same, compared with what others have told them.
 * invariants: what else must hold. arbitration: what registrars say to each other about takeovers. tally: what a fault may
 * cost. watch, monitor: what followers and monitors are told.
 * strip: a registrar of another implementation. lie: one that says what is not so. inside: all that is read of an engine's inside. coverage, report: which
 * clauses were met, and how long recovery took.
 */

struct sim;
struct sim_node;
struct sim_net;
struct sim_reach;
struct sim_load;
struct sim_check;
struct sim_truth;
struct sim_judge;
struct sim_told;
struct sim_tally;
struct sim_arbitration;
struct sim_watch;
struct sim_monitor;
struct sim_coverage;
struct sim_report;

/** An event calls this. @generation tells the callee whether @ctx is still the object that the event was set for. */
typedef void sim_call(struct sim *w, void *ctx, uint32_t generation);

struct sim_event {
	uint64_t at, order;
	sim_call *call;
	void *ctx;
	uint32_t generation;
};

/** The first violation of an invariant. */
struct sim_violation {
	const char *invariant; /* NULL: none */
	uint64_t at;
	char text[512];
};

struct sim {
	uint64_t seed, now, order;
	struct sim_plan plan;
	struct rsp_rng net_rng, fault_rng, load_rng, node_rng, more_rng;
	struct sim_event *heap;
	size_t n_events, room;
	unsigned at_once; /* events since time last advanced */

	struct sim_node *node; /* n_registrars, then the clients: elements and users; the last is a monitor */
	unsigned n_nodes, n_registrars;
	unsigned split;	    /* the number of faults because of which nothing is promised about elements now */
	bool same_id;	    /* two registrars have had one id */
	uint32_t lied_of;   /* the live registrar that another one has last said to have taken over; 0: none has */
	struct {
		uint64_t since_ms; /* when all registrars came back from @kind; 0: they did not, or are gone again */
		bool killed;
	} back;
	uint64_t joined_ms; /* when a partition or pause last ended: messages that it kept back arrive late */
	struct sim_net *net;
	struct sim_reach *reach;
	struct sim_load *load;
	struct sim_check *check;
	struct sim_truth *truth;
	struct sim_judge *judge;
	struct sim_told *told;
	struct sim_tally *tally;
	struct sim_arbitration *arbitration;
	struct sim_watch *watch;
	struct sim_monitor *monitor;
	struct sim_coverage *coverage; /* the caller's, for many runs */
	struct sim_report *report;     /* the same */

	struct sim_violation violation;
	bool verbose;
	bool strict;	     /* scenario.h */
	const char *ignored; /* invariants that may be violated, each between commas; NULL: none */
	uint64_t without; /* bit i: fault i does not happen */
	uint64_t hash;	  /* over all that happened */
	uint64_t delivered;
};

/** Let @call happen at @at. */
void sim_at(struct sim *w, uint64_t at, sim_call *call, void *ctx, uint32_t generation);

/** Run until @until, or until an invariant is violated. */
void sim_run(struct sim *w, uint64_t until);

/** An invariant does not hold: the run ends. Only the first is kept. */
void sim_violated(struct sim *w, const char *invariant, const char *fmt, ...) RSP_PRINTF(3, 4);

static inline bool
sim_failed(const struct sim *w)
{
	return w->violation.invariant != NULL;
}

/** Write a line of the trace, if @verbose; and mix a value into the hash of the run. */
void sim_trace(struct sim *w, const char *fmt, ...) RSP_PRINTF(2, 3);
void sim_mix(struct sim *w, uint64_t value);

/** Zeroed memory; the process ends if there is none. */
void *sim_alloc(size_t n, size_t size);

static inline uint64_t
sim_between(struct rsp_rng *rng, uint64_t from, uint64_t to)
{
	return from + rsp_rng_below(rng, to - from + 1);
}

static inline bool
sim_chance(struct rsp_rng *rng, unsigned percent)
{
	return rsp_rng_below(rng, 100) < percent;
}

#endif
