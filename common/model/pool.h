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
	struct rsp_table_node node; /* node.hash: of the handle */
	TAILQ_ENTRY(rsp_pool) entry;	   /* in the list of all pools */
	struct rsp_element **element;	   /* @n_elements shown elements, in no particular order */
	uint32_t n_elements, room;
	uint32_t n_hidden;		   /* records that are not in @element: model/record.h */
	uint32_t n_unlinked;		   /* elements that refer to the pool, and are unlinked and not freed yet */
	uint32_t head;			   /* index in @element at which the next round robin selection begins */
	uint32_t policy;		   /* the overall policy type, RFC 5352 s.3.1 rule 1 */
	uint16_t transport, use;	   /* the overall transport type and use */
	uint16_t handle_size;
	void *watchers;			   /* data of the engine; NULL in a new pool */
	/* its first element, hidden or not; once that has left, another one: the pool counts for what this one was when the
	 * pool began to count for it */
	const struct rsp_element *first;
	/* the owner of @first: the pool counts for the quota of this identity. NULL: no owner, or a pool of
	 * another home that does not count (rsp_handlespace_count_pools_of()) */
	const char *maker;
	struct rsp_home *maker_home;	   /* the home of @first */
	struct rsp_order order;		   /* the index for the selection by the policy */
	uint32_t handle_sum;		   /* rsp_checksum_handle() of the handle */
	uint64_t handle_digest;		   /* rsp_digest_handle() of the handle */
	uint8_t handle[];
};

static inline struct rsp_bytes
rsp_pool_handle(const struct rsp_pool *pool)
{
	return rsp_bytes_of(pool->handle, pool->handle_size);
}

/** Find the pool @handle; NULL: there is none. */
struct rsp_pool *rsp_pool_find(const struct rsp_handlespace *hs, struct rsp_bytes handle);

/** The same search in two steps, for a handle that is searched repeatedly: compute the hash once, then find. */
uint64_t rsp_pool_hash(const struct rsp_handlespace *hs, struct rsp_bytes handle);
struct rsp_pool *rsp_pool_find_hashed(const struct rsp_handlespace *hs, struct rsp_bytes handle, uint64_t hash);

/** The number of pools made so far. As long as it does not change, there is no new pool. */
uint64_t rsp_pools_made(const struct rsp_handlespace *hs);

/** Whether @pe may be in @pool (RFC 5352 s.3.1 rule 2): RSP_CAUSE_NONE, or the cause of the rejection. */
uint16_t rsp_pool_consistent(const struct rsp_pool *pool, const struct rsp_pool_element *pe);

/** Iterate over all pools: @pool NULL gives the first pool; NULL is returned after the last. */
struct rsp_pool *rsp_pool_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool);

#endif
