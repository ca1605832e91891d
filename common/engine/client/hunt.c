#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/client/priv.h"

/* Links, and the hunt for a home registrar: RFC 5352 s.3.6, SH1 to SH6. */

enum rsp_err
rsp_client_copy_servers(struct rsp_client_server *to, const struct rsp_client_server *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *name = from[i].name ? from[i].name : from[i].host;
		const char *host = from[i].host ? from[i].host : from[i].name;

		if (!name || !host)
			return RSP_EUSAGE;
		to[i] = from[i];
		to[i].name = strdup(name);
		to[i].host = strdup(host);
		if (!to[i].name || !to[i].host)
			return RSP_ENOMEM;
	}
	return RSP_OK;
}

void
rsp_client_free_servers(struct rsp_client_server *servers, unsigned n)
{
	for (unsigned i = 0; servers && i < n; i++) {
		union {
			const char *c;
			char *p;
		} name = { servers[i].name }, host = { servers[i].host };

		free(name.p);
		free(host.p);
	}
	free(servers);
}

unsigned
rsp_client_count_servers(const struct rsp_client *c)
{
	return c->config.n_servers + (c->config.discover ? RSP_CLIENT_HINTS_MAX : 0);
}

enum rsp_err
rsp_client_hunt_init(struct rsp_client *c)
{
	unsigned n = c->config.n_servers, all = rsp_client_count_servers(c), n_addresses = 0;

	c->servers = calloc(all, sizeof *c->servers);
	c->attempts = calloc(all, sizeof *c->attempts);
	c->shown = calloc(all, sizeof *c->shown);
	c->candidates = calloc((size_t)all * RSP_CLIENT_SERVER_IPS_MAX, sizeof *c->candidates);
	if (!c->servers || !c->attempts || !c->shown || !c->candidates)
		return RSP_ENOMEM;
	if (rsp_client_copy_servers(c->servers, c->config.servers, n))
		return RSP_ENOMEM;
	for (unsigned i = 0; i < n; i++)
		n_addresses = c->servers[i].n_ips > n_addresses ? c->servers[i].n_ips : n_addresses;
	/* Every server's first address before any server's second: three attempts are to go to three servers. */
	for (unsigned ip = 0; ip == 0 || ip < n_addresses; ip++)
		for (unsigned i = 0; i < n; i++)
			if (ip == 0 || ip < c->servers[i].n_ips)
				c->candidates[c->n_candidates++] = (struct client_candidate){ .server = i, .ip = ip };
	for (unsigned i = n; i < all; i++) /* announced ones have one each */
		c->candidates[c->n_candidates + i - n] = (struct client_candidate){ .server = i };
	c->cursor = c->config.shuffle ? (unsigned)rsp_rng_below(&c->rng, n) : 0;
	c->config.servers = c->servers;
	return RSP_OK;
}

void
rsp_client_hunt_done(struct rsp_client *c)
{
	rsp_client_free_servers(c->servers, c->config.n_servers);
	free(c->attempts);
	free(c->shown);
	free(c->candidates);
}

struct client_link *
rsp_client_link_find(struct rsp_client *c, uint32_t id)
{
	for (size_t i = 0; id && i < RSP_COUNT(c->links); i++)
		if (c->links[i].id == id)
			return &c->links[i];
	return NULL;
}

static struct client_link *
link_new(struct rsp_client *c, uint32_t id)
{
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (!c->links[i].id) {
			c->links[i] = (struct client_link){ .id = id };
			return &c->links[i];
		}
	return NULL;
}

void
rsp_client_link_close(struct rsp_client *c, struct client_link *link)
{
	uint32_t id = link->id;

	*link = (struct client_link){ 0 };
	c->ops.close(c->ctx, id);
}

static void
link_name(struct client_link *link, const char *name)
{
	size_t n = name ? strnlen(name, sizeof link->name - 1) : 0;

	if (n)
		memcpy(link->name, name, n);
	link->name[n] = '\0';
}

/* What became of an attempt is kept for records, and told. */
static void
note_attempt(struct rsp_client *c, unsigned candidate, enum rsp_client_step step, const struct rsp_why *why)
{
	const struct client_candidate *cand = &c->candidates[candidate];
	const struct rsp_client_server *server = &c->servers[cand->server];
	struct client_attempt *attempt = &c->attempts[cand->server];
	unsigned tries = attempt->a.tries;
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_ATTEMPT);

	attempt->used = true;
	attempt->a = (struct rsp_client_attempt){
		.server = cand->server,
		.name = server->name,
		.host = server->host,
		.port = server->port,
		.ip = cand->ip < server->n_ips ? server->ip[cand->ip] : (struct rsp_ip){ 0 },
		.step = step,
		.err = why ? why->err : RSP_OK,
		.tries = tries,
	};
	if (why)
		memcpy(attempt->a.reason, why->reason, sizeof attempt->a.reason);
	if (why && rsp_client_hint_of(c, candidate))
		rsp_client_hint_failed(c, rsp_client_hint_of(c, candidate));
	event.attempt = &attempt->a;
	event.server = server->name;
	event.why = why;
	rsp_client_tell(c, &event);
}

void
rsp_client_blame(struct rsp_client *c, const struct client_link *link, enum rsp_client_step step,
		 const struct rsp_why *why)
{
	if (link->dialled)
		note_attempt(c, link->candidate, step, why);
}

static struct client_candidate *
untried(const struct rsp_client *c)
{
	for (unsigned i = 0; i < c->n_candidates; i++) {
		struct client_candidate *cand = &c->candidates[(c->cursor + i) % c->n_candidates];

		if (!cand->tried)
			return cand;
	}
	return NULL;
}

bool
rsp_client_untried(const struct rsp_client *c)
{
	return untried(c) != NULL;
}

static void
begin_round(struct rsp_client *c)
{
	for (unsigned i = 0; i < c->n_candidates; i++) {
		const char *name = c->servers[c->candidates[i].server].name;
		bool at_home = c->home && strcmp(c->home->name, name) == 0;

		c->candidates[i].tried = at_home; /* hunting beside a home is hunting for another one */
	}
}

bool
rsp_client_dial(struct rsp_client *c, struct client_candidate *cand)
{
	const struct rsp_client_server *server = &c->servers[cand->server];
	struct rsp_dial to = { .role = c->config.role, .server_name = server->name, .port = server->port };
	unsigned candidate = (unsigned)(cand - c->candidates);
	const struct client_hint *hint = rsp_client_hint_of(c, candidate);
	struct rsp_why why = { 0 };

	if (cand->ip < server->n_ips)
		to.ip = server->ip[cand->ip];
	cand->tried = true;
	if (hint)
		to.server_name = hint->name;
	else
		c->cursor = (candidate + 1) % c->n_candidates;
	c->attempts[cand->server].a.tries++;
	uint32_t id = c->ops.dial(c->ctx, &to, cand->server);
	struct client_link *link = id ? link_new(c, id) : NULL;
	if (!link) {
		if (id)
			c->ops.close(c->ctx, id);
		(void)rsp_fail(&why, RSP_EUNREACHABLE, server->name, "cannot be dialled");
		note_attempt(c, candidate, RSP_STEP_TCP, &why);
		return false;
	}
	link->dialled = true;
	link->dialled_ms = c->now;
	link->candidate = candidate;
	link_name(link, server->name);
	return true;
}

void
rsp_client_link_late(struct rsp_client *c, struct client_link *link)
{
	static const char *const missing[] = {
		[RSP_STEP_DNS] = "no answer to the name lookup in time",
		[RSP_STEP_TCP] = "no connection in time",
		[RSP_STEP_TLS] = "connected, but no TLS handshake in time: it hangs, or speaks no TLS",
		[RSP_STEP_ASAP] = "no answer in time",
	};
	enum rsp_client_step step = c->ops.step ? c->ops.step(c->ctx, link->id) : RSP_STEP_TCP;
	unsigned candidate = link->candidate;
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_client_link_text(c, link, text), "%s", missing[step]);
	rsp_client_link_close(c, link);
	note_attempt(c, candidate, step, &why);
}

static bool
is_under_way(const struct client_link *link)
{
	return link->id && link->dialled && !link->up;
}

void
rsp_client_attempts_late(struct rsp_client *c)
{
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (is_under_way(&c->links[i]))
			rsp_client_link_late(c, &c->links[i]);
}

/* End the hunt. The attempts under way but @keep are not needed any more. */
static void
stop(struct rsp_client *c, const struct client_link *keep)
{
	c->hunting = c->pausing = false;
	rsp_client_disarm(c, &c->t5);
	rsp_client_disarm(c, &c->next);
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (is_under_way(&c->links[i]) && &c->links[i] != keep)
			rsp_client_link_close(c, &c->links[i]);
}

void
rsp_client_hunt_stop(struct rsp_client *c)
{
	stop(c, NULL);
}

/* The whole list was tried in vain. True if it is to be tried again. */
static bool
round_failed(struct rsp_client *c)
{
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_ROUND_FAILED);
	struct rsp_why why = { 0 };

	c->rounds++;
	if (c->home) { /* nobody else is there */
		stop(c, NULL);
		return false;
	}
	if (rsp_client_hints_expected(c))
		return true;
	(void)rsp_client_verdict(c, &why);
	if (c->config.rounds && c->rounds >= c->config.rounds && !(c->config.persistent && c->homes > 0)) {
		rsp_client_give_up(c, &why);
		return false;
	}
	event.why = &why;
	rsp_client_tell(c, &event);
	return c->hunting; /* unless nobody wants it any more */
}

/* All failed before T5 did: the RFC would have us wait for it, but a registrar that restarts refuses connections for a
 * moment only. So the list is tried again after a pause that doubles up to T5 with each of @failures. */
static void
pause_round(struct rsp_client *c, unsigned failures)
{
	unsigned doublings = failures < 16 ? failures - 1 : 15;
	uint64_t wait_ms = (uint64_t)c->config.timers.stagger_ms << doublings;

	c->pausing = true;
	wait_ms = wait_ms < c->t5_ms ? wait_ms : c->t5_ms;
	wait_ms = rsp_rng_jitter(&c->rng, wait_ms, 50);
	if (rsp_client_hints_expected(c)) { /* until then, at the latest */
		uint64_t left_ms = c->hunt_began_ms + c->config.timers.t7_enrpoutdate_ms - c->now;
		wait_ms = wait_ms < left_ms ? wait_ms : left_ms;
	}
	rsp_client_arm(c, &c->next, wait_ms);
}

/* Dial one of the configured servers. The next one has its turn after the stagger, or when there is room for it. */
static void
dial_next(struct rsp_client *c)
{
	while (c->hunting && untried(c)) {
		uint64_t wait_ms = rsp_client_room(c, false); /* may end an attempt, which is told */
		struct client_candidate *cand = untried(c);

		if (!c->hunting || !cand || wait_ms == RSP_NEVER)
			return;
		if (wait_ms == 0 && rsp_client_dial(c, cand))
			wait_ms = c->config.timers.stagger_ms;
		if (wait_ms) {
			rsp_client_arm(c, &c->next, wait_ms);
			return;
		}
	}
}

static void
attempt_next(struct rsp_client *c)
{
	dial_next(c);
	rsp_client_hints_try(c);
	if (c->hunting && !rsp_client_under_way(c) && !untried(c) && !rsp_client_hints_wait(c) && round_failed(c))
		pause_round(c, c->rounds);
}

void
rsp_client_hunt(struct rsp_client *c)
{
	if (c->hunting)
		return;
	begin_round(c);
	if (!untried(c) && !rsp_client_hints_wait(c) && (c->home || !c->hints))
		return;
	c->hunting = true;
	c->gave_up = false;
	c->hunt_began_ms = c->now;
	c->rounds = 0;
	c->t5_ms = c->config.timers.t5_serverhunt_ms;
	rsp_client_arm(c, &c->t5, c->t5_ms); /* SH2 */
	if (c->fruitless > 1) /* who takes connections and only closes them is not to be dialled without end */
		pause_round(c, c->fruitless - 1);
	if (c->pausing)
		rsp_client_hints_try(c);
	else
		attempt_next(c);
}

/* SH5 */
static void
t5_due(struct rsp_client *c)
{
	uint64_t cap = c->config.timers.retran_max_ms;

	c->pausing = false;
	c->t5_ms = c->t5_ms * 2 < cap ? c->t5_ms * 2 : cap > c->t5_ms ? cap : c->t5_ms;
	rsp_client_attempts_late(c);
	if (!c->hunting)
		return;
	if (!untried(c)) { /* else those that were not tried are the different set that SH5 wants */
		if (!round_failed(c))
			return;
		begin_round(c);
	}
	rsp_client_arm(c, &c->t5, c->t5_ms);
	attempt_next(c);
}

void
rsp_client_hunt_due(struct rsp_client *c, struct client_timer *timer)
{
	if (!c->hunting)
		return;
	if (timer->kind == TIMER_T5) {
		t5_due(c);
		return;
	}
	if (c->pausing) {
		c->pausing = false;
		begin_round(c);
	}
	attempt_next(c);
}

void
rsp_client_adopt(struct rsp_client *c, struct client_link *link, const struct client_element *named)
{
	struct client_link *old = c->home;
	struct rsp_client_event event;

	stop(c, link); /* SH3, and the others are closed: SH6 */
	rsp_client_disarm(c, &c->outage);
	rsp_client_disarm(c, &c->silence);
	c->home = link;
	c->homes++;
	c->home_answered = false;
	c->gave_up = false;
	c->in_flight = 0;
	rsp_client_lookups_adopted(c);
	rsp_client_elements_adopted(c, named);
	if (old)
		rsp_client_link_close(c, old);
	/* other registrars that have dialled us are not to think that we are theirs */
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (c->links[i].id && c->links[i].up && &c->links[i] != link)
			rsp_client_link_close(c, &c->links[i]);
	event = rsp_client_event_new(c, RSP_CLIENT_HOME);
	event.changed = c->homes > 1;
	rsp_client_tell(c, &event);
}

/* An answer came: the home is well, so a hunt beside it (RFC 5352 s.3.7.2) is over. */
void
rsp_client_home_answered(struct rsp_client *c)
{
	struct client_hint *hint = c->home && c->home->dialled ? rsp_client_hint_of(c, c->home->candidate) : NULL;

	c->home_answered = true;
	c->fruitless = 0;
	if (hint)
		hint->failures = 0;
	if (c->hunting)
		stop(c, NULL);
}

/* @gone was the home and is no link any more. */
static void
home_gone(struct rsp_client *c, const struct client_link *gone, const struct rsp_why *why)
{
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_HOME_LOST);
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why named = *why;

	(void)snprintf(named.object, sizeof named.object, "%.*s", RSP_OBJECT_MAX - 1,
		       rsp_client_link_text(c, gone, text));
	if (c->hunting) /* beside the home until now: begin anew, with the whole list */
		stop(c, NULL);
	rsp_client_disarm(c, &c->silence);
	c->in_flight = 0;
	rsp_client_lookups_orphaned(c);
	rsp_client_elements_orphaned(c);
	if (c->config.max_outage_ms && rsp_client_needs_home(c))
		rsp_client_arm(c, &c->outage, c->config.max_outage_ms);
	event.link = gone->id;
	event.server = gone->name;
	event.server_id = gone->server_id;
	event.why = &named;
	rsp_client_tell(c, &event);
	rsp_client_pump(c);
}

void
rsp_client_leave_home(struct rsp_client *c, enum rsp_err err, const char *reason)
{
	struct client_link *home = c->home, gone;
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	if (!home)
		return;
	gone = *home;
	(void)rsp_fail(&why, err, rsp_client_link_text(c, home, text), "%s", reason);
	c->home = NULL;
	rsp_client_link_close(c, home);
	rsp_client_blame(c, &gone, RSP_STEP_ASAP, &why);
	home_gone(c, &gone, &why);
}

/* A registrar dialled us. If it left half-open connections behind, the oldest makes room. */
static void
notify_up(struct rsp_client *c, uint32_t id, const struct rsp_link_info *info)
{
	bool may = c->config.role == RSP_ROLE_ELEMENT ? info->role == RSP_ROLE_NOTIFY : c->config.role == RSP_ROLE_NONE;
	struct client_link *oldest = NULL;
	unsigned n = 0;

	if (!may || !c->config.asap_port) {
		c->ops.close(c->ctx, id);
		return;
	}
	for (size_t i = 0; i < RSP_COUNT(c->links); i++) {
		struct client_link *link = &c->links[i];

		if (!link->id || link->dialled)
			continue;
		n++;
		if (link != c->home && (!oldest || link->up_ms < oldest->up_ms))
			oldest = link;
	}
	if (n >= CLIENT_NOTIFY_MAX && oldest)
		rsp_client_link_close(c, oldest);
	struct client_link *link = link_new(c, id);
	if (!link) {
		c->ops.close(c->ctx, id);
		return;
	}
	link->up = true;
	link->up_ms = c->now;
	link->role = info->role;
	link->local = info->local;
	link_name(link, info->identity);
}

void
rsp_client_link_up(struct rsp_client *c, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	struct client_link *link = rsp_client_link_find(c, id);

	rsp_client_enter(c, now_ms);
	if (!link) {
		notify_up(c, id, info);
		return;
	}
	if (link->up)
		return;
	link->up = true;
	link->up_ms = c->now;
	link->role = info->role;
	link->local = info->local;
	if (rsp_client_hint_of(c, link->candidate) && info->identity)
		rsp_client_hint_proven(c, link, info->identity);
	note_attempt(c, link->candidate, RSP_STEP_ASAP, NULL);
	if (c->hunting)
		rsp_client_adopt(c, link, NULL); /* the first that is usable */
	else
		rsp_client_link_close(c, link);
	rsp_client_pump(c);
}

void
rsp_client_link_down(struct rsp_client *c, uint64_t now_ms, uint32_t id, enum rsp_client_step step,
		     const struct rsp_why *why)
{
	struct client_link *link = rsp_client_link_find(c, id), gone;
	struct rsp_why closed = { 0 };

	rsp_client_enter(c, now_ms);
	if (!link)
		return;
	if (!why || !why->err) {
		(void)rsp_fail(&closed, RSP_ECLOSED, link->name, "connection closed");
		why = &closed;
	}
	gone = *link;
	*link = (struct client_link){ 0 };
	if (c->home == link) {
		c->home = NULL;
		if (!c->home_answered && c->fruitless < UINT_MAX)
			c->fruitless++;
		rsp_client_blame(c, &gone, step, why);
		home_gone(c, &gone, why);
	} else if (gone.dialled && !gone.up) {
		note_attempt(c, gone.candidate, step, why);
		if (c->hunting && !c->pausing)
			attempt_next(c); /* SH4: another address */
		else
			rsp_client_hints_try(c);
	}
	rsp_client_pump(c);
}

void
rsp_client_give_up(struct rsp_client *c, const struct rsp_why *why)
{
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_GAVE_UP);

	stop(c, NULL);
	rsp_client_disarm(c, &c->outage);
	c->gave_up = true;
	event.why = why;
	rsp_client_tell(c, &event);
}

const struct rsp_client_attempt *
rsp_client_attempts(const struct rsp_client *c, unsigned *ret_n)
{
	*ret_n = 0;
	for (unsigned i = 0; i < rsp_client_count_servers(c); i++)
		if (c->attempts[i].used)
			c->shown[(*ret_n)++] = c->attempts[i].a;
	return c->shown;
}
