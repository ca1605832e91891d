#ifndef RSP_MODEL_ELEMENT_H
#define RSP_MODEL_ELEMENT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/table.h"
#include "model/pool.h"
#include "model/wheel.h"
#include "proto/param.h"

/** An element. Engines read it, and keep their own part behind it; it changes by the functions below. */
struct rsp_element {
	struct rsp_table_node node;
	struct rsp_pool *pool;
	struct rsp_home *home;
	LIST_ENTRY(rsp_element) home_entry; /* the elements of its home */
	const char *owner;		    /* the identity that registered it, stored once; NULL: none */
	uint8_t *encoded;		    /* its Pool Element parameter (proto/encoded.h), in @tail while it fits */
	uint32_t pe_id;
	uint32_t place;			    /* in pool->element */
	uint16_t encoded_size;		    /* octets of the whole parameter */
	uint16_t answer_size;		    /* octets of its public part */
	uint16_t encoded_room;		    /* octets that @encoded has room for */
	bool chosen : 1;		    /* while rsp_select() puts an answer together */
	bool versioned : 1;		    /* @encoded ends with a version */
	bool unlinked : 1;		    /* by rsp_element_unlink(): no longer part of the handlespace */
	bool outgrown : 1;		    /* @encoded is allocated separately */

	/* what the engine keeps (rsp_element_engine()), and behind that room for @encoded */
	alignas(uint64_t) uint8_t tail[];
};

/**
 * The engine's part of @e: as many octets as rsp_handlespace_new() was told, aligned for pointers and 64-bit integers,
 * all zero when the element is made. It stays where and as it is when rsp_handlespace_put() replaces the element.
 */
static inline void *
rsp_element_engine(const struct rsp_element *e)
{
	return (void *)((uintptr_t)e + offsetof(struct rsp_element, tail));
}

/** The element whose engine's part @engine is. */
static inline struct rsp_element *
rsp_element_of_engine(const void *engine)
{
	return (void *)((uintptr_t)engine - offsetof(struct rsp_element, tail));
}

/** The element with that id in @pool, or NULL. @pool may be NULL. */
struct rsp_element *rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id);

/**
 * Take @e out of the handlespace: no search, walk, selection, count, checksum or digest includes it any more. If it was
 * the last element of its pool, the pool is taken out likewise, and rsp_handlespace_put() makes another under the same
 * handle. @e itself can still be read, written to a message, and reached through the caller's own pointers, with its
 * owner, home id, engine's part and e->pool (watchers included), until rsp_element_free().
 */
void rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e);

/** Free the unlinked @e, and its pool if that was kept for @e only. The engine has cancelled the timers of @e. */
void rsp_element_free(struct rsp_handlespace *hs, struct rsp_element *e);

/** Unlink and free @e. The engine has cancelled the timers of @e. */
void rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e);

/**
 * Let @new_home_id be the home of @e, in @version (if it was put with one; 0: the version that it has). RSP_ENOMEM:
 * nothing has changed.
 */
enum rsp_err rsp_element_rehome(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t new_home_id,
				uint64_t version) RSP_NODISCARD;

/** Replace the version of @e. Nothing happens if it was put without one. */
void rsp_element_set_version(struct rsp_element *e, uint64_t version);

uint32_t rsp_element_home_id(const struct rsp_element *e);

/** The version of @e; 0: it was put without one. */
uint64_t rsp_element_version(const struct rsp_element *e);

/** Append the Pool Element parameter of @e: whole, for registrars, or its public part, for users. */
void rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole);

/** The part of its encoding that pool users see (proto/encoded.h). The view lives until @e changes. */
struct rsp_bytes rsp_element_public(const struct rsp_element *e);

/** Append the policy parameter of @e. */
void rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e);

/** Decode what is stored of @e; the views in @ret live until @e changes. */
void rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret);

#endif
