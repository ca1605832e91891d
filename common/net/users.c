#include "net/users.h"

#include "base/clock.h"
#include "net/stream_priv.h"

static enum rsp_stream_use
use_of(const struct rsp_users *users, struct rsp_stream *s)
{
	return users->params->use ? users->params->use(s->ctx, s) : RSP_USE_NONE;
}

static void
on_idle(void *ctx)
{
	struct rsp_users *users = ctx;
	uint32_t idle_ms = users->params->limits.idle_ms;
	uint64_t now_ms = rsp_clock_ms();
	struct rsp_stream *s;

	/* One that is heard here is active after @now_ms. */
	while ((s = TAILQ_FIRST(&users->all)) && s->active_ms + idle_ms <= now_ms) {
		if (use_of(users, s) != RSP_USE_NONE) {
			rsp_users_heard(users, s);
			continue;
		}
		users->stats->idle++;
		rsp_stream_close(s, false); /* takes it off the list */
		if (s == TAILQ_FIRST(&users->all))
			rsp_stream_drop(s);
	}
	if (s)
		rsp_alarm_set(users->idle, s->active_ms + idle_ms);
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
rsp_users_add(struct rsp_users *users, struct rsp_stream *s)
{
	struct rsp_source *source = s->source;

	if (users->n >= rsp_users_max(&users->params->limits) && !rsp_users_evict(users, source, source->n_users))
		return RSP_ELIMIT;
	s->user = true;
	s->active_ms = rsp_clock_ms();
	TAILQ_INSERT_TAIL(&users->all, s, resting);
	TAILQ_INSERT_TAIL(&source->users, s, waiting);
	if (source->n_users++ == 0)
		TAILQ_INSERT_TAIL(&users->crowd, source, crowd);
	if (users->n++ == 0)
		rsp_alarm_in(users->idle, users->params->limits.idle_ms);
	return RSP_OK;
}

void
rsp_users_remove(struct rsp_users *users, struct rsp_stream *s)
{
	struct rsp_source *source = s->source;

	if (!s->user)
		return;
	s->user = false;
	TAILQ_REMOVE(&users->all, s, resting);
	TAILQ_REMOVE(&source->users, s, waiting);
	if (--source->n_users == 0)
		TAILQ_REMOVE(&users->crowd, source, crowd);
	users->n--;
}

void
rsp_users_heard(struct rsp_users *users, struct rsp_stream *s)
{
	if (!s->user)
		return;
	s->active_ms = rsp_clock_ms();
	TAILQ_REMOVE(&users->all, s, resting);
	TAILQ_INSERT_TAIL(&users->all, s, resting);
	TAILQ_REMOVE(&s->source->users, s, waiting);
	TAILQ_INSERT_TAIL(&s->source->users, s, waiting);
}

/* Of the users of @source, the longest idle one, rather one that watches nothing. */
static struct rsp_stream *
idlest(const struct rsp_users *users, const struct rsp_source *source)
{
	struct rsp_stream *s, *watcher = NULL;

	TAILQ_FOREACH(s, &source->users, waiting)
	{
		enum rsp_stream_use use = use_of(users, s);

		if (use == RSP_USE_NONE)
			return s;
		if (use == RSP_USE_WATCH && !watcher)
			watcher = s;
	}
	return watcher;
}

bool
rsp_users_evict(struct rsp_users *users, const struct rsp_source *source, uint32_t n)
{
	struct rsp_source *each, *most = NULL;
	struct rsp_stream *victim = NULL;

	TAILQ_FOREACH(each, &users->crowd, crowd)
	if (!most || each->n_users > most->n_users)
		most = each;
	if (most && (most == source || most->n_users > n))
		victim = idlest(users, most);
	if (!victim)
		return false;
	users->stats->evicted++;
	rsp_stream_fail(victim, RSP_ELIMIT, "too many connections of users: the longest idle one makes room");
	rsp_stream_drop(victim);
	return true;
}
