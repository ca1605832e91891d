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
	rsp_defer_cancel(s->loop, &link->telling);
	free(link->stillborn);
	free(link->server_name);
	free(link->to);
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

bool
serve_link_dial_next(struct serve_link *link, struct rsp_why *why)
{
	struct rsp_serve *s = link->service;
	const struct rsp_registrar_config *engine = &s->config.engine;
	struct rsp_dial_params params = {
		.tls = s->tls,
		.role = link->role,
		.server_name = link->server_name,
		.queue_max = s->config.limits.queue_max,
		.timeout_ms = link->port == RSP_SERVE_ENRP ? engine->max_time_no_response_ms
							   : engine->keepalive_timeout_ms,
	};

	link->stream = NULL;
	while (link->at < link->n_to) {
		params.to = link->to[link->at++];
		if (!rsp_stream_dial(s->loop, &params, &serve_dialled, link, &link->stream, why))
			return true;
		link->stream = NULL;
	}
	return false;
}

static void
on_looked_up(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *reason)
{
	struct serve_link *link = ctx;
	struct rsp_why why = *reason;

	link->lookup = NULL;
	n = n < SERVE_ADDRESSES_MAX ? n : SERVE_ADDRESSES_MAX;
	link->to = n ? calloc(n, sizeof(*link->to)) : NULL;
	if (link->to) {
		memcpy(link->to, addrs, n * sizeof(*addrs));
		link->n_to = n;
	}
	if (serve_link_dial_next(link, &why))
		return;
	if (!why.err)
		(void)rsp_fail(&why, RSP_ENOMEM, link->server_name, "%s", rsp_err_text(RSP_ENOMEM));
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
begin(struct serve_link *link, const struct rsp_dial *to, struct rsp_why *why)
{
	struct rsp_serve *s = link->service;

	if (!to->ip.family) {
		const char *host = to->server_name ? host_of(s, to->server_name) : NULL;

		return host && !rsp_lookup_start(s->loop, host, to->port, on_looked_up, link, &link->lookup);
	}
	link->to = calloc(1, sizeof(*link->to));
	if (!link->to)
		return false;
	link->to[0] = rsp_sockaddr_of(&to->ip, to->port);
	link->n_to = 1;
	return serve_link_dial_next(link, why);
}

static void
on_telling(void *ctx)
{
	struct serve_link *link = ctx;
	struct rsp_why why = *link->stillborn;

	serve_link_failed(link, &why);
}

/* Why it could not be begun (a key is missing, say) is told as other failures are; not from inside of the engine. */
static bool
tell_later(struct serve_link *link, const struct rsp_why *why)
{
	link->stillborn = why->err ? malloc(sizeof(*why)) : NULL;
	if (!link->stillborn)
		return false;
	*link->stillborn = *why;
	link->telling = (struct rsp_defer){ .call = on_telling, .ctx = link };
	rsp_defer_ask(link->service->loop, &link->telling);
	return true;
}

uint32_t
serve_link_dial(void *ctx, const struct rsp_dial *to)
{
	struct rsp_serve *s = ctx;
	struct serve_link *link = s->left ? NULL
				  : serve_link_new(s, NULL,
						   to->protocol == RSP_ENRP ? RSP_SERVE_ENRP : RSP_SERVE_ASAP);

	struct rsp_why why = { 0 };

	if (!link)
		return 0;
	link->dialled = true;
	link->role = to->role;
	link->server_name = to->server_name ? strdup(to->server_name) : NULL;
	if ((to->server_name && !link->server_name) || (!begin(link, to, &why) && !tell_later(link, &why))) {
		serve_link_free(link);
		return 0;
	}
	link->known = true;
	return link->id;
}
