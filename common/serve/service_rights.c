#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keys/authz.h"
#include "keys/scope.h"
#include "net/alarm.h"
#include "serve/registrar_service_priv.h"

/* The rights that keys.json and authz.json give, for the engine and for connections: when they begin, and after the
 * files were read again. A right that is withdrawn ends at once, not with its connection. RFC 5355 s.2.2-2.5. */

#define LOOK_AGAIN_MS 3600000 /* dates are checked again, as the wall clock may have been set */

/* Nodes with which this registrar shares a valid key, by the role of the key and by the side that dials. */
struct service_nodes {
	const char **name; /* sorted; views into the keyring */
	size_t n;
};

struct service_rights {
	struct service_nodes dials_us[RSP_ROLE_COUNT], we_dial[RSP_ROLE_COUNT];
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
has(const struct service_nodes *nodes, const char *name)
{
	return name && nodes->n > 0 && bsearch(&name, nodes->name, nodes->n, sizeof(*nodes->name), compare);
}

static void
rights_free(struct service_rights *rights)
{
	for (unsigned role = 0; rights && role < RSP_ROLE_COUNT; role++) {
		free((void *)rights->dials_us[role].name);
		free((void *)rights->we_dial[role].name);
	}
	free(rights);
}

static struct service_nodes *
nodes_of(struct service_rights *rights, const struct rsp_key *key, const char *me)
{
	if (strcmp(key->server, me) == 0)
		return &rights->dials_us[key->role];
	return strcmp(key->client, me) == 0 ? &rights->we_dial[key->role] : NULL;
}

/* NULL if out of memory. */
static struct service_rights *
rights_new(const struct rsp_keyring *ring, const char *me)
{
	struct service_rights *rights = calloc(1, sizeof(*rights));
	int64_t now_ms = rsp_clock_wall_ms();

	for (size_t i = 0; rights && i < ring->n; i++) {
		const struct rsp_key *key = &ring->keys[i];
		struct service_nodes *nodes = now_ms <= key->not_after_ms ? nodes_of(rights, key, me) : NULL;

		if (!nodes)
			continue;
		if ((nodes->n & (nodes->n - 1)) == 0) { /* the array is full: its sizes are 1, 2, 4, 8 ... */
			size_t room = nodes->n ? nodes->n * 2 : 1;
			const char **grown = reallocarray((void *)nodes->name, room, sizeof(*grown));

			if (!grown) {
				rights_free(rights);
				return NULL;
			}
			nodes->name = grown;
		}
		nodes->name[nodes->n++] = nodes == &rights->we_dial[key->role] ? key->server : key->client;
	}
	for (unsigned role = 0; rights && role < RSP_ROLE_COUNT; role++) {
		struct service_nodes *both[] = { &rights->dials_us[role], &rights->we_dial[role] };

		for (unsigned i = 0; i < RSP_COUNT(both); i++)
			if (both[i]->n > 1)
				qsort((void *)both[i]->name, both[i]->n, sizeof(*both[i]->name), compare);
	}
	return rights;
}

enum rsp_err
rsp_service_rights_take(struct rsp_registrar_service *s, const struct rsp_scope *scope)
{
	struct service_rights *rights = scope && scope->keyring ? rights_new(scope->keyring, s->name) : NULL;

	if (scope && scope->keyring && !rights)
		return RSP_ENOMEM;
	rights_free(s->rights);
	s->rights = rights;
	s->scope = scope;
	return RSP_OK;
}

void
rsp_service_rights_done(struct rsp_registrar_service *s)
{
	rights_free(s->rights);
	s->rights = NULL;
}

/* The callbacks of the engine. */

static const struct rsp_authz *
authz_of(const struct rsp_registrar_service *s)
{
	return s->scope ? s->scope->authz : NULL;
}

static bool
may(void *ctx, const char *identity, struct rsp_bytes handle)
{
	return rsp_authz_may(authz_of(ctx), identity, RSP_ROLE_ELEMENT, handle, NULL, rsp_clock_wall_ms());
}

static bool
may_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	return rsp_authz_may(authz_of(ctx), identity, RSP_ROLE_ELEMENT, (struct rsp_bytes){ 0 }, ip,
			     rsp_clock_wall_ms());
}

static bool
may_opaque(void *ctx, const char *identity)
{
	return rsp_authz_may_opaque(authz_of(ctx), identity);
}

static bool
is_listed(void *ctx, const char *identity)
{
	const struct rsp_authz *authz = authz_of(ctx);

	return authz && rsp_authz_find(authz, identity);
}

static uint32_t
max_elements(void *ctx, const char *identity)
{
	return rsp_authz_max_registrations(authz_of(ctx), identity);
}

static bool
has_key(void *ctx, enum rsp_role role, const char *identity)
{
	const struct rsp_registrar_service *s = ctx;

	return !s->rights || has(&s->rights->dials_us[role], identity) ||
	       (role == RSP_ROLE_PEER && has(&s->rights->we_dial[role], identity));
}

void
rsp_service_rights_ask(struct rsp_registrar_config *engine)
{
	engine->may = may;
	engine->may_address = may_address;
	engine->may_opaque = may_opaque;
	engine->is_listed = is_listed;
	engine->max_elements = max_elements;
	engine->has_key = has_key;
}

bool
rsp_service_rights_may_look(const struct rsp_registrar_service *s, const char *identity)
{
	return rsp_authz_may(authz_of(s), identity, RSP_ROLE_MONITOR, (struct rsp_bytes){ 0 }, NULL,
			     rsp_clock_wall_ms());
}

/* Connections */

/* The key of @link's connection in the present keyring; it may have expired. NULL: the keyring does not have it. */
static const struct rsp_key *
key_of(const struct service_link *link, const struct rsp_stream_auth *auth)
{
	const struct rsp_registrar_service *s = link->service;
	const char *client = link->dialled ? s->name : auth->identity;
	const char *server = link->dialled ? auth->identity : s->name;
	const struct rsp_key *key = rsp_keyring_find(s->scope->keyring, auth->key, strlen(auth->key));

	bool same = key && client && server && key->role == auth->role && strcmp(key->client, client) == 0 &&
		    strcmp(key->server, server) == 0;
	return same ? key : NULL;
}

/* Whether the certificate of @link's user, if it has one, is still good. */
static bool
has_good_certificate(const struct service_link *link)
{
	const struct rsp_listener *listener = link->service->port[link->port].listener;
	struct rsp_why why = { 0 };
	enum rsp_err err = link->dialled || !listener
				   ? RSP_OK
				   : rsp_listener_review(listener, rsp_channel_stream(link->channel), &why);

	if (!err)
		return true;
	rsp_service_link_record(link, RSP_EVENT_RIGHTS_ENDED, 0, rsp_reason_of_err(err), &why);
	return false;
}

bool
rsp_service_rights_hold(const struct service_link *link)
{
	const struct rsp_stream_auth *auth = rsp_channel_auth(link->channel);
	struct rsp_registrar_service *s = link->service;

	if (!*auth->key)
		return has_good_certificate(link);
	if (!s->rights)
		return true;
	const struct rsp_key *key = key_of(link, auth);
	if (key && rsp_clock_wall_ms() <= key->not_after_ms)
		return true;
	bool replaced =
		has(link->dialled ? &s->rights->we_dial[auth->role] : &s->rights->dials_us[auth->role], auth->identity);
	if (replaced && rsp_clock_ms() < s->rekey_end_ms)
		return true;
	rsp_service_link_record(link, RSP_EVENT_RIGHTS_ENDED, 0,
				replaced ? RSP_REASON_KEY_REPLACED
				: key	 ? RSP_REASON_KEY_EXPIRED
					 : RSP_REASON_KEY_REMOVED,
				NULL);
	return false;
}

/* Close connections that have no right any more. Registrations that authz.json does not allow any more are removed by
 * the engine. */
static void
review_links(struct rsp_registrar_service *s)
{
	for (uint32_t i = 0; i < s->n_links; i++) {
		struct service_link *link = s->links[i];

		if (!link->channel || !rsp_channel_is_open(link->channel))
			continue;
		const struct rsp_stream_auth *auth = rsp_channel_auth(link->channel);
		if (!rsp_service_rights_hold(link)) {
			rsp_service_link_close(link, false);
		} else if (auth->role == RSP_ROLE_MONITOR && !rsp_service_rights_may_look(s, auth->identity)) {
			rsp_service_link_record(link, RSP_EVENT_RIGHTS_ENDED, 0, RSP_REASON_MONITOR_NOT_ALLOWED, NULL);
			rsp_service_link_close(link, false);
		}
	}
}

/* The time at which the next key or authorisation of @scope ends. RSP_TIME_NEVER: none ends. */
static int64_t
next_end(const struct rsp_scope *scope, int64_t now_ms)
{
	const struct rsp_keyring *ring = scope ? scope->keyring : NULL;
	const struct rsp_authz *authz = scope ? scope->authz : NULL;
	int64_t next_ms = RSP_TIME_NEVER;

	for (size_t i = 0; ring && i < ring->n; i++)
		if (ring->keys[i].not_after_ms >= now_ms && ring->keys[i].not_after_ms < next_ms)
			next_ms = ring->keys[i].not_after_ms;
	for (size_t i = 0; authz && i < authz->n; i++)
		if (authz->entries[i].not_after_ms >= now_ms && authz->entries[i].not_after_ms < next_ms)
			next_ms = authz->entries[i].not_after_ms;
	return next_ms;
}

/* Let the alarm ring when the time of replaced keys is over, or when the next right ends by its date. */
static void
arm_review(struct rsp_registrar_service *s)
{
	int64_t wall_ms = rsp_clock_wall_ms();
	uint64_t now_ms = rsp_clock_ms(), in_ms = LOOK_AGAIN_MS;

	s->rights_end_ms = next_end(s->scope, wall_ms);
	if (s->rights_end_ms - wall_ms < (int64_t)in_ms)
		in_ms = (uint64_t)(s->rights_end_ms - wall_ms) + 1;
	if (s->rekey_end_ms > now_ms && s->rekey_end_ms - now_ms < in_ms)
		in_ms = s->rekey_end_ms - now_ms;
	rsp_alarm_in(s->review, in_ms);
}

static void
on_review(void *ctx)
{
	struct rsp_registrar_service *s = ctx;
	bool ended = s->rights_end_ms < rsp_clock_wall_ms();

	if (ended && rsp_service_rights_take(s, s->scope))
		ended = false; /* out of memory: try again later */
	review_links(s);
	if (ended)
		rsp_registrar_rights_changed(s->engine, rsp_clock_ms());
	arm_review(s);
	service_arm(s);
}

enum rsp_err
rsp_service_rights_init(struct rsp_registrar_service *s)
{
	enum rsp_err err = rsp_alarm_new(s->loop, on_review, s, &s->review);

	if (!err && !s->config.engine.insecure)
		arm_review(s);
	return err;
}

void
rsp_service_rights_review(struct rsp_registrar_service *s)
{
	if (s->config.engine.insecure)
		return;
	s->rekey_end_ms = rsp_clock_ms() + s->config.rekey_grace_ms;
	review_links(s);
	rsp_registrar_rights_changed(s->engine, rsp_clock_ms());
	arm_review(s);
	service_arm(s);
}
