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

/* A connection, or the way to one. Its number is the place of its slot, from 1. */
struct service_link {
	struct rsp_registrar_service *service;
	struct rsp_channel *channel; /* NULL: the slot is free */
	enum rsp_registrar_service_port port;
	uint32_t id, next_free;
	bool known;        /* the engine knows it */
	bool dialled;      /* by us */
	char *server_name; /* dialled: the name of the other side; NULL in plain text */
};

struct service_rights;

struct rsp_registrar_service {
	struct rsp_loop *loop;
	struct rsp_registrar_service_config config;
	char name[RSP_NAME_MAX + 1];
	const struct rsp_scope *scope;
	struct service_rights *rights; /* NULL: there are no keys */
	struct rsp_alarm *review;    /* of rights that end */
	uint64_t rekey_end_ms;       /* until then connections stay whose key was replaced */
	int64_t rights_end_ms;       /* when the next key or authorisation ends, by the wall clock */
	struct rsp_tls *tls;
	struct rsp_registrar *engine;
	struct rsp_alarm *due;   /* the engine's deadline */
	struct rsp_defer arm;    /* sets @due, once in a turn */
	struct rsp_alarm *sweep; /* closes connections whose messages take too long; set while @sweeping */
	bool sweeping, told_ready;
	struct service_port port[RSP_SERVE_COUNT];
	struct rsp_registrar_service_contact *contacts;

	const struct rsp_channel_events *link_events; /* what connections call, with their link */
	struct service_link **links;
	uint32_t n_links, links_room, n_open;
	uint32_t free_link; /* the number of the first free slot; 0: there is none */

	void (*left)(void *ctx); /* set: we leave */
	struct rsp_defer leave, ready;
};

/** After a call into the engine: have its deadline set at the end of this turn. */
static inline void
service_arm(struct rsp_registrar_service *s)
{
	rsp_defer_ask(s->loop, &s->arm);
}

/* service_link.c */

/** The link with the number @id; NULL: there is none. */
struct service_link *rsp_service_link_of(const struct rsp_registrar_service *s, uint32_t id);

/** A link for @stream, which the listener of @port has opened. NULL: out of memory, and the stream is closed. */
struct service_link *rsp_service_link_accept(struct rsp_registrar_service *s, struct rsp_stream *stream,
					     enum rsp_registrar_service_port port);

/** The engine's dial: a link's number, or 0. */
uint32_t rsp_service_link_dial(void *ctx, const struct rsp_dial *to);

/** Close the connection of @link: down() of its events follows. */
void rsp_service_link_close(struct service_link *link, bool flush);

/** Free the slot of @link; its connection sends what is queued and closes by itself. */
void rsp_service_link_free(struct service_link *link);

/** Have handshakes from the address that @link has dialled served from the reserve of our listener. */
void rsp_service_link_know(const struct service_link *link, const struct rsp_stream_auth *auth);

/**
 * Record something of the service's own, not the engine's, about @link, which is connected. @why: see struct
 * rsp_event.
 */
void rsp_service_link_record(const struct service_link *link, enum rsp_event_kind kind, uint8_t message_type,
		       enum rsp_reason reason, const struct rsp_why *why);

/* service_rights.c */

/** Make the alarm for rights that end. RSP_ENOMEM. */
enum rsp_err rsp_service_rights_init(struct rsp_registrar_service *s) RSP_NODISCARD;
void rsp_service_rights_done(struct rsp_registrar_service *s);

/**
 * Take the rights of all nodes from @scope (NULL: there are none) from now on. RSP_ENOMEM: the old one stays in force.
 */
enum rsp_err rsp_service_rights_take(struct rsp_registrar_service *s, const struct rsp_scope *scope) RSP_NODISCARD;

/** Compare connections, elements and peers with the rights that were taken last. */
void rsp_service_rights_review(struct rsp_registrar_service *s);

/** Fill in the engine's questions about rights. */
void rsp_service_rights_ask(struct rsp_registrar_config *engine);

/** Whether the key of @link, which is open, is in force, or was replaced lately. If not, that is recorded. */
bool rsp_service_rights_hold(const struct service_link *link);

/** Whether authz.json lets the monitor @identity look. */
bool rsp_service_rights_may_look(const struct rsp_registrar_service *s, const char *identity);

#endif
