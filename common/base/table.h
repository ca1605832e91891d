#ifndef RSP_BASE_TABLE_H
#define RSP_BASE_TABLE_H

#include <stdint.h>

#include "base/err.h"

/** What makes a record a member of a table: embed it. */
struct rsp_table_node {
	struct rsp_table_node *next;
};

/**
 * A chained hash table. It grows by a few buckets at each addition, so that no addition takes long however many there
 * are; without memory to grow the chains get longer, and nothing fails.
 */
struct rsp_table {
	struct rsp_table_node **bucket, **old; /* @old: what is not moved yet to the larger one, or NULL */
	uint32_t count, buckets, old_buckets, moved;
	uint64_t (*hash_of)(const void *ctx, const struct rsp_table_node *node);
	const void *ctx;
};

/** An empty table of @buckets (a power of 2) to begin with. @hash_of gives the hash that a node was added with. */
enum rsp_err rsp_table_init(struct rsp_table *table, uint32_t buckets,
			    uint64_t (*hash_of)(const void *ctx, const struct rsp_table_node *node), const void *ctx)
	RSP_NODISCARD;

/** Give back the table's memory; its nodes are the caller's. */
void rsp_table_done(struct rsp_table *table);

/** Where the chain of @hash begins: walk it by node->next. */
static inline struct rsp_table_node **
rsp_table_chain(const struct rsp_table *table, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (table->old_buckets - 1);

	if (table->old && at >= table->moved)
		return &table->old[at];
	return &table->bucket[(uint32_t)hash & (table->buckets - 1)];
}

void rsp_table_add(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash);

/** @node must be in the table. */
void rsp_table_remove(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash);

#endif
