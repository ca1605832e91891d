#include "truth.h"

#include <stdlib.h>

#include "net.h"

#define SIM_REFRESH_MS 1000 /* after a keep-alive with H, elements register at their new home within this time */

struct sim_truth {
	uint64_t *hear, *relay; /* [a][b] */
	uint64_t *knew;		/* [a][b]: when a first had a connection to b; 0: it never had */
	uint32_t *id;		/* [registrar]: the server id that was known */
	uint64_t silent_ms;	/* when a registrar last was silent for another one */
};

void
sim_truth_new(struct sim *w)
{
	size_t pairs = (size_t)w->n_registrars * w->n_registrars;

	w->truth = sim_alloc(1, sizeof(*w->truth));
	w->truth->hear = sim_alloc(pairs, sizeof(uint64_t));
	w->truth->relay = sim_alloc(pairs, sizeof(uint64_t));
	w->truth->knew = sim_alloc(pairs, sizeof(uint64_t));
	w->truth->id = sim_alloc(w->n_registrars, sizeof(uint32_t));
	for (size_t i = 0; i < pairs; i++)
		w->truth->hear[i] = w->truth->relay[i] = RSP_NEVER;
}

void
sim_truth_free(struct sim *w)
{
	free(w->truth->hear);
	free(w->truth->relay);
	free(w->truth->knew);
	free(w->truth->id);
	free(w->truth);
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static size_t
pair_of(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	return (size_t)a->place * w->n_registrars + b->place;
}

uint64_t
sim_truth_hear(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	return w->truth->hear[pair_of(w, a, b)];
}

uint64_t
sim_truth_relay(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	return w->truth->relay[pair_of(w, a, b)];
}

/* Since when @n serves, at the pace of the others. */
static uint64_t
serves_since(const struct sim_node *n)
{
	return sim_node_runs(n) && !n->slow_ms && n->serving_ms != RSP_NEVER ? later(n->serving_ms, n->runs_ms)
									       : RSP_NEVER;
}

/* Since when messages pass between @a and @b, both ways. */
static uint64_t
reach_since(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	if (sim_net_blocked(w, a, b) || sim_net_blocked(w, b, a))
		return RSP_NEVER;
	return later(sim_net_since(w, a, b), sim_net_since(w, b, a));
}

/* Another process begins: it is not known, and knows no registrar. */
static void
forget_acquaintances(struct sim *w, const struct sim_node *n)
{
	for (unsigned i = 0; i < w->n_registrars; i++) {
		w->truth->knew[pair_of(w, n, sim_registrar(w, i))] = 0;
		w->truth->knew[pair_of(w, sim_registrar(w, i), n)] = 0;
	}
	w->truth->id[n->place] = n->server_id;
}

/* A registrar that is not configured learns of others from lists of peers. */
static void
look_at_lists(struct sim *w)
{
	struct rsp_peer_view peer;

	for (unsigned i = 0; i < w->n_registrars; i++)
		if (sim_registrar(w, i)->server_id != w->truth->id[i])
			forget_acquaintances(w, sim_registrar(w, i));
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *n = sim_registrar(w, i);

		for (unsigned j = 0; n->up && rsp_registrar_peer(n->registrar, j, &peer); j++) {
			const struct sim_node *other = sim_node_of_id(w, peer.server_id);

			bool met = other && (peer.link_out || peer.link_in);

			if (met && !w->truth->knew[pair_of(w, n, other)])
				w->truth->knew[pair_of(w, n, other)] = w->now;
		}
	}
}

uint64_t
sim_truth_met(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	uint64_t first = w->truth->knew[pair_of(w, a, b)], second = w->truth->knew[pair_of(w, b, a)];

	if (w->plan.all_contacts)
		return 0;
	return first && second ? later(first, second) : RSP_NEVER;
}

bool
sim_truth_all_met(const struct sim *w)
{
	for (unsigned i = 0; i < w->n_registrars; i++)
		for (unsigned j = 0; j < w->n_registrars; j++)
			if (i != j && sim_node_runs(sim_registrar(w, i)) && sim_node_runs(sim_registrar(w, j)) &&
			    sim_truth_met(w, sim_registrar(w, i), sim_registrar(w, j)) == RSP_NEVER)
				return false;
	return true;
}

static uint64_t
hear_since(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	uint64_t both = later(sim_truth_met(w, a, b), later(serves_since(a), serves_since(b)));

	return later(both, later(reach_since(w, a, b), sim_net_torn(w, a, b)));
}

static uint64_t
relay_since(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	uint64_t first = RSP_NEVER;

	if (a->stripped || b->stripped) /* the word of another implementation is not passed on: ownership.md 7 */
		return first;
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *r = sim_registrar(w, i);
		uint64_t since = later(sim_truth_hear(w, a, r), sim_truth_hear(w, r, b));

		if (r != a && r != b && !r->stripped && since < first)
			first = since;
	}
	return first;
}

/* Since when the client @n has its connection to its home, and both ends know that. */
static void
look_at_home(struct sim *w, struct sim_node *n)
{
	struct sim_node *home = NULL;
	struct rsp_client_stats stats;
	uint32_t generation = 0;

	if (sim_node_runs(n)) {
		rsp_client_stats(n->client, &stats);
		home = sim_net_joined(n, stats.home_link, &generation);
	}
	if (home && (serves_since(home) == RSP_NEVER || reach_since(w, n, home) == RSP_NEVER))
		home = NULL;
	if (home == n->attached && (!home || (generation == n->attached_generation && home->life == n->attached_life)))
		return;
	n->attached = home;
	n->attached_generation = generation;
	n->attached_life = home ? home->life : 0;
	n->attached_ms = home ? w->now : RSP_NEVER;
}

void
sim_truth_look(struct sim *w)
{
	unsigned n = w->n_registrars;

	if (!w->plan.all_contacts)
		look_at_lists(w);
	for (unsigned i = 0; i < n * n; i++)
		w->truth->hear[i] = i / n == i % n ? RSP_NEVER
						   : hear_since(w, sim_registrar(w, i / n), sim_registrar(w, i % n));
	for (unsigned i = 0; i < n * n; i++)
		if (i / n != i % n && w->truth->hear[i] == RSP_NEVER)
			w->truth->silent_ms = w->now;
	for (unsigned i = 0; i < n * n; i++)
		w->truth->relay[i] = i / n == i % n ? RSP_NEVER
						    : relay_since(w, sim_registrar(w, i / n), sim_registrar(w, i % n));
	for (unsigned i = n; i < w->n_nodes; i++)
		if (w->node[i].role == RSP_ROLE_ELEMENT)
			look_at_home(w, &w->node[i]);
}

uint64_t
sim_truth_bound(const struct sim *w)
{
	uint64_t bound_ms = sim_bound_converged(&w->plan), wait_ms = 2 * (uint64_t)w->plan.no_response_ms;

	return w->now > w->truth->silent_ms + bound_ms ? bound_ms : bound_ms + wait_ms;
}

enum sim_relation
sim_truth_relation(const struct sim *w, const struct sim_node *n, const struct sim_node *home)
{
	if (n == home)
		return SIM_SELF;
	if (home && sim_truth_hear(w, n, home) != RSP_NEVER)
		return SIM_HEARD;
	return home && sim_truth_relay(w, n, home) != RSP_NEVER ? SIM_RELAYED : SIM_UNHEARD;
}

static bool
is_past(const struct sim *w, uint64_t since, uint64_t bound_ms)
{
	return since != RSP_NEVER && w->now > since + bound_ms;
}

/* Since when @n hears all that it hears. */
static uint64_t
hears_all_since(const struct sim *w, const struct sim_node *n)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < w->n_registrars; i++) {
		uint64_t since = sim_truth_hear(w, n, sim_registrar(w, i));

		last = since != RSP_NEVER ? later(last, since) : last;
	}
	return last;
}

bool
sim_truth_must_show(const struct sim *w, const struct sim_node *n, const struct sim_element *e, uint64_t *ret_bound_ms)
{
	const struct sim_node *home = e->client->attached;
	uint64_t near_ms = sim_truth_bound(w), far_ms = sim_bound_relayed(&w->plan);

	if (e->want != SIM_IN || !e->held || !home || e->client->attached_ms == RSP_NEVER ||
	    serves_since(n) == RSP_NEVER)
		return false;
	uint64_t since = later(e->client->attached_ms + SIM_REFRESH_MS, e->want_ms);

	/* Homes number elements without EPOCH by their clocks. One that is heard again may have a greater number by a clock that is
	 * ahead: it is believed until the home has asked the element. */
	if (e->client->no_epoch)
		since = later(since, hears_all_since(w, n));
	if (n->stripped || home->stripped) /* both sides ask and tell once a heartbeat: ownership.md 7 */
		near_ms = sim_bound_settled(&w->plan);
	*ret_bound_ms = near_ms;
	if (home == n)
		return is_past(w, later(since, serves_since(n)), near_ms);
	if (is_past(w, later(since, sim_truth_hear(w, n, home)), near_ms))
		return true;
	*ret_bound_ms = far_ms;
	return is_past(w, later(since, sim_truth_relay(w, n, home)), far_ms);
}

uint64_t
sim_truth_age(const struct sim *w, const struct sim_element *e, uint32_t value)
{
	uint64_t last = 0;

	if (value == e->value)
		return 0;
	for (unsigned i = 0; i < SIM_VALUES; i++)
		if (e->former[i].value == value)
			last = later(last, e->former[i].until_ms);
	return last ? w->now - last : RSP_NEVER;
}
