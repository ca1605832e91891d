#include <string.h>

#include "engine/enrp/clock.h"
#include "tap.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

#define WALL UINT64_C(1700000000000)
#define DAYS UINT64_C(86400000)

static struct rsp_peer_clock peer;
static uint64_t now; /* from the start of the test */

static void
begin(void)
{
	peer = (struct rsp_peer_clock){ 0 };
	now = 0;
}

/* Whether a PRESENCE is recorded whose clock is @ahead ms ahead. */
static bool
is_news(int64_t ahead)
{
	return rsp_peer_clock_is_news(&peer, WALL + now, WALL + now + (uint64_t)ahead, now);
}

static void
a_difference_of_up_to_a_minute_is_not_recorded(void)
{
	begin();
	CHECK(!is_news(0));
	CHECK(!is_news(MINUTE));
	CHECK(!is_news(-MINUTE));
	CHECK(is_news(MINUTE + 1));
	begin();
	CHECK(is_news(-MINUTE - 1));
}

static void
a_difference_is_recorded_once_an_hour(void)
{
	begin();
	CHECK(is_news(2 * HOUR));
	for (now = 1000; now < HOUR; now += 1000)
		CHECK(!is_news(2 * HOUR + (int64_t)(now % 50000)));
	now = HOUR - 1;
	CHECK(!is_news(2 * HOUR));
	now = HOUR;
	CHECK(is_news(2 * HOUR));
	CHECK_EQ(peer.ahead_ms, 2 * HOUR);
}

static void
a_difference_that_changes_by_more_than_a_minute_is_recorded_again(void)
{
	begin();
	CHECK(is_news(HOUR));
	now += MINUTE;
	CHECK(!is_news(HOUR + MINUTE));
	CHECK(is_news(HOUR + MINUTE + 1));
	now += MINUTE;
	CHECK(is_news(-HOUR));
}

static void
a_clock_that_jumps_all_the_time_is_recorded_once_a_minute(void)
{
	unsigned n = 0;

	begin();
	for (now = 0; now < 10 * MINUTE; now += 1000)
		n += is_news(now / 1000 % 2 ? HOUR : -HOUR);
	CHECK(n >= 9 && n <= 10);
}

static void
a_clock_that_was_right_for_a_while_is_recorded_as_before(void)
{
	begin();
	CHECK(is_news(HOUR));
	now += MINUTE;
	CHECK(!is_news(0));
	CHECK(!is_news(HOUR)); /* that is known */
	now += HOUR;
	CHECK(is_news(HOUR));
}

static void
the_difference_is_exact_for_years_and_bounded_for_nonsense(void)
{
	CHECK_EQ(rsp_peer_clock_ahead(WALL, WALL + 400 * DAYS), 400 * DAYS);
	CHECK_EQ(rsp_peer_clock_ahead(WALL, WALL - 20 * 365 * DAYS), -(int64_t)(20 * 365 * DAYS));
	CHECK_EQ(rsp_peer_clock_ahead(0, UINT64_MAX), INT64_MAX);
	CHECK_EQ(rsp_peer_clock_ahead(UINT64_MAX, 0), -INT64_MAX);
	begin();
	CHECK(rsp_peer_clock_is_news(&peer, 0, UINT64_MAX, now));
	now += MINUTE;
	CHECK(rsp_peer_clock_is_news(&peer, UINT64_MAX, 0, now));
	now += MINUTE;
	CHECK(!rsp_peer_clock_is_news(&peer, UINT64_MAX, 0, now));
}

int
main(void)
{
	TAP_RUN(a_difference_of_up_to_a_minute_is_not_recorded);
	TAP_RUN(a_difference_is_recorded_once_an_hour);
	TAP_RUN(a_difference_that_changes_by_more_than_a_minute_is_recorded_again);
	TAP_RUN(a_clock_that_jumps_all_the_time_is_recorded_once_a_minute);
	TAP_RUN(a_clock_that_was_right_for_a_while_is_recorded_as_before);
	TAP_RUN(the_difference_is_exact_for_years_and_bounded_for_nonsense);
	return tap_end();
}
