#ifndef RSP_SERVE_ASAP_CLIENT_PRIV_H
#define RSP_SERVE_ASAP_CLIENT_PRIV_H

#include <sys/queue.h>

#include "net/sockaddr.h"
#include "net/announce.h"
#include "net/channel.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/trace.h"
#include "serve/asap_client.h"

/* What the files of the client share. asap_client_link.c: connections. asap_client_servers.c: the registrars to ask.
 * asap_client_discover.c: announcements. asap_client.c, which calls them: the rest. */

/** A connection, from the start of the dial on. */
struct asap_client_link {
	LIST_ENTRY(asap_client_link) entry;
	struct rsp_asap_client *s;
	struct rsp_channel *channel;
	uint32_t id;
	bool accepted;     /* the registrar has dialled us */
	char *server_name; /* the name of the registrar; its address if any registrar of the scope may answer */
};

LIST_HEAD(asap_client_links, asap_client_link);

/** A server of the list, and its further addresses, which the engine does not know. */
struct asap_client_server {
	char host[RSP_HOST_MAX + 1], name[256];
	uint16_t port;
	struct rsp_ip more[RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_more;
};

struct rsp_asap_client {
	struct rsp_loop *loop;
	struct rsp_asap_client_config config;
	rsp_asap_client_event *event;
	void *ctx;
	struct rsp_client *engine;
	struct rsp_tls *tls;
	struct rsp_alarm *alarm;  /* the engine's deadline */
	uint64_t alarm_ms;        /* the time to which @alarm is set */
	struct rsp_defer settle;  /* sets @alarm, once in a turn */
	struct asap_client_links links;
	uint32_t last_id;
	struct rsp_listener *listener;
	struct asap_client_server *servers;
	unsigned n_servers;
	struct rsp_announce_listener *announce_listeners[RSP_ASAP_CLIENT_DISCOVER_MAX];
};

/** To be called after each call into the engine: sets the alarm to its deadline at the end of this turn. */
static inline void
asap_client_settle(struct rsp_asap_client *s)
{
	rsp_defer_ask(s->loop, &s->settle);
}

/* asap_client_link.c */

/** The dial of the engine's ops: the number of the new link; 0: out of memory. */
uint32_t rsp_asap_client_link_dial(struct rsp_asap_client *s, const struct rsp_dial *to, unsigned server);
void rsp_asap_client_link_send(struct rsp_asap_client *s, uint32_t id, struct rsp_bytes message);
void rsp_asap_client_link_close(struct rsp_asap_client *s, uint32_t id);

/** The step that the link @id, which is not open yet, has reached. */
enum rsp_client_step rsp_asap_client_link_step(const struct rsp_asap_client *s, uint32_t id);
struct asap_client_link *rsp_asap_client_link_find(const struct rsp_asap_client *s, uint32_t id);

/** End links to registrars with which this node has no valid key any more. */
void rsp_asap_client_link_review_all(struct rsp_asap_client *s);

/** Free all links. */
void rsp_asap_client_link_done_all(struct rsp_asap_client *s);

/** Listen for registrars that dial us. */
enum rsp_err rsp_asap_client_link_listen(struct rsp_asap_client *s, struct rsp_why *why) RSP_NODISCARD;

/* asap_client_discover.c */

/** Begin to listen for announcements, if the configuration says so. */
enum rsp_err rsp_asap_client_discover(struct rsp_asap_client *s, struct rsp_why *why) RSP_NODISCARD;
void rsp_asap_client_discover_done(struct rsp_asap_client *s);

/** Fill @ret, of RSP_CLIENT_REGISTRARS_MAX entries, with the scope's registrars and their addresses; how many. */
unsigned rsp_asap_client_discover_registrars(const struct rsp_asap_client *s, struct rsp_client_server *ret);

/* asap_client_servers.c */

/** Fill @ret, of RSP_CLIENT_SERVERS_MAX entries, from the configuration; its strings live in s->servers. */
enum rsp_err rsp_asap_client_servers(struct rsp_asap_client *s, struct rsp_client_server *ret,
				 struct rsp_why *why) RSP_NODISCARD;

/** The ASAP address of the registrar @name in the configuration; "": it has none. */
void rsp_asap_client_servers_where(const struct rsp_asap_client *s, const char *name,
				   char out[static RSP_ENDPOINT_TEXT_MAX]);

#endif
