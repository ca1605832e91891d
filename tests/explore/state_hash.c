#include <stdio.h>
#include <string.h>

#include "engine/enrp/peer.h"
#include "engine/registrar/member.h"
#include "engine/registrar/state.h"
#include "world.h"

/*
 * What decides the future of a world, in one number. Two worlds with one number are explored once. Left out, because they
 * change with every order of steps and decide only times and ties: the random numbers of an engine, counters, the numbers
 * of links. Timers: how far each is away, on a grid. Connections: by their ends and order, not by number.
 *
 * This is the only file here that reads the inside of an engine; that of the client is not readable, so its part is what
 * rsp_client_stats() says, what it said last, and its next timer.
 */

#define GRID_MS 20

static void
mix(uint64_t *h, uint64_t value)
{
	*h = (*h ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	*h ^= *h >> 29;
}

static void
mix_bytes(uint64_t *h, struct rsp_bytes b)
{
	mix(h, b.n);
	for (size_t i = 0; i < b.n; i++)
		mix(h, b.p[i]);
}

static uint64_t
away(const struct world *w, uint64_t at)
{
	return at == RSP_NEVER ? 0 : at <= w->now ? 1 : 2 + (at - w->now) / GRID_MS;
}

/* The sum does not depend on the order in which the wheel has its timers. */
static uint64_t
list_sum(const struct world *w, const struct rsp_timer_list *list)
{
	const struct rsp_timer *t;
	uint64_t sum = 0;

	LIST_FOREACH(t, list, entry) {
		uint64_t one = 7;

		mix(&one, away(w, t->deadline_ms));
		sum += one;
	}
	return sum;
}

static void
mix_wheel(const struct world *w, uint64_t *h, const struct rsp_wheel *wheel)
{
	uint64_t sum = list_sum(w, &wheel->due);

	for (unsigned level = 0; level < RSP_WHEEL_LEVELS; level++)
		for (unsigned word = 0; word < RSP_WHEEL_SLOTS / 64; word++)
			for (uint64_t busy = wheel->busy[level][word]; busy; busy &= busy - 1)
				sum += list_sum(w, &wheel->slot[level][word * 64 + (unsigned)__builtin_ctzll(busy)]);
	mix(h, sum);
}

static uint64_t
timer(const struct world *w, const struct rsp_timer *t)
{
	return rsp_timer_is_set(t) ? away(w, t->deadline_ms) : 0;
}

static void
mix_statement(uint64_t *h, const struct rsp_statement *s)
{
	mix(h, s->epoch.epoch);
	mix(h, s->epoch.instance);
	mix(h, s->epoch.over);
	mix(h, s->rank); /* since_ms decides nothing */
}

/* A record of an element, and what its registrar knows about it. */
static uint64_t
record(const struct node *n, const struct rsp_element *e, bool whole)
{
	const struct rsp_member *m = rsp_member(e);
	struct rsp_statement statement = rsp_element_statement(e);
	uint64_t one = e->pe_id;

	mix_bytes(&one, rsp_element_public(e));
	mix_bytes(&one, rsp_bytes_str(e->owner ? e->owner : ""));
	mix_statement(&one, &statement);
	mix(&one, rsp_element_home_id(e));
	mix(&one, m->pending != NULL);
	if (m->pending) {
		mix_statement(&one, &m->pending->statement);
		mix(&one, m->pending->home_id);
		mix_bytes(&one, rsp_bytes_of(m->pending->octets, whole ? m->pending->size : 0));
	}
	if (!whole)
		return one;
	mix(&one, m->phase);
	mix(&one, m->numbered | m->by_ack << 1 | m->questioned << 2 | m->unanswered << 3);
	mix(&one, net_name(n, m->link));
	mix(&one, timer(n->w, &m->timer));
	return one;
}

static void
mix_table(const struct node *n, uint64_t *h, bool whole)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);
	uint64_t sum = 0;

	for (const struct rsp_pool *pool = rsp_pool_next(hs, NULL); pool; pool = rsp_pool_next(hs, pool))
		for (unsigned i = 0; i < pool->n_elements; i++)
			for (const struct rsp_element *e = pool->element[i]; e; e = rsp_element_next_record(hs, e))
				sum += record(n, e, whole);
	mix(h, sum);
}

static void
mix_tombs(const struct node *n, uint64_t *h)
{
	const struct rsp_tomb *t;
	uint64_t sum = 0;

	TAILQ_FOREACH(t, &n->registrar->core.tombs.in_order, entry) {
		uint64_t one = t->pe_id;

		mix_statement(&one, &t->statement);
		mix(&one, t->home_id);
		sum += one;
	}
	mix(h, sum);
}

static uint64_t
peer_sum(const struct node *n, const struct rsp_peer *peer)
{
	uint64_t one = 5;

	mix(&one, peer->kind);
	mix(&one, net_name(n, peer->link_in));
	mix(&one, peer->in_sync);
	mix(&one, peer->gap.asked);
	mix(&one, peer->gap.told - peer->gap.have);
	mix(&one, peer->relay.requested);
	mix(&one, peer->download.state);
	mix(&one, peer->download.of);
	mix(&one, timer(n->w, &peer->timer.timer));
	for (unsigned i = 0; i < peer->heard_by_it.n; i++)
		mix(&one, peer->heard_by_it.item[i].server_id);
	mix(&one, peer->takeover.missing != NULL);
	mix(&one, peer->takeover.n_missing);
	mix(&one, peer->takeover.moving_to);
	mix(&one, peer->takeover.n_initiators);
	return one;
}

static void
mix_peers(const struct node *n, uint64_t *h, bool whole)
{
	const struct rsp_enrp *enrp = n->registrar->enrp;
	uint64_t sum = 0;

	for (unsigned i = 0; i < enrp->n_peers; i++) {
		const struct rsp_peer *peer = enrp->peer[i];
		uint64_t one = peer->server_id;

		mix(&one, peer->state);
		mix(&one, peer->heard);
		mix(&one, whole ? peer_sum(n, peer) : 0);
		sum += one;
	}
	mix(h, sum);
	for (unsigned i = 0; whole && i < enrp->n_contacts; i++) {
		mix(h, enrp->contact[i]->state);
		mix(h, net_name(n, enrp->contact[i]->link));
		mix(h, enrp->contact[i]->answer);
	}
}

static void
mix_registrar(const struct node *n, uint64_t *h)
{
	const struct rsp_registrar *r = n->registrar;

	mix(h, rsp_registrar_state(r));
	mix(h, r->core.highest_epoch);
	mix_table(n, h, true);
	mix_tombs(n, h);
	mix_peers(n, h, true);
	mix_wheel(n->w, h, &r->core.liveness);
	mix_wheel(n->w, h, &r->enrp->wheel);
}

static void
mix_client(const struct node *n, uint64_t *h, bool whole)
{
	struct rsp_client_stats stats;

	rsp_client_stats(n->client, &stats);
	mix(h, net_name(n, stats.home_link));
	mix(h, stats.registered);
	mix(h, stats.elements);
	if (!whole)
		return;
	mix(h, stats.rejected);
	mix(h, stats.links);
	mix(h, stats.waiting);
	mix(h, n->said);
	mix(h, away(n->w, rsp_client_deadline(n->client)));
}

static void
mix_pipe(const struct world *w, uint64_t *h, const struct pipe *pipe)
{
	mix(h, pipe->held);
	mix(h, away(w, pipe->held_until));
	mix(h, pipe->unheard_ms ? away(w, pipe->unheard_ms + 3000) : 0);
	for (const struct parcel *p = pipe->head; p; p = p->next) {
		mix(h, p->kind);
		mix(h, p->hop > w->hop ? p->hop - w->hop : 0);
		mix_bytes(h, rsp_bytes_of(p->octets, p->n));
	}
}

/* Connections between the same two nodes have an order, others none. */
static void
mix_connections(const struct world *w, uint64_t *h)
{
	uint64_t pair[NODES_MAX][NODES_MAX] = { { 0 } };

	for (unsigned i = 0; i < w->n_connections; i++) {
		const struct connection *c = w->connection[i];
		uint64_t *one = &pair[c->side[0].node->place][c->side[1].node->place];

		mix(one, c->protocol);
		mix(one, c->established);
		mix(one, c->established ? 0 : away(w, c->dialled_ms + 1000));
		for (unsigned side = 0; side < 2; side++) {
			mix(one, c->side[side].open);
			mix(one, c->side[side].node->life - c->side[side].life);
			mix_pipe(w, one, &c->to[side]);
		}
	}
	for (unsigned a = 0; a < w->n_nodes; a++)
		for (unsigned b = 0; b < w->n_nodes; b++)
			mix(h, pair[a][b]);
}

static void
mix_node(const struct node *n, uint64_t *h)
{
	mix(h, n->up | n->present << 1 | n->paused << 2 | n->wants << 3 | n->displaced << 4);
	mix(h, n->server_id);
	mix(h, n->revision);
	if (n->registrar)
		mix_registrar(n, h);
	if (n->client)
		mix_client(n, h, true);
}

uint64_t
state_hash(struct world *w)
{
	uint64_t h = 1;

	for (unsigned i = 0; i < w->n_nodes; i++)
		mix_node(&w->node[i], &h);
	mix_connections(w, &h);
	mix(&h, w->faults);
	mix(&h, (w->now - w->changed_ms) / 500); /* how near the end is: else a scope at rest meets itself */
	mix(&h, (w->now - w->mended_ms) / 500);
	mix(&h, w->changes / 8);
	for (unsigned i = 0; i < w->n_nodes; i++)
		for (unsigned j = 0; j < w->n_nodes; j++)
			mix(&h, w->blocked[i][j]);
	for (unsigned i = 0; i < w->n_repairs; i++) {
		mix(&h, away(w, w->repair[i].at_ms));
		mix(&h, w->repair[i].kind);
		mix(&h, w->repair[i].a * 1000 + w->repair[i].b);
	}
	return h;
}

uint64_t
state_tables(struct world *w)
{
	uint64_t h = 1;

	for (unsigned i = 0; i < w->n_nodes; i++) {
		const struct node *n = &w->node[i];

		mix(&h, n->up);
		if (n->registrar) {
			mix(&h, rsp_registrar_state(n->registrar));
			mix_table(n, &h, false);
			mix_peers(n, &h, false);
		}
		if (n->client)
			mix_client(n, &h, false);
	}
	return h;
}

static bool
peers_rest(const struct node *n)
{
	const struct rsp_enrp *enrp = n->registrar->enrp;

	for (unsigned i = 0; i < enrp->n_peers; i++)
		if (enrp->peer[i]->state != RSP_PEER_ACTIVE || !enrp->peer[i]->in_sync || enrp->peer[i]->download.state)
			return false;
	for (unsigned i = 0; i < enrp->n_contacts; i++)
		if (enrp->contact[i]->state != RSP_CONTACT_UP)
			return false;
	return rsp_registrar_state(n->registrar) == RSP_REGISTRAR_SERVING && enrp->n_peers == n->w->setup.registrars - 1;
}

/* An element that another registrar has, or that is linked over a connection whose other side is there. */
static bool
member_rests(const struct node *n, const struct rsp_member *m)
{
	unsigned side = 0;
	const struct connection *c;

	if (m->pending || (m->phase != RSP_MEMBER_HELD && m->phase != RSP_MEMBER_ASKED))
		return !m->pending && m->phase == RSP_MEMBER_FOREIGN;
	c = net_find(n, m->link, &side);
	return c && c->side[!side].open;
}

static bool
members_rest(const struct node *n)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);

	for (const struct rsp_pool *pool = rsp_pool_next(hs, NULL); pool; pool = rsp_pool_next(hs, pool))
		for (unsigned i = 0; i < pool->n_elements; i++)
			for (const struct rsp_element *e = pool->element[i]; e; e = rsp_element_next_record(hs, e))
				if (!member_rests(n, rsp_member(e)))
					return false;
	return true;
}

/* Whether @r has the element of @n, registered over a connection to it. */
static bool
is_linked(const struct node *r, const struct node *n)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(r->registrar);
	const struct rsp_pool *pool = rsp_pool_find(hs, world_pool());
	unsigned side = 0;

	for (const struct rsp_element *e = rsp_element_find(hs, pool, n->pe_id); e; e = rsp_element_next_record(hs, e)) {
		const struct connection *c = rsp_member_is_linked(rsp_member(e)) ? net_find(r, rsp_member(e)->link, &side) : NULL;

		if (c && c->side[!side].node == n)
			return true;
	}
	return false;
}

static bool
client_rests(const struct node *n)
{
	struct rsp_client_stats stats;
	const struct node *home = check_home(n);

	rsp_client_stats(n->client, &stats);
	return !n->wants || n->displaced || (home && home->registrar && !stats.waiting && is_linked(home, n));
}

static bool
is_whole(const struct world *w)
{
	for (unsigned a = 0; a < w->n_nodes; a++)
		for (unsigned b = 0; b < w->n_nodes; b++)
			if (w->blocked[a][b])
				return false;
	return true;
}

bool
state_rests(const struct world *w)
{
	for (unsigned i = 0; i < w->n_nodes; i++) {
		const struct node *n = &w->node[i];

		if ((n->is_registrar && (!world_runs(n) || !peers_rest(n) || !members_rest(n))) || (n->client && !client_rests(n)))
			return false;
	}
	return is_whole(w);
}
