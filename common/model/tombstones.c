#include "model/tombstones.h"

#include <stdlib.h>

struct rsp_tombstone {
	struct rsp_table_node node;
	struct rsp_tombstone *newer, **older; /* in the order of their ends */
	uint64_t hash;			      /* stands for handle and id: 64 bits under a secret key */
	uint64_t version, until_ms;
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

	while (node && ((struct rsp_tombstone *)(void *)node)->hash != hash)
		node = node->next;
	return (struct rsp_tombstone *)(void *)node;
}

enum rsp_err
rsp_tombstones_init(struct rsp_tombstones *t, uint32_t max, struct rsp_hash_key key)
{
	*t = (struct rsp_tombstones){ .max = max, .key = key };
	t->newest = &t->oldest;
	return rsp_table_init(&t->table, 64, hash_of, t);
}

static void
unlink_from_line(struct rsp_tombstones *t, struct rsp_tombstone *stone)
{
	*stone->older = stone->newer;
	if (stone->newer)
		stone->newer->older = stone->older;
	else
		t->newest = stone->older;
}

static void
forget(struct rsp_tombstones *t, struct rsp_tombstone *stone)
{
	unlink_from_line(t, stone);
	rsp_table_remove(&t->table, &stone->node, stone->hash);
	free(stone);
}

void
rsp_tombstones_done(struct rsp_tombstones *t)
{
	while (t->oldest)
		forget(t, t->oldest);
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
		unlink_from_line(t, stone);
	} else {
		if (t->max == 0)
			return;
		if (t->table.count >= t->max)
			forget(t, t->oldest);
		stone = calloc(1, sizeof(*stone));
		if (!stone)
			return;
		stone->hash = hash;
		rsp_table_add(&t->table, &stone->node, hash);
	}
	stone->version = version;
	stone->until_ms = until_ms;
	stone->newer = NULL;
	stone->older = t->newest;
	*t->newest = stone;
	t->newest = &stone->newer;
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
	while (t->oldest && t->oldest->until_ms <= now_ms)
		forget(t, t->oldest);
}
