#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keys/scope.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "net/trace.h"
#include "proto/message.h"
#include "serve/registrar_service_priv.h"

#define MESSAGE_MS 30000

const char *
rsp_registrar_service_port_name(enum rsp_registrar_service_port port)
{
	static const char *const names[] = { "asap", "enrp", "plain-asap" };

	return names[port];
}

/* At the end of a turn: set the alarm to the engine's deadline. */
static void
on_arm(void *ctx)
{
	struct rsp_registrar_service *s = ctx;

	rsp_alarm_set(s->due, rsp_registrar_deadline(s->engine));
	if (!s->told_ready && rsp_registrar_state(s->engine) == RSP_REGISTRAR_SERVING) {
		s->told_ready = true;
		rsp_defer_ask(s->loop, &s->ready);
	}
}

static void
on_due(void *ctx)
{
	struct rsp_registrar_service *s = ctx;

	rsp_registrar_tick(s->engine, rsp_clock_ms());
	service_arm(s);
}

/* The engine's calls. No channel calls back during them. */

static void
op_send(void *ctx, uint32_t id, struct rsp_bytes message)
{
	struct service_link *link = rsp_service_link_of(ctx, id);

	enum rsp_err err = link ? rsp_channel_send(link->channel, message) : RSP_ECLOSED;
	if (!err || err == RSP_ECLOSED) /* down() reports the end of the connection */
		return;
	if (err == RSP_ELIMIT)
		rsp_service_link_record(link, RSP_EVENT_LIMIT, message.n ? message.p[0] : 0,
					RSP_REASON_CONNECTION_QUEUE, NULL);
	rsp_service_link_close(link, false);
}

static void
op_close(void *ctx, uint32_t id)
{
	struct service_link *link = rsp_service_link_of(ctx, id);

	if (!link)
		return;
	link->known = false;
	rsp_service_link_close(link, true);
}

static void
op_record(void *ctx, const struct rsp_event *event)
{
	struct rsp_registrar_service *s = ctx;

	s->config.record(s->config.ctx, event);
}

static const struct rsp_engine_ops ops = { op_send, op_close, rsp_service_link_dial, op_record };

/* The events of connections. */

static void
up(struct service_link *link, const struct rsp_stream_auth *auth)
{
	struct rsp_registrar_service *s = link->service;
	bool named = auth->role != RSP_ROLE_USER && auth->role != RSP_ROLE_NONE;
	struct rsp_link_info info = {
		.protocol = link->port == RSP_SERVE_ENRP ? RSP_ENRP : RSP_ASAP,
		.role = auth->role,
		.secure = auth->secure,
		.identity = named ? auth->identity : NULL,
		.remote = auth->remote,
		.local = auth->local,
		.remote_port = auth->remote_port,
		.carrier = auth->carrier,
		.others = auth->others,
		.n_others = auth->n_others,
	};
	bool known = link->known;

	if (!rsp_service_rights_hold(link)) { /* the key was removed during the handshake */
		rsp_service_link_close(link, false);
		return;
	}
	rsp_service_link_know(link, auth);
	if (auth->role == RSP_ROLE_MONITOR && !rsp_service_rights_may_look(s, auth->identity)) {
		rsp_service_link_record(link, RSP_EVENT_REFUSED, 0, RSP_REASON_MONITOR_NOT_ALLOWED, NULL);
		rsp_service_link_close(link, false);
		return;
	}
	link->known = true;
	if (rsp_registrar_link_up(s->engine, rsp_clock_ms(), link->id, &info)) {
		link->known = false;
		rsp_service_link_close(link, false);
	}
	if (known || link->known)
		service_arm(s);
}

static void
on_accepted(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct service_port *port = ctx;
	struct service_link *link = rsp_service_link_accept(port->service, stream, port->kind);

	if (link && port->service->left)
		rsp_service_link_close(link, false); /* the connection was opened after rsp_registrar_service_leave() */
	else if (link)
		up(link, auth);
}

static void
on_up(void *ctx, const struct rsp_stream_auth *auth)
{
	up(ctx, auth);
}

static void
on_message(void *ctx, struct rsp_bytes message)
{
	struct service_link *link = ctx;

	rsp_registrar_receive(link->service->engine, rsp_clock_ms(), link->id, message);
	service_arm(link->service);
}

/* The input ends within a message: limit the time until the message is complete. */
static void
on_partial(void *ctx)
{
	struct service_link *link = ctx;
	struct rsp_registrar_service *s = link->service;

	if (s->sweeping)
		return;
	s->sweeping = true;
	rsp_alarm_in(s->sweep, s->config.message_ms);
}

static void
on_malformed(void *ctx, struct rsp_bytes octets)
{
	struct service_link *link = ctx;
	bool tls = octets.p[0] == 0x16 && !rsp_channel_auth(link->channel)->secure;
	struct rsp_why why = { 0 };

	(void)rsp_fail(&why, RSP_EMALFORM, NULL, "%s",
		       tls ? "a TLS handshake, but this port is for plain text"
			   : "a length field that no message can have");
	rsp_service_link_record(link, RSP_EVENT_MALFORMED, octets.p[0], RSP_REASON_NONE, &why);
	rsp_service_link_close(link, !tls);
}

static void
done_leaving(void *ctx)
{
	struct rsp_registrar_service *s = ctx;

	s->left(s->config.ctx);
}

static void
on_ready(void *ctx)
{
	struct rsp_registrar_service *s = ctx;

	if (s->config.ready && !s->left)
		s->config.ready(s->config.ctx);
}

/* Record why the connection broke, unless the other side has only closed or is unreachable, or the engine records it:
 * that a registrar cannot be dialled. */
static void
record_broken(const struct service_link *link, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	const struct rsp_registrar_service *s = link->service;
	bool dialling = link->dialled && stage != RSP_CONNECT_OPEN;
	bool absent = why->err == RSP_ECLOSED || why->err == RSP_EUNREACHABLE || (why->err == RSP_ETIMEOUT && dialling);

	if (!absent && !(dialling && link->port == RSP_SERVE_ENRP))
		s->config.refused(s->config.ctx, link->port, link->dialled, link->server_name, why);
}

static void
on_down(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct service_link *link = ctx;
	struct rsp_registrar_service *s = link->service;
	uint32_t id = link->id;
	bool known = link->known;

	record_broken(link, stage, why);
	rsp_service_link_free(link);
	if (known) {
		rsp_registrar_link_down(s->engine, rsp_clock_ms(), id, why);
		service_arm(s);
	}
	if (s->left && s->n_open == 0)
		rsp_defer_ask(s->loop, &s->leave);
}

static const struct rsp_stream_events accepted = { .open = on_accepted };
static const struct rsp_channel_events link_events = { .up = on_up,
						       .message = on_message,
						       .malformed = on_malformed,
						       .partial = on_partial,
						       .down = on_down };

static void
on_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct service_port *port = ctx;

	(void)remote;
	port->service->config.refused(port->service->config.ctx, port->kind, false, NULL, why);
}

/* The present use of a connection without a key. In plain text the other side may be an element or a registrar. */
static enum rsp_listener_use
on_use(void *ctx, struct rsp_stream *stream)
{
	const struct service_link *link = ctx ? rsp_channel_ctx(ctx) : NULL;

	(void)stream;
	if (!link || !link->known)
		return RSP_USE_NONE;
	if (link->port == RSP_SERVE_ENRP || rsp_registrar_link_elements(link->service->engine, link->id))
		return RSP_USE_HOLD;
	return rsp_registrar_link_watches(link->service->engine, link->id) ? RSP_USE_WATCH : RSP_USE_NONE;
}

/* Close connections whose current message is incomplete for more than message_ms. */
static void
on_sweep(void *ctx)
{
	struct rsp_registrar_service *s = ctx;
	uint64_t now = rsp_clock_ms(), next = RSP_NEVER;

	for (uint32_t i = 0; i < s->n_links; i++) {
		struct service_link *link = s->links[i];
		uint64_t partial_ms = link->channel ? rsp_channel_partial_ms(link->channel) : 0;
		if (!partial_ms)
			continue;
		uint64_t end = partial_ms + s->config.message_ms;
		if (end <= now) {
			rsp_service_link_record(link, RSP_EVENT_LIMIT, 0, RSP_REASON_MESSAGE_TIME, NULL);
			rsp_service_link_close(link, false);
		} else if (end < next) {
			next = end;
		}
	}
	s->sweeping = next != RSP_NEVER;
	rsp_alarm_set(s->sweep, next);
}

static enum rsp_err
make_tls(const struct rsp_registrar_service *s, const struct rsp_scope *scope, struct rsp_tls **ret,
	 struct rsp_why *why)
{
	if (!scope)
		return rsp_fail(why, RSP_ENOKEY, s->name,
				"a secure registrar needs a scope directory: give --scope (or --insecure-plaintext)");
	struct rsp_tls_config config = {
		.keyring = scope->keyring,
		.me = s->name,
		.x509 = &scope->x509,
		.policy = s->config.policy,
		.require_user_cert = s->config.require_user_cert,
	};

	return rsp_tls_new(&config, ret, why);
}

static enum rsp_err
listen_at(struct rsp_registrar_service *s, enum rsp_registrar_service_port kind, struct rsp_why *why)
{
	struct service_port *port = &s->port[kind];
	struct rsp_listener_params params = {
		.at = s->config.at[kind],
		.tls = kind == RSP_SERVE_ASAP_OPEN ? NULL : s->tls,
		.service = kind == RSP_SERVE_ENRP ? RSP_TLS_ENRP : RSP_TLS_ASAP,
		.limits = s->config.limits,
		.refused = on_refused,
		.use = on_use,
	};

	*port = (struct service_port){ .service = s, .kind = kind };
	if (params.at.len == 0)
		return RSP_OK;
	return rsp_listener_new(s->loop, &params, &accepted, port, &port->listener, why);
}

/* Write the name, the clock's epoch and the ENRP address of this registrar to the engine's configuration. */
static void
take_part(struct rsp_registrar_service *s)
{
	struct rsp_registrar_config *engine = &s->config.engine;
	const struct rsp_sockaddr *enrp = rsp_registrar_service_address(s, RSP_SERVE_ENRP);

	engine->name = s->name;
	engine->epoch_ms = (uint64_t)rsp_clock_wall_ms() - rsp_clock_ms();
	if (enrp) {
		engine->enrp_ip = rsp_sockaddr_ip(enrp);
		engine->enrp_port = rsp_sockaddr_port(enrp);
		if (rsp_ip_kind(&engine->enrp_ip) == RSP_IP_UNSPECIFIED)
			/* none: a peer takes the source address of our connection */
			engine->enrp_ip = (struct rsp_ip){ 0 };
	}
}

/* Copy the contacts. A numeric address is given to the engine; a name is looked up when the contact is dialled. */
static enum rsp_err
take_contacts(struct rsp_registrar_service *s, struct rsp_contact_config to[static RSP_CONTACTS_MAX])
{
	unsigned n = s->config.n_contacts;

	if (n > RSP_CONTACTS_MAX)
		return RSP_ELIMIT;
	s->contacts = calloc(n ? n : 1, sizeof(*s->contacts));
	if (!s->contacts)
		return RSP_ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		s->contacts[i] = s->config.contacts[i];
		to[i] = (struct rsp_contact_config){ .port = s->contacts[i].port,
						     .name = *s->contacts[i].name ? s->contacts[i].name : NULL };
		(void)!rsp_ip_parse(s->contacts[i].host, &to[i].ip);
	}
	s->config.contacts = NULL;
	s->config.engine.contacts = to;
	s->config.engine.n_contacts = n;
	return RSP_OK;
}

static enum rsp_err
start(struct rsp_registrar_service *s, struct rsp_why *why)
{
	struct rsp_contact_config contacts[RSP_CONTACTS_MAX];
	struct rsp_rng rng;
	enum rsp_err err = rsp_rng_os(&rng);

	if (err)
		return rsp_fail(why, err, "random numbers", "%s", rsp_err_text(err));
	if (s->config.engine.server_id == 0)
		s->config.engine.server_id = rsp_rng_id(&rng);
	if (!s->config.engine.insecure) {
		err = make_tls(s, s->scope, &s->tls, why);
		if (err)
			return err;
	}
	err = take_contacts(s, contacts);
	if (!err)
		err = rsp_alarm_new(s->loop, on_due, s, &s->due);
	if (!err)
		err = rsp_alarm_new(s->loop, on_sweep, s, &s->sweep);
	if (!err)
		err = rsp_service_rights_init(s);
	/* peers learn the ENRP address from the engine, so that listener comes first; connections are accepted only
	 * once the loop runs */
	if (!err)
		err = listen_at(s, RSP_SERVE_ENRP, why);
	if (err)
		return *why->reason ? err : rsp_fail(why, err, s->name, "%s", rsp_err_text(err));
	take_part(s);
	if (!err)
		err = rsp_registrar_new(&s->config.engine, &ops, s, rng, rsp_clock_ms(), &s->engine);
	if (err)
		return rsp_fail(why, err, s->name, "%s", rsp_err_text(err));
	err = listen_at(s, RSP_SERVE_ASAP, why);
	if (!err)
		err = listen_at(s, RSP_SERVE_ASAP_OPEN, why);
	if (err)
		return err;
	service_arm(s);
	return RSP_OK;
}

enum rsp_err
rsp_registrar_service_new(struct rsp_loop *loop, const struct rsp_registrar_service_config *config, const char *name,
	      const struct rsp_scope *scope, struct rsp_registrar_service **ret, struct rsp_why *why)
{
	if (!rsp_name_ok(name))
		return rsp_fail(why, RSP_EUSAGE, name,
				"is no name for a registrar: letters, digits, '-', '_' and '.', at most %d", RSP_NAME_MAX);
	if (!scope && !config->engine.insecure)
		return rsp_fail(why, RSP_EUSAGE, name,
				"a secure registrar needs a scope directory: give --scope (or --insecure-plaintext)");
	RSP_AUTO(rsp_registrar_service_free) struct rsp_registrar_service *s = NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return rsp_fail(why, RSP_ENOMEM, name, "out of memory");
	s->loop = loop;
	s->config = *config;
	s->link_events = &link_events;
	rsp_service_rights_ask(&s->config.engine);
	if (s->config.message_ms == 0)
		s->config.message_ms = MESSAGE_MS;
	rsp_listener_limits_fill(&s->config.limits);
	memcpy(s->name, name, strlen(name));
	enum rsp_err err = rsp_service_rights_take(s, scope);
	if (err)
		return rsp_fail(why, err, name, "%s", rsp_err_text(err));
	s->arm = (struct rsp_defer){ .call = on_arm, .ctx = s };
	s->leave = (struct rsp_defer){ .call = done_leaving, .ctx = s };
	s->ready = (struct rsp_defer){ .call = on_ready, .ctx = s };
	err = start(s, why);
	if (err)
		return err;
	*ret = RSP_TAKE(s);
	return RSP_OK;
}

const struct rsp_sockaddr *
rsp_registrar_service_address(const struct rsp_registrar_service *s, enum rsp_registrar_service_port port)
{
	return s->port[port].listener ? rsp_listener_address(s->port[port].listener) : NULL;
}

uint32_t
rsp_registrar_service_id(const struct rsp_registrar_service *s)
{
	return s->engine ? rsp_registrar_server_id(s->engine) : s->config.engine.server_id;
}

const struct rsp_registrar *
rsp_registrar_service_engine(const struct rsp_registrar_service *s)
{
	return s->engine;
}

enum rsp_err
rsp_registrar_service_reload(struct rsp_registrar_service *s, const struct rsp_scope *scope, struct rsp_why *why)
{
	struct rsp_tls *tls = NULL;
	enum rsp_err err = s->config.engine.insecure ? RSP_OK : make_tls(s, scope, &tls, why);

	if (!err && (err = rsp_service_rights_take(s, scope))) {
		rsp_tls_unref(tls);
		return rsp_fail(why, err, s->name, "%s", rsp_err_text(err));
	}
	if (err)
		return err;
	if (tls) {
		for (enum rsp_registrar_service_port kind = 0; kind < RSP_SERVE_ASAP_OPEN; kind++)
			if (s->port[kind].listener)
				rsp_listener_set_tls(s->port[kind].listener, tls);
		rsp_tls_unref(s->tls);
		s->tls = tls;
	}
	rsp_service_rights_review(s);
	return RSP_OK;
}

static void
stop_listening(struct rsp_registrar_service *s)
{
	for (enum rsp_registrar_service_port kind = 0; kind < RSP_SERVE_COUNT; kind++) {
		rsp_listener_free(s->port[kind].listener);
		s->port[kind].listener = NULL;
	}
}

void
rsp_registrar_service_leave(struct rsp_registrar_service *s, void (*left)(void *ctx))
{
	s->left = left;
	stop_listening(s);
	rsp_registrar_leave(s->engine);
	service_arm(s);
	for (uint32_t i = 0; i < s->n_links; i++) /* also links that the engine does not know */
		if (s->links[i]->channel)
			rsp_service_link_close(s->links[i], true);
	if (s->n_open == 0)
		rsp_defer_ask(s->loop, &s->leave);
}

void
rsp_registrar_service_stats(const struct rsp_registrar_service *s, struct rsp_registrar_service_stats *ret)
{
	*ret = (struct rsp_registrar_service_stats){ .engine = rsp_registrar_stats(s->engine) };
	for (enum rsp_registrar_service_port kind = 0; kind < RSP_SERVE_COUNT; kind++)
		if (s->port[kind].listener)
			rsp_listener_get_stats(s->port[kind].listener, &ret->port[kind]);
}

const struct rsp_registrar_service_config *
rsp_registrar_service_config_of(const struct rsp_registrar_service *s)
{
	return &s->config;
}

void
rsp_registrar_service_free(struct rsp_registrar_service *s)
{
	if (!s)
		return;
	stop_listening(s);
	for (uint32_t i = 0; i < s->n_links; i++) {
		struct service_link *link = s->links[i];
		if (link->channel) {
			rsp_channel_close(link->channel, false);
			rsp_service_link_free(link);
		}
		free(link);
	}
	free(s->links);
	rsp_defer_cancel(s->loop, &s->arm);
	rsp_defer_cancel(s->loop, &s->leave);
	rsp_defer_cancel(s->loop, &s->ready);
	free(s->contacts);
	rsp_registrar_free(s->engine);
	rsp_alarm_free(s->due);
	rsp_alarm_free(s->sweep);
	rsp_alarm_free(s->review);
	rsp_service_rights_done(s);
	rsp_tls_unref(s->tls);
	free(s);
}
