#include <stdio.h>
#include <string.h>

#include "world.h"

/* A timer that is due so much later than the first one may not overtake it. */
#define REORDER_MS 1000
#define LATE_MS	   3000 /* a connection that is late is so for longer than a peer may be silent */

static void
add(struct choice *ret, unsigned *n, struct choice choice)
{
	if (*n < CHOICES_MAX)
		ret[(*n)++] = choice;
}

/* The lowest hop is delivered first; then by receiver and sender, so that the order depends on nothing before. */
static bool
before(const struct world *w, const struct choice *a, const struct choice *b)
{
	const struct connection *c = w->connection[a->a], *d = w->connection[b->a];
	uint64_t hop = c->to[a->b].head->hop, other = d->to[b->b].head->hop;
	unsigned to = c->side[a->b].node->place, to_other = d->side[b->b].node->place;

	hop = hop > w->hop ? hop : w->hop;
	other = other > w->hop ? other : w->hop;
	if (hop != other)
		return hop < other;
	if (to != to_other)
		return to < to_other;
	return c->side[!a->b].node->place < d->side[!b->b].node->place;
}

static void
deliveries(const struct world *w, struct choice *ret, unsigned *n)
{
	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned to = 0; to < 2; to++)
			if (net_can_deliver(w, w->connection[i], to))
				add(ret, n, (struct choice){ CHOICE_DELIVER, (uint8_t)i, (uint8_t)to, 1 });
	for (unsigned i = 1; i < *n; i++)
		if (before(w, &ret[i], &ret[0])) {
			struct choice swap = ret[0];

			ret[0] = ret[i];
			ret[i] = swap;
		}
}

/* The timers of all that have some, in the order in which they are due. */
static void
timers(const struct world *w, struct choice *ret, unsigned *n)
{
	uint64_t at[NODES_MAX + 2], first = RSP_NEVER;
	struct choice all[NODES_MAX + 2];
	struct connection *c = NULL;
	unsigned side = 0, count = 0, from = *n;

	for (unsigned i = 0; i < w->n_nodes; i++) {
		at[count] = world_deadline(&w->node[i]);
		all[count++] = (struct choice){ CHOICE_TICK, (uint8_t)i, 0, 1 };
	}
	at[count] = net_deadline(w, &c, &side);
	all[count++] = (struct choice){ CHOICE_NET, 0, 0, 1 };
	at[count] = fault_deadline(w);
	all[count++] = (struct choice){ CHOICE_REPAIR, 0, 0, 1 };
	for (unsigned i = 0; i < count; i++)
		first = at[i] < first ? at[i] : first;
	for (unsigned i = 0; i < count; i++) {
		if (at[i] == RSP_NEVER || at[i] > first + REORDER_MS)
			continue;
		add(ret, n, all[i]);
		if (at[i] == first && ret[from].deviation) { /* the first of those that are due first */
			struct choice swap = ret[from];

			ret[from] = ret[*n - 1];
			ret[*n - 1] = swap;
			ret[from].deviation = 0;
		}
	}
}

unsigned
choice_list(const struct world *w, bool deviations, bool faults, struct choice ret[static CHOICES_MAX])
{
	unsigned n = 0, n_deliver;

	deliveries(w, ret, &n);
	n_deliver = n;
	if (n == 0 || deviations)
		timers(w, ret, &n);
	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		ret[i].deviation = i > 0;
	for (unsigned i = 0; deviations && i < n_deliver; i++) {
		add(ret, &n, (struct choice){ CHOICE_HOLD, ret[i].a, ret[i].b, 1 });
		add(ret, &n, (struct choice){ CHOICE_LATE, ret[i].a, ret[i].b, 1 });
	}
	for (unsigned i = 0; faults && w->faults && i < fault_count(w); i++)
		if (fault_possible(w, i))
			add(ret, &n, (struct choice){ CHOICE_FAULT, (uint8_t)i, 0, 0 });
	return deviations || faults ? n : 1;
}

/* A timer ends what was held until the next one. */
static void
release(struct world *w)
{
	for (unsigned i = 0; i < w->n_connections; i++)
		w->connection[i]->to[0].held = w->connection[i]->to[1].held = false;
}

void
choice_take(struct world *w, const struct choice *choice)
{
	w->steps++;
	switch (choice->kind) {
	case CHOICE_DELIVER:
		net_deliver(w, w->connection[choice->a], choice->b);
		break;
	case CHOICE_TICK:
		release(w);
		world_tick(&w->node[choice->a]);
		break;
	case CHOICE_NET:
		release(w);
		net_tick(w);
		break;
	case CHOICE_REPAIR:
		release(w);
		fault_repair(w);
		break;
	case CHOICE_HOLD:
		w->connection[choice->a]->to[choice->b].held = true;
		break;
	case CHOICE_LATE:
		w->connection[choice->a]->to[choice->b].held_until = w->now + LATE_MS;
		break;
	case CHOICE_FAULT:
		fault_occur(w, choice->a);
		break;
	case CHOICE_KINDS:
		break;
	}
	net_free_closed(w);
}

void
choice_text(const struct world *w, const struct choice *choice, char *ret, size_t n)
{
	static const char *const verb[] = { "deliver", "run the timers of", "end a connection that is silent", "repair",
					    "hold", "delay" };
	const struct connection *c = w->connection[choice->a];

	switch (choice->kind) {
	case CHOICE_DELIVER:
	case CHOICE_HOLD:
	case CHOICE_LATE:
		(void)snprintf(ret, n, "%s %s %s>%s", verb[choice->kind], c->protocol == RSP_ENRP ? "ENRP" : "ASAP",
			       c->side[!choice->b].node->name, c->side[choice->b].node->name);
		break;
	case CHOICE_TICK:
		(void)snprintf(ret, n, "%s %s", verb[choice->kind], w->node[choice->a].name);
		break;
	case CHOICE_FAULT:
		fault_text(w, choice->a, ret, n);
		break;
	case CHOICE_NET:
	case CHOICE_REPAIR:
	case CHOICE_KINDS:
		(void)snprintf(ret, n, "%s", verb[choice->kind]);
		break;
	}
}
