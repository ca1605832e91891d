#include <stdlib.h>
#include <string.h>

#include "keys/scope.h"
#include "proto/message.h"
#include "serve/client_priv.h"

/* The engine's links: a lookup, a race between addresses, a stream; or a stream that a registrar opened to us. */

struct session_link *
rsp_session_link_find(const struct rsp_session *s, uint32_t id)
{
	struct session_link *link = s->links;

	while (link && link->id != id)
		link = link->next;
	return link;
}

static struct session_link *
link_new(struct rsp_session *s)
{
	struct session_link *link = calloc(1, sizeof *link);

	if (!link)
		return NULL;
	do
		s->last_id++;
	while (!s->last_id || rsp_session_link_find(s, s->last_id));
	link->s = s;
	link->id = s->last_id;
	link->next = s->links;
	s->links = link;
	return link;
}

/* Forget @link. Its stream, if it has one, sends what is queued and closes by itself. */
static void
link_free(struct session_link *link)
{
	struct session_link **at = &link->s->links;

	while (*at && *at != link)
		at = &(*at)->next;
	if (*at)
		*at = link->next;
	rsp_lookup_cancel(link->lookup);
	rsp_race_cancel(link->race);
	if (link->stream) {
		rsp_stream_set_ctx(link->stream, NULL);
		rsp_stream_close(link->stream, link->open);
	}
	free(link->server_name);
	free(link);
}

/* Where the way to the registrar ended, by what went wrong. */
static enum rsp_client_step
step_of(const struct session_link *link, enum rsp_err err)
{
	if (link->open)
		return RSP_STEP_ASAP;
	if (err == RSP_ELOOKUP)
		return RSP_STEP_DNS;
	if (link->reached || err == RSP_ENOKEY || err == RSP_EKEY)
		return RSP_STEP_TLS;
	return RSP_STEP_TCP;
}

enum rsp_client_step
rsp_session_link_step(const struct rsp_session *s, uint32_t id)
{
	const struct session_link *link = rsp_session_link_find(s, id);

	if (!link || link->lookup)
		return RSP_STEP_DNS;
	return link->race && rsp_race_reached(link->race) ? RSP_STEP_TLS : RSP_STEP_TCP;
}

/* The engine is told, and @link is gone. */
static void
link_down(struct session_link *link)
{
	struct rsp_session *s = link->s;
	enum rsp_client_step step = step_of(link, link->why.err);
	struct rsp_why why = link->why;
	uint32_t id = link->id;

	link_free(link);
	rsp_client_link_down(s->engine, rsp_clock_ms(), id, step, &why);
	rsp_session_settle(s);
}

void
rsp_session_links_failed(struct rsp_session *s)
{
	for (struct session_link *link = s->links, *next; link; link = next) {
		next = link->next;
		if (!link->failed)
			continue;
		link_down(link);
		next = s->links; /* others may be gone too */
	}
}

/* Not now: the engine is in the middle of a call to us. */
static void
fail_later(struct session_link *link)
{
	link->failed = true;
	rsp_defer_ask(link->s->loop, &link->s->defer);
}

void
rsp_session_links_done(struct rsp_session *s)
{
	while (s->links)
		link_free(s->links);
}

/* Whether keys.json has a key for us and the registrar at the other end. Another one than the connection's will do: it is for
 * the next connection, and the registrar may not have it yet. */
static bool
is_rightful(const struct session_link *link)
{
	const struct rsp_stream_auth *auth = rsp_stream_auth(link->stream);
	const struct rsp_scope *scope = link->s->config.scope;
	const struct rsp_keyring *ring = scope ? scope->keyring : NULL;
	int64_t now_ms = rsp_clock_wall_ms();

	if (!*auth->key || !auth->identity || !ring)
		return true;
	for (size_t i = 0; i < ring->n; i++) {
		const struct rsp_key *key = &ring->keys[i];
		const char *registrar = link->accepted ? key->client : key->server;

		if (key->role == auth->role && now_ms <= key->not_after_ms && strcmp(registrar, auth->identity) == 0)
			return true;
	}
	return false;
}

/* True if @link may go on. If not it is as if it had closed. */
static bool
review(struct session_link *link)
{
	if (is_rightful(link))
		return true;
	(void)rsp_fail(&link->why, RSP_ECLOSED, link->server_name, "its key is not in our keys.json any more");
	fail_later(link);
	return false;
}

void
rsp_session_links_review(struct rsp_session *s)
{
	for (struct session_link *link = s->links; link; link = link->next)
		if (link->open && !link->failed)
			(void)review(link);
}

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct session_link *link = ctx;
	struct rsp_link_info info = {
		.role = auth->role,
		.secure = auth->secure,
		.identity = auth->identity,
		.remote = auth->remote,
		.local = auth->local,
		.remote_port = auth->remote_port,
		.carrier = auth->carrier,
		.others = auth->others,
		.n_others = auth->n_others,
	};

	if (!link)
		return;
	struct rsp_session *s = link->s;
	link->race = NULL;
	link->stream = stream;
	link->open = true;
	if (!review(link)) /* it was taken away during the handshake */
		return;
	if (s->listener && auth->secure && !link->accepted) /* it may dial us, too, from there */
		rsp_listener_know(s->listener, &auth->remote);
	rsp_client_link_up(s->engine, rsp_clock_ms(), link->id, &info);
	rsp_session_settle(s);
}

/* Write @message, which came in or goes out, to the capture. */
static void
trace(const struct session_link *link, bool out, struct rsp_bytes message)
{
	if (link->stream)
		rsp_trace_stream(link->s->config.trace, rsp_stream_auth(link->stream), RSP_PPID_ASAP, out, message);
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct session_link *link = ctx;
	size_t at = 0;

	(void)stream;
	if (!link)
		return all.n;
	struct rsp_session *s = link->s;
	uint32_t id = link->id;
	while (!link->failed) {
		struct rsp_bytes rest = rsp_bytes_of(all.p + at, all.n - at);
		size_t n = rsp_message_frame(rest);

		if (n == SIZE_MAX) {
			(void)rsp_fail(&link->why, RSP_EPROTO, link->server_name,
				       "no ASAP message: an impossible length");
			fail_later(link);
			return all.n;
		}
		if (n == 0 || n > rest.n)
			break;
		at += n;
		trace(link, false, rsp_bytes_of(rest.p, n));
		rsp_client_receive(s->engine, rsp_clock_ms(), id, rsp_bytes_of(rest.p, n));
		link = rsp_session_link_find(s, id);
		if (!link) { /* that message was its last */
			at = all.n;
			break;
		}
	}
	rsp_session_settle(s);
	return at;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct session_link *link = ctx;

	(void)stream;
	if (!link)
		return;
	link->stream = NULL;
	if (!link->failed && why->err)
		link->why = *why;
	else if (!link->failed)
		(void)rsp_fail(&link->why, RSP_ECLOSED, why->object, "connection closed");
	link_down(link);
}

static const struct rsp_stream_events dialled = { .open = on_open, .data = on_data, .closed = on_closed };

static void
on_no_way(void *ctx, const struct rsp_why *why, bool reached)
{
	struct session_link *link = ctx;

	link->race = NULL;
	link->reached = reached;
	link->why = *why;
	link_down(link);
}

/* Dial the @n addresses @to. @before: what went wrong when they were looked up. */
static void
dial(struct session_link *link, const struct rsp_sockaddr *to, unsigned n, const struct rsp_why *before)
{
	struct rsp_session *s = link->s;
	const struct rsp_session_config *config = &s->config;
	const char *demanded = link->role == RSP_ROLE_USER ? config->tls_name : NULL;
	struct rsp_race_params params = {
		.dial = {
			.carrier = link->carrier,
			.tls = s->tls,
			.role = link->role,
			.server_name = demanded ? demanded : link->server_name,
			.any_registrar = link->any && !demanded,
			.timeout_ms = config->dial_timeout_ms ? config->dial_timeout_ms : config->timers.t5_serverhunt_ms / 10 * 9,
		},
		.to = to,
		.n = n,
		.events = &dialled,
		.failed = on_no_way,
		.ctx = link,
		.before = before,
	};
	enum rsp_err err = rsp_race_start(s->loop, &params, &link->race);

	if (!err)
		return;
	link->race = NULL;
	(void)rsp_fail(&link->why, err, link->server_name, "%s", rsp_err_text(err));
	fail_later(link);
}

static void
on_lookup(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct session_link *link = ctx;
	const struct session_server *server = &link->s->servers[link->server];
	struct rsp_sockaddr to[RSP_LOOKUP_MAX + RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_to = 0;

	link->lookup = NULL;
	for (unsigned i = 0; i < n && i < RSP_LOOKUP_MAX; i++)
		to[n_to++] = addrs[i];
	for (unsigned i = 0; i < server->n_more; i++)
		to[n_to++] = rsp_sockaddr_of(&server->more[i], link->port);
	dial(link, to, n_to, why);
}

uint32_t
rsp_session_link_dial(struct rsp_session *s, const struct rsp_dial *to, unsigned server)
{
	struct session_link *link = link_new(s);
	char address[RSP_SOCKADDR_TEXT_MAX];

	if (!link)
		return 0;
	link->server = server;
	link->port = to->port;
	link->role = to->role;
	link->carrier = to->carrier;
	link->any = !to->server_name;
	rsp_addr_format(&to->ip, to->port, address);
	link->server_name = strdup(link->any ? address : to->server_name);
	if (!link->server_name) {
		link_free(link);
		return 0;
	}
	if (to->ip.family) {
		struct rsp_sockaddr at = rsp_sockaddr_of(&to->ip, to->port);

		dial(link, &at, 1, NULL);
		return link->id;
	}
	if (rsp_lookup_start(s->loop, s->servers[server].host, to->port, on_lookup, link, &link->lookup)) {
		link->lookup = NULL;
		(void)rsp_fail(&link->why, RSP_ELOOKUP, s->servers[server].host, "cannot be looked up");
		fail_later(link);
	}
	return link->id;
}

void
rsp_session_link_send(struct rsp_session *s, uint32_t id, struct rsp_bytes message)
{
	struct session_link *link = rsp_session_link_find(s, id);
	enum rsp_err err;

	if (!link || !link->open || link->failed)
		return;
	err = rsp_stream_send(link->stream, message);
	if (!err) {
		trace(link, true, message);
		return;
	}
	(void)rsp_fail(&link->why, err, link->server_name, "cannot send: %s", rsp_err_text(err));
	fail_later(link);
}

void
rsp_session_link_close(struct rsp_session *s, uint32_t id)
{
	struct session_link *link = rsp_session_link_find(s, id);

	if (link)
		link_free(link);
}

/* A registrar dialled us: RFC 5352 s.3.4, a keep-alive from a new home. */
static void
on_accept(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_session *s = ctx;
	struct session_link *link = link_new(s);
	const char *name = auth->identity ? auth->identity : "";

	if (link)
		link->server_name = strdup(name);
	rsp_stream_set_ctx(stream, link);
	if (!link || !link->server_name) {
		if (link)
			link_free(link);
		rsp_stream_close(stream, false);
		return;
	}
	link->accepted = true;
	link->role = auth->role;
	on_open(link, stream, auth);
}

static void
on_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct rsp_session *s = ctx;

	if (s->config.refused)
		s->config.refused(s->config.refused_ctx, remote, why);
}

static const struct rsp_stream_events accepted = { .open = on_accept, .data = on_data, .closed = on_closed };

/* Registrars that dial us come by key or, in plain text, as they are: none is a user that may be idle. */
static enum rsp_stream_use
on_use(void *ctx, struct rsp_stream *stream)
{
	(void)ctx;
	(void)stream;
	return RSP_USE_HOLD;
}

enum rsp_err
rsp_session_listen(struct rsp_session *s, struct rsp_why *why)
{
	static const struct rsp_ip any[] = { { .family = 6 }, { .family = 4 } };
	struct rsp_listener_params params = {
		.tls = s->tls,
		.service = RSP_TLS_NOTIFY,
		.refused = on_refused,
		.limits = { .connections = 64, .handshakes = 16 },
		.use = on_use,
	};

	enum rsp_err err = RSP_EIO;

	if (s->config.listen_on) {
		if (rsp_sockaddr_parse(s->config.listen_on, 0, &params.at))
			return rsp_fail(why, RSP_EUSAGE, s->config.listen_on, "is no address to listen on");
		return rsp_listener_new(s->loop, &params, &accepted, s, &s->listener, why);
	}
	for (size_t i = 0; err && i < RSP_COUNT(any); i++) { /* both families at once; a machine may lack IPv6 */
		params.at = rsp_sockaddr_of(&any[i], 0);
		err = rsp_listener_new(s->loop, &params, &accepted, s, &s->listener, why);
	}
	return err;
}
