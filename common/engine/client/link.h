#ifndef RSP_ENGINE_CLIENT_LINK_H
#define RSP_ENGINE_CLIENT_LINK_H

#include "engine/client/core.h"

/* Connections: those that we dial, those that registrars open to us, and which of them leads to the home. */

#define CLIENT_NOTIFY_MAX 16 /* connections that registrars opened to us */
#define CLIENT_NAME_MAX 128
#define CLIENT_CLOSED_MAX 8 /* slots for links that ended in this turn */
#define CLIENT_LINKS_MAX (RSP_CLIENT_ATTEMPTS_MAX + CLIENT_NOTIFY_MAX + CLIENT_CLOSED_MAX)
#define CLIENT_NO_CANDIDATE UINT32_MAX

struct client_link {
	uint32_t id; /* the runner's number; 0: the dial failed at once */
	enum client_link_state state;
	uint32_t candidate; /* number of the address that we dialled; CLIENT_NO_CANDIDATE: the registrar dialled us */
	unsigned n_bad;	    /* malformed or unexpected messages */
	uint32_t server_id; /* of the registrar; 0 before its first keep-alive */
	uint64_t dialled_ms;
	uint64_t up_ms;
	/* Keep-alives of this registrar: when the last one came, the longest time between two, and how many there
	 * were. */
	uint64_t keepalive_ms, longest_ms;
	unsigned n_keepalives;
	struct rsp_ip local;
	char name[CLIENT_NAME_MAX]; /* of the registrar; "": unknown */

	struct client_news news;
	bool attempt_ended; /* the news: the attempt ended at @step, because of @why (.err RSP_OK: it is up) */
	enum rsp_client_step step;
	struct rsp_why why;
};

struct client_links {
	struct client_core *core;
	struct client_link slot[CLIENT_LINKS_MAX];
	struct client_link *home;	/* NULL: none */
	struct client_link *told_home;	/* the home that the runner knows of: events name it */
	struct client_link *settled_home; /* the home that elements and lookups know of: settle() compares */
	uint64_t homes;			/* how many homes there were; the number of the current one */
};

void rsp_client_link_init(struct client_links *links, struct client_core *core);

/** A free slot in the state @state. NULL: there is none. */
struct client_link *rsp_client_link_new(struct client_links *links, uint32_t id, enum client_link_state state);
/** The open or dialled link with the number @id. NULL: there is none. */
struct client_link *rsp_client_link_find(struct client_links *links, uint32_t id);
/** A dialled link that is not up. */
bool rsp_client_link_is_attempt(const struct client_link *link);
/** Whether an open or dialled link uses the address with the number @candidate. */
bool rsp_client_link_uses(const struct client_links *links, uint32_t candidate);
/** Open and dialled links. */
unsigned rsp_client_link_count(const struct client_links *links);

/** @link, which we dialled, is up. */
void rsp_client_link_rise(struct client_links *links, struct client_link *link, const struct rsp_link_info *info);
/** A registrar has dialled our listener. We close its connection at once if we do not listen, or if it may not act as a
 * registrar. If there are CLIENT_NOTIFY_MAX such connections, we first close the oldest one that is not the home's: a
 * registrar can leave half-open connections behind. */
void rsp_client_link_accept(struct client_links *links, uint32_t id, const struct rsp_link_info *info);
/** Have the runner close @link. Its slot is free after the turn. */
void rsp_client_link_close(struct client_links *links, struct client_link *link);
/** As rsp_client_link_close(), for a link that the runner said is down. */
void rsp_client_link_lost(struct client_links *links, struct client_link *link);
/** Free the slots of closed links without news. For settle(). */
void rsp_client_link_reap(struct client_links *links);

/** Set the name of @link; NULL: "". Truncated to the field. */
void rsp_client_link_set_name(struct client_link *link, const char *name);

/** An event of @type that names the home. */
struct rsp_client_event rsp_client_link_event(const struct client_links *links, enum rsp_client_event_type type);
/** Let @event name @link instead. */
void rsp_client_link_event_from(struct rsp_client_event *event, const struct client_link *link);

#endif
