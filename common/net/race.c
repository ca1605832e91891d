#include "net/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "net/stream_priv.h"

#define TIMEOUT_MS_MIN 250 /* of one address */

struct runner {
	struct rsp_race *race;
	struct rsp_stream *stream; /* NULL: not under way */
};

struct rsp_race {
	struct rsp_loop *loop;
	struct rsp_dial_params dial;
	struct rsp_stream_events events;
	void (*failed)(void *ctx, const struct rsp_why *why, bool reached);
	void *ctx;
	struct rsp_alarm *stagger;
	struct rsp_defer end; /* to tell that all have failed */
	struct rsp_why why;
	bool reached; /* by the attempt that @why is of */
	unsigned n, at, running;
	struct runner runner[RSP_RACE_PARALLEL];
	char server_name[256];
	struct rsp_sockaddr to[]; /* @n of them; those from @at on were not tried yet */
};

/* Free @race and close its streams; their events are not called. */
static void
race_free(struct rsp_race *race)
{
	for (unsigned i = 0; i < RSP_RACE_PARALLEL; i++)
		if (race->runner[i].stream) {
			rsp_stream_set_ctx(race->runner[i].stream, NULL);
			rsp_stream_close(race->runner[i].stream, false);
		}
	rsp_alarm_free(race->stagger);
	rsp_defer_cancel(race->loop, &race->end);
	free(race);
}

/* An attempt failed: keep the reason that says most. */
static void
note(struct rsp_race *race, const struct rsp_why *why, bool reached)
{
	if (race->reached && !reached)
		return;
	race->why = *why;
	race->reached = reached;
}

static const struct rsp_stream_events running;

static struct runner *
unused(struct rsp_race *race)
{
	for (unsigned i = 0; i < RSP_RACE_PARALLEL; i++)
		if (!race->runner[i].stream)
			return &race->runner[i];
	return NULL;
}

/* Dial the next address that can be dialled; the one after it has its turn a little later. */
static void
next(struct rsp_race *race)
{
	struct runner *runner = unused(race);
	struct rsp_why why;

	while (runner && race->at < race->n && !runner->stream) {
		race->dial.to = race->to[race->at++];
		if (rsp_stream_dial(race->loop, &race->dial, &running, runner, &runner->stream, &why) == RSP_OK) {
			race->running++;
		} else {
			runner->stream = NULL;
			note(race, &why, false);
		}
	}
	if (race->running == 0 && race->at >= race->n)
		rsp_defer_ask(race->loop, &race->end);
	else if (race->at < race->n && race->running < RSP_RACE_PARALLEL && race->stagger)
		rsp_alarm_in(race->stagger, RSP_RACE_STAGGER_MS);
}

static void
on_stagger(void *ctx)
{
	next(ctx);
}

static void
on_end(void *ctx)
{
	struct rsp_race *race = ctx;
	struct rsp_why why = race->why;
	bool reached = race->reached;
	void (*failed)(void *ctx, const struct rsp_why *why, bool reached) = race->failed;
	void *to = race->ctx;

	race_free(race);
	failed(to, &why, reached);
}

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct runner *winner = ctx;

	if (!winner)
		return;
	struct rsp_race *race = winner->race;
	void *to = race->ctx;

	stream->events = race->events;
	rsp_stream_set_ctx(stream, to);
	winner->stream = NULL;
	race_free(race);
	stream->events.open(to, stream, auth);
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx; /* of one that lost, and is being closed */
	(void)stream;
	return all.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct runner *runner = ctx;
	struct rsp_why closed;

	if (!runner)
		return;
	struct rsp_race *race = runner->race;
	runner->stream = NULL;
	race->running--;
	if (!why->err)
		(void)rsp_fail(&closed, RSP_ECLOSED, why->object, "connection closed");
	note(race, why->err ? why : &closed, rsp_stream_reached(stream));
	next(race);
}

static const struct rsp_stream_events running = { .open = on_open, .data = on_data, .closed = on_closed };

/* How long one address may take, so that all of them have their turn. */
static uint32_t
timeout_of_one(const struct rsp_race *race)
{
	uint32_t all = race->dial.timeout_ms ? race->dial.timeout_ms : RSP_STREAM_TIMEOUT_MS;
	uint32_t one = all / ((race->n + RSP_RACE_PARALLEL - 1) / RSP_RACE_PARALLEL);

	return one < TIMEOUT_MS_MIN ? TIMEOUT_MS_MIN : one;
}

enum rsp_err
rsp_race_start(struct rsp_loop *loop, const struct rsp_race_params *params, struct rsp_race **ret)
{
	unsigned n = params->n < RSP_RACE_MAX ? params->n : RSP_RACE_MAX;
	struct rsp_race *race = calloc(1, sizeof(*race) + n * sizeof(race->to[0]));

	if (!race)
		return RSP_ENOMEM;
	race->loop = loop;
	race->dial = params->dial;
	race->events = *params->events;
	race->failed = params->failed;
	race->ctx = params->ctx;
	race->end = (struct rsp_defer){ .call = on_end, .ctx = race };
	race->n = n;
	for (unsigned i = 0; i < n; i++)
		race->to[i] = params->to[i];
	for (unsigned i = 0; i < RSP_RACE_PARALLEL; i++)
		race->runner[i].race = race;
	if (params->dial.server_name) {
		(void)snprintf(race->server_name, sizeof(race->server_name), "%s", params->dial.server_name);
		race->dial.server_name = race->server_name;
	}
	if (params->before && params->before->err)
		race->why = *params->before;
	else
		(void)rsp_fail(&race->why, RSP_EUNREACHABLE, params->dial.server_name, "has no address");
	if (n > 1) {
		enum rsp_err err = rsp_alarm_new(loop, on_stagger, race, &race->stagger);

		race->dial.timeout_ms = timeout_of_one(race);
		if (err) {
			free(race);
			return err;
		}
	}
	next(race);
	*ret = race;
	return RSP_OK;
}

bool
rsp_race_reached(const struct rsp_race *race)
{
	if (race->reached)
		return true;
	for (unsigned i = 0; i < RSP_RACE_PARALLEL; i++)
		if (race->runner[i].stream && rsp_stream_reached(race->runner[i].stream))
			return true;
	return false;
}

void
rsp_race_cancel(struct rsp_race *race)
{
	if (race)
		race_free(race);
}
