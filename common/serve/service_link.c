#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proto/message.h"
#include "serve/registrar_service_priv.h"

/* The registrar's connections, and the dialling of other registrars and of elements that were taken over. */

struct service_link *
rsp_service_link_of(const struct rsp_registrar_service *s, uint32_t id)
{
	return id > 0 && id <= s->n_links && s->links[id - 1]->channel ? s->links[id - 1] : NULL;
}

/* A free slot. The limits of the listeners and of the engine bound the number of links. NULL: out of
 * memory. */
static struct service_link *
take_slot(struct rsp_registrar_service *s)
{
	struct service_link *link = s->free_link ? s->links[s->free_link - 1] : NULL;

	if (link) {
		s->free_link = link->next_free;
		return link;
	}
	if (s->n_links == s->links_room) {
		uint32_t room = s->links_room ? s->links_room * 2 : 64;
		struct service_link **links = reallocarray(s->links, room, sizeof(struct service_link *));

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
	return link;
}

static struct service_link *
link_new(struct rsp_registrar_service *s, enum rsp_registrar_service_port port)
{
	struct service_link *link = take_slot(s);

	if (!link)
		return NULL;
	*link = (struct service_link){ .service = s, .port = port, .id = link->id };
	s->n_open++;
	return link;
}

void
rsp_service_link_free(struct service_link *link)
{
	struct rsp_registrar_service *s = link->service;

	rsp_channel_free(link->channel);
	free(link->server_name);
	*link = (struct service_link){ .service = s, .id = link->id, .next_free = s->free_link };
	s->free_link = link->id;
	s->n_open--;
}

void
rsp_service_link_close(struct service_link *link, bool flush)
{
	rsp_channel_close(link->channel, flush);
}

void
rsp_service_link_know(const struct service_link *link, const struct rsp_stream_auth *auth)
{
	struct rsp_listener *listener = link->service->port[link->port].listener;

	if (link->dialled && auth->secure && listener)
		rsp_listener_know(listener, &auth->remote);
}

void
rsp_service_link_record(const struct service_link *link, enum rsp_event_kind kind, uint8_t message_type,
			enum rsp_reason reason, const struct rsp_why *why)
{
	const struct rsp_stream_auth *auth = rsp_channel_auth(link->channel);
	struct rsp_event event = {
		.kind = kind,
		.protocol = link->port == RSP_SERVE_ENRP ? RSP_ENRP : RSP_ASAP,
		.message_type = message_type,
		.cause = RSP_CAUSE_NONE,
		.reason = reason,
		.why = why,
		.identity = auth->identity,
		.role = auth->role,
		.remote = auth->remote,
		.remote_port = auth->remote_port,
	};

	link->service->config.record(link->service->config.ctx, &event);
}

/* As rsp_message_frame(). At a port for plain text a TLS handshake record (RFC 8446 s.5.1) begins no message, although
 * its octets could be a length. */
static size_t
frame_plain(struct rsp_bytes octets)
{
	return octets.n >= 2 && octets.p[0] == 0x16 && octets.p[1] == 3 ? SIZE_MAX : rsp_message_frame(octets);
}

static struct rsp_channel_params
params_of(struct service_link *link, bool secure)
{
	struct rsp_registrar_service *s = link->service;

	return (struct rsp_channel_params){
		.frame = secure ? rsp_message_frame : frame_plain,
		.ppid = link->port == RSP_SERVE_ENRP ? RSP_PPID_ENRP : RSP_PPID_ASAP,
		.trace = s->config.trace,
		.events = s->link_events,
		.ctx = link,
	};
}

struct service_link *
rsp_service_link_accept(struct rsp_registrar_service *s, struct rsp_stream *stream,
			enum rsp_registrar_service_port port)
{
	struct service_link *link = link_new(s, port);

	if (!link) {
		rsp_channel_reject(stream);
		return NULL;
	}
	struct rsp_channel_params params = params_of(link, rsp_stream_auth(stream)->secure);
	if (rsp_channel_accept(s->loop, &params, stream, &link->channel)) {
		rsp_service_link_free(link);
		return NULL;
	}
	return link;
}

/* The host of the registrar @name in the configuration; NULL: not in the configuration. */
static const char *
host_of(const struct rsp_registrar_service *s, const char *name)
{
	for (unsigned i = 0; name && i < s->config.n_contacts; i++)
		if (strcmp(s->contacts[i].name, name) == 0)
			return s->contacts[i].host;
	return NULL;
}

static bool
begin(struct service_link *link, const struct rsp_dial *to)
{
	struct rsp_registrar_service *s = link->service;
	const struct rsp_registrar_config *engine = &s->config.engine;
	/* for the lookup of a name, and for all of its addresses */
	uint32_t timeout_ms =
		link->port == RSP_SERVE_ENRP ? engine->max_time_no_response_ms : engine->keepalive_timeout_ms;
	struct rsp_sockaddr at = rsp_sockaddr_of(&to->ip, to->port);
	struct rsp_connect_params connect = {
		.dial = {
			.carrier = to->carrier,
			.tls = s->tls,
			.role = to->role,
			.server_name = link->server_name,
			.queue_max = s->config.limits.queue_max,
			.timeout_ms = timeout_ms,
		},
		.lookup_ms = timeout_ms,
		.port = to->port,
	};
	struct rsp_channel_params params = params_of(link, s->tls != NULL);

	if (to->ip.family) {
		connect.to = &at;
		connect.n = 1;
	} else {
		connect.host = host_of(s, to->server_name);
		if (!connect.host)
			return false;
	}
	return rsp_channel_dial(s->loop, &params, &connect, &link->channel) == RSP_OK;
}

uint32_t
rsp_service_link_dial(void *ctx, const struct rsp_dial *to)
{
	struct rsp_registrar_service *s = ctx;
	struct service_link *link =
		s->left ? NULL : link_new(s, to->protocol == RSP_ENRP ? RSP_SERVE_ENRP : RSP_SERVE_ASAP);

	if (!link)
		return 0;
	link->dialled = true;
	link->server_name = to->server_name ? strdup(to->server_name) : NULL;
	if ((to->server_name && !link->server_name) || !begin(link, to)) {
		rsp_service_link_free(link);
		return 0;
	}
	link->known = true;
	return link->id;
}
