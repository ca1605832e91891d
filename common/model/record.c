#include "model/record.h"

#include <assert.h>
#include <string.h>

#include "model/handlespace_priv.h"

/* The first record of the element @pe_id in the chain from @node on. */
static struct rsp_element *
first_in(struct rsp_table_node *node, const struct rsp_pool *pool, uint32_t pe_id)
{
	for (; node; node = node->next) {
		struct rsp_element *e = RSP_CONTAINER(node, struct rsp_element, node);

		if (e->pe_id == pe_id && e->pool == pool)
			return e;
	}
	return NULL;
}

/* Iterate over the records of one element, in no particular order. */
static struct rsp_element *
first(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	uint64_t hash = pool ? rsp_element_hash(hs, pool, pe_id) : 0;

	return pool ? first_in(*rsp_table_chain(&hs->elements, hash), pool, pe_id) : NULL;
}

static struct rsp_element *
next(const struct rsp_element *e)
{
	return first_in(e->node.next, e->pool, e->pe_id);
}

struct rsp_element *
rsp_element_find(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	struct rsp_element *e = first(hs, pool, pe_id);

	while (e && e->hidden)
		e = next(e);
	return e;
}

struct rsp_element *
rsp_element_find_of(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id,
		    struct rsp_bytes owner)
{
	struct rsp_element *e = first(hs, pool, pe_id);

	while (e && !(e->stated && rsp_owner_is(e->owner, owner)))
		e = next(e);
	return e;
}

struct rsp_element *
rsp_element_find_word(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id, uint32_t home_id)
{
	struct rsp_element *e = first(hs, pool, pe_id);

	while (e && (e->stated || e->home->id != home_id))
		e = next(e);
	return e;
}

uint32_t
rsp_records_count(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id)
{
	uint32_t n = 0;

	for (const struct rsp_element *e = first(hs, pool, pe_id); e; e = next(e))
		n++;
	return n;
}

/* Whether @a comes before @b in the order of the records. Names have no NUL octet. */
static bool
is_before(const struct rsp_element *a, const struct rsp_element *b)
{
	if (a->stated != b->stated)
		return a->stated;
	if (!a->stated)
		return a->home->id < b->home->id;
	if (!a->owner || !b->owner)
		return a->owner && !b->owner;
	return strcmp(a->owner, b->owner) < 0;
}

struct rsp_element *
rsp_element_next_record(const struct rsp_handlespace *hs, const struct rsp_element *e)
{
	struct rsp_element *best = NULL;

	if (e->pool->n_hidden == 0)
		return NULL;
	for (struct rsp_element *other = first(hs, e->pool, e->pe_id); other; other = next(other))
		if (other != e && is_before(e, other) && (!best || is_before(other, best)))
			best = other;
	return best;
}

/* @e takes the place of @shown in their pool. */
static void
show(struct rsp_element *e, struct rsp_element *shown)
{
	struct rsp_pool *pool = e->pool;
	struct rsp_pool_element pe = { 0 };

	assert(shown);
	shown->hidden = true;
	e->hidden = false;
	e->place = shown->place;
	pool->element[e->place] = e;
	rsp_encoded_decode(rsp_element_octets(e), &pe);
	rsp_order_set(&pool->order, e->place, &pe.policy);
}

void
rsp_records_settle(struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id,
		   const struct rsp_element *leaving)
{
	struct rsp_element *best = NULL, *shown = NULL;

	if (pool->n_hidden == 0)
		return;
	for (struct rsp_element *e = first(hs, pool, pe_id); e; e = next(e)) {
		if (!e->hidden)
			shown = e;
		if (e != leaving && (!best || is_before(e, best)))
			best = e;
	}
	if (best && shown != best)
		show(best, shown);
}
