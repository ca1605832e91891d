#include "registrar_world.h"

/* Elements that users report, of this registrar and of others: RFC 5352 s.3.5. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_distance_ms = 1000;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	for (uint32_t i = 1; i <= 3; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(i, ID_B, 20));
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

static uint32_t
links(void)
{
	return rsp_registrar_stats(w.r).links;
}

static void
report(uint32_t pe_id)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_UNREACHABLE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .handle = rsp_bytes_str("web"),
				   .pe_id = pe_id };

	world_tell(USER, &msg);
}

static void
a_reported_element_of_another_registrar_is_asked_where_it_listens(void)
{
	struct rsp_message msg;

	begin();
	uint32_t before = links();
	report(1);
	CHECK_STR(world_reason(RSP_EVENT_PE_REPORTED), "asked");
	uint32_t link = world_dialled("web1");
	CHECK_EQ(link, DIALLED + w.n_dials - 1);
	CHECK_EQ(w.dial[w.n_dials - 1].port, 5000);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK_EQ(msg.flags, 0); /* no H flag: its home stays the same */
	CHECK_EQ(msg.pe_id, 1);
	CHECK_EQ(msg.server_id, ID_US);
	world_ack(link, "web", 2); /* another element than the one asked */
	CHECK(!world_was_closed(link));
	world_ack(link, "web", 1);
	CHECK(world_was_closed(link)); /* the connection is not needed any more */
	world_run(1200);
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(links(), before);
	world_end();
}

static void
a_reported_element_is_asked_at_a_rate(void)
{ /* RFC 5355 s.2.14 */
	begin();
	for (unsigned i = 0; i < 50; i++) {
		report(1);
		uint32_t link = world_dialled("web1");
		if (!world_was_closed(link)) {
			(void)world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1");
			world_ack(link, "web", 1);
		}
		world_run(50);
	}
	CHECK(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE) >= 2 && world_count(0, ASAP_ENDPOINT_KEEP_ALIVE) <= 3);
	world_end();
}

/* Why an element does not answer. */
enum how { REFUSES, HANGS, CLOSES, SILENT, NOWHERE };

static void
does_not_answer(enum how how)
{
	uint32_t link = world_dialled("web1");

	if (how == NOWHERE)
		return;
	if (how == REFUSES)
		world_down(link, RSP_EUNREACHABLE);
	else if (how != HANGS)
		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	if (how == CLOSES)
		world_down(link, RSP_ECLOSED);
	if (how == HANGS || how == SILENT)
		world_run(501);
	CHECK(how == REFUSES || how == CLOSES || world_was_closed(link));
}

/* A user reports element 1, which does not answer: the report is passed on to its home, and only what the home says counts.
 * The other side of this is reported_by_b(). */
static void
the_home_is_told_and_decides(enum how how)
{
	struct rsp_pool_element pe = world_pe(1, ID_B, 22);
	struct rsp_message msg;

	begin();
	if (how == NOWHERE)
		pe.asap.port = 0;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	world_clear();
	uint32_t before = links();
	report(1);
	does_not_answer(how);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg));
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK(msg.has & RSP_HAS_REPORTED);
	CHECK_EQ(msg.element.pe_id, 1);
	CHECK_EQ(msg.element.home_id, ID_B);
	CHECK_EQ(msg.element.statement.epoch.epoch, 22);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_home("web", 1), ID_B);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(1, ID_B, 22));
	CHECK_EQ(world_home("web", 1), 0);
	world_run(1100);
	CHECK_EQ(links(), before);
	world_end();
}

static void
the_home_is_told_of_an_element_that_refuses_the_connection(void)
{
	the_home_is_told_and_decides(REFUSES);
}

static void
the_home_is_told_of_an_element_whose_host_does_not_answer(void)
{
	the_home_is_told_and_decides(HANGS);
}

static void
the_home_is_told_of_an_element_that_closes_the_connection(void)
{
	the_home_is_told_and_decides(CLOSES);
}

static void
the_home_is_told_of_an_element_that_is_silent(void)
{
	the_home_is_told_and_decides(SILENT);
}

static void
the_home_is_told_of_an_element_that_listens_nowhere(void)
{
	the_home_is_told_and_decides(NOWHERE);
}

/* The registrar b passes on a report of the element 9, whose home we are. */
static void
reported_by_b(void)
{
	struct rsp_message msg = update_message(ID_B, ENRP_ADD_PE, "other", world_pe(9, ID_US, 22));

	msg.has |= RSP_HAS_REPORTED;
	msg.receiver_id = ID_US;
	world_tell(B, &msg);
}

static void
begin_own(void)
{
	begin();
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(1, "other", 9);
	world_clear();
}

static void
a_report_that_a_peer_passes_on_makes_the_home_ask_over_the_link(void)
{
	struct rsp_message msg;

	begin_own();
	reported_by_b();
	CHECK_EQ(world_count(1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK(world_find(1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg) && msg.flags == 0);
	world_ack(1, "other", 9);
	world_run(2000);
	CHECK_EQ(world_home("other", 9), ID_US);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_report_that_a_peer_passes_on_begins_a_look_if_the_element_is_not_linked(void)
{
	begin_own();
	world_down(1, RSP_ECLOSED);
	CHECK_EQ(world_dialled("web1"), 0);
	reported_by_b();
	CHECK(world_dialled("web1") != 0);
	world_end();
}

static void
a_report_that_a_peer_passes_on_of_an_element_of_another_home_is_ignored(void)
{
	struct rsp_message msg = update_message(ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_B, 20));

	begin();
	msg.has |= RSP_HAS_REPORTED;
	msg.receiver_id = ID_US;
	world_tell(C, &msg);
	CHECK_EQ(world_dialled("web1"), 0);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(world_home("web", 1), ID_B);
	world_end();
}

static void
an_element_that_a_peer_did_not_reach_and_that_does_not_answer_is_removed(void)
{
	struct rsp_message msg;

	begin_own();
	reported_by_b();
	world_run(1000); /* the keep-alive; and the distance to the look */
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_home("other", 9), ID_US);
	world_run(200);
	CHECK_EQ(world_home("other", 9), 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.pe_id, 9);
	world_end();
}

static void
an_element_that_moved_is_sent_the_cause(void)
{ /* it does not answer, but its connection is up */
	struct rsp_message msg;

	begin();
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(1, "other", 9);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "other",
		     world_pe(9, ID_B, world_epoch("other", 9) + 100));
	world_run(501);
	CHECK_EQ(world_home("other", 9), ID_B);
	CHECK(world_find(1, RSP_ASAP, ASAP_DEREGISTRATION_RESPONSE, 0, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_MOVED);
	world_end();
}

/* Users report elements 1 and 2, and the registrar dials them. Returns that link. */
static uint32_t
begin_to_ask(void)
{
	begin();
	report(1);
	report(2);
	return world_dialled("web1");
}

static void
an_element_may_be_removed_while_it_is_asked(void)
{
	uint32_t link = begin_to_ask();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(1, ID_B, 22));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(2, ID_B, 22));
	world_ack(link, "web", 1);
	world_run(2000);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

static void
an_element_may_register_here_while_it_is_asked(void)
{
	uint32_t link = begin_to_ask();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 1);
	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(2000);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
an_element_may_register_over_the_connection_on_which_it_is_asked(void)
{
	uint32_t link = begin_to_ask();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_register_at(link, "web", 1, 99);
	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	CHECK(!world_was_closed(link));
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(2000);
	world_end();
}

static void
the_registrar_may_leave_while_it_asks(void)
{
	uint32_t link = begin_to_ask();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	rsp_registrar_leave(w.r);
	CHECK(world_was_closed(link));
	world_end();
}

static void
the_connection_to_a_reported_element_may_not_come_about(void)
{
	uint32_t link = begin_to_ask();

	world_run(2000);
	CHECK(world_was_closed(link));
	CHECK_EQ(world_home("web", 1), ID_B);
	world_end();
}

static void
reported_elements_are_asked_a_few_at_a_time(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_adoptions = 4;
	config.reports = (struct rsp_rate){ 0 };
	world_begin(&config);
	world_joined(B, ID_B, "b");
	for (uint32_t i = 1; i <= 20; i++) {
		struct rsp_pool_element pe = world_pe(i, ID_B, 20);

		pe.asap.port = (uint16_t)(5000 + i);
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	}
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	unsigned before = w.n_dials;
	for (uint32_t i = 1; i <= 20; i++)
		report(i);
	CHECK_EQ(w.n_dials - before, 4); /* the others wait */
	CHECK_EQ(world_told(RSP_EVENT_PE_REPORTED), 20);
	world_down(DIALLED + before, RSP_EUNREACHABLE);
	CHECK_EQ(w.n_dials - before, 5);
	world_end();
}

/* b dies, and we take it over. */
static void
taken_over(void)
{
	world_run(2400);
	world_presence(C, ID_C, "c", false);
	world_run(600);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_B);
	world_run(0);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
}

/* Elements 1 to 3 are adopted over one connection, over which nothing was sent before it was up: else it would be
 * closed, and with it the adoption of all that share it. */
static void
are_adopted_over(uint32_t link)
{
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_count(link, ASAP_DEREGISTRATION_RESPONSE), 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 3);
	for (uint32_t i = 1; i <= 3; i++)
		world_ack(link, "web", i);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 3);
	world_end();
}

static void
a_report_sends_nothing_over_a_connection_that_is_not_up(void)
{
	begin();
	taken_over();
	uint32_t link = world_dialled("web1");
	CHECK(link);
	report(1);
	are_adopted_over(link);
}

static void
an_expired_registration_sends_nothing_over_a_connection_that_is_not_up(void)
{
	struct rsp_pool_element pe = world_pe(1, ID_B, 22);

	begin();
	pe.lifetime_s = 1;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	taken_over();
	uint32_t link = world_dialled("web1");
	CHECK(link);
	world_run(400);
	are_adopted_over(link);
}

/* An element is being asked for a report when the takeover of its home is complete. */
static void
an_element_that_was_just_asked_is_asked_with_the_h_flag_after_the_distance(void)
{
	struct rsp_message msg;

	begin();
	world_run(2400);
	world_presence(C, ID_C, "c", false);
	world_run(500);
	report(1);
	uint32_t first = world_dialled("web1");
	CHECK_EQ(world_up(first, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_run(200);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_B);
	world_run(0);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	CHECK(world_was_closed(first));
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	world_ack(link, "web", 2);
	world_ack(link, "web", 3);
	world_run(800);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 3); /* over the connection that is there */
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg) && msg.pe_id == 1);
	CHECK_EQ(msg.flags, ASAP_FLAG_HOME);
	world_ack(link, "web", 1);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 3);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_reported_element_of_another_registrar_is_asked_where_it_listens);
	TAP_RUN(a_reported_element_is_asked_at_a_rate);
	TAP_RUN(the_home_is_told_of_an_element_that_refuses_the_connection);
	TAP_RUN(the_home_is_told_of_an_element_whose_host_does_not_answer);
	TAP_RUN(the_home_is_told_of_an_element_that_closes_the_connection);
	TAP_RUN(the_home_is_told_of_an_element_that_is_silent);
	TAP_RUN(the_home_is_told_of_an_element_that_listens_nowhere);
	TAP_RUN(a_report_that_a_peer_passes_on_makes_the_home_ask_over_the_link);
	TAP_RUN(a_report_that_a_peer_passes_on_begins_a_look_if_the_element_is_not_linked);
	TAP_RUN(a_report_that_a_peer_passes_on_of_an_element_of_another_home_is_ignored);
	TAP_RUN(an_element_that_a_peer_did_not_reach_and_that_does_not_answer_is_removed);
	TAP_RUN(an_element_that_moved_is_sent_the_cause);
	TAP_RUN(an_element_may_be_removed_while_it_is_asked);
	TAP_RUN(an_element_may_register_here_while_it_is_asked);
	TAP_RUN(an_element_may_register_over_the_connection_on_which_it_is_asked);
	TAP_RUN(the_registrar_may_leave_while_it_asks);
	TAP_RUN(the_connection_to_a_reported_element_may_not_come_about);
	TAP_RUN(reported_elements_are_asked_a_few_at_a_time);
	TAP_RUN(a_report_sends_nothing_over_a_connection_that_is_not_up);
	TAP_RUN(an_expired_registration_sends_nothing_over_a_connection_that_is_not_up);
	TAP_RUN(an_element_that_was_just_asked_is_asked_with_the_h_flag_after_the_distance);
	return tap_end();
}
