#include "serve/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/alarm.h"
#include "net/dial.h"
#include "serve/control.h"

struct rsp_query {
	struct rsp_stream *stream;
	struct rsp_alarm *alarm;
	char *path;
	uint8_t *text;
	size_t n, room;
	struct rsp_why why; /* an error of this file; replaces that of the stream */
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
		uint8_t *text = room <= RSP_CONTROL_TEXT_MAX ? realloc(q->text, room) : NULL;
		if (!text) {
			(void)rsp_fail(&q->why, room <= RSP_CONTROL_TEXT_MAX ? RSP_ENOMEM : RSP_ELIMIT, q->path,
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
		(void)rsp_fail(&q->why, RSP_EUNREACHABLE, q->path, "no registrar listens there: %s", why->reason);
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
		return rsp_fail(why, RSP_EUSAGE, q->path,
				"has no octets or too many for a socket: give a path of 1 to 107 octets (--control)");
	if (access(q->path, W_OK) < 0 && errno == EACCES)
		return rsp_fail(why, RSP_EPERMS, q->path,
				"no write permission: run this as root or as the user of the registrar");
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
