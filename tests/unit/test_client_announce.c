#include "announce_world.h"

/* Announcements of registrars: RFC 5352 3.6, T7. Those of attackers are in test_client_flood.c. */

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
	CHECK_STR(w.last_why.reason,
		  "no announcement was heard in time: check --discover, or name a registrar with -s HOST:PORT");
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
	TAP_RUN(silent_announced_addresses_do_not_stop_the_hunt);
	TAP_RUN(silent_configured_servers_do_not_stop_the_hunt);
	TAP_RUN(announced_and_configured_addresses_share_the_places);
	TAP_RUN(a_slow_registrar_is_reached_among_silent_addresses);
	TAP_RUN(without_discovery_announcements_are_ignored);
	TAP_RUN(without_servers_and_without_discovery_there_is_no_client);
	TAP_RUN(an_element_that_loses_its_home_moves_to_an_announced_registrar);
	return tap_end();
}
