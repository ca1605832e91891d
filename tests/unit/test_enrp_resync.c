#include "registrar_world.h"

/* Tables that this registrar takes from peers whose checksum differs: RFC 5353 s.3.6. */

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

/* A presence of b with this checksum and digest of its elements. */
static void
presence_with(uint16_t checksum, bool has_digest, uint64_t digest)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_B);
	struct rsp_ip ip = { 4, { 192, 0, 2, ID_B } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = checksum;
	msg.server_info = (struct rsp_server_info){ .server_id = ID_B,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .has_digest = has_digest,
						    .digest = digest };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(B, &msg);
}

static const struct rsp_handlespace *
space(void)
{
	return rsp_registrar_handlespace(w.r);
}

static void
a_peer_with_our_checksum_is_not_asked_for_its_table(void)
{ /* s.3.6.1 */
	world_begin_two_downloads();
	fill(0, 5);
	presence_with(rsp_home_checksum(space(), ID_B), true, rsp_home_digest(space(), ID_B));
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	presence_with(rsp_home_checksum(space(), ID_B), false, 0); /* the RFC's checksum alone */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_peer_with_another_checksum_is_asked_and_elements_that_it_lacks_are_swept(void)
{ /* s.3.6.1, s.3.6.3 */
	struct rsp_message msg;
	struct rsp_peer_view view;

	world_begin_two_downloads();
	fill(0, 5);
	presence_with(0x1234, false, 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK(world_peer_view(ID_B, &view) && view.resyncing && !view.in_sync);
	presence_with(0x1234, false, 0); /* one download at a time */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);

	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(9, ID_B, 8)); /* during the download */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 2, 2, ID_B, 8);
	CHECK_EQ(world_home("of-b", 1), ID_B); /* nothing is swept before the end */
	world_table(B, ID_B, 0, "of-b", 7, 1, ID_B, 8);
	CHECK_EQ(world_home("of-b", 1), ID_B); /* it may have moved: the update of its new home may be on its way */
	world_update(C, ID_C, ENRP_ADD_PE, "of-b", world_pe(5, ID_C, 10));
	world_run(500);
	CHECK_EQ(world_home("of-b", 5), ID_C);
	CHECK_EQ(world_home("of-b", 1), 0);
	CHECK_EQ(world_home("of-b", 2), ID_B);
	CHECK_EQ(world_home("of-b", 3), ID_B);
	CHECK_EQ(world_home("of-b", 4), 0);
	CHECK_EQ(world_home("of-b", 7), ID_B);
	CHECK_EQ(world_home("of-b", 9), ID_B);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 1);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK(world_peer_view(ID_B, &view) && !view.resyncing && view.elements == 4);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0); /* RFC 5353 s.3.6.3 */
	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(4, ID_B, 8)); /* late */
	CHECK_EQ(world_home("of-b", 4), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(4, ID_B, 10));
	CHECK_EQ(world_home("of-b", 4), ID_B);
	CHECK_EQ(rsp_home_checksum(space(), ID_B), rsp_home_checksum_full(space(), ID_B));
	world_end();
}

/* b does not list element 5 any more while the table of c is being taken; @moved: c lists it. */
static void
sweep_during_another_download(uint32_t moved)
{
	world_begin_two_downloads();
	fill(0, 5);
	world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(30, ID_C, 8));
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	world_run(300);
	world_presence(C, ID_C, "c", false); /* it has no elements, in contrast to what we know */
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_run(400);
	CHECK_EQ(world_home("of-b", 5), ID_B);
	world_table(C, ID_C, 0, "of-b", 5, moved, ID_C, 10);
	world_run(500);
	CHECK_EQ(world_home("of-b", 5), moved ? ID_C : 0);
	CHECK_EQ(world_home("of-b", 4), ID_B);
	world_end();
}

static void
an_element_that_another_table_may_have_is_not_swept_before_its_end(void)
{
	sweep_during_another_download(1);
}

static void
an_element_that_is_in_no_table_is_swept_at_the_end_of_the_last(void)
{
	sweep_during_another_download(0);
}

static void
a_peer_that_sends_its_table_slowly_does_not_keep_elements_of_another_peer(void)
{
	struct rsp_message sign = enrp_message(ENRP_LIST_REQUEST, ID_B);

	world_begin_two_downloads();
	fill(0, 5);
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(30, ID_C, 8));
	world_presence(C, ID_C, "c", false);
	for (uint32_t i = 0; i < 20 && world_home("of-b", 5); i++) { /* c's table has no end */
		world_run(300);
		world_table(C, ID_C, ENRP_FLAG_MORE, "of-c", i + 1, 1, ID_C, 8);
		world_tell(B, &sign);
	}
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 0);
	CHECK_EQ(world_home("of-b", 5), 0);
	world_end();
}

static void
a_peer_that_never_agrees_is_asked_at_a_rate(void)
{
	world_begin_two_downloads();
	for (unsigned i = 0; i < 200; i++) {
		world_run(10);
		presence_with(0x1234, false, 0);
		world_table(B, ID_B, 0, "of-b", 1, 0, ID_B, 8);
		if (i == 50)
			world_presence(C, ID_C, "c", false);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 4); /* in 2 s */
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 4);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 4);
	world_end();
}

/* b has taken over elements of c, which we hear: each page is of c's elements, and none of them is b's. */
static void
table_of_others(bool gone)
{
	world_begin_two_downloads();
	for (uint32_t i = 1; i <= 100; i++)
		world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(i, ID_C, 8));
	for (uint32_t i = 1; i <= 100 && gone; i++)
		world_update(C, ID_C, ENRP_DEL_PE, "of-c", world_pe(i, ID_C, 10));
	presence_with(0x1234, false, 0);
	for (uint32_t i = 1; i <= 100; i++)
		world_table(B, ID_B, i < 100 ? ENRP_FLAG_MORE : 0, "of-c", i, 1, ID_B, 9);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "-");
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(rsp_home_count(space(), ID_C), gone ? 0 : 100);
	CHECK(!world_was_closed(B));
	world_end();
}

static void
a_table_of_elements_of_another_registrar_ends(void)
{
	table_of_others(false);
}

static void
a_table_of_elements_that_were_removed_ends(void)
{
	table_of_others(true);
}

static void
a_changed_attribute_differs_in_the_digest(void)
{
	world_begin_two_downloads();
	fill(0, 5);
	presence_with(rsp_home_checksum(space(), ID_B), true, rsp_home_digest(space(), ID_B) + 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 12);
	CHECK_EQ(rsp_element_version(world_element("of-b", 3)), 12);
	world_run(1000); /* replaced elements are not swept */
	CHECK_EQ(rsp_home_count(space(), ID_B), 5);
	world_end();
}

static void
a_peer_without_a_digest_is_asked_for_one_page_at_a_time(void)
{
	struct rsp_message msg;

	world_begin_two_downloads();
	presence_with(0x1234, false, 0);
	for (unsigned i = 1; i < 5; i++) {
		CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), i);
		world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", i * 10, 10, ID_B, 8);
	}
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();
}

static void
a_peer_with_a_digest_is_asked_for_several_pages_at_once(void)
{
	struct rsp_message msg;

	world_begin_two_downloads();
	presence_with(0x1234, true, 5);
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
	presence_with(0x1234, true, 5); /* a new table begins, although answers are due */
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();
}

static void
pages_without_a_request_change_nothing(void)
{
	world_begin_two_downloads();
	world_table(B, ID_B, 0, "of-b", 1, 10, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	presence_with(0x1234, false, 0);
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
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-c", 1, 10, ID_C, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	world_table(B, ID_B, 0, "mail", 1, 1, ID_US, UINT64_C(3400000000000));
	CHECK_EQ(world_home("mail", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	world_end();
}

static void
a_table_without_versions_is_believed(void)
{
	world_begin_two_downloads();
	for (unsigned i = 0; i < 2; i++) {
		presence_with((uint16_t)(0x1234 + i), false, 0);
		world_table(B, ID_B, 0, "of-b", 1, 5 - i, ID_B, 0);
		world_run(501);
		CHECK_EQ(rsp_home_count(space(), ID_B), 5 - i);
		CHECK(rsp_element_version(world_element("of-b", 1)) > 20); /* the present time */
	}
	world_end();
}

static void
impossible_entries_are_refused(void)
{
	world_begin_two_downloads();
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 1, 1, ID_B, UINT64_C(1) << 50); /* no clock is so far ahead */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 0, 1, ID_B, 8);		       /* nor is an id 0 */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 2, 1, 0, 8);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 3);
	CHECK_EQ(world_count(B, ENRP_ERROR), 3);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(B, ID_B, 0, "of-b", 3, 1, ID_B, 8); /* the rest of the table is taken */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_end();
}

static void
a_table_page_without_an_element_but_with_more_to_come_is_refused(void)
{
	world_begin_two_downloads();
	presence_with(0x1234, false, 0);
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
	world_begin(&config);
	world_joined(B, ID_B, "b");
	presence_with(0x1234, false, 0);
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
	presence_with(0x1234, false, 0);
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
	presence_with(0x1234, false, 0);
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
	presence_with(0x1234, false, 0);
	world_run(501);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "no-response");
	CHECK(world_was_closed(B)); /* the session at b has sent a part of the table */
	CHECK_EQ(world_home("of-b", 1), ID_B); /* marked elements stay */
	world_end();
}

static void
a_rejected_download_is_tried_again_at_the_next_presence(void)
{
	world_begin_two_downloads();
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);
	no.flags = ENRP_FLAG_REJECT;
	presence_with(0x1234, false, 0);
	world_tell(B, &no);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "rejected");
	world_run(500);
	presence_with(0x1234, false, 0); 
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 2);
	world_end();
}

static void
a_download_ends_with_its_connection(void)
{
	world_begin_two_downloads();
	fill(0, 3);
	presence_with(0x1234, false, 0);
	world_down(B, RSP_ECLOSED);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "connection-lost");
	world_end();
}

static void
a_download_begins_anew_when_the_peer_connects_again(void)
{
	world_begin_two_downloads();
	fill(0, 3);
	presence_with(0x1234, false, 0);
	world_peer(AGAIN, "b");
	world_presence(AGAIN, ID_B, "b", false);
	CHECK(world_was_closed(B));
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "connection-lost");
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 2); /* the checksum in its new presence differs, too */
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
	TAP_RUN(a_peer_with_our_checksum_is_not_asked_for_its_table);
	TAP_RUN(a_peer_with_another_checksum_is_asked_and_elements_that_it_lacks_are_swept);
	TAP_RUN(an_element_that_another_table_may_have_is_not_swept_before_its_end);
	TAP_RUN(an_element_that_is_in_no_table_is_swept_at_the_end_of_the_last);
	TAP_RUN(a_peer_that_sends_its_table_slowly_does_not_keep_elements_of_another_peer);
	TAP_RUN(a_peer_that_never_agrees_is_asked_at_a_rate);
	TAP_RUN(a_table_of_elements_of_another_registrar_ends);
	TAP_RUN(a_table_of_elements_that_were_removed_ends);
	TAP_RUN(a_changed_attribute_differs_in_the_digest);
	TAP_RUN(a_peer_without_a_digest_is_asked_for_one_page_at_a_time);
	TAP_RUN(a_peer_with_a_digest_is_asked_for_several_pages_at_once);
	TAP_RUN(pages_without_a_request_change_nothing);
	TAP_RUN(a_table_of_its_own_names_no_elements_of_others);
	TAP_RUN(a_table_without_versions_is_believed);
	TAP_RUN(impossible_entries_are_refused);
	TAP_RUN(a_table_page_without_an_element_but_with_more_to_come_is_refused);
	TAP_RUN(a_table_that_is_larger_than_the_handlespace_ends);
	TAP_RUN(a_table_that_repeats_a_page_ends);
	TAP_RUN(a_mentor_s_table_that_repeats_a_page_ends);
	TAP_RUN(a_table_may_have_one_element_a_page);
	TAP_RUN(a_download_without_an_answer_ends);
	TAP_RUN(a_rejected_download_is_tried_again_at_the_next_presence);
	TAP_RUN(a_download_ends_with_its_connection);
	TAP_RUN(a_download_begins_anew_when_the_peer_connects_again);
	return tap_end();
}
