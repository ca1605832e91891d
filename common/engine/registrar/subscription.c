#include "engine/registrar/subscription.h"

#include <stdlib.h>

static struct rsp_subscription *
find_subscription(const struct rsp_link *link, const struct rsp_watched_pool *watched)
{
	struct rsp_subscription *s;

	LIST_FOREACH(s, &link->subscriptions, of_link)
		if (s->watched == watched)
			return s;
	return NULL;
}

bool
rsp_subscription_make(struct rsp_core *core, struct rsp_link *link, struct rsp_pool *pool, uint32_t items)
{
	struct rsp_watched_pool *watched = pool->watchers;
	struct rsp_subscription *s = watched ? find_subscription(link, watched) : NULL;

	if (s) {
		s->items = items;
		return true;
	}
	if (link->n_subscriptions >= core->config.max_subscriptions || core->n_subscriptions >= RSP_SUBSCRIPTIONS_MAX)
		return false;
	s = calloc(1, sizeof(*s));
	if (s && !watched)
		watched = calloc(1, sizeof(*watched));
	if (!s || !watched) {
		free(s);
		return false;
	}
	watched->pool = pool;
	pool->watchers = watched;
	*s = (struct rsp_subscription){ .link = link, .watched = watched, .items = items };
	LIST_INSERT_HEAD(&watched->subscriptions, s, of_pool);
	LIST_INSERT_HEAD(&link->subscriptions, s, of_link);
	link->n_subscriptions++;
	core->n_subscriptions++;
	return true;
}

void
rsp_subscription_end(struct rsp_core *core, struct rsp_subscription *s)
{
	struct rsp_watched_pool *watched = s->watched;

	LIST_REMOVE(s, of_pool);
	LIST_REMOVE(s, of_link);
	s->link->n_subscriptions--;
	core->n_subscriptions--;
	free(s);
	if (!LIST_EMPTY(&watched->subscriptions))
		return;
	rsp_wheel_cancel(&core->push, &watched->timer);
	watched->pool->watchers = NULL;
	free(watched);
}

void
rsp_subscription_link_down(struct rsp_core *core, struct rsp_link *link)
{
	while (!LIST_EMPTY(&link->subscriptions))
		rsp_subscription_end(core, LIST_FIRST(&link->subscriptions));
}

void
rsp_subscription_pool_changed(struct rsp_core *core, struct rsp_pool *pool)
{
	struct rsp_watched_pool *watched = pool->watchers;

	if (!watched || rsp_timer_is_set(&watched->timer))
		return;
	uint64_t earliest = watched->pushed_ms ? watched->pushed_ms + core->config.push_distance_ms : core->now_ms;
	rsp_wheel_set(&core->push, &watched->timer, earliest > core->now_ms ? earliest : core->now_ms);
}
