#include "net/stream_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX    16384 /* octets of one TLS record */
#define ENCRYPT_AT_ONCE (4 * RECORD_MAX) /* fits the scratch space with room for what a handshake adds */

static void on_ready(void *ctx, int events);
static void on_turn(void *ctx);
static void flush(struct rsp_stream *s);

static void
watch_again(struct rsp_stream *s)
{
	if (!s->watch || s->state == RSP_STREAM_CONNECTING)
		return;
	bool reads = !s->rx_ended && !(s->state == RSP_STREAM_OPEN && rsp_stream_full(s));
	rsp_watch_for(s->watch, (reads ? UV_READABLE : 0) | (s->want_write && !s->tx_failed ? UV_WRITABLE : 0));
}

static ssize_t
on_push(gnutls_transport_ptr_t ptr, const void *data, size_t n)
{
	struct rsp_stream *s = ptr;
	struct rsp_loop *loop = s->loop;

	if (n > sizeof(loop->wire_out) - loop->wire_out_n) {
		gnutls_transport_set_errno(s->tls->session, ENOBUFS);
		return -1;
	}
	memcpy(loop->wire_out + loop->wire_out_n, data, n);
	loop->wire_out_n += n;
	return (ssize_t)n;
}

static ssize_t
on_pull(gnutls_transport_ptr_t ptr, void *data, size_t n)
{
	struct rsp_stream *s = ptr;

	if (s->rx.n == 0) {
		if (s->rx_ended)
			return 0;
		gnutls_transport_set_errno(s->tls->session, EAGAIN);
		return -1;
	}
	size_t got = n < s->rx.n ? n : s->rx.n;
	memcpy(data, s->rx.p, got);
	s->rx.p += got;
	s->rx.n -= got;
	return (ssize_t)got;
}

static int
on_pull_wait(gnutls_transport_ptr_t ptr, unsigned ms)
{
	const struct rsp_stream *s = ptr;

	(void)ms;
	return s->rx.n || s->rx_ended;
}

/* Hand as much of @p to the kernel as it takes. */
static size_t
send_some(struct rsp_stream *s, const uint8_t *p, size_t n)
{
	size_t sent = 0;

	while (sent < n && !s->want_write && !s->tx_failed) {
		ssize_t got = send(s->fd, p + sent, n - sent, MSG_NOSIGNAL);

		if (got >= 0)
			sent += (size_t)got;
		else if (errno == EAGAIN)
			s->want_write = s->held = true;
		else if (errno != EINTR)
			s->tx_failed = true; /* what the other side said before, as an alert, is still to be read */
	}
	return s->tx_failed ? n : sent;
}

/* Send what GnuTLS has pushed. */
static void
send_wire(struct rsp_stream *s)
{
	struct rsp_loop *loop = s->loop;
	size_t n = loop->wire_out_n, sent = 0;

	loop->wire_out_n = 0;
	if (n == 0 || s->fd < 0)
		return;
	if (rsp_queue_size(&s->wire) == 0)
		sent = send_some(s, loop->wire_out, n);
	if (sent < n && (rsp_queue_size(&s->wire) > RSP_SCRATCH_SIZE || !rsp_queue_add(&s->wire, loop->wire_out + sent, n - sent)))
		s->tx_failed = true;
}

static void
tell_end(struct rsp_stream *s)
{
	rsp_defer_late(s->loop, &s->turn);
}

static void
set_why(struct rsp_stream *s, enum rsp_err err, const char *reason)
{
	char object[RSP_SOCKADDR_TEXT_MAX] = "local";

	if (s->why)
		return;
	s->why = calloc(1, sizeof(*s->why));
	if (!s->why)
		return;
	if (s->auth.remote.family)
		rsp_addr_format(&s->auth.remote, s->auth.remote_port, object);
	(void)rsp_fail(s->why, err, object, "%s", reason);
}

void
rsp_stream_drop(struct rsp_stream *s)
{
	if (s->state == RSP_STREAM_GONE)
		return;
	s->state = RSP_STREAM_GONE;
	rsp_watch_free(s->watch);
	s->watch = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	rsp_alarm_free(s->alarm);
	s->alarm = NULL;
	rsp_tls_session_free(s->tls);
	s->tls = NULL;
	rsp_queue_clear(&s->in);
	rsp_queue_clear(&s->out);
	rsp_queue_clear(&s->wire);
	(void)rsp_held_count(s);
	rsp_listener_gone(s);
	tell_end(s);
}

/* All is sent: say so, and wait a moment for the other side to have read it, as closing too early may destroy it. */
static void
linger(struct rsp_stream *s)
{
	bool ended = s->rx_ended || s->tx_failed;

	if (!ended && shutdown(s->fd, SHUT_WR) < 0)
		ended = true;
	if (ended) {
		rsp_stream_drop(s);
		return;
	}
	s->state = RSP_STREAM_LINGERING;
	rsp_stream_alarm(s, RSP_STREAM_LINGER_MS);
	watch_again(s);
}

void
rsp_stream_fail(struct rsp_stream *s, enum rsp_err err, const char *fmt, ...)
{
	char reason[RSP_REASON_MAX];
	va_list args;

	if (s->state >= RSP_STREAM_DRAINING && s->why) {
		rsp_stream_drop(s);
		return;
	}
	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	set_why(s, err, reason);
	tell_end(s);
	if (s->tls)
		send_wire(s); /* the alert */
	rsp_queue_clear(&s->out);
	bool alerted = s->tls && s->heard && !s->rx_ended && s->state != RSP_STREAM_CONNECTING;
	if (alerted && err != RSP_EPLAIN && err != RSP_ETIMEOUT && rsp_queue_size(&s->wire) == 0)
		linger(s);
	else
		rsp_stream_drop(s);
}

static void
on_alarm(void *ctx)
{
	struct rsp_stream *s = ctx;

	switch (s->state) {
	case RSP_STREAM_CONNECTING:
		rsp_stream_fail(s, RSP_ETIMEOUT, "not connected within %u ms", s->handshake_ms);
		break;
	case RSP_STREAM_HANDSHAKE:
		rsp_stream_fail(s, RSP_ETIMEOUT, "handshake not finished within %u ms", s->handshake_ms);
		break;
	case RSP_STREAM_OPEN:
	case RSP_STREAM_DRAINING:
	case RSP_STREAM_LINGERING:
	case RSP_STREAM_GONE:
		rsp_stream_drop(s);
		break;
	}
}

void
rsp_stream_alarm(struct rsp_stream *s, uint32_t ms)
{
	if (!s->alarm && rsp_alarm_new(s->loop, on_alarm, s, &s->alarm)) {
		rsp_stream_drop(s); /* without one it could stay for ever */
		return;
	}
	rsp_alarm_in(s->alarm, ms);
}

static void
be_open(struct rsp_stream *s)
{
	struct rsp_sockaddr sa = { .len = sizeof(sa.ss) };

	if (s->tls && rsp_tls_session_auth(s->tls, &s->auth)) {
		rsp_stream_fail(s, RSP_ENOMEM, "%s", rsp_err_text(RSP_ENOMEM));
		return;
	}
	if (getsockname(s->fd, (struct sockaddr *)&sa.ss, &sa.len) == 0) {
		s->auth.local = rsp_sockaddr_ip(&sa);
		s->auth.local_port = rsp_sockaddr_port(&sa);
	}
	rsp_alarm_free(s->alarm);
	s->alarm = NULL;
	free(s->dialling);
	s->dialling = NULL;
	s->state = RSP_STREAM_OPEN;
	if (rsp_listener_opened(s)) {
		rsp_stream_fail(s, RSP_ELIMIT, "too many connections of users");
		return;
	}
	s->opened = true;
	watch_again(s);
	s->events.open(s->ctx, s, &s->auth);
}

static void
shake(struct rsp_stream *s)
{
	char reason[RSP_REASON_MAX];
	size_t left;
	bool done;
	enum rsp_err e;

	do { /* GnuTLS stops behind each record of early data, which it discards */
		left = s->rx.n;
		e = rsp_tls_session_step(s->tls, &done, reason, sizeof(reason));
	} while (!e && !done && s->rx.n && s->rx.n < left);
	if (e == RSP_EAUTH && s->dialling && rsp_dial_again(s))
		return;
	if (e) {
		rsp_stream_fail(s, e, "%s", reason);
		return;
	}
	send_wire(s);
	if (s->tx_failed && s->rx_ended)
		rsp_stream_fail(s, RSP_ECLOSED, "closed during the handshake");
	else if (done)
		be_open(s);
	else
		watch_again(s);
}

void
rsp_stream_connected(struct rsp_stream *s)
{
	s->reached = true;
	if (!s->tls) {
		be_open(s);
		return;
	}
	s->state = RSP_STREAM_HANDSHAKE;
	gnutls_transport_set_ptr(s->tls->session, s);
	gnutls_transport_set_push_function(s->tls->session, on_push);
	gnutls_transport_set_pull_function(s->tls->session, on_pull);
	gnutls_transport_set_pull_timeout_function(s->tls->session, on_pull_wait);
	if (s->dialling)
		shake(s);
	else
		watch_again(s);
}

/* Show what is there, and keep what is not consumed. @p is the loop's scratch space or the stream's own queue. */
static void
show(struct rsp_stream *s, const uint8_t *p, size_t n)
{
	struct rsp_queue shown = s->in; /* is still read when the stream is dropped from inside of data() */

	if (n == 0)
		return;
	s->in = (struct rsp_queue){ 0 };
	size_t used = s->events.data(s->ctx, s, rsp_bytes_of(p, n));
	used = used < n ? used : n;
	if (s->state != RSP_STREAM_OPEN) {
		rsp_queue_clear(&shown);
		return;
	}
	bool own = rsp_queue_size(&shown) != 0;
	s->in = shown;
	s->paused = used < n && rsp_stream_full(s);
	if (used)
		rsp_listener_heard(s);
	if (own && used)
		rsp_queue_take(&s->in, used);
	if (n - used > RSP_STREAM_IN_MAX && !s->paused)
		rsp_stream_fail(s, RSP_ELIMIT, "%zu octets without a whole message", n - used);
	else if (!own && !rsp_queue_add(&s->in, p + used, n - used))
		rsp_stream_fail(s, RSP_ENOMEM, "%s", rsp_err_text(RSP_ENOMEM));
	else
		(void)rsp_held_count(s);
}

/* Where to read to: behind what was not consumed, or the scratch space. NULL if out of memory. */
static uint8_t *
read_room(struct rsp_stream *s, size_t *ret_room)
{
	if (rsp_queue_size(&s->in) == 0) {
		*ret_room = sizeof(s->loop->plain);
		return s->loop->plain;
	}
	if (!rsp_queue_reserve(&s->in, RECORD_MAX))
		return NULL;
	*ret_room = s->in.room - s->in.n;
	return s->in.p + s->in.n;
}

/* @n octets were read to where read_room() said. */
static void
show_read(struct rsp_stream *s, size_t n)
{
	if (n == 0)
		return;
	if (rsp_queue_size(&s->in) == 0) {
		show(s, s->loop->plain, n);
	} else {
		s->in.n += n;
		show(s, s->in.p + s->in.pos, rsp_queue_size(&s->in));
	}
}

/* The other side sends no more. What we have queued it may still read. */
static void
ended_by_other(struct rsp_stream *s, const char *reason)
{
	s->rx_ended = true;
	set_why(s, RSP_ECLOSED, reason);
	s->state = RSP_STREAM_DRAINING;
	rsp_stream_alarm(s, RSP_STREAM_LINGER_MS);
	if (s->state == RSP_STREAM_DRAINING)
		watch_again(s);
	rsp_defer_late(s->loop, &s->turn);
}

static void
end_of_stream(struct rsp_stream *s)
{
	if (s->paused) { /* its questions are still to be answered */
		s->rx_ended = s->end_waits = true;
		watch_again(s);
		return;
	}
	bool mute = !s->tls && !s->heard && !s->source && s->auth.remote.family; /* whom we dialled, in plain text */

	ended_by_other(s, rsp_queue_size(&s->in) ? "closed by the other side in the middle of a message"
			  : mute		 ? "closed by the other side without a word: does it want TLS?"
						 : "closed by the other side");
}

/* GnuTLS says GNUTLS_E_AGAIN as well after a record that held no data: a key update, a ticket. Then there may be more.
 * @left: how much there was before. */
static bool
reads_on(const struct rsp_stream *s, ssize_t code, size_t left)
{
	return code == GNUTLS_E_AGAIN && s->rx.n && s->rx.n < left;
}

static void
decrypt(struct rsp_stream *s)
{
	char reason[RSP_REASON_MAX];
	ssize_t got = 1;

	while (s->state == RSP_STREAM_OPEN && got > 0) {
		size_t room, n = 0;
		uint8_t *to = read_room(s, &room);

		if (!to) {
			rsp_stream_fail(s, RSP_ENOMEM, "%s", rsp_err_text(RSP_ENOMEM));
			return;
		}
		while (n < room) {
			size_t left = s->rx.n;

			got = gnutls_record_recv(s->tls->session, to + n, room - n);
			if (got > 0)
				n += (size_t)got;
			else if (got != GNUTLS_E_INTERRUPTED && got != GNUTLS_E_WARNING_ALERT_RECEIVED &&
				 !reads_on(s, got, left))
				break;
		}
		show_read(s, n);
	}
	if (s->state != RSP_STREAM_OPEN || got == GNUTLS_E_AGAIN) {
		send_wire(s); /* a key update, say */
		return;
	}
	if (got == 0) {
		end_of_stream(s);
	} else if (got == GNUTLS_E_PREMATURE_TERMINATION) {
		ended_by_other(s, "cut off by the other side");
	} else {
		enum rsp_err e = rsp_tls_record_error(s->tls, got, reason, sizeof(reason));

		rsp_stream_fail(s, e, "%s", reason);
	}
}

/* TLS begins with a handshake record or, refusing, an alert (RFC 8446 s.5.1). Messages of RSerPool have other first
 * octets. */
static bool
looks_like_tls(struct rsp_stream *s)
{
	if (s->heard || s->rx.n == 0)
		return true;
	s->heard = true;
	return s->rx.p[0] == 0x16 || s->rx.p[0] == 0x15;
}

static void
read_tls(struct rsp_stream *s)
{
	struct rsp_loop *loop = s->loop;
	ssize_t got = recv(s->fd, loop->wire_in, sizeof(loop->wire_in), 0);
	bool reset = got < 0;

	if (reset && (errno == EAGAIN || errno == EINTR))
		return;
	s->rx = rsp_bytes_of(loop->wire_in, reset ? 0 : (size_t)got);
	s->rx_ended = got <= 0;
	if (!looks_like_tls(s)) {
		rsp_stream_fail(s, RSP_EPLAIN, "%s", rsp_err_text(RSP_EPLAIN));
		return;
	}
	if (s->state == RSP_STREAM_HANDSHAKE)
		shake(s);
	if (s->state == RSP_STREAM_OPEN)
		decrypt(s);
	s->rx = (struct rsp_bytes){ 0 };
}

static void
read_plain(struct rsp_stream *s)
{
	size_t room;
	uint8_t *to = read_room(s, &room);

	if (!to) {
		rsp_stream_fail(s, RSP_ENOMEM, "%s", rsp_err_text(RSP_ENOMEM));
		return;
	}
	ssize_t got = recv(s->fd, to, room, 0);
	s->heard = s->heard || got > 0;
	if (got > 0)
		show_read(s, (size_t)got);
	else if (got == 0)
		end_of_stream(s);
	else if (errno != EAGAIN && errno != EINTR)
		ended_by_other(s, strerror(errno));
}

/* What comes after the end is of no interest, only that it ends. */
static void
read_nothing(struct rsp_stream *s)
{
	ssize_t got = recv(s->fd, s->loop->wire_in, sizeof(s->loop->wire_in), 0);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	s->rx_ended = true;
	if (s->state == RSP_STREAM_LINGERING)
		rsp_stream_drop(s);
	else
		watch_again(s);
}

static void
on_ready(void *ctx, int events)
{
	struct rsp_stream *s = ctx;

	if (s->state == RSP_STREAM_CONNECTING) {
		rsp_dial_ready(s);
		return;
	}
	if (events & UV_WRITABLE) {
		s->want_write = false;
		rsp_defer_late(s->loop, &s->turn);
	}
	if (!(events & (UV_READABLE | UV_DISCONNECT)) || s->rx_ended)
		return;
	if (s->state >= RSP_STREAM_DRAINING)
		read_nothing(s);
	else if (s->tls)
		read_tls(s);
	else
		read_plain(s);
}

/* Encrypt a good piece of what is queued. */
static void
encrypt(struct rsp_stream *s)
{
	for (size_t n = 0; n < ENCRYPT_AT_ONCE && rsp_queue_size(&s->out);) {
		size_t length = rsp_queue_size(&s->out) < RECORD_MAX ? rsp_queue_size(&s->out) : RECORD_MAX;
		ssize_t got = gnutls_record_send(s->tls->session, s->out.p + s->out.pos, length);

		if (got <= 0) { /* it cannot be blocked: on_push() takes everything */
			s->tx_failed = true;
			break;
		}
		n += (size_t)got;
		rsp_queue_take(&s->out, (size_t)got);
	}
	send_wire(s);
}

static void
flush(struct rsp_stream *s)
{
	while (!s->want_write && !s->tx_failed) {
		if (rsp_queue_size(&s->wire))
			rsp_queue_take(&s->wire, send_some(s, s->wire.p + s->wire.pos, rsp_queue_size(&s->wire)));
		else if (!rsp_queue_size(&s->out))
			break;
		else if (s->tls)
			encrypt(s);
		else
			rsp_queue_take(&s->out, send_some(s, s->out.p + s->out.pos, rsp_queue_size(&s->out)));
	}
	if (s->tx_failed) {
		rsp_queue_clear(&s->out);
		rsp_queue_clear(&s->wire);
	}
	(void)rsp_held_count(s);
	watch_again(s);
}

/* The output of a stream that was paused is gone: go on with what it had sent before. */
static void
resume(struct rsp_stream *s)
{
	if (!s->paused || s->state != RSP_STREAM_OPEN || rsp_stream_full(s))
		return;
	s->paused = false;
	show(s, s->in.p + s->in.pos, rsp_queue_size(&s->in));
	if (s->state == RSP_STREAM_OPEN && s->end_waits && !s->paused)
		end_of_stream(s);
	watch_again(s);
}

static void
stream_free(struct rsp_stream *s)
{
	rsp_defer_cancel(s->loop, &s->turn);
	LIST_REMOVE(s, all);
	union {
		const char *lent;
		char *ours;
	} identity = { s->auth.identity };
	free(identity.ours);
	free(s->dialling);
	free(s->why);
	free(s);
}

static void
tell(struct rsp_stream *s)
{
	static const struct rsp_why no_memory = { .err = RSP_ENOMEM, .reason = "out of memory" };
	const struct rsp_why *why = s->why ? s->why : &no_memory;

	s->told = true;
	if (s->silent)
		return;
	if (s->listener && !s->opened)
		rsp_listener_refused(s);
	else
		s->events.closed(s->ctx, s, why);
}

static void
on_turn(void *ctx)
{
	struct rsp_stream *s = ctx;

	if (s->state == RSP_STREAM_HANDSHAKE || s->state == RSP_STREAM_OPEN || s->state == RSP_STREAM_DRAINING) {
		flush(s);
		bool empty = !rsp_queue_size(&s->out) && !rsp_queue_size(&s->wire);

		if (empty && s->state == RSP_STREAM_DRAINING) {
			if (s->tls && s->opened && !s->tx_failed) {
				(void)gnutls_bye(s->tls->session, GNUTLS_SHUT_WR);
				send_wire(s);
			}
			linger(s);
		} else if (empty && s->held && s->state == RSP_STREAM_OPEN) {
			s->held = false;
			if (s->events.drained && !s->tx_failed)
				s->events.drained(s->ctx, s);
		}
		resume(s);
	}
	/* Failures are told at once, the success of our own close when it is one. */
	bool over = s->state == RSP_STREAM_GONE || (s->state == RSP_STREAM_LINGERING && s->why && s->why->err);
	if (over && !s->told)
		tell(s);
	if (s->state == RSP_STREAM_GONE && s->told)
		stream_free(s);
}

static void
cut_all(struct rsp_loop *loop)
{
	struct rsp_stream *s;

	while ((s = LIST_FIRST(&loop->streams))) {
		s->silent = s->told = true;
		rsp_stream_drop(s);
		stream_free(s);
	}
}

enum rsp_err
rsp_stream_new(struct rsp_loop *loop, int fd, const struct rsp_stream_events *events, void *ctx,
	       struct rsp_stream **ret)
{
	struct rsp_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return RSP_ENOMEM;
	enum rsp_err e = rsp_watch_new(loop, fd, on_ready, s, &s->watch);
	if (e) {
		free(s);
		return e;
	}
	rsp_loop_cut_streams = cut_all;
	s->loop = loop;
	s->fd = fd;
	s->events = *events;
	s->ctx = ctx;
	s->held_as = RSP_HELD_KEYS;
	s->turn = (struct rsp_defer){ .call = on_turn, .ctx = s };
	s->queue_max = RSP_STREAM_QUEUE_MAX;
	s->handshake_ms = RSP_STREAM_TIMEOUT_MS;
	s->auth.tls_version = s->auth.tls_kx = s->auth.tls_cipher = s->auth.tls_group = "";
	LIST_INSERT_HEAD(&loop->streams, s, all);
	*ret = s;
	return RSP_OK;
}

void
rsp_stream_close(struct rsp_stream *s, bool flush_first)
{
	if (s->state >= RSP_STREAM_DRAINING)
		return;
	set_why(s, RSP_OK, "");
	if (flush_first && s->state == RSP_STREAM_OPEN) {
		s->state = RSP_STREAM_DRAINING;
		rsp_stream_alarm(s, RSP_STREAM_LINGER_MS);
		rsp_defer_late(s->loop, &s->turn);
		return;
	}
	if (s->state == RSP_STREAM_OPEN && s->tls && !rsp_queue_size(&s->wire)) {
		(void)gnutls_bye(s->tls->session, GNUTLS_SHUT_WR);
		send_wire(s);
	}
	rsp_stream_drop(s);
}

void
rsp_stream_set_ctx(struct rsp_stream *s, void *ctx)
{
	s->ctx = ctx;
}

void *
rsp_stream_ctx(const struct rsp_stream *s)
{
	return s->ctx;
}

bool
rsp_stream_reached(const struct rsp_stream *s)
{
	return s->reached;
}

const struct rsp_stream_auth *
rsp_stream_auth(const struct rsp_stream *s)
{
	return &s->auth;
}
