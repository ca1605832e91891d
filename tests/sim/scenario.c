#include "scenario.h"

#include <stdlib.h>

#include "announce.h"
#include "invariants.h"
#include "lie.h"
#include "load.h"
#include "monitor.h"
#include "net.h"
#include "node.h"
#include "tally.h"
#include "truth.h"
#include "watch.h"

/* The story of a run, from its beginning to its end. */

#define FAULTS_MAX 16
#define LAYERS_MAX 3 /* so many faults at a time */
#define BUSY_MS	   2000 /* the load goes on for so long at most while the scope mends */

static void
boot(struct sim *w)
{
	bool together = sim_chance(&w->fault_rng, 50);

	for (unsigned i = 0; i < w->n_nodes; i++) {
		sim_node_start(&w->node[i]);
		if (!together && i < w->n_registrars)
			sim_run(w, w->now + sim_between(&w->fault_rng, 0, 2000));
	}
	sim_check_start(w);
	sim_announce_start(w);
	sim_load_start(w);
}

/* Stop the load, and wait until the scope has settled; how long that took. */
static uint64_t
rest(struct sim *w)
{
	uint64_t began = w->now, ms;

	sim_load_calm(w);
	ms = sim_settle(w, sim_bound_settled(&w->plan));
	if (sim_failed(w) || w->now >= sim_over(w))
		return ms;
	sim_run(w, sim_over(w));
	(void)sim_settle(w, sim_bound_removal(&w->plan, false));
	return w->now > sim_over(w) ? w->now - began : ms;
}

/* The end of a registrar must be detected, and lead to a takeover. */
static void
check_detected(struct sim *w, const struct sim_fault *f)
{
	bool ends = f->kind == SIM_FAULT_KILL || f->kind == SIM_FAULT_VANISH || f->kind == SIM_FAULT_LEAVE;

	if (!ends || f->duration_ms < sim_bound_takeover(&w->plan, sim_fault_resets(f->kind)))
		return;
	if (!w->report->now.detected)
		sim_violated(w, "not-detected", "no registrar noticed that %s %s", f->victim->name,
			     sim_fault_name(f->kind));
	else if (!w->report->now.taken)
		sim_violated(w, "not-taken-over", "no registrar took over %s", f->victim->name);
}

/* How long an element may stay with a home that is silent beyond the time in which that is taken over: it has learned the time
 * between two keep-alives, which is at most one and a half intervals, and waits for one and a half times that. The registrar that
 * has taken over asks it again in each interval: ownership.md 3.7, 4.5. */
static uint64_t
stays_ms(const struct sim_plan *p)
{
	uint64_t stays = 9 * (uint64_t)p->keepalive_ms / 4, takeover = sim_bound_takeover(p, false);

	return stays > takeover ? stays - takeover : 0;
}

/* While a registrar stays away, its elements find another home. */
static void
await_rehoming(struct sim *w, const struct sim_fault *f)
{
	bool absent = f->kind == SIM_FAULT_KILL || f->kind == SIM_FAULT_VANISH || f->kind == SIM_FAULT_LEAVE ||
		      f->kind == SIM_FAULT_PAUSE || f->kind == SIM_FAULT_ISOLATE;
	uint64_t bound = sim_bound_rehoming(&w->plan, sim_fault_resets(f->kind));

	bound += sim_fault_resets(f->kind) ? 0 : stays_ms(&w->plan);
	/* a takeover by a registrar without STATEMENT, or the lie that there was one, ends the attempts of the others, but not
	 * that there is a dead one: after MAX-TIME-LAST-HEARD they begin again */
	if (w->plan.stripped || w->lied_of == w->report->now.server_id)
		bound += (uint64_t)w->plan.last_heard_ms + w->plan.no_response_ms;
	/* those that have not met while it was there cannot meet before it is back */
	if (!absent || f->duration_ms < bound || !sim_truth_all_met(w))
		return;
	sim_load_calm(w);
	uint64_t ms = sim_settle(w, bound);
	if (!sim_failed(w))
		sim_report_time(w, SIM_REHOMING, f->kind, ms, bound);
}

/* All users ask often for @ms, and the load goes on. */
static void
busy(struct sim *w, uint64_t ms)
{
	sim_load_ask_often(w, true);
	sim_run(w, w->now + ms);
	sim_load_ask_often(w, false);
}

/* How long the scope may take to settle after the end of a fault. A client that is on a dead connection finds that when it
 * renews its registration. */
static uint64_t
bound_of(const struct sim *w, enum sim_fault_kind kind)
{
	switch ((int)kind) {
	case SIM_FAULT_JUMP:
	case SIM_FAULT_CUT:
	case SIM_FAULT_MESH:
	case SIM_FAULT_PAIR:
	case SIM_FAULT_PAIR_ONEWAY:
	case SIM_FAULT_PAUSE:
	case SIM_FAULT_ALL_PAUSE:
		return sim_bound_healed(&w->plan);
	default:
		return sim_bound_settled(&w->plan);
	}
}

static void
one_fault(struct sim *w, unsigned number)
{
	struct sim_fault f = sim_fault_gentle(w, number);
	uint32_t server_id = f.victim->server_id;
	uint64_t began;
	bool calm = sim_chance(&w->fault_rng, 40);

	sim_load_act(w);
	sim_run(w, w->now + sim_between(&w->fault_rng, 500, 4000));
	if (w->plan.more && f.half >> 32 & 1)
		(void)sim_lie(w, f.half >> 33);
	sim_report_fault(w, &f, server_id);
	if (sim_failed(w) || !sim_fault_begin(w, &f)) {
		(void)rest(w);
		return;
	}
	if (!sim_fault_resets(f.kind) && f.duration_ms > sim_bound_rehoming(&w->plan, false))
		calm = true; /* the elements find another home although they notice nothing */
	began = w->now;
	sim_tally_begin(w, &f, server_id);
	if (calm)
		await_rehoming(w, &f);
	sim_load_act(w);
	if ((f.kind == SIM_FAULT_ELEMENT_KILL || f.kind == SIM_FAULT_ELEMENT_VANISH) && sim_chance(&w->more_rng, 50))
		sim_load_report(w, f.victim);
	if (sim_chance(&w->more_rng, 20)) /* a monitor disturbs nothing */
		sim_monitor_ask(w, sim_registrar(w, (unsigned)rsp_rng_below(&w->more_rng, w->n_registrars)));
	if (f.kind == SIM_FAULT_PAUSE) /* so that it has messages to read when it continues */
		busy(w, f.duration_ms < 1000 ? f.duration_ms : 1000);
	if (w->now < began + f.duration_ms)
		sim_run(w, began + f.duration_ms);
	if (!sim_failed(w))
		check_detected(w, &f);
	sim_fault_end(w, &f);
	uint64_t over_ms = w->now;
	if (sim_chance(&w->fault_rng, 50)) /* the load goes on while it recovers */
		busy(w, sim_between(&w->fault_rng, 0, BUSY_MS));
	uint64_t ms = w->now - over_ms + rest(w);
	if (!sim_failed(w))
		sim_tally_end(w, &f);
	sim_fault_forget(w, &f);
	sim_report_fault(w, &f, 0);
	if (!sim_failed(w))
		sim_report_time(w, SIM_CONVERGENCE, f.kind, ms, BUSY_MS + bound_of(w, f.kind));
}

static void
gentle(struct sim *w)
{
	(void)rest(w);
	sim_check_strict(w, true);
	for (unsigned i = 0; i < w->plan.faults && !sim_failed(w); i++)
		one_fault(w, i);
}

static int
by_time(const void *a, const void *b)
{
	const struct sim_fault *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void
end_due(struct sim *w, struct sim_fault *fault, unsigned n, uint64_t until)
{
	for (;;) {
		struct sim_fault *next = NULL;

		for (unsigned i = 0; i < n; i++)
			if (fault[i].began && !fault[i].is_over &&
			    (!next || fault[i].at + fault[i].duration_ms < next->at + next->duration_ms))
				next = &fault[i];
		if (!next || next->at + next->duration_ms > until || sim_failed(w))
			break;
		sim_run(w, next->at + next->duration_ms);
		sim_fault_end(w, next);
		sim_fault_forget(w, next);
	}
	sim_run(w, until);
}

static void
storm(struct sim *w)
{
	struct sim_fault fault[FAULTS_MAX];
	unsigned n = w->plan.faults;
	uint64_t begin = w->now, length = 3 * sim_bound_takeover(&w->plan, false);

	for (unsigned i = 0; i < n; i++) {
		fault[i] = sim_fault_any(w, i);
		fault[i].at = begin + rsp_rng_below(&w->fault_rng, length);
	}
	qsort(fault, n, sizeof(*fault), by_time);
	for (unsigned i = 0; i < n && !sim_failed(w); i++) {
		end_due(w, fault, i, fault[i].at);
		if (!sim_failed(w))
			(void)sim_fault_begin(w, &fault[i]);
	}
	end_due(w, fault, n, begin + length);
	for (unsigned i = 0; i < n && !sim_failed(w); i++) {
		sim_fault_end(w, &fault[i]);
		sim_fault_forget(w, &fault[i]);
	}
	uint64_t ms = rest(w);
	if (!sim_failed(w))
		sim_report_time(w, SIM_CONVERGENCE, SIM_FAULT_COUNT, ms, sim_bound_settled(&w->plan));
	sim_check_strict(w, true);
}

/* Begin one more fault; or end one. Returns how many have begun. */
static unsigned
change_layers(struct sim *w, struct sim_fault *fault, unsigned begun)
{
	struct sim_fault *lasting[FAULTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < begun; i++)
		if (fault[i].began && !fault[i].is_over)
			lasting[n++] = &fault[i];
	if (begun < w->plan.faults && (n == 0 || (n < LAYERS_MAX && sim_chance(&w->fault_rng, 65)))) {
		fault[begun] = sim_fault_layer(w, begun);
		(void)sim_fault_begin(w, &fault[begun]);
		return begun + 1;
	}
	if (n > 0) {
		struct sim_fault *f = lasting[rsp_rng_below(&w->fault_rng, n)];

		sim_fault_end(w, f);
		sim_fault_forget(w, f);
		if (sim_fault_of_all(f->kind))
			busy(w, BUSY_MS);
	}
	return begun;
}

/* Until the scope has answered, in most cases; else for a moment. */
static uint64_t
layer_ms(struct sim *w)
{
	uint64_t answered_ms = sim_bound_orphan(&w->plan) + sim_bound_converged(&w->plan);

	return sim_chance(&w->fault_rng, 60) ? answered_ms : sim_between(&w->fault_rng, 100, sim_bound_takeover(&w->plan, false));
}

static void
layers(struct sim *w)
{
	struct sim_fault fault[FAULTS_MAX];
	unsigned begun = 0;

	(void)rest(w);
	sim_load_act(w);
	for (unsigned i = 0; i < 2 * w->plan.faults && !sim_failed(w); i++) {
		begun = change_layers(w, fault, begun);
		sim_run(w, w->now + layer_ms(w));
	}
	for (unsigned i = 0; i < begun && !sim_failed(w); i++) {
		sim_fault_end(w, &fault[i]);
		sim_fault_forget(w, &fault[i]);
	}
	(void)rest(w);
	sim_check_strict(w, true);
}

/* One registrar restarts in a scope where nothing changes: all its answers must be complete. */
static void
join(struct sim *w)
{
	struct sim_node *n = sim_registrar(w, (unsigned)rsp_rng_below(&w->fault_rng, w->n_registrars));

	sim_node_stop(n, SIM_KILLED);
	sim_run(w, w->now + 2 * sim_bound_takeover(&w->plan, true));
	if (sim_failed(w))
		return;
	sim_node_start(n);
	sim_load_ask_often(w, true);
	sim_run(w, w->now + 5000);
	sim_load_ask_often(w, false);
	(void)rest(w);
}

static void
quiet(struct sim *w)
{
	sim_run(w, w->now + sim_between(&w->fault_rng, 10000, 40000));
	(void)rest(w);
	sim_check_strict(w, true);
	if (!sim_failed(w))
		join(w);
}

/* All elements leave, and no registrar keeps any of them. */
static void
empty(struct sim *w)
{
	char text[400];
	const char *invariant;

	sim_load_leave_all(w);
	(void)sim_settle(w, 10000 + sim_bound_exchange(&w->plan));
	sim_run(w, w->now + 2 * (uint64_t)w->plan.heartbeat_ms);
	if (!sim_failed(w) && (invariant = sim_unsettled(w, text, sizeof(text))))
		sim_violated(w, invariant, "%s, after all had left", text);
}

static void
on_stop(struct sim *w, void *ctx, uint32_t generation)
{
	(void)ctx;
	(void)generation;
	sim_violated(w, "stopped", "as you wished");
}

static void
play(struct sim *w)
{
	char text[400];
	const char *invariant;

	boot(w);
	if (w->plan.style == SIM_QUIET)
		quiet(w);
	else if (w->plan.style == SIM_GENTLE)
		gentle(w);
	else if (w->plan.style == SIM_LAYERS)
		layers(w);
	else
		storm(w);
	sim_load_stop(w);
	if (!sim_failed(w))
		sim_run(w, w->now + w->plan.heartbeat_ms + sim_bound_exchange(&w->plan) +
				   (w->plan.changes ? sim_bound_update(&w->plan) : 0));
	if (!sim_failed(w))
		sim_check_traffic(w, 3 * (uint64_t)w->plan.heartbeat_ms);
	if (!sim_failed(w) && (invariant = sim_unsettled(w, text, sizeof(text))))
		sim_violated(w, invariant, "%s, after it had settled", text);
	if (!sim_failed(w))
		sim_watch_judge(w);
	if (!sim_failed(w))
		sim_monitor_judge(w, sim_registrar(w, (unsigned)rsp_rng_below(&w->more_rng, w->n_registrars)));
	if (!sim_failed(w))
		empty(w);
}

struct sim_result
sim_scenario(uint64_t seed, const struct sim_options *options, struct sim_coverage *coverage,
	     struct sim_report *report)
{
	struct sim w = { .seed = seed,
			 .plan = options->large ? sim_plan_large() : sim_plan_of(seed, options->style, options->plain,
											      options->strict),
			 .coverage = coverage,
			 .report = report,
			 .verbose = options->verbose,
			 .ignored = options->ignored,
			 .strict = options->strict,
			 .without = options->without };

	w.net_rng = rsp_rng_seeded(seed * 4 + 1);
	w.fault_rng = rsp_rng_seeded(seed * 4 + 2);
	w.load_rng = rsp_rng_seeded(seed * 4 + 3);
	w.node_rng = rsp_rng_seeded(seed * 4 + 4);
	w.more_rng = rsp_rng_seeded(seed ^ UINT64_C(0x66617565));
	report->now.active = false;
	coverage->runs[w.plan.style]++;
	sim_nodes_new(&w);
	sim_net_new(&w);
	sim_load_new(&w);
	sim_check_new(&w);
	if (options->stop_ms)
		sim_at(&w, options->stop_ms, on_stop, NULL, 0);
	play(&w);
	if (sim_failed(&w))
		sim_dump(&w);
	report->runs++;
	report->virtual_ms += w.now;
	report->messages += w.delivered;
	report->resolutions += w.load->answers;
	report->acts += w.load->acts;
	struct sim_result result = { .violation = w.violation,
				     .plan = w.plan,
				     .virtual_ms = w.now,
				     .messages = w.delivered,
				     .hash = w.hash };
	sim_check_free(&w);
	sim_load_free(&w);
	sim_net_free(&w);
	sim_nodes_free(&w);
	free(w.heap);
	return result;
}
