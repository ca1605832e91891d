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
#include "model/record.h"
#include "model/walk.h"

/*
 * The handlespace: pools, their elements, and for each home registrar the list and the checksum of its elements. It copies
 * what it stores, does no I/O and reads no clock, and has limits for all numbers. This header includes all its headers.
 */

struct rsp_handlespace_limits {
	uint32_t pools, elements; /* in the whole handlespace; hidden records are elements, too */
	uint32_t pool_elements;	  /* shown elements in one pool */
};

/**
 * Make an empty handlespace. Each element has @engine_size octets for data of the engine. @key is the key of the hash
 * tables, and must be random. NULL: out of memory. The caller frees with rsp_handlespace_free().
 */
struct rsp_handlespace *rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key,
					    size_t engine_size) RSP_NODISCARD;

/** Free @hs and all its elements. The caller must have freed all unlinked elements before. */
void rsp_handlespace_free(struct rsp_handlespace *hs);

/**
 * From now on, rsp_owner_pools() counts a pool for its owner only if the home of its element is the registrar
 * @home_id; by default it counts all pools. So statements of other registrars cannot use up the pool quota of an identity.
 */
void rsp_handlespace_count_pools_of(struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_handlespace_pools(const struct rsp_handlespace *hs);
uint32_t rsp_handlespace_elements(const struct rsp_handlespace *hs);

/**
 * Store the record @pe of an element (model/record.h) in the pool @handle, which is made if it does not exist. It replaces
 * the record with a statement of the same owner, if @pe has a statement; else the word of the same home. The home becomes
 * pe->home_id, the owner pe->owner. Copies @pe as rsp_contents_encode() does;
 * @pe may have views into the record that it replaces. @ret may be hidden. RSP_ELIMIT: a limit is reached. RSP_EVALUE:
 * handle or owner have an invalid length, the owner has a NUL octet, or the statement is of rank "removed". RSP_ENOMEM. On
 * error nothing has changed.
 */
enum rsp_err rsp_handlespace_put(struct rsp_handlespace *hs, struct rsp_bytes handle, const struct rsp_pool_element *pe,
				 struct rsp_element **ret) RSP_NODISCARD;

#endif
