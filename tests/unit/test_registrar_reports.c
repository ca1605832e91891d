#include "registrar_world.h"

/* Reports of unreachable elements, and the cause that a removed element is sent while it is connected: RFC 5352 s.3.2,
 * s.3.5, RFC 5355 s.2.13. */

/* @n users without a key report element 7, each from an address that begins with @prefix. */
static void
report_from(uint32_t first, uint32_t n, const char *prefix)
{
	for (uint32_t i = 0; i < n; i++) {
		char address[64];

		(void)snprintf(address, sizeof(address), "%s%u", prefix, (unsigned)i + 1);
		world_up_at(first + i, RSP_ROLE_USER, NULL, address);
		world_report(first + i, "web", 7);
	}
}

static void
reports_do_not_remove_an_element_that_answers(void)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	report_from(100, 50, "203.0.113."); /* before its answer is due */
	CHECK_EQ(world_members("web"), 1);
	CHECK_EQ(world_heard(WEB1).type, ASAP_ENDPOINT_KEEP_ALIVE);
	CHECK_EQ(world_heard(WEB1).type, 0);
	world_ack(WEB1, "web", 7);
	for (uint32_t round = 1; round <= 20; round++) { /* reports do not add up over time */
		world_run(1000);
		report_from(100 + 100 * round, 3, "203.0.113.");
		if (world_heard(WEB1).type == ASAP_ENDPOINT_KEEP_ALIVE)
			world_ack(WEB1, "web", 7);
	}
	world_run(20000);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

/* @n users report an element that does not answer and cannot be dialled: it has the grace time, unless more than
 * MAX-BAD-PE-REPORT (3) have reported it. Then they are named as the reason. */
static void
removed_after_reports(uint32_t n)
{ /* MAX-BAD-PE-REPORT is 3 */
	struct rsp_message told;

	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	report_from(100, n, "203.0.113.");
	world_run(n > 3 ? 4999 : 9999);
	CHECK_EQ(world_members("web"), 1);
	world_run(1);
	CHECK_EQ(world_members("web"), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), n > 3 ? "reported-unreachable" : "keepalive-unanswered");
	CHECK_EQ(world_told(RSP_EVENT_PE_REPORTED), n < 4 ? n : 4);
	CHECK_STR(world_reason(RSP_EVENT_PE_REPORTED), "asked");
	CHECK_STR(w.reporters, n == 3 ? "203.0.113.1:40100 203.0.113.2:40101 203.0.113.3:40102 "
					  : "203.0.113.1:40100 203.0.113.2:40101 203.0.113.3:40102 "
					    "203.0.113.4:40103 ");
	told = world_heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(told.pe_id, 7);
	CHECK_EQ(rsp_message_cause(&told), n > 3 ? RSP_CAUSE_REPORTED : RSP_CAUSE_UNANSWERED);
	world_end();
}

static void
an_element_that_does_not_answer_three_reports_is_removed(void)
{
	removed_after_reports(3);
}

static void
an_element_that_does_not_answer_four_reports_is_removed_as_reported(void)
{
	removed_after_reports(4);
}

static void
four_reports_are_recorded_of_five(void)
{
	removed_after_reports(5);
}

static void
four_reports_are_recorded_of_six(void)
{
	removed_after_reports(6);
}

static void
one_ipv6_host_is_one_reporter(void)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	report_from(100, 20, "2001:db8:1:2::");
	CHECK_EQ(world_told(RSP_EVENT_PE_REPORTED), 1);
	report_from(200, 1, "2001:db8:1:3::");
	CHECK_EQ(world_told(RSP_EVENT_PE_REPORTED), 2);
	world_run(10000);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered"); /* two are not more than three */
	world_end();
}

static void
one_ipv6_host_has_one_rate(void)
{ /* RFC 5355 s.2.1 */
	struct rsp_registrar_config config = world_defaults();

	config.reports = (struct rsp_rate){ .per_s = 1, .burst = 5 };
	world_serve_with(&config);
	report_from(100, 20, "2001:db8:1:2::");
	CHECK_EQ(rsp_registrar_stats(w.r).reports, 5);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "reports");
	world_end();
}

static void
a_report_of_an_unknown_element_is_recorded_as_that(void)
{
	world_serve();
	report_from(100, 1, "203.0.113.");
	CHECK_STR(world_reason(RSP_EVENT_PE_REPORTED), "unknown-element");
	world_end();
}

/* @n users report an element that has its grace time and cannot be dialled. */
static void
reports_in_the_grace_time(uint32_t n)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	report_from(100, n - 1, "203.0.113.");
	CHECK_EQ(world_members("web"), 1);
	world_run(1000); /* the next look may begin */
	report_from(200, 1, "203.0.114.");
	CHECK_EQ(world_members("web"), n > 3 ? 0 : 1);
	world_end();
}

static void
three_reports_do_not_end_the_grace_time(void)
{
	reports_in_the_grace_time(3);
}

static void
four_reports_end_the_grace_time_of_an_element_that_cannot_be_dialled(void)
{
	reports_in_the_grace_time(4);
}

static void
an_expired_element_is_sent_the_cause(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.keepalive_interval_ms = 0;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(300000);
	struct rsp_message told = world_heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_EXPIRED);
	CHECK_STR(rsp_cause_key(RSP_CAUSE_EXPIRED), "registration-expired");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_UNANSWERED), "keepalive-unanswered");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_REPORTED), "reported-unreachable");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_MOVED), "moved");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_DEREGISTERED), "deregistered");
	CHECK(!rsp_cause_key(RSP_CAUSE_DEREGISTERED + 1) && !rsp_cause_key(RSP_CAUSE_EPOCH_OLD - 1));
	world_end();
}

static void
a_displaced_process_is_sent_the_cause_without_keep_alives(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.keepalive_interval_ms = 0;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(world_register_as(WEB1_AGAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(1000);
	CHECK_EQ(world_heard(WEB1_AGAIN).type, ASAP_ENDPOINT_KEEP_ALIVE);
	world_ack(WEB1_AGAIN, "web", 7);
	struct rsp_message told = world_heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_run(100000);
	CHECK_EQ(world_heard(WEB1_AGAIN).type, 0);
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(reports_do_not_remove_an_element_that_answers);
	TAP_RUN(an_element_that_does_not_answer_three_reports_is_removed);
	TAP_RUN(an_element_that_does_not_answer_four_reports_is_removed_as_reported);
	TAP_RUN(four_reports_are_recorded_of_five);
	TAP_RUN(four_reports_are_recorded_of_six);
	TAP_RUN(one_ipv6_host_is_one_reporter);
	TAP_RUN(one_ipv6_host_has_one_rate);
	TAP_RUN(a_report_of_an_unknown_element_is_recorded_as_that);
	TAP_RUN(three_reports_do_not_end_the_grace_time);
	TAP_RUN(four_reports_end_the_grace_time_of_an_element_that_cannot_be_dialled);
	TAP_RUN(an_expired_element_is_sent_the_cause);
	TAP_RUN(a_displaced_process_is_sent_the_cause_without_keep_alives);
	return tap_end();
}
