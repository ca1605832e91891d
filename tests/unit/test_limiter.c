#include "base/clock.h"
#include "base/limiter.h"
#include "tap.h"

enum { DIAL, RECORD };

static void
a_subject_passes_once_in_each_interval(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 100, 0));
	CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, 100, 0));
	CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, 100, 99));
	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 100, 100));
	CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, 100, 199));
}

static void
a_refused_attempt_does_not_extend_the_interval(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 100, 50));
	for (uint64_t now_ms = 51; now_ms < 150; now_ms++)
		CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, 100, now_ms));
	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 100, 150));
}

static void
subjects_and_kinds_do_not_limit_one_another(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 0, DIAL, 100, 5));
	CHECK(rsp_limiter_pass(&limiter, 1, DIAL, 100, 5));
	CHECK(rsp_limiter_pass(&limiter, 0, RECORD, 100, 5));
	CHECK(!rsp_limiter_pass(&limiter, 0, RECORD, 100, 6));
	CHECK(!rsp_limiter_pass(&limiter, 1, DIAL, 100, 6));
}

static void
what_may_never_pass_again_does_not(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, RSP_NEVER, 5));
	CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, RSP_NEVER, UINT64_MAX - 1));
	CHECK(!rsp_limiter_pass(&limiter, 7, DIAL, 100, UINT64_MAX - 1));
}

static void
without_an_interval_everything_passes_and_nothing_is_remembered(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 0, 5));
	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 0, 5));
	CHECK(rsp_limiter_pass(&limiter, 7, DIAL, 100, 5));
}

static void
a_full_limiter_forgets_the_subject_whose_interval_ends_first(void)
{
	struct rsp_limiter limiter = { 0 };

	for (uint64_t i = 0; i < RSP_LIMITER_SUBJECTS; i++) /* subject 5 ends first, then 0 */
		CHECK(rsp_limiter_pass(&limiter, i, DIAL, i == 5 ? 10 : 1000 + i, 1));
	CHECK(rsp_limiter_pass(&limiter, 99, DIAL, 5000, 2));
	CHECK(!rsp_limiter_pass(&limiter, 99, DIAL, 5000, 3));
	CHECK(!rsp_limiter_pass(&limiter, 0, DIAL, 1000, 3));
	CHECK(rsp_limiter_pass(&limiter, 5, DIAL, 2000, 4)); /* in the place of 0 */
	CHECK(!rsp_limiter_pass(&limiter, 1, DIAL, 1000, 5));
	CHECK(rsp_limiter_pass(&limiter, 0, DIAL, 1000, 5));
}

static void
many_subjects_of_one_kind_do_not_lift_the_limit_of_another(void)
{
	struct rsp_limiter limiter = { 0 };

	for (uint64_t i = 0; i < 1000; i++) {
		CHECK(rsp_limiter_pass(&limiter, i, RECORD, 3600000, 5));
		CHECK_EQ(rsp_limiter_pass(&limiter, 0, DIAL, 100, 5), i == 0);
	}
	CHECK(rsp_limiter_pass(&limiter, 0, DIAL, 100, 105));
}

static void
a_kind_with_few_subjects_finds_room_among_many_of_another(void)
{
	struct rsp_limiter limiter = { 0 };

	for (uint64_t i = 0; i < RSP_LIMITER_SUBJECTS; i++)
		CHECK(rsp_limiter_pass(&limiter, i, RECORD, 1000, 5));
	for (uint64_t i = 0; i < RSP_LIMITER_SUBJECTS / 2; i++)
		CHECK(rsp_limiter_pass(&limiter, i, DIAL, 10, 5));
	for (uint64_t i = 0; i < RSP_LIMITER_SUBJECTS / 2; i++)
		CHECK(!rsp_limiter_pass(&limiter, i, DIAL, 10, 6));
}

static void
a_pair_whose_interval_is_over_is_dropped_first(void)
{
	struct rsp_limiter limiter = { 0 };

	CHECK(rsp_limiter_pass(&limiter, 0, DIAL, 10, 5));
	for (uint64_t i = 1; i < RSP_LIMITER_SUBJECTS; i++)
		CHECK(rsp_limiter_pass(&limiter, i, RECORD, 1000, 5));
	CHECK(rsp_limiter_pass(&limiter, 99, RECORD, 1000, 15));
	for (uint64_t i = 1; i < RSP_LIMITER_SUBJECTS; i++)
		CHECK(!rsp_limiter_pass(&limiter, i, RECORD, 1000, 16));
}

int
main(void)
{
	TAP_RUN(a_subject_passes_once_in_each_interval);
	TAP_RUN(a_refused_attempt_does_not_extend_the_interval);
	TAP_RUN(subjects_and_kinds_do_not_limit_one_another);
	TAP_RUN(what_may_never_pass_again_does_not);
	TAP_RUN(without_an_interval_everything_passes_and_nothing_is_remembered);
	TAP_RUN(a_full_limiter_forgets_the_subject_whose_interval_ends_first);
	TAP_RUN(many_subjects_of_one_kind_do_not_lift_the_limit_of_another);
	TAP_RUN(a_kind_with_few_subjects_finds_room_among_many_of_another);
	TAP_RUN(a_pair_whose_interval_is_over_is_dropped_first);
	return tap_end();
}
