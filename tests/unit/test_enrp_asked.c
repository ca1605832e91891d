#include "linked_world.h"

/* What registrars say of an element that is linked here: a greater statement is kept, and the element is asked: which
 * statements, when, and how often. The answers are in test_enrp_linked.c. (Beyond RFC 5353 s.3.3.) */

/* What is asked, and when */

static void
a_greater_statement_is_kept_and_the_element_is_asked(void)
{
	begin();
	b_has_it(200);
	was_asked_about(200);
	is_shown_as_ours(100);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_B);
	CHECK_EQ(count_updates(), 0);
	world_end();
}

static void
a_removal_at_its_epoch_is_asked(void)
{
	begin();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	was_asked_about(101); /* at 100 it would see no reason to register again */
	is_shown_as_ours(100);
	CHECK_STR(world_reason(RSP_EVENT_PE_CONTESTED), "removed");
	world_end();
}

static void
a_takeover_at_its_epoch_is_asked(void)
{
	begin();
	world_says(C, ID_C, ID_C, world_statement(100, PROCESS, RSP_RANK_REGISTERED + 1));
	was_asked_about(101);
	is_shown_as_ours(100);
	world_end();
}

static void
a_greater_statement_that_names_us_as_its_home_is_asked(void)
{ /* an old statement of ours, which this registrar has forgotten, comes back */
	begin();
	world_says(B, ID_B, ID_US, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	was_asked_about(200);
	is_shown_as_ours(100);
	world_end();
}

static void
a_statement_that_a_third_registrar_relays_is_asked(void)
{
	begin();
	world_says(C, ID_C, ID_B, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	was_asked_about(200);
	CHECK_EQ(w.event[w.n_events - 1].peer_id, ID_C); /* who said it */
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_B);
	world_end();
}

static void
a_statement_of_an_unknown_registrar_is_asked(void)
{
	begin();
	world_says(C, ID_C, ID_D, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	was_asked_about(200);
	world_end();
}

static void
the_statement_of_an_entry_of_a_table_is_asked(void)
{
	begin();
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 1 });
	world_clear();
	world_table(B, ID_B, 0, "web", 7, 1, ID_B, 200);
	was_asked_about(200);
	is_shown_as_ours(100);
	world_end();
}

static void
the_statement_that_it_made_here_is_not_asked(void)
{
	begin();
	struct rsp_pool_element pe = { 0 };
	rsp_element_decode(world_element("web", 7), &pe);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_end();
}

/* The statement that it made here, with other contents: at the address 192.0.2.@host. */
static void
b_says_other_contents(uint8_t host)
{
	struct rsp_pool_element pe = { 0 };
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	rsp_element_decode(world_element("web", 7), &pe);
	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
greater_contents_under_its_number_are_asked(void)
{
	begin();
	b_says_other_contents(99);
	was_asked_about(101);
	is_shown_as_ours(100);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 102, PROCESS, 0 });
	is_shown_as_ours(102);
	world_end();
}

static void
smaller_contents_under_its_number_are_answered_with_ours(void)
{
	struct rsp_message msg;

	begin();
	b_says_other_contents(0);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(rsp_transport_ip(&msg.element.user, 0).ip[3], 1);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_older_statement_is_answered_with_ours_and_not_asked(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(50);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	CHECK(!(msg.has & RSP_HAS_UPDATE_NUMBER));
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_statement_below_the_one_that_is_asked_is_answered_with_that(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(200);
	world_says(C, ID_C, ID_C, world_statement(150, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_B && msg.element.statement.epoch.epoch == 200);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	world_end();
}

static void
the_element_of_another_identity_is_another_element(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 200);

	begin();
	pe.owner = rsp_bytes_str("web2");
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	is_shown_as_ours(100);
	world_end();
}

/* Several statements */

static void
a_greater_one_that_arrives_while_it_is_asked_is_asked_next(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(200);
	world_says(C, ID_C, ID_C, world_statement(300, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1); /* one question at a time */
	world_ack_epoch(WEB1, "web", 7, own);
	world_run(1000); /* the distance of keep-alives */
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg) && msg.epoch.epoch == 300);
	is_shown_as_ours(100);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_smaller_one_does_not_replace_the_one_that_is_asked(void)
{
	begin();
	b_has_it(300);
	world_says(C, ID_C, ID_C, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_epoch("web", 7), 300);
	world_end();
}

static void
a_second_question_keeps_its_distance(void)
{
	begin();
	b_has_it(200);
	world_register_epoch(WEB1, "web", 7, above);
	world_run(400);
	b_has_it(300);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_run(599);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	is_shown_as_ours(201);
	world_run(2);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	world_end();
}

static void
statements_that_all_peers_repeat_are_recorded_once(void)
{
	begin();
	for (unsigned i = 0; i < 10; i++) {
		b_has_it(200);
		world_says(C, ID_C, ID_B, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_end();
}

static void
invented_statements_are_recorded_at_a_rate(void)
{
	begin();
	for (uint32_t i = 1; i <= 1000; i++) { /* in the name of unknown registrars */
		world_says(C, ID_C, ID_D + i, world_statement(200 + 2 * i, PROCESS, RSP_RANK_REGISTERED));
		world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 201 + 2 * i, PROCESS, 0 });
	}
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) <= 110);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records");
	is_shown_as_ours(2201);
	world_end();
}

/* Its octets */

/* A statement of b with more policy data than may be stored. */
static void
a_statement_that_is_too_large(void)
{
	static uint8_t extra[4096];
	struct rsp_pool_element pe = world_pe(7, ID_B, 200);

	pe.policy.extra = rsp_bytes_of(extra, sizeof(extra));
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
a_statement_that_is_too_large_to_be_stored_is_not_asked(void)
{
	begin();
	a_statement_that_is_too_large();
	world_run(501);
	is_shown_as_ours(100);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_sums_agree();
	world_end();
}

static void
a_statement_may_have_a_large_unknown_parameter(void)
{ /* it is kept without that until the element was asked */
	static uint8_t tlv[2104] = { 0xbf, 0x77, 2104 >> 8, 2104 & 255 };
	struct rsp_pool_element pe = world_pe(7, ID_B, 200);

	begin();
	pe.unknown.n = 1;
	pe.unknown.tlv[0] = rsp_bytes_of(tlv, sizeof(tlv));
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	was_asked_about(200);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_sums_agree();
	world_end();
}

int
main(void)
{
	TAP_RUN(a_greater_statement_is_kept_and_the_element_is_asked);
	TAP_RUN(a_removal_at_its_epoch_is_asked);
	TAP_RUN(a_takeover_at_its_epoch_is_asked);
	TAP_RUN(a_greater_statement_that_names_us_as_its_home_is_asked);
	TAP_RUN(a_statement_that_a_third_registrar_relays_is_asked);
	TAP_RUN(a_statement_of_an_unknown_registrar_is_asked);
	TAP_RUN(the_statement_of_an_entry_of_a_table_is_asked);
	TAP_RUN(the_statement_that_it_made_here_is_not_asked);
	TAP_RUN(greater_contents_under_its_number_are_asked);
	TAP_RUN(smaller_contents_under_its_number_are_answered_with_ours);
	TAP_RUN(an_older_statement_is_answered_with_ours_and_not_asked);
	TAP_RUN(a_statement_below_the_one_that_is_asked_is_answered_with_that);
	TAP_RUN(the_element_of_another_identity_is_another_element);
	TAP_RUN(a_greater_one_that_arrives_while_it_is_asked_is_asked_next);
	TAP_RUN(a_smaller_one_does_not_replace_the_one_that_is_asked);
	TAP_RUN(a_second_question_keeps_its_distance);
	TAP_RUN(statements_that_all_peers_repeat_are_recorded_once);
	TAP_RUN(invented_statements_are_recorded_at_a_rate);
	TAP_RUN(a_statement_that_is_too_large_to_be_stored_is_not_asked);
	TAP_RUN(a_statement_may_have_a_large_unknown_parameter);
	return tap_end();
}
