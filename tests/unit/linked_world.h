#ifndef TESTS_UNIT_LINKED_WORLD_H
#define TESTS_UNIT_LINKED_WORLD_H

#include "registrar_world.h"

/* Element 7 of pool "web" is linked here, and b states that it has it. */

static const struct rsp_epoch own = { 100, PROCESS, 0 }, above = { 201, PROCESS, 0 };

/* Element 7 of pool "web" is linked, by its registration 100. The registrars b and c are peers. */
static inline void
begin(void)
{
	world_begin_with_peers();
	world_register_epoch(WEB1, "web", 7, own);
	world_clear();
}

/* The same, and its connection has closed. */
static inline void
begin_unlinked(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
	world_clear();
}

/* b says that the element has registered there. */
static inline void
b_has_it(uint64_t epoch)
{
	world_says(B, ID_B, ID_B, world_statement(epoch, PROCESS, RSP_RANK_REGISTERED));
}

/* The element is shown as it registered here last. */
static inline void
is_shown_as_ours(uint64_t epoch)
{
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_epoch("web", 7), epoch);
	CHECK_EQ(world_stored("web", 7).rank, RSP_RANK_REGISTERED);
}

/* It was asked once, without the H flag: it must register above @epoch. */
static inline void
was_asked_about(uint64_t epoch)
{
	struct rsp_message msg;

	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK(msg.has & RSP_HAS_EPOCH && msg.epoch.epoch == epoch);
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
}

/* It was told that it is held elsewhere, over its link. */
static inline void
was_told_that_it_moved(void)
{
	struct rsp_message msg;

	CHECK(world_find(WEB1, RSP_ASAP, ASAP_DEREGISTRATION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_MOVED);
}

static inline unsigned
count_updates(void)
{
	return world_count(B, ENRP_HANDLE_UPDATE) + world_count(C, ENRP_HANDLE_UPDATE);
}

/* b has it, and that stays so: nothing is announced, and no timer of ours ends it. */
static inline void
is_b_s_and_stays_so(uint64_t epoch)
{
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_epoch("web", 7), epoch);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	for (unsigned i = 0; i < 5; i++) {
		world_run(1000);
		world_presence_in_sync(C, ID_C, "c");
		world_presence_in_sync(B, ID_B, "b");
	}
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(count_updates(), 0);
	world_sums_agree();
}

#endif
