#include "model/statement.h"

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int
rsp_statement_compare(const struct rsp_statement *a, uint32_t a_home, const struct rsp_statement *b, uint32_t b_home)
{
	int order = compare(a->epoch.epoch, b->epoch.epoch);

	if (!order)
		order = compare(a->epoch.instance, b->epoch.instance);
	if (!order)
		order = compare(a->rank, b->rank);
	if (!order)
		order = compare(a_home, b_home);
	return order ? order : compare(a->epoch.over, b->epoch.over);
}

bool
rsp_statement_same_number(const struct rsp_statement *a, const struct rsp_statement *b)
{
	return a->epoch.epoch == b->epoch.epoch && a->epoch.instance == b->epoch.instance;
}

bool
rsp_statement_is_removed(const struct rsp_statement *s)
{
	return s->rank == RSP_RANK_REMOVED;
}
