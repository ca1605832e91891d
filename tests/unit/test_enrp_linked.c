#include "linked_world.h"

/* A greater statement about an element that is linked here, or was until a moment ago: the element is asked, and registers
 * above it, or its link is dropped and the statement stands. (Beyond RFC 5353 s.3.3.) */

/* The answers */

static void
an_element_that_registers_above_it_stays_ours(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(200);
	world_register_epoch(WEB1, "web", 7, above);
	is_shown_as_ours(201);
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(world_update_sent(link, &msg), ENRP_ADD_PE);
		CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 201);
	}
	world_clear();
	world_run(2000);
	is_shown_as_ours(201);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 0);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	world_end();
}

static void
a_registration_below_it_is_refused_with_its_number(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(200);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 150, PROCESS, 0 });
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_EPOCH_OLD);
	CHECK_EQ(msg.epoch.epoch, 200);
	is_shown_as_ours(100);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
an_element_that_is_silent_loses_its_link_to_the_statement(void)
{
	begin();
	b_has_it(200);
	world_run(499);
	is_shown_as_ours(100);
	world_run(2);
	was_told_that_it_moved();
	is_b_s_and_stays_so(200);
	world_end();
}

static void
an_element_that_acknowledges_without_registering_has_another_home(void)
{
	begin();
	b_has_it(200);
	world_ack_epoch(WEB1, "web", 7, (struct rsp_epoch){ 200, PROCESS, 0 });
	is_shown_as_ours(100);
	world_run(499);
	is_shown_as_ours(100);
	world_run(2);
	was_told_that_it_moved();
	is_b_s_and_stays_so(200);
	world_end();
}

static void
an_element_that_acknowledges_may_register_until_the_keep_alive_interval_is_over(void)
{
	begin();
	b_has_it(200);
	world_ack_epoch(WEB1, "web", 7, own);
	world_run(490);
	world_register_epoch(WEB1, "web", 7, above);
	world_run(1000);
	is_shown_as_ours(201);
	world_end();
}

static void
an_element_whose_connection_closes_while_it_is_asked_is_the_statement_s_at_once(void)
{
	begin();
	b_has_it(200);
	world_down(WEB1, RSP_ECLOSED);
	is_b_s_and_stays_so(200);
	world_end();
}

static void
an_element_that_does_not_contradict_its_removal_is_removed(void)
{
	begin();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	world_run(501);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_MOVED), "removed");
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	CHECK_EQ(count_updates(), 0); /* b made it, and has told all */
	world_end();
}

static void
an_element_asked_in_vain_whose_statement_names_us_is_looked_at(void)
{
	begin();
	world_says(B, ID_B, ID_US, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	unsigned dials = w.n_dials;
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_epoch("web", 7), 200);
	world_run(500); /* the distance of keep-alives */
	CHECK_EQ(w.n_dials, dials + 1);
	CHECK_EQ(world_dialled("web1"), DIALLED + dials);
	world_end();
}

static void
ever_greater_statements_do_not_outrun_the_answer_of_the_element(void)
{
	begin();
	b_has_it(200);
	b_has_it(300);
	world_register_epoch(WEB1, "web", 7, above);
	is_shown_as_ours(201);
	world_end();
}

static void
ever_greater_statements_do_not_keep_an_element_from_renewing(void)
{
	begin();
	for (uint64_t i = 1; i <= 10; i++) {
		b_has_it(1000 * i);
		world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 1000 * i - 500, PROCESS, 0 }); /* refused */
		b_has_it(1000 * i + 100);
		world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 1000 * i + 1, PROCESS, 0 });
		is_shown_as_ours(1000 * i + 1);
		world_run(100);
	}
	world_end();
}

static void
ever_greater_statements_do_not_outrun_the_answer_of_an_element_without_epoch(void)
{
	begin();
	world_register(WEB1, "web", 8);
	uint64_t first = world_epoch("web", 8) + 100;
	for (uint64_t i = 0; i < 3; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, first + i));
	world_ack(WEB1, "web", 8);
	CHECK_EQ(world_home("web", 8), ID_US);
	CHECK(world_epoch("web", 8) > first);
	world_run(1000);
	CHECK_EQ(world_home("web", 8), ID_US);
	world_end();
}

static void
a_removal_of_which_the_element_is_asked_is_not_passed_on(void)
{ /* of its home others would believe it */
	struct rsp_message msg;

	begin();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	world_says(C, ID_C, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED + 1)); /* it precedes the removal */
	CHECK_EQ(count_updates(), 0);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 101);
	world_end();
}

static void
a_registration_elsewhere_of_which_the_element_is_asked_is_passed_on(void)
{
	struct rsp_message msg;

	begin();
	b_has_it(200);
	world_says(C, ID_C, ID_C, world_statement(150, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_B && msg.element.statement.epoch.epoch == 200);
	world_end();
}

static void
a_still_greater_statement_of_another_registrar_must_be_answered_too(void)
{
	begin();
	b_has_it(200);
	world_says(C, ID_C, ID_C, world_statement(300, PROCESS, RSP_RANK_REGISTERED));
	world_register_epoch(WEB1, "web", 7, above);
	is_shown_as_ours(100);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 301, PROCESS, 0 });
	is_shown_as_ours(301);
	world_end();
}

/* Elements that are not linked any more */

static void
an_element_that_is_not_linked_goes_to_the_statement_at_once(void)
{
	begin_unlinked();
	b_has_it(200);
	is_b_s_and_stays_so(200);
	world_end();
}

static void
a_removal_of_an_element_that_is_not_linked_holds_at_once(void)
{
	begin_unlinked();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_MOVED), "removed");
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
an_element_that_was_removed_by_another_may_come_back(void)
{
	begin_unlinked();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	is_shown_as_ours(101);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
an_unknown_home_becomes_a_peer(void)
{
	struct rsp_peer_view view;

	begin_unlinked();
	world_says(C, ID_C, ID_D, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_home("web", 7), ID_D);
	CHECK(world_peer_view(ID_D, &view));
	world_end();
}

/* The quota of an identity */

static void
an_element_that_moved_does_not_count_for_its_identity(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_identity_elements = 1;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(WEB1, "web", 7, own);
	world_register_epoch(WEB1, "web", 8, own);
	CHECK_EQ(world_home("web", 8), 0);
	b_has_it(200);
	world_run(501);
	world_register_epoch(WEB1, "web", 8, own);
	CHECK_EQ(world_home("web", 8), ID_US);
	world_register_epoch(WEB1, "web", 7, above); /* one that comes back is not refused for the quota */
	is_shown_as_ours(201);
	world_end();
}

static void
a_life_that_ends_while_the_element_is_asked_removes_no_statement_of_another_home(void)
{
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");

	begin();
	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = (struct rsp_epoch){ 150, PROCESS, 0 };
	msg.element.lifetime_s = 1;
	world_tell(WEB1, &msg);
	world_run(600);
	b_has_it(200);
	world_run(450);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_epoch("web", 7), 200);
	world_end();
}

int
main(void)
{
	TAP_RUN(an_element_that_registers_above_it_stays_ours);
	TAP_RUN(a_registration_below_it_is_refused_with_its_number);
	TAP_RUN(an_element_that_is_silent_loses_its_link_to_the_statement);
	TAP_RUN(an_element_that_acknowledges_without_registering_has_another_home);
	TAP_RUN(an_element_that_acknowledges_may_register_until_the_keep_alive_interval_is_over);
	TAP_RUN(an_element_whose_connection_closes_while_it_is_asked_is_the_statement_s_at_once);
	TAP_RUN(an_element_that_does_not_contradict_its_removal_is_removed);
	TAP_RUN(an_element_asked_in_vain_whose_statement_names_us_is_looked_at);
	TAP_RUN(ever_greater_statements_do_not_outrun_the_answer_of_the_element);
	TAP_RUN(ever_greater_statements_do_not_keep_an_element_from_renewing);
	TAP_RUN(ever_greater_statements_do_not_outrun_the_answer_of_an_element_without_epoch);
	TAP_RUN(a_removal_of_which_the_element_is_asked_is_not_passed_on);
	TAP_RUN(a_registration_elsewhere_of_which_the_element_is_asked_is_passed_on);
	TAP_RUN(a_still_greater_statement_of_another_registrar_must_be_answered_too);
	TAP_RUN(an_element_that_is_not_linked_goes_to_the_statement_at_once);
	TAP_RUN(a_removal_of_an_element_that_is_not_linked_holds_at_once);
	TAP_RUN(an_element_that_was_removed_by_another_may_come_back);
	TAP_RUN(an_unknown_home_becomes_a_peer);
	TAP_RUN(an_element_that_moved_does_not_count_for_its_identity);
	TAP_RUN(a_life_that_ends_while_the_element_is_asked_removes_no_statement_of_another_home);
	return tap_end();
}
