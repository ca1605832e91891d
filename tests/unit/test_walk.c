#include "base/rng.h"
#include "space.h"

/* Walks that go on while the handlespace changes. */

enum { IDS = 600, POOLS = 7, HOMES = 3, WALKS = 4 };

static struct rsp_handlespace *hs;
static bool stays[IDS + 1]; /* it has been there, with the same home, since the walk began */
static struct rsp_element *unlinked[10 * IDS * 4];
static unsigned n_unlinked;

static struct rsp_bytes
pool_of(uint32_t id)
{
	static const char *const name[POOLS] = { "a", "b", "c", "d", "e", "f", "g" };

	return rsp_bytes_str(name[id % POOLS]);
}

static struct rsp_element *
find(uint32_t id)
{
	return rsp_element_find(hs, rsp_pool_find(hs, pool_of(id)), id);
}

static void
put(uint32_t id, uint32_t home)
{
	struct rsp_pool_element pe = space_pe(id, home, RSP_POLICY_RR, 0, 0, 1);

	pe.statement = (struct rsp_statement){ .epoch = { 8, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	(void)space_put(hs, pool_of(id), pe);
}

static enum rsp_err
restate(struct rsp_element *e, uint32_t home, uint64_t epoch)
{
	struct rsp_statement s = { .epoch = { epoch, 1, 0 }, .rank = RSP_RANK_REGISTERED };

	return rsp_element_restate(hs, e, home, &s);
}

static void
fill(uint32_t n)
{
	hs = space_new();
	for (uint32_t id = 1; id <= n; id++)
		put(id, 1 + id % HOMES);
}

static void
each_element_is_seen_once(void)
{
	for (uint32_t home = 0; home <= HOMES; home++) {
		unsigned seen[IDS + 1] = { 0 }, n = 0;
		struct rsp_walk walk;
		struct rsp_element *e;

		fill(IDS);
		rsp_walk_begin(hs, &walk, home);
		while ((e = rsp_walk_peek(&walk))) {
			CHECK(rsp_walk_peek(&walk) == e); /* a peek is not a step */
			CHECK(rsp_walk_next(&walk) == e);
			CHECK(home == 0 || rsp_element_home_id(e) == home);
			CHECK_EQ(seen[e->pe_id]++, 0);
			n++;
		}
		CHECK(!rsp_walk_next(&walk));
		CHECK_EQ(n, home ? IDS / HOMES : IDS);
		rsp_walk_end(&walk);
		rsp_walk_end(&walk); /* ending twice does nothing */
		rsp_handlespace_free(hs);
	}
}

static void
a_walk_over_an_empty_handlespace_sees_nothing(void)
{
	struct rsp_walk walk;

	fill(0);
	rsp_walk_begin(hs, &walk, 0);
	CHECK(!rsp_walk_peek(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
a_walk_over_a_home_without_elements_sees_nothing(void)
{
	struct rsp_walk walk;

	fill(0);
	put(1, 1);
	rsp_walk_begin(hs, &walk, 2);
	CHECK(!rsp_walk_peek(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
an_element_that_is_removed_before_its_turn_is_not_seen(void)
{
	struct rsp_walk walk;

	fill(0);
	put(1, 1);
	rsp_walk_begin(hs, &walk, 0);
	rsp_element_remove(hs, find(1)); /* its pool goes with it */
	CHECK(!rsp_walk_peek(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
change(struct rsp_rng *rng)
{
	uint32_t id = 1 + (uint32_t)rsp_rng_below(rng, IDS), home = 1 + (uint32_t)rsp_rng_below(rng, HOMES);
	struct rsp_element *e = find(id);
	bool moves = e && rsp_element_home_id(e) != home;

	switch (rsp_rng_below(rng, 5)) {
	case 0:
		if (e)
			rsp_element_remove(hs, e);
		stays[id] = false;
		break;
	case 3:
		if (e)
			rsp_element_unlink(hs, unlinked[n_unlinked++] = e);
		stays[id] = false;
		break;
	case 1:
		put(id, home);
		stays[id] = stays[id] && !moves;
		break;
	case 2:
		if (e)
			CHECK_EQ(restate(e, home, 9), RSP_OK);
		stays[id] = stays[id] && !moves;
		break;
	default:
		if (e)
			CHECK_EQ(restate(e, rsp_element_home_id(e), rsp_rng_u64(rng)), RSP_OK);
	}
}

/* Elements are added, removed, unlinked and moved in random order during the walk. No removed element is seen. */
static void
an_element_that_stays_is_seen_whatever_else_changes(void)
{
	for (unsigned seed = 0; seed < 60; seed++) {
		struct rsp_rng rng = rsp_rng_seeded(seed);
		uint32_t home = seed % 2 ? 2 : 0;
		unsigned seen[IDS + 1] = { 0 }, steps = 0, missed = 0;
		struct rsp_walk walk;
		struct rsp_element *e;

		fill(IDS);
		memset(stays, true, sizeof(stays));
		rsp_walk_begin(hs, &walk, home);
		for (; (e = rsp_walk_next(&walk)) && steps < 10 * IDS; steps++) {
			CHECK(find(e->pe_id) == e);
			CHECK(!home || rsp_element_home_id(e) == home);
			seen[e->pe_id]++;
			for (unsigned n = (unsigned)rsp_rng_below(&rng, 4); n > 0; n--)
				change(&rng);
		}
		CHECK(steps < 10 * IDS); /* the walk ends */
		rsp_walk_end(&walk);
		for (uint32_t id = 1; id <= IDS; id++)
			missed += stays[id] && (!home || 1 + id % HOMES == home) && !seen[id];
		CHECK_EQ(missed, 0);
		while (n_unlinked > 0)
			rsp_element_free(hs, unlinked[--n_unlinked]);
		rsp_handlespace_free(hs);
	}
}

static void
walks_do_not_disturb_one_another(void)
{
	struct rsp_rng rng = rsp_rng_seeded(99);
	static unsigned seen[WALKS][IDS + 1];
	struct rsp_walk walk[WALKS];
	unsigned open = WALKS;

	fill(IDS);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < WALKS; i++)
		rsp_walk_begin(hs, &walk[i], i % 2 ? 1 : 0);
	rsp_walk_end(&walk[2]); /* it is in the middle of the list of walks */
	open--;
	while (open > 0) {
		unsigned i = (unsigned)rsp_rng_below(&rng, WALKS);
		struct rsp_element *e = rsp_walk_is_open(&walk[i]) ? rsp_walk_next(&walk[i]) : NULL;

		if (e) {
			seen[i][e->pe_id]++;
		} else if (rsp_walk_is_open(&walk[i])) {
			rsp_walk_end(&walk[i]);
			open--;
		}
	}
	for (uint32_t id = 1; id <= IDS; id++) {
		CHECK_EQ(seen[0][id], 1);
		CHECK_EQ(seen[1][id], 1 + id % HOMES == 1);
		CHECK_EQ(seen[3][id], 1 + id % HOMES == 1);
	}
	for (uint32_t id = 1; id <= IDS; id++) /* must not write to the walks that have ended */
		rsp_element_remove(hs, find(id));
	rsp_handlespace_free(hs);
}

int
main(void)
{
	TAP_RUN(each_element_is_seen_once);
	TAP_RUN(a_walk_over_an_empty_handlespace_sees_nothing);
	TAP_RUN(a_walk_over_a_home_without_elements_sees_nothing);
	TAP_RUN(an_element_that_is_removed_before_its_turn_is_not_seen);
	TAP_RUN(an_element_that_stays_is_seen_whatever_else_changes);
	TAP_RUN(walks_do_not_disturb_one_another);
	return tap_end();
}
