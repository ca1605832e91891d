#include "engine/client/announce.h"

#include <stdio.h>

/* Any host can send announcements, in any number and with any content. So an announced address is only a hint
 * (RFC 5355 s.2.12): the client may dial it, but the registrar there must authenticate. */

#define HINTS_PER_SOURCE 8
#define HEARD_BURST 32
#define HEARD_STEP_MS 100

/* How well an announced address is confirmed. An address of a higher rank is dialled first, and
 * is never evicted for an address of a lower rank. */
enum {
	RANK_NONE,
	RANK_SOURCE, /* it is the source address of the datagram */
	RANK_HOST,   /* a registrar of the scope has the address, but on another port or on no fixed port */
	RANK_KNOWN   /* a registrar of the scope has the address and the port */
};

uint64_t
rsp_client_announce_wait(uint64_t full_ms, uint64_t now, uint64_t step_ms, unsigned burst)
{
	uint64_t room_ms = step_ms * (burst - 1), missing_ms = full_ms > now ? full_ms - now : 0;

	return missing_ms > room_ms ? missing_ms - room_ms : 0;
}

void
rsp_client_announce_take(uint64_t *full_ms, uint64_t now, uint64_t step_ms)
{
	*full_ms = (*full_ms > now ? *full_ms : now) + step_ms;
}

static struct rsp_client_server *
server_of(const struct client_candidates *cands, const struct client_hint *hint)
{
	return rsp_client_candidate_server(cands, rsp_client_candidate_of_hint(cands, hint));
}

/* Whether a link uses the address of @hint; its slot must then stay. */
static bool
is_in_use(const struct client_candidates *cands, const struct client_hint *hint)
{
	struct client_candidate *cand = rsp_client_candidate_of_hint(cands, hint);

	return rsp_client_link_uses(cands->links, rsp_client_candidate_number(cands, cand));
}

unsigned
rsp_client_announce_count(const struct client_candidates *cands)
{
	unsigned n = 0;

	for (unsigned i = 0; cands->hints && i < CLIENT_HINT_SLOTS; i++)
		n += cands->hints->hint[i].state == HINT_KNOWN;
	return n;
}

void
rsp_client_announce_tell(struct client_candidates *cands, struct client_news *news)
{
	struct client_hint *hint = RSP_CONTAINER(news, struct client_hint, news);
	const struct rsp_client_server *server = server_of(cands, hint);
	bool forgotten = hint->state == HINT_FORGOTTEN;
	struct rsp_client_event event =
		rsp_client_link_event(cands->links, forgotten ? RSP_CLIENT_FORGOTTEN : RSP_CLIENT_HEARD);
	struct rsp_client_hint what = {
		.server_id = hint->server_id,
		.ip = server->ip[0],
		.source = hint->source,
		.port = server->port,
		.name = hint->name,
	};

	event.hint = &what;
	event.server = hint->label;
	if (!forgotten || hint->is_told)
		rsp_client_core_tell(cands->core, &event);
	hint->is_told = true;
	if (forgotten)
		hint->state = HINT_FREE;
}

static void
forget_hint(struct client_candidates *cands, struct client_hint *hint)
{
	hint->state = HINT_FORGOTTEN;
	rsp_client_core_note(cands->core, &hint->news);
}

/* Whether this host can reach a registrar at the announced address @ip. A loopback address is useful only if the
 * announcement came from this host. */
static bool
can_be_dialled(const struct rsp_ip *ip, const struct rsp_ip *source)
{
	if (rsp_ip_unfit(ip))
		return false;
	return rsp_ip_kind(ip) != RSP_IP_LOOPBACK || rsp_ip_kind(source) == RSP_IP_LOOPBACK;
}

static bool
has_ip(const struct rsp_client_server *registrar, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < registrar->n_ips; i++)
		if (rsp_ip_equal(&registrar->ip[i], ip))
			return true;
	return false;
}

/* The rank of @ip and @port. @ret_name: the name of the registrar that must
 * answer there; NULL: any registrar of the scope. */
static unsigned
rank_of(const struct client_hints *hints, const struct rsp_ip *ip, uint16_t port, const struct rsp_ip *source,
	const char **ret_name)
{
	const struct rsp_client_server *found = NULL;
	unsigned n = 0;

	*ret_name = NULL;
	for (unsigned i = 0; i < hints->n_registrars; i++) {
		const struct rsp_client_server *registrar = &hints->registrars[i];

		if (!has_ip(registrar, ip))
			continue;
		found = registrar;
		n++;
		if (registrar->port == port) {
			*ret_name = registrar->name;
			return RANK_KNOWN;
		}
	}
	if (n == 1 && found->port == 0) /* the kernel chooses the port of this registrar */
		*ret_name = found->name;
	return n > 0 ? RANK_HOST : rsp_ip_equal(ip, source) ? RANK_SOURCE : RANK_NONE;
}

static struct client_hint *
find_hint(const struct client_candidates *cands, const struct rsp_ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		struct client_hint *hint = &cands->hints->hint[i];
		const struct rsp_client_server *server = server_of(cands, hint);

		if (hint->state == HINT_KNOWN && server->port == port && rsp_ip_equal(&server->ip[0], ip))
			return hint;
	}
	return NULL;
}

static bool
is_same_source(const struct rsp_ip *a, const struct rsp_ip *b)
{
	struct rsp_ip x = rsp_ip_source(a), y = rsp_ip_source(b);

	return rsp_ip_equal(&x, &y);
}

static struct client_hint *
free_slot(const struct client_candidates *cands)
{
	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		struct client_hint *hint = &cands->hints->hint[i];

		if (hint->state == HINT_FREE && !is_in_use(cands, hint))
			return hint;
	}
	return NULL;
}

/* Choose the hint to evict for a new hint of @rank from @source: the worst hint, at random among
 * equal ones, so that an attacker cannot keep others out by announcing first. @own: only a hint from
 * the same source. NULL: all hints are better, or in use. */
static struct client_hint *
choose_victim(struct client_candidates *cands, unsigned rank, const struct rsp_ip *source, bool own)
{
	struct client_hint *victim = NULL;
	unsigned n_equal = 0;

	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		struct client_hint *hint = &cands->hints->hint[i];

		if (hint->state != HINT_KNOWN || hint->rank > rank ||
		    (own && !is_same_source(&hint->source, source)) || is_in_use(cands, hint) ||
		    (victim && rsp_client_candidate_is_worse(victim, hint)))
			continue;
		if (!victim || rsp_client_candidate_is_worse(hint, victim))
			n_equal = 0;
		n_equal++;
		if (n_equal == 1 || rsp_rng_below(&cands->core->rng, n_equal) == 0)
			victim = hint;
	}
	return victim;
}

/* A slot for a new address from @source. One source may use at most HINTS_PER_SOURCE slots, unless the address and port
 * are those of a registrar of the scope. NULL: no slot. */
static struct client_hint *
make_room(struct client_candidates *cands, unsigned rank, const struct rsp_ip *source)
{
	unsigned n = 0, n_own = 0;

	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		const struct client_hint *hint = &cands->hints->hint[i];

		n += hint->state == HINT_KNOWN;
		n_own += hint->state == HINT_KNOWN && is_same_source(&hint->source, source);
	}
	bool quota_used = rank < RANK_KNOWN && n_own >= HINTS_PER_SOURCE;
	if (n >= RSP_CLIENT_HINTS_MAX || quota_used) {
		struct client_hint *victim = choose_victim(cands, rank, source, quota_used);

		if (!victim)
			return NULL;
		forget_hint(cands, victim);
	}
	return free_slot(cands);
}

static void
set_label(struct client_hint *hint, const struct rsp_client_server *server)
{
	char ip[RSP_IP_TEXT_MAX];

	rsp_ip_format(&server->ip[0], ip);
	if (hint->name)
		(void)snprintf(hint->label, sizeof hint->label, "%s", hint->name);
	else
		(void)snprintf(hint->label, sizeof hint->label, server->ip[0].family == 6 ? "[%s]:%u" : "%s:%u", ip,
			       (unsigned)server->port);
}

/* Add a hint for @ip and @port. NULL: the limits leave no slot for it. */
static struct client_hint *
add_hint(struct client_candidates *cands, const struct rsp_ip *ip, uint16_t port, const struct rsp_ip *source)
{
	const char *name;
	unsigned rank = rank_of(cands->hints, ip, port, source, &name);
	struct client_hint *hint = make_room(cands, rank, source);

	if (!hint)
		return NULL;
	struct rsp_client_server *server = server_of(cands, hint);
	*hint = (struct client_hint){ .state = HINT_KNOWN, .rank = rank, .source = *source, .name = name };
	hint->news.kind = NEWS_HINT;
	*server = (struct rsp_client_server){ .name = hint->label, .host = hint->label, .ip = { *ip }, .n_ips = 1 };
	server->port = port;
	rsp_client_candidate_reset(cands, rsp_client_candidate_of_hint(cands, hint));
	set_label(hint, server);
	return hint;
}

/* Handle one transport in an announcement of the registrar @server_id. False: the
 * address is not usable, or there is no slot. */
static bool
hear_transport(struct client_candidates *cands, uint32_t server_id, const struct rsp_transport *transport,
	       const struct rsp_ip *source)
{
	struct client_core *core = cands->core;
	struct client_hints *hints = cands->hints;
	struct rsp_ip announced = rsp_transport_ip(transport, 0), ip = rsp_ip_unmapped(&announced);

	if (transport->port == 0 || !can_be_dialled(&ip, source))
		return false;
	struct client_hint *hint = find_hint(cands, &ip, transport->port);
	bool is_new = !hint;
	if (is_new)
		hint = add_hint(cands, &ip, transport->port, source);
	if (!hint)
		return false;
	hint->server_id = server_id;
	hint->expires_ms = core->now + core->config.timers.t7_enrpoutdate_ms;
	if (is_new && rsp_client_announce_wait(hints->told_pace_ms, core->now, HEARD_STEP_MS, HEARD_BURST) == 0) {
		rsp_client_announce_take(&hints->told_pace_ms, core->now, HEARD_STEP_MS);
		rsp_client_core_note(core, &hint->news);
	}
	return true;
}

bool
rsp_client_announce_hear(struct client_candidates *cands, const struct rsp_ip *source, struct rsp_bytes datagram)
{
	struct rsp_ip from = rsp_ip_unmapped(source);
	struct rsp_list_item item;
	struct rsp_message msg;
	size_t cursor = 0;
	bool usable = false;

	cands->heard++;
	if (cands->hints && rsp_message_decode(RSP_ASAP, datagram, &msg, NULL) == RSP_OK &&
	    msg.type == ASAP_SERVER_ANNOUNCE && msg.server_id != 0)
		for (unsigned i = 0; i < CLIENT_HINTS_PER_DATAGRAM && rsp_list_next(&msg, &cursor, &item); i++)
			if (item.type == RSP_PARAM_TCP && hear_transport(cands, msg.server_id, &item.transport, &from))
				usable = true;
	cands->dropped += !usable;
	return usable;
}

void
rsp_client_announce_expire(struct client_candidates *cands)
{
	struct client_core *core = cands->core;

	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		struct client_hint *hint = &cands->hints->hint[i];

		if (hint->state != HINT_KNOWN || hint->expires_ms > core->now)
			continue;
		if (is_in_use(cands, hint)) /* the connection shows that a registrar is there */
			hint->expires_ms = core->now + core->config.timers.t7_enrpoutdate_ms;
		else
			forget_hint(cands, hint);
	}
}

void
rsp_client_announce_arm(struct client_candidates *cands, bool hunting, uint64_t wait_ms)
{
	struct client_core *core = cands->core;

	if (!cands->hints)
		return;
	for (unsigned i = 0; i < CLIENT_HINT_SLOTS; i++) {
		const struct client_hint *hint = &cands->hints->hint[i];
		uint64_t next_try_ms = rsp_client_candidate_of_hint(cands, hint)->next_try_ms;

		if (hint->state != HINT_KNOWN)
			continue;
		uint64_t at_ms = hint->expires_ms;
		if (hunting && next_try_ms > core->now && next_try_ms < at_ms)
			at_ms = next_try_ms;
		uint64_t in_ms = at_ms > core->now ? at_ms - core->now : 0;
		wait_ms = in_ms < wait_ms ? in_ms : wait_ms;
	}
	if (wait_ms == RSP_NEVER)
		rsp_client_core_disarm(core, &cands->hints->timer);
	else
		rsp_client_core_arm(core, &cands->hints->timer, wait_ms);
}

void
rsp_client_announce_proven(struct client_candidates *cands, struct client_link *link, const char *identity)
{
	struct client_candidate *cand = rsp_client_candidate_of(cands, link);

	if (!cand || !cand->hint || !identity)
		return;
	(void)snprintf(cand->hint->label, sizeof cand->hint->label, "%s", identity);
	rsp_client_link_set_name(link, identity);
}
