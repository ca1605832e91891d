#include <string.h>

#include "engine/enrp/gap.h"
#include "tap.h"

/* The updates of one peer, at the receiver. A request that is not answered within WAIT ms has failed. */

enum { WAIT = 1000 };

static struct rsp_gap gap;
static uint64_t now;

/* The peer has sent the updates 1 to @have, and all have arrived. */
static void
begin(uint64_t have)
{
	gap = (struct rsp_gap){ .have = have, .told = have };
	now = 100000;
}

static enum rsp_gap_verdict
received(uint64_t number)
{
	return rsp_gap_received(&gap, number, now, WAIT);
}

/* A PRESENCE with another digest than that of the stored elements. */
static enum rsp_gap_verdict
told(uint64_t last)
{
	return rsp_gap_told(&gap, last, false, now, WAIT);
}

static void
updates_in_order_leave_nothing_missing(void)
{
	begin(0);
	for (uint64_t number = 1; number <= 3; number++)
		CHECK_EQ(received(number), RSP_GAP_NONE);
	CHECK_EQ(gap.have, 3);
	CHECK(!rsp_gap_is_open(&gap));
}

static void
an_update_that_arrives_again_is_old(void)
{
	begin(5);
	CHECK_EQ(received(5), RSP_GAP_OLD);
	CHECK_EQ(received(1), RSP_GAP_OLD);
	CHECK_EQ(received(0), RSP_GAP_OLD); /* no update has this number */
	CHECK_EQ(gap.have, 5);
}

static void
a_missed_update_is_requested_once(void)
{
	begin(5);
	CHECK_EQ(received(8), RSP_GAP_ASK);
	CHECK_EQ(gap.have, 5);
	CHECK(rsp_gap_is_open(&gap));
	now += WAIT - 1;
	CHECK_EQ(received(9), RSP_GAP_WAIT);
	CHECK_EQ(told(9), RSP_GAP_WAIT);
	CHECK_EQ(received(6), RSP_GAP_WAIT);
	CHECK_EQ(received(7), RSP_GAP_NONE); /* 8 and 9 count too, which came before */
	CHECK_EQ(gap.have, 9);
	CHECK(!rsp_gap_is_open(&gap));
	CHECK_EQ(received(8), RSP_GAP_OLD);
}

static void
a_presence_shows_that_the_last_updates_were_missed(void)
{
	begin(5);
	CHECK_EQ(told(7), RSP_GAP_ASK);
	CHECK_EQ(received(6), RSP_GAP_WAIT);
	CHECK_EQ(received(7), RSP_GAP_NONE);
	CHECK_EQ(gap.have, 7);
}

static void
with_the_same_digest_nothing_is_missing_whatever_the_numbers(void)
{
	begin(5);
	CHECK_EQ(rsp_gap_told(&gap, 9, true, now, WAIT), RSP_GAP_NONE);
	CHECK_EQ(gap.have, 9);
	CHECK_EQ(received(10), RSP_GAP_NONE);
	CHECK_EQ(rsp_gap_told(&gap, 2, true, now, WAIT), RSP_GAP_NONE); /* it has begun with 1 again */
	CHECK_EQ(gap.have, 2);
	CHECK_EQ(received(3), RSP_GAP_NONE);
}

/* Its updates may be old, and this registrar may not have the tombstones that they lack. */
static void
a_peer_of_which_nothing_has_arrived_is_asked_for_its_table(void)
{
	begin(0);
	CHECK_EQ(told(40), RSP_GAP_TABLE);
	CHECK_EQ(gap.have, 0);
}

static void
a_peer_that_has_begun_to_count_is_asked_for_all_its_updates(void)
{
	begin(0);
	CHECK_EQ(rsp_gap_told(&gap, 0, true, now, WAIT), RSP_GAP_NONE);
	CHECK_EQ(told(4), RSP_GAP_ASK);
	CHECK_EQ(gap.have, 0);
}

static void
a_table_has_the_updates_that_were_told_while_this_registrar_joined(void)
{
	begin(0);
	rsp_gap_joining(&gap, 40);
	rsp_gap_set(&gap, gap.told);
	CHECK_EQ(told(41), RSP_GAP_ASK);
	CHECK_EQ(gap.have, 40);
}

static void
a_digest_that_differs_without_a_gap_needs_the_table_if_it_still_differs(void)
{
	begin(5);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(told(5), RSP_GAP_TABLE);
	CHECK_EQ(told(5), RSP_GAP_WAIT);
	rsp_gap_set(&gap, gap.told);
	CHECK(!rsp_gap_is_open(&gap));
}

static void
two_tables_are_not_requested_at_a_shorter_interval(void)
{
	begin(5);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(told(5), RSP_GAP_TABLE);
	rsp_gap_set(&gap, 5);
	now += WAIT - 1;
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(told(5), RSP_GAP_WAIT);
	CHECK_EQ(received(7), RSP_GAP_ASK); /* updates may be */
	CHECK_EQ(received(6), RSP_GAP_NONE);
	now += 1;
	CHECK_EQ(told(7), RSP_GAP_CHECK);
	CHECK_EQ(told(7), RSP_GAP_TABLE);
}

static void
a_digest_that_agrees_when_it_is_checked_needs_no_table(void)
{
	begin(5);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(rsp_gap_told(&gap, 5, true, now, WAIT), RSP_GAP_NONE);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
}

/* The peer was joining, and serves now. */
static void
after_the_first_rejections_the_next_presence_leads_to_a_request(void)
{
	begin(5);
	CHECK_EQ(received(7), RSP_GAP_ASK);
	for (unsigned i = 0; i < RSP_GAP_REJECTIONS; i++) {
		rsp_gap_rejected(&gap, now, WAIT);
		CHECK_EQ(told(7), RSP_GAP_TABLE);
	}
	rsp_gap_rejected(&gap, now, WAIT);
	CHECK_EQ(told(7), RSP_GAP_WAIT);
	now += 2 * WAIT;
	CHECK_EQ(told(7), RSP_GAP_TABLE);
}

static void
an_update_does_not_end_the_request_for_a_table(void)
{
	begin(5);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(told(5), RSP_GAP_TABLE);
	CHECK_EQ(received(6), RSP_GAP_NONE);
	CHECK(rsp_gap_is_open(&gap));
	now += WAIT;
	CHECK_EQ(told(6), RSP_GAP_WAIT);
}

static void
an_unanswered_request_is_followed_by_one_for_the_table(void)
{
	begin(5);
	CHECK_EQ(received(7), RSP_GAP_ASK);
	now += WAIT;
	CHECK_EQ(told(7), RSP_GAP_TABLE);
	now += 100 * WAIT; /* a large table */
	CHECK_EQ(told(8), RSP_GAP_WAIT);
	rsp_gap_set(&gap, 7);
	CHECK_EQ(gap.have, 7);
	CHECK_EQ(told(8), RSP_GAP_ASK); /* the failure is over */
}

static void
an_answer_that_arrives_in_parts_is_waited_for(void)
{
	begin(5);
	CHECK_EQ(told(9), RSP_GAP_ASK);
	for (uint64_t number = 6; number <= 8; number++) {
		now += WAIT - 1;
		CHECK_EQ(received(number), RSP_GAP_WAIT);
	}
	now += WAIT - 1;
	CHECK_EQ(received(9), RSP_GAP_NONE);
}

static void
a_table_in_place_of_the_updates_closes_the_gap(void)
{
	begin(5);
	CHECK_EQ(told(9), RSP_GAP_ASK);
	uint64_t begun = rsp_gap_table_begun(&gap);
	CHECK_EQ(begun, 9);
	now += 2 * WAIT;
	CHECK_EQ(received(10), RSP_GAP_WAIT); /* while the table arrives */
	CHECK_EQ(received(11), RSP_GAP_WAIT);
	rsp_gap_set(&gap, begun);
	CHECK_EQ(gap.have, 11);
	CHECK_EQ(received(12), RSP_GAP_NONE);
}

static void
an_update_missed_during_a_table_is_requested_after_it(void)
{
	begin(5);
	CHECK_EQ(told(5), RSP_GAP_CHECK);
	CHECK_EQ(told(5), RSP_GAP_TABLE);
	CHECK_EQ(received(7), RSP_GAP_WAIT);
	rsp_gap_set(&gap, 5);
	CHECK_EQ(gap.have, 5);
	CHECK_EQ(received(8), RSP_GAP_ASK);
	CHECK_EQ(received(6), RSP_GAP_NONE);
	CHECK_EQ(gap.have, 8);
}

static void
after_each_refusal_the_wait_is_twice_as_long_up_to_a_bound(void)
{
	uint64_t wait = WAIT;

	begin(5);
	CHECK_EQ(received(7), RSP_GAP_ASK);
	for (unsigned i = 0; i < 10; i++) {
		rsp_gap_failed(&gap, now, WAIT);
		CHECK(rsp_gap_is_open(&gap));
		now += wait - 1;
		CHECK_EQ(told(7), RSP_GAP_WAIT);
		now += 1;
		CHECK_EQ(told(7), RSP_GAP_TABLE);
		wait = wait < (uint64_t)WAIT * RSP_GAP_BACK_OFF_MAX ? 2 * wait : wait;
	}
	CHECK_EQ(wait, 64 * WAIT);
	rsp_gap_set(&gap, 7);
	CHECK(!rsp_gap_is_open(&gap));
	CHECK_EQ(received(9), RSP_GAP_ASK);
}

static void
a_request_that_was_lost_with_its_connection_is_sent_again_at_once(void)
{
	begin(5);
	CHECK_EQ(received(7), RSP_GAP_ASK);
	rsp_gap_lost(&gap);
	CHECK_EQ(told(7), RSP_GAP_ASK);
	rsp_gap_failed(&gap, now, WAIT);
	rsp_gap_lost(&gap);
	CHECK_EQ(told(7), RSP_GAP_TABLE);
	rsp_gap_lost(&gap);
	CHECK_EQ(told(7), RSP_GAP_TABLE);
}

/* Two connections of one peer: its PRESENCE may arrive after an update that it sent later. */
static void
a_lower_number_is_an_old_presence_once_and_then_a_new_count(void)
{
	begin(50);
	CHECK_EQ(told(49), RSP_GAP_OLD);
	CHECK_EQ(received(51), RSP_GAP_NONE);
	CHECK_EQ(told(50), RSP_GAP_OLD);
	CHECK_EQ(told(51), RSP_GAP_CHECK);
	CHECK_EQ(told(51), RSP_GAP_TABLE);
	rsp_gap_set(&gap, 51);
	now += WAIT;
	CHECK_EQ(told(3), RSP_GAP_OLD);
	CHECK_EQ(told(3), RSP_GAP_TABLE);
	rsp_gap_set(&gap, gap.told);
	CHECK_EQ(gap.have, 3);
	CHECK_EQ(received(4), RSP_GAP_NONE);
}

static void
a_new_count_forgets_what_arrived_of_the_old_one(void)
{
	begin(5);
	CHECK_EQ(received(8), RSP_GAP_ASK);
	now += WAIT;
	CHECK_EQ(told(2), RSP_GAP_OLD);
	CHECK_EQ(told(2), RSP_GAP_TABLE);
	rsp_gap_set(&gap, 2);
	for (uint64_t number = 3; number <= 7; number++)
		CHECK_EQ(received(number), RSP_GAP_NONE);
	CHECK_EQ(gap.have, 7);
}

static void
false_numbers_cost_the_sender_its_own_requests_only(void)
{
	begin(5);
	CHECK_EQ(received(UINT64_MAX), RSP_GAP_ASK);
	for (uint64_t i = 0; i < 100; i++)
		CHECK_EQ(received(UINT64_MAX - 2 * i), RSP_GAP_WAIT);
	now += WAIT;
	CHECK_EQ(told(UINT64_MAX), RSP_GAP_TABLE);
	rsp_gap_set(&gap, UINT64_MAX);
	CHECK_EQ(received(UINT64_MAX), RSP_GAP_OLD);
	CHECK_EQ(received(6), RSP_GAP_OLD);
	now += WAIT;
	CHECK_EQ(told(6), RSP_GAP_OLD);
	CHECK_EQ(told(6), RSP_GAP_TABLE);
	rsp_gap_set(&gap, 6);
	CHECK_EQ(received(7), RSP_GAP_NONE);
}

int
main(void)
{
	TAP_RUN(updates_in_order_leave_nothing_missing);
	TAP_RUN(an_update_that_arrives_again_is_old);
	TAP_RUN(a_missed_update_is_requested_once);
	TAP_RUN(a_presence_shows_that_the_last_updates_were_missed);
	TAP_RUN(with_the_same_digest_nothing_is_missing_whatever_the_numbers);
	TAP_RUN(a_peer_of_which_nothing_has_arrived_is_asked_for_its_table);
	TAP_RUN(a_peer_that_has_begun_to_count_is_asked_for_all_its_updates);
	TAP_RUN(a_table_has_the_updates_that_were_told_while_this_registrar_joined);
	TAP_RUN(a_digest_that_differs_without_a_gap_needs_the_table_if_it_still_differs);
	TAP_RUN(a_digest_that_agrees_when_it_is_checked_needs_no_table);
	TAP_RUN(after_the_first_rejections_the_next_presence_leads_to_a_request);
	TAP_RUN(two_tables_are_not_requested_at_a_shorter_interval);
	TAP_RUN(an_update_does_not_end_the_request_for_a_table);
	TAP_RUN(an_unanswered_request_is_followed_by_one_for_the_table);
	TAP_RUN(an_answer_that_arrives_in_parts_is_waited_for);
	TAP_RUN(a_table_in_place_of_the_updates_closes_the_gap);
	TAP_RUN(an_update_missed_during_a_table_is_requested_after_it);
	TAP_RUN(after_each_refusal_the_wait_is_twice_as_long_up_to_a_bound);
	TAP_RUN(a_request_that_was_lost_with_its_connection_is_sent_again_at_once);
	TAP_RUN(a_lower_number_is_an_old_presence_once_and_then_a_new_count);
	TAP_RUN(a_new_count_forgets_what_arrived_of_the_old_one);
	TAP_RUN(false_numbers_cost_the_sender_its_own_requests_only);
	return tap_end();
}
