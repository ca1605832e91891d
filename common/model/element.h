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

/** A stored element. An engine only reads these fields, and has its own data in
 * @tail. The functions below change an element. */
struct rsp_element {
	struct rsp_table_node node;
	struct rsp_pool *pool;
	struct rsp_home *home;
	LIST_ENTRY(rsp_element) home_entry; /* in the list of elements of its home */
	const char *owner;		    /* the identity that registered it, one shared copy; NULL: none */
	uint8_t *encoded;		    /* its Pool Element parameter (proto/encoded.h), inside @tail if it fits */
	uint32_t pe_id;
	uint32_t place;			    /* index in pool->element, if it is shown */
	uint16_t encoded_size;		    /* octets of the whole parameter */
	uint16_t answer_size;		    /* octets of its public part, which users get */
	uint16_t encoded_room;		    /* octets allocated for @encoded */
	bool chosen : 1;		    /* rsp_select() has chosen it for the current answer */
	bool stated : 1;		    /* @encoded ends with a statement */
	bool hidden : 1;		    /* another record of the element is shown: model/record.h */
	bool unlinked : 1;		    /* rsp_element_unlink() has removed it from the handlespace */
	bool outgrown : 1;		    /* @encoded is allocated separately */

	/* the data of the engine (rsp_element_engine()), then room for @encoded */
	alignas(uint64_t) uint8_t tail[];
};

/**
 * The engine's data in @e: @engine_size octets (rsp_handlespace_new()), aligned for pointers and 64-bit integers, all zero
 * in a new element. When rsp_handlespace_put() replaces the element, address and contents of this data stay the same.
 */
static inline void *
rsp_element_engine(const struct rsp_element *e)
{
	return (void *)((uintptr_t)e + offsetof(struct rsp_element, tail));
}

/** The element to which the engine's data @engine belongs. */
static inline struct rsp_element *
rsp_element_of_engine(const void *engine)
{
	return (void *)((uintptr_t)engine - offsetof(struct rsp_element, tail));
}

/** Find the shown record (model/record.h) of the element @pe_id in @pool. NULL: there is none, or @pool is NULL. */
struct rsp_element *rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id);

/**
 * Remove @e from the handlespace, but do not free it: no search, walk, selection, count, checksum or digest includes @e
 * any more. If @e was shown and has other records (model/record.h), the first of these is shown now. If @e was the last
 * element of its pool, the pool is also removed; rsp_handlespace_put() then makes a new pool for the same handle. Until
 * rsp_element_free(), the caller's pointers to @e, its engine's data and e->pool stay valid, and the contents of @e (owner
 * and home id included) can be read and written to a message.
 */
void rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e);

/** Free @e, which is unlinked, and its pool if only @e still referred to it. The
 * engine must have cancelled the timers of @e. */
void rsp_element_free(struct rsp_handlespace *hs, struct rsp_element *e);

/** Unlink and free @e. The engine must have cancelled the timers of @e. */
void rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e);

/** The statement of @e; rank 0: it has none. */
struct rsp_statement rsp_element_statement(const struct rsp_element *e);

/**
 * Change home and statement of @e in place, which must have a statement; @statement is not of rank "removed". The contents
 * stay. RSP_ENOMEM: nothing has changed.
 */
enum rsp_err rsp_element_restate(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t home_id,
				 const struct rsp_statement *statement) RSP_NODISCARD;

uint32_t rsp_element_home_id(const struct rsp_element *e);

/** Append the Pool Element parameter of @e to a message: @whole, for registrars; else its public part, for users. */
void rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole);

/** The public part of the Pool Element parameter of @e, which users get
 * (proto/encoded.h). The view is valid until @e changes. */
struct rsp_bytes rsp_element_public(const struct rsp_element *e);

/** The whole Pool Element parameter of @e, without padding. The view is valid until @e changes. */
static inline struct rsp_bytes
rsp_element_octets(const struct rsp_element *e)
{
	return rsp_bytes_of(e->encoded, e->encoded_size);
}

/** Append the policy parameter of @e to a message. */
void rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e);

/** Decode the stored parameter of @e. Views in @ret are valid until @e changes. */
void rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret);

#endif
