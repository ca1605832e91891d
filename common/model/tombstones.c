#include "model/tombstones.h"

#include <stdlib.h>

struct rsp_tombstone {
	struct rsp_table_node node;
	TAILQ_ENTRY(rsp_tombstone) entry; /* in the order in which they expire */
	uint64_t hash;			  /* hash of handle and PE identifier with a secret key; it stands for both */
	uint64_t version;		  /* version of the removal */
	uint64_t until_ms;		  /* when the tombstone expires */
};

static uint64_t
hash_of(const void *ctx, const struct rsp_table_node *node)
{
	(void)ctx;
	return ((const struct rsp_tombstone *)(const void *)node)->hash;
}

static uint64_t
hash_for(const struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id)
{
	uint64_t parts[2] = { rsp_hash(&t->key, handle), pe_id };

	return rsp_hash(&t->key, rsp_bytes_of((const uint8_t *)parts, sizeof(parts)));
}

static struct rsp_tombstone *
find(const struct rsp_tombstones *t, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&t->table, hash);

	while (node && RSP_CONTAINER(node, struct rsp_tombstone, node)->hash != hash)
		node = node->next;
	return node ? RSP_CONTAINER(node, struct rsp_tombstone, node) : NULL;
}

enum rsp_err
rsp_tombstones_init(struct rsp_tombstones *t, uint32_t max, struct rsp_hash_key key)
{
	*t = (struct rsp_tombstones){ .max = max, .key = key };
	TAILQ_INIT(&t->by_age);
	return rsp_table_init(&t->table, 64, hash_of, t);
}

static void
forget(struct rsp_tombstones *t, struct rsp_tombstone *stone)
{
	TAILQ_REMOVE(&t->by_age, stone, entry);
	rsp_table_remove(&t->table, &stone->node, stone->hash);
	free(stone);
}

void
rsp_tombstones_done(struct rsp_tombstones *t)
{
	while (!TAILQ_EMPTY(&t->by_age))
		forget(t, TAILQ_FIRST(&t->by_age));
	rsp_table_done(&t->table);
}

void
rsp_tombstone_put(struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id, uint64_t version,
		  uint64_t until_ms)
{
	uint64_t hash = hash_for(t, handle, pe_id);
	struct rsp_tombstone *stone = find(t, hash);

	if (stone && stone->version > version)
		return;
	if (stone) {
		TAILQ_REMOVE(&t->by_age, stone, entry);
	} else {
		if (t->max == 0)
			return;
		if (t->table.count >= t->max)
			forget(t, TAILQ_FIRST(&t->by_age));
		stone = calloc(1, sizeof(*stone));
		if (!stone)
			return;
		stone->hash = hash;
		rsp_table_add(&t->table, &stone->node, hash);
	}
	stone->version = version;
	stone->until_ms = until_ms;
	TAILQ_INSERT_TAIL(&t->by_age, stone, entry);
}

uint64_t
rsp_tombstone_version(const struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id)
{
	const struct rsp_tombstone *stone = t->table.count ? find(t, hash_for(t, handle, pe_id)) : NULL;

	return stone ? stone->version : 0;
}

void
rsp_tombstones_expire(struct rsp_tombstones *t, uint64_t now_ms)
{
	const struct rsp_tombstone *oldest;

	while ((oldest = TAILQ_FIRST(&t->by_age)) && oldest->until_ms <= now_ms)
		forget(t, TAILQ_FIRST(&t->by_age));
}
