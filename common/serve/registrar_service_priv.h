#ifndef RSP_SERVE_REGISTRAR_SERVICE_PRIV_H
#define RSP_SERVE_REGISTRAR_SERVICE_PRIV_H

#include "keys/name.h"
#include "net/channel.h"
#include "net/loop.h"
#include "serve/registrar_service.h"

/* What the files of the registrar's service share. Each calls only those that come before it here: service_link.c:
 * connections and dialling. service_rights.c: keys and authorisations. registrar_service.c: the listeners, what
 * connections tell, the engine's calls. */

/* One of our listeners. */
struct service_port {
	struct rsp_registrar_service *service;
	enum rsp_registrar_service_port kind;
	struct rsp_listener *listener;
};

/* A connection, from the start of the dial on. Its number is the index of its slot, from 1. */
struct service_link {
	struct rsp_registrar_service *service;
	struct rsp_channel *channel; /* NULL: the slot is free */
	enum rsp_registrar_service_port port;
	uint32_t id, next_free;
	bool known;        /* the engine knows this link */
	bool dialled;      /* this registrar dialled */
	char *server_name; /* dialled: the name of the other side; NULL in plain text */
};

struct service_rights;

struct rsp_registrar_service {
	struct rsp_loop *loop;
	struct rsp_registrar_service_config config;
	char name[RSP_NAME_MAX + 1];
	const struct rsp_scope *scope;
	struct service_rights *rights; /* NULL: no keys, plain text */
	struct rsp_alarm *review;    /* rings when the next right ends */
	uint64_t rekey_end_ms;       /* until this time, connections whose key was replaced stay open */
	int64_t rights_end_ms;       /* the wall-clock time at which the next key or authorisation ends */
	struct rsp_tls *tls;
	struct rsp_registrar *engine;
	struct rsp_alarm *due;   /* the engine's deadline */
	struct rsp_defer arm;    /* sets @due to the engine's deadline, once in a turn */
	struct rsp_alarm *sweep; /* closes connections whose messages take too long; set while @sweeping */
	bool sweeping, told_ready;
	struct service_port port[RSP_SERVE_COUNT];
	struct rsp_registrar_service_contact *contacts;

	const struct rsp_channel_events *link_events; /* the events of all channels; the context is the link */
	struct service_link **links;
	uint32_t n_links, links_room, n_open;
	uint32_t free_link; /* the number of the first free slot; 0: none */

	void (*left)(void *ctx); /* set: the service is leaving */
	struct rsp_defer leave, ready;
};

/** To be called after each call into the engine: sets the alarm to its deadline at the end of this turn. */
static inline void
service_arm(struct rsp_registrar_service *s)
{
	rsp_defer_ask(s->loop, &s->arm);
}

/* service_link.c */

/** The link with the number @id; NULL: no such link. */
struct service_link *rsp_service_link_of(const struct rsp_registrar_service *s, uint32_t id);

/** A link for @stream, which the listener of @port has opened. NULL: out of memory, and the stream is closed. */
struct service_link *rsp_service_link_accept(struct rsp_registrar_service *s, struct rsp_stream *stream,
					     enum rsp_registrar_service_port port);

/** The dial of the engine's ops: the number of the new link; 0: it failed. */
uint32_t rsp_service_link_dial(void *ctx, const struct rsp_dial *to);

/** Close the connection of @link: down() of its events follows. */
void rsp_service_link_close(struct service_link *link, bool flush);

/** Free the slot of @link; its connection sends the queued output and closes by itself. */
void rsp_service_link_free(struct service_link *link);

/** Let handshakes from the address that @link has dialled use the reserve of our listener. */
void rsp_service_link_know(const struct service_link *link, const struct rsp_stream_auth *auth);

/**
 * Record an event of the service itself, not of the engine, about the connected @link. @why: see struct
 * rsp_event.
 */
void rsp_service_link_record(const struct service_link *link, enum rsp_event_kind kind, uint8_t message_type,
		       enum rsp_reason reason, const struct rsp_why *why);

/* service_rights.c */

/** Make the alarm that rings when a right ends. RSP_ENOMEM. */
enum rsp_err rsp_service_rights_init(struct rsp_registrar_service *s) RSP_NODISCARD;
void rsp_service_rights_done(struct rsp_registrar_service *s);

/**
 * Use the rights in @scope (NULL: no node has rights) from now on. RSP_ENOMEM: the old rights stay in force.
 */
enum rsp_err rsp_service_rights_take(struct rsp_registrar_service *s, const struct rsp_scope *scope) RSP_NODISCARD;

/** Check connections, elements and peers against the present rights, and end those that have none. */
void rsp_service_rights_review(struct rsp_registrar_service *s);

/** Set the callbacks with which the engine asks for rights. */
void rsp_service_rights_ask(struct rsp_registrar_config *engine);

/** Whether the key of the open @link is valid, or was replaced less than rekey_grace_ms ago. If not, record that. */
bool rsp_service_rights_hold(const struct service_link *link);

/** Whether authz.json allows the monitor @identity to read the handlespace. */
bool rsp_service_rights_may_look(const struct rsp_registrar_service *s, const char *identity);

#endif
