#include <stdint.h>

#include "base/rng.h"
#include "chaos.h"
#include "model/select.h"
#include "space.h"

enum { POOLS = 5, IDS = 40, HOMES = 6, OWNERS = 6 };

/* What must be stored. */
struct fact {
	bool there;
	uint32_t home, load;
	uint64_t epoch;
	unsigned owner, n_ips;
};

static struct fact fact[POOLS][IDS];
static const char *const owner_name[OWNERS] = { "", "a", "bb", "web1", "web2",
						  "a-long-name-of-an-identity-that-takes-room" };
static const uint32_t policy_of[POOLS] = { RSP_POLICY_LU, RSP_POLICY_LUD, RSP_POLICY_WRAND, RSP_POLICY_WRR,
					  RSP_POLICY_PRIO };

static struct rsp_bytes
name_of(unsigned p)
{
	static char name[POOLS][8];

	(void)snprintf(name[p], sizeof(name[p]), "pool%u", p);
	return rsp_bytes_str(name[p]);
}

static void
check_element(const struct rsp_element *e, const struct fact *f)
{
	struct rsp_pool_element pe = { 0 };

	CHECK_EQ(e != NULL, f->there);
	if (!e || !f->there)
		return;
	rsp_element_decode(e, &pe);
	CHECK_EQ(pe.home_id, f->home);
	CHECK_EQ(pe.statement.epoch.epoch, f->epoch);
	CHECK_EQ(rsp_element_home_id(e), f->home);
	CHECK_EQ(pe.policy.value[0], f->load);
	CHECK_EQ(pe.user.n_addrs, f->n_ips);
	CHECK(rsp_bytes_equal(pe.owner, rsp_bytes_str(owner_name[f->owner])));
	CHECK_STR(e->owner ? e->owner : "", owner_name[f->owner]);
}

static void
check_all(const struct rsp_handlespace *hs)
{
	uint32_t in_home[HOMES + 1] = { 0 }, elements = 0, pools = 0;

	for (unsigned p = 0; p < POOLS; p++) {
		const struct rsp_pool *pool = rsp_pool_find(hs, name_of(p));
		uint32_t in_pool = 0;

		for (uint32_t id = 0; id < IDS; id++) {
			check_element(rsp_element_find(hs, pool, id + 1), &fact[p][id]);
			in_pool += fact[p][id].there;
			in_home[fact[p][id].home] += fact[p][id].there;
		}
		CHECK_EQ(pool ? pool->n_elements : 0, in_pool);
		CHECK_EQ(pool != NULL, in_pool > 0);
		elements += in_pool;
		pools += in_pool > 0;
	}
	CHECK_EQ(rsp_handlespace_elements(hs), elements);
	CHECK_EQ(rsp_handlespace_pools(hs), pools);
	for (uint32_t h = 1; h <= HOMES; h++) {
		CHECK_EQ(rsp_home_count(hs, h), in_home[h]);
		CHECK_EQ(rsp_home_checksum(hs, h), full_checksum(hs, h));
		CHECK(rsp_home_digest(hs, h) == full_digest(hs, h));
	}
}

/* Repeat the put with the first, the second, … allocation failing, until it succeeds. A put that fails changes
 * nothing. */
static unsigned
put_in_spite_of_all(struct rsp_handlespace *hs, unsigned p, uint32_t id, struct fact to)
{
	struct rsp_pool_element pe = space_pe(id + 1, to.home, policy_of[p], to.load, 1, to.n_ips);
	struct rsp_element *e = NULL;
	uint32_t count = rsp_handlespace_elements(hs);
	unsigned failed = 0;
	enum rsp_err err;

	pe.owner = rsp_bytes_str(owner_name[to.owner]);
	pe.statement = (struct rsp_statement){ .epoch = { to.epoch, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	for (;; failed++) {
		chaos_begin(failed);
		err = rsp_handlespace_put(hs, name_of(p), &pe, &e);
		(void)chaos_end();
		if (err == RSP_OK)
			break;
		CHECK_EQ(err, RSP_ENOMEM);
		check_all(hs);
		if (failed > 20)
			abort();
	}
	CHECK_EQ(rsp_handlespace_elements(hs), count + !fact[p][id].there);
	fact[p][id] = to;
	check_all(hs);
	return failed;
}

/* How many elements of the pool @p may be in an answer: RFC 5356 s.3.2. */
static uint32_t
able(unsigned p)
{
	bool weighs = policy_of[p] == RSP_POLICY_WRR || policy_of[p] == RSP_POLICY_WRAND;
	uint32_t all = 0, with_weight = 0;

	for (unsigned id = 0; id < IDS; id++) {
		all += fact[p][id].there;
		with_weight += fact[p][id].there && fact[p][id].load > 0;
	}
	return weighs && with_weight > 0 ? with_weight : all;
}

static void
nothing_is_lost_when_memory_is_short(void)
{
	struct rsp_rng rng = rsp_rng_seeded(41);
	struct rsp_handlespace *hs = space_new();
	struct rsp_element *out[IDS];
	unsigned failed = 0;

	for (unsigned step = 0; step < 1500; step++) {
		unsigned p = (unsigned)rsp_rng_below(&rng, POOLS);
		uint32_t id = (uint32_t)rsp_rng_below(&rng, IDS);
		struct fact to = { .there = true,
				   .home = 1 + (uint32_t)rsp_rng_below(&rng, HOMES),
				   .load = (uint32_t)rsp_rng_below(&rng, 5),
				   .epoch = 1 + rsp_rng_below(&rng, 1000),
				   .owner = id % OWNERS,
				   .n_ips = 1 + (unsigned)rsp_rng_below(&rng, 4) };
		struct rsp_element *e = rsp_element_find(hs, rsp_pool_find(hs, name_of(p)), id + 1);

		switch (rsp_rng_below(&rng, 4)) {
		case 0:
			if (e)
				rsp_element_remove(hs, e);
			fact[p][id] = (struct fact){ 0 };
			break;
		case 1: {
			struct rsp_statement s = { .epoch = { to.epoch, 1, 0 }, .rank = RSP_RANK_REGISTERED };
			chaos_begin(0);
			enum rsp_err err = e ? rsp_element_restate(hs, e, to.home, &s) : RSP_ENOMEM;
			(void)chaos_end();
			if (err == RSP_OK) { /* a home that exists needs no memory */
				fact[p][id].home = to.home;
				fact[p][id].epoch = to.epoch;
			} else if (e) {
				failed++;
			}
			check_all(hs);
			break;
		}
		default:
			failed += put_in_spite_of_all(hs, p, id, to);
		}
		struct rsp_pool *pool = rsp_pool_find(hs, name_of(p));
		CHECK(!pool || rsp_select(pool, IDS, &rng, out) == able(p));
	}
	CHECK(failed > 500);
	rsp_handlespace_free(hs);
}

static void
a_space_is_whole_or_not_there(void)
{
	static const struct rsp_handlespace_limits limits = { .pools = 1, .elements = 1, .pool_elements = 1 };
	struct rsp_handlespace *hs = NULL;
	unsigned failed = 0;

	for (; !hs && failed < 20; failed++) {
		chaos_begin(failed);
		hs = rsp_handlespace_new(&limits, (struct rsp_hash_key){ 1, 2 }, 0);
		(void)chaos_end();
	}
	CHECK(hs && failed > 4);
	rsp_handlespace_free(hs);
}

/* The element that is put may consist of views into the stored element. */
static void
an_element_may_be_put_as_it_is_stored(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_pool_element pe = space_pe(1, 1, RSP_POLICY_RR, 0, 0, 4);
	struct rsp_statement s = { .epoch = { 1, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	struct rsp_element *e, *stated;

	pe.owner = rsp_bytes_str("web1");
	e = space_put(hs, name_of(0), pe);
	pe.statement = s;
	stated = space_put(hs, name_of(0), pe);
	rsp_element_decode(stated, &pe);
	pe.home_id = 2;
	CHECK(space_put(hs, name_of(0), pe) == stated && rsp_element_home_id(stated) == 2);
	CHECK_STR(stated->owner, "web1");
	for (unsigned i = 0; i < 4; i++) { /* a word: its owner may change */
		rsp_element_decode(e, &pe);
		if (i % 2)
			pe.owner = rsp_bytes_of(pe.owner.p, pe.owner.n - 1);
		struct rsp_element *before = e;
		CHECK_EQ(rsp_handlespace_put(hs, rsp_pool_handle(e->pool), &pe, &e), RSP_OK);
		CHECK(e == before);
		rsp_element_decode(e, &pe);
		CHECK_EQ(pe.user.n_addrs, 4);
		CHECK(rsp_bytes_equal(pe.owner, rsp_bytes_of("web1", 4 - (i + 1) / 2)));
		CHECK_STR(e->owner, i == 0 ? "web1" : i < 3 ? "web" : "we");
	}
	rsp_handlespace_free(hs);
}

/* A second record of an element, which takes the place of the first. */
static void
a_record_more_is_whole_or_not_there(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_pool_element pe = space_pe(1, 1, RSP_POLICY_LU, 0, 1, 1);
	struct rsp_element *first = space_put(hs, name_of(0), pe), *e = NULL;
	enum rsp_err err = RSP_ENOMEM;
	unsigned failed = 0;

	pe.home_id = 2;
	pe.owner = rsp_bytes_str("web1");
	pe.statement = (struct rsp_statement){ .epoch = { 1, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	for (; err && failed < 20; failed++) {
		const struct rsp_pool *pool = rsp_pool_find(hs, name_of(0));
		CHECK(rsp_element_find(hs, pool, 1) == first && !rsp_element_next_record(hs, first));
		CHECK(pool->n_hidden == 0 && rsp_home_count(hs, 2) == 0 && rsp_handlespace_elements(hs) == 1);
		chaos_begin(failed);
		err = rsp_handlespace_put(hs, name_of(0), &pe, &e);
		(void)chaos_end();
	}
	CHECK(failed > 3 && rsp_element_is_shown(e) && rsp_element_next_record(hs, e) == first);
	chaos_begin(0);
	err = rsp_element_restate(hs, e, 3, &pe.statement);
	(void)chaos_end();
	CHECK(err == RSP_ENOMEM && rsp_element_home_id(e) == 2);
	CHECK(rsp_home_digest(hs, 2) == full_digest(hs, 2));
	rsp_handlespace_free(hs);
}

int
main(void)
{
	TAP_RUN(nothing_is_lost_when_memory_is_short);
	TAP_RUN(a_space_is_whole_or_not_there);
	TAP_RUN(a_record_more_is_whole_or_not_there);
	TAP_RUN(an_element_may_be_put_as_it_is_stored);
	return tap_end();
}
