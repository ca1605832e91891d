#include "client_world.h"

/* The registrar removes an element that is still there: RFC 5352 3.2. */

/* The home removes an element because of @cause, @after_ms after its registration: it is registered again within a
 * second. */
static void
comes_back(uint16_t cause, uint64_t after_ms)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, cause);

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	world_run(&w, w.now + after_ms);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_EXPIRED), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_EXPIRED).cause, cause);
	world_run(&w, w.now + 950);
	CHECK_EQ(world_count_sent(&w, ASAP_REGISTRATION, 1), 2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REREGISTERED), 1);
	world_end(&w);
}

static void
removed_without_a_cause_it_comes_back(void)
{
	comes_back(RSP_CAUSE_NONE, 5000);
	comes_back(RSP_CAUSE_NONE, 0);
}

static void
removed_because_its_lifetime_expired_it_comes_back(void)
{
	comes_back(RSP_CAUSE_EXPIRED, 5000);
	comes_back(RSP_CAUSE_EXPIRED, 0);
}

static void
removed_because_a_keep_alive_was_unanswered_it_comes_back(void)
{
	comes_back(RSP_CAUSE_UNANSWERED, 5000);
	comes_back(RSP_CAUSE_UNANSWERED, 0);
}

static void
removed_because_users_reported_it_it_comes_back(void)
{
	comes_back(RSP_CAUSE_REPORTED, 5000);
	comes_back(RSP_CAUSE_REPORTED, 0);
}

static void
removed_because_it_moved_it_comes_back(void)
{
	comes_back(RSP_CAUSE_MOVED, 5000);
	comes_back(RSP_CAUSE_MOVED, 0);
}

static void
removed_by_a_deregistration_that_we_did_not_send_it_comes_back(void)
{
	comes_back(RSP_CAUSE_DEREGISTERED, 5000);
	comes_back(RSP_CAUSE_DEREGISTERED, 0);
}

/* Beyond the RFC: a home that removed an element may not receive from it any more, so T2 is one second. */
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
	world_run(&w, w.now + 1500); /* at the next home T2 has its configured length */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME_LOST), 1);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(removed_without_a_cause_it_comes_back);
	TAP_RUN(removed_because_its_lifetime_expired_it_comes_back);
	TAP_RUN(removed_because_a_keep_alive_was_unanswered_it_comes_back);
	TAP_RUN(removed_because_users_reported_it_it_comes_back);
	TAP_RUN(removed_because_it_moved_it_comes_back);
	TAP_RUN(removed_by_a_deregistration_that_we_did_not_send_it_comes_back);
	TAP_RUN(a_home_that_removed_the_element_and_does_not_answer_is_left);
	return tap_end();
}
