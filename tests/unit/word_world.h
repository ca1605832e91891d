#ifndef TESTS_UNIT_WORD_WORLD_H
#define TESTS_UNIT_WORD_WORLD_H

#include "registrar_world.h"

/* The registrar d sends no RSP_PARAM_STATE, as other implementations of RFC 5353: what it says of its elements is its word.
 * b and c state numbers. */

static inline void
begin(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

/* d says that it has element 7; @port tells one word from another. */
static inline void
d_says(uint16_t port)
{
	struct rsp_pool_element pe = world_pe(7, ID_D, 0);

	pe.user.port = port;
	world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
}

static inline void
b_states(uint64_t epoch, uint16_t rank)
{
	world_says(B, ID_B, ID_B, world_statement(epoch, PROCESS, rank));
}

/* Users are shown the word of @home_id, with @port. */
static inline void
word_is_shown(uint32_t home_id, uint16_t port)
{
	struct rsp_pool_element pe = { 0 };

	CHECK_EQ(world_home("web", 7), home_id);
	CHECK_EQ(world_stored("web", 7).rank, 0);
	CHECK_EQ(world_members("web"), 1);
	if (!world_element("web", 7))
		return;
	rsp_element_decode(world_element("web", 7), &pe);
	CHECK_EQ(pe.user.port, port);
}

static inline unsigned
count_records(void)
{
	return rsp_registrar_stats(w.r).elements;
}

#endif
