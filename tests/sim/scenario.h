#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include "coverage.h"
#include "report.h"
#include "world.h"

struct sim_options {
	enum sim_style style; /* SIM_STYLES: as the seed says */
	bool large, verbose;
	bool plain; /* without what was added to the simulator later */
	/* with registrars of another implementation, and with the tables and answers judged in storms, too */
	bool strict;
	const char *ignored; /* see world.h */
	uint64_t without; /* faults left out, by number */
	uint64_t stop_ms; /* end the run there, and show what each registrar knows; 0: at its end */
};

struct sim_result {
	struct sim_violation violation;
	struct sim_plan plan;
	uint64_t virtual_ms, messages, hash;
};

/** Run the scenario of @seed; what it met is added to @coverage and @report. */
struct sim_result sim_scenario(uint64_t seed, const struct sim_options *options, struct sim_coverage *coverage,
			       struct sim_report *report);

#endif
