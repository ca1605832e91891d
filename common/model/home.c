#include "model/home.h"

#include <stdlib.h>

#include "model/handlespace_priv.h"

static struct rsp_home *
find_home(const struct rsp_handlespace *hs, uint32_t id)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->homes, rsp_handlespace_mix(hs, id));

	while (node && RSP_CONTAINER(node, struct rsp_home, node)->id != id)
		node = node->next;
	return node ? RSP_CONTAINER(node, struct rsp_home, node) : NULL;
}

struct rsp_home *
rsp_home_hold(struct rsp_handlespace *hs, uint32_t id)
{
	struct rsp_home *home = find_home(hs, id);

	if (!home) {
		home = calloc(1, sizeof(*home));
		if (!home)
			return NULL;
		home->id = id;
		rsp_table_add(&hs->homes, &home->node, rsp_handlespace_mix(hs, id));
	}
	home->references++;
	return home;
}

void
rsp_home_free(struct rsp_handlespace *hs, struct rsp_home *home)
{
	rsp_table_remove(&hs->homes, &home->node);
	free(home);
}

void
rsp_home_join(struct rsp_home *home, struct rsp_element *e)
{
	e->home = home;
	LIST_INSERT_HEAD(&home->elements, e, home_entry);
	home->count++;
	home->sum += rsp_checksum_element(e->pool->handle_sum, e->pe_id);
	home->digest += rsp_element_digest(e);
}

uint16_t
rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = find_home(hs, home_id);

	return rsp_checksum_fold(home ? home->sum : 0);
}

uint64_t
rsp_home_digest(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = find_home(hs, home_id);

	return home ? home->digest : 0;
}

uint32_t
rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = find_home(hs, home_id);

	return home ? home->count : 0;
}

uint32_t
rsp_home_pools(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = find_home(hs, home_id);

	return home ? home->pools : 0;
}

struct rsp_element *
rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id)
{
	const struct rsp_home *home = find_home(hs, home_id);

	return home ? LIST_FIRST(&home->elements) : NULL;
}
