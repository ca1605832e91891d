#include "registrar_world.h"

/* Tables that this registrar takes from peers whose digest differs: RFC 5353 s.3.6. How it takes updates instead is in
 * test_enrp_gaps.c; registrars that send no digest are in test_enrp_word.c. */

enum { AGAIN = 5000 };

/* @own elements of ours in pool "mail", and @others of b in pool "of-b". */
static void
fill(uint32_t own, uint32_t others)
{
	for (uint32_t i = 1; i <= own; i++)
		world_register(WEB1, "mail", i);
	for (uint32_t i = 1; i <= others; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(i, ID_B, 8));
	world_clear();
}

static void
b_has_digest(uint64_t digest)
{
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = digest });
}

/* The digest of b is another than that of its elements here. */
static void
b_differs(void)
{
	b_has_digest(0x1234);
}

static const struct rsp_handlespace *
space(void)
{
	return rsp_registrar_handlespace(w.r);
}

static void
a_peer_with_our_digest_is_not_asked_for_its_table(void)
{ /* s.3.6.1 */
	world_begin_two_downloads();
	fill(0, 5);
	b_has_digest(rsp_home_digest(space(), ID_B));
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_peer_with_another_digest_is_asked_for_its_table(void)
{ /* s.3.6.1 */
	struct rsp_message msg;
	struct rsp_peer_view view;

	world_begin_two_downloads();
	fill(0, 5);
	b_differs();
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK(!(msg.has & (RSP_HAS_TABLE_OF | RSP_HAS_UPDATES_FROM)));
	CHECK(world_peer_view(ID_B, &view) && view.resyncing && !view.in_sync);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 1);
	b_differs(); /* one download at a time */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "of-b", 1, 6, ID_B, 8);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK(world_peer_view(ID_B, &view) && !view.resyncing && view.elements == 6);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_sums_agree();
	world_end();
}

/* Element 5 was told to b, and no other, as it is stored here. */
static void
b_was_told_of_element_5(void)
{
	struct rsp_message msg;

	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.pe_id == 5 && msg.element.home_id == ID_B && msg.element.statement.epoch.epoch == 8);
	CHECK(!(msg.has & RSP_HAS_UPDATE_NUMBER));
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
}

static void
an_element_that_its_home_does_not_list_is_told_to_it_and_stays(void)
{ /* unlike s.3.6.3: it believes, looks, and says registered or removed */
	world_begin_two_downloads();
	fill(0, 5);
	b_differs();
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 1, 2, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0); /* not before the end */
	world_table(B, ID_B, 0, "of-b", 3, 2, ID_B, 8);
	b_was_told_of_element_5();
	world_run(400);
	CHECK_EQ(world_home("of-b", 5), ID_B);
	world_update(B, ID_B, ENRP_DEL_PE, "of-b", world_pe(5, ID_B, 8));
	CHECK_EQ(world_home("of-b", 5), 0);
	world_end();
}

static void
an_element_that_arrives_during_the_download_is_not_removed(void)
{
	world_begin_two_downloads();
	fill(0, 4);
	b_differs();
	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(5, ID_B, 8));
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	b_was_told_of_element_5(); /* which costs it an answer, no more */
	CHECK_EQ(world_home("of-b", 5), ID_B);
	world_end();
}

static void
an_element_that_moved_during_the_download_is_not_told(void)
{
	world_begin_two_downloads();
	fill(0, 5);
	b_differs();
	world_update(C, ID_C, ENRP_ADD_PE, "of-b", world_pe(5, ID_C, 10));
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_home("of-b", 5), ID_C);
	world_end();
}

static void
an_entry_that_is_older_than_what_is_known_is_answered(void)
{
	world_begin_two_downloads();
	fill(0, 5);
	b_differs();
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	world_clear();
	world_run(1000);
	b_differs();
	world_table(B, ID_B, 0, "of-b", 5, 1, ID_B, 7);
	struct rsp_message msg;
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg));
	CHECK(msg.element.pe_id == 5 && msg.element.statement.epoch.epoch == 8);
	world_end();
}

static void
a_peer_that_never_agrees_is_asked_at_a_rate(void)
{
	world_begin_two_downloads();
	for (unsigned i = 0; i < 200; i++) {
		world_run(10);
		b_differs();
		world_table(B, ID_B, 0, "of-b", 1, 0, ID_B, 8);
		if (i == 50)
			world_presence(C, ID_C, "c", false);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 4); /* in 2 s */
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 4);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 4);
	world_end();
}

static void
a_changed_attribute_differs_in_the_digest(void)
{
	world_begin_two_downloads();
	fill(0, 5);
	b_has_digest(rsp_home_digest(space(), ID_B) + 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 12);
	CHECK_EQ(world_epoch("of-b", 3), 12);
	world_run(400);
	CHECK_EQ(rsp_home_count(space(), ID_B), 5);
	world_end();
}

static void
a_peer_without_state_is_asked_for_one_page_at_a_time(void)
{
	struct rsp_message msg;

	world_begin_two_downloads();
	world_joined_plain(D, ID_D, "d");
	world_presence_of(D, ID_D, "d", (struct world_state){ .elements_sum = 0x1234 });
	for (unsigned i = 1; i < 5; i++) {
		CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), i);
		world_table(D, ID_D, ENRP_FLAG_MORE, "of-d", i * 10, 10, ID_D, 0);
	}
	CHECK(world_find(D, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();
}

static void
a_peer_with_state_is_asked_for_several_pages_at_once(void)
{
	struct rsp_message msg;

	world_begin_two_downloads();
	b_differs();
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 10, 10, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 9);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN | ENRP_FLAG_CONTINUE);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 20, 10, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 10);
	world_table(B, ID_B, 0, "of-b", 30, 10, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 30);
	world_run(500);
	b_differs(); /* a new table begins, although answers are due */
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();
}

static void
pages_without_a_request_change_nothing(void)
{
	world_begin_two_downloads();
	world_table(B, ID_B, 0, "of-b", 1, 10, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	b_differs();
	world_table(C, ID_C, 0, "of-c", 1, 10, ID_C, 8); /* c was not asked */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(B, ID_B, 0, "of-b", 1, 10, ID_B, 8);
	world_table(B, ID_B, 0, "of-b", 11, 10, ID_B, 8); /* after the end */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 10);
	world_end();
}

static void
a_table_of_its_own_names_no_elements_of_others(void)
{
	struct rsp_message msg;

	world_begin_two_downloads();
	fill(1, 0);
	b_differs();
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-c", 1, 10, ID_C, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	world_table(B, ID_B, 0, "mail", 1, 1, ID_US, UINT64_C(1) << 62);
	CHECK_EQ(world_home("mail", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	world_end();
}

static void
impossible_entries_are_refused(void)
{
	world_begin_two_downloads();
	b_differs();
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 0, 1, ID_B, 8); /* the id of no element */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 2, 1, 0, 8);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK_EQ(world_count(B, ENRP_ERROR), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(B, ID_B, 0, "of-b", 3, 1, ID_B, 8); /* the rest of the table is taken */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_end();
}

static void
a_table_page_without_an_element_but_with_more_to_come_is_refused(void)
{
	world_begin_two_downloads();
	b_differs();
	world_table(B, ID_B, ENRP_FLAG_MORE, "", 0, 0, 0, 0);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "endless-table");
	CHECK(world_was_closed(B));
	world_end();
}

static void
a_table_that_is_larger_than_the_handlespace_ends(void)
{
	struct rsp_registrar_config config = world_config();
	unsigned i = 0;

	config.limits = (struct rsp_handlespace_limits){ 10, 100, 100 };
	config.max_tombstones = 10;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	b_differs();
	while (!world_was_closed(B) && i < 100)
		world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 1 + 10 * i++, 10, ID_B, 8);
	CHECK(i > 20 && i < 30);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 75); /* a quarter is kept for elements that register here */
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "share-of-all-registrars");
	world_end();
}

/* b sends one page again and again over @link. */
static void
a_repeated_page_ends_the_table(uint32_t link)
{
	unsigned i = 0;

	CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_REQUEST), 1);
	for (; i < 200 && !world_was_closed(link); i++)
		world_table(link, ID_B, ENRP_FLAG_MORE, "of-b", 1, 10, ID_B, 8);
	CHECK_EQ(i, 64 + 10 + 1);
	world_end();
}

static void
a_table_that_repeats_a_page_ends(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	b_differs();
	a_repeated_page_ends_the_table(B);
}

static void
a_mentor_s_table_that_repeats_a_page_ends(void)
{
	static const struct rsp_contact_config b = { .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 };
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	struct rsp_registrar_config config = world_config();

	config.contacts = &b;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", false);
	world_tell(link, &list);
	a_repeated_page_ends_the_table(link);
}

static void
a_table_may_have_one_element_a_page(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	b_differs();
	for (unsigned i = 0; i < 1000; i++)
		world_table(B, ID_B, i < 999 ? ENRP_FLAG_MORE : 0, "of-b", 1 + i, 1, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1000);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	world_end();
}

static void
a_download_without_an_answer_ends(void)
{
	world_begin_two_downloads();
	fill(0, 3);
	b_differs();
	world_run(501);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "no-response");
	CHECK(world_was_closed(B)); /* the session at b has sent a part of the table */
	CHECK_EQ(world_home("of-b", 1), ID_B); /* elements that it has not listed stay */
	world_end();
}

static void
a_rejected_download_is_tried_again_at_the_next_presence(void)
{
	world_begin_two_downloads();
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);
	no.flags = ENRP_FLAG_REJECT;
	b_differs();
	world_tell(B, &no);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "rejected");
	world_run(500);
	b_differs();
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 2);
	world_end();
}

/* The table of b has five elements; three of one registrar are accepted. */
static void
begin_with_a_partial_table(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_registrar_elements = 3;
	world_begin_peers(&config);
	b_differs();
	world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
}

static void
a_table_that_is_accepted_in_part_is_recorded(void)
{
	begin_with_a_partial_table();
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "partial");
	world_end();
}

/* For @for_ms, b differs and sends its table each time it is asked. Returns how often. */
static unsigned
go_on_differing(uint64_t for_ms)
{
	unsigned asked = 0, n;

	for (uint64_t i = 0; i < for_ms; i += 500) {
		world_run(500);
		n = world_count(B, ENRP_HANDLE_TABLE_REQUEST);
		b_differs();
		if (world_count(B, ENRP_HANDLE_TABLE_REQUEST) == n)
			continue;
		world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 8);
		asked++;
	}
	return asked;
}

static void
a_table_that_is_accepted_in_part_again_and_again_is_recorded_once(void)
{
	begin_with_a_partial_table();
	CHECK(go_on_differing(60000) > 2);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 1);
	world_end();
}

static void
a_table_that_is_accepted_in_part_is_requested_rarely(void)
{
	begin_with_a_partial_table();
	CHECK(go_on_differing(60000) <= 4);
	world_end();
}

/* A pool has room for three of the five elements of b. */
static void
begin_with_too_little_room(void)
{
	struct rsp_registrar_config config = world_config();

	config.limits.pool_elements = 3;
	world_begin_peers(&config);
	b_differs();
	world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
}

static void
a_table_that_finds_too_little_room_is_accepted_in_part(void)
{
	begin_with_too_little_room();
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "partial");
	CHECK(go_on_differing(60000) <= 4);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 1);
	world_end();
}

static void
a_table_that_has_changed_is_requested_although_it_was_accepted_in_part(void)
{
	begin_with_a_partial_table();
	world_run(500);
	world_clear();
	b_has_digest(0x4321);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_end();
}

static void
a_table_that_was_accepted_in_part_is_recorded_again_when_it_had_agreed(void)
{
	begin_with_a_partial_table();
	b_has_digest(rsp_home_digest(space(), ID_B));
	(void)go_on_differing(60000);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 2);
	world_end();
}

static void
a_download_ends_with_its_connection(void)
{
	world_begin_two_downloads();
	fill(0, 3);
	b_differs();
	world_down(B, RSP_ECLOSED);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "peer-disconnected");
	world_end();
}

static void
a_download_begins_anew_when_the_peer_connects_again(void)
{
	world_begin_two_downloads();
	fill(0, 3);
	b_differs();
	world_peer(AGAIN, "b");
	world_presence(AGAIN, ID_B, "b", false);
	CHECK(world_was_closed(B));
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "peer-disconnected");
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 2); /* the digest in its new PRESENCE differs, too */
	CHECK_EQ(world_count(AGAIN, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	world_table(AGAIN, ID_B, 0, "of-b", 1, 5, ID_B, 8);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(rsp_home_count(space(), ID_B), 5);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_peer_with_our_digest_is_not_asked_for_its_table);
	TAP_RUN(a_peer_with_another_digest_is_asked_for_its_table);
	TAP_RUN(an_element_that_its_home_does_not_list_is_told_to_it_and_stays);
	TAP_RUN(an_element_that_arrives_during_the_download_is_not_removed);
	TAP_RUN(an_element_that_moved_during_the_download_is_not_told);
	TAP_RUN(an_entry_that_is_older_than_what_is_known_is_answered);
	TAP_RUN(a_peer_that_never_agrees_is_asked_at_a_rate);
	TAP_RUN(a_changed_attribute_differs_in_the_digest);
	TAP_RUN(a_peer_without_state_is_asked_for_one_page_at_a_time);
	TAP_RUN(a_peer_with_state_is_asked_for_several_pages_at_once);
	TAP_RUN(pages_without_a_request_change_nothing);
	TAP_RUN(a_table_of_its_own_names_no_elements_of_others);
	TAP_RUN(impossible_entries_are_refused);
	TAP_RUN(a_table_page_without_an_element_but_with_more_to_come_is_refused);
	TAP_RUN(a_table_that_is_larger_than_the_handlespace_ends);
	TAP_RUN(a_table_that_repeats_a_page_ends);
	TAP_RUN(a_mentor_s_table_that_repeats_a_page_ends);
	TAP_RUN(a_table_may_have_one_element_a_page);
	TAP_RUN(a_download_without_an_answer_ends);
	TAP_RUN(a_rejected_download_is_tried_again_at_the_next_presence);
	TAP_RUN(a_table_that_is_accepted_in_part_is_recorded);
	TAP_RUN(a_table_that_is_accepted_in_part_again_and_again_is_recorded_once);
	TAP_RUN(a_table_that_is_accepted_in_part_is_requested_rarely);
	TAP_RUN(a_table_that_finds_too_little_room_is_accepted_in_part);
	TAP_RUN(a_table_that_has_changed_is_requested_although_it_was_accepted_in_part);
	TAP_RUN(a_table_that_was_accepted_in_part_is_recorded_again_when_it_had_agreed);
	TAP_RUN(a_download_ends_with_its_connection);
	TAP_RUN(a_download_begins_anew_when_the_peer_connects_again);
	return tap_end();
}
