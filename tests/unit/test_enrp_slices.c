#include "engine/registrar/core.h"
#include "registrar_world.h"

/* Work on many elements is done slice by slice (RSP_SLICE, RSP_SLICE_OCTETS): what happens in the middle of a takeover
 * (RFC 5353 s.3.5.2), and while a registrar is told of the elements that its table did not list (s.3.6.3). */

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

/* We know ELEMENTS elements of d; its table lists only the elements 1 to @listed. It is told of the first slice of the
 * others, the last ones first. */
static void
let_d_list(uint32_t listed)
{
	begin_with_a_silent_peer();
	world_presence_of(D, ID_D, "d", (struct world_state){ .states = true, .digest = 0x1234 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(D, ID_D, 0, "web", 1, listed, ID_D, 20);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
}

static unsigned
count_told(void)
{
	return world_count(D, ENRP_HANDLE_UPDATE);
}

/* Element @pe_id was told to d so often. */
static unsigned
count_told_of(uint32_t pe_id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_sent; i++) {
		struct rsp_message msg = { 0 };

		if (w.sent[i].link == D && w.sent[i].octets[0] == ENRP_HANDLE_UPDATE)
			CHECK_EQ(rsp_message_decode(RSP_ENRP, rsp_bytes_of(w.sent[i].octets, w.sent[i].n), &msg, NULL), RSP_OK);
		n += msg.element.pe_id == pe_id;
	}
	return n;
}

static void
a_registrar_is_told_of_elements_that_it_lacks_in_slices(void)
{
	let_d_list(50);
	unsigned slice = count_told(); /* RSP_SLICE_OCTETS */
	CHECK(slice > 0 && slice < ELEMENTS / 3);
	world_run(RSP_SLICE_MS);
	CHECK_EQ(count_told(), 2 * slice);
	world_run(RSP_SLICE_MS);
	CHECK_EQ(count_told(), 3 * slice);
	world_run(10 * RSP_SLICE_MS);
	CHECK_EQ(count_told(), ELEMENTS - 50);
	world_run(5 * RSP_SLICE_MS);
	CHECK_EQ(count_told(), ELEMENTS - 50);
	CHECK_EQ(count_of(ID_D), ELEMENTS); /* none is removed for that */
	world_end();
}

static void
elements_come_and_go_while_their_home_is_told_of_them(void)
{
	let_d_list(0);
	uint32_t next = ELEMENTS - count_told();
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(next, ID_D, 20));	     /* removed */
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(next - 1, ID_A, 30));     /* moved */
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(next - 2, ID_D, 30));     /* registered again */
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(ELEMENTS + 1, ID_D, 20)); /* new */
	world_clear();
	world_run(10 * RSP_SLICE_MS);
	CHECK_EQ(count_told_of(next), 0);
	CHECK_EQ(count_told_of(next - 1), 0);
	CHECK_EQ(count_told_of(next - 2), 1);
	CHECK_EQ(count_told_of(next - 3), 1);
	CHECK_EQ(count_told_of(1), 1);
	CHECK_EQ(count_of(ID_D), ELEMENTS - 1);
	CHECK_EQ(world_home("web", next), 0);
	CHECK_EQ(world_home("web", next - 1), ID_A);
	world_end();
}

static void
a_table_is_downloaded_again_when_its_home_has_been_told(void)
{
	let_d_list(0);
	world_clear();
	world_presence_of(D, ID_D, "d", (struct world_state){ .states = true, .digest = 0x4321 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_run(500);
	world_presence_of(D, ID_D, "d", (struct world_state){ .states = true, .digest = 0x4321 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_end();
}

static void
a_home_dies_while_it_is_told(void)
{
	let_d_list(0);
	world_down(D, RSP_ECLOSED);
	for (unsigned i = 0; i < 3 && world_dialled("d"); i++)
		world_down(world_dialled("d"), RSP_EUNREACHABLE);
	for (unsigned i = 0; i < 60; i++) {
		world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_D);
		world_presence(A, ID_A, "a", false);
		world_run(100);
		world_clear();
	}
	CHECK_EQ(count_of(ID_D), 0);
	CHECK_EQ(count_of(ID_US), 0); /* none of them answers */
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 1);
	world_end();
}

static void
a_failed_download_does_not_spare_elements_from_the_next(void)
{
	enum { FAILED = 300 }; /* more than the number of a download can tell */
	uint32_t link = D;

	let_d_list(ELEMENTS / 100);
	world_run(500);
	for (unsigned i = 0; i < FAILED; i++) { /* d connects again: the former connection ends, and the download with it */
		world_clear();
		link = 100 + i;
		world_peer(link, "d");
		world_presence_of(link, ID_D, "d", (struct world_state){ .states = true, .digest = i + 1 });
		CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_REQUEST), 1);
	}
	world_table(link, ID_D, 0, "web", 1, 10, ID_D, 20);
	world_run(10 * RSP_SLICE_MS);
	CHECK_EQ(world_count(link, ENRP_HANDLE_UPDATE), ELEMENTS - 10);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_takeover_of_many_elements_moves_them_in_slices);
	TAP_RUN(no_table_is_sent_while_elements_move);
	TAP_RUN(a_takeover_that_was_announced_is_finished_when_its_target_returns);
	TAP_RUN(a_peer_is_watched_while_elements_move_to_it);
	TAP_RUN(a_registrar_is_told_of_elements_that_it_lacks_in_slices);
	TAP_RUN(elements_come_and_go_while_their_home_is_told_of_them);
	TAP_RUN(a_table_is_downloaded_again_when_its_home_has_been_told);
	TAP_RUN(a_home_dies_while_it_is_told);
	TAP_RUN(a_failed_download_does_not_spare_elements_from_the_next);
	return tap_end();
}
