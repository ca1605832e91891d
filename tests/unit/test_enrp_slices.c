#include "engine/registrar/core.h"
#include "registrar_world.h"

/* A takeover moves its elements slice by slice (RSP_SLICE): what happens in the middle of it. RFC 5353 s.3.5.2 */

#define ELEMENTS (2 * RSP_SLICE + 904)

static unsigned
count_of(uint32_t id)
{
	return rsp_home_count(rsp_registrar_handlespace(w.r), id);
}

/* The registrar d has many elements, and is silent for so long that we may take it over; a is heard. */
static void
begin_with_a_silent_peer(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_registrar_elements = 2 * ELEMENTS;
	world_begin(&config);
	w.no_keys = true; /* elements are not dialled */
	world_joined(A, ID_A, "a");
	world_joined(D, ID_D, "d");
	for (uint32_t i = 1; i <= ELEMENTS; i++)
		world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(i, ID_D, 20));
	CHECK_EQ(count_of(ID_D), ELEMENTS);
	world_clear();
	world_run(2400);
	world_presence(A, ID_A, "a", false);
}

/* We have taken d over, and the first slice has moved. */
static void
take_over(void)
{
	begin_with_a_silent_peer();
	world_run(600);
	world_presence(A, ID_A, "a", false);
	world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_D);
	CHECK_EQ(world_count(A, ENRP_TAKEOVER_SERVER), 1);
	CHECK_EQ(count_of(ID_US), RSP_SLICE);
}

/* The registrar a has taken d over, and the first slice has moved to it here. */
static void
let_a_take_over(void)
{
	begin_with_a_silent_peer();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	world_clear();
	world_run(590);
	world_presence(A, ID_A, "a", false);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(count_of(ID_A), RSP_SLICE);
}

static void
a_takeover_of_many_elements_moves_them_in_slices(void)
{
	take_over();
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	world_run(2 * RSP_SLICE_MS);
	CHECK_EQ(count_of(ID_US), ELEMENTS);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	world_end();
}

static void
no_table_is_sent_while_elements_move(void)
{
	struct rsp_message request = enrp_message(ENRP_HANDLE_TABLE_REQUEST, ID_A), page;

	take_over();
	request.flags = ENRP_FLAG_OWN;
	world_clear();
	world_tell(A, &request);
	CHECK(world_find(A, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &page));
	CHECK(page.flags & ENRP_FLAG_REJECT);
	world_run(2 * RSP_SLICE_MS);
	world_clear();
	world_tell(A, &request);
	CHECK(world_find(A, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &page));
	CHECK(!(page.flags & ENRP_FLAG_REJECT));
	world_end();
}

static void
a_takeover_that_was_announced_is_finished_when_its_target_returns(void)
{
	struct rsp_peer_view view;

	take_over();
	world_joined(OTHER, ID_D, "d");
	CHECK_EQ(count_of(ID_US), ELEMENTS);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_ABORTED), 0);
	CHECK(world_peer_view(ID_D, &view) && view.state == RSP_PEER_ACTIVE);
	world_end();
}

static void
a_peer_is_watched_while_elements_move_to_it(void)
{
	let_a_take_over();
	w.no_keys = false; /* a is dialled, and refuses: it is dead at once */
	world_down(A, RSP_ECLOSED);
	for (unsigned i = 0; i < 3 && world_dialled("a"); i++)
		world_down(world_dialled("a"), RSP_EUNREACHABLE);
	w.no_keys = true;
	for (unsigned i = 0; i < 60; i++) {
		world_clear();
		world_run(1000);
	}
	/* the new home died with the elements: they were taken over once more, and did not answer */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_takeover_of_many_elements_moves_them_in_slices);
	TAP_RUN(no_table_is_sent_while_elements_move);
	TAP_RUN(a_takeover_that_was_announced_is_finished_when_its_target_returns);
	TAP_RUN(a_peer_is_watched_while_elements_move_to_it);
	return tap_end();
}
