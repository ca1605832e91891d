#include <string.h>

#include "base/rng.h"
#include "model/wheel.h"
#include "tap.h"

static void
timers_expire_in_time_and_never_early(void)
{
	enum { TIMERS = 500 };
	static struct rsp_timer timer[TIMERS];
	static const uint64_t reach[] = { 3, 300, 70000, 20000000, 5000000000, 400000000000000 };
	struct rsp_rng rng = rsp_rng_seeded(7);
	static struct rsp_wheel wheel;
	uint64_t now = 0x123456789a;

	rsp_wheel_init(&wheel, now);
	CHECK(rsp_wheel_next(&wheel) == RSP_NEVER);
	for (unsigned step = 0; step < 100000; step++) {
		struct rsp_timer *t = &timer[rsp_rng_below(&rng, TIMERS)], *gone;

		if (rsp_rng_below(&rng, 3))
			rsp_wheel_set(&wheel, t, now + rsp_rng_below(&rng, reach[rsp_rng_below(&rng, RSP_COUNT(reach))]));
		else
			rsp_wheel_cancel(&wheel, t);
		if (rsp_rng_below(&rng, 4))
			continue;
		now += rsp_rng_below(&rng, reach[rsp_rng_below(&rng, RSP_COUNT(reach) - 1)]);
		while ((gone = rsp_wheel_expired(&wheel, now))) {
			CHECK(gone->deadline_ms <= now);
			CHECK(!rsp_timer_is_set(gone));
		}
		uint64_t next = rsp_wheel_next(&wheel);
		for (unsigned i = 0; i < TIMERS && step % 16 == 0; i++)
			if (rsp_timer_is_set(&timer[i])) {
				CHECK(timer[i].deadline_ms > now);
				CHECK(timer[i].deadline_ms >= next);
			}
	}
}

static void
following_next_reaches_every_deadline_exactly(void)
{
	static struct rsp_wheel wheel;
	struct rsp_timer timer[200] = { 0 };
	struct rsp_rng rng = rsp_rng_seeded(8);
	unsigned gone = 0;

	rsp_wheel_init(&wheel, 1000);
	for (unsigned i = 0; i < 200; i++)
		rsp_wheel_set(&wheel, &timer[i], 1000 + rsp_rng_below(&rng, 10000000));
	for (uint64_t now = rsp_wheel_next(&wheel); now != RSP_NEVER; now = rsp_wheel_next(&wheel)) {
		struct rsp_timer *t;

		while ((t = rsp_wheel_expired(&wheel, now))) {
			CHECK(t->deadline_ms == now);
			gone++;
		}
	}
	CHECK_EQ(gone, 200);
}

int
main(void)
{
	TAP_RUN(timers_expire_in_time_and_never_early);
	TAP_RUN(following_next_reaches_every_deadline_exactly);
	return tap_end();
}
