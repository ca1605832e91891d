#include "serve/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/loop.h"
#include "net/dial.h"
#include "net/listener.h"

#define CONNECTIONS_MAX 32
#define TEXT_MAX        (16U << 20)

struct rsp_control {
	char *path;
	dev_t device; /* what we made at @path */
	ino_t inode;
	struct rsp_listener *listener;
	rsp_control_answer *answer;
	void *ctx;
};

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_control *c = ctx;
	RSP_AUTO(rsp_free) char *text = NULL;
	uid_t user;

	(void)auth;
	rsp_stream_set_ctx(stream, NULL);
	if (rsp_stream_user(stream, &user) && (user == 0 || user == geteuid()))
		text = c->answer(c->ctx);
	bool sent = text && rsp_stream_send(stream, rsp_bytes_str(text)) == RSP_OK;
	rsp_stream_close(stream, sent);
}

/* There is nothing to ask for. */
static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx;
	(void)stream;
	return all.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	(void)ctx;
	(void)stream;
	(void)why;
}

/* Whether somebody listens at @at: a socket without a listener refuses. */
static bool
alive(const struct rsp_sockaddr *at)
{
	RSP_AUTO(rsp_fd_close) int fd = -1;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd >= 0 && (connect(fd, (const struct sockaddr *)&at->ss, at->len) == 0 || errno != ECONNREFUSED);
}

/* Make room at @path. */
static enum rsp_err
remove_stale(const char *path, const struct rsp_sockaddr *at, struct rsp_why *why)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return RSP_OK; /* or else binding says what is wrong */
	if (!S_ISSOCK(st.st_mode))
		return rsp_fail(why, RSP_EEXISTS, path, "is there, and is no socket");
	if (alive(at))
		return rsp_fail(why, RSP_EEXISTS, path, "another process listens there");
	if (unlink(path) < 0)
		return rsp_fail(why, RSP_EIO, path, "cannot be replaced: %s", strerror(errno));
	return RSP_OK;
}

static enum rsp_err
name_in(struct rsp_why *why, const char *path)
{
	(void)snprintf(why->object, sizeof(why->object), "%s", path);
	return why->err;
}

static enum rsp_err
listen_at(struct rsp_loop *loop, struct rsp_control *c, struct rsp_why *why)
{
	static const struct rsp_stream_events events = { .open = on_open, .data = on_data, .closed = on_closed };
	struct rsp_listener_params params = {
		.limits = { .connections = CONNECTIONS_MAX,
			    .per_source = CONNECTIONS_MAX,
			    .queue_max = TEXT_MAX,
			    .user_queue_max = TEXT_MAX,
			    .handshake_rate = RSP_UNLIMITED },
	};
	struct stat st;

	if (rsp_sockaddr_local(c->path, &params.at))
		return rsp_fail(why, RSP_EUSAGE, c->path, "is too long, or too short, for a socket");
	enum rsp_err err = remove_stale(c->path, &params.at, why);
	if (err)
		return err;
	mode_t mask = umask(S_IXUSR | S_IRWXG | S_IRWXO); /* of the socket: 0600, from the moment it exists */
	err = rsp_listener_new(loop, &params, &events, c, &c->listener, why);
	(void)umask(mask);
	if (err) /* which called its address "local" */
		return name_in(why, c->path);
	if (lstat(c->path, &st) == 0) {
		c->device = st.st_dev;
		c->inode = st.st_ino;
	}
	return RSP_OK;
}

enum rsp_err
rsp_control_new(struct rsp_loop *loop, const char *path, rsp_control_answer *answer, void *ctx,
		struct rsp_control **ret, struct rsp_why *why)
{
	struct rsp_control *c = calloc(1, sizeof(*c));

	if (c)
		c->path = strdup(path);
	if (!c || !c->path) {
		free(c);
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	}
	c->answer = answer;
	c->ctx = ctx;
	enum rsp_err err = listen_at(loop, c, why);
	if (err) {
		rsp_control_free(c);
		return err;
	}
	*ret = c;
	return RSP_OK;
}

const char *
rsp_control_path(const struct rsp_control *c)
{
	return c->path;
}

void
rsp_control_free(struct rsp_control *c)
{
	struct stat st;

	if (!c)
		return;
	if (c->listener && lstat(c->path, &st) == 0 && st.st_dev == c->device && st.st_ino == c->inode)
		(void)unlink(c->path);
	rsp_listener_free(c->listener);
	free(c->path);
	free(c);
}

/* Asking */

struct rsp_query {
	struct rsp_stream *stream;
	struct rsp_alarm *alarm;
	char *path;
	uint8_t *text;
	size_t n, room;
	struct rsp_why why; /* of our own making */
	void (*done)(void *ctx, struct rsp_bytes text, const struct rsp_why *why);
	void *ctx;
};

static size_t
on_text(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct rsp_query *q = ctx;

	if (!q || q->why.err)
		return all.n;
	if (q->room - q->n < all.n) {
		size_t room = (q->n + all.n) * 2;
		uint8_t *text = room <= TEXT_MAX ? realloc(q->text, room) : NULL;
		if (!text) {
			(void)rsp_fail(&q->why, room <= TEXT_MAX ? RSP_ENOMEM : RSP_ELIMIT, q->path,
				       "the answer is too large");
			rsp_stream_close(stream, false);
			return all.n;
		}
		q->text = text;
		q->room = room;
	}
	memcpy(q->text + q->n, all.p, all.n);
	q->n += all.n;
	return all.n;
}

static void
on_end(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct rsp_query *q = ctx;
	bool reached = rsp_stream_reached(stream);

	if (!q)
		return;
	q->stream = NULL;
	rsp_alarm_set(q->alarm, RSP_NEVER);
	if (!q->why.err && !reached)
		(void)rsp_fail(&q->why, RSP_EUNREACHABLE, q->path, "nobody listens there: %s", why->reason);
	else if (!q->why.err && q->n == 0)
		(void)rsp_fail(&q->why, RSP_ECLOSED, q->path, "closed without an answer");
	q->done(q->ctx, rsp_bytes_of(q->text, q->why.err ? 0 : q->n), &q->why);
}

static void
on_connected(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	(void)ctx;
	(void)stream;
	(void)auth;
}

static void
on_timeout(void *ctx)
{
	struct rsp_query *q = ctx;

	(void)rsp_fail(&q->why, RSP_ETIMEOUT, q->path, "no answer in time");
	rsp_stream_close(q->stream, false);
}

static enum rsp_err
query_begin(struct rsp_loop *loop, struct rsp_query *q, uint64_t timeout_ms, struct rsp_why *why)
{
	static const struct rsp_stream_events events = { .open = on_connected, .data = on_text, .closed = on_end };
	struct rsp_dial_params params = { 0 };

	if (rsp_sockaddr_local(q->path, &params.to))
		return rsp_fail(why, RSP_EUSAGE, q->path, "is too long, or too short, for a socket");
	if (access(q->path, W_OK) < 0 && errno == EACCES)
		return rsp_fail(why, RSP_EPERMS, q->path, "only root and the user of the registrar may ask there");
	enum rsp_err err = rsp_alarm_new(loop, on_timeout, q, &q->alarm);
	if (err)
		return rsp_fail(why, err, q->path, "%s", rsp_err_text(err));
	err = rsp_dial_start(loop, &params, &events, q, &q->stream, why);
	if (!err && timeout_ms)
		rsp_alarm_in(q->alarm, timeout_ms);
	return err;
}

enum rsp_err
rsp_query_new(struct rsp_loop *loop, const char *path, uint64_t timeout_ms,
	      void (*done)(void *ctx, struct rsp_bytes text, const struct rsp_why *why), void *ctx,
	      struct rsp_query **ret, struct rsp_why *why)
{
	struct rsp_query *q = calloc(1, sizeof(*q));

	if (q)
		q->path = strdup(path);
	if (!q || !q->path) {
		free(q);
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	}
	q->done = done;
	q->ctx = ctx;
	enum rsp_err err = query_begin(loop, q, timeout_ms, why);
	if (err) {
		rsp_query_free(q);
		return err;
	}
	*ret = q;
	return RSP_OK;
}

void
rsp_query_free(struct rsp_query *q)
{
	if (!q)
		return;
	if (q->stream) {
		rsp_stream_set_ctx(q->stream, NULL);
		rsp_stream_close(q->stream, false);
	}
	rsp_alarm_free(q->alarm);
	free(q->path);
	free(q->text);
	free(q);
}
