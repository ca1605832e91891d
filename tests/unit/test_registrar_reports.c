#include "registrar_world.h"

/* Reports of unreachable elements, and what an element is told that is removed while it is connected: RFC 5352 s.3.2,
 * s.3.5, RFC 5355 s.2.13. */

/* @n users without a key report element 7, each from an address that begins with @prefix. */
static void
report_from(uint32_t first, uint32_t n, const char *prefix)
{
	struct rsp_message report = simple(ASAP_ENDPOINT_UNREACHABLE, "web", 7);

	for (uint32_t i = 0; i < n; i++) {
		char address[64];

		(void)snprintf(address, sizeof(address), "%s%u", prefix, (unsigned)i + 1);
		up(first + i, RSP_ROLE_USER, NULL, address);
		tell(first + i, &report);
	}
}

static void
reports_do_not_remove_an_element_that_answers(void)
{
	struct rsp_message ack = simple(ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 7);

	begin();
	CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	report_from(100, 50, "203.0.113."); /* before it can have answered */
	CHECK_EQ(members("web"), 1);
	CHECK_EQ(heard(WEB1).type, ASAP_ENDPOINT_KEEP_ALIVE);
	CHECK_EQ(heard(WEB1).type, 0);
	tell(WEB1, &ack);
	for (uint32_t round = 1; round <= 20; round++) { /* and no number adds up over time */
		pass(1000);
		report_from(100 + 100 * round, 3, "203.0.113.");
		if (heard(WEB1).type == ASAP_ENDPOINT_KEEP_ALIVE)
			tell(WEB1, &ack);
	}
	pass(20000);
	CHECK_EQ(events(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(members("web"), 1);
	end();
}

static void
reports_remove_an_element_that_does_not_answer_and_are_named(void)
{ /* MAX-BAD-PE-REPORT is 3 */
	struct rsp_message told;

	for (uint32_t n = 3; n <= 6; n++) {
		begin();
		CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
		report_from(100, n, "203.0.113.");
		pass(4999);
		CHECK_EQ(members("web"), 1);
		pass(1);
		CHECK_EQ(members("web"), 0);
		CHECK_STR(last_reason(RSP_EVENT_PE_REMOVED), n > 3 ? "reported-unreachable" : "keepalive-unanswered");
		CHECK_EQ(events(RSP_EVENT_PE_REPORTED), n < 4 ? n : 4);
		CHECK_STR(last_reason(RSP_EVENT_PE_REPORTED), "asked");
		CHECK_STR(world.reporters, n == 3 ? "203.0.113.1:40100 203.0.113.2:40101 203.0.113.3:40102 "
						  : "203.0.113.1:40100 203.0.113.2:40101 203.0.113.3:40102 "
						    "203.0.113.4:40103 ");
		told = heard(WEB1);
		CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
		CHECK_EQ(told.pe_id, 7);
		CHECK_EQ(rsp_message_cause(&told), n > 3 ? RSP_CAUSE_REPORTED : RSP_CAUSE_UNANSWERED);
		end();
	}
}

static void
one_ipv6_host_is_one_reporter(void)
{
	begin();
	CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	report_from(100, 20, "2001:db8:1:2::");
	CHECK_EQ(events(RSP_EVENT_PE_REPORTED), 1);
	report_from(200, 1, "2001:db8:1:3::");
	CHECK_EQ(events(RSP_EVENT_PE_REPORTED), 2);
	pass(5000);
	CHECK_STR(last_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered"); /* two are not more than three */
	end();
}

static void
one_ipv6_host_has_one_rate(void)
{ /* RFC 5355 s.2.1 */
	struct rsp_registrar_config config = config_sample();

	config.reports = (struct rsp_rate){ .per_s = 1, .burst = 5 };
	begin_with(&config);
	report_from(100, 20, "2001:db8:1:2::");
	CHECK_EQ(rsp_registrar_stats(world.r).reports, 5);
	CHECK_STR(last_reason(RSP_EVENT_LIMIT), "reports");
	end();
}

static void
a_report_of_what_is_not_there_is_recorded_as_that(void)
{
	begin();
	report_from(100, 1, "203.0.113.");
	CHECK_STR(last_reason(RSP_EVENT_PE_REPORTED), "unknown-element");
	end();
}

static void
many_reports_end_the_grace_time_of_what_cannot_be_dialled(void)
{
	for (uint32_t n = 3; n <= 4; n++) {
		begin();
		CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
		rsp_registrar_link_down(world.r, world.now, WEB1, RSP_ECLOSED);
		report_from(100, n, "203.0.113.");
		CHECK_EQ(members("web"), n > 3 ? 0 : 1);
		end();
	}
}

static void
what_has_expired_is_told_why(void)
{
	struct rsp_registrar_config config = config_sample();

	config.keepalive_interval_ms = 0;
	begin_with(&config);
	CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	pass(300000);
	struct rsp_message told = heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_EXPIRED);
	CHECK_STR(rsp_cause_key(RSP_CAUSE_EXPIRED), "registration-expired");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_UNANSWERED), "keepalive-unanswered");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_REPORTED), "reported-unreachable");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_MOVED), "moved");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_DEREGISTERED), "deregistered");
	CHECK(!rsp_cause_key(RSP_CAUSE_DEREGISTERED + 1) && !rsp_cause_key(RSP_CAUSE_EXPIRED - 1));
	end();
}

static void
a_displaced_process_is_told_where_no_keep_alives_are_sent_either(void)
{
	struct rsp_registrar_config config = config_sample();
	struct rsp_message ack = simple(ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 7);

	config.keepalive_interval_ms = 0;
	begin_with(&config);
	CHECK_EQ(register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	up(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(register_as(WEB1_AGAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	pass(1000);
	CHECK_EQ(heard(WEB1_AGAIN).type, ASAP_ENDPOINT_KEEP_ALIVE);
	tell(WEB1_AGAIN, &ack);
	struct rsp_message told = heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_NON_UNIQUE_PE_ID);
	pass(100000);
	CHECK_EQ(heard(WEB1_AGAIN).type, 0);
	CHECK_EQ(members("web"), 1);
	end();
}

int
main(void)
{
	TAP_RUN(reports_do_not_remove_an_element_that_answers);
	TAP_RUN(reports_remove_an_element_that_does_not_answer_and_are_named);
	TAP_RUN(one_ipv6_host_is_one_reporter);
	TAP_RUN(one_ipv6_host_has_one_rate);
	TAP_RUN(a_report_of_what_is_not_there_is_recorded_as_that);
	TAP_RUN(many_reports_end_the_grace_time_of_what_cannot_be_dialled);
	TAP_RUN(what_has_expired_is_told_why);
	TAP_RUN(a_displaced_process_is_told_where_no_keep_alives_are_sent_either);
	return tap_end();
}
