#include "serve/inquiry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/moves.h"
#include "keys/scope.h"
#include "net/alarm.h"
#include "net/channel.h"
#include "net/loop.h"
#include "proto/message.h"
#include "serve/inquiry_state.h"
#include "serve/target.h"

#define AGAIN_MS     250 /* pause before a registrar is asked again; doubled each time, up to AGAIN_MAX_MS */
#define AGAIN_MAX_MS 1000

#define MOVE(from, to, event) { INQUIRY_##from, INQUIRY_##to },
static const struct rsp_move inquiry_moves[] = { INQUIRY_MOVES(MOVE) };
#undef MOVE

/* A registrar that is asked, or will be. */
struct inquiry_target {
	struct rsp_inquiry *q;
	struct rsp_inquiry_server seen;
	struct rsp_target target;
	struct rsp_alarm *alarm; /* WAITING: rings at begin_ms; ASKING: at the engine's deadline */
	enum inquiry_state state;
	struct rsp_monitor *engine;  /* NULL unless ASKING */
	struct rsp_channel *channel; /* NULL unless ASKING, and if out of memory */
	unsigned tries;
	uint64_t sent_us; /* when the newest request was sent */
};

struct rsp_inquiry {
	struct rsp_loop *loop;
	struct rsp_inquiry_config config;
	rsp_inquiry_event *event;
	void (*over)(void *ctx);
	void *ctx;
	struct rsp_defer defer;
	struct inquiry_target *targets;
	unsigned n;
};

const char *
rsp_inquiry_step_name(enum rsp_inquiry_step step)
{
	static const char *const names[] = { "dns", "tcp", "tls", "enrp" };

	return names[step];
}

/* The only setter of the state. @alarm_ms: when the alarm is to ring next. */
static void
inquiry_enter(struct inquiry_target *a, enum inquiry_state state, uint64_t alarm_ms)
{
	rsp_moves_check("inquiry", a->state, state,
			rsp_moves_list(inquiry_moves, RSP_COUNT(inquiry_moves), a->state, state));
	a->state = state;
	rsp_alarm_set(a->alarm, alarm_ms);
}

static void
finish(struct inquiry_target *a)
{
	struct rsp_inquiry *q = a->q;

	inquiry_enter(a, INQUIRY_OVER, RSP_NEVER);
	for (unsigned i = 0; i < q->n; i++)
		if (q->targets[i].state != INQUIRY_OVER)
			return;
	rsp_defer_ask(q->loop, &q->defer);
}

/* Close the connection after its queued output was sent. */
static void
hang_up(struct inquiry_target *a)
{
	rsp_channel_free(a->channel);
	a->channel = NULL;
	rsp_monitor_free(a->engine);
	a->engine = NULL;
	a->seen.tls_version = "";
	a->seen.ip = (struct rsp_ip){ 0 };
}

/* The first answer is enough: stop asking the other registrars. */
static void
leave_others(struct rsp_inquiry *q, const struct inquiry_target *winner)
{
	for (unsigned i = 0; i < q->n; i++) {
		struct inquiry_target *a = &q->targets[i];
		if (a == winner || a->state == INQUIRY_OVER)
			continue;
		hang_up(a);
		finish(a);
	}
}

/* Whether the same request may succeed a moment later, before the timeout. */
static bool
try_again(const struct inquiry_target *a, const struct rsp_why *why)
{
	const struct rsp_inquiry_config *config = &a->q->config;
	bool passing = why->err == RSP_EUNREACHABLE || why->err == RSP_ETIMEOUT || why->err == RSP_ELOOKUP ||
		       why->err == RSP_ECLOSED || (why->err == RSP_EREJECTED && why->cause == RSP_CAUSE_NONE);

	return config->wait && passing && !a->seen.answered && rsp_clock_ms() + AGAIN_MAX_MS < config->ask.deadline_ms;
}

/* The engine's calls */

static void
op_send(void *ctx, struct rsp_bytes message)
{
	struct inquiry_target *a = ctx;
	enum rsp_err err = a->channel ? rsp_channel_send(a->channel, message) : RSP_ECLOSED;
	struct rsp_why why;

	a->sent_us = rsp_clock_us();
	if (!err || !a->channel)
		return;
	(void)rsp_fail(&why, err, a->seen.name, "cannot send: %s", rsp_err_text(err));
	rsp_channel_fail(a->channel, &why);
}

static enum rsp_inquiry_step
step_of(const struct inquiry_target *a)
{
	static const enum rsp_inquiry_step steps[] = {
		[RSP_CONNECT_LOOKUP] = RSP_INQUIRY_DNS,
		[RSP_CONNECT_TRANSPORT] = RSP_INQUIRY_TCP,
		[RSP_CONNECT_HANDSHAKE] = RSP_INQUIRY_TLS,
		[RSP_CONNECT_OPEN] = RSP_INQUIRY_ENRP,
	};

	return a->channel ? steps[rsp_channel_stage(a->channel)] : RSP_INQUIRY_TCP;
}

/* After a timeout before the connection was open, write the missing step to the reason: the engine does not know it. */
static void
say_missing(struct rsp_inquiry_server *seen)
{
	static const char *const missing[] = {
		[RSP_INQUIRY_DNS] = "no answer to the name lookup in time",
		[RSP_INQUIRY_TCP] = "no connection in time",
		[RSP_INQUIRY_TLS] = "connected, but no TLS handshake in time: it hangs, or speaks no TLS",
	};

	if (seen->why.err == RSP_ETIMEOUT && seen->step != RSP_INQUIRY_ENRP)
		(void)snprintf(seen->why.reason, sizeof(seen->why.reason), "%s", missing[seen->step]);
}

static void
op_event(void *ctx, const struct rsp_monitor_event *event)
{
	struct inquiry_target *a = ctx;
	struct rsp_inquiry *q = a->q;
	uint64_t rtt_us = rsp_clock_us() - a->sent_us;
	struct rsp_monitor_event told = *event;

	a->seen.server_id = event->server_id ? event->server_id : a->seen.server_id;
	if (event->type == RSP_MONITOR_FAILED) {
		a->seen.why = *event->why;
		if (!*a->seen.why.object)
			memcpy(a->seen.why.object, a->target.name, sizeof(a->target.name));
		a->seen.step = step_of(a);
		say_missing(&a->seen);
		a->seen.again = try_again(a, event->why);
		told.why = &a->seen.why;
	} else if (event->type != RSP_MONITOR_REJECTED && event->type != RSP_MONITOR_DONE) {
		a->seen.answered = true;
		a->seen.step = RSP_INQUIRY_ENRP;
		a->seen.why = (struct rsp_why){ 0 };
		if (!q->config.each)
			leave_others(q, a);
	}
	q->event(q->ctx, &a->seen, &told, rtt_us);
}

static const struct rsp_monitor_ops ops = { op_send, op_event };

/* Begin now to ask the next registrar that was not asked yet. */
static void
begin_next(struct rsp_inquiry *q)
{
	for (unsigned i = 0; i < q->n; i++)
		if (q->targets[i].state == INQUIRY_WAITING && !q->targets[i].seen.tried) {
			inquiry_enter(&q->targets[i], INQUIRY_WAITING, rsp_clock_ms());
			return;
		}
}

static void
end(struct inquiry_target *a)
{
	hang_up(a);
	if (a->seen.why.err && !a->q->config.each)
		begin_next(a->q);
	if (a->seen.again) {
		a->seen.again = false;
		uint64_t pause_ms = a->tries > 2 ? AGAIN_MAX_MS : (uint64_t)AGAIN_MS << (a->tries - 1);
		inquiry_enter(a, INQUIRY_WAITING, rsp_clock_ms() + pause_ms);
	} else {
		finish(a);
	}
}

/* To be called after every call into the engine of @a: end @a if the engine is done, else set the alarm to its
 * deadline. */
static void
settle(struct inquiry_target *a)
{
	if (rsp_monitor_over(a->engine))
		end(a);
	else
		rsp_alarm_set(a->alarm, rsp_monitor_deadline(a->engine));
}

/* The channel's events */

static void
on_found(void *ctx, const struct rsp_sockaddr *first)
{
	struct inquiry_target *a = ctx;

	rsp_sockaddr_format(first, a->seen.address);
}

static void
on_up(void *ctx, const struct rsp_stream_auth *auth)
{
	struct inquiry_target *a = ctx;

	rsp_sockaddr_format_ip(&auth->remote, auth->remote_port, a->seen.address);
	a->seen.ip = auth->remote;
	a->seen.port = auth->remote_port;
	a->seen.secure = auth->secure;
	a->seen.tls_version = auth->tls_version;
	rsp_monitor_up(a->engine, rsp_clock_ms());
	settle(a);
}

static void
on_message(void *ctx, struct rsp_bytes message)
{
	struct inquiry_target *a = ctx;

	rsp_monitor_receive(a->engine, rsp_clock_ms(), message);
	settle(a);
}

static void
on_malformed(void *ctx, struct rsp_bytes octets)
{
	struct inquiry_target *a = ctx;
	struct rsp_why why;

	(void)octets;
	(void)rsp_fail(&why, RSP_EPROTO, a->seen.name, "no ENRP message: an impossible length");
	rsp_channel_fail(a->channel, &why);
}

static void
on_down(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct inquiry_target *a = ctx;

	(void)stage;
	rsp_monitor_down(a->engine, why);
	settle(a);
}

static const struct rsp_channel_events channel_events = {
	.found = on_found, .up = on_up, .message = on_message, .malformed = on_malformed, .down = on_down
};

/* The time limit for all addresses together. */
static uint32_t
dial_timeout(const struct inquiry_target *a)
{
	uint64_t all = a->q->config.ask.answer_ms, now = rsp_clock_ms(), end_ms = a->q->config.ask.deadline_ms;

	if (all == 0)
		all = end_ms == RSP_NEVER ? RSP_STREAM_TIMEOUT_MS : end_ms > now ? end_ms - now : 1;
	return all > UINT32_MAX ? UINT32_MAX : (uint32_t)all;
}

/* RSP_ENOMEM. */
static enum rsp_err
dial(struct inquiry_target *a)
{
	const struct rsp_inquiry_config *config = &a->q->config;
	const struct rsp_endpoint *endpoint = &a->target.endpoint;
	const struct rsp_scope_registrar *registrar = a->target.registrar;
	struct rsp_sockaddr more[RSP_SCOPE_ADDRESSES_MAX];
	struct rsp_channel_params params = { .frame = rsp_message_frame,
					     .ppid = RSP_PPID_ENRP,
					     .trace = config->trace,
					     .events = &channel_events,
					     .ctx = a };
	struct rsp_connect_params connect = {
		.dial = {
			.tls = config->tls,
			.role = config->plaintext ? RSP_ROLE_NONE : RSP_ROLE_MONITOR,
			.server_name = a->target.name,
			.timeout_ms = dial_timeout(a),
		},
		.host = endpoint->host,
		.port = endpoint->port,
		.to = more,
	};

	for (size_t i = 0; registrar && i < registrar->n_addresses && i < RSP_SCOPE_ADDRESSES_MAX; i++)
		more[connect.n++] = rsp_sockaddr_of(&registrar->addresses[i], endpoint->port);
	return rsp_channel_dial(a->q->loop, &params, &connect, &a->channel);
}

static void
begin(struct inquiry_target *a)
{
	struct rsp_rng rng;
	struct rsp_why why;

	a->tries++;
	a->seen.tried = true;
	if (rsp_rng_os(&rng) || rsp_monitor_new(&a->q->config.ask, &ops, a, rng, rsp_clock_ms(), &a->engine)) {
		a->engine = NULL;
		(void)rsp_fail(&a->seen.why, RSP_ENOMEM, a->target.name, "out of memory");
		a->q->event(a->q->ctx, &a->seen,
			    &(struct rsp_monitor_event){ .type = RSP_MONITOR_FAILED, .why = &a->seen.why }, 0);
		finish(a);
		return;
	}
	inquiry_enter(a, INQUIRY_ASKING, RSP_NEVER); /* settle() sets the alarm */
	enum rsp_err err = dial(a);
	if (err) {
		(void)rsp_fail(&why, err, a->seen.name, "%s", rsp_err_text(err));
		rsp_monitor_down(a->engine, &why);
	}
	settle(a);
}

static void
on_alarm(void *ctx)
{
	struct inquiry_target *a = ctx;

	if (a->state == INQUIRY_WAITING) {
		begin(a);
	} else if (a->state == INQUIRY_ASKING) {
		rsp_monitor_tick(a->engine, rsp_clock_ms());
		settle(a);
	}
}

static void
on_over(void *ctx)
{
	struct rsp_inquiry *q = ctx;

	q->over(q->ctx);
}

/* The list of registrars */

static enum rsp_err
take(struct rsp_inquiry *q, const struct rsp_target *target, struct rsp_why *why)
{
	struct inquiry_target *a = &q->targets[q->n];

	*a = (struct inquiry_target){ .q = q,
				      .target = *target,
				      .seen = { .tls_version = "", .secure = !q->config.plaintext } };
	a->seen.name = a->target.name;
	if (!*target->endpoint.host)
		return rsp_fail(why, RSP_ENOTFOUND, target->name,
				"has no ENRP address in the scope (rsp-keygen registrar NAME --enrp HOST:PORT --force "
				"adds one)");
	enum rsp_err err = rsp_alarm_new(q->loop, on_alarm, a, &a->alarm);
	if (err)
		return rsp_fail(why, err, target->name, "%s", rsp_err_text(err));
	q->n++;
	return RSP_OK;
}

static enum rsp_err
take_scope(struct rsp_inquiry *q, struct rsp_why *why)
{
	const struct rsp_scope_registrar *unusable = NULL;
	const struct rsp_scope *scope = q->config.scope;
	enum rsp_err err = RSP_OK;

	for (size_t i = 0; !err && i < scope->n_registrars; i++) {
		const struct rsp_scope_registrar *registrar = &scope->registrars[i];
		struct rsp_target target = { .endpoint = registrar->enrp, .registrar = registrar };

		memcpy(target.name, registrar->name, sizeof(registrar->name));
		if (*registrar->enrp.host && !registrar->enrp.port)
			unusable = unusable ? unusable : registrar;
		else if (*registrar->enrp.host)
			err = take(q, &target, why);
	}
	return !err && unusable && q->n == 0 ? rsp_scope_no_port(unusable->name, why) : err;
}

static enum rsp_err
take_servers(struct rsp_inquiry *q, struct rsp_why *why)
{
	const struct rsp_inquiry_config *config = &q->config;
	unsigned room = config->n_servers;
	enum rsp_err err = RSP_OK;

	if (room == 0 && config->scope)
		room = (unsigned)config->scope->n_registrars;
	if (room > RSP_INQUIRY_SERVERS_MAX)
		return rsp_fail(why, RSP_EUSAGE, "server", "%u are given, %d are allowed", room,
				RSP_INQUIRY_SERVERS_MAX);
	q->targets = calloc(room ? room : 1, sizeof(*q->targets));
	if (!q->targets)
		return rsp_fail(why, RSP_ENOMEM, "registrars", "out of memory");
	if (config->n_servers == 0 && config->scope)
		err = take_scope(q, why);
	for (unsigned i = 0; !err && i < config->n_servers; i++) {
		struct rsp_target target;
		err = rsp_target_of(config->scope, config->servers[i], RSP_SERVICE_ENRP, config->plaintext, &target,
				    why);
		if (!err)
			err = take(q, &target, why);
	}
	if (!err && q->n == 0)
		return rsp_fail(why, RSP_EUSAGE, config->scope ? config->scope->dir : "registrar",
				"no registrar with an ENRP address is named here: give one with -s HOST:PORT");
	return err;
}

enum rsp_err
rsp_inquiry_new(struct rsp_loop *loop, const struct rsp_inquiry_config *config, rsp_inquiry_event *event,
		void (*over)(void *ctx), void *ctx, struct rsp_inquiry **ret, struct rsp_why *why)
{
	struct rsp_inquiry *q = calloc(1, sizeof(*q));
	uint64_t now = rsp_clock_ms();

	if (!q)
		return rsp_fail(why, RSP_ENOMEM, "registrars", "out of memory");
	q->loop = loop;
	q->config = *config;
	q->config.ask.deadline_ms = config->timeout_ms ? now + config->timeout_ms : RSP_NEVER;
	q->event = event;
	q->over = over;
	q->ctx = ctx;
	q->defer = (struct rsp_defer){ .call = on_over, .ctx = q };
	enum rsp_err err = take_servers(q, why);
	if (err) {
		rsp_inquiry_free(q);
		return err;
	}
	for (unsigned i = 0; i < q->n; i++)
		inquiry_enter(&q->targets[i], INQUIRY_WAITING,
			      now + (config->each ? 0 : (uint64_t)i * RSP_INQUIRY_STAGGER_MS));
	*ret = q;
	return RSP_OK;
}

void
rsp_inquiry_free(struct rsp_inquiry *q)
{
	if (!q)
		return;
	for (unsigned i = 0; i < q->n; i++) {
		hang_up(&q->targets[i]);
		rsp_alarm_free(q->targets[i].alarm);
	}
	rsp_defer_cancel(q->loop, &q->defer);
	free(q->targets);
	free(q);
}

unsigned
rsp_inquiry_servers(const struct rsp_inquiry *q)
{
	return q->n;
}

const struct rsp_inquiry_server *
rsp_inquiry_server_at(const struct rsp_inquiry *q, unsigned i)
{
	return &q->targets[i].seen;
}
