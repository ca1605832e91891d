#ifndef RSP_REGISTRAR_SUBSCRIPTION_H
#define RSP_REGISTRAR_SUBSCRIPTION_H

#include "engine/registrar/link.h"

/* Links that are sent a new answer when their pool changes: RFC 5352 s.2.2.5. */

#define RSP_SUBSCRIPTIONS_MAX (1U << 20) /* of all links */

struct rsp_subscription {
	LIST_ENTRY(rsp_subscription) of_pool;
	LIST_ENTRY(rsp_subscription) of_link;
	struct rsp_link *link;
	struct rsp_watched_pool *watched;
	uint32_t items; /* elements in an answer */
};

/** A pool with subscriptions: pool->watchers. */
struct rsp_watched_pool {
	struct rsp_timer timer; /* in core->push: when the next update is sent; set while the pool has changed */
	struct rsp_pool *pool;
	struct rsp_subscription_list subscriptions;
	uint64_t pushed_ms; /* when the last update was sent; 0: none was */
};

/** Subscribe @link to @pool, or change its number of items. False: there is no room; RFC 5352 s.2.2.6 has an answer say
 * so. */
bool rsp_subscription_make(struct rsp_core *core, struct rsp_link *link, struct rsp_pool *pool, uint32_t items);

void rsp_subscription_end(struct rsp_core *core, struct rsp_subscription *subscription);

/** End all subscriptions of @link. */
void rsp_subscription_link_down(struct rsp_core *core, struct rsp_link *link);

/** @pool has changed: its subscribers are sent an update in time. */
void rsp_subscription_pool_changed(struct rsp_core *core, struct rsp_pool *pool);

#endif
