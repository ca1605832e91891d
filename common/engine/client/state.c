#include "engine/client/state.h"

#include <assert.h>

void
rsp_client_state_check(enum client_machine machine, unsigned from, unsigned to)
{
	assert(machine < MACHINE_COUNT && from < LOOKUP_STATES && to < LOOKUP_STATES);
	assert(from == to || client_moves[machine][from] & TO(to));
	(void)machine, (void)from, (void)to;
}
