#include "engine/registrar/core.h"
#include "registrar_world.h"

/* The send queue of a connection is limited (RFC 5353 does not say how), and a connection whose queue is full is closed. So
 * that the same messages do not fill it each time, this registrar sends a peer a part of them at a time. Here all elements
 * are in a pool with the longest handle, which is in each update. */

enum { MANY = 600, MANY_OCTETS = MANY * RSP_HANDLE_MAX };

static char pool[RSP_HANDLE_MAX + 1];

static void
begin(void)
{
	memset(pool, 'p', RSP_HANDLE_MAX);
	world_begin_with_peers();
}

/* b states MANY elements, registered at @epoch. */
static void
b_states_many(uint64_t epoch)
{
	for (uint32_t i = 1; i <= MANY; i++)
		world_update(B, ID_B, ENRP_ADD_PE, pool, world_pe(i, ID_B, epoch));
	world_clear();
}

static size_t
octets_of_updates(uint32_t link)
{
	size_t n = 0;

	for (unsigned i = 0; i < w.n_sent; i++)
		if (w.sent[i].link == link && w.sent[i].octets[0] == ENRP_HANDLE_UPDATE)
			n += w.sent[i].n;
	return n;
}

/* The registrar has sent some updates over @link, but no more than at a time. */
static void
a_part_was_sent(uint32_t link)
{
	CHECK(octets_of_updates(link) > 0);
	CHECK(octets_of_updates(link) < RSP_SLICE_OCTETS + 2 * RSP_HANDLE_MAX);
}

/* The digest of b differs, and b sends its table with the elements 1 to @n, registered at @epoch. */
static void
b_sends_its_table(uint32_t n, uint64_t epoch)
{
	enum { PAGE = 200 };

	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234 });
	for (uint32_t first = 1; first + PAGE <= n; first += PAGE)
		world_table(B, ID_B, ENRP_FLAG_MORE, pool, first, PAGE, ID_B, epoch);
	world_table(B, ID_B, 0, pool, n ? n : 1, n ? 1 : 0, ID_B, epoch);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
}

static void
elements_that_a_table_does_not_list_are_told_a_part_at_a_time(void)
{
	begin();
	b_states_many(100);
	b_sends_its_table(0, 100);
	a_part_was_sent(B);
	world_run(MANY_OCTETS / RSP_SLICE_OCTETS * RSP_SLICE_MS);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), MANY);
	world_end();
}

static void
of_the_elements_that_a_table_lists_at_an_older_epoch_a_part_is_told(void)
{
	begin();
	b_states_many(100);
	b_sends_its_table(MANY, 50);
	a_part_was_sent(B);
	world_end();
}

static void
of_the_statements_over_the_head_of_a_home_it_is_asked_about_a_part_and_the_others_are_not_believed(void)
{
	begin();
	b_states_many(100);
	for (uint32_t i = 1; i <= MANY; i++)
		world_update(C, ID_C, ENRP_DEL_PE, pool, world_pe(i, ID_C, 100));
	a_part_was_sent(B);
	unsigned asked = world_count(B, ENRP_HANDLE_UPDATE);
	world_run(2 * world_config().max_time_no_response_ms);
	CHECK_EQ(rsp_home_count(rsp_registrar_handlespace(w.r), ID_B), MANY - asked);
	world_end();
}

/* MANY elements register here, and leave in a moment: the updates MANY + 1 to 2 * MANY. */
static void
many_leave(void)
{
	begin();
	for (uint32_t i = 1; i <= MANY; i++)
		world_register_epoch(WEB1, pool, i, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_run(RSP_SLICE_MS);
	world_clear();
	for (uint32_t i = 1; i <= MANY; i++)
		world_deregister_epoch(WEB1, pool, i, (struct rsp_epoch){ 101, PROCESS, 0 });
}

static void
of_the_removals_of_a_moment_a_part_is_sent(void)
{
	struct rsp_message msg = { 0 };

	many_leave();
	a_part_was_sent(B);
	a_part_was_sent(C);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg) && msg.update_number == MANY + 1);
	world_end();
}

static void
a_presence_soon_has_the_number_of_the_removals_that_were_not_sent(void)
{
	struct rsp_message msg = { 0 };

	many_leave();
	world_clear();
	world_run(500);
	CHECK(world_find(C, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	CHECK_EQ(msg.server_info.state.update, 2 * MANY);
	world_end();
}

static void
the_next_removal_is_sent_when_there_is_room_again(void)
{
	struct rsp_message msg = { 0 };

	many_leave();
	world_clear();
	world_run(RSP_SLICE_MS);
	world_deregister_epoch(WEB1, pool, 1, (struct rsp_epoch){ 102, PROCESS, 0 });
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) && msg.update_number == 2 * MANY + 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(elements_that_a_table_does_not_list_are_told_a_part_at_a_time);
	TAP_RUN(of_the_elements_that_a_table_lists_at_an_older_epoch_a_part_is_told);
	TAP_RUN(of_the_statements_over_the_head_of_a_home_it_is_asked_about_a_part_and_the_others_are_not_believed);
	TAP_RUN(of_the_removals_of_a_moment_a_part_is_sent);
	TAP_RUN(a_presence_soon_has_the_number_of_the_removals_that_were_not_sent);
	TAP_RUN(the_next_removal_is_sent_when_there_is_room_again);
	return tap_end();
}
