#include "model/element.h"

#include <assert.h>
#include <stdlib.h>

#include "model/handlespace_priv.h"
#include "model/statement.h"

enum rsp_err
rsp_element_new(struct rsp_handlespace *hs, struct rsp_pool *pool, const struct rsp_pool_element *pe, size_t room,
		bool hidden, struct rsp_element **ret)
{
	struct rsp_element *e = calloc(1, sizeof(*e) + hs->engine_size + room);

	if (!e || (!hidden && rsp_pool_join(pool, e, &pe->policy) != RSP_OK)) {
		free(e);
		return RSP_ENOMEM;
	}
	e->pool = pool;
	if (!pool->first)
		pool->first = e;
	e->hidden = hidden;
	pool->n_hidden += hidden;
	e->encoded = e->tail + hs->engine_size;
	e->encoded_room = (uint16_t)room;
	e->pe_id = pe->pe_id;
	rsp_table_add(&hs->elements, &e->node, rsp_element_hash(hs, pool, pe->pe_id));
	*ret = e;
	return RSP_OK;
}

void
rsp_element_store(struct rsp_element *e, struct rsp_bytes encoded, const struct rsp_pool_element *pe)
{
	e->stated = pe->statement.rank != 0;
	memcpy(e->encoded, encoded.p, encoded.n);
	e->encoded_size = (uint16_t)encoded.n;
	e->answer_size = (uint16_t)rsp_encoded_public(encoded).n;
}

void
rsp_element_move(struct rsp_handlespace *hs, struct rsp_element *e, struct rsp_home *home)
{
	struct rsp_home *old_home = e->home;

	rsp_walk_skip(hs, e);
	rsp_home_leave(e);
	rsp_home_join(home, e);
	rsp_home_drop(hs, old_home);
}

void
rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e)
{
	assert(!e->unlinked);
	rsp_records_settle(hs, e->pool, e->pe_id, e);
	e->unlinked = true;
	hs->n_unlinked++;
	e->pool->n_unlinked++;
	rsp_table_remove(&hs->elements, &e->node);
	rsp_walk_skip(hs, e);
	rsp_walk_record_gone(hs, e);
	rsp_home_leave(e);
	if (e->hidden)
		e->pool->n_hidden--;
	else
		rsp_pool_leave(hs, e);
	rsp_pool_pass_on(hs, e->pool, e);
}

void
rsp_element_free(struct rsp_handlespace *hs, struct rsp_element *e)
{
	assert(e->unlinked);
	hs->n_unlinked--;
	e->pool->n_unlinked--;
	rsp_pool_drop(e->pool);
	rsp_home_drop(hs, e->home);
	rsp_owner_drop(hs, e->owner);
	if (e->outgrown)
		free(e->encoded);
	free(e);
}

void
rsp_element_remove(struct rsp_handlespace *hs, struct rsp_element *e)
{
	rsp_element_unlink(hs, e);
	rsp_element_free(hs, e);
}

struct rsp_statement
rsp_element_statement(const struct rsp_element *e)
{
	return e->stated ? rsp_encoded_statement(rsp_element_octets(e)) : (struct rsp_statement){ 0 };
}

enum rsp_err
rsp_element_restate(struct rsp_handlespace *hs, struct rsp_element *e, uint32_t home_id,
		    const struct rsp_statement *statement)
{
	struct rsp_home *old_home = e->home;
	struct rsp_home *home = old_home->id == home_id ? old_home : rsp_home_hold(hs, home_id);

	assert(e->stated && !e->unlinked && statement->rank && !rsp_statement_is_removed(statement));
	if (!home)
		return RSP_ENOMEM;
	old_home->digest -= rsp_element_digest(e);
	rsp_encoded_set_home_id(e->encoded, home_id);
	rsp_encoded_set_statement(e->encoded, e->encoded_size, statement);
	old_home->digest += rsp_element_digest(e);
	if (home != old_home)
		rsp_element_move(hs, e, home);
	return RSP_OK;
}

uint32_t
rsp_element_home_id(const struct rsp_element *e)
{
	return e->home->id;
}

void
rsp_element_write(struct rsp_wr *wr, const struct rsp_element *e, bool whole)
{
	rsp_wr_pad(wr);
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_bytes(wr, whole ? rsp_element_octets(e) : rsp_element_public(e));
	rsp_wr_close(wr, mark);
}

struct rsp_bytes
rsp_element_public(const struct rsp_element *e)
{
	return rsp_bytes_of(e->encoded, e->answer_size);
}

void
rsp_element_policy_write(struct rsp_wr *wr, const struct rsp_element *e)
{
	rsp_wr_pad(wr);
	rsp_wr_bytes(wr, rsp_encoded_policy(rsp_element_octets(e)));
}

void
rsp_element_decode(const struct rsp_element *e, struct rsp_pool_element *ret)
{
	rsp_encoded_decode(rsp_element_octets(e), ret);
}
