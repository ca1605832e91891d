#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>

#include "serve_world.h"

/* Messages at the service of a registrar: in pieces, broken, too slow, and to connections that do not read. */

static void
messages_come_in_any_pieces(void)
{
	uint8_t octets[3 * 4096];
	struct end end = { 0 };
	size_t n = 0;

	prepare(false);
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end);
	for (uint32_t i = 1; i <= 3; i++) {
		struct rsp_message msg = request(ASAP_REGISTRATION, "web", i);
		n += encode(&msg, octets + n);
	}
	for (size_t piece = 1; piece < n; piece += piece < 5 ? 1 : 29) {
		for (size_t at = 0; at < n; at += piece) {
			size_t now = piece < n - at ? piece : n - at;

			put_octets(&end, octets + at, now);
			(void)rsp_loop_turn(world_loop, false);
		}
		for (uint32_t i = 1; i <= 3; i++) {
			struct rsp_message msg = answer(&end);

			CHECK_EQ(msg.type, ASAP_REGISTRATION_RESPONSE);
			CHECK_EQ(msg.pe_id, i);
		}
	}
	CHECK_EQ(stats().engine.elements, 3);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT] + service.told[RSP_EVENT_MALFORMED], 0);
	hang_up(&end);
	stop();
}

static void
a_length_that_no_message_has_ends_the_connection(void)
{
	static const uint8_t bad[] = { 1, 0, 0, 3, 5, 0, 0, 4 };
	struct end end = { 0 }, other = { 0 };

	prepare(false);
	service.config.engine.hold_ms = 0;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &other);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end);
	say(&end, ASAP_HANDLE_RESOLUTION, "web", 0);
	put_octets(&end, bad, sizeof(bad));
	struct rsp_message msg = answer(&end); /* to what came before it */
	CHECK_EQ(msg.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	WORLD_RUN(end.closed);
	CHECK_EQ(end.got_n, 0);
	CHECK_EQ(service.told[RSP_EVENT_MALFORMED], 1);
	CHECK_EQ(service.last.message_type, ASAP_REGISTRATION);
	CHECK_EQ(service.last.remote_port, end.auth.local_port);
	CHECK_EQ(stats().engine.received, 1);
	CHECK_EQ(resolve(&other, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	end_done(&end);
	hang_up(&other);
	stop();
}

static void
a_message_once_begun_has_its_time(void)
{
	static const uint8_t begun[] = { 1, 0, 0 };
	struct end slow = { 0 }, quick = { 0 };
	uint8_t octets[4096];

	prepare(false);
	service.config.message_ms = 60;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &slow);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &quick);
	struct rsp_message msg = request(ASAP_HANDLE_RESOLUTION, "web", 0);
	size_t n = encode(&msg, octets);
	/* one that comes in two pieces, in time: its time does not go on */
	put_octets(&quick, octets, 5);
	for (unsigned i = 0; i < 10; i++) /* the first is read */
		(void)rsp_loop_turn(world_loop, false);
	put_octets(&quick, octets + 5, n - 5);
	(void)answer(&quick);
	uint64_t start_ms = rsp_clock_ms();
	put_octets(&slow, begun, sizeof(begun));
	WORLD_RUN(slow.closed);
	CHECK(rsp_clock_ms() >= start_ms + 60);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 1);
	CHECK_STR(service.reason, "message-time");
	CHECK_EQ(service.last.remote_port, slow.auth.local_port);
	CHECK_EQ(service.refused[RSP_SERVE_ASAP], 0);
	end_done(&slow);
	CHECK_EQ(resolve(&quick, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE); /* silence is no fault */

	/* a whole message, and the next one begun with it: the time is the next one's, and runs out */
	memcpy(octets + n, begun, sizeof(begun));
	put_octets(&quick, octets, n + sizeof(begun));
	(void)answer(&quick);
	WORLD_RUN(quick.closed);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 2);
	end_done(&quick);
	stop();
}

/* A connection of ours, by hand, as the streams of net read whatever comes. */
static int
raw_connection(void)
{
	const struct rsp_sockaddr *to = rsp_registrar_service_address(service.s, RSP_SERVE_ASAP);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
a_connection_that_does_not_read_is_closed(void)
{
	struct end element = { 0 };
	uint8_t octets[4096];
	struct rsp_message msg = request(ASAP_HANDLE_RESOLUTION, "web", 0);
	size_t n = encode(&msg, octets), at = 0;

	prepare(false);
	service.config.limits.queue_max = 10000;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &element);
	for (uint32_t i = 1; i <= 16; i++)
		CHECK_EQ(enrol(&element, "web", i), RSP_CAUSE_NONE);
	int fd = raw_connection();
	uint64_t end_ms = rsp_clock_ms() + PATIENCE_MS;
	while (!service.told[RSP_EVENT_LIMIT] && rsp_clock_ms() < end_ms) {
		ssize_t put = send(fd, octets + at, n - at, MSG_NOSIGNAL);

		if (put > 0)
			at = (at + (size_t)put) % n;
		else if (errno != EAGAIN)
			break;
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 1);
	CHECK_STR(service.reason, "connection-queue");
	WORLD_RUN(stats().engine.links == 1);
	CHECK_EQ(resolve(&element, "web"), RSP_CAUSE_NONE);
	(void)close(fd);
	hang_up(&element);
	stop();
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(messages_come_in_any_pieces);
	TAP_RUN(a_length_that_no_message_has_ends_the_connection);
	TAP_RUN(a_message_once_begun_has_its_time);
	TAP_RUN(a_connection_that_does_not_read_is_closed);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
