#include "model/owner.h"

#include <stdlib.h>

#include "model/handlespace_priv.h"

static struct rsp_owner *
find_owner(const struct rsp_handlespace *hs, struct rsp_bytes name, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->owners, hash);

	while (node && !rsp_owner_is(RSP_CONTAINER(node, struct rsp_owner, node)->text, name))
		node = node->next;
	return node ? RSP_CONTAINER(node, struct rsp_owner, node) : NULL;
}

const char *
rsp_owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err)
{
	if (name.n == 0)
		return NULL;
	uint64_t hash = rsp_hash(&hs->key, name);
	struct rsp_owner *owner = find_owner(hs, name, hash);

	if (!owner) {
		owner = calloc(1, sizeof(*owner) + name.n + 1);
		if (!owner) {
			*ret_err = RSP_ENOMEM;
			return NULL;
		}
		memcpy(owner->text, name.p, name.n);
		rsp_table_add(&hs->owners, &owner->node, hash);
	}
	owner->references++;
	return owner->text;
}

void
rsp_owner_free(struct rsp_handlespace *hs, struct rsp_owner *owner)
{
	rsp_table_remove(&hs->owners, &owner->node);
	free(owner);
}

void
rsp_owner_pool_made(const char *text)
{
	rsp_owner_of(text)->references++;
	rsp_owner_of(text)->pools++;
}

void
rsp_owner_pool_gone(struct rsp_handlespace *hs, const char *text)
{
	rsp_owner_of(text)->pools--;
	rsp_owner_drop(hs, text);
}

uint32_t
rsp_owner_pools(const struct rsp_handlespace *hs, struct rsp_bytes owner)
{
	const struct rsp_owner *found = owner.n ? find_owner(hs, owner, rsp_hash(&hs->key, owner)) : NULL;

	return found ? found->pools : 0;
}
