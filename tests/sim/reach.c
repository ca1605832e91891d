#include "reach.h"

#include <stdlib.h>

#include "net.h"

struct sim_reach {
	uint16_t *blocked; /* [from][to]: how many partitions are between them */
	uint64_t *since;   /* [from][to]: when @blocked changed last */
	uint64_t *torn;	   /* [from][to]: when a connection was cut */
};

void
sim_reach_new(struct sim *w)
{
	size_t pairs = (size_t)w->n_nodes * w->n_nodes;

	w->reach = sim_alloc(1, sizeof(*w->reach));
	w->reach->blocked = sim_alloc(pairs, sizeof(*w->reach->blocked));
	w->reach->since = sim_alloc(pairs, sizeof(*w->reach->since));
	w->reach->torn = sim_alloc(pairs, sizeof(*w->reach->torn));
}

void
sim_reach_free(struct sim *w)
{
	free(w->reach->blocked);
	free(w->reach->since);
	free(w->reach->torn);
	free(w->reach);
}

static size_t
pair_of(const struct sim *w, const struct sim_node *from, const struct sim_node *to)
{
	return (size_t)from->place * w->n_nodes + to->place;
}

bool
sim_net_blocked(const struct sim *w, const struct sim_node *from, const struct sim_node *to)
{
	return w->reach->blocked[pair_of(w, from, to)] || !to->present || !from->present;
}

uint64_t
sim_net_since(const struct sim *w, const struct sim_node *from, const struct sim_node *to)
{
	return w->reach->since[pair_of(w, from, to)];
}

uint64_t
sim_net_torn(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	return w->reach->torn[pair_of(w, a, b)];
}

void
sim_net_block(struct sim *w, const struct sim_node *from, const struct sim_node *to, int by)
{
	size_t pair = pair_of(w, from, to);

	w->reach->blocked[pair] = (uint16_t)(w->reach->blocked[pair] + by);
	w->reach->since[pair] = w->now;
}

void
sim_reach_tear(struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	w->reach->torn[pair_of(w, a, b)] = w->reach->torn[pair_of(w, b, a)] = w->now;
}
