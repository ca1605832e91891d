#include "registrar_world.h"

/* Which PRESENCEs show that the clock of a peer differs. test_clock.c has how often that is recorded. */

enum { FAR_MS = 75000, NO_RESPONSE_MS = 500 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_clear();
}

/* A PRESENCE of b, which it sent @before_ms ago; both clocks are right. */
static void
sent_before(uint64_t before_ms)
{
	uint64_t clock_ms = world_config().epoch_ms + w.now - before_ms;

	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .clock_ms = clock_ms });
}

static void
pauses(void)
{
	w.now += FAR_MS;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
}

static void
a_clock_that_is_behind_is_recorded(void)
{
	begin();
	sent_before(0);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 0);
	sent_before(FAR_MS);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 1);
	world_end();
}

static void
a_presence_that_waited_while_this_process_was_suspended_says_nothing_of_a_clock(void)
{
	begin();
	pauses();
	sent_before(FAR_MS - 1000);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 0);
	world_end();
}

/* The loop may read the message before it calls the timers. */
static void
the_first_message_after_the_suspension_says_nothing_of_a_clock(void)
{
	begin();
	w.now += FAR_MS;
	sent_before(FAR_MS - 1000);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 0);
	world_end();
}

static void
a_clock_is_judged_again_some_time_after_the_suspension(void)
{
	begin();
	pauses();
	world_run(NO_RESPONSE_MS - 1);
	sent_before(FAR_MS);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 0);
	world_run(1);
	sent_before(FAR_MS);
	CHECK_EQ(world_told(RSP_EVENT_CLOCK_DIFFERS), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_clock_that_is_behind_is_recorded);
	TAP_RUN(a_presence_that_waited_while_this_process_was_suspended_says_nothing_of_a_clock);
	TAP_RUN(the_first_message_after_the_suspension_says_nothing_of_a_clock);
	TAP_RUN(a_clock_is_judged_again_some_time_after_the_suspension);
	return tap_end();
}
