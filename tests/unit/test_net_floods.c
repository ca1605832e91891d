#include <sys/socket.h>

#include "net/loop_priv.h"
#include "net_key.h"

/* Many connections from few addresses: whose handshake ends, whose connection makes room, who is not read from, and what all
 * hold together. RFC 5355 2.1, 2.13. */

static struct rsp_ip
host(unsigned n)
{
	return (struct rsp_ip){ .family = 4, .ip = { 127, 0, 9, (uint8_t)n } };
}

/* Dial from 127.0.9.@from; without @tls the other side sees a connection that says nothing. */
static void
dial_from(const struct rsp_listener *to, unsigned from, struct rsp_tls *tls, struct end *end)
{
	struct rsp_dial_params params = { .to = *rsp_listener_address(to),
					  .tls = tls,
					  .role = tls ? RSP_ROLE_ELEMENT : RSP_ROLE_NONE,
					  .server_name = "b",
					  .from = host(from) };

	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, end, &end->stream, &end->why), RSP_OK);
}

static void
hang_up(struct end *ends, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (ends[i].stream)
			rsp_stream_close(ends[i].stream, false);
		WORLD_RUN(ends[i].closed);
		end_done(&ends[i]);
	}
}

static struct rsp_listener_stats
stats_of(const struct rsp_listener *listener)
{
	struct rsp_listener_stats stats;

	rsp_listener_get_stats(listener, &stats);
	return stats;
}

static unsigned
alive(const struct end *ends, unsigned n)
{
	unsigned there = 0;

	for (unsigned i = 0; i < n; i++)
		there += ends[i].opened && !ends[i].closed;
	return there;
}

static void
the_greediest_source_loses_its_newest(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 6, .source_handshakes = 6 };
	struct end few[2] = { 0 }, many[20] = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);

	for (unsigned i = 0; i < 2; i++)
		dial_from(listener, 1 + i, NULL, &few[i]);
	WORLD_RUN(stats_of(listener).handshakes == 2);
	for (unsigned i = 0; i < 20; i++)
		dial_from(listener, 9, NULL, &many[i]);
	WORLD_RUN(server.refused == 16);
	CHECK_EQ(server.why.err, RSP_ELIMIT);
	WORLD_RUN(alive(many, 20) == 4);
	CHECK_EQ(alive(few, 2), 2); /* slow, and unharmed */
	CHECK_EQ(alive(many, 4), 4);
	struct end late = { 0 };
	dial_from(listener, 3, NULL, &late);
	WORLD_RUN(server.refused == 17);
	WORLD_RUN(alive(many, 4) == 3);
	CHECK_EQ(alive(few, 2), 2);
	hang_up(few, 2);
	hang_up(many, 20);
	hang_up(&late, 1);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
a_source_has_a_share_of_handshakes(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 40 };
	struct end many[15] = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);

	for (unsigned i = 0; i < 15; i++)
		dial_from(listener, 9, NULL, &many[i]);
	WORLD_RUN(server.refused == 5);
	WORLD_RUN(alive(many, 15) == 10);
	CHECK_EQ(alive(many, 5), 0); /* its oldest, so that somebody else there has a chance */
	hang_up(many, 15);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
known_sources_have_a_reserve(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 4 };
	struct end element = { 0 }, strangers[4] = { 0 }, again = { 0 }, told = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);
	const struct rsp_ip ip = host(8);

	dial_from(listener, 1, client_tls, &element);
	WORLD_RUN(element.opened && server.opened == 1);
	hang_up(&element, 1);
	WORLD_RUN(server.closed == 1);
	for (unsigned i = 0; i < 4; i++)
		dial_from(listener, 2 + i, NULL, &strangers[i]);
	WORLD_RUN(stats_of(listener).handshakes == 4);
	dial_from(listener, 1, NULL, &again); /* was here; nobody makes room for it */
	WORLD_RUN(stats_of(listener).handshakes == 5);
	CHECK_EQ(server.refused, 0);
	hang_up(&again, 1);
	WORLD_RUN(stats_of(listener).handshakes == 4);
	rsp_listener_know(listener, &ip); /* was met elsewhere */
	dial_from(listener, 8, NULL, &told);
	WORLD_RUN(stats_of(listener).handshakes == 5);
	CHECK_EQ(server.refused, 0);
	hang_up(&told, 1);
	hang_up(strangers, 4);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
a_source_has_a_rate(void)
{
	const struct rsp_listener_limits limits = { .handshake_rate = 1, .handshake_burst = 5 };
	struct end many[9] = { 0 }, other = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &limits, &server);

	for (unsigned i = 0; i < 9; i++)
		dial_from(listener, 9, NULL, &many[i]);
	WORLD_RUN(server.opened + server.refused == 9);
	CHECK(server.opened >= 5 && server.opened <= 7);
	CHECK(strstr(server.why.reason, "new connections a second") != NULL);
	hang_up(many, 9); /* they are remembered, too, when all are gone */
	WORLD_RUN(stats_of(listener).connections == 0);
	unsigned opened = server.opened, refused = server.refused;
	struct end again[3] = { 0 };
	for (unsigned i = 0; i < 3; i++)
		dial_from(listener, 9, NULL, &again[i]);
	dial_from(listener, 1, NULL, &other);
	WORLD_RUN(server.opened + server.refused == opened + refused + 4);
	CHECK(server.refused > refused);
	hang_up(again, 3);
	CHECK_EQ(other.opened, 1);
	CHECK_EQ(other.closed, 0);
	hang_up(&other, 1);
	rsp_listener_free(listener);
	end_done(&server);
}

static bool all_watch;

static enum rsp_listener_use
use(void *ctx, struct rsp_stream *stream)
{
	(void)ctx;
	(void)stream;
	return all_watch ? RSP_USE_WATCH : RSP_USE_NONE;
}

static struct rsp_listener *
listen_used(const struct rsp_listener_limits *limits, struct rsp_tls *tls, struct end *server)
{
	const struct rsp_listener_params params = { .at = loopback(),
						    .tls = tls,
						    .service = RSP_TLS_ASAP,
						    .limits = *limits,
						    .refused = end_refused,
						    .use = use };
	struct rsp_listener *listener = NULL;

	CHECK_EQ(rsp_listener_new(world_loop, &params, &end_events, server, &listener, NULL), RSP_OK);
	return listener;
}

static void
users_leave_room_for_keys(void)
{
	const struct rsp_listener_limits limits = { .connections = 8 };

	for (unsigned watch = 0; watch < 2; watch++) {
		struct end many[9] = { 0 }, few[2] = { 0 }, server = { 0 };
		struct rsp_listener *listener = listen_used(&limits, NULL, &server);

		all_watch = watch;
		dial_from(listener, 1, NULL, &few[0]);
		WORLD_RUN(server.opened == 1);
		for (unsigned i = 0; i < 9; i++)
			dial_from(listener, 9, NULL, &many[i]);
		WORLD_RUN(server.opened == 10);
		WORLD_RUN(alive(many, 9) == 5); /* 6 of 8 are users', and who has the most of them makes room */
		CHECK_EQ(stats_of(listener).users, 6);
		CHECK_EQ(stats_of(listener).evicted, 4);
		CHECK_EQ(few[0].closed, 0);
		dial_from(listener, 2, NULL, &few[1]);
		WORLD_RUN(server.opened == 11 && stats_of(listener).evicted == 5);
		CHECK_EQ(alive(few, 2), 2);
		hang_up(many, 9);
		hang_up(few, 2);
		rsp_listener_free(listener);
		end_done(&server);
	}
	all_watch = false;
}

static void
idle_users_are_closed(void)
{
	const struct rsp_listener_limits limits = { .idle_ms = 150 };
	struct end idle = { 0 }, busy = { 0 }, element = { 0 }, server = { 0 }, keyed = { 0 };
	struct rsp_listener *listener = listen_used(&limits, NULL, &server);
	struct rsp_listener *secure = listen_used(&limits, server_tls, &keyed);

	dial_from(listener, 1, NULL, &idle);
	dial_from(listener, 1, NULL, &busy);
	dial_from(secure, 1, client_tls, &element);
	uint64_t begin_ms = rsp_clock_ms();
	WORLD_RUN(server.opened == 2 && element.opened && keyed.opened);
	while (rsp_clock_ms() < begin_ms + 400) {
		CHECK_EQ(rsp_stream_send(busy.stream, rsp_bytes_str("x")), RSP_OK);
		size_t got = server.got_n;
		WORLD_RUN(server.got_n > got);
	}
	WORLD_RUN(idle.closed);
	CHECK_EQ(stats_of(listener).idle, 1);
	CHECK_EQ(busy.closed, 0);
	CHECK_EQ(element.closed, 0); /* it has a key */
	all_watch = true;
	begin_ms = rsp_clock_ms();
	while (rsp_clock_ms() < begin_ms + 400)
		(void)rsp_loop_turn(world_loop, true); /* its idle alarm rings */
	CHECK_EQ(busy.closed, 0);
	all_watch = false;
	WORLD_RUN(busy.closed);
	CHECK_EQ(busy.why.err, RSP_ECLOSED);
	hang_up(&element, 1);
	hang_up(&idle, 1);
	hang_up(&busy, 1);
	rsp_listener_free(listener);
	WORLD_RUN(keyed.closed);
	rsp_listener_free(secure);
	end_done(&server);
	end_done(&keyed);
}

/* A service that answers each octet with a lot, and stops when its output waits. */
struct service {
	unsigned asked, shown;
	struct rsp_stream *stream;
	struct rsp_why why;
	unsigned opened, closed;
};

#define ANSWER_SIZE 50000

static size_t
answer(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	static uint8_t octets[ANSWER_SIZE];
	struct service *service = ctx;
	size_t n = 0;

	service->shown++;
	while (n < all.n && !rsp_stream_full(stream)) {
		n++;
		service->asked++;
		if (rsp_stream_send(stream, rsp_bytes_of(octets, sizeof(octets))))
			break;
	}
	return n;
}

static void
service_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct service *service = ctx;

	(void)auth;
	service->opened++;
	service->stream = stream;
}

static void
service_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct service *service = ctx;

	(void)stream;
	service->closed++;
	if (why->err != RSP_ECLOSED)
		service->why = *why;
}

static const struct rsp_stream_events answering = { service_open, answer, NULL, service_closed };

static struct rsp_listener *
serve(struct service *service, const struct rsp_listener_limits *limits)
{
	const struct rsp_listener_params params = { .at = loopback(), .service = RSP_TLS_ASAP, .limits = *limits };
	struct rsp_listener *listener = NULL;

	CHECK_EQ(rsp_listener_new(world_loop, &params, &answering, service, &listener, NULL), RSP_OK);
	return listener;
}

/* A plain socket, as a user that does not read has it; it has asked @n questions. */
static int
ask(const struct rsp_listener *listener, unsigned n)
{
	const struct rsp_sockaddr *to = rsp_listener_address(listener);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int small = 4096;
	char questions[1000] = { 0 };

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	CHECK_EQ(send(fd, questions, n, MSG_NOSIGNAL), n);
	return fd;
}

static void
turns(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)rsp_loop_turn(world_loop, false);
}

static void
who_does_not_read_is_not_read_from(void)
{
	struct service service = { 0 };
	struct rsp_listener *listener = serve(&service, &(struct rsp_listener_limits){ 0 });
	int fd = ask(listener, 1000);
	static char answers[ANSWER_SIZE];
	size_t got = 0;

	WORLD_RUN(service.asked > 0 && rsp_stream_full(service.stream));
	turns(200);
	unsigned asked = service.asked;
	CHECK(asked < 500);
	CHECK(rsp_stream_queued(service.stream) < 3 * ANSWER_SIZE);
	turns(50);
	CHECK_EQ(service.asked, asked);
	CHECK_EQ(service.closed, 0);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);  /* and its end does not cut the answers off */
	while (got < 1000UL * ANSWER_SIZE) { /* now it reads: all questions are answered */
		ssize_t n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT);

		if (n == 0)
			break;
		if (n > 0)
			got += (size_t)n;
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK_EQ(got, 1000UL * ANSWER_SIZE);
	CHECK_EQ(service.asked, 1000);
	WORLD_RUN(service.closed);
	(void)close(fd);
	rsp_listener_free(listener);
}

/* The same by TLS, with one who reads: what waits decrypted is answered piece by piece. */
static void
many_questions_at_once(void)
{
	const struct rsp_listener_params params = { .at = loopback(), .tls = server_tls, .service = RSP_TLS_ASAP };
	struct service service = { 0 };
	struct rsp_listener *listener = NULL;
	struct end client = { 0 };
	const uint8_t questions[30] = { 0 };

	CHECK_EQ(rsp_listener_new(world_loop, &params, &answering, &service, &listener, NULL), RSP_OK);
	dial_from(listener, 1, client_tls, &client);
	WORLD_RUN(client.opened && service.opened);
	CHECK_EQ(rsp_stream_send(client.stream, rsp_bytes_of(questions, 30)), RSP_OK);
	WORLD_RUN(service.asked > 0);
	CHECK(service.asked < 30); /* it stopped, and goes on as the output goes out */
	CHECK_EQ(rsp_stream_send(client.stream, rsp_bytes_of(questions, 10)), RSP_OK);
	rsp_stream_close(client.stream, true); /* no more questions; its end comes with them */
	WORLD_RUN(client.closed && service.closed);
	CHECK_EQ(service.asked, 40);
	rsp_listener_free(listener);
	end_done(&client);
}

static void
all_users_have_a_total(void)
{
	const struct rsp_listener_limits limits = { .user_memory = 2000000 };
	struct service service = { 0 };
	struct rsp_listener *listener = serve(&service, &limits);
	struct rsp_listener *other = serve(&service, &(struct rsp_listener_limits){ 0 }); /* says nothing of the total */
	int fds[200];

	for (unsigned i = 0; i < RSP_COUNT(fds); i++) {
		fds[i] = ask(listener, 1000);
		turns(10);
	}
	WORLD_RUN(service.closed > 100);
	CHECK_EQ(service.why.err, RSP_ELIMIT);
	CHECK(strstr(service.why.reason, "memory that users may have") != NULL);
	/* each holds 64 KiB at least: so many fit */
	CHECK(stats_of(listener).connections > 0 && stats_of(listener).connections <= 2000000 / 65536);
	for (unsigned i = 0; i < RSP_COUNT(fds); i++)
		(void)close(fds[i]);
	WORLD_RUN(service.closed == service.opened);
	rsp_listener_free(listener);
	rsp_listener_free(other);
}

/* What one key piles up does not close the connection of another that has little. */
static void
all_with_keys_have_a_total(void)
{
	struct end many[50] = { 0 }, one = { 0 }, server = { .whole = 100000 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &(struct rsp_listener_limits){ 0 }, &server);
	static uint8_t half[60000];

	world_loop->budget[RSP_BUDGET_KEYS].max = 2000000;
	dial_from(listener, 1, client_tls, &one);
	WORLD_RUN(one.opened);
	CHECK_EQ(rsp_stream_send(one.stream, rsp_bytes_of(half, 100)), RSP_OK);
	for (unsigned i = 0; i < 50; i++) {
		dial_from(listener, 9, client_tls, &many[i]);
		WORLD_RUN(many[i].opened);
		enum rsp_err err = rsp_stream_send(many[i].stream, rsp_bytes_of(half, sizeof(half)));
		CHECK(!err || err == RSP_ECLOSED); /* it may be the one that goes */
		turns(5);
		if (!one.closed)
			CHECK_EQ(rsp_stream_send(one.stream, rsp_bytes_of(half, 100)), RSP_OK);
		turns(5);
	}
	WORLD_RUN(server.closed > 15); /* dialled streams are counted, too: the same loop holds both ends */
	CHECK_EQ(one.closed, 0);
	world_loop->budget[RSP_BUDGET_KEYS].max = RSP_STREAM_KEY_MEMORY;
	hang_up(many, 50);
	hang_up(&one, 1);
	rsp_listener_free(listener);
	end_done(&server);
}

static void
half_messages_have_a_total(void)
{
	const struct rsp_listener_limits limits = { .user_memory = 2000000 };
	struct end many[50] = { 0 }, one = { 0 }, server = { .whole = 100000 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &limits, &server);
	static uint8_t half[60000];

	dial_from(listener, 1, NULL, &one);
	WORLD_RUN(one.opened);
	CHECK_EQ(rsp_stream_send(one.stream, rsp_bytes_of(half, sizeof(half))), RSP_OK);
	for (unsigned i = 0; i < 50; i++) {
		dial_from(listener, 9, NULL, &many[i]);
		WORLD_RUN(many[i].opened);
		CHECK_EQ(rsp_stream_send(many[i].stream, rsp_bytes_of(half, sizeof(half))), RSP_OK);
		turns(5);
	}
	WORLD_RUN(server.closed > 15);
	CHECK_EQ(server.why.err, RSP_ELIMIT);
	CHECK(stats_of(listener).connections <= 2000000 / 60000);
	CHECK_EQ(one.closed, 0); /* its source holds little */
	hang_up(many, 50);
	hang_up(&one, 1);
	rsp_listener_free(listener);
	end_done(&server);
}

/* Close the stream while its octets are read, as a service does that cannot send an answer, and see whether they stay. */
static size_t
close_and_read(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	static const uint8_t wanted[20] = "0123456789abcdefghij";
	struct service *service = ctx;

	if (all.n < sizeof(wanted))
		return 0;
	rsp_stream_close(stream, false);
	char *other[64]; /* one of them gets what was freed, if it was */
	for (unsigned i = 0; i < RSP_COUNT(other); i++)
		if ((other[i] = malloc(8192)))
			memset(other[i], 'x', 8192);
	service->asked += memcmp(all.p, wanted, sizeof(wanted)) == 0;
	for (unsigned i = 0; i < RSP_COUNT(other); i++)
		free(other[i]);
	return all.n;
}

static void
what_is_read_outlives_its_stream(void)
{
	static const struct rsp_stream_events closing = { service_open, close_and_read, NULL, service_closed };
	const struct rsp_listener_params params = { .at = loopback(), .service = RSP_TLS_ASAP };
	struct service service = { 0 };
	struct rsp_listener *listener = NULL;

	CHECK_EQ(rsp_listener_new(world_loop, &params, &closing, &service, &listener, NULL), RSP_OK);
	int fd = ask(listener, 0);
	CHECK_EQ(send(fd, "0123456789", 10, MSG_NOSIGNAL), 10);
	WORLD_RUN(service.opened);
	turns(10); /* half of it waits for the rest */
	CHECK_EQ(send(fd, "abcdefghij", 10, MSG_NOSIGNAL), 10);
	WORLD_RUN(service.closed);
	CHECK_EQ(service.asked, 1);
	(void)close(fd);
	rsp_listener_free(listener);
}

static void
probes_are_counted(void)
{
	for (unsigned tls = 0; tls < 2; tls++) {
		struct end server = { 0 };
		struct rsp_listener *listener = world_listen(tls ? server_tls : NULL, RSP_TLS_ASAP, NULL, &server);
		const struct linger reset = { .l_onoff = 1 };

		(void)close(ask(listener, 0));
		int fd = ask(listener, 0);
		CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		(void)close(fd); /* as load balancers do */
		WORLD_RUN(stats_of(listener).probes == 2);
		CHECK_EQ(server.refused, 0);
		(void)close(ask(listener, 1));
		WORLD_RUN(server.refused == tls && stats_of(listener).connections == 0);
		CHECK_EQ(stats_of(listener).probes, 2);
		rsp_listener_free(listener);
		end_done(&server);
	}
}

int
main(void)
{
	if (rsp_tls_init(NULL, NULL) || !world_begin())
		return 1;
	make_tls();
	TAP_RUN(the_greediest_source_loses_its_newest);
	TAP_RUN(a_source_has_a_share_of_handshakes);
	TAP_RUN(known_sources_have_a_reserve);
	TAP_RUN(a_source_has_a_rate);
	TAP_RUN(users_leave_room_for_keys);
	TAP_RUN(idle_users_are_closed);
	TAP_RUN(who_does_not_read_is_not_read_from);
	TAP_RUN(many_questions_at_once);
	TAP_RUN(all_users_have_a_total);
	TAP_RUN(all_with_keys_have_a_total);
	TAP_RUN(half_messages_have_a_total);
	TAP_RUN(what_is_read_outlives_its_stream);
	TAP_RUN(probes_are_counted);
	TAP_RUN(nothing_is_left);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
