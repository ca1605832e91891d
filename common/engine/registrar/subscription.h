#ifndef RSP_REGISTRAR_SUBSCRIPTION_H
#define RSP_REGISTRAR_SUBSCRIPTION_H

#include "engine/registrar/link.h"

/* Subscriptions: a subscribed link gets an update when its pool changes, RFC 5352 s.2.2.5. */

#define RSP_SUBSCRIPTIONS_MAX (1U << 20) /* subscriptions of all links */

struct rsp_subscription {
	LIST_ENTRY(rsp_subscription) of_pool;
	LIST_ENTRY(rsp_subscription) of_link;
	struct rsp_link *link;
	struct rsp_watched_pool *watched;
	uint32_t items; /* most elements in an update */
};

/** The subscriptions of one pool; pool->watchers points to it. */
struct rsp_watched_pool {
	/* in core->push: when the next update is sent. It is set while the pool has a change that was not sent */
	struct rsp_timer timer;
	struct rsp_pool *pool;
	struct rsp_subscription_list subscriptions;
	uint64_t pushed_ms; /* when the last update was sent; 0: never */
};

/** Subscribe @link to @pool, or change the number of elements of its subscription. False: a limit is reached, or no
 * memory; the answer then lacks the A bit (RFC 5352 s.2.2.6). */
bool rsp_subscription_make(struct rsp_core *core, struct rsp_link *link, struct rsp_pool *pool, uint32_t items);

void rsp_subscription_end(struct rsp_core *core, struct rsp_subscription *subscription);

/** End all subscriptions of @link. */
void rsp_subscription_link_down(struct rsp_core *core, struct rsp_link *link);

/** @pool has changed: send its subscribers an update, as soon as push_distance_ms allows. */
void rsp_subscription_pool_changed(struct rsp_core *core, struct rsp_pool *pool);

#endif
