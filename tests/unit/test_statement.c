/* The order of statements. */
#include "model/statement.h"

#include "tap.h"

/* A statement and its home. */
struct said {
	struct rsp_statement s;
	uint32_t home;
};

static int
compare(struct said a, struct said b)
{
	return rsp_statement_compare(&a.s, a.home, &b.s, b.home);
}

static struct said
said(uint64_t epoch, uint32_t instance, uint16_t rank, uint32_t home)
{
	return (struct said){ { .epoch = { epoch, instance, 0 }, .rank = rank }, home };
}

static void
the_order_is_epoch_instance_rank_home_as_unsigned_numbers(void)
{
	const struct said rising[] = {
		said(1, 0xffffffff, RSP_RANK_REMOVED, 0xffffffff),
		said(2, 1, RSP_RANK_REMOVED, 0xffffffff),
		said(2, 0x80000000, RSP_RANK_REGISTERED, 0xffffffff),
		said(2, 0x80000000, 2, 1),
		said(2, 0x80000000, 2, 0x80000000),
		said(2, 0x80000000, 0x8000, 5),
		said(2, 0x80000000, RSP_RANK_REMOVED, 1),
		said(UINT64_C(0x8000000000000000), 1, RSP_RANK_REGISTERED, 1),
	};

	for (int i = 0; i < (int)(sizeof(rising) / sizeof(rising[0])); i++)
		for (int k = 0; k < (int)(sizeof(rising) / sizeof(rising[0])); k++) {
			int order = compare(rising[i], rising[k]);
			CHECK_EQ((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void
over_comes_last_in_the_order_and_since_is_not_in_it(void)
{
	struct said a = said(5, 7, RSP_RANK_REGISTERED, 1), b = a;

	b.s.since_ms = 10;
	CHECK_EQ(compare(a, b), 0);
	b.s.epoch.over = 0x80000000;
	CHECK(compare(a, b) < 0 && compare(b, a) > 0);
	a.home = 2;
	CHECK(compare(a, b) > 0);
}

static void
one_number_is_the_same_epoch_and_instance(void)
{
	struct rsp_statement a = said(5, 7, RSP_RANK_REGISTERED, 1).s, taken = a, other = a;

	taken.rank = 2;
	CHECK(rsp_statement_same_number(&a, &taken));
	other.epoch.over = 3;
	CHECK(rsp_statement_same_number(&a, &other));
	other = a;
	other.epoch.instance = 8;
	CHECK(!rsp_statement_same_number(&a, &other));
	other = a;
	other.epoch.epoch = 6;
	CHECK(!rsp_statement_same_number(&a, &other));
}

static void
the_highest_rank_says_that_it_is_removed(void)
{
	static const struct {
		uint16_t rank;
		bool removed;
	} row[] = { { 0, false },
		    { RSP_RANK_REGISTERED, false },
		    { RSP_RANK_REGISTERED + 1, false },
		    { RSP_RANK_TAKEN_MAX, false },
		    { RSP_RANK_REMOVED, true } };

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rsp_statement s = { .rank = row[i].rank };
		CHECK_EQ(rsp_statement_is_removed(&s), row[i].removed);
	}
}

int
main(void)
{
	TAP_RUN(the_order_is_epoch_instance_rank_home_as_unsigned_numbers);
	TAP_RUN(over_comes_last_in_the_order_and_since_is_not_in_it);
	TAP_RUN(one_number_is_the_same_epoch_and_instance);
	TAP_RUN(the_highest_rank_says_that_it_is_removed);
	return tap_end();
}
