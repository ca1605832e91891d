#include "word_world.h"

/* The word of a registrar without RSP_PARAM_STATE, which is d here, stands beside a statement: what the home of the
 * statement does, and what others do. Section 7.3 of the ownership of elements. */

enum { ID_E = 0xe0, E = 16 }; /* a second registrar without STATE, which is not heard here, but in one test */

/* Element 7 is linked, and d says that it is its own: the element is asked. */
static void
begin_asked(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	d_says(81);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
}

static void
answers(void)
{
	world_ack_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
}

static void
the_home_sends_nothing_before_the_element_has_answered(void)
{ /* it may have moved, and its link here be half open */
	begin_asked();
	world_run(499);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
the_home_sends_the_registrar_its_update_when_the_element_has_answered(void)
{
	struct rsp_message msg;

	begin_asked();
	answers();
	CHECK_EQ(world_update_sent(D, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.pe_id == 7 && msg.element.user.port == 80);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_element_that_has_answered_stays(void)
{
	begin_asked();
	answers();
	world_run(2000);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED) + world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
each_registrar_whose_word_stands_there_is_sent_the_update(void)
{
	begin();
	world_joined_plain(E, ID_E, "e");
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	d_says(81);
	world_update(E, ID_E, ENRP_ADD_PE, "web", world_pe(7, ID_E, 0));
	answers();
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_count(E, ENRP_HANDLE_UPDATE), 1);
	world_end();
}

static void
the_home_sends_its_update_once_in_a_heartbeat(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_distance_ms = 0;
	world_begin_peers(&config);
	world_joined_plain(D, ID_D, "d");
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	for (uint16_t i = 0; i < 9; i++) {
		d_says(81 + i);
		answers();
		world_run(100);
	}
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	world_run(200);
	d_says(80);
	answers();
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 2);
	world_end();
}

static void
the_registrar_is_sent_nothing_while_it_is_not_known_where_the_element_is(void)
{ /* b says that it is removed: the element must register again */
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	b_states(100, RSP_RANK_REMOVED);
	d_says(81);
	answers();
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
the_registrar_is_sent_nothing_for_an_element_that_is_hidden(void)
{ /* that of another owner, at b, is shown: b decides */
	struct rsp_registrar_config config = world_config();
	struct rsp_pool_element pe = world_pe(7, ID_B, 100);

	config.keepalive_interval_ms = 1000;
	world_begin_peers(&config);
	world_joined_plain(D, ID_D, "d");
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	pe.owner = rsp_bytes_str("aaa");
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	d_says(81);
	world_clear();
	world_run(1501);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	answers();
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_element_that_is_silent_when_it_is_asked_is_removed_for_the_word(void)
{
	struct rsp_message msg;

	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	d_says(81);
	world_run(501);
	d_says(81); /* it is not linked now */
	word_is_shown(ID_D, 81);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	world_end();
}

static void
the_home_removes_an_element_that_is_not_linked(void)
{
	struct rsp_message msg;

	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	world_clear();
	d_says(81);
	word_is_shown(ID_D, 81);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "claimed");
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(world_update_sent(link, &msg), ENRP_DEL_PE);
		CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	}
	world_end();
}

static void
the_home_removes_an_element_that_has_lost_its_link_and_answers_a_look(void)
{ /* it is connected to the other registrar, which says no more about it before it registers there again */
	begin_asked();
	answers();
	world_down(WEB1, RSP_ECLOSED);
	CHECK_EQ(world_home("web", 7), ID_US);
	for (unsigned i = 0; i < 20 && !world_dialled("web1"); i++)
		world_run(50);
	CHECK_EQ(world_up(world_dialled("web1"), RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack_epoch(world_dialled("web1"), "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	word_is_shown(ID_D, 81);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "claimed");
	world_end();
}

static void
the_word_is_sent_to_the_home_that_is_heard(void)
{
	struct rsp_message msg;

	begin();
	b_states(100, RSP_RANK_REGISTERED);
	d_says(81);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_D && msg.element.statement.rank == 0 && msg.element.user.port == 81);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_home("web", 7), ID_B);
	d_says(82);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1); /* once in a heartbeat */
	world_end();
}

static void
words_about_one_id_in_two_pools_are_both_sent_to_the_home(void)
{
	begin();
	for (unsigned i = 0; i < 2; i++)
		world_update(B, ID_B, ENRP_ADD_PE, i ? "mail" : "web", world_pe(7, ID_B, 100));
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	world_update(D, ID_D, ENRP_ADD_PE, "mail", world_pe(7, ID_D, 0));
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 2);
	world_end();
}

static void
words_of_two_registrars_about_one_element_are_both_sent_to_the_home(void)
{
	begin();
	world_joined_plain(E, ID_E, "e");
	b_states(100, RSP_RANK_REGISTERED);
	d_says(81);
	world_update(E, ID_E, ENRP_ADD_PE, "web", world_pe(7, ID_E, 0));
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 2);
	world_end();
}

static void
the_home_to_which_a_word_is_passed_on_does_the_same(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK_EQ(count_records(), 1);
	world_down(WEB1, RSP_ECLOSED);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "claimed");
	world_end();
}

/* c passes on the word of @home_id. */
static void
c_passes_on(uint32_t home_id)
{
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, home_id, 0));
}

static void
the_home_asks_the_element_for_a_word_of_a_registrar_that_it_has_never_heard(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	c_passes_on(ID_E);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK_EQ(count_records(), 1);
	world_end();
}

static void
the_home_removes_an_element_for_the_word_of_a_registrar_that_it_has_never_heard(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	c_passes_on(ID_E);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "claimed");
	world_end();
}

static void
the_home_removes_an_element_for_the_word_of_a_registrar_that_only_others_hear(void)
{
	static const struct rsp_heard heard = { .server_id = ID_E };

	begin();
	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &heard, .n_heard = 1 });
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	c_passes_on(ID_E);
	CHECK_EQ(world_home("web", 7), 0);
	world_end();
}

static void
a_registrar_that_states_numbers_has_no_word_to_pass_on(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	c_passes_on(ID_B);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
what_this_registrar_has_is_no_word_either(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	c_passes_on(ID_US);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
the_element_of_a_home_that_is_not_heard_is_removed_for_the_word(void)
{
	struct rsp_message msg;

	begin();
	world_says(C, ID_C, ID_A, world_statement(100, PROCESS, RSP_RANK_REGISTERED)); /* a was never heard */
	d_says(81);
	word_is_shown(ID_D, 81);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	world_end();
}

static void
the_word_is_sent_to_a_home_that_is_heard_of(void)
{ /* b hears it: the registrar that hears both will act */
	static const struct rsp_heard heard = { .server_id = ID_A, .digest = 5 };

	begin();
	world_says(C, ID_C, ID_A, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .heard = &heard, .n_heard = 1 });
	d_says(81);
	CHECK_EQ(world_home("web", 7), ID_A);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
the_element_whose_statement_names_it_as_the_home_is_removed_for_its_word(void)
{ /* the statement was stored before the registrar was known */
	world_begin_with_peers();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_says(C, ID_C, ID_D, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_home("web", 7), ID_D);
	world_joined_plain(D, ID_D, "d");
	world_clear();
	d_says(81);
	word_is_shown(ID_D, 81);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_home_sends_nothing_before_the_element_has_answered);
	TAP_RUN(the_home_sends_the_registrar_its_update_when_the_element_has_answered);
	TAP_RUN(an_element_that_has_answered_stays);
	TAP_RUN(each_registrar_whose_word_stands_there_is_sent_the_update);
	TAP_RUN(the_home_sends_its_update_once_in_a_heartbeat);
	TAP_RUN(the_registrar_is_sent_nothing_while_it_is_not_known_where_the_element_is);
	TAP_RUN(the_registrar_is_sent_nothing_for_an_element_that_is_hidden);
	TAP_RUN(an_element_that_is_silent_when_it_is_asked_is_removed_for_the_word);
	TAP_RUN(the_home_removes_an_element_that_is_not_linked);
	TAP_RUN(the_home_removes_an_element_that_has_lost_its_link_and_answers_a_look);
	TAP_RUN(the_word_is_sent_to_the_home_that_is_heard);
	TAP_RUN(words_about_one_id_in_two_pools_are_both_sent_to_the_home);
	TAP_RUN(words_of_two_registrars_about_one_element_are_both_sent_to_the_home);
	TAP_RUN(the_home_to_which_a_word_is_passed_on_does_the_same);
	TAP_RUN(the_home_asks_the_element_for_a_word_of_a_registrar_that_it_has_never_heard);
	TAP_RUN(the_home_removes_an_element_for_the_word_of_a_registrar_that_it_has_never_heard);
	TAP_RUN(the_home_removes_an_element_for_the_word_of_a_registrar_that_only_others_hear);
	TAP_RUN(a_registrar_that_states_numbers_has_no_word_to_pass_on);
	TAP_RUN(what_this_registrar_has_is_no_word_either);
	TAP_RUN(the_element_of_a_home_that_is_not_heard_is_removed_for_the_word);
	TAP_RUN(the_word_is_sent_to_a_home_that_is_heard_of);
	TAP_RUN(the_element_whose_statement_names_it_as_the_home_is_removed_for_its_word);
	return tap_end();
}
