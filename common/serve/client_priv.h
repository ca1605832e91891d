#ifndef RSP_SERVE_CLIENT_PRIV_H
#define RSP_SERVE_CLIENT_PRIV_H

#include <sys/queue.h>

#include "net/addr.h"
#include "net/announce.h"
#include "net/channel.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/trace.h"
#include "serve/client.h"

/* What the files of the session share. client_link.c: connections. client_servers.c: which registrars to ask.
 * client_discover.c: announcements. client.c, which calls them: the session, and the engine's side. */

/** A connection, or the way to one. */
struct session_link {
	LIST_ENTRY(session_link) entry;
	struct rsp_session *s;
	struct rsp_channel *channel;
	uint32_t id;
	bool accepted;     /* the registrar has dialled us */
	char *server_name; /* of the registrar; its address if any registrar of the scope may answer */
};

LIST_HEAD(session_links, session_link);

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
	struct rsp_alarm *alarm;  /* the engine's deadline */
	uint64_t alarm_ms;        /* what it is set to */
	struct rsp_defer settle;  /* sets it, once in a turn */
	struct session_links links;
	uint32_t last_id;
	struct rsp_listener *listener;
	struct session_server *servers;
	unsigned n_servers;
	struct rsp_announce_listener *announce_listeners[RSP_SESSION_DISCOVER_MAX];
};

/** After a call into the engine: have its deadline set at the end of this turn. */
static inline void
session_settle(struct rsp_session *s)
{
	rsp_defer_ask(s->loop, &s->settle);
}

/* client_link.c */

/** The engine's dial: a link's number, or 0 without memory. */
uint32_t rsp_session_link_dial(struct rsp_session *s, const struct rsp_dial *to, unsigned server);
void rsp_session_link_send(struct rsp_session *s, uint32_t id, struct rsp_bytes message);
void rsp_session_link_close(struct rsp_session *s, uint32_t id);

/** How far the link, which is not open yet, has come. */
enum rsp_client_step rsp_session_link_step(const struct rsp_session *s, uint32_t id);
struct session_link *rsp_session_link_find(const struct rsp_session *s, uint32_t id);

/** Let links fail to registrars with which this node shares no key any more. */
void rsp_session_links_review(struct rsp_session *s);

/** Free all links. */
void rsp_session_links_done(struct rsp_session *s);

/** Listen for registrars that dial us. */
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

/** Where the registrar @name listens for ASAP, as the configuration says; "" if it does not. */
void rsp_session_where(const struct rsp_session *s, const char *name, char out[static RSP_ENDPOINT_TEXT_MAX]);

#endif
