#include "monitor.h"

#include <stdlib.h>
#include <string.h>

#include "engine/monitor/monitor.h"
#include "inside.h"
#include "load.h"
#include "net.h"

struct sim_monitor {
	struct rsp_monitor *engine; /* NULL: it reads nothing */
	uint32_t link, turn;
	const struct sim_node *registrar;
	bool done, failed;
	uint32_t *home_id; /* [element]: its home in the table that was read last; 0: it is not there */
};

static struct sim_node *
node_of(struct sim *w)
{
	return &w->node[w->n_nodes - 1];
}

void
sim_monitor_new(struct sim *w)
{
	w->monitor = sim_alloc(1, sizeof(*w->monitor));
	w->monitor->home_id = sim_alloc(w->load->room, sizeof(uint32_t));
}

void
sim_monitor_free(struct sim *w)
{
	rsp_monitor_free(w->monitor->engine);
	free(w->monitor->home_id);
	free(w->monitor);
}

static void
on_send(void *ctx, struct rsp_bytes message)
{
	struct sim *w = ctx;

	sim_send(node_of(w), w->monitor->link, message);
}

static void
read_page(struct sim *w, const struct rsp_message *page)
{
	struct rsp_bytes handle = { 0 };
	struct rsp_list_item item;
	size_t cursor = 0;

	while (rsp_list_next(page, &cursor, &item)) {
		const struct sim_element *e;

		if (item.type == RSP_PARAM_POOL_HANDLE)
			handle = item.handle;
		else if (item.element.statement.rank != RSP_RANK_REMOVED &&
			 (e = sim_load_find(w, handle, item.element.pe_id)) != NULL)
			w->monitor->home_id[e - w->load->element] = item.element.home_id;
	}
}

static void
on_event(void *ctx, const struct rsp_monitor_event *event)
{
	struct sim *w = ctx;

	sim_trace(w, "m0    * %s", event->type == RSP_MONITOR_PAGE   ? "a page"
				   : event->type == RSP_MONITOR_DONE ? "done"
								     : "failed or rejected");
	if (event->type == RSP_MONITOR_PAGE)
		read_page(w, event->message);
	w->monitor->done |= event->type == RSP_MONITOR_DONE;
	w->monitor->failed |= event->type == RSP_MONITOR_FAILED;
}

static const struct rsp_monitor_ops ops = { on_send, on_event };

/* Set the timer for the next tick, or end the reading. */
static void
go_on(struct sim *w);

static void
on_tick(struct sim *w, void *ctx, uint32_t turn)
{
	(void)ctx;
	if (turn != w->monitor->turn || !w->monitor->engine)
		return;
	rsp_monitor_tick(w->monitor->engine, sim_node_clock(node_of(w)));
	go_on(w);
}

static void
go_on(struct sim *w)
{
	struct sim_monitor *m = w->monitor;
	const struct sim_node *n = node_of(w);

	if (!rsp_monitor_over(m->engine)) {
		uint64_t due = rsp_monitor_deadline(m->engine);

		if (due != RSP_NEVER)
			sim_at(w, due > n->clock ? due - n->clock : 0, on_tick, NULL, ++m->turn);
		return;
	}
	rsp_monitor_free(m->engine);
	m->engine = NULL;
	if (m->link)
		sim_close(node_of(w), m->link);
	m->link = 0;
}

void
sim_monitor_up(struct sim_node *n, uint32_t link)
{
	struct sim_monitor *m = n->w->monitor;

	if (!m->engine || link != m->link)
		return;
	rsp_monitor_up(m->engine, sim_node_clock(n));
	go_on(n->w);
}

void
sim_monitor_down(struct sim_node *n, uint32_t link, enum rsp_err err)
{
	struct sim_monitor *m = n->w->monitor;
	struct rsp_why why = { 0 };

	if (!m->engine || link != m->link)
		return;
	(void)rsp_fail(&why, err, "link", "%s", rsp_err_text(err));
	m->link = 0;
	rsp_monitor_down(m->engine, &why);
	go_on(n->w);
}

void
sim_monitor_receive(struct sim_node *n, uint32_t link, struct rsp_bytes message)
{
	struct sim_monitor *m = n->w->monitor;

	if (!m->engine || link != m->link)
		return;
	rsp_monitor_receive(m->engine, sim_node_clock(n), message);
	go_on(n->w);
}

void
sim_monitor_ask(struct sim *w, const struct sim_node *registrar)
{
	struct sim_monitor *m = w->monitor;
	struct sim_node *n = node_of(w);
	const struct rsp_dial to = { .protocol = RSP_ENRP,
				     .role = w->plan.insecure ? RSP_ROLE_NONE : RSP_ROLE_MONITOR,
				     .server_name = w->plan.insecure ? NULL : registrar->name,
				     .ip = registrar->ip,
				     .port = SIM_ENRP_PORT };
	const struct rsp_monitor_config config = { .ask = RSP_MONITOR_TABLE,
						   .deadline_ms = sim_node_clock(n) + SIM_MONITOR_MS,
						   .answer_ms = SIM_MONITOR_MS / 2 };

	if (m->engine)
		return;
	m->done = m->failed = false;
	m->registrar = registrar;
	memset(m->home_id, 0, w->load->room * sizeof(*m->home_id));
	m->link = sim_dial(n, &to);
	if (!m->link || rsp_monitor_new(&config, &ops, w, rsp_rng_seeded(rsp_rng_u64(&w->more_rng)), sim_node_clock(n),
					&m->engine))
		abort();
	go_on(w);
}

static void
compare(struct sim *w, const struct sim_node *registrar)
{
	struct sim_walk walk = { 0 };
	struct sim_shown got;
	unsigned shown = 0, read = 0;

	for (unsigned i = 0; i < w->load->n_elements; i++)
		read += w->monitor->home_id[i] != 0;
	while (sim_inside_next(registrar, &walk, &got)) {
		const struct sim_element *e = sim_load_find(w, got.handle, got.pe_id);

		shown++;
		if (e && w->monitor->home_id[e - w->load->element] != got.home_id)
			sim_violated(w, "monitor", "%s shows users pe %08x at %08x, and a monitor at %08x", registrar->name,
				     got.pe_id, got.home_id, w->monitor->home_id[e - w->load->element]);
	}
	if (read != shown)
		sim_violated(w, "monitor", "%s shows %u elements to users, and %u to a monitor", registrar->name, shown,
			     read);
}

void
sim_monitor_judge(struct sim *w, const struct sim_node *registrar)
{
	uint64_t end = w->now + 2 * (uint64_t)SIM_MONITOR_MS;

	while (w->monitor->engine && w->now < end && !sim_failed(w)) /* of a reading that began before */
		sim_run(w, w->now + 50);
	sim_monitor_ask(w, registrar);
	while (w->monitor->engine && !sim_failed(w))
		sim_run(w, w->now + 10);
	if (sim_failed(w))
		return;
	if (!w->monitor->done)
		sim_violated(w, "monitor", "%s does not show its table to a monitor", registrar->name);
	else
		compare(w, registrar);
}
