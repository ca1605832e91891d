#include "model/owner.h"

#include <stddef.h>
#include <stdlib.h>

#include "model/handlespace_priv.h"

/* Each name is stored once, however many elements and pools refer to it. */
struct owner {
	struct rsp_table_node node;
	uint64_t hash;
	uint32_t references, pools; /* pools that it made */
	char text[];
};

static uint64_t
hash_of_owner(const void *ctx, const struct rsp_table_node *node)
{
	(void)ctx;
	return ((const struct owner *)(const void *)node)->hash;
}

enum rsp_err
rsp_owners_init(struct rsp_handlespace *hs)
{
	return rsp_table_init(&hs->owners, RSP_HANDLESPACE_BUCKETS, hash_of_owner, hs);
}

static struct owner *
owner_of(const char *text)
{
	return (struct owner *)((uintptr_t)text - offsetof(struct owner, text));
}

static struct owner *
find_owner(const struct rsp_handlespace *hs, struct rsp_bytes name, uint64_t hash)
{
	struct rsp_table_node *node = *rsp_table_chain(&hs->owners, hash);

	while (node && !rsp_owner_is(RSP_CONTAINER(node, struct owner, node)->text, name))
		node = node->next;
	return node ? RSP_CONTAINER(node, struct owner, node) : NULL;
}

const char *
rsp_owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err)
{
	if (name.n == 0)
		return NULL;
	uint64_t hash = rsp_hash(&hs->key, name);
	struct owner *owner = find_owner(hs, name, hash);

	if (!owner) {
		owner = calloc(1, sizeof(*owner) + name.n + 1);
		if (!owner) {
			*ret_err = RSP_ENOMEM;
			return NULL;
		}
		owner->hash = hash;
		memcpy(owner->text, name.p, name.n);
		rsp_table_add(&hs->owners, &owner->node, hash);
	}
	owner->references++;
	return owner->text;
}

void
rsp_owner_drop(struct rsp_handlespace *hs, const char *text)
{
	struct owner *owner = text ? owner_of(text) : NULL;

	if (!owner || --owner->references > 0)
		return;
	rsp_table_remove(&hs->owners, &owner->node, owner->hash);
	free(owner);
}

void
rsp_owner_pool_made(const char *text)
{
	owner_of(text)->references++;
	owner_of(text)->pools++;
}

void
rsp_owner_pool_gone(struct rsp_handlespace *hs, const char *text)
{
	owner_of(text)->pools--;
	rsp_owner_drop(hs, text);
}

uint32_t
rsp_owner_pools(const struct rsp_handlespace *hs, struct rsp_bytes owner)
{
	const struct owner *found = owner.n ? find_owner(hs, owner, rsp_hash(&hs->key, owner)) : NULL;

	return found ? found->pools : 0;
}
