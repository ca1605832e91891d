#include "client_world.h"

/* An element that its registrar has removed although it lives: RFC 5352 s.3.2. */

static void
the_cause_is_told_and_the_element_is_back_in_under_a_second(void)
{
	static const uint16_t causes[] = { RSP_CAUSE_NONE,     RSP_CAUSE_EXPIRED, RSP_CAUSE_UNANSWERED,
					   RSP_CAUSE_REPORTED, RSP_CAUSE_MOVED,   RSP_CAUSE_DEREGISTERED };

	for (unsigned i = 0; i < 2 * RSP_COUNT(causes); i++) {
		uint16_t cause = causes[i / 2];
		struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, cause);

		begin(1, true);
		world_registered_at_alpha(&w, 0x11, 300);
		world_run(&w, w.now + (i % 2 ? 5000 : 0)); /* or just now: then it waits a little */
		world_receive(&w, 1, &msg);
		CHECK_EQ(world_count_told(&w, RSP_CLIENT_EXPIRED), 1);
		CHECK_EQ(world_last(&w, RSP_CLIENT_EXPIRED).cause, cause);
		world_run(&w, w.now + 950);
		CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
		world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
		CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
		world_end(&w);
	}
}

/* Beyond the RFC: a home that removed an element may not hear it any more, so it does not have all of T2. */
static void
a_home_that_removed_the_element_and_does_not_answer_is_left(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_UNANSWERED);

	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_run(&w, w.now + 5000);
	world_receive(&w, 1, &msg);
	world_run(&w, w.now + 200);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 0);
	world_run(&w, w.now + 1000);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 1);
	unsigned last = w.n_dials - 1;
	world_up(&w, w.dial[last].link, RSP_ROLE_ELEMENT, "beta");
	world_run(&w, w.now + 200);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, w.dial[last].link), 1);
	world_run(&w, w.now + 1500); /* the next one has it */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 1);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(the_cause_is_told_and_the_element_is_back_in_under_a_second);
	TAP_RUN(a_home_that_removed_the_element_and_does_not_answer_is_left);
	return tap_end();
}
