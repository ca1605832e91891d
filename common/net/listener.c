#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/bind_wait.h"
#include "net/stream_priv.h"
#include "net/users.h"

#define ACCEPT_AT_ONCE 64  /* so that open connections get their turn */
#define PAUSE_MS       100 /* when there is no descriptor left */
#define BACKLOG        1024

struct rsp_listener {
	struct rsp_loop *loop;
	struct rsp_watch *watch;
	struct rsp_alarm *pause;
	int fd;
	bool busy, freed; /* accepting: only marked to be freed then */
	struct rsp_listener_params params;
	struct rsp_sockaddr address;
	struct rsp_stream_events events;
	void *ctx;
	struct rsp_listener_stats stats;
	struct rsp_stream_list streams;
	struct rsp_sources sources;
	struct rsp_users users;
};

static void
leave_handshakes(struct rsp_listener *l, struct rsp_stream *s)
{
	if (s->opened)
		return;
	rsp_source_shaken(&l->sources, s);
	l->stats.handshakes--;
}

enum rsp_err
rsp_listener_opened(struct rsp_stream *s)
{
	struct rsp_listener *l = s->listener;
	enum rsp_err e = RSP_OK;

	if (!l)
		return e;
	/* The mode of a local socket is its key. */
	bool user = l->params.at.ss.ss_family != AF_UNIX &&
		    (s->auth.role == RSP_ROLE_USER || s->auth.role == RSP_ROLE_NONE);
	rsp_source_shaken(&l->sources, s); /* its place in the queue of handshakes is one in that of users now */
	if (user)
		e = rsp_users_add(&l->users, s);
	if (e)
		return e;
	l->stats.handshakes--;
	l->stats.opened++;
	rsp_held_limit(s, user, &l->params);
	if (!user) {
		s->named = true;
		s->source->n_named++;
		rsp_source_know(s->source, rsp_clock_ms());
	}
	return RSP_OK;
}

void
rsp_listener_heard(struct rsp_stream *s)
{
	if (s->listener)
		rsp_users_heard(&s->listener->users, s);
}

void
rsp_listener_refused(struct rsp_stream *s)
{
	struct rsp_listener *l = s->listener;
	struct rsp_sockaddr remote = rsp_sockaddr_of(&s->auth.remote, s->auth.remote_port);

	if (s->why && s->why->err == RSP_ECLOSED && !s->heard)
		return; /* counted as a probe */
	if (s->why && s->why->err == RSP_ETIMEOUT)
		l->stats.timed_out++;
	else if (s->why && s->why->err == RSP_ELIMIT)
		l->stats.refused_limit++;
	else
		l->stats.refused_auth++;
	if (l->params.refused && s->why)
		l->params.refused(l->ctx, &remote, s->why);
}

static void
go_on(struct rsp_listener *l)
{
	rsp_watch_for(l->watch, UV_READABLE);
}

static void
on_pause_over(void *ctx)
{
	go_on(ctx);
}

void
rsp_listener_gone(struct rsp_stream *s)
{
	struct rsp_listener *l = s->listener;
	uint64_t now_ms = rsp_clock_ms();

	if (!l)
		return;
	if (!s->heard && s->why && s->why->err == RSP_ECLOSED)
		l->stats.probes++;
	rsp_users_remove(&l->users, s);
	if (s->named) {
		s->source->n_named--;
		rsp_source_know(s->source, now_ms);
	}
	leave_handshakes(l, s);
	rsp_source_release(&l->sources, s->source, now_ms);
	s->source = NULL;
	l->stats.connections--;
	LIST_REMOVE(s, siblings);
	if (s->opened)
		s->listener = NULL; /* one that never was open is still to be told as refused */
	go_on(l);                   /* a descriptor has become free */
}

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

/* Everything that a newcomer needs, or an error with the limit that was reached. */
static enum rsp_err
take_in(struct rsp_listener *l, int fd, const struct rsp_ip *ip, struct rsp_stream **ret, const char **ret_limit)
{
	struct rsp_tls_session *tls = NULL;
	struct rsp_source *source = NULL;
	enum rsp_err e = rsp_source_take(&l->sources, ip, rsp_clock_ms(), &source, ret_limit);

	if (!e && l->stats.connections >= l->params.limits.connections &&
	    !rsp_users_evict(&l->users, source, source->n)) {
		*ret_limit = "connections";
		e = RSP_ELIMIT;
	}
	if (!e && l->params.tls)
		e = rsp_tls_session_accept(l->params.tls, l->params.service, &tls);
	if (!e)
		e = rsp_stream_new(l->loop, fd, &l->events, l->ctx, ret);
	if (e) {
		rsp_source_release(&l->sources, source, rsp_clock_ms());
		rsp_tls_session_free(tls);
		return e;
	}
	(*ret)->tls = tls;
	(*ret)->source = source;
	return e;
}

static void
accepted(struct rsp_listener *l, int fd, const struct rsp_sockaddr *remote)
{
	struct rsp_ip ip = rsp_sockaddr_ip(remote);
	struct rsp_stream *s = NULL, *ends = NULL;
	const char *limit = NULL;

	l->stats.accepted++;
	enum rsp_err e = take_in(l, fd, &ip, &s, &limit);
	if (e) {
		refuse(l, fd, remote, e, limit);
		return;
	}
	s->listener = l;
	s->auth.remote = ip;
	s->auth.remote_port = rsp_sockaddr_port(remote);
	s->held_as = RSP_HELD_USERS; /* until it has shown a key */
	s->queue_max = l->params.limits.queue_max;
	s->handshake_ms = l->params.limits.handshake_ms;
	s->state = RSP_STREAM_HANDSHAKE;
	LIST_INSERT_HEAD(&l->streams, s, siblings);
	l->stats.connections++;
	l->stats.handshakes++;
	rsp_stream_tune(fd);
	if (s->tls) {
		rsp_stream_alarm(s, s->handshake_ms);
		if (s->state == RSP_STREAM_HANDSHAKE)
			ends = rsp_source_shake(&l->sources, s, rsp_clock_ms());
	}
	if (ends) {
		if (!ends->why)
			rsp_stream_fail(ends, RSP_ELIMIT, "too many unfinished handshakes");
		rsp_stream_drop(ends);
	}
	if (s->state == RSP_STREAM_HANDSHAKE)
		rsp_stream_connected(s);
}

static void
accept_some(struct rsp_listener *l)
{
	for (unsigned i = 0; i < ACCEPT_AT_ONCE && !l->freed; i++) {
		struct rsp_sockaddr remote = { .len = sizeof(remote.ss) };
		int fd = accept4(l->fd, (struct sockaddr *)&remote.ss, &remote.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accepted(l, fd, &remote);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* The connection stays in the queue, so looking at once would find it again and again. */
			rsp_watch_for(l->watch, 0);
			rsp_alarm_in(l->pause, PAUSE_MS);
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Anything else is the end of that one connection (accept(2)). */
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

static int
open_socket(const struct rsp_sockaddr *at)
{
	const int on = 1;
	int fd = socket(at->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ss.ss_family == AF_INET6) {
		/* The any-address takes IPv4 as well, whatever the system's default is. */
		const int only_v6 = 0;
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
	}
	if (bind(fd, (const struct sockaddr *)&at->ss, at->len) < 0 || listen(fd, BACKLOG) < 0) {
		int error = errno;

		rsp_fd_close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Whether what is wrong with @at may pass: it does not for any port of any address, where a whole family is missing. */
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
		l->fd = open_socket(&params->at);
	while (l->fd < 0 && may_come(&params->at) && rsp_bind_again(errno, object));
	if (l->fd < 0) {
		e = rsp_fail(why, RSP_EIO, object, "cannot listen: %s", strerror(errno));
		rsp_listener_free(l);
		return e;
	}
	l->address.len = sizeof(l->address.ss);
	(void)getsockname(l->fd, (struct sockaddr *)&l->address.ss, &l->address.len);
	e = rsp_watch_new(loop, l->fd, on_ready, l, &l->watch);
	if (!e)
		e = rsp_alarm_new(loop, on_pause_over, l, &l->pause);
	if (e) {
		rsp_listener_free(l);
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	}
	if (params->limits.user_memory) /* else another listener's total, or the default, stays */
		rsp_held_total(loop, params->limits.user_memory);
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
	return s->tls && l->params.tls ? rsp_tls_review(s->tls, l->params.tls, why) : RSP_OK;
}

void
rsp_listener_know(struct rsp_listener *l, const struct rsp_ip *ip)
{
	rsp_sources_know(&l->sources, ip, rsp_clock_ms());
}

bool
rsp_stream_user(const struct rsp_stream *s, uid_t *ret)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	if (s->fd < 0 || s->auth.remote.family || getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return false;
	*ret = who.uid;
	return true;
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
	struct rsp_stream *s, *next;

	if (!l)
		return;
	/* Those that were refused and wait to be told so are on the loop's list only. */
	for (s = LIST_FIRST(&l->loop->streams); s; s = next) {
		next = LIST_NEXT(s, all);
		if (s->listener != l)
			continue;
		if (!s->opened) {
			s->silent = true;
			rsp_stream_drop(s);
		}
		rsp_users_remove(&l->users, s);
		s->source = NULL; /* it is ours */
		s->listener = NULL;
	}
	rsp_users_done(&l->users);
	rsp_sources_done(&l->sources);
	rsp_watch_free(l->watch);
	rsp_alarm_free(l->pause);
	rsp_fd_close(l->fd);
	rsp_tls_unref(l->params.tls);
	l->freed = true;
	if (!l->busy)
		free(l);
}
