#ifndef RSP_ENGINE_CLIENT_LOOKUP_H
#define RSP_ENGINE_CLIENT_LOOKUP_H

#include "engine/client/hunt.h"

/* A lookup is a resolution of a pool handle, once or as a watch: RFC 5352 s.3.3, s.3.7.2. */

struct client_lookup;
TAILQ_HEAD(client_lookup_list, client_lookup);

struct client_lookups {
	struct client_core *core;
	struct client_links *links;
	struct client_hunt *hunt;
	struct client_lookup_list all; /* without DEAD lookups */
	struct client_lookup_list work; /* lookups whose request is sent next */
	unsigned n_all;
	unsigned n_wanted; /* lookups whose caller waits for an answer */
};

void rsp_client_lookup_init(struct client_lookups *lookups, struct client_core *core, struct client_links *links,
			    struct client_hunt *hunt);
void rsp_client_lookup_done(struct client_lookups *lookups);

/** See rsp_client_resolve(). */
enum rsp_err rsp_client_lookup_resolve(struct client_lookups *lookups, struct rsp_bytes handle, uint32_t items,
				       bool watch) RSP_NODISCARD;
void rsp_client_lookup_unwatch(struct client_lookups *lookups, struct rsp_bytes handle);
/** Send the queued requests, as the window allows. There must be a home. */
void rsp_client_lookup_send_queued(struct client_lookups *lookups);
/** T1 or the poll timer of a lookup has expired. */
void rsp_client_lookup_due(struct client_lookups *lookups, struct client_timer *timer);
/** The home has sent an ASAP_HANDLE_RESOLUTION_RESPONSE. */
void rsp_client_lookup_answered(struct client_lookups *lookups, const struct rsp_message *msg);
/** The home has sent an ASAP_ERROR while one request has no answer. True: this
 * request is a resolution; the error is its answer. */
bool rsp_client_lookup_error(struct client_lookups *lookups, uint16_t cause);
/** There is a new home, which has no subscriptions: send all requests again. RFC 5352 s.2.2.5 */
void rsp_client_lookup_home_found(struct client_lookups *lookups);
void rsp_client_lookup_home_lost(struct client_lookups *lookups);
/** Report the news of a lookup, and free it if it is DEAD. Called by settle(). */
void rsp_client_lookup_tell(struct client_lookups *lookups, struct client_news *news);

#endif
