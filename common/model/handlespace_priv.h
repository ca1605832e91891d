#ifndef RSP_MODEL_HANDLESPACE_PRIV_H
#define RSP_MODEL_HANDLESPACE_PRIV_H

#include <stdlib.h>

#include "model/checksum.h"
#include "model/contents.h"
#include "model/handlespace.h"
#include "model/owner_priv.h"
#include "proto/encoded.h"

/*
 * The internal parts of the handlespace, for its own files. A file calls only files that are below it in this list:
 *
 *   handlespace.c   put, free            element.c   one element
 *   pool.c          pools                walk.c      walks that go on while elements come and go
 *   home.c          registrars           record.c    the records of one element
 *   owner.c         names of identities: owner_priv.h
 */

LIST_HEAD(rsp_element_list, rsp_element);
LIST_HEAD(rsp_walk_list, rsp_walk);
TAILQ_HEAD(rsp_pool_list, rsp_pool);

/** A registrar, and the elements whose home it is. It exists while @references is above 0. */
struct rsp_home {
	struct rsp_table_node node;
	struct rsp_element_list elements;
	uint64_t digest;	 /* model/checksum.h */
	/* sum of the 16-bit words of the checksum, not folded, so that elements can be subtracted exactly */
	uint64_t sum;
	uint32_t id, count;	 /* server id; number of linked elements */
	uint32_t pools;		 /* pools that count for this home: rsp_pool.maker_home */
	uint32_t references;	 /* number of pools and of elements (linked or unlinked) that refer to this home */
};

struct rsp_handlespace {
	struct rsp_handlespace_limits limits;
	struct rsp_hash_key key;
	uint64_t multiplier; /* secret and odd: see rsp_handlespace_mix() */
	size_t engine_size;  /* octets of the engine's data in each element */
	uint32_t n_unlinked; /* elements that are unlinked and not freed yet */
	struct rsp_pool_list in_order;	     /* all pools, in the order in which they were made */
	struct rsp_table pools, elements, homes, owners;
	struct rsp_walk_list walks;		     /* walks that have begun and have not ended */
	uint64_t made;				     /* pools ever made */
	/* owners are charged only for pools with this home; 0: for all pools */
	uint32_t counted_home;
	uint8_t room[RSP_CONTENTS_MAX];		     /* buffer for the parameter of an element */
};

/** Hash @value. The multiplier is secret, so other hosts cannot choose ids that fall into one bucket. */
static inline uint64_t
rsp_handlespace_mix(const struct rsp_handlespace *hs, uint64_t value)
{
	uint64_t mixed = value * hs->multiplier;

	return mixed ^ (mixed >> 32);
}

static inline uint64_t
rsp_element_hash(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	return rsp_handlespace_mix(hs, pool->node.hash ^ pe_id);
}

/** The number that @e adds to the digest of its home; 0 for the word of a registrar that sends no statements. */
static inline uint64_t
rsp_element_digest(const struct rsp_element *e)
{
	return e->stated ? rsp_digest_statement(e->pool->handle_digest, e->pe_id, rsp_element_octets(e)) : 0;
}

/* element.c */

/** Make a record in @pool, with room for @room octets of its parameter; @hidden: the element has a record already. The
 * caller then stores the parameter, sets home and owner, and calls rsp_records_settle(). RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_element_new(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_pool_element *pe,
			     size_t room, bool hidden, struct rsp_element **ret) RSP_NODISCARD;

/** Replace the parameter of @e by @encoded, which is @pe. The caller has made room, and updates the digest of the home. */
void rsp_element_store(struct rsp_element *e, struct rsp_bytes encoded, const struct rsp_pool_element *pe);

/** Change the home of @e to @home, which must be another home. The reference to
 * @home that the caller has now belongs to @e. */
void rsp_element_move(struct rsp_handlespace *hs, struct rsp_element *e, struct rsp_home *home);

/* pool.c */

/** Make an empty pool with the policy and the transport type of @pe. NULL: out of memory. */
struct rsp_pool *rsp_pool_new(struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash,
			      const struct rsp_pool_element *pe, const char *owner, struct rsp_home *home);

/** Append @e to @pool. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_pool_join(struct rsp_pool *pool, struct rsp_element *e, const struct rsp_policy *policy) RSP_NODISCARD;

/** Remove @e from its pool. If @e was its last element, remove the pool from the handlespace. */
void rsp_pool_leave(struct rsp_handlespace *hs, struct rsp_element *e);

/** @gone has left @pool: if @pool counted for its owner and its home, and is not empty, it counts for those of another
 * element from now on. Else an identity that has left could not make a pool elsewhere, for as long as others stay. */
void rsp_pool_pass_on(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_element *gone);

/** Remove @pool, which has no linked element, from the handlespace. */
void rsp_pool_unlink(struct rsp_handlespace *hs, struct rsp_pool *pool);

/** Free @pool if it is empty and no unlinked element refers to it. */
static inline void
rsp_pool_drop(struct rsp_pool *pool)
{
	if (pool->n_elements == 0 && pool->n_unlinked == 0)
		free(pool);
}

/* walk.c */

/** Move all walks whose next element is @e to the element after it, because @e leaves its home. */
static inline void
rsp_walk_skip(struct rsp_handlespace *hs, const struct rsp_element *e)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (walk->only_home_id && walk->at == e)
			walk->at = rsp_home_next(e);
}

/** @e will be removed: move all walks that would return it next to the next record of the element. */
void rsp_walk_record_gone(struct rsp_handlespace *hs, const struct rsp_element *e);

/** @pool has lost an element: correct the walks that are in @pool. */
static inline void
rsp_walk_pool_shrunk(struct rsp_handlespace *hs, const struct rsp_pool *pool)
{
	struct rsp_walk *walk;

	LIST_FOREACH(walk, &hs->walks, entry)
		if (walk->pool == pool && walk->left > pool->n_elements)
			walk->left = pool->n_elements;
}

/** @pool will be removed from the handlespace: move the walks that are in @pool to the next pool. */
void rsp_walk_pool_gone(struct rsp_handlespace *hs, const struct rsp_pool *pool);

/* home.c */

/** Find the home @id, or make it, and add one reference. NULL: out of memory. */
struct rsp_home *rsp_home_hold(struct rsp_handlespace *hs, uint32_t id);

/** Free @home, which has no references. */
void rsp_home_free(struct rsp_handlespace *hs, struct rsp_home *home);

/** Remove one reference, and free @home with its last reference. @home may be NULL. */
static inline void
rsp_home_drop(struct rsp_handlespace *hs, struct rsp_home *home)
{
	if (home && --home->references == 0)
		rsp_home_free(hs, home);
}

/** Add @e, whose parameter must be stored, to the elements of @home. */
void rsp_home_join(struct rsp_home *home, struct rsp_element *e);

/** Remove @e from the elements of its home. */
static inline void
rsp_home_leave(struct rsp_element *e)
{
	struct rsp_home *home = e->home;

	LIST_REMOVE(e, home_entry);
	home->count--;
	home->sum -= rsp_checksum_element(e->pool->handle_sum, e->pe_id);
	home->digest -= rsp_element_digest(e);
}

/* record.c */

/** The number of records of the element @pe_id in @pool, which may be NULL. */
uint32_t rsp_records_count(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id);

/** Show the first record of the element @pe_id in @pool, in the place of the one that was shown. @leaving is a record that
 * will be removed, and is not shown unless it is the only one; NULL: none. */
void rsp_records_settle(struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id,
			const struct rsp_element *leaving);

#endif
