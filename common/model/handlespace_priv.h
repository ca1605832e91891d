#ifndef RSP_MODEL_HANDLESPACE_PRIV_H
#define RSP_MODEL_HANDLESPACE_PRIV_H

#include <stdlib.h>

#include "model/checksum.h"
#include "model/handlespace.h"
#include "model/owner_priv.h"
#include "proto/encoded.h"

/*
 * The inside of the handlespace, for its own files. From top to bottom, each calls only those below it:
 *
 *   handlespace.c   put, free            element.c   one element
 *   pool.c          pools                walk.c      walks that go on while elements come and go
 *   home.c          registrars           owner.c     names of identities: owner_priv.h
 */

#define RSP_HANDLESPACE_ENCODED_MAX 2048 /* octets of one Pool Element: twice 32 addresses, and an owner */
#define RSP_HANDLESPACE_BUCKETS     64   /* of each table at first */

LIST_HEAD(rsp_element_list, rsp_element);
LIST_HEAD(rsp_walk_list, rsp_walk);
TAILQ_HEAD(rsp_pool_list, rsp_pool);

/** A registrar, and the elements whose home it is. It exists while @references is above 0. */
struct rsp_home {
	struct rsp_table_node node;
	struct rsp_element_list elements;
	uint64_t digest;	 /* model/checksum.h */
	uint64_t sum;		 /* of the 16-bit words of the checksum, not folded, so that subtracting is exact */
	uint32_t id, count;	 /* server id; linked elements */
	uint32_t pools;		 /* pools whose first element was one of this home */
	uint32_t references;	 /* by pools, and by elements whether linked or unlinked */
};

struct rsp_handlespace {
	struct rsp_handlespace_limits limits;
	struct rsp_hash_key key;
	uint64_t multiplier; /* secret and odd: see rsp_handlespace_mix() */
	size_t engine_size;  /* octets of the engine's part of each element */
	uint32_t n_unlinked; /* elements that are unlinked and not freed yet */
	struct rsp_pool_list in_order;	     /* all pools, in the order they were made */
	struct rsp_table pools, elements, homes, owners;
	struct rsp_walk_list walks;		     /* that have begun and not ended */
	uint64_t made;				     /* pools ever made */
	uint32_t counted_home;			     /* only pools made there count for owners; 0: all do */
	uint8_t room[RSP_HANDLESPACE_ENCODED_MAX];	     /* for an element's parameter until its size is known */
};

/** Hash @value. Others do not know the multiplier, so they cannot choose ids that meet in one bucket. */
static inline uint64_t
rsp_handlespace_mix(const struct rsp_handlespace *hs, uint64_t value)
{
	uint64_t mixed = value * hs->multiplier;

	return mixed ^ (mixed >> 32);
}

static inline struct rsp_bytes
rsp_element_encoded(const struct rsp_element *e)
{
	return rsp_bytes_of(e->encoded, e->encoded_size);
}

/** What @e adds to the digest of its home. */
static inline uint64_t
rsp_element_digest(const struct rsp_element *e)
{
	return rsp_digest_element(e->pool->handle_digest, e->pe_id,
				  e->versioned ? rsp_encoded_version(rsp_element_encoded(e)) : 0);
}

/* element.c */

enum rsp_err rsp_elements_init(struct rsp_handlespace *hs) RSP_NODISCARD;

/**
 * Add an element to @pool, with room for @room octets of its parameter. The caller stores the parameter, and sets home
 * and owner. RSP_ENOMEM: nothing has changed.
 */
enum rsp_err rsp_element_new(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_pool_element *pe,
			     size_t room, struct rsp_element **ret) RSP_NODISCARD;

/** Replace the parameter of @e. The caller has made room, and keeps the digest. */
void rsp_element_store(struct rsp_element *e, struct rsp_bytes encoded, bool versioned);

/** Move @e to @home, which is not its home yet; the caller's reference to @home becomes that of @e. */
void rsp_element_move(struct rsp_handlespace *hs, struct rsp_element *e, struct rsp_home *home);

/* pool.c */

enum rsp_err rsp_pools_init(struct rsp_handlespace *hs) RSP_NODISCARD;

/** An empty pool whose policy and transport are those of @pe. NULL if out of memory. */
struct rsp_pool *rsp_pool_new(struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash,
			      const struct rsp_pool_element *pe, const char *owner, struct rsp_home *home);

/** Put @e at the last place of @pool. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_pool_join(struct rsp_pool *pool, struct rsp_element *e, const struct rsp_policy *policy) RSP_NODISCARD;

/** Take @e out of its pool, and the pool out of the handlespace if @e was its last element. */
void rsp_pool_leave(struct rsp_handlespace *hs, struct rsp_element *e);

/** Take the pool, which has no linked element, out of the handlespace. */
void rsp_pool_unlink(struct rsp_handlespace *hs, struct rsp_pool *pool);

/** Free the pool if it is empty and no unlinked element refers to it. */
static inline void
rsp_pool_drop(struct rsp_pool *pool)
{
	if (pool->n_elements == 0 && pool->n_unlinked == 0)
		free(pool);
}

/* walk.c */

/** Let no walk return @e next: it leaves its home. */
static inline void
rsp_walk_skip(struct rsp_handlespace *hs, const struct rsp_element *e)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (walk->at == e)
			walk->at = rsp_home_next(e);
}

/** The pool has one element less. */
static inline void
rsp_walk_pool_shrunk(struct rsp_handlespace *hs, const struct rsp_pool *pool)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (walk->pool == pool && walk->left > pool->n_elements)
			walk->left = pool->n_elements;
}

/** The pool is about to be taken out of the handlespace. */
void rsp_walk_pool_gone(struct rsp_handlespace *hs, const struct rsp_pool *pool);

/* home.c */

enum rsp_err rsp_homes_init(struct rsp_handlespace *hs) RSP_NODISCARD;

/** The home @id, made if need be, with one more reference. NULL if out of memory. */
struct rsp_home *rsp_home_hold(struct rsp_handlespace *hs, uint32_t id);

/** Free the home, to which nothing refers any more. */
void rsp_home_free(struct rsp_handlespace *hs, struct rsp_home *home);

/** Drop one reference, and with the last one the home. NULL is allowed. */
static inline void
rsp_home_drop(struct rsp_handlespace *hs, struct rsp_home *home)
{
	if (home && --home->references == 0)
		rsp_home_free(hs, home);
}

/** Count @e as an element of @home (its parameter must be stored). */
void rsp_home_join(struct rsp_home *home, struct rsp_element *e);

/** No longer count @e as an element of its home. */
static inline void
rsp_home_leave(struct rsp_element *e)
{
	struct rsp_home *home = e->home;

	LIST_REMOVE(e, home_entry);
	home->count--;
	home->sum -= rsp_checksum_element(e->pool->handle_sum, e->pe_id);
	home->digest -= rsp_element_digest(e);
}

#endif
