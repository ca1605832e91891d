#ifndef RSP_SERVE_CLIENT_PRIV_H
#define RSP_SERVE_CLIENT_PRIV_H

#include "net/addr.h"
#include "net/announce.h"
#include "net/loop.h"
#include "net/race.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/trace.h"
#include "serve/client.h"

/* What the files of the session share. client.c: the session and the engine's side. client_link.c: connections.
 * client_servers.c: whom to ask. client_discover.c: announcements. */

/** A connection, or the way to one. */
struct session_link {
	struct session_link *next;
	struct rsp_session *s;
	uint32_t id;
	unsigned server;
	uint16_t port;
	enum rsp_role role;
	enum rsp_carrier carrier;
	bool accepted;	   /* it dialled us */
	bool any;	   /* whichever registrar of the scope it is */
	char *server_name; /* then what its address is called */

	struct rsp_lookup *lookup; /* then */
	struct rsp_race *race;	   /* then */
	struct rsp_stream *stream;
	bool reached;	    /* the connection came about, so what failed is the handshake */
	bool open, failed;  /* @failed: the engine has to be told, as @why has it */
	struct rsp_why why; /* of the newest failure */
};

/** A server of the list, and further addresses of it that the engine does not know of. */
struct session_server {
	char host[RSP_HOST_MAX + 1], name[256];
	uint16_t port;
	struct rsp_ip more[RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_more;
};

struct rsp_session {
	struct rsp_loop *loop;
	struct rsp_session_config config;
	rsp_session_event *event;
	void *ctx;
	struct rsp_client *engine;
	struct rsp_tls *tls;
	struct rsp_alarm *alarm;
	uint64_t alarm_ms;
	struct rsp_defer defer;
	struct session_link *links;
	uint32_t last_id;
	struct rsp_listener *listener;
	struct session_server *servers;
	unsigned n_servers;
	struct rsp_announce_listener *ears[RSP_SESSION_DISCOVER_MAX];
};

/** Let the alarm ring when the engine wants to. After every call into it. */
void rsp_session_settle(struct rsp_session *s);

/* client_link.c */
uint32_t rsp_session_link_dial(struct rsp_session *s, const struct rsp_dial *to, unsigned server);
void rsp_session_link_send(struct rsp_session *s, uint32_t id, struct rsp_bytes message);
void rsp_session_link_close(struct rsp_session *s, uint32_t id);
/** How far the link, which is not open yet, has come. */
enum rsp_client_step rsp_session_link_step(const struct rsp_session *s, uint32_t id);
struct session_link *rsp_session_link_find(const struct rsp_session *s, uint32_t id);
/** Tell the engine of links that failed while it was not to be told. */
void rsp_session_links_failed(struct rsp_session *s);
/** Let links fail to registrars with which we share no key any more. */
void rsp_session_links_review(struct rsp_session *s);
void rsp_session_links_done(struct rsp_session *s);
enum rsp_err rsp_session_listen(struct rsp_session *s, struct rsp_why *why) RSP_NODISCARD;

/* client_discover.c */
/** Begin to listen for announcements, if the configuration says so. */
enum rsp_err rsp_session_discover(struct rsp_session *s, struct rsp_why *why) RSP_NODISCARD;
void rsp_session_discover_done(struct rsp_session *s);
/** Fill @ret, of RSP_CLIENT_REGISTRARS_MAX entries, with the scope's registrars and their addresses; how many. */
unsigned rsp_session_registrars(const struct rsp_session *s, struct rsp_client_server *ret);

/* client_servers.c */
/** Fill @ret, of RSP_CLIENT_SERVERS_MAX entries, from the configuration; its strings live in s->servers. */
enum rsp_err rsp_session_servers(struct rsp_session *s, struct rsp_client_server *ret,
				 struct rsp_why *why) RSP_NODISCARD;
/** Where the registrar @name listens for ASAP, as far as we were told; else "". */
void rsp_session_where(const struct rsp_session *s, const char *name, char out[static RSP_ENDPOINT_TEXT_MAX]);

#endif
