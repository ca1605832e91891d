#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "invariants.h"
#include "net.h"

struct sim_watch {
	bool *on;	/* [user][pool] */
	uint8_t *told; /* [user][element]: what its last message about the pool had */
};

void
sim_watch_new(struct sim *w)
{
	w->watch = sim_alloc(1, sizeof(*w->watch));
	w->watch->on = sim_alloc((size_t)w->plan.users * w->plan.pools, sizeof(bool));
	w->watch->told = sim_alloc((size_t)w->plan.users * w->load->room, 1);
}

void
sim_watch_free(struct sim *w)
{
	free(w->watch->on);
	free(w->watch->told);
	free(w->watch);
}

static unsigned
user_of(const struct sim *w, const struct sim_node *n)
{
	return n->place - w->n_registrars - w->plan.element_clients;
}

void
sim_watch_set(struct sim *w, const struct sim_node *n, unsigned pool, bool on)
{
	w->watch->on[user_of(w, n) * w->plan.pools + pool] = on;
}

/* The pool has the elements in @msg, and no others. */
static void
tell(struct sim *w, uint8_t *told, unsigned pool, const struct rsp_message *msg)
{
	struct rsp_list_item item;
	size_t cursor = 0;

	for (unsigned i = 0; i < w->load->n_elements; i++)
		if (w->load->element[i].pool == pool)
			told[i] = 0;
	while (msg && rsp_list_next(msg, &cursor, &item)) {
		const struct sim_element *e = sim_load_find(w, msg->handle, item.element.pe_id);

		if (e)
			told[e - w->load->element] = 1;
	}
}

void
sim_watch_event(struct sim *w, const struct sim_node *n, const struct rsp_client_event *event)
{
	unsigned pool;

	if ((event->type != RSP_CLIENT_RESOLVED && event->type != RSP_CLIENT_UNRESOLVED) ||
	    (pool = sim_load_pool(w, event->handle)) == w->plan.pools ||
	    !w->watch->on[user_of(w, n) * w->plan.pools + pool])
		return;
	const struct rsp_message *msg = event->type == RSP_CLIENT_RESOLVED ? event->message : NULL;
	if (msg && event->solicited && !event->accepted && msg->n_list >= w->plan.max_items)
		return; /* a part of the pool */
	tell(w, w->watch->told + (size_t)user_of(w, n) * w->load->room, pool, msg);
}

/* Whether the user @n has a connection to its home that is over at the other side: a machine without power, or a registrar
 * that was parted from the user, closes none. A user that only waits for updates sends nothing, so it does not notice. */
static bool
is_half_open(const struct sim_node *n)
{
	struct rsp_client_stats stats;
	uint32_t generation;

	if (!sim_node_runs(n))
		return false;
	rsp_client_stats(n->client, &stats);
	return stats.home_link && !sim_net_joined(n, stats.home_link, &generation);
}

/* No message of RFC 5352 asks whether a subscription (s.2.2.5) is still there: followers with half-open connections hear
 * nothing until TCP probes these (net/tcp.c), and then find another registrar. */
static void
await_answers(struct sim *w)
{
	bool any = false;

	for (unsigned user = 0; user < w->plan.users; user++)
		any = any || is_half_open(&w->node[w->n_registrars + w->plan.element_clients + user]);
	/* a user that has just found that out asks another registrar now */
	sim_run(w, w->now + (any ? SIM_PROBE_MS : 0) + 2 * (uint64_t)w->plan.dial_timeout_ms + 2 * sim_bound_exchange(&w->plan));
}

void
sim_watch_judge(struct sim *w)
{
	if (w->plan.more) /* else connections are not probed */
		await_answers(w);
	for (unsigned user = 0; user < w->plan.users; user++) {
		const struct sim_node *n = &w->node[w->n_registrars + w->plan.element_clients + user];

		for (unsigned i = 0; sim_node_runs(n) && i < w->load->n_elements; i++) {
			const struct sim_element *e = &w->load->element[i];
			bool told = w->watch->told[(size_t)user * w->load->room + i] != 0;

			if (w->watch->on[user * w->plan.pools + e->pool] && told != (e->want == SIM_IN))
				sim_violated(w, "watcher", "%s follows pool %u, and was told last %s pe %08x of %s",
					     n->name, e->pool, told ? "of" : "nothing of", e->pe_id, e->client->name);
		}
	}
}
