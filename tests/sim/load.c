#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "invariants.h"
#include "tally.h"
#include "watch.h"

static const uint32_t policies[] = { RSP_POLICY_RR,   RSP_POLICY_WRR, RSP_POLICY_RAND, RSP_POLICY_WRAND,
				     RSP_POLICY_PRIO, RSP_POLICY_LU,  RSP_POLICY_RLU };

struct rsp_bytes
sim_load_handle(const struct sim *w, unsigned pool)
{
	return rsp_bytes_of(w->load->pool[pool].handle, w->plan.handle_size);
}

unsigned
sim_load_pool(const struct sim *w, struct rsp_bytes handle)
{
	unsigned pool = 0;

	while (pool < w->plan.pools && !rsp_bytes_equal(sim_load_handle(w, pool), handle))
		pool++;
	return pool;
}

static unsigned
bucket_of(const struct sim_load *load, uint32_t pe_id)
{
	return (pe_id * 0x9e3779b1U >> 7) & load->bucket_mask;
}

static struct sim_element *
element_new(struct sim *w, struct sim_node *client, unsigned pool)
{
	struct sim_load *load = w->load;
	struct sim_element *e = &load->element[load->n_elements++];
	uint32_t pe_id = rsp_rng_id(&w->load_rng);
	unsigned bucket = bucket_of(load, pe_id);

	*e = (struct sim_element){ .next = load->bucket[bucket],
				   .client = client,
				   .pool = pool,
				   .pe_id = pe_id,
				   .value = (uint32_t)rsp_rng_below(&w->load_rng, 1000) + 1,
				   .seen = sim_alloc(w->n_registrars, 1),
				   .hidden_ms = sim_alloc(w->n_registrars, sizeof(uint64_t)),
				   .number = sim_alloc(w->n_registrars, sizeof(struct sim_number)) };
	load->bucket[bucket] = e;
	return e;
}

struct sim_element *
sim_load_find(const struct sim *w, struct rsp_bytes handle, uint32_t pe_id)
{
	struct sim_element *e = w->load->bucket[bucket_of(w->load, pe_id)];

	while (e && (e->pe_id != pe_id || !rsp_bytes_equal(sim_load_handle(w, e->pool), handle)))
		e = e->next;
	return e;
}

static void
pools_new(struct sim *w)
{
	const struct sim_plan *p = &w->plan;

	w->load->pool = sim_alloc(p->pools, sizeof(*w->load->pool));
	for (unsigned i = 0; i < p->pools; i++) {
		char *handle = sim_alloc(p->handle_size + 1, 1);

		memset(handle, 'p', p->handle_size);
		(void)snprintf(handle, p->handle_size, "%04u", i);
		handle[strlen(handle)] = '-';
		w->load->pool[i].handle = handle;
		w->load->pool[i].policy = policies[rsp_rng_below(&w->load_rng, RSP_COUNT(policies))];
	}
}

void
sim_load_new(struct sim *w)
{
	struct sim_load *load = sim_alloc(1, sizeof(*load));
	const struct sim_plan *p = &w->plan;

	w->load = load;
	pools_new(w);
	load->room = 4 * p->element_clients * p->elements_each; /* an element that restarts has another id */
	load->element = sim_alloc(load->room, sizeof(*load->element));
	for (load->bucket_mask = 63; load->bucket_mask < load->room; load->bucket_mask = 2 * load->bucket_mask + 1)
		;
	load->bucket = sim_alloc(load->bucket_mask + 1, sizeof(struct sim_element *));
	for (unsigned i = 0; i < p->element_clients; i++) {
		unsigned n = w->n_registrars > 9 ? p->elements_each
						 : (unsigned)sim_between(&w->load_rng, 1, p->elements_each);

		for (unsigned j = 0; j < n; j++)
			(void)element_new(w, &w->node[w->n_registrars + i],
					  (unsigned)rsp_rng_below(&w->load_rng, p->pools));
	}
}

void
sim_load_free(struct sim *w)
{
	for (unsigned i = 0; i < w->plan.pools; i++)
		free(w->load->pool[i].handle);
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		free(w->load->element[i].seen);
		free(w->load->element[i].hidden_ms);
		free(w->load->element[i].number);
	}
	free(w->load->pool);
	free(w->load->bucket);
	free(w->load->element);
	free(w->load);
}

struct sim_node *
sim_load_home(const struct sim_node *n)
{
	struct rsp_client_stats stats;

	if (!n->client)
		return NULL;
	rsp_client_stats(n->client, &stats);
	if (n->w->plan.insecure && stats.home_server_id)
		return sim_node_of_id(n->w, stats.home_server_id);
	return sim_node_named(n->w, stats.home_server);
}

static struct rsp_pool_element
parameter_of(const struct sim_element *e, uint8_t room[static RSP_ADDRS_ROOM(1)])
{
	const struct sim *w = e->client->w;
	const struct rsp_policy_row *row = rsp_policy_row(w->load->pool[e->pool].policy);
	struct rsp_pool_element pe = { .pe_id = e->pe_id, .lifetime_s = w->plan.lifetime_s };

	pe.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 80 };
	rsp_transport_set_ips(&pe.user, &e->client->ip, 1, room);
	pe.policy.type = row->type;
	pe.policy.value[0] = row->n_values > 0 ? e->value : 0;
	pe.policy.value[1] = row->n_values > 1 ? e->value / 2 : 0;
	return pe;
}

static void
enter(struct sim_element *e)
{
	struct sim_node *n = e->client;
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe = parameter_of(e, room);

	e->want = SIM_IN;
	e->kept = 0;
	e->want_ms = n->w->now;
	e->reported_ms = 0;
	e->held = e->stable = e->expired = false;
	memset(e->seen, SIM_UNSEEN, n->w->n_registrars);
	sim_trace(n->w, "%-5s registers pe %08x in pool %u, value %u", n->name, e->pe_id, e->pool, e->value);
	if (rsp_client_register(n->client, sim_node_clock(n), sim_load_handle(n->w, e->pool), &pe))
		abort();
	sim_node_arm(n);
}

static void
leave(struct sim_element *e)
{
	struct sim_node *n = e->client;

	e->want = SIM_LEAVING;
	e->kept = 0;
	e->stable = false;
	e->home = sim_load_home(n);
	sim_trace(n->w, "%-5s deregisters pe %08x", n->name, e->pe_id);
	if (rsp_client_deregister(n->client, sim_node_clock(n), sim_load_handle(n->w, e->pool), e->pe_id))
		abort();
	sim_node_arm(n);
}

static void
change(struct sim_element *e)
{
	struct sim_node *n = e->client;
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe;

	e->former[e->n_former % SIM_VALUES].value = e->value;
	e->former[e->n_former++ % SIM_VALUES].until_ms = n->w->now;
	e->value = (uint32_t)rsp_rng_below(&n->w->load_rng, 1000) + 1;
	pe = parameter_of(e, room);
	sim_trace(n->w, "%-5s changes pe %08x to value %u", n->name, e->pe_id, e->value);
	if (rsp_client_update(n->client, sim_node_clock(n), sim_load_handle(n->w, e->pool), &pe))
		abort();
	sim_node_arm(n);
}

/* A client reports a failure once. */
static void
asked(struct sim *w, enum rsp_err err)
{
	if (err && err != RSP_EEXISTS)
		sim_violated(w, "user", "a user may not ask: %s", rsp_err_text(err));
}

/* A user resolves a pool, watches it, or reports an element unreachable. */
static void
ask(struct sim *w, struct rsp_rng *rng)
{
	struct sim_node *n = &w->node[w->n_registrars + w->plan.element_clients + rsp_rng_below(rng, w->plan.users)];
	const struct sim_element *e = &w->load->element[rsp_rng_below(rng, w->load->n_elements)];
	struct rsp_bytes handle = sim_load_handle(w, e->pool);
	unsigned what = (unsigned)rsp_rng_below(rng, 20);

	if (!sim_node_runs(n))
		return;
	if (what == 0)
		asked(w, rsp_client_report_unreachable(n->client, sim_node_clock(n), handle, e->pe_id));
	else if (what == 1)
		rsp_client_unwatch(n->client, handle);
	else
		asked(w, rsp_client_resolve(n->client, sim_node_clock(n), handle, 0, what < 4));
	sim_trace(w, "%-5s %s pool %u", n->name,
		  what == 0 ? "reports an element of" : what == 1 ? "unwatches" : what < 4 ? "watches" : "resolves", e->pool);
	w->load->resolutions += what > 1;
	if (what > 0 && what < 4)
		sim_watch_set(w, n, e->pool, what > 1);
	sim_node_arm(n);
}

static void
act(struct sim *w, struct rsp_rng *rng)
{
	struct sim_element *e = &w->load->element[rsp_rng_below(rng, w->load->n_elements)];
	unsigned what = (unsigned)rsp_rng_below(rng, 10);

	w->load->acts++;
	if (what < 5) {
		ask(w, rng);
	} else if (sim_node_runs(e->client) && !e->retired) {
		if (e->want == SIM_OUT && what < 9)
			enter(e);
		else if (e->want == SIM_IN && what == 9)
			leave(e);
		else if (e->want == SIM_IN)
			change(e);
	}
}

/* Contents change, and nothing else. */
static void
act_changes(struct sim *w, struct rsp_rng *rng)
{
	struct sim_element *e = &w->load->element[rsp_rng_below(rng, w->load->n_elements)];

	w->load->acts++;
	if (sim_node_runs(e->client) && !e->retired && e->want == SIM_IN)
		change(e);
}

static void
on_act(struct sim *w, void *ctx, uint32_t turn)
{
	(void)ctx;
	if (!w->load->running || turn != w->load->turn)
		return;
	if (w->load->changes_only)
		act_changes(w, &w->load_rng);
	else
		act(w, &w->load_rng);
	sim_at(w, w->now + sim_between(&w->load_rng, 1, 2 * (uint64_t)w->plan.load_ms), on_act, NULL, turn);
}

void
sim_load_act(struct sim *w)
{
	w->load->changes_only = false;
	if (w->load->running)
		return;
	w->load->running = true;
	sim_at(w, w->now, on_act, NULL, ++w->load->turn);
}

static void
on_ask(struct sim *w, void *ctx, uint32_t generation)
{
	unsigned first = w->n_registrars + w->plan.element_clients;

	(void)ctx;
	(void)generation;
	for (unsigned i = first; w->load->asking && i < first + w->plan.users; i++) {
		unsigned pool = (unsigned)rsp_rng_below(&w->load_rng, w->plan.pools);

		if (!sim_node_runs(&w->node[i]))
			continue;
		asked(w, rsp_client_resolve(w->node[i].client, sim_node_clock(&w->node[i]), sim_load_handle(w, pool),
					    0, false));
		sim_node_arm(&w->node[i]);
	}
	if (w->load->asking)
		sim_at(w, w->now + 20, on_ask, NULL, 0);
}

void
sim_load_ask_often(struct sim *w, bool often)
{
	w->load->asking = often;
	if (often)
		on_ask(w, NULL, 0);
}

void
sim_load_leave_all(struct sim *w)
{
	for (unsigned i = 0; i < w->load->n_elements; i++)
		if (w->load->element[i].want == SIM_IN && sim_node_runs(w->load->element[i].client))
			leave(&w->load->element[i]);
}

static void
on_enter(struct sim *w, void *ctx, uint32_t life)
{
	struct sim_element *e = ctx;

	(void)w;
	if (life == e->client->life && sim_node_runs(e->client) && e->want == SIM_OUT)
		enter(e);
}

void
sim_load_start(struct sim *w)
{
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		if (w->n_registrars > 9 || sim_chance(&w->load_rng, 90)) /* the others come later */
			sim_at(w, w->now + rsp_rng_below(&w->load_rng, 3000), on_enter, e, e->client->life);
	}
	sim_load_act(w);
}

void
sim_load_calm(struct sim *w)
{
	if (!w->plan.changes) {
		sim_load_stop(w);
		return;
	}
	sim_load_act(w);
	w->load->changes_only = true;
}

/* A user has found that the element @ctx does not answer. */
static void
on_report(struct sim *w, void *ctx, uint32_t generation)
{
	struct sim_element *e = ctx;
	struct sim_node *n = &w->node[w->n_registrars + w->plan.element_clients + rsp_rng_below(&w->more_rng, w->plan.users)];

	(void)generation;
	if (e->want != SIM_OUT || !sim_node_runs(n))
		return;
	rsp_client_contacted(n->client, sim_load_handle(w, e->pool), e->pe_id);
	asked(w, rsp_client_report_unreachable(n->client, sim_node_clock(n), sim_load_handle(w, e->pool), e->pe_id));
	sim_node_arm(n);
}

void
sim_load_report(struct sim *w, const struct sim_node *client)
{
	for (unsigned i = 0; i < w->load->n_elements; i++)
		if (w->load->element[i].client == client && w->load->element[i].want == SIM_OUT)
			sim_at(w, w->now + sim_between(&w->more_rng, 0, 1000), on_report, &w->load->element[i], 0);
}

void
sim_load_stop(struct sim *w)
{
	w->load->running = false;
}

void
sim_load_restarted(struct sim_node *n)
{
	struct sim *w = n->w;
	struct sim_load *load = w->load;
	unsigned before = load->n_elements;

	for (unsigned i = 0; i < before; i++) {
		struct sim_element *e = &load->element[i];

		if (e->client != n || e->want != SIM_OUT)
			continue;
		if (e->retired)
			continue;
		if (load->n_elements < load->room && sim_chance(&w->load_rng, 50)) { /* restarted, with another id */
			e->retired = true;
			e = element_new(w, n, e->pool);
		}
		enter(e);
	}
}

void
sim_load_ended(struct sim_node *n, uint64_t bound_ms)
{
	struct sim *w = n->w;
	const struct sim_node *home = sim_load_home(n);

	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		if (e->client != n || e->want == SIM_OUT)
			continue;
		e->want = SIM_OUT;
		e->held = e->stable = false;
		e->out_ms = w->now;
		e->out_bound_ms = bound_ms;
		e->home = home;
	}
}

void
sim_load_disturbed(struct sim_node *n)
{
	struct sim *w = n->w;

	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		if (e->client == n || (n->is_registrar && sim_load_home(e->client) == n))
			e->stable = false;
	}
}

static void
left(struct sim_element *e)
{
	struct sim *w = e->client->w;

	e->want = SIM_OUT;
	e->held = e->stable = false;
	e->out_ms = w->now;
	/* a registrar that was about to take it over asks it first */
	e->out_bound_ms = sim_bound_exchange(&w->plan) + 2 * (uint64_t)w->plan.keepalive_timeout_ms;
}

void
sim_load_read(struct sim_node *from, struct rsp_bytes message, bool former)
{
	struct rsp_message msg;
	bool registers = message.n && message.p[0] == ASAP_REGISTRATION;

	if (from->role != RSP_ROLE_ELEMENT || message.n == 0 ||
	    (registers ? !former : message.p[0] != ASAP_DEREGISTRATION) ||
	    rsp_message_decode(RSP_ASAP, message, &msg, NULL))
		return;
	struct sim_element *e = sim_load_find(from->w, msg.handle, registers ? msg.element.pe_id : msg.pe_id);
	if (e && registers)
		e->late_ms = from->w->now;
	else if (e && e->want == SIM_IN)
		e->ended_late_ms = from->w->now;
}

/* The client of @e has ended it, because another process has its identifier. Each element has one client here, but a registration
 * of its former life may be read after that of the present one, and be above it, where the clock has gone back. */
static void
displaced(struct sim_element *e, const char *server)
{
	struct sim *w = e->client->w;

	if (e->late_ms < e->want_ms || e->late_ms == 0 || w->now > e->late_ms + sim_bound_converged(&w->plan))
		sim_violated(w, "displaced", "%s: pe %08x was displaced at %s", e->client->name, e->pe_id, server);
	left(e);
	e->retired = true; /* as long as the other is not removed, it is refused */
	e->out_bound_ms = sim_bound_removal(&w->plan, false) + sim_bound_converged(&w->plan);
}

void
sim_load_event(struct sim_node *n, const struct rsp_client_event *event)
{
	struct sim *w = n->w;
	struct sim_element *e = NULL;

	if (event->type == RSP_CLIENT_RESOLVED || event->type == RSP_CLIENT_UNRESOLVED)
		w->load->answers++;
	if (n->role == RSP_ROLE_USER)
		sim_watch_event(w, n, event);
	if (event->type == RSP_CLIENT_REGISTERED || event->type == RSP_CLIENT_RENEWED ||
	    event->type == RSP_CLIENT_REREGISTERED || (event->type == RSP_CLIENT_KEEPALIVE && event->changed))
		sim_tally_home(n, sim_load_home(n));
	if (event->pe_id && n->role == RSP_ROLE_ELEMENT)
		e = sim_load_find(w, event->handle, event->pe_id);
	if (!e || e->client != n)
		return;
	switch ((int)event->type) {
	case RSP_CLIENT_REGISTERED:
	case RSP_CLIENT_RENEWED:
	case RSP_CLIENT_REREGISTERED:
		e->held = true;
		e->expired = false;
		break;
	case RSP_CLIENT_EXPIRED:
		if (e->stable)
			sim_check_expired(w, e);
		e->expired = true;
		e->held = e->stable = false;
		break;
	case RSP_CLIENT_DEREGISTERED:
		left(e);
		break;
	case RSP_CLIENT_FAILED:
		if (e->want == SIM_LEAVING) { /* not acknowledged: keep-alives will find that it has left */
			left(e);
			e->out_bound_ms = sim_bound_removal(&w->plan, false);
		}
		break;
	case RSP_CLIENT_DISPLACED:
		displaced(e, event->server);
		break;
	case RSP_CLIENT_REJECTED:
		sim_violated(w, "rejected", "%s: pe %08x was rejected with cause %x by %s", n->name, e->pe_id,
			     event->cause, event->server);
		break;
	default:
		break;
	}
}
