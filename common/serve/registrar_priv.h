#ifndef RSP_SERVE_REGISTRAR_PRIV_H
#define RSP_SERVE_REGISTRAR_PRIV_H

#include "keys/name.h"
#include "net/loop.h"
#include "net/race.h"
#include "serve/registrar.h"

/* What the files of the registrar's service share. registrar.c: the service, its listeners, what comes in.
 * registrar_link.c: connections and dialling. */

/* One of our listeners: what an accepted stream is given as its context. */
struct serve_port {
	struct rsp_serve *service;
	enum rsp_serve_port kind;
	struct rsp_listener *listener;
};

/* A connection, or the way to one. Its number is the place of its slot, from 1. */
struct serve_link {
	struct rsp_serve *service;
	bool used;
	struct rsp_stream *stream; /* NULL: not connected yet, or the slot is free */
	enum rsp_serve_port port;
	uint32_t id, next_free;
	bool known;   /* to the engine */
	bool closing; /* we close it: what still comes in is not looked at */
	bool open;
	bool dialled; /* by us */
	uint64_t partial_ms; /* when the message that is not complete yet began; 0: there is none */

	/* dialled */
	enum rsp_role role;
	char *server_name;
	struct rsp_lookup *lookup; /* then */
	struct rsp_race *race;	   /* then it has its stream */
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
	bool sweeping, told_ready;
	struct serve_port port[RSP_SERVE_COUNT];
	struct rsp_serve_contact *contacts;

	struct serve_link **links;
	uint32_t n_links, links_room, n_open;
	uint32_t free_link; /* a number, 0: none */

	void (*left)(void *ctx);
	struct rsp_defer leave, ready;
};

/** After the engine has been called: when does it want to be called next? */
void serve_arm(struct rsp_serve *s);

/* registrar_link.c */

struct serve_link *serve_link_of(const struct rsp_serve *s, uint32_t id);
/** A slot for one more connection; NULL: out of memory. The listeners' and the engine's limits are its cap. */
struct serve_link *serve_link_new(struct rsp_serve *s, struct rsp_stream *stream, enum rsp_serve_port port);
void serve_link_free(struct serve_link *link);
void serve_link_close(struct serve_link *link, bool flush);
/** Whom we reached by dialling may dial us, from the same address: its handshakes are served from the reserve, too. */
void serve_link_know(const struct serve_link *link, const struct rsp_stream_auth *auth);
/** The engine's dial. */
uint32_t serve_link_dial(void *ctx, const struct rsp_dial *to);
/** What a dialled stream tells: registrar.c. */
extern const struct rsp_stream_events serve_dialled;
/** Tell the engine that @link, which is gone then, is down. */
void serve_link_down(struct serve_link *link, const struct rsp_why *why);
/** @link was dialled and did not come to be. */
void serve_link_failed(struct serve_link *link, const struct rsp_why *why);

#endif
