#include "announce_world.h"

/* Announcements of attackers: false ones, floods, malformed ones. RFC 5355 2.12 */

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
	CHECK_STR(w.last_why.reason,
		  "no announced registrar could be tried: check --discover, or name a registrar with -s HOST:PORT");
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
		/* of the exact size, so that a read beyond its end is found */
		uint8_t *octets = malloc(size ? size : 1);

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

int
main(void)
{
	TAP_RUN(a_rogue_does_not_become_the_home);
	TAP_RUN(a_rogue_alone_is_dialled_more_and_more_rarely);
	TAP_RUN(an_address_that_only_closes_is_not_dialled_without_end);
	TAP_RUN(a_flood_from_one_source_leaves_room_for_others);
	TAP_RUN(an_ipv6_network_is_one_source);
	TAP_RUN(a_flood_from_everywhere_is_bounded_and_the_known_come_first);
	TAP_RUN(a_flood_does_not_touch_the_home);
	TAP_RUN(unusable_announcements_are_dropped_and_counted);
	TAP_RUN(random_octets_do_no_harm);
	return tap_end();
}
