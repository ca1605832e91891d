#include "model/tombstone.h"

#include <stdlib.h>

/** An identity that has tombstones, or the unnamed one. It exists while @count is above 0. */
struct rsp_tomb_owner {
	struct rsp_table_node node;
	uint32_t count;
	uint64_t octets; /* of the handles */
	struct rsp_tomb_list stones; /* in the order of burial */
	size_t name_size;
	uint8_t name[];
};

enum rsp_err
rsp_tombs_init(struct rsp_tombs *t, uint32_t max, uint32_t max_of_owner, struct rsp_hash_key key)
{
	*t = (struct rsp_tombs){ .max = max, .max_of_owner = max_of_owner, .key = key };
	TAILQ_INIT(&t->in_order);
	if (rsp_table_init(&t->table, 64) == RSP_OK && rsp_table_init(&t->owners, 64) == RSP_OK)
		return RSP_OK;
	rsp_tombs_done(t);
	return RSP_ENOMEM;
}

static uint64_t
hash_of_key(const struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner)
{
	uint64_t parts[3] = { rsp_hash(&t->key, handle), pe_id, rsp_hash(&t->key, owner) };

	return rsp_hash(&t->key, rsp_bytes_of((const uint8_t *)parts, sizeof(parts)));
}

struct rsp_bytes
rsp_tomb_handle(const struct rsp_tomb *stone)
{
	return rsp_bytes_of(stone->handle, stone->handle_size);
}

struct rsp_bytes
rsp_tomb_owner(const struct rsp_tomb *stone)
{
	return rsp_bytes_of(stone->of->name, stone->of->name_size);
}

static struct rsp_tomb *
find(const struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&t->table, hash);

	for (; node; node = node->next) {
		struct rsp_tomb *stone = RSP_CONTAINER(node, struct rsp_tomb, node);

		if (node->hash == hash && stone->pe_id == pe_id && rsp_bytes_equal(rsp_tomb_handle(stone), handle) &&
		    rsp_bytes_equal(rsp_tomb_owner(stone), owner))
			return stone;
	}
	return NULL;
}

const struct rsp_tomb *
rsp_tomb_find(const struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner)
{
	return t->table.count ? find(t, handle, pe_id, owner, hash_of_key(t, handle, pe_id, owner)) : NULL;
}

/* Take @stone out of the order. Walks that are at it move to the tombstone after it. */
static void
take_out(struct rsp_tombs *t, struct rsp_tomb *stone)
{
	struct rsp_tomb_walk *walk;

	LIST_FOREACH(walk, &t->walks, entry)
		if (walk->at == stone)
			walk->at = TAILQ_NEXT(stone, entry);
	TAILQ_REMOVE(&t->in_order, stone, entry);
	TAILQ_REMOVE(&stone->of->stones, stone, owner_entry);
}

static void
put_last(struct rsp_tombs *t, struct rsp_tomb *stone)
{
	struct rsp_tomb_walk *walk;

	stone->number = ++t->buried;
	TAILQ_INSERT_TAIL(&t->in_order, stone, entry);
	LIST_FOREACH(walk, &t->walks, entry)
		if (!walk->at && walk->follows)
			walk->at = stone;
	TAILQ_INSERT_TAIL(&stone->of->stones, stone, owner_entry);
}

static void
drop(struct rsp_tombs *t, struct rsp_tomb *stone)
{
	struct rsp_tomb_owner *owner = stone->of;

	take_out(t, stone);
	rsp_table_remove(&t->table, &stone->node);
	t->octets -= stone->handle_size;
	owner->octets -= stone->handle_size;
	free(stone);
	if (--owner->count > 0)
		return;
	rsp_table_remove(&t->owners, &owner->node);
	free(owner);
}

void
rsp_tomb_forget(struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner)
{
	struct rsp_tomb *stone = find(t, handle, pe_id, owner, hash_of_key(t, handle, pe_id, owner));

	if (stone)
		drop(t, stone);
}

void
rsp_tombs_clear(struct rsp_tombs *t)
{
	for (struct rsp_tomb *stone; (stone = TAILQ_FIRST(&t->in_order));)
		drop(t, stone);
}

void
rsp_tombs_done(struct rsp_tombs *t)
{
	rsp_tombs_clear(t);
	rsp_table_done(&t->table);
	rsp_table_done(&t->owners);
	*t = (struct rsp_tombs){ 0 };
}

void
rsp_tombs_expire(struct rsp_tombs *t, uint64_t now_ms, bool out_of_step)
{
	uint64_t overtime = out_of_step ? RSP_TOMBS_OVERTIME_MS : 0;

	for (struct rsp_tomb *stone; (stone = TAILQ_FIRST(&t->in_order));) {
		if (now_ms < stone->until_ms || now_ms - stone->until_ms < overtime)
			return;
		drop(t, stone);
	}
}

/* Find @name, or add it without tombstones. NULL: out of memory. */
static struct rsp_tomb_owner *
owner_of(struct rsp_tombs *t, struct rsp_bytes name)
{
	uint64_t hash = rsp_hash(&t->key, name);
	struct rsp_table_node *node = *rsp_table_chain(&t->owners, hash);

	for (; node; node = node->next) {
		struct rsp_tomb_owner *owner = RSP_CONTAINER(node, struct rsp_tomb_owner, node);

		if (rsp_bytes_equal(rsp_bytes_of(owner->name, owner->name_size), name))
			return owner;
	}
	struct rsp_tomb_owner *owner = calloc(1, sizeof(*owner) + name.n);
	if (!owner)
		return NULL;
	owner->name_size = name.n;
	if (name.n)
		memcpy(owner->name, name.p, name.n);
	TAILQ_INIT(&owner->stones);
	rsp_table_add(&t->owners, &owner->node, hash);
	return owner;
}

static bool
is_full(uint64_t count, uint64_t octets, uint32_t max, size_t more)
{
	return count >= max || octets + more > (uint64_t)max * RSP_TOMB_HANDLE_OCTETS;
}

/* Drop the first tombstone of @list, unless it is to come in a walk that follows. False: there is none to drop. */
static bool
drop_first(struct rsp_tombs *t, const struct rsp_tomb_list *list)
{
	struct rsp_tomb *first = TAILQ_FIRST(list);
	const struct rsp_tomb_walk *walk;

	if (!first)
		return false;
	LIST_FOREACH(walk, &t->walks, entry)
		if (walk->follows && walk->at && walk->at->number <= first->number)
			return false;
	drop(t, first);
	return true;
}

/* Make room for one more tombstone of @owner, with a handle of @size octets. owner->count has it already, so that @owner is not
 * freed. */
static void
make_room(struct rsp_tombs *t, struct rsp_tomb_owner *owner, size_t size)
{
	while (is_full(owner->count - 1, owner->octets, t->max_of_owner, size) && drop_first(t, &owner->stones))
		;
	while (is_full(t->table.count, t->octets, t->max, size) &&
	       (drop_first(t, &owner->stones) || drop_first(t, &t->in_order)))
		;
}

/* Make a tombstone, and room for it. NULL: out of memory. */
static struct rsp_tomb *
make(struct rsp_tombs *t, struct rsp_bytes handle, struct rsp_bytes owner)
{
	struct rsp_tomb *stone = calloc(1, sizeof(*stone) + handle.n);
	struct rsp_tomb_owner *of = stone ? owner_of(t, owner) : NULL;

	if (!of) {
		free(stone);
		return NULL;
	}
	of->count++;
	make_room(t, of, handle.n);
	of->octets += handle.n;
	t->octets += handle.n;
	stone->of = of;
	stone->handle_size = (uint16_t)handle.n;
	memcpy(stone->handle, handle.p, handle.n);
	return stone;
}

enum rsp_err
rsp_tomb_put(struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
	     const struct rsp_statement *statement, uint32_t home_id, uint64_t until_ms)
{
	bool fits = handle.n > 0 && handle.n <= RSP_HANDLE_MAX && owner.n <= RSP_OWNER_MAX;

	if (!fits || !rsp_statement_is_removed(statement) || !statement->epoch.instance)
		return RSP_EVALUE;
	if (!t->max || !t->max_of_owner)
		return RSP_ELIMIT;
	uint64_t hash = hash_of_key(t, handle, pe_id, owner);
	struct rsp_tomb *stone = find(t, handle, pe_id, owner, hash);

	if (stone) {
		if (rsp_statement_compare(statement, home_id, &stone->statement, stone->home_id) <= 0)
			return RSP_OK;
		take_out(t, stone);
	} else {
		stone = make(t, handle, owner);
		if (!stone)
			return RSP_ENOMEM;
		stone->pe_id = pe_id;
		rsp_table_add(&t->table, &stone->node, hash);
	}
	stone->statement = *statement;
	stone->home_id = home_id;
	stone->until_ms = until_ms;
	put_last(t, stone);
	return RSP_OK;
}

void
rsp_tomb_walk_begin(struct rsp_tombs *t, struct rsp_tomb_walk *walk)
{
	*walk = (struct rsp_tomb_walk){ .at = TAILQ_FIRST(&t->in_order) };
	LIST_INSERT_HEAD(&t->walks, walk, entry);
}

const struct rsp_tomb *
rsp_tomb_walk_next(struct rsp_tomb_walk *walk)
{
	const struct rsp_tomb *stone = walk->at;

	if (stone)
		walk->at = TAILQ_NEXT(stone, entry);
	return stone;
}

void
rsp_tomb_walk_end(struct rsp_tomb_walk *walk)
{
	if (!walk->entry.le_prev)
		return;
	LIST_REMOVE(walk, entry);
	*walk = (struct rsp_tomb_walk){ 0 };
}
