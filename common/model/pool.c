#include "model/pool.h"

#include <stdlib.h>

#include "model/handlespace_priv.h"

uint64_t
rsp_pool_hash(const struct rsp_handlespace *hs, struct rsp_bytes handle)
{
	return rsp_hash(&hs->key, handle);
}

struct rsp_pool *
rsp_pool_find_hashed(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->pools, hash);

	for (; node; node = node->next) {
		struct rsp_pool *pool = RSP_CONTAINER(node, struct rsp_pool, node);

		if (node->hash == hash && rsp_bytes_equal(rsp_pool_handle(pool), handle))
			return pool;
	}
	return NULL;
}

struct rsp_pool *
rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle)
{
	return rsp_pool_find_hashed(hs, handle, rsp_pool_hash(hs, handle));
}

uint64_t
rsp_pools_made(const struct rsp_handlespace *hs)
{
	return hs->made;
}

struct rsp_pool *
rsp_pool_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool)
{
	return pool ? TAILQ_NEXT(pool, entry) : TAILQ_FIRST(&hs->in_order);
}

uint16_t
rsp_pool_consistent(const struct rsp_pool *pool, const struct rsp_pool_element *pe)
{
	if (pe->policy.type != pool->policy)
		return RSP_CAUSE_INCONSISTENT_POLICY;
	if (pe->user.type != pool->transport)
		return RSP_CAUSE_INCONSISTENT_TRANSPORT;
	return pe->user.use != pool->use ? RSP_CAUSE_INCONSISTENT_USE : RSP_CAUSE_NONE;
}

/* From now on @pool counts for @owner, if it has to, and for @home. */
static void
charge(const struct rsp_handlespace *hs, struct rsp_pool *pool, const char *owner, struct rsp_home *home)
{
	if (owner && (!hs->counted_home || home->id == hs->counted_home)) {
		pool->maker = owner;
		rsp_owner_pool_made(owner);
	}
	pool->maker_home = home;
	home->pools++;
	home->references++;
}

static void
discharge(struct rsp_handlespace *hs, struct rsp_pool *pool)
{
	if (pool->maker)
		rsp_owner_pool_gone(hs, pool->maker);
	pool->maker = NULL;
	pool->maker_home->pools--;
	rsp_home_drop(hs, pool->maker_home);
	pool->maker_home = NULL;
}

struct rsp_pool *
rsp_pool_new(struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash, const struct rsp_pool_element *pe,
	     const char *owner, struct rsp_home *home)
{
	struct rsp_pool *pool = calloc(1, sizeof(*pool) + handle.n);

	if (!pool)
		return NULL;
	pool->handle_size = (uint16_t)handle.n;
	memcpy(pool->handle, handle.p, handle.n);
	pool->handle_sum = rsp_checksum_handle(handle);
	pool->handle_digest = rsp_digest_handle(handle);
	pool->policy = pe->policy.type;
	pool->order = rsp_order_init(rsp_shape_of(pe->policy.type));
	pool->transport = pe->user.type;
	pool->use = pe->user.use;
	charge(hs, pool, owner, home);
	hs->made++;
	TAILQ_INSERT_TAIL(&hs->in_order, pool, entry);
	rsp_table_add(&hs->pools, &pool->node, hash);
	return pool;
}

void
rsp_pool_unlink(struct rsp_handlespace *hs, struct rsp_pool *pool)
{
	rsp_walk_pool_gone(hs, pool);
	rsp_table_remove(&hs->pools, &pool->node);
	TAILQ_REMOVE(&hs->in_order, pool, entry);
	discharge(hs, pool);
	pool->first = NULL;
	rsp_order_done(&pool->order);
	free(pool->element);
	pool->element = NULL;
	pool->room = 0;
}

static enum rsp_err
reserve(struct rsp_pool *pool)
{
	if (pool->n_elements < pool->room)
		return RSP_OK;
	uint32_t room = pool->room ? pool->room * 2 : 4;
	struct rsp_element **grown = reallocarray(pool->element, room, sizeof(struct rsp_element *));

	if (!grown)
		return RSP_ENOMEM;
	pool->element = grown; /* if the next step fails, the array stays larger, which does no harm */
	if (rsp_order_reserve(&pool->order, room) != RSP_OK)
		return RSP_ENOMEM;
	pool->room = room;
	return RSP_OK;
}

enum rsp_err
rsp_pool_join(struct rsp_pool *pool, struct rsp_element *e, const struct rsp_policy *policy)
{
	enum rsp_err err = reserve(pool);

	if (err)
		return err;
	e->pool = pool;
	e->place = pool->n_elements;
	pool->element[pool->n_elements++] = e;
	rsp_order_add(&pool->order, policy);
	return RSP_OK;
}

/* The last element takes the place of @e. A walk goes from the last place to the first. So if a walk has passed the
 * place of @e, it has already returned the moved element. */
void
rsp_pool_leave(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_pool *pool = e->pool;
	struct rsp_element *last = pool->element[--pool->n_elements];

	rsp_order_remove(&pool->order, e->place);
	pool->element[e->place] = last;
	last->place = e->place;
	if (pool->head >= pool->n_elements)
		pool->head = 0;
	rsp_walk_pool_shrunk(hs, pool);
	if (pool->n_elements == 0)
		rsp_pool_unlink(hs, pool);
}

void
rsp_pool_pass_on(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_element *gone)
{
	if (pool->first != gone || pool->n_elements == 0)
		return;
	discharge(hs, pool);
	pool->first = pool->element[0];
	charge(hs, pool, pool->first->owner, pool->first->home);
}
