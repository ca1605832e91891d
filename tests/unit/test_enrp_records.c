#include "takeover_world.h"

/* What a record of a takeover says: of how many elements, and how long after its start. */

/* The last event of that kind. */
static unsigned
last(enum rsp_event_kind kind)
{
	unsigned i = w.n_events;

	while (i > 0 && w.event[--i].kind != kind)
		;
	CHECK(w.n_events && w.event[i].kind == kind);
	return i;
}

static void
says(enum rsp_event_kind kind, uint32_t count, uint64_t duration_ms)
{
	unsigned i = last(kind);

	CHECK_EQ(w.event[i].peer_id, ID_D);
	CHECK_EQ(w.event[i].count, count);
	CHECK_EQ(w.event[i].duration_ms, duration_ms);
}

static void
a_takeover_that_starts_is_one_of_so_many_elements(void)
{
	begin();
	d_dies();
	says(RSP_EVENT_TAKEOVER_STARTED, 3, 0);
	world_end();
}

static void
a_takeover_that_is_aborted_is_one_of_so_many_elements(void)
{
	begin();
	d_dies();
	world_run(200);
	world_presence(D, ID_D, "d", false);
	says(RSP_EVENT_TAKEOVER_ABORTED, 3, 200);
	world_end();
}

static void
a_takeover_that_another_registrar_decides_is_one_of_so_many_elements(void)
{
	begin();
	d_dies();
	world_run(100);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	says(RSP_EVENT_TAKEOVER_ABORTED, 3, 100);
	says(RSP_EVENT_PEER_LEFT, 3, 0);
	world_end();
}

/* c dies and has no elements. d began a takeover, and never completes it: ours is given up before it starts. */
static void
a_takeover_that_is_given_up_before_it_starts_has_no_duration(void)
{
	begin();
	for (unsigned i = 0; i < 20 && !world_told(RSP_EVENT_TAKEOVER_ABORTED); i++) {
		world_run(500);
		world_presence(A, ID_A, "a", false);
		world_presence_in_sync(D, ID_D, "d");
		if (w.now < 106500)
			world_about(D, ENRP_INIT_TAKEOVER, ID_D, ID_C);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 0);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "unacknowledged");
	CHECK_EQ(w.event[last(RSP_EVENT_TAKEOVER_ABORTED)].count, 0);
	CHECK_EQ(w.event[last(RSP_EVENT_TAKEOVER_ABORTED)].duration_ms, 0);
	world_end();
}

static void
a_takeover_that_is_done_is_one_of_so_many_elements(void)
{
	begin();
	d_dies();
	world_run(300);
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	says(RSP_EVENT_TAKEOVER_DONE, 3, 300);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_takeover_that_starts_is_one_of_so_many_elements);
	TAP_RUN(a_takeover_that_is_aborted_is_one_of_so_many_elements);
	TAP_RUN(a_takeover_that_another_registrar_decides_is_one_of_so_many_elements);
	TAP_RUN(a_takeover_that_is_given_up_before_it_starts_has_no_duration);
	TAP_RUN(a_takeover_that_is_done_is_one_of_so_many_elements);
	return tap_end();
}
