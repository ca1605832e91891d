#include "model/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/checksum.h"
#include "model/contents.h"
#include "model/statement.h"

enum rsp_err
tally_init(struct tally *t)
{
	struct rsp_rng rng;
	enum rsp_err err = rsp_rng_os(&rng);

	memset(t, 0, sizeof(*t));
	STAILQ_INIT(&t->in_order);
	if (err)
		return err;
	t->key = (struct rsp_hash_key){ rsp_rng_u64(&rng), rsp_rng_u64(&rng) };
	return rsp_table_init(&t->table, 64);
}

void
tally_done(struct tally *t)
{
	for (struct tally_pool *pool; (pool = STAILQ_FIRST(&t->in_order));) {
		STAILQ_REMOVE_HEAD(&t->in_order, entry);
		free(pool);
	}
	rsp_table_done(&t->table);
	memset(t, 0, sizeof(*t));
}

static struct tally_pool *
find(const struct tally *t, struct rsp_bytes handle, uint64_t hash)
{
	for (struct rsp_table_node *node = *rsp_table_chain(&t->table, hash); node; node = node->next) {
		struct tally_pool *pool = RSP_CONTAINER(node, struct tally_pool, node);
		if (node->hash == hash && rsp_bytes_equal(handle, rsp_bytes_of(pool->handle, pool->handle_size)))
			return pool;
	}
	return NULL;
}

enum rsp_err
tally_pool(struct tally *t, struct rsp_bytes handle, struct tally_pool **ret)
{
	uint64_t hash = rsp_hash(&t->key, handle);
	struct tally_pool *pool = find(t, handle, hash);
	size_t size = sizeof(*pool) + handle.n;

	if (!pool) {
		if (size > TALLY_OCTETS_MAX - t->octets)
			return RSP_ELIMIT;
		pool = calloc(1, size);
		if (!pool)
			return RSP_ENOMEM;
		t->octets += size;
		pool->sum = rsp_checksum_handle(handle);
		pool->digest = rsp_digest_handle(handle);
		pool->handle_size = handle.n;
		memcpy(pool->handle, handle.p, handle.n);
		rsp_table_add(&t->table, &pool->node, hash);
		STAILQ_INSERT_TAIL(&t->in_order, pool, entry);
	}
	*ret = pool;
	return RSP_OK;
}

/* The index of the home @id, or the index at which to insert it. */
static unsigned
home_place(const struct tally *t, uint32_t id)
{
	unsigned low = 0, high = t->n_homes;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (t->home[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Find the home @id, or add it. NULL: there is no room for one more home. */
static struct tally_home *
home_of(struct tally *t, uint32_t id)
{
	unsigned i = home_place(t, id);

	if (i < t->n_homes && t->home[i].id == id)
		return &t->home[i];
	if (t->n_homes == TALLY_HOMES_MAX)
		return NULL;
	memmove(&t->home[i + 1], &t->home[i], (t->n_homes - i) * sizeof(t->home[0]));
	t->home[i] = (struct tally_home){ .id = id, .numbered = true };
	t->n_homes++;
	return &t->home[i];
}

/* What @pe adds to the digest of its home. A registrar stores no element that is too long for this. */
static uint64_t
digest_of(const struct tally_pool *pool, const struct rsp_pool_element *pe)
{
	uint8_t room[RSP_CONTENTS_MAX];
	struct rsp_bytes encoded;

	if (!pe->statement.rank)
		return 0;
	return rsp_contents_encode(room, pe, &encoded) ? 0 : rsp_digest_statement(pool->digest, pe->pe_id, encoded);
}

void
tally_element(struct tally *t, struct tally_pool *pool, const struct rsp_pool_element *pe)
{
	if (rsp_statement_is_removed(&pe->statement)) {
		t->tombstones++;
		return;
	}
	struct tally_home *home = home_of(t, pe->home_id);

	if (pool->elements++ == 0) {
		t->pools++;
		pool->policy = pe->policy.type;
		pool->uniform = true;
	}
	pool->uniform &= pe->policy.type == pool->policy;
	t->elements++;
	if (!home) {
		t->homeless++;
		return;
	}
	home->elements++;
	home->sum += rsp_checksum_element(pool->sum, pe->pe_id);
	home->digest += digest_of(pool, pe);
	home->numbered &= pe->statement.rank != 0;
}
