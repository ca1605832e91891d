#ifndef TESTS_EXPLORE_HISTORY_H
#define TESTS_EXPLORE_HISTORY_H

#include <stdio.h>
#include <string.h>

#include "../unit/tap.h"
#include "world.h"

/* A history of a whole scope, as a test writes it: faults at their times, the default order in between. What must hold at the
 * end is what the explorer checks in each history. */

static struct world *w;

static inline void
begin(unsigned registrars, unsigned elements, bool twins, bool plain)
{
	struct setup setup = { .registrars = registrars, .elements = elements, .twins = twins, .plain = plain, .relay = true };

	w = world_new(&setup);
	for (unsigned i = registrars; i < w->n_nodes; i++)
		w->node[i].homes = 0; /* registrars that were joining turned it away */
}

/* The element @i. */
static inline struct node *
element(unsigned i)
{
	return &w->node[w->setup.registrars + i];
}

/* Take the default order for @for_ms. */
static inline void
run(uint64_t for_ms)
{
	struct choice choice[CHOICES_MAX];
	uint64_t end = w->now + for_ms;

	while (w->now < end && !w->broken && choice_list(w, false, false, choice) > 0) {
		(void)check_is_quiet(w);
		choice_take(w, &choice[0]);
	}
}

/* The same, or until @done. Returns whether it is. */
static inline bool
run_until(bool (*done)(void), uint64_t for_ms)
{
	struct choice choice[CHOICES_MAX];
	uint64_t end = w->now + for_ms;

	while (!done() && w->now < end && !w->broken && choice_list(w, false, false, choice) > 0) {
		(void)check_is_quiet(w);
		choice_take(w, &choice[0]);
	}
	return done();
}

/* A fault, or its end, of which the test is the cause. */
static inline void
changed(void)
{
	w->mended_ms = w->now;
	w->changes = 0;
	net_changed(w);
}

static inline void
cut(unsigned a, unsigned b, bool is_cut)
{
	w->blocked[a][b] = w->blocked[b][a] = is_cut;
	changed();
}

/* Nothing that @from sends arrives at @to. */
static inline void
cut_one_way(unsigned from, unsigned to, bool is_cut)
{
	w->blocked[from][to] = is_cut;
	changed();
}

/* All connections between them break, or, if @used, those on which something is on its way, which is lost. */
static inline void
drop(unsigned a, unsigned b, bool used)
{
	for (unsigned i = 0; i < w->n_connections; i++) {
		struct connection *c = w->connection[i];
		unsigned x = c->side[0].node->place, y = c->side[1].node->place;

		if (((x == a && y == b) || (x == b && y == a)) && (!used || c->to[0].head || c->to[1].head))
			net_drop(w, c);
	}
	changed();
}

/* Whether there is a connection between them that both know. */
static inline bool
connected(unsigned a, unsigned b)
{
	for (unsigned i = 0; i < w->n_connections; i++) {
		const struct connection *c = w->connection[i];
		unsigned x = c->side[0].node->place, y = c->side[1].node->place;

		if (((x == a && y == b) || (x == b && y == a)) && c->established && c->side[0].open && c->side[1].open)
			return true;
	}
	return false;
}

/* The way of a connection on which an ENRP message of @type of @from is the next that arrives at @to; NULL: there is none. */
static inline struct pipe *
find_parcel(unsigned from, unsigned to, uint8_t type)
{
	for (unsigned i = 0; i < 2 * w->n_connections; i++) {
		struct connection *c = w->connection[i / 2];
		const struct parcel *next = c->to[i % 2].head;

		if (next && next->kind == PARCEL_MESSAGE && c->protocol == RSP_ENRP && next->octets[0] == type &&
		    c->side[i % 2].node->place == to && c->side[!(i % 2)].node->place == from)
			return &c->to[i % 2];
	}
	return NULL;
}

static inline void
pause_process(struct node *n, bool is_paused)
{
	n->paused = is_paused;
	changed();
}

static inline void
restart(struct node *n)
{
	world_stop(n, WORLD_KILLED);
	world_start(n);
	changed();
}

static inline void
stop(struct node *n, int how)
{
	world_stop(n, how);
	n->wants = false;
	changed();
}

/* Until nothing changes any more; then all that the explorer checks holds, after at most @changes changes of tables. */
static inline void
rests(unsigned changes)
{
	struct choice choice[CHOICES_MAX];
	const char *rule;

	while (!w->broken && !check_is_quiet(w) && choice_list(w, false, false, choice) > 0)
		choice_take(w, &choice[0]);
	CHECK(w->changes <= changes);
	rule = check(w);
	if (rule)
		printf("# %s\n", rule);
	CHECK(rule == NULL);
}

static inline void
end(void)
{
	world_free(w);
}

static inline bool
shows(unsigned r, const struct node *n)
{
	return check_shows(w, r, n->pe_id, NULL);
}

static inline unsigned
alive(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->setup.elements; i++)
		n += check_home(element(i)) != NULL;
	return n;
}

#endif
