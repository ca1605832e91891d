/* The phases of rsp-register: which one may follow which. */
#include "../../cmd/rsp-register/phase.h"

#include <string.h>

#include "tap.h"

static void
a_run_with_a_command_goes_through_all_phases(void)
{
	for (unsigned phase = PHASE_PREPARE; phase < PHASE_DONE; phase++)
		CHECK(phase_may_follow((enum membership_phase)phase, (enum membership_phase)(phase + 1)));
}

static void
no_phase_goes_back(void)
{
	for (unsigned from = 0; from < PHASE_COUNT; from++)
		for (unsigned to = 0; to < from; to++)
			CHECK(!phase_may_follow((enum membership_phase)from, (enum membership_phase)to));
}

static void
only_stop_follows_itself(void)
{
	for (unsigned phase = 0; phase < PHASE_COUNT; phase++)
		CHECK_EQ(phase_may_follow((enum membership_phase)phase, (enum membership_phase)phase),
			 phase == PHASE_STOP);
}

static void
every_phase_before_leave_can_leave(void)
{
	CHECK(phase_may_follow(PHASE_PREPARE, PHASE_LEAVE));
	CHECK(phase_may_follow(PHASE_JOIN, PHASE_LEAVE));
	CHECK(phase_may_follow(PHASE_MEMBER, PHASE_LEAVE));
}

static void
a_run_ends_only_after_it_has_left(void)
{
	CHECK(!phase_may_follow(PHASE_PREPARE, PHASE_DONE));
	CHECK(!phase_may_follow(PHASE_JOIN, PHASE_DONE));
	CHECK(!phase_may_follow(PHASE_MEMBER, PHASE_DONE));
}

static void
the_command_is_stopped_only_after_leaving(void)
{
	CHECK(!phase_may_follow(PHASE_PREPARE, PHASE_STOP));
	CHECK(!phase_may_follow(PHASE_JOIN, PHASE_STOP));
	CHECK(!phase_may_follow(PHASE_MEMBER, PHASE_STOP));
}

static void
without_a_command_leave_is_followed_by_done(void)
{
	CHECK(phase_may_follow(PHASE_LEAVE, PHASE_DONE));
}

static void
without_a_drain_time_leave_is_followed_by_stop(void)
{
	CHECK(phase_may_follow(PHASE_LEAVE, PHASE_STOP));
}

static void
a_command_that_ends_while_it_drains_ends_the_run(void)
{
	CHECK(phase_may_follow(PHASE_DRAIN, PHASE_DONE));
}

static void
a_run_joins_before_it_is_a_member(void)
{
	CHECK(!phase_may_follow(PHASE_PREPARE, PHASE_MEMBER));
}

static void
each_phase_has_a_name(void)
{
	CHECK_STR(phase_name(PHASE_PREPARE), "prepare");
	CHECK_STR(phase_name(PHASE_DONE), "done");
}

int
main(void)
{
	TAP_RUN(a_run_with_a_command_goes_through_all_phases);
	TAP_RUN(no_phase_goes_back);
	TAP_RUN(only_stop_follows_itself);
	TAP_RUN(every_phase_before_leave_can_leave);
	TAP_RUN(a_run_ends_only_after_it_has_left);
	TAP_RUN(the_command_is_stopped_only_after_leaving);
	TAP_RUN(without_a_command_leave_is_followed_by_done);
	TAP_RUN(without_a_drain_time_leave_is_followed_by_stop);
	TAP_RUN(a_command_that_ends_while_it_drains_ends_the_run);
	TAP_RUN(a_run_joins_before_it_is_a_member);
	TAP_RUN(each_phase_has_a_name);
	return tap_end();
}
