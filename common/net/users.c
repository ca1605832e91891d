#include "net/users.h"

#include "base/clock.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "net/stream_priv.h"

static enum rsp_listener_use
use_of(const struct rsp_users *users, const struct rsp_accepted *a)
{
	return users->params->use ? users->params->use(rsp_stream_ctx(a->stream), a->stream) : RSP_USE_NONE;
}

static void
on_idle(void *ctx)
{
	struct rsp_users *users = ctx;
	uint32_t idle_ms = users->params->limits.idle_ms;
	uint64_t now_ms = rsp_clock_ms();
	struct rsp_accepted *a;

	/* rsp_users_heard() moves a user that is in use to the end of the list, so this loop ends. */
	while ((a = TAILQ_FIRST(&users->all)) && a->active_ms + idle_ms <= now_ms) {
		struct rsp_stream *stream = a->stream;

		if (use_of(users, a) != RSP_USE_NONE) {
			rsp_users_heard(users, a);
			continue;
		}
		users->stats->idle++;
		rsp_stream_close(stream, false); /* which frees @a */
		rsp_stream_drop(stream);         /* rsp_stream_close() does not free a stream that was closing before */
	}
	if (a)
		rsp_alarm_set(users->idle, a->active_ms + idle_ms);
}

enum rsp_err
rsp_users_init(struct rsp_users *users, struct rsp_loop *loop, const struct rsp_listener_params *params,
	       struct rsp_listener_stats *stats)
{
	*users = (struct rsp_users){ .params = params, .stats = stats };
	TAILQ_INIT(&users->all);
	TAILQ_INIT(&users->crowd);
	return rsp_alarm_new(loop, on_idle, users, &users->idle);
}

void
rsp_users_done(struct rsp_users *users)
{
	rsp_alarm_free(users->idle);
	users->idle = NULL;
}

uint32_t
rsp_users_max(const struct rsp_listener_limits *limits)
{
	uint32_t reserve = limits->connections / 4;

	return limits->connections - reserve;
}

enum rsp_err
rsp_users_add(struct rsp_users *users, struct rsp_accepted *a)
{
	struct rsp_source *source = a->source;

	if (users->n >= rsp_users_max(&users->params->limits) && !rsp_users_evict(users, source, source->n_users))
		return RSP_ELIMIT;
	a->state = RSP_ACCEPTED_USER;
	a->active_ms = rsp_clock_ms();
	TAILQ_INSERT_TAIL(&users->all, a, resting);
	TAILQ_INSERT_TAIL(&source->users, a, siblings);
	if (source->n_users++ == 0)
		TAILQ_INSERT_TAIL(&users->crowd, source, crowd);
	if (users->n++ == 0)
		rsp_alarm_in(users->idle, users->params->limits.idle_ms);
	return RSP_OK;
}

void
rsp_users_remove(struct rsp_users *users, struct rsp_accepted *a)
{
	struct rsp_source *source = a->source;

	if (a->state != RSP_ACCEPTED_USER)
		return;
	a->state = RSP_ACCEPTED_NEW;
	TAILQ_REMOVE(&users->all, a, resting);
	TAILQ_REMOVE(&source->users, a, siblings);
	if (--source->n_users == 0)
		TAILQ_REMOVE(&users->crowd, source, crowd);
	users->n--;
}

void
rsp_users_heard(struct rsp_users *users, struct rsp_accepted *a)
{
	if (a->state != RSP_ACCEPTED_USER)
		return;
	a->active_ms = rsp_clock_ms();
	TAILQ_REMOVE(&users->all, a, resting);
	TAILQ_INSERT_TAIL(&users->all, a, resting);
	TAILQ_REMOVE(&a->source->users, a, siblings);
	TAILQ_INSERT_TAIL(&a->source->users, a, siblings);
}

/* Of the users of @source, the longest idle one, preferably one that watches no pool. */
static struct rsp_accepted *
idlest(const struct rsp_users *users, const struct rsp_source *source)
{
	struct rsp_accepted *a, *watcher = NULL;

	TAILQ_FOREACH(a, &source->users, siblings)
	{
		enum rsp_listener_use use = use_of(users, a);

		if (use == RSP_USE_NONE)
			return a;
		if (use == RSP_USE_WATCH && !watcher)
			watcher = a;
	}
	return watcher;
}

bool
rsp_users_evict(struct rsp_users *users, const struct rsp_source *source, uint32_t n)
{
	struct rsp_source *each, *most = NULL;
	struct rsp_accepted *victim = NULL;

	TAILQ_FOREACH(each, &users->crowd, crowd)
	if (!most || each->n_users > most->n_users)
		most = each;
	if (most && (most == source || most->n_users > n))
		victim = idlest(users, most);
	if (!victim)
		return false;
	users->stats->evicted++;
	struct rsp_stream *stream = victim->stream;
	rsp_stream_fail(stream, RSP_ELIMIT, "too many connections of users: this one was idle for the longest time, and makes room (--max-connections)");
	rsp_stream_drop(stream);
	return true;
}
