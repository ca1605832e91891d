#ifndef TESTS_SIM_REPORT_H
#define TESTS_SIM_REPORT_H

#include "engine/event.h"
#include "faults.h"
#include "node.h"

/* How long detection, takeover and recovery took, in virtual time, by fault. */

enum sim_metric {
	SIM_DETECTION,	 /* from a registrar's end until another one finds it dead */
	SIM_TAKEOVER,	 /* until another one has taken it over */
	SIM_REHOMING,	 /* until its elements have another home, and all registrars that are well agree */
	SIM_CONVERGENCE, /* from the end of the fault until the scope has settled */
	SIM_METRICS
};

struct sim_series {
	uint32_t *ms;
	unsigned n, room;
	uint64_t over;	       /* how many took longer than their bound */
	unsigned worst_percent; /* the longest time, in percent of its bound: each run has its own timers and bounds */
};

struct sim_report {
	struct sim_series series[SIM_METRICS][SIM_FAULT_COUNT + 1]; /* the last: all faults of a storm */
	struct {
		bool active, detected, taken;
		struct sim_fault fault;
		uint32_t server_id;
		uint64_t began;
	} now;
	uint64_t runs, virtual_ms, messages, resolutions, acts;
};

void sim_report_done(struct sim_report *report);

/** The registrar @fault->victim, with the id @server_id, suffers the fault from now on. */
void sim_report_fault(struct sim *w, const struct sim_fault *fault, uint32_t server_id);
void sim_report_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event);
/** A violation if @ms is more than @bound_ms. */
void sim_report_time(struct sim *w, enum sim_metric metric, unsigned fault, uint64_t ms, uint64_t bound_ms);

/** A table for people, each line after @prefix; and one JSON object a line. */
void sim_report_print(struct sim_report *report, const char *prefix);
void sim_report_json(struct sim_report *report);

#endif
