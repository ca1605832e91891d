#include "inside.h"

#include "../unit/full_sums.h"
#include "engine/registrar/member.h"
#include "engine/registrar/state.h"
#include "model/handlespace.h"

int
sim_number_compare(const struct sim_number *a, const struct sim_number *b)
{
	for (unsigned i = 0; i < RSP_COUNT(a->part); i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

static void
show(const struct rsp_element *e, struct sim_shown *ret)
{
	struct rsp_statement st = rsp_element_statement(e);

	*ret = (struct sim_shown){ .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .home_id = rsp_element_home_id(e),
				   .owner = e->owner,
				   .number = { { st.epoch.epoch, st.epoch.instance, st.rank,
						 rsp_element_home_id(e) } },
				   .linked = rsp_member_is_linked(rsp_member(e)),
				   /* the word of a registrar without STATEMENT has no number */
				   .old = rsp_member(e)->phase == RSP_MEMBER_OLD || st.rank == 0,
				   .element = e,
				   .phase = rsp_phase_name(rsp_member(e)->phase) };
}

bool
sim_inside_next(const struct sim_node *n, struct sim_walk *walk, struct sim_shown *ret)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);
	struct rsp_pool *pool = walk->pool ? walk->pool : rsp_pool_next(hs, NULL);

	if (pool && walk->i == pool->n_elements) {
		walk->i = 0;
		pool = rsp_pool_next(hs, pool);
	}
	walk->pool = pool;
	if (!pool)
		return false;
	show(pool->element[walk->i++], ret);
	return true;
}

bool
sim_inside_find(const struct sim_node *n, struct rsp_bytes handle, uint32_t pe_id, struct sim_shown *ret)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);
	const struct rsp_pool *pool = rsp_pool_find(hs, handle);
	const struct rsp_element *e = pool ? rsp_element_find(hs, pool, pe_id) : NULL;

	if (e)
		show(e, ret);
	return e != NULL;
}

uint32_t
sim_inside_value(const struct sim_shown *got)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(got->element, &pe);
	return pe.policy.value[0];
}

uint32_t
sim_inside_count(const struct sim_node *n)
{
	return rsp_handlespace_elements(rsp_registrar_handlespace(n->registrar));
}

bool
sim_inside_outlives(const struct sim_node *n, const struct sim_shown *got)
{
	const struct rsp_tomb *tomb =
		rsp_tomb_find(&n->registrar->core.tombs, got->handle, got->pe_id,
			      got->owner ? rsp_bytes_str(got->owner) : (struct rsp_bytes){ 0 });
	struct sim_number removed = { { 0 } };

	if (tomb)
		removed = (struct sim_number){ { tomb->statement.epoch.epoch, tomb->statement.epoch.instance,
						 tomb->statement.rank, tomb->home_id } };
	return sim_number_compare(&got->number, &removed) > 0;
}

uint16_t
sim_inside_checksum(const struct sim_node *n, uint32_t id, bool full)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);

	return full ? full_checksum(hs, id) : rsp_home_checksum(hs, id);
}

uint64_t
sim_inside_digest(const struct sim_node *n, uint32_t id, bool full)
{
	const struct rsp_handlespace *hs = rsp_registrar_handlespace(n->registrar);

	return full ? full_digest(hs, id) : rsp_home_digest(hs, id);
}

uint32_t
sim_inside_charged(const struct sim_node *n, bool full)
{
	const struct rsp_core *core = &n->registrar->core;
	const struct rsp_account *account;
	const struct rsp_element *e;
	struct rsp_walk walk;
	uint32_t count = 0;

	if (!full) {
		LIST_FOREACH(account, &core->accounts.all, of_all)
			count += account->elements;
		return count;
	}
	rsp_walk_begin(core->space, &walk, 0);
	while ((e = rsp_walk_next(&walk))) {
		const struct rsp_member *m = rsp_member(e);
		bool own = rsp_element_home_id(e) == core->config.server_id;

		/* a copy from before this registrar was away may name a server id that it had then */
		count += (m->counted && (own || m->phase == RSP_MEMBER_OLD)) || (own && e->owner && rsp_member_is_linked(m));
	}
	rsp_walk_end(&walk);
	return count;
}

/* An element that this registrar looks at as its new home has the rank "taken over". */
bool
sim_inside_badly_taken(const struct sim_node *n, struct sim_shown *ret)
{
	(void)n;
	(void)ret;
	return false;
}
