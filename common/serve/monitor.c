#include "serve/monitor.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/monitor_priv.h"
#include "serve/target.h"

#define AGAIN_MS     250 /* until one that was not reached is tried again; then twice that, and so on */
#define AGAIN_MAX_MS 1000

const char *
rsp_inquiry_step_name(enum rsp_inquiry_step step)
{
	static const char *const names[] = { "dns", "tcp", "tls", "enrp" };

	return names[step];
}

static void
begin_at(struct asked *a, uint64_t begin_ms)
{
	a->begin_ms = begin_ms;
	rsp_alarm_set(a->alarm, begin_ms);
}

static void
finish(struct asked *a)
{
	struct rsp_inquiry *q = a->q;

	a->over = true;
	rsp_alarm_set(a->alarm, RSP_NEVER);
	for (unsigned i = 0; i < q->n; i++)
		if (!q->asked[i].over)
			return;
	rsp_defer_ask(q->loop, &q->defer);
}

/* The first answer is enough: the others are left alone. */
static void
leave_others(struct rsp_inquiry *q, const struct asked *winner)
{
	for (unsigned i = 0; i < q->n; i++) {
		struct asked *a = &q->asked[i];
		if (a == winner || a->over)
			continue;
		rsp_asked_hang_up(a);
		rsp_monitor_free(a->engine);
		a->engine = NULL;
		finish(a);
	}
}

/* Whether what failed so may go better a moment later, and there is time for that. */
static bool
try_again(const struct asked *a, const struct rsp_why *why)
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
	rsp_asked_send(ctx, message);
}

/* Time ran out on the way to the registrar, and the engine does not know how far that led. */
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
	struct asked *a = ctx;
	struct rsp_inquiry *q = a->q;
	uint64_t rtt_us = rsp_clock_us() - a->sent_us;
	struct rsp_monitor_event told = *event;

	a->seen.server_id = event->server_id ? event->server_id : a->seen.server_id;
	if (event->type == RSP_MONITOR_FAILED) {
		a->seen.why = *event->why;
		if (!*a->seen.why.object)
			memcpy(a->seen.why.object, a->target.name, sizeof(a->target.name));
		a->seen.step = rsp_asked_step(a, event->why->err);
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

/* The one after @failed has its turn now. */
static void
begin_next(struct rsp_inquiry *q)
{
	for (unsigned i = 0; i < q->n; i++)
		if (!q->asked[i].over && !q->asked[i].seen.tried) {
			begin_at(&q->asked[i], rsp_clock_ms());
			return;
		}
}

static void
end(struct asked *a)
{
	rsp_asked_hang_up(a);
	rsp_monitor_free(a->engine);
	a->engine = NULL;
	if (a->seen.why.err && !a->q->config.each)
		begin_next(a->q);
	if (a->seen.again) {
		a->seen.again = false;
		uint64_t pause_ms = a->tries > 2 ? AGAIN_MAX_MS : (uint64_t)AGAIN_MS << (a->tries - 1);
		begin_at(a, rsp_clock_ms() + pause_ms);
	} else {
		finish(a);
	}
}

void
rsp_asked_settle(struct asked *a)
{
	if (a->lost && a->engine)
		rsp_monitor_down(a->engine, &a->why);
	if (a->engine && rsp_monitor_over(a->engine))
		end(a);
	else if (a->engine)
		rsp_alarm_set(a->alarm, rsp_monitor_deadline(a->engine));
}

static void
begin(struct asked *a)
{
	struct rsp_rng rng;

	a->tries++;
	a->seen.tried = true;
	if (rsp_rng_os(&rng) ||
	    rsp_monitor_new(&a->q->config.ask, &ops, a, rng, rsp_clock_ms(), &a->engine)) {
		a->engine = NULL;
		(void)rsp_fail(&a->seen.why, RSP_ENOMEM, a->target.name, "out of memory");
		a->q->event(a->q->ctx, &a->seen,
			    &(struct rsp_monitor_event){ .type = RSP_MONITOR_FAILED, .why = &a->seen.why }, 0);
		finish(a);
		return;
	}
	rsp_asked_dial(a);
}

static void
on_alarm(void *ctx)
{
	struct asked *a = ctx;

	if (a->engine)
		rsp_monitor_tick(a->engine, rsp_clock_ms());
	else if (!a->over)
		begin(a);
	rsp_asked_settle(a);
}

static void
on_over(void *ctx)
{
	struct rsp_inquiry *q = ctx;

	q->over(q->ctx);
}

/* Whom to ask */

static enum rsp_err
take(struct rsp_inquiry *q, const struct rsp_target *target, struct rsp_why *why)
{
	struct asked *a = &q->asked[q->n];

	*a = (struct asked){ .q = q, .target = *target, .seen = { .tls_version = "", .secure = !q->config.plaintext } };
	a->seen.name = a->target.name;
	if (!*target->endpoint.host)
		return rsp_fail(why, RSP_ENOTFOUND, target->name, "has no ENRP address in the scope");
	enum rsp_err err = rsp_alarm_new(q->loop, on_alarm, a, &a->alarm);
	if (err)
		return rsp_fail(why, err, target->name, "%s", rsp_err_text(err));
	q->n++;
	return RSP_OK;
}

static enum rsp_err
take_scope(struct rsp_inquiry *q, struct rsp_why *why)
{
	const struct rsp_scope *scope = q->config.scope;
	enum rsp_err err = RSP_OK;

	for (size_t i = 0; !err && i < scope->n_registrars; i++) {
		const struct rsp_scope_registrar *registrar = &scope->registrars[i];
		struct rsp_target target = { .endpoint = registrar->enrp, .registrar = registrar };

		memcpy(target.name, registrar->name, sizeof(registrar->name));
		if (*registrar->enrp.host)
			err = take(q, &target, why);
	}
	return err;
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
	q->asked = calloc(room ? room : 1, sizeof(*q->asked));
	if (!q->asked)
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
		begin_at(&q->asked[i], now + (config->each ? 0 : (uint64_t)i * RSP_INQUIRY_STAGGER_MS));
	*ret = q;
	return RSP_OK;
}

void
rsp_inquiry_free(struct rsp_inquiry *q)
{
	if (!q)
		return;
	for (unsigned i = 0; i < q->n; i++) {
		rsp_asked_hang_up(&q->asked[i]);
		rsp_monitor_free(q->asked[i].engine);
		rsp_alarm_free(q->asked[i].alarm);
	}
	rsp_defer_cancel(q->loop, &q->defer);
	free(q->asked);
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
	return &q->asked[i].seen;
}
