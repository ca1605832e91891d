#ifndef TEST_JOIN_WORLD_H
#define TEST_JOIN_WORLD_H

#include "registrar_world.h"

/* A registrar that joins, and the contacts that it has dialled: RFC 5353 s.3.2. */

static inline bool
serves(void)
{
	return rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING;
}

/* The contact @name, which was dialled, accepts, and its presence says @id. */
static inline uint32_t
answers(uint32_t id, const char *name)
{
	uint32_t link = world_dialled(name);

	world_peer(link, name);
	world_presence(link, id, name, false);
	return link;
}

/* The registrar @id answers the request for its list: @rejects it, or lists no registrar. */
static inline void
lists(uint32_t link, uint32_t id, bool rejects)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, id);

	msg.flags = rejects ? ENRP_FLAG_REJECT : 0;
	world_tell(link, &msg);
}

#endif
