#include "base/table.h"

#include <stdlib.h>

#define MOVES 4 /* buckets that each addition moves: all are moved long before the table is full again */

enum rsp_err
rsp_table_init(struct rsp_table *table, uint32_t buckets)
{
	*table = (struct rsp_table){ .buckets = buckets };
	table->bucket = calloc(buckets, sizeof(struct rsp_table_node *));
	return table->bucket ? RSP_OK : RSP_ENOMEM;
}

void
rsp_table_done(struct rsp_table *table)
{
	free(table->bucket);
	free(table->old);
	*table = (struct rsp_table){ 0 };
}

static void
put_in(struct rsp_table_node **slot, struct rsp_table_node *node)
{
	node->next = *slot;
	*slot = node;
}

static void
move_some(struct rsp_table *table)
{
	for (unsigned i = 0; i < MOVES; i++) {
		struct rsp_table_node *node = table->old[table->moved++];

		while (node) {
			struct rsp_table_node *next = node->next;

			put_in(&table->bucket[(uint32_t)node->hash & (table->buckets - 1)], node);
			node = next;
		}
	}
	if (table->moved == table->old_buckets) { /* old_buckets is a power of 2, and a multiple of MOVES */
		free(table->old);
		table->old = NULL;
	}
}

static void
grow(struct rsp_table *table)
{
	struct rsp_table_node **grown =
		table->buckets > UINT32_MAX / 2 ? NULL : calloc((size_t)table->buckets * 2, sizeof(*grown));

	if (!grown)
		return;
	table->old = table->bucket;
	table->old_buckets = table->buckets;
	table->moved = 0;
	table->bucket = grown;
	table->buckets *= 2;
}

void
rsp_table_add(struct rsp_table *table, struct rsp_table_node *node, uint64_t hash)
{
	if (table->old)
		move_some(table);
	else if (table->count >= table->buckets)
		grow(table);
	node->hash = hash;
	put_in(rsp_table_chain(table, hash), node);
	table->count++;
}

void
rsp_table_remove(struct rsp_table *table, struct rsp_table_node *node)
{
	struct rsp_table_node **slot = rsp_table_chain(table, node->hash);

	while (*slot != node)
		slot = &(*slot)->next;
	*slot = node->next;
	table->count--;
}
