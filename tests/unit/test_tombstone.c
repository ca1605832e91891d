/* Tombstones: the statements of removal, by owner. */
#include "model/tombstone.h"

#include <string.h>

#include "base/rng.h"
#include "chaos.h"
#include "tap.h"

static const struct rsp_hash_key key = { 1, 2 };
static struct rsp_tombs t;

static void
begin(uint32_t max, uint32_t max_of_owner)
{
	CHECK_EQ(rsp_tombs_init(&t, max, max_of_owner, key), RSP_OK);
}

static struct rsp_statement
removal(uint64_t epoch)
{
	return (struct rsp_statement){ .epoch = { epoch, 1, 0 }, .since_ms = 77, .rank = RSP_RANK_REMOVED };
}

static enum rsp_err
put(const char *handle, uint32_t pe_id, const char *owner, uint64_t epoch, uint32_t home, uint64_t until)
{
	struct rsp_statement s = removal(epoch);

	return rsp_tomb_put(&t, rsp_bytes_str(handle), pe_id, rsp_bytes_str(owner), &s, home, until);
}

static const struct rsp_tomb *
find(const char *handle, uint32_t pe_id, const char *owner)
{
	return rsp_tomb_find(&t, rsp_bytes_str(handle), pe_id, rsp_bytes_str(owner));
}

static uint64_t
epoch_of(const struct rsp_tomb *stone)
{
	return stone ? stone->statement.epoch.epoch : 0;
}

static void
a_tombstone_is_found_by_handle_id_and_owner(void)
{
	begin(100, 100);
	CHECK(!find("web", 7, "a"));
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 7, "", 6, 9, 1000), RSP_OK);
	const struct rsp_tomb *stone = find("web", 7, "a");

	CHECK(stone && stone->pe_id == 7 && stone->home_id == 9 && stone->until_ms == 1000);
	CHECK(stone && stone->statement.since_ms == 77 && epoch_of(stone) == 5);
	CHECK(stone && rsp_bytes_equal(rsp_tomb_handle(stone), rsp_bytes_str("web")));
	CHECK(stone && rsp_bytes_equal(rsp_tomb_owner(stone), rsp_bytes_str("a")));
	stone = find("web", 7, "");
	CHECK(stone && epoch_of(stone) == 6 && rsp_tomb_owner(stone).n == 0);
	CHECK(!find("web", 8, "a") && !find("we", 7, "a") && !find("web", 7, "ab"));
	CHECK_EQ(t.table.count, 2);
	rsp_tombs_done(&t);
}

static void
only_a_greater_statement_replaces_a_tombstone(void)
{
	begin(100, 100);
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 7, "a", 5, 9, 2000), RSP_OK);
	CHECK_EQ(put("web", 7, "a", 4, 10, 2000), RSP_OK);
	CHECK(find("web", 7, "a")->until_ms == 1000 && find("web", 7, "a")->home_id == 9);
	CHECK_EQ(put("web", 7, "a", 5, 10, 2000), RSP_OK);
	CHECK(find("web", 7, "a")->until_ms == 2000 && find("web", 7, "a")->home_id == 10);
	CHECK_EQ(t.table.count, 1);
	rsp_tombs_done(&t);
}

static void
only_a_valid_removal_is_stored(void)
{
	static const uint8_t long_name[RSP_HANDLE_MAX + RSP_OWNER_MAX + 1];
	struct rsp_statement s = { .epoch = { 1, 1, 0 }, .rank = RSP_RANK_REGISTERED }, gone = removal(1);
	struct rsp_bytes web = rsp_bytes_str("web"), none = { 0 };

	begin(100, 100);
	CHECK_EQ(rsp_tomb_put(&t, web, 7, none, &s, 1, 1), RSP_EVALUE);
	CHECK_EQ(rsp_tomb_put(&t, none, 7, none, &gone, 1, 1), RSP_EVALUE);
	CHECK_EQ(rsp_tomb_put(&t, rsp_bytes_of(long_name, RSP_HANDLE_MAX + 1), 7, none, &gone, 1, 1), RSP_EVALUE);
	CHECK_EQ(rsp_tomb_put(&t, web, 7, rsp_bytes_of(long_name, RSP_OWNER_MAX + 1), &gone, 1, 1), RSP_EVALUE);
	CHECK_EQ(t.table.count, 0);
	CHECK_EQ(rsp_tomb_put(&t, rsp_bytes_of(long_name, RSP_HANDLE_MAX), 7, none, &gone, 1, 1), RSP_OK);
	rsp_tombs_done(&t);
	begin(0, 100);
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_ELIMIT);
	rsp_tombs_done(&t);
	begin(100, 0);
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_ELIMIT);
	CHECK_EQ(t.owners.count, 0);
	rsp_tombs_done(&t);
}

static void
a_forgotten_tombstone_is_not_found(void)
{
	begin(100, 100);
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_OK);
	rsp_tomb_forget(&t, rsp_bytes_str("web"), 7, rsp_bytes_str("b"));
	CHECK(find("web", 7, "a"));
	rsp_tomb_forget(&t, rsp_bytes_str("web"), 7, rsp_bytes_str("a"));
	CHECK(!find("web", 7, "a"));
	CHECK(t.table.count == 0 && t.owners.count == 0);
	rsp_tombs_done(&t);
}

static void
tombstones_expire_in_their_order(void)
{
	begin(100, 100);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 2, "b", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 3, "a", 5, 9, 2000), RSP_OK);
	CHECK_EQ(put("web", 1, "a", 6, 9, 3000), RSP_OK); /* buried again */
	rsp_tombs_expire(&t, 999, false);
	CHECK_EQ(t.table.count, 3);
	rsp_tombs_expire(&t, 1000, false);
	CHECK(!find("web", 2, "b") && t.table.count == 2);
	rsp_tombs_expire(&t, 2999, false);
	CHECK(find("web", 1, "a") && t.table.count == 1);
	rsp_tombs_done(&t);
}

static void
while_a_peer_is_out_of_step_tombstones_are_kept_up_to_a_limit(void)
{
	begin(100, 100);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	rsp_tombs_expire(&t, 1000 + RSP_TOMBS_OVERTIME_MS - 1, true);
	CHECK(find("web", 1, "a"));
	rsp_tombs_expire(&t, 1000 + RSP_TOMBS_OVERTIME_MS, true);
	CHECK(!find("web", 1, "a"));
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	rsp_tombs_expire(&t, 1000 + RSP_TOMBS_OVERTIME_MS / 2, false); /* all are in step again */
	CHECK(!find("web", 1, "a"));
	rsp_tombs_done(&t);
}

static void
the_limit_of_an_owner_drops_its_own_first(void)
{
	begin(100, 2);
	CHECK_EQ(put("web", 1, "b", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 1, "", 5, 9, 1000), RSP_OK);
	for (uint32_t i = 1; i <= 3; i++)
		CHECK_EQ(put("web", i, "a", 5, 9, 2000), RSP_OK);
	CHECK(!find("web", 1, "a") && find("web", 2, "a") && find("web", 3, "a"));
	CHECK(find("web", 1, "b") && find("web", 1, ""));
	CHECK_EQ(put("web", 2, "a", 6, 9, 3000), RSP_OK); /* replaced: needs no room */
	CHECK(find("web", 3, "a") && t.table.count == 4);
	CHECK_EQ(put("web", 4, "a", 6, 9, 3000), RSP_OK); /* now 3 is the oldest */
	CHECK(!find("web", 3, "a") && find("web", 2, "a"));
	CHECK_EQ(put("x", 1, "", 5, 9, 3000), RSP_OK); /* the unnamed are one owner */
	CHECK_EQ(put("y", 1, "", 5, 9, 3000), RSP_OK);
	CHECK(!find("web", 1, "") && t.table.count == 5);
	rsp_tombs_done(&t);
}

static void
the_limit_of_all_drops_one_of_the_same_owner_if_there_is_one(void)
{
	begin(3, 3);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 1, "b", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 2, "b", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 3, "b", 5, 9, 1000), RSP_OK);
	CHECK(find("web", 1, "a") && !find("web", 1, "b") && find("web", 3, "b"));
	CHECK_EQ(put("web", 1, "c", 5, 9, 1000), RSP_OK);
	CHECK(!find("web", 1, "a") && find("web", 2, "b") && find("web", 1, "c"));
	CHECK(t.table.count == 3 && t.owners.count == 2);
	rsp_tombs_done(&t);
	begin(1, 1);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 2, "a", 5, 9, 1000), RSP_OK);
	CHECK(find("web", 2, "a") && t.table.count == 1 && t.owners.count == 1);
	rsp_tombs_done(&t);
}

enum { HANDLE = 4 * RSP_TOMB_HANDLE_OCTETS };

/* The same as put(), with a handle of HANDLE octets. */
static enum rsp_err
put_long(uint32_t pe_id, const char *owner)
{
	struct rsp_statement s = removal(5);
	uint8_t handle[HANDLE];

	memset(handle, 'h', sizeof(handle));
	return rsp_tomb_put(&t, rsp_bytes_of(handle, sizeof(handle)), pe_id, rsp_bytes_str(owner), &s, 9, 1000);
}

static void
put_many_long(uint32_t n, const char *owner)
{
	for (uint32_t i = 1; i <= n; i++)
		CHECK_EQ(put_long(i, owner), RSP_OK);
}

static void
an_owner_has_fewer_tombstones_if_their_handles_are_long(void)
{
	begin(400, 40);
	put_many_long(100, "a");
	CHECK_EQ(t.table.count, 10);
	CHECK_EQ(t.octets, 10 * HANDLE);
	rsp_tombs_done(&t);
}

static void
all_owners_have_fewer_tombstones_if_their_handles_are_long(void)
{
	begin(80, 40);
	put_many_long(10, "a");
	put_many_long(10, "b");
	put_many_long(10, "c");
	CHECK_EQ(t.table.count, 20);
	CHECK_EQ(t.octets, 20 * HANDLE);
	rsp_tombs_done(&t);
}

static void
a_long_handle_drops_as_many_short_ones_as_it_needs(void)
{
	begin(80, 40);
	for (uint32_t i = 1; i <= 40; i++)
		CHECK_EQ(put("web", i, "a", 5, 9, 1000), RSP_OK);
	put_many_long(10, "b");
	put_many_long(9, "c");
	CHECK_EQ(t.table.count, 40 + 10 + 9);
	CHECK_EQ(put_long(1, "d"), RSP_OK);
	CHECK(!find("web", 40, "a"));
	CHECK_EQ(t.table.count, 10 + 9 + 1);
	CHECK_EQ(t.octets, 20 * HANDLE);
	rsp_tombs_done(&t);
}

static void
a_handle_that_is_too_long_alone_is_stored_alone(void)
{
	begin(2, 2);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put_long(1, "a"), RSP_OK);
	CHECK_EQ(put_long(1, "b"), RSP_OK);
	CHECK_EQ(t.table.count, 1);
	CHECK_EQ(t.octets, HANDLE);
	rsp_tombs_done(&t);
}

static void
octets_that_are_given_back_are_there_again(void)
{
	begin(40, 40);
	put_many_long(10, "a");
	rsp_tombs_clear(&t);
	CHECK_EQ(t.octets, 0);
	put_many_long(10, "a");
	CHECK_EQ(t.table.count, 10);
	rsp_tombs_done(&t);
}

static void
clearing_ends_all_and_walks_with_them(void)
{
	struct rsp_tomb_walk walk;

	begin(100, 100);
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 2, "", 5, 9, 1000), RSP_OK);
	rsp_tomb_walk_begin(&t, &walk);
	rsp_tombs_clear(&t);
	CHECK(t.table.count == 0 && t.owners.count == 0 && !rsp_tomb_walk_next(&walk));
	CHECK_EQ(put("web", 2, "", 5, 9, 1000), RSP_OK);
	CHECK_EQ(t.table.count, 1);
	rsp_tomb_walk_end(&walk);
	rsp_tomb_walk_end(&walk);
	rsp_tombs_done(&t);
	rsp_tombs_done(&t); /* empty */
}

static void
a_walk_goes_in_the_order_of_burial(void)
{
	static const uint32_t expected[] = { 2, 3, 1 };
	struct rsp_tomb_walk walk = { 0 };

	rsp_tomb_walk_end(&walk); /* has not begun */
	begin(100, 100);
	for (uint32_t i = 1; i <= 3; i++)
		CHECK_EQ(put("web", i, i == 2 ? "b" : "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 1, "a", 6, 9, 2000), RSP_OK);
	rsp_tomb_walk_begin(&t, &walk);
	for (unsigned i = 0; i < 3; i++) {
		const struct rsp_tomb *stone = walk.at;
		CHECK(stone && stone->pe_id == expected[i] && rsp_tomb_walk_next(&walk) == stone);
	}
	CHECK(!walk.at && !rsp_tomb_walk_next(&walk));
	rsp_tomb_walk_end(&walk);
	rsp_tombs_done(&t);
}

static void
a_walk_that_follows_goes_on_with_what_is_buried_later(void)
{
	struct rsp_tomb_walk walk, other;

	begin(100, 100);
	rsp_tomb_walk_begin(&t, &walk);
	rsp_tomb_walk_begin(&t, &other);
	walk.follows = true;
	CHECK(!rsp_tomb_walk_next(&walk));
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 2, "a", 5, 9, 1000), RSP_OK);
	CHECK(rsp_tomb_walk_next(&walk) == find("web", 1, "a"));
	CHECK(rsp_tomb_walk_next(&walk) == find("web", 2, "a") && !rsp_tomb_walk_next(&walk));
	CHECK_EQ(put("web", 1, "a", 6, 9, 1000), RSP_OK);
	CHECK(rsp_tomb_walk_next(&walk) == find("web", 1, "a") && !rsp_tomb_walk_next(&walk));
	CHECK_EQ(put("web", 1, "a", 6, 9, 2000), RSP_OK); /* not greater */
	CHECK(!rsp_tomb_walk_next(&walk) && !rsp_tomb_walk_next(&other));
	rsp_tomb_walk_end(&walk);
	rsp_tomb_walk_end(&other);
	rsp_tombs_done(&t);
}

static void
a_limit_drops_none_that_a_walk_that_follows_has_not_returned(void)
{
	struct rsp_tomb_walk walk;

	begin(3, 2);
	rsp_tomb_walk_begin(&t, &walk);
	walk.follows = true;
	CHECK_EQ(put("web", 1, "a", 5, 9, 1000), RSP_OK);
	CHECK(rsp_tomb_walk_next(&walk) == find("web", 1, "a"));
	for (uint32_t id = 2; id <= 5; id++)
		CHECK_EQ(put("web", id, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(put("web", 6, "b", 5, 9, 1000), RSP_OK);
	CHECK(!find("web", 1, "a"));
	for (uint32_t id = 2; id <= 5; id++)
		CHECK(find("web", id, "a") && rsp_tomb_walk_next(&walk) == find("web", id, "a"));
	CHECK(rsp_tomb_walk_next(&walk) == find("web", 6, "b") && !rsp_tomb_walk_next(&walk));
	CHECK_EQ(put("web", 7, "a", 5, 9, 1000), RSP_OK);
	CHECK_EQ(t.table.count, 3);
	CHECK(find("web", 5, "a") && find("web", 6, "b") && find("web", 7, "a"));
	rsp_tomb_walk_end(&walk);
	rsp_tombs_done(&t);
}

/* A random history, compared with an array, while a walk goes on. */
static void
a_random_history_agrees_with_an_array(void)
{
	enum { IDS = 50, OWNERS = 4, STEPS = 20000 };
	static const char *const owner[OWNERS] = { "", "a", "ab", "b" };
	static uint64_t epoch[OWNERS][IDS], until[OWNERS][IDS];
	static bool seen[OWNERS][IDS], stays[OWNERS][IDS];
	struct rsp_rng rng = rsp_rng_seeded(5);
	struct rsp_tomb_walk walk = { 0 };
	uint32_t count = 0;

	begin(OWNERS * IDS, IDS);
	for (uint64_t now = 1; now < STEPS; now++) {
		unsigned o = (unsigned)rsp_rng_below(&rng, OWNERS), id = (unsigned)rsp_rng_below(&rng, IDS);
		uint64_t to = 1 + rsp_rng_below(&rng, 1000);

		CHECK_EQ(epoch_of(find("web", id, owner[o])), epoch[o][id]);
		if (rsp_rng_below(&rng, 3)) {
			CHECK_EQ(put("web", id, owner[o], to, 9, now + 200), RSP_OK);
			count += !epoch[o][id];
			until[o][id] = to > epoch[o][id] ? now + 200 : until[o][id];
			epoch[o][id] = to > epoch[o][id] ? to : epoch[o][id];
		} else {
			rsp_tomb_forget(&t, rsp_bytes_str("web"), id, rsp_bytes_str(owner[o]));
			count -= epoch[o][id] != 0;
			epoch[o][id] = 0;
			stays[o][id] = false;
		}
		rsp_tombs_expire(&t, now, false);
		for (unsigned i = 0; i < OWNERS * IDS; i++)
			if (epoch[i / IDS][i % IDS] && until[i / IDS][i % IDS] <= now) {
				epoch[i / IDS][i % IDS] = 0;
				stays[i / IDS][i % IDS] = false;
				count--;
			}
		CHECK_EQ(t.table.count, count);
		if (!walk.entry.le_prev) {
			memset(seen, 0, sizeof(seen));
			for (unsigned i = 0; i < OWNERS * IDS; i++)
				stays[i / IDS][i % IDS] = epoch[i / IDS][i % IDS] != 0;
			rsp_tomb_walk_begin(&t, &walk);
		}
		for (unsigned n = 0; n < 3; n++) {
			const struct rsp_tomb *stone = rsp_tomb_walk_next(&walk);
			for (unsigned i = 0; stone && i < OWNERS; i++)
				if (rsp_bytes_equal(rsp_tomb_owner(stone), rsp_bytes_str(owner[i])))
					seen[i][stone->pe_id] = true;
		}
		if (!walk.at) {
			for (unsigned i = 0; i < OWNERS * IDS; i++)
				CHECK(seen[i / IDS][i % IDS] || !stays[i / IDS][i % IDS]);
			rsp_tomb_walk_end(&walk);
		}
	}
	rsp_tomb_walk_end(&walk);
	rsp_tombs_done(&t);
}

static void
nothing_is_stored_when_memory_is_short(void)
{
	unsigned failed = 0;

	begin(100, 100);
	for (enum rsp_err err = RSP_ENOMEM; err; failed++) {
		CHECK(t.table.count == 0 && t.owners.count == 0);
		chaos_begin(failed);
		err = put("web", 1, "a", 5, 9, 1000);
		(void)chaos_end();
		CHECK(err == RSP_OK || err == RSP_ENOMEM);
		if (failed > 10)
			abort();
	}
	CHECK(failed > 1 && find("web", 1, "a"));
	rsp_tombs_done(&t);
	for (unsigned i = 0; i < 4; i++) {
		chaos_begin(i);
		enum rsp_err err = rsp_tombs_init(&t, 1, 1, key);
		(void)chaos_end();
		CHECK(err == (i < 2 ? RSP_ENOMEM : RSP_OK));
		if (!err)
			rsp_tombs_done(&t);
	}
}

int
main(void)
{
	TAP_RUN(a_tombstone_is_found_by_handle_id_and_owner);
	TAP_RUN(only_a_greater_statement_replaces_a_tombstone);
	TAP_RUN(only_a_valid_removal_is_stored);
	TAP_RUN(a_forgotten_tombstone_is_not_found);
	TAP_RUN(tombstones_expire_in_their_order);
	TAP_RUN(while_a_peer_is_out_of_step_tombstones_are_kept_up_to_a_limit);
	TAP_RUN(the_limit_of_an_owner_drops_its_own_first);
	TAP_RUN(the_limit_of_all_drops_one_of_the_same_owner_if_there_is_one);
	TAP_RUN(an_owner_has_fewer_tombstones_if_their_handles_are_long);
	TAP_RUN(all_owners_have_fewer_tombstones_if_their_handles_are_long);
	TAP_RUN(a_long_handle_drops_as_many_short_ones_as_it_needs);
	TAP_RUN(a_handle_that_is_too_long_alone_is_stored_alone);
	TAP_RUN(octets_that_are_given_back_are_there_again);
	TAP_RUN(clearing_ends_all_and_walks_with_them);
	TAP_RUN(a_walk_goes_in_the_order_of_burial);
	TAP_RUN(a_walk_that_follows_goes_on_with_what_is_buried_later);
	TAP_RUN(a_limit_drops_none_that_a_walk_that_follows_has_not_returned);
	TAP_RUN(a_random_history_agrees_with_an_array);
	TAP_RUN(nothing_is_stored_when_memory_is_short);
	return tap_end();
}
