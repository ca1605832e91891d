#include "registrar_world.h"

/* A removed element stays removed: its removal is a statement, which is kept for tombstone_ms, and longer while a peer is out
 * of step. RFC 5353 s.3.3.2. */

enum { TOMBSTONE_MS = 20000, PE = 7 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.tombstone_ms = TOMBSTONE_MS;
	config.max_time_last_heard_ms = 60000;
	config.keepalive_distance_ms = 0;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
}

static unsigned
tombstones(void)
{
	return rsp_registrar_stats(w.r).tombstones;
}

/* The element was removed at @epoch; @id has an older statement of it. */
static void
stays_removed(uint64_t epoch, uint32_t link, uint32_t id)
{
	struct rsp_message msg;

	CHECK_EQ(world_home("web", PE), 0);
	CHECK_EQ(tombstones(), 1);
	world_clear();
	world_update(link, id, ENRP_ADD_PE, "web", world_pe(PE, id, epoch)); /* late */
	CHECK_EQ(world_home("web", PE), 0);
	CHECK_EQ(tombstones(), 1);
	CHECK_EQ(world_update_sent(link, &msg), ENRP_DEL_PE); /* it is told */
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.statement.epoch.epoch, epoch);
	world_end();
}

static void
an_element_that_its_home_removes_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(PE, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(PE, ID_B, 20));
	stays_removed(20, B, ID_B);
}

static void
an_element_whose_removal_comes_before_its_addition_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(PE, ID_B, 20));
	stays_removed(20, B, ID_B);
}

/* c removes it over the head of b, its home, which does not answer in time. */
static void
an_element_that_another_registrar_removes_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(PE, ID_B, 20));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(PE, ID_C, 20));
	CHECK_EQ(world_home("web", PE), ID_B);
	world_run(1000);
	stays_removed(20, B, ID_B);
}

static void
an_own_element_that_does_not_come_back_in_its_grace_time_stays_removed(void)
{
	begin();
	CHECK_EQ(world_up(5, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(5, "web", PE, (struct rsp_epoch){ .epoch = 20, .instance = PROCESS });
	world_down(5, RSP_ECLOSED);
	world_run(1500);
	stays_removed(20, B, ID_B);
}

static void
an_own_element_that_deregisters_stays_removed(void)
{
	begin();
	CHECK_EQ(world_up(5, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(5, "web", PE, (struct rsp_epoch){ .epoch = 20, .instance = PROCESS });
	world_deregister_epoch(5, "web", PE, (struct rsp_epoch){ .epoch = 21, .instance = PROCESS });
	stays_removed(21, B, ID_B);
}

static void
an_element_that_deregisters_where_it_is_not_known_stays_removed(void)
{
	begin();
	CHECK_EQ(world_up(5, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_deregister_epoch(5, "web", PE, (struct rsp_epoch){ .epoch = 21, .instance = PROCESS });
	stays_removed(21, B, ID_B);
}

static void
a_removed_element_that_registers_above_its_removal_is_back(void)
{
	begin();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(PE, ID_B, 20));
	CHECK_EQ(world_up(5, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(5, "web", PE, (struct rsp_epoch){ .epoch = 21, .instance = PROCESS });
	CHECK_EQ(world_home("web", PE), ID_US);
	CHECK_EQ(tombstones(), 0);
	world_end();
}

/* Time passes, in which b and c are heard; c is in step with us or not. */
static void
tombstone_time_passes(bool in_step)
{
	for (unsigned i = 0; i < 22; i++) {
		world_run(1000);
		world_presence_in_sync(B, ID_B, "b");
		if (in_step) {
			world_presence_in_sync(C, ID_C, "c");
			continue;
		}
		world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .digest = 0x1234 });
		world_table(C, ID_C, 0, "web", 1, 0, ID_C, 0);
	}
}

static void
a_removal_is_forgotten_after_its_time(void)
{
	begin();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(PE, ID_B, 20));
	world_run(TOMBSTONE_MS - 2000);
	CHECK_EQ(tombstones(), 1);
	tombstone_time_passes(true);
	CHECK_EQ(tombstones(), 0);
	world_end();
}

static void
a_removal_is_kept_while_a_peer_is_out_of_step(void)
{
	begin();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(PE, ID_B, 20));
	tombstone_time_passes(false);
	tombstone_time_passes(false);
	CHECK_EQ(tombstones(), 1);
	tombstone_time_passes(true);
	CHECK_EQ(tombstones(), 0);
	world_end();
}

/* b's table does not list an element that we have of it: b has forgotten it. */
static void
an_element_that_its_home_does_not_list_stays_and_the_home_is_told(void)
{
	struct rsp_message msg;

	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(PE, ID_B, 20));
	world_clear();
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234, .update = 1 });
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "web", 1, 0, ID_B, 0);
	CHECK_EQ(world_home("web", PE), ID_B);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(msg.element.home_id, ID_B);
	CHECK_EQ(msg.element.statement.epoch.epoch, 20);
	world_end();
}

/* A registrar that knows RFC 5353 only has no tombstones: what its table lacks is gone. */
static void
an_element_that_a_home_without_state_does_not_list_is_gone(void)
{
	begin();
	world_joined_plain(D, ID_D, "d");
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(PE, ID_D, 0));
	CHECK_EQ(world_home("web", PE), ID_D);
	world_presence_of(D, ID_D, "d", (struct world_state){ 0 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(D, ID_D, 0, "web", 1, 0, ID_D, 0);
	CHECK_EQ(world_home("web", PE), 0);
	CHECK_EQ(tombstones(), 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(an_element_that_its_home_removes_stays_removed);
	TAP_RUN(an_element_whose_removal_comes_before_its_addition_stays_removed);
	TAP_RUN(an_element_that_another_registrar_removes_stays_removed);
	TAP_RUN(an_own_element_that_does_not_come_back_in_its_grace_time_stays_removed);
	TAP_RUN(an_own_element_that_deregisters_stays_removed);
	TAP_RUN(an_element_that_deregisters_where_it_is_not_known_stays_removed);
	TAP_RUN(a_removed_element_that_registers_above_its_removal_is_back);
	TAP_RUN(a_removal_is_forgotten_after_its_time);
	TAP_RUN(a_removal_is_kept_while_a_peer_is_out_of_step);
	TAP_RUN(an_element_that_its_home_does_not_list_stays_and_the_home_is_told);
	TAP_RUN(an_element_that_a_home_without_state_does_not_list_is_gone);
	return tap_end();
}
