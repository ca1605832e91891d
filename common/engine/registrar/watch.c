#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

static struct rsp_subscription *
subscription_of(const struct rsp_link *link, const struct rsp_watch *watch)
{
	struct rsp_subscription *s = watch ? link->subscriptions : NULL;

	while (s && s->watch != watch)
		s = s->link_next;
	return s;
}

void
rsp_subscription_end(struct rsp_registrar *r, struct rsp_subscription *s)
{
	struct rsp_watch *watch = s->watch;

	*s->pool_link = s->pool_next;
	if (s->pool_next)
		s->pool_next->pool_link = s->pool_link;
	*s->link_link = s->link_next;
	if (s->link_next)
		s->link_next->link_link = s->link_link;
	s->link->n_subscriptions--;
	r->n_subscriptions--;
	free(s);
	if (watch->subscriptions)
		return;
	rsp_wheel_cancel(&r->push, &watch->timer);
	watch->pool->watchers = NULL;
	free(watch);
}

/* Whether @link will be told of changes. RFC 5352 s.2.2.5, s.2.2.6: a registrar without room for it says so. */
bool
rsp_watch_subscribe(struct rsp_registrar *r, struct rsp_link *link, struct rsp_pool *pool, uint32_t items)
{
	struct rsp_watch *watch = pool->watchers;
	struct rsp_subscription *s = subscription_of(link, watch);

	if (s) {
		s->items = items;
		return true;
	}
	if (link->n_subscriptions >= r->config.max_subscriptions || r->n_subscriptions >= RSP_SUBSCRIPTIONS_MAX)
		return false;
	s = calloc(1, sizeof(*s));
	if (s && !watch)
		watch = calloc(1, sizeof(*watch));
	if (!s || !watch) {
		free(s);
		return false;
	}
	watch->pool = pool;
	pool->watchers = watch;
	*s = (struct rsp_subscription){ .link = link, .watch = watch, .items = items };
	s->pool_next = watch->subscriptions;
	s->pool_link = &watch->subscriptions;
	if (s->pool_next)
		s->pool_next->pool_link = &s->pool_next;
	watch->subscriptions = s;
	s->link_next = link->subscriptions;
	s->link_link = &link->subscriptions;
	if (s->link_next)
		s->link_next->link_link = &s->link_next;
	link->subscriptions = s;
	link->n_subscriptions++;
	r->n_subscriptions++;
	return true;
}

/* The pool has changed, or goes: then its watchers are told once more, and there is nothing to watch any longer. */
void
rsp_watch_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_pool *pool, bool gone)
{
	struct rsp_watch *watch = pool->watchers;

	if (!watch)
		return;
	if (!gone) {
		uint64_t earliest = watch->pushed_ms ? watch->pushed_ms + r->config.push_distance_ms : now_ms;

		if (!rsp_timer_is_set(&watch->timer))
			rsp_wheel_set(&r->push, &watch->timer, earliest > now_ms ? earliest : now_ms);
		return;
	}
	for (bool last = false; !last;) {
		struct rsp_subscription *s = watch->subscriptions;

		last = !s->pool_next;
		rsp_resolution_error(r, s->link, rsp_pool_handle(pool), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
		rsp_subscription_end(r, s);
	}
}
