#include "net/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/alarm.h"
#include "net/lookup.h"
#include "net/loop.h"
#include "net/stream.h"

#define TIMEOUT_MS_MIN 250 /* of one address */

/* An attempt: one address, and one key after the other. */
struct connect_attempt {
	struct rsp_connect *connect;
	struct rsp_stream *stream; /* NULL: the attempt is not under way */
	struct rsp_sockaddr to;
	unsigned nth_key;
	uint64_t end_ms; /* the deadline of this address, for all keys together */
};

struct rsp_connect {
	struct rsp_loop *loop;
	struct rsp_dial_params dial;
	struct rsp_stream_events events;
	void (*found)(void *ctx, const struct rsp_sockaddr *first);
	void (*failed)(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why);
	void *ctx;
	struct rsp_lookup *lookup; /* NULL after the lookup has ended */
	uint16_t port;
	struct rsp_alarm *stagger;
	struct rsp_defer turn; /* runs at the end of this turn: begins the first attempt, or calls failed() */
	struct rsp_why why;    /* of the attempt that came furthest */
	bool reached;          /* that attempt was connected */
	unsigned n, at;        /* addresses; those from @at on were not tried yet */
	unsigned running;      /* attempts under way */
	struct connect_attempt attempts[RSP_CONNECT_PARALLEL];
	char server_name[256];
	struct rsp_sockaddr to[RSP_CONNECT_ADDRESSES_MAX];
};

void
rsp_connect_cancel(struct rsp_connect *connect)
{
	if (!connect)
		return;
	rsp_lookup_cancel(connect->lookup);
	for (unsigned i = 0; i < RSP_CONNECT_PARALLEL; i++)
		if (connect->attempts[i].stream) {
			rsp_stream_set_ctx(connect->attempts[i].stream, NULL);
			rsp_stream_close(connect->attempts[i].stream, false);
		}
	rsp_alarm_free(connect->stagger);
	rsp_defer_cancel(connect->loop, &connect->turn);
	free(connect);
}

/* Keep the reason of the attempt that came furthest; of several, of the last one. */
static void
note(struct rsp_connect *connect, const struct rsp_why *why, bool reached)
{
	if (connect->reached && !reached)
		return;
	connect->why = *why;
	connect->reached = reached;
}

static const struct rsp_stream_events attempt_events;

/* Dial the address of @attempt with its key, in the time that is left. */
static enum rsp_err
dial(struct connect_attempt *attempt, struct rsp_why *why)
{
	struct rsp_connect *connect = attempt->connect;
	struct rsp_dial_params params = connect->dial;
	uint64_t now_ms = rsp_clock_ms();

	params.to = attempt->to;
	params.nth_key = attempt->nth_key;
	params.timeout_ms = attempt->end_ms > now_ms ? (uint32_t)(attempt->end_ms - now_ms) : 1;
	enum rsp_err err = rsp_dial_start(connect->loop, &params, &attempt_events, attempt, &attempt->stream, why);
	if (err)
		attempt->stream = NULL;
	else
		connect->running++;
	return err;
}

static struct connect_attempt *
unused(struct rsp_connect *connect)
{
	for (unsigned i = 0; i < RSP_CONNECT_PARALLEL; i++)
		if (!connect->attempts[i].stream)
			return &connect->attempts[i];
	return NULL;
}

/* Dial the next address that can be dialled. The one after it has its turn RSP_CONNECT_STAGGER_MS later. */
static void
dial_next(struct rsp_connect *connect)
{
	struct connect_attempt *attempt = unused(connect);
	struct rsp_why why;

	while (attempt && connect->at < connect->n && !attempt->stream) {
		*attempt = (struct connect_attempt){ .connect = connect,
						     .to = connect->to[connect->at++],
						     .end_ms = rsp_clock_ms() + connect->dial.timeout_ms };
		if (dial(attempt, &why))
			note(connect, &why, false);
	}
	if (connect->running == 0 && connect->at >= connect->n)
		rsp_defer_ask(connect->loop, &connect->turn);
	else if (connect->at < connect->n && connect->running < RSP_CONNECT_PARALLEL && connect->stagger)
		rsp_alarm_in(connect->stagger, RSP_CONNECT_STAGGER_MS);
}

static void
on_stagger(void *ctx)
{
	dial_next(ctx);
}

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct connect_attempt *winner = ctx;

	if (!winner)
		return;
	struct rsp_connect *connect = winner->connect;
	struct rsp_stream_events events = connect->events;
	void *to = connect->ctx;

	rsp_stream_set_events(stream, &events, to);
	winner->stream = NULL;
	rsp_connect_cancel(connect);
	events.open(to, stream, auth);
}

/* The data event of an attempt that was closed because another attempt won. */
static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx;
	(void)stream;
	return all.n;
}

/* The server has refused the key of @attempt: dial again with the next key, if we have one and time is left. */
static bool
try_next_key(struct connect_attempt *attempt)
{
	const struct rsp_dial_params *params = &attempt->connect->dial;

	if (!params->tls || params->role == RSP_ROLE_USER || rsp_clock_ms() >= attempt->end_ms)
		return false;
	attempt->nth_key++;
	return dial(attempt, NULL) == RSP_OK;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct connect_attempt *attempt = ctx;
	struct rsp_why closed;

	if (!attempt)
		return;
	struct rsp_connect *connect = attempt->connect;
	attempt->stream = NULL;
	connect->running--;
	if (why->err == RSP_EAUTH && try_next_key(attempt))
		return;
	if (!why->err)
		(void)rsp_fail(&closed, RSP_ECLOSED, why->object, "connection closed");
	note(connect, why->err ? why : &closed, rsp_stream_reached(stream));
	dial_next(connect);
}

static const struct rsp_stream_events attempt_events = { .open = on_open, .data = on_data, .closed = on_closed };

/* The stage that was reached when the connect fails with @why. */
static enum rsp_connect_stage
last_stage(const struct rsp_connect *connect)
{
	enum rsp_err err = connect->why.err;

	if (err == RSP_ELOOKUP)
		return RSP_CONNECT_LOOKUP;
	return connect->reached || err == RSP_ENOKEY || err == RSP_EKEY ? RSP_CONNECT_HANDSHAKE : RSP_CONNECT_TRANSPORT;
}

static void
tell_failure(struct rsp_connect *connect)
{
	struct rsp_why why = connect->why;
	enum rsp_connect_stage stage = last_stage(connect);
	void (*failed)(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why) = connect->failed;
	void *to = connect->ctx;

	rsp_connect_cancel(connect);
	failed(to, stage, &why);
}

/* The time limit for one address, such that all addresses can be tried within the limit of the connect. */
static uint32_t
timeout_of_one(const struct rsp_connect *connect)
{
	uint32_t all = connect->dial.timeout_ms;
	uint32_t one = all / ((connect->n + RSP_CONNECT_PARALLEL - 1) / RSP_CONNECT_PARALLEL);

	return one < TIMEOUT_MS_MIN ? TIMEOUT_MS_MIN : one;
}

/* The addresses are known: begin to dial them. */
static void
begin(struct rsp_connect *connect)
{
	if (connect->n && connect->found)
		connect->found(connect->ctx, &connect->to[0]);
	if (connect->n > 1) {
		enum rsp_err err = rsp_alarm_new(connect->loop, on_stagger, connect, &connect->stagger);

		connect->dial.timeout_ms = timeout_of_one(connect);
		if (err) {
			(void)rsp_fail(&connect->why, err, connect->server_name, "%s", rsp_err_text(err));
			connect->at = connect->n;
		}
	}
	dial_next(connect);
}

static void
on_turn(void *ctx)
{
	struct rsp_connect *connect = ctx;

	if (connect->at < connect->n)
		begin(connect);
	else
		tell_failure(connect);
}

static void
on_lookup(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct rsp_connect *connect = ctx;
	unsigned most = RSP_CONNECT_ADDRESSES_MAX - connect->n;

	connect->lookup = NULL;
	if (why->err)
		connect->why = *why;
	n = n < most ? n : most;
	memmove(connect->to + n, connect->to, connect->n * sizeof(connect->to[0]));
	if (n)
		memcpy(connect->to, addrs, n * sizeof(connect->to[0]));
	connect->n += n;
	begin(connect);
}

/* Look up @host, or be ready to begin at the end of this turn. */
static enum rsp_err
prepare(struct rsp_connect *connect, const char *host, uint32_t lookup_ms)
{
	enum rsp_err err = RSP_OK;

	if (host)
		err = rsp_lookup_start(connect->loop, host, connect->port, on_lookup, connect, &connect->lookup);
	else
		rsp_defer_ask(connect->loop, &connect->turn);
	if (err == RSP_ENOMEM)
		return err;
	if (err) {
		(void)rsp_fail(&connect->why, RSP_ELOOKUP, host, "cannot be looked up");
		connect->lookup = NULL;
		rsp_defer_ask(connect->loop, &connect->turn);
	} else if (host && lookup_ms) {
		rsp_lookup_limit(connect->lookup, lookup_ms);
	}
	return RSP_OK;
}

enum rsp_err
rsp_connect_start(struct rsp_loop *loop, const struct rsp_connect_params *params, struct rsp_connect **ret)
{
	unsigned n = params->n < RSP_CONNECT_ADDRESSES_MAX ? params->n : RSP_CONNECT_ADDRESSES_MAX;
	struct rsp_connect *connect = calloc(1, sizeof(*connect));

	if (!connect)
		return RSP_ENOMEM;
	connect->loop = loop;
	connect->dial = params->dial;
	if (!connect->dial.timeout_ms)
		connect->dial.timeout_ms = RSP_STREAM_TIMEOUT_MS;
	connect->events = *params->events;
	connect->found = params->found;
	connect->failed = params->failed;
	connect->ctx = params->ctx;
	connect->port = params->port;
	connect->turn = (struct rsp_defer){ .call = on_turn, .ctx = connect };
	connect->n = n;
	if (n)
		memcpy(connect->to, params->to, n * sizeof(connect->to[0]));
	if (params->dial.server_name) {
		(void)snprintf(connect->server_name, sizeof(connect->server_name), "%s", params->dial.server_name);
		connect->dial.server_name = connect->server_name;
	}
	(void)rsp_fail(&connect->why, RSP_EUNREACHABLE, params->dial.server_name, "has no address");
	enum rsp_err err = prepare(connect, params->host, params->lookup_ms);
	if (err) {
		free(connect);
		return err;
	}
	*ret = connect;
	return RSP_OK;
}

enum rsp_connect_stage
rsp_connect_stage(const struct rsp_connect *connect)
{
	if (connect->lookup)
		return RSP_CONNECT_LOOKUP;
	if (connect->reached)
		return RSP_CONNECT_HANDSHAKE;
	for (unsigned i = 0; i < RSP_CONNECT_PARALLEL; i++)
		if (connect->attempts[i].stream && rsp_stream_reached(connect->attempts[i].stream))
			return RSP_CONNECT_HANDSHAKE;
	return RSP_CONNECT_TRANSPORT;
}
