/* How many records of what went wrong rsp-peer prints. */
#include "../../cmd/rsp-peer/quota.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tap.h"

static const struct quota_of noise = { "malformed", NULL, "192.0.2.1" };
static const struct quota_of attack = { "connection-refused", "auth-failed", "192.0.2.3" };

static struct quota *
begin(void)
{
	struct quota *q = NULL;

	CHECK_EQ(quota_new(&q), RSP_OK);
	return q;
}

static unsigned
pay(struct quota *q, uint64_t now_ms, const struct quota_of *of, unsigned n)
{
	unsigned printed = 0;

	while (n--)
		printed += quota_pay(q, now_ms, of, NULL);
	return printed;
}

static void
records_of_one_source_do_not_suppress_those_of_another(void)
{
	struct quota *q = begin();
	const struct quota_of other_kind = { "refused", "not-owner", "192.0.2.1" };
	struct quota_of other_source = noise;

	CHECK_EQ(pay(q, 1000, &noise, 100000), QUOTA_RECORDS);
	other_source.source = "192.0.2.2";
	CHECK_EQ(pay(q, 1000, &other_source, 100000), QUOTA_RECORDS);
	CHECK_EQ(pay(q, 1000, &attack, 3), 3);
	CHECK_EQ(pay(q, 1000, &other_kind, 3), 3);
	CHECK_EQ(quota_left_out(q), 2 * (100000 - QUOTA_RECORDS));
	quota_free(q);
}

static void
suppressed_records_are_counted_and_reported_once(void)
{
	struct quota *q = begin();
	struct quota_sum sum;
	uint64_t left = 0;

	CHECK_EQ(quota_due(q), RSP_NEVER);
	CHECK_EQ(pay(q, 1000, &attack, QUOTA_RECORDS + 7), QUOTA_RECORDS);
	CHECK_EQ(quota_due(q), 1000 + QUOTA_WINDOW_MS);
	CHECK(!quota_sum(q, 999 + QUOTA_WINDOW_MS, &sum));
	CHECK(quota_sum(q, 1000 + QUOTA_WINDOW_MS, &sum));
	CHECK_EQ(sum.count, 7);
	CHECK_STR(sum.of.kind, "connection-refused");
	CHECK_STR(sum.of.detail, "auth-failed");
	CHECK_STR(sum.of.source, "192.0.2.3");
	CHECK(!quota_sum(q, 1000 + QUOTA_WINDOW_MS, &sum));
	CHECK_EQ(quota_due(q), RSP_NEVER);

	/* or by the next record of its kind and source */
	CHECK_EQ(pay(q, 10000, &noise, QUOTA_RECORDS + 5), QUOTA_RECORDS);
	CHECK(!quota_pay(q, 10001, &noise, &left));
	CHECK(quota_pay(q, 10000 + QUOTA_WINDOW_MS, &noise, &left));
	CHECK_EQ(left, 6);
	CHECK(quota_pay(q, 10000 + QUOTA_WINDOW_MS, &noise, &left));
	CHECK_EQ(left, 0);
	CHECK(!quota_sum(q, 20000 + QUOTA_WINDOW_MS, &sum));
	quota_free(q);
}

static void
the_records_of_many_sources_have_a_limit(void)
{
	struct quota *q = begin();
	struct quota_sum sum;
	unsigned printed = 0, others = 0, told = 0;
	char text[32];
	struct quota_of of = { "refused", "x", text };

	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(text, sizeof(text), "2001:db8:0:%x::/64", i);
		printed += pay(q, 1000, &of, QUOTA_RECORDS + 1);
	}
	CHECK(printed >= QUOTA_ENTRIES_MAX); /* one of each, at least */
	CHECK(printed <= QUOTA_FULL + QUOTA_ENTRIES_MAX + 2 * QUOTA_RECORDS);
	while (quota_sum(q, 1000 + QUOTA_WINDOW_MS, &sum)) {
		others += sum.of.source == NULL;
		told += (unsigned)sum.count;
	}
	CHECK_EQ(others, 1);
	CHECK_EQ(told + printed, 20000 * (QUOTA_RECORDS + 1));
	CHECK_EQ(pay(q, 9000, &of, QUOTA_RECORDS), QUOTA_RECORDS);
	quota_free(q);
}

int
main(void)
{
	TAP_RUN(records_of_one_source_do_not_suppress_those_of_another);
	TAP_RUN(suppressed_records_are_counted_and_reported_once);
	TAP_RUN(the_records_of_many_sources_have_a_limit);
	return tap_end();
}
