#include "registrar_world.h"

/* Updates are numbered, so that a peer that missed some requests these, and not the whole table. Section 6 of the ownership of
 * elements; beyond RFC 5353 s.3.6. The counting alone is in test_gap.c and test_ring.c. */

/* b announces element @pe_id in its update @number. */
static void
b_sends(uint64_t number, uint32_t pe_id)
{
	world_update_numbered(B, ID_B, ENRP_ADD_PE, "web", world_pe(pe_id, ID_B, 100), number);
}

static void
b_is_at(uint64_t update, uint64_t digest)
{
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = digest, .update = update });
}

/* The registrar sent b @times table requests, the last one for the updates from @from on (0: for its table). */
static void
b_was_asked(unsigned times, uint64_t from)
{
	struct rsp_message msg = { 0 };

	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), times);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK_EQ(!!(msg.has & RSP_HAS_UPDATES_FROM), from != 0);
	if (from)
		CHECK_EQ(msg.updates_from, from);
}

/* b has sent the updates 1 and 3; update 2 is missing. */
static void
begin_with_a_gap(void)
{
	world_begin_with_peers();
	b_sends(1, 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	b_sends(3, 3);
}

/* Received */

static void
a_missing_update_is_requested_by_its_number(void)
{
	begin_with_a_gap();
	b_was_asked(1, 2);
	CHECK_EQ(world_home("web", 3), ID_B); /* later ones are handled at once */
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 0);
	world_end();
}

static void
updates_that_arrive_close_the_gap(void)
{
	begin_with_a_gap();
	b_sends(2, 2);
	b_sends(3, 3);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	b_sends(4, 4);
	world_run(600);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK(!world_was_closed(B));
	world_end();
}

static void
the_second_gap_is_requested_too(void)
{
	begin_with_a_gap();
	b_sends(2, 2);
	world_run(600);
	b_sends(6, 6);
	b_was_asked(2, 4);
	world_end();
}

static void
a_presence_tells_of_updates_that_are_missing(void)
{
	world_begin_with_peers();
	b_sends(1, 1);
	b_is_at(3, 0x1234);
	b_was_asked(1, 2);
	world_end();
}

static void
a_presence_with_the_same_digest_needs_no_updates(void)
{
	world_begin_with_peers();
	b_sends(1, 1);
	b_is_at(3, rsp_home_digest(rsp_registrar_handlespace(w.r), ID_B));
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	b_sends(4, 4); /* none is missing before it */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_digest_that_differs_although_no_update_is_missing_needs_the_table(void)
{
	world_begin_with_peers();
	b_sends(1, 1);
	world_clear();
	b_is_at(1, 0x1234);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 1); /* another one is requested */
	b_is_at(1, 0x1234);
	b_was_asked(1, 0);
	world_end();
}

static void
a_digest_that_still_differs_after_the_updates_needs_the_table(void)
{
	begin_with_a_gap();
	b_sends(2, 2);
	b_is_at(3, 0x1234);
	b_is_at(3, 0x1234);
	b_was_asked(2, 0);
	world_end();
}

static void
updates_that_the_peer_keeps_no_longer_are_answered_with_its_table(void)
{
	begin_with_a_gap();
	world_table(B, ID_B, ENRP_FLAG_MORE, "web", 1, 2, ID_B, 100);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 1);
	world_table(B, ID_B, 0, "web", 3, 1, ID_B, 100);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	unsigned asked = world_count(B, ENRP_HANDLE_TABLE_REQUEST);
	b_sends(4, 4); /* the table had the contents of the updates before */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), asked);
	world_end();
}

static void
an_update_that_is_not_answered_in_time_ends_the_connection(void)
{
	begin_with_a_gap();
	world_run(501);
	CHECK(world_was_closed(B));
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 0); /* no table was requested */
	world_end();
}

/* A PRESENCE says meanwhile that nothing is missing, and the next one that something else is: the peer has joined again. */
static void
a_request_for_updates_that_are_not_needed_any_more_delays_no_table(void)
{
	begin_with_a_gap();
	b_was_asked(1, 2);
	b_is_at(3, rsp_home_digest(rsp_registrar_handlespace(w.r), ID_B));
	b_is_at(3, 0x1234);
	b_is_at(3, 0x1234);
	b_was_asked(2, 0);
	world_end();
}

/* The table was complete, and had changed by then. */
static void
a_table_that_may_not_be_requested_yet_is_requested_as_soon_as_it_may(void)
{
	world_begin_with_peers();
	b_is_at(0, 0x1234);
	b_was_asked(1, 0);
	world_table(B, ID_B, 0, "web", 1, 3, ID_B, 100);
	b_is_at(0, 0x1234);
	b_is_at(0, 0x1234);
	b_was_asked(1, 0);
	world_clear();
	struct rsp_message msg = { 0 };
	bool asked = false;
	world_run(500); /* MAX-TIME-NO-RESPONSE; a heartbeat is due, too */
	for (int i = 0; world_find(B, RSP_ENRP, ENRP_PRESENCE, i, &msg); i++)
		asked = asked || msg.flags & ENRP_FLAG_REPLY_REQUIRED;
	CHECK(asked);
	b_is_at(0, 0x1234);
	b_was_asked(1, 0);
	world_end();
}

static void
updates_that_are_rejected_are_followed_by_the_table(void)
{
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);

	begin_with_a_gap();
	no.flags = ENRP_FLAG_REJECT;
	world_tell(B, &no);
	world_run(600);
	b_is_at(3, 0x1234);
	b_was_asked(2, 0);
	world_end();
}

/* After a partition, many ask at the same time, and a heartbeat is a long time. */
static void
after_a_rejection_the_peer_is_asked_for_a_presence_soon_and_more_and_more_seldom(void)
{
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B), msg = { 0 };
	unsigned asked = 0;

	no.flags = ENRP_FLAG_REJECT;
	begin_with_a_gap();
	world_tell(B, &no);
	world_clear();
	world_run(400);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, -1, &msg) && msg.flags & ENRP_FLAG_REPLY_REQUIRED);
	for (unsigned i = 0; i < 300; i++) {
		b_is_at(3, 0x1234);
		if (world_count(B, ENRP_HANDLE_TABLE_REQUEST) > 0) {
			asked++;
			world_tell(B, &no);
		}
		world_clear();
		world_run(100);
	}
	CHECK(asked >= 6);
	CHECK(asked <= 12);
	world_end();
}

static void
a_peer_that_counts_from_one_again_is_asked_for_its_table(void)
{ /* two presences, since the order of two connections can change */
	world_begin_with_peers();
	for (uint64_t i = 1; i <= 5; i++)
		b_sends(i, (uint32_t)i);
	b_is_at(1, 0x1234);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	b_is_at(1, 0x1234);
	b_was_asked(1, 0);
	world_end();
}

static void
updates_out_of_order_leave_the_greatest_statement(void)
{
	world_begin_with_peers();
	world_update_numbered(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 101), 2);
	world_update_numbered(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 100), 1);
	CHECK_EQ(world_epoch("web", 1), 101);
	world_end();
}

static void
an_update_that_was_requested_and_is_older_than_what_is_known_is_not_answered(void)
{
	begin_with_a_gap();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(2, ID_C, 200));
	b_sends(2, 2);
	CHECK_EQ(world_home("web", 2), ID_C);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0); /* b has heard of it since */
	world_end();
}

static void
numbers_of_a_registrar_without_state_mean_nothing(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	world_update_numbered(D, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 0), 1);
	world_update_numbered(D, ID_D, ENRP_ADD_PE, "web", world_pe(2, ID_D, 0), 5);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

/* Sent */

/* Four elements register here, which are the updates 1 to 4; then the first is removed: update 5. At most @kept are kept. */
static void
begin_with_five_updates(uint32_t kept)
{
	struct rsp_registrar_config config = world_config();

	config.max_updates = kept;
	world_begin_peers(&config);
	for (uint32_t i = 1; i <= 4; i++)
		world_register_epoch(WEB1, "web", i, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_deregister_epoch(WEB1, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_clear();
}

static void
asks_from(uint32_t link, uint32_t id, uint64_t from)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, id);

	msg.flags = ENRP_FLAG_OWN;
	msg.has = RSP_HAS_UPDATES_FROM;
	msg.updates_from = from;
	world_tell(link, &msg);
}

static void
c_asks_from(uint64_t from)
{
	asks_from(C, ID_C, from);
}

static void
a_presence_has_the_number_of_the_last_update_and_the_digest(void)
{
	struct rsp_message msg = { 0 };

	begin_with_five_updates(100);
	world_presence(C, ID_C, "c", true);
	CHECK(world_find(C, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	CHECK(msg.server_info.has_state);
	CHECK_EQ(msg.server_info.state.update, 5);
	CHECK(msg.server_info.state.digest == rsp_home_digest(rsp_registrar_handlespace(w.r), ID_US));
	CHECK(msg.server_info.has_clock && msg.server_info.clock_ms == world_config().epoch_ms + w.now);
	world_end();
}

static void
missed_updates_are_sent_again_with_their_numbers(void)
{
	struct rsp_message msg = { 0 };

	begin_with_five_updates(100);
	c_asks_from(4);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg));
	CHECK(msg.update_number == 4 && msg.update_action == ENRP_ADD_PE && msg.element.pe_id == 4);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, 1, &msg));
	CHECK(msg.update_number == 5 && msg.update_action == ENRP_DEL_PE && msg.element.pe_id == 1);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), 0);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
updates_that_are_kept_no_longer_are_answered_with_the_table(void)
{
	struct rsp_message msg = { 0 };

	begin_with_five_updates(2);
	c_asks_from(3);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.n_list, 3 + 1 + 1 + 1); /* elements, removal, and a handle before each kind */
	world_end();
}

/* What an old update says may have been removed since, and the removal be forgotten. */
static void
updates_older_than_the_tombstone_time_are_answered_with_the_table(void)
{
	begin_with_five_updates(100);
	uint64_t until = w.now + world_config().tombstone_ms;
	while (w.now <= until) {
		world_run(until - w.now < 500 ? until - w.now + 1 : 500);
		world_presence(C, ID_C, "c", false);
	}
	world_clear();
	c_asks_from(4);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), 1);
	world_end();
}

static void
the_updates_that_are_still_kept_are_sent(void)
{
	begin_with_five_updates(2);
	c_asks_from(4);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	world_end();
}

static void
an_update_that_was_never_made_is_answered_with_the_table(void)
{
	begin_with_five_updates(100);
	c_asks_from(7);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), 1);
	world_end();
}

static void
updates_are_sent_again_once_in_max_time_no_response(void)
{
	begin_with_five_updates(100);
	for (unsigned i = 0; i < 10; i++)
		c_asks_from(4);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), 9);
	world_run(500);
	c_asks_from(4);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 4);
	world_end();
}

static void
updates_that_were_made_after_those_sent_again_are_sent_at_once(void)
{
	begin_with_five_updates(100);
	c_asks_from(4);
	world_register_epoch(WEB1, "web", 5, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_clear();
	c_asks_from(6);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 1);
	world_end();
}

static void
a_monitor_that_asks_for_updates_is_sent_the_table(void)
{
	begin_with_five_updates(100);
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
	asks_from(MONITOR, 0x777, 1);
	CHECK_EQ(world_count(MONITOR, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(MONITOR, ENRP_HANDLE_TABLE_RESPONSE), 1);
	world_end();
}

static void
a_registrar_without_state_that_asks_for_updates_is_sent_the_table(void)
{
	begin_with_five_updates(100);
	world_joined_plain(D, ID_D, "d");
	asks_from(D, ID_D, 1);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_RESPONSE), 1);
	world_end();
}

/* It ran without STATE for a while; the updates that it has made meanwhile had no numbers, and it keeps none of them. */
static void
a_registrar_that_states_again_is_asked_for_its_table(void)
{
	world_begin_with_peers();
	b_sends(1, 1);
	b_sends(2, 2);
	world_presence_of(B, ID_B, "b", (struct world_state){ 0 });
	world_clear();
	b_is_at(7, 0x1234);
	b_is_at(7, 0x1234);
	b_was_asked(1, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_missing_update_is_requested_by_its_number);
	TAP_RUN(updates_that_arrive_close_the_gap);
	TAP_RUN(the_second_gap_is_requested_too);
	TAP_RUN(a_presence_tells_of_updates_that_are_missing);
	TAP_RUN(a_presence_with_the_same_digest_needs_no_updates);
	TAP_RUN(a_digest_that_differs_although_no_update_is_missing_needs_the_table);
	TAP_RUN(a_digest_that_still_differs_after_the_updates_needs_the_table);
	TAP_RUN(updates_that_the_peer_keeps_no_longer_are_answered_with_its_table);
	TAP_RUN(an_update_that_is_not_answered_in_time_ends_the_connection);
	TAP_RUN(a_request_for_updates_that_are_not_needed_any_more_delays_no_table);
	TAP_RUN(a_table_that_may_not_be_requested_yet_is_requested_as_soon_as_it_may);
	TAP_RUN(updates_that_are_rejected_are_followed_by_the_table);
	TAP_RUN(after_a_rejection_the_peer_is_asked_for_a_presence_soon_and_more_and_more_seldom);
	TAP_RUN(a_peer_that_counts_from_one_again_is_asked_for_its_table);
	TAP_RUN(updates_out_of_order_leave_the_greatest_statement);
	TAP_RUN(an_update_that_was_requested_and_is_older_than_what_is_known_is_not_answered);
	TAP_RUN(numbers_of_a_registrar_without_state_mean_nothing);
	TAP_RUN(a_presence_has_the_number_of_the_last_update_and_the_digest);
	TAP_RUN(missed_updates_are_sent_again_with_their_numbers);
	TAP_RUN(updates_that_are_kept_no_longer_are_answered_with_the_table);
	TAP_RUN(updates_older_than_the_tombstone_time_are_answered_with_the_table);
	TAP_RUN(the_updates_that_are_still_kept_are_sent);
	TAP_RUN(an_update_that_was_never_made_is_answered_with_the_table);
	TAP_RUN(updates_are_sent_again_once_in_max_time_no_response);
	TAP_RUN(updates_that_were_made_after_those_sent_again_are_sent_at_once);
	TAP_RUN(a_monitor_that_asks_for_updates_is_sent_the_table);
	TAP_RUN(a_registrar_without_state_that_asks_for_updates_is_sent_the_table);
	TAP_RUN(a_registrar_that_states_again_is_asked_for_its_table);
	return tap_end();
}
