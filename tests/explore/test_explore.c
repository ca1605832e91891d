#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "search.h"

/* The explorer in `make check`: all histories of each scope below, up to its bound, in two minutes of one processor. A
 * scope that is larger ends after so many steps, the same on each machine; its line says so. Prints TAP. `rsp-explore` runs one scope with other bounds, and replays. */

struct scope {
	struct setup setup;
	struct bound bound;
};

enum { EPOCHS, PLAIN, TWINS = 2, PLAIN_TWINS = 3 };

#define SCOPE(r, e, from, kind, k, faults_until, n)                                                                    \
	{ { .registrars = (r), .elements = (e), .start = (from), .twins = (kind) >= TWINS, .plain = (kind) & PLAIN, .relay = true }, \
	  { .deviations = (k), .faults = 1, .fault_ms = (faults_until), .window_ms = 4000, .only_fault = -1, .steps = (n) } }

static const struct scope scopes[] = {
	SCOPE(3, 1, START_SETTLED, EPOCHS, 1, 0, 4000000),	/* the fault is at any step before the first timer */
	SCOPE(3, 1, START_REGISTER, EPOCHS, 1, 0, 4000000),	/* at any step of a registration */
	SCOPE(3, 1, START_COLD, EPOCHS, 0, 1000, 4000000),	/* at any step of the first second, while all join */
	SCOPE(3, 1, START_SETTLED, EPOCHS, 0, 1100, 4000000),	/* at any step between two heartbeats */
	SCOPE(2, 2, START_SETTLED, EPOCHS, 1, 0, 4000000),
	SCOPE(2, 2, START_SETTLED, TWINS, 1, 0, 4000000),
	SCOPE(2, 2, START_COLD, TWINS, 1, 0, 4000000),
	SCOPE(2, 2, START_SETTLED, PLAIN_TWINS, 1, 0, 4000000),
	SCOPE(3, 1, START_REGISTER, PLAIN, 1, 0, 4000000),
	SCOPE(2, 1, START_SETTLED, EPOCHS, 2, 0, 6000000),
};

static void
report(const struct setup *setup, const struct taken *taken, const char *rule, const char *fault)
{
	static const char *const start[STARTS] = { "settled", "register", "cold" };

	printf("# %s (%s): rsp-explore --registrars=%u --elements=%u --start=%s%s%s --replay=", rule, fault, setup->registrars,
	       setup->elements, start[setup->start], setup->twins ? " --twins" : "", setup->plain ? " --plain" : "");
	for (unsigned i = 0; i < taken->n; i++)
		printf("%s%u:%u", i ? "," : "", (unsigned)taken->at[i].step, (unsigned)taken->at[i].choice);
	printf("\n");
}

int
main(void)
{
	bool failed = false;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < RSP_COUNT(scopes); i++) {
		const struct scope *s = &scopes[i];
		struct tally t = { 0 };

		search(&s->setup, &s->bound, report, &t);
		failed = failed || t.violations;
		printf("%sok %u - %u registrars, %u elements%s%s, start %u: %u deviations, one fault until %" PRIu64 " ms (%s: %" PRIu64
		       " histories, %" PRIu64 " merged, %" PRIu64 " states, depth %u)\n",
		       t.violations ? "not " : "", i + 1, s->setup.registrars, s->setup.elements, s->setup.twins ? " of one id" : "",
		       s->setup.plain ? " without EPOCH" : "", (unsigned)s->setup.start, s->bound.deviations, s->bound.fault_ms, t.complete ? "all" : "cut short", t.histories,
		       t.pruned, t.states, t.depth);
	}
	printf("1..%u\n", (unsigned)RSP_COUNT(scopes));
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
