#ifndef RSP_MODEL_POOL_H
#define RSP_MODEL_POOL_H

#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/table.h"
#include "model/order.h"
#include "proto/param.h"

struct rsp_element;
struct rsp_handlespace;
struct rsp_home;

/** A pool. The engine may change @watchers; rsp_select() changes @head and @order. */
struct rsp_pool {
	struct rsp_table_node node;
	TAILQ_ENTRY(rsp_pool) entry;	   /* all pools, in the order they were made */
	struct rsp_element **element;	   /* n_elements of them, in no particular order */
	uint32_t n_elements, room;
	uint32_t n_unlinked;		   /* elements that are unlinked and not freed yet, and refer to the pool */
	uint32_t head;			   /* the place where the next round robin begins */
	uint32_t policy;		   /* the overall policy type, RFC 5352 s.3.1 rule 1 */
	uint16_t transport, use;	   /* the overall transport type and use */
	uint16_t handle_size;
	void *watchers;			   /* the engine's; NULL in a new pool */
	/* the identity whose quota this pool counts against: the owner of its first element. NULL: none, or another
	 * registrar's pool that does not count (rsp_handlespace_count_pools_of()) */
	const char *maker;
	struct rsp_home *maker_home;	   /* the home of its first element */
	struct rsp_order order;		   /* what the policy keeps to choose quickly */
	uint32_t handle_sum;		   /* what the handle adds to the checksum of each element */
	uint64_t hash;			   /* of the handle */
	uint64_t handle_digest;		   /* of the handle, for the digest of each element */
	uint8_t handle[];
};

static inline struct rsp_bytes
rsp_pool_handle(const struct rsp_pool *pool)
{
	return rsp_bytes_of(pool->handle, pool->handle_size);
}

/** The pool of that handle, or NULL. */
struct rsp_pool *rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle);

/** The same in two steps, where one handle is looked for repeatedly: hash it once, then find. */
uint64_t rsp_pool_hash(const struct rsp_handlespace *hs, struct rsp_bytes handle);
struct rsp_pool *rsp_pool_find_hashed(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash);

/** How many pools were ever made. While this number stays the same, no pool is new. */
uint64_t rsp_pools_made(const struct rsp_handlespace *hs);

/** Whether @pe may be in @pool (RFC 5352 s.3.1 rule 2): RSP_CAUSE_NONE, or the cause of the rejection. */
uint16_t rsp_pool_consistent(const struct rsp_pool *pool, const struct rsp_pool_element *pe);

/** Step through all pools, from NULL to NULL. */
struct rsp_pool *rsp_pool_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool);

#endif
