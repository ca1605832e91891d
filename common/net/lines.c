#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/lines.h"
#include "net/loop_priv.h"

struct rsp_lines {
	union {
		uv_handle_t any;
		uv_poll_t poll;
		uv_idle_t idle; /* a regular file, which cannot be polled */
	} handle;
	struct rsp_loop *loop;
	struct rsp_defer rest; /* processes the lines that were queued during a pause */
	struct rsp_lines_events events;
	void *ctx;
	int fd;
	bool polled, paused, freed, ended;
	bool skipping; /* the rest of a line that is too long is skipped */
	size_t n;    /* octets that buf holds */
	size_t room; /* octets that buf has room for: line_max + 1 */
	uint8_t *buf;
};

static void on_poll(uv_poll_t *handle, int status, int events);
static void on_idle(uv_idle_t *handle);

static void
watch(struct rsp_lines *reader, bool on)
{
	if (reader->polled && on)
		(void)uv_poll_start(&reader->handle.poll, UV_READABLE, on_poll);
	else if (reader->polled)
		(void)uv_poll_stop(&reader->handle.poll);
	else if (on)
		(void)uv_idle_start(&reader->handle.idle, on_idle);
	else
		(void)uv_idle_stop(&reader->handle.idle);
}

static void
finish(struct rsp_lines *reader, enum rsp_err err, const char *reason)
{
	struct rsp_why why = { 0 };

	reader->ended = true;
	watch(reader, false);
	if (err)
		(void)rsp_fail(&why, err, "input", "%s", reason);
	reader->events.end(reader->ctx, &why);
}

/* Call the callback for each whole line in the buffer. False: the callback has freed or paused the reader. */
static bool
show_lines(struct rsp_lines *reader)
{
	size_t from = 0;
	uint8_t *newline;

	if (reader->skipping) {
		newline = reader->n ? memchr(reader->buf, '\n', reader->n) : NULL;
		from = newline ? (size_t)(newline - reader->buf) + 1 : reader->n;
		reader->skipping = !newline;
	}
	while (!reader->freed && !reader->paused && from < reader->n &&
	       (newline = memchr(reader->buf + from, '\n', reader->n - from))) {
		size_t length = (size_t)(newline - reader->buf) - from;
		size_t at = from;

		from += length + 1;
		reader->events.line(reader->ctx, rsp_bytes_of(reader->buf + at, length));
	}
	reader->n -= from;
	if (from && reader->n)
		memmove(reader->buf, reader->buf + from, reader->n);
	return !reader->freed && !reader->paused;
}

static void
read_more(struct rsp_lines *reader)
{
	if (!show_lines(reader)) /* lines may have been queued during a pause */
		return;
	if (reader->n == reader->room && reader->events.too_long) {
		reader->n = 0;
		reader->skipping = true;
		reader->events.too_long(reader->ctx);
		if (reader->freed || reader->paused)
			return;
	}
	if (reader->n == reader->room) {
		finish(reader, RSP_ELIMIT, "a line is too long");
		return;
	}
	ssize_t got = read(reader->fd, reader->buf + reader->n, reader->room - reader->n);
	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(reader, RSP_EIO, strerror(errno));
		return;
	}
	reader->n += (size_t)got;
	if (!show_lines(reader) || got)
		return;
	if (reader->n) {
		size_t n = reader->n;

		reader->n = 0;
		reader->events.line(reader->ctx, rsp_bytes_of(reader->buf, n));
		if (reader->freed || reader->paused) /* rsp_lines_pause() makes a later read(2) return the end again */
			return;
	}
	finish(reader, RSP_OK, "");
}

static void
on_poll(uv_poll_t *handle, int status, int events)
{
	(void)status; /* read(2) tells the error */
	(void)events;
	read_more(handle->data);
}

static void
on_idle(uv_idle_t *handle)
{
	read_more(handle->data);
}

static void
show_rest(void *ctx)
{
	(void)show_lines(ctx);
}

static void
free_reader(uv_handle_t *handle)
{
	struct rsp_lines *reader = handle->data;

	free(reader->buf);
	free(reader);
}

enum rsp_err
rsp_lines_new(struct rsp_loop *loop, int fd, size_t line_max, const struct rsp_lines_events *events, void *ctx,
	       struct rsp_lines **ret)
{
	struct rsp_lines *reader = calloc(1, sizeof(*reader));
	uint8_t *buf = malloc(line_max + 1);

	if (!reader || !buf) {
		free(reader);
		free(buf);
		return RSP_ENOMEM;
	}
	reader->buf = buf;
	reader->room = line_max + 1;
	reader->events = *events;
	reader->ctx = ctx;
	reader->fd = fd;
	reader->loop = loop;
	reader->rest = (struct rsp_defer){ .call = show_rest, .ctx = reader };
	int status = rsp_uv_poll_init(&loop->uv, &reader->handle.poll, fd);
	reader->polled = status == 0;
	if (status == UV_EPERM)
		status = uv_idle_init(&loop->uv, &reader->handle.idle);
	if (status) {
		free(buf);
		free(reader);
		return rsp_uv_err(status) == RSP_ENOMEM ? RSP_ENOMEM : RSP_EIO;
	}
	reader->handle.any.data = reader;
	watch(reader, true);
	*ret = reader;
	return RSP_OK;
}

void
rsp_lines_pause(struct rsp_lines *reader, bool pause)
{
	if (reader->paused == pause || reader->ended)
		return;
	reader->paused = pause;
	watch(reader, !pause);
	if (pause)
		rsp_defer_cancel(reader->loop, &reader->rest);
	else
		rsp_defer_ask(reader->loop, &reader->rest);
}

void
rsp_lines_free(struct rsp_lines *reader)
{
	if (!reader)
		return;
	reader->freed = true;
	rsp_defer_cancel(reader->loop, &reader->rest);
	uv_close(&reader->handle.any, free_reader);
}
