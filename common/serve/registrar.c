#include "serve/registrar.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keys/authz.h"
#include "keys/scope.h"
#include "net/loop.h"
#include "net/trace.h"
#include "proto/message.h"

#define MESSAGE_MS 30000

/* One of our listeners: what an accepted stream is given as its context. */
struct port {
	struct rsp_serve *service;
	enum rsp_serve_port kind;
	struct rsp_listener *listener;
};

/* A connection. Its number is the place of its slot, from 1. */
struct link {
	struct rsp_serve *service;
	struct rsp_stream *stream; /* NULL: the slot is free */
	enum rsp_serve_port port;
	uint32_t id, next_free;
	bool known;          /* to the engine */
	bool closing;        /* we close it: what still comes in is not looked at */
	uint64_t partial_ms; /* when the message that is not complete yet began; 0: there is none */
};

struct rsp_serve {
	struct rsp_loop *loop;
	struct rsp_serve_config config;
	char name[RSP_NAME_MAX + 1];
	const struct rsp_scope *scope;
	struct rsp_tls *tls;
	struct rsp_registrar *engine;
	struct rsp_alarm *due;   /* the engine's deadline */
	struct rsp_alarm *sweep; /* for messages that take too long to come */
	bool sweeping;
	struct port port[RSP_SERVE_COUNT];

	struct link **links;
	uint32_t n_links, links_room, n_open;
	uint32_t free_link; /* a number, 0: none */

	void (*left)(void *ctx);
	struct rsp_defer leave;
};

const char *
rsp_serve_port_name(enum rsp_serve_port port)
{
	static const char *const names[] = { "asap", "enrp", "plain-asap" };

	return names[port];
}

static struct link *
link_of(const struct rsp_serve *s, uint32_t id)
{
	return id > 0 && id <= s->n_links && s->links[id - 1]->stream ? s->links[id - 1] : NULL;
}

/* A slot for one more connection; NULL: out of memory. The listeners' limits are its cap. */
static struct link *
link_new(struct rsp_serve *s, struct rsp_stream *stream, enum rsp_serve_port port)
{
	struct link *link = s->free_link ? s->links[s->free_link - 1] : NULL;

	if (link) {
		s->free_link = link->next_free;
	} else {
		if (s->n_links == s->links_room) {
			uint32_t room = s->links_room ? s->links_room * 2 : 64;
			struct link **links = reallocarray(s->links, room, sizeof(struct link *));
			if (!links)
				return NULL;
			s->links = links;
			s->links_room = room;
		}
		link = calloc(1, sizeof(*link));
		if (!link)
			return NULL;
		s->links[s->n_links++] = link;
		link->id = s->n_links;
	}
	*link = (struct link){ .service = s, .stream = stream, .port = port, .id = link->id };
	rsp_stream_set_ctx(stream, link);
	s->n_open++;
	return link;
}

static void
link_free(struct link *link)
{
	struct rsp_serve *s = link->service;

	link->stream = NULL;
	link->next_free = s->free_link;
	s->free_link = link->id;
	s->n_open--;
}

static void
link_close(struct link *link, bool flush)
{
	link->closing = true;
	link->partial_ms = 0;
	rsp_stream_close(link->stream, flush);
}

/* After the engine has been called: when does it want to be called next? */
static void
arm(struct rsp_serve *s)
{
	rsp_alarm_set(s->due, rsp_registrar_deadline(s->engine));
}

static void
on_due(void *ctx)
{
	struct rsp_serve *s = ctx;

	rsp_registrar_tick(s->engine, rsp_clock_ms());
	arm(s);
}

/* Something of ours, not the engine's, that is worth its record. */
static void
record(struct link *link, enum rsp_event_kind kind, uint8_t message_type, const char *reason)
{
	const struct rsp_stream_auth *auth = rsp_stream_auth(link->stream);
	struct rsp_event event = {
		.kind = kind,
		.protocol = link->port == RSP_SERVE_ENRP ? RSP_ENRP : RSP_ASAP,
		.message_type = message_type,
		.cause = RSP_CAUSE_NONE,
		.reason = reason,
		.identity = auth->identity,
		.role = auth->role,
		.remote = auth->remote,
		.remote_port = auth->remote_port,
	};

	link->service->config.record(link->service->config.ctx, &event);
}

/* A message that came in, or goes out, for the capture. */
static void
trace(const struct link *link, bool out, struct rsp_bytes message)
{
	uint32_t ppid = link->port == RSP_SERVE_ENRP ? RSP_PPID_ENRP : RSP_PPID_ASAP;

	rsp_trace_stream(link->service->config.trace, rsp_stream_auth(link->stream), ppid, out, message);
}

/* The engine's calls. Streams call nobody back from inside of these. */

static void
op_send(void *ctx, uint32_t id, struct rsp_bytes message)
{
	struct link *link = link_of(ctx, id);

	if (!link || link->closing)
		return;
	enum rsp_err err = rsp_stream_send(link->stream, message);
	if (!err) {
		trace(link, true, message);
		return;
	}
	if (err == RSP_ELIMIT)
		record(link, RSP_EVENT_LIMIT, message.n ? message.p[0] : 0, "connection-queue");
	link_close(link, false);
}

static void
op_close(void *ctx, uint32_t id)
{
	struct link *link = link_of(ctx, id);

	if (!link)
		return;
	link->known = false;
	if (!link->closing)
		link_close(link, true);
}

static void
op_record(void *ctx, const struct rsp_event *event)
{
	struct rsp_serve *s = ctx;

	s->config.record(s->config.ctx, event);
}

static uint32_t op_dial(void *ctx, const struct rsp_dial *to);

static const struct rsp_engine_ops ops = { op_send, op_close, op_dial, op_record };

static bool
may(void *ctx, const char *identity, struct rsp_bytes handle)
{
	const struct rsp_serve *s = ctx;

	return rsp_authz_may(s->scope ? s->scope->authz : NULL, identity, RSP_ROLE_ELEMENT, handle, NULL,
			     rsp_clock_wall_ms());
}

static bool
may_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	const struct rsp_serve *s = ctx;

	return rsp_authz_may(s->scope ? s->scope->authz : NULL, identity, RSP_ROLE_ELEMENT, (struct rsp_bytes){ 0 }, ip,
			     rsp_clock_wall_ms());
}

static uint32_t
max_elements(void *ctx, const char *identity)
{
	const struct rsp_serve *s = ctx;

	return rsp_authz_max_registrations(s->scope ? s->scope->authz : NULL, identity);
}

/* What streams tell. */

static void
up(struct link *link, const struct rsp_stream_auth *auth)
{
	struct rsp_serve *s = link->service;
	bool named = auth->role != RSP_ROLE_USER && auth->role != RSP_ROLE_NONE;
	struct rsp_link_info info = {
		.role = auth->role,
		.secure = auth->secure,
		.identity = named ? auth->identity : NULL,
		.remote = auth->remote,
		.local = auth->local,
		.remote_port = auth->remote_port,
	};

	if (rsp_registrar_link_up(s->engine, rsp_clock_ms(), link->id, &info)) {
		link_close(link, false);
		return;
	}
	link->known = true;
	arm(s);
}

static void
on_accepted(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct port *port = ctx;
	struct link *link = link_new(port->service, stream, port->kind);

	if (!link) {
		rsp_stream_set_ctx(stream, NULL);
		rsp_stream_close(stream, false);
	} else if (port->service->left) {
		link_close(link, false); /* it came while we leave */
	} else if (port->kind != RSP_SERVE_ENRP) {
		up(link, auth);
	}
}

static void
on_dialled(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct link *link = ctx;

	(void)stream;
	if (link && !link->closing)
		up(link, auth);
}

/* One whole message. */
static void
message(struct link *link, struct rsp_bytes whole)
{
	struct rsp_serve *s = link->service;

	trace(link, false, whole);
	if (link->port == RSP_SERVE_ENRP) {
		record(link, RSP_EVENT_REFUSED, whole.p[0], "enrp-not-served");
		link_close(link, true);
	} else {
		rsp_registrar_receive(s->engine, rsp_clock_ms(), link->id, whole);
	}
}

/* A message has begun and is not complete: it has a while to come. */
static void
await_rest(struct link *link)
{
	struct rsp_serve *s = link->service;

	if (link->partial_ms)
		return;
	link->partial_ms = rsp_clock_ms();
	if (!s->sweeping) {
		s->sweeping = true;
		rsp_alarm_in(s->sweep, s->config.message_ms);
	}
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct link *link = ctx;
	struct rsp_bytes rest = all;

	(void)stream;
	while (link && !link->closing && rest.n > 0) {
		size_t n = rsp_message_frame(rest);

		if (n == SIZE_MAX) {
			record(link, RSP_EVENT_MALFORMED, rest.p[0], "a length field that no message can have");
			link_close(link, true);
			break;
		}
		if (n == 0 || n > rest.n)
			break;
		link->partial_ms = 0;
		message(link, rsp_bytes_of(rest.p, n));
		rest = rsp_bytes_of(rest.p + n, rest.n - n);
	}
	if (!link || link->closing) {
		if (link)
			arm(link->service);
		return all.n;
	}
	if (rest.n > 0)
		await_rest(link);
	arm(link->service);
	return all.n - rest.n;
}

static void
done_leaving(void *ctx)
{
	struct rsp_serve *s = ctx;

	s->left(s->config.ctx);
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct link *link = ctx;

	(void)stream;
	if (!link)
		return;
	struct rsp_serve *s = link->service;
	bool known = link->known;
	/* The other side's going is its right; what it broke, or what broke on the way, is told. */
	if (why->err && why->err != RSP_ECLOSED && why->err != RSP_EUNREACHABLE && !link->closing)
		s->config.refused(s->config.ctx, link->port, why);
	link_free(link);
	if (known) {
		rsp_registrar_link_down(s->engine, rsp_clock_ms(), link->id, why->err ? why->err : RSP_ECLOSED);
		arm(s);
	}
	if (s->left && s->n_open == 0)
		rsp_defer_ask(s->loop, &s->leave);
}

static const struct rsp_stream_events accepted = { .open = on_accepted, .data = on_data, .closed = on_closed };
static const struct rsp_stream_events dialled = { .open = on_dialled, .data = on_data, .closed = on_closed };

static uint32_t
op_dial(void *ctx, const struct rsp_dial *to)
{
	struct rsp_serve *s = ctx;
	struct rsp_dial_params params = {
		.to = rsp_sockaddr_of(&to->ip, to->port),
		.tls = s->tls,
		.role = to->role,
		.server_name = to->server_name,
		.queue_max = s->config.limits.queue_max,
	};
	struct rsp_why why = { 0 };
	struct rsp_stream *stream;

	if (s->left || rsp_stream_dial(s->loop, &params, &dialled, NULL, &stream, &why))
		return 0;
	struct link *link = link_new(s, stream, RSP_SERVE_ASAP);
	if (!link) {
		rsp_stream_close(stream, false);
		return 0;
	}
	link->known = true;
	return link->id;
}

static void
on_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct port *port = ctx;

	(void)remote;
	port->service->config.refused(port->service->config.ctx, port->kind, why);
}

/* Slow senders hold a connection; they do not hold it for ever. */
static void
on_sweep(void *ctx)
{
	struct rsp_serve *s = ctx;
	uint64_t now = rsp_clock_ms(), next = RSP_NEVER;

	for (uint32_t i = 0; i < s->n_links; i++) {
		struct link *link = s->links[i];
		if (!link->stream || !link->partial_ms)
			continue;
		uint64_t end = link->partial_ms + s->config.message_ms;
		if (end <= now) {
			record(link, RSP_EVENT_LIMIT, 0, "message-time");
			link_close(link, false);
		} else if (end < next) {
			next = end;
		}
	}
	s->sweeping = next != RSP_NEVER;
	rsp_alarm_set(s->sweep, next);
}

static enum rsp_err
make_tls(const struct rsp_serve *s, const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	if (!scope)
		return rsp_fail(why, RSP_ENOKEY, s->name, "a secure registrar needs a scope directory");
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
listen_at(struct rsp_serve *s, enum rsp_serve_port kind, struct rsp_why *why)
{
	struct port *port = &s->port[kind];
	struct rsp_listener_params params = {
		.at = s->config.at[kind],
		.tls = kind == RSP_SERVE_ASAP_OPEN ? NULL : s->tls,
		.service = kind == RSP_SERVE_ENRP ? RSP_TLS_ENRP : RSP_TLS_ASAP,
		.limits = s->config.limits,
		.refused = on_refused,
	};

	*port = (struct port){ .service = s, .kind = kind };
	if (params.at.len == 0)
		return RSP_OK;
	return rsp_listener_new(s->loop, &params, &accepted, port, &port->listener, why);
}

static enum rsp_err
start(struct rsp_serve *s, struct rsp_why *why)
{
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
	err = rsp_alarm_new(s->loop, on_due, s, &s->due);
	if (!err)
		err = rsp_alarm_new(s->loop, on_sweep, s, &s->sweep);
	if (!err)
		err = rsp_registrar_new(&s->config.engine, &ops, s, rng, rsp_clock_ms(), &s->engine);
	if (err)
		return rsp_fail(why, err, s->name, "%s", rsp_err_text(err));
	for (enum rsp_serve_port kind = 0; kind < RSP_SERVE_COUNT; kind++) {
		err = listen_at(s, kind, why);
		if (err)
			return err;
	}
	arm(s);
	return RSP_OK;
}

enum rsp_err
rsp_serve_new(struct rsp_loop *loop, const struct rsp_serve_config *config, const char *name,
	      const struct rsp_scope *scope, struct rsp_serve **ret, struct rsp_why *why)
{
	if (!rsp_name_ok(name))
		return rsp_fail(why, RSP_EUSAGE, name, "is no name for a registrar");
	if (!scope && !config->engine.insecure)
		return rsp_fail(why, RSP_EUSAGE, name, "a secure registrar needs a scope");
	RSP_AUTO(rsp_serve_free) struct rsp_serve *s = NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return rsp_fail(why, RSP_ENOMEM, name, "out of memory");
	s->loop = loop;
	s->config = *config;
	s->config.engine.may = may;
	s->config.engine.may_address = may_address;
	s->config.engine.max_elements = max_elements;
	if (s->config.message_ms == 0)
		s->config.message_ms = MESSAGE_MS;
	memcpy(s->name, name, strlen(name));
	s->scope = scope;
	s->leave = (struct rsp_defer){ .call = done_leaving, .ctx = s };
	enum rsp_err err = start(s, why);
	if (err)
		return err;
	*ret = RSP_TAKE(s);
	return RSP_OK;
}

const struct rsp_sockaddr *
rsp_serve_address(const struct rsp_serve *s, enum rsp_serve_port port)
{
	return s->port[port].listener ? rsp_listener_address(s->port[port].listener) : NULL;
}

uint32_t
rsp_serve_id(const struct rsp_serve *s)
{
	return s->config.engine.server_id;
}

enum rsp_err
rsp_serve_reload(struct rsp_serve *s, const struct rsp_scope *scope, struct rsp_why *why)
{
	if (!s->config.engine.insecure) {
		struct rsp_tls *tls = NULL;
		enum rsp_err err = make_tls(s, scope, &tls, why);
		if (err)
			return err;
		for (enum rsp_serve_port kind = 0; kind < RSP_SERVE_ASAP_OPEN; kind++)
			if (s->port[kind].listener)
				rsp_listener_set_tls(s->port[kind].listener, tls);
		rsp_tls_unref(s->tls);
		s->tls = tls;
	}
	s->scope = scope;
	return RSP_OK;
}

static void
stop_listening(struct rsp_serve *s)
{
	for (enum rsp_serve_port kind = 0; kind < RSP_SERVE_COUNT; kind++) {
		rsp_listener_free(s->port[kind].listener);
		s->port[kind].listener = NULL;
	}
}

void
rsp_serve_leave(struct rsp_serve *s, void (*left)(void *ctx))
{
	s->left = left;
	stop_listening(s);
	rsp_registrar_leave(s->engine);
	arm(s);
	for (uint32_t i = 0; i < s->n_links; i++) /* those that the engine does not know */
		if (s->links[i]->stream && !s->links[i]->closing)
			link_close(s->links[i], true);
	if (s->n_open == 0)
		rsp_defer_ask(s->loop, &s->leave);
}

void
rsp_serve_stats(const struct rsp_serve *s, struct rsp_serve_stats *ret)
{
	*ret = (struct rsp_serve_stats){ .engine = rsp_registrar_stats(s->engine) };
	for (enum rsp_serve_port kind = 0; kind < RSP_SERVE_COUNT; kind++)
		if (s->port[kind].listener)
			rsp_listener_get_stats(s->port[kind].listener, &ret->port[kind]);
}

void
rsp_serve_free(struct rsp_serve *s)
{
	if (!s)
		return;
	stop_listening(s);
	for (uint32_t i = 0; i < s->n_links; i++) {
		struct link *link = s->links[i];
		if (link->stream) {
			rsp_stream_set_ctx(link->stream, NULL);
			rsp_stream_close(link->stream, false);
		}
		free(link);
	}
	free(s->links);
	rsp_defer_cancel(s->loop, &s->leave);
	rsp_registrar_free(s->engine);
	rsp_alarm_free(s->due);
	rsp_alarm_free(s->sweep);
	rsp_tls_unref(s->tls);
	free(s);
}
