#ifndef RSP_BASE_TABLE_H
#define RSP_BASE_TABLE_H

#include <stdint.h>

#include "base/err.h"

/** Embed it in the records that a table holds. */
struct rsp_table_node {
	struct rsp_table_node *next;
};

/**
 * A hash table of chains. When it grows, each addition moves a few buckets, so that no single addition takes long,
 * however many records there are. If there is no memory to grow, the chains get longer and nothing fails.
 */
struct rsp_table {
	struct rsp_table_node **bucket;
	struct rsp_table_node **old; /* while it grows, the smaller array; NULL: all is moved */
	uint32_t count;		     /* records */
	uint32_t buckets, old_buckets, moved; /* of @old, the first @moved buckets have been moved to @bucket */
	uint64_t (*hash_of)(const void *ctx, const struct rsp_table_node *node);
	const void *ctx;
};

/** An empty table of @buckets (a power of 2) to begin with. @hash_of gives the hash that a node was added with. */
enum rsp_err rsp_table_init(struct rsp_table *table, uint32_t buckets,
			    uint64_t (*hash_of)(const void *ctx, const struct rsp_table_node *node), const void *ctx)
	RSP_NODISCARD;

/** Free the table's own memory. Its nodes stay the caller's. */
void rsp_table_done(struct rsp_table *table);

/** The head of the chain that holds the nodes of @hash, among others: walk it by node->next. */
static inline struct rsp_table_node **
rsp_table_chain(const struct rsp_table *table, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (table->old_buckets - 1);

	if (table->old && at >= table->moved)
		return &table->old[at];
	return &table->bucket[(uint32_t)hash & (table->buckets - 1)];
}

/** Add @node under @hash. */
void rsp_table_add(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash);

/** Remove @node, which must be in the table under @hash. */
void rsp_table_remove(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash);

#endif
