#ifndef TESTS_EXPLORE_SEARCH_H
#define TESTS_EXPLORE_SEARCH_H

#include "world.h"

/*
 * All histories of a scope up to a bound: at most one fault, at any step of the first fault_ms; and at most @deviations
 * steps that are not those of the default order, at any step until window_ms after the fault. Then the default order goes
 * on until nothing changes, and check() judges. A state that was met before, with as much left to deviate, is not explored
 * again.
 */
struct bound {
	unsigned deviations, faults;
	uint64_t fault_ms, window_ms;
	int only_fault; /* -1: all */
	double seconds;	/* stop then; 0: never */
	uint64_t steps; /* the same, with the same result on each machine */
};

/** The steps that are not the default: at step @step the choice @choice of choice_list(), or the fault @choice - SEARCH_FAULT. */
enum { TAKEN_MAX = 8, SEARCH_FAULT = 1000 };
struct taken {
	struct {
		uint32_t step;
		uint16_t choice;
	} at[TAKEN_MAX];
	unsigned n;
};

struct tally {
	uint64_t histories; /* that were followed to their end and judged */
	uint64_t pruned;    /* that met a state that was met before */
	uint64_t states, steps;
	unsigned depth; /* steps of the longest history */
	uint64_t violations;
	bool complete; /* nothing was left out because of bound.seconds or bound.steps */
};

/** Called for each violation: at most one for each pair of fault and rule. */
typedef void search_report(const struct setup *setup, const struct taken *taken, const char *rule, const char *fault);

/** Explore, and add to @tally. */
void search(const struct setup *setup, const struct bound *bound, search_report *report, struct tally *tally);

/** Run one history again, with each step printed. Returns the rule that is broken, or NULL. */
const char *search_replay(const struct setup *setup, const struct taken *taken);

#endif
