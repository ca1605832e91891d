#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

/* What a seed decides before anything happens. */

enum sim_style {
	SIM_QUIET,  /* only load; then one registrar joins anew */
	SIM_GENTLE, /* one fault at a time, among registrars or of elements: nothing may be lost meanwhile */
	SIM_STORM,  /* anything at any time: all must be well once it is over */
	SIM_STYLES
};

struct sim_plan {
	enum sim_style style;
	unsigned registrars, element_clients, users, pools;
	unsigned elements_each; /* of a client, at most */
	unsigned handle_size;	/* of a pool's handle; long ones make handle tables of several pages */
	bool insecure;
	bool all_contacts; /* each registrar is told of all others, or of one */
	bool listens;	   /* elements have a listener for registrars */

	uint32_t heartbeat_ms, last_heard_ms, no_response_ms; /* RFC 5353 s.4.2 */
	uint32_t keepalive_ms, keepalive_timeout_ms, grace_ms;
	int32_t lifetime_s;
	uint32_t delay_min_ms, delay_max_ms; /* of a message, one way */
	uint32_t lag_ms, lag_percent; /* of so many connections all messages take longer, by so much at most */
	uint32_t dial_timeout_ms;
	uint32_t link_timeout_ms; /* data that nobody acknowledges for so long ends its connection */
	uint32_t skew_ms;	  /* by how much wall clocks are wrong at most */

	unsigned faults;
	uint32_t load_ms; /* between two acts of the load, on average */
	uint32_t sample_ms; /* between two looks at everything */
};

/** The plan of @seed. @style is kept if it is not SIM_STYLES. */
struct sim_plan sim_plan_of(uint64_t seed, enum sim_style style);

/** One hundred registrars and ten thousand elements. */
struct sim_plan sim_plan_large(void);

const char *sim_style_name(enum sim_style style);

/* Bounds on how long things may take, from the timers. */

/** A message and its answer, a new connection first. */
uint64_t sim_bound_exchange(const struct sim_plan *plan);
/** From a registrar's end until somebody holds it for dead. @reset: connections to it break. */
uint64_t sim_bound_detection(const struct sim_plan *plan, bool reset);
/** From a registrar's end until somebody has taken it over. */
uint64_t sim_bound_takeover(const struct sim_plan *plan, bool reset);
/** From a registrar's end until its elements have another home, and everybody knows. */
uint64_t sim_bound_rehoming(const struct sim_plan *plan, bool reset);
/** From an element's end until it is in no table, its home being well. */
uint64_t sim_bound_removal(const struct sim_plan *plan, bool reset);
/** From the end of all faults until everything is as if there had been none. */
uint64_t sim_bound_settled(const struct sim_plan *plan);

#endif
