#include <netinet/in.h>
#include <sys/socket.h>

#include "net/connect.h"
#include "net_world.h"

/* From the addresses of one server to one open stream. */

enum { HOLES = 20 };

struct result {
	struct end end;
	unsigned failed;
	enum rsp_connect_stage stage;
	struct rsp_why why;
};

/* A port that connection attempts get no answer from: the queue of connections to accept is full. */
struct hole {
	int listener, filler;
	struct rsp_sockaddr at;
};

static struct hole holes[HOLES];

static void
open_hole(struct hole *hole)
{
	struct rsp_sockaddr sa = loopback();

	hole->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(hole->listener, (const struct sockaddr *)&sa.ss, sa.len) == 0 && listen(hole->listener, 0) == 0);
	sa.len = sizeof(sa.ss);
	CHECK(getsockname(hole->listener, (struct sockaddr *)&sa.ss, &sa.len) == 0);
	hole->filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(connect(hole->filler, (const struct sockaddr *)&sa.ss, sa.len) == 0);
	hole->at = sa;
}

static void
open_holes(void)
{
	for (unsigned i = 0; i < HOLES; i++)
		open_hole(&holes[i]);
}

static void
close_holes(void)
{
	for (unsigned i = 0; i < HOLES; i++) {
		rsp_fd_close(holes[i].filler);
		rsp_fd_close(holes[i].listener);
	}
}

/* The result is the end's first member, so that the end's own events do. */
static void
on_failed(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct result *result = ctx;

	result->failed++;
	result->why = *why;
	result->stage = stage;
}

static struct rsp_connect *
start(struct result *result, const struct rsp_sockaddr *to, unsigned n, uint32_t timeout_ms)
{
	struct rsp_connect_params params = {
		.dial = { .timeout_ms = timeout_ms },
		.to = to,
		.n = n,
		.events = &end_events,
		.failed = on_failed,
		.ctx = result,
	};
	struct rsp_connect *connect = NULL;

	CHECK_EQ(rsp_connect_start(world_loop, &params, &connect), RSP_OK);
	CHECK_EQ(result->failed + result->end.opened, 0); /* nothing is told from inside */
	return connect;
}

static void
a_connect_reaches_an_address_among_silent_ones_and_closes_the_other_attempts(void)
{
	struct end accepted = { 0 };
	struct result result = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &accepted);
	struct rsp_sockaddr to[] = { holes[0].at, holes[1].at, holes[2].at, *rsp_listener_address(listener),
				     holes[3].at };
	size_t before = count_fds();

	(void)start(&result, to, RSP_COUNT(to), 60000); /* each could take a minute */
	WORLD_RUN(result.end.opened && accepted.opened);
	CHECK_EQ(result.end.auth.remote_port, rsp_sockaddr_port(rsp_listener_address(listener)));
	CHECK_EQ(result.failed, 0);
	CHECK(count_fds() <= before + 2); /* the others are closed */
	rsp_stream_close(result.end.stream, false);
	WORLD_RUN(result.end.closed && accepted.closed);
	rsp_listener_free(listener);
	end_done(&accepted);
	end_done(&result.end);
}

static void
an_address_that_refuses_lets_the_next_one_be_dialled_at_once(void)
{
	struct end accepted = { 0 };
	struct result result = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &accepted);
	struct rsp_sockaddr to[RSP_CONNECT_ADDRESSES_MAX], closed = loopback();
	uint64_t begin_ms = rsp_clock_ms();

	rsp_sockaddr_set_port(&closed, 1);
	for (unsigned i = 0; i + 1 < RSP_CONNECT_ADDRESSES_MAX; i++)
		to[i] = closed;
	to[RSP_CONNECT_ADDRESSES_MAX - 1] = *rsp_listener_address(listener);
	(void)start(&result, to, RSP_CONNECT_ADDRESSES_MAX, 60000);
	WORLD_RUN(result.end.opened && accepted.opened);
	CHECK(rsp_clock_ms() - begin_ms < (uint64_t)RSP_CONNECT_ADDRESSES_MAX * RSP_CONNECT_STAGGER_MS / 2);
	rsp_stream_close(result.end.stream, false);
	WORLD_RUN(result.end.closed && accepted.closed);
	rsp_listener_free(listener);
	end_done(&accepted);
	end_done(&result.end);
}

static void
a_connect_to_addresses_that_all_refuse_fails_once_as_unreachable(void)
{
	struct result refused = { 0 };
	struct rsp_sockaddr to[3] = { loopback(), loopback(), loopback() };

	for (unsigned i = 0; i < RSP_COUNT(to); i++)
		rsp_sockaddr_set_port(&to[i], (uint16_t)(i + 1));
	(void)start(&refused, to, RSP_COUNT(to), 0);
	WORLD_RUN(refused.failed);
	CHECK_EQ(refused.why.err, RSP_EUNREACHABLE);
	CHECK_STR(refused.why.reason, "Connection refused");
	CHECK_EQ(refused.stage, RSP_CONNECT_TRANSPORT);
	CHECK_EQ(refused.failed, 1);
}

static void
a_connect_without_an_address_fails_once_with_a_reason(void)
{
	struct result none = { 0 };

	(void)start(&none, NULL, 0, 0);
	WORLD_RUN(none.failed);
	CHECK(*none.why.reason);
	CHECK_EQ(none.failed, 1);
}

static void
a_connect_to_silent_addresses_dials_a_few_at_a_time_and_times_out_once(void)
{
	struct result silent = { 0 };
	struct rsp_sockaddr at[HOLES];
	size_t before = count_fds(), most = 0;

	for (unsigned i = 0; i < HOLES; i++)
		at[i] = holes[i].at;
	(void)start(&silent, at, HOLES, 750); /* 250 ms for each, eight at a time */
	WORLD_RUN((most = count_fds() > most ? count_fds() : most, silent.failed));
	CHECK(most <= before + RSP_CONNECT_PARALLEL + 1);
	CHECK_EQ(silent.why.err, RSP_ETIMEOUT);
	CHECK_EQ(silent.failed, 1);
}

static void
a_cancelled_connect_calls_nothing_and_leaves_no_descriptor(void)
{
	struct result result = { 0 };
	struct rsp_sockaddr to[] = { holes[0].at, holes[1].at };
	size_t before = count_fds();
	struct rsp_connect *connect = start(&result, to, RSP_COUNT(to), 60000);

	CHECK_EQ(rsp_connect_stage(connect), RSP_CONNECT_TRANSPORT);
	(void)rsp_loop_turn(world_loop, false);
	rsp_connect_cancel(connect);
	rsp_connect_cancel(NULL);
	rsp_loop_run(world_loop);
	CHECK_EQ(result.failed + result.end.opened, 0);
	CHECK_EQ(count_fds(), before);
}

int
main(void)
{
	if (!world_begin())
		return 1;
	open_holes();
	TAP_RUN(a_connect_reaches_an_address_among_silent_ones_and_closes_the_other_attempts);
	TAP_RUN(an_address_that_refuses_lets_the_next_one_be_dialled_at_once);
	TAP_RUN(a_connect_to_addresses_that_all_refuse_fails_once_as_unreachable);
	TAP_RUN(a_connect_without_an_address_fails_once_with_a_reason);
	TAP_RUN(a_connect_to_silent_addresses_dials_a_few_at_a_time_and_times_out_once);
	TAP_RUN(a_cancelled_connect_calls_nothing_and_leaves_no_descriptor);
	close_holes();
	TAP_RUN(nothing_is_left);
	return tap_end();
}
