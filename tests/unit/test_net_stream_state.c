#include <sys/socket.h>

#include "net/stream_priv.h"
#include "net_nodes.h"

/* The life of a stream: each row of the table in net/stream_state.h happens, and no other row is allowed. */

static struct node node_a, node_b;

/* Two streams on the ends of a pair of sockets. */
static void
join(struct rsp_tls *client_tls, struct rsp_tls *server_tls, struct end *client, struct end *server)
{
	struct rsp_dial_params dial = { .tls = client_tls, .role = RSP_ROLE_ELEMENT, .server_name = "b" };
	struct rsp_listener_params listen = { .tls = server_tls, .service = RSP_TLS_ASAP };
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	CHECK_EQ(rsp_dial_adopt(world_loop, fds[0], &dial, NULL, &end_events, client, &client->stream, NULL), RSP_OK);
	CHECK_EQ(rsp_dial_adopt(world_loop, fds[1], NULL, &listen, &end_events, server, &server->stream, NULL), RSP_OK);
}

static void
over(struct end *client, struct end *server)
{
	WORLD_RUN(client->closed && server->closed);
	end_done(client);
	end_done(server);
	rsp_loop_run(world_loop);
}

static void
states_only_go_forward(void)
{
	for (enum rsp_stream_state from = 0; from < RSP_STREAM_STATES; from++)
		for (enum rsp_stream_state to = 0; to <= from; to++)
			CHECK(!rsp_stream_state_may(from, to));
}

static void
every_state_but_the_first_can_be_entered_and_every_one_but_the_last_be_left(void)
{
	for (enum rsp_stream_state at = 0; at < RSP_STREAM_STATES; at++) {
		unsigned ways_in = 0, ways_out = 0;

		for (enum rsp_stream_state other = 0; other < RSP_STREAM_STATES; other++) {
			ways_in += rsp_stream_state_may(other, at);
			ways_out += rsp_stream_state_may(at, other);
		}
		CHECK_EQ(ways_in == 0, at == RSP_STREAM_CONNECTING);
		CHECK_EQ(ways_out == 0, at == RSP_STREAM_OVER);
	}
}

static void
a_state_with_an_open_descriptor_can_end_at_once(void)
{
	for (enum rsp_stream_state from = 0; from < RSP_STREAM_LINGERING_TOLD; from++) {
		CHECK(rsp_stream_state_may(from, RSP_STREAM_CLOSED));
		CHECK(!rsp_stream_state_may(from, RSP_STREAM_OVER));
	}
	CHECK(rsp_stream_state_may(RSP_STREAM_LINGERING_TOLD, RSP_STREAM_OVER));
	CHECK(!rsp_stream_state_may(RSP_STREAM_LINGERING_TOLD, RSP_STREAM_CLOSED));
	CHECK(rsp_stream_state_may(RSP_STREAM_CLOSED, RSP_STREAM_OVER));
}

static void
a_stream_connects_shakes_hands_and_is_open(void)
{
	struct end client = { 0 }, server = { 0 };

	join(node_a.tls, node_b.tls, &client, &server);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_CONNECTING);
	WORLD_RUN(rsp_stream_get_state(client.stream) == RSP_STREAM_HANDSHAKE);
	WORLD_RUN(client.opened && server.opened);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_OPEN);
	rsp_stream_close(client.stream, false);
	over(&client, &server);
}

static void
a_stream_that_connects_can_be_closed(void)
{
	struct end client = { 0 }, server = { 0 };

	join(NULL, NULL, &client, &server);
	rsp_stream_close(client.stream, false);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_CLOSED);
	CHECK_EQ(client.closed, 0); /* that comes at the end of the turn */
	over(&client, &server);
}

static void
a_handshake_can_be_closed(void)
{
	struct end client = { 0 }, server = { 0 };

	join(node_a.tls, node_b.tls, &client, &server);
	WORLD_RUN(rsp_stream_get_state(client.stream) == RSP_STREAM_HANDSHAKE);
	rsp_stream_close(client.stream, false);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_CLOSED);
	over(&client, &server);
}

static void
a_close_that_flushes_drains_lingers_and_closes(void)
{
	struct end client = { 0 }, server = { 0 };

	join(NULL, NULL, &client, &server);
	WORLD_RUN(client.opened && server.opened);
	struct rsp_stream *stream = client.stream;
	CHECK_EQ(rsp_stream_send(stream, rsp_bytes_str("bye")), RSP_OK);
	rsp_stream_close(stream, true);
	CHECK_EQ(rsp_stream_get_state(stream), RSP_STREAM_DRAINING);
	WORLD_RUN(rsp_stream_get_state(stream) == RSP_STREAM_LINGERING);
	CHECK_EQ(client.closed, 0);
	over(&client, &server); /* LINGERING, CLOSED, OVER */
}

static void
a_stream_whose_other_side_ends_drains(void)
{
	struct end client = { 0 }, server = { 0 };

	join(NULL, NULL, &client, &server);
	WORLD_RUN(client.opened && server.opened);
	struct rsp_stream *stream = server.stream;
	rsp_stream_close(client.stream, true);
	/* once its end has been told it may be freed */
	WORLD_RUN(server.closed || rsp_stream_get_state(stream) != RSP_STREAM_OPEN);
	CHECK(server.closed || rsp_stream_get_state(stream) >= RSP_STREAM_DRAINING);
	over(&client, &server);
	CHECK_EQ(server.why.err, RSP_OK);
}

static void
a_stream_that_drains_can_be_dropped(void)
{
	struct end client = { 0 }, server = { 0 };

	join(NULL, NULL, &client, &server);
	WORLD_RUN(client.opened && server.opened);
	rsp_stream_close(client.stream, true);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_DRAINING);
	rsp_stream_drop(client.stream);
	CHECK_EQ(rsp_stream_get_state(client.stream), RSP_STREAM_CLOSED);
	over(&client, &server);
}

static void
a_failed_stream_lingers_and_is_told_before_it_closes(void)
{
	struct end client = { 0 }, server = { 0 };

	join(node_a.tls, node_b.tls, &client, &server);
	WORLD_RUN(client.opened && server.opened);
	struct rsp_stream *stream = server.stream;
	rsp_stream_fail(stream, RSP_EPROTO, "a test");
	CHECK_EQ(rsp_stream_get_state(stream), RSP_STREAM_LINGERING);
	WORLD_RUN(server.closed);
	CHECK_EQ(server.why.err, RSP_EPROTO);
	over(&client, &server);
}

static void
a_stream_that_is_told_and_lingers_goes_over_without_another_word(void)
{
	struct end client = { 0 }, server = { 0 };

	join(node_a.tls, node_b.tls, &client, &server);
	WORLD_RUN(client.opened && server.opened);
	struct rsp_stream *stream = server.stream;
	rsp_stream_fail(stream, RSP_EPROTO, "a test");
	while (!server.closed)
		(void)rsp_loop_turn(world_loop, false);
	if (rsp_stream_get_state(stream) == RSP_STREAM_LINGERING_TOLD) {
		rsp_stream_drop(stream);
		CHECK_EQ(rsp_stream_get_state(stream), RSP_STREAM_OVER);
	}
	over(&client, &server);
}

static void
a_failed_handshake_lingers_for_its_alert(void)
{
	struct end client = { 0 }, server = { 0 };

	join(node_a.tls, node_a.tls, &client, &server); /* which has no such key for a server */
	WORLD_RUN(server.closed && client.closed);
	CHECK_EQ(server.opened + client.opened, 0);
	CHECK_EQ(client.why.err, RSP_EAUTH);
	over(&client, &server);
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	node_init(&node_a, "a");
	node_init(&node_b, "b");
	share(RSP_ROLE_ELEMENT, &node_a, &node_b);
	node_ready(&node_a);
	node_ready(&node_b);
	TAP_RUN(states_only_go_forward);
	TAP_RUN(every_state_but_the_first_can_be_entered_and_every_one_but_the_last_be_left);
	TAP_RUN(a_state_with_an_open_descriptor_can_end_at_once);
	TAP_RUN(a_stream_connects_shakes_hands_and_is_open);
	TAP_RUN(a_stream_that_connects_can_be_closed);
	TAP_RUN(a_handshake_can_be_closed);
	TAP_RUN(a_close_that_flushes_drains_lingers_and_closes);
	TAP_RUN(a_stream_whose_other_side_ends_drains);
	TAP_RUN(a_stream_that_drains_can_be_dropped);
	TAP_RUN(a_failed_stream_lingers_and_is_told_before_it_closes);
	TAP_RUN(a_stream_that_is_told_and_lingers_goes_over_without_another_word);
	TAP_RUN(a_failed_handshake_lingers_for_its_alert);
	node_done(&node_a);
	node_done(&node_b);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
