#include "client_world.h"

/* The hunt for a home registrar (RFC 5352 3.6, 3.7), changes of home, and the elements during a change. */

static void
nothing_is_dialled_before_it_is_needed(void)
{
	begin(3, false);
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_dials, 0);
	CHECK_EQ(w.n_told, 0);
	world_end(&w);
}

/* RFC 5352 3.6 SH1 */
static void
sh1_three_attempts_with_a_stagger(void)
{
	begin(5, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK_EQ(w.n_dials, 1);
	world_run(&w, w.now + 249);
	CHECK_EQ(w.n_dials, 1);
	world_run(&w, w.now + 1);
	CHECK_EQ(w.n_dials, 2);
	world_run(&w, w.now + 749);
	CHECK_EQ(w.n_dials, 3);
	CHECK_EQ(world_open(&w), 3);
	CHECK(w.dial[0].server != w.dial[1].server && w.dial[1].server != w.dial[2].server);
	CHECK_EQ(w.dial[0].to.role, RSP_ROLE_USER);
	CHECK_STR(w.dial[0].to.server_name ? "named" : NULL, "named");
	CHECK_EQ(w.dial[0].to.port, 3864);
	CHECK_EQ(w.dial[0].to.ip.ip[3], 1);
	world_end(&w);
}

/* SH3, SH6 */
static void
sh6_the_first_usable_wins_and_the_others_are_closed(void)
{
	begin(5, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 600);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK(world_was_closed(&w, 1) && world_was_closed(&w, 3) && !world_was_closed(&w, 2));
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	CHECK(!world_last(&w, RSP_CLIENT_HOME).changed);
	world_up(&w, 1, RSP_ROLE_USER, "alpha"); /* too late, and forgotten */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	world_run(&w, w.now + 14000); /* T5 is stopped */
	CHECK_EQ(w.n_dials, 3);
	world_end(&w);
}

/* SH4 */
static void
sh4_a_failed_attempt_is_replaced_by_another_address(void)
{
	begin(5, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 600);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	CHECK_EQ(w.n_dials, 4);
	CHECK_EQ(w.dial[3].server, 3);
	CHECK_EQ(world_last(&w, RSP_CLIENT_ATTEMPT).err, RSP_EUNREACHABLE);
	CHECK_EQ(world_open(&w), 3);
	world_end(&w);
}

/* SH5.1-5.3: when T5 expires it doubles, up to RETRAN-MAX; the attempts end, and other addresses are dialled. */
static void
sh5_t5_doubles_and_takes_a_different_set(void)
{
	uint64_t since, t5_ms[] = { 10000, 20000, 40000, 60000, 60000 };

	begin(5, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	since = w.now;
	for (unsigned i = 0; i < RSP_COUNT(t5_ms); i++) {
		world_run(&w, since + t5_ms[i] - 1); /* all five are under way by now */
		CHECK_EQ(w.n_dials, 5 * i + 5);
		CHECK_EQ(world_open(&w), 5);
		since += t5_ms[i];
		world_run(&w, since);
		CHECK_EQ(w.n_dials, 5 * i + 6);
		CHECK_EQ(world_open(&w), 1);
		CHECK(world_was_closed(&w, 5 * i + 1) && world_was_closed(&w, 5 * i + 5));
		CHECK_EQ(world_last(&w, RSP_CLIENT_ATTEMPT).err, RSP_ETIMEOUT);
		CHECK_EQ(w.dial[5 * i + 5].at_ms, since);
	}
	world_end(&w);
}

static void
a_list_that_refuses_connections_is_tried_again_soon(void)
{
	begin(1, false);
	w.cannot_dial = true;
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK_EQ(w.n_dials, 1);
	world_run(&w, w.now + 124);
	CHECK_EQ(w.n_dials, 1);
	world_run(&w, w.now + 251);
	CHECK_EQ(w.n_dials, 2);
	world_run(&w, w.now + 60000);
	CHECK(w.n_dials > 80 && w.n_dials < 130); /* 600 ms apart, varied by half */
	w.cannot_dial = false;
	world_run(&w, w.now + 90000);
	world_up(&w, w.next_link, RSP_ROLE_USER, "alpha");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 0), 1);
	world_end(&w);
}

static void
a_list_that_fails_authentication_is_tried_again_after_a_growing_pause(void)
{
	begin(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	for (uint64_t end = w.now + 60000; w.now < end; world_run(&w, w.now + 100))
		if (w.n_dials == w.next_link)
			world_down(&w, w.next_link, RSP_STEP_TLS, RSP_EAUTH);
	CHECK(w.n_dials > 8 && w.n_dials < 20);
	world_end(&w);
}

/* A user who waits without a limit can see why. */
static void
each_round_that_fails_is_told(void)
{
	struct rsp_client_config config = world_config(2, false);

	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_ROUND_FAILED), 0);
	world_down(&w, 2, RSP_STEP_TLS, RSP_EAUTH);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_ROUND_FAILED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_ROUND_FAILED).err, RSP_EAUTH);
	CHECK(strstr(w.last_why.reason, "alpha@10.0.0.1:3864: ") && strstr(w.last_why.reason, "; beta@"));
	w.cannot_dial = true;
	world_run(&w, w.now + 20000);
	CHECK(world_count_told(&w, RSP_CLIENT_ROUND_FAILED) > 2);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_end(&w);
}

static void
every_server_comes_before_any_server_s_second_address(void)
{
	struct rsp_client_server two[2] = {
		{ .name = "a",
		  .host = "a",
		  .ip = { { 4, { 10, 0, 0, 1 } }, { 4, { 10, 0, 1, 1 } } },
		  .n_ips = 2,
		  .port = 1 },
		{ .name = "b", .host = "b", .n_ips = 0, .port = 2 },
	};
	struct rsp_client_config config = world_config(1, false);
	unsigned n;

	config.servers = two;
	config.n_servers = 2;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, 3);
	CHECK_EQ(w.dial[1].server, 1);
	CHECK_EQ(w.dial[1].to.ip.family, 0); /* the runner looks the name up */
	CHECK_EQ(w.dial[2].server, 0);
	CHECK_EQ(w.dial[2].to.ip.ip[2], 1);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	world_down(&w, 3, RSP_STEP_TLS, RSP_EAUTH);
	const struct rsp_client_attempt *attempt = rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 1);
	CHECK_EQ(attempt[0].step, RSP_STEP_TLS);
	CHECK_EQ(attempt[0].tries, 2);
	CHECK_STR(attempt[0].name, "a");
	world_end(&w);
}

/* RFC 5355 2.7: after a failed authentication the hunt goes on. */
static void
a_registrar_that_fails_authentication_is_passed_over(void)
{
	unsigned n;

	begin(2, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, RSP_STEP_TLS, RSP_ECERT_CA);
	CHECK_EQ(w.dial[1].server, 1);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	const struct rsp_client_attempt *attempt = rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 2);
	CHECK_EQ(attempt[0].err, RSP_ECERT_CA);
	CHECK_EQ(attempt[0].step, RSP_STEP_TLS);
	CHECK_EQ(attempt[1].err, RSP_OK);
	world_end(&w);
}

/* Two servers, one round; the first fails with @first, the other with @second. Returns the error of GAVE_UP. */
static enum rsp_err
verdict(enum rsp_err first, enum rsp_err second)
{
	struct rsp_client_config config = world_config(2, false);
	enum rsp_err err;

	config.rounds = 1;
	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, first == RSP_EUNREACHABLE ? RSP_STEP_TCP : RSP_STEP_TLS, first);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_down(&w, 2, second == RSP_EUNREACHABLE ? RSP_STEP_TCP : RSP_STEP_TLS, second);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 1);
	err = world_last(&w, RSP_CLIENT_GAVE_UP).err;
	CHECK_STR(w.last_why.object, "registrars");
	CHECK(strstr(w.last_why.reason, "alpha@10.0.0.1:3864: ") && strstr(w.last_why.reason, "; beta@"));
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_dials, 2);
	rsp_client_retry(w.c, w.now);
	CHECK_EQ(w.n_dials, 3);
	world_end(&w);
	return err;
}

static void
a_failed_authentication_outweighs_a_server_that_is_not_there(void)
{
	CHECK_EQ(verdict(RSP_EUNREACHABLE, RSP_EAUTH), RSP_EAUTH);
	CHECK_EQ(verdict(RSP_ECERT_EXPIRED, RSP_ETIMEOUT), RSP_ECERT_EXPIRED);
}

static void
another_error_outweighs_a_failed_authentication(void)
{
	CHECK_EQ(verdict(RSP_EAUTH, RSP_EPLAIN), RSP_EPLAIN);
}

static void
servers_that_are_not_there_are_unreachable_or_timed_out(void)
{
	CHECK_EQ(verdict(RSP_EUNREACHABLE, RSP_EUNREACHABLE), RSP_EUNREACHABLE);
	CHECK_EQ(verdict(RSP_EUNREACHABLE, RSP_ELOOKUP), RSP_EUNREACHABLE);
	CHECK_EQ(verdict(RSP_ETIMEOUT, RSP_ETIMEOUT), RSP_ETIMEOUT);
}

static void
the_deadline_ends_the_hunt(void)
{
	begin(2, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 3000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 2999);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ETIMEOUT);
	CHECK_EQ(world_open(&w), 0);
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_dials, 2);
	world_end(&w);
}

static void
the_deadline_ends_a_request_that_the_home_does_not_answer(void)
{
	begin(1, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 3000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_run(&w, w.now + 3000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ETIMEOUT);
	world_end(&w);
}

static void
a_deadline_without_unanswered_requests_changes_nothing(void)
{
	begin(1, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 3000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_resolved(&w, 1, "web", 1, false);
	world_run(&w, w.now + 3000);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_end(&w);
}

/* Without any registrar the client goes on for max_outage. */
static void
an_outage_may_last_for_max_outage(void)
{
	struct rsp_client_config config = world_config(1, true);

	config.max_outage_ms = 60000;
	config.rounds = 1; /* a persistent client that had a home ignores it */
	world_begin(&w, &config);
	world_registered_at_alpha(&w, 0x11, 300);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	w.cannot_dial = true;
	world_run(&w, w.now + 59999);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_GAVE_UP), 0);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_GAVE_UP).err, RSP_ELOST);
	world_end(&w);
}

/* The element comes back by itself, with the same id, at another registrar. */
static void
elements_register_again_when_their_home_is_lost(void)
{
	struct rsp_message msg;

	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_run(&w, w.now + 5000);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 1);
	CHECK_EQ(w.dial[1].server, 1);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK(world_last(&w, RSP_CLIENT_HOME).changed);
	world_run(&w, w.now + 200);
	CHECK_EQ(w.n_sent, 2);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[1].octets, w.sent[1].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.element.pe_id, 0x11);
	world_registered(&w, 2, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_end(&w);
}

/* RFC 5352 3.4 KA2.4 */
static void
ka24_the_home_flag_makes_the_sender_the_home(void)
{
	struct rsp_client_stats stats;

	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_keepalive(&w, 1, 0xa, true, "web", 0x11); /* from the home itself: we learn its id */
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.home_server_id, 0xa);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);

	world_run(&w, w.now + 1000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xa, true, "web", 0x11); /* from the home, over another connection */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	world_run(&w, w.now + 1000);
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 2);
	CHECK(world_last(&w, RSP_CLIENT_KEEPALIVE).changed);
	CHECK(world_was_closed(&w, 1));
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.home_link, 77);
	CHECK_EQ(stats.home_server_id, 0xb);
	CHECK_STR(stats.home_server, "beta");
	CHECK_EQ(stats.registered, 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 1); /* beta took it over: it need not register */
	while (w.now < 400000 && world_count_sent(&w, ASAP_REGISTRATION, 0) == 1) /* T4 */
		world_run(&w, w.now + 1000);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 77), 1);
	world_registered(&w, 77, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1); /* its first registration at beta */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RENEWED), 0);
	world_end(&w);
}

/* The home's connection broke and a hunt is on; then the registrar that took over dials us. */
static void
a_takeover_that_comes_first_ends_the_hunt(void)
{
	begin(3, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(world_open(&w), 1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "gamma");
	/* a connection without a keep-alive does not change the home */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1);
	world_keepalive(&w, 77, 0xc, true, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 2);
	CHECK_EQ(world_open(&w), 0);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	world_run(&w, w.now + 10000);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 2);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 77), 1); /* the new home gets its current attributes */
	CHECK_EQ(w.n_dials, 2);
	world_end(&w);
}

/* One keep-alive names one of several elements: another is named soon after; the third has to register. */
static void
a_takeover_of_some_elements_makes_the_others_register(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 0x13, 300), RSP_OK);
	world_serve(&w, 1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	world_keepalive(&w, 77, 0xb, true, "web", 0x12);
	world_run(&w, w.now + 210);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 77), 1);
	world_registered(&w, 77, "web", 0x13, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_run(&w, w.now + 5000);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 77), 3); /* and those taken over, within refresh_ms */
	world_end(&w);
}

/* A connection that is dead without any sign: the home's keep-alives stop. */
static void
keep_alives_that_end_make_the_elements_register(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	for (unsigned i = 0; i < 6; i++) {
		world_run(&w, w.now + 2000);
		world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	}
	world_run(&w, w.now + 7900);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 1);
	world_run(&w, w.now + 400);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 2);
	world_end(&w);
}

static void
an_element_accepts_a_limited_number_of_registrars_and_no_others(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_up(&w, 77, RSP_ROLE_USER, NULL);
	world_up(&w, 78, RSP_ROLE_ELEMENT, "web1");
	world_up(&w, 79, RSP_ROLE_NONE, NULL);
	CHECK(world_was_closed(&w, 77) && world_was_closed(&w, 78) && world_was_closed(&w, 79));
	for (uint32_t i = 100; i < 140; i++) { /* at the limit the oldest is closed */
		w.now++;
		world_up(&w, i, RSP_ROLE_NOTIFY, "beta");
	}
	CHECK(world_was_closed(&w, 100) && world_was_closed(&w, 123) && !world_was_closed(&w, 124));
	world_end(&w);
}

static void
a_user_accepts_no_connections(void)
{
	begin(1, false);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	CHECK(world_was_closed(&w, 77));
	world_end(&w);
}

/* RFC 5352 3.2: a deregistration in flight when the home is lost is sent to the next one. */
static void
a_deregistration_survives_the_loss_of_the_home(void)
{
	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 2), 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 0);
	world_deregistered(&w, 2, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	world_down(&w, 2, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_dials, 2);
	world_end(&w);
}

/* A thousand elements over one connection: a window of requests; registrations at a new home, and renewals, spread. */
static void
a_batch_of_a_thousand(void)
{
	struct rsp_client_stats stats;
	uint64_t since, first = 0, last = 0;

	begin(2, true);
	for (uint32_t i = 1; i <= 1000; i++)
		CHECK_EQ(world_register(&w, "web", i, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(w.n_sent, 256);
	world_serve(&w, 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1000);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.registered, 1000);
	CHECK_EQ(stats.waiting, 0);

	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	since = w.now;
	for (unsigned i = 0; i < 100; i++) {
		world_run(&w, w.now + 2);
		world_serve(&w, 2);
	}
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1000);
	for (unsigned i = 0; i < w.n_sent; i++) {
		if (w.sent[i].link != 2)
			continue;
		first = first ? first : w.sent[i].at_ms;
		last = w.sent[i].at_ms;
	}
	CHECK(first - since < 20);
	CHECK(last - first > 150 && last - first <= 200);

	since = w.now;
	for (unsigned i = 0; i < 280; i++) {
		world_run(&w, since + i * 1000);
		world_serve(&w, 2);
	}
	CHECK(world_count_told(&w, RSP_CLIENT_RENEWED) > 950);
	rsp_client_deregister_all(w.c, w.now);
	for (unsigned i = 0; i < 10; i++)
		world_serve(&w, 2);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1000);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, 0);
	world_end(&w);
}

/* After a failover a registrar may refuse elements for lack of resources: they register again, after a delay. */
static void
lack_of_resources_after_a_failover_is_waited_out(void)
{
	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	world_run(&w, w.now + 200);
	world_registered(&w, 2, "web", 0x11, RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 0);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).cause, RSP_CAUSE_LACK_OF_RESOURCES);
	world_run(&w, w.now + 499);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 1);
	world_run(&w, w.now + 1001);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 2);
	world_registered(&w, 2, "web", 0x11, RSP_CAUSE_LACK_OF_RESOURCES);
	world_run(&w, w.now + 999);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 2);
	world_run(&w, w.now + 2001);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 3);
	world_registered(&w, 2, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_end(&w);
}

static void
bad_configurations_are_refused(void)
{
	struct rsp_client_config config = world_config(1, false);
	struct rsp_client *c = NULL;

	config.n_servers = 0;
	CHECK_EQ(rsp_client_new(&config, &world_ops, &w, rsp_rng_seeded(1), 0, &c), RSP_EUSAGE);
	config = world_config(1, false);
	config.timers.t5_serverhunt_ms = 0;
	CHECK_EQ(rsp_client_new(&config, &world_ops, &w, rsp_rng_seeded(1), 0, &c), RSP_EUSAGE);
	CHECK(!c);
	rsp_client_free(NULL);
}

/* Events in random order: nothing leaks, no freed object is used, the counts add up. */
static void
random_events_leave_a_sound_client(void)
{
	struct rsp_rng rng = rsp_rng_seeded(20);
	struct rsp_client_stats stats;

	for (unsigned run = 0; run < 40; run++) {
		struct rsp_client_config config = world_config(4, true);

		config.timers = rsp_client_timers_fast();
		world_begin(&w, &config);
		for (unsigned i = 0; i < 400; i++) {
			uint32_t link = 1 + (uint32_t)rsp_rng_below(&rng, w.next_link + 1);
			uint32_t pe_id = 1 + (uint32_t)rsp_rng_below(&rng, 20);
			struct rsp_pool_element pe = world_element(pe_id, 60);

			if (w.n_dials + 8 > RSP_COUNT(w.dial))
				break;
			switch (rsp_rng_below(&rng, 12)) {
			case 0:
			case 1:
				(void)!world_register(&w, "web", pe_id, 60);
				break;
			case 2:
				(void)!rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), pe_id);
				break;
			case 3:
				(void)!rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe);
				break;
			case 4:
				world_up(&w, link, RSP_ROLE_ELEMENT, "x");
				break;
			case 5:
				world_down(&w, link, RSP_STEP_TCP, RSP_ECLOSED);
				break;
			case 6:
				world_serve(&w, link);
				break;
			case 7:
				world_up(&w, 5000 + pe_id, RSP_ROLE_NOTIFY, "y");
				world_keepalive(&w, 5000 + pe_id, pe_id, true, "web",
						rsp_rng_below(&rng, 2) ? pe_id : 0);
				break;
			case 8:
				world_registered(&w, link, "web", pe_id, RSP_CAUSE_UNSPECIFIED);
				break;
			case 9:
				world_deregistered(&w, link, "web", pe_id);
				break;
			case 10:
				(void)!world_resolve(&w, pe_id % 2 ? "web" : "other", pe_id % 3 == 0);
				world_resolved(&w, link, "web", 1, pe_id % 2);
				break;
			default:
				world_run(&w, w.now + rsp_rng_below(&rng, 3000));
			}
		}
		rsp_client_unwatch(w.c, rsp_bytes_str("web"));
		rsp_client_unwatch(w.c, rsp_bytes_str("other"));
		rsp_client_stats(w.c, &stats);
		CHECK(stats.registered + stats.rejected + stats.waiting == stats.elements);
		CHECK(stats.links <= RSP_CLIENT_ATTEMPTS_MAX + 16);
		world_end(&w);
	}
}

int
main(void)
{
	TAP_RUN(nothing_is_dialled_before_it_is_needed);
	TAP_RUN(sh1_three_attempts_with_a_stagger);
	TAP_RUN(sh6_the_first_usable_wins_and_the_others_are_closed);
	TAP_RUN(sh4_a_failed_attempt_is_replaced_by_another_address);
	TAP_RUN(sh5_t5_doubles_and_takes_a_different_set);
	TAP_RUN(a_list_that_refuses_connections_is_tried_again_soon);
	TAP_RUN(a_list_that_fails_authentication_is_tried_again_after_a_growing_pause);
	TAP_RUN(each_round_that_fails_is_told);
	TAP_RUN(every_server_comes_before_any_server_s_second_address);
	TAP_RUN(a_registrar_that_fails_authentication_is_passed_over);
	TAP_RUN(a_failed_authentication_outweighs_a_server_that_is_not_there);
	TAP_RUN(another_error_outweighs_a_failed_authentication);
	TAP_RUN(servers_that_are_not_there_are_unreachable_or_timed_out);
	TAP_RUN(the_deadline_ends_the_hunt);
	TAP_RUN(the_deadline_ends_a_request_that_the_home_does_not_answer);
	TAP_RUN(a_deadline_without_unanswered_requests_changes_nothing);
	TAP_RUN(an_outage_may_last_for_max_outage);
	TAP_RUN(elements_register_again_when_their_home_is_lost);
	TAP_RUN(ka24_the_home_flag_makes_the_sender_the_home);
	TAP_RUN(a_takeover_that_comes_first_ends_the_hunt);
	TAP_RUN(a_takeover_of_some_elements_makes_the_others_register);
	TAP_RUN(keep_alives_that_end_make_the_elements_register);
	TAP_RUN(an_element_accepts_a_limited_number_of_registrars_and_no_others);
	TAP_RUN(a_user_accepts_no_connections);
	TAP_RUN(a_deregistration_survives_the_loss_of_the_home);
	TAP_RUN(a_batch_of_a_thousand);
	TAP_RUN(lack_of_resources_after_a_failover_is_waited_out);
	TAP_RUN(bad_configurations_are_refused);
	TAP_RUN(random_events_leave_a_sound_client);
	return tap_end();
}
