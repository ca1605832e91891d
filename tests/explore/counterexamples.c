#include "history.h"

/*
 * The counterexamples of ownership.md 10 that take several registrars and elements: each is a history of the whole scope, in
 * the default order. What must hold at the end is what the explorer checks in each history; here also how much happened on
 * the way. Those that one registrar decides: tests/unit/test_counterexamples_registrar.c, ..._peers.c.
 */

static void
c01_a_dead_home_is_taken_over_once(void)
{
	begin(3, 1, false, false);
	stop(check_home(element(0)), WORLD_VANISHED);
	rests(20);
	CHECK(element(0)->homes <= 1);
	end();
}

static void
c02_two_processes_of_one_id_at_two_registrars_come_to_rest(void)
{
	begin(2, 2, true, false);
	run(2000);
	CHECK_EQ(element(0)->pe_id == element(1)->pe_id, alive() == 1); /* the other has another id, or has ended */
	rests(20);
	end();
}

static void
c03_two_processes_of_one_id_at_one_registrar_come_to_rest(void)
{
	begin(1, 2, true, false);
	run(2000);
	CHECK_EQ(element(0)->pe_id == element(1)->pe_id, alive() == 1);
	rests(20);
	end();
}

static void
c04_an_element_that_starts_again_with_a_lost_clock_is_there_at_once(void)
{
	begin(2, 1, false, false);
	element(0)->skew_ms = -INT64_C(700000000000); /* 22 years */
	restart(element(0));
	run(300);
	CHECK(shows(0, element(0)) && shows(1, element(0)));
	rests(6);
	end();
}

static void
c04_an_element_that_starts_again_after_its_removal_with_a_lost_clock_is_there_at_once(void)
{
	begin(2, 1, false, false);
	stop(element(0), WORLD_KILLED);
	run(3000);
	CHECK(!shows(0, element(0)));
	element(0)->skew_ms = -INT64_C(700000000000);
	world_start(element(0));
	changed();
	run(300);
	CHECK(shows(0, element(0)) && shows(1, element(0)));
	rests(6);
	end();
}

static void
c05_contents_that_only_the_dead_home_knew_come_back_from_the_element(void)
{
	begin(2, 1, false, false);
	struct node *home = check_home(element(0));

	cut(0, 1, true);
	world_update(element(0));
	run(200);
	stop(home, WORLD_VANISHED);
	rests(20);
	end();
}

static void
c06_an_element_that_is_gone_is_removed_once(void)
{
	begin(3, 1, false, false);
	stop(element(0), WORLD_VANISHED);
	rests(4);
	end();
}

static void
c07_a_cut_between_two_of_three_hides_neither_the_dead_nor_the_new(void)
{
	begin(3, 2, false, false);
	cut(0, 2, true);
	run(6000);
	stop(element(0), WORLD_KILLED);
	run(4000);
	for (unsigned r = 0; r < 3; r++)
		CHECK(!shows(r, element(0)) && shows(r, element(1)));
	element(0)->pe_id++; /* a new one, as long as the cut lasts */
	world_start(element(0));
	changed();
	run(2000);
	for (unsigned r = 0; r < 3; r++)
		CHECK(shows(r, element(0)));
	rests(10);
	end();
}

static void
c08_a_registrar_that_restarts_with_nothing_finds_its_elements(void)
{
	begin(3, 1, false, false);
	restart(check_home(element(0)));
	run(1000);
	for (unsigned r = 0; r < 3; r++)
		CHECK(shows(r, element(0)));
	rests(10);
	end();
}

static void
c10_an_element_without_epoch_stays_when_registrars_do_not_hear_each_other(void)
{
	begin(2, 2, false, true);
	cut(0, 1, true);
	run(20000);
	CHECK(element(0)->homes + element(1)->homes <= 2); /* at most once each, by the takeover */
	rests(30);
	cut(0, 1, false);
	rests(20);
	end();
}

static void
c11_a_registrar_that_one_of_three_does_not_hear_is_not_taken_over(void)
{
	begin(3, 2, false, false);
	cut(0, 1, true);
	run(15000);
	CHECK_EQ(element(0)->homes, 0);
	CHECK_EQ(element(1)->homes, 0);
	rests(10);
	end();
}

static void
c13_what_left_while_a_registrar_was_cut_off_does_not_come_back(void)
{
	begin(2, 1, false, false);
	struct node *home = check_home(element(0));
	unsigned other = 1 - home->place;

	cut(0, 1, true);
	cut(element(0)->place, other, true);
	run(1000);
	world_leave(element(0));
	run(1000);
	CHECK(!shows(home->place, element(0)));
	cut(0, 1, false);
	for (unsigned i = 0; i < 20; i++) {
		run(100);
		CHECK(!shows(home->place, element(0)));
	}
	CHECK(!shows(other, element(0)));
	rests(10);
	end();
}

static void
c15_an_element_that_died_with_its_home_is_removed_although_no_registrar_takes_over(void)
{
	begin(3, 1, false, false);
	struct node *home = check_home(element(0));

	stop(home, WORLD_VANISHED);
	stop(element(0), WORLD_VANISHED);
	cut((home->place + 1) % 3, (home->place + 2) % 3, true);
	run(15000);
	CHECK(!shows((home->place + 1) % 3, element(0)));
	CHECK(!shows((home->place + 2) % 3, element(0)));
	rests(20);
	end();
}

static void
c17_a_registrar_that_was_paused_while_its_element_left_does_not_show_it(void)
{
	begin(2, 1, false, false);
	struct node *home = check_home(element(0));

	home->paused = true;
	changed();
	run(6000); /* the other has taken over */
	world_leave(element(0));
	run(500);
	home->paused = false;
	changed();
	rests(20);
	end();
}

static void
c18_an_element_stays_when_registrars_do_not_hear_each_other(void)
{
	begin(2, 2, false, false);
	cut(0, 1, true);
	run(20000);
	CHECK(element(0)->homes + element(1)->homes == 0); /* it stays: its home answers it */
	rests(20);
	cut(0, 1, false);
	rests(20);
	end();
}

static void
c19_two_processes_of_one_id_without_epoch_come_to_rest(void)
{
	begin(2, 2, true, true);
	run(15000);
	CHECK(element(0)->homes + element(1)->homes < 20);
	end();
}

static void
c20_the_same_with_three_registrars(void)
{
	begin(3, 2, true, true);
	run(15000);
	CHECK(element(0)->homes + element(1)->homes < 20);
	end();
}

static void
c21_when_the_later_of_two_processes_without_epoch_ends_the_other_is_there_again(void)
{
	begin(2, 2, true, true);
	run(5000);
	CHECK(check_home(element(0)) == NULL);
	stop(element(1), WORLD_KILLED);
	run(3000);
	restart(element(0)); /* on its old port; this client does not try again by itself */
	run(1000);
	CHECK(shows(0, element(0)) && shows(1, element(0)));
	end();
}

int
main(void)
{
	TAP_RUN(c01_a_dead_home_is_taken_over_once);
	TAP_RUN(c02_two_processes_of_one_id_at_two_registrars_come_to_rest);
	TAP_RUN(c03_two_processes_of_one_id_at_one_registrar_come_to_rest);
	TAP_RUN(c04_an_element_that_starts_again_with_a_lost_clock_is_there_at_once);
	TAP_RUN(c04_an_element_that_starts_again_after_its_removal_with_a_lost_clock_is_there_at_once);
	TAP_RUN(c05_contents_that_only_the_dead_home_knew_come_back_from_the_element);
	TAP_RUN(c06_an_element_that_is_gone_is_removed_once);
	TAP_RUN(c07_a_cut_between_two_of_three_hides_neither_the_dead_nor_the_new);
	TAP_RUN(c08_a_registrar_that_restarts_with_nothing_finds_its_elements);
	TAP_RUN(c10_an_element_without_epoch_stays_when_registrars_do_not_hear_each_other);
	TAP_RUN(c11_a_registrar_that_one_of_three_does_not_hear_is_not_taken_over);
	TAP_RUN(c13_what_left_while_a_registrar_was_cut_off_does_not_come_back);
	TAP_RUN(c15_an_element_that_died_with_its_home_is_removed_although_no_registrar_takes_over);
	TAP_RUN(c17_a_registrar_that_was_paused_while_its_element_left_does_not_show_it);
	TAP_RUN(c18_an_element_stays_when_registrars_do_not_hear_each_other);
	TAP_RUN(c19_two_processes_of_one_id_without_epoch_come_to_rest);
	TAP_RUN(c20_the_same_with_three_registrars);
	TAP_RUN(c21_when_the_later_of_two_processes_without_epoch_ends_the_other_is_there_again);
	return tap_end();
}
