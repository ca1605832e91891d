#include "client_world.h"

/* The client's registrations, resolutions and reports, clause by clause. The hunt is in test_client_hunt.c. */

/* RFC 5352 3.1 R2, R3 */
static void
registration_carries_the_element_and_our_listener(void)
{
	struct rsp_message msg;

	begin(1, true);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	CHECK_EQ(w.n_sent, 0);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(w.n_sent, 1);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_REGISTRATION);
	CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
	CHECK_EQ(msg.element.pe_id, 0x11);
	CHECK_EQ(msg.element.home_id, 0);
	CHECK_EQ(msg.element.lifetime_s, 300);
	CHECK_EQ(msg.element.asap.type, RSP_PARAM_TCP);
	CHECK_EQ(msg.element.asap.port, 4711);
	CHECK_EQ(msg.element.owner.n, 0);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

/* An element that leaves its address to us registers that of the connection. */
static void
an_unspecified_address_becomes_our_own(void)
{
	struct rsp_pool_element pe = world_element(0x11, 300);
	static const struct rsp_ip any = { .family = 4 };
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg;

	begin(1, true);
	rsp_transport_set_ips(&pe.user, &any, 1, room);
	CHECK_EQ(rsp_client_register(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	struct rsp_ip user = rsp_transport_ip(&msg.element.user, 0), asap = rsp_transport_ip(&msg.element.asap, 0);
	CHECK(rsp_ip_equal(&user, &loopback));
	CHECK(rsp_ip_equal(&asap, &loopback));
	world_end(&w);
}

static void
what_no_message_carries_is_refused_at_once(void)
{
	struct rsp_pool_element pe = world_element(1, 300);
	static uint8_t long_handle[RSP_HANDLE_MAX + 1];

	begin(1, true);
	CHECK_EQ(rsp_client_register(w.c, w.now, rsp_bytes_str(""), &pe), RSP_EVALUE);
	CHECK_EQ(rsp_client_register(w.c, w.now, rsp_bytes_of(long_handle, sizeof long_handle), &pe), RSP_EVALUE);
	CHECK_EQ(rsp_client_resolve(w.c, w.now, rsp_bytes_of(long_handle, sizeof long_handle), 0, false), RSP_EVALUE);
	CHECK_EQ(world_register(&w, "web", 0, 300), RSP_EVALUE);
	CHECK_EQ(world_register(&w, "web", 1, 0), RSP_EVALUE);
	CHECK_EQ(world_register(&w, "web", 1, -2), RSP_EVALUE);
	pe.user.type = 0;
	CHECK_EQ(rsp_client_register(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_EVALUE);
	CHECK_EQ(world_register(&w, "web", 1, -1), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 1, 300), RSP_EEXISTS);
	CHECK_EQ(world_register(&w, "other", 1, 300), RSP_OK);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 2), RSP_EUNKNOWN_PE);
	world_end(&w);
}

/* RFC 5352 3.1, 7.1: T4 is 10 minutes or 20 s less than the life; a short life is halved. */
static void
t4_renews_in_time(void)
{
	static const struct {
		int32_t life_s;
		uint64_t t4_ms;
	} row[] = { { -1, 600000 }, { 3600, 600000 }, { 300, 280000 }, { 41, 21000 }, { 40, 20000 }, { 2, 1000 } };

	for (size_t i = 0; i < RSP_COUNT(row); i++) {
		begin(1, true);
		world_registered_at_alpha(&w, 0x11, row[i].life_s);
		uint64_t since = w.now;
		world_run(&w, since + row[i].t4_ms * 9 / 10 - 1);
		CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 1);
		while (w.now < since + row[i].t4_ms && world_count_sent(&w, ASAP_REGISTRATION, 1) == 1)
			world_run(&w, w.now + 100);
		CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
		world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
		CHECK_EQ(world_count_told(&w, RSP_CLIENT_RENEWED), 1);
		world_end(&w);
	}
}

/* RFC 5352 3.1: MUST NOT re-attempt registration without correcting the error. */
static void
a_rejected_registration_is_not_tried_again(void)
{
	struct rsp_pool_element pe = world_element(0x11, 100);
	struct rsp_client_stats stats;

	begin_registering_at_alpha(2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_INCONSISTENT_POLICY);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REJECTED).cause, RSP_CAUSE_INCONSISTENT_POLICY);
	world_run(&w, w.now + 7200000);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 100000);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 1);
	CHECK_EQ(w.n_dials, 1); /* it does not need a home either */
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.rejected, 1);
	CHECK_EQ(stats.waiting, 0);

	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK); /* corrected */
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 0), 2);
	world_registered(&w, w.next_link, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

/* RFC 5352 2.2.3: with R unset an error parameter is a warning. */
static void
a_warning_is_no_rejection(void)
{
	struct rsp_message msg = world_message(ASAP_REGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_INVALID_VALUES);

	begin_registering_at_alpha(1);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REGISTERED).cause, RSP_CAUSE_INVALID_VALUES);
	world_end(&w);
}

/* RFC 5352 3.1: T2 expired: another server is hunted for; MAX-REG-ATTEMPT exceeded: the upper layer is told. */
static void
t2_without_answer_goes_to_another_server(void)
{
	begin(2, false);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_run(&w, w.now + 29999);
	CHECK_EQ(w.n_dials, 1);
	world_run(&w, w.now + 1);
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(world_last(&w, RSP_CLIENT_HOME_LOST).err, RSP_ETIMEOUT);
	CHECK_EQ(w.n_dials, 2);
	CHECK_EQ(w.dial[1].server, 1);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 1);
	world_run(&w, w.now + 30000);
	world_up(&w, 3, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FAILED), 0);
	world_run(&w, w.now + 30000);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).err, RSP_ETIMEOUT);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).tries, 3);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_EUNKNOWN_PE);
	world_end(&w);
}

static void
a_persistent_client_never_gives_an_element_up(void)
{
	begin(1, true);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	for (unsigned i = 0; i < 10; i++) {
		world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "alpha");
		world_run(&w, w.now + 30000);
	}
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FAILED), 3);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "alpha");
	world_registered(&w, w.next_link, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

/* RFC 5352 3.2 D1-D4 */
static void
deregistration_names_what_was_registered(void)
{
	struct rsp_message msg;

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[1].octets, w.sent[1].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_DEREGISTRATION);
	CHECK_EQ(msg.pe_id, 0x11);
	CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 0);
	world_deregistered(&w, 1, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DEREGISTERED).cause, RSP_CAUSE_NONE);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DEREGISTERED).tries, 1);
	world_run(&w, w.now + 3600000);
	CHECK_EQ(w.n_sent, 2);
	world_end(&w);
}

/* RFC 5352 3.2: T3 expired: hunt, then again at the new home; after MAX-REG-ATTEMPT it is left to expire. */
static void
t3_without_answer_tries_the_next_server(void)
{
	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_run(&w, w.now + 30000);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 2), 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 2), 0);
	world_run(&w, w.now + 30000);
	world_up(&w, 3, RSP_ROLE_ELEMENT, "alpha");
	world_run(&w, w.now + 30000);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FAILED), 1);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_EUNKNOWN_PE);
	world_end(&w);
}

static void
an_element_that_nobody_knows_of_is_gone_at_once(void)
{
	begin(1, true);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(w.n_sent, 0);
	world_end(&w);
}

static void
a_rejected_element_leaves_without_a_word(void)
{
	begin_registering_at_alpha(1);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_INCONSISTENT_POLICY);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DEREGISTERED).tries, 0);
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 0), 0);
	world_end(&w);
}

/* RFC 5352 3.2: an unasked-for response means that the registration expired. */
static void
an_expired_element_comes_back(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_run(&w, w.now + 5000);
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_REPORTED);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_EXPIRED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_EXPIRED).cause, RSP_CAUSE_REPORTED);
	world_run(&w, w.now + 200);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_deregistered(&w, 1, "web", 0x11); /* thrown out at once: it takes its time */
	world_run(&w, w.now + 899);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 3);
	world_end(&w);
}

/* Another process has our identifier: taking it back would have no end. */
static void
a_displaced_element_is_forgotten(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID);
	struct rsp_client_stats stats;

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DISPLACED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).cause, RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).pe_id, 0x11);
	world_run(&w, w.now + 1000000);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 1);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), 0); /* it is the other's */
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, 0);
	world_end(&w);
}

static void
an_update_is_sent_at_once_and_after_the_answer_in_between(void)
{
	struct rsp_pool_element pe = world_element(0x11, 100);

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 3);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 3);
	pe.pe_id = 0x12;
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_EUNKNOWN_PE);
	world_end(&w);
}

/* RFC 5352 3.4 KA1, KA2.1-2.3 */
static void
keep_alives_are_acknowledged_where_they_came_from(void)
{
	struct rsp_message msg;

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, false, "web", 0x11);
	CHECK_EQ(w.sent[1].link, 77);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[1].octets, w.sent[1].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_ENDPOINT_KEEP_ALIVE_ACK);
	CHECK_EQ(msg.pe_id, 0x11);
	CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1); /* no H: the home stays */

	world_run(&w, w.now + 1000);
	world_keepalive(&w, 1, 0xa, false, "wob", 0x11); /* KA1: not our handle */
	world_keepalive(&w, 1, 0xa, false, "web", 0x12); /* not our element */
	CHECK_EQ(w.n_sent, 2);
	world_keepalive(&w, 1, 0xa, false, "web", 0); /* as the RFC has it, without an identifier */
	CHECK_EQ(w.n_sent, 3);
	world_end(&w);
}

/* RFC 5353 3.5.2: a registrar that takes its former home over does not hear that it is there */
static void
an_element_that_leaves_lets_nobody_else_take_it_over(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 0);
	world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1), 1);
	world_deregistered(&w, 1, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	world_end(&w);
}

/* Else two registrars would both be told, for ever, that the element is there. */
static void
with_a_new_home_the_connections_of_others_are_closed(void)
{
	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "alpha");
	world_keepalive(&w, 77, 0xa, true, "web", 0x11); /* the home itself: its connection stays beside the other */
	CHECK(!world_was_closed(&w, 77) && !world_was_closed(&w, 1));
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK(!world_was_closed(&w, 77));
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 2);
	CHECK(world_was_closed(&w, 77));
	world_end(&w);
}

/* RFC 5355 2.13: the element defends itself */
static void
a_flood_of_keep_alives_is_not_answered(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	for (unsigned i = 0; i < 1000; i++) {
		w.now += i % 10 == 0;
		world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	}
	CHECK(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1) <= 11);
	CHECK(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1) >= 9);
	world_end(&w);
}

/* RFC 5352 3.3, 2.2.6 */
static void
resolution_gives_the_answer(void)
{
	struct rsp_message msg;

	begin(1, false);
	CHECK_EQ(rsp_client_resolve(w.c, w.now, rsp_bytes_str("web"), 5, false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_HANDLE_RESOLUTION);
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.item_count, 5);
	w.now += 20;
	world_resolved(&w, 1, "other", 1, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 0);
	world_resolved(&w, 1, "web", 3, false);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 3);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).solicited);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 3, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_sent, 1);
	world_end(&w);
}

static void
a_negative_answer_tells_its_cause(void)
{
	struct rsp_message msg;

	begin_asking_alpha(1);
	msg = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EUNKNOWN_POOL);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	msg = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_SECURITY);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EREJECTED);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).cause, RSP_CAUSE_SECURITY);
	world_end(&w);
}

/* RFC 5352 3.7.2: resend and hunt in parallel, up to MAX-REQUEST-RETRANSMIT times, then tell. */
static void
t1_without_answer_resends_and_hunts_beside(void)
{
	begin_asking_alpha(3);
	world_run(&w, w.now + 15000);
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 2);
	CHECK_EQ(w.n_dials, 2);
	CHECK_EQ(w.dial[1].server, 1);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, 3);
	CHECK_EQ(world_open(&w), 3); /* SH1: the home counts */
	world_resolved(&w, 1, "web", 1, false);
	CHECK_EQ(world_open(&w), 1); /* it answered after all */
	CHECK(world_was_closed(&w, 2) && world_was_closed(&w, 3));
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_sent, 2);
	CHECK_EQ(w.n_dials, 3);
	world_end(&w);
}

static void
t1_expired_too_often_fails_the_request_and_leaves_the_home(void)
{
	begin_asking_alpha(1);
	world_run(&w, w.now + 44999);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FAILED), 0);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 3);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).err, RSP_ETIMEOUT);
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(w.n_dials, 1); /* nothing needs a home */
	world_end(&w);
}

/* RFC 5352 3.7.2: an alternate server is adopted and the request sent there. */
static void
another_server_takes_the_request_over(void)
{
	begin_asking_alpha(2);
	world_run(&w, w.now + 15000);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	CHECK(world_last(&w, RSP_CLIENT_HOME).changed);
	world_resolved(&w, 2, "web", 1, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	world_end(&w);
}

/* RFC 5352 3.7.1: a request whose connection broke is sent again at the next home. */
static void
a_broken_connection_does_not_lose_a_request(void)
{
	begin_asking_alpha(2);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(w.dial[1].server, 1);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	world_end(&w);
}

/* RFC 5352 2.2.5, 2.2.6: S and A */
static void
a_watch_gets_updates_and_subscribes_again_at_a_new_home(void)
{
	begin(2, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(w.sent[0].octets[1], ASAP_FLAG_SUBSCRIBE);
	world_resolved(&w, 1, "web", 1, true);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_run(&w, w.now + 3600000);
	CHECK_EQ(w.n_sent, 1); /* no polling */
	world_resolved(&w, 1, "web", 2, true);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 2);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).solicited);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	world_resolved(&w, 2, "web", 2, true);
	rsp_client_unwatch(w.c, rsp_bytes_str("web"));
	world_resolved(&w, 2, "web", 3, true);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 2);
	world_end(&w);
}

static void
a_watch_that_is_not_accepted_polls_with_jitter(void)
{
	struct rsp_message msg =
		world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);

	begin(1, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_resolved(&w, 1, "web", 1, false);
	for (unsigned i = 2; i < 12; i++) {
		uint64_t since = w.now;

		world_run(&w, since + 2499);
		CHECK_EQ(w.n_sent, i - 1);
		world_run(&w, since + 7500);
		CHECK_EQ(w.n_sent, i);
		if (i % 2)
			world_resolved(&w, 1, "web", 1, false);
		else
			world_receive(&w, 1, &msg); /* negative: RFC 5352 2.2.5, no updates, so ask again */
	}
	world_end(&w);
}

/* RFC 5352 3.5: no more than once for each failure. */
static void
unreachable_is_reported_once_a_failure(void)
{
	struct rsp_bytes web = rsp_bytes_str("web");
	struct rsp_message msg;

	begin(1, false);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_OK);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_EEXISTS);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REPORTED), 1);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_ENDPOINT_UNREACHABLE);
	CHECK_EQ(msg.pe_id, 0x11);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_EEXISTS);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x12), RSP_OK);
	CHECK_EQ(w.n_sent, 2);
	rsp_client_contacted(w.c, web, 0x11);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_OK);
	CHECK_EQ(w.n_sent, 3);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 60000);
	CHECK_EQ(w.n_dials, 1); /* done with */
	world_end(&w);
}

static void
requests_and_elements_are_capped(void)
{
	struct rsp_client_config config = world_config(1, true);

	config.max_elements = 2;
	config.max_resolutions = 1;
	config.max_reports = 1;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 1, 300), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 2, 300), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 3, 300), RSP_ELIMIT);
	CHECK_EQ(world_resolve(&w, "a", false), RSP_OK);
	CHECK_EQ(world_resolve(&w, "b", false), RSP_ELIMIT);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 1), RSP_OK);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 2), RSP_ELIMIT);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 2),
		 RSP_OK); /* the old one is forgotten */
	rsp_client_deregister_all(w.c, w.now);
	world_serve(&w, 1);
	CHECK_EQ(world_register(&w, "web", 3, 300), RSP_OK);
	world_end(&w);
}

/* RFC 5352 2.2.14 */
static void
an_asap_error_is_the_answer_to_the_only_request(void)
{
	struct rsp_message msg = world_message(ASAP_ERROR, "", 0, RSP_CAUSE_UNRECOGNIZED_MSG);

	msg.has = RSP_HAS_ERROR;
	begin_registering_at_alpha(1);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REJECTED).cause, RSP_CAUSE_UNRECOGNIZED_MSG);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_ASAP_ERROR), 1);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EREJECTED);
	CHECK_EQ(world_count_sent(&w, ASAP_ERROR, 0), 0);
	world_end(&w);
}

/* RFC 5354 3, 4: what asks to be reported is; and who goes on talking nonsense is left. */
static void
nonsense_is_reported_and_not_suffered_for_long(void)
{
	static const uint8_t unknown_message[] = { 0x41, 0, 0, 4 }, garbage[] = { 0x03, 0, 0, 4 };

	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(unknown_message, sizeof unknown_message));
	CHECK_EQ(world_count_sent(&w, ASAP_ERROR, 1), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_PROTOCOL).err, RSP_EUNKNOWN_MSG);
	for (unsigned i = 0; i < 20; i++)
		rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(garbage, sizeof garbage));
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(world_last(&w, RSP_CLIENT_HOME_LOST).err, RSP_EPROTO);
	CHECK_EQ(w.dial[1].server, 1);
	world_end(&w);
}

static void
answers_from_others_than_the_home_change_nothing(void)
{
	begin_registering_at_alpha(1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_registered(&w, 77, "web", 0x11, RSP_CAUSE_SECURITY);
	world_registered(&w, 99, "web", 0x11, RSP_CAUSE_SECURITY);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 0);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	world_deregistered(&w, 77, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_EXPIRED), 0);
	world_end(&w);
}

/* Octets that a registrar might send, with some of them changed or cut off: nothing but the client's own logic answers. */
static void
changed_messages_do_no_harm(void)
{
	struct rsp_rng rng = rsp_rng_seeded(3);
	uint8_t octets[256];
	size_t n = 0;

	begin(3, true);
	world_registered_at_alpha(&w, 0x11, 300);
	for (unsigned i = 0; i < 5000; i++) {
		static const uint8_t types[] = { ASAP_REGISTRATION_RESPONSE,	  ASAP_DEREGISTRATION_RESPONSE,
						 ASAP_HANDLE_RESOLUTION_RESPONSE, ASAP_ENDPOINT_KEEP_ALIVE,
						 ASAP_ERROR };
		uint8_t type = types[rsp_rng_below(&rng, sizeof types)];
		uint16_t cause = rsp_rng_below(&rng, 2) ? RSP_CAUSE_NONE : (uint16_t)rsp_rng_below(&rng, 12);
		bool resolution = type == ASAP_HANDLE_RESOLUTION_RESPONSE, error = type == ASAP_ERROR;
		struct rsp_message msg = world_message(type, "web", resolution ? 0 : 0x11, error ? 1 : cause);

		msg.flags = (uint8_t)rsp_rng_below(&rng, 2);
		if (error)
			msg.has = RSP_HAS_ERROR;
		if (type == ASAP_ENDPOINT_KEEP_ALIVE)
			msg.has &= ~(unsigned)RSP_HAS_ERROR;
		CHECK_EQ(rsp_message_encode(&msg, octets, sizeof octets, &n), RSP_OK);
		for (uint64_t k = rsp_rng_below(&rng, 3); k > 0; k--)
			octets[rsp_rng_below(&rng, n)] = (uint8_t)rsp_rng_u64(&rng);
		uint32_t link = w.next_link;
		world_up(&w, link, RSP_ROLE_ELEMENT, "alpha");
		uint8_t *copy = malloc(n); /* of its exact size, so that a sanitizer sees what is read beyond it */
		CHECK(copy != NULL);
		if (copy)
			memcpy(copy, octets, n);
		rsp_client_receive(w.c, w.now, link, rsp_bytes_of(copy, n - rsp_rng_below(&rng, 4) / 3 * 4));
		free(copy);
		if (i % 7 == 0)
			(void)!world_resolve(&w, "web", i % 2);
		world_run(&w, w.now + rsp_rng_below(&rng, 400));
		w.n_sent = w.n_told = w.n_dials = w.n_closed = 0;
	}
	world_end(&w);
}

static void
leave_on_reject(struct world *at, const struct rsp_client_event *event)
{
	struct rsp_bytes handle = event->handle;

	if (event->type != RSP_CLIENT_REJECTED)
		return;
	CHECK_EQ(rsp_client_deregister(at->c, at->now, handle, event->pe_id), RSP_OK);
	CHECK(rsp_bytes_equal(handle, rsp_bytes_str("web"))); /* views last as long as the callback */
	CHECK_EQ(world_register(at, "web", event->pe_id + 1, 300), RSP_OK);
}

static void
handlers_may_make_requests(void)
{
	begin(1, true);
	w.hook = leave_on_reject;
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	for (uint32_t i = 0; i < 5; i++)
		world_registered(&w, 1, "web", 0x11 + i, RSP_CAUSE_LACK_OF_RESOURCES);
	world_registered(&w, 1, "web", 0x16, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

static void
register_again(struct world *at, const struct rsp_client_event *event)
{
	if (event->type == RSP_CLIENT_DEREGISTERED)
		rsp_client_deregister_all(at->c, at->now);
}

/* Registrations that were never sent end at once, within the call, and the handler makes the same call. */
static void
leaving_while_leaving_ends(void)
{
	struct rsp_client_stats stats;

	begin(1, true);
	w.hook = register_again;
	for (uint32_t i = 1; i <= 100; i++)
		CHECK_EQ(world_register(&w, "web", i, 300), RSP_OK);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 100);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, 0);
	CHECK_EQ(stats.waiting, 0);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(registration_carries_the_element_and_our_listener);
	TAP_RUN(an_unspecified_address_becomes_our_own);
	TAP_RUN(what_no_message_carries_is_refused_at_once);
	TAP_RUN(t4_renews_in_time);
	TAP_RUN(a_rejected_registration_is_not_tried_again);
	TAP_RUN(a_warning_is_no_rejection);
	TAP_RUN(t2_without_answer_goes_to_another_server);
	TAP_RUN(a_persistent_client_never_gives_an_element_up);
	TAP_RUN(deregistration_names_what_was_registered);
	TAP_RUN(t3_without_answer_tries_the_next_server);
	TAP_RUN(an_element_that_nobody_knows_of_is_gone_at_once);
	TAP_RUN(a_rejected_element_leaves_without_a_word);
	TAP_RUN(an_expired_element_comes_back);
	TAP_RUN(a_displaced_element_is_forgotten);
	TAP_RUN(an_update_is_sent_at_once_and_after_the_answer_in_between);
	TAP_RUN(keep_alives_are_acknowledged_where_they_came_from);
	TAP_RUN(an_element_that_leaves_lets_nobody_else_take_it_over);
	TAP_RUN(with_a_new_home_the_connections_of_others_are_closed);
	TAP_RUN(a_flood_of_keep_alives_is_not_answered);
	TAP_RUN(resolution_gives_the_answer);
	TAP_RUN(a_negative_answer_tells_its_cause);
	TAP_RUN(t1_without_answer_resends_and_hunts_beside);
	TAP_RUN(t1_expired_too_often_fails_the_request_and_leaves_the_home);
	TAP_RUN(another_server_takes_the_request_over);
	TAP_RUN(a_broken_connection_does_not_lose_a_request);
	TAP_RUN(a_watch_gets_updates_and_subscribes_again_at_a_new_home);
	TAP_RUN(a_watch_that_is_not_accepted_polls_with_jitter);
	TAP_RUN(unreachable_is_reported_once_a_failure);
	TAP_RUN(requests_and_elements_are_capped);
	TAP_RUN(an_asap_error_is_the_answer_to_the_only_request);
	TAP_RUN(nonsense_is_reported_and_not_suffered_for_long);
	TAP_RUN(answers_from_others_than_the_home_change_nothing);
	TAP_RUN(changed_messages_do_no_harm);
	TAP_RUN(handlers_may_make_requests);
	TAP_RUN(leaving_while_leaving_ends);
	return tap_end();
}
