#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenario.h"

/* The simulator in `make check`: SIM_SEEDS scenarios from SIM_FIRST on. No invariant may be violated, and together they
 * must meet every clause and every fault. Or (SIM_LAYERED) scenarios of the style layers, as strict as it can be; or
 * (SIM_LARGE) one scenario of 100 registrars and 10,000 elements. Prints TAP. `rsp-sim --seed N --verbose` (and --style layers
 * --strict) replays a seed that fails (see world.h). */

#ifndef SIM_LAYERED
#define SIM_LAYERED false
#endif

enum { GROUP = 100 };

static struct sim_coverage coverage;
static struct sim_report report;

static bool
holds(uint64_t seed, const struct sim_options *options)
{
	struct sim_result result = sim_scenario(seed, options, &coverage, &report);
	const struct sim_violation *violation = &result.violation;

	if (violation->invariant)
		printf("# seed %" PRIu64 " (%s): \"%s\" at %" PRIu64 " ms: %s\n", seed,
		       sim_style_name(result.plan.style), violation->invariant, violation->at, violation->text);
	return !violation->invariant;
}

int
main(void)
{
	const struct sim_options options = { .style = SIM_LAYERED ? SIM_LAYERS : SIM_STYLES,
					     .strict = SIM_LAYERED,
					     .large = SIM_LARGE };
	unsigned tests = 0;
	bool failed = false;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (uint64_t first = SIM_FIRST; first < SIM_FIRST + SIM_SEEDS; first += GROUP) {
		uint64_t end = first + GROUP < SIM_FIRST + SIM_SEEDS ? first + GROUP : SIM_FIRST + SIM_SEEDS;
		bool ok = true;

		for (uint64_t seed = first; seed < end; seed++)
			ok = holds(seed, &options) && ok;
		failed = failed || !ok;
		printf("%sok %u - seeds %" PRIu64 " to %" PRIu64 "%s\n", ok ? "" : "not ", ++tests, first, end - 1,
		       SIM_LARGE ? ", 100 registrars and 10,000 elements" : SIM_LAYERED ? ", two or three faults at a time" : "");
	}
	sim_report_print(&report, "# ");
	if (!SIM_LARGE && !SIM_LAYERED) {
		unsigned never = sim_coverage_print(&coverage, "# ");

		failed = failed || never;
		printf("%sok %u - every clause and every fault was met\n", never ? "not " : "", ++tests);
	}
	printf("1..%u\n", tests);
	sim_report_done(&report);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
