/* What rsp-peer dump counts while a handlespace passes by. */
#include "model/tally.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "model/checksum.h"
#include "model/handlespace.h"
#include "tap.h"

static struct tally tally;

static struct rsp_pool_element
element(uint32_t pe_id, uint32_t home_id, uint64_t epoch, uint32_t policy)
{
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct rsp_pool_element pe = {
		.pe_id = pe_id,
		.home_id = home_id,
		.lifetime_s = 300,
		.user = { .type = RSP_PARAM_TCP, .port = 80 },
		.policy = { .type = policy },
		.statement = { .epoch = { epoch, 1, 0 }, .rank = epoch ? RSP_RANK_REGISTERED : 0 },
	};

	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	return pe;
}

static void
the_sums_of_each_home_are_the_handlespaces(void)
{
	struct rsp_handlespace_limits limits = { 1000, 10000, 1000 };
	struct rsp_handlespace *hs = rsp_handlespace_new(&limits, (struct rsp_hash_key){ 1, 2 }, 0);
	struct rsp_rng rng = rsp_rng_seeded(7);

	CHECK_EQ(tally_init(&tally), RSP_OK);
	for (uint32_t i = 1; i <= 5000; i++) { /* pools in no order, as those of one home come */
		char handle[32];
		struct rsp_pool_element pe =
			element(i, 1 + (uint32_t)rsp_rng_below(&rng, 5), 1 + rsp_rng_below(&rng, 1000), RSP_POLICY_RR);
		struct tally_pool *pool = NULL;
		struct rsp_element *e;

		(void)snprintf(handle, sizeof(handle), "pool-%u", (unsigned)rsp_rng_below(&rng, 300));
		CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str(handle), &pe, &e), RSP_OK);
		CHECK_EQ(tally_pool(&tally, rsp_bytes_str(handle), &pool), RSP_OK);
		tally_element(&tally, pool, &pe);
	}
	CHECK_EQ(tally.pools, rsp_handlespace_pools(hs));
	CHECK_EQ(tally.elements, 5000);
	CHECK_EQ(tally.n_homes, 5);
	for (unsigned i = 0; i < tally.n_homes; i++) {
		CHECK_EQ(tally.home[i].id, i + 1);
		CHECK_EQ(tally.home[i].elements, rsp_home_count(hs, i + 1));
		CHECK_EQ(rsp_checksum_fold(tally.home[i].sum), rsp_home_checksum(hs, i + 1));
		CHECK(tally.home[i].digest == rsp_home_digest(hs, i + 1));
		CHECK(tally.home[i].numbered);
	}
	for (const struct tally_pool *pool = STAILQ_FIRST(&tally.in_order); pool; pool = STAILQ_NEXT(pool, entry)) {
		const struct rsp_pool *there = rsp_pool_find(hs, rsp_bytes_of(pool->handle, pool->handle_size));
		CHECK_EQ(pool->elements, there ? there->n_elements : 0);
	}
	tally_done(&tally);
	rsp_handlespace_free(hs);
}

static void
one_element_without_a_number_spoils_the_digest(void)
{
	struct rsp_pool_element with = element(1, 9, 5, RSP_POLICY_RR), without = element(2, 9, 0, RSP_POLICY_RAND);
	struct tally_pool *pool = NULL;

	CHECK_EQ(tally_init(&tally), RSP_OK);
	CHECK_EQ(tally_pool(&tally, rsp_bytes_str("web"), &pool), RSP_OK);
	tally_element(&tally, pool, &with);
	CHECK(tally.home[0].numbered && pool->uniform);
	tally_element(&tally, pool, &without);
	CHECK(!tally.home[0].numbered && !pool->uniform);
	CHECK_EQ(pool->policy, RSP_POLICY_RR);
	tally_done(&tally);
}

static void
a_tombstone_is_no_element_and_makes_no_pool(void)
{
	struct rsp_pool_element gone = element(1, 9, 5, RSP_POLICY_RR);
	struct tally_pool *pool = NULL;

	gone.statement.rank = RSP_RANK_REMOVED;
	CHECK_EQ(tally_init(&tally), RSP_OK);
	CHECK_EQ(tally_pool(&tally, rsp_bytes_str("web"), &pool), RSP_OK);
	tally_element(&tally, pool, &gone);
	CHECK(tally.tombstones == 1 && tally.elements == 0 && tally.pools == 0 && tally.n_homes == 0);
	CHECK_EQ(pool->elements, 0);
	tally_done(&tally);
}

static void
pools_have_a_limit(void)
{
	static uint8_t handle[60000];
	struct tally_pool *pool = NULL, *before;
	enum rsp_err err = RSP_OK;
	uint32_t n = 0;

	CHECK_EQ(tally_init(&tally), RSP_OK);
	while (!err && n < 1000000) {
		memcpy(handle, &n, sizeof(n));
		before = pool;
		err = tally_pool(&tally, rsp_bytes_of(handle, sizeof(handle)), &pool);
		n += !err;
	}
	CHECK_EQ(err, RSP_ELIMIT);
	CHECK(n > 2000 && n < 3000);
	CHECK(pool == before); /* untouched */
	CHECK_EQ(tally_pool(&tally, rsp_bytes_of(pool->handle, pool->handle_size), &pool), RSP_OK); /* a known one is */
	tally_done(&tally);
}

int
main(void)
{
	TAP_RUN(the_sums_of_each_home_are_the_handlespaces);
	TAP_RUN(one_element_without_a_number_spoils_the_digest);
	TAP_RUN(a_tombstone_is_no_element_and_makes_no_pool);
	TAP_RUN(pools_have_a_limit);
	return tap_end();
}
