/* The load of an element changes often. */
#include "number_world.h"

static void
set(int32_t lifetime_s, uint32_t load, uint32_t degradation)
{
	struct rsp_pool_element pe = world_element(0x11, lifetime_s);

	pe.policy = (struct rsp_policy){ .type = RSP_POLICY_LUD, .value = { load, degradation } };
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
}

static void
set_load(uint32_t load)
{
	set(300, load, 7);
}

static uint32_t
sent_load(void)
{
	return world_last_sent(&w, ASAP_REGISTRATION, 1).element.policy.value[0];
}

static void
begin_with_load(void)
{
	begin_registered();
	set_load(1); /* another policy: at once */
	world_serve(&w, 1);
	CHECK_EQ(registrations(1), 2);
}

static void
for_a_load_alone_it_registers_once_a_second_with_the_last_value(void)
{
	begin_with_load();
	unsigned before = registrations(1);
	for (unsigned i = 0; i < 100; i++) {
		set_load(100 + i);
		world_serve(&w, 1);
		world_run(&w, w.now + 100);
	}
	CHECK_EQ(sent_load(), 199);
	CHECK_EQ(registrations(1) - before, 11); /* in 10 seconds, the first one at once */
	world_run(&w, w.now + 1000);
	CHECK_EQ(registrations(1) - before, 11);
	world_end(&w);
}

static void
a_load_that_changes_while_it_registers_waits_too(void)
{
	begin_with_load();
	set_load(2);
	set_load(3);
	CHECK_EQ(registrations(1), 3);
	world_serve(&w, 1);
	CHECK_EQ(registrations(1), 3);
	world_run(&w, w.now + 999);
	CHECK_EQ(registrations(1), 3);
	world_run(&w, w.now + 1);
	CHECK_EQ(registrations(1), 4);
	CHECK_EQ(sent_load(), 3);
	world_end(&w);
}

static void
a_question_and_a_move_send_the_load_of_that_moment(void)
{
	begin_with_load();
	set_load(2);
	world_serve(&w, 1);
	set_load(3);
	CHECK_EQ(sent_load(), 2);
	world_ask(&w, 1, 0xa, false, 0x11, other);
	CHECK_EQ(sent_load(), 3);
	world_serve(&w, 1);
	set_load(4);
	world_serve(&w, 1);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	world_run(&w, w.now + 200);
	CHECK_EQ(world_last_sent(&w, ASAP_REGISTRATION, w.next_link).element.policy.value[0], 4);
	world_end(&w);
}

static void
a_change_of_more_than_the_load_is_sent_at_once(void)
{
	begin_with_load();
	set_load(2);
	world_serve(&w, 1);
	set_load(3);
	set(300, 3, 8);
	CHECK_EQ(registrations(1), 4);
	world_serve(&w, 1);
	world_end(&w);
}

static void
a_load_that_follows_another_change_goes_with_it(void)
{
	begin_with_load();
	set_load(2); /* under way */
	set(300, 2, 8);
	set(300, 3, 8);
	world_serve(&w, 1);
	CHECK_EQ(registrations(1), 4);
	CHECK_EQ(sent_load(), 3);
	world_end(&w);
}

static void
a_renewal_does_not_delay_a_load(void)
{
	begin_with_load();
	set_load(2);
	world_serve(&w, 1);
	unsigned before = registrations(1);
	while (registrations(1) == before)
		world_run(&w, w.now + 10);
	world_serve(&w, 1);
	set_load(3);
	CHECK_EQ(registrations(1), before + 2);
	world_end(&w);
}

static void
a_load_does_not_delay_a_renewal(void)
{
	begin_with_load();
	set(1, 1, 7); /* a lifetime of a second */
	world_serve(&w, 1);
	set(1, 2, 7);
	world_serve(&w, 1);
	set(1, 3, 7);
	unsigned before = registrations(1);
	world_run(&w, w.now + 500);
	CHECK_EQ(registrations(1), before + 1);
	CHECK_EQ(sent_load(), 3);
	world_end(&w);
}

static void
a_load_does_not_shorten_the_delay_of_an_element_that_is_refused(void)
{
	begin_with_load();
	set_load(2);
	(void)refuse_for(100, RSP_CAUSE_EPOCH_OLD);
	unsigned before = registrations(1);
	set_load(3);
	CHECK_EQ(registrations(1), before);
	world_run(&w, w.now + 2000);
	CHECK_EQ(sent_load(), 3);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(for_a_load_alone_it_registers_once_a_second_with_the_last_value);
	TAP_RUN(a_load_that_changes_while_it_registers_waits_too);
	TAP_RUN(a_question_and_a_move_send_the_load_of_that_moment);
	TAP_RUN(a_change_of_more_than_the_load_is_sent_at_once);
	TAP_RUN(a_load_that_follows_another_change_goes_with_it);
	TAP_RUN(a_renewal_does_not_delay_a_load);
	TAP_RUN(a_load_does_not_delay_a_renewal);
	TAP_RUN(a_load_does_not_shorten_the_delay_of_an_element_that_is_refused);
	return tap_end();
}
