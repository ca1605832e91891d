#include <string.h>

#include "net/dial.h"
#include "net/listener.h"
#include "net_world.h"
#include "proto/message.h"
#include "serve/announcer.h"
#include "serve/asap_client.h"

/* A registrar's announcements, and a client that listens, over the loopback interface. RFC 5352 3.6, T6. */

#define T6 50

struct ears {
	struct rsp_announce_listener *listener;
	unsigned n; /* of registrar 7 */
	uint64_t at_ms[64];
	struct rsp_ip ip[4];
	unsigned n_ips;
	uint16_t port;
	struct rsp_ip source;
};

struct told {
	unsigned good, bad;
	struct rsp_why why;
	bool serves;
};

static void
hear(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram)
{
	struct ears *ears = ctx;
	struct rsp_list_item item;
	struct rsp_message msg;
	size_t cursor = 0;

	CHECK_EQ(rsp_message_decode(RSP_ASAP, datagram, &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_SERVER_ANNOUNCE);
	if (msg.server_id != 7)
		return;
	ears->source = rsp_sockaddr_ip(from);
	for (ears->n_ips = 0; rsp_list_next(&msg, &cursor, &item) && ears->n_ips < RSP_COUNT(ears->ip);) {
		CHECK_EQ(item.type, RSP_PARAM_TCP);
		ears->port = item.transport.port;
		ears->ip[ears->n_ips++] = rsp_transport_ip(&item.transport, 0);
	}
	if (ears->n < RSP_COUNT(ears->at_ms))
		ears->at_ms[ears->n] = rsp_clock_ms();
	ears->n++;
}

static void
listen_at(const char *text, struct ears *ears)
{
	struct rsp_announce_at at;

	CHECK_EQ(rsp_announce_parse(text, &at), RSP_OK);
	CHECK_EQ(rsp_announce_listen(world_loop, &at, hear, ears, &ears->listener, NULL), RSP_OK);
}

static void
on_state(void *ctx, const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n, const struct rsp_why *why)
{
	struct told *told = ctx;

	(void)to;
	CHECK((n > 0 && ip->family) || why);
	told->good += !why;
	told->bad += why != NULL;
	if (why)
		told->why = *why;
}

static struct rsp_announcer_config
config_for(const struct ears *ears, struct told *told)
{
	struct rsp_announcer_config config = {
		.to = { *rsp_announce_listener_at(ears->listener) },
		.n_to = 1,
		.t6_ms = T6,
		.server_id = 7,
		.ip = { 4, { 127, 0, 0, 1 } },
		.port = 4711,
		.state = on_state,
		.ctx = told,
	};

	return config;
}

static struct rsp_announcer *
begin(const struct rsp_announcer_config *config)
{
	struct rsp_announcer *a = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_announcer_new(world_loop, config, &a, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
	return a;
}

static bool
may_serve(void *ctx)
{
	const struct told *told = ctx;

	return told->serves;
}

/* Who has still to join the other registrars sends nobody away. */
static void
only_who_serves(void)
{
	struct ears ears = { 0 };
	struct told told = { .serves = false };

	listen_at("127.0.0.1:0", &ears);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.serves = may_serve;
	struct rsp_announcer *a = begin(&config);
	uint64_t end_ms = rsp_clock_ms() + 3 * T6;
	while (rsp_clock_ms() < end_ms)
		(void)rsp_loop_turn(world_loop, false);
	CHECK_EQ(ears.n, 0);
	CHECK_EQ(told.good + told.bad, 0);
	told.serves = true;
	rsp_announcer_now(a);
	rsp_announcer_now(NULL);
	WORLD_RUN(ears.n == 3);
	rsp_announcer_free(a);
	rsp_announce_listener_free(ears.listener);
}

static void
every_t6_and_nothing_more_at_the_end(void)
{
	struct ears ears = { 0 };
	struct told told = { 0 };

	listen_at("127.0.0.1:0", &ears);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.more[config.n_more++] = (struct rsp_ip){ 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	config.more[config.n_more++] = config.ip; /* known already */
	struct rsp_announcer *a = begin(&config);
	CHECK_EQ(ears.n, 0);
	WORLD_RUN(ears.n == 5);
	CHECK(ears.at_ms[4] - ears.at_ms[0] >= 4 * T6 * 85 / 100);
	CHECK_EQ(ears.n_ips, 2);
	CHECK(rsp_ip_equal(&ears.ip[0], &config.ip) && rsp_ip_equal(&ears.ip[1], &config.more[0]));
	CHECK_EQ(ears.port, 4711);
	CHECK_EQ(told.good, 1);
	CHECK_EQ(told.bad, 0);
	rsp_announcer_free(a);
	uint64_t end_ms = rsp_clock_ms() + 3 * T6;
	while (rsp_clock_ms() < end_ms)
		(void)rsp_loop_turn(world_loop, false);
	CHECK_EQ(ears.n, 5);
	rsp_announce_listener_free(ears.listener);
}

/* Who listens on every address announces the one that its announcements come from. */
static void
the_address_on_the_way_there(void)
{
	static const char *const places[] = { "127.0.0.1:0", "[::1]:0", "224.0.1.185%lo:0" };

	for (size_t i = 0; i < RSP_COUNT(places); i++) {
		struct ears ears = { 0 };
		struct told told = { 0 };

		listen_at(places[i], &ears);
		struct rsp_announcer_config config = config_for(&ears, &told);
		config.ip = (struct rsp_ip){ .family = 6 }; /* [::] */
		struct rsp_announcer *a = begin(&config);
		WORLD_RUN(ears.n == 1);
		CHECK_EQ(ears.n_ips, 1);
		CHECK(rsp_ip_equal(&ears.ip[0], &ears.source));
		rsp_announcer_free(a);
		rsp_announce_listener_free(ears.listener);
	}
}

static void
what_cannot_be_announced_is_told_once(void)
{
	struct ears ears = { 0 }, other = { 0 };
	struct told told = { 0 };

	listen_at("[::1]:0", &ears);
	listen_at("127.0.0.1:0", &other);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.ip = (struct rsp_ip){ .family = 4 }; /* 0.0.0.0: nobody reaches that by IPv6 */
	config.to[config.n_to++] = *rsp_announce_listener_at(other.listener);
	struct rsp_announcer *a = begin(&config);
	WORLD_RUN(other.n == 4);
	CHECK_EQ(ears.n, 0);
	CHECK_EQ(told.good, 1);
	CHECK_EQ(told.bad, 1);
	CHECK_STR(told.why.reason, "there is no address of ours to announce there");
	CHECK(strncmp(told.why.object, "[::1]:", 6) == 0);
	rsp_announcer_free(a);
	rsp_announce_listener_free(ears.listener);
	rsp_announce_listener_free(other.listener);
}

/* The time from one announcement to the @n-th after it. */
static uint64_t
time_of(struct ears *ears, unsigned n)
{
	ears->n = 0;
	WORLD_RUN(ears->n > n);
	return ears->at_ms[n] - ears->at_ms[0];
}

/* Whether that can be from @least_ms to @most_ms. The machine may be busy, so one of a few attempts is enough. */
static bool
can_be(struct ears *ears, unsigned n, uint64_t least_ms, uint64_t most_ms)
{
	for (unsigned tries = 0; tries < 10; tries++) {
		uint64_t took_ms = time_of(ears, n);

		if (took_ms >= least_ms && took_ms < most_ms)
			return true;
	}
	return false;
}

/* (N + 1) * T6: the more there are the less often each announces itself, but none is silenced. */
static void
with_others_less_often(void)
{
	struct ears ears = { 0 };
	struct told told[4] = { 0 };
	struct rsp_announcer *a[4];

	listen_at("224.0.1.185%lo:0", &ears);
	struct rsp_announcer_config config = config_for(&ears, &told[0]);
	a[0] = begin(&config);
	CHECK(can_be(&ears, 4, 0, 4 * T6 * 3 / 2)); /* what it hears of itself is nobody else */
	for (uint32_t i = 1; i < RSP_COUNT(a); i++) {
		config.server_id = 100 + i;
		config.ctx = &told[i];
		a[i] = begin(&config);
	}
	for (size_t i = 1; i < RSP_COUNT(a); i++)
		WORLD_RUN(told[i].good);
	CHECK(can_be(&ears, 2, 2 * 4 * T6 * 85 / 100, UINT64_MAX));
	for (size_t i = 1; i < RSP_COUNT(a); i++)
		rsp_announcer_free(a[i]);
	/* a thousand that somebody invents */
	struct rsp_announce_sender *sender = NULL;
	CHECK_EQ(rsp_announce_sender_new(rsp_announce_listener_at(ears.listener), &sender, NULL), RSP_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t octets[] = { 0x0a, 0, 0, 8, 1, 0, (uint8_t)(i >> 8), (uint8_t)i };

		CHECK_EQ(rsp_announce_send(sender, rsp_bytes_of(octets, sizeof(octets)), NULL), RSP_OK);
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK(can_be(&ears, 2, 0, 2 * 4 * T6 * 3 / 2));
	/* they are gone, and it is alone again */
	CHECK(can_be(&ears, 4, 0, 4 * T6 * 3 / 2));
	rsp_announce_sender_free(sender);
	rsp_announcer_free(a[0]);
	rsp_announcer_free(NULL);
	rsp_announce_listener_free(ears.listener);
}

struct client {
	struct rsp_asap_client *s;
	unsigned told[RSP_CLIENT_PROTOCOL + 1];
	struct rsp_why why;
};

static void
on_event(void *ctx, const struct rsp_client_event *event)
{
	struct client *client = ctx;

	client->told[event->type]++;
	if (event->why)
		client->why = *event->why;
}

static struct rsp_asap_client_config
discovering(const char *const *discover, unsigned n)
{
	return (struct rsp_asap_client_config){ .discover = discover, .n_discover = n, .plaintext = true, .rounds = 1,
					    .timers = rsp_client_timers_fast() };
}

/* An announcer and a session, and nothing else that could tell one of the other. */
static void
a_client_finds_who_announces_itself(void)
{
	const char *const where[] = { "127.0.0.1:0" };
	struct rsp_asap_client_config config = discovering(where, 1);
	struct client client = { 0 };
	struct end registrar = { 0 };
	struct told told = { 0 };
	char at[RSP_ANNOUNCE_TEXT_MAX] = "", address[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_asap_client_home home;

	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &registrar);
	CHECK_EQ(rsp_asap_client_new(world_loop, &config, on_event, &client, &client.s, &client.why), RSP_OK);
	CHECK(rsp_asap_client_discover_at(client.s, 0, at));
	CHECK(!rsp_asap_client_discover_at(client.s, 1, at) && !rsp_asap_client_discover_at(client.s, 99, at));
	CHECK_EQ(rsp_asap_client_resolve(client.s, rsp_bytes_str("web"), 0, false), RSP_OK);

	struct rsp_announcer_config announce = { .n_to = 1, .t6_ms = T6, .server_id = 7, .state = on_state,
						 .ctx = &told, .ip = { 4, { 127, 0, 0, 1 } } };
	announce.port = rsp_sockaddr_port(rsp_listener_address(listener));
	CHECK_EQ(rsp_announce_parse(at, &announce.to[0]), RSP_OK);
	struct rsp_announcer *a = begin(&announce);
	WORLD_RUN(registrar.got_n > 0);
	CHECK_EQ(registrar.got[0], ASAP_HANDLE_RESOLUTION);
	rsp_asap_client_home(client.s, &home);
	rsp_sockaddr_format(rsp_listener_address(listener), address);
	CHECK_STR(home.address, address);
	CHECK_EQ(client.told[RSP_CLIENT_HEARD], 1);
	rsp_announcer_free(a);
	rsp_asap_client_free(client.s);
	rsp_listener_free(listener);
	WORLD_RUN(registrar.closed);
	end_done(&registrar);
}

static void
where_to_listen_is_checked(void)
{
	static const char *const bad[] = { "127.0.0.1:x" }, *const foreign[] = { "203.0.113.9:1" };
	static const char *const good[] = { "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0" };
	static const struct {
		const char *const *where;
		unsigned n;
		bool secure;
		enum rsp_err err;
	} cases[] = {
		{ bad, 1, false, RSP_EUSAGE },
		{ foreign, 1, false, RSP_EIO },
		{ good, 5, false, RSP_EUSAGE },
		{ good, 4, false, RSP_OK },
		{ good, 1, true, RSP_EUSAGE }, /* nobody can prove to be anybody */
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct rsp_asap_client_config config = discovering(cases[i].where, cases[i].n);
		struct rsp_tls_config nothing = { 0 };
		struct rsp_tls *tls = NULL;
		struct client client = { 0 };

		CHECK_EQ(rsp_tls_new(&nothing, &tls, NULL), RSP_OK);
		config.plaintext = !cases[i].secure;
		config.tls = tls;
		CHECK_EQ(rsp_asap_client_new(world_loop, &config, on_event, &client, &client.s, &client.why), cases[i].err);
		CHECK_EQ(client.why.err, cases[i].err);
		rsp_asap_client_free(client.s);
		rsp_tls_unref(tls);
	}
}

int
main(void)
{
	if (rsp_loop_new(&world_loop))
		return 1;
	TAP_RUN(only_who_serves);
	TAP_RUN(every_t6_and_nothing_more_at_the_end);
	TAP_RUN(the_address_on_the_way_there);
	TAP_RUN(what_cannot_be_announced_is_told_once);
	TAP_RUN(with_others_less_often);
	TAP_RUN(a_client_finds_who_announces_itself);
	TAP_RUN(where_to_listen_is_checked);
	rsp_loop_free(world_loop);
	return tap_end();
}
