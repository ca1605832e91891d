#include "model/handlespace.h"

#include <stdlib.h>

#include "wire/reader.h"

#define ENCODED_MAX 2048	/* one Pool Element: 32 addresses in each of two transports, and an owner */
#define POOL_BUCKETS_LEAST 64
#define ELEMENT_BUCKETS_LEAST 256
#define HOME_BUCKETS 64

struct owner {
	struct owner *next;
	uint32_t references;
	char text[];
};

/** A registrar, and what it owns. Made when it first owns something, gone with the last. */
struct rsp_home {
	struct rsp_home *next;
	struct rsp_element *first;
	uint64_t sum; /* of all 16-bit words of all its elements' blocks, not folded, so that subtracting is exact */
	uint32_t id, count;
};

struct rsp_handlespace {
	struct rsp_handlespace_limits limits;
	struct rsp_hash_key key;
	uint64_t multiplier;
	struct rsp_pool **pool_bucket, *first, **last;
	uint32_t n_pools, pool_buckets;
	/* Elements move to a larger table a few buckets at each insertion, so that no insertion takes long. */
	struct rsp_element **bucket, **old_bucket;
	uint32_t n_elements, buckets, old_buckets, moved;
	struct rsp_home *home[HOME_BUCKETS];
	struct owner *owner[ELEMENT_BUCKETS_LEAST];
	struct rsp_walk *walks;
};

struct rsp_handlespace *
rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key)
{
	struct rsp_handlespace *hs = calloc(1, sizeof(*hs));

	if (!hs)
		return NULL;
	hs->limits = *limits;
	hs->key = key;
	hs->multiplier = rsp_hash(&key, (struct rsp_bytes){ 0 }) | 1;
	hs->last = &hs->first;
	hs->pool_buckets = POOL_BUCKETS_LEAST;
	hs->buckets = ELEMENT_BUCKETS_LEAST;
	hs->pool_bucket = calloc(hs->pool_buckets, sizeof(*hs->pool_bucket));
	hs->bucket = calloc(hs->buckets, sizeof(*hs->bucket));
	if (!hs->pool_bucket || !hs->bucket) {
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
	while (hs->first)
		rsp_element_remove(hs, hs->first->element[0]);
	free(hs->pool_bucket);
	free(hs->bucket);
	free(hs->old_bucket);
	free(hs);
}

uint32_t
rsp_handlespace_pools(const struct rsp_handlespace *hs)
{
	return hs->n_pools;
}

uint32_t
rsp_handlespace_elements(const struct rsp_handlespace *hs)
{
	return hs->n_elements;
}

/* Owners: each name is stored once. */

static struct owner **
owner_slot(struct rsp_handlespace *hs, struct rsp_bytes name)
{
	struct owner **slot = &hs->owner[rsp_hash(&hs->key, name) % RSP_COUNT(hs->owner)];

	while (*slot && !rsp_bytes_equal(rsp_bytes_str((*slot)->text), name))
		slot = &(*slot)->next;
	return slot;
}

/* The stored name, one reference more; NULL for none or, with @ret_err, when out of memory. */
static const char *
owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err)
{
	if (name.n == 0)
		return NULL;
	struct owner **slot = owner_slot(hs, name);

	if (!*slot) {
		struct owner *made = calloc(1, sizeof(*made) + name.n + 1);

		if (!made) {
			*ret_err = RSP_ENOMEM;
			return NULL;
		}
		memcpy(made->text, name.p, name.n);
		*slot = made;
	}
	(*slot)->references++;
	return (*slot)->text;
}

static void
owner_drop(struct rsp_handlespace *hs, const char *name)
{
	if (!name)
		return;
	struct owner **slot = owner_slot(hs, rsp_bytes_str(name)), *owner = *slot;

	if (--owner->references == 0) {
		*slot = owner->next;
		free(owner);
	}
}

/* Homes */

static struct rsp_home **
home_slot(const struct rsp_handlespace *hs, uint32_t id)
{
	/* the table is the caller's to change through the slot; finding changes nothing */
	struct rsp_home *const *slot = &hs->home[id % HOME_BUCKETS];

	while (*slot && (*slot)->id != id)
		slot = &(*slot)->next;
	return (struct rsp_home **)(uintptr_t)slot;
}

/* The home, made if need be; NULL if out of memory. An unused one must be given to home_settle(). */
static struct rsp_home *
home_get(struct rsp_handlespace *hs, uint32_t id)
{
	struct rsp_home **slot = home_slot(hs, id);

	if (!*slot) {
		struct rsp_home *made = calloc(1, sizeof(*made));

		if (!made)
			return NULL;
		made->id = id;
		*slot = made;
	}
	return *slot;
}

static void
home_settle(struct rsp_handlespace *hs, struct rsp_home *home)
{
	if (home->count > 0)
		return;
	struct rsp_home **slot = home_slot(hs, home->id);

	*slot = home->next;
	free(home);
}

/* RFC 1071 over the handle, padded with zeros, as a plain sum of its big-endian 16-bit words. */
static uint32_t
words_sum(struct rsp_bytes bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes.n; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes.p[i] << 8 : bytes.p[i];
	return sum;
}

static uint64_t
element_sum(const struct rsp_element *e)
{
	return (uint64_t)e->pool->handle_sum + (e->pe_id >> 16) + (e->pe_id & 0xffff);
}

static uint16_t
checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
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
}

static void
home_leave(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_home *home = e->home;

	*e->home_link = e->home_next;
	if (e->home_next)
		e->home_next->home_link = e->home_link;
	home->count--;
	home->sum -= element_sum(e);
	home_settle(hs, home);
}

uint16_t
rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = *home_slot(hs, home_id);

	return checksum_fold(home ? home->sum : 0);
}

uint16_t
rsp_home_checksum_full(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint64_t sum = 0;

	for (const struct rsp_pool *pool = hs->first; pool; pool = pool->after)
		for (uint32_t i = 0; i < pool->n_elements; i++)
			if (rsp_element_home_id(pool->element[i]) == home_id)
				sum += words_sum(rsp_pool_handle(pool)) + (uint64_t)(pool->element[i]->pe_id >> 16) +
				       (pool->element[i]->pe_id & 0xffff);
	return checksum_fold(sum);
}

uint32_t
rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = *home_slot(hs, home_id);

	return home ? home->count : 0;
}

struct rsp_element *
rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = *home_slot(hs, home_id);

	return home ? home->first : NULL;
}

/* Pools */

struct rsp_pool *
rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle)
{
	uint64_t hash = rsp_hash(&hs->key, handle);
	struct rsp_pool *pool = hs->pool_bucket[hash & (hs->pool_buckets - 1)];

	while (pool && (pool->hash != hash || !rsp_bytes_equal(rsp_pool_handle(pool), handle)))
		pool = pool->next;
	return pool;
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

/* A larger table is a kindness, not a need: without memory for it the chains grow. */
static void
pools_grow(struct rsp_handlespace *hs)
{
	uint32_t buckets = hs->pool_buckets * 2;
	struct rsp_pool **grown = hs->n_pools < hs->pool_buckets ? NULL : calloc(buckets, sizeof(*grown));

	if (!grown)
		return;
	for (struct rsp_pool *pool = hs->first; pool; pool = pool->after) {
		struct rsp_pool **slot = &grown[pool->hash & (buckets - 1)];

		pool->next = *slot;
		*slot = pool;
	}
	free(hs->pool_bucket);
	hs->pool_bucket = grown;
	hs->pool_buckets = buckets;
}

static struct rsp_pool *
pool_new(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_pool *pool = calloc(1, sizeof(*pool) + handle.n);

	if (!pool)
		return NULL;
	pools_grow(hs);
	pool->handle_size = (uint16_t)handle.n;
	memcpy(pool->handle, handle.p, handle.n);
	pool->handle_sum = words_sum(handle);
	pool->hash = rsp_hash(&hs->key, handle);
	pool->policy = pe->policy.type;
	pool->transport = pe->user.type;
	pool->use = pe->user.use;

	struct rsp_pool **slot = &hs->pool_bucket[pool->hash & (hs->pool_buckets - 1)];
	pool->next = *slot;
	*slot = pool;
	pool->before = hs->last;
	*hs->last = pool;
	hs->last = &pool->after;
	hs->n_pools++;
	return pool;
}

static void
pool_free(struct rsp_handlespace *hs, struct rsp_pool *pool)
{
	struct rsp_pool **slot = &hs->pool_bucket[pool->hash & (hs->pool_buckets - 1)];

	for (struct rsp_walk *walk = hs->walks; walk; walk = walk->next) {
		if (walk->pool != pool)
			continue;
		walk->pool = pool->after;
		walk->left = walk->pool ? walk->pool->n_elements : 0;
	}
	while (*slot != pool)
		slot = &(*slot)->next;
	*slot = pool->next;
	*pool->before = pool->after;
	if (pool->after)
		pool->after->before = pool->before;
	else
		hs->last = pool->before;
	hs->n_pools--;
	free(pool->element);
	free(pool);
}

static bool
pool_reserve(struct rsp_pool *pool)
{
	if (pool->n_elements < pool->room)
		return true;
	uint32_t room = pool->room ? pool->room * 2 : 4;
	struct rsp_element **grown = reallocarray(pool->element, room, sizeof(struct rsp_element *));

	if (!grown)
		return false;
	pool->element = grown;
	pool->room = room;
	return true;
}

/* The last takes the place of @e. A walk goes from the last place to the first, so it misses nobody by this. */
static void
pool_leave(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_pool *pool = e->pool;
	struct rsp_element *last = pool->element[--pool->n_elements];

	pool->element[e->place] = last;
	last->place = e->place;
	if (pool->head >= pool->n_elements)
		pool->head = 0;
	for (struct rsp_walk *walk = hs->walks; walk; walk = walk->next)
		if (walk->pool == pool && walk->left > pool->n_elements)
			walk->left = pool->n_elements;
	if (pool->n_elements == 0)
		pool_free(hs, pool);
}

/* Elements */

/* A secret multiplier: nobody outside can choose ids that meet in one bucket. */
static uint64_t
element_hash(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	uint64_t mixed = (pool->hash ^ pe_id) * hs->multiplier;

	return mixed ^ (mixed >> 32);
}

static struct rsp_element **
element_slot(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	uint64_t hash = element_hash(hs, pool, pe_id);

	if (hs->old_bucket && (hash & (hs->old_buckets - 1)) >= hs->moved)
		return &hs->old_bucket[hash & (hs->old_buckets - 1)];
	return &hs->bucket[hash & (hs->buckets - 1)];
}

struct rsp_element *
rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	if (!pool)
		return NULL;
	struct rsp_element *e = *element_slot(hs, pool, pe_id);

	while (e && (e->pool != pool || e->pe_id != pe_id))
		e = e->next;
	return e;
}

static void
elements_grow(struct rsp_handlespace *hs)
{
	for (unsigned i = 0; hs->old_bucket && i < 4; i++) {
		struct rsp_element *e = hs->old_bucket[hs->moved++];

		while (e) {
			struct rsp_element *next = e->next;
			struct rsp_element **slot =
				&hs->bucket[element_hash(hs, e->pool, e->pe_id) & (hs->buckets - 1)];
			e->next = *slot;
			*slot = e;
			e = next;
		}
		if (hs->moved == hs->old_buckets) {
			free(hs->old_bucket);
			hs->old_bucket = NULL;
		}
	}
	if (hs->old_bucket || hs->n_elements < hs->buckets)
		return;
	struct rsp_element **grown = calloc((size_t)hs->buckets * 2, sizeof(struct rsp_element *));

	if (!grown)
		return;
	hs->old_bucket = hs->bucket;
	hs->old_buckets = hs->buckets;
	hs->moved = 0;
	hs->bucket = grown;
	hs->buckets *= 2;
}

uint32_t
rsp_element_home_id(const struct rsp_element *e)
{
	return e->home->id;
}

void
rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret)
{
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(e->encoded, e->encoded_size), 0), body;
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body)) /* it was encoded here */
		rsp_pool_element_decode(&body, ret);
}

void
rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole)
{
	rsp_wr_pad(wr);
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_bytes(wr, rsp_bytes_of(e->encoded, whole ? e->encoded_size : e->answer_size));
	rsp_wr_close(wr, mark);
}

/* RFC 5354 s.3.10: where the policy stands in an encoded Pool Element: header, three fields, user transport. */
static size_t
policy_at(const uint8_t *encoded)
{
	enum { USER = 16 };
	size_t size = (size_t)encoded[USER + 2] << 8 | encoded[USER + 3];

	return USER + ((size + 3) & ~(size_t)3);
}

static size_t
policy_size(const uint8_t *encoded)
{
	const uint8_t *policy = encoded + policy_at(encoded);

	return (size_t)policy[2] << 8 | policy[3];
}

void
rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e)
{
	rsp_wr_pad(wr);
	rsp_wr_bytes(wr, rsp_bytes_of(e->encoded + policy_at(e->encoded), policy_size(e->encoded)));
}

/* A copy of the parameter on the heap, its size, and that of the part for users. Unknown parameters are not kept. */
static enum rsp_err
encode(const struct rsp_pool_element *pe, uint8_t **ret, uint16_t *ret_size, uint16_t *ret_answer_size)
{
	struct rsp_pool_element plain = *pe;
	uint8_t room[ENCODED_MAX];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	plain.unknown = (struct rsp_unknown){ 0 };
	rsp_pool_element_encode(&wr, &plain);
	if (wr.err)
		return wr.err;
	size_t size = wr.pos;
	uint8_t *copy = rsp_bytes_dup(rsp_bytes_of(room, size));
	if (!copy)
		return RSP_ENOMEM;

	*ret = copy;
	*ret_size = (uint16_t)size;
	*ret_answer_size = (uint16_t)(policy_at(copy) + policy_size(copy));
	return RSP_OK;
}

static enum rsp_err
element_new(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
	    struct rsp_home *home, struct rsp_element **ret)
{
	struct rsp_pool *pool = rsp_pool_find(hs, handle);

	if (hs->n_elements >= hs->limits.elements || (pool && pool->n_elements >= hs->limits.pool_elements) ||
	    (!pool && (hs->n_pools >= hs->limits.pools || hs->limits.pool_elements == 0)))
		return RSP_ELIMIT;
	struct rsp_element *e = calloc(1, sizeof(*e));
	bool made = !pool;

	if (e && made)
		pool = pool_new(hs, handle, pe);
	if (!e || !pool || !pool_reserve(pool)) {
		if (pool && made)
			pool_free(hs, pool);
		free(e);
		return RSP_ENOMEM;
	}
	elements_grow(hs);
	e->pool = pool;
	e->pe_id = pe->pe_id;
	e->place = pool->n_elements;
	pool->element[pool->n_elements++] = e;

	struct rsp_element **slot = element_slot(hs, pool, pe->pe_id);
	e->next = *slot;
	*slot = e;
	hs->n_elements++;
	home_join(home, e);
	*ret = e;
	return RSP_OK;
}

enum rsp_err
rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
		    struct rsp_element **ret, bool *ret_new)
{
	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || pe->owner.n > RSP_OWNER_MAX ||
	    (pe->owner.n && memchr(pe->owner.p, 0, pe->owner.n)))
		return RSP_EVALUE;
	struct rsp_element *e = rsp_element_find(hs, rsp_pool_find(hs, handle), pe->pe_id);
	bool is_new = !e;
	uint16_t size, answer_size;
	uint8_t *encoded;
	enum rsp_err err = encode(pe, &encoded, &size, &answer_size);

	if (err)
		return err;
	const char *owner = owner_hold(hs, pe->owner, &err);
	struct rsp_home *home = err ? NULL : home_get(hs, pe->home_id);
	if (!home)
		err = RSP_ENOMEM;
	else if (is_new)
		err = element_new(hs, handle, pe, home, &e);
	if (err) {
		if (home)
			home_settle(hs, home);
		owner_drop(hs, owner);
		free(encoded);
		return err;
	}
	if (e->home != home) {
		home_leave(hs, e);
		home_join(home, e);
	}
	owner_drop(hs, e->owner);
	free(e->encoded);
	e->owner = owner;
	e->encoded = encoded;
	e->encoded_size = size;
	e->answer_size = answer_size;
	e->degradation = 0;
	*ret = e;
	*ret_new = is_new;
	return RSP_OK;
}

void
rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e)
{
	struct rsp_element **slot = element_slot(hs, e->pool, e->pe_id);

	while (*slot != e)
		slot = &(*slot)->next;
	*slot = e->next;
	hs->n_elements--;
	home_leave(hs, e);
	pool_leave(hs, e);
	owner_drop(hs, e->owner);
	free(e->encoded);
	free(e->reporters);
	free(e);
}

enum rsp_err
rsp_element_rehome(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t new_home_id)
{
	struct rsp_home *home = home_get(hs, new_home_id);

	if (!home)
		return RSP_ENOMEM;
	if (home == e->home)
		return RSP_OK;
	home_leave(hs, e);
	home_join(home, e);
	struct rsp_wr wr = rsp_wr_init(e->encoded + 8, 4); /* the id stands behind the header and the PE identifier */
	rsp_wr_u32(&wr, new_home_id);
	return RSP_OK;
}

/* Walks */

void
rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id)
{
	*walk = (struct rsp_walk){ .pool = hs->first, .only_home_id = only_home_id };
	walk->left = walk->pool ? walk->pool->n_elements : 0;
	walk->next = hs->walks;
	walk->link = &hs->walks;
	if (hs->walks)
		hs->walks->link = &walk->next;
	hs->walks = walk;
}

struct rsp_element *
rsp_walk_next(struct rsp_handlespace *hs, struct rsp_walk *walk)
{
	(void)hs;
	while (walk->pool) {
		while (walk->left > 0) {
			struct rsp_element *e = walk->pool->element[--walk->left];

			if (walk->only_home_id == 0 || e->home->id == walk->only_home_id)
				return e;
		}
		walk->pool = walk->pool->after;
		walk->left = walk->pool ? walk->pool->n_elements : 0;
	}
	return NULL;
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
