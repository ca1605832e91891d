#include "model/walk.h"

#include "model/home.h"
#include "model/handlespace_priv.h"

static void
enter_pool(struct rsp_walk *walk, struct rsp_pool *pool)
{
	walk->pool = pool;
	walk->left = pool ? pool->n_elements : 0;
}

void
rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id)
{
	*walk = (struct rsp_walk){ .hs = hs, .only_home_id = only_home_id };
	enter_pool(walk, TAILQ_FIRST(&hs->in_order));
	walk->at = only_home_id ? rsp_home_first(hs, only_home_id) : NULL;
	LIST_INSERT_HEAD(&hs->walks, walk, entry);
}

struct rsp_element *
rsp_walk_peek(struct rsp_walk *walk)
{
	if (walk->only_home_id || walk->at)
		return walk->at;
	while (walk->pool && walk->left == 0)
		enter_pool(walk, TAILQ_NEXT(walk->pool, entry));
	return walk->pool ? walk->pool->element[walk->left - 1] : NULL;
}

/* @e was the last record of its element. While its records were returned, the element may have got another place, because
 * the pool lost one: then @left is right already. */
static void
leave_place(struct rsp_walk *walk, const struct rsp_element *e)
{
	const struct rsp_element *shown = e->hidden ? rsp_element_find(walk->hs, e->pool, e->pe_id) : e;

	if (shown->place + 1 == walk->left)
		walk->left--;
}

struct rsp_element *
rsp_walk_next(struct rsp_walk *walk)
{
	struct rsp_element *e = rsp_walk_peek(walk);

	if (!e)
		return NULL;
	walk->at = walk->only_home_id ? rsp_home_next(e) : rsp_element_next_record(walk->hs, e);
	if (!walk->only_home_id && !walk->at)
		leave_place(walk, e);
	return e;
}

void
rsp_walk_end(struct rsp_walk *walk)
{
	if (!rsp_walk_is_open(walk))
		return;
	LIST_REMOVE(walk, entry);
	*walk = (struct rsp_walk){ 0 };
}

void
rsp_walk_pool_gone(struct rsp_handlespace *hs, const struct rsp_pool *pool)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (walk->pool == pool)
			enter_pool(walk, TAILQ_NEXT(pool, entry));
}

void
rsp_walk_record_gone(struct rsp_handlespace *hs, const struct rsp_element *e)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (!walk->only_home_id && walk->at == e)
			walk->at = rsp_element_next_record(hs, e);
}
