#include <string.h>

#include "base/rng.h"
#include "chaos.h"
#include "model/tombstones.h"
#include "tap.h"

static const struct rsp_hash_key key = { 3, 4 };

static struct rsp_tombstones t; /* its address must not change after the init */

static void
begin(uint32_t max)
{
	CHECK_EQ(rsp_tombstones_init(&t, max, key), RSP_OK);
}

static void
put(const char *handle, uint32_t pe_id, uint64_t version, uint64_t until_ms)
{
	rsp_tombstone_put(&t, rsp_bytes_str(handle), pe_id, version, until_ms);
}

static uint64_t
version(const char *handle, uint32_t pe_id)
{
	return rsp_tombstone_version(&t, rsp_bytes_str(handle), pe_id);
}

static void
each_element_has_a_tombstone_of_its_own(void)
{
	begin(10);
	CHECK_EQ(version("web", 1), 0);
	put("web", 1, 10, 100);
	put("web", 2, 20, 100);
	put("mail", 1, 30, 100);
	rsp_tombstone_put(&t, rsp_bytes_of("w\0b", 3), 1, 40, 100);
	CHECK_EQ(version("web", 1), 10);
	CHECK_EQ(version("web", 2), 20);
	CHECK_EQ(version("mail", 1), 30);
	CHECK_EQ(version("w", 1), 0);
	CHECK_EQ(rsp_tombstone_version(&t, rsp_bytes_of("w\0b", 3), 1), 40);
	CHECK_EQ(t.table.count, 4);
	rsp_tombstones_done(&t);
}

static void
the_newest_version_is_kept_until_the_latest_end(void)
{
	begin(10);
	put("web", 1, 20, 100);
	put("web", 1, 18, 200); /* an older version changes nothing, not even the end */
	CHECK_EQ(version("web", 1), 20);
	rsp_tombstones_expire(&t, 99);
	CHECK_EQ(version("web", 1), 20);
	rsp_tombstones_expire(&t, 100);
	CHECK_EQ(version("web", 1), 0);

	put("web", 1, 20, 300);
	put("web", 2, 20, 310);
	put("web", 1, 20, 400); /* the same version again: remembered for longer */
	rsp_tombstones_expire(&t, 350);
	CHECK_EQ(version("web", 1), 20);
	CHECK_EQ(version("web", 2), 0);
	put("web", 1, 22, 500);
	CHECK_EQ(version("web", 1), 22);
	CHECK_EQ(t.table.count, 1);
	rsp_tombstones_expire(&t, UINT64_MAX);
	CHECK_EQ(t.table.count, 0);
	put("web", 3, 1, UINT64_MAX); /* an emptied table can be filled again */
	CHECK_EQ(version("web", 3), 1);
	rsp_tombstones_done(&t);
}

static void
beyond_the_cap_the_oldest_is_evicted(void)
{
	begin(3);
	for (uint32_t i = 1; i <= 3; i++)
		put("web", i, i, 100 + i);
	put("web", 1, 5, 110); /* no longer the oldest */
	put("web", 4, 4, 120);
	CHECK_EQ(t.table.count, 3);
	CHECK_EQ(version("web", 2), 0);
	CHECK_EQ(version("web", 1), 5);
	CHECK_EQ(version("web", 3), 3);
	CHECK_EQ(version("web", 4), 4);
	rsp_tombstones_done(&t);

	begin(0); /* a cap of 0 */
	put("web", 1, 5, 110);
	CHECK_EQ(version("web", 1), 0);
	rsp_tombstones_expire(&t, 200);
	rsp_tombstones_done(&t);
}

/* Random handles, versions and ends, compared with an array. */
static void
a_random_history_agrees_with_an_array(void)
{
	enum { IDS = 500, MAX = 200 };
	static struct {
		uint64_t version, until_ms, order;
	} fact[IDS];
	struct rsp_rng rng = rsp_rng_seeded(17);
	uint32_t count = 0;

	memset(fact, 0, sizeof(fact));
	begin(MAX);
	for (uint64_t now = 1; now < 30000; now++) {
		uint32_t id = (uint32_t)rsp_rng_below(&rng, IDS), oldest = IDS;
		uint64_t said = 1 + rsp_rng_below(&rng, 50);

		if (fact[id].version <= said) {
			for (uint32_t i = 0; i < IDS; i++)
				if (fact[i].version && (oldest == IDS || fact[i].order < fact[oldest].order))
					oldest = i;
			count += !fact[id].version;
			if (count > MAX) {
				fact[oldest].version = 0;
				count--;
			}
			fact[id].version = said;
			fact[id].until_ms = now + 150;
			fact[id].order = now;
		}
		put("web", id, said, now + 150);
		if (now % 7 == 0) {
			rsp_tombstones_expire(&t, now);
			for (uint32_t i = 0; i < IDS; i++)
				if (fact[i].version && fact[i].until_ms <= now) {
					fact[i].version = 0;
					count--;
				}
		}
		CHECK_EQ(t.table.count, count);
		CHECK_EQ(version("web", id), fact[id].version);
		for (uint32_t i = 0; now % 100 == 0 && i < IDS; i++)
			CHECK_EQ(version("web", i), fact[i].version);
	}
	CHECK(count > 20);
	rsp_tombstones_done(&t);
}

static void
without_memory_a_removal_is_not_remembered(void)
{
	chaos_begin(0);
	enum rsp_err err = rsp_tombstones_init(&t, 10, key);
	CHECK(chaos_end());
	CHECK_EQ(err, RSP_ENOMEM);
	rsp_tombstones_done(&t);

	begin(1000);
	for (uint32_t i = 1; i <= 500; i++) { /* the table needs to grow meanwhile */
		chaos_begin((long)(i % 3));
		put("web", i, i, 100);
		bool failed = chaos_end();
		uint64_t kept = version("web", i);
		CHECK(kept == i || (failed && kept == 0));
		chaos_begin(0);
		put("web", 2, 1000 + i, 100); /* an existing one needs no memory */
		(void)chaos_end();
		CHECK(i < 2 || version("web", 2) == 1000 + i);
	}
	CHECK(t.table.count > 200);
	rsp_tombstones_done(&t);
}

int
main(void)
{
	TAP_RUN(each_element_has_a_tombstone_of_its_own);
	TAP_RUN(the_newest_version_is_kept_until_the_latest_end);
	TAP_RUN(beyond_the_cap_the_oldest_is_evicted);
	TAP_RUN(a_random_history_agrees_with_an_array);
	TAP_RUN(without_memory_a_removal_is_not_remembered);
	return tap_end();
}
