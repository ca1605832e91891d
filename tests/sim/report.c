#include "report.h"

#include <stdlib.h>

#include "base/attr.h"

static const char *const metric_name[] = { "detection", "takeover", "rehoming", "convergence" };

void
sim_report_done(struct sim_report *r)
{
	for (unsigned i = 0; i < SIM_METRICS; i++)
		for (unsigned j = 0; j <= SIM_FAULT_COUNT; j++)
			free(r->series[i][j].ms);
}

void
sim_report_fault(struct sim *w, const struct sim_fault *fault, uint32_t server_id)
{
	struct sim_report *r = w->report;

	r->now.active = server_id != 0;
	r->now.detected = r->now.taken = false;
	r->now.fault = *fault;
	r->now.server_id = server_id;
	r->now.began = w->now;
}

void
sim_report_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event)
{
	struct sim_report *r = w->report;
	/* a registrar that is not configured with the victim may have no connection to it yet that could be reset */
	bool reset = sim_fault_resets(r->now.fault.kind) && w->plan.all_contacts;

	/* a deaf registrar is still heard, until the connections over which it speaks time out */
	bool heard = r->now.fault.kind == SIM_FAULT_DEAF || r->now.fault.kind == SIM_FAULT_PAIR_ONEWAY;

	if (!r->now.active || heard || event->peer_id != r->now.server_id || n == r->now.fault.victim)
		return;
	if (w->lied_of == r->now.server_id)
		r->now.taken = true; /* those that have believed the lie leave it to the liar */
	if (event->kind == RSP_EVENT_PEER_DEAD && !r->now.detected) {
		r->now.detected = true;
		sim_report_time(w, SIM_DETECTION, r->now.fault.kind, w->now - r->now.began,
				sim_bound_detection(&w->plan, reset));
	}
	if (event->kind == RSP_EVENT_TAKEOVER_DONE && !r->now.taken) {
		r->now.taken = true;
		sim_report_time(w, SIM_TAKEOVER, r->now.fault.kind, w->now - r->now.began,
				sim_bound_takeover(&w->plan, reset));
	}
}

void
sim_report_time(struct sim *w, enum sim_metric metric, unsigned fault, uint64_t ms, uint64_t bound_ms)
{
	struct sim_series *s = &w->report->series[metric][fault];

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->ms = reallocarray(s->ms, s->room, sizeof(*s->ms));
		if (!s->ms)
			abort();
	}
	s->ms[s->n++] = (uint32_t)ms;
	unsigned percent = (unsigned)(ms * 100 / (bound_ms ? bound_ms : 1));
	s->worst_percent = percent > s->worst_percent ? percent : s->worst_percent;
	if (ms <= bound_ms)
		return;
	s->over++;
	sim_violated(w, metric_name[metric], "%s: it took %llu ms, the bound is %llu", sim_fault_name(fault),
		     (unsigned long long)ms, (unsigned long long)bound_ms);
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint32_t
percentile(struct sim_series *s, unsigned percent)
{
	qsort(s->ms, s->n, sizeof(*s->ms), compare);
	return s->ms[(uint64_t)(s->n - 1) * percent / 100];
}

static const char *
fault_name(unsigned fault)
{
	return fault < SIM_FAULT_COUNT ? sim_fault_name(fault) : "storm";
}

void
sim_report_print(struct sim_report *r, const char *prefix)
{
	printf("%s%-12s %-20s %6s %8s %8s %8s %9s\n", prefix, "time of", "after", "times", "p50 ms", "p99 ms", "max ms",
	       "of bound");
	for (unsigned i = 0; i < SIM_METRICS; i++)
		for (unsigned j = 0; j <= SIM_FAULT_COUNT; j++) {
			struct sim_series *s = &r->series[i][j];

			if (s->n)
				printf("%s%-12s %-20s %6u %8u %8u %8u %7u %%\n", prefix, metric_name[i],
				       fault_name(j), s->n, percentile(s, 50), percentile(s, 99),
				       percentile(s, 100), s->worst_percent);
		}
}

void
sim_report_json(struct sim_report *r)
{
	for (unsigned i = 0; i < SIM_METRICS; i++)
		for (unsigned j = 0; j <= SIM_FAULT_COUNT; j++) {
			struct sim_series *s = &r->series[i][j];

			if (s->n)
				printf("{\"schema\":\"sim.times/1\",\"metric\":\"%s\",\"fault\":\"%s\",\"n\":%u,"
				       "\"p50_ms\":%u,\"p99_ms\":%u,\"max_ms\":%u,\"worst_percent_of_bound\":%u,"
				       "\"over\":%llu}\n",
				       metric_name[i], fault_name(j), s->n, percentile(s, 50), percentile(s, 99),
				       percentile(s, 100), s->worst_percent, (unsigned long long)s->over);
		}
}
