#include "away_world.h"

/* What becomes of the elements that were connected to a registrar that was away, and joins again: those that number their
 * registrations (EPOCH) and those whose home does that for them. */

enum { UNNUMBERED = 9, NEW_USER = 50 };

/* As begin(), and the element 9 of "mine", which sends no EPOCH, is linked over WEB2. Returns the number that its home made. */
static uint64_t
begin_with_plain(void)
{
	(void)begin();
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB2, "mine", UNNUMBERED);
	uint64_t epoch = world_epoch("mine", UNNUMBERED);
	world_clear();
	pauses(LONG_MS);
	CHECK(!serves());
	return epoch;
}

/* a is the mentor. Its table says that the element @pe_id of "mine" has another home: a. */
static uint32_t
mentor_has(uint32_t pe_id)
{
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "mine", pe_id, 1, ID_A, number.epoch);
	CHECK(serves());
	CHECK_EQ(world_home("mine", pe_id), ID_A);
	return a;
}

static void
one_without_epoch_that_leaves_meanwhile_is_removed_at_the_number_it_had(void)
{
	uint64_t epoch = begin_with_plain();
	uint32_t a = table_of_mentor();
	struct rsp_message msg = { 0 };

	CHECK_EQ(world_deregister_as(WEB2, "mine", UNNUMBERED), RSP_CAUSE_NONE);
	CHECK_EQ(world_home("mine", UNNUMBERED), 0);
	CHECK_EQ(world_update_sent(a, &msg), ENRP_DEL_PE); /* an update that can be decoded */
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.statement.epoch.epoch, epoch);
	world_end();
}

static void
one_without_epoch_that_acknowledges_is_ours_again(void)
{
	uint64_t epoch = begin_with_plain();

	world_ack(WEB2, "mine", UNNUMBERED);
	CHECK(world_epoch("mine", UNNUMBERED) > epoch);
	(void)table_of_mentor();
	world_run(501);
	CHECK_EQ(world_home("mine", UNNUMBERED), ID_US);
	CHECK(rsp_registrar_link_elements(w.r, WEB2));
	CHECK(rsp_timer_is_set(&rsp_member(world_element("mine", UNNUMBERED))->expiry));
	world_sums_agree();
	world_end();
}

static void
one_without_epoch_that_does_not_answer_loses_its_connection(void)
{
	(void)begin_with_plain();
	(void)table_of_mentor();
	CHECK(!world_was_closed(WEB2));
	world_run(501);
	CHECK_EQ(world_home("mine", UNNUMBERED), 0);
	CHECK(world_was_closed(WEB2));
	world_end();
}

static void
one_that_does_not_register_is_told_that_it_is_not_held(void)
{
	(void)begin_away();
	(void)table_of_mentor();
	world_clear();
	world_run(501);
	struct rsp_message msg = world_heard(WEB1);
	CHECK_EQ(msg.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(msg.pe_id, 7);
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_UNANSWERED);
	CHECK(!world_was_closed(WEB1));
	world_end();
}

/* A report about it leads to a look. Then its old connection ends. */
static void
one_that_has_another_home_is_not_on_its_old_link_any_more(void)
{
	(void)begin_away();
	(void)mentor_has(7);
	CHECK(!rsp_registrar_link_elements(w.r, WEB1));
	CHECK_EQ(world_up(NEW_USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_report(NEW_USER, "mine", 7);
	world_down(WEB1, RSP_ECLOSED);
	world_run(0);
	CHECK_EQ(world_home("mine", 7), ID_A);
	world_sums_agree();
	world_end();
}

static void
one_that_has_another_home_is_told_that_it_is_not_held(void)
{
	(void)begin_away();
	world_clear();
	(void)mentor_has(7);
	struct rsp_message msg = world_heard(WEB1);
	CHECK_EQ(msg.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(msg.pe_id, 7);
	world_end();
}

static void
one_without_epoch_that_has_another_home_loses_its_connection(void)
{
	(void)begin_with_plain();
	(void)mentor_has(UNNUMBERED);
	CHECK(world_was_closed(WEB2));
	world_end();
}

/* The mentor says that this registrar is its home, and it is connected. */
static void
one_that_is_ours_and_linked_stays_linked(void)
{
	(void)begin_away();
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "mine", 7, 1, ID_US, number.epoch);
	CHECK(serves());
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	world_ack_epoch(WEB1, "mine", 7, number);
	world_run(501);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_sums_agree();
	world_end();
}

/* While this registrar looks for a mentor, b says that the element @pe_id of the pool @handle is removed. It finds none. */
static void
b_says_removed_and_no_mentor(const char *handle, uint32_t pe_id, uint32_t home_id)
{
	pauses(LONG_MS);
	world_run(0);
	world_joined(B, ID_B, "b");
	world_update(B, ID_B, ENRP_DEL_PE, handle,
		     world_stated_pe(pe_id, home_id, world_statement(31, PROCESS, RSP_RANK_REMOVED)));
	for (unsigned i = 0; i < 10 && !serves(); i++) {
		world_down(world_dialled("a"), RSP_EUNREACHABLE);
		lists(B, ID_B, true); /* it joins, too */
		world_run(500);
	}
	CHECK(serves());
}

static void
one_that_is_linked_and_removed_meanwhile_may_register_again(void)
{
	(void)begin();
	b_says_removed_and_no_mentor("mine", 7, ID_B);
	CHECK_EQ(world_home("mine", 7), ID_US); /* the copy: it was asked when this registrar came back */
	world_register_epoch(WEB1, "mine", 7, (struct rsp_epoch){ 32, PROCESS, 0 });
	world_run(2000);
	CHECK_EQ(world_epoch("mine", 7), 32);
	world_sums_agree();
	world_end();
}

static void
one_that_is_linked_and_removed_meanwhile_is_gone_if_it_does_not_answer(void)
{
	(void)begin();
	b_says_removed_and_no_mentor("mine", 7, ID_B);
	world_run(501);
	CHECK_EQ(world_home("mine", 7), 0);
	world_sums_agree();
	world_end();
}

static void
the_word_of_a_registrar_without_statement_stands_beside_a_removal(void)
{
	(void)begin();
	world_joined_plain(C, ID_C, "c");
	world_update(C, ID_C, ENRP_ADD_PE, "words", world_pe(9, ID_C, 0));
	b_says_removed_and_no_mentor("words", 9, ID_B);
	CHECK_EQ(world_home("words", 9), ID_C);
	world_end();
}

int
main(void)
{
	TAP_RUN(one_without_epoch_that_leaves_meanwhile_is_removed_at_the_number_it_had);
	TAP_RUN(one_without_epoch_that_acknowledges_is_ours_again);
	TAP_RUN(one_without_epoch_that_does_not_answer_loses_its_connection);
	TAP_RUN(one_that_does_not_register_is_told_that_it_is_not_held);
	TAP_RUN(one_that_has_another_home_is_not_on_its_old_link_any_more);
	TAP_RUN(one_that_has_another_home_is_told_that_it_is_not_held);
	TAP_RUN(one_without_epoch_that_has_another_home_loses_its_connection);
	TAP_RUN(one_that_is_ours_and_linked_stays_linked);
	TAP_RUN(one_that_is_linked_and_removed_meanwhile_may_register_again);
	TAP_RUN(one_that_is_linked_and_removed_meanwhile_is_gone_if_it_does_not_answer);
	TAP_RUN(the_word_of_a_registrar_without_statement_stands_beside_a_removal);
	return tap_end();
}
