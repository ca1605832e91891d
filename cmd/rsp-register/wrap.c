#include "wrap.h"
#include "net/alarm.h"
#include "net/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "listener_pid.h"
#include "net/dial.h"
#include "net/loop.h"

#define POLL_MS 50 /* the time between two checks whether the command is ready */

static const struct rsp_ip loopback[2] = { { .family = 4, .ip = { 127, 0, 0, 1 } },
					   { .family = 6, .ip = { [15] = 1 } } };

struct wrap {
	struct rsp_loop *loop;
	struct wrap_config config;
	struct wrap_events events;
	void *ctx;
	struct rsp_child *child; /* NULL when it has ended */
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

/* Stop the check that is under way. The stream's last event comes later, so its context is removed. */
static void
probe_drop(struct wrap *w)
{
	if (w->probe) {
		rsp_stream_set_ctx(w->probe, NULL);
		rsp_stream_close(w->probe, false);
		w->probe = NULL;
	}
	rsp_child_kill(w->probe_child, SIGKILL);
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

/* Check whether the port takes connections; without an address, IPv4 and IPv6 loopback in turns. */
static void
probe_port(struct wrap *w)
{
	static const struct rsp_stream_events events = {
		.open = probe_open,
		.data = probe_data,
		.closed = probe_closed,
	};
	const struct rsp_ip *ip = w->config.ip.family ? &w->config.ip : &loopback[w->looks++ % 2];
	struct rsp_dial_params dial = { .to = rsp_sockaddr_of(ip, w->config.port), .timeout_ms = 1000 };

	if (rsp_dial_start(w->loop, &dial, &events, w, &w->probe, NULL))
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
	struct rsp_child_params params = {
		.argv = argv,
		.fds = { -1, -1, STDERR_FILENO },
		.own_group = true,
		.kill_rest = true,
		.at_our_end = SIGKILL,
	};

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

/* The ready time or the kill time is over. */
static void
too_late(void *ctx)
{
	struct wrap *w = ctx;

	if (w->stopping) {
		rsp_child_kill(w->child, SIGKILL);
		return;
	}
	probe_drop(w);
	rsp_alarm_set(w->look, RSP_NEVER);
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

/* Whether a process accepts connections at @at. A local one answers at once or not at all. */
static bool
answers(const struct rsp_sockaddr *at)
{
	int fd = socket(at->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	struct rsp_sockaddr own = { .len = sizeof(own.ss) };
	socklen_t size = sizeof(error);

	if (fd < 0)
		return false;
	bool up = connect(fd, (const struct sockaddr *)&at->ss, at->len) == 0 || errno == EINPROGRESS;
	up = up && poll(&writable, 1, POLL_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	     error == 0;
	/* TCP lets a socket connect to itself, if the kernel chose that port for it: not an answer */
	up = up && getsockname(fd, (struct sockaddr *)&own.ss, &own.len) == 0 &&
	     rsp_sockaddr_port(&own) != rsp_sockaddr_port(at);
	(void)close(fd);
	return up;
}

static enum rsp_err
port_taken(const struct wrap_config *config, struct rsp_why *why)
{
	bool ours = false;
	pid_t pid = listener_pid(config->port, &ours);
	char who[40] = "somebody else";

	if (pid)
		(void)snprintf(who, sizeof(who), "pid %ld", (long)pid);
	return rsp_fail(why, RSP_EEXISTS, config->command[0], "is not started: %s serves the port %u already%s", who,
			(unsigned)config->port,
			ours ? ", which an earlier rsp-register started: it has to end first" : "");
}

/* Check before the start that the port is free: afterwards an answer could be that of another process. */
static enum rsp_err
check_port_free(const struct wrap_config *config, struct rsp_why *why)
{
	unsigned n = config->ip.family ? 1 : 2;

	for (unsigned i = 0; config->ready == WRAP_READY_PORT && i < n; i++) {
		struct rsp_sockaddr at = rsp_sockaddr_of(n == 1 ? &config->ip : &loopback[i], config->port);

		if (answers(&at))
			return port_taken(config, why);
	}
	return RSP_OK;
}

/* Write "NAME=value" for each variable of @from that has a value to @to, on the heap, and NULL after the last. */
static void
env_make(const struct wrap_variable *from, char *to[static WRAP_ENV_MAX + 1])
{
	char **end = to + WRAP_ENV_MAX;

	for (; from->name && to < end; from++)
		if (from->value && asprintf(to, "%s=%s", from->name, from->value) >= 0)
			to++;
	*to = NULL;
}

static void
env_free(char **env)
{
	for (; *env; env++)
		free(*env);
}

enum rsp_err
wrap_start(struct rsp_loop *loop, const struct wrap_config *config, const struct wrap_events *events, void *ctx,
	   struct wrap **ret, struct rsp_why *why)
{
	char *env[WRAP_ENV_MAX + 1];
	struct rsp_child_params params = {
		.argv = (const char *const *)config->command,
		.env = (const char *const *)env,
		.fds = { STDIN_FILENO, config->out, STDERR_FILENO },
		.own_group = true,
		.at_our_end = SIGTERM,
	};
	enum rsp_err err = check_port_free(config, why);
	struct wrap *w = err ? NULL : calloc(1, sizeof(*w));

	if (err)
		return err;
	if (!w)
		return rsp_fail(why, RSP_ENOMEM, config->command[0], "out of memory");
	*w = (struct wrap){ .loop = loop, .config = *config, .events = *events, .ctx = ctx };
	err = rsp_alarm_new(loop, look, w, &w->look);
	if (!err)
		err = rsp_alarm_new(loop, too_late, w, &w->limit);
	if (err)
		(void)rsp_fail(why, err, config->command[0], "%s", rsp_err_text(err));
	else {
		env_make(config->env, env);
		err = rsp_child_start(loop, &params, ended, w, &w->child, why);
		env_free(env);
	}
	w->config.env = NULL; /* the caller's array is valid during this call only */
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
wrap_signal(struct wrap *w, int signum)
{
	if (w)
		rsp_child_kill(w->child, signum);
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
