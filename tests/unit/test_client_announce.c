#include "client_world.h"

/* Announcements of registrars (RFC 5352 3.6, T7) and of attackers (RFC 5355 2.12). */

static const struct rsp_client_server scope[] = {
	{ .name = "alpha", .ip = { { 4, { 10, 0, 0, 1 } } }, .n_ips = 1, .port = 3864 },
	{ .name = "beta", .ip = { { 4, { 10, 0, 0, 2 } }, { 4, { 10, 0, 1, 2 } } }, .n_ips = 2, .port = 0 },
	{ .name = "gamma", .ip = { { 4, { 10, 0, 0, 3 } } }, .n_ips = 1, .port = 0 },
	{ .name = "delta", .ip = { { 4, { 10, 0, 0, 3 } } }, .n_ips = 1, .port = 0 },
	{ .name = "epsilon", .host = "epsilon.example", .port = 3864 },
};

static struct rsp_client_config
discovering(unsigned n_servers)
{
	struct rsp_client_config config = world_config(n_servers, false);

	config.discover = true;
	config.registrars = scope;
	config.n_registrars = RSP_COUNT(scope);
	config.rounds = 1;
	return config;
}

static void
begin_discovering(unsigned n_servers)
{
	struct rsp_client_config config = discovering(n_servers);

	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
}

static struct rsp_ip
ip4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct rsp_ip){ .family = 4, .ip = { (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d } };
}

/* An announcement with @n transports of @type. */
static size_t
compose(uint32_t server_id, uint16_t type, const struct rsp_ip *ip, unsigned n, uint16_t port, uint8_t *out, size_t cap)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_SERVER_ANNOUNCE, .server_id = server_id };
	uint8_t list[512], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof list);
	size_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rsp_transport transport = { .type = type, .port = port };

		rsp_transport_set_ips(&transport, &ip[i], 1, room);
		rsp_transport_encode(&wr, &transport);
	}
	CHECK_EQ(rsp_wr_end(&wr, &size), RSP_OK);
	msg.has = n ? RSP_HAS_LIST : 0;
	msg.list = rsp_bytes_of(list, size);
	msg.n_list = n;
	CHECK_EQ(rsp_message_encode(&msg, out, cap, &size), RSP_OK);
	return size;
}

static void
announce_as(uint32_t server_id, struct rsp_ip ip, uint16_t port, struct rsp_ip source)
{
	uint8_t octets[1024];
	size_t n = compose(server_id, RSP_PARAM_TCP, &ip, 1, port, octets, sizeof octets);

	rsp_client_announced(w.c, w.now, &source, rsp_bytes_of(octets, n));
}

static void
announce(struct rsp_ip ip, uint16_t port)
{
	announce_as(0xa, ip, port, ip);
}

static struct rsp_client_stats
stats(void)
{
	struct rsp_client_stats s;

	rsp_client_stats(w.c, &s);
	return s;
}

/* How often @ip and @port were dialled. */
static unsigned
dials_to(struct rsp_ip ip, uint16_t port)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_dials; i++)
		n += w.dial[i].to.port == port && rsp_ip_equal(&w.dial[i].to.ip, &ip);
	return n;
}

static void
what_is_announced_is_tried_and_becomes_the_home(void)
{
	struct rsp_client_attempt attempt;
	unsigned n;

	begin_discovering(0);
	world_run(&w, w.now + 700);
	CHECK_EQ(w.n_dials, 0);
	announce(ip4(10, 0, 0, 99), 4000);
	CHECK_EQ(w.n_dials, 1);
	CHECK_EQ(dials_to(ip4(10, 0, 0, 99), 4000), 1);
	CHECK(w.dial[0].to.server_name == NULL); /* any registrar of the scope may answer */
	CHECK_EQ(w.dial[0].to.role, RSP_ROLE_USER);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HEARD), 1);
	world_up(&w, 1, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	CHECK_STR(stats().home_server, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 1);
	attempt = *rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 1);
	CHECK_STR(attempt.name, "beta");
	CHECK_EQ(attempt.port, 4000);
	CHECK_EQ(attempt.err, RSP_OK);
	world_resolved(&w, 1, "web", 1, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	world_end(&w);
}

/* In plain text no registrar authenticates: its address is its only name. */
static void
in_plain_text_it_is_called_by_its_address(void)
{
	struct rsp_client_config config = discovering(0);
	unsigned n;

	config.role = RSP_ROLE_NONE;
	config.n_registrars = 0;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	announce(ip4(10, 0, 0, 99), 4000);
	announce((struct rsp_ip){ .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 4001);
	CHECK_EQ(w.n_dials, 2);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	world_up(&w, 2, RSP_ROLE_NONE, NULL);
	CHECK_STR(stats().home_server, "[2001:db8::1]:4001");
	CHECK_STR(rsp_client_attempts(w.c, &n)[0].name, "10.0.0.99:4000");
	CHECK_EQ(n, 2);
	world_end(&w);
}

/* At 10.0.0.@host, @port the registrar @name has to answer; "": any registrar of the scope may. */
static void
has_to_answer(unsigned host, uint16_t port, const char *name)
{
	char dialled[64] = "";

	begin_discovering(0);
	announce(ip4(10, 0, 0, host), port);
	CHECK_EQ(w.n_dials, 1);
	if (w.dial[0].to.server_name) /* the engine's memory, which is still valid here */
		(void)snprintf(dialled, sizeof dialled, "%s", w.dial[0].to.server_name);
	CHECK_STR(dialled, name);
	world_end(&w);
}

static void
at_the_address_and_port_of_a_registrar_it_has_to_answer(void)
{
	has_to_answer(1, 3864, "alpha");
}

static void
at_another_port_of_a_registrar_any_registrar_may_answer(void)
{
	has_to_answer(1, 3865, "");
}

static void
at_the_address_of_one_registrar_without_a_fixed_port_it_has_to_answer(void)
{
	has_to_answer(2, 4000, "beta");
}

static void
at_the_address_of_two_registrars_any_registrar_may_answer(void)
{
	has_to_answer(3, 4000, ""); /* gamma or delta */
}

static void
at_an_unknown_address_any_registrar_may_answer(void)
{
	has_to_answer(99, 3864, "");
}

static void
all_addresses_of_an_announcement_are_tried(void)
{
	const struct rsp_ip ip[] = { ip4(10, 0, 0, 91), ip4(10, 0, 0, 92), ip4(10, 0, 0, 93), ip4(10, 0, 0, 94) };
	uint8_t octets[1024];
	size_t n = compose(7, RSP_PARAM_TCP, ip, RSP_COUNT(ip), 4000, octets, sizeof octets);

	begin_discovering(0);
	rsp_client_announced(w.c, w.now, &ip[0], rsp_bytes_of(octets, n));
	CHECK_EQ(stats().hints, 4);
	CHECK_EQ(w.n_dials, RSP_CLIENT_PARALLEL); /* SH1 */
	world_run(&w, w.now + 900);
	CHECK_EQ(w.n_dials, 3);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	CHECK_EQ(w.n_dials, 4);
	for (size_t i = 0; i < RSP_COUNT(ip); i++)
		CHECK_EQ(dials_to(ip[i], 4000), 1);
	world_end(&w);
}

/* RFC 5352 3.6: T7 */
static void
t7_forgets_what_is_not_announced_any_more(void)
{
	struct rsp_ip ip = ip4(10, 0, 0, 99);
	struct rsp_client_config config = discovering(0);

	world_begin(&w, &config);
	announce(ip, 4000); /* nothing needs a home yet */
	CHECK_EQ(w.n_dials, 0);
	world_run(&w, w.now + 4999);
	CHECK_EQ(stats().hints, 1);
	announce(ip, 4000); /* T7 is restarted */
	world_run(&w, w.now + 4999);
	CHECK_EQ(stats().hints, 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HEARD), 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FORGOTTEN), 0);
	world_run(&w, w.now + 1);
	CHECK_EQ(stats().hints, 0);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FORGOTTEN), 1);
	CHECK_EQ(rsp_client_deadline(w.c), RSP_NEVER);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 4000);
	CHECK_EQ(w.n_dials, 0);
	announce(ip, 4000);
	CHECK_EQ(w.n_dials, 1);
	world_end(&w);
}

static void
a_home_that_is_not_announced_any_more_stays(void)
{
	begin_discovering(0);
	announce(ip4(10, 0, 0, 99), 4000);
	world_up(&w, 1, RSP_ROLE_USER, "beta");
	world_resolved(&w, 1, "web", 1, false);
	world_run(&w, w.now + 60000);
	CHECK(!world_was_closed(&w, 1));
	CHECK_EQ(stats().hints, 1); /* its slot is kept while it is in use */
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 5000);
	CHECK_EQ(stats().hints, 0);
	world_end(&w);
}

/* A registrar announces itself within T7, so a hunt waits at least that long. */
static void
a_hunt_without_servers_does_not_give_up_before_t7(void)
{
	uint64_t since;

	begin_discovering(0);
	since = w.now;
	world_run(&w, since + 4999);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_run(&w, since + 5000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ETIMEOUT);
	CHECK_STR(w.last_why.reason, "none was heard in time");
	announce(ip4(10, 0, 0, 99), 4000); /* too late */
	CHECK_EQ(w.n_dials, 0);
	rsp_client_retry(w.c, w.now);
	CHECK_EQ(w.n_dials, 1);
	world_end(&w);
}

static void
a_hunt_whose_servers_failed_does_not_give_up_before_t7(void)
{
	uint64_t since;

	begin_discovering(2);
	since = w.now;
	w.cannot_dial = true;
	world_run(&w, since + 4900);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	w.cannot_dial = false;
	unsigned before = w.n_dials;
	announce(ip4(10, 0, 0, 99), 4000);
	CHECK_EQ(w.n_dials, before + 1);
	world_run(&w, since + 9000);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0); /* the attempt at it goes on */
	world_end(&w);
}

/* RFC 5355 2.7, 2.12: after a failed authentication the hunt goes on. */
static void
a_rogue_does_not_become_the_home(void)
{
	struct rsp_ip rogue = ip4(10, 0, 0, 66), honest = ip4(10, 0, 0, 99);
	unsigned n;

	begin_discovering(0);
	announce(rogue, 6666);
	world_down(&w, 1, RSP_STEP_TLS, RSP_ECERT_CA);
	announce(rogue, 6666);
	CHECK_EQ(w.n_dials, 1); /* not again at once, even if it is announced again */
	announce(honest, 4000);
	CHECK_EQ(w.n_dials, 2);
	world_up(&w, 2, RSP_ROLE_USER, "alpha");
	CHECK_STR(stats().home_server, "alpha");
	CHECK_EQ(rsp_client_attempts(w.c, &n)[0].err, RSP_ECERT_CA);
	CHECK_EQ(n, 2);
	world_end(&w);
}

static void
a_rogue_alone_is_dialled_more_and_more_rarely(void)
{
	struct rsp_ip rogue = ip4(10, 0, 0, 66);
	uint64_t since;

	begin_discovering(0);
	for (since = w.now; w.now < since + 5000;) {
		announce(rogue, 6666);
		for (unsigned i = 0; i < w.n_dials; i++)
			if (!w.dial[i].ended)
				world_down(&w, w.dial[i].link, RSP_STEP_TLS, RSP_ECERT_CA);
		world_run(&w, w.now + 10);
	}
	CHECK(w.n_dials >= 2 && w.n_dials <= 4);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ECERT_CA);
	world_end(&w);
}

static void
an_address_that_only_closes_is_not_dialled_without_end(void)
{
	begin_discovering(0);
	for (unsigned turn = 0; turn < 500; turn++) {
		announce(ip4(10, 0, 0, 66), 6666);
		for (unsigned i = 0; i < w.n_dials; i++)
			if (!w.dial[i].ended) {
				world_up(&w, w.dial[i].link, RSP_ROLE_USER, "beta");
				world_down(&w, w.dial[i].link, RSP_STEP_ASAP, RSP_ECLOSED);
			}
		world_run(&w, w.now + 10);
	}
	CHECK(w.n_dials >= 2 && w.n_dials <= 4);
	world_end(&w);
}

/* Addresses that drop all packets cost the attacker nothing, so each may not cost us T5. */
static void
silent_announced_addresses_do_not_stop_the_hunt(void)
{
	struct rsp_ip honest = ip4(10, 0, 0, 99);
	uint64_t since;

	begin_discovering(0);
	since = w.now;
	for (unsigned i = 1; i <= 12; i++)
		announce(ip4(10, 66, 0, i), 6666);
	CHECK_EQ(w.n_dials, 3);
	world_run(&w, since + 10);
	announce(honest, 4000);
	while (dials_to(honest, 4000) == 0 && w.now < since + 60000) {
		world_run(&w, w.now + 10);
		for (unsigned i = 1; i <= 12; i++)
			announce(ip4(10, 66, 0, i), 6666);
		announce(honest, 4000);
		CHECK(world_open(&w) <= RSP_CLIENT_ATTEMPTS_MAX);
	}
	CHECK_EQ(dials_to(honest, 4000), 1);
	CHECK(w.now - since <= 5000);
	world_end(&w);
}

/* An attempt that is silent for a second holds no place. */
static void
silent_configured_servers_do_not_stop_the_hunt(void)
{
	struct rsp_ip honest = ip4(10, 0, 0, 99);
	uint64_t since;

	begin_discovering(5);
	since = w.now;
	world_run(&w, since + 800);
	CHECK_EQ(world_open(&w), 3);
	announce(honest, 4000);
	CHECK_EQ(dials_to(honest, 4000), 0);
	world_run(&w, since + 1000);
	CHECK_EQ(dials_to(honest, 4000), 1);
	announce(ip4(10, 0, 0, 98), 4000);
	world_run(&w, since + 1000 + 2 * 250); /* both kinds get places in turn */
	CHECK_EQ(dials_to(ip4(10, 0, 0, 98), 4000), 1);
	CHECK_EQ(world_open(&w), 6);
	world_end(&w);
}

/* While addresses of both kinds wait, neither kind takes all three places. */
static void
announced_and_configured_addresses_share_the_places(void)
{
	struct rsp_client_config config = discovering(5);
	unsigned most[2] = { 0 };

	world_begin(&w, &config);
	for (unsigned i = 1; i <= 8; i++)
		announce(ip4(10, 66, 0, i), 6666);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	for (unsigned turn = 0; turn < 4; turn++) { /* while there are some of both kinds */
		unsigned open[2] = { 0 };
		uint32_t oldest = 0;

		for (unsigned i = w.n_dials; i-- > 0;) {
			if (w.dial[i].ended)
				continue;
			oldest = w.dial[i].link;
			open[w.dial[i].to.port == 6666]++;
		}
		for (unsigned kind = 0; kind < 2; kind++)
			most[kind] = open[kind] > most[kind] ? open[kind] : most[kind];
		CHECK(open[0] + open[1] <= 3);
		world_down(&w, oldest, RSP_STEP_TCP, RSP_EUNREACHABLE);
	}
	CHECK_EQ(most[0], 2);
	CHECK_EQ(most[1], 2);
	world_end(&w);
}

/* A slow registrar is reached even among many silent addresses: an attempt gets more time after each failure. */
static void
a_slow_registrar_is_reached_among_silent_addresses(void)
{
	struct rsp_ip honest = ip4(10, 0, 0, 99);
	struct rsp_client_config config = discovering(0);
	uint64_t since, dialled_ms = 0;
	uint32_t link = 0;

	config.rounds = 0;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	since = w.now;
	while (w.now < since + 600000 && !world_count_told(&w, RSP_CLIENT_HOME)) {
		announce(honest, 4000);
		for (unsigned i = 1; i <= 40; i++)
			announce(ip4(10, 66, 0, i), 6666);
		for (unsigned i = 0; i < w.n_dials; i++)
			if (dials_to(honest, 4000) && rsp_ip_equal(&w.dial[i].to.ip, &honest) && !w.dial[i].ended) {
				link = w.dial[i].link;
				dialled_ms = w.dial[i].at_ms;
			}
		if (link && !world_was_closed(&w, link) && w.now >= dialled_ms + 3000)
			world_up(&w, link, RSP_ROLE_USER, "beta"); /* it takes three seconds */
		world_run(&w, w.now + 10);
	}
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	CHECK(dials_to(honest, 4000) >= 2);
	world_end(&w);
}

/* RFC 5352 9.2, "a large number of multicast announcements from attackers" */
static void
a_flood_from_one_source_leaves_room_for_others(void)
{
	struct rsp_ip source = ip4(10, 66, 0, 1), honest = ip4(10, 0, 0, 99);
	uint64_t since;

	begin_discovering(0);
	since = w.now;
	for (unsigned i = 0; i < 10000; i++) {
		announce_as(i + 1, ip4(10, 66, i >> 8, i & 0xff), (uint16_t)(i + 1), source);
		for (unsigned k = 0; k < w.n_dials; k++)
			if (!w.dial[k].ended)
				world_down(&w, w.dial[k].link, RSP_STEP_TCP, RSP_EUNREACHABLE);
		if (i % 10 == 9)
			world_run(&w, w.now + 1);
	}
	CHECK_EQ(w.now - since, 1000);
	CHECK_EQ(stats().hints, 8);
	CHECK_EQ(stats().announcements, 10000);
	CHECK(w.n_dials <= 4 + 1000 / 250 + 1); /* 4 at once, then 4 a second */
	CHECK(world_count_told(&w, RSP_CLIENT_HEARD) <= 32 + 1000 / 100 + 1);
	announce(honest, 4000);
	CHECK_EQ(stats().hints, 9);
	world_run(&w, w.now + 500); /* it is dialled first: the datagram came from that address */
	CHECK_EQ(dials_to(honest, 4000), 1);
	world_end(&w);
}

/* RFC 5355 2.1: one IPv6 host has all addresses of its network. */
static void
an_ipv6_network_is_one_source(void)
{
	struct rsp_ip source = { 6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2 } };

	begin_discovering(0);
	for (unsigned i = 0; i < 100; i++) {
		source.ip[15] = (uint8_t)i;
		announce_as(i + 1, ip4(10, 66, 0, i), (uint16_t)(i + 1), source);
		for (unsigned k = 0; k < w.n_dials; k++)
			if (!w.dial[k].ended)
				world_down(&w, w.dial[k].link, RSP_STEP_TCP, RSP_EUNREACHABLE);
	}
	CHECK_EQ(stats().hints, 8);
	source.ip[7] = 3;
	announce_as(200, ip4(10, 66, 1, 1), 1, source);
	CHECK_EQ(stats().hints, 9);
	world_end(&w);
}

static void
a_flood_from_everywhere_is_bounded_and_the_known_come_first(void)
{
	begin_discovering(0);
	for (unsigned i = 0; i < 10000; i++) {
		struct rsp_ip fake = ip4(20, i >> 16, i >> 8 & 0xff, i & 0xff);

		announce_as(i + 1, fake, 6666, fake);
		if (i == 5000)
			announce(ip4(10, 0, 0, 1), 3864); /* alpha */
		for (unsigned k = 0; k < w.n_dials; k++)
			if (!w.dial[k].ended && w.dial[k].to.port == 6666)
				world_down(&w, w.dial[k].link, RSP_STEP_TLS, RSP_EAUTH);
		CHECK(stats().hints <= RSP_CLIENT_HINTS_MAX);
		if (i % 10 == 9)
			world_run(&w, w.now + 1);
	}
	CHECK_EQ(stats().hints, RSP_CLIENT_HINTS_MAX);
	CHECK_EQ(dials_to(ip4(10, 0, 0, 1), 3864), 1);
	CHECK(w.n_dials < 12);
	unsigned n;
	(void)rsp_client_attempts(w.c, &n);
	CHECK(n <= RSP_CLIENT_HINTS_MAX);
	world_run(&w, w.now + 6000);
	CHECK(stats().hints <= RSP_CLIENT_ATTEMPTS_MAX); /* all have expired but those in use */
	world_end(&w);
}

/* The slot of an address in use is not given to another one. */
static void
a_flood_does_not_touch_the_home(void)
{
	unsigned n;

	begin_discovering(0);
	announce(ip4(10, 0, 0, 99), 4000);
	world_up(&w, 1, RSP_ROLE_USER, "beta");
	for (unsigned i = 0; i < 1000; i++) {
		struct rsp_ip fake = ip4(20, 0, i >> 8, i & 0xff);

		announce_as(i + 1, fake, 6666, fake);
	}
	CHECK_EQ(w.n_dials, 1);
	CHECK_STR(stats().home_server, "beta");
	CHECK_STR(rsp_client_attempts(w.c, &n)[0].name, "beta");
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_STR(w.last_why.object, "beta@10.0.0.99:4000");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 1);
	world_end(&w);
}

static void
drops(const char *what, const uint8_t *octets, size_t n, struct rsp_ip source)
{
	uint64_t before = stats().announcements_dropped;

	rsp_client_announced(w.c, w.now, &source, rsp_bytes_of(octets, n));
	if (stats().announcements_dropped != before + 1 || stats().hints || w.n_dials) {
		printf("# %s\n", what);
		CHECK(false && "dropped");
	}
}

static void
drops_ip(const char *what, struct rsp_ip ip, uint16_t port, struct rsp_ip source)
{
	uint8_t octets[256];
	size_t n = compose(1, RSP_PARAM_TCP, &ip, 1, port, octets, sizeof octets);

	drops(what, octets, n, source);
}

static void
unusable_announcements_are_dropped_and_counted(void)
{
	struct rsp_ip source = ip4(10, 0, 0, 66), ip = ip4(10, 0, 0, 99);
	struct rsp_ip mapped = { 6, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };
	uint8_t octets[1024];
	size_t n;

	begin_discovering(0);
	n = compose(1, RSP_PARAM_TCP, &ip, 1, 4000, octets, sizeof octets);
	for (size_t i = 0; i < n; i++)
		drops("a truncated one", octets, i, source);
	octets[0] = ASAP_HANDLE_RESOLUTION;
	drops("another message", octets, n, source);
	octets[0] = 0xff;
	drops("an unknown message", octets, n, source);
	n = compose(0, RSP_PARAM_TCP, &ip, 1, 4000, octets, sizeof octets);
	drops("server id 0", octets, n, source);
	n = compose(1, RSP_PARAM_SCTP, &ip, 1, 4000, octets, sizeof octets);
	drops("a transport that is not ours", octets, n, source);
	n = compose(1, RSP_PARAM_TCP, &ip, 0, 4000, octets, sizeof octets);
	drops("no transport: it means SCTP", octets, n, source);
	drops_ip("port 0", ip, 0, source);
	drops_ip("any address", ip4(0, 0, 0, 0), 1, source);
	drops_ip("multicast", ip4(224, 0, 0, 1), 1, source);
	drops_ip("broadcast", ip4(255, 255, 255, 255), 1, source);
	drops_ip("our loopback address, from outside", ip4(127, 0, 0, 1), 1, source);
	drops_ip("the same in disguise", mapped, 1, source);
	drops_ip("any IPv6 address", (struct rsp_ip){ .family = 6 }, 1, source);
	drops_ip("IPv6 multicast", (struct rsp_ip){ 6, { 0xff, 2, [15] = 1 } }, 1, source);
	drops_ip("IPv6 loopback", (struct rsp_ip){ 6, { [15] = 1 } }, 1, source);
	drops_ip("link-local", (struct rsp_ip){ 6, { 0xfe, 0x80, [15] = 1 } }, 1, source);
	CHECK_EQ(stats().announcements, stats().announcements_dropped);
	CHECK_EQ(w.n_sent, 0); /* no datagram is answered */
	world_run(&w, w.now + 5000);
	CHECK_STR(w.last_why.reason, "none was announced that could be tried");
	announce_as(1, ip4(127, 0, 0, 1), 1, ip4(127, 0, 0, 1));
	CHECK_EQ(stats().hints, 1);
	world_end(&w);
}

static void
random_octets_do_no_harm(void)
{
	struct rsp_rng rng = rsp_rng_seeded(11);
	struct rsp_ip ip[3] = { ip4(10, 0, 0, 97), ip4(10, 0, 0, 98), { 6, { 0x20, 1, [15] = 1 } } };
	uint8_t good[1024];
	size_t n = compose(1, RSP_PARAM_TCP, ip, 3, 4000, good, sizeof good);

	begin_discovering(1);
	for (unsigned i = 0; i < 50000; i++) {
		size_t size = rsp_rng_below(&rng, 8) ? n : rsp_rng_below(&rng, n + 1);
		uint8_t *octets = malloc(size ? size : 1); /* of the exact size, so that a read beyond its end is found */

		memcpy(octets, good, size);
		for (uint64_t k = rsp_rng_below(&rng, 4); size && k > 0; k--)
			octets[rsp_rng_below(&rng, size)] = (uint8_t)rsp_rng_u64(&rng);
		struct rsp_ip source = ip4(10, 0, 0, (unsigned)rsp_rng_below(&rng, 256));
		rsp_client_announced(w.c, w.now, &source, rsp_bytes_of(octets, size));
		free(octets);
		for (unsigned k = 0; k < w.n_dials; k++)
			if (!w.dial[k].ended)
				world_down(&w, w.dial[k].link, RSP_STEP_TCP, RSP_EUNREACHABLE);
		if (i % 1000 == 0)
			world_run(&w, w.now + 10);
	}
	CHECK_EQ(stats().announcements, 50000);
	CHECK(stats().hints <= RSP_CLIENT_HINTS_MAX);
	world_end(&w);
}

static void
without_discovery_announcements_are_ignored(void)
{
	struct rsp_client_config config = world_config(1, false);

	world_begin(&w, &config);
	announce(ip4(10, 0, 0, 99), 4000);
	CHECK_EQ(stats().announcements_dropped, 1);
	CHECK_EQ(stats().hints, 0);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK_EQ(w.n_dials, 1);
	world_end(&w);
}

static void
without_servers_and_without_discovery_there_is_no_client(void)
{
	struct rsp_client_config config = world_config(0, false);
	struct rsp_client *none = NULL;

	CHECK_EQ(rsp_client_new(&config, &world_ops, &w, rsp_rng_seeded(1), 0, &none), RSP_EUSAGE);
	config = discovering(0);
	config.timers.t7_enrpoutdate_ms = 0;
	CHECK_EQ(rsp_client_new(&config, &world_ops, &w, rsp_rng_seeded(1), 0, &none), RSP_EUSAGE);
}

static void
an_element_that_loses_its_home_moves_to_an_announced_registrar(void)
{
	struct rsp_client_config config = discovering(0);

	config.role = RSP_ROLE_ELEMENT;
	config.persistent = true;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	announce(ip4(10, 0, 0, 1), 3864);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 10; i++) {
		announce(ip4(10, 0, 0, 1), 3864);
		announce(ip4(10, 0, 0, 2), 4000);
		world_run(&w, w.now + 500);
	}
	CHECK_EQ(w.n_dials, 1);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(dials_to(ip4(10, 0, 0, 2), 4000), 1);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK(world_last(&w, RSP_CLIENT_HOME).changed);
	world_run(&w, w.now + 300);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 1);
	world_registered(&w, 2, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(what_is_announced_is_tried_and_becomes_the_home);
	TAP_RUN(in_plain_text_it_is_called_by_its_address);
	TAP_RUN(at_the_address_and_port_of_a_registrar_it_has_to_answer);
	TAP_RUN(at_another_port_of_a_registrar_any_registrar_may_answer);
	TAP_RUN(at_the_address_of_one_registrar_without_a_fixed_port_it_has_to_answer);
	TAP_RUN(at_the_address_of_two_registrars_any_registrar_may_answer);
	TAP_RUN(at_an_unknown_address_any_registrar_may_answer);
	TAP_RUN(all_addresses_of_an_announcement_are_tried);
	TAP_RUN(t7_forgets_what_is_not_announced_any_more);
	TAP_RUN(a_home_that_is_not_announced_any_more_stays);
	TAP_RUN(a_hunt_without_servers_does_not_give_up_before_t7);
	TAP_RUN(a_hunt_whose_servers_failed_does_not_give_up_before_t7);
	TAP_RUN(a_rogue_does_not_become_the_home);
	TAP_RUN(a_rogue_alone_is_dialled_more_and_more_rarely);
	TAP_RUN(an_address_that_only_closes_is_not_dialled_without_end);
	TAP_RUN(silent_announced_addresses_do_not_stop_the_hunt);
	TAP_RUN(silent_configured_servers_do_not_stop_the_hunt);
	TAP_RUN(announced_and_configured_addresses_share_the_places);
	TAP_RUN(a_slow_registrar_is_reached_among_silent_addresses);
	TAP_RUN(a_flood_from_one_source_leaves_room_for_others);
	TAP_RUN(an_ipv6_network_is_one_source);
	TAP_RUN(a_flood_from_everywhere_is_bounded_and_the_known_come_first);
	TAP_RUN(a_flood_does_not_touch_the_home);
	TAP_RUN(unusable_announcements_are_dropped_and_counted);
	TAP_RUN(random_octets_do_no_harm);
	TAP_RUN(without_discovery_announcements_are_ignored);
	TAP_RUN(without_servers_and_without_discovery_there_is_no_client);
	TAP_RUN(an_element_that_loses_its_home_moves_to_an_announced_registrar);
	return tap_end();
}
