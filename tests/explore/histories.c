#include "history.h"

/*
 * What users see while two or three faults last together, or follow one another: histories that the explorer, with one fault
 * each, does not reach. At the beginning of each the home of the element is r0.
 */

enum { R0, R1, R2, R3 };

/* From the end of a registrar until it is dead for the others; until a question is not answered; longer than an exchange. */
enum { DETECTION_MS = 2500 + 500 + 100, ANSWER_MS = 100 + 500 + 100, SOON_MS = 100 };

static bool
shown(unsigned r)
{
	return shows(r, element(0));
}

static bool
r0_shows(void)
{
	return shown(R0);
}

static bool
r1_shows(void)
{
	return shown(R1);
}

static bool
r1_does_not_show(void)
{
	return !shown(R1);
}

static bool
r2_shows(void)
{
	return shown(R2);
}

static bool
r2_does_not_show(void)
{
	return !shown(R2);
}

static bool
r0_does_not_show(void)
{
	return !shown(R0);
}

static uint32_t
home_at(unsigned r)
{
	struct shown got = { 0 };

	return check_shows(w, r, element(0)->pe_id, &got) ? got.home_id : 0;
}

static void
begin_with(unsigned registrars)
{
	begin(registrars, 1, false, false);
	CHECK(check_home(element(0)) == &w->node[R0]);
}

/* ENRP is cut, ASAP is whole: r1 and r2 both take the element over, which stays with r0. (2: the order) */
static void
of_two_that_took_an_element_over_one_stands(void)
{
	begin_with(3);
	cut(R0, R1, true);
	cut(R0, R2, true);
	cut(R1, R2, true);
	run(12000);
	CHECK_EQ(home_at(R0), w->node[R0].server_id);
	CHECK_EQ(home_at(R1), w->node[R1].server_id);
	CHECK_EQ(home_at(R2), w->node[R2].server_id);
	cut(R1, R2, false);
	run(2000);
	CHECK(home_at(R1) && home_at(R1) == home_at(R2));
	rests(10);
	end();
}

/* r1 was alone, and has removed what it did not reach. Of r0, which r2 hears, it knows nothing better. (4.3) */
static void
what_was_removed_over_the_head_of_its_home_is_shown_by_those_that_hear_the_home(void)
{
	begin_with(3);
	cut(R0, R1, true);
	cut(R1, R2, true);
	cut(R1, element(0)->place, true);
	run(12000);
	CHECK(!shown(R1) && shown(R2));
	cut(R1, R2, false);
	CHECK(!run_until(r2_does_not_show, 8000));
	CHECK(shown(R1)); /* by relay */
	rests(10);
	end();
}

/* The same, but r0 has got deaf to r2 meanwhile, and cannot answer. (4.3, counterexample 16) */
static void
a_home_that_does_not_answer_is_waited_for_twice_the_time_of_an_answer(void)
{
	begin_with(3);
	cut(R0, R1, true);
	cut(R1, R2, true);
	run(12000);
	CHECK_EQ(home_at(R1), w->node[R1].server_id);
	cut_one_way(R2, R0, true);
	cut(R1, R2, false);
	run(1000 + 2 * 500 + SOON_MS); /* a heartbeat before */
	CHECK_EQ(home_at(R2), w->node[R1].server_id);
	end();
}

static bool
moved_to_r1(void)
{
	return home_at(R1) == w->node[R1].server_id;
}

static bool
r1_and_r2_are_connected(void)
{
	return connected(R1, R2);
}

/* Its home has lost it, believes the removal, and says so. (4.3: the home answers with the statement that it then holds) */
static void
what_was_removed_over_the_head_of_its_home_is_gone_when_the_home_has_answered(void)
{
	begin_with(3);
	cut(R0, R1, true);
	cut(R1, R2, true);
	cut(R1, element(0)->place, true);
	run(12000);
	cut(R1, R2, false);
	CHECK(run_until(r1_and_r2_are_connected, 5000));
	stop(element(0), WORLD_KILLED);
	CHECK(run_until(r2_does_not_show, SOON_MS));
	rests(10);
	end();
}

static bool
r2_has_said_that_it_has_taken_over(void)
{
	return find_parcel(R2, R1, ENRP_TAKEOVER_SERVER) != NULL;
}

static bool
r0_and_r1_are_connected(void)
{
	return connected(R0, R1);
}

static bool
r1_shows_another_home(void)
{
	return home_at(R1) != w->node[R0].server_id;
}

/* r2 has taken r0 over, and r1 learns of that late: by then it hears r0. (4.7) */
static void
a_takeover_that_is_heard_of_late_moves_nothing_of_a_registrar_that_is_heard(void)
{
	begin_with(3);
	cut(R0, R1, true);
	cut(R0, R2, true);
	CHECK(run_until(r2_has_said_that_it_has_taken_over, DETECTION_MS));
	struct pipe *late = find_parcel(R2, R1, ENRP_TAKEOVER_SERVER);
	if (late)
		late->held_until = w->now + 300;
	cut(R0, R1, false);
	CHECK(run_until(r0_and_r1_are_connected, 200));
	CHECK(!run_until(r1_shows_another_home, 10000));
	rests(10);
	end();
}

/* Its process started again elsewhere, and its former home has not noticed that. (4.4: asked in vain) */
static void
what_has_moved_is_at_its_new_home_as_soon_as_its_former_home_has_asked_it_in_vain(void)
{
	begin_with(2);
	cut(R0, element(0)->place, true);
	restart(element(0));
	CHECK(run_until(moved_to_r1, 1000));
	CHECK(!run_until(r0_does_not_show, ANSWER_MS));
	CHECK_EQ(home_at(R0), w->node[R1].server_id);
	CHECK(!run_until(r0_does_not_show, 5000));
	rests(10);
	end();
}

/* r0 is suspended, and has told r1 nothing of a new element, which leaves at r1. (4.2: also if it is not known) */
static void
what_left_where_it_was_not_known_is_never_shown_there(void)
{
	begin_with(2);
	stop(element(0), WORLD_KILLED);
	run(3000);
	element(0)->pe_id++;
	cut(R0, R1, true);
	world_start(element(0));
	changed();
	CHECK(run_until(r0_shows, 1000));
	CHECK(!shown(R1));
	pause_process(&w->node[R0], true);
	cut(R0, element(0)->place, true);
	world_leave(element(0));
	run(6000);
	CHECK(!shown(R1));
	cut(R0, R1, false);
	pause_process(&w->node[R0], false);
	CHECK(!run_until(r1_shows, 8000));
	rests(10);
	end();
}

/* r2 is suspended while an element leaves, and its home starts again with nothing. (5: in every table) */
static void
a_registrar_that_joins_knows_what_was_removed_before(void)
{
	begin_with(3);
	pause_process(&w->node[R2], true);
	world_leave(element(0));
	run(300);
	CHECK(!shown(R0) && !shown(R1));
	world_stop(&w->node[R0], WORLD_VANISHED); /* and what it had sent to r2 is lost */
	world_start(&w->node[R0]);
	run(300);
	cut(R1, R2, true); /* r2 hears r0 only */
	pause_process(&w->node[R2], false);
	CHECK(!run_until(r0_shows, 8000));
	CHECK(!shown(R1) && !shown(R2));
	rests(10);
	end();
}

/* (4.1: over; 3.4) */
static void
of_two_processes_at_two_registrars_the_later_one_stays(void)
{
	begin(2, 2, true, false);
	run(3000);
	CHECK(check_home(element(1)) && element(1)->pe_id == 0xe0);
	rests(20);
	end();
}

static void
of_two_processes_at_one_registrar_the_later_one_stays(void)
{
	begin(1, 2, true, false);
	run(3000);
	CHECK(check_home(element(1)) && element(1)->pe_id == 0xe0);
	rests(20);
	end();
}

/* r0 dies with its element; r1 waits for the acknowledgement of r3, which does not answer. r2 starts again, and has the table
 * of r1, which dies before it has taken r0 over. (4.8a) */
static void
a_home_that_only_the_table_of_a_mentor_named_is_supervised(void)
{
	begin_with(4);
	stop(&w->node[R0], WORLD_VANISHED);
	stop(element(0), WORLD_VANISHED);
	run(2000);
	stop(&w->node[R3], WORLD_VANISHED);
	run(DETECTION_MS - 2000);
	restart(&w->node[R2]);
	CHECK(run_until(r2_shows, 1000));
	stop(&w->node[R1], WORLD_VANISHED);
	rests(20);
	CHECK(!shown(R2));
	end();
}

/* Connections to r1 break while updates are on their way. */
static void
lose_updates(unsigned n)
{
	cut(R0, R1, true);
	for (unsigned i = 0; i < n; i++) {
		world_update(element(0));
		run(1100);
	}
	drop(R0, R1, false);
	cut(R0, R1, false);
}

/* (6: gaps, not tables) */
static void
updates_that_are_lost_with_all_connections_are_sent_again_without_a_table(void)
{
	begin_with(2);
	unsigned before = w->table_pages;

	for (unsigned n = 1; n <= 2; n++) {
		lose_updates(n);
		world_update(element(0));
		run(3000);
		world_update(element(0));
		run(3000);
	}
	CHECK_EQ(w->table_pages, before);
	rests(10);
	end();
}

/* The update of another element arrives over the other connection before r1 knows that one is missing. (6) */
static void
an_update_that_is_lost_with_one_of_two_connections_is_sent_again_without_a_table(void)
{
	begin(2, 2, false, false);
	cut(R1, element(1)->place, true);
	run(15000);
	cut(R1, element(1)->place, false);
	CHECK(check_home(element(0)) == &w->node[R0] && check_home(element(1)) == &w->node[R0]);
	unsigned before = w->table_pages;

	cut(R0, R1, true);
	world_update(element(0));
	run(1);
	drop(R0, R1, true);
	cut(R0, R1, false);
	world_update(element(1));
	run(3000);
	CHECK_EQ(w->table_pages, before);
	rests(10);
	end();
}

/* A machine is suspended for longer than half the tombstone time. */
static void
sleep_long(struct node *n)
{
	pause_process(n, true);
	for (unsigned i = 0; i < 31; i++) {
		run(10000);
		changed(); /* so much time is no sign of tables that do not come to rest */
	}
	pause_process(n, false);
}

/* (4.9: restore the copy) */
static void
a_registrar_that_was_suspended_and_finds_no_other_one_shows_what_it_had(void)
{
	begin_with(2);
	cut(R0, R1, true);
	run(SOON_MS);
	sleep_long(&w->node[R1]);
	CHECK(run_until(r1_shows, 3000)); /* before, it joins, and turns new users away */
	CHECK(!run_until(r1_does_not_show, 8000));
	end();
}

/* (4.9: discard the copy) */
static void
a_registrar_that_was_suspended_shows_nothing_that_its_mentor_has_not(void)
{
	begin_with(2);
	pause_process(&w->node[R1], true);
	run(DETECTION_MS);
	world_leave(element(0));
	run(SOON_MS);
	restart(&w->node[R0]);
	sleep_long(&w->node[R1]);
	CHECK(!run_until(r0_shows, 8000));
	CHECK(!shown(R1));
	rests(10);
	end();
}

/* (4.5: H after a takeover; 3.7) */
static void
what_was_taken_over_follows_as_soon_as_it_is_looked_at(void)
{
	begin_with(3);
	pause_process(&w->node[R0], true); /* its connections are not closed */
	run(DETECTION_MS + 500 + SOON_MS);
	CHECK(check_home(element(0)) && check_home(element(0)) != &w->node[R0]);
	pause_process(&w->node[R0], false);
	rests(10);
	end();
}

int
main(int argc, char **argv)
{
	world_verbose = argc > 1 && !strcmp(argv[1], "--verbose");
	TAP_RUN(of_two_that_took_an_element_over_one_stands);
	TAP_RUN(what_was_removed_over_the_head_of_its_home_is_shown_by_those_that_hear_the_home);
	TAP_RUN(a_home_that_does_not_answer_is_waited_for_twice_the_time_of_an_answer);
	TAP_RUN(what_was_removed_over_the_head_of_its_home_is_gone_when_the_home_has_answered);
	TAP_RUN(a_takeover_that_is_heard_of_late_moves_nothing_of_a_registrar_that_is_heard);
	TAP_RUN(what_has_moved_is_at_its_new_home_as_soon_as_its_former_home_has_asked_it_in_vain);
	TAP_RUN(what_left_where_it_was_not_known_is_never_shown_there);
	TAP_RUN(a_registrar_that_joins_knows_what_was_removed_before);
	TAP_RUN(of_two_processes_at_two_registrars_the_later_one_stays);
	TAP_RUN(of_two_processes_at_one_registrar_the_later_one_stays);
	TAP_RUN(a_home_that_only_the_table_of_a_mentor_named_is_supervised);
	TAP_RUN(updates_that_are_lost_with_all_connections_are_sent_again_without_a_table);
	TAP_RUN(an_update_that_is_lost_with_one_of_two_connections_is_sent_again_without_a_table);
	TAP_RUN(a_registrar_that_was_suspended_and_finds_no_other_one_shows_what_it_had);
	TAP_RUN(a_registrar_that_was_suspended_shows_nothing_that_its_mentor_has_not);
	TAP_RUN(what_was_taken_over_follows_as_soon_as_it_is_looked_at);
	return tap_end();
}
