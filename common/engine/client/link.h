#ifndef RSP_ENGINE_CLIENT_LINK_H
#define RSP_ENGINE_CLIENT_LINK_H

#include "engine/client/core.h"

/* Links: connections that the client dials, and connections that registrars open to
 * the client. One of them leads to the home. */

#define CLIENT_NOTIFY_MAX 16 /* most connections that registrars opened to the client */
#define CLIENT_NAME_MAX 128
#define CLIENT_CLOSED_MAX 8 /* slots for links that closed in this turn */
#define CLIENT_LINKS_MAX (RSP_CLIENT_ATTEMPTS_MAX + CLIENT_NOTIFY_MAX + CLIENT_CLOSED_MAX)
#define CLIENT_NO_CANDIDATE UINT32_MAX

struct client_link {
	uint32_t id; /* the number from the runner; 0: the dial failed at once */
	enum client_link_state state;
	/* number of the candidate that was dialled; CLIENT_NO_CANDIDATE: the registrar
	 * dialled this client, or the candidate was removed */
	uint32_t candidate;
	unsigned n_bad;	    /* malformed or unexpected messages received */
	uint32_t server_id; /* server id of the registrar; 0 before its first keep-alive */
	uint64_t dialled_ms;
	uint64_t up_ms;
	uint64_t heard_ms; /* when the last message arrived; before the first one, @up_ms */
	/* Keep-alives over this link: when the last one arrived, the longest time between two, and their number. */
	uint64_t keepalive_ms, longest_ms;
	unsigned n_keepalives;
	/* the longest time between two to one element, and the number of such times: with several elements, others come in between */
	uint64_t interval_ms;
	unsigned n_intervals;
	bool numbered; /* the registrar has sent a keep-alive with RSP_PARAM_EPOCH */
	struct rsp_ip local;
	char name[CLIENT_NAME_MAX]; /* name of the registrar; "": unknown */

	struct client_news news;
	bool attempt_ended; /* to report: the attempt ended at @step, because of @why (.err RSP_OK: it succeeded) */
	enum rsp_client_step step;
	struct rsp_why why;
};

struct client_links {
	struct client_core *core;
	struct client_link slot[CLIENT_LINKS_MAX];
	struct client_link *home;	/* NULL: none */
	struct client_link *told_home;	/* the home that was last reported to the runner: events name it */
	struct client_link *settled_home; /* the home that elements and lookups use: settle() compares it with @home */
	/* how many homes there have been; this is also the number of the current home */
	uint64_t homes;
};

void rsp_client_link_init(struct client_links *links, struct client_core *core);

/** Use a free slot for a link in @state. NULL: no slot is free. */
struct client_link *rsp_client_link_new(struct client_links *links, uint32_t id, enum client_link_state state);
/** Find the link with the number @id that is DIALLED or UP. NULL: there is none. */
struct client_link *rsp_client_link_find(struct client_links *links, uint32_t id);
/** Whether @link is an attempt: dialled, but not up yet. */
bool rsp_client_link_is_attempt(const struct client_link *link);
/** Whether a link that is DIALLED or UP uses the candidate with the number @candidate. */
bool rsp_client_link_uses(const struct client_links *links, uint32_t candidate);
/** The number of links that are DIALLED or UP. */
unsigned rsp_client_link_count(const struct client_links *links);

/** The attempt @link succeeded: it is UP. */
void rsp_client_link_rise(struct client_links *links, struct client_link *link, const struct rsp_link_info *info);
/**
 * A registrar has connected to the listener of this client. Close its connection at once if this client does not
 * listen, or if the other side may not act as a registrar. If there are CLIENT_NOTIFY_MAX such connections, first close
 * the oldest one that is not the home: a registrar can leave half-open connections behind.
 */
void rsp_client_link_accept(struct client_links *links, uint32_t id, const struct rsp_link_info *info);
/** Close @link. Its slot becomes free at the end of the turn. */
void rsp_client_link_close(struct client_links *links, struct client_link *link);
/** As rsp_client_link_close(), for a link that the runner reported as down. */
void rsp_client_link_lost(struct client_links *links, struct client_link *link);
/** Free the slots of closed links whose news were reported. Called by settle(). */
void rsp_client_link_reap(struct client_links *links);

/** Set the name of @link, truncated to the field. NULL: "". */
void rsp_client_link_set_name(struct client_link *link, const char *name);

/** Make an event of @type that names the home. */
struct rsp_client_event rsp_client_link_event(const struct client_links *links, enum rsp_client_event_type type);
/** Let @event name the registrar of @link instead. */
void rsp_client_link_event_from(struct rsp_client_event *event, const struct client_link *link);

#endif
