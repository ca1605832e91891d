#include "registrar_world.h"

/* A registrar takes over or removes the element of a third registrar, at the epoch that the element gave, and that home is
 * heard: it is over the head of the home, which is asked before this is believed. (Beyond RFC 5353 s.3.3.) */

enum { WAIT = 1000 }; /* 2 x MAX-TIME-NO-RESPONSE */

/* Ranks at epoch 100 */
static const uint16_t registered = RSP_RANK_REGISTERED, taken = RSP_RANK_REGISTERED + 1, removed = RSP_RANK_REMOVED;

static void
says(uint32_t link, uint32_t sender_id, uint32_t home_id, uint16_t rank)
{
	world_says(link, sender_id, home_id, world_statement(100, PROCESS, rank));
}

/* Element 7 is registered at b, since epoch 100; a and c are peers, too. */
static void
begin(void)
{
	world_begin_with_peers();
	world_joined(A, ID_A, "a");
	says(B, ID_B, ID_B, registered);
	world_clear();
}

/* Only b was asked, @times times, the last time whether @home_id has it at @rank. */
static void
b_was_asked(unsigned times, uint32_t home_id, uint16_t rank)
{
	struct rsp_message msg;

	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), times);
	CHECK_EQ(world_update_sent(B, &msg), rank == removed ? ENRP_DEL_PE : ENRP_ADD_PE);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK_EQ(msg.element.home_id, home_id);
	CHECK_EQ(msg.element.statement.rank, rank);
	CHECK_EQ(msg.element.statement.epoch.epoch, 100);
	CHECK(!(msg.has & RSP_HAS_UPDATE_NUMBER));
	CHECK_EQ(world_count(A, ENRP_HANDLE_UPDATE) + world_count(C, ENRP_HANDLE_UPDATE), 0);
}

static void
is_b_s(void)
{
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_stored("web", 7).rank, registered);
}

/* Asked, and answered */

static void
a_takeover_over_the_head_of_a_home_is_sent_to_it_alone(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	b_was_asked(1, ID_C, taken);
	is_b_s();
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_sums_agree();
	world_end();
}

static void
a_removal_over_the_head_of_a_home_is_sent_to_it_alone(void)
{
	begin();
	says(C, ID_C, ID_C, removed);
	b_was_asked(1, ID_C, removed);
	is_b_s();
	world_end();
}

static void
the_statement_of_a_fourth_registrar_is_over_its_head_too(void)
{
	begin();
	says(C, ID_C, ID_D, taken);
	b_was_asked(1, ID_D, taken);
	is_b_s();
	world_end();
}

static void
a_home_is_asked_once_about_one_statement(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	says(C, ID_C, ID_C, taken);
	says(A, ID_A, ID_C, taken);
	b_was_asked(1, ID_C, taken);
	world_run(WAIT - 1);
	is_b_s();
	world_run(1); /* and no longer for that */
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_home_that_does_not_answer_in_time_loses_the_element(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_run(WAIT - 1);
	is_b_s();
	world_run(1);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_stored("web", 7).rank, taken);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_sums_agree();
	world_end();
}

static void
a_home_that_does_not_answer_in_time_has_its_element_removed(void)
{
	begin();
	says(C, ID_C, ID_C, removed);
	world_run(WAIT);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
a_home_whose_element_has_registered_again_keeps_it(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_run(WAIT - 1);
	world_says(B, ID_B, ID_B, world_statement(101, PROCESS, registered));
	world_run(2 * WAIT);
	is_b_s();
	CHECK_EQ(world_epoch("web", 7), 101);
	world_end();
}

static void
a_home_that_says_so_itself_is_believed_at_once(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	says(B, ID_B, ID_C, taken);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_clear();
	world_run(2 * WAIT);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_home_that_has_removed_it_meanwhile_is_believed_at_once(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	says(B, ID_B, ID_B, removed);
	CHECK_EQ(world_home("web", 7), 0);
	world_run(2 * WAIT);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

static void
a_home_that_repeats_what_it_had_is_asked_again(void)
{ /* sent before b received the question */
	begin();
	says(C, ID_C, ID_C, taken);
	says(B, ID_B, ID_B, registered);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 2);
	is_b_s();
	world_run(WAIT);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_home_that_removed_it_after_it_was_asked_is_asked_again_with_its_table(void)
{ /* it waited for the element, which did not register, and its table does not list it any more */
	begin();
	says(C, ID_C, ID_C, removed);
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 1 });
	world_table(B, ID_B, 0, "web", 8, 1, ID_B, 100);
	b_was_asked(2, ID_C, removed);
	says(B, ID_B, ID_C, removed);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

static void
a_home_is_told_of_what_its_table_lacks_and_not_asked(void)
{
	struct rsp_message msg;

	begin();
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 1 });
	world_table(B, ID_B, 0, "web", 8, 1, ID_B, 100);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(msg.receiver_id, 0);
	world_end();
}

/* b is not heard any more while element 7 waits for its answer, and a relays the table of b. */
static void
a_relay_is_told_of_what_waits_and_not_asked(void)
{
	const struct rsp_heard heard = { .server_id = ID_B, .digest = 1 };
	struct rsp_message msg;

	begin();
	world_down(B, RSP_ECLOSED);
	says(C, ID_C, ID_C, removed);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_B);
	world_run(600);
	for (unsigned i = 0; i < 2; i++) {
		world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = &heard, .n_heard = 1 });
		world_run(150);
	}
	CHECK(world_find(A, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(msg.table_of, ID_B);
	is_b_s();
	world_table_of = ID_B;
	world_table(A, ID_A, 0, "web", 8, 1, ID_B, 100);
	CHECK_EQ(world_update_sent(A, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.receiver_id, 0);
	world_end();
}

static void
a_lying_registrar_does_not_get_an_element_whose_home_answers(void)
{
	begin();
	for (uint64_t epoch = 100; epoch < 200; epoch++) {
		world_says(C, ID_C, ID_C, world_statement(epoch, PROCESS, taken));
		world_run(10);
		world_says(C, ID_C, ID_C, world_statement(epoch, PROCESS, removed));
		world_run(100);
		is_b_s();
		world_says(B, ID_B, ID_B, world_statement(epoch + 1, PROCESS, registered));
		is_b_s();
	}
	world_end();
}

/* Several statements */

static void
a_greater_one_over_its_head_is_asked_too(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_run(WAIT / 2);
	says(A, ID_A, ID_A, taken + 1);
	b_was_asked(2, ID_A, taken + 1);
	world_run(WAIT - 1);
	is_b_s();
	world_run(1);
	CHECK_EQ(world_home("web", 7), ID_A);
	world_end();
}

static void
a_smaller_one_over_its_head_is_answered_with_the_greater(void)
{
	struct rsp_message msg;

	begin();
	says(C, ID_C, ID_C, taken);
	says(A, ID_A, ID_A, taken); /* the lower server id */
	CHECK_EQ(world_update_sent(A, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_C && msg.receiver_id == 0);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	world_run(WAIT);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_higher_epoch_ends_the_wait(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_says(C, ID_C, ID_C, world_statement(101, PROCESS, registered)); /* the element has registered there */
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_epoch("web", 7), 101);
	world_run(2 * WAIT);
	CHECK_EQ(world_epoch("web", 7), 101);
	world_end();
}

static void
a_registration_here_ends_the_wait(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_run(2 * WAIT);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 0);
	world_end();
}

/* What is not over its head */

/* Element 7 has @home_id at once, and b was not asked. */
static void
moved_at_once(uint32_t home_id)
{
	CHECK_EQ(world_home("web", 7), home_id);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_registration_elsewhere_is_believed_at_once(void)
{
	begin();
	world_says(C, ID_C, ID_C, world_statement(101, PROCESS, registered));
	moved_at_once(ID_C);
}

static void
a_takeover_at_a_higher_epoch_is_believed_at_once(void)
{ /* the home of that epoch, which is unknown here, is not b */
	begin();
	world_says(C, ID_C, ID_C, world_statement(101, PROCESS, taken));
	moved_at_once(ID_C);
}

static void
a_takeover_of_another_process_is_believed_at_once(void)
{
	begin();
	world_says(C, ID_C, ID_C, world_statement(100, OTHER_PROCESS, taken));
	moved_at_once(ID_C);
}

static void
what_is_relayed_of_the_home_itself_is_believed_at_once(void)
{
	begin();
	says(C, ID_C, ID_B, removed);
	moved_at_once(0);
}

static void
the_takeover_of_a_home_that_is_not_heard_is_believed_at_once(void)
{
	begin();
	world_down(B, RSP_ECLOSED);
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
	world_run(600);
	world_clear();
	says(C, ID_C, ID_C, taken);
	moved_at_once(ID_C);
}

static void
the_takeover_of_a_home_that_was_never_heard_is_believed_at_once(void)
{
	begin();
	world_says(C, ID_C, ID_D, world_statement(101, PROCESS, registered));
	world_says(A, ID_A, ID_A, world_statement(101, PROCESS, taken));
	moved_at_once(ID_A);
}

static void
a_home_without_state_is_not_asked(void)
{ /* it was not known yet when the statement arrived */
	begin();
	world_says(C, ID_C, ID_D, world_statement(101, PROCESS, registered));
	world_joined_plain(D, ID_D, "d");
	world_clear();
	world_says(C, ID_C, ID_C, world_statement(101, PROCESS, taken));
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	moved_at_once(ID_C);
}

static void
a_wait_lasts_its_time_although_the_home_dies(void)
{
	begin();
	says(C, ID_C, ID_C, taken);
	world_down(B, RSP_ECLOSED);
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
	world_run(WAIT - 1);
	is_b_s();
	world_run(1);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_wait_lasts_its_time_although_the_element_is_reported(void)
{ /* RFC 5352 s.3.5 */
	begin();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	says(C, ID_C, ID_C, taken);
	world_report(USER, "web", 7);
	world_run(WAIT - 1);
	is_b_s();
	world_run(1);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
a_statement_that_is_too_large_to_be_stored_is_not_asked(void)
{
	static uint8_t extra[4096];
	struct rsp_pool_element pe = world_stated_pe(7, ID_C, world_statement(100, PROCESS, taken));

	begin();
	pe.policy.extra = rsp_bytes_of(extra, sizeof(extra));
	world_update(C, ID_C, ENRP_ADD_PE, "web", pe);
	world_run(2 * WAIT);
	is_b_s();
	world_sums_agree();
	world_end();
}

static void
a_home_may_answer_with_a_statement_that_is_too_large_to_be_stored(void)
{
	static uint8_t extra[4096];
	struct rsp_pool_element pe = world_pe(7, ID_B, 101);

	begin();
	says(C, ID_C, ID_C, taken);
	pe.policy.extra = rsp_bytes_of(extra, sizeof(extra));
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_told(RSP_EVENT_LIMIT), 1);
	world_run(2 * WAIT); /* nothing waits for an answer any more */
	is_b_s();
	world_end();
}

/* This registrar is the home that is asked */

/* c asks us whether @home_id has element 7 at @rank. */
static void
c_asks(uint32_t home_id, uint16_t rank)
{
	struct rsp_message msg = update_message(ID_C, rank == removed ? ENRP_DEL_PE : ENRP_ADD_PE, "web",
						world_stated_pe(7, home_id, world_statement(100, PROCESS, rank)));

	msg.receiver_id = ID_US;
	world_tell(C, &msg);
}

static void
begin_as_home(void)
{
	world_begin_with_peers();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
}

static void
a_home_that_is_asked_asks_the_element_whose_registration_is_the_answer(void)
{
	struct rsp_message msg;

	begin_as_home();
	c_asks(ID_B, taken);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 102, PROCESS, 0 });
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 102);
	world_end();
}

static void
a_home_that_is_asked_about_what_it_has_says_so(void)
{
	struct rsp_message msg;

	begin_as_home();
	world_says(C, ID_C, ID_B, world_statement(100, PROCESS, removed)); /* it was asked before */
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 102, PROCESS, 0 });
	world_clear();
	c_asks(ID_B, taken);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 102);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_home_that_is_asked_whether_it_has_removed_it_says_so(void)
{
	struct rsp_message msg;

	begin_as_home();
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_clear();
	c_asks(ID_B, removed);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 101);
	world_end();
}

static void
a_home_that_is_asked_about_its_own_statement_repeats_it(void)
{
	struct rsp_pool_element pe = { 0 };
	struct rsp_message msg;

	begin_as_home();
	rsp_element_decode(world_element("web", 7), &pe);
	msg = update_message(ID_C, ENRP_ADD_PE, "web", pe);
	msg.receiver_id = ID_US;
	world_tell(C, &msg);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100 && msg.receiver_id == 0);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	world_end();
}

static void
a_home_that_is_asked_about_its_own_removal_repeats_it(void)
{
	struct rsp_message msg;

	begin_as_home();
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_clear();
	msg = update_message(ID_C, ENRP_DEL_PE, "web", world_stated_pe(7, ID_US, world_statement(101, PROCESS, removed)));
	msg.receiver_id = ID_US;
	world_tell(C, &msg);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.statement.epoch.epoch, 101);
	world_end();
}

static void
one_that_is_not_the_home_answers_with_what_it_has(void)
{
	begin();
	c_asks(ID_B, registered);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 1);
	is_b_s();
	world_end();
}

int
main(void)
{
	TAP_RUN(a_takeover_over_the_head_of_a_home_is_sent_to_it_alone);
	TAP_RUN(a_removal_over_the_head_of_a_home_is_sent_to_it_alone);
	TAP_RUN(the_statement_of_a_fourth_registrar_is_over_its_head_too);
	TAP_RUN(a_home_is_asked_once_about_one_statement);
	TAP_RUN(a_home_that_does_not_answer_in_time_loses_the_element);
	TAP_RUN(a_home_that_does_not_answer_in_time_has_its_element_removed);
	TAP_RUN(a_home_whose_element_has_registered_again_keeps_it);
	TAP_RUN(a_home_that_says_so_itself_is_believed_at_once);
	TAP_RUN(a_home_that_has_removed_it_meanwhile_is_believed_at_once);
	TAP_RUN(a_home_that_repeats_what_it_had_is_asked_again);
	TAP_RUN(a_home_that_removed_it_after_it_was_asked_is_asked_again_with_its_table);
	TAP_RUN(a_home_is_told_of_what_its_table_lacks_and_not_asked);
	TAP_RUN(a_relay_is_told_of_what_waits_and_not_asked);
	TAP_RUN(a_lying_registrar_does_not_get_an_element_whose_home_answers);
	TAP_RUN(a_greater_one_over_its_head_is_asked_too);
	TAP_RUN(a_smaller_one_over_its_head_is_answered_with_the_greater);
	TAP_RUN(a_higher_epoch_ends_the_wait);
	TAP_RUN(a_registration_here_ends_the_wait);
	TAP_RUN(a_registration_elsewhere_is_believed_at_once);
	TAP_RUN(a_takeover_at_a_higher_epoch_is_believed_at_once);
	TAP_RUN(a_takeover_of_another_process_is_believed_at_once);
	TAP_RUN(what_is_relayed_of_the_home_itself_is_believed_at_once);
	TAP_RUN(the_takeover_of_a_home_that_is_not_heard_is_believed_at_once);
	TAP_RUN(the_takeover_of_a_home_that_was_never_heard_is_believed_at_once);
	TAP_RUN(a_home_without_state_is_not_asked);
	TAP_RUN(a_wait_lasts_its_time_although_the_home_dies);
	TAP_RUN(a_wait_lasts_its_time_although_the_element_is_reported);
	TAP_RUN(a_statement_that_is_too_large_to_be_stored_is_not_asked);
	TAP_RUN(a_home_may_answer_with_a_statement_that_is_too_large_to_be_stored);
	TAP_RUN(a_home_that_is_asked_asks_the_element_whose_registration_is_the_answer);
	TAP_RUN(a_home_that_is_asked_about_what_it_has_says_so);
	TAP_RUN(a_home_that_is_asked_whether_it_has_removed_it_says_so);
	TAP_RUN(a_home_that_is_asked_about_its_own_statement_repeats_it);
	TAP_RUN(a_home_that_is_asked_about_its_own_removal_repeats_it);
	TAP_RUN(one_that_is_not_the_home_answers_with_what_it_has);
	return tap_end();
}
