#include <sys/resource.h>
#include <sys/socket.h>

#include "net_key.h"

/* A listener: many connections at once, its limits, and what it does without an address or a descriptor. */

static void
a_listener_serves_a_hundred_tls_connections_at_once(void)
{
	enum { N = 100 };
	static struct end clients[N];
	struct end server = { .echo = true };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, NULL, &server);
	unsigned done = 0;

	for (unsigned i = 0; i < N; i++) {
		clients[i].greeting = "hello";
		CHECK_EQ(world_dial(listener, client_tls, RSP_ROLE_ELEMENT, "b", &clients[i]), RSP_OK);
	}
	WORLD_RUN(server.opened == N && server.got_n == 5 * N);
	CHECK_EQ(stats_of(listener).connections, N);
	CHECK_EQ(stats_of(listener).handshakes, 0);
	for (unsigned i = 0; i < N; i++)
		WORLD_RUN(clients[i].got_n == 5);
	for (unsigned i = 0; i < N; i++)
		rsp_stream_close(clients[i].stream, i % 2);
	WORLD_RUN(server.closed == N);
	for (unsigned i = 0; i < N; i++) {
		WORLD_RUN(clients[i].closed);
		done += clients[i].closed;
		end_done(&clients[i]);
	}
	CHECK_EQ(done, N);
	CHECK_EQ(stats_of(listener).connections, 0);
	rsp_listener_free(listener);
	end_done(&server);
}

/* Five plain clients at a listener with a limit of three connections: two are too many. */
struct crowd {
	struct end clients[5], server;
	struct rsp_listener *listener;
};

static void
crowd_dials(struct crowd *crowd, const struct rsp_listener_limits *limits, unsigned opened)
{
	*crowd = (struct crowd){ 0 };
	crowd->listener = world_listen(NULL, RSP_TLS_ASAP, limits, &crowd->server);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(world_dial(crowd->listener, NULL, RSP_ROLE_NONE, NULL, &crowd->clients[i]), RSP_OK);
	WORLD_RUN(crowd->server.opened == opened && crowd->server.closed + crowd->server.refused == 2);
	CHECK_EQ(crowd->server.closed, opened - 3);
	CHECK_EQ(crowd->server.why.err, RSP_ELIMIT);
}

static void
crowd_leaves(struct crowd *crowd)
{
	for (unsigned i = 0; i < 5; i++)
		if (crowd->clients[i].stream)
			rsp_stream_close(crowd->clients[i].stream, false);
	WORLD_RUN(crowd->server.closed == crowd->server.opened);
	for (unsigned i = 0; i < 5; i++)
		WORLD_RUN(crowd->clients[i].closed);
}

static void
crowd_done(struct crowd *crowd)
{
	rsp_listener_free(crowd->listener);
	end_done(&crowd->server);
}

/* When the crowd has left, one more client is accepted. */
static void
crowd_has_room_again(struct crowd *crowd)
{
	unsigned opened = crowd->server.opened;
	struct end again = { 0 };

	crowd_leaves(crowd);
	CHECK_EQ(world_dial(crowd->listener, NULL, RSP_ROLE_NONE, NULL, &again), RSP_OK);
	WORLD_RUN(crowd->server.opened == opened + 1);
	rsp_stream_close(again.stream, false);
	WORLD_RUN(again.closed && crowd->server.closed == opened + 1);
	crowd_done(crowd);
}

static const struct rsp_listener_limits three = { .connections = 3 }, three_per_source = { .per_source = 3 };

static void
a_connection_above_the_limit_of_the_listener_evicts_an_idle_plain_one(void)
{
	struct crowd crowd;

	crowd_dials(&crowd, &three, 5);
	crowd_leaves(&crowd);
	crowd_done(&crowd);
}

static void
a_listener_at_its_limit_has_room_again_when_connections_close(void)
{
	struct crowd crowd;

	crowd_dials(&crowd, &three, 5);
	crowd_has_room_again(&crowd);
}

static void
a_connection_above_the_limit_of_its_source_is_refused(void)
{
	struct crowd crowd;

	crowd_dials(&crowd, &three_per_source, 3);
	crowd_leaves(&crowd);
	crowd_done(&crowd);
}

static void
a_source_at_its_limit_has_room_again_when_its_connections_close(void)
{
	struct crowd crowd;

	crowd_dials(&crowd, &three_per_source, 3);
	crowd_has_room_again(&crowd);
}

static void
a_client_finishes_its_handshake_although_silent_clients_fill_the_limit(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 4, .source_handshakes = 4 };
	struct end silent[10] = { 0 }, client = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);

	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &silent[i]), RSP_OK);
	WORLD_RUN(server.refused == 6);
	CHECK_EQ(server.why.err, RSP_ELIMIT);
	CHECK_EQ(stats_of(listener).handshakes, 4);
	CHECK_EQ(world_dial(listener, client_tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN((client.opened && server.opened) || client.closed);
	CHECK_EQ(client.opened, 1);
	rsp_listener_free(listener);
	rsp_stream_close(client.stream, false);
	WORLD_RUN(client.closed && server.closed);
	for (unsigned i = 0; i < 10; i++)
		WORLD_RUN(silent[i].closed);
	end_done(&client);
	end_done(&server);
}

static void
a_listener_that_is_freed_ends_unfinished_handshakes_and_keeps_open_connections(void)
{
	struct end silent[4] = { 0 }, client = { 0 }, server = { .echo = true };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, NULL, &server);

	CHECK_EQ(world_dial(listener, client_tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN(client.opened && server.opened);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &silent[i]), RSP_OK);
	WORLD_RUN(stats_of(listener).handshakes == 4);
	rsp_listener_free(listener);
	for (unsigned i = 0; i < 4; i++)
		WORLD_RUN(silent[i].closed);
	CHECK_EQ(client.closed, 0);
	CHECK_EQ(rsp_stream_send(client.stream, rsp_bytes_str("x")), RSP_OK);
	WORLD_RUN(client.got_n == 1);
	rsp_stream_close(client.stream, false);
	WORLD_RUN(client.closed && server.closed);
	end_done(&client);
	end_done(&server);
}

static void
a_listener_without_a_free_descriptor_waits_and_accepts_when_there_is_one(void)
{
	struct end client = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &server);
	struct rlimit before, tight;
	unsigned turns = 0;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &client), RSP_OK);
	tight = before;
	int next = dup(0); /* the lowest that is free */
	tight.rlim_cur = (rlim_t)next;
	(void)close(next);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
	uint64_t until = rsp_clock_ms() + 350;
	while (rsp_clock_ms() < until) {
		(void)rsp_loop_turn(world_loop, true);
		turns++;
		if (turns == 1)
			CHECK_EQ(server.opened, 0);
		if (rsp_clock_ms() + 150 > until)
			CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
		if (server.opened)
			break;
	}
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK(turns < 20); /* it does not spin */
	WORLD_RUN(server.opened);
	rsp_stream_close(client.stream, false);
	WORLD_RUN(client.closed && server.closed);
	rsp_listener_free(listener);
	end_done(&client);
	end_done(&server);
}

static void
a_listener_at_an_address_in_use_is_refused(void)
{
	struct end server = { 0 };
	struct rsp_listener *first = world_listen(NULL, RSP_TLS_ASAP, NULL, &server), *second = NULL;
	struct rsp_listener_params params = { .at = *rsp_listener_address(first) };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_listener_new(world_loop, &params, &end_events, &server, &second, &why), RSP_EIO);
	CHECK(strstr(why.reason, "in use") != NULL);
	rsp_listener_free(first);
}

int
main(void)
{
	if (rsp_tls_init(NULL, NULL) || !world_begin())
		return 1;
	make_tls();
	TAP_RUN(a_listener_serves_a_hundred_tls_connections_at_once);
	TAP_RUN(a_connection_above_the_limit_of_the_listener_evicts_an_idle_plain_one);
	TAP_RUN(a_listener_at_its_limit_has_room_again_when_connections_close);
	TAP_RUN(a_connection_above_the_limit_of_its_source_is_refused);
	TAP_RUN(a_source_at_its_limit_has_room_again_when_its_connections_close);
	TAP_RUN(a_client_finishes_its_handshake_although_silent_clients_fill_the_limit);
	TAP_RUN(a_listener_that_is_freed_ends_unfinished_handshakes_and_keeps_open_connections);
	/* valgrind accepts the connection and then throws it away, where the kernel leaves it in the queue. */
	const char *preload = getenv("LD_PRELOAD");
	if (!preload || !strstr(preload, "vgpreload"))
		TAP_RUN(a_listener_without_a_free_descriptor_waits_and_accepts_when_there_is_one);
	TAP_RUN(a_listener_at_an_address_in_use_is_refused);
	TAP_RUN(nothing_is_left);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
