#include "engine/registrar/member.h"
#include "registrar_world.h"

/* Work on many elements is done slice by slice (RSP_SLICE): what happens in the middle of a takeover (RFC 5353 s.3.5.2),
 * of the contests after a takeover of this registrar, and of a sweep (s.3.6.3). */

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

/* The registrar c says that it has taken us over, with ELEMENTS elements of ours. The first slice is contested. */
static void
let_c_take_us_over(void)
{
	struct rsp_registrar_config config = world_config();

	config.registrations.per_s = 0;
	config.peer_heartbeat_cycle_ms = 30000;
	config.max_time_last_heard_ms = 61000;
	world_begin(&config);
	world_joined(A, ID_A, "a");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= ELEMENTS; i++)
		world_register(WEB1, "web", i);
	world_clear();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, RSP_SLICE);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), RSP_SLICE);
}

static const struct rsp_pending_claim *
claim_of(uint32_t pe_id)
{
	return rsp_member(world_element("web", pe_id))->claim;
}

/* The elements @first to @last answer. */
static void
acknowledge(uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		world_ack(WEB1, "web", i);
}

static void
a_takeover_of_this_registrar_is_contested_in_slices(void)
{
	let_c_take_us_over();
	world_run(RSP_SLICE_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, 2 * RSP_SLICE);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2 * RSP_SLICE);
	world_run(RSP_SLICE_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, ELEMENTS);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), ELEMENTS);
	CHECK(claim_of(1) && claim_of(ELEMENTS));
	acknowledge(1, ELEMENTS - 1);
	world_run(600);
	CHECK_EQ(count_of(ID_US), ELEMENTS - 1);
	CHECK_EQ(world_home("web", ELEMENTS), ID_C); /* it did not answer */
	CHECK_EQ(rsp_registrar_stats(w.r).contested, ELEMENTS);
	world_end();
}

/* Elements that have not been contested yet, in the order of the elements of this home: the last ones come first. */
static void
elements_come_and_go_while_they_are_contested(void)
{
	struct rsp_message bye;

	let_c_take_us_over();
	CHECK(claim_of(ELEMENTS) && !claim_of(ELEMENTS - RSP_SLICE));
	for (uint32_t i = 0; i < 10; i++) { /* among them the one that would come next */
		bye = world_asap(ASAP_DEREGISTRATION, "web", ELEMENTS - RSP_SLICE - i);
		world_tell(WEB1, &bye);
	}
	world_register(WEB1, "web", ELEMENTS + 1);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(1, ID_A, world_version("web", 1) + 2)); /* contested as a's */
	CHECK_EQ(claim_of(1)->by, ID_A);
	world_run(2 * RSP_SLICE_MS);
	CHECK_EQ(claim_of(1)->by, ID_A); /* it is newer than the takeover */
	CHECK_EQ(rsp_registrar_stats(w.r).contested, ELEMENTS - 10);
	CHECK(!claim_of(ELEMENTS + 1)); /* it registered after the takeover */
	acknowledge(1, ELEMENTS - RSP_SLICE - 10);
	acknowledge(ELEMENTS - RSP_SLICE + 1, ELEMENTS);
	world_run(600);
	CHECK_EQ(count_of(ID_US), ELEMENTS - 10 + 1);
	world_end();
}

static void
a_second_takeover_of_this_registrar_does_not_begin_the_contests_anew(void)
{
	let_c_take_us_over();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_US);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, RSP_SLICE);
	world_run(2 * RSP_SLICE_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, ELEMENTS);
	world_run(RSP_SLICE_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, ELEMENTS);
	world_end();
}

/* This registrar was stopped in the middle of the contests: when it runs again, it joins again. */
static void
contests_end_when_this_registrar_joins_again(void)
{
	let_c_take_us_over();
	w.now += 200000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_JOINING);
	w.no_keys = true;
	world_joined(C, ID_C, "c");
	world_run(3 * RSP_SLICE_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).contested, RSP_SLICE);
	world_end();
}

static void
a_registrar_is_freed_in_the_middle_of_contests(void)
{
	let_c_take_us_over();
	world_end();
}

/* We know ELEMENTS elements of d; its table lists only the elements 1 to @listed. The first slice is looked at. */
static void
let_d_list(uint32_t listed)
{
	struct rsp_message presence = enrp_message(ENRP_PRESENCE, ID_D);

	begin_with_a_silent_peer();
	presence.has = RSP_HAS_CHECKSUM;
	presence.checksum = 0x1234;
	world_tell(D, &presence);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(D, ID_D, 0, "web", 1, listed, ID_D, 20);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	world_clear();
}

static unsigned
count_swept(void)
{
	unsigned n = 0;

	for (const struct rsp_element *e = rsp_home_first(rsp_registrar_handlespace(w.r), ID_D); e; e = rsp_home_next(e))
		n += rsp_member(e)->phase == RSP_MEMBER_FOREIGN_SWEEP;
	return n;
}

/* The others of our peers are heard, too. */
static void
run_with_all_heard(uint64_t for_ms)
{
	world_presence(A, ID_A, "a", false);
	world_run(for_ms);
}

static void
elements_that_their_home_lacks_are_swept_in_slices(void)
{
	let_d_list(50);
	CHECK_EQ(count_swept(), RSP_SLICE);
	run_with_all_heard(RSP_SLICE_MS);
	CHECK_EQ(count_swept(), 2 * RSP_SLICE);
	run_with_all_heard(RSP_SLICE_MS);
	CHECK_EQ(count_swept(), ELEMENTS - 50);
	run_with_all_heard(500 - 2 * RSP_SLICE_MS); /* each has the same time */
	CHECK_EQ(count_of(ID_D), ELEMENTS - RSP_SLICE);
	run_with_all_heard(2 * RSP_SLICE_MS);
	CHECK_EQ(count_of(ID_D), 50);
	CHECK_EQ(world_home("web", 50), ID_D);
	world_end();
}

static void
elements_come_and_go_while_they_are_swept(void)
{
	let_d_list(0);
	uint32_t next = ELEMENTS - RSP_SLICE;
	CHECK(rsp_member(world_element("web", next + 1))->phase == RSP_MEMBER_FOREIGN_SWEEP);
	CHECK(rsp_member(world_element("web", next))->phase == RSP_MEMBER_FOREIGN);
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(next, ID_D, 20));      /* removed */
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(next - 1, ID_A, 30));  /* claimed, and confirmed by d */
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(next - 1, ID_A, 30));
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(next - 2, ID_D, 20));  /* d has it after all */
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(next - 3, ID_D, 30));  /* registered again */
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(ELEMENTS + 1, ID_D, 20)); /* new */
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(ELEMENTS, ID_A, 30));  /* moves from the first slice */
	for (unsigned i = 0; i < 6; i++)
		run_with_all_heard(100);
	CHECK_EQ(count_of(ID_D), 3);
	CHECK_EQ(world_home("web", next), 0);
	CHECK_EQ(world_home("web", next - 1), ID_A);
	CHECK_EQ(world_home("web", next - 2), ID_D);
	CHECK_EQ(world_home("web", next - 3), ID_D);
	CHECK_EQ(world_home("web", ELEMENTS + 1), ID_D);
	CHECK_EQ(world_home("web", ELEMENTS), ID_A);
	world_end();
}

static void
a_table_is_downloaded_again_when_its_home_has_been_swept(void)
{
	struct rsp_message presence = enrp_message(ENRP_PRESENCE, ID_D);

	presence.has = RSP_HAS_CHECKSUM;
	presence.checksum = 0x4321;
	let_d_list(0);
	world_tell(D, &presence);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 0);
	run_with_all_heard(600);
	CHECK_EQ(count_of(ID_D), 0);
	world_tell(D, &presence);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(D, ID_D, 0, "web", 1, 1, ID_D, 30);
	CHECK_EQ(count_of(ID_D), 1);
	run_with_all_heard(600);
	CHECK_EQ(count_of(ID_D), 1);
	world_end();
}

static void
a_home_dies_while_it_is_swept(void)
{
	let_d_list(0);
	world_down(D, RSP_ECLOSED);
	for (unsigned i = 0; i < 3 && world_dialled("d"); i++)
		world_down(world_dialled("d"), RSP_EUNREACHABLE);
	for (unsigned i = 0; i < 60; i++) {
		world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_D);
		run_with_all_heard(100);
		world_clear();
	}
	CHECK_EQ(count_of(ID_D), 0);
	CHECK_EQ(count_of(ID_US), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 1);
	world_end();
}

static void
a_failed_download_does_not_spare_elements_from_the_next(void)
{
	let_d_list(ELEMENTS / 100);
	for (unsigned i = 0; i < 300; i++) { /* more often than the number of a download can tell */
		struct rsp_message presence = enrp_message(ENRP_PRESENCE, ID_D);

		presence.has = RSP_HAS_CHECKSUM;
		presence.checksum = (uint16_t)i;
		run_with_all_heard(600);
		world_tell(D, &presence);
		CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
		if (i < 299)
			world_table(D, ID_D, ENRP_FLAG_REJECT, "web", 1, 0, ID_D, 20);
		world_clear();
	}
	CHECK_EQ(count_of(ID_D), ELEMENTS / 100);
	world_table(D, ID_D, 0, "web", 1, 10, ID_D, 20);
	run_with_all_heard(600);
	CHECK_EQ(count_of(ID_D), 10);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_takeover_of_many_elements_moves_them_in_slices);
	TAP_RUN(no_table_is_sent_while_elements_move);
	TAP_RUN(a_takeover_that_was_announced_is_finished_when_its_target_returns);
	TAP_RUN(a_peer_is_watched_while_elements_move_to_it);
	TAP_RUN(a_takeover_of_this_registrar_is_contested_in_slices);
	TAP_RUN(elements_come_and_go_while_they_are_contested);
	TAP_RUN(a_second_takeover_of_this_registrar_does_not_begin_the_contests_anew);
	TAP_RUN(contests_end_when_this_registrar_joins_again);
	TAP_RUN(a_registrar_is_freed_in_the_middle_of_contests);
	TAP_RUN(elements_that_their_home_lacks_are_swept_in_slices);
	TAP_RUN(elements_come_and_go_while_they_are_swept);
	TAP_RUN(a_table_is_downloaded_again_when_its_home_has_been_swept);
	TAP_RUN(a_home_dies_while_it_is_swept);
	TAP_RUN(a_failed_download_does_not_spare_elements_from_the_next);
	return tap_end();
}
