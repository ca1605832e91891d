#include <sys/socket.h>

#include "net_floods.h"

/* Many connections from few addresses: which handshakes and which connections a listener ends to make room, and how it
 * counts those that send nothing. RFC 5355 s.2.1, s.2.13. */

/* Handshakes */

/* Two clients that send nothing, each of its own source, then 20 of one source: 16 are too many. */
struct flood {
	struct end few[2], many[20], server;
	struct rsp_listener *listener;
};

static void
flood_begin(struct flood *flood)
{
	const struct rsp_listener_limits limits = { .handshakes = 6, .source_handshakes = 6 };

	*flood = (struct flood){ 0 };
	flood->listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &flood->server);
	for (unsigned i = 0; i < 2; i++)
		dial_from(flood->listener, 1 + i, NULL, &flood->few[i]);
	WORLD_RUN(stats_of(flood->listener).handshakes == 2);
	dial_many(flood->listener, 9, NULL, flood->many, 20);
	WORLD_RUN(flood->server.refused == 16);
	WORLD_RUN(alive(flood->many, 20) == 4);
}

static void
flood_end(struct flood *flood)
{
	hang_up(flood->few, 2);
	hang_up(flood->many, 20);
	listener_done(flood->listener, &flood->server);
}

static void
above_the_limit_the_source_with_most_handshakes_loses_its_newest(void)
{
	struct flood flood;

	flood_begin(&flood);
	CHECK_EQ(flood.server.why.err, RSP_ELIMIT);
	CHECK_EQ(alive(flood.few, 2), 2); /* slow, and unharmed */
	CHECK_EQ(alive(flood.many, 4), 4);
	flood_end(&flood);
}

static void
at_the_limit_the_source_with_most_handshakes_makes_room_for_another_source(void)
{
	struct flood flood;
	struct end late = { 0 };

	flood_begin(&flood);
	dial_from(flood.listener, 3, NULL, &late);
	WORLD_RUN(flood.server.refused == 17);
	WORLD_RUN(alive(flood.many, 4) == 3);
	CHECK_EQ(alive(flood.few, 2), 2);
	hang_up(&late, 1);
	flood_end(&flood);
}

static void
a_source_above_its_share_of_handshakes_loses_its_oldest(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 40 };
	struct end many[15] = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);

	dial_many(listener, 9, NULL, many, 15);
	WORLD_RUN(server.refused == 5);
	WORLD_RUN(alive(many, 15) == 10);
	CHECK_EQ(alive(many, 5), 0); /* another client behind the same address still has a chance */
	hang_up(many, 15);
	listener_done(listener, &server);
}

/* Four sources, not known, hold as many handshakes as there may be. */
static void
strangers_dial(const struct rsp_listener *listener, struct end strangers[4])
{
	for (unsigned i = 0; i < 4; i++)
		dial_from(listener, 2 + i, NULL, &strangers[i]);
	WORLD_RUN(stats_of(listener).handshakes == 4);
}

static void
a_source_of_which_an_element_authenticated_before_has_a_place_above_the_limit(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 4 };
	struct end element = { 0 }, strangers[4] = { 0 }, again = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);

	dial_from(listener, 1, client_tls, &element);
	WORLD_RUN(element.opened && server.opened == 1);
	hang_up(&element, 1);
	WORLD_RUN(server.closed == 1);
	strangers_dial(listener, strangers);
	dial_from(listener, 1, NULL, &again);
	WORLD_RUN(stats_of(listener).handshakes == 5);
	CHECK_EQ(server.refused, 0);
	hang_up(&again, 1);
	WORLD_RUN(stats_of(listener).handshakes == 4);
	hang_up(strangers, 4);
	listener_done(listener, &server);
}

static void
a_source_that_the_listener_was_told_to_know_has_a_place_above_the_limit(void)
{
	const struct rsp_listener_limits limits = { .handshakes = 4 };
	struct end strangers[4] = { 0 }, known = { 0 }, server = { 0 };
	struct rsp_listener *listener = world_listen(server_tls, RSP_TLS_ASAP, &limits, &server);
	const struct rsp_ip ip = host(8);

	strangers_dial(listener, strangers);
	rsp_listener_know(listener, &ip);
	dial_from(listener, 8, NULL, &known);
	WORLD_RUN(stats_of(listener).handshakes == 5);
	CHECK_EQ(server.refused, 0);
	hang_up(&known, 1);
	hang_up(strangers, 4);
	listener_done(listener, &server);
}

/* The rate of a source */

/* Nine connections of one source at once; its rate permits a burst of five. */
static struct rsp_listener *
exceed_the_rate(struct end many[9], struct end *server)
{
	const struct rsp_listener_limits limits = { .handshake_rate = 1, .handshake_burst = 5 };
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, &limits, server);

	dial_many(listener, 9, NULL, many, 9);
	WORLD_RUN(server->opened + server->refused == 9);
	return listener;
}

static void
connections_above_the_rate_of_their_source_are_refused(void)
{
	struct end many[9] = { 0 }, server = { 0 };
	struct rsp_listener *listener = exceed_the_rate(many, &server);

	CHECK(server.opened >= 5 && server.opened <= 7);
	CHECK(strstr(server.why.reason, "new connections a second") != NULL);
	hang_up(many, 9);
	listener_done(listener, &server);
}

static void
a_source_above_its_rate_is_remembered_when_its_connections_are_closed(void)
{
	struct end many[9] = { 0 }, again[3] = { 0 }, server = { 0 };
	struct rsp_listener *listener = exceed_the_rate(many, &server);

	hang_up(many, 9);
	WORLD_RUN(stats_of(listener).connections == 0);
	unsigned opened = server.opened, refused = server.refused;
	dial_many(listener, 9, NULL, again, 3);
	WORLD_RUN(server.opened + server.refused == opened + refused + 3);
	CHECK(server.refused > refused);
	hang_up(again, 3);
	listener_done(listener, &server);
}

static void
another_source_is_accepted_while_one_is_above_its_rate(void)
{
	struct end many[9] = { 0 }, other = { 0 }, server = { 0 };
	struct rsp_listener *listener = exceed_the_rate(many, &server);
	unsigned opened = server.opened;

	dial_from(listener, 1, NULL, &other);
	WORLD_RUN(server.opened == opened + 1);
	WORLD_RUN(other.opened);
	CHECK_EQ(other.opened, 1);
	CHECK_EQ(other.closed, 0);
	hang_up(many, 9);
	hang_up(&other, 1);
	listener_done(listener, &server);
}

/* Users */

static bool all_watch;

static enum rsp_listener_use
use(void *ctx, struct rsp_stream *stream)
{
	(void)ctx;
	(void)stream;
	return all_watch ? RSP_USE_WATCH : RSP_USE_NONE;
}

/* A listener whose users all watch a pool if all_watch is set. */
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

/* One user, then nine of another source; users may have six of the eight connections of the listener. */
struct users {
	struct end one, many[9], server;
	struct rsp_listener *listener;
};

static void
users_dial(struct users *users, bool watch)
{
	const struct rsp_listener_limits limits = { .connections = 8 };

	*users = (struct users){ 0 };
	all_watch = watch;
	users->listener = listen_used(&limits, NULL, &users->server);
	dial_from(users->listener, 1, NULL, &users->one);
	WORLD_RUN(users->server.opened == 1);
	dial_many(users->listener, 9, NULL, users->many, 9);
	WORLD_RUN(users->server.opened == 10);
	WORLD_RUN(alive(users->many, 9) == 5);
}

static void
users_leave(struct users *users)
{
	hang_up(users->many, 9);
	hang_up(&users->one, 1);
	listener_done(users->listener, &users->server);
	all_watch = false;
}

static void
too_many_users_dial(bool watch)
{
	struct users users;

	users_dial(&users, watch);
	CHECK_EQ(stats_of(users.listener).users, 6);
	CHECK_EQ(stats_of(users.listener).evicted, 4);
	CHECK_EQ(users.one.closed, 0);
	users_leave(&users);
}

static void
users_above_their_share_are_evicted_so_that_elements_have_room(void)
{
	too_many_users_dial(false);
}

static void
watching_users_above_their_share_are_evicted_so_that_elements_have_room(void)
{
	too_many_users_dial(true);
}

static void
one_more_user_dials(bool watch)
{
	struct users users;
	struct end late = { 0 };

	users_dial(&users, watch);
	dial_from(users.listener, 2, NULL, &late);
	WORLD_RUN(users.server.opened == 11 && stats_of(users.listener).evicted == 5);
	CHECK_EQ(alive(&users.one, 1), 1);
	CHECK_EQ(alive(&late, 1), 1);
	hang_up(&late, 1);
	users_leave(&users);
}

static void
the_source_with_most_users_makes_room_for_a_user_of_another_source(void)
{
	one_more_user_dials(false);
}

static void
the_source_with_most_watching_users_makes_room_for_one_of_another_source(void)
{
	one_more_user_dials(true);
}

static const struct rsp_listener_limits short_idle_time = { .idle_ms = 150 };

static void
a_user_that_sends_nothing_is_closed_after_the_idle_time_and_a_busy_one_is_not(void)
{
	struct end idle = { 0 }, busy = { 0 }, server = { 0 };
	struct rsp_listener *listener = listen_used(&short_idle_time, NULL, &server);

	dial_from(listener, 1, NULL, &idle);
	dial_from(listener, 1, NULL, &busy);
	uint64_t begin_ms = rsp_clock_ms();
	WORLD_RUN(server.opened == 2 && idle.opened && busy.opened);
	while (!idle.closed || rsp_clock_ms() < begin_ms + 400) {
		CHECK_EQ(rsp_stream_send(busy.stream, rsp_bytes_str("x")), RSP_OK);
		size_t got = server.got_n;
		WORLD_RUN(server.got_n > got);
		if (world_gave_up)
			break;
	}
	WORLD_RUN(idle.closed);
	CHECK_EQ(stats_of(listener).idle, 1);
	CHECK_EQ(busy.closed, 0);
	hang_up(&idle, 1);
	hang_up(&busy, 1);
	listener_done(listener, &server);
}

static void
an_element_that_sends_nothing_stays_after_the_idle_time(void)
{
	struct end element = { 0 }, idle[2] = { 0 }, server = { 0 }, keyed = { 0 };
	struct rsp_listener *listener = listen_used(&short_idle_time, NULL, &server);
	struct rsp_listener *secure = listen_used(&short_idle_time, server_tls, &keyed);

	dial_from(secure, 1, client_tls, &element);
	WORLD_RUN(element.opened && keyed.opened);
	for (unsigned i = 0; i < 2; i++) { /* two idle times of users, one after the other */
		dial_from(listener, 1, NULL, &idle[i]);
		WORLD_RUN(idle[i].closed);
	}
	CHECK_EQ(element.closed, 0);
	hang_up(idle, 2);
	hang_up(&element, 1);
	listener_done(listener, &server);
	WORLD_RUN(keyed.closed);
	listener_done(secure, &keyed);
}

static void
a_user_that_watches_a_pool_is_closed_as_idle_only_when_its_watch_has_ended(void)
{
	struct end user = { 0 }, server = { 0 };
	struct rsp_listener *listener = listen_used(&short_idle_time, NULL, &server);

	all_watch = true;
	dial_from(listener, 1, NULL, &user);
	WORLD_RUN(server.opened == 1 && user.opened);
	uint64_t begin_ms = rsp_clock_ms();
	while (rsp_clock_ms() < begin_ms + 400)
		(void)rsp_loop_turn(world_loop, true); /* its idle alarm rings */
	CHECK_EQ(user.closed, 0);
	all_watch = false;
	WORLD_RUN(user.closed);
	CHECK_EQ(user.why.err, RSP_ECLOSED);
	hang_up(&user, 1);
	listener_done(listener, &server);
}

/* Connections that send nothing */

/* Close one connection at its end, and reset another, as load balancers do; neither has sent an octet. */
static void
probe_twice(const struct rsp_listener *listener)
{
	const struct linger reset = { .l_onoff = 1 };

	(void)close(ask(listener, 0));
	int fd = ask(listener, 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	(void)close(fd);
	WORLD_RUN(stats_of(listener).probes == 2);
}

static void
probe(struct rsp_tls *tls)
{
	struct end server = { 0 };
	struct rsp_listener *listener = world_listen(tls, RSP_TLS_ASAP, NULL, &server);

	probe_twice(listener);
	CHECK_EQ(server.refused, 0);
	listener_done(listener, &server);
}

static void
a_plain_connection_that_ends_without_an_octet_counts_as_a_probe(void)
{
	probe(NULL);
}

static void
a_tls_connection_that_ends_without_an_octet_counts_as_a_probe(void)
{
	probe(server_tls);
}

/* A connection that ends after one octet is refused @refused times. */
static void
probe_and_send_an_octet(struct rsp_tls *tls, unsigned refused)
{
	struct end server = { 0 };
	struct rsp_listener *listener = world_listen(tls, RSP_TLS_ASAP, NULL, &server);

	probe_twice(listener);
	(void)close(ask(listener, 1));
	WORLD_RUN(server.refused + server.got_n == 1 && stats_of(listener).connections == 0);
	CHECK_EQ(server.refused, refused);
	CHECK_EQ(stats_of(listener).probes, 2);
	listener_done(listener, &server);
}

static void
a_plain_connection_that_ends_after_an_octet_is_no_probe(void)
{
	probe_and_send_an_octet(NULL, 0);
}

static void
a_tls_connection_that_ends_after_an_octet_is_refused_and_no_probe(void)
{
	probe_and_send_an_octet(server_tls, 1);
}

int
main(void)
{
	if (rsp_tls_init(NULL, NULL) || !world_begin())
		return 1;
	make_tls();
	TAP_RUN(above_the_limit_the_source_with_most_handshakes_loses_its_newest);
	TAP_RUN(at_the_limit_the_source_with_most_handshakes_makes_room_for_another_source);
	TAP_RUN(a_source_above_its_share_of_handshakes_loses_its_oldest);
	TAP_RUN(a_source_of_which_an_element_authenticated_before_has_a_place_above_the_limit);
	TAP_RUN(a_source_that_the_listener_was_told_to_know_has_a_place_above_the_limit);
	TAP_RUN(connections_above_the_rate_of_their_source_are_refused);
	TAP_RUN(a_source_above_its_rate_is_remembered_when_its_connections_are_closed);
	TAP_RUN(another_source_is_accepted_while_one_is_above_its_rate);
	TAP_RUN(users_above_their_share_are_evicted_so_that_elements_have_room);
	TAP_RUN(watching_users_above_their_share_are_evicted_so_that_elements_have_room);
	TAP_RUN(the_source_with_most_users_makes_room_for_a_user_of_another_source);
	TAP_RUN(the_source_with_most_watching_users_makes_room_for_one_of_another_source);
	TAP_RUN(a_user_that_sends_nothing_is_closed_after_the_idle_time_and_a_busy_one_is_not);
	TAP_RUN(an_element_that_sends_nothing_stays_after_the_idle_time);
	TAP_RUN(a_user_that_watches_a_pool_is_closed_as_idle_only_when_its_watch_has_ended);
	TAP_RUN(a_plain_connection_that_ends_without_an_octet_counts_as_a_probe);
	TAP_RUN(a_tls_connection_that_ends_without_an_octet_counts_as_a_probe);
	TAP_RUN(a_plain_connection_that_ends_after_an_octet_is_no_probe);
	TAP_RUN(a_tls_connection_that_ends_after_an_octet_is_refused_and_no_probe);
	TAP_RUN(nothing_is_left);
	rsp_tls_unref(client_tls);
	rsp_tls_unref(server_tls);
	return tap_end();
}
