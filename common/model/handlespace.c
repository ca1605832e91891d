#include "model/handlespace.h"

#include <assert.h>
#include <stdlib.h>

#include "model/handlespace_priv.h"
#include "model/statement.h"

#define BUCKETS 64 /* of each table, at first */

struct rsp_handlespace *
rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key, size_t engine_size)
{
	struct rsp_handlespace *hs = calloc(1, sizeof(*hs));

	if (!hs)
		return NULL;
	hs->limits = *limits;
	hs->key = key;
	hs->engine_size = engine_size;
	hs->multiplier = rsp_hash(&key, (struct rsp_bytes){ 0 }) | 1;
	TAILQ_INIT(&hs->in_order);
	if (rsp_table_init(&hs->pools, BUCKETS) || rsp_table_init(&hs->elements, BUCKETS) ||
	    rsp_table_init(&hs->homes, BUCKETS) || rsp_table_init(&hs->owners, BUCKETS)) {
		rsp_handlespace_free(hs);
		return NULL;
	}
	return hs;
}

void
rsp_handlespace_free(struct rsp_handlespace *hs)
{
	if (!hs)
		return;
	for (struct rsp_pool *pool; (pool = TAILQ_FIRST(&hs->in_order));)
		rsp_element_remove(hs, pool->element[pool->n_elements - 1]);
	assert(hs->n_unlinked == 0);
	rsp_table_done(&hs->pools);
	rsp_table_done(&hs->elements);
	rsp_table_done(&hs->homes);
	rsp_table_done(&hs->owners);
	free(hs);
}

void
rsp_handlespace_count_pools_of(struct rsp_handlespace *hs, uint32_t home_id)
{
	hs->counted_home = home_id;
}

uint32_t
rsp_handlespace_pools(const struct rsp_handlespace *hs)
{
	return hs->pools.count;
}

uint32_t
rsp_handlespace_elements(const struct rsp_handlespace *hs)
{
	return hs->elements.count;
}

static bool
has_room(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t records)
{
	if (hs->elements.count >= hs->limits.elements)
		return false;
	if (records)
		return records < RSP_RECORDS_MAX;
	if (pool)
		return pool->n_elements < hs->limits.pool_elements;
	return hs->pools.count < hs->limits.pools && hs->limits.pool_elements > 0;
}

static enum rsp_err
put_new(struct rsp_handlespace *hs, struct rsp_pool *pool, struct rsp_bytes handle, uint64_t hash,
	const struct rsp_pool_element *pe, struct rsp_element **ret)
{
	struct rsp_bytes encoded;
	uint32_t records = rsp_records_count(hs, pool, pe->pe_id);
	enum rsp_err err = rsp_contents_encode(hs->room, pe, &encoded);

	if (err)
		return err;
	if (!has_room(hs, pool, records))
		return RSP_ELIMIT;
	const char *owner = rsp_owner_hold(hs, pe->owner, &err);
	struct rsp_home *home = err ? NULL : rsp_home_hold(hs, pe->home_id);
	if (home && !pool)
		pool = rsp_pool_new(hs, handle, hash, pe, owner, home);
	err = home && pool ? rsp_element_new(hs, pool, pe, encoded.n, records > 0, ret) : RSP_ENOMEM;
	if (err) {
		if (pool && pool->n_elements == 0) {
			rsp_pool_unlink(hs, pool);
			rsp_pool_drop(pool);
		}
		rsp_home_drop(hs, home);
		rsp_owner_drop(hs, owner);
		return err;
	}
	(*ret)->owner = owner;
	rsp_element_store(*ret, encoded, pe);
	rsp_home_join(home, *ret);
	if (records)
		rsp_records_settle(hs, pool, pe->pe_id, NULL);
	return RSP_OK;
}

/* The room of @e for its parameter; if that is too small, newly allocated room. NULL: out of memory. */
static uint8_t *
room_for(const struct rsp_element *e, size_t size)
{
	return size <= e->encoded_room ? e->encoded : malloc(size);
}

static void
use_room(struct rsp_element *e, uint8_t *room, size_t size)
{
	if (room == e->encoded)
		return;
	if (e->outgrown)
		free(e->encoded);
	e->outgrown = true;
	e->encoded = room;
	e->encoded_room = (uint16_t)size;
}

/* @pe may have views into @e: encode everything before @e changes. */
static enum rsp_err
put_again(struct rsp_handlespace *hs, struct rsp_element *e, const struct rsp_pool_element *pe)
{
	struct rsp_bytes encoded;
	enum rsp_err err = rsp_contents_encode(hs->room, pe, &encoded);

	if (err)
		return err;
	bool same_owner = rsp_owner_is(e->owner, pe->owner), same_home = e->home->id == pe->home_id;
	const char *owner = same_owner ? e->owner : rsp_owner_hold(hs, pe->owner, &err);
	struct rsp_home *home = err ? NULL : same_home ? e->home : rsp_home_hold(hs, pe->home_id);
	uint8_t *room = home ? room_for(e, encoded.n) : NULL;

	if (!room) {
		if (!same_home)
			rsp_home_drop(hs, home);
		if (!same_owner)
			rsp_owner_drop(hs, owner);
		return RSP_ENOMEM;
	}
	e->home->digest -= rsp_element_digest(e);
	use_room(e, room, encoded.n);
	rsp_element_store(e, encoded, pe);
	e->home->digest += rsp_element_digest(e);
	if (!same_home)
		rsp_element_move(hs, e, home);
	if (!same_owner) {
		rsp_owner_drop(hs, e->owner);
		e->owner = owner;
	}
	if (!e->hidden)
		rsp_order_set(&e->pool->order, e->place, &pe->policy);
	return RSP_OK;
}

/* The record that @pe replaces; NULL: there is none. */
static struct rsp_element *
find_replaced(const struct rsp_handlespace *hs, const struct rsp_pool *pool, const struct rsp_pool_element *pe)
{
	if (pe->statement.rank)
		return rsp_element_find_of(hs, pool, pe->pe_id, pe->owner);
	return rsp_element_find_word(hs, pool, pe->pe_id, pe->home_id);
}

static bool
is_valid(struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || rsp_statement_is_removed(&pe->statement))
		return false;
	return pe->owner.n <= RSP_OWNER_MAX && !(pe->owner.n && memchr(pe->owner.p, 0, pe->owner.n));
}

enum rsp_err
rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
		    struct rsp_element **ret)
{
	if (!is_valid(handle, pe))
		return RSP_EVALUE;
	uint64_t hash = rsp_pool_hash(hs, handle);
	struct rsp_pool *pool = rsp_pool_find_hashed(hs, handle, hash);
	struct rsp_element *e = find_replaced(hs, pool, pe);
	enum rsp_err err = e ? put_again(hs, e, pe) : put_new(hs, pool, handle, hash, pe, &e);

	if (!err)
		*ret = e;
	return err;
}
