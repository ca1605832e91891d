#include "word_world.h"

/* Registrars whose PRESENCE has no RSP_PARAM_STATE: other implementations of RFC 5353, and the previous wire format. What
 * such a registrar says of its elements is its word, which is kept beside the statements. Section 7 of the ownership of
 * elements. What registrars do about a word beside a statement is in test_enrp_beside.c. */

enum { ID_E = 0xe0, E = 16 }; /* a second registrar without STATE */

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

static void
the_takeover_by_a_registrar_that_has_sent_no_presence_moves_nothing(void)
{ /* it may be one without STATE, which is the home of no statement */
	begin();
	b_states(100, RSP_RANK_REGISTERED);
	world_peer(E, "e");
	world_down(B, RSP_ECLOSED);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_B);
	world_run(600);
	world_about(E, ENRP_TAKEOVER_SERVER, ID_E, ID_B);
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
	TAP_RUN(the_takeover_by_a_registrar_that_has_sent_no_presence_moves_nothing);
	TAP_RUN(a_statement_is_shown_instead_of_a_word);
	TAP_RUN(a_word_does_not_hide_a_statement);
	TAP_RUN(the_word_is_shown_when_the_element_is_removed);
	TAP_RUN(a_word_about_a_removed_element_is_shown);
	TAP_RUN(of_two_words_that_of_the_lower_server_id_is_shown);
	TAP_RUN(a_word_that_its_table_lists_stays);
	TAP_RUN(a_word_that_its_table_lacks_is_swept);
	TAP_RUN(a_checksum_that_agrees_needs_no_table);
	TAP_RUN(elements_of_others_in_its_own_table_are_ignored);
	return tap_end();
}
