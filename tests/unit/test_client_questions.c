/* A registrar asks an element for its statement, or takes it over. */
#include "number_world.h"

/* Asked */

static void
asked_about_its_last_statement_it_acknowledges_and_does_not_register(void)
{
	begin_registered();
	world_ask(&w, 1, 0xa, false, 0x11, world_number(&w));
	CHECK_EQ(acknowledged(1).epoch, world_number(&w).epoch);
	CHECK_EQ(acknowledged(1).instance, world_number(&w).instance);
	CHECK_EQ(registrations(0), 1);
	world_end(&w);
}

static void
asked_by_its_home_about_another_statement_it_registers_above_that(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = first.epoch + 10, .instance = 9 });
	CHECK_EQ(acknowledged(1).epoch, first.epoch);
	CHECK_EQ(acknowledged(1).over, 0);
	CHECK_EQ(registrations(1), 2);
	check_above(first, 11, 9);
	world_end(&w);
}

static void
asked_by_its_home_about_an_older_statement_it_registers_again(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_ask(&w, 1, 0xa, false, 0x11, other);
	check_above(first, 1, 9);
	world_end(&w);
}

static void
asked_by_its_home_about_another_process_with_the_same_epoch_it_registers_again(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = first.epoch, .instance = 9 });
	check_above(first, 1, 9);
	world_end(&w);
}

static void
a_question_does_not_shorten_the_delay_of_an_element_that_is_refused(void)
{
	begin_registered();
	world_run(&w, w.now + 280000);
	CHECK_EQ(refuse_for(10, RSP_CAUSE_EPOCH_OLD), 3);
	unsigned before = registrations(1);
	world_run(&w, w.now + 400);
	world_ask(&w, 1, 0xa, true, 0x11, other);
	CHECK_EQ(registrations(1), before);
	world_run(&w, w.now + 1200);
	CHECK_EQ(registrations(1), before + 1);
	world_end(&w);
}

static void
an_acknowledgement_has_the_number_that_was_sent_last(void)
{
	begin_registered();
	world_run(&w, w.now + 280000);
	(void)refuse_for(10, RSP_CAUSE_EPOCH_OLD); /* the next one will be greater */
	world_ask(&w, 1, 0xa, false, 0x11, other);
	CHECK_EQ(acknowledged(1).epoch, world_number(&w).epoch);
	CHECK_EQ(acknowledged(1).over, world_number(&w).over);
	world_end(&w);
}

static void
while_it_registers_it_answers_a_question_with_the_registration(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_run(&w, w.now + 280000);
	world_ask(&w, 1, 0xa, false, 0x11, first); /* sent before the home received the renewal */
	CHECK_EQ(registrations(1), 2);
	CHECK_EQ(acknowledged(1).epoch, first.epoch + 1);
	world_end(&w);
}

static void
asked_by_its_home_over_another_connection_it_registers_at_its_home(void)
{
	begin_registered();
	world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "alpha");
	world_ask(&w, 77, 0xa, false, 0x11, other);
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 1);
	CHECK_EQ(registrations(1), 2);
	world_end(&w);
}

static void
asked_by_another_registrar_it_acknowledges_only(void)
{
	begin_with_random_id();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, false, 0x11, other);
	world_run(&w, w.now + 20);
	world_ask(&w, 77, 0xb, false, 0x11, over_us());
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 2);
	world_run(&w, w.now + 1000);
	CHECK_EQ(registrations(0), 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DISPLACED), 0);
	CHECK_EQ(acknowledged(77).epoch, world_number(&w).epoch);
	world_end(&w);
}

static void
a_home_that_sent_numbers_and_sends_none_has_forgotten_the_element(void)
{
	begin_registering();
	struct rsp_epoch first = world_number(&w);
	first.over = 9;
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, first);
	world_ask(&w, 1, 0xa, false, 0x11, first);
	world_run(&w, w.now + 20);
	world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	CHECK_EQ(registrations(1), 2);
	check_above(first, 1, 9);
	world_end(&w);
}

static void
a_home_that_never_sent_numbers_is_acknowledged_as_ever(void)
{
	begin_registered();
	for (unsigned i = 0; i < 5; i++) {
		world_keepalive(&w, 1, 0xa, false, "web", 0x11);
		world_run(&w, w.now + 20);
	}
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1), 5);
	CHECK_EQ(registrations(1), 1);
	world_end(&w);
}

static void
a_home_that_asks_without_end_gets_a_registration_a_second(void)
{
	begin_registered();
	unsigned before = registrations(1);
	for (uint64_t end = w.now + 60000; w.now < end; world_run(&w, w.now + 11)) {
		world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = world_number(&w).epoch + 3, .instance = 9 });
		world_serve(&w, 1);
	}
	CHECK(registrations(1) - before >= 55);
	CHECK(registrations(1) - before <= 65);
	world_end(&w);
}

/* The keep-alive before it came late. */
static void
a_question_right_after_a_keep_alive_is_answered_by_a_registration(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_ask(&w, 1, 0xa, false, 0x11, first);
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = first.epoch + 1, .instance = first.instance });
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1), 1);
	check_above(first, 2, 0);
	world_end(&w);
}

/* RFC 5355 2.13: whatever the home asks, it costs one registration a second, and does not put the next one off. */
static void
a_flood_of_questions_does_not_put_a_registration_off(void)
{
	begin_registered();
	for (unsigned i = 0; i < 6; i++) {
		world_ask(&w, 1, 0xa, true, 0x11, (struct rsp_epoch){ .epoch = world_number(&w).epoch + 9, .instance = 9 });
		world_serve(&w, 1);
		world_run(&w, w.now + 20);
	}
	unsigned before = registrations(1), told = world_count_told(&w, RSP_CLIENT_KEEPALIVE);
	struct rsp_epoch known = { .epoch = world_number(&w).epoch + 5000, .instance = 9 };
	for (unsigned i = 0; i < 1000; i++)
		world_ask(&w, 1, 0xa, true, 0x11, known);
	CHECK(world_count_told(&w, RSP_CLIENT_KEEPALIVE) - told <= 1);
	for (unsigned i = 0; i < 200; i++) {
		world_ask(&w, 1, 0xa, true, 0x11, known);
		world_run(&w, w.now + 11);
	}
	CHECK(registrations(1) > before);
	CHECK(registrations(1) <= before + 3);
	world_end(&w);
}

static void
a_question_of_the_home_is_answered_though_another_registrar_has_just_asked(void)
{
	begin_registered();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, false, 0x11, other);
	world_ask(&w, 1, 0xa, false, 0x11, world_number(&w));
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1), 1);
	world_end(&w);
}

/* RFC 5355 2.13 */
static void
others_that_ask_in_one_moment_are_all_answered_but_not_a_flood(void)
{
	begin_registered();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_up(&w, 78, RSP_ROLE_NOTIFY, "gamma");
	world_ask(&w, 77, 0xb, false, 0x11, world_number(&w));
	world_ask(&w, 78, 0xc, false, 0x11, world_number(&w));
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 1);
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 78), 1);
	for (unsigned i = 0; i < 100; i++)
		world_ask(&w, 78, 0xc, false, 0x11, world_number(&w));
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 78), 15);
	world_run(&w, w.now + 20);
	world_ask(&w, 77, 0xb, false, 0x11, world_number(&w));
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 2);
	world_end(&w);
}

/* Taken over */

static void
while_its_home_is_heard_it_stays_there(void)
{
	struct rsp_client_stats stats;

	begin_registered();
	world_run(&w, w.now + 40000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 1);
	CHECK_EQ(acknowledged(77).epoch, world_number(&w).epoch);
	CHECK(!world_last(&w, RSP_CLIENT_KEEPALIVE).changed);
	world_run(&w, w.now + 6000);
	CHECK_EQ(registrations(0), 1);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.home_link, 1);
	world_end(&w);
}

static void
when_its_home_is_not_heard_any_more_it_registers_where_it_is_taken_over(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_run(&w, w.now + 46000); /* more than the interval of keep-alives, varied by half */
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, (struct rsp_epoch){ .epoch = first.epoch + 4, .instance = first.instance });
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 77), 1);
	CHECK(world_last(&w, RSP_CLIENT_KEEPALIVE).changed);
	CHECK_EQ(registrations(77), 1);
	check_above(first, 5, 0);
	CHECK_EQ(w.sent[w.n_sent - 2].octets[0], ASAP_ENDPOINT_KEEP_ALIVE_ACK); /* first the acknowledgement */
	world_end(&w);
}

static void
the_interval_of_its_homes_keep_alives_is_learned(void)
{
	begin_registered();
	for (unsigned i = 0; i < 6; i++) {
		world_run(&w, w.now + 2000);
		world_ask(&w, 1, 0xa, false, 0x11, world_number(&w));
	}
	world_run(&w, w.now + 2900); /* the next interval may be longer than all until then */
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 0);
	world_run(&w, w.now + 200);
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

/* The keep-alives to one element are in between those to the other. */
static void
the_interval_is_that_of_one_element(void)
{
	begin_registered();
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_registered(&w, 1, "web", 0x12, RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 12; i++) {
		world_run(&w, w.now + 1000);
		world_ask(&w, 1, 0xa, false, 0x11 + i % 2, world_number(&w));
	}
	world_run(&w, w.now + 2900);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 0);
	world_run(&w, w.now + 200);
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

static void
a_few_keep_alives_do_not_tell_their_interval(void)
{
	begin_registered();
	for (unsigned i = 0; i < 3; i++) {
		world_run(&w, w.now + 1000);
		world_ask(&w, 1, 0xa, false, 0x11, world_number(&w));
	}
	world_run(&w, w.now + 40000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 0);
	world_end(&w);
}

static void
a_response_of_its_home_counts_as_well_as_a_keep_alive(void)
{
	begin_registered();
	world_run(&w, w.now + 280000);
	world_serve(&w, 1);
	world_run(&w, w.now + 10000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 0);
	world_end(&w);
}

static void
without_a_home_it_registers_where_it_is_taken_over(void)
{
	begin_registered();
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

static void
taken_over_by_a_statement_that_displaces_it_it_learns_it_from_the_response(void)
{
	begin_with_random_id();
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, over_us());
	CHECK_EQ(registrations(77), 1);
	CHECK_EQ(world_number(&w).over, 0);
	world_registered_as(&w, 77, 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID, over_us());
	CHECK_EQ(registrations(77), 2);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).pe_id, 0x11);
	world_end(&w);
}

static void
its_home_that_takes_it_over_gets_a_registration(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_ask(&w, 1, 0xa, true, 0x11, first);
	CHECK_EQ(registrations(1), 2);
	check_above(first, 1, 0);
	world_end(&w);
}

static void
its_home_that_takes_it_over_on_another_connection_is_followed_if_the_first_is_silent(void)
{
	begin_registered();
	world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	world_run(&w, w.now + 46000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "alpha");
	world_ask(&w, 77, 0xa, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

/* Its process was suspended for a minute, so two keep-alives of its home are that far apart. */
static void
one_long_interval_between_keep_alives_does_not_keep_it_at_a_silent_home(void)
{
	begin_registered();
	for (unsigned i = 0; i < 20; i++) {
		if (i == 5)
			w.now += 60000;
		else
			world_run(&w, w.now + 2000);
		world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	}
	world_run(&w, w.now + 30000);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

/* The outage was a short time ago: the interval is not forgotten yet, but no registrar lets ten minutes pass. */
static void
an_outage_is_no_interval_between_keep_alives(void)
{
	begin_registered();
	for (unsigned i = 0; i < 7; i++) {
		if (i == 4)
			w.now += 600000;
		else
			world_run(&w, w.now + 2000);
		world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	}
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	w.now += 89000;
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 0);
	w.now += 2000;
	world_ask(&w, 77, 0xb, true, 0x11, world_number(&w));
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

static void
a_registrar_without_numbers_that_takes_it_over_is_followed_at_once(void)
{
	begin_registered();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	CHECK(world_last(&w, RSP_CLIENT_KEEPALIVE).changed);
	world_run(&w, w.now + 5000); /* and gets a whole registration */
	CHECK_EQ(registrations(77), 1);
	world_end(&w);
}

static void
all_elements_of_a_pool_that_is_taken_over_register(void)
{
	begin_registered();
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_serve(&w, 1);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_ask(&w, 77, 0xb, true, 0, other); /* no identifier: RFC 5352 2.2.7 */
	CHECK_EQ(registrations(77), 2);
	CHECK_EQ(world_number(&w).over, 9);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(asked_about_its_last_statement_it_acknowledges_and_does_not_register);
	TAP_RUN(asked_by_its_home_about_another_statement_it_registers_above_that);
	TAP_RUN(asked_by_its_home_about_an_older_statement_it_registers_again);
	TAP_RUN(asked_by_its_home_about_another_process_with_the_same_epoch_it_registers_again);
	TAP_RUN(a_question_does_not_shorten_the_delay_of_an_element_that_is_refused);
	TAP_RUN(an_acknowledgement_has_the_number_that_was_sent_last);
	TAP_RUN(while_it_registers_it_answers_a_question_with_the_registration);
	TAP_RUN(asked_by_its_home_over_another_connection_it_registers_at_its_home);
	TAP_RUN(asked_by_another_registrar_it_acknowledges_only);
	TAP_RUN(a_home_that_sent_numbers_and_sends_none_has_forgotten_the_element);
	TAP_RUN(a_home_that_never_sent_numbers_is_acknowledged_as_ever);
	TAP_RUN(a_home_that_asks_without_end_gets_a_registration_a_second);
	TAP_RUN(a_question_right_after_a_keep_alive_is_answered_by_a_registration);
	TAP_RUN(a_flood_of_questions_does_not_put_a_registration_off);
	TAP_RUN(a_question_of_the_home_is_answered_though_another_registrar_has_just_asked);
	TAP_RUN(others_that_ask_in_one_moment_are_all_answered_but_not_a_flood);
	TAP_RUN(while_its_home_is_heard_it_stays_there);
	TAP_RUN(when_its_home_is_not_heard_any_more_it_registers_where_it_is_taken_over);
	TAP_RUN(the_interval_of_its_homes_keep_alives_is_learned);
	TAP_RUN(the_interval_is_that_of_one_element);
	TAP_RUN(a_few_keep_alives_do_not_tell_their_interval);
	TAP_RUN(a_response_of_its_home_counts_as_well_as_a_keep_alive);
	TAP_RUN(without_a_home_it_registers_where_it_is_taken_over);
	TAP_RUN(taken_over_by_a_statement_that_displaces_it_it_learns_it_from_the_response);
	TAP_RUN(its_home_that_takes_it_over_gets_a_registration);
	TAP_RUN(its_home_that_takes_it_over_on_another_connection_is_followed_if_the_first_is_silent);
	TAP_RUN(one_long_interval_between_keep_alives_does_not_keep_it_at_a_silent_home);
	TAP_RUN(an_outage_is_no_interval_between_keep_alives);
	TAP_RUN(a_registrar_without_numbers_that_takes_it_over_is_followed_at_once);
	TAP_RUN(all_elements_of_a_pool_that_is_taken_over_register);
	return tap_end();
}
