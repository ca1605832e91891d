#include "net/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/alarm.h"
#include "net/bind_wait.h"
#include "net/loop_priv.h"
#include "net/poll.h"
#include "net/stream_priv.h"
#include "net/users.h"

#define ACCEPT_AT_ONCE 64  /* connections accepted in one turn; then open streams are served */
#define PAUSE_MS       100 /* pause in accepting after EMFILE or ENFILE */
#define FULL_AT        (16U << 10) /* with more octets of queued output a connection is not read */

struct rsp_listener {
	struct rsp_loop *loop;
	const struct rsp_carrier_ops *carrier;
	struct rsp_poll *poll;
	struct rsp_alarm *pause;
	int fd;
	bool busy, freed; /* @busy: inside accepting; freeing the listener then only sets @freed */
	struct rsp_listener_params params;
	struct rsp_sockaddr address;
	struct rsp_stream_events events;
	void *ctx;
	struct rsp_listener_stats stats;
	struct rsp_accepted_list accepted;
	struct rsp_sources sources;
	struct rsp_users users;
};

static void
accepted_free(struct rsp_accepted *a)
{
	LIST_REMOVE(a, entry);
	free(a);
}

/* Set the limits of a connection whose handshake is over. */
static void
set_limits(struct rsp_accepted *a, bool user, const struct rsp_stream_auth *auth)
{
	const struct rsp_listener_params *params = &a->listener->params;
	const struct rsp_listener_limits *limits = &params->limits;
	uint32_t queue_max = limits->queue_max;
	/* If two registrars both stopped reading, each would wait for the other for ever. */
	bool peer = params->service == RSP_TLS_NOTIFY ||
		    (params->service == RSP_TLS_ENRP && auth->role != RSP_ROLE_MONITOR);

	user = user && !peer;
	if (user && limits->user_queue_max < queue_max)
		queue_max = limits->user_queue_max;
	rsp_stream_limit(a->stream, queue_max, peer ? 0 : FULL_AT, !user);
}

static enum rsp_err
on_opened(void *owner, const struct rsp_stream_auth *auth)
{
	struct rsp_accepted *a = owner;
	struct rsp_listener *l = a->listener;
	/* Access to a Unix socket is restricted by the mode of its file, so its connections are no users. */
	bool user = l->params.at.ss.ss_family != AF_UNIX &&
		    (auth->role == RSP_ROLE_USER || auth->role == RSP_ROLE_NONE);

	rsp_source_shaken(&l->sources, a);
	if (user && rsp_users_add(&l->users, a))
		return RSP_ELIMIT;
	l->stats.handshakes--;
	l->stats.opened++;
	set_limits(a, user, auth);
	if (!user) {
		a->state = RSP_ACCEPTED_NAMED;
		a->source->n_named++;
		rsp_source_know(a->source, rsp_clock_ms());
	}
	return RSP_OK;
}

static void
on_heard(void *owner)
{
	struct rsp_accepted *a = owner;

	rsp_users_heard(&a->listener->users, a);
}

/* The connection was never opened: count it and tell the caller, unless the other side closed it before its first
 * octet. */
static void
on_refused(void *owner, bool heard, const struct rsp_why *why)
{
	struct rsp_accepted *a = owner;
	struct rsp_listener *l = a->listener;
	struct rsp_stream *stream = a->stream;
	const struct rsp_stream_auth *auth = rsp_stream_auth(stream);

	if (a->state == RSP_ACCEPTED_GONE)
		accepted_free(a);
	else
		a->state = RSP_ACCEPTED_TOLD;
	if (why->err == RSP_ECLOSED && !heard)
		return; /* counted as a probe */
	if (why->err == RSP_ETIMEOUT)
		l->stats.timed_out++;
	else if (why->err == RSP_ELIMIT)
		l->stats.refused_limit++;
	else
		l->stats.refused_auth++;
	struct rsp_sockaddr remote = rsp_sockaddr_of(&auth->remote, auth->remote_port);
	if (l->params.refused)
		l->params.refused(l->ctx, &remote, why);
}

static void
go_on(struct rsp_listener *l)
{
	rsp_poll_for(l->poll, UV_READABLE);
}

static void
on_pause_over(void *ctx)
{
	go_on(ctx);
}

static void
on_gone(void *owner, bool heard, const struct rsp_why *why)
{
	struct rsp_accepted *a = owner;
	struct rsp_listener *l = a->listener;
	bool opened = a->state == RSP_ACCEPTED_USER || a->state == RSP_ACCEPTED_NAMED;
	bool told = a->state == RSP_ACCEPTED_TOLD;
	uint64_t now_ms = rsp_clock_ms();

	if (!heard && why && why->err == RSP_ECLOSED)
		l->stats.probes++;
	if (a->state == RSP_ACCEPTED_NAMED) {
		a->source->n_named--;
		rsp_source_know(a->source, now_ms);
	}
	rsp_users_remove(&l->users, a);
	rsp_source_shaken(&l->sources, a);
	if (!opened)
		l->stats.handshakes--;
	rsp_source_release(&l->sources, a->source, now_ms);
	a->source = NULL;
	l->stats.connections--;
	a->state = RSP_ACCEPTED_GONE;
	if (opened || told)
		accepted_free(a);
	go_on(l); /* a descriptor is free again: resume accepting */
}

static const struct rsp_stream_owner owner_ops = { on_opened, on_heard, on_gone, on_refused };

static void
refuse(struct rsp_listener *l, int fd, const struct rsp_sockaddr *remote, enum rsp_err err, const char *limit)
{
	struct rsp_why why = { 0 };
	char object[RSP_SOCKADDR_TEXT_MAX];

	rsp_fd_close(fd);
	l->stats.refused_limit++;
	rsp_sockaddr_format(remote, object);
	if (err == RSP_ELIMIT)
		(void)rsp_fail(&why, err, object, "too many %s", limit);
	else
		(void)rsp_fail(&why, err, object, "%s", rsp_err_text(err));
	if (l->params.refused)
		l->params.refused(l->ctx, remote, &why);
}

/* Take in the connection @fd from @remote. On an error *@ret_limit names the limit that was reached, if one was. */
static enum rsp_err
take_in(struct rsp_listener *l, int fd, const struct rsp_sockaddr *remote, struct rsp_accepted *a,
	const char **ret_limit)
{
	struct rsp_ip ip = rsp_sockaddr_ip(remote);
	struct rsp_stream_params params = {
		.fd = fd,
		.carrier = l->params.carrier,
		.remote = ip,
		.remote_port = rsp_sockaddr_port(remote),
		.queue_max = l->params.limits.queue_max,
		.timeout_ms = l->params.limits.handshake_ms,
		.events = &l->events,
		.ctx = l->ctx,
		.owner_ops = &owner_ops,
		.owner = a,
	};
	enum rsp_err err = rsp_source_take(&l->sources, &ip, rsp_clock_ms(), &a->source, ret_limit);

	if (err)
		return err;
	params.group = &a->source->held;
	if (l->stats.connections >= l->params.limits.connections &&
	    !rsp_users_evict(&l->users, a->source, a->source->n)) {
		*ret_limit = "connections";
		err = RSP_ELIMIT;
	}
	if (!err && l->params.tls)
		err = rsp_tls_session_accept(l->params.tls, l->params.service, &params.tls);
	if (!err)
		err = rsp_stream_new(l->loop, &params, &a->stream);
	if (err)
		rsp_source_release(&l->sources, a->source, rsp_clock_ms());
	return err;
}

/* A TLS handshake begins. If its source has too many handshakes, end the oldest one of that source; if the listener has
 * too many, end the newest one of the source that has the most. */
static void
limit_handshakes(struct rsp_listener *l, struct rsp_accepted *a)
{
	struct rsp_stream *stream = a->stream;

	rsp_stream_arm(stream);
	if (rsp_stream_get_state(stream) != RSP_STREAM_HANDSHAKE)
		return;
	struct rsp_accepted *ends = rsp_source_shake(&l->sources, a, rsp_clock_ms());
	if (!ends)
		return;
	stream = ends->stream;
	rsp_stream_fail(stream, RSP_ELIMIT, "too many unfinished handshakes");
	rsp_stream_drop(stream);
}

static void
accept_one(struct rsp_listener *l, int fd, const struct rsp_sockaddr *remote)
{
	struct rsp_accepted *a = calloc(1, sizeof(*a));
	const char *limit = NULL;
	enum rsp_err err = RSP_ENOMEM;

	l->stats.accepted++;
	if (a) {
		a->listener = l;
		err = take_in(l, fd, remote, a, &limit);
	}
	if (err) {
		free(a);
		refuse(l, fd, remote, err, limit);
		return;
	}
	struct rsp_stream *stream = a->stream;
	LIST_INSERT_HEAD(&l->accepted, a, entry);
	l->stats.connections++;
	l->stats.handshakes++;
	l->carrier->tune(fd);
	if (rsp_stream_tls(stream))
		limit_handshakes(l, a);
	rsp_stream_start(stream, 0);
}

static void
accept_some(struct rsp_listener *l)
{
	for (unsigned i = 0; i < ACCEPT_AT_ONCE && !l->freed; i++) {
		struct rsp_sockaddr remote = { .len = sizeof(remote.ss) };
		int fd = accept4(l->fd, (struct sockaddr *)&remote.ss, &remote.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(l, fd, &remote);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* The connection stays in the queue of the kernel: polling would report it again at once. */
			rsp_poll_for(l->poll, 0);
			rsp_alarm_in(l->pause, PAUSE_MS);
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Any other error concerns only the connection that was to be accepted (accept(2)). */
	}
}

static void
on_ready(void *ctx, int events)
{
	struct rsp_listener *l = ctx;

	(void)events;
	l->busy = true;
	accept_some(l);
	l->busy = false;
	if (l->freed)
		free(l);
}

void
rsp_listener_limits_fill(struct rsp_listener_limits *limits)
{
	if (!limits->connections)
		limits->connections = 20000;
	if (!limits->per_source)
		limits->per_source = 2000;
	if (!limits->handshakes) /* with their reserve they never fill the table of all connections */
		limits->handshakes = limits->connections >= 2560 ? 512 : (limits->connections + 4) / 5;
	if (!limits->source_handshakes)
		limits->source_handshakes = limits->handshakes / 4 + (limits->handshakes < 4);
	if (!limits->handshake_rate)
		limits->handshake_rate = 100;
	if (!limits->handshake_burst)
		limits->handshake_burst = limits->handshake_rate > 1000 ? limits->handshake_rate : 1000;
	if (!limits->idle_ms)
		limits->idle_ms = 120000;
	if (!limits->user_queue_max)
		limits->user_queue_max = RSP_STREAM_USER_QUEUE_MAX;
	if (!limits->user_memory)
		limits->user_memory = RSP_STREAM_USER_MEMORY;
	if (!limits->handshake_ms)
		limits->handshake_ms = RSP_STREAM_TIMEOUT_MS;
	if (!limits->queue_max)
		limits->queue_max = RSP_STREAM_QUEUE_MAX;
}

/* Whether binding to @at may succeed later. Not for the unspecified address and port 0: then the whole address family
 * is missing. */
static bool
may_come(const struct rsp_sockaddr *at)
{
	static const struct rsp_ip any[] = { { .family = 4 }, { .family = 6 } };
	struct rsp_ip ip = rsp_sockaddr_ip(at);

	if (at->ss.ss_family == AF_UNIX)
		return false;
	return rsp_sockaddr_port(at) || !(rsp_ip_equal(&ip, &any[0]) || rsp_ip_equal(&ip, &any[1]));
}

enum rsp_err
rsp_listener_new(struct rsp_loop *loop, const struct rsp_listener_params *params,
		 const struct rsp_stream_events *events, void *ctx, struct rsp_listener **ret, struct rsp_why *why)
{
	struct rsp_listener *l = calloc(1, sizeof(*l));
	char object[RSP_SOCKADDR_TEXT_MAX];
	enum rsp_err e = RSP_ENOMEM;

	rsp_sockaddr_format(&params->at, object);
	if (!l)
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	l->loop = loop;
	l->params = *params;
	rsp_listener_limits_fill(&l->params.limits);
	l->params.tls = params->tls ? rsp_tls_ref(params->tls) : NULL;
	l->carrier = rsp_carrier_ops_of(params->carrier);
	LIST_INIT(&l->accepted);
	l->events = *events;
	l->ctx = ctx;
	l->fd = -1;
	e = rsp_sources_init(&l->sources, &l->params.limits);
	if (!e)
		e = rsp_users_init(&l->users, loop, &l->params, &l->stats);
	if (e) {
		rsp_listener_free(l);
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	}
	do
		l->fd = l->carrier->listen(&params->at);
	while (l->fd < 0 && may_come(&params->at) && rsp_bind_wait_again(errno, object));
	if (l->fd < 0) {
		e = rsp_fail(why, RSP_EIO, object, "cannot listen: %s", strerror(errno));
		rsp_listener_free(l);
		return e;
	}
	l->address.len = sizeof(l->address.ss);
	(void)getsockname(l->fd, (struct sockaddr *)&l->address.ss, &l->address.len);
	e = rsp_poll_new(loop, l->fd, on_ready, l, &l->poll);
	if (!e)
		e = rsp_alarm_new(loop, on_pause_over, l, &l->pause);
	if (e) {
		rsp_listener_free(l);
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	}
	if (params->limits.user_memory) /* 0: keep the limit that another listener has set, or the default */
		loop->budget[RSP_BUDGET_USERS].max = params->limits.user_memory;
	go_on(l);
	*ret = l;
	return RSP_OK;
}

const struct rsp_sockaddr *
rsp_listener_address(const struct rsp_listener *l)
{
	return &l->address;
}

void
rsp_listener_set_tls(struct rsp_listener *l, struct rsp_tls *tls)
{
	struct rsp_tls *old = l->params.tls;

	l->params.tls = tls ? rsp_tls_ref(tls) : NULL;
	rsp_tls_unref(old);
}

enum rsp_err
rsp_listener_review(const struct rsp_listener *l, const struct rsp_stream *s, struct rsp_why *why)
{
	const struct rsp_tls_session *tls = rsp_stream_tls(s);

	return tls && l->params.tls ? rsp_tls_auth_review(tls, l->params.tls, why) : RSP_OK;
}

void
rsp_listener_know(struct rsp_listener *l, const struct rsp_ip *ip)
{
	rsp_sources_know(&l->sources, ip, rsp_clock_ms());
}

void
rsp_listener_get_stats(const struct rsp_listener *l, struct rsp_listener_stats *ret)
{
	*ret = l->stats;
	ret->users = l->users.n;
}

void
rsp_listener_free(struct rsp_listener *l)
{
	struct rsp_accepted *a;

	if (!l)
		return;
	while ((a = LIST_FIRST(&l->accepted))) {
		if (a->state == RSP_ACCEPTED_USER)
			rsp_users_remove(&l->users, a);
		rsp_stream_disown(a->stream);
		accepted_free(a);
	}
	rsp_users_done(&l->users);
	rsp_sources_done(&l->sources);
	rsp_poll_free(l->poll);
	rsp_alarm_free(l->pause);
	rsp_fd_close(l->fd);
	rsp_tls_unref(l->params.tls);
	l->freed = true;
	if (!l->busy)
		free(l);
}
