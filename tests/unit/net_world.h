#ifndef TESTS_UNIT_NET_WORLD_H
#define TESTS_UNIT_NET_WORLD_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "net/connect.h"
#include "net/listener.h"
#include "tap.h"

/* What tests of the net share: one end of a connection that notes what happens to it, and a loop that runs until it
 * has. */

#define PATIENCE_MS 20000 /* of a test that fails; none waits that long otherwise */

struct end {
	struct rsp_stream *stream;
	struct rsp_stream_auth auth; /* identity points to identity */
	char identity[300];
	struct rsp_why why;
	unsigned opened, closed, drained, refused, shown;
	uint8_t *got;
	size_t got_n, got_room;
	size_t whole;         /* consume only multiples of it; 0: everything */
	const char *greeting; /* sent at the opening */
	bool echo, close_at_open, bye_at_open;
};

static struct rsp_loop *world_loop;
static bool world_gave_up;

static inline size_t
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

static inline void
end_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct end *end = ctx;

	end->stream = stream;
	end->opened++;
	end->auth = *auth;
	(void)snprintf(end->identity, sizeof(end->identity), "%s", auth->identity ? auth->identity : "");
	if (end->greeting)
		CHECK_EQ(rsp_stream_send(stream, rsp_bytes_str(end->greeting)), RSP_OK);
	if (end->close_at_open || end->bye_at_open)
		rsp_stream_close(stream, end->bye_at_open);
}

static inline size_t
end_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct end *end = ctx;
	size_t take = end->whole ? all.n / end->whole * end->whole : all.n;

	end->shown++;
	if (end->got_n + take > end->got_room) {
		end->got_room = 2 * (end->got_n + take);
		end->got = realloc(end->got, end->got_room);
	}
	if (take)
		memcpy(end->got + end->got_n, all.p, take);
	end->got_n += take;
	if (end->echo && take)
		CHECK_EQ(rsp_stream_send(stream, rsp_bytes_of(all.p, take)), RSP_OK);
	return take;
}

static inline void
end_drained(void *ctx, struct rsp_stream *stream)
{
	struct end *end = ctx;

	(void)stream;
	end->drained++;
}

static inline void
end_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct end *end = ctx;

	(void)stream;
	end->stream = NULL;
	end->closed++;
	end->why = *why;
}

static inline void
end_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct end *end = ctx;

	(void)remote;
	end->refused++;
	end->why = *why;
}

static const struct rsp_stream_events end_events = { end_open, end_data, end_drained, end_closed };

static inline void
end_done(struct end *end)
{
	free(end->got);
	*end = (struct end){ 0 };
}

static size_t world_fds;

/* A loop, and how many descriptors there are without one. */
static inline bool
world_begin(void)
{
	if (rsp_loop_new(&world_loop))
		return false;
	rsp_loop_free(world_loop); /* what libuv keeps for the process is there now */
	world_fds = count_fds();
	return rsp_loop_new(&world_loop) == RSP_OK;
}

/* The last test: nothing keeps the loop from going, and no descriptor is left. */
static inline void
nothing_is_left(void)
{
	rsp_loop_free(world_loop);
	world_loop = NULL;
	rsp_loop_free(NULL);
	CHECK_EQ(count_fds(), world_fds);
}

static inline void
world_give_up(void *ctx)
{
	(void)ctx;
	world_gave_up = true;
}

/* Run the loop until @condition holds. */
#define WORLD_RUN(condition)                                                                                           \
	do {                                                                                                           \
		struct rsp_alarm *world_alarm;                                                                         \
		world_gave_up = rsp_alarm_new(world_loop, world_give_up, NULL, &world_alarm) != RSP_OK;                \
		rsp_alarm_in(world_alarm, PATIENCE_MS);                                                                \
		while (!(condition) && !world_gave_up)                                                                 \
			(void)rsp_loop_turn(world_loop, true);                                                         \
		CHECK(condition);                                                                                      \
		rsp_alarm_free(world_alarm);                                                                           \
	} while (0)

static inline struct rsp_sockaddr
loopback(void)
{
	return rsp_sockaddr_of(&(struct rsp_ip){ .family = 4, .ip = { 127, 0, 0, 1 } }, 0);
}

/* Listen on a port that the kernel chooses, noting in @end. */
static inline struct rsp_listener *
world_listen(struct rsp_tls *tls, enum rsp_tls_service service, const struct rsp_listener_limits *limits,
	     struct end *end)
{
	struct rsp_listener_params params = {
		.at = loopback(), .tls = tls, .service = service, .refused = end_refused
	};
	struct rsp_listener *listener = NULL;
	struct rsp_why why = { 0 };

	if (limits)
		params.limits = *limits;
	CHECK_EQ(rsp_listener_new(world_loop, &params, &end_events, end, &listener, &why), RSP_OK);
	return listener;
}

static inline struct rsp_listener_stats
stats_of(const struct rsp_listener *listener)
{
	struct rsp_listener_stats stats;

	rsp_listener_get_stats(listener, &stats);
	return stats;
}

static inline enum rsp_err
world_dial(const struct rsp_listener *to, struct rsp_tls *tls, enum rsp_role role, const char *name, struct end *end)
{
	struct rsp_dial_params params = {
		.to = *rsp_listener_address(to), .tls = tls, .role = role, .server_name = name, .any_registrar = !name
	};
	enum rsp_err e = rsp_dial_start(world_loop, &params, &end_events, end, &end->stream, &end->why);

	end->closed += e != RSP_OK;
	return e;
}

static inline void
end_not_connected(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct end *end = ctx;

	(void)stage;
	end->closed++;
	end->why = *why;
}

/* As world_dial(), but with every key that fits, one after the other. */
static inline void
world_connect(const struct rsp_listener *to, struct rsp_tls *tls, enum rsp_role role, const char *name, struct end *end)
{
	struct rsp_connect_params params = {
		.dial = { .tls = tls, .role = role, .server_name = name, .any_registrar = !name },
		.to = rsp_listener_address(to),
		.n = 1,
		.events = &end_events,
		.failed = end_not_connected,
		.ctx = end,
	};
	struct rsp_connect *connect;

	CHECK_EQ(rsp_connect_start(world_loop, &params, &connect), RSP_OK);
}

#endif
