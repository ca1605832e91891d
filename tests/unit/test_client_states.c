#include "client_world.h"

#include "engine/client/state.h"

/* Every change of the tables in engine/client/state.h happens, and no other one; for elements see
 * test_client_element_states.c. This program's rsp_client_state_check() replaces that of the engine, and notes each
 * change. */

enum { MORE_THAN_THE_WINDOW = 300 };

static uint16_t seen[MACHINE_COUNT][LOOKUP_STATES]; /* in all tests */
static uint16_t recent[MACHINE_COUNT][LOOKUP_STATES]; /* in this test */

void
rsp_client_state_check(enum client_machine machine, unsigned from, unsigned to)
{
	CHECK(machine < MACHINE_COUNT && from < LOOKUP_STATES && to < LOOKUP_STATES);
	if (from == to)
		return;
	if (!(client_moves[machine][from] & TO(to))) {
		printf("# machine %u went from %u to %u\n", (unsigned)machine, from, to);
		CHECK(false && "the table allows it");
	}
	seen[machine][from] |= (uint16_t)TO(to);
	recent[machine][from] |= (uint16_t)TO(to);
}

static bool
went(enum client_machine machine, unsigned from, unsigned to)
{
	return recent[machine][from] & TO(to);
}

#define link_went(from, to)    went(MACHINE_LINK, from, to)
#define hunt_went(from, to)    went(MACHINE_HUNT, from, to)
#define lookup_went(from, to)  went(MACHINE_LOOKUP, from, to)
#define report_went(from, to)  went(MACHINE_REPORT, from, to)

static void
forget_recent(void)
{
	memset(recent, 0, sizeof recent);
}

static void
start(unsigned n_servers, bool element)
{
	forget_recent();
	begin(n_servers, element);
}

static void
start_registered(unsigned n_servers)
{
	start(n_servers, true);
	world_registered_at_alpha(&w, 0x11, 300);
	forget_recent();
}

static void
lose(uint32_t link)
{
	world_down(&w, link, RSP_STEP_ASAP, RSP_ECLOSED);
}

static void
negative_answer(const char *handle)
{
	struct rsp_message msg =
		world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, handle, 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);

	world_receive(&w, 1, &msg);
}

/* Links */

static void
a_dialled_link_comes_up_and_closes(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK(link_went(LINK_FREE, LINK_DIALLED));
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK(link_went(LINK_DIALLED, LINK_UP));
	lose(1);
	CHECK(link_went(LINK_UP, LINK_CLOSED));
	CHECK(link_went(LINK_CLOSED, LINK_FREE));
	world_end(&w);
}

static void
a_dial_fails_at_once(void)
{
	start(1, false);
	w.cannot_dial = true;
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK(link_went(LINK_FREE, LINK_CLOSED));
	world_end(&w);
}

static void
a_dial_fails_later(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	CHECK(link_went(LINK_DIALLED, LINK_CLOSED));
	world_end(&w);
}

static void
a_registrar_dials_us(void)
{
	start_registered(1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	CHECK(link_went(LINK_FREE, LINK_UP));
	world_end(&w);
}

/* The hunt */

static void
a_hunt_finds_a_home(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	CHECK(hunt_went(HUNT_IDLE, HUNT_TRYING));
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK(hunt_went(HUNT_TRYING, HUNT_IDLE));
	world_end(&w);
}

static void
a_hunt_pauses_when_all_failed_and_tries_again(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	CHECK(hunt_went(HUNT_TRYING, HUNT_PAUSED));
	world_run(&w, w.now + 1000);
	CHECK(hunt_went(HUNT_PAUSED, HUNT_TRYING));
	world_end(&w);
}

static void
a_paused_hunt_ends_when_a_registrar_takes_over(void)
{
	start_registered(1);
	lose(1);
	world_down(&w, 2, RSP_STEP_TCP, RSP_EUNREACHABLE);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	CHECK(hunt_went(HUNT_PAUSED, HUNT_IDLE));
	world_end(&w);
}

static void
the_deadline_ends_a_hunt(void)
{
	start(1, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 3000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_run(&w, w.now + 3000);
	CHECK(hunt_went(HUNT_TRYING, HUNT_GAVE_UP));
	rsp_client_retry(w.c, w.now);
	CHECK(hunt_went(HUNT_GAVE_UP, HUNT_IDLE));
	world_end(&w);
}

static void
the_deadline_ends_a_paused_hunt(void)
{
	start(1, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 10);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE);
	world_run(&w, w.now + 10);
	CHECK(hunt_went(HUNT_PAUSED, HUNT_GAVE_UP));
	world_end(&w);
}

static void
after_the_deadline_with_a_home_its_silence_starts_a_hunt(void)
{
	start(2, false);
	rsp_client_set_deadline(w.c, w.now, w.now + 3000);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_run(&w, w.now + 3000);
	CHECK(hunt_went(HUNT_IDLE, HUNT_GAVE_UP));
	world_run(&w, w.now + 15000);
	CHECK(hunt_went(HUNT_GAVE_UP, HUNT_TRYING));
	world_end(&w);
}

/* Lookups */

static void
start_watching(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
}

static void
a_resolution_is_answered(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK(lookup_went(LOOKUP_WAITING, LOOKUP_QUEUED));
	CHECK(lookup_went(LOOKUP_QUEUED, LOOKUP_ASKED));
	world_resolved(&w, 1, "web", 1, false);
	CHECK(lookup_went(LOOKUP_ASKED, LOOKUP_DEAD));
	world_end(&w);
}

static void
a_resolution_without_a_home_is_dropped(void)
{
	start(1, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	rsp_client_unwatch(w.c, rsp_bytes_str("web"));
	CHECK(lookup_went(LOOKUP_WAITING, LOOKUP_DEAD));
	world_end(&w);
}

static void
a_question_waits_again_when_the_home_is_lost(void)
{
	start_watching();
	lose(1);
	CHECK(lookup_went(LOOKUP_ASKED, LOOKUP_WAITING));
	world_end(&w);
}

static void
a_watch_that_gets_updates_follows_them(void)
{
	start_watching();
	world_resolved(&w, 1, "web", 1, true);
	CHECK(lookup_went(LOOKUP_ASKED, LOOKUP_FOLLOWING));
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	CHECK(lookup_went(LOOKUP_FOLLOWING, LOOKUP_QUEUED));
	world_resolved(&w, 1, "web", 1, true);
	negative_answer("web");
	CHECK(lookup_went(LOOKUP_FOLLOWING, LOOKUP_POLLING));
	world_end(&w);
}

static void
a_watch_that_follows_ends_or_waits_for_a_home(void)
{
	start_watching();
	world_resolved(&w, 1, "web", 1, true);
	CHECK_EQ(world_resolve(&w, "mail", true), RSP_OK);
	world_resolved(&w, 1, "mail", 1, true);
	rsp_client_unwatch(w.c, rsp_bytes_str("web"));
	CHECK(lookup_went(LOOKUP_FOLLOWING, LOOKUP_DEAD));
	lose(1);
	CHECK(lookup_went(LOOKUP_FOLLOWING, LOOKUP_WAITING));
	world_end(&w);
}

static void
a_watch_without_updates_polls(void)
{
	start_watching();
	world_resolved(&w, 1, "web", 1, false);
	CHECK(lookup_went(LOOKUP_ASKED, LOOKUP_POLLING));
	world_run(&w, w.now + 7500);
	CHECK(lookup_went(LOOKUP_POLLING, LOOKUP_QUEUED));
	world_resolved(&w, 1, "web", 1, false);
	world_resolved(&w, 1, "web", 2, true); /* an update, after all */
	CHECK(lookup_went(LOOKUP_POLLING, LOOKUP_FOLLOWING));
	world_end(&w);
}

static void
a_watch_that_polls_ends_or_waits_for_a_home(void)
{
	start_watching();
	world_resolved(&w, 1, "web", 1, false);
	CHECK_EQ(world_resolve(&w, "mail", true), RSP_OK);
	world_resolved(&w, 1, "mail", 1, false);
	rsp_client_unwatch(w.c, rsp_bytes_str("web"));
	CHECK(lookup_went(LOOKUP_POLLING, LOOKUP_DEAD));
	lose(1);
	CHECK(lookup_went(LOOKUP_POLLING, LOOKUP_WAITING));
	world_end(&w);
}

/* Alpha sends updates of "web" and of "mail", and the window is full of other questions. */
static void
fill_the_window_beside_two_watches(void)
{
	char handle[16];

	start_watching();
	world_resolved(&w, 1, "web", 1, true);
	CHECK_EQ(world_resolve(&w, "mail", true), RSP_OK);
	world_resolved(&w, 1, "mail", 1, true);
	for (unsigned i = 0; i < MORE_THAN_THE_WINDOW; i++) {
		(void)snprintf(handle, sizeof handle, "other-%u", i);
		CHECK_EQ(world_resolve(&w, handle, false), RSP_OK);
	}
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	CHECK_EQ(world_resolve(&w, "mail", true), RSP_OK);
	forget_recent();
}

static void
a_queued_watch_gets_a_negative_update_or_ends(void)
{
	fill_the_window_beside_two_watches();
	negative_answer("web");
	CHECK(lookup_went(LOOKUP_QUEUED, LOOKUP_POLLING));
	rsp_client_unwatch(w.c, rsp_bytes_str("mail"));
	CHECK(lookup_went(LOOKUP_QUEUED, LOOKUP_DEAD));
	world_end(&w);
}

static void
a_queued_watch_waits_again_when_the_home_is_lost(void)
{
	fill_the_window_beside_two_watches();
	lose(1);
	CHECK(lookup_went(LOOKUP_QUEUED, LOOKUP_WAITING));
	world_end(&w);
}

/* Reports */

static void
report(uint32_t pe_id)
{
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("web"), pe_id), RSP_OK);
}

static void
a_reported_element_that_is_reached_may_be_reported_again(void)
{
	start(1, false);
	report(0x11);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK(report_went(REPORT_UNSENT, REPORT_SENT));
	rsp_client_contacted(w.c, rsp_bytes_str("web"), 0x11);
	CHECK(report_went(REPORT_SENT, REPORT_CONTACTED));
	report(0x11);
	CHECK(report_went(REPORT_CONTACTED, REPORT_FORGOTTEN));
	world_end(&w);
}

static void
at_the_limit_the_oldest_report_is_forgotten(void)
{
	struct rsp_client_config config = world_config(1, false);

	config.max_reports = 1;
	forget_recent();
	world_begin(&w, &config);
	report(0x11);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	report(0x12);
	CHECK(report_went(REPORT_SENT, REPORT_FORGOTTEN));
	world_end(&w);
}

static void
every_change_of_the_tables_has_happened(void)
{
	for (unsigned machine = 0; machine < MACHINE_COUNT; machine++)
		for (unsigned from = 0; from < LOOKUP_STATES; from++) {
			if (seen[machine][from] != client_moves[machine][from])
				printf("# machine %u from %u: %#x of %#x\n", machine, from, seen[machine][from],
				       client_moves[machine][from]);
			CHECK_EQ(seen[machine][from], client_moves[machine][from]);
		}
}

int
main(void)
{
	TAP_RUN(a_dialled_link_comes_up_and_closes);
	TAP_RUN(a_dial_fails_at_once);
	TAP_RUN(a_dial_fails_later);
	TAP_RUN(a_registrar_dials_us);
	TAP_RUN(a_hunt_finds_a_home);
	TAP_RUN(a_hunt_pauses_when_all_failed_and_tries_again);
	TAP_RUN(a_paused_hunt_ends_when_a_registrar_takes_over);
	TAP_RUN(the_deadline_ends_a_hunt);
	TAP_RUN(the_deadline_ends_a_paused_hunt);
	TAP_RUN(after_the_deadline_with_a_home_its_silence_starts_a_hunt);
	TAP_RUN(a_resolution_is_answered);
	TAP_RUN(a_resolution_without_a_home_is_dropped);
	TAP_RUN(a_question_waits_again_when_the_home_is_lost);
	TAP_RUN(a_watch_that_gets_updates_follows_them);
	TAP_RUN(a_watch_that_follows_ends_or_waits_for_a_home);
	TAP_RUN(a_watch_without_updates_polls);
	TAP_RUN(a_watch_that_polls_ends_or_waits_for_a_home);
	TAP_RUN(a_queued_watch_gets_a_negative_update_or_ends);
	TAP_RUN(a_queued_watch_waits_again_when_the_home_is_lost);
	TAP_RUN(a_reported_element_that_is_reached_may_be_reported_again);
	TAP_RUN(at_the_limit_the_oldest_report_is_forgotten);
	TAP_RUN(every_change_of_the_tables_has_happened);
	return tap_end();
}
