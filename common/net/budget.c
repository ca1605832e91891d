#include "net/budget.h"

#include <assert.h>

void
rsp_budget_init(struct rsp_budget *budget, size_t max)
{
	*budget = (struct rsp_budget){ .max = max };
	LIST_INIT(&budget->shares);
}

/* The share that holds the most, in the group that holds the most if there are groups. */
static struct rsp_budget_share *
largest(const struct rsp_budget *budget)
{
	struct rsp_budget_share *share, *most = NULL;
	const size_t *group = NULL;

	LIST_FOREACH(share, &budget->shares, entry)
	if (share->group && (!group || *share->group > *group))
		group = share->group;
	LIST_FOREACH(share, &budget->shares, entry)
	if ((!group || share->group == group) && (!most || share->used > most->used))
		most = share;
	return most;
}

static void
set_used(struct rsp_budget_share *share, size_t now)
{
	if (share->used == 0 && now)
		LIST_INSERT_HEAD(&share->budget->shares, share, entry);
	else if (share->used && now == 0)
		LIST_REMOVE(share, entry);
	share->budget->used += now - share->used;
	if (share->group)
		*share->group += now - share->used;
	share->used = now;
}

void
rsp_budget_count(struct rsp_budget_share *share, size_t now)
{
	struct rsp_budget *budget = share->budget;
	bool grows = now > share->used;

	if (now == share->used)
		return;
	set_used(share, now);
	while (grows && budget->used > budget->max) {
		struct rsp_budget_share *most = largest(budget);

		assert(most);
		most->give_up(most);
		assert(most->used == 0);
	}
}

void
rsp_budget_move(struct rsp_budget_share *share, struct rsp_budget *to)
{
	size_t used = share->used;

	set_used(share, 0);
	share->budget = to;
	share->group = NULL;
	set_used(share, used);
}
