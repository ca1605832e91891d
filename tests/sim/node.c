#include "node.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "coverage.h"
#include "invariants.h"
#include "load.h"
#include "monitor.h"
#include "net.h"

#define WALL_MS UINT64_C(1790000000000) /* the wall clock when a run begins */

uint64_t
sim_node_clock(const struct sim_node *n)
{
	return n->w->now + n->clock;
}

static void
op_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	sim_send(ctx, link, message);
}

static void
op_close(void *ctx, uint32_t link)
{
	sim_close(ctx, link);
}

static uint32_t
op_dial(void *ctx, const struct rsp_dial *to)
{
	return sim_dial(ctx, to);
}

static uint32_t
client_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	(void)server;
	return sim_dial(ctx, to);
}

static void
op_record(void *ctx, const struct rsp_event *event)
{
	struct sim_node *n = ctx;

	sim_trace(n->w, "%-5s * %s%s%s %s peer %08x by %08x pe %08x count %u %llu ms", n->name,
		  rsp_event_name(event->kind), event->reason ? ": " : "", event->reason ? rsp_reason_word(event->reason) : "",
		  event->kind == RSP_EVENT_MALFORMED && event->why ? event->why->reason : "",
		  event->peer_id, event->by_id, event->pe_id, event->count, (unsigned long long)event->duration_ms);
	sim_mix(n->w, event->kind);
	sim_coverage_record(n->w->coverage, event);
	if (event->kind == RSP_EVENT_SERVING)
		n->serving_ms = n->served_ms = n->w->now;
	else if (event->kind == RSP_EVENT_REJOINING)
		n->serving_ms = RSP_NEVER;
	sim_check_record(n->w, n, event);
	if (event->kind == RSP_EVENT_SERVER_ID_DRAWN) { /* for its peers it is another registrar */
		n->server_id = event->by_id;
		n->runs_ms = n->w->now;
		sim_check_started(n->w, n);
	}
}

static void
client_event(void *ctx, const struct rsp_client_event *event)
{
	struct sim_node *n = ctx;

	sim_trace(n->w, "%-5s * %s %.*s pe %08x cause %x server %s %08x %s", n->name, rsp_client_event_name(event->type),
		  event->handle.n < 8 ? (int)event->handle.n : 8, (const char *)event->handle.p, event->pe_id, event->cause, event->server, event->server_id, event->why ? event->why->reason : "");
	sim_coverage_client(n->w->coverage, event);
	sim_load_event(n, event);
}

static const struct rsp_engine_ops registrar_ops = { op_send, op_close, op_dial, op_record };
static const struct rsp_client_ops client_ops = { op_send, op_close, client_dial, client_event, NULL };

static void
node_init(struct sim *w, unsigned place)
{
	struct sim_node *n = &w->node[place];
	unsigned i = place - w->n_registrars;
	char kind = 'r';

	*n = (struct sim_node){ .w = w, .place = place, .is_registrar = place < w->n_registrars };
	if (!n->is_registrar) {
		n->role = i < w->plan.element_clients ? RSP_ROLE_ELEMENT : RSP_ROLE_USER;
		kind = n->role == RSP_ROLE_ELEMENT ? 'e' : 'u';
		if (place == w->n_nodes - 1) {
			n->role = RSP_ROLE_MONITOR;
			kind = 'm';
			i = 0;
		}
	}
	(void)snprintf(n->name, sizeof(n->name), "%c%u", kind, n->is_registrar ? place : i);
	n->ip = (struct rsp_ip){ 4, { 10, (uint8_t)(n->is_registrar ? 0 : 1), (uint8_t)(place >> 8), (uint8_t)place } };
	n->present = true;
	n->serving_ms = n->served_ms = n->attached_ms = RSP_NEVER;
	if (n->is_registrar)
		n->skew_ms = sim_plan_skew(&w->plan, &w->node_rng);
	n->no_epoch = n->role == RSP_ROLE_ELEMENT && place % 100 < w->plan.no_epoch_percent;
	n->stripped = n->is_registrar && place + 1 == w->plan.stripped;
}

void
sim_nodes_new(struct sim *w)
{
	w->n_registrars = w->plan.registrars;
	w->n_nodes = w->plan.registrars + w->plan.element_clients + w->plan.users + 1;
	w->node = sim_alloc(w->n_nodes, sizeof(*w->node));
	for (unsigned i = 0; i < w->n_nodes; i++)
		node_init(w, i);
}

static void
engine_free(struct sim_node *n)
{
	rsp_registrar_free(n->registrar);
	rsp_client_free(n->client);
	n->registrar = NULL;
	n->client = NULL;
}

void
sim_nodes_free(struct sim *w)
{
	for (unsigned i = 0; i < w->n_nodes; i++) {
		engine_free(&w->node[i]);
		free(w->node[i].end);
		free(w->node[i].free_id);
	}
	free(w->node);
}

/* Which registrars are configured at @n: all others, or one, so that each can be found from each. */
static unsigned
contacts_of(const struct sim_node *n, struct rsp_contact_config *contact)
{
	const struct sim *w = n->w;
	unsigned found = 0, one = n->place > 0 ? n->place - 1 : 1;

	for (unsigned i = 0; i < w->n_registrars; i++) {
		if (i == n->place || (!w->plan.all_contacts && i != one))
			continue;
		contact[found++] = (struct rsp_contact_config){ .name = w->plan.insecure ? NULL : w->node[i].name,
								.ip = w->node[i].ip,
								.port = SIM_ENRP_PORT };
	}
	return found;
}

/* Each identity may have just as many elements as it wants or had lately: what is counted, but gone, leaves no room. */
static uint32_t
max_elements(void *ctx, const char *identity)
{
	const struct sim_node *n = ctx;
	const struct sim *w = n->w;
	uint64_t lately = sim_bound_removal(&w->plan, false) + sim_bound_orphan(&w->plan);
	uint32_t count = 0;

	for (unsigned i = 0; i < w->load->n_elements; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (strcmp(e->client->name, identity) == 0 && (e->want != SIM_OUT || w->now < e->out_ms + lately))
			count++;
	}
	return count;
}

static void
start_registrar(struct sim_node *n)
{
	const struct sim_plan *p = &n->w->plan;
	struct rsp_registrar_config config = rsp_registrar_defaults();
	struct rsp_contact_config contact[RSP_CONTACTS_MAX];

	config.server_id = n->server_id;
	config.name = p->insecure ? NULL : n->name;
	config.insecure = p->insecure;
	config.keepalive_interval_ms = p->keepalive_ms;
	config.keepalive_timeout_ms = p->keepalive_timeout_ms;
	config.reconnect_grace_ms = p->grace_ms;
	config.contacts = contact;
	config.n_contacts = contacts_of(n, contact);
	config.enrp_ip = n->ip;
	config.enrp_port = SIM_ENRP_PORT;
	config.epoch_ms = WALL_MS - n->clock + (uint64_t)n->skew_ms;
	config.peer_heartbeat_cycle_ms = p->heartbeat_ms;
	config.max_time_last_heard_ms = p->last_heard_ms;
	config.max_time_no_response_ms = p->no_response_ms;
	config.max_items = p->max_items;
	config.tombstone_ms = p->tombstone_ms;
	config.max_tombstones = p->max_tombstones;
	config.max_downloads = p->max_downloads;
	config.max_adoptions = p->max_adoptions;
	if (p->quota && !p->insecure)
		config.max_elements = max_elements;
	if (rsp_registrar_new(&config, &registrar_ops, n, rsp_rng_seeded(rsp_rng_u64(&n->w->node_rng)),
			      sim_node_clock(n), &n->registrar))
		abort();
}

static void
start_client(struct sim_node *n)
{
	const struct sim *w = n->w;
	struct rsp_client_server server[RSP_CLIENT_SERVERS_MAX] = { { 0 } };
	unsigned n_servers = w->n_registrars < RSP_CLIENT_SERVERS_MAX ? w->n_registrars : RSP_CLIENT_SERVERS_MAX;
	struct rsp_client_config config = {
		.timers = rsp_client_timers_fast(),
		.servers = server,
		.n_servers = n_servers,
		.role = w->plan.insecure ? RSP_ROLE_NONE : n->role,
		.shuffle = true,
		.persistent = true,
		.epoch_ms = WALL_MS - n->clock + (uint64_t)n->skew_ms,
		.no_epoch = n->no_epoch,
		.asap_port = n->role == RSP_ROLE_ELEMENT && w->plan.listens ? SIM_NOTIFY_PORT : 0,
	};
	config.timers.keepalive_ms = w->plan.keepalive_ms;

	config.timers.keepalive_ms = w->plan.keepalive_ms;
	for (unsigned i = 0; i < n_servers; i++) {
		unsigned which = w->n_registrars > n_servers ? (n->place * 7 + i) % w->n_registrars : i;
		const struct sim_node *r = &w->node[which];

		server[i] = (struct rsp_client_server){
			.name = r->name, .host = r->name, .ip = { r->ip }, .n_ips = 1, .port = SIM_ASAP_PORT
		};
	}
	if (w->plan.announces) { /* it knows which registrars may announce themselves, but not where */
		config.discover = true;
		config.registrars = server;
		config.n_registrars = n_servers;
		config.n_servers = 0;
	}
	if (rsp_client_new(&config, &client_ops, n, rsp_rng_seeded(rsp_rng_u64(&n->w->node_rng)), sim_node_clock(n),
			   &n->client))
		abort();
}

void
sim_node_start(struct sim_node *n)
{
	sim_node_start_as(n, n->is_registrar ? rsp_rng_id(&n->w->node_rng) : 0);
}

void
sim_node_start_as(struct sim_node *n, uint32_t server_id)
{
	n->server_id = server_id;
	n->up = n->present = true;
	n->paused = false;
	n->life++;
	n->clock = sim_between(&n->w->node_rng, 1000, 100000000); /* machines boot at different times */
	n->well_ms = n->runs_ms = n->w->now;
	n->wake_ms = n->serving_ms = n->served_ms = n->attached_ms = RSP_NEVER;
	n->attached = n->last_home = NULL;
	if (n->is_registrar) {
		start_registrar(n);
		sim_check_started(n->w, n);
	} else if (n->role != RSP_ROLE_MONITOR) {
		if (n->w->plan.more) /* its wall clock was set while it did not run */
			n->skew_ms = sim_plan_skew(&n->w->plan, &n->w->more_rng);
		start_client(n);
	}
	sim_trace(n->w, "%-5s started, id %08x", n->name, n->server_id);
	sim_node_arm(n);
	sim_net_changed(n->w);
}

void
sim_node_stop(struct sim_node *n, enum sim_end_kind kind)
{
	static const char *const how[] = { "killed", "vanished", "leaves" };

	if (!n->up)
		return;
	sim_trace(n->w, "%-5s %s", n->name, how[kind]);
	if (kind == SIM_LEFT && n->registrar && !n->paused)
		rsp_registrar_leave(n->registrar);
	n->up = false;
	n->paused = false;
	n->present = kind != SIM_VANISHED;
	n->life++;
	n->wake_ms = RSP_NEVER;
	sim_net_gone(n);
	engine_free(n);
	n->server_id = 0;
	sim_net_changed(n->w);
}

void
sim_node_pause(struct sim_node *n)
{
	sim_trace(n->w, "%-5s paused", n->name);
	n->paused = true;
	n->paused_ms = n->w->now;
}

void
sim_node_continue(struct sim_node *n)
{
	/* chance decides whether it reads its messages or runs its timers first */
	bool timers_first = sim_chance(&n->w->node_rng, 50);

	sim_trace(n->w, "%-5s continues after %llu ms", n->name, (unsigned long long)(n->w->now - n->paused_ms));
	n->paused = false;
	n->well_ms = n->runs_ms = n->w->now;
	if (timers_first)
		sim_node_arm(n);
	sim_net_changed(n->w);
	sim_node_arm(n);
}

void
sim_node_jump(struct sim_node *n, uint64_t by_ms)
{
	sim_trace(n->w, "%-5s clock jumps by %llu ms", n->name, (unsigned long long)by_ms);
	n->jumped_ms = n->w->now;
	n->clock += by_ms;
	n->runs_ms = n->w->now;
	sim_node_arm(n);
}

struct sim_node *
sim_node_of_id(const struct sim *w, uint32_t server_id)
{
	struct sim_node *found = NULL;

	for (unsigned i = 0; i < w->n_registrars; i++)
		if (w->node[i].up && w->node[i].server_id == server_id && (!found || !sim_node_runs(found)))
			found = &w->node[i];
	return found;
}

struct sim_node *
sim_node_named(const struct sim *w, const char *name)
{
	for (unsigned i = 0; name && i < w->n_nodes; i++)
		if (strcmp(w->node[i].name, name) == 0)
			return &w->node[i];
	return NULL;
}

struct sim_node *
sim_node_at(const struct sim *w, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < w->n_nodes; i++)
		if (rsp_ip_equal(&w->node[i].ip, ip))
			return &w->node[i];
	return NULL;
}

static void
on_wake(struct sim *w, void *ctx, uint32_t life)
{
	struct sim_node *n = ctx;

	if (life != n->life || !sim_node_runs(n) || n->wake_ms != w->now)
		return;
	n->wake_ms = RSP_NEVER;
	if (n->registrar)
		rsp_registrar_tick(n->registrar, sim_node_clock(n));
	else
		rsp_client_tick(n->client, sim_node_clock(n));
	sim_node_arm(n);
}

void
sim_node_arm(struct sim_node *n)
{
	if (!sim_node_runs(n) || n->role == RSP_ROLE_MONITOR)
		return;
	uint64_t due = n->registrar ? rsp_registrar_deadline(n->registrar) : rsp_client_deadline(n->client);
	uint64_t at = due == RSP_NEVER ? RSP_NEVER : due > n->clock ? due - n->clock : 0;

	at = at < n->w->now ? n->w->now : at;
	if (at == RSP_NEVER || (n->wake_ms <= at && n->wake_ms >= n->w->now))
		return;
	n->wake_ms = at;
	sim_at(n->w, at, on_wake, n, n->life);
}

enum rsp_err
sim_node_link_up(struct sim_node *n, uint32_t id, const struct rsp_link_info *info)
{
	enum rsp_err err = RSP_OK;

	if (n->role == RSP_ROLE_MONITOR) {
		sim_monitor_up(n, id);
		return RSP_OK;
	}
	if (n->registrar)
		err = rsp_registrar_link_up(n->registrar, sim_node_clock(n), id, info);
	else
		rsp_client_link_up(n->client, sim_node_clock(n), id, info);
	sim_node_arm(n);
	return err;
}

void
sim_node_link_down(struct sim_node *n, uint32_t id, enum rsp_err err)
{
	struct rsp_why why = { 0 };

	if (n->role == RSP_ROLE_MONITOR) {
		sim_monitor_down(n, id, err);
		return;
	}
	(void)rsp_fail(&why, err, "link", "%s", rsp_err_text(err));
	if (n->registrar)
		rsp_registrar_link_down(n->registrar, sim_node_clock(n), id, &(const struct rsp_why){ .err = err });
	else
		rsp_client_link_down(n->client, sim_node_clock(n), id,
				     err == RSP_ECLOSED ? RSP_STEP_ASAP : RSP_STEP_TCP, &why);
	sim_node_arm(n);
}

void
sim_node_receive(struct sim_node *n, uint32_t id, struct rsp_bytes message)
{
	if (n->role == RSP_ROLE_MONITOR) {
		sim_monitor_receive(n, id, message);
		return;
	}
	if (n->registrar)
		rsp_registrar_receive(n->registrar, sim_node_clock(n), id, message);
	else
		rsp_client_receive(n->client, sim_node_clock(n), id, message);
	sim_node_arm(n);
}
