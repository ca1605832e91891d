#ifndef RSP_MODEL_HANDLESPACE_H
#define RSP_MODEL_HANDLESPACE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"
#include "model/order.h"
#include "model/wheel.h"
#include "proto/param.h"

/*
 * The handlespace: pools, their elements, and for each home registrar the elements it owns with their checksum. It owns
 * all it stores, does no I/O and reads no clock, and everything in it is capped.
 */

struct rsp_handlespace;
struct rsp_home;

struct rsp_handlespace_limits {
	uint32_t pools, elements; /* in all */
	uint32_t pool_elements;	  /* in one pool */
};

/** A pool. Only @watchers is the engine's to change. */
struct rsp_pool {
	struct rsp_table_node node;
	struct rsp_pool *after, **before; /* among all pools, in the order they were made */
	struct rsp_element **element;	   /* n_elements of them, in no particular order */
	uint32_t n_elements, room;
	uint32_t n_unlinked;		   /* elements that are unlinked and not freed yet: they still refer to the pool */
	uint32_t head;			   /* where the next round robin begins */
	uint32_t policy;		   /* the overall policy type, RFC 5352 s.3.1 rule 1 */
	uint16_t transport, use;	   /* the overall transport type and use */
	uint16_t handle_size;
	void *watchers;
	const char *maker;           /* the owner for whom it counts: of its first element, interned; NULL: none */
	struct rsp_home *maker_home; /* and of that element's home */
	struct rsp_order order; /* what the policy keeps to choose quickly */
	uint32_t handle_sum; /* its part of each element's checksum */
	uint64_t hash;
	uint64_t handle_digest; /* and of its digest */
	uint8_t handle[];
};

/** An element. Engines read all fields and change those marked so; the rest changes by the functions below. */
struct rsp_element {
	struct rsp_table_node node;
	struct rsp_pool *pool;
	struct rsp_home *home;
	struct rsp_element *home_next, **home_link; /* among the elements of its home */
	const char *owner;			    /* the identity that registered it, interned; NULL: none */
	uint8_t *encoded;			    /* its Pool Element parameter, in @tail while it fits */
	uint32_t pe_id;
	uint32_t place;			    /* in pool->element */
	uint16_t encoded_size, answer_size; /* whole; up to and with the policy, as users see it */
	uint16_t encoded_room;
	bool chosen : 1; /* while an answer is put together */
	bool versioned : 1; /* @encoded ends with its version */
	bool unlinked : 1;  /* by rsp_element_unlink(): no longer part of the handlespace */
	bool outgrown : 1;  /* @encoded is allocated separately */

	/* the engine's */
	bool waiting : 1; /* for the answer to a keep-alive */
	bool marked : 1;  /* RFC 5353 s.3.6.3 */
	uint8_t spared : 4; /* so often it was to be swept, and was not */
	bool adopting : 1; /* taken over, and has not acknowledged us yet: RFC 5353 s.3.5.2 */
	uint8_t bad_reports;
	uint32_t link;				       /* registered over, 0: none */
	uint32_t link_before;			       /* the one before that, which may be gone */
	struct rsp_element *link_next, **link_link; /* among the elements registered over the same link */
	struct rsp_timer expiry;
	/* of ours: the next keep-alive or, @waiting, until when it must be answered; without a link, the end of the grace
	 * time; @adopting, the next attempt to tell it. Of another's: when it is swept, RFC 5353 s.3.6.3; with a @rival,
	 * until when its home must have answered to that */
	struct rsp_timer keepalive;
	uint64_t keepalive_sent_ms;
	uint32_t claimed_by; /* who has said that it took it over from its home, and was not believed; 0: nobody */
	void *reporters;     /* @bad_reports of them, since it answered last; NULL: none. Freed with the element */
	void *rival;	     /* what another registrar says of it; NULL: nothing. Freed with the element */

	/* what the engine keeps (rsp_element_engine()), and behind that room for @encoded */
	alignas(uint64_t) uint8_t tail[];
};

/**
 * The engine's part of @e: as many octets as rsp_handlespace_new() was told, aligned for pointers and 64-bit integers, all
 * zero when the element is made. It stays where and as it is when rsp_handlespace_put() replaces the element.
 */
static inline void *
rsp_element_engine(const struct rsp_element *e)
{
	return (void *)((uintptr_t)e + offsetof(struct rsp_element, tail));
}

/**
 * An empty handlespace, each of whose elements carries @engine_size octets for the engine. @key seeds the hashing: it
 * must be random. NULL if out of memory. The caller frees with rsp_handlespace_free().
 */
struct rsp_handlespace *rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key,
					    size_t engine_size) RSP_NODISCARD;

/** Free @hs and all its elements; elements that are unlinked must have been freed before. */
void rsp_handlespace_free(struct rsp_handlespace *hs);

/**
 * Let pools count for the owner who made them (rsp_owner_pools()) if they were made at the registrar @home_id; by default
 * all do. What other registrars say of an owner then takes nothing from it.
 */
void rsp_handlespace_count_pools_of(struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_handlespace_pools(const struct rsp_handlespace *hs);
uint32_t rsp_handlespace_elements(const struct rsp_handlespace *hs);

/** The pool of that handle, or NULL. */
struct rsp_pool *rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle);

/** The same in two steps, for a pool that is looked for again and again: @hash is what rsp_handle_hash() says. */
uint64_t rsp_handle_hash(const struct rsp_handlespace *hs, struct rsp_bytes handle);
struct rsp_pool *rsp_pool_find_hashed(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash);

/** How many pools were ever made: as long as that stays, no pool is new. */
uint64_t rsp_pools_made(const struct rsp_handlespace *hs);

static inline struct rsp_bytes
rsp_pool_handle(const struct rsp_pool *pool)
{
	return rsp_bytes_of(pool->handle, pool->handle_size);
}

/** Whether @pe may be in @pool (RFC 5352 s.3.1 rule 2): RSP_CAUSE_NONE, or the cause of the rejection. */
uint16_t rsp_pool_consistent(const struct rsp_pool *pool, const struct rsp_pool_element *pe);

/** Step through all pools: begin with NULL. */
struct rsp_pool *rsp_pool_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool);

/** The element with that id in @pool, or NULL. @pool may be NULL. */
struct rsp_element *rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id);

/**
 * Add the element @pe to the pool @handle, made if need be, or replace what is stored of it (its timers, link and other
 * engine's fields stay). Its home becomes pe->home_id, its owner pe->owner. Copies all. RSP_ELIMIT if a cap is reached,
 * RSP_EVALUE for a handle or owner of impossible length, RSP_ENOMEM; nothing has changed then.
 */
enum rsp_err rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
				 struct rsp_element **ret, bool *ret_new) RSP_NODISCARD;

/**
 * Take @e out of the handlespace: no search, walk, selection, count, checksum or digest includes it any more. If it was
 * the last element of its pool, the pool is taken out likewise, and rsp_handlespace_put() makes another under the same
 * handle. @e itself can still be read, written to a message, and reached through the caller's own pointers, with its
 * owner, home id, engine's part and e->pool (watchers included), until rsp_element_free().
 */
void rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e);

/** Free @e, which is unlinked and whose timers the engine has cancelled, and its pool if that was kept for @e only. */
void rsp_element_free(struct rsp_handlespace *hs, struct rsp_element *e);

/** Unlink and free @e, whose timers the engine has cancelled. */
void rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e);

/**
 * Let @new_home_id own @e, in @version (if it was put with one; 0: the one it has). RSP_ENOMEM: nothing has changed.
 */
enum rsp_err rsp_element_rehome(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t new_home_id,
				uint64_t version) RSP_NODISCARD;

/** Let @e, which was put with one, have another version. */
void rsp_element_set_version(struct rsp_element *e, uint64_t version);

uint32_t rsp_element_home_id(const struct rsp_element *e);

/** The version that @e was put with, 0: none. */
uint64_t rsp_element_version(const struct rsp_element *e);

/** Append the Pool Element parameter of @e: whole (for ENRP), or for users, without ASAP transport and owner. */
void rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole);

/** The part of its encoding that pool users see (proto/encoded.h). The view lives until @e changes. */
struct rsp_bytes rsp_element_public(const struct rsp_element *e);

/** Append the policy parameter of @e. */
void rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e);

/** What is stored of @e; views live until @e changes. */
void rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret);

/** The PE checksum over the elements that @home_id owns, kept up with every change. RFC 5353 s.3.6.2. */
uint16_t rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id);

/** The same, computed from nothing: for tests. */
uint16_t rsp_home_checksum_full(const struct rsp_handlespace *hs, uint32_t home_id);

/** The digest over them (model/checksum.h), kept up likewise, and computed from nothing. */
uint64_t rsp_home_digest(const struct rsp_handlespace *hs, uint32_t home_id);
uint64_t rsp_home_digest_full(const struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id);

/** How many pools there are that the home's, or the owner's, elements were the first in. */
uint32_t rsp_home_pools(const struct rsp_handlespace *hs, uint32_t home_id);
uint32_t rsp_owner_pools(const struct rsp_handlespace *hs, struct rsp_bytes owner);

/** Step through the elements of a home. The next may be asked for before the current one is removed. */
struct rsp_element *rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id);
static inline struct rsp_element *
rsp_home_next(const struct rsp_element *e)
{
	return e->home_next;
}

/**
 * A walk over all elements, pool by pool, or over those of one home, that goes on while the handlespace changes: an
 * element that is there throughout is seen at least once, unless its home changes. Between begin and end the
 * handlespace holds a pointer to it.
 */
struct rsp_walk {
	struct rsp_walk *next, **link;
	struct rsp_pool *pool;
	uint32_t left; /* elements of the pool not yet seen: the ones at places below this */
	struct rsp_element *at; /* of one home: the next */
	uint32_t only_home_id;	/* 0: all */
};

void rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id);

/** The element that comes next, again and again; NULL at the end. */
struct rsp_element *rsp_walk_peek(struct rsp_walk *walk);
/** That element, and step past it. */
struct rsp_element *rsp_walk_next(struct rsp_walk *walk);
void rsp_walk_end(struct rsp_walk *walk);

#endif
