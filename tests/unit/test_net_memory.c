#include <sys/socket.h>

#include "net/loop_priv.h"
#include "net_floods.h"

/* What connections hold in memory: a client that does not read is not read from, and the octets that users or elements
 * make the listener hold have a limit for all of them. RFC 5355 s.2.1, s.2.13. */

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

/* A client that does not read has asked 1000 questions, and the server's queue is full. Returns its socket. */
static int
ask_without_reading(struct service *service, struct rsp_listener **ret_listener)
{
	*ret_listener = serve(service, &(struct rsp_listener_limits){ 0 });
	int fd = ask(*ret_listener, 1000);

	WORLD_RUN(service->asked > 0 && rsp_stream_full(service->stream));
	turns(200);
	return fd;
}

static void
a_client_that_does_not_read_is_not_read_from(void)
{
	struct service service = { 0 };
	struct rsp_listener *listener;
	int fd = ask_without_reading(&service, &listener);
	unsigned asked = service.asked;

	CHECK(asked < 500);
	CHECK(rsp_stream_queued(service.stream) < 3 * ANSWER_SIZE);
	turns(50);
	CHECK_EQ(service.asked, asked);
	CHECK_EQ(service.closed, 0);
	(void)close(fd);
	WORLD_RUN(service.closed);
	rsp_listener_free(listener);
}

static void
a_client_that_shuts_down_its_sending_side_and_reads_late_has_all_its_answers(void)
{
	struct service service = { 0 };
	struct rsp_listener *listener;
	int fd = ask_without_reading(&service, &listener);
	static char answers[ANSWER_SIZE];
	size_t got = 0;

	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	while (got < 1000UL * ANSWER_SIZE) {
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

static void
questions_that_wait_decrypted_are_answered_as_the_queue_empties_and_before_the_end(void)
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
users_above_the_memory_of_all_users_are_closed(void)
{
	const struct rsp_listener_limits limits = { .user_memory = 2000000 };
	struct service service = { 0 };
	struct rsp_listener *listener = serve(&service, &limits);
	struct rsp_listener *other = serve(&service, &(struct rsp_listener_limits){ 0 }); /* leaves the total as it is */
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

/* The elements of one source send messages that never end; one of another source sends little. */
static void
elements_above_the_memory_of_all_keys_are_closed_and_one_that_holds_little_stays(void)
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
		CHECK(!err || err == RSP_ECLOSED); /* it may have been closed before */
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
users_whose_unfinished_messages_exceed_the_memory_of_all_users_are_closed_greediest_first(void)
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

/* Close the stream while its octets are read, as a service does that cannot send an answer, and check the octets. */
static size_t
close_and_read(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	static const uint8_t wanted[20] = "0123456789abcdefghij";
	struct service *service = ctx;

	if (all.n < sizeof(wanted))
		return 0;
	rsp_stream_close(stream, false);
	char *other[64]; /* if the octets were freed, one of these overwrites them */
	for (unsigned i = 0; i < RSP_COUNT(other); i++)
		if ((other[i] = malloc(8192)))
			memset(other[i], 'x', 8192);
	service->asked += memcmp(all.p, wanted, sizeof(wanted)) == 0;
	for (unsigned i = 0; i < RSP_COUNT(other); i++)
		free(other[i]);
	return all.n;
}

static void
octets_stay_readable_while_they_are_read_although_their_stream_is_closed(void)
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

int
main(void)
{
	if (rsp_tls_init(NULL, NULL) || !world_begin())
		return 1;
	make_tls();
	TAP_RUN(a_client_that_does_not_read_is_not_read_from);
	TAP_RUN(a_client_that_shuts_down_its_sending_side_and_reads_late_has_all_its_answers);
	TAP_RUN(questions_that_wait_decrypted_are_answered_as_the_queue_empties_and_before_the_end);
	TAP_RUN(users_above_the_memory_of_all_users_are_closed);
	TAP_RUN(elements_above_the_memory_of_all_keys_are_closed_and_one_that_holds_little_stays);
	TAP_RUN(users_whose_unfinished_messages_exceed_the_memory_of_all_users_are_closed_greediest_first);
	TAP_RUN(octets_stay_readable_while_they_are_read_although_their_stream_is_closed);
	TAP_RUN(nothing_is_left);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
