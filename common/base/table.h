#ifndef RSP_BASE_TABLE_H
#define RSP_BASE_TABLE_H

#include <stdint.h>

#include "base/err.h"

/** Embedded in each object that is in a table. */
struct rsp_table_node {
	struct rsp_table_node *next;
	uint64_t hash; /* with which it was added */
};

/**
 * A hash table with chains. When the table grows, each addition moves only a few buckets to the larger array, so that no
 * single addition takes long. If there is no memory for a larger array, the chains get longer, and no addition fails.
 */
struct rsp_table {
	struct rsp_table_node **bucket;
	struct rsp_table_node **old; /* while the table grows, the smaller array; NULL: all buckets are moved */
	uint32_t count;		     /* number of nodes */
	uint32_t buckets, old_buckets, moved; /* the first @moved buckets of @old have been moved to @bucket */
};

/** Initialise an empty table with @buckets buckets (a power of 2). RSP_ENOMEM. */
enum rsp_err rsp_table_init(struct rsp_table *table, uint32_t buckets) RSP_NODISCARD;

/** Free the arrays of the table. The nodes still belong to the caller. */
void rsp_table_done(struct rsp_table *table);

/** The head of the chain with all nodes of @hash, and perhaps other nodes. The next node of the chain is node->next. */
static inline struct rsp_table_node **
rsp_table_chain(const struct rsp_table *table, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (table->old_buckets - 1);

	if (table->old && at >= table->moved)
		return &table->old[at];
	return &table->bucket[(uint32_t)hash & (table->buckets - 1)];
}

/** Add @node with the hash @hash. */
void rsp_table_add(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash);

/** Remove @node, which must be in the table. */
void rsp_table_remove(struct rsp_table *table, struct rsp_table_node *node);

#endif
