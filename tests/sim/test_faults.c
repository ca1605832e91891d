#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "scenario.h"
#include "wrap.h"

/* Whether the invariants find mistakes. Each mistake of wrap.h is put into the engine in turn, and must violate an
 * invariant in one of the first SEEDS_MAX seeds. The engine without a mistake must pass the seeds that found one; that it
 * passes the others is tested by test_sim.c. Prints TAP. */

#define SEEDS_MAX 1000

static const char *
name_of(enum sim_mistake mistake)
{
	static const char *const name[] = {
#define ROW(name) #name,
		SIM_MISTAKES(ROW)
#undef ROW
	};

	return name[mistake];
}

/* The first of the seeds from @from to @to that violates an invariant with @mistake, and its result; 0: none. */
static uint64_t
first_violation(enum sim_mistake mistake, uint64_t from, uint64_t to, struct sim_result *ret)
{
	static struct sim_coverage coverage;
	struct sim_report report = { 0 };
	const struct sim_options options = { .style = SIM_STYLES };
	uint64_t found = 0;

	sim_mistake = mistake;
	for (uint64_t seed = from; seed <= to && !found; seed++) {
		*ret = sim_scenario(seed, &options, &coverage, &report);
		if (ret->violation.invariant)
			found = seed;
	}
	sim_report_done(&report);
	return found;
}

int
main(void)
{
	struct sim_result result;
	uint64_t found[SIM_MISTAKE_COUNT] = { 0 }, wrong = 0;
	bool failed = false;

	printf("1..%d\n", SIM_MISTAKE_COUNT);
	for (enum sim_mistake mistake = SIM_MISTAKE_NONE + 1; mistake < SIM_MISTAKE_COUNT; mistake++) {
		uint64_t seed = found[mistake] = first_violation(mistake, 1, SEEDS_MAX, &result);

		failed = failed || !seed;
		printf("%sok %d - %s is caught\n", seed ? "" : "not ", mistake, name_of(mistake));
		if (seed)
			printf("# by \"%s\", seed %llu (%s), at %llu ms: %s\n", result.violation.invariant,
			       (unsigned long long)seed, sim_style_name(result.plan.style),
			       (unsigned long long)result.violation.at, result.violation.text);
		(void)fflush(stdout);
	}
	for (enum sim_mistake mistake = SIM_MISTAKE_NONE + 1; mistake < SIM_MISTAKE_COUNT && !wrong; mistake++)
		if (found[mistake])
			wrong = first_violation(SIM_MISTAKE_NONE, found[mistake], found[mistake], &result);
	printf("%sok %d - without a mistake the same seeds pass\n", wrong ? "not " : "", SIM_MISTAKE_COUNT);
	if (wrong)
		printf("# seed %llu: %s: %s\n", (unsigned long long)wrong, result.violation.invariant,
		       result.violation.text);
	return failed || wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
