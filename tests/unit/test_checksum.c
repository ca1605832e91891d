#include "base/rng.h"
#include "model/checksum.h"
#include "model/contents.h"
#include "space.h"

/* RFC 5353 s.3.6.2 and RFC 1071 to the letter: write all blocks one after the other, and sum them in one's
 * complement. */

enum { POOLS = 12, IDS = 40, HOMES = 3, HANDLE = 64 };

struct member {
	uint32_t home; /* 0: not there */
	uint64_t epoch; /* 0: a word */
};

static struct member member[POOLS][IDS];
static uint8_t handle[POOLS][HANDLE];
static size_t handle_size[POOLS];

static uint16_t
ones_complement_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2) {
		sum += (uint32_t)p[i] << 8 | p[i + 1];
		if (sum > 0xffff)
			sum -= 0xffff; /* end-around carry */
	}
	return (uint16_t)~sum;
}

static uint16_t
checksum_by_the_book(uint32_t home)
{
	static uint8_t all[POOLS * IDS * (HANDLE + 4)];
	size_t n = 0;

	for (unsigned p = 0; p < POOLS; p++)
		for (uint32_t id = 0; id < IDS; id++) {
			if (member[p][id].home != home)
				continue;
			uint32_t pe_id = (id + 1) * 0x9e3779b1U;
			memset(all + n, 0, HANDLE + 4);
			memcpy(all + n, handle[p], handle_size[p]);
			n += (handle_size[p] + 1) & ~(size_t)1;
			for (int shift = 24; shift >= 0; shift -= 8)
				all[n++] = (uint8_t)(pe_id >> shift);
		}
	return ones_complement_sum(all, n);
}

static struct rsp_pool_element
element(uint32_t id, struct member m)
{
	struct rsp_pool_element pe = space_pe((id + 1) * 0x9e3779b1U, m.home, RSP_POLICY_RR, 0, 0, 1);

	pe.statement = (struct rsp_statement){ .epoch = { m.epoch, 1, 0 }, .rank = m.epoch ? RSP_RANK_REGISTERED : 0 };
	return pe;
}

/* What @id adds to the digest. */
static uint64_t
digest_of(unsigned p, uint32_t id)
{
	struct rsp_pool_element pe = element(id, member[p][id]);
	uint8_t room[RSP_CONTENTS_MAX];
	struct rsp_bytes encoded;

	CHECK_EQ(rsp_contents_encode(room, &pe, &encoded), RSP_OK);
	return rsp_digest_statement(rsp_digest_handle(rsp_bytes_of(handle[p], handle_size[p])), pe.pe_id, encoded);
}

static uint64_t
digest_by_the_book(uint32_t home)
{
	uint64_t sum = 0;

	for (unsigned p = 0; p < POOLS; p++)
		for (uint32_t id = 0; id < IDS; id++)
			if (member[p][id].home == home && member[p][id].epoch)
				sum += digest_of(p, id);
	return sum;
}

static void
checksum_and_digest_follow_every_change(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(31);

	for (unsigned p = 0; p < POOLS; p++) { /* any octets, odd and even sizes */
		handle_size[p] = 1 + p * 5;
		for (size_t i = 0; i < handle_size[p]; i++)
			handle[p][i] = (uint8_t)(p % 3 == 0 ? 0xff : rsp_rng_u64(&rng));
		handle[p][0] = (uint8_t)p;
	}
	for (unsigned step = 0; step < 5000; step++) {
		unsigned p = (unsigned)rsp_rng_below(&rng, POOLS), id = (unsigned)rsp_rng_below(&rng, IDS);
		uint32_t pe_id = (id + 1) * 0x9e3779b1U, home = 1 + (uint32_t)rsp_rng_below(&rng, HOMES);
		struct rsp_bytes name = rsp_bytes_of(handle[p], handle_size[p]);
		struct rsp_element *e = rsp_element_find(hs, rsp_pool_find(hs, name), pe_id);

		CHECK_EQ(e ? rsp_element_home_id(e) : 0, member[p][id].home);
		struct member *m = &member[p][id];
		uint64_t epoch = id % 4 ? 1 + rsp_rng_below(&rng, 1000) : 0;

		if (epoch == 0)
			home = 1 + id % HOMES;
		if (e)
			CHECK(rsp_element_statement(e).epoch.epoch == m->epoch);
		if (e && rsp_rng_below(&rng, 3) == 0) {
			rsp_element_remove(hs, e);
			*m = (struct member){ 0 };
		} else if (e && epoch && rsp_rng_below(&rng, 2)) {
			struct rsp_statement s = element(id, (struct member){ home, epoch }).statement;

			CHECK_EQ(rsp_element_restate(hs, e, home, &s), RSP_OK);
			*m = (struct member){ home, epoch };
		} else {
			*m = (struct member){ home, epoch };
			(void)space_put(hs, name, element(id, *m));
		}
		for (uint32_t h = 1; h <= HOMES; h++) {
			CHECK_EQ(rsp_home_checksum(hs, h), checksum_by_the_book(h));
			CHECK(rsp_home_digest(hs, h) == digest_by_the_book(h));
			CHECK(step % 50 || full_checksum(hs, h) == rsp_home_checksum(hs, h));
			CHECK(step % 50 || full_digest(hs, h) == rsp_home_digest(hs, h));
		}
	}
	for (unsigned p = 0; p < POOLS; p++)
		for (uint32_t id = 0; id < IDS; id++)
			if (member[p][id].home) {
				struct rsp_pool *pool = rsp_pool_find(hs, rsp_bytes_of(handle[p], handle_size[p]));
				rsp_element_remove(hs, rsp_element_find(hs, pool, (id + 1) * 0x9e3779b1U));
			}
	for (uint32_t h = 1; h <= HOMES; h++) { /* without elements */
		CHECK_EQ(rsp_home_checksum(hs, h), 0xffff);
		CHECK(rsp_home_digest(hs, h) == 0);
	}
	CHECK_EQ(rsp_handlespace_elements(hs), 0);
	rsp_handlespace_free(hs);
}

static void
the_elements_of_a_home_are_all_in_its_list(void)
{
	struct rsp_handlespace *hs = space_new();
	unsigned seen[HOMES + 1] = { 0 };

	for (uint32_t i = 1; i <= 300; i++)
		(void)space_put(hs, rsp_bytes_str(i % 2 ? "a" : "b"),
				space_pe(i, i % HOMES + 1, RSP_POLICY_RR, 0, 0, 1));
	for (uint32_t h = 1; h <= HOMES; h++)
		for (struct rsp_element *e = rsp_home_first(hs, h); e; e = rsp_home_next(e)) {
			CHECK_EQ(rsp_element_home_id(e), h);
			seen[h]++;
		}
	for (uint32_t h = 1; h <= HOMES; h++) {
		CHECK_EQ(seen[h], 100);
		CHECK_EQ(rsp_home_count(hs, h), 100);
	}
	rsp_handlespace_free(hs);
}

static void
a_home_whose_elements_all_move_has_an_empty_list(void)
{
	struct rsp_handlespace *hs = space_new();

	for (uint32_t i = 1; i <= 300; i++)
		(void)space_put(hs, rsp_bytes_str(i % 2 ? "a" : "b"),
				element(i, (struct member){ i % HOMES + 1, 5 }));
	for (struct rsp_element *e = rsp_home_first(hs, 2), *next; e; e = next) { /* as in a takeover */
		struct rsp_statement taken = { .epoch = { 5, 1, 0 }, .rank = RSP_RANK_REGISTERED + 1 };

		next = rsp_home_next(e);
		CHECK_EQ(rsp_element_restate(hs, e, 3, &taken), RSP_OK);
	}
	CHECK_EQ(rsp_home_count(hs, 2), 0);
	CHECK_EQ(rsp_home_count(hs, 3), 200);
	CHECK(!rsp_home_first(hs, 2));
	rsp_handlespace_free(hs);
}

/* Two registrars must compute the same digest on any machine. The values are from another implementation of
 * SipHash-1-3, with a key of zeros. */
static void
the_digest_is_the_same_on_every_machine(void)
{
	CHECK(rsp_digest_handle(rsp_bytes_str("web")) == UINT64_C(0x6fe8eed8ccd585ce));
	CHECK(rsp_digest_handle(rsp_bytes_of("\0", 1)) == UINT64_C(0x68a914128e01e473));
	CHECK(rsp_digest_handle(rsp_bytes_str("a pool of sixteen and more")) == UINT64_C(0x28f768ca6bc45c03));
	CHECK(rsp_digest_element(UINT64_C(0x0123456789abcdef), 0x8899aabb, UINT64_C(0xffeeddccbbaa9988)) ==
	      UINT64_C(0xa096ee5145fd826f));
	CHECK(rsp_digest_element(0, 0, 0) == 0);
}

static void
the_digest_shows_changes_that_the_checksum_does_not(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_pool_element one = space_pe(0x00010002, 1, RSP_POLICY_RR, 0, 0, 1), two = one;

	two.pe_id = 0x00020001;
	two.home_id = 2;
	struct rsp_statement s = { .epoch = { 8, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	one.statement = two.statement = s;
	struct rsp_element *e = space_put(hs, rsp_bytes_str("web"), one);
	(void)space_put(hs, rsp_bytes_str("web"), two);
	CHECK_EQ(rsp_home_checksum(hs, 1), rsp_home_checksum(hs, 2));
	CHECK(rsp_home_digest(hs, 1) != rsp_home_digest(hs, 2)); /* another element */
	uint64_t before = rsp_home_digest(hs, 1);
	s.epoch.epoch = 10;
	CHECK_EQ(rsp_element_restate(hs, e, 1, &s), RSP_OK);
	CHECK_EQ(rsp_home_checksum(hs, 1), rsp_home_checksum(hs, 2));
	CHECK(rsp_home_digest(hs, 1) != before); /* another statement */
	s.epoch.epoch = 8;
	CHECK_EQ(rsp_element_restate(hs, e, 1, &s), RSP_OK);
	CHECK(rsp_home_digest(hs, 1) == before);
	rsp_handlespace_free(hs);
}

int
main(void)
{
	TAP_RUN(checksum_and_digest_follow_every_change);
	TAP_RUN(the_elements_of_a_home_are_all_in_its_list);
	TAP_RUN(a_home_whose_elements_all_move_has_an_empty_list);
	TAP_RUN(the_digest_is_the_same_on_every_machine);
	TAP_RUN(the_digest_shows_changes_that_the_checksum_does_not);
	return tap_end();
}
