#include "registrar_world.h"

/* Removed elements are remembered, without contents: a late copy of an older statement does not bring them back. Section 5 of
 * the ownership of elements. */

enum { MINUTES = 60000 };

static void
removal(uint32_t link, uint32_t sender_id, uint32_t pe_id, uint32_t home_id)
{
	world_update(link, sender_id, ENRP_DEL_PE, "web", world_pe(pe_id, home_id, 100));
}

static bool
is_remembered(uint32_t pe_id)
{ /* an older statement is answered with the removal */
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(pe_id, ID_C, 50));
	return world_count(C, ENRP_HANDLE_UPDATE) == 1 && world_home("web", pe_id) == 0;
}

/* The removals in the table that is sent over @link: how many, and, in @ret, the last one. */
static unsigned
removals_in_table(uint32_t link, uint32_t id, uint8_t flags, uint32_t of, struct rsp_pool_element *ret)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, id);
	struct rsp_list_item item;
	unsigned n = 0;

	msg.flags = flags;
	msg.has = of ? RSP_HAS_TABLE_OF : 0;
	msg.table_of = of;
	world_tell(link, &msg);
	CHECK(world_find(link, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags & ENRP_FLAG_REJECT, 0);
	for (size_t cursor = 0; rsp_list_next(&msg, &cursor, &item);)
		if (item.type == RSP_PARAM_POOL_ELEMENT && item.element.statement.rank == RSP_RANK_REMOVED) {
			n++;
			*ret = item.element;
		}
	return n;
}

/* Element 7 was removed by us, element 8 by b; element 9 is at b. */
static void
begin(void)
{
	world_begin_with_peers();
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	removal(B, ID_B, 8, ID_B);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 100));
	world_clear();
}

/* In tables */

static void
the_own_table_has_our_removals(void)
{
	struct rsp_pool_element pe = { 0 };

	begin();
	CHECK_EQ(removals_in_table(C, ID_C, ENRP_FLAG_OWN, 0, &pe), 1);
	CHECK(pe.pe_id == 7 && pe.home_id == ID_US && pe.statement.epoch.epoch == 101);
	CHECK(rsp_bytes_equal(pe.owner, rsp_bytes_str("web1")));
	CHECK_EQ(pe.user.type, 0);
	world_end();
}

static void
the_whole_table_has_all_removals(void)
{
	struct rsp_pool_element pe;

	begin();
	CHECK_EQ(removals_in_table(C, ID_C, 0, 0, &pe), 2);
	world_end();
}

static void
the_table_of_another_registrar_has_its_removals(void)
{
	struct rsp_pool_element pe = { 0 };

	begin();
	CHECK_EQ(removals_in_table(C, ID_C, ENRP_FLAG_OWN, ID_B, &pe), 1);
	CHECK_EQ(pe.pe_id, 8);
	world_end();
}

static void
the_table_for_a_registrar_without_state_has_none(void)
{
	struct rsp_pool_element pe;

	begin();
	world_joined_plain(D, ID_D, "d");
	CHECK_EQ(removals_in_table(D, ID_D, 0, 0, &pe), 0);
	CHECK_EQ(removals_in_table(D, ID_D, ENRP_FLAG_OWN, 0, &pe), 0);
	world_end();
}

static void
the_table_for_a_monitor_has_none(void)
{
	struct rsp_pool_element pe;

	begin();
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
	CHECK_EQ(removals_in_table(MONITOR, 0x777, 0, 0, &pe), 0);
	world_end();
}

static void
a_removal_that_a_table_lists_is_remembered(void)
{
	uint8_t room[1024];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message del = update_message(ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 100));
	struct rsp_message table = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 100));
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 1 });
	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("web"));
	rsp_pool_element_encode(&wr, &del.element);
	table.has = RSP_HAS_LIST;
	table.list = rsp_bytes_of(room, wr.pos);
	table.n_list = 2;
	world_tell(B, &table);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK(is_remembered(7));
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 0);
	world_end();
}

static void
removals_do_not_count_in_the_digest(void)
{
	const struct rsp_handlespace *space;

	begin();
	space = rsp_registrar_handlespace(w.r);
	CHECK(rsp_home_digest(space, ID_US) == 0);
	world_end();
}

/* How long */

/* For @for_ms, b and c send PRESENCEs; that of b has @digest. */
static void
pass(uint64_t for_ms, uint64_t digest)
{
	for (uint64_t i = 0; i < for_ms; i += 1000) {
		world_run(1000);
		world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = digest });
		world_presence(C, ID_C, "c", false);
		if (world_count(B, ENRP_HANDLE_TABLE_REQUEST))
			world_table(B, ID_B, 0, "web", 1, 0, ID_B, 0);
		world_clear();
	}
}

static void
a_removal_is_forgotten_after_its_time(void)
{
	world_begin_with_peers();
	removal(B, ID_B, 8, ID_B);
	pass(9 * MINUTES, 0);
	CHECK(is_remembered(8));
	pass(2 * MINUTES, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
a_removal_is_kept_while_a_peer_is_out_of_step(void)
{
	world_begin_with_peers();
	removal(B, ID_B, 8, ID_B);
	pass(30 * MINUTES, 1);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	pass(1 * MINUTES, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
a_peer_that_stays_out_of_step_does_not_keep_a_removal_for_ever(void)
{
	world_begin_with_peers();
	removal(B, ID_B, 8, ID_B);
	pass(41 * MINUTES, 1);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
a_peer_that_is_not_heard_keeps_no_removal(void)
{
	world_begin_with_peers();
	removal(B, ID_B, 8, ID_B);
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 1 });
	world_down(B, RSP_ECLOSED);
	world_down(C, RSP_ECLOSED);
	world_run(11 * MINUTES);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

/* How many */

static void
the_oldest_removals_go_when_there_are_too_many(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_tombstones = 10;
	world_begin_peers(&config);
	for (uint32_t i = 1; i <= 100; i++)
		removal(B, ID_B, i, ID_B);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 10);
	CHECK(is_remembered(100));
	CHECK(!is_remembered(1));
	world_end();
}

static void
removals_of_one_identity_do_not_push_out_those_of_another(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_pool_element pe;

	config.max_identity_tombstones = 5;
	world_begin_peers(&config);
	removal(B, ID_B, 8, ID_B);
	for (uint32_t i = 100; i < 200; i++) {
		pe = world_pe(i, ID_B, 100);
		pe.owner = rsp_bytes_str("web2");
		world_update(B, ID_B, ENRP_DEL_PE, "web", pe);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 6);
	CHECK(is_remembered(8));
	world_end();
}

int
main(void)
{
	TAP_RUN(the_own_table_has_our_removals);
	TAP_RUN(the_whole_table_has_all_removals);
	TAP_RUN(the_table_of_another_registrar_has_its_removals);
	TAP_RUN(the_table_for_a_registrar_without_state_has_none);
	TAP_RUN(the_table_for_a_monitor_has_none);
	TAP_RUN(a_removal_that_a_table_lists_is_remembered);
	TAP_RUN(removals_do_not_count_in_the_digest);
	TAP_RUN(a_removal_is_forgotten_after_its_time);
	TAP_RUN(a_removal_is_kept_while_a_peer_is_out_of_step);
	TAP_RUN(a_peer_that_stays_out_of_step_does_not_keep_a_removal_for_ever);
	TAP_RUN(a_peer_that_is_not_heard_keeps_no_removal);
	TAP_RUN(the_oldest_removals_go_when_there_are_too_many);
	TAP_RUN(removals_of_one_identity_do_not_push_out_those_of_another);
	return tap_end();
}
