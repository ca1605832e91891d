#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "net/stream_priv.h"

void
rsp_stream_tune(int fd)
{
	const int on = 1, idle_s = 30, interval_s = 10, probes = 3, unacknowledged_ms = 60000;

	/* Not of a local socket pair; nothing depends on it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
}

/* A socket on its way to @params->to. */
static enum rsp_err
start_connecting(const struct rsp_dial_params *params, int *ret_fd, int *ret_errno)
{
	int fd = socket(params->to.ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*ret_errno = 0;
	if (fd < 0) {
		*ret_errno = errno;
		return errno == EAFNOSUPPORT ? RSP_EUNREACHABLE : RSP_EIO;
	}
	if (params->from.family) {
		struct rsp_sockaddr from = rsp_sockaddr_of(&params->from, 0);

		if (bind(fd, (const struct sockaddr *)&from.ss, from.len) < 0) {
			*ret_errno = errno;
			rsp_fd_close(fd);
			return RSP_EIO;
		}
	}
	rsp_stream_tune(fd);
	if (connect(fd, (const struct sockaddr *)&params->to.ss, params->to.len) < 0 && errno != EINPROGRESS)
		*ret_errno = errno; /* told later, as all that the other side or the way to it may say */
	*ret_fd = fd;
	return RSP_OK;
}

static void
fail_connect(struct rsp_stream *s, int error)
{
	rsp_stream_fail(s, error == ETIMEDOUT ? RSP_ETIMEOUT : RSP_EUNREACHABLE, "%s", strerror(error));
}

void
rsp_dial_ready(struct rsp_stream *s)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	if (error) {
		fail_connect(s, error);
		return;
	}
	rsp_watch_for(s->watch, 0);
	rsp_stream_connected(s);
}

static void
unready(void *ctx, int events)
{
	(void)ctx;
	(void)events;
}

bool
rsp_dial_again(struct rsp_stream *s)
{
	struct rsp_dialling *d = s->dialling;
	const char *name = d->params.any_registrar ? NULL : d->name;
	struct rsp_tls_session *tls;
	struct rsp_watch *watch;
	int fd, error;

	if (d->params.to.len == 0 || d->params.role == RSP_ROLE_USER ||
	    rsp_tls_session_dial(s->tls->tls, d->params.role, name, d->nth + 1, &tls, NULL))
		return false;
	if (start_connecting(&d->params, &fd, &error)) {
		rsp_tls_session_free(tls);
		return false;
	}
	if (error || rsp_watch_new(s->loop, fd, unready, NULL, &watch)) {
		rsp_tls_session_free(tls);
		rsp_fd_close(fd);
		return false;
	}
	d->nth++;
	watch->ready = s->watch->ready;
	watch->ctx = s;
	rsp_watch_free(s->watch);
	rsp_fd_close(s->fd);
	rsp_tls_session_free(s->tls);
	free(s->wire.p);
	s->wire = (struct rsp_queue){ 0 };
	s->loop->wire_out_n = 0;
	s->watch = watch;
	s->fd = fd;
	s->tls = tls;
	s->rx = (struct rsp_bytes){ 0 };
	s->reached = s->want_write = s->held = s->tx_failed = s->rx_ended = s->heard = false;
	s->state = RSP_STREAM_CONNECTING;
	rsp_watch_for(s->watch, UV_WRITABLE);
	return true;
}

/* A stream for @fd, which it owns from here on, or which is closed on an error. */
static enum rsp_err
dialled(struct rsp_loop *loop, int fd, const struct rsp_dial_params *params, struct rsp_tls_session *tls,
	const struct rsp_stream_events *events, void *ctx, struct rsp_stream **ret)
{
	struct rsp_dialling *d = calloc(1, sizeof(*d));
	struct rsp_stream *s = NULL;
	enum rsp_err e = d ? rsp_stream_new(loop, fd, events, ctx, &s) : RSP_ENOMEM;

	if (e) {
		free(d);
		rsp_fd_close(fd);
		rsp_tls_session_free(tls);
		return e;
	}
	d->params = *params;
	(void)snprintf(d->name, sizeof(d->name), "%s", params->server_name ? params->server_name : "");
	d->params.server_name = d->name;
	s->dialling = d;
	s->tls = tls;
	s->auth.remote = rsp_sockaddr_ip(&params->to);
	s->auth.remote_port = rsp_sockaddr_port(&params->to);
	if (params->queue_max)
		s->queue_max = params->queue_max;
	if (params->timeout_ms)
		s->handshake_ms = params->timeout_ms;
	s->state = RSP_STREAM_CONNECTING;
	rsp_stream_alarm(s, s->handshake_ms);
	*ret = s;
	return RSP_OK;
}

enum rsp_err
rsp_stream_dial(struct rsp_loop *loop, const struct rsp_dial_params *params, const struct rsp_stream_events *events,
		void *ctx, struct rsp_stream **ret, struct rsp_why *why)
{
	struct rsp_tls_session *tls = NULL;
	char object[RSP_SOCKADDR_TEXT_MAX];
	int fd = -1, error = 0;
	enum rsp_err e;

	rsp_sockaddr_format(&params->to, object);
	const char *name = params->any_registrar ? NULL : params->server_name ? params->server_name : "";
	if (params->tls) {
		e = rsp_tls_session_dial(params->tls, params->role, name, 0, &tls, why);
		if (e)
			return e;
	}
	e = start_connecting(params, &fd, &error);
	if (e) {
		rsp_tls_session_free(tls);
		return rsp_fail(why, e, object, "%s", strerror(error));
	}
	e = dialled(loop, fd, params, tls, events, ctx, ret);
	if (e)
		return rsp_fail(why, e, object, "%s", rsp_err_text(e));
	if (error)
		fail_connect(*ret, error);
	else if ((*ret)->watch)
		rsp_watch_for((*ret)->watch, UV_WRITABLE);
	return RSP_OK;
}

enum rsp_err
rsp_stream_adopt(struct rsp_loop *loop, int fd, const struct rsp_dial_params *dial,
		 const struct rsp_listener_params *listen, const struct rsp_stream_events *events, void *ctx,
		 struct rsp_stream **ret, struct rsp_why *why)
{
	struct rsp_dial_params params = { 0 };
	struct rsp_tls_session *tls = NULL;
	enum rsp_err e = RSP_OK;

	if (dial)
		params = *dial;
	params.to = (struct rsp_sockaddr){ 0 }; /* so it is not dialled again */
	if (dial && dial->tls)
		e = rsp_tls_session_dial(dial->tls, dial->role, dial->server_name, 0, &tls, why);
	else if (!dial && listen->tls)
		e = rsp_tls_session_accept(listen->tls, listen->service, &tls);
	if (e) {
		rsp_fd_close(fd);
		return e;
	}
	if (!dial) {
		params.timeout_ms = listen->limits.handshake_ms;
		params.queue_max = listen->limits.queue_max;
	}
	e = dialled(loop, fd, &params, tls, events, ctx, ret);
	if (e)
		return rsp_fail(why, e, "local", "%s", rsp_err_text(e));
	if ((*ret)->watch)
		rsp_watch_for((*ret)->watch, UV_WRITABLE);
	return RSP_OK;
}
