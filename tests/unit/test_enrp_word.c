#include "registrar_world.h"

/* Registrars whose PRESENCE has no RSP_PARAM_STATE: other implementations of RFC 5353, and the previous wire format. What
 * such a registrar says of its elements is its word, which is kept beside the statements. Section 7 of the ownership of
 * elements. Here d is such a registrar; b and c state numbers. */

enum { ID_E = 0xe0, E = 16 }; /* a second registrar without STATE */

static void
begin(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

/* d says that it has element 7; @port tells one word from another. */
static void
d_says(uint16_t port)
{
	struct rsp_pool_element pe = world_pe(7, ID_D, 0);

	pe.user.port = port;
	world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
}

static void
b_states(uint64_t epoch, uint16_t rank)
{
	world_says(B, ID_B, ID_B, world_statement(epoch, PROCESS, rank));
}

/* Users are shown the word of @home_id, with @port. */
static void
word_is_shown(uint32_t home_id, uint16_t port)
{
	struct rsp_pool_element pe = { 0 };

	CHECK_EQ(world_home("web", 7), home_id);
	CHECK_EQ(world_stored("web", 7).rank, 0);
	CHECK_EQ(world_members("web"), 1);
	if (!world_element("web", 7))
		return;
	rsp_element_decode(world_element("web", 7), &pe);
	CHECK_EQ(pe.user.port, port);
}

static unsigned
count_records(void)
{
	return rsp_registrar_stats(w.r).elements;
}

/* Words */

static void
the_word_of_a_registrar_is_shown(void)
{
	begin();
	d_says(80);
	word_is_shown(ID_D, 80);
	world_sums_agree();
	world_end();
}

static void
only_its_newest_word_is_kept(void)
{
	begin();
	d_says(80);
	d_says(81);
	word_is_shown(ID_D, 81);
	CHECK_EQ(count_records(), 1);
	world_end();
}

static void
its_word_ends_with_its_removal_and_leaves_no_tombstone(void)
{
	begin();
	d_says(80);
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(7, ID_D, 0));
	CHECK_EQ(count_records(), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	d_says(80);
	word_is_shown(ID_D, 80);
	world_end();
}

static void
a_word_that_another_registrar_passes_on_is_not_kept(void)
{
	begin();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	CHECK_EQ(count_records(), 0);
	world_end();
}

static void
what_it_says_of_elements_with_another_home_is_ignored(void)
{
	begin();
	b_states(100, RSP_RANK_REGISTERED);
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(8, ID_B, 0));
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(7, ID_B, 0));
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(count_records(), 1);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
a_statement_that_it_sends_is_ignored(void)
{
	begin();
	world_says(D, ID_D, ID_D, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	world_says(D, ID_D, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(count_records(), 0);
	world_end();
}

static void
a_statement_that_names_it_as_the_home_is_not_believed(void)
{
	begin();
	world_says(C, ID_C, ID_D, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(count_records(), 0);
	world_end();
}

static void
its_takeover_of_another_registrar_moves_nothing(void)
{
	begin();
	b_states(100, RSP_RANK_REGISTERED);
	world_down(B, RSP_ECLOSED);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_B);
	world_run(600);
	world_about(D, ENRP_TAKEOVER_SERVER, ID_D, ID_B);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

/* Which record users are shown */

static void
a_statement_is_shown_instead_of_a_word(void)
{
	begin();
	d_says(80);
	b_states(100, RSP_RANK_REGISTERED);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_members("web"), 1);
	CHECK_EQ(count_records(), 2);
	world_sums_agree();
	world_end();
}

static void
a_word_does_not_hide_a_statement(void)
{
	begin();
	b_states(100, RSP_RANK_REGISTERED);
	d_says(80);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

static void
the_word_is_shown_when_the_element_is_removed(void)
{
	begin();
	b_states(100, RSP_RANK_REGISTERED);
	d_says(80);
	b_states(100, RSP_RANK_REMOVED);
	word_is_shown(ID_D, 80);
	world_end();
}

static void
a_word_about_a_removed_element_is_shown(void)
{
	begin();
	b_states(100, RSP_RANK_REMOVED);
	d_says(80);
	word_is_shown(ID_D, 80);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

static void
of_two_words_that_of_the_lower_server_id_is_shown(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_E, 0);

	begin();
	world_joined_plain(E, ID_E, "e");
	world_update(E, ID_E, ENRP_ADD_PE, "web", pe);
	word_is_shown(ID_E, 80);
	d_says(81);
	word_is_shown(ID_D, 81);
	CHECK_EQ(count_records(), 2);
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(7, ID_D, 0));
	word_is_shown(ID_E, 80);
	world_end();
}

/* A word stands beside a statement */

static void
the_home_asks_the_element_and_sends_the_registrar_its_update(void)
{
	struct rsp_message msg;

	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	d_says(81);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.pe_id == 7);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_ack_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_run(2000);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED) + world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
the_home_sends_its_update_once_in_a_heartbeat(void)
{
	begin();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	for (uint16_t i = 0; i < 9; i++) {
		d_says(81 + i);
		world_ack_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
		world_run(100);
	}
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	world_run(200);
	d_says(80);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 2);
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

/* Its table, RFC 5353 s.3.6 */

/* d has elements 7 and 8; its table lists the elements from @first on. */
static void
d_lists(uint32_t first, uint32_t n)
{
	begin();
	d_says(80);
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(8, ID_D, 0));
	world_presence_of(D, ID_D, "d", (struct world_state){ .elements_sum = 0x1234 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(D, ID_D, 0, "web", first, n, ID_D, 0);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
}

static void
a_word_that_its_table_lists_stays(void)
{
	d_lists(7, 2);
	CHECK_EQ(count_records(), 2);
	world_end();
}

static void
a_word_that_its_table_lacks_is_swept(void)
{ /* s.3.6.3 */
	d_lists(8, 2);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_home("web", 8), ID_D);
	CHECK_EQ(world_home("web", 9), ID_D);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
a_checksum_that_agrees_needs_no_table(void)
{
	begin();
	d_says(80);
	uint16_t sum = rsp_home_checksum(rsp_registrar_handlespace(w.r), ID_D);
	world_presence_of(D, ID_D, "d", (struct world_state){ .elements_sum = (uint16_t)~sum });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
elements_of_others_in_its_own_table_are_ignored(void)
{
	begin();
	world_presence_of(D, ID_D, "d", (struct world_state){ .elements_sum = 0x1234 });
	world_table(D, ID_D, 0, "web", 7, 1, ID_B, 0);
	CHECK_EQ(count_records(), 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_word_of_a_registrar_is_shown);
	TAP_RUN(only_its_newest_word_is_kept);
	TAP_RUN(its_word_ends_with_its_removal_and_leaves_no_tombstone);
	TAP_RUN(a_word_that_another_registrar_passes_on_is_not_kept);
	TAP_RUN(what_it_says_of_elements_with_another_home_is_ignored);
	TAP_RUN(a_statement_that_it_sends_is_ignored);
	TAP_RUN(a_statement_that_names_it_as_the_home_is_not_believed);
	TAP_RUN(its_takeover_of_another_registrar_moves_nothing);
	TAP_RUN(a_statement_is_shown_instead_of_a_word);
	TAP_RUN(a_word_does_not_hide_a_statement);
	TAP_RUN(the_word_is_shown_when_the_element_is_removed);
	TAP_RUN(a_word_about_a_removed_element_is_shown);
	TAP_RUN(of_two_words_that_of_the_lower_server_id_is_shown);
	TAP_RUN(the_home_asks_the_element_and_sends_the_registrar_its_update);
	TAP_RUN(the_home_sends_its_update_once_in_a_heartbeat);
	TAP_RUN(an_element_that_is_silent_when_it_is_asked_is_removed_for_the_word);
	TAP_RUN(the_home_removes_an_element_that_is_not_linked);
	TAP_RUN(the_word_is_sent_to_the_home_that_is_heard);
	TAP_RUN(the_home_to_which_a_word_is_passed_on_does_the_same);
	TAP_RUN(the_element_of_a_home_that_is_not_heard_is_removed_for_the_word);
	TAP_RUN(the_word_is_sent_to_a_home_that_is_heard_of);
	TAP_RUN(the_element_whose_statement_names_it_as_the_home_is_removed_for_its_word);
	TAP_RUN(a_word_that_its_table_lists_stays);
	TAP_RUN(a_word_that_its_table_lacks_is_swept);
	TAP_RUN(a_checksum_that_agrees_needs_no_table);
	TAP_RUN(elements_of_others_in_its_own_table_are_ignored);
	return tap_end();
}
