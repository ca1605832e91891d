#include "wrap.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/stream.h"

#define POLL_MS 50 /* between two looks at whether the command is ready */

struct wrap {
	struct rsp_loop *loop;
	struct wrap_config config;
	struct wrap_events events;
	void *ctx;
	struct rsp_child *child; /* NULL once it has ended */
	struct rsp_alarm *look, *limit;
	struct rsp_stream *probe;
	struct rsp_child *probe_child;
	unsigned looks;
	bool is_ready, stopping;
};

static void
probe_done(struct wrap *w, bool good)
{
	if (w->is_ready || w->stopping)
		return;
	if (!good) {
		rsp_alarm_in(w->look, POLL_MS);
		return;
	}
	w->is_ready = true;
	rsp_alarm_set(w->limit, RSP_NEVER);
	w->events.ready(w->ctx);
}

/* Its last event comes later, perhaps after @w is gone. */
static void
probe_drop(struct wrap *w)
{
	if (w->probe) {
		rsp_stream_set_ctx(w->probe, NULL);
		rsp_stream_close(w->probe, false);
		w->probe = NULL;
	}
	rsp_child_free(w->probe_child);
	w->probe_child = NULL;
}

static void
probe_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct wrap *w = ctx;

	(void)stream;
	(void)auth;
	if (!w)
		return;
	probe_drop(w);
	probe_done(w, true);
}

static size_t
probe_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes data)
{
	(void)ctx;
	(void)stream;
	return data.n;
}

static void
probe_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct wrap *w = ctx;

	(void)stream;
	(void)why;
	if (!w)
		return;
	w->probe = NULL;
	probe_done(w, false);
}

/* Without an address of its own, a server is expected on either loopback address. */
static void
probe_port(struct wrap *w)
{
	static const struct rsp_stream_events events = {
		.open = probe_open,
		.data = probe_data,
		.closed = probe_closed,
	};
	static const struct rsp_ip loopback[2] = { { .family = 4, .ip = { 127, 0, 0, 1 } },
						   { .family = 6, .ip = { [15] = 1 } } };
	const struct rsp_ip *ip = w->config.ip.family ? &w->config.ip : &loopback[w->looks++ % 2];
	struct rsp_dial_params dial = { .to = rsp_sockaddr_of(ip, w->config.port), .timeout_ms = 1000 };

	if (rsp_stream_dial(w->loop, &dial, &events, w, &w->probe, NULL))
		probe_done(w, false);
}

static void
probe_ended(void *ctx, int status, int signum)
{
	struct wrap *w = ctx;

	rsp_child_free(w->probe_child);
	w->probe_child = NULL;
	probe_done(w, status == 0 && signum == 0);
}

static void
probe_exec(struct wrap *w)
{
	const char *argv[] = { "/bin/sh", "-c", w->config.exec, NULL };
	struct rsp_child_params params = { .argv = argv, .fds = { -1, -1, STDERR_FILENO } };

	if (rsp_child_start(w->loop, &params, probe_ended, w, &w->probe_child, NULL))
		probe_done(w, false);
}

static void
look(void *ctx)
{
	struct wrap *w = ctx;

	if (w->config.ready == WRAP_READY_PORT)
		probe_port(w);
	else if (w->config.ready == WRAP_READY_EXEC)
		probe_exec(w);
	else
		probe_done(w, true);
}

/* Not ready in time, or not ended in time. */
static void
too_late(void *ctx)
{
	struct wrap *w = ctx;

	if (w->stopping)
		rsp_child_kill(w->child, SIGKILL);
	else
		w->events.late(w->ctx);
}

static void
ended(void *ctx, int status, int signum)
{
	struct wrap *w = ctx;

	rsp_child_free(w->child);
	w->child = NULL;
	w->stopping = true;
	probe_drop(w);
	rsp_alarm_set(w->look, RSP_NEVER);
	rsp_alarm_set(w->limit, RSP_NEVER);
	w->events.ended(w->ctx, status, signum);
}

enum rsp_err
wrap_start(struct rsp_loop *loop, const struct wrap_config *config, const struct wrap_events *events, void *ctx,
	   struct wrap **ret, struct rsp_why *why)
{
	struct rsp_child_params params = {
		.argv = (const char *const *)config->command,
		.env = config->env,
		.fds = { STDIN_FILENO, config->out, STDERR_FILENO },
		.own_group = true,
	};
	struct wrap *w = calloc(1, sizeof(*w));

	if (!w)
		return rsp_fail(why, RSP_ENOMEM, config->command[0], "out of memory");
	*w = (struct wrap){ .loop = loop, .config = *config, .events = *events, .ctx = ctx };
	enum rsp_err err = rsp_alarm_new(loop, look, w, &w->look);
	if (!err)
		err = rsp_alarm_new(loop, too_late, w, &w->limit);
	if (err)
		(void)rsp_fail(why, err, config->command[0], "out of memory");
	else
		err = rsp_child_start(loop, &params, ended, w, &w->child, why);
	w->config.env = NULL; /* lent for the call */
	if (err) {
		wrap_free(w);
		return err;
	}
	rsp_alarm_in(w->look, 0);
	if (config->ready != WRAP_READY_NOW)
		rsp_alarm_in(w->limit, config->ready_timeout_ms);
	*ret = w;
	return RSP_OK;
}

bool
wrap_running(const struct wrap *w)
{
	return w && w->child;
}

void
wrap_stop(struct wrap *w)
{
	if (!w->child)
		return;
	rsp_child_kill(w->child, w->stopping ? SIGKILL : SIGTERM);
	if (!w->stopping)
		rsp_alarm_in(w->limit, w->config.kill_after_ms);
	w->stopping = true;
	probe_drop(w);
	rsp_alarm_set(w->look, RSP_NEVER);
}

void
wrap_free(struct wrap *w)
{
	if (!w)
		return;
	probe_drop(w);
	rsp_child_free(w->child);
	rsp_alarm_free(w->look);
	rsp_alarm_free(w->limit);
	free(w);
}
