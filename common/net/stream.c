#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/alarm.h"
#include "net/inbox.h"
#include "net/loop_priv.h"
#include "net/outbox.h"
#include "net/poll.h"
#include "net/stream_priv.h"
#include "net/tls_pump.h"

struct rsp_stream {
	LIST_ENTRY(rsp_stream) entry; /* of the loop */
	struct rsp_loop *loop;
	const struct rsp_carrier_ops *carrier;
	int fd;                  /* -1 after it was closed */
	struct rsp_poll *poll;   /* of @fd */
	struct rsp_alarm *alarm; /* the timeout of connecting, the handshake, draining and lingering; else NULL */
	struct rsp_tls_pump tls;
	const struct rsp_stream_owner *owner_ops; /* NULL: no owner, or the owner was told the end */
	void *owner;
	struct rsp_stream_events events;
	void *ctx;
	struct rsp_defer turn;     /* runs at the end of this turn: sends the output, and calls closed() */
	struct rsp_inbox in;
	struct rsp_outbox out;
	struct rsp_budget_share share; /* the memory of @in and @out */
	struct rsp_stream_auth auth;
	struct rsp_why *why; /* once it ends; NULL then: no memory */
	uint32_t queue_max, timeout_ms;
	uint32_t full_at; /* octets of queued output from which the stream is full; 0: it is never full */
	enum rsp_stream_state state;
	enum rsp_stream_state furthest; /* the last of CONNECTING, HANDSHAKE, OPEN that was reached */
	bool dialled;
};

static void
enter(struct rsp_stream *s, enum rsp_stream_state state)
{
	assert(rsp_stream_state_may(s->state, state));
	s->state = state;
	if (state <= RSP_STREAM_OPEN)
		s->furthest = state;
}

static void
poll_again(struct rsp_stream *s)
{
	if (!s->poll || s->state == RSP_STREAM_CONNECTING)
		return;
	bool reads = !rsp_inbox_is_ended(&s->in) && !(s->state == RSP_STREAM_OPEN && rsp_stream_full(s));
	rsp_poll_for(s->poll, (reads ? UV_READABLE : 0) | (s->out.state == RSP_TX_BLOCKED ? UV_WRITABLE : 0));
}

static void
count_memory(struct rsp_stream *s)
{
	rsp_budget_count(&s->share, s->in.queue.room + rsp_outbox_memory(&s->out));
}

/* At the end of this turn, send the queued output, and call closed() if the stream has ended. */
static void
ask_for_turn(struct rsp_stream *s)
{
	rsp_defer_late(s->loop, &s->turn);
}

static void
flush(struct rsp_stream *s)
{
	rsp_outbox_flush(&s->out);
	count_memory(s);
	poll_again(s);
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
		rsp_sockaddr_format_ip(&s->auth.remote, s->auth.remote_port, object);
	(void)rsp_fail(s->why, err, object, "%s", reason);
}

void
rsp_stream_drop(struct rsp_stream *s)
{
	if (s->state >= RSP_STREAM_CLOSED)
		return;
	enter(s, s->state == RSP_STREAM_LINGERING_TOLD ? RSP_STREAM_OVER : RSP_STREAM_CLOSED);
	rsp_poll_free(s->poll);
	s->poll = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = s->in.fd = s->out.fd = -1;
	rsp_alarm_free(s->alarm);
	s->alarm = NULL;
	rsp_tls_pump_done(&s->tls);
	rsp_queue_clear(&s->in.queue);
	rsp_outbox_clear(&s->out);
	count_memory(s);
	const struct rsp_stream_owner *owner = s->owner_ops;
	if (s->furthest == RSP_STREAM_OPEN)
		s->owner_ops = NULL;
	if (owner)
		owner->gone(s->owner, s->in.heard, s->why);
	ask_for_turn(s);
}

/* The budget of memory is exceeded, and this stream holds the most: end it. */
static void
on_give_up(struct rsp_budget_share *share)
{
	struct rsp_stream *s = RSP_CONTAINER(share, struct rsp_stream, share);
	bool user = share->budget == &s->loop->budget[RSP_BUDGET_USERS];

	rsp_stream_fail(s, RSP_ELIMIT, "holds the most of the memory that %s may have (%zu octets)",
			user ? "users" : "connections with a key", share->used);
	rsp_stream_drop(s);
}

static void set_alarm(struct rsp_stream *s, uint32_t ms);

/* All is sent: end our direction, and wait a moment for the other side to end its own. Closing at once could destroy
 * what it has not read yet. */
static void
linger(struct rsp_stream *s)
{
	if (rsp_inbox_is_ended(&s->in) || s->out.state == RSP_TX_BROKEN || s->carrier->shut(s->fd) < 0) {
		rsp_stream_drop(s);
		return;
	}
	enter(s, RSP_STREAM_LINGERING);
	set_alarm(s, RSP_STREAM_LINGER_MS);
	poll_again(s);
}

void
rsp_stream_fail(struct rsp_stream *s, enum rsp_err err, const char *fmt, ...)
{
	char reason[RSP_REASON_MAX];
	va_list args;

	if (s->state >= RSP_STREAM_LINGERING || (s->state == RSP_STREAM_DRAINING && s->why)) {
		rsp_stream_drop(s);
		return;
	}
	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	set_why(s, err, reason);
	ask_for_turn(s);
	if (s->tls.session)
		rsp_outbox_send_wire(&s->out); /* the alert */
	rsp_queue_clear(&s->out.plain);
	bool alerted =
		s->tls.session && s->in.heard && !rsp_inbox_is_ended(&s->in) && s->state != RSP_STREAM_CONNECTING;
	if (alerted && err != RSP_EPLAIN && err != RSP_ETIMEOUT && rsp_queue_size(&s->out.records) == 0)
		linger(s);
	else
		rsp_stream_drop(s);
}

static void
fail_for_memory(struct rsp_stream *s)
{
	rsp_stream_fail(s, RSP_ENOMEM, "%s", rsp_err_text(RSP_ENOMEM));
}

static void
on_alarm(void *ctx)
{
	struct rsp_stream *s = ctx;

	if (s->state == RSP_STREAM_CONNECTING)
		rsp_stream_fail(s, RSP_ETIMEOUT, "not connected within %u ms", s->timeout_ms);
	else if (s->state == RSP_STREAM_HANDSHAKE)
		rsp_stream_fail(s, RSP_ETIMEOUT, "handshake not finished within %u ms", s->timeout_ms);
	else
		rsp_stream_drop(s);
}

static void
set_alarm(struct rsp_stream *s, uint32_t ms)
{
	if (!s->alarm && rsp_alarm_new(s->loop, on_alarm, s, &s->alarm)) {
		rsp_stream_drop(s); /* no memory for the timeout: without it the stream could linger for ever */
		return;
	}
	rsp_alarm_in(s->alarm, ms);
}

void
rsp_stream_arm(struct rsp_stream *s)
{
	set_alarm(s, s->timeout_ms);
}

/* The other side sends no more. It may still read what is queued, if the carrier has directions that end one by one. */
static void
end_by_other(struct rsp_stream *s, const char *reason)
{
	s->in.state = RSP_RX_ENDED;
	set_why(s, RSP_ECLOSED, reason);
	if (!s->carrier->half_closes) {
		rsp_stream_drop(s);
		return;
	}
	enter(s, RSP_STREAM_DRAINING);
	set_alarm(s, RSP_STREAM_LINGER_MS);
	poll_again(s);
	ask_for_turn(s);
}

static void
end_of_input(struct rsp_stream *s)
{
	if (rsp_inbox_is_paused(&s->in)) { /* the messages in the input queue come first */
		rsp_inbox_end(&s->in);
		poll_again(s);
		return;
	}
	bool mute = s->dialled && !s->tls.session && !s->in.heard && s->auth.remote.family;

	end_by_other(s, rsp_queue_size(&s->in.queue) ? "closed by the other side in the middle of a message"
			: mute		       ? "closed by the other side without a word: does it want TLS?"
					       : "closed by the other side");
}

static void
open_stream(struct rsp_stream *s)
{
	if (s->tls.session && rsp_tls_session_auth(s->tls.session, &s->auth)) {
		fail_for_memory(s);
		return;
	}
	s->carrier->local(s->fd, &s->auth.local, &s->auth.local_port);
	rsp_alarm_free(s->alarm);
	s->alarm = NULL;
	if (s->owner_ops && s->owner_ops->opened(s->owner, &s->auth)) {
		rsp_stream_fail(s, RSP_ELIMIT, "too many connections of users");
		return;
	}
	enter(s, RSP_STREAM_OPEN);
	poll_again(s);
	s->events.open(s->ctx, s, &s->auth);
}

static void
shake(struct rsp_stream *s)
{
	char reason[RSP_REASON_MAX];
	bool done;
	enum rsp_err err = rsp_tls_pump_shake(&s->tls, &done, reason, sizeof(reason));

	if (err) {
		rsp_stream_fail(s, err, "%s", reason);
		return;
	}
	rsp_outbox_send_wire(&s->out);
	if (s->out.state == RSP_TX_BROKEN && rsp_inbox_is_ended(&s->in))
		rsp_stream_fail(s, RSP_ECLOSED, "closed during the handshake");
	else if (done)
		open_stream(s);
	else
		poll_again(s);
}

static void
begin_handshake(struct rsp_stream *s)
{
	if (!s->tls.session)
		open_stream(s);
	else if (s->dialled)
		shake(s);
	else
		poll_again(s);
}

static void
finish_connecting(struct rsp_stream *s, int error)
{
	if (error) {
		rsp_stream_fail(s, error == ETIMEDOUT ? RSP_ETIMEOUT : RSP_EUNREACHABLE, "%s", strerror(error));
		return;
	}
	rsp_poll_for(s->poll, 0);
	enter(s, RSP_STREAM_HANDSHAKE);
	begin_handshake(s);
}

void
rsp_stream_start(struct rsp_stream *s, int error)
{
	if (error)
		finish_connecting(s, error);
	else if (s->state == RSP_STREAM_CONNECTING)
		rsp_poll_for(s->poll, UV_WRITABLE);
	else if (s->state == RSP_STREAM_HANDSHAKE)
		begin_handshake(s);
}

/* Pass the input @all to data(), and keep the octets that data() does not consume. */
static void
show(struct rsp_stream *s, struct rsp_bytes all)
{
	struct rsp_queue queue = s->in.queue; /* data() may drop the stream, and goes on reading @all then */

	if (all.n == 0)
		return;
	s->in.queue = (struct rsp_queue){ 0 };
	size_t used = s->events.data(s->ctx, s, all);
	used = used < all.n ? used : all.n;
	if (s->state != RSP_STREAM_OPEN) {
		rsp_queue_clear(&queue);
		return;
	}
	s->in.queue = queue;
	rsp_inbox_set_paused(&s->in, used < all.n && rsp_stream_full(s));
	if (used && s->owner_ops)
		s->owner_ops->heard(s->owner);
	if (!rsp_inbox_keep(&s->in, all, used))
		fail_for_memory(s);
	else if (all.n - used > RSP_STREAM_IN_MAX && !rsp_inbox_is_paused(&s->in))
		rsp_stream_fail(s, RSP_ELIMIT, "%zu octets without a whole message", all.n - used);
	else
		count_memory(s);
}

/* Act on the result @flow of a read. */
static void
finish_read(struct rsp_stream *s, enum rsp_inbox_flow flow)
{
	char reason[RSP_REASON_MAX];
	enum rsp_err err;

	switch (flow) {
	case RSP_INBOX_MORE:
	case RSP_INBOX_WAIT:
		break;
	case RSP_INBOX_END:
		end_of_input(s);
		break;
	case RSP_INBOX_CUT:
		end_by_other(s, "cut off by the other side");
		break;
	case RSP_INBOX_BROKEN:
		end_by_other(s, strerror(errno));
		break;
	case RSP_INBOX_NOT_TLS:
		rsp_stream_fail(s, RSP_EPLAIN, "%s", rsp_err_text(RSP_EPLAIN));
		break;
	case RSP_INBOX_FAILED:
		err = rsp_tls_pump_error(&s->tls, reason, sizeof(reason));
		rsp_stream_fail(s, err, "%s", reason);
		break;
	case RSP_INBOX_NO_MEMORY:
		fail_for_memory(s);
		break;
	}
}

static void
read_tls(struct rsp_stream *s)
{
	enum rsp_inbox_flow flow = rsp_inbox_fetch(&s->in);
	struct rsp_bytes all;

	if (flow == RSP_INBOX_MORE && s->state == RSP_STREAM_HANDSHAKE)
		shake(s);
	while (flow == RSP_INBOX_MORE && s->state == RSP_STREAM_OPEN) {
		flow = rsp_inbox_decrypt(&s->in, &all);
		rsp_outbox_send_wire(&s->out); /* the answer to a key update, say */
		show(s, all);
	}
	if (flow == RSP_INBOX_NOT_TLS || s->state == RSP_STREAM_OPEN)
		finish_read(s, flow);
	rsp_tls_pump_starve(&s->tls);
}

static void
read_plain(struct rsp_stream *s)
{
	struct rsp_bytes all;
	enum rsp_inbox_flow flow = rsp_inbox_read(&s->in, &all);

	if (flow == RSP_INBOX_WAIT)
		show(s, all);
	else
		finish_read(s, flow);
}

/* After the end, only that the other side ends its direction, too, matters. */
static void
read_rest(struct rsp_stream *s)
{
	if (rsp_inbox_skip(&s->in) == RSP_INBOX_WAIT)
		return;
	if (s->state == RSP_STREAM_DRAINING)
		poll_again(s);
	else
		rsp_stream_drop(s);
}

static void
on_ready(void *ctx, int events)
{
	struct rsp_stream *s = ctx;

	if (s->state == RSP_STREAM_CONNECTING) {
		finish_connecting(s, s->carrier->result(s->fd));
		return;
	}
	if (events & UV_WRITABLE) {
		rsp_outbox_writable(&s->out);
		ask_for_turn(s);
	}
	if (!(events & (UV_READABLE | UV_DISCONNECT)) || rsp_inbox_is_ended(&s->in))
		return;
	if (s->state >= RSP_STREAM_DRAINING)
		read_rest(s);
	else if (s->tls.session)
		read_tls(s);
	else
		read_plain(s);
}

/* The output of a paused stream was sent: process the input that was queued meanwhile. */
static void
resume(struct rsp_stream *s)
{
	if (!rsp_inbox_is_paused(&s->in) || s->state != RSP_STREAM_OPEN || rsp_stream_full(s))
		return;
	rsp_inbox_set_paused(&s->in, false);
	show(s, rsp_inbox_waiting(&s->in));
	if (s->state == RSP_STREAM_OPEN && s->in.state == RSP_RX_ENDED)
		end_of_input(s);
	poll_again(s);
}

static void
end_output(struct rsp_stream *s)
{
	if (s->tls.session && s->out.state != RSP_TX_BROKEN) {
		rsp_tls_pump_bye(&s->tls);
		rsp_outbox_send_wire(&s->out);
	}
	linger(s);
}

static void
send_queued(struct rsp_stream *s)
{
	flush(s);
	if (s->state >= RSP_STREAM_LINGERING) /* it held too much memory */
		return;
	bool empty = !rsp_outbox_size(&s->out);
	if (empty && s->state == RSP_STREAM_DRAINING) {
		end_output(s);
	} else if (empty && s->out.state == RSP_TX_CATCHING_UP && s->state == RSP_STREAM_OPEN) {
		s->out.state = RSP_TX_FREE;
		if (s->events.drained)
			s->events.drained(s->ctx, s);
	}
	resume(s);
}

static void
stream_free(struct rsp_stream *s)
{
	rsp_defer_cancel(s->loop, &s->turn);
	LIST_REMOVE(s, entry);
	union {
		const char *lent;
		char *ours;
	} identity = { s->auth.identity };
	free(identity.ours);
	free(s->why);
	free(s);
}

static void
tell_end(struct rsp_stream *s)
{
	static const struct rsp_why no_memory = { .err = RSP_ENOMEM, .reason = "out of memory" };
	const struct rsp_why *why = s->why ? s->why : &no_memory;

	enter(s, s->state == RSP_STREAM_CLOSED ? RSP_STREAM_OVER : RSP_STREAM_LINGERING_TOLD);
	if (s->owner_ops && s->furthest < RSP_STREAM_OPEN)
		s->owner_ops->refused(s->owner, s->in.heard, why);
	else
		s->events.closed(s->ctx, s, why);
}

static void
on_turn(void *ctx)
{
	struct rsp_stream *s = ctx;

	if (s->state == RSP_STREAM_HANDSHAKE || s->state == RSP_STREAM_OPEN || s->state == RSP_STREAM_DRAINING)
		send_queued(s);
	/* A failure is told at once; the end of a close only when the descriptor is closed. */
	if (s->state == RSP_STREAM_CLOSED || (s->state == RSP_STREAM_LINGERING && s->why && s->why->err))
		tell_end(s);
	if (s->state == RSP_STREAM_OVER)
		stream_free(s);
}

static void
cut_all(struct rsp_loop *loop)
{
	struct rsp_stream *s;

	while ((s = LIST_FIRST(&loop->streams))) {
		rsp_stream_drop(s);
		stream_free(s);
	}
}

enum rsp_err
rsp_stream_new(struct rsp_loop *loop, const struct rsp_stream_params *params, struct rsp_stream **ret)
{
	struct rsp_stream *s = calloc(1, sizeof(*s));
	enum rsp_err err = s ? rsp_poll_new(loop, params->fd, on_ready, s, &s->poll) : RSP_ENOMEM;

	if (err) {
		rsp_tls_session_free(params->tls);
		free(s);
		return err;
	}
	loop->cut_streams = cut_all;
	s->loop = loop;
	s->fd = params->fd;
	s->carrier = rsp_carrier_ops_of(params->carrier);
	s->state = params->connecting ? RSP_STREAM_CONNECTING : RSP_STREAM_HANDSHAKE;
	s->furthest = s->state;
	s->dialled = params->dialled;
	s->events = *params->events;
	s->ctx = params->ctx;
	s->owner_ops = params->owner_ops;
	s->owner = params->owner;
	s->share = (struct rsp_budget_share){
		.budget = &loop->budget[params->group ? RSP_BUDGET_USERS : RSP_BUDGET_KEYS],
		.group = params->group,
		.give_up = on_give_up,
	};
	s->turn = (struct rsp_defer){ .call = on_turn, .ctx = s };
	s->queue_max = params->queue_max ? params->queue_max : RSP_STREAM_QUEUE_MAX;
	s->timeout_ms = params->timeout_ms ? params->timeout_ms : RSP_STREAM_TIMEOUT_MS;
	s->auth.carrier = params->carrier;
	s->auth.remote = params->remote;
	s->auth.remote_port = params->remote_port;
	s->auth.tls_version = s->auth.tls_kx = s->auth.tls_cipher = s->auth.tls_group = "";
	s->in = (struct rsp_inbox){ .carrier = s->carrier,
				    .fd = s->fd,
				    .tls = &s->tls,
				    .encrypted = loop->wire_in,
				    .scratch = loop->plain };
	s->out = (struct rsp_outbox){ .carrier = s->carrier, .fd = s->fd, .tls = &s->tls };
	if (params->tls)
		rsp_tls_pump_start(&s->tls, params->tls, &loop->wire_out);
	LIST_INSERT_HEAD(&loop->streams, s, entry);
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
		enter(s, RSP_STREAM_DRAINING);
		set_alarm(s, RSP_STREAM_LINGER_MS);
		ask_for_turn(s);
		return;
	}
	if (s->state == RSP_STREAM_OPEN && s->tls.session && !rsp_queue_size(&s->out.records)) {
		rsp_tls_pump_bye(&s->tls);
		rsp_outbox_send_wire(&s->out);
	}
	rsp_stream_drop(s);
}

void
rsp_stream_disown(struct rsp_stream *s)
{
	s->owner_ops = NULL;
	s->share.group = NULL;
	if (s->furthest == RSP_STREAM_OPEN)
		return;
	rsp_stream_drop(s);
	if (s->state == RSP_STREAM_CLOSED)
		enter(s, RSP_STREAM_OVER);
}

enum rsp_err
rsp_stream_send(struct rsp_stream *s, struct rsp_bytes bytes)
{
	if (s->state != RSP_STREAM_OPEN)
		return RSP_ECLOSED;
	if (bytes.n > s->queue_max || rsp_stream_queued(s) > s->queue_max - bytes.n)
		return RSP_ELIMIT;
	if (!rsp_queue_add(&s->out.plain, bytes.p, bytes.n))
		return RSP_ENOMEM;
	count_memory(s);
	if (s->state >= RSP_STREAM_CLOSED)
		return RSP_ECLOSED;
	if (s->out.state != RSP_TX_BLOCKED)
		ask_for_turn(s);
	return RSP_OK;
}

size_t
rsp_stream_queued(const struct rsp_stream *s)
{
	return rsp_outbox_size(&s->out);
}

bool
rsp_stream_full(const struct rsp_stream *s)
{
	size_t queued = rsp_stream_queued(s);

	return s->full_at && queued && (s->out.state == RSP_TX_BLOCKED || queued >= s->full_at);
}

void
rsp_stream_limit(struct rsp_stream *s, uint32_t queue_max, uint32_t full_at, bool keyed)
{
	s->queue_max = queue_max;
	s->full_at = full_at;
	if (keyed)
		rsp_budget_move(&s->share, &s->loop->budget[RSP_BUDGET_KEYS]);
}

void
rsp_stream_set_events(struct rsp_stream *s, const struct rsp_stream_events *events, void *ctx)
{
	s->events = *events;
	s->ctx = ctx;
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
	return s->furthest > RSP_STREAM_CONNECTING;
}

const struct rsp_stream_auth *
rsp_stream_auth(const struct rsp_stream *s)
{
	return &s->auth;
}

bool
rsp_stream_user(const struct rsp_stream *s, uid_t *ret)
{
	return s->fd >= 0 && !s->auth.remote.family && s->carrier->user(s->fd, ret);
}

enum rsp_stream_state
rsp_stream_get_state(const struct rsp_stream *s)
{
	return s->state;
}

const struct rsp_tls_session *
rsp_stream_tls(const struct rsp_stream *s)
{
	return s->tls.session;
}
