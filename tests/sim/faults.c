#include "faults.h"

#include "base/attr.h"
#include "coverage.h"
#include "invariants.h"
#include "load.h"
#include "net.h"
#include "node.h"

const char *
sim_fault_name(enum sim_fault_kind kind)
{
	static const char *const name[] = {
#define ROW(id, name) (name),
		SIM_FAULTS(ROW)
#undef ROW
	};

	return kind < SIM_FAULT_COUNT ? name[kind] : "none";
}

bool
sim_fault_resets(enum sim_fault_kind kind)
{
	return kind == SIM_FAULT_KILL || kind == SIM_FAULT_RESTART || kind == SIM_FAULT_LEAVE ||
	       kind == SIM_FAULT_ALL_KILL || kind == SIM_FAULT_SAME_ID ||
	       kind == SIM_FAULT_ELEMENT_KILL;
}

bool
sim_fault_of_all(enum sim_fault_kind kind)
{
	return kind == SIM_FAULT_ALL_PAUSE || kind == SIM_FAULT_ALL_KILL;
}

static bool
of_element(enum sim_fault_kind kind)
{
	return kind >= SIM_FAULT_ELEMENT_KILL;
}

static bool
ends_process(enum sim_fault_kind kind)
{
	return kind == SIM_FAULT_KILL || kind == SIM_FAULT_RESTART || kind == SIM_FAULT_VANISH ||
	       kind == SIM_FAULT_LEAVE || kind == SIM_FAULT_SAME_ID || kind == SIM_FAULT_ELEMENT_KILL || kind == SIM_FAULT_ELEMENT_VANISH;
}

static bool
parts(enum sim_fault_kind kind)
{
	return (kind >= SIM_FAULT_MESH && kind <= SIM_FAULT_SPLIT) || kind == SIM_FAULT_ELEMENT_AWAY ||
	       kind == SIM_FAULT_ELEMENT_ALONE;
}

static struct sim_node *
any_registrar(struct sim *w)
{
	return sim_registrar(w, (unsigned)rsp_rng_below(&w->fault_rng, w->n_registrars));
}

static uint64_t
draw_duration(struct sim *w, enum sim_fault_kind kind)
{
	struct rsp_rng *rng = &w->fault_rng;
	uint64_t long_ms = sim_bound_takeover(&w->plan, false);

	if (kind == SIM_FAULT_RESTART || kind == SIM_FAULT_SAME_ID)
		return sim_between(rng, 0, 300);
	if (kind == SIM_FAULT_JUMP || kind == SIM_FAULT_CUT || kind == SIM_FAULT_ELEMENT_CUT)
		return 0;
	if (sim_chance(rng, 35)) /* it ends before it is detected, or about then */
		return sim_between(rng, 100, w->plan.last_heard_ms + 2 * (uint64_t)w->plan.no_response_ms);
	return sim_between(rng, long_ms / 2, 2 * long_ms);
}

/* A third of the absences last so long that elements have to find another home, even if they notice nothing, and so
 * long that others forget removals, where that takes minutes. @dice: random bits, of which the fault uses others. */
static uint64_t
lengthen(const struct sim *w, enum sim_fault_kind kind, uint64_t duration_ms, uint64_t dice)
{
	bool absent = kind == SIM_FAULT_VANISH || kind == SIM_FAULT_PAUSE || kind == SIM_FAULT_ISOLATE ||
		      kind == SIM_FAULT_MESH || kind == SIM_FAULT_ALL_PAUSE;
	uint64_t rehoming_ms = sim_bound_rehoming(&w->plan, false);
	uint64_t long_ms = w->plan.tombstone_ms < 600000 ? w->plan.tombstone_ms / 2 : rehoming_ms;

	bool forgets = kind == SIM_FAULT_PAUSE && w->plan.tombstone_ms < 600000; /* few seeds: then it is to join again */

	if (!absent || !w->plan.more || w->plan.style != SIM_GENTLE || (dice % 3 != 0 && !forgets))
		return duration_ms;
	return duration_ms > long_ms ? duration_ms : long_ms + 1000;
}

static struct sim_fault
draw(struct sim *w, unsigned number, enum sim_fault_kind kind)
{
	struct sim_fault f = { .number = number, .kind = kind };

	f.victim = of_element(kind) ? &w->node[w->n_registrars + rsp_rng_below(&w->fault_rng, w->plan.element_clients)]
				    : any_registrar(w);
	do
		f.other = any_registrar(w);
	while (f.other == f.victim);
	f.half = rsp_rng_u64(&w->fault_rng);
	f.duration_ms = lengthen(w, kind, draw_duration(w, kind), f.half);
	return f;
}

/* Whether elements notice the fault. One without a listener learns that its home is dead only from its connection. */
static bool
is_noticed(const struct sim *w, enum sim_fault_kind kind)
{
	return w->plan.listens || of_element(kind) || sim_fault_resets(kind) || kind == SIM_FAULT_CUT;
}

/* Perhaps another fault than @kind: those that the simulator did not know at first have their own dice, so that
 * --plain leaves the others as they were. */
static enum sim_fault_kind
more(struct sim *w, enum sim_fault_kind kind)
{
	static const enum sim_fault_kind kinds[] = { SIM_FAULT_ALL_PAUSE, SIM_FAULT_ALL_PAUSE,	 SIM_FAULT_ALL_KILL,
						     SIM_FAULT_DEAF,	  SIM_FAULT_MUTE,	 SIM_FAULT_PAIR,
						     SIM_FAULT_PAIR,	  SIM_FAULT_PAIR_ONEWAY, SIM_FAULT_SAME_ID };
	enum sim_fault_kind other = kinds[rsp_rng_below(&w->more_rng, RSP_COUNT(kinds))];
	bool possible = other != SIM_FAULT_SAME_ID || (!w->plan.insecure && sim_chance(&w->more_rng, 30));

	return w->plan.more && possible && sim_chance(&w->more_rng, 15) ? other : kind;
}

struct sim_fault
sim_fault_gentle(struct sim *w, unsigned number)
{
	static const enum sim_fault_kind kinds[] = {
		SIM_FAULT_KILL,		  SIM_FAULT_KILL,	  SIM_FAULT_RESTART,	   SIM_FAULT_VANISH,
		SIM_FAULT_VANISH,	  SIM_FAULT_LEAVE,	  SIM_FAULT_PAUSE,	   SIM_FAULT_PAUSE,
		SIM_FAULT_JUMP,		  SIM_FAULT_CUT,	  SIM_FAULT_MESH,	   SIM_FAULT_ISOLATE,
		SIM_FAULT_PAIR,		  SIM_FAULT_ELEMENT_KILL, SIM_FAULT_ELEMENT_VANISH, SIM_FAULT_ELEMENT_PAUSE,
		SIM_FAULT_ELEMENT_CUT
	};

	enum sim_fault_kind kind;

	do
		kind = kinds[rsp_rng_below(&w->fault_rng, RSP_COUNT(kinds))];
	while (!is_noticed(w, kind));
	return draw(w, number, more(w, kind));
}

struct sim_fault
sim_fault_any(struct sim *w, unsigned number)
{
	static const enum sim_fault_kind kinds[] = {
		SIM_FAULT_KILL,		SIM_FAULT_RESTART,	 SIM_FAULT_VANISH,	  SIM_FAULT_LEAVE,
		SIM_FAULT_PAUSE,	SIM_FAULT_JUMP,		 SIM_FAULT_SLOW,	  SIM_FAULT_CUT,
		SIM_FAULT_MESH,		SIM_FAULT_ISOLATE,	 SIM_FAULT_DEAF,	  SIM_FAULT_MUTE,
		SIM_FAULT_PAIR,		SIM_FAULT_PAIR_ONEWAY,	 SIM_FAULT_SPLIT,	  SIM_FAULT_ELEMENT_KILL,
		SIM_FAULT_ELEMENT_VANISH, SIM_FAULT_ELEMENT_PAUSE, SIM_FAULT_ELEMENT_CUT, SIM_FAULT_ELEMENT_AWAY,
		SIM_FAULT_ELEMENT_ALONE
	};

	return draw(w, number, more(w, kinds[rsp_rng_below(&w->fault_rng, RSP_COUNT(kinds))]));
}

struct sim_fault
sim_fault_layer(struct sim *w, unsigned number)
{
	static const enum sim_fault_kind kinds[] = {
		SIM_FAULT_KILL,		 SIM_FAULT_RESTART,	 SIM_FAULT_VANISH,	   SIM_FAULT_VANISH,
		SIM_FAULT_PAUSE,	 SIM_FAULT_CUT,		 SIM_FAULT_MESH,	   SIM_FAULT_MESH,
		SIM_FAULT_ISOLATE,	 SIM_FAULT_ISOLATE,	 SIM_FAULT_PAIR,	   SIM_FAULT_PAIR,
		SIM_FAULT_PAIR,		 SIM_FAULT_PAIR_ONEWAY,	 SIM_FAULT_ALL_KILL,	   SIM_FAULT_ELEMENT_KILL,
		SIM_FAULT_ELEMENT_KILL,	 SIM_FAULT_ELEMENT_VANISH, SIM_FAULT_ELEMENT_VANISH, SIM_FAULT_ELEMENT_PAUSE,
		SIM_FAULT_ELEMENT_CUT,	 SIM_FAULT_ELEMENT_AWAY, SIM_FAULT_ELEMENT_ALONE
	};

	struct sim_fault f = draw(w, number, kinds[rsp_rng_below(&w->fault_rng, RSP_COUNT(kinds))]);
	struct sim_node *other = w->plan.stripped ? sim_registrar(w, w->plan.stripped - 1) : NULL;

	/* what another implementation says is not relayed, so it matters most which registrars hear it */
	if (f.kind == SIM_FAULT_PAIR && other && other != f.other)
		f.victim = other;
	return f;
}

/* Whether the partition @f keeps what @from sends from @to. */
static bool
keeps(const struct sim *w, const struct sim_fault *f, const struct sim_node *from, const struct sim_node *to)
{
	const struct sim_node *v = f->victim;
	bool touches = from == v || to == v, between = from->is_registrar && to->is_registrar;

	(void)w;
	switch ((int)f->kind) {
	case SIM_FAULT_MESH:
		return touches && between;
	case SIM_FAULT_ISOLATE:
	case SIM_FAULT_ELEMENT_ALONE:
		return touches;
	case SIM_FAULT_DEAF:
		return to == v;
	case SIM_FAULT_MUTE:
		return from == v;
	case SIM_FAULT_PAIR:
	case SIM_FAULT_ELEMENT_AWAY:
		return touches && (from == f->other || to == f->other);
	case SIM_FAULT_PAIR_ONEWAY:
		return from == v && to == f->other;
	case SIM_FAULT_SPLIT:
		return ((f->half >> from->place % 64) & 1) != ((f->half >> to->place % 64) & 1);
	default:
		return false;
	}
}

/* Whether @f touches @n so much that nothing can be promised about @n meanwhile. */
static bool
suffers(const struct sim_fault *f, const struct sim_node *n)
{
	if (f->kind == SIM_FAULT_SPLIT)
		return true;
	if (sim_fault_of_all(f->kind))
		return n->is_registrar;
	if (f->kind == SIM_FAULT_PAIR || f->kind == SIM_FAULT_PAIR_ONEWAY)
		return n == f->victim || n == f->other;
	return n == f->victim;
}

static void
part(struct sim *w, const struct sim_fault *f, int by)
{
	for (unsigned i = 0; i < w->n_nodes; i++)
		for (unsigned j = 0; j < w->n_nodes; j++)
			if (i != j && keeps(w, f, &w->node[i], &w->node[j]))
				sim_net_block(w, &w->node[i], &w->node[j], by);
	sim_net_changed(w);
}

/* Count @f at the nodes that suffer it: @faults for the faults that last, @ill for those with consequences that may. */
static void
count(struct sim *w, const struct sim_fault *f, int faults, int ill)
{
	if (!parts(f->kind) && f->kind != SIM_FAULT_SLOW && !sim_fault_of_all(f->kind))
		return;
	for (unsigned i = 0; i < w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];

		if (!suffers(f, n))
			continue;
		n->faults += (unsigned)faults;
		n->ill += (unsigned)ill;
		n->well_ms = w->now;
	}
}

static bool
possible(const struct sim *w, const struct sim_fault *f)
{
	if (w->without >> f->number & 1)
		return false;
	if (f->kind == SIM_FAULT_CUT || f->kind == SIM_FAULT_ELEMENT_CUT || parts(f->kind) ||
	    f->kind == SIM_FAULT_SLOW)
		return f->victim->up;
	return sim_node_runs(f->victim);
}

static void
stop_process(struct sim *w, const struct sim_fault *f)
{
	bool reset = sim_fault_resets(f->kind);
	enum sim_end_kind how = f->kind == SIM_FAULT_LEAVE ? SIM_LEFT : reset ? SIM_KILLED : SIM_VANISHED;

	if (!f->victim->is_registrar)
		sim_load_ended(f->victim, sim_bound_removal(&w->plan, reset));
	sim_node_stop(f->victim, how);
}

/* A jump of the clock of @n by so little that elements still renew their registrations before they expire. A second one within the
 * life of a registration adds to the first: it is a short one. */
static uint64_t
draw_jump(struct sim *w, const struct sim_node *n)
{
	uint64_t most = 2 * sim_bound_takeover(&w->plan, false), life = 1000 * (uint64_t)w->plan.lifetime_s;
	uint64_t by_ms = sim_between(&w->fault_rng, 1000, most < life / 4 ? most : life / 4);

	return n->jumped_ms && w->now < n->jumped_ms + life ? by_ms % 1000 : by_ms;
}

/* From now on it is judged what is answered about elements that are registered now. */
static void
remember_all(struct sim *w)
{
	struct rsp_client_stats stats;

	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		e->kept = 0;
		if (e->want != SIM_IN || !e->held || !e->client->attached)
			continue;
		rsp_client_stats(e->client->client, &stats);
		(void)sim_net_joined(e->client, stats.home_link, &e->kept_generation);
		e->kept = e->client->life;
	}
}

static void
stop_all(struct sim *w, const struct sim_fault *f)
{
	remember_all(w);
	w->back.since_ms = 0;
	for (unsigned i = 0; i < w->n_registrars; i++) {
		struct sim_node *n = sim_registrar(w, i);

		if (f->kind == SIM_FAULT_ALL_PAUSE && sim_node_runs(n))
			sim_node_pause(n);
		else if (f->kind == SIM_FAULT_ALL_KILL)
			sim_node_stop(n, SIM_KILLED);
	}
}

/* Those that other faults keep away come back too. */
static void
start_all(struct sim *w, const struct sim_fault *f)
{
	for (unsigned i = 0; i < w->n_registrars; i++) {
		struct sim_node *n = sim_registrar(w, i);

		if (n->up && n->paused)
			sim_node_continue(n);
		else if (!n->up)
			sim_node_start(n);
	}
	w->joined_ms = w->now;
	w->back.since_ms = w->now;
	w->back.killed = f->kind == SIM_FAULT_ALL_KILL;
}

static bool
happen(struct sim *w, struct sim_fault *f)
{
	struct sim_node *n = f->victim;

	if (ends_process(f->kind)) {
		stop_process(w, f);
		return true;
	}
	switch ((int)f->kind) {
	case SIM_FAULT_ALL_PAUSE:
	case SIM_FAULT_ALL_KILL:
		stop_all(w, f);
		return true;
	case SIM_FAULT_ELEMENT_PAUSE:
	case SIM_FAULT_PAUSE:
		sim_node_pause(n);
		return true;
	case SIM_FAULT_JUMP:
		sim_node_jump(n, draw_jump(w, n));
		return true;
	case SIM_FAULT_SLOW:
		n->slow_ms = (uint32_t)sim_between(&w->fault_rng, 200, 2 * (uint64_t)w->plan.no_response_ms);
		return true;
	case SIM_FAULT_CUT:
		return sim_net_cut_one(n, true, &w->fault_rng);
	case SIM_FAULT_ELEMENT_CUT:
		return sim_net_cut_one(n, true, &w->fault_rng);
	default:
		part(w, f, 1);
		return true;
	}
}

/* Until the fault is forgotten, elements of any registrar may be missing for a moment. */
static void
promise_nothing(struct sim *w, struct sim_fault *f)
{
	w->split += !f->promises_nothing;
	f->promises_nothing = true;
	for (unsigned i = 0; i < w->load->n_elements; i++)
		w->load->element[i].stable = false;
}

bool
sim_fault_begin(struct sim *w, struct sim_fault *f)
{
	struct sim_node *home = of_element(f->kind) ? sim_load_home(f->victim) : NULL;

	if (!possible(w, f) || (f->kind == SIM_FAULT_ELEMENT_AWAY && !home))
		return false;
	if (f->kind == SIM_FAULT_ELEMENT_AWAY)
		f->other = home;
	sim_trace(w, "fault %u: %s %s%s%s for %llu ms", f->number, f->victim->name, sim_fault_name(f->kind),
		  f->kind == SIM_FAULT_PAIR || f->kind == SIM_FAULT_PAIR_ONEWAY ? " " : "",
		  f->kind == SIM_FAULT_PAIR || f->kind == SIM_FAULT_PAIR_ONEWAY ? f->other->name : "",
		  (unsigned long long)f->duration_ms);
	f->victim_life = f->victim->life;
	w->back.since_ms = 0;
	if (of_element(f->kind) || (parts(f->kind) && f->kind != SIM_FAULT_MESH && f->kind != SIM_FAULT_PAIR))
		sim_load_disturbed(f->victim);
	count(w, f, 1, 1);
	if (sim_fault_of_all(f->kind))
		promise_nothing(w, f);
	if (f->kind == SIM_FAULT_MESH) /* it takes over elements that it reaches, unknown to others */
		promise_nothing(w, f);
	f->began = happen(w, f);
	if (f->began)
		w->coverage->fault[f->kind]++;
	return f->began;
}

void
sim_fault_end(struct sim *w, struct sim_fault *f)
{
	struct sim_node *n = f->victim;

	if (!f->began || f->is_over)
		return;
	f->is_over = true;
	count(w, f, -1, 0);
	sim_trace(w, "fault %u is over", f->number);
	if (sim_fault_of_all(f->kind)) {
		start_all(w, f);
	} else if (ends_process(f->kind) && !n->up) {
		if (n->is_registrar) /* its wall clock was set meanwhile */
			n->skew_ms = sim_plan_skew(&w->plan, &w->fault_rng);
		if (f->kind == SIM_FAULT_SAME_ID && f->other->server_id) {
			w->same_id = true;
			sim_node_start_as(n, f->other->server_id);
		} else {
			sim_node_start(n);
		}
		if (!n->is_registrar)
			sim_load_restarted(n);
	} else if ((f->kind == SIM_FAULT_PAUSE || f->kind == SIM_FAULT_ELEMENT_PAUSE) && n->paused &&
		   n->life == f->victim_life) {
		sim_node_continue(n);
		w->joined_ms = w->now;
	} else if (f->kind == SIM_FAULT_SLOW) {
		n->runs_ms = w->now + n->slow_ms; /* what it sent last arrives then */
		n->slow_ms = 0;
		w->joined_ms = w->now;
	} else if (parts(f->kind)) {
		part(w, f, -1);
		w->joined_ms = w->now;
		if (f->kind != SIM_FAULT_PAIR) /* registrations that were sent long ago arrive now */
			promise_nothing(w, f);
	}
}

void
sim_fault_forget(struct sim *w, struct sim_fault *f)
{
	if (f->began)
		count(w, f, 0, -1);
	for (unsigned i = 0; i < w->load->n_elements; i++)
		w->load->element[i].torn = false;
	w->split -= f->promises_nothing;
	f->promises_nothing = false;
	f->began = false;
}
