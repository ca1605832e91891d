#include <sys/socket.h>

#include "net_key.h"

/* Streams: data of any size in pieces of any size, queues and their limits, and each way in which a connection ends. */

static uint8_t *
pattern(size_t n)
{
	uint8_t *p = malloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8));
	return p;
}

struct pair {
	struct end client, server;
	struct rsp_listener *listener; /* NULL: the ends were adopted */
};

/* Both ends of one connection, open. */
static void
open_pair(struct pair *pair, bool tls, const struct rsp_listener_limits *limits)
{
	pair->listener = world_listen(tls ? server_tls : NULL, RSP_TLS_ASAP, limits, &pair->server);
	CHECK_EQ(world_dial(pair->listener, tls ? client_tls : NULL, RSP_ROLE_ELEMENT, "b", &pair->client), RSP_OK);
	WORLD_RUN(pair->client.opened && pair->server.opened);
}

/* The client's stream over the socket @client_fd, and the server's over @server_fd. They are not yet open. */
static void
adopt_pair(struct pair *pair, bool tls, int client_fd, int server_fd)
{
	const struct rsp_dial_params dial = { .tls = tls ? client_tls : NULL,
					      .role = RSP_ROLE_ELEMENT,
					      .server_name = "b" };
	const struct rsp_listener_params listen = { .tls = tls ? server_tls : NULL, .service = RSP_TLS_ASAP };

	CHECK_EQ(rsp_dial_adopt(world_loop, client_fd, &dial, NULL, &end_events, &pair->client, &pair->client.stream,
				NULL),
		 RSP_OK);
	CHECK_EQ(rsp_dial_adopt(world_loop, server_fd, NULL, &listen, &end_events, &pair->server, &pair->server.stream,
				NULL),
		 RSP_OK);
}

static void
close_pair(struct pair *pair)
{
	if (pair->client.stream)
		rsp_stream_close(pair->client.stream, false);
	WORLD_RUN(pair->client.closed && pair->server.closed);
	CHECK_EQ(pair->client.closed, 1);
	CHECK_EQ(pair->server.closed, 1);
	rsp_listener_free(pair->listener);
	end_done(&pair->client);
	end_done(&pair->server);
	*pair = (struct pair){ 0 };
}

/* Data of any size */

static void
send_each_size(bool tls)
{
	static const size_t sizes[] = { 1, 3, 4, 255, 16383, 16384, 16385, 65535, 200000, 1000000 };
	struct pair pair = { .server.echo = true };
	size_t sent = 0;
	uint8_t *data = pattern(1000000);

	open_pair(&pair, tls, NULL);
	CHECK_EQ(pair.client.auth.secure, tls);
	for (size_t i = 0; i < RSP_COUNT(sizes); i++) {
		CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, sizes[i])), RSP_OK);
		sent += sizes[i];
		WORLD_RUN(pair.client.got_n == sent || pair.client.closed);
		CHECK(pair.client.got_n == sent && memcmp(pair.client.got + sent - sizes[i], data, sizes[i]) == 0);
	}
	free(data);
	close_pair(&pair);
}

static void
a_plain_connection_carries_data_of_any_size_unchanged(void)
{
	send_each_size(false);
}

static void
a_tls_connection_carries_data_of_any_size_unchanged(void)
{
	send_each_size(true);
}

static void
send_a_hundred_times_in_one_turn(bool tls)
{
	struct pair pair = { 0 };

	open_pair(&pair, tls, NULL);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_str("0123456789abcdef")), RSP_OK);
	CHECK_EQ(rsp_stream_queued(pair.client.stream), 1600);
	WORLD_RUN(pair.server.got_n == 1600);
	CHECK_EQ(pair.server.shown, 1);
	close_pair(&pair);
}

static void
sends_of_one_turn_arrive_in_one_piece_over_a_plain_connection(void)
{
	send_a_hundred_times_in_one_turn(false);
}

static void
sends_of_one_turn_arrive_in_one_piece_over_a_tls_connection(void)
{
	send_a_hundred_times_in_one_turn(true);
}

/* Data in pieces of any size */

static void
socket_pair(int ends[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

/* Pass on at most @*budget octets, one at a time, from the socket @from to the socket @to. */
static void
trickle(int from, int to, size_t *budget)
{
	uint8_t octet;

	while (*budget && recv(from, &octet, 1, MSG_DONTWAIT) == 1) {
		CHECK_EQ(send(to, &octet, 1, MSG_NOSIGNAL), 1);
		(*budget)--;
	}
}

/* A relay between the two ends passes on one octet in each direction in each turn of the loop. */
static void
exchange_an_octet_a_turn(bool tls)
{
	struct pair pair = { .server = { .echo = true, .whole = 100 } };
	struct end *a = &pair.client, *b = &pair.server;
	int left[2], right[2];
	uint8_t *data = pattern(3000);

	socket_pair(left);
	socket_pair(right);
	adopt_pair(&pair, tls, left[0], right[0]);
	bool sent = false;
	uint64_t until = rsp_clock_ms() + PATIENCE_MS;
	while (a->got_n < 3000 && !a->closed && !b->closed && rsp_clock_ms() < until) {
		size_t there = 1, back = 1;

		(void)rsp_loop_turn(world_loop, false);
		if (a->opened && b->opened && !sent) {
			CHECK_EQ(rsp_stream_send(a->stream, rsp_bytes_of(data, 3000)), RSP_OK);
			sent = true;
		}
		trickle(left[1], right[1], &there);
		trickle(right[1], left[1], &back);
	}
	CHECK(a->got_n == 3000 && memcmp(a->got, data, 3000) == 0);
	free(data);
	rsp_stream_close(a->stream, false);
	(void)close(left[1]);
	(void)close(right[1]);
	close_pair(&pair);
}

static void
a_plain_connection_carries_data_that_comes_an_octet_at_a_time(void)
{
	exchange_an_octet_a_turn(false);
}

static void
a_tls_connection_carries_data_that_comes_an_octet_at_a_time(void)
{
	exchange_an_octet_a_turn(true);
}

enum { LARGE = 300000 };

/* Both ends of one connection, open. Their sockets buffer as little as the kernel permits. */
static void
open_pair_with_small_buffers(struct pair *pair, bool tls)
{
	const int tiny = 1;
	int ends[2];

	socket_pair(ends);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)), 0);
	adopt_pair(pair, tls, ends[0], ends[1]);
	WORLD_RUN(pair->client.opened && pair->server.opened);
}

static void
send_more_than_the_socket_buffers(bool tls)
{
	struct pair pair = { .server.whole = 1000 };
	uint8_t *data = pattern(LARGE);

	open_pair_with_small_buffers(&pair, tls);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, LARGE)), RSP_OK);
	WORLD_RUN(pair.server.got_n == LARGE);
	CHECK(memcmp(pair.server.got, data, LARGE) == 0);
	WORLD_RUN(pair.client.drained == 1);
	CHECK_EQ(rsp_stream_queued(pair.client.stream), 0);
	free(data);
	close_pair(&pair);
}

static void
a_plain_stream_queues_what_its_socket_does_not_take_and_drains_once(void)
{
	send_more_than_the_socket_buffers(false);
}

static void
a_tls_stream_queues_what_its_socket_does_not_take_and_drains_once(void)
{
	send_more_than_the_socket_buffers(true);
}

static void
close_with_more_than_the_socket_buffers(bool tls)
{
	struct pair pair = { .server.whole = 1000 };
	uint8_t *data = pattern(LARGE);

	open_pair_with_small_buffers(&pair, tls);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, LARGE)), RSP_OK);
	WORLD_RUN(pair.client.drained == 1);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, LARGE)), RSP_OK);
	rsp_stream_close(pair.client.stream, true);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, 1)), RSP_ECLOSED);
	WORLD_RUN(pair.client.closed && pair.server.closed);
	CHECK_EQ(pair.server.got_n, 2 * LARGE);
	CHECK_EQ(pair.client.why.err, RSP_OK);
	CHECK_EQ(pair.server.why.err, RSP_ECLOSED);
	free(data);
	close_pair(&pair);
}

static void
a_plain_stream_that_is_closed_sends_its_queue_and_refuses_more(void)
{
	close_with_more_than_the_socket_buffers(false);
}

static void
a_tls_stream_that_is_closed_sends_its_queue_and_refuses_more(void)
{
	close_with_more_than_the_socket_buffers(true);
}

/* Limits of a stream */

/* The server's queue holds as many octets as its limit permits, 100000. */
static void
open_pair_with_a_full_queue(struct pair *pair, const uint8_t *data)
{
	const struct rsp_listener_limits limits = { .queue_max = 100000 };

	open_pair(pair, true, &limits);
	CHECK_EQ(rsp_stream_send(pair->server.stream, rsp_bytes_of(data, 60000)), RSP_OK);
	CHECK_EQ(rsp_stream_send(pair->server.stream, rsp_bytes_of(data, 40001)), RSP_ELIMIT);
	CHECK_EQ(rsp_stream_send(pair->server.stream, rsp_bytes_of(data, 40000)), RSP_OK);
}

static void
a_send_above_the_limit_of_the_queue_is_refused_and_queues_nothing(void)
{
	struct pair pair = { 0 };
	uint8_t *data = pattern(60000);

	open_pair_with_a_full_queue(&pair, data);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 1)), RSP_ELIMIT);
	WORLD_RUN(pair.client.got_n == 100000);
	free(data);
	close_pair(&pair);
}

static void
a_queue_at_its_limit_has_room_again_when_it_was_sent(void)
{
	struct pair pair = { 0 };
	uint8_t *data = pattern(60000);

	open_pair_with_a_full_queue(&pair, data);
	WORLD_RUN(pair.client.got_n == 100000);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 60000)), RSP_OK);
	WORLD_RUN(pair.client.got_n == 160000);
	free(data);
	close_pair(&pair);
}

/* A plain socket, connected to @listener. */
static int
connect_socket(const struct rsp_listener *listener)
{
	const struct rsp_sockaddr *to = rsp_listener_address(listener);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	return fd;
}

/* Send to a client that does not read until the queue of @server is full. Returns the client's socket. */
static int
fill_the_queue_to_a_client_that_does_not_read(struct end *server, struct rsp_listener **ret_listener)
{
	const struct rsp_listener_limits limits = { .queue_max = 1000000 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &limits, server);
	int fd = connect_socket(listener);
	uint8_t *data = pattern(500000);
	enum rsp_err e = RSP_OK;

	WORLD_RUN(server->opened);
	for (unsigned i = 0; i < 100 && !e; i++) {
		e = rsp_stream_send(server->stream, rsp_bytes_of(data, 500000));
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK_EQ(e, RSP_ELIMIT);
	free(data);
	*ret_listener = listener;
	return fd;
}

static void
a_stream_to_a_client_that_does_not_read_queues_up_to_its_limit(void)
{
	struct end server = { 0 };
	struct rsp_listener *listener;
	int fd = fill_the_queue_to_a_client_that_does_not_read(&server, &listener);

	CHECK(rsp_stream_queued(server.stream) <= 1000000);
	rsp_stream_close(server.stream, false);
	WORLD_RUN(server.closed);
	(void)close(fd);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
a_stream_to_a_client_that_does_not_read_closes_after_its_linger_time(void)
{
	struct end server = { 0 };
	struct rsp_listener *listener;
	int fd = fill_the_queue_to_a_client_that_does_not_read(&server, &listener);
	uint64_t before = rsp_clock_ms();

	rsp_stream_close(server.stream, true);
	WORLD_RUN(server.closed);
	CHECK(rsp_clock_ms() - before >= RSP_STREAM_LINGER_MS);
	(void)close(fd);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
send_an_endless_message(bool tls)
{
	struct pair pair = { .server.whole = 1000000 };
	uint8_t *data = pattern(2 * RSP_STREAM_IN_MAX);

	open_pair(&pair, tls, NULL);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, 2 * RSP_STREAM_IN_MAX)), RSP_OK);
	WORLD_RUN(pair.server.closed && pair.client.closed);
	CHECK_EQ(pair.server.why.err, RSP_ELIMIT);
	CHECK_EQ(pair.client.why.err, RSP_ECLOSED);
	free(data);
	close_pair(&pair);
}

static void
a_plain_stream_whose_unread_input_exceeds_its_limit_is_closed(void)
{
	send_an_endless_message(false);
}

static void
a_tls_stream_whose_unread_input_exceeds_its_limit_is_closed(void)
{
	send_an_endless_message(true);
}

/* How a connection ends */

static void
a_client_that_shuts_down_its_sending_side_receives_the_answer(void)
{
	struct end server = { .echo = true };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &server);
	int fd = connect_socket(listener);
	char answer[16];

	CHECK_EQ(send(fd, "question", 8, 0), 8);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	WORLD_RUN(server.closed);
	CHECK_EQ(recv(fd, answer, sizeof(answer), 0), 8);
	CHECK_EQ(recv(fd, answer, sizeof(answer), 0), 0);
	CHECK_EQ(server.why.err, RSP_ECLOSED);
	CHECK_STR(server.why.reason, "closed by the other side");
	(void)close(fd);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
close_after_half_a_message(bool tls)
{
	struct pair pair = { .server.whole = 100 };

	open_pair(&pair, tls, NULL);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_str("half of it")), RSP_OK);
	rsp_stream_close(pair.client.stream, true);
	WORLD_RUN(pair.server.closed && pair.client.closed);
	CHECK_EQ(pair.server.why.err, RSP_ECLOSED);
	CHECK(strstr(pair.server.why.reason, "in the middle") != NULL);
	close_pair(&pair);
}

static void
a_plain_connection_that_ends_within_a_message_is_reported_so(void)
{
	close_after_half_a_message(false);
}

static void
a_tls_connection_that_ends_within_a_message_is_reported_so(void)
{
	close_after_half_a_message(true);
}

static void
send_and_close_when_the_stream_opens(bool tls)
{
	struct pair pair = { .server.greeting = "last words", .server.bye_at_open = true };

	open_pair(&pair, tls, NULL);
	WORLD_RUN(pair.client.closed && pair.server.closed);
	CHECK_EQ(pair.client.got_n, 10);
	CHECK_EQ(pair.client.why.err, RSP_ECLOSED);
	CHECK_EQ(pair.server.why.err, RSP_OK);
	close_pair(&pair);
}

static void
a_plain_stream_that_is_closed_when_it_opens_sends_its_message_first(void)
{
	send_and_close_when_the_stream_opens(false);
}

static void
a_tls_stream_that_is_closed_when_it_opens_sends_its_message_first(void)
{
	send_and_close_when_the_stream_opens(true);
}

static void
a_dial_to_a_port_without_a_listener_fails_as_unreachable(void)
{
	struct end client = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &client);
	struct rsp_dial_params params = {
		.to = *rsp_listener_address(listener), .tls = client_tls, .role = RSP_ROLE_ELEMENT, .server_name = "b"
	};
	char address[RSP_SOCKADDR_TEXT_MAX];

	rsp_listener_free(listener);
	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, &client, &client.stream, NULL), RSP_OK);
	CHECK_EQ(client.closed, 0);
	WORLD_RUN(client.closed);
	CHECK_EQ(client.why.err, RSP_EUNREACHABLE);
	rsp_sockaddr_format(&params.to, address);
	CHECK_STR(client.why.object, address);
	end_done(&client);
}

static void
a_dial_to_a_server_that_does_not_answer_the_handshake_times_out(void)
{
	struct rsp_sockaddr sa = loopback();
	struct end client = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_EQ(bind(fd, (const struct sockaddr *)&sa.ss, sa.len), 0);
	CHECK_EQ(listen(fd, 1), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&sa.ss, &sa.len), 0);
	struct rsp_dial_params params = {
		.to = sa, .tls = client_tls, .role = RSP_ROLE_ELEMENT, .server_name = "b", .timeout_ms = 50
	};
	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, &client, &client.stream, NULL), RSP_OK);
	WORLD_RUN(client.closed);
	CHECK_EQ(client.why.err, RSP_ETIMEOUT);
	(void)close(fd);
	end_done(&client);
}

/* The last test: the loop is gone afterwards. */
static void
a_loop_that_is_freed_closes_its_streams_and_leaves_no_descriptor(void)
{
	struct pair pair = { 0 };
	uint8_t *data = pattern(3000000);

	open_pair(&pair, true, NULL);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, 3000000)), RSP_OK);
	rsp_stream_close(pair.client.stream, true);
	rsp_listener_free(pair.listener);
	rsp_loop_free(world_loop); /* while the streams still have octets to send */
	world_loop = NULL;
	free(data);
	end_done(&pair.client);
	end_done(&pair.server);
	CHECK_EQ(count_fds(), world_fds);
}

int
main(void)
{
	if (rsp_tls_init(NULL, NULL) || !world_begin())
		return 1;
	make_tls();
	TAP_RUN(a_plain_connection_carries_data_of_any_size_unchanged);
	TAP_RUN(a_tls_connection_carries_data_of_any_size_unchanged);
	TAP_RUN(sends_of_one_turn_arrive_in_one_piece_over_a_plain_connection);
	TAP_RUN(sends_of_one_turn_arrive_in_one_piece_over_a_tls_connection);
	TAP_RUN(a_plain_connection_carries_data_that_comes_an_octet_at_a_time);
	TAP_RUN(a_tls_connection_carries_data_that_comes_an_octet_at_a_time);
	TAP_RUN(a_plain_stream_queues_what_its_socket_does_not_take_and_drains_once);
	TAP_RUN(a_tls_stream_queues_what_its_socket_does_not_take_and_drains_once);
	TAP_RUN(a_plain_stream_that_is_closed_sends_its_queue_and_refuses_more);
	TAP_RUN(a_tls_stream_that_is_closed_sends_its_queue_and_refuses_more);
	TAP_RUN(a_send_above_the_limit_of_the_queue_is_refused_and_queues_nothing);
	TAP_RUN(a_queue_at_its_limit_has_room_again_when_it_was_sent);
	TAP_RUN(a_stream_to_a_client_that_does_not_read_queues_up_to_its_limit);
	TAP_RUN(a_stream_to_a_client_that_does_not_read_closes_after_its_linger_time);
	TAP_RUN(a_plain_stream_whose_unread_input_exceeds_its_limit_is_closed);
	TAP_RUN(a_tls_stream_whose_unread_input_exceeds_its_limit_is_closed);
	TAP_RUN(a_client_that_shuts_down_its_sending_side_receives_the_answer);
	TAP_RUN(a_plain_connection_that_ends_within_a_message_is_reported_so);
	TAP_RUN(a_tls_connection_that_ends_within_a_message_is_reported_so);
	TAP_RUN(a_plain_stream_that_is_closed_when_it_opens_sends_its_message_first);
	TAP_RUN(a_tls_stream_that_is_closed_when_it_opens_sends_its_message_first);
	TAP_RUN(a_dial_to_a_port_without_a_listener_fails_as_unreachable);
	TAP_RUN(a_dial_to_a_server_that_does_not_answer_the_handshake_times_out);
	TAP_RUN(a_loop_that_is_freed_closes_its_streams_and_leaves_no_descriptor);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
