#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net_key.h"

/* Connections at work: pieces of any size, limits, many at once, ends of all kinds. */

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
	struct rsp_listener *listener;
};

/* Both ends of one connection, open. */
static void
open_pair(struct pair *pair, bool tls, const struct rsp_listener_limits *limits)
{
	pair->listener = world_listen(tls ? server_tls : NULL, RSP_TLS_ASAP, limits, &pair->server);
	CHECK_EQ(world_dial(pair->listener, tls ? client_tls : NULL, RSP_ROLE_ELEMENT, "b", &pair->client), RSP_OK);
	WORLD_RUN(pair->client.opened && pair->server.opened);
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

static void
echo_of_all_sizes(void)
{
	static const size_t sizes[] = { 1, 3, 4, 255, 16383, 16384, 16385, 65535, 200000, 1000000 };

	for (unsigned tls = 0; tls < 2; tls++) {
		struct pair pair = { .server.echo = true };
		size_t sent = 0;
		uint8_t *data = pattern(1000000);

		open_pair(&pair, tls, NULL);
		CHECK_EQ(pair.client.auth.secure, tls);
		for (size_t i = 0; i < RSP_COUNT(sizes); i++) {
			CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, sizes[i])), RSP_OK);
			sent += sizes[i];
			WORLD_RUN(pair.client.got_n == sent || pair.client.closed);
			CHECK(pair.client.got_n == sent &&
			      memcmp(pair.client.got + sent - sizes[i], data, sizes[i]) == 0);
		}
		free(data);
		close_pair(&pair);
	}
}

static void
one_turn_is_one_piece(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		struct pair pair = { 0 };

		open_pair(&pair, tls, NULL);
		for (unsigned i = 0; i < 100; i++)
			CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_str("0123456789abcdef")), RSP_OK);
		CHECK_EQ(rsp_stream_queued(pair.client.stream), 1600);
		WORLD_RUN(pair.server.got_n == 1600);
		CHECK_EQ(pair.server.shown, 1);
		close_pair(&pair);
	}
}

/* What goes into one end of it comes out of the other an octet at a time. */
static void
trickle(int from, int to, size_t *budget)
{
	uint8_t octet;

	while (*budget && recv(from, &octet, 1, MSG_DONTWAIT) == 1) {
		CHECK_EQ(send(to, &octet, 1, MSG_NOSIGNAL), 1);
		(*budget)--;
	}
}

static void
single_octets(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		const struct rsp_dial_params dial = { .tls = tls ? client_tls : NULL,
						      .role = RSP_ROLE_ELEMENT,
						      .server_name = "b" };
		const struct rsp_listener_params listen = { .tls = tls ? server_tls : NULL, .service = RSP_TLS_ASAP };
		struct end a = { 0 }, b = { .echo = true, .whole = 100 };
		int left[2], right[2];
		uint8_t *data = pattern(3000);

		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, left), 0);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, right), 0);
		CHECK_EQ(rsp_dial_adopt(world_loop, left[0], &dial, NULL, &end_events, &a, &a.stream, NULL), RSP_OK);
		CHECK_EQ(rsp_dial_adopt(world_loop, right[0], NULL, &listen, &end_events, &b, &b.stream, NULL),
			 RSP_OK);
		bool sent = false;
		uint64_t until = rsp_clock_ms() + PATIENCE_MS;
		while (a.got_n < 3000 && !a.closed && !b.closed && rsp_clock_ms() < until) {
			size_t there = 1, back = 1;

			(void)rsp_loop_turn(world_loop, false);
			if (a.opened && b.opened && !sent) {
				CHECK_EQ(rsp_stream_send(a.stream, rsp_bytes_of(data, 3000)), RSP_OK);
				sent = true;
			}
			trickle(left[1], right[1], &there);
			trickle(right[1], left[1], &back);
		}
		CHECK(a.got_n == 3000 && memcmp(a.got, data, 3000) == 0);
		free(data);
		rsp_stream_close(a.stream, false);
		(void)close(left[1]);
		(void)close(right[1]);
		WORLD_RUN(a.closed && b.closed);
		end_done(&a);
		end_done(&b);
	}
}

static void
small_buffers(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		const struct rsp_dial_params dial = { .tls = tls ? client_tls : NULL,
						      .role = RSP_ROLE_ELEMENT,
						      .server_name = "b" };
		const struct rsp_listener_params listen = { .tls = tls ? server_tls : NULL, .service = RSP_TLS_ASAP };
		struct end a = { 0 }, b = { .whole = 1000 };
		const int tiny = 1;
		int ends[2];
		uint8_t *data = pattern(300000);

		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
		CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)), 0);
		CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)), 0);
		CHECK_EQ(rsp_dial_adopt(world_loop, ends[0], &dial, NULL, &end_events, &a, &a.stream, NULL), RSP_OK);
		CHECK_EQ(rsp_dial_adopt(world_loop, ends[1], NULL, &listen, &end_events, &b, &b.stream, NULL),
			 RSP_OK);
		WORLD_RUN(a.opened && b.opened);
		CHECK_EQ(rsp_stream_send(a.stream, rsp_bytes_of(data, 300000)), RSP_OK);
		WORLD_RUN(b.got_n == 300000);
		CHECK(memcmp(b.got, data, 300000) == 0);
		WORLD_RUN(a.drained == 1);
		CHECK_EQ(rsp_stream_queued(a.stream), 0);
		CHECK_EQ(rsp_stream_send(a.stream, rsp_bytes_of(data, 300000)), RSP_OK);
		rsp_stream_close(a.stream, true); /* flushes what is held up */
		CHECK_EQ(rsp_stream_send(a.stream, rsp_bytes_of(data, 1)), RSP_ECLOSED);
		WORLD_RUN(a.closed && b.closed);
		CHECK_EQ(b.got_n, 600000);
		CHECK_EQ(a.why.err, RSP_OK);
		CHECK_EQ(b.why.err, RSP_ECLOSED);
		free(data);
		end_done(&a);
		end_done(&b);
	}
}

static void
queue_has_a_cap(void)
{
	const struct rsp_listener_limits limits = { .queue_max = 100000 };
	struct pair pair = { 0 };
	uint8_t *data = pattern(60000);

	open_pair(&pair, true, &limits);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 60000)), RSP_OK);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 40001)), RSP_ELIMIT);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 40000)), RSP_OK);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 1)), RSP_ELIMIT);
	WORLD_RUN(pair.client.got_n == 100000);
	CHECK_EQ(rsp_stream_send(pair.server.stream, rsp_bytes_of(data, 60000)), RSP_OK);
	WORLD_RUN(pair.client.got_n == 160000);
	free(data);
	close_pair(&pair);
}

static void
a_reader_that_does_not_read(void)
{
	const struct rsp_listener_limits limits = { .queue_max = 1000000 };
	struct end server = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &limits, &server);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct rsp_sockaddr *to = rsp_listener_address(listener);
	uint8_t *data = pattern(500000);
	enum rsp_err e = RSP_OK;

	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	WORLD_RUN(server.opened);
	for (unsigned i = 0; i < 100 && !e; i++) {
		e = rsp_stream_send(server.stream, rsp_bytes_of(data, 500000));
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK_EQ(e, RSP_ELIMIT);
	uint64_t before = rsp_clock_ms();
	rsp_stream_close(server.stream, true); /* gives up in the end */
	WORLD_RUN(server.closed);
	CHECK(rsp_clock_ms() - before >= RSP_STREAM_LINGER_MS);
	(void)close(fd);
	free(data);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
unconsumed_input_has_a_cap(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
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
}

static void
half_closed(void)
{
	struct end server = { .echo = true };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &server);
	const struct rsp_sockaddr *to = rsp_listener_address(listener);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[16];

	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	CHECK_EQ(send(fd, "question", 8, 0), 8);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0); /* says no more, but listens */
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
cut_in_a_message(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		struct pair pair = { .server.whole = 100 };

		open_pair(&pair, tls, NULL);
		CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_str("half of it")), RSP_OK);
		rsp_stream_close(pair.client.stream, true);
		WORLD_RUN(pair.server.closed && pair.client.closed);
		CHECK_EQ(pair.server.why.err, RSP_ECLOSED);
		CHECK(strstr(pair.server.why.reason, "in the middle") != NULL);
		close_pair(&pair);
	}
}

static void
flushed_before_the_end(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		struct pair pair = { .server.greeting = "last words", .server.bye_at_open = true };

		open_pair(&pair, tls, NULL);
		WORLD_RUN(pair.client.closed && pair.server.closed);
		CHECK_EQ(pair.client.got_n, 10);
		CHECK_EQ(pair.client.why.err, RSP_ECLOSED);
		CHECK_EQ(pair.server.why.err, RSP_OK);
		close_pair(&pair);
	}
}

static void
nobody_there(void)
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
never_answered(void)
{
	/* A listening socket of somebody who accepts and says nothing. */
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

static void
many_connections(void)
{
	enum { N = 100 };
	static struct end clients[N];
	struct end server = { .echo = true };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, NULL, &server);
	struct rsp_listener_stats stats;
	unsigned done = 0;

	for (unsigned i = 0; i < N; i++) {
		clients[i].greeting = "hello";
		CHECK_EQ(world_dial(listener, client_tls, RSP_ROLE_ELEMENT, "b", &clients[i]), RSP_OK);
	}
	WORLD_RUN(server.opened == N && server.got_n == 5 * N);
	rsp_listener_get_stats(listener, &stats);
	CHECK_EQ(stats.connections, N);
	CHECK_EQ(stats.handshakes, 0);
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
	rsp_listener_get_stats(listener, &stats);
	CHECK_EQ(stats.connections, 0);
	rsp_listener_free(listener);
	end_done(&server);
}

/* One connection too many of a source is refused; of all, the longest idle one without a key makes room. */
static void
limits_of_a_listener(void)
{
	static const struct rsp_listener_limits all[] = { { .connections = 3 }, { .per_source = 3 } };

	for (unsigned k = 0; k < RSP_COUNT(all); k++) {
		struct end clients[5] = { 0 }, server = { 0 };
		struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &all[k], &server);
		unsigned opened = k == 0 ? 5 : 3;

		for (unsigned i = 0; i < 5; i++)
			CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &clients[i]), RSP_OK);
		WORLD_RUN(server.opened == opened && server.closed + server.refused == 2);
		CHECK_EQ(server.closed, opened - 3);
		CHECK_EQ(server.why.err, RSP_ELIMIT);
		for (unsigned i = 0; i < 5; i++)
			if (clients[i].stream)
				rsp_stream_close(clients[i].stream, false);
		WORLD_RUN(server.closed == opened);
		for (unsigned i = 0; i < 5; i++)
			WORLD_RUN(clients[i].closed);
		struct end again = { 0 };
		CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &again), RSP_OK);
		WORLD_RUN(server.opened == opened + 1); /* room again */
		rsp_stream_close(again.stream, false);
		WORLD_RUN(again.closed && server.closed == opened + 1);
		rsp_listener_free(listener);
		end_done(&server);
	}
}

static void
unfinished_handshakes_have_a_limit(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 4, .source_handshakes = 4 };
	struct end silent[10] = { 0 }, client = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);
	struct rsp_listener_stats stats;

	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &silent[i]), RSP_OK);
	WORLD_RUN(server.refused == 6);
	CHECK_EQ(server.why.err, RSP_ELIMIT);
	rsp_listener_get_stats(listener, &stats);
	CHECK_EQ(stats.handshakes, 4);
	CHECK_EQ(world_dial(listener, client_tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN((client.opened && server.opened) || client.closed); /* one that goes on gets through */
	CHECK_EQ(client.opened, 1);
	rsp_listener_free(listener); /* which ends the unfinished ones, and leaves the open one */
	for (unsigned i = 0; i < 10; i++)
		WORLD_RUN(silent[i].closed);
	CHECK_EQ(client.closed, 0);
	server.echo = true;
	CHECK_EQ(rsp_stream_send(client.stream, rsp_bytes_str("x")), RSP_OK);
	WORLD_RUN(client.got_n == 1);
	rsp_stream_close(client.stream, false);
	WORLD_RUN(client.closed && server.closed);
	end_done(&client);
	end_done(&server);
}

static void
out_of_descriptors(void)
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
address_in_use(void)
{
	struct end server = { 0 };
	struct rsp_listener *first = world_listen(NULL, RSP_TLS_ASAP, NULL, &server), *second = NULL;
	struct rsp_listener_params params = { .at = *rsp_listener_address(first) };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_listener_new(world_loop, &params, &end_events, &server, &second, &why), RSP_EIO);
	CHECK(strstr(why.reason, "in use") != NULL);
	rsp_listener_free(first);
}

static void
cut_by_the_loop(void)
{
	struct pair pair = { 0 };
	uint8_t *data = pattern(3000000);

	open_pair(&pair, true, NULL);
	CHECK_EQ(rsp_stream_send(pair.client.stream, rsp_bytes_of(data, 3000000)), RSP_OK);
	rsp_stream_close(pair.client.stream, true);
	rsp_listener_free(pair.listener);
	rsp_loop_free(world_loop); /* with streams in the middle of things */
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
	TAP_RUN(echo_of_all_sizes);
	TAP_RUN(one_turn_is_one_piece);
	TAP_RUN(single_octets);
	TAP_RUN(small_buffers);
	TAP_RUN(queue_has_a_cap);
	TAP_RUN(a_reader_that_does_not_read);
	TAP_RUN(unconsumed_input_has_a_cap);
	TAP_RUN(half_closed);
	TAP_RUN(cut_in_a_message);
	TAP_RUN(flushed_before_the_end);
	TAP_RUN(nobody_there);
	TAP_RUN(never_answered);
	TAP_RUN(many_connections);
	TAP_RUN(limits_of_a_listener);
	TAP_RUN(unfinished_handshakes_have_a_limit);
	/* valgrind accepts the connection and then throws it away, where the kernel leaves it in the queue. */
	const char *preload = getenv("LD_PRELOAD");
	if (!preload || !strstr(preload, "vgpreload"))
		TAP_RUN(out_of_descriptors);
	TAP_RUN(address_in_use);
	TAP_RUN(cut_by_the_loop);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
