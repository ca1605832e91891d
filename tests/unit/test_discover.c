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

/* A registrar that announces itself at one place, and a listener there. */
struct place {
	struct ears ears;
	struct told told;
	struct rsp_announcer *a;
};

static void
place_begin(struct place *place, const char *at)
{
	*place = (struct place){ 0 };
	listen_at(at, &place->ears);
	struct rsp_announcer_config config = config_for(&place->ears, &place->told);
	place->a = begin(&config);
}

static void
place_end(struct place *place)
{
	rsp_announcer_free(place->a);
	rsp_announce_listener_free(place->ears.listener);
}

static void
run_three_t6(void)
{
	uint64_t end_ms = rsp_clock_ms() + 3 * T6;

	while (rsp_clock_ms() < end_ms)
		(void)rsp_loop_turn(world_loop, false);
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

/* When a registrar announces itself */

static void
a_registrar_announces_itself_every_t6(void)
{
	struct place place;

	place_begin(&place, "127.0.0.1:0");
	CHECK_EQ(place.ears.n, 0);
	CHECK(can_be(&place.ears, 4, 4 * T6 * 85 / 100, UINT64_MAX));
	CHECK_EQ(place.told.good, 1);
	CHECK_EQ(place.told.bad, 0);
	place_end(&place);
}

static void
a_registrar_that_ends_sends_no_further_announcement(void)
{
	struct place place;

	place_begin(&place, "127.0.0.1:0");
	WORLD_RUN(place.ears.n == 1);
	rsp_announcer_free(place.a);
	place.a = NULL; /* which may be freed, too */
	run_three_t6();
	CHECK_EQ(place.ears.n, 1);
	place_end(&place);
}

static void
begin_without_serving(struct place *place)
{
	*place = (struct place){ 0 };
	listen_at("127.0.0.1:0", &place->ears);
	struct rsp_announcer_config config = config_for(&place->ears, &place->told);
	config.serves = may_serve;
	place->a = begin(&config);
}

static void
a_registrar_that_does_not_serve_yet_sends_no_announcement(void)
{
	struct place place;

	begin_without_serving(&place);
	run_three_t6();
	CHECK_EQ(place.ears.n, 0);
	CHECK_EQ(place.told.good + place.told.bad, 0);
	place_end(&place);
}

static void
a_registrar_that_begins_to_serve_announces_itself(void)
{
	struct place place;

	begin_without_serving(&place);
	place.told.serves = true;
	rsp_announcer_now(place.a);
	rsp_announcer_now(NULL); /* without an announcer nothing happens */
	WORLD_RUN(place.ears.n == 3);
	place_end(&place);
}

/* Which addresses an announcement names */

static void
an_announcement_names_each_address_of_the_registrar_once(void)
{
	struct ears ears = { 0 };
	struct told told = { 0 };

	listen_at("127.0.0.1:0", &ears);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.more[config.n_more++] = (struct rsp_ip){ 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	config.more[config.n_more++] = config.ip;
	struct rsp_announcer *a = begin(&config);
	WORLD_RUN(ears.n == 1);
	CHECK_EQ(ears.n_ips, 2);
	CHECK(rsp_ip_equal(&ears.ip[0], &config.ip) && rsp_ip_equal(&ears.ip[1], &config.more[0]));
	CHECK_EQ(ears.port, 4711);
	rsp_announcer_free(a);
	rsp_announce_listener_free(ears.listener);
}

/* A registrar that listens at all its addresses announces itself at @at, and names the source of its announcement. */
static void
announce_from_any_address(const char *at)
{
	struct ears ears = { 0 };
	struct told told = { 0 };

	listen_at(at, &ears);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.ip = (struct rsp_ip){ .family = 6 }; /* [::] */
	struct rsp_announcer *a = begin(&config);
	WORLD_RUN(ears.n == 1);
	CHECK_EQ(ears.n_ips, 1);
	CHECK(rsp_ip_equal(&ears.ip[0], &ears.source));
	rsp_announcer_free(a);
	rsp_announce_listener_free(ears.listener);
}

static void
a_registrar_at_all_addresses_names_its_source_address_to_an_ipv4_client(void)
{
	announce_from_any_address("127.0.0.1:0");
}

static void
a_registrar_at_all_addresses_names_its_source_address_to_an_ipv6_client(void)
{
	announce_from_any_address("[::1]:0");
}

static void
a_registrar_at_all_addresses_names_its_source_address_to_a_group(void)
{
	announce_from_any_address("224.0.1.185%lo:0");
}

static void
a_destination_that_no_address_of_the_registrar_fits_is_reported_once_and_left_out(void)
{
	struct ears ears = { 0 }, other = { 0 };
	struct told told = { 0 };

	listen_at("[::1]:0", &ears);
	listen_at("127.0.0.1:0", &other);
	struct rsp_announcer_config config = config_for(&ears, &told);
	config.ip = (struct rsp_ip){ .family = 4 }; /* 0.0.0.0: an IPv6 client cannot connect to it */
	config.to[config.n_to++] = *rsp_announce_listener_at(other.listener);
	struct rsp_announcer *a = begin(&config);
	WORLD_RUN(other.n == 4);
	CHECK_EQ(ears.n, 0);
	CHECK_EQ(told.good, 1);
	CHECK_EQ(told.bad, 1);
	CHECK_STR(told.why.reason, "this host has no address to announce there");
	CHECK(strncmp(told.why.object, "[::1]:", 6) == 0);
	rsp_announcer_free(a);
	rsp_announce_listener_free(ears.listener);
	rsp_announce_listener_free(other.listener);
}

/* Several registrars in a group: each waits (N + 1) * T6, of which N is at most 3 */

#define GROUP "224.0.1.185%lo:0"

static void
a_registrar_that_hears_only_itself_in_a_group_announces_itself_every_t6(void)
{
	struct place place;

	place_begin(&place, GROUP);
	CHECK(can_be(&place.ears, 4, 0, 4 * T6 * 3 / 2));
	place_end(&place);
}

static void
each_of_four_registrars_in_a_group_announces_itself_every_four_t6(void)
{
	struct place place;
	struct told told[3] = { 0 };
	struct rsp_announcer *a[3];

	place_begin(&place, GROUP);
	for (uint32_t i = 0; i < RSP_COUNT(a); i++) {
		struct rsp_announcer_config config = config_for(&place.ears, &told[i]);

		config.server_id = 101 + i;
		a[i] = begin(&config);
	}
	for (size_t i = 0; i < RSP_COUNT(a); i++)
		WORLD_RUN(told[i].good);
	CHECK(can_be(&place.ears, 2, 2 * 4 * T6 * 85 / 100, UINT64_MAX));
	for (size_t i = 0; i < RSP_COUNT(a); i++)
		rsp_announcer_free(a[i]);
	place_end(&place);
}

/* Announcements of a thousand registrars that do not exist are sent to the group. */
static void
announce_a_thousand(const struct ears *ears)
{
	struct rsp_announce_sender *sender = NULL;

	CHECK_EQ(rsp_announce_sender_new(rsp_announce_listener_at(ears->listener), &sender, NULL), RSP_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t octets[] = { 0x0a, 0, 0, 8, 1, 0, (uint8_t)(i >> 8), (uint8_t)i };

		CHECK_EQ(rsp_announce_send(sender, rsp_bytes_of(octets, sizeof(octets)), NULL), RSP_OK);
		(void)rsp_loop_turn(world_loop, false);
	}
	rsp_announce_sender_free(sender);
}

static void
a_registrar_announces_itself_every_four_t6_however_many_others_are_invented(void)
{
	struct place place;

	place_begin(&place, GROUP);
	announce_a_thousand(&place.ears);
	CHECK(can_be(&place.ears, 2, 0, 2 * 4 * T6 * 3 / 2));
	place_end(&place);
}

static void
a_registrar_that_is_alone_again_announces_itself_every_t6(void)
{
	struct place place;

	place_begin(&place, GROUP);
	announce_a_thousand(&place.ears);
	CHECK(can_be(&place.ears, 4, 0, 4 * T6 * 3 / 2));
	place_end(&place);
}

/* Clients */

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

static void
begin_discovery(struct client *client, const char *const *where, unsigned n, char *at)
{
	struct rsp_asap_client_config config = discovering(where, n);

	CHECK_EQ(rsp_asap_client_new(world_loop, &config, on_event, client, &client->s, &client->why), RSP_OK);
	CHECK(rsp_asap_client_discover_at(client->s, 0, at));
}

static void
a_client_knows_each_place_where_it_listens_and_no_other(void)
{
	const char *const where[] = { "127.0.0.1:0" };
	struct client client = { 0 };
	char at[RSP_ANNOUNCE_TEXT_MAX] = "";

	begin_discovery(&client, where, 1, at);
	CHECK(!rsp_asap_client_discover_at(client.s, 1, at) && !rsp_asap_client_discover_at(client.s, 99, at));
	rsp_asap_client_free(client.s);
}

/* The client has no other way to learn of the registrar. */
static void
a_client_finds_a_registrar_by_its_announcement_and_sends_its_request(void)
{
	const char *const where[] = { "127.0.0.1:0" };
	struct client client = { 0 };
	struct end registrar = { 0 };
	struct told told = { 0 };
	char at[RSP_ANNOUNCE_TEXT_MAX] = "", address[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_asap_client_home home;

	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &registrar);
	begin_discovery(&client, where, 1, at);
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

/* A client that is to listen at the first @n of @where is refused with @err, or made if that is RSP_OK. */
static void
client_at(const char *const *where, unsigned n, bool plaintext, enum rsp_err err)
{
	struct rsp_asap_client_config config = discovering(where, n);
	struct rsp_tls_config nothing = { 0 };
	struct rsp_tls *tls = NULL;
	struct client client = { 0 };

	CHECK_EQ(rsp_tls_new(&nothing, &tls, NULL), RSP_OK);
	config.plaintext = plaintext;
	config.tls = tls;
	CHECK_EQ(rsp_asap_client_new(world_loop, &config, on_event, &client, &client.s, &client.why), err);
	CHECK_EQ(client.why.err, err);
	rsp_asap_client_free(client.s);
	rsp_tls_unref(tls);
}

static const char *const loopbacks[] = { "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0" };

static void
a_client_that_is_to_listen_at_a_bad_address_is_refused(void)
{
	static const char *const bad[] = { "127.0.0.1:x" };

	client_at(bad, 1, true, RSP_EUSAGE);
}

static void
a_client_that_is_to_listen_at_an_address_of_another_host_is_refused(void)
{
	static const char *const foreign[] = { "203.0.113.9:1" };

	client_at(foreign, 1, true, RSP_EIO);
}

static void
a_client_may_listen_at_four_places(void)
{
	client_at(loopbacks, 4, true, RSP_OK);
}

static void
a_client_that_is_to_listen_at_five_places_is_refused(void)
{
	client_at(loopbacks, 5, true, RSP_EUSAGE);
}

static void
a_secure_client_that_is_to_listen_without_credentials_is_refused(void)
{ /* no registrar could authenticate itself */
	client_at(loopbacks, 1, false, RSP_EUSAGE);
}

int
main(void)
{
	if (rsp_loop_new(&world_loop))
		return 1;
	TAP_RUN(a_registrar_announces_itself_every_t6);
	TAP_RUN(a_registrar_that_ends_sends_no_further_announcement);
	TAP_RUN(a_registrar_that_does_not_serve_yet_sends_no_announcement);
	TAP_RUN(a_registrar_that_begins_to_serve_announces_itself);
	TAP_RUN(an_announcement_names_each_address_of_the_registrar_once);
	TAP_RUN(a_registrar_at_all_addresses_names_its_source_address_to_an_ipv4_client);
	TAP_RUN(a_registrar_at_all_addresses_names_its_source_address_to_an_ipv6_client);
	TAP_RUN(a_registrar_at_all_addresses_names_its_source_address_to_a_group);
	TAP_RUN(a_destination_that_no_address_of_the_registrar_fits_is_reported_once_and_left_out);
	TAP_RUN(a_registrar_that_hears_only_itself_in_a_group_announces_itself_every_t6);
	TAP_RUN(each_of_four_registrars_in_a_group_announces_itself_every_four_t6);
	TAP_RUN(a_registrar_announces_itself_every_four_t6_however_many_others_are_invented);
	TAP_RUN(a_registrar_that_is_alone_again_announces_itself_every_t6);
	TAP_RUN(a_client_knows_each_place_where_it_listens_and_no_other);
	TAP_RUN(a_client_finds_a_registrar_by_its_announcement_and_sends_its_request);
	TAP_RUN(a_client_that_is_to_listen_at_a_bad_address_is_refused);
	TAP_RUN(a_client_that_is_to_listen_at_an_address_of_another_host_is_refused);
	TAP_RUN(a_client_may_listen_at_four_places);
	TAP_RUN(a_client_that_is_to_listen_at_five_places_is_refused);
	TAP_RUN(a_secure_client_that_is_to_listen_without_credentials_is_refused);
	rsp_loop_free(world_loop);
	return tap_end();
}
