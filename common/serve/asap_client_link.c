#include <stdlib.h>
#include <string.h>

#include "keys/scope.h"
#include "proto/message.h"
#include "serve/asap_client_priv.h"

/* The engine's links: channels that we dial, or that registrars open to us. */

struct asap_client_link *
rsp_asap_client_link_find(const struct rsp_asap_client *s, uint32_t id)
{
	struct asap_client_link *link;

	LIST_FOREACH(link, &s->links, entry)
	if (link->id == id)
		break;
	return link;
}

/* Free @link. Its connection sends the queued output and closes by itself. */
static void
link_free(struct asap_client_link *link)
{
	LIST_REMOVE(link, entry);
	rsp_channel_free(link->channel);
	free(link->server_name);
	free(link);
}

/* NULL: out of memory. */
static struct asap_client_link *
link_new(struct rsp_asap_client *s, const char *server_name)
{
	struct asap_client_link *link = calloc(1, sizeof *link);

	if (!link)
		return NULL;
	do
		s->last_id++;
	while (!s->last_id || rsp_asap_client_link_find(s, s->last_id));
	link->s = s;
	link->id = s->last_id;
	LIST_INSERT_HEAD(&s->links, link, entry);
	link->server_name = strdup(server_name);
	if (link->server_name)
		return link;
	link_free(link);
	return NULL;
}

static enum rsp_client_step
step_of(enum rsp_connect_stage stage)
{
	static const enum rsp_client_step steps[] = {
		[RSP_CONNECT_LOOKUP] = RSP_STEP_DNS,
		[RSP_CONNECT_TRANSPORT] = RSP_STEP_TCP,
		[RSP_CONNECT_HANDSHAKE] = RSP_STEP_TLS,
		[RSP_CONNECT_OPEN] = RSP_STEP_ASAP,
	};

	return steps[stage];
}

enum rsp_client_step
rsp_asap_client_link_step(const struct rsp_asap_client *s, uint32_t id)
{
	const struct asap_client_link *link = rsp_asap_client_link_find(s, id);

	return link ? step_of(rsp_channel_stage(link->channel)) : RSP_STEP_DNS;
}

void
rsp_asap_client_link_done_all(struct rsp_asap_client *s)
{
	while (!LIST_EMPTY(&s->links))
		link_free(LIST_FIRST(&s->links));
}

/* Whether this node still shares a valid key of the kind with the registrar at the other end, if @link was opened with
 * a key. */
static bool
is_rightful(const struct asap_client_link *link)
{
	const struct rsp_stream_auth *auth = rsp_channel_auth(link->channel);
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

/* True if @link still has a valid key. Else end it, as if the connection had broken. */
static bool
review(struct asap_client_link *link)
{
	struct rsp_why why;

	if (is_rightful(link))
		return true;
	(void)rsp_fail(&why, RSP_ECLOSED, link->server_name, "its key is not in our keys.json any more");
	rsp_channel_fail(link->channel, &why);
	return false;
}

void
rsp_asap_client_link_review_all(struct rsp_asap_client *s)
{
	struct asap_client_link *link;

	LIST_FOREACH(link, &s->links, entry)
	if (rsp_channel_is_open(link->channel))
		(void)review(link);
}

static void
on_up(void *ctx, const struct rsp_stream_auth *auth)
{
	struct asap_client_link *link = ctx;
	struct rsp_asap_client *s = link->s;
	struct rsp_link_info info = {
		.carrier = auth->carrier,
		.role = auth->role,
		.secure = auth->secure,
		.identity = auth->identity,
		.remote = auth->remote,
		.local = auth->local,
		.remote_port = auth->remote_port,
		.others = auth->others,
		.n_others = auth->n_others,
	};

	if (!review(link)) /* the key was removed during the handshake */
		return;
	/* the registrar may dial our listener, too, from its address */
	if (s->listener && auth->secure && !link->accepted)
		rsp_listener_know(s->listener, &auth->remote);
	rsp_client_link_up(s->engine, rsp_clock_ms(), link->id, &info);
	asap_client_settle(s);
}

static void
on_message(void *ctx, struct rsp_bytes message)
{
	struct asap_client_link *link = ctx;
	struct rsp_asap_client *s = link->s;

	rsp_client_receive(s->engine, rsp_clock_ms(), link->id, message);
	asap_client_settle(s);
}

static void
on_malformed(void *ctx, struct rsp_bytes octets)
{
	struct asap_client_link *link = ctx;
	struct rsp_why why;

	(void)octets;
	(void)rsp_fail(&why, RSP_EPROTO, link->server_name, "no ASAP message: an impossible length");
	rsp_channel_fail(link->channel, &why);
}

static void
on_down(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct asap_client_link *link = ctx;
	struct rsp_asap_client *s = link->s;
	uint32_t id = link->id;

	link_free(link);
	rsp_client_link_down(s->engine, rsp_clock_ms(), id, step_of(stage), why);
	asap_client_settle(s);
}

static const struct rsp_channel_events link_events = {
	.up = on_up, .message = on_message, .malformed = on_malformed, .down = on_down
};

static struct rsp_channel_params
params_of(struct asap_client_link *link)
{
	return (struct rsp_channel_params){ .frame = rsp_message_frame,
					    .ppid = RSP_PPID_ASAP,
					    .trace = link->s->config.trace,
					    .events = &link_events,
					    .ctx = link };
}

/* Dial @to over @link: at the address of @to, or at those of @server. */
static enum rsp_err
dial(struct asap_client_link *link, const struct rsp_dial *to, const struct asap_client_server *server)
{
	struct rsp_asap_client *s = link->s;
	const struct rsp_asap_client_config *config = &s->config;
	const char *demanded = to->role == RSP_ROLE_USER ? config->tls_name : NULL;
	struct rsp_channel_params params = params_of(link);
	struct rsp_sockaddr at[RSP_CLIENT_SERVER_IPS_MAX];
	struct rsp_connect_params connect = {
		.dial = {
			.carrier = to->carrier,
			.tls = s->tls,
			.role = to->role,
			.server_name = demanded ? demanded : link->server_name,
			.any_registrar = !to->server_name && !demanded,
			.timeout_ms = config->dial_timeout_ms ? config->dial_timeout_ms
							      : config->timers.t5_serverhunt_ms / 10 * 9,
		},
		.port = to->port,
		.to = at,
	};

	if (to->ip.family) {
		at[connect.n++] = rsp_sockaddr_of(&to->ip, to->port);
	} else {
		connect.host = server->host;
		for (unsigned i = 0; i < server->n_more; i++)
			at[connect.n++] = rsp_sockaddr_of(&server->more[i], to->port);
	}
	return rsp_channel_dial(s->loop, &params, &connect, &link->channel);
}

uint32_t
rsp_asap_client_link_dial(struct rsp_asap_client *s, const struct rsp_dial *to, unsigned server)
{
	char address[RSP_SOCKADDR_TEXT_MAX];

	rsp_sockaddr_format_ip(&to->ip, to->port, address);
	struct asap_client_link *link = link_new(s, to->server_name ? to->server_name : address);
	if (!link)
		return 0;
	if (dial(link, to, to->ip.family ? NULL : &s->servers[server])) {
		link_free(link);
		return 0;
	}
	return link->id;
}

void
rsp_asap_client_link_send(struct rsp_asap_client *s, uint32_t id, struct rsp_bytes message)
{
	struct asap_client_link *link = rsp_asap_client_link_find(s, id);
	struct rsp_why why;

	if (!link || !rsp_channel_is_open(link->channel))
		return;
	enum rsp_err err = rsp_channel_send(link->channel, message);
	if (!err)
		return;
	(void)rsp_fail(&why, err, link->server_name, "cannot send: %s", rsp_err_text(err));
	rsp_channel_fail(link->channel, &why);
}

void
rsp_asap_client_link_close(struct rsp_asap_client *s, uint32_t id)
{
	struct asap_client_link *link = rsp_asap_client_link_find(s, id);

	if (link)
		link_free(link);
}

/* A registrar dialled us: RFC 5352 s.3.4, a keep-alive from a new home. */
static void
on_accept(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_asap_client *s = ctx;
	struct asap_client_link *link = link_new(s, auth->identity ? auth->identity : "");

	if (!link) {
		rsp_channel_reject(stream);
		return;
	}
	struct rsp_channel_params params = params_of(link);
	if (rsp_channel_accept(s->loop, &params, stream, &link->channel)) {
		link_free(link);
		return;
	}
	link->accepted = true;
	on_up(link, auth);
}

static void
on_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct rsp_asap_client *s = ctx;

	if (s->config.refused)
		s->config.refused(s->config.refused_ctx, remote, why);
}

static const struct rsp_stream_events accepted = { .open = on_accept };

/* Registrars that dial us use a key or plain text. In plain text, too, their connections must not be closed as idle. */
static enum rsp_listener_use
on_use(void *ctx, struct rsp_stream *stream)
{
	(void)ctx;
	(void)stream;
	return RSP_USE_HOLD;
}

enum rsp_err
rsp_asap_client_link_listen(struct rsp_asap_client *s, struct rsp_why *why)
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
			return rsp_fail(why, RSP_EUSAGE, s->config.listen_on,
					"is no address to listen on: give a numeric ADDR[:PORT]");
		return rsp_listener_new(s->loop, &params, &accepted, s, &s->listener, why);
	}
	for (size_t i = 0; err && i < RSP_COUNT(any); i++) { /* :: takes both address families; a host may lack IPv6 */
		params.at = rsp_sockaddr_of(&any[i], 0);
		err = rsp_listener_new(s->loop, &params, &accepted, s, &s->listener, why);
	}
	return err;
}
