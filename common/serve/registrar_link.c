#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keys/scope.h"
#include "serve/registrar_priv.h"

/* The registrar's connections, and the dialling of other registrars and of elements that were taken over. */

struct serve_link *
serve_link_of(const struct rsp_serve *s, uint32_t id)
{
	return id > 0 && id <= s->n_links && s->links[id - 1]->used ? s->links[id - 1] : NULL;
}

struct serve_link *
serve_link_new(struct rsp_serve *s, struct rsp_stream *stream, enum rsp_serve_port port)
{
	struct serve_link *link = s->free_link ? s->links[s->free_link - 1] : NULL;

	if (link) {
		s->free_link = link->next_free;
	} else {
		if (s->n_links == s->links_room) {
			uint32_t room = s->links_room ? s->links_room * 2 : 64;
			struct serve_link **links = reallocarray(s->links, room, sizeof(struct serve_link *));
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
	*link = (struct serve_link){ .service = s, .used = true, .stream = stream, .port = port, .id = link->id };
	if (stream)
		rsp_stream_set_ctx(stream, link);
	s->n_open++;
	return link;
}

void
serve_link_free(struct serve_link *link)
{
	struct rsp_serve *s = link->service;

	rsp_lookup_cancel(link->lookup);
	rsp_race_cancel(link->race);
	free(link->server_name);
	*link = (struct serve_link){ .service = s, .id = link->id, .next_free = s->free_link };
	s->free_link = link->id;
	s->n_open--;
}

void
serve_link_close(struct serve_link *link, bool flush)
{
	link->closing = true;
	link->partial_ms = 0;
	if (link->stream)
		rsp_stream_close(link->stream, flush);
	else
		serve_link_free(link);
}

void
serve_link_know(const struct serve_link *link, const struct rsp_stream_auth *auth)
{
	struct rsp_listener *listener = link->service->port[link->port].listener;

	if (link->dialled && auth->secure && listener)
		rsp_listener_know(listener, &auth->remote);
}

static void
on_no_way(void *ctx, const struct rsp_why *why, bool reached)
{
	struct serve_link *link = ctx;

	(void)reached;
	link->race = NULL;
	serve_link_failed(link, why);
}

/* How long the lookup of a name may take, and the dialling of its addresses. */
static uint32_t
dial_timeout(const struct serve_link *link)
{
	const struct rsp_registrar_config *engine = &link->service->config.engine;

	return link->port == RSP_SERVE_ENRP ? engine->max_time_no_response_ms : engine->keepalive_timeout_ms;
}

/* Dial the @n addresses @to. @before: what went wrong when they were looked up. */
static enum rsp_err
dial(struct serve_link *link, const struct rsp_sockaddr *to, unsigned n, const struct rsp_why *before)
{
	struct rsp_serve *s = link->service;
	struct rsp_race_params params = {
		.dial = {
			.carrier = link->carrier,
			.tls = s->tls,
			.role = link->role,
			.server_name = link->server_name,
			.queue_max = s->config.limits.queue_max,
			.timeout_ms = dial_timeout(link),
		},
		.to = to,
		.n = n,
		.events = &serve_dialled,
		.failed = on_no_way,
		.ctx = link,
		.before = before,
	};

	return rsp_race_start(s->loop, &params, &link->race);
}

static void
on_looked_up(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *reason)
{
	struct serve_link *link = ctx;
	struct rsp_why why;

	link->lookup = NULL;
	enum rsp_err err = dial(link, addrs, n, reason);
	if (!err)
		return;
	link->race = NULL;
	(void)rsp_fail(&why, err, link->server_name, "%s", rsp_err_text(err));
	serve_link_failed(link, &why);
}

/* Where the registrar @name is, as the configuration says. */
static const char *
host_of(const struct rsp_serve *s, const char *name)
{
	for (unsigned i = 0; i < s->config.n_contacts; i++)
		if (strcmp(s->contacts[i].name, name) == 0)
			return s->contacts[i].host;
	return NULL;
}

static bool
begin(struct serve_link *link, const struct rsp_dial *to)
{
	struct rsp_serve *s = link->service;

	if (!to->ip.family) {
		const char *host = to->server_name ? host_of(s, to->server_name) : NULL;

		if (!host || rsp_lookup_start(s->loop, host, to->port, on_looked_up, link, &link->lookup))
			return false;
		if (dial_timeout(link)) /* 0: none is set */
			rsp_lookup_limit(link->lookup, dial_timeout(link));
		return true;
	}
	struct rsp_sockaddr at = rsp_sockaddr_of(&to->ip, to->port);
	return !dial(link, &at, 1, NULL);
}

uint32_t
serve_link_dial(void *ctx, const struct rsp_dial *to)
{
	struct rsp_serve *s = ctx;
	struct serve_link *link =
		s->left ? NULL : serve_link_new(s, NULL, to->protocol == RSP_ENRP ? RSP_SERVE_ENRP : RSP_SERVE_ASAP);

	if (!link)
		return 0;
	link->dialled = true;
	link->role = to->role;
	link->carrier = to->carrier;
	link->server_name = to->server_name ? strdup(to->server_name) : NULL;
	if ((to->server_name && !link->server_name) || !begin(link, to)) {
		serve_link_free(link);
		return 0;
	}
	link->known = true;
	return link->id;
}
