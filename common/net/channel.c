#include "net/channel.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/moves.h"
#include "net/carrier.h"
#include "net/channel_state.h"
#include "net/loop.h"
#include "net/trace.h"

#define MOVE(from, to, event) { CHANNEL_##from, CHANNEL_##to },
static const struct rsp_move channel_moves[] = { CHANNEL_MOVES(MOVE) };
#undef MOVE

struct rsp_channel {
	struct rsp_loop *loop;
	struct rsp_channel_params params;
	enum channel_state state;
	enum rsp_connect_stage stage; /* valid from CHANNEL_OPEN on: the stage that the connect reached */
	struct rsp_connect *connect;
	struct rsp_stream *stream;
	uint64_t partial_ms;
	bool whole; /* the carrier delivers whole messages */
	struct rsp_defer turn;
	struct rsp_why why; /* valid in CHANNEL_CLOSING: the error that down() gets */
};

/* The only setter of the state. */
static void
channel_enter(struct rsp_channel *channel, enum channel_state state)
{
	rsp_moves_check("channel", channel->state, state,
			rsp_moves_list(channel_moves, RSP_COUNT(channel_moves), channel->state, state));
	channel->state = state;
}

static void
tell_down(struct rsp_channel *channel, const struct rsp_why *why)
{
	struct rsp_why closed;

	if (!why->err)
		(void)rsp_fail(&closed, RSP_ECLOSED, why->object, "connection closed");
	channel_enter(channel, CHANNEL_DOWN);
	channel->params.events->down(channel->params.ctx, channel->stage, why->err ? why : &closed);
}

static void
on_turn(void *ctx)
{
	struct rsp_channel *channel = ctx;
	struct rsp_why why = channel->why; /* a copy: down() may free the channel */

	tell_down(channel, &why);
}

static void
open_on(struct rsp_channel *channel, struct rsp_stream *stream)
{
	const struct rsp_stream_auth *auth = rsp_stream_auth(stream);

	channel->connect = NULL;
	channel->stream = stream;
	channel->stage = RSP_CONNECT_OPEN;
	channel_enter(channel, CHANNEL_OPEN);
	channel->whole = !auth->secure && rsp_carrier_ops_of(auth->carrier)->has_messages;
}

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_channel *channel = ctx;

	open_on(channel, stream);
	channel->params.events->up(channel->params.ctx, auth);
}

/* Whether @channel still takes messages from @stream. A callback that closes or frees it unsets the stream's
 * context. */
static bool
takes(const struct rsp_channel *channel, const struct rsp_stream *stream)
{
	return channel && rsp_stream_ctx(stream) == channel && channel->state == CHANNEL_OPEN;
}

/* A message has begun and is not complete. */
static void
await_rest(struct rsp_channel *channel)
{
	if (channel->partial_ms)
		return;
	channel->partial_ms = rsp_clock_ms();
	if (channel->params.events->partial)
		channel->params.events->partial(channel->params.ctx);
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct rsp_channel *channel = ctx;
	struct rsp_bytes rest = all;

	while (takes(channel, stream) && rest.n && !rsp_stream_full(stream)) {
		const struct rsp_channel_params *params = &channel->params;
		size_t n = channel->whole ? rest.n : params->frame(rest);

		if (n == SIZE_MAX) {
			params->events->malformed(params->ctx, rest);
			return all.n;
		}
		if (n == 0 || n > rest.n)
			break;
		struct rsp_bytes message = rsp_bytes_of(rest.p, n);
		rest = rsp_bytes_of(rest.p + n, rest.n - n);
		channel->partial_ms = 0;
		rsp_trace_stream(params->trace, rsp_stream_auth(stream), params->ppid, false, message);
		params->events->message(params->ctx, message);
	}
	if (!takes(channel, stream))
		return all.n;
	if (rest.n && !rsp_stream_full(stream))
		await_rest(channel);
	return all.n - rest.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct rsp_channel *channel = ctx;

	(void)stream;
	if (!channel)
		return;
	channel->stream = NULL;
	tell_down(channel, why);
}

static const struct rsp_stream_events stream_events = { .open = on_open, .data = on_data, .closed = on_closed };

static void
on_failed(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct rsp_channel *channel = ctx;

	channel->connect = NULL;
	channel->stage = stage;
	tell_down(channel, why);
}

static void
on_found(void *ctx, const struct rsp_sockaddr *first)
{
	struct rsp_channel *channel = ctx;

	if (channel->params.events->found)
		channel->params.events->found(channel->params.ctx, first);
}

static struct rsp_channel *
channel_new(struct rsp_loop *loop, const struct rsp_channel_params *params)
{
	struct rsp_channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->loop = loop;
	channel->params = *params;
	channel->turn = (struct rsp_defer){ .call = on_turn, .ctx = channel };
	return channel;
}

enum rsp_err
rsp_channel_dial(struct rsp_loop *loop, const struct rsp_channel_params *params, const struct rsp_connect_params *to,
		 struct rsp_channel **ret)
{
	struct rsp_channel *channel = channel_new(loop, params);
	struct rsp_connect_params connect = *to;

	if (!channel)
		return RSP_ENOMEM;
	connect.events = &stream_events;
	connect.found = on_found;
	connect.failed = on_failed;
	connect.ctx = channel;
	enum rsp_err err = rsp_connect_start(loop, &connect, &channel->connect);
	if (err) {
		free(channel);
		return err;
	}
	*ret = channel;
	return RSP_OK;
}

enum rsp_err
rsp_channel_accept(struct rsp_loop *loop, const struct rsp_channel_params *params, struct rsp_stream *stream,
		   struct rsp_channel **ret)
{
	struct rsp_channel *channel = channel_new(loop, params);

	if (!channel) {
		rsp_channel_reject(stream);
		return RSP_ENOMEM;
	}
	rsp_stream_set_events(stream, &stream_events, channel);
	open_on(channel, stream);
	*ret = channel;
	return RSP_OK;
}

void
rsp_channel_reject(struct rsp_stream *stream)
{
	rsp_stream_set_events(stream, &stream_events, NULL);
	rsp_stream_close(stream, false);
}

enum rsp_err
rsp_channel_send(struct rsp_channel *channel, struct rsp_bytes message)
{
	const struct rsp_channel_params *params = &channel->params;

	if (channel->state != CHANNEL_OPEN)
		return RSP_ECLOSED;
	enum rsp_err err = rsp_stream_send(channel->stream, message);
	if (!err)
		rsp_trace_stream(params->trace, rsp_stream_auth(channel->stream), params->ppid, true, message);
	return err;
}

/* Cancel the connect, or close the stream after its queued output was sent. */
static void
detach(struct rsp_channel *channel)
{
	rsp_connect_cancel(channel->connect);
	channel->connect = NULL;
	if (!channel->stream)
		return;
	rsp_stream_set_ctx(channel->stream, NULL);
	rsp_stream_close(channel->stream, true);
	channel->stream = NULL;
}

void
rsp_channel_fail(struct rsp_channel *channel, const struct rsp_why *why)
{
	if (channel->state >= CHANNEL_CLOSING)
		return;
	channel->stage = rsp_channel_stage(channel);
	channel_enter(channel, CHANNEL_CLOSING);
	channel->partial_ms = 0;
	detach(channel);
	channel->why = *why;
	rsp_defer_ask(channel->loop, &channel->turn);
}

void
rsp_channel_close(struct rsp_channel *channel, bool flush)
{
	static const struct rsp_why none = { .err = RSP_OK };

	if (channel->state == CHANNEL_CONNECTING)
		rsp_channel_fail(channel, &none);
	if (channel->state != CHANNEL_OPEN)
		return;
	channel_enter(channel, CHANNEL_CLOSING);
	channel->partial_ms = 0;
	rsp_stream_close(channel->stream, flush);
}

void
rsp_channel_free(struct rsp_channel *channel)
{
	if (!channel)
		return;
	detach(channel);
	rsp_defer_cancel(channel->loop, &channel->turn);
	free(channel);
}

bool
rsp_channel_is_open(const struct rsp_channel *channel)
{
	return channel->state == CHANNEL_OPEN;
}

enum rsp_connect_stage
rsp_channel_stage(const struct rsp_channel *channel)
{
	return channel->connect ? rsp_connect_stage(channel->connect) : channel->stage;
}

const struct rsp_stream_auth *
rsp_channel_auth(const struct rsp_channel *channel)
{
	return channel->stream ? rsp_stream_auth(channel->stream) : NULL;
}

struct rsp_stream *
rsp_channel_stream(const struct rsp_channel *channel)
{
	return channel->stream;
}

uint64_t
rsp_channel_partial_ms(const struct rsp_channel *channel)
{
	return channel->partial_ms;
}

void *
rsp_channel_ctx(const struct rsp_channel *channel)
{
	return channel->params.ctx;
}
