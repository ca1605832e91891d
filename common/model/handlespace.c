#include "model/handlespace.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/checksum.h"
#include "proto/encoded.h"

#define ENCODED_MAX 2048 /* one Pool Element: 32 addresses in each of two transports, and an owner */
#define BUCKETS_LEAST 64

struct owner {
	struct rsp_table_node node;
	uint64_t hash;
	uint32_t references, pools; /* pools: those it made */
	char text[];
};

/** A registrar, and the elements whose home it is. It exists while @references is above 0. */
struct rsp_home {
	struct rsp_table_node node;
	struct rsp_element *first;
	uint64_t digest;
	uint64_t sum; /* of all 16-bit words of all its elements' blocks, not folded, so that subtracting is exact */
	uint32_t id, count, pools; /* pools: those that its elements were the first in */
	uint32_t references;       /* pools, and elements whether linked or unlinked */
};

struct rsp_handlespace {
	struct rsp_handlespace_limits limits;
	struct rsp_hash_key key;
	uint64_t multiplier;
	size_t engine_size; /* of the engine's part of each element */
	uint32_t n_unlinked;
	struct rsp_pool *first, **last;
	struct rsp_table pools, elements, homes, owners;
	struct rsp_walk *walks;
	uint64_t made;             /* pools, ever */
	uint32_t counted_home;     /* pools made there count for their owners; 0: all do */
	uint8_t room[ENCODED_MAX]; /* for an element's parameter until its size is known */
};

/* A secret multiplier: nobody outside can choose ids that meet in one bucket. */
static uint64_t
mix(const struct rsp_handlespace *hs, uint64_t value)
{
	uint64_t mixed = value * hs->multiplier;

	return mixed ^ (mixed >> 32);
}

static uint64_t
element_hash(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	return mix(hs, pool->hash ^ pe_id);
}

/* What the tables hash their nodes by. */

static uint64_t
hash_of_pool(const void *ctx, const struct rsp_table_node *node)
{
	(void)ctx;
	return ((const struct rsp_pool *)(const void *)node)->hash;
}

static uint64_t
hash_of_element(const void *ctx, const struct rsp_table_node *node)
{
	const struct rsp_element *e = (const void *)node;

	return element_hash(ctx, e->pool, e->pe_id);
}

static uint64_t
hash_of_home(const void *ctx, const struct rsp_table_node *node)
{
	return mix(ctx, ((const struct rsp_home *)(const void *)node)->id);
}

static uint64_t
hash_of_owner(const void *ctx, const struct rsp_table_node *node)
{
	(void)ctx;
	return ((const struct owner *)(const void *)node)->hash;
}

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
	hs->last = &hs->first;
	if (rsp_table_init(&hs->pools, BUCKETS_LEAST, hash_of_pool, hs) != RSP_OK ||
	    rsp_table_init(&hs->elements, BUCKETS_LEAST, hash_of_element, hs) != RSP_OK ||
	    rsp_table_init(&hs->homes, BUCKETS_LEAST, hash_of_home, hs) != RSP_OK ||
	    rsp_table_init(&hs->owners, BUCKETS_LEAST, hash_of_owner, hs) != RSP_OK) {
		rsp_handlespace_free(hs);
		return NULL;
	}
	return hs;
}

void
rsp_handlespace_count_pools_of(struct rsp_handlespace *hs, uint32_t home_id)
{
	hs->counted_home = home_id;
}

void
rsp_handlespace_free(struct rsp_handlespace *hs)
{
	if (!hs)
		return;
	while (hs->first)
		rsp_element_remove(hs, hs->first->element[hs->first->n_elements - 1]);
	assert(hs->n_unlinked == 0);
	rsp_table_done(&hs->pools);
	rsp_table_done(&hs->elements);
	rsp_table_done(&hs->homes);
	rsp_table_done(&hs->owners);
	free(hs);
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

/* Owners: each name is stored once, with a count of those who hold it. */

static bool
is_owner(const char *text, struct rsp_bytes name)
{
	return text ? rsp_bytes_equal(rsp_bytes_str(text), name) : name.n == 0;
}

static struct owner *
owner_of(const char *text)
{
	return (struct owner *)((uintptr_t)text - offsetof(struct owner, text));
}

static struct owner *
owner_find(const struct rsp_handlespace *hs, struct rsp_bytes name, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->owners, hash);

	while (node && !is_owner(((struct owner *)(void *)node)->text, name))
		node = node->next;
	return (struct owner *)(void *)node;
}

/* The stored name, held once more; NULL for no name or, with @ret_err, when out of memory. */
static const char *
owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err)
{
	if (name.n == 0)
		return NULL;
	uint64_t hash = rsp_hash(&hs->key, name);
	struct owner *owner = owner_find(hs, name, hash);

	if (!owner) {
		owner = calloc(1, sizeof(*owner) + name.n + 1);
		if (!owner) {
			*ret_err = RSP_ENOMEM;
			return NULL;
		}
		owner->hash = hash;
		memcpy(owner->text, name.p, name.n);
		rsp_table_add(&hs->owners, &owner->node, hash);
	}
	owner->references++;
	return owner->text;
}

static void
owner_drop(struct rsp_handlespace *hs, const char *name)
{
	struct owner *owner = name ? owner_of(name) : NULL;

	if (!owner || --owner->references > 0)
		return;
	rsp_table_remove(&hs->owners, &owner->node, owner->hash);
	free(owner);
}

/* Homes */

static struct rsp_home *
home_find(const struct rsp_handlespace *hs, uint32_t id)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->homes, mix(hs, id));

	while (node && ((struct rsp_home *)(void *)node)->id != id)
		node = node->next;
	return (struct rsp_home *)(void *)node;
}

/* The home, made if need be, with one more reference; NULL if out of memory. */
static struct rsp_home *
home_hold(struct rsp_handlespace *hs, uint32_t id)
{
	struct rsp_home *home = home_find(hs, id);

	if (!home) {
		home = calloc(1, sizeof(*home));
		if (!home)
			return NULL;
		home->id = id;
		rsp_table_add(&hs->homes, &home->node, mix(hs, id));
	}
	home->references++;
	return home;
}

static void
home_drop(struct rsp_handlespace *hs, struct rsp_home *home)
{
	if (!home || --home->references > 0)
		return;
	rsp_table_remove(&hs->homes, &home->node, mix(hs, home->id));
	free(home);
}

static uint64_t
element_sum(const struct rsp_element *e)
{
	return rsp_checksum_element(e->pool->handle_sum, e->pe_id);
}

static uint64_t
element_digest(const struct rsp_element *e)
{
	return rsp_digest_element(e->pool->handle_digest, e->pe_id, rsp_element_version(e));
}

static void
home_join(struct rsp_home *home, struct rsp_element *e)
{
	e->home = home;
	e->home_next = home->first;
	e->home_link = &home->first;
	if (home->first)
		home->first->home_link = &e->home_next;
	home->first = e;
	home->count++;
	home->sum += element_sum(e);
	home->digest += element_digest(e);
}

static void
home_leave(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_home *home = e->home;

	for (struct rsp_walk *walk = hs->walks; walk; walk = walk->next)
		if (walk->at == e)
			walk->at = e->home_next;
	*e->home_link = e->home_next;
	if (e->home_next)
		e->home_next->home_link = e->home_link;
	home->count--;
	home->sum -= element_sum(e);
	home->digest -= element_digest(e);
}

uint16_t
rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = home_find(hs, home_id);

	return rsp_checksum_fold(home ? home->sum : 0);
}

uint16_t
rsp_home_checksum_full(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint64_t sum = 0;

	for (const struct rsp_pool *pool = hs->first; pool; pool = pool->after)
		for (uint32_t i = 0; i < pool->n_elements; i++)
			if (rsp_element_home_id(pool->element[i]) == home_id)
				sum += rsp_checksum_element(rsp_checksum_handle(rsp_pool_handle(pool)),
							    pool->element[i]->pe_id);
	return rsp_checksum_fold(sum);
}

uint64_t
rsp_home_digest(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = home_find(hs, home_id);

	return home ? home->digest : 0;
}

uint64_t
rsp_home_digest_full(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint64_t digest = 0;

	for (const struct rsp_pool *pool = hs->first; pool; pool = pool->after)
		for (uint32_t i = 0; i < pool->n_elements; i++)
			if (rsp_element_home_id(pool->element[i]) == home_id)
				digest += rsp_digest_element(rsp_digest_handle(rsp_pool_handle(pool)),
							     pool->element[i]->pe_id,
							     rsp_element_version(pool->element[i]));
	return digest;
}

uint32_t
rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = home_find(hs, home_id);

	return home ? home->count : 0;
}

uint32_t
rsp_home_pools(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = home_find(hs, home_id);

	return home ? home->pools : 0;
}

uint32_t
rsp_owner_pools(const struct rsp_handlespace *hs, struct rsp_bytes owner)
{
	const struct owner *found = owner.n ? owner_find(hs, owner, rsp_hash(&hs->key, owner)) : NULL;

	return found ? found->pools : 0;
}

struct rsp_element *
rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = home_find(hs, home_id);

	return home ? home->first : NULL;
}

/* Pools */

static struct rsp_pool *
pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->pools, hash);

	for (; node; node = node->next) {
		struct rsp_pool *pool = (struct rsp_pool *)(void *)node;

		if (pool->hash == hash && rsp_bytes_equal(rsp_pool_handle(pool), handle))
			return pool;
	}
	return NULL;
}

struct rsp_pool *
rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle)
{
	return pool_find(hs, handle, rsp_handle_hash(hs, handle));
}

uint64_t
rsp_handle_hash(const struct rsp_handlespace *hs, struct rsp_bytes handle)
{
	return rsp_hash(&hs->key, handle);
}

struct rsp_pool *
rsp_pool_find_hashed(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash)
{
	return pool_find(hs, handle, hash);
}

uint64_t
rsp_pools_made(const struct rsp_handlespace *hs)
{
	return hs->made;
}

struct rsp_pool *
rsp_pool_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool)
{
	return pool ? pool->after : hs->first;
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

static struct rsp_pool *
pool_new(struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash, const struct rsp_pool_element *pe,
	 const char *owner, struct rsp_home *home)
{
	struct rsp_pool *pool = calloc(1, sizeof(*pool) + handle.n);

	if (!pool)
		return NULL;
	pool->handle_size = (uint16_t)handle.n;
	memcpy(pool->handle, handle.p, handle.n);
	pool->handle_sum = rsp_checksum_handle(handle);
	pool->hash = hash;
	pool->handle_digest = rsp_digest_handle(handle);
	pool->policy = pe->policy.type;
	pool->order.policy = pe->policy.type;
	pool->transport = pe->user.type;
	pool->use = pe->user.use;
	if (owner && (!hs->counted_home || home->id == hs->counted_home)) {
		pool->maker = owner;
		owner_of(owner)->references++;
		owner_of(owner)->pools++;
	}
	pool->maker_home = home;
	home->pools++;
	home->references++;
	hs->made++;
	pool->before = hs->last;
	*hs->last = pool;
	hs->last = &pool->after;
	rsp_table_add(&hs->pools, &pool->node, hash);
	return pool;
}

/* Take the pool, which has no linked element, out of the handlespace. */
static void
pool_unlink(struct rsp_handlespace *hs, struct rsp_pool *pool)
{
	for (struct rsp_walk *walk = hs->walks; walk; walk = walk->next) {
		if (walk->pool != pool)
			continue;
		walk->pool = pool->after;
		walk->left = walk->pool ? walk->pool->n_elements : 0;
	}
	rsp_table_remove(&hs->pools, &pool->node, pool->hash);
	*pool->before = pool->after;
	if (pool->after)
		pool->after->before = pool->before;
	else
		hs->last = pool->before;
	if (pool->maker)
		owner_of(pool->maker)->pools--;
	owner_drop(hs, pool->maker);
	pool->maker = NULL;
	pool->maker_home->pools--;
	home_drop(hs, pool->maker_home);
	pool->maker_home = NULL;
	rsp_order_done(&pool->order);
	free(pool->element);
	pool->element = NULL;
	pool->room = 0;
}

/* Free the pool if no element, linked or unlinked, refers to it. */
static void
pool_drop(struct rsp_pool *pool)
{
	if (pool->n_elements == 0 && pool->n_unlinked == 0)
		free(pool);
}

static enum rsp_err
pool_reserve(struct rsp_pool *pool)
{
	if (pool->n_elements < pool->room)
		return RSP_OK;
	uint32_t room = pool->room ? pool->room * 2 : 4;
	struct rsp_element **grown = reallocarray(pool->element, room, sizeof(struct rsp_element *));

	if (!grown)
		return RSP_ENOMEM;
	pool->element = grown; /* larger already, if what follows fails */
	if (rsp_order_reserve(&pool->order, room) != RSP_OK)
		return RSP_ENOMEM;
	pool->room = room;
	return RSP_OK;
}

/* The last takes the place of @e. A walk goes from the last place to the first, so it misses nobody by this. */
static void
pool_leave(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_pool *pool = e->pool;
	struct rsp_element *last = pool->element[--pool->n_elements];

	rsp_order_remove(&pool->order, e->place);
	pool->element[e->place] = last;
	last->place = e->place;
	if (pool->head >= pool->n_elements)
		pool->head = 0;
	for (struct rsp_walk *walk = hs->walks; walk; walk = walk->next)
		if (walk->pool == pool && walk->left > pool->n_elements)
			walk->left = pool->n_elements;
	if (pool->n_elements == 0)
		pool_unlink(hs, pool);
}

/* Elements */

struct rsp_element *
rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	if (!pool)
		return NULL;
	struct rsp_table_node *node = *rsp_table_chain(&hs->elements, element_hash(hs, pool, pe_id));

	for (; node; node = node->next) {
		struct rsp_element *e = (struct rsp_element *)(void *)node;

		if (e->pe_id == pe_id && e->pool == pool)
			return e;
	}
	return NULL;
}

uint32_t
rsp_element_home_id(const struct rsp_element *e)
{
	return e->home->id;
}

static struct rsp_bytes
encoded_of(const struct rsp_element *e)
{
	return rsp_bytes_of(e->encoded, e->encoded_size);
}

uint64_t
rsp_element_version(const struct rsp_element *e)
{
	return e->versioned ? rsp_encoded_version(encoded_of(e)) : 0;
}

void
rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret)
{
	rsp_encoded_decode(encoded_of(e), ret);
}

struct rsp_bytes
rsp_element_public(const struct rsp_element *e)
{
	return rsp_bytes_of(e->encoded, e->answer_size);
}

void
rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole)
{
	rsp_wr_pad(wr);
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_bytes(wr, whole ? encoded_of(e) : rsp_element_public(e));
	rsp_wr_close(wr, mark);
}

void
rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e)
{
	rsp_wr_pad(wr);
	rsp_wr_bytes(wr, rsp_encoded_policy(encoded_of(e)));
}

/* Unknown parameters are not kept. */
static void
encode_known(struct rsp_wr *wr, const struct rsp_pool_element *pe)
{
	struct rsp_pool_element known = *pe;

	known.unknown = (struct rsp_unknown){ 0 };
	rsp_pool_element_encode(wr, &known);
}

/* The parameter in hs->room. */
static enum rsp_err
encode(struct rsp_handlespace *hs, const struct rsp_pool_element *pe, struct rsp_bytes *ret)
{
	struct rsp_wr wr = rsp_wr_init(hs->room, sizeof(hs->room));

	if (pe->unknown.n > 0)
		encode_known(&wr, pe);
	else
		rsp_pool_element_encode(&wr, pe);
	*ret = rsp_bytes_of(hs->room, wr.pos);
	return wr.err;
}

static void
store(struct rsp_element *e, struct rsp_bytes encoded, bool versioned)
{
	e->versioned = versioned;
	memcpy(e->encoded, encoded.p, encoded.n);
	e->encoded_size = (uint16_t)encoded.n;
	e->answer_size = (uint16_t)rsp_encoded_public(encoded).n;
}

static enum rsp_err
element_new(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_pool_element *pe, size_t room,
	    struct rsp_element **ret)
{
	size_t size = offsetof(struct rsp_element, tail) + hs->engine_size + room;
	struct rsp_element *e = calloc(1, size < sizeof(*e) ? sizeof(*e) : size);

	if (!e || pool_reserve(pool) != RSP_OK) {
		free(e);
		return RSP_ENOMEM;
	}
	e->encoded = e->tail + hs->engine_size;
	e->encoded_room = (uint16_t)room;
	e->pool = pool;
	e->pe_id = pe->pe_id;
	e->place = pool->n_elements;
	pool->element[pool->n_elements++] = e;
	rsp_order_add(&pool->order, &pe->policy);
	rsp_table_add(&hs->elements, &e->node, element_hash(hs, pool, pe->pe_id));
	*ret = e;
	return RSP_OK;
}

static enum rsp_err
put_new(struct rsp_handlespace *hs, struct rsp_pool *pool, struct rsp_bytes handle, uint64_t hash,
	const struct rsp_pool_element *pe, struct rsp_element **ret)
{
	struct rsp_bytes encoded;
	enum rsp_err err = encode(hs, pe, &encoded);

	if (err)
		return err;
	if (hs->elements.count >= hs->limits.elements || (pool && pool->n_elements >= hs->limits.pool_elements) ||
	    (!pool && (hs->pools.count >= hs->limits.pools || hs->limits.pool_elements == 0)))
		return RSP_ELIMIT;
	const char *owner = owner_hold(hs, pe->owner, &err);
	struct rsp_home *home = err ? NULL : home_hold(hs, pe->home_id);
	if (home && !pool)
		pool = pool_new(hs, handle, hash, pe, owner, home);
	err = home && pool ? element_new(hs, pool, pe, encoded.n, ret) : RSP_ENOMEM;
	if (err) {
		if (pool && pool->n_elements == 0) {
			pool_unlink(hs, pool);
			pool_drop(pool);
		}
		home_drop(hs, home);
		owner_drop(hs, owner);
		return err;
	}
	(*ret)->owner = owner;
	store(*ret, encoded, pe->version != 0);
	home_join(home, *ret);
	return RSP_OK;
}

/* Room for a larger parameter, outside of the element; NULL if out of memory. */
static uint8_t *
room_for(const struct rsp_element *e, size_t size)
{
	return size <= e->encoded_room ? e->encoded : malloc(size);
}

static void
move_to(struct rsp_element *e, uint8_t *room, size_t size)
{
	if (room == e->encoded)
		return;
	if (e->outgrown)
		free(e->encoded);
	e->outgrown = true;
	e->encoded = room;
	e->encoded_room = (uint16_t)size;
}

/* @pe may show what is stored of @e: all is encoded before anything changes. */
static enum rsp_err
put_again(struct rsp_handlespace *hs, struct rsp_element *e, const struct rsp_pool_element *pe)
{
	struct rsp_bytes encoded;
	enum rsp_err err = encode(hs, pe, &encoded);

	if (err)
		return err;
	bool same_owner = is_owner(e->owner, pe->owner);
	const char *owner = same_owner ? e->owner : owner_hold(hs, pe->owner, &err);
	struct rsp_home *old_home = e->home;
	struct rsp_home *home = err ? NULL : old_home->id == pe->home_id ? old_home : home_hold(hs, pe->home_id);
	uint8_t *room = home ? room_for(e, encoded.n) : NULL;

	if (!room) {
		if (home != old_home)
			home_drop(hs, home);
		if (!same_owner)
			owner_drop(hs, owner);
		return RSP_ENOMEM;
	}
	uint64_t before = element_digest(e);
	move_to(e, room, encoded.n);
	store(e, encoded, pe->version != 0);
	e->home->digest += element_digest(e) - before;
	if (home != old_home) {
		home_leave(hs, e);
		home_join(home, e);
		home_drop(hs, old_home);
	}
	if (!same_owner) {
		owner_drop(hs, e->owner);
		e->owner = owner;
	}
	rsp_order_set(&e->pool->order, e->place, &pe->policy);
	return RSP_OK;
}

enum rsp_err
rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
		    struct rsp_element **ret, bool *ret_new)
{
	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || pe->owner.n > RSP_OWNER_MAX ||
	    (pe->owner.n && memchr(pe->owner.p, 0, pe->owner.n)))
		return RSP_EVALUE;
	uint64_t hash = rsp_hash(&hs->key, handle);
	struct rsp_pool *pool = pool_find(hs, handle, hash);
	struct rsp_element *e = rsp_element_find(hs, pool, pe->pe_id);
	bool is_new = !e;
	enum rsp_err err = e ? put_again(hs, e, pe) : put_new(hs, pool, handle, hash, pe, &e);

	if (err)
		return err;
	*ret = e;
	*ret_new = is_new;
	return RSP_OK;
}

void
rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e)
{
	assert(!e->unlinked);
	e->unlinked = true;
	hs->n_unlinked++;
	e->pool->n_unlinked++;
	rsp_table_remove(&hs->elements, &e->node, element_hash(hs, e->pool, e->pe_id));
	home_leave(hs, e);
	pool_leave(hs, e);
}

void
rsp_element_free(struct rsp_handlespace *hs, struct rsp_element *e)
{
	assert(e->unlinked);
	hs->n_unlinked--;
	e->pool->n_unlinked--;
	pool_drop(e->pool);
	home_drop(hs, e->home);
	owner_drop(hs, e->owner);
	if (e->outgrown)
		free(e->encoded);
	free(e->reporters);
	free(e->rival);
	free(e);
}

void
rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e)
{
	rsp_element_unlink(hs, e);
	rsp_element_free(hs, e);
}

void
rsp_element_set_version(struct rsp_element *e, uint64_t version)
{
	uint64_t before = element_digest(e);

	assert(!e->unlinked);
	if (!e->versioned)
		return;
	rsp_encoded_set_version(e->encoded, e->encoded_size, version);
	e->home->digest += element_digest(e) - before;
}

enum rsp_err
rsp_element_rehome(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t new_home_id, uint64_t version)
{
	struct rsp_home *old_home = e->home;
	struct rsp_home *home = old_home->id == new_home_id ? old_home : home_hold(hs, new_home_id);

	assert(!e->unlinked);
	if (!home)
		return RSP_ENOMEM;
	if (version)
		rsp_element_set_version(e, version);
	if (home == old_home)
		return RSP_OK;
	home_leave(hs, e);
	home_join(home, e);
	home_drop(hs, old_home);
	rsp_encoded_set_home_id(e->encoded, new_home_id);
	return RSP_OK;
}

/* Walks */

void
rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id)
{
	*walk = (struct rsp_walk){ .pool = hs->first, .only_home_id = only_home_id };
	walk->left = walk->pool ? walk->pool->n_elements : 0;
	walk->at = only_home_id ? rsp_home_first(hs, only_home_id) : NULL;
	walk->next = hs->walks;
	walk->link = &hs->walks;
	if (hs->walks)
		hs->walks->link = &walk->next;
	hs->walks = walk;
}

struct rsp_element *
rsp_walk_peek(struct rsp_walk *walk)
{
	if (walk->only_home_id)
		return walk->at;
	while (walk->pool && walk->left == 0) {
		walk->pool = walk->pool->after;
		walk->left = walk->pool ? walk->pool->n_elements : 0;
	}
	return walk->pool ? walk->pool->element[walk->left - 1] : NULL;
}

struct rsp_element *
rsp_walk_next(struct rsp_walk *walk)
{
	struct rsp_element *e = rsp_walk_peek(walk);

	if (!e)
		return NULL;
	if (walk->only_home_id)
		walk->at = e->home_next;
	else
		walk->left--;
	return e;
}

void
rsp_walk_end(struct rsp_walk *walk)
{
	if (!walk->link)
		return;
	*walk->link = walk->next;
	if (walk->next)
		walk->next->link = walk->link;
	*walk = (struct rsp_walk){ 0 };
}
