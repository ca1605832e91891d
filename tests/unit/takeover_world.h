#ifndef TESTS_UNIT_TAKEOVER_WORLD_H
#define TESTS_UNIT_TAKEOVER_WORLD_H

#include "registrar_world.h"

/* The registrars a, c and d are peers of this one. The registrar d has three elements, and dies. */

static inline void
begin_with(const struct rsp_registrar_config *config)
{
	world_begin(config);
	world_joined(A, ID_A, "a");
	world_joined(C, ID_C, "c");
	world_joined(D, ID_D, "d");
	for (uint32_t i = 1; i <= 3; i++)
		world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(i, ID_D, 20));
	world_clear();
}

static inline void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_adoptions = 2;
	begin_with(&config);
}

static inline void
alive(void)
{
	world_presence(A, ID_A, "a", false);
	world_presence(C, ID_C, "c", false);
}

/* The registrar d is silent and does not answer the probe; a and c are alive. */
static inline void
d_dies(void)
{
	world_run(2400);
	alive();
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
}

/* The registrar @id acknowledges our takeover of d over @link. */
static inline void
acknowledged(uint32_t link, uint32_t id)
{
	world_about(link, ENRP_INIT_TAKEOVER_ACK, id, ID_D);
}

static inline enum rsp_peer_state
peer_state(uint32_t id)
{
	struct rsp_peer_view view;

	return world_peer_view(id, &view) ? view.state : (enum rsp_peer_state)99;
}

/* The element was at d; the registrar @id states that it has taken it over, at the number that the element gave. */
static inline void
is_taken_over(uint32_t pe_id, uint32_t id)
{
	CHECK_EQ(world_home("web", pe_id), id);
	CHECK_EQ(world_epoch("web", pe_id), 20);
	CHECK_EQ(world_stored("web", pe_id).epoch.instance, PROCESS);
	CHECK_EQ(world_stored("web", pe_id).rank, RSP_RANK_REGISTERED + 1);
}

#endif
