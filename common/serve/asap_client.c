#include "serve/asap_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "keys/scope.h"
#include "net/alarm.h"
#include "serve/asap_client_priv.h"

static void
engine_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	rsp_asap_client_link_send(ctx, link, message);
}

static void
engine_close(void *ctx, uint32_t link)
{
	rsp_asap_client_link_close(ctx, link);
}

static uint32_t
engine_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	return rsp_asap_client_link_dial(ctx, to, server);
}

static void
engine_event(void *ctx, const struct rsp_client_event *event)
{
	struct rsp_asap_client *s = ctx;

	s->event(s->ctx, event);
}

static enum rsp_client_step
engine_step(void *ctx, uint32_t link)
{
	return rsp_asap_client_link_step(ctx, link);
}

static const struct rsp_client_ops ops = { engine_send, engine_close, engine_dial, engine_event, engine_step };

/* At the end of a turn: set the alarm to the engine's deadline. */
static void
on_settle(void *ctx)
{
	struct rsp_asap_client *s = ctx;
	uint64_t next_ms = rsp_client_deadline(s->engine);

	if (next_ms == s->alarm_ms)
		return;
	s->alarm_ms = next_ms;
	rsp_alarm_set(s->alarm, next_ms);
}

static void
on_alarm(void *ctx)
{
	struct rsp_asap_client *s = ctx;

	s->alarm_ms = RSP_NEVER; /* the alarm has expired, so it is not set any more */
	rsp_client_tick(s->engine, rsp_clock_ms());
	asap_client_settle(s);
}

/* Return a reference of the credentials of @scope, or of @given if that is not NULL. */
static enum rsp_err
tls_of(const struct rsp_scope *scope, struct rsp_tls *given, struct rsp_tls **ret, struct rsp_why *why)
{
	if (given) {
		*ret = rsp_tls_ref(given);
		return RSP_OK;
	}
	if (!scope)
		return rsp_fail(
			why, RSP_ECONFIG, "scope",
			"no scope directory, so no keys and certificates: give --scope (or --insecure-plaintext)");
	struct rsp_tls_config config = {
		.keyring = scope->keyring,
		.me = scope->node,
		.x509 = &scope->x509,
		.registrars = scope->registrars,
		.n_registrars = scope->n_registrars,
	};
	return rsp_tls_new(&config, ret, why);
}

static enum rsp_err
engine_begin(struct rsp_asap_client *s, struct rsp_why *why)
{
	struct rsp_client_server *registrars = NULL;
	struct rsp_client_server servers[RSP_CLIENT_SERVERS_MAX];
	const struct rsp_asap_client_config *config = &s->config;
	struct rsp_client_config engine = {
		.timers = config->timers,
		.servers = servers,
		.role = config->plaintext ? RSP_ROLE_NONE
			: config->element ? RSP_ROLE_ELEMENT
					  : RSP_ROLE_USER,
		.shuffle = config->n_servers == 0, /* the order of the scope's list has no meaning */
		.persistent = config->persistent,
		.rounds = config->rounds,
		.max_outage_ms = config->max_outage_ms,
		.asap_port = rsp_asap_client_asap_port(s),
		.discover = config->n_discover > 0,
		.epoch_ms = (uint64_t)rsp_clock_wall_ms() - rsp_clock_ms(),
	};
	struct rsp_rng rng;
	enum rsp_err err = rsp_asap_client_servers(s, servers, why);

	if (err)
		return err;
	engine.n_servers = s->n_servers;
	if (engine.discover) {
		registrars = calloc(RSP_CLIENT_REGISTRARS_MAX, sizeof *registrars);
		if (!registrars)
			return rsp_fail(why, RSP_ENOMEM, "session", "out of memory");
		engine.registrars = registrars;
		engine.n_registrars = rsp_asap_client_discover_registrars(s, registrars);
	}
	err = rsp_rng_os(&rng);
	if (!err)
		err = rsp_client_new(&engine, &ops, s, rng, rsp_clock_ms(), &s->engine);
	free(registrars);
	return err ? rsp_fail(why, err, "session", "%s", rsp_err_text(err)) : RSP_OK;
}

static enum rsp_err
begin(struct rsp_asap_client *s, struct rsp_why *why)
{
	const struct rsp_asap_client_config *config = &s->config;
	enum rsp_err err = RSP_OK;

	if (!config->plaintext)
		err = tls_of(config->scope, config->tls, &s->tls, why);
	if (!err && config->element && config->listen)
		err = rsp_asap_client_link_listen(s, why);
	if (!err)
		err = rsp_asap_client_discover(s, why);
	if (!err) {
		err = rsp_alarm_new(s->loop, on_alarm, s, &s->alarm);
		if (err)
			(void)rsp_fail(why, err, "session", "%s", rsp_err_text(err));
	}
	return err ? err : engine_begin(s, why);
}

enum rsp_err
rsp_asap_client_new(struct rsp_loop *loop, const struct rsp_asap_client_config *config, rsp_asap_client_event *event,
		    void *ctx, struct rsp_asap_client **ret, struct rsp_why *why)
{
	struct rsp_asap_client *s = calloc(1, sizeof *s);

	if (!s)
		return rsp_fail(why, RSP_ENOMEM, "session", "out of memory");
	s->loop = loop;
	s->config = *config;
	s->event = event;
	s->ctx = ctx;
	s->alarm_ms = RSP_NEVER;
	s->settle = (struct rsp_defer){ .call = on_settle, .ctx = s };
	LIST_INIT(&s->links);
	enum rsp_err err = begin(s, why);
	if (err) {
		rsp_asap_client_free(s);
		return err;
	}
	if (config->timeout_ms)
		rsp_asap_client_set_timeout(s, config->timeout_ms);
	*ret = s;
	return RSP_OK;
}

void
rsp_asap_client_free(struct rsp_asap_client *s)
{
	if (!s)
		return;
	rsp_asap_client_link_done_all(s);
	rsp_listener_free(s->listener);
	rsp_asap_client_discover_done(s);
	rsp_defer_cancel(s->loop, &s->settle);
	rsp_alarm_free(s->alarm);
	rsp_client_free(s->engine);
	rsp_tls_unref(s->tls);
	free(s->servers);
	free(s);
}

enum rsp_err
rsp_asap_client_register(struct rsp_asap_client *s, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	enum rsp_err err = rsp_client_register(s->engine, rsp_clock_ms(), handle, pe);

	asap_client_settle(s);
	return err;
}

enum rsp_err
rsp_asap_client_allow_new_id(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t pe_id)
{
	return rsp_client_allow_new_id(s->engine, handle, pe_id);
}

enum rsp_err
rsp_asap_client_update(struct rsp_asap_client *s, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	enum rsp_err err = rsp_client_update(s->engine, rsp_clock_ms(), handle, pe);

	asap_client_settle(s);
	return err;
}

enum rsp_err
rsp_asap_client_deregister(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t pe_id)
{
	enum rsp_err err = rsp_client_deregister(s->engine, rsp_clock_ms(), handle, pe_id);

	asap_client_settle(s);
	return err;
}

void
rsp_asap_client_deregister_all(struct rsp_asap_client *s)
{
	rsp_client_deregister_all(s->engine, rsp_clock_ms());
	asap_client_settle(s);
}

enum rsp_err
rsp_asap_client_resolve(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t items, bool watch)
{
	enum rsp_err err = rsp_client_resolve(s->engine, rsp_clock_ms(), handle, items, watch);

	asap_client_settle(s);
	return err;
}

void
rsp_asap_client_unwatch(struct rsp_asap_client *s, struct rsp_bytes handle)
{
	rsp_client_unwatch(s->engine, handle);
	asap_client_settle(s);
}

enum rsp_err
rsp_asap_client_report_unreachable(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t pe_id)
{
	enum rsp_err err = rsp_client_report_unreachable(s->engine, rsp_clock_ms(), handle, pe_id);

	asap_client_settle(s);
	return err;
}

void
rsp_asap_client_contacted(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t pe_id)
{
	rsp_client_contacted(s->engine, handle, pe_id);
}

void
rsp_asap_client_retry(struct rsp_asap_client *s)
{
	rsp_client_retry(s->engine, rsp_clock_ms());
	asap_client_settle(s);
}

void
rsp_asap_client_set_timeout(struct rsp_asap_client *s, uint64_t timeout_ms)
{
	uint64_t now_ms = rsp_clock_ms();

	rsp_client_set_deadline(s->engine, now_ms, timeout_ms ? now_ms + timeout_ms : RSP_NEVER);
	asap_client_settle(s);
}

const struct rsp_client_attempt *
rsp_asap_client_attempts(const struct rsp_asap_client *s, unsigned *ret_n)
{
	return rsp_client_attempts(s->engine, ret_n);
}

void
rsp_asap_client_stats(const struct rsp_asap_client *s, struct rsp_client_stats *ret)
{
	rsp_client_stats(s->engine, ret);
}

void
rsp_asap_client_home(const struct rsp_asap_client *s, struct rsp_asap_client_home *ret)
{
	struct rsp_client_stats stats;
	const struct asap_client_link *link;

	*ret = (struct rsp_asap_client_home){ .server = "", .tls_version = "", .tls_kx = "", .tls_cipher = "" };
	rsp_client_stats(s->engine, &stats);
	link = rsp_asap_client_link_find(s, stats.home_link);
	if (!stats.home_link || !link || !rsp_channel_is_open(link->channel))
		return;
	const struct rsp_stream_auth *auth = rsp_channel_auth(link->channel);
	ret->up = true;
	ret->server = stats.home_server;
	if (link->accepted) /* the address from which the registrar dialled is not its ASAP address */
		rsp_asap_client_servers_where(s, link->server_name, ret->address);
	else
		rsp_sockaddr_format_ip(&auth->remote, auth->remote_port, ret->address);
	ret->secure = auth->secure;
	ret->tls_version = auth->tls_version;
	ret->tls_kx = auth->tls_kx;
	ret->tls_cipher = auth->tls_cipher;
	ret->local = auth->local;
}

uint16_t
rsp_asap_client_asap_port(const struct rsp_asap_client *s)
{
	return s->listener ? rsp_sockaddr_port(rsp_listener_address(s->listener)) : 0;
}

/* Replace the servers of the old scope by those of @scope. */
static enum rsp_err
take_servers(struct rsp_asap_client *s, const struct rsp_scope *scope, struct rsp_why *why)
{
	struct rsp_client_server servers[RSP_CLIENT_SERVERS_MAX];
	const struct rsp_scope *old_scope = s->config.scope;
	struct asap_client_server *old = s->servers;
	unsigned n_old = s->n_servers;

	s->config.scope = scope;
	s->servers = NULL;
	s->n_servers = 0;
	enum rsp_err err = rsp_asap_client_servers(s, servers, why);
	if (!err) {
		err = rsp_client_set_servers(s->engine, rsp_clock_ms(), servers, s->n_servers);
		if (err)
			(void)rsp_fail(why, err, "session", "%s", rsp_err_text(err));
	}
	if (err) {
		free(s->servers);
		s->config.scope = old_scope;
		s->servers = old;
		s->n_servers = n_old;
		return err;
	}
	free(old);
	asap_client_settle(s);
	return RSP_OK;
}

enum rsp_err
rsp_asap_client_reload(struct rsp_asap_client *s, const struct rsp_scope *scope, struct rsp_tls *tls,
		       struct rsp_why *why)
{
	struct rsp_tls *fresh = NULL, *old = s->tls;
	enum rsp_err err = s->config.plaintext ? RSP_OK : tls_of(scope, tls, &fresh, why);

	if (err)
		return err;
	s->tls = fresh; /* connections dialled from here on use @fresh */
	if (scope)
		err = take_servers(s, scope, why);
	if (err) {
		s->tls = old;
		rsp_tls_unref(fresh);
		return err;
	}
	rsp_tls_unref(old);
	if (s->listener)
		rsp_listener_set_tls(s->listener, fresh);
	if (scope)
		rsp_asap_client_link_review_all(s);
	return RSP_OK;
}
