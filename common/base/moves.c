#include "base/moves.h"

#include <assert.h>

void
rsp_moves_check(const char *machine, unsigned from, unsigned to, bool listed)
{
	assert(listed);
	(void)machine, (void)from, (void)to, (void)listed;
}
