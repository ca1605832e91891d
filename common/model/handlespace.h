#ifndef RSP_MODEL_HANDLESPACE_H
#define RSP_MODEL_HANDLESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/element.h"
#include "model/home.h"
#include "model/owner.h"
#include "model/pool.h"
#include "model/walk.h"

/*
 * The handlespace: pools, their elements, and for each home registrar its elements with their checksum. It owns all
 * that it stores, does no I/O and reads no clock, and everything in it is capped. This header includes all of it.
 */

struct rsp_handlespace_limits {
	uint32_t pools, elements; /* in all */
	uint32_t pool_elements;	  /* in one pool */
};

/**
 * An empty handlespace. Each element in it carries @engine_size octets for the engine. @key seeds the hashing: it
 * must be random. NULL if out of memory. The caller frees with rsp_handlespace_free().
 */
struct rsp_handlespace *rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key,
					    size_t engine_size) RSP_NODISCARD;

/** Free @hs and all its elements; elements that are unlinked must have been freed before. */
void rsp_handlespace_free(struct rsp_handlespace *hs);

/**
 * Let only pools that are made at the registrar @home_id count for the identities that made them (rsp_owner_pools());
 * by default all pools do. Then no other registrar can use up the quota of an identity by what it says of it.
 */
void rsp_handlespace_count_pools_of(struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_handlespace_pools(const struct rsp_handlespace *hs);
uint32_t rsp_handlespace_elements(const struct rsp_handlespace *hs);

/**
 * Add the element @pe to the pool @handle, which is made if need be, or replace what is stored of the element. Its home
 * becomes pe->home_id, its owner pe->owner. Copies all, but not unknown parameters; @pe may hold views into the element
 * that it replaces. RSP_ELIMIT if a cap is reached, RSP_EVALUE for a handle or owner of impossible length, RSP_ENOMEM;
 * nothing has changed then.
 */
enum rsp_err rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
				 struct rsp_element **ret, bool *ret_new) RSP_NODISCARD;

#endif
