#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "truth.h"

struct takeover {
	uint32_t target_id;
	const struct sim_node *by;
	uint32_t life; /* of @by */
	uint64_t at;
	bool returned; /* the target was heard again later */
	bool apart; /* by a registrar that could not know of those that had taken it over before */
};

struct sim_tally {
	struct takeover *takeover; /* all of this run */
	unsigned n_takeovers, room;
	uint64_t *records; /* [registrar]: since the fault began */
	uint64_t downloads, began_ms, acts;
	uint32_t victim_id;
};

void
sim_tally_new(struct sim *w)
{
	w->tally = sim_alloc(1, sizeof(*w->tally));
	w->tally->records = sim_alloc(w->n_registrars, sizeof(uint64_t));
}

void
sim_tally_free(struct sim *w)
{
	free(w->tally->takeover);
	free(w->tally->records);
	free(w->tally);
}

/* Whether both have heard each other, directly or over one, since before a registrar that died then was found dead. Where
 * another fault lasts, one that both hear may acknowledge both. */
static bool
shared_since(const struct sim *w, const struct sim_node *a, const struct sim_node *b, uint64_t at)
{
	uint64_t direct = sim_truth_hear(w, a, b), relay = sim_truth_relay(w, a, b);
	uint64_t since = direct < relay || w->plan.style == SIM_LAYERS ? direct : relay;

	return since != RSP_NEVER && since + sim_bound_takeover(&w->plan, false) < at;
}

/* RFC 5353 s.3.5.1: of registrars that hear each other, one takes over. */
static void
judge_again(struct sim *w, const struct sim_node *n, const struct rsp_event *event)
{
	for (unsigned i = 0; i < w->tally->n_takeovers; i++) {
		const struct takeover *t = &w->tally->takeover[i];

		/* an entry of the list that has none may come back with an old list */
		if (t->target_id == event->peer_id && !t->returned && t->by != n && !n->stripped && !t->by->stripped && t->life == t->by->life &&
		    event->count > 0 && shared_since(w, n, t->by, t->at))
			sim_violated(w, "taken-twice", "%s took %08x over with %u elements, as %s had done %llu ms before",
				     n->name, event->peer_id, event->count, t->by->name,
				     (unsigned long long)(w->now - t->at));
	}
}

/* RFC 5353 s.3.5.1: a registrar that hears the target does not agree; so a registrar that hears that one takes nothing over. */
static void
judge_living(struct sim *w, const struct sim_node *n, const struct sim_node *target)
{
	const struct sim_plan *p = &w->plan;
	uint64_t enough = p->last_heard_ms + 3 * (uint64_t)p->no_response_ms + sim_bound_exchange(p);
	uint64_t since = sim_truth_relay(w, n, target);

	if (since != RSP_NEVER && w->now > since + enough)
		sim_violated(w, "takeover-of-the-heard", "%s took over %s, which a registrar hears that it hears",
			     n->name, target->name);
}

/* Whether others have taken the target of @event over since the fault began, before @n, which could not know. With one contact
 * each, registrars meet over that one; if it ends before, both take it over, and neither can ask the other to agree: RFC 5353
 * s.3.5.1. Or @n was told of the target, which has ended, after that (also, once, after it has taken it over itself) by an old
 * list, or by a last message that came late, and has nothing of it. */
static bool
is_apart(const struct sim *w, const struct sim_node *n, const struct rsp_event *event, bool ended)
{
	unsigned others = 0, own = 0;

	for (unsigned i = 0; i < w->tally->n_takeovers; i++) {
		const struct takeover *t = &w->tally->takeover[i];

		if (t->target_id != event->peer_id || t->at < w->tally->began_ms || (t->by != n && t->returned))
			continue;
		if (t->by != n && event->count > 0 && sim_truth_met(w, n, t->by) != RSP_NEVER)
			return false;
		own += t->by == n;
		others += t->by != n;
	}
	return others > 0 || (own == 1 && ended && event->count == 0);
}

void
sim_tally_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event)
{
	struct sim_tally *t = w->tally;
	const struct sim_node *target = event->peer_id ? sim_node_of_id(w, event->peer_id) : NULL;

	t->records[n->place]++;
	if (event->kind == RSP_EVENT_PEER_JOINED || event->kind == RSP_EVENT_PEER_RETURNED)
		for (unsigned i = 0; i < t->n_takeovers; i++)
			t->takeover[i].returned |= t->takeover[i].target_id == event->peer_id && target;
	if (event->kind != RSP_EVENT_TAKEOVER_DONE)
		return;
	judge_again(w, n, event);
	bool apart = is_apart(w, n, event, !target || !sim_node_runs(target));
	if (target && target != n && sim_node_runs(target))
		judge_living(w, n, target);
	if (t->n_takeovers == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->takeover = reallocarray(t->takeover, t->room, sizeof(*t->takeover));
		if (!t->takeover)
			abort();
	}
	t->takeover[t->n_takeovers++] = (struct takeover){
		.target_id = event->peer_id, .by = n, .life = n->life, .at = w->now, .apart = apart
	};
}

void
sim_tally_home(struct sim_node *client, struct sim_node *home)
{
	if (!home || home == client->last_home)
		return;
	/* the answer of a registrar that has stopped was under way before the fault */
	client->moves += client->last_home != NULL && sim_node_runs(home);
	client->last_home = home;
}

void
sim_tally_download(struct sim *w)
{
	w->tally->downloads++;
}

void
sim_tally_begin(struct sim *w, const struct sim_fault *fault, uint32_t server_id)
{
	struct sim_tally *t = w->tally;

	(void)fault;
	memset(t->records, 0, w->n_registrars * sizeof(*t->records));
	t->downloads = 0;
	t->began_ms = w->now;
	t->acts = w->load->acts;
	t->victim_id = server_id;
	for (unsigned i = 0; i < w->n_nodes; i++)
		w->node[i].moves = 0;
}

/* A registrar that has ended is taken over once; one that has not, at most once, and not at all if no other lost it. */
static void
judge_takeovers(struct sim *w, const struct sim_fault *f)
{
	bool ended = f->kind == SIM_FAULT_KILL || f->kind == SIM_FAULT_VANISH || f->kind == SIM_FAULT_LEAVE;
	bool spared = f->kind == SIM_FAULT_CUT || f->kind == SIM_FAULT_PAIR || f->kind == SIM_FAULT_PAIR_ONEWAY ||
		      f->kind >= SIM_FAULT_ELEMENT_KILL;
	bool long_enough = f->duration_ms >= sim_bound_takeover(&w->plan, sim_fault_resets(f->kind));
	unsigned times = 0, all = 0;

	for (unsigned i = 0; i < w->tally->n_takeovers; i++) {
		const struct takeover *t = &w->tally->takeover[i];

		all += t->at >= w->tally->began_ms;
		times += t->at >= w->tally->began_ms && t->target_id == w->tally->victim_id && t->by != f->victim && !t->apart;
	}
	/* a registrar without statements takes over beside the others: ownership.md 7 */
	if (f->victim->is_registrar && !sim_fault_of_all(f->kind) && !w->plan.stripped &&
	    (times > 1 || (ended && long_enough && times == 0)))
		sim_violated(w, "takeovers", "%u registrars took over %s, which %s", times, f->victim->name,
			     sim_fault_name(f->kind));
	if (spared && w->n_registrars > 2 && all > 0)
		sim_violated(w, "takeovers", "%u takeovers because of %s %s", all, f->victim->name,
			     sim_fault_name(f->kind));
}

static void
judge_moves(struct sim *w, const struct sim_fault *f)
{
	for (unsigned i = w->n_registrars; i < w->n_nodes; i++) {
		const struct sim_node *n = &w->node[i];

		/* a registrar without statements takes over beside the others, and an element without numbers follows each */
		unsigned more = w->plan.stripped != 0 ? 1 : n->no_epoch ? 2 : 0;

		if (n->role == RSP_ROLE_ELEMENT && n->moves > SIM_MOVES_PER_FAULT + more)
			sim_violated(w, "moves", "%s changed its home %u times because of %s %s", n->name, n->moves,
				     f->victim->name, sim_fault_name(f->kind));
	}
}

static uint64_t
most_downloads(const struct sim *w, const struct sim_fault *f)
{
	uint64_t n = w->n_registrars, all = n * (n - 1), cycles = (w->now - w->tally->began_ms) / w->plan.heartbeat_ms;
	uint64_t pairs = sim_fault_of_all(f->kind) ? all : 2 * (n - 1);

	if (f->kind == SIM_FAULT_PAIR || f->kind == SIM_FAULT_PAIR_ONEWAY) /* each takes the other's over a third */
		pairs += cycles + 2;
	if (f->kind == SIM_FAULT_MESH || f->kind == SIM_FAULT_ISOLATE || f->kind == SIM_FAULT_MUTE ||
	    f->kind == SIM_FAULT_DEAF) /* the victim takes each of the others over */
		pairs += n - 1;
	return SIM_DOWNLOADS_PER_PAIR * pairs;
}

static void
judge_records(struct sim *w, const struct sim_fault *f)
{
	uint64_t most = SIM_RECORDS_PER_PAIR * (uint64_t)w->n_registrars +
			SIM_RECORDS_PER_ELEMENT * (uint64_t)w->load->n_elements + w->load->acts - w->tally->acts;

	for (unsigned i = 0; i < w->n_registrars; i++)
		if (w->tally->records[i] > most)
			sim_violated(w, "records", "%s wrote %llu records because of %s %s; the bound is %llu",
				     sim_registrar(w, i)->name, (unsigned long long)w->tally->records[i],
				     f->victim->name, sim_fault_name(f->kind), (unsigned long long)most);
}

void
sim_tally_end(struct sim *w, const struct sim_fault *f)
{
	uint64_t most = most_downloads(w, f);

	judge_takeovers(w, f);
	judge_moves(w, f);
	judge_records(w, f);
	if (w->tally->downloads > most)
		sim_violated(w, "downloads", "%llu tables were loaded because of %s %s; the bound is %llu",
			     (unsigned long long)w->tally->downloads, f->victim->name, sim_fault_name(f->kind),
			     (unsigned long long)most);
}
