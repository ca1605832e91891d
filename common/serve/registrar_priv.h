#ifndef RSP_SERVE_REGISTRAR_PRIV_H
#define RSP_SERVE_REGISTRAR_PRIV_H

#include "keys/name.h"
#include "net/loop.h"
#include "net/race.h"
#include "serve/registrar.h"

/* What the files of the registrar's service share. registrar.c: the service, its listeners, what comes in.
 * registrar_link.c: connections and dialling. registrar_rights.c: keys and authorisations. */

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
	enum rsp_carrier carrier;
	char *server_name;
	struct rsp_lookup *lookup; /* then */
	struct rsp_race *race;	   /* then it has its stream */
};

struct serve_rights;

struct rsp_serve {
	struct rsp_loop *loop;
	struct rsp_serve_config config;
	char name[RSP_NAME_MAX + 1];
	const struct rsp_scope *scope;
	struct serve_rights *rights; /* NULL: there are no keys */
	struct rsp_alarm *review; /* of rights that end */
	uint64_t rekey_end_ms; /* until then connections stay whose key was replaced */
	int64_t rights_end_ms; /* when the next key or authorisation ends, by the wall clock */
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

/** Record something of the service's own, not the engine's, about @link, whose stream is open. */
void serve_record(struct serve_link *link, enum rsp_event_kind kind, uint8_t message_type, const char *reason);

/* registrar_rights.c */

enum rsp_err serve_rights_init(struct rsp_serve *s) RSP_NODISCARD;
void serve_rights_done(struct rsp_serve *s);
/** Let @scope (NULL: none) say who may what from now on. RSP_ENOMEM: the old one goes on. */
enum rsp_err serve_rights_take(struct rsp_serve *s, const struct rsp_scope *scope) RSP_NODISCARD;
/** Hold what is there already against what was taken: connections, elements, peers. */
void serve_rights_review(struct rsp_serve *s);
/** Have the engine ask here. */
void serve_rights_ask(struct rsp_registrar_config *engine);
/** Whether the key of @link, whose stream is open, is in force, or was replaced lately. If not, that is recorded. */
bool serve_link_is_rightful(struct serve_link *link);
/** A monitor that authz.json does not list, or no longer, sees nothing. */
bool serve_may_look(const struct rsp_serve *s, const char *identity);

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
