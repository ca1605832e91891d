#include "registrar_world.h"

static void
the_first_element_makes_the_pool(void)
{ /* RFC 5352 s.3.1 rule 1 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_message answer = world_resolve_as(USER, "web", 0, 0);
	struct rsp_list_item item;
	size_t cursor = 0;

	CHECK_EQ(answer.n_list, 1);
	CHECK_EQ(answer.policy.type, RSP_POLICY_RR);
	CHECK(answer.has & RSP_HAS_POLICY);
	CHECK(rsp_list_next(&answer, &cursor, &item));
	CHECK_EQ(item.element.pe_id, 7);
	CHECK_EQ(item.element.home_id, ID_US); /* rule 4 */
	CHECK_EQ(item.element.owner.n, 0);
	CHECK_EQ(item.element.asap.type, 0);
	world_end();
}

static void
further_elements_must_be_consistent_with_the_pool(void)
{ /* RFC 5352 s.3.1 rule 2, RFC 5354 s.3.12.6, s.3.12.8, s.3.12.9 */
	struct rsp_error_cause cause;

	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_message msg = world_registration("web", 8, "192.0.2.2");
	msg.element.policy.type = RSP_POLICY_PRIO;
	world_tell(WEB2, &msg);
	struct rsp_message answer = world_heard(WEB2);
	struct rsp_rd rd = rsp_rd_init(answer.error, 0);
	CHECK(rsp_error_cause_next(&rd, &cause));
	CHECK_EQ(cause.code, RSP_CAUSE_INCONSISTENT_POLICY);
	CHECK_EQ(cause.info.n, 8); /* the overall policy */

	msg = world_registration("web", 8, "192.0.2.2");
	msg.element.user.type = RSP_PARAM_UDP;
	world_tell(WEB2, &msg);
	answer = world_heard(WEB2);
	rd = rsp_rd_init(answer.error, 0);
	CHECK(rsp_error_cause_next(&rd, &cause));
	CHECK_EQ(cause.code, RSP_CAUSE_INCONSISTENT_TRANSPORT);
	CHECK_EQ(cause.info.n, 16);

	msg = world_registration("s", 1, "192.0.2.1");
	msg.element.user.type = RSP_PARAM_SCTP;
	world_tell(WEB1, &msg);
	CHECK_EQ(rsp_message_cause(&(struct rsp_message){ .error = world_heard(WEB1).error }), RSP_CAUSE_NONE);
	msg = world_registration("s", 2, "192.0.2.2");
	msg.element.user.type = RSP_PARAM_SCTP;
	msg.element.user.use = RSP_USE_DATA_CONTROL;
	world_tell(WEB2, &msg);
	answer = world_heard(WEB2);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_INCONSISTENT_USE);
	CHECK_EQ(world_members("web"), 1);
	CHECK_EQ(world_members("s"), 1);
	world_end();
}

static void
a_member_registers_again_and_is_replaced(void)
{ /* RFC 5352 s.3.1 rule 3 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.user.port = 8080;
	world_tell(WEB1, &msg);
	struct rsp_message answer = world_heard(WEB1);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_NONE);
	answer = world_resolve_as(USER, "web", 0, 0);
	struct rsp_list_item item;
	size_t cursor = 0;
	CHECK_EQ(answer.n_list, 1);
	CHECK(rsp_list_next(&answer, &cursor, &item));
	CHECK_EQ(item.element.user.port, 8080);
	CHECK_STR(world_reason(RSP_EVENT_PE_UPDATED), "");
	world_end();
}

static void
a_member_must_stay_consistent(void)
{ /* RFC 5352 s.3.1 rule 3: the same tests, even for the pool's only element; a refusal changes nothing */
	struct rsp_message msg[3];
	static const uint16_t cause[] = { RSP_CAUSE_INCONSISTENT_POLICY, RSP_CAUSE_INCONSISTENT_TRANSPORT,
					  RSP_CAUSE_INCONSISTENT_USE };
	struct rsp_list_item item;
	size_t cursor = 0;

	world_serve();
	for (unsigned i = 0; i < 3; i++) {
		msg[i] = world_registration("web", 7, "192.0.2.1");
		msg[i].element.user.type = RSP_PARAM_SCTP;
	}
	world_tell(WEB1, &msg[0]);
	CHECK_EQ(world_heard(WEB1).flags, 0);
	msg[0].element.policy.type = RSP_POLICY_PRIO;
	msg[1].element.user.type = RSP_PARAM_TCP;
	msg[2].element.user.use = RSP_USE_DATA_CONTROL;
	for (unsigned i = 0; i < 3; i++) {
		msg[i].element.user.port = 8080;
		world_tell(WEB1, &msg[i]);
		struct rsp_message answer = world_heard(WEB1);
		CHECK_EQ(answer.flags, ASAP_FLAG_REJECT);
		CHECK_EQ(rsp_message_cause(&answer), cause[i]);
	}
	struct rsp_message answer = world_resolve_as(USER, "web", 0, 0);
	CHECK_EQ(answer.n_list, 1);
	CHECK(rsp_list_next(&answer, &cursor, &item));
	CHECK_EQ(item.element.user.port, 80);
	CHECK_EQ(item.element.policy.type, RSP_POLICY_RR);
	world_end();
}

static void
impossible_values_are_refused(void)
{ /* RFC 5352 s.3.1 rule 5 */
	static char long_handle[RSP_HANDLE_MAX + 2];
	struct rsp_message bad[6];

	memset(long_handle, 'x', RSP_HANDLE_MAX + 1);
	world_serve();
	for (unsigned i = 0; i < 6; i++)
		bad[i] = world_registration("web", 7, "192.0.2.1");
	bad[0].element.pe_id = 0;
	bad[1].element.lifetime_s = 0;
	bad[2].element.lifetime_s = -2;
	bad[3].element.user.port = 0;
	bad[4].element.policy.type = 77;
	bad[5].handle = rsp_bytes_str(long_handle);
	for (unsigned i = 0; i < 6; i++) {
		world_tell(WEB1, &bad[i]);
		CHECK_EQ(w.n_events, i + 1);
		CHECK_EQ(w.event[i].cause, RSP_CAUSE_INVALID_VALUES);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

static void
only_elements_may_register(void)
{ /* RFC 5352 s.9.3, RFC 5355 s.2.1, s.2.15 */
	world_serve();
	CHECK_EQ(world_register_as(USER, "web", 7, "192.0.2.99"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_register_as(PLAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_register_as(MONITOR, "web", 7, "192.0.2.1"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_register_as(GUEST, "web", 7, "192.0.2.1"), RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pool-not-allowed");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_EQ(world_register_as(GUEST, "guests", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_deregister_as(USER, "guests", 7), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_deregister_as(PLAIN, "guests", 7), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_members("guests"), 1);
	struct rsp_message answer = world_resolve_as(PLAIN, "guests", 0, 0);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_SECURITY);
	CHECK_EQ(answer.n_list, 0);
	world_end();
}

static void
an_element_belongs_to_the_identity_that_registered_it(void)
{ /* RFC 5352 s.2.2.2, RFC 5355 s.2.2-2.4 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB2, "web", 7, "192.0.2.2"), RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another");
	CHECK_EQ(world_deregister_as(WEB2, "web", 7), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_members("web"), 1);
	/* also while it is not connected */
	world_down(WEB1, RSP_ECLOSED);
	CHECK_EQ(world_register_as(WEB2, "web", 7, "192.0.2.2"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_deregister_as(WEB2, "web", 7), RSP_CAUSE_SECURITY);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(world_deregister_as(WEB1_AGAIN, "web", 7), RSP_CAUSE_NONE);
	CHECK_EQ(world_members("web"), 0);
	/* removed: the id is free */
	CHECK_EQ(world_register_as(WEB2, "web", 7, "192.0.2.2"), RSP_CAUSE_NONE);
	world_end();
}

static void
an_element_registers_its_own_addresses(void)
{ /* RFC 5352 s.2.2.1 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.2"), RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "address-not-own");
	CHECK_EQ(world_register_as(PROXY, "web", 7, "198.51.100.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(PROXY, "web", 8, "203.0.113.1"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_register_as(WEB1, "web", 9, "::ffff:192.0.2.1"), RSP_CAUSE_NONE);
	world_end();
}

static void
deregistering_the_pe_identifier_zero_is_refused(void)
{
	world_serve();
	CHECK_EQ(world_deregister_as(WEB1, "web", 0), RSP_CAUSE_INVALID_VALUES);
	world_deregister_epoch(WEB1, "web", 0, (struct rsp_epoch){ .epoch = 5, .instance = 1 });
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
deregistering_an_unknown_element_is_granted(void)
{ /* RFC 5352 s.3.2 */
	world_serve();
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	struct rsp_message answer = world_resolve_as(USER, "web", 0, 0);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_UNKNOWN_POOL_HANDLE); /* s.3.3 */
	CHECK_EQ(answer.has & RSP_HAS_POLICY, 0);
	world_end();
}

static void
a_registration_expires(void)
{ /* RFC 5352 s.3.2 */
	struct rsp_registrar_config config = world_defaults();

	config.keepalive_interval_ms = 0;
	world_serve_with(&config);
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.lifetime_s = 60;
	world_tell(WEB1, &msg);
	(void)world_heard(WEB1);
	msg = world_registration("web", 8, "192.0.2.2");
	msg.element.lifetime_s = -1;
	world_tell(WEB2, &msg);
	world_run(59999);
	CHECK_EQ(world_members("web"), 2);
	world_run(1);
	CHECK_EQ(world_members("web"), 1);
	struct rsp_message answer = world_heard(WEB1);
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(answer.pe_id, 7);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	world_run(1000ULL * 86400 * 365);
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

static void
keep_alives_are_spread_and_an_unanswered_one_ends_the_link(void)
{ /* RFC 5352 s.3.4, s.3.5 */
	uint64_t least = UINT64_MAX, most = 0;

	world_serve();
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.lifetime_s = -1;
	world_tell(WEB1, &msg);
	(void)world_heard(WEB1);
	for (unsigned i = 0; i < 300; i++) {
		uint64_t before = w.now;
		struct rsp_message ka = { 0 };

		while (ka.type == 0) {
			world_run(100);
			ka = world_heard(WEB1);
		}
		CHECK_EQ(ka.type, ASAP_ENDPOINT_KEEP_ALIVE);
		CHECK_EQ(ka.server_id, ID_US);
		CHECK_EQ(ka.flags, 0);
		CHECK_EQ(ka.pe_id, 7);
		CHECK(ka.has & RSP_HAS_PE_ID);
		least = w.now - before < least ? w.now - before : least;
		most = w.now - before > most ? w.now - before : most;
		world_ack(WEB2, "web", 7); /* another identity cannot answer for it */
		if (i < 299)
			world_ack(WEB1, "web", 7);
	}
	CHECK(least >= 15000 && least < 16500 && most <= 45100 && most > 43500);
	world_run(5000);
	CHECK(!rsp_registrar_link_elements(w.r, WEB1));
	CHECK_EQ(world_members("web"), 1); /* it has the grace time: test_look.c */
	world_run(5000);
	CHECK_EQ(world_members("web"), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
a_report_is_checked_at_once_but_not_too_often(void)
{ /* RFC 5352 s.3.5, RFC 5355 s.2.13, s.2.14 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	unsigned keepalives = 0;

	world_report(PLAIN, "web", 7);
	CHECK_EQ(world_heard(WEB1).type, 0);
	world_report(USER, "web", 7);
	CHECK_EQ(world_heard(WEB1).type, ASAP_ENDPOINT_KEEP_ALIVE);
	world_ack(WEB1, "web", 7);
	for (unsigned i = 0; i < 100; i++) {
		world_report(USER, "web", 7);
		if (world_heard(WEB1).type) {
			keepalives++;
			world_ack(WEB1, "web", 7);
		}
		world_run(50);
	}
	CHECK(keepalives >= 1 && keepalives <= 5); /* 5 s, 1 s apart */
	CHECK_EQ(world_members("web"), 1);		   /* one reporter counts once */
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "reports");
	world_end();
}

static void
a_report_that_a_linked_element_does_not_answer_ends_its_link(void)
{ /* RFC 5352 s.3.5: H is 0; the element has keepalive_timeout_ms, no less and no more */
	struct rsp_registrar_config config = world_defaults();

	config.keepalive_timeout_ms = 3000;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB2, "web", 8, "192.0.2.2"), RSP_CAUSE_NONE);
	world_report(USER, "web", 7);
	struct rsp_message keepalive = world_heard(WEB1);
	CHECK_EQ(keepalive.type, ASAP_ENDPOINT_KEEP_ALIVE);
	CHECK_EQ(keepalive.flags, 0);
	CHECK_EQ(keepalive.pe_id, 7);
	world_run(2999);
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	world_run(1);
	CHECK(!rsp_registrar_link_elements(w.r, WEB1));
	CHECK_EQ(world_members("web"), 2);
	world_end();
}

static void
a_closed_connection_has_a_grace_time(void)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB2, "web", 8, "192.0.2.2"), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	world_down(WEB2, RSP_ECLOSED);
	world_run(4999);
	CHECK_EQ(world_members("web"), 2);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(world_register_as(WEB1_AGAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(1);
	CHECK_EQ(world_members("web"), 1);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "connection-lost");
	world_end();
}

static void
a_subscriber_is_sent_changes(void)
{ /* RFC 5352 s.2.2.5, s.2.2.6 */
	world_serve();
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, 0); /* no such pool: no updates */
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(1000);
	CHECK_EQ(world_heard(USER).type, 0);
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(world_register_as(WEB2, "web", 100 + i, "192.0.2.2"), RSP_CAUSE_NONE);
	unsigned before = w.n_sent;
	world_run(1000);
	CHECK_EQ(w.n_sent, before + 1); /* many changes, one update */
	struct rsp_message update = world_heard(USER);
	CHECK_EQ(update.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	CHECK_EQ(update.flags, ASAP_FLAG_ACCEPT);
	CHECK_EQ(update.n_list, 51); /* all of the pool */
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(world_deregister_as(WEB2, "web", 100 + i), RSP_CAUSE_NONE);
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	update = world_heard(USER);
	CHECK_EQ(rsp_message_cause(&update), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 0);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(1000);
	CHECK_EQ(world_heard(USER).type, 0);
	/* a subscription ends with its link */
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	world_down(USER, RSP_ECLOSED);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 0);
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	world_end();
}

static void
answers_are_bounded(void)
{
	world_serve();
	for (uint32_t i = 1; i <= 40; i++)
		CHECK_EQ(world_register_as(WEB1, "web", i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "web", 0, 0).n_list, 16);
	CHECK_EQ(world_resolve_as(USER, "web", 3, 0).n_list, 3);
	CHECK_EQ(world_resolve_as(USER, "web", UINT32_MAX, 0).n_list, 40);
	world_end();
}

static void
quotas_and_rates_are_kept(void)
{ /* RFC 5355 s.2.1, s.2.2 */
	struct rsp_registrar_config config = world_defaults();

	config.max_identity_elements = 3;
	config.registrations = (struct rsp_rate){ .per_s = 2, .burst = 6 };
	config.resolutions = (struct rsp_rate){ .per_s = 10, .burst = 10 };
	config.max_links = 8;
	world_serve_with(&config);
	for (uint32_t i = 1; i <= 3; i++)
		CHECK_EQ(world_register_as(WEB1, "web", i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "web", 4, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "elements-of-one-identity");
	CHECK_EQ(world_deregister_as(WEB1, "web", 3), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "web", 4, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "web", 4, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "rate");
	/* another identity has its own rate */
	CHECK_EQ(world_register_as(WEB2, "web", 9, "192.0.2.2"), RSP_CAUSE_NONE);
	world_run(500);
	CHECK_EQ(world_register_as(WEB1, "web", 4, "192.0.2.1"), RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(world_members("web"), 4);
	CHECK_EQ(world_members("web"), 0);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "rate");
	world_up_at(60, RSP_ROLE_USER, NULL, "203.0.113.9");
	struct rsp_link_info one_more = { .role = RSP_ROLE_USER, .secure = true };
	CHECK_EQ(rsp_registrar_link_up(w.r, w.now, 61, &one_more), RSP_ELIMIT);
	world_end();
}

static void
an_insecure_registrar_serves_plain_links(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.insecure = true;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(PLAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(PLAIN, "web", 0, 0).n_list, 1);
	world_up_at(50, RSP_ROLE_NONE, NULL, "192.0.2.50");
	CHECK_EQ(world_deregister_as(50, "web", 7), RSP_CAUSE_SECURITY); /* by proxy, RFC 5352 s.2.2.2 */
	CHECK_EQ(world_deregister_as(PLAIN, "web", 7), RSP_CAUSE_NONE);
	world_end();
}

static void
a_registrar_may_answer_plain_users_only(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.answer_plain_users = true;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(PLAIN, "web", 0, 0).n_list, 1);
	CHECK_EQ(world_register_as(PLAIN, "web", 8, "192.0.2.1"), RSP_CAUSE_SECURITY);
	world_end();
}

static void
unknown_messages_and_parameters_are_answered_by_the_rules(void)
{ /* RFC 5354 s.3, s.4; RFC 5352 s.2.2.14 */
	static const struct {
		uint8_t octets[24];
		size_t n;
		uint16_t cause;
	} in[] = {
		{ { 0x4f, 0, 0, 4 }, 4, RSP_CAUSE_UNRECOGNIZED_MSG },
		{ { 0x0f, 0, 0, 4 }, 4, RSP_CAUSE_NONE },
		{ { 5, 0, 0, 20, 0, 9, 0, 5, 'w', 0, 0, 0, 0x40, 0x77, 0, 8, 1, 2, 3, 4 },
		  20,
		  RSP_CAUSE_UNRECOGNIZED_PARAM },
		{ { 5, 0, 0, 20, 0, 9, 0, 5, 'w', 0, 0, 0, 0x00, 0x77, 0, 8, 1, 2, 3, 4 }, 20, RSP_CAUSE_NONE },
		{ { 2, 0, 0, 12, 0, 9, 0, 5, 'w', 0, 0, 0 }, 12, RSP_CAUSE_INVALID_VALUES },
	};

	world_serve();
	for (unsigned i = 0; i < RSP_COUNT(in); i++) {
		rsp_registrar_receive(w.r, w.now, USER, rsp_bytes_of(in[i].octets, in[i].n));
		struct rsp_message answer = world_heard(USER);

		CHECK_EQ(answer.type, in[i].cause == RSP_CAUSE_NONE ? 0 : ASAP_ERROR);
		CHECK_EQ(rsp_message_cause(&answer), in[i].cause);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).malformed, 5);
	world_end();
}

/* Changed messages over all links in any order break nothing, and the checksum stays right. */
static void
mutated_sessions_break_nothing(void)
{
	struct rsp_rng rng = rsp_rng_seeded(99);
	uint8_t buf[512];
	size_t size;

	world_serve();
	for (unsigned i = 0; i < 40000; i++) {
		uint32_t link = (uint32_t)(1 + rsp_rng_below(&rng, 7)), id = (uint32_t)(1 + rsp_rng_below(&rng, 20));
		char handle[2] = { (char)('a' + rsp_rng_below(&rng, 4)), 0 };
		struct rsp_message msg = world_registration(handle, id, link == 2 ? "192.0.2.2" : "192.0.2.1");

		switch (rsp_rng_below(&rng, 6)) {
		case 0:
			msg = world_asap(ASAP_DEREGISTRATION, handle, id);
			break;
		case 1:
			msg = world_asap(ASAP_ENDPOINT_UNREACHABLE, handle, id);
			break;
		case 2:
			msg = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, handle, id);
			break;
		case 3:
			msg = (struct rsp_message){ .protocol = RSP_ASAP, .type = ASAP_HANDLE_RESOLUTION, .flags = 1,
						    .has = RSP_HAS_HANDLE, .handle = rsp_bytes_str(handle) };
			break;
		default:
			break;
		}
		CHECK_EQ(rsp_message_encode(&msg, buf, sizeof(buf), &size), RSP_OK);
		if (rsp_rng_below(&rng, 2))
			buf[rsp_rng_below(&rng, size)] = (uint8_t)rsp_rng_u64(&rng);
		rsp_registrar_receive(w.r, w.now, link, rsp_bytes_of(buf, size));
		world_clear();
		if (rsp_rng_below(&rng, 8) == 0)
			world_run(rsp_rng_below(&rng, 3000));
		if (rsp_rng_below(&rng, 200) == 0 && link <= 2) {
			world_down(link, RSP_ECLOSED);
			world_up_at(link, RSP_ROLE_ELEMENT, link == 1 ? "web1" : "web2", link == 1 ? "192.0.2.1" : "192.0.2.2");
		}
	}
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(w.r);
	CHECK_EQ(rsp_home_checksum(hs, ID_US), full_checksum(hs, ID_US));
	CHECK(rsp_registrar_stats(w.r).registrations > 1000);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_first_element_makes_the_pool);
	TAP_RUN(further_elements_must_be_consistent_with_the_pool);
	TAP_RUN(a_member_registers_again_and_is_replaced);
	TAP_RUN(a_member_must_stay_consistent);
	TAP_RUN(impossible_values_are_refused);
	TAP_RUN(only_elements_may_register);
	TAP_RUN(an_element_belongs_to_the_identity_that_registered_it);
	TAP_RUN(an_element_registers_its_own_addresses);
	TAP_RUN(deregistering_the_pe_identifier_zero_is_refused);
	TAP_RUN(deregistering_an_unknown_element_is_granted);
	TAP_RUN(a_registration_expires);
	TAP_RUN(keep_alives_are_spread_and_an_unanswered_one_ends_the_link);
	TAP_RUN(a_report_is_checked_at_once_but_not_too_often);
	TAP_RUN(a_report_that_a_linked_element_does_not_answer_ends_its_link);
	TAP_RUN(a_closed_connection_has_a_grace_time);
	TAP_RUN(a_subscriber_is_sent_changes);
	TAP_RUN(answers_are_bounded);
	TAP_RUN(quotas_and_rates_are_kept);
	TAP_RUN(an_insecure_registrar_serves_plain_links);
	TAP_RUN(a_registrar_may_answer_plain_users_only);
	TAP_RUN(unknown_messages_and_parameters_are_answered_by_the_rules);
	TAP_RUN(mutated_sessions_break_nothing);
	return tap_end();
}
