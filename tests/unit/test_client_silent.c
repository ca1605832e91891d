#include <stdio.h>

#include "client_world.h"

/* Registrars that accept connections and send nothing, and firewalls that drop all packets: none of them hides a
 * registrar that works (RFC 8305 5, RFC 5352 3.6); the attempts at a time are limited, and the record lists them. */

enum { MANY = 40 };

static struct rsp_client_config
many_servers(unsigned n)
{
	static struct rsp_client_server server[MANY];
	static char name[MANY][16];
	struct rsp_client_config config = world_config(1, false);

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name[i], sizeof name[i], "r%u", i);
		server[i] = (struct rsp_client_server){ .name = name[i], .host = name[i], .n_ips = 1, .port = 3864 };
		server[i].ip[0] = (struct rsp_ip){ 4, { 10, 0, 1, (uint8_t)i } };
	}
	config.servers = server;
	config.n_servers = n;
	return config;
}

/* The first link that dialled @server; 0: none did. */
static uint32_t
link_to(unsigned server)
{
	for (unsigned i = 0; i < w.n_dials; i++)
		if (w.dial[i].server == server)
			return w.dial[i].link;
	return 0;
}

static void
three_silent_registrars_do_not_hide_a_fourth(void)
{
	begin(4, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, 4);
	CHECK_EQ(world_open(&w), 4); /* it is dialled beside the others, which go on */
	world_up(&w, link_to(3), RSP_ROLE_USER, "delta");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	CHECK(world_was_closed(&w, 1) && world_was_closed(&w, 2) && world_was_closed(&w, 3));
	CHECK_EQ(world_open(&w), 1);
	world_end(&w);
}

static void
a_silent_attempt_may_still_become_the_home(void)
{
	begin(4, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 5000);
	world_up(&w, link_to(0), RSP_ROLE_USER, "alpha");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	CHECK_EQ(world_open(&w), 1);
	world_end(&w);
}

static void
silent_addresses_of_one_registrar_do_not_hide_another_one(void)
{
	struct rsp_client_server one = { .name = "a", .host = "a", .n_ips = RSP_CLIENT_SERVER_IPS_MAX, .port = 1 };
	struct rsp_client_config config = world_config(1, false);

	for (unsigned i = 0; i < one.n_ips; i++)
		one.ip[i] = (struct rsp_ip){ 4, { 10, 0, 0, (uint8_t)(i + 1) } };
	config.servers = &one;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, 4);
	CHECK_EQ(w.dial[3].to.ip.ip[3], 4);
	world_run(&w, w.now + 2000);
	CHECK_EQ(w.n_dials, RSP_CLIENT_SERVER_IPS_MAX);
	world_end(&w);
}

static void
attempts_are_limited_and_every_server_is_dialled(void)
{
	struct rsp_client_config config = many_servers(MANY);
	uint64_t since;

	config.timers.t5_serverhunt_ms = 60000;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	since = w.now;
	while (!link_to(MANY - 1) && w.now < since + 60000) {
		world_run(&w, w.now + 10);
		CHECK(world_open(&w) <= RSP_CLIENT_ATTEMPTS_MAX);
	}
	CHECK(w.now - since <= MANY * 340); /* three a second */
	CHECK_EQ(world_open(&w), RSP_CLIENT_ATTEMPTS_MAX);
	for (unsigned i = 0; i + 1 < w.n_dials; i++) /* each had at least two seconds */
		for (unsigned k = 0; k < w.n_told; k++)
			if (w.told[k].type == RSP_CLIENT_ATTEMPT)
				CHECK(w.told[k].at_ms - since >= 2000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_ATTEMPT).err, RSP_ETIMEOUT);
	world_end(&w);
}

/* Among many silent registrars one needs five seconds for a handshake: with each round an attempt gets more time. */
static void
a_slow_registrar_is_reached_among_many_silent_ones(void)
{
	struct rsp_client_config config = many_servers(MANY);
	uint64_t since;

	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	since = w.now;
	while (!world_count_told(&w, RSP_CLIENT_HOME) && w.now < since + 300000 && w.n_dials < 250) {
		world_run(&w, w.now + 10);
		for (unsigned i = 0; i < w.n_dials; i++)
			if (w.dial[i].server == 20 && !w.dial[i].ended && w.now >= w.dial[i].at_ms + 5000)
				world_up(&w, w.dial[i].link, RSP_ROLE_USER, "r20");
	}
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	world_end(&w);
}

/* The deadline passes while all attempts are at @step: the record lists each, with that step. */
static void
lists_attempts_at(enum rsp_client_step step)
{
	unsigned n = 0;

	begin(4, false);
	w.step = step;
	rsp_client_set_deadline(w.c, w.now, w.now + 8000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 8000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ETIMEOUT);
	const struct rsp_client_attempt *attempt = rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 4);
	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ(attempt[i].step, step);
		CHECK_EQ(attempt[i].err, RSP_ETIMEOUT);
		CHECK(*attempt[i].reason);
	}
	CHECK(strstr(w.last_why.reason, n ? attempt[0].reason : "none") != NULL);
	CHECK_EQ(world_open(&w), 0);
	world_end(&w);
}

static void
at_the_deadline_name_lookups_are_listed(void)
{
	lists_attempts_at(RSP_STEP_DNS);
}

static void
at_the_deadline_connects_are_listed(void)
{
	lists_attempts_at(RSP_STEP_TCP);
}

static void
at_the_deadline_handshakes_are_listed(void)
{
	lists_attempts_at(RSP_STEP_TLS);
}

static void
when_an_outage_is_too_long_attempts_are_listed(void)
{
	struct rsp_client_config config = world_config(4, true);
	unsigned n = 0;

	config.max_outage_ms = 5000;
	world_begin(&w, &config);
	world_registered_at_alpha(&w, 0x11, 300);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	w.step = RSP_STEP_TLS;
	world_run(&w, w.now + 5000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ELOST);
	const struct rsp_client_attempt *attempt = rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 4);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(attempt[i].step, RSP_STEP_TLS);
	world_end(&w);
}

/* RFC 5352 3.6 SH1: two attempts beside the home; when they are silent, others begin. */
static void
a_hunt_beside_a_silent_home_goes_on(void)
{
	begin_asking_alpha(5);
	while (w.n_dials == 1 && w.now < 100000) /* no answer: RFC 5352 3.7.2 */
		world_run(&w, w.now + 10);
	world_run(&w, w.now + 990);
	CHECK_EQ(w.n_dials, 3);
	world_run(&w, w.now + 260);
	CHECK_EQ(w.n_dials, 5);
	world_up(&w, w.dial[4].link, RSP_ROLE_USER, "epsilon");
	CHECK_EQ(world_open(&w), 1);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(three_silent_registrars_do_not_hide_a_fourth);
	TAP_RUN(a_silent_attempt_may_still_become_the_home);
	TAP_RUN(silent_addresses_of_one_registrar_do_not_hide_another_one);
	TAP_RUN(attempts_are_limited_and_every_server_is_dialled);
	TAP_RUN(a_slow_registrar_is_reached_among_many_silent_ones);
	TAP_RUN(at_the_deadline_name_lookups_are_listed);
	TAP_RUN(at_the_deadline_connects_are_listed);
	TAP_RUN(at_the_deadline_handshakes_are_listed);
	TAP_RUN(when_an_outage_is_too_long_attempts_are_listed);
	TAP_RUN(a_hunt_beside_a_silent_home_goes_on);
	return tap_end();
}
