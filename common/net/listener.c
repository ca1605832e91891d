#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "net/stream_priv.h"

#define ACCEPT_AT_ONCE 64  /* so that open connections get their turn */
#define PAUSE_MS       100 /* when there is no descriptor left */
#define BUCKETS        1024
#define BACKLOG        1024

TAILQ_HEAD(waiting_list, rsp_stream);
LIST_HEAD(source_list, rsp_source);

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
	struct waiting_list handshakes; /* the oldest first */
	struct rsp_hash_key hash_key;
	struct source_list sources[BUCKETS];
};

static struct source_list *
bucket(struct rsp_listener *l, const struct rsp_ip *source)
{
	return &l->sources[rsp_hash(&l->hash_key, rsp_bytes_of(source->ip, sizeof(source->ip))) % BUCKETS];
}

/* The count of connections from @ip, one more of them in it. RSP_ELIMIT, RSP_ENOMEM. */
static enum rsp_err
source_take(struct rsp_listener *l, const struct rsp_ip *ip, struct rsp_source **ret)
{
	struct rsp_ip key = rsp_ip_source(ip);
	struct source_list *list = bucket(l, &key);
	struct rsp_source *source;

	LIST_FOREACH(source, list, entry)
	if (memcmp(&source->ip, &key, sizeof(key)) == 0)
		break;
	if (!source) {
		source = calloc(1, sizeof(*source));
		if (!source)
			return RSP_ENOMEM;
		source->ip = key;
		LIST_INSERT_HEAD(list, source, entry);
	}
	if (source->n >= l->params.limits.per_source)
		return RSP_ELIMIT;
	source->n++;
	*ret = source;
	return RSP_OK;
}

static void
source_release(struct rsp_source *source)
{
	if (!source || --source->n)
		return;
	LIST_REMOVE(source, entry);
	free(source);
}

static void
leave_handshakes(struct rsp_listener *l, struct rsp_stream *s)
{
	if (s->opened)
		return;
	TAILQ_REMOVE(&l->handshakes, s, waiting);
	l->stats.handshakes--;
}

void
rsp_listener_opened(struct rsp_stream *s)
{
	struct rsp_listener *l = s->listener;

	if (!l)
		return;
	leave_handshakes(l, s);
	l->stats.opened++;
}

void
rsp_listener_refused(struct rsp_stream *s)
{
	struct rsp_listener *l = s->listener;
	struct rsp_sockaddr remote = rsp_sockaddr_of(&s->auth.remote, s->auth.remote_port);

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

	source_release(s->source);
	s->source = NULL;
	if (!l)
		return;
	leave_handshakes(l, s);
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

static void
accepted(struct rsp_listener *l, int fd, const struct rsp_sockaddr *remote)
{
	struct rsp_ip ip = rsp_sockaddr_ip(remote);
	struct rsp_tls_session *tls = NULL;
	struct rsp_stream *s = NULL;

	l->stats.accepted++;
	if (l->stats.connections >= l->params.limits.connections) {
		refuse(l, fd, remote, RSP_ELIMIT, "connections");
		return;
	}
	struct rsp_source *source = NULL;
	enum rsp_err e = source_take(l, &ip, &source);
	if (!e && l->params.tls)
		e = rsp_tls_session_accept(l->params.tls, l->params.service, &tls);
	if (!e)
		e = rsp_stream_new(l->loop, fd, &l->events, l->ctx, &s);
	if (e) {
		source_release(source);
		rsp_tls_session_free(tls);
		refuse(l, fd, remote, e, "connections from there");
		return;
	}
	s->tls = tls;
	s->source = source;
	s->listener = l;
	s->auth.remote = ip;
	s->auth.remote_port = rsp_sockaddr_port(remote);
	s->queue_max = l->params.limits.queue_max;
	s->handshake_ms = l->params.limits.handshake_ms;
	s->state = RSP_STREAM_HANDSHAKE;
	LIST_INSERT_HEAD(&l->streams, s, siblings);
	TAILQ_INSERT_TAIL(&l->handshakes, s, waiting);
	l->stats.connections++;
	l->stats.handshakes++;
	rsp_stream_tune(fd);
	if (tls)
		rsp_stream_alarm(s, s->handshake_ms);
	struct rsp_stream *oldest = TAILQ_FIRST(&l->handshakes);
	if (tls && l->stats.handshakes > l->params.limits.handshakes && oldest) {
		if (!oldest->why)
			rsp_stream_fail(oldest, RSP_ELIMIT, "too many unfinished handshakes");
		rsp_stream_drop(oldest);
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
	if (!limits->handshakes)
		limits->handshakes = 512;
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

enum rsp_err
rsp_listener_new(struct rsp_loop *loop, const struct rsp_listener_params *params,
		 const struct rsp_stream_events *events, void *ctx, struct rsp_listener **ret, struct rsp_why *why)
{
	struct rsp_listener *l = calloc(1, sizeof(*l));
	char object[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_rng rng;
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
	TAILQ_INIT(&l->handshakes);
	l->fd = open_socket(&params->at);
	if (l->fd < 0) {
		e = rsp_fail(why, RSP_EIO, object, "cannot listen: %s", strerror(errno));
		rsp_listener_free(l);
		return e;
	}
	l->address.len = sizeof(l->address.ss);
	(void)getsockname(l->fd, (struct sockaddr *)&l->address.ss, &l->address.len);
	e = rsp_rng_os(&rng);
	if (!e)
		e = rsp_watch_new(loop, l->fd, on_ready, l, &l->watch);
	if (!e)
		e = rsp_alarm_new(loop, on_pause_over, l, &l->pause);
	if (e) {
		rsp_listener_free(l);
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	}
	l->hash_key = (struct rsp_hash_key){ rsp_rng_u64(&rng), rsp_rng_u64(&rng) };
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
		source_release(s->source); /* it is on a list of ours */
		s->source = NULL;
		s->listener = NULL;
	}
	rsp_watch_free(l->watch);
	rsp_alarm_free(l->pause);
	rsp_fd_close(l->fd);
	rsp_tls_unref(l->params.tls);
	l->freed = true;
	if (!l->busy)
		free(l);
}
