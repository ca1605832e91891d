#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/fault.h"
#include "scenario.h"

/* Whether the invariants are worth anything: mistakes are put into the engine, one at a time, and each must violate one
 * within so many seeds, which the engine without them passes. Prints TAP. */

#define SEEDS_MAX 400

enum rsp_fault rsp_fault;

static const char *
name_of(enum rsp_fault fault)
{
	static const char *const name[] = {
#define ROW(name) #name,
		RSP_FAULT_LIST(ROW)
#undef ROW
	};

	return name[fault];
}

/* The first seed that violates an invariant; 0: none. */
static uint64_t
first_violation(enum rsp_fault fault, uint64_t seeds, struct sim_result *ret)
{
	static struct sim_coverage coverage;
	struct sim_report report = { 0 };
	const struct sim_options options = { .style = SIM_STYLES };
	uint64_t found = 0;

	rsp_fault = fault;
	for (uint64_t seed = 1; seed <= seeds && !found; seed++) {
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
	uint64_t most = 0;
	bool failed = false;

	printf("1..%d\n", RSP_FAULT_COUNT);
	for (enum rsp_fault fault = RSP_FAULT_NONE + 1; fault < RSP_FAULT_COUNT; fault++) {
		uint64_t seed = first_violation(fault, SEEDS_MAX, &result);

		most = seed > most ? seed : most;
		failed = failed || !seed;
		printf("%sok %d - %s is caught\n", seed ? "" : "not ", fault, name_of(fault));
		if (seed)
			printf("# by \"%s\", seed %llu (%s), at %llu ms: %s\n", result.violation.invariant,
			       (unsigned long long)seed, sim_style_name(result.plan.style),
			       (unsigned long long)result.violation.at, result.violation.text);
		(void)fflush(stdout);
	}
	uint64_t seed = first_violation(RSP_FAULT_NONE, most, &result);
	printf("%sok %d - without a mistake the same %llu seeds pass\n", seed ? "not " : "", RSP_FAULT_COUNT,
	       (unsigned long long)most);
	if (seed)
		printf("# seed %llu: %s: %s\n", (unsigned long long)seed, result.violation.invariant,
		       result.violation.text);
	return failed || seed ? EXIT_FAILURE : EXIT_SUCCESS;
}
