#include <string.h>

#include "chaos.h"
#include "engine/enrp/heard.h"
#include "tap.h"

static struct rsp_heard_list list;
static uint8_t room[RSP_HEARD_MAX * RSP_HEARD_SIZE + 100];

static struct rsp_bytes
compose(unsigned n, const uint32_t *id)
{
	static struct rsp_heard item[8];

	for (unsigned i = 0; i < n; i++)
		item[i] = (struct rsp_heard){ .server_id = id[i], .digest = 100 + i };
	return rsp_heard_list_compose(item, n, room, sizeof(room));
}

/* The digest of @id in the list; 0: it is not there. */
static uint64_t
digest_of(uint32_t id)
{
	const struct rsp_heard *heard = rsp_heard_list_find(&list, id);

	return heard ? heard->digest : 0;
}

static void
each_registrar_of_the_last_presence_is_found_with_its_digest(void)
{
	static const uint32_t first[] = { 7, 0xffffffff, 3, 5 }, second[] = { 9 };

	rsp_heard_list_set(&list, compose(4, first), 10);
	CHECK_EQ(list.n, 4);
	CHECK_EQ(digest_of(7), 100);
	CHECK_EQ(digest_of(0xffffffff), 101);
	CHECK_EQ(digest_of(3), 102);
	CHECK_EQ(digest_of(5), 103);
	CHECK_EQ(digest_of(4), 0);
	CHECK(rsp_heard_list_find(&list, 3));
	rsp_heard_list_set(&list, compose(1, second), 10);
	CHECK_EQ(list.n, 1);
	CHECK_EQ(digest_of(7), 0);
	CHECK_EQ(digest_of(9), 100);
	rsp_heard_list_set(&list, (struct rsp_bytes){ 0 }, 10);
	CHECK_EQ(list.n, 0);
	CHECK_EQ(digest_of(9), 0);
	rsp_heard_list_done(&list);
}

static void
an_entry_that_is_removed_is_not_found(void)
{
	static const uint32_t id[] = { 7, 3, 5 };

	rsp_heard_list_set(&list, compose(3, id), 10);
	rsp_heard_list_remove(&list, 5);
	rsp_heard_list_remove(&list, 4);
	CHECK_EQ(list.n, 2);
	CHECK_EQ(digest_of(5), 0);
	CHECK_EQ(digest_of(3), 101);
	CHECK_EQ(digest_of(7), 100);
	rsp_heard_list_done(&list);
}

static void
of_two_entries_with_one_id_the_first_is_kept_and_none_with_id_0(void)
{
	static const uint32_t id[] = { 5, 0, 5, 2, 2 };

	rsp_heard_list_set(&list, compose(5, id), 10);
	CHECK_EQ(list.n, 2);
	CHECK_EQ(digest_of(5), 100);
	CHECK_EQ(digest_of(2), 103);
	CHECK(!rsp_heard_list_find(&list, 0));
	rsp_heard_list_done(&list);
}

static void
beyond_the_cap_the_lowest_ids_are_kept_in_any_order(void)
{
	static const uint32_t up[] = { 1, 2, 3, 4, 5 }, down[] = { 5, 4, 3, 2, 1 }, mixed[] = { 4, 1, 5, 3, 2 };
	const uint32_t *order[] = { up, down, mixed };

	for (unsigned i = 0; i < 3; i++) {
		rsp_heard_list_set(&list, compose(5, order[i]), 3);
		CHECK_EQ(list.n, 3);
		CHECK(digest_of(1) && digest_of(2) && digest_of(3));
		CHECK(!digest_of(4) && !digest_of(5));
	}
	rsp_heard_list_set(&list, compose(5, up), 0);
	CHECK_EQ(list.n, 0);
	rsp_heard_list_done(&list);
}

static void
without_memory_the_list_is_empty(void)
{
	static const uint32_t id[] = { 5, 6 };

	rsp_heard_list_set(&list, compose(2, id), 10);
	chaos_begin(0);
	rsp_heard_list_set(&list, compose(2, id), 10);
	CHECK(chaos_end());
	CHECK_EQ(list.n, 0);
	CHECK_EQ(digest_of(5), 0);
	rsp_heard_list_done(&list);
}

static void
composed_octets_are_bounded_by_a_message_and_by_their_room(void)
{
	static struct rsp_heard item[RSP_HEARD_MAX + 1];

	CHECK_EQ(rsp_heard_list_compose(item, RSP_HEARD_MAX + 1, room, sizeof(room)).n, RSP_HEARD_MAX * RSP_HEARD_SIZE);
	CHECK_EQ(rsp_heard_list_compose(item, 3, room, 35).n, 24);
	CHECK_EQ(rsp_heard_list_compose(item, 3, room, 36).n, 36);
	CHECK_EQ(rsp_heard_list_compose(item, 0, room, sizeof(room)).n, 0);
}

/* Relay: when the elements of a registrar that is not heard are requested. */

enum { CYCLE = 1000 };

static void
a_table_is_relayed_when_its_digest_differs_once_in_a_cycle(void)
{
	struct rsp_relay relay = { 0 };
	uint64_t now = 1;

	CHECK(!rsp_relay_is_due(&relay, 5, 5, now, CYCLE));
	CHECK(rsp_relay_is_due(&relay, 5, 0, now, CYCLE));
	now += CYCLE - 1;
	CHECK(!rsp_relay_is_due(&relay, 6, 5, now, CYCLE));
	now += 1;
	CHECK(!rsp_relay_is_due(&relay, 6, 6, now, CYCLE));
	CHECK(rsp_relay_is_due(&relay, 6, 5, now, CYCLE));
}

static void
a_table_with_the_digest_of_the_last_request_is_relayed_again_after_some_cycles(void)
{
	struct rsp_relay relay = { 0 };
	uint64_t now = 1;

	CHECK(rsp_relay_is_due(&relay, 0, 5, now, CYCLE));
	now += RSP_RELAY_AGAIN * CYCLE - 1;
	CHECK(!rsp_relay_is_due(&relay, 0, 5, now, CYCLE));
	now += 1;
	CHECK(rsp_relay_is_due(&relay, 0, 5, now, CYCLE));
}

static void
a_relay_that_was_refused_is_requested_in_the_next_cycle(void)
{
	struct rsp_relay relay = { 0 };

	CHECK(rsp_relay_is_due(&relay, 6, 5, 1, CYCLE));
	rsp_relay_failed(&relay);
	CHECK(!rsp_relay_is_due(&relay, 6, 5, CYCLE, CYCLE));
	CHECK(rsp_relay_is_due(&relay, 6, 5, CYCLE + 1, CYCLE));
}

int
main(void)
{
	TAP_RUN(each_registrar_of_the_last_presence_is_found_with_its_digest);
	TAP_RUN(an_entry_that_is_removed_is_not_found);
	TAP_RUN(of_two_entries_with_one_id_the_first_is_kept_and_none_with_id_0);
	TAP_RUN(beyond_the_cap_the_lowest_ids_are_kept_in_any_order);
	TAP_RUN(without_memory_the_list_is_empty);
	TAP_RUN(composed_octets_are_bounded_by_a_message_and_by_their_room);
	TAP_RUN(a_table_is_relayed_when_its_digest_differs_once_in_a_cycle);
	TAP_RUN(a_table_with_the_digest_of_the_last_request_is_relayed_again_after_some_cycles);
	TAP_RUN(a_relay_that_was_refused_is_requested_in_the_next_cycle);
	return tap_end();
}
