#include "counterexample_world.h"

/* The counterexamples of ownership.md 10 about elements without EPOCH and peers without STATEMENT (f), as one registrar decides
 * them. */

/* The newest update about the element that we sent over @link; of rank 0 if there was none. */
static struct rsp_pool_element
sent(uint32_t link)
{
	struct rsp_message msg;

	return world_find(link, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) ? msg.element : (struct rsp_pool_element){ 0 };
}

static void
c09_a_home_that_numbers_for_an_element_asks_it_when_its_own_old_number_comes_back(void)
{
	struct rsp_statement ours;

	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	ours = sent(A).statement;
	CHECK(ours.epoch.epoch > 0 && ours.epoch.instance != 0 && ours.rank == RSP_RANK_REGISTERED);
	world_clear();
	ce_says(A, ID_A, ce_pe(ID_US, ours.epoch.epoch + 1, ours.epoch.instance, RSP_RANK_REGISTERED, 81));
	ce_check_shown(ID_US, 80);
	CHECK_EQ(ce_asked(WEB1), 1);
	ce_ack(WEB1, 0, 0);
	ce_check_shown(ID_US, 80); /* with the contents that were registered over its link */
	CHECK(sent(A).statement.epoch.epoch > ours.epoch.epoch + 1 && sent(A).user.port == 80);
	world_end();
}

static void
c10_a_look_at_what_was_not_taken_over_does_not_ask_it_to_move(void)
{
	struct rsp_message msg;
	uint32_t link;

	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	ce_run(300, LIVE_A);
	link = ce_look_is_up();
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	world_end();
}

static void
c19_the_instance_of_an_element_without_epoch_stands_for_its_process(void)
{
	struct rsp_statement first;

	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	first = sent(A).statement;
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	CHECK(sent(A).statement.epoch.instance == first.epoch.instance && first.epoch.instance != 0);
	CHECK(sent(A).statement.epoch.epoch > first.epoch.epoch);
	world_end();
}

/* The element registered here without EPOCH; a process at another port is at a, and knew of it. Returns its statement. */
static struct rsp_pool_element
begin_displaced(void)
{
	struct rsp_statement ours;
	struct rsp_pool_element pe;

	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	ours = sent(A).statement;
	world_clear();
	pe = ce_pe(ID_A, ours.epoch.epoch + 1, ours.epoch.instance ^ 1, RSP_RANK_REGISTERED, 81);
	pe.statement.epoch.over = ours.epoch.instance;
	ce_says(A, ID_A, pe);
	return pe;
}

static void
c19_a_process_that_was_displaced_is_refused_as_long_as_the_other_one_is_there(void)
{
	(void)begin_displaced();
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end();
}

static void
c20_a_process_that_was_displaced_is_closed_one_heartbeat_later_and_not_asked(void)
{
	(void)begin_displaced();
	CHECK_EQ(ce_asked(WEB1), 0);
	CHECK(!world_was_closed(WEB1));
	ce_run(500, LIVE_A);
	CHECK(!world_was_closed(WEB1));
	ce_run(1000, LIVE_A);
	CHECK(world_was_closed(WEB1));
	ce_check_shown(ID_A, 81);
	world_end();
}

static void
c20_a_process_that_was_displaced_stays_so_when_a_greater_statement_is_heard(void)
{
	struct rsp_pool_element other = begin_displaced();

	other.statement.epoch.epoch++;
	ce_says(A, ID_A, other);
	CHECK_EQ(ce_asked(WEB1), 0);
	CHECK_EQ(ce_register(WEB1, 0, 0, 80, NULL), RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end();
}

static void
c21_a_process_that_was_displaced_is_accepted_when_the_other_one_is_removed(void)
{
	struct rsp_pool_element other = begin_displaced();

	ce_run(2000, LIVE_A);
	other.statement.rank = RSP_RANK_REMOVED;
	ce_says(A, ID_A, other);
	CHECK_EQ(world_up(WEB1_AGAIN, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(ce_register(WEB1_AGAIN, 0, 0, 80, NULL), RSP_CAUSE_NONE);
	ce_check_shown(ID_US, 80);
	world_end();
}

static void
c21_a_process_that_was_displaced_is_asked_and_not_closed_when_the_other_one_is_removed_within_the_heartbeat(void)
{
	struct rsp_pool_element other = begin_displaced();

	other.statement.rank = RSP_RANK_REMOVED;
	ce_says(A, ID_A, other);
	CHECK_EQ(ce_asked(WEB1), 1);
	ce_ack(WEB1, 0, 0);
	ce_run(2000, LIVE_A);
	CHECK(!world_was_closed(WEB1));
	ce_check_shown(ID_US, 80);
	world_end();
}

static void
c22_contents_that_were_taken_over_yield_to_the_next_registration(void)
{
	uint32_t link;

	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_run(4000, LIVE_B);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_A);
	ce_run(100, LIVE_B);
	link = ce_look_is_up();
	ce_ack(link, 0, 0);
	ce_check_shown(ID_US, 80);
	CHECK_EQ(ce_register(link, 0, 0, 81, NULL), RSP_CAUSE_NONE);
	ce_check_shown(ID_US, 81);
	world_end();
}

static void
c23_the_word_of_a_peer_without_statement_does_not_displace_what_is_linked(void)
{
	unsigned asked;

	ce_begin(LIVE_A | LIVE_F);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_clear();
	for (unsigned i = 0; i < 6; i++) { /* its table, again and again */
		ce_word(ENRP_ADD_PE, 81);
		ce_check_shown(ID_US, 80);
		ce_ack(WEB1, 3, P);
		ce_run(100, LIVE_A | LIVE_F);
	}
	asked = ce_asked(WEB1);
	CHECK(asked >= 1);
	CHECK(ce_updates(F) >= 1 && ce_updates(F) <= 2); /* once per heartbeat at most */
	CHECK_EQ(ce_updates(A), 0);			 /* and no number rises */
	world_end();
}

static void
c23_a_word_alone_is_shown_and_ends_with_its_removal(void)
{
	ce_begin(LIVE_A | LIVE_F);
	ce_word(ENRP_ADD_PE, 81);
	ce_check_shown(ID_F, 81);
	CHECK_EQ(ce_updates(A), 0);
	ce_word(ENRP_DEL_PE, 81);
	ce_check_shown(0, 0);
	world_end();
}

static void
c24_a_peer_without_statement_is_shown_what_is_linked_only(void)
{
	struct rsp_message msg;

	ce_begin(LIVE_A | LIVE_F);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	CHECK_EQ(world_update_sent(F, &msg), ENRP_ADD_PE);
	world_clear();
	world_down(WEB1, RSP_ECLOSED);
	ce_run(100, LIVE_A | LIVE_F);
	CHECK_EQ(world_update_sent(F, &msg), ENRP_DEL_PE);
	CHECK_EQ(ce_updates(A), 0); /* a is told when it is removed */
	world_end();
}

static void
c24_a_peer_without_statement_is_not_told_of_what_another_peer_says_is_ours(void)
{
	ce_begin(LIVE_A | LIVE_F);
	ce_says(A, ID_A, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 80));
	ce_run(100, LIVE_A | LIVE_F);
	CHECK_EQ(ce_updates(F), 0);
	world_end();
}

static void
c25_the_words_of_a_silent_peer_are_looked_at_when_its_takeover_does_not_complete(void)
{
	ce_begin(LIVE_A | LIVE_F);
	ce_word(ENRP_ADD_PE, 81);
	ce_check_shown(ID_F, 81);
	ce_run_unanswered(15000, LIVE_A); /* a is heard, and does not acknowledge */
	CHECK(ce_dials() > 0);
	ce_check_shown(0, 0);
	world_end();
}

static void
c26_a_word_about_an_element_of_another_home_is_passed_on_to_that_home(void)
{
	ce_begin(LIVE_A | LIVE_B | LIVE_F);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	world_clear();
	ce_word(ENRP_ADD_PE, 81);
	ce_check_shown(ID_A, 80);
	CHECK(ce_updates(A) == 1 && ce_updates(B) == 0);
	CHECK(sent(A).home_id == ID_F && sent(A).statement.rank == 0 && sent(A).user.port == 81);
	world_end();
}

static void
c26_a_word_that_is_passed_on_removes_what_is_not_linked_here(void)
{
	ce_begin(LIVE_A | LIVE_B | LIVE_F);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	world_clear();
	struct rsp_pool_element pe = ce_pe(ID_F, 0, 0, 0, 81);

	ce_says(A, ID_A, pe);
	CHECK(sent(B).statement.rank == RSP_RANK_REMOVED && sent(B).statement.epoch.epoch == 3);
	world_end();
}

static void
c30_a_statement_that_names_a_peer_without_statement_is_not_believed(void)
{
	ce_begin(LIVE_A | LIVE_F);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_says(A, ID_A, ce_pe(ID_F, 3, P, RSP_RANK_REGISTERED + 1, 80));
	ce_check_shown(ID_A, 80);
	world_end();
	ce_begin(LIVE_A | LIVE_F);
	ce_says(A, ID_A, ce_pe(ID_F, 3, P, RSP_RANK_REGISTERED + 1, 80));
	ce_check_shown(0, 0);
	ce_word(ENRP_ADD_PE, 81);
	ce_check_shown(ID_F, 81);
	world_end();
}

int
main(void)
{
	TAP_RUN(c09_a_home_that_numbers_for_an_element_asks_it_when_its_own_old_number_comes_back);
	TAP_RUN(c10_a_look_at_what_was_not_taken_over_does_not_ask_it_to_move);
	TAP_RUN(c19_the_instance_of_an_element_without_epoch_stands_for_its_process);
	TAP_RUN(c19_a_process_that_was_displaced_is_refused_as_long_as_the_other_one_is_there);
	TAP_RUN(c20_a_process_that_was_displaced_is_closed_one_heartbeat_later_and_not_asked);
	TAP_RUN(c20_a_process_that_was_displaced_stays_so_when_a_greater_statement_is_heard);
	TAP_RUN(c21_a_process_that_was_displaced_is_accepted_when_the_other_one_is_removed);
	TAP_RUN(c21_a_process_that_was_displaced_is_asked_and_not_closed_when_the_other_one_is_removed_within_the_heartbeat);
	TAP_RUN(c22_contents_that_were_taken_over_yield_to_the_next_registration);
	TAP_RUN(c23_the_word_of_a_peer_without_statement_does_not_displace_what_is_linked);
	TAP_RUN(c23_a_word_alone_is_shown_and_ends_with_its_removal);
	TAP_RUN(c24_a_peer_without_statement_is_shown_what_is_linked_only);
	TAP_RUN(c24_a_peer_without_statement_is_not_told_of_what_another_peer_says_is_ours);
	TAP_RUN(c25_the_words_of_a_silent_peer_are_looked_at_when_its_takeover_does_not_complete);
	TAP_RUN(c26_a_word_about_an_element_of_another_home_is_passed_on_to_that_home);
	TAP_RUN(c26_a_word_that_is_passed_on_removes_what_is_not_linked_here);
	TAP_RUN(c30_a_statement_that_names_a_peer_without_statement_is_not_believed);
	return tap_end();
}
