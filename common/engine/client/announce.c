#include <stdio.h>
#include <stdlib.h>

#include "engine/client/priv.h"

/* Registrars that announce themselves: RFC 5352 s.3.6, T7. Anybody can send an announcement, and any number of them, so
 * each is a hint (RFC 5355 s.2.12): an address that may be tried. Who answers there has to prove itself. */

#define PACE_BURST  4 /* hints dialled at once; then one in each stagger */
#define TOLD_BURST  32
#define TOLD_PACE   100 /* ms */

/* What speaks for a hint. Those that have more are tried first, and make no room for those that have less. */
enum {
	RANK_NONE,
	RANK_SOURCE, /* who is there announced it */
	RANK_HOST,   /* a registrar of the scope has the address, with another port or with none that is fixed */
	RANK_KNOWN   /* and the port */
};

enum rsp_err
rsp_client_hints_init(struct rsp_client *c)
{
	unsigned n = c->config.n_registrars;

	c->hints = calloc(RSP_CLIENT_HINTS_MAX, sizeof *c->hints);
	c->registrars = calloc(n ? n : 1, sizeof *c->registrars);
	if (!c->hints || !c->registrars)
		return RSP_ENOMEM;
	enum rsp_err err = rsp_client_copy_servers(c->registrars, c->config.registrars, n);
	c->config.registrars = c->registrars;
	return err;
}

void
rsp_client_hints_done(struct rsp_client *c)
{
	rsp_client_free_servers(c->registrars, c->config.n_registrars);
	free(c->hints);
}

struct client_hint *
rsp_client_hint_of(const struct rsp_client *c, unsigned candidate)
{
	return c->hints && candidate >= c->n_candidates ? &c->hints[candidate - c->n_candidates] : NULL;
}

/* Its row among the servers: where its address is. */
static struct rsp_client_server *
server_of(const struct rsp_client *c, const struct client_hint *hint)
{
	return &c->servers[c->config.n_servers + (unsigned)(hint - c->hints)];
}

unsigned
rsp_client_hints_count(const struct rsp_client *c)
{
	unsigned n = 0;

	for (unsigned i = 0; c->hints && i < RSP_CLIENT_HINTS_MAX; i++)
		n += c->hints[i].used;
	return n;
}

/* A link to it is open or opening: its number must not become another's. */
static bool
in_use(const struct rsp_client *c, const struct client_hint *hint)
{
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (c->links[i].id && c->links[i].dialled && rsp_client_hint_of(c, c->links[i].candidate) == hint)
			return true;
	return false;
}

/* A bucket of @burst tokens that gets one each @step_ms; @full_ms is when it will be full again. How long until there
 * is one, 0: now. */
static uint64_t
wait_for_token(uint64_t full_ms, uint64_t now, uint64_t step_ms, unsigned burst)
{
	uint64_t room_ms = step_ms * (burst - 1), missing_ms = full_ms > now ? full_ms - now : 0;

	return missing_ms > room_ms ? missing_ms - room_ms : 0;
}

static void
take_token(uint64_t *full_ms, uint64_t now, uint64_t step_ms)
{
	*full_ms = (*full_ms > now ? *full_ms : now) + step_ms;
}

static void
tell(struct rsp_client *c, enum rsp_client_event_type type, const struct client_hint *hint)
{
	const struct rsp_client_server *server = server_of(c, hint);
	struct rsp_client_hint what = {
		.server_id = hint->server_id,
		.ip = server->ip[0],
		.source = hint->source,
		.port = server->port,
		.name = hint->name,
	};
	struct rsp_client_event event = rsp_client_event_new(c, type);

	event.hint = &what;
	event.server = hint->label;
	rsp_client_tell(c, &event);
}

static void
forget(struct rsp_client *c, struct client_hint *hint)
{
	hint->used = false;
	if (hint->told)
		tell(c, RSP_CLIENT_FORGOTTEN, hint);
}

/* Addresses that a registrar can have, for us: a loopback address is the announcer's own, unless it is here too. */
static bool
can_be_dialled(const struct rsp_ip *ip, const struct rsp_ip *source)
{
	if (rsp_ip_unfit(ip))
			return false;
	return rsp_ip_kind(ip) != RSP_IP_LOOPBACK || rsp_ip_kind(source) == RSP_IP_LOOPBACK;
}

/* Whether @registrar has the address @ip. */
static bool
has_ip(const struct rsp_client_server *registrar, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < registrar->n_ips; i++)
		if (rsp_ip_equal(&registrar->ip[i], ip))
			return true;
	return false;
}

/* What speaks for @ip and @port; and the name of the registrar that has to answer there, NULL for any. */
static unsigned
rank(const struct rsp_client *c, const struct rsp_ip *ip, uint16_t port, const struct rsp_ip *source,
     const char **ret_name)
{
	const struct rsp_client_server *found = NULL;
	unsigned n = 0;

	*ret_name = NULL;
	for (unsigned i = 0; i < c->config.n_registrars; i++) {
		const struct rsp_client_server *registrar = &c->registrars[i];

		if (!has_ip(registrar, ip))
			continue;
		found = registrar;
		n++;
		if (registrar->port == port) {
			*ret_name = registrar->name;
			return RANK_KNOWN;
		}
	}
	if (n == 1 && found->port == 0) /* it listens where the kernel lets it */
		*ret_name = found->name;
	return n > 0 ? RANK_HOST : rsp_ip_equal(ip, source) ? RANK_SOURCE : RANK_NONE;
}

static struct client_hint *
find(const struct rsp_client *c, const struct rsp_ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < RSP_CLIENT_HINTS_MAX; i++) {
		const struct rsp_client_server *server = server_of(c, &c->hints[i]);

		if (c->hints[i].used && server->port == port && rsp_ip_equal(&server->ip[0], ip))
			return &c->hints[i];
	}
	return NULL;
}

/* Whether @a should rather make room than @b. */
static bool
worth_less(const struct client_hint *a, const struct client_hint *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->failures > b->failures;
}

static bool
same_source(const struct rsp_ip *a, const struct rsp_ip *b)
{
	struct rsp_ip x = rsp_ip_source(a), y = rsp_ip_source(b);

	return rsp_ip_equal(&x, &y);
}

/* A place for what @source announced. One source has a part of the table only; a full one has room by chance, so that
 * no one can keep others out by being first. NULL: there is none. */
static struct client_hint *
make_room(struct rsp_client *c, unsigned rank, const struct rsp_ip *source)
{
	struct client_hint *unused = NULL, *victim = NULL;
	unsigned n_own = 0, n_alike = 0;

	for (unsigned i = 0; i < RSP_CLIENT_HINTS_MAX; i++) {
		if (!unused && !c->hints[i].used && !in_use(c, &c->hints[i]))
			unused = &c->hints[i];
		n_own += c->hints[i].used && same_source(&c->hints[i].source, source);
	}
	bool enough = rank < RANK_KNOWN && n_own >= CLIENT_HINTS_PER_SOURCE;
	if (unused && !enough)
		return unused;
	for (unsigned i = 0; i < RSP_CLIENT_HINTS_MAX; i++) {
		struct client_hint *hint = &c->hints[i];

		if (!hint->used || hint->rank > rank || (enough && !same_source(&hint->source, source)) ||
		    in_use(c, hint) || (victim && worth_less(victim, hint)))
			continue;
		if (!victim || worth_less(hint, victim))
			n_alike = 0;
		n_alike++;
		if (n_alike == 1 || rsp_rng_below(&c->rng, n_alike) == 0)
			victim = hint;
	}
	if (victim)
		forget(c, victim);
	return victim;
}

static void
label(struct client_hint *hint, const struct rsp_client_server *server)
{
	char ip[RSP_IP_TEXT_MAX];

	rsp_ip_format(&server->ip[0], ip);
	if (hint->name)
		(void)snprintf(hint->label, sizeof hint->label, "%s", hint->name);
	else
		(void)snprintf(hint->label, sizeof hint->label, server->ip[0].family == 6 ? "[%s]:%u" : "%s:%u", ip,
			       (unsigned)server->port);
}

static struct client_hint *
add(struct rsp_client *c, const struct rsp_ip *ip, uint16_t port, const struct rsp_ip *source)
{
	const char *name;
	unsigned rank_now = rank(c, ip, port, source, &name);
	struct client_hint *hint = make_room(c, rank_now, source);

	if (!hint)
		return NULL;
	struct rsp_client_server *server = server_of(c, hint);
	*hint = (struct client_hint){ .used = true, .rank = rank_now, .source = *source, .name = name };
	*server = (struct rsp_client_server){ .name = hint->label, .host = hint->label, .ip = { *ip }, .n_ips = 1 };
	server->port = port;
	c->attempts[server - c->servers] = (struct client_attempt){ 0 };
	label(hint, server);
	return hint;
}

/* One transport of an announcement of @server_id. False if it is of no use. */
static bool
hear(struct rsp_client *c, uint32_t server_id, const struct rsp_transport *transport, const struct rsp_ip *source)
{
	struct rsp_ip announced = rsp_transport_ip(transport, 0), ip = rsp_ip_unmapped(&announced);

	if (transport->port == 0 || !can_be_dialled(&ip, source))
		return false;
	struct client_hint *hint = find(c, &ip, transport->port);
	bool fresh = !hint;
	if (!hint)
		hint = add(c, &ip, transport->port, source);
	if (!hint)
		return false;
	hint->server_id = server_id;
	hint->expires_ms = c->now + c->config.timers.t7_enrpoutdate_ms;
	if (fresh && wait_for_token(c->told_pace_ms, c->now, TOLD_PACE, TOLD_BURST) == 0) {
		take_token(&c->told_pace_ms, c->now, TOLD_PACE);
		hint->told = true;
		tell(c, RSP_CLIENT_HEARD, hint);
	}
	return true;
}

bool
rsp_client_announced(struct rsp_client *c, uint64_t now_ms, const struct rsp_ip *source, struct rsp_bytes datagram)
{
	struct rsp_ip from = rsp_ip_unmapped(source);
	struct rsp_list_item item;
	struct rsp_message msg;
	size_t cursor = 0;
	bool usable = false;

	rsp_client_enter(c, now_ms);
	c->announcements++;
	if (c->hints && rsp_message_decode(RSP_ASAP, datagram, &msg, NULL) == RSP_OK &&
	    msg.type == ASAP_SERVER_ANNOUNCE && msg.server_id != 0)
		for (unsigned i = 0; i < CLIENT_HINTS_PER_DATAGRAM && rsp_list_next(&msg, &cursor, &item); i++)
			if (item.type == RSP_PARAM_TCP && hear(c, msg.server_id, &item.transport, &from))
				usable = true;
	if (!usable) {
		c->announcements_dropped++;
		return false;
	}
	rsp_client_pump(c);
	rsp_client_hints_try(c);
	return true;
}

/* The hunt is for another home than there is. */
static bool
is_home(const struct rsp_client *c, const struct client_hint *hint)
{
	const struct rsp_client_server *server = server_of(c, hint), *other;

	if (!c->home)
		return false;
	if (strcmp(c->home->name, hint->label) == 0)
		return true;
	if (!c->home->dialled)
		return false;
	const struct client_candidate *cand = &c->candidates[c->home->candidate];
	other = &c->servers[cand->server];
	return cand->ip < other->n_ips && other->port == server->port &&
	       rsp_ip_equal(&other->ip[cand->ip], &server->ip[0]);
}

static bool
may_be_tried(const struct rsp_client *c, const struct client_hint *hint)
{
	return hint->used && hint->expires_ms > c->now && hint->next_try_ms <= c->now && !in_use(c, hint) &&
	       !is_home(c, hint);
}

/* The one to try first: chance decides between those that nothing tells apart. */
static struct client_hint *
best(struct rsp_client *c)
{
	struct client_hint *found = NULL;
	unsigned n_alike = 0;

	for (unsigned i = 0; c->hints && i < RSP_CLIENT_HINTS_MAX; i++) {
		struct client_hint *hint = &c->hints[i];

		if (!may_be_tried(c, hint) || (found && worth_less(hint, found)))
			continue;
		if (!found || worth_less(found, hint))
			n_alike = 0;
		n_alike++;
		if (n_alike == 1 || rsp_rng_below(&c->rng, n_alike) == 0)
			found = hint;
	}
	return found;
}

bool
rsp_client_hints_wait(const struct rsp_client *c)
{
	for (unsigned i = 0; c->hints && i < RSP_CLIENT_HINTS_MAX; i++)
		if (may_be_tried(c, &c->hints[i]))
			return true;
	return false;
}

bool
rsp_client_hints_expected(const struct rsp_client *c)
{
	return c->hints && c->now - c->hunt_began_ms < c->config.timers.t7_enrpoutdate_ms;
}

void
rsp_client_hint_failed(struct rsp_client *c, struct client_hint *hint)
{
	unsigned doublings = hint->failures < 16 ? hint->failures : 16;
	uint64_t wait_ms = rsp_client_patience(c) << doublings, cap_ms = c->config.timers.t5_serverhunt_ms;

	hint->failures++;
	hint->next_try_ms = c->now + rsp_rng_jitter(&c->rng, wait_ms < cap_ms ? wait_ms : cap_ms, 25);
}

void
rsp_client_hint_proven(struct rsp_client *c, struct client_link *link, const char *identity)
{
	struct client_hint *hint = rsp_client_hint_of(c, link->candidate);

	(void)snprintf(hint->label, sizeof hint->label, "%s", identity);
	(void)snprintf(link->name, sizeof link->name, "%s", identity);
}

/* How long until the next hint may be dialled; 0: now. */
static uint64_t
wait_to_dial(struct rsp_client *c)
{
	uint64_t wait_ms = wait_for_token(c->hint_pace_ms, c->now, c->config.timers.stagger_ms, PACE_BURST);

	return wait_ms ? wait_ms : rsp_client_room(c, true);
}

/* Let the timer ring when the next one may be tried, in @wait_ms, or is to be forgotten. */
static void
arm(struct rsp_client *c, uint64_t wait_ms)
{
	for (unsigned i = 0; i < RSP_CLIENT_HINTS_MAX; i++) {
		const struct client_hint *hint = &c->hints[i];

		if (!hint->used)
			continue;
		uint64_t at_ms = hint->expires_ms;
		if (c->hunting && hint->next_try_ms > c->now && hint->next_try_ms < at_ms)
			at_ms = hint->next_try_ms;
		uint64_t in_ms = at_ms > c->now ? at_ms - c->now : 0;
		wait_ms = in_ms < wait_ms ? in_ms : wait_ms;
	}
	if (wait_ms == RSP_NEVER)
		rsp_client_disarm(c, &c->hint_timer);
	else
		rsp_client_arm(c, &c->hint_timer, wait_ms);
}

void
rsp_client_hints_try(struct rsp_client *c)
{
	struct client_hint *hint;
	uint64_t wait_ms = RSP_NEVER;

	if (!c->hints)
		return;
	while (c->hunting && (hint = best(c)) != NULL) {
		wait_ms = wait_to_dial(c); /* may end an attempt, which is told */
		if (wait_ms)
			break;
		wait_ms = RSP_NEVER;
		if (!c->hunting || !may_be_tried(c, hint))
			continue;
		take_token(&c->hint_pace_ms, c->now, c->config.timers.stagger_ms);
		(void)rsp_client_dial(c, &c->candidates[c->n_candidates + (unsigned)(hint - c->hints)]);
	}
	arm(c, wait_ms);
}

void
rsp_client_hints_due(struct rsp_client *c)
{
	for (unsigned i = 0; i < RSP_CLIENT_HINTS_MAX; i++) {
		struct client_hint *hint = &c->hints[i];

		if (!hint->used || hint->expires_ms > c->now)
			continue;
		if (in_use(c, hint)) /* a connection says more than an announcement */
			hint->expires_ms = c->now + c->config.timers.t7_enrpoutdate_ms;
		else
			forget(c, hint);
	}
	rsp_client_hints_try(c);
}
