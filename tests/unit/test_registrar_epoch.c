#include "registrar_world.h"

/* Registrations and deregistrations of elements that number them (RSP_PARAM_EPOCH), at their home and elsewhere: rules 4.1
 * and 4.2 of the ownership of elements. Beyond RFC 5352 s.3.1, s.3.2. */

enum { THIRD_PROCESS = 9 };

static void
registers(uint64_t epoch, uint32_t instance, uint32_t over)
{
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ epoch, instance, over });
}

static void
deregisters(uint64_t epoch, uint32_t instance, uint32_t over)
{
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ epoch, instance, over });
}

/* The last response of @type had @cause and this number. */
static void
was_answered(uint8_t type, uint16_t cause, uint64_t epoch, uint32_t instance, uint32_t over)
{
	struct rsp_message msg;

	CHECK(world_find(WEB1, RSP_ASAP, type, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), cause);
	CHECK(msg.has & RSP_HAS_EPOCH);
	CHECK_EQ(msg.epoch.epoch, epoch);
	CHECK_EQ(msg.epoch.instance, instance);
	CHECK_EQ(msg.epoch.over, over);
}

static void
was_accepted(uint64_t epoch, uint32_t instance, uint32_t over)
{
	struct rsp_statement s = world_stored("web", 7);

	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_NONE, epoch, instance, over);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(s.epoch.epoch == epoch && s.epoch.instance == instance && s.epoch.over == over);
	CHECK_EQ(s.rank, RSP_RANK_REGISTERED);
}

/* The statement of the only update that b was sent. */
static struct rsp_pool_element
announced(void)
{
	struct rsp_message msg = { 0 };

	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
	return msg.element;
}

/* Registrations */

static void
the_first_registration_is_accepted_and_announced_with_its_number(void)
{
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	was_accepted(100, PROCESS, 0);
	struct rsp_statement s = announced().statement;
	CHECK(s.epoch.epoch == 100 && s.epoch.instance == PROCESS && s.epoch.over == 0);
	CHECK_EQ(s.rank, RSP_RANK_REGISTERED);
	world_end();
}

static void
a_higher_epoch_is_accepted(void)
{
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	registers(101, PROCESS, 0);
	was_accepted(101, PROCESS, 0);
	world_end();
}

static void
the_same_epoch_is_refused_with_the_number_that_is_known(void)
{ /* a retry has a higher one */
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	world_clear();
	registers(100, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, PROCESS, 0);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_lower_epoch_is_refused_with_the_number_that_is_known(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	registers(99, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, PROCESS, 0);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0); /* it registers again at once */
	world_end();
}

static void
a_higher_epoch_moves_the_element_here(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED + 5));
	registers(101, PROCESS, 0);
	was_accepted(101, PROCESS, 0);
	CHECK_EQ(announced().home_id, ID_US);
	CHECK_EQ(world_stored("web", 7).since_ms, 1); /* as b has said */
	world_end();
}

static void
an_epoch_that_it_gave_to_a_home_that_took_it_over_is_refused(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED + 1));
	registers(100, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, PROCESS, 0);
	world_end();
}

static void
another_process_above_it_is_accepted_and_its_predecessor_named(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	registers(101, OTHER_PROCESS, 0);
	was_accepted(101, OTHER_PROCESS, PROCESS);
	CHECK_EQ(announced().statement.epoch.over, PROCESS);
	world_end();
}

static void
another_process_with_a_higher_instance_is_accepted_at_the_same_epoch(void)
{
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	registers(100, OTHER_PROCESS, 0);
	was_accepted(100, OTHER_PROCESS, PROCESS);
	world_end();
}

static void
another_process_with_a_lower_instance_is_refused_at_the_same_epoch(void)
{
	world_begin_with_peers();
	registers(100, OTHER_PROCESS, 0);
	registers(100, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, OTHER_PROCESS, 0);
	world_end();
}

static void
the_predecessor_that_the_element_names_is_kept(void)
{
	world_begin_with_peers();
	registers(100, OTHER_PROCESS, PROCESS);
	was_accepted(100, OTHER_PROCESS, PROCESS);
	registers(101, OTHER_PROCESS, PROCESS);
	was_accepted(101, OTHER_PROCESS, PROCESS);
	world_end();
}

static void
the_predecessor_that_is_known_here_replaces_the_one_that_it_names(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, THIRD_PROCESS, RSP_RANK_REGISTERED));
	registers(101, OTHER_PROCESS, PROCESS);
	was_accepted(101, OTHER_PROCESS, THIRD_PROCESS);
	world_end();
}

static void
a_process_that_another_one_has_displaced_is_refused(void)
{
	world_begin_with_peers();
	registers(100, OTHER_PROCESS, PROCESS);
	registers(99, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_NON_UNIQUE_PE_ID, 100, OTHER_PROCESS, PROCESS);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "displaced");
	world_end();
}

static void
a_displaced_process_is_refused_although_its_epoch_is_higher(void)
{
	world_begin_with_peers();
	registers(100, OTHER_PROCESS, PROCESS);
	registers(200, PROCESS, OTHER_PROCESS);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_NON_UNIQUE_PE_ID, 100, OTHER_PROCESS, PROCESS);
	world_end();
}

static void
a_process_is_refused_that_another_one_had_displaced_which_is_removed(void)
{
	struct rsp_statement s = world_statement(100, OTHER_PROCESS, RSP_RANK_REMOVED);

	s.epoch.over = PROCESS;
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, s);
	registers(200, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_NON_UNIQUE_PE_ID, 100, OTHER_PROCESS, PROCESS);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

static void
an_element_above_its_removal_is_accepted(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	registers(101, PROCESS, 0);
	was_accepted(101, PROCESS, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
an_element_at_the_epoch_of_its_removal_is_refused(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	registers(100, PROCESS, 0);
	was_answered(ASAP_REGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, PROCESS, 0);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

static void
a_new_process_names_the_one_that_was_removed(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REMOVED));
	registers(101, OTHER_PROCESS, 0);
	was_accepted(101, OTHER_PROCESS, PROCESS);
	world_end();
}

static void
a_request_without_a_number_gets_a_response_without_one(void)
{ /* rsplib does not skip it */
	struct rsp_message msg;

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg));
	CHECK(!(msg.has & RSP_HAS_EPOCH));
	world_end();
}

static void
numbers_that_this_registrar_makes_are_above_all_that_it_has_heard(void)
{
	world_begin_with_peers();
	registers(UINT64_C(1) << 62, PROCESS, 0);
	world_register(WEB1, "web", 8);
	CHECK(world_epoch("web", 8) > UINT64_C(1) << 62);
	world_end();
}

static void
numbers_near_their_end_do_not_use_up_those_of_others(void)
{
	world_begin_with_peers();
	registers((UINT64_C(1) << 63) - 1, PROCESS, 0);
	world_register(WEB1, "web", 8);
	CHECK(world_epoch("web", 8) < UINT64_C(1) << 62);
	world_end();
}

/* Deregistrations */

static void
a_deregistration_is_a_removal_at_its_own_number(void)
{
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	world_clear();
	deregisters(101, PROCESS, 0);
	was_answered(ASAP_DEREGISTRATION_RESPONSE, RSP_CAUSE_NONE, 101, PROCESS, 0);
	struct rsp_pool_element pe = announced();
	CHECK_EQ(pe.home_id, ID_US);
	CHECK_EQ(pe.statement.epoch.epoch, 101);
	CHECK_EQ(pe.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
a_deregistration_of_an_unknown_element_is_announced(void)
{
	world_begin_with_peers();
	deregisters(101, PROCESS, 0);
	was_answered(ASAP_DEREGISTRATION_RESPONSE, RSP_CAUSE_NONE, 101, PROCESS, 0);
	CHECK_EQ(announced().statement.epoch.epoch, 101);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
an_old_deregistration_is_refused_with_the_number_that_is_known(void)
{
	world_begin_with_peers();
	registers(100, PROCESS, 0);
	world_clear();
	deregisters(100, PROCESS, 0);
	was_answered(ASAP_DEREGISTRATION_RESPONSE, RSP_CAUSE_EPOCH_OLD, 100, PROCESS, 0);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_deregistration_of_an_unknown_element_needs_the_right_to_its_pool(void)
{
	static const struct rsp_epoch number = { 100, PROCESS, 0 };

	world_serve();
	world_deregister_epoch(GUEST, "bank", 7, number);
	struct rsp_message answer = world_heard(GUEST);
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pool-not-allowed");
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_deregister_epoch(GUEST, "guests", 7, number);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
a_displaced_process_may_not_deregister(void)
{
	world_begin_with_peers();
	registers(100, OTHER_PROCESS, PROCESS);
	deregisters(200, PROCESS, 0);
	was_answered(ASAP_DEREGISTRATION_RESPONSE, RSP_CAUSE_NON_UNIQUE_PE_ID, 100, OTHER_PROCESS, PROCESS);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
a_deregistration_repeated_at_a_higher_number_raises_the_removal(void)
{
	world_begin_with_peers();
	deregisters(101, PROCESS, 0);
	deregisters(102, PROCESS, 0);
	was_answered(ASAP_DEREGISTRATION_RESPONSE, RSP_CAUSE_NONE, 102, PROCESS, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	registers(102, PROCESS, 0);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_first_registration_is_accepted_and_announced_with_its_number);
	TAP_RUN(a_higher_epoch_is_accepted);
	TAP_RUN(the_same_epoch_is_refused_with_the_number_that_is_known);
	TAP_RUN(a_lower_epoch_is_refused_with_the_number_that_is_known);
	TAP_RUN(a_higher_epoch_moves_the_element_here);
	TAP_RUN(an_epoch_that_it_gave_to_a_home_that_took_it_over_is_refused);
	TAP_RUN(another_process_above_it_is_accepted_and_its_predecessor_named);
	TAP_RUN(another_process_with_a_higher_instance_is_accepted_at_the_same_epoch);
	TAP_RUN(another_process_with_a_lower_instance_is_refused_at_the_same_epoch);
	TAP_RUN(the_predecessor_that_the_element_names_is_kept);
	TAP_RUN(the_predecessor_that_is_known_here_replaces_the_one_that_it_names);
	TAP_RUN(a_process_that_another_one_has_displaced_is_refused);
	TAP_RUN(a_displaced_process_is_refused_although_its_epoch_is_higher);
	TAP_RUN(a_process_is_refused_that_another_one_had_displaced_which_is_removed);
	TAP_RUN(an_element_above_its_removal_is_accepted);
	TAP_RUN(an_element_at_the_epoch_of_its_removal_is_refused);
	TAP_RUN(a_new_process_names_the_one_that_was_removed);
	TAP_RUN(a_request_without_a_number_gets_a_response_without_one);
	TAP_RUN(numbers_that_this_registrar_makes_are_above_all_that_it_has_heard);
	TAP_RUN(numbers_near_their_end_do_not_use_up_those_of_others);
	TAP_RUN(a_deregistration_is_a_removal_at_its_own_number);
	TAP_RUN(a_deregistration_of_an_unknown_element_is_announced);
	TAP_RUN(an_old_deregistration_is_refused_with_the_number_that_is_known);
	TAP_RUN(a_deregistration_of_an_unknown_element_needs_the_right_to_its_pool);
	TAP_RUN(a_displaced_process_may_not_deregister);
	TAP_RUN(a_deregistration_repeated_at_a_higher_number_raises_the_removal);
	return tap_end();
}
