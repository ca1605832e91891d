#include "client_world.h"

/* Registrations, deregistrations and keep-alives of a client, clause by clause: RFC 5352 3.1, 3.2, 3.4. */

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

/* An element without an address of its own registers the local address of the connection. */
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
a_request_that_no_message_can_carry_is_refused(void)
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

/* An element with a lifetime of @life_s is registered again within the last tenth of @t4_ms. */
static void
renews_within(int32_t life_s, uint64_t t4_ms)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, life_s);
	uint64_t since = w.now;
	world_run(&w, since + t4_ms * 9 / 10 - 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 1);
	while (w.now < since + t4_ms && world_count_sent(&w, ASAP_REGISTRATION, 1) == 1)
		world_run(&w, w.now + 100);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RENEWED), 1);
	world_end(&w);
}

/* RFC 5352 3.1, 7.1 */
static void
t4_is_ten_minutes_for_a_registration_without_end(void)
{
	renews_within(-1, 600000);
}

static void
t4_is_ten_minutes_for_a_long_lifetime(void)
{
	renews_within(3600, 600000);
}

/* RFC 5352 7.1 */
static void
t4_is_20_s_less_than_a_shorter_lifetime(void)
{
	renews_within(300, 280000);
	renews_within(41, 21000);
}

static void
t4_is_half_of_a_lifetime_too_short_for_that(void)
{
	renews_within(40, 20000);
	renews_within(2, 1000);
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
	CHECK_EQ(w.n_dials, 1); /* a rejected element needs no home */
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

/* RFC 5352 3.1: when T2 expires, a hunt for another server begins; after MAX-REG-ATTEMPT the upper layer is told. */
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

/* RFC 5352 3.2: when T3 expires, the next home gets the deregistration; after MAX-REG-ATTEMPT the registration is left
 * to expire. */
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
an_element_that_was_never_sent_leaves_at_once(void)
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
a_rejected_element_leaves_without_a_deregistration(void)
{
	begin_registering_at_alpha(1);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_INCONSISTENT_POLICY);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DEREGISTERED).tries, 0);
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 0), 0);
	world_end(&w);
}

/* RFC 5352 3.2: an unsolicited DEREGISTRATION_RESPONSE means that the registrar removed the registration. */
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
	world_deregistered(&w, 1, "web", 0x11); /* removed at once: it registers again only after a delay */
	world_run(&w, w.now + 899);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 3);
	world_end(&w);
}

/* Another process registered our identifier: if both registered it again, that would have no end. */
static void
a_displaced_element_is_dropped_and_not_registered_again(void)
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
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), 0); /* the other process has it */
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
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1); /* without the H flag the home stays */

	world_run(&w, w.now + 1000);
	world_keepalive(&w, 1, 0xa, false, "wob", 0x11); /* KA1: a pool that we are not in */
	world_keepalive(&w, 1, 0xa, false, "web", 0x12); /* an element that is not ours */
	CHECK_EQ(w.n_sent, 2);
	world_keepalive(&w, 1, 0xa, false, "web", 0); /* RFC 5352 2.2.7: without an identifier */
	CHECK_EQ(w.n_sent, 3);
	world_end(&w);
}

/* RFC 5353 3.5.2: a registrar that takes over its home gets no acknowledgement. */
static void
an_element_that_leaves_is_not_taken_over_by_another_registrar(void)
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

/* Otherwise two registrars would both get acknowledgements of the element, without end. */
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

/* RFC 5355 2.13 */
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

int
main(void)
{
	TAP_RUN(registration_carries_the_element_and_our_listener);
	TAP_RUN(an_unspecified_address_becomes_our_own);
	TAP_RUN(a_request_that_no_message_can_carry_is_refused);
	TAP_RUN(t4_is_ten_minutes_for_a_registration_without_end);
	TAP_RUN(t4_is_ten_minutes_for_a_long_lifetime);
	TAP_RUN(t4_is_20_s_less_than_a_shorter_lifetime);
	TAP_RUN(t4_is_half_of_a_lifetime_too_short_for_that);
	TAP_RUN(a_rejected_registration_is_not_tried_again);
	TAP_RUN(a_warning_is_no_rejection);
	TAP_RUN(t2_without_answer_goes_to_another_server);
	TAP_RUN(a_persistent_client_never_gives_an_element_up);
	TAP_RUN(deregistration_names_what_was_registered);
	TAP_RUN(t3_without_answer_tries_the_next_server);
	TAP_RUN(an_element_that_was_never_sent_leaves_at_once);
	TAP_RUN(a_rejected_element_leaves_without_a_deregistration);
	TAP_RUN(an_expired_element_comes_back);
	TAP_RUN(a_displaced_element_is_dropped_and_not_registered_again);
	TAP_RUN(an_update_is_sent_at_once_and_after_the_answer_in_between);
	TAP_RUN(keep_alives_are_acknowledged_where_they_came_from);
	TAP_RUN(an_element_that_leaves_is_not_taken_over_by_another_registrar);
	TAP_RUN(with_a_new_home_the_connections_of_others_are_closed);
	TAP_RUN(a_flood_of_keep_alives_is_not_answered);
	return tap_end();
}
