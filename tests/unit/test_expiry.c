#include <string.h>

#include "keys/expiry.h"
#include "tap.h"

#define DAY INT64_C(86400000)

static const int64_t end_ms = INT64_C(1800000000000);
static const struct rsp_expiry one = { .kind = RSP_EXPIRY_CRL, .not_after_ms = INT64_C(1800000000000) };

static void
a_stage_begins_30_7_and_1_days_before_the_end(void)
{
	static const struct {
		int64_t left_ms;
		enum rsp_expiry_stage stage;
	} table[] = {
		{ 400 * DAY, RSP_EXPIRY_FINE },
		{ 30 * DAY, RSP_EXPIRY_FINE },
		{ 30 * DAY - 1, RSP_EXPIRY_30_DAYS },
		{ 7 * DAY, RSP_EXPIRY_30_DAYS },
		{ 7 * DAY - 1, RSP_EXPIRY_7_DAYS },
		{ DAY, RSP_EXPIRY_7_DAYS },
		{ DAY - 1, RSP_EXPIRY_1_DAY },
		{ 0, RSP_EXPIRY_1_DAY },
		{ -1, RSP_EXPIRY_OVER },
		{ -400 * DAY, RSP_EXPIRY_OVER },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK_EQ(rsp_expiry_stage(&one, end_ms - table[i].left_ms), table[i].stage);
}

/* A caller that comes when it is told to warns once of each stage, and then never again. */
static void
each_stage_causes_one_warning(void)
{
	int64_t now = end_ms - 100 * DAY, before = now;
	unsigned warned = 0;

	for (;;) {
		int64_t next = rsp_expiry_next_ms(&one, 1, now);

		if (next == INT64_MAX)
			break;
		CHECK(next > now);
		CHECK(!rsp_expiry_worse(&one, before, next - 1));
		CHECK(rsp_expiry_worse(&one, before, next));
		warned++;
		before = now = next;
		CHECK_EQ(rsp_expiry_stage(&one, now), warned);
		CHECK(!rsp_expiry_worse(&one, before, now));
		if (warned > 4)
			break;
	}
	CHECK_EQ(warned, 4);
}

static void
the_next_moment_is_that_of_the_earliest_stage(void)
{
	const struct rsp_expiry list[] = { { .not_after_ms = end_ms + 5 * DAY },
					   { .not_after_ms = end_ms },
					   { .not_after_ms = end_ms - 500 * DAY } };

	CHECK_EQ(rsp_expiry_next_ms(list, 3, end_ms - 100 * DAY), end_ms - 30 * DAY + 1);
	CHECK_EQ(rsp_expiry_next_ms(list, 3, end_ms - 30 * DAY + 1), end_ms - 25 * DAY + 1);
	CHECK_EQ(rsp_expiry_next_ms(list, 3, end_ms - DAY - 1), end_ms - DAY + 1);
	CHECK_EQ(rsp_expiry_next_ms(list, 0, end_ms), INT64_MAX);
	/* a clock that was set back warns again, one that leaps warns of the worst */
	CHECK(rsp_expiry_worse(&list[1], end_ms - 100 * DAY, end_ms + DAY));
	CHECK(!rsp_expiry_worse(&list[1], end_ms + DAY, end_ms - 100 * DAY));
}

int
main(void)
{
	TAP_RUN(a_stage_begins_30_7_and_1_days_before_the_end);
	TAP_RUN(each_stage_causes_one_warning);
	TAP_RUN(the_next_moment_is_that_of_the_earliest_stage);
	return tap_end();
}
