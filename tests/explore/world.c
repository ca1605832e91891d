#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL_MS	 UINT64_C(1790000000000) /* the wall clock when a world begins */
#define BEGIN_MS UINT64_C(100000)

bool world_verbose;

void
world_say(const struct world *w, const char *fmt, ...)
{
	va_list args;

	if (!world_verbose)
		return;
	printf("%5llu %6llu.%03llu ", (unsigned long long)w->steps, (unsigned long long)(w->now / 1000),
	       (unsigned long long)(w->now % 1000));
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)putchar('\n');
}

static void
op_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	net_send(ctx, link, message);
}

static void
op_close(void *ctx, uint32_t link)
{
	net_close(ctx, link);
}

static uint32_t
op_dial(void *ctx, const struct rsp_dial *to)
{
	return net_dial(ctx, to);
}

static uint32_t
client_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	(void)server;
	return net_dial(ctx, to);
}

static void
op_record(void *ctx, const struct rsp_event *event)
{
	struct node *n = ctx;

	world_say(n->w, "%s * %s %s peer %08x by %08x pe %08x", n->name, rsp_event_name(event->kind),
		  event->reason ? rsp_reason_word(event->reason) : "", event->peer_id, event->by_id, event->pe_id);
}

static void
client_event(void *ctx, const struct rsp_client_event *event)
{
	struct node *n = ctx;

	world_say(n->w, "%s * %s pe %08x cause %x server %s %s", n->name, rsp_client_event_name(event->type), event->pe_id,
		  event->cause, event->server, event->why ? event->why->reason : "");
	if (event->type == RSP_CLIENT_DISPLACED && event->new_pe_id)
		n->pe_id = event->new_pe_id;
	else if (event->type == RSP_CLIENT_DISPLACED || event->type == RSP_CLIENT_REJECTED)
		n->displaced = true;
	n->homes += event->type == RSP_CLIENT_HOME;
}

static const struct rsp_engine_ops registrar_ops = { op_send, op_close, op_dial, op_record };
static const struct rsp_client_ops client_ops = { op_send, op_close, client_dial, client_event, NULL };

struct rsp_bytes
world_pool(void)
{
	return rsp_bytes_str("pool");
}

/* The same numbers in each run: they depend on the node and its life only. */
static struct rsp_rng
rng_of(const struct node *n)
{
	return rsp_rng_seeded(1 + n->place * 1000u + n->life);
}

static void
start_registrar(struct node *n)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();
	struct rsp_contact_config contact[REGISTRARS_MAX];
	const struct world *w = n->w;

	config.n_contacts = 0;
	for (unsigned i = 0; i < w->setup.registrars; i++)
		if (i != n->place)
			contact[config.n_contacts++] =
				(struct rsp_contact_config){ .name = w->node[i].name, .ip = w->node[i].ip, .port = 9902 };
	config.contacts = contact;
	config.server_id = n->server_id;
	config.name = n->name;
	config.enrp_ip = n->ip;
	config.enrp_port = 9902;
	config.epoch_ms = WALL_MS + (uint64_t)n->skew_ms;
	config.hold_ms = 0;
	config.peer_heartbeat_cycle_ms = 1000;
	config.max_time_last_heard_ms = 2500;
	config.max_time_no_response_ms = 500;
	config.keepalive_interval_ms = 1000;
	config.keepalive_timeout_ms = 500;
	config.keepalive_distance_ms = 100;
	config.reconnect_grace_ms = 700;
	config.limits = (struct rsp_handlespace_limits){ 64, 64, 64 };
	config.max_items = 16;
	config.max_updates = 64;
	config.max_update_octets = 65536;
	if (rsp_registrar_new(&config, &registrar_ops, n, rng_of(n), w->now, &n->registrar))
		abort();
}

static void
start_client(struct node *n)
{
	const struct world *w = n->w;
	struct rsp_client_server server[REGISTRARS_MAX] = { { 0 } };
	struct rsp_client_config config = { .timers = rsp_client_timers_fast(),
					    .servers = server,
					    .n_servers = w->setup.registrars,
					    .role = RSP_ROLE_ELEMENT,
					    .persistent = true,
					    .max_elements = 4,
					    .max_resolutions = 4,
					    .max_reports = 4,
					    .asap_port = 5000,
					    .epoch_ms = WALL_MS + (uint64_t)n->skew_ms,
					    .no_epoch = w->setup.plain };

	config.timers.keepalive_ms = 1000;
	for (unsigned i = 0; i < config.n_servers; i++) { /* each element begins with another registrar */
		const struct node *r = &w->node[(i + n->place) % config.n_servers];

		server[i] = (struct rsp_client_server){ .name = r->name, .host = r->name, .ip = { r->ip }, .n_ips = 1, .port = 3864 };
	}
	if (rsp_client_new(&config, &client_ops, n, rng_of(n), w->now, &n->client))
		abort();
}

void
world_start(struct node *n)
{
	n->up = n->present = true;
	n->paused = n->displaced = false;
	n->life++;
	n->said = 0;
	if (n->is_registrar)
		start_registrar(n);
	else
		start_client(n);
	world_say(n->w, "%s starts, id %08x", n->name, n->server_id);
	if (!n->is_registrar)
		world_register(n);
	net_changed(n->w);
}

void
world_stop(struct node *n, int how)
{
	if (!n->up)
		return;
	world_say(n->w, "%s %s", n->name, how == WORLD_KILLED ? "is killed" : "vanishes");
	n->up = n->paused = false;
	n->present = how == WORLD_KILLED;
	net_gone(n, n->present);
	rsp_registrar_free(n->registrar);
	rsp_client_free(n->client);
	n->registrar = NULL;
	n->client = NULL;
	net_changed(n->w);
}

static struct rsp_pool_element
parameter_of(const struct node *n, uint8_t *room)
{
	struct rsp_pool_element pe = { .pe_id = n->pe_id, .lifetime_s = 3600 };

	pe.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = n->revision };
	rsp_transport_set_ips(&pe.user, &n->ip, 1, room);
	pe.policy.type = RSP_POLICY_RR;
	return pe;
}

void
world_register(struct node *n)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe = parameter_of(n, room);

	n->wants = true;
	if (rsp_client_register(n->client, n->w->now, world_pool(), &pe))
		abort();
}

void
world_update(struct node *n)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];

	n->revision++;
	struct rsp_pool_element pe = parameter_of(n, room);
	if (rsp_client_update(n->client, n->w->now, world_pool(), &pe))
		n->displaced = true;
}

void
world_leave(struct node *n)
{
	n->wants = false;
	if (rsp_client_deregister(n->client, n->w->now, world_pool(), n->pe_id))
		n->displaced = true;
}

bool
world_runs(const struct node *n)
{
	return n->up && !n->paused;
}

uint64_t
world_deadline(const struct node *n)
{
	if (!world_runs(n))
		return RSP_NEVER;
	return n->registrar ? rsp_registrar_deadline(n->registrar) : rsp_client_deadline(n->client);
}

void
world_tick(struct node *n)
{
	struct world *w = n->w;
	uint64_t due = world_deadline(n);

	w->now = due > w->now ? due : w->now;
	world_say(w, "%s runs its timers", n->name);
	if (n->registrar)
		rsp_registrar_tick(n->registrar, w->now);
	else
		rsp_client_tick(n->client, w->now);
}

static void
node_init(struct world *w, unsigned place)
{
	struct node *n = &w->node[place];
	unsigned i = place - w->setup.registrars;

	*n = (struct node){ .w = w, .place = place, .is_registrar = place < w->setup.registrars, .present = true };
	(void)snprintf(n->name, sizeof(n->name), "%c%u", n->is_registrar ? 'r' : 'e', n->is_registrar ? place : i);
	(void)snprintf(n->identity, sizeof(n->identity), "%s", w->setup.twins && !n->is_registrar ? "e0" : n->name);
	n->ip = (struct rsp_ip){ 4, { 10, 0, 0, (uint8_t)(place + 1) } };
	if (n->is_registrar) {
		n->server_id = 0x10u + place;
		return;
	}
	n->pe_id = w->setup.twins ? 0xe0 : 0xe0 + i;
	n->revision = (uint16_t)(80 + 100 * i);
	if (w->setup.twins)
		(void)snprintf(n->name, sizeof(n->name), "e0%c", 'a' + (int)i);
}

/* Take the default order until @until_ms. */
static void
run(struct world *w, uint64_t until_ms)
{
	struct choice choice[CHOICES_MAX];

	while (choice_list(w, false, false, choice) > 0) {
		if (choice[0].kind == CHOICE_TICK && world_deadline(&w->node[choice[0].a]) > until_ms)
			break;
		choice_take(w, &choice[0]);
	}
}

struct world *
world_new(const struct setup *setup)
{
	struct world *w = calloc(1, sizeof(*w));
	bool late = setup->start == START_REGISTER;

	if (!w)
		abort();
	w->setup = *setup;
	w->now = BEGIN_MS;
	w->n_nodes = setup->registrars + setup->elements;
	for (unsigned i = 0; i < w->n_nodes; i++)
		node_init(w, i);
	for (unsigned i = 0; i < setup->registrars; i++)
		world_start(&w->node[i]);
	for (unsigned i = setup->registrars; i < w->n_nodes; i++)
		if (!late && (!setup->twins || i == setup->registrars))
			world_start(&w->node[i]);
	if (setup->start != START_COLD)
		run(w, BEGIN_MS + 10000);
	for (unsigned i = setup->registrars; i < w->n_nodes; i++)
		if (!w->node[i].up)
			world_start(&w->node[i]);
	w->steps = 0;
	w->begun_ms = w->mended_ms = w->changed_ms = w->now;
	w->tables = state_tables(w);
	world_say(w, "the start state");
	return w;
}

void
world_free(struct world *w)
{
	for (unsigned i = 0; i < w->n_nodes; i++)
		world_stop(&w->node[i], WORLD_VANISHED);
	net_free_closed(w);
	free(w);
}
