#include "engine/registrar/account.h"

#include <stdlib.h>

#include "engine/registrar/registrar.h"

/* with this number of accounts, those without links and elements are freed, and their buckets are full again later */
#define IDLE_MAX 8192

enum rsp_err
rsp_account_init(struct rsp_accounts *accounts)
{
	LIST_INIT(&accounts->all);
	return rsp_table_init(&accounts->table, 64);
}

static void
free_account(struct rsp_accounts *accounts, struct rsp_account *account)
{
	rsp_table_remove(&accounts->table, &account->node);
	LIST_REMOVE(account, of_all);
	accounts->n--;
	free(account);
}

static void
forget_idle(struct rsp_accounts *accounts)
{
	struct rsp_account *account, *next;

	for (account = LIST_FIRST(&accounts->all); account; account = next) {
		next = LIST_NEXT(account, of_all);
		if (!account->links && !account->elements)
			free_account(accounts, account);
	}
}

struct rsp_account *
rsp_account_get(struct rsp_accounts *accounts, const struct rsp_hash_key *key, struct rsp_bytes name)
{
	uint64_t hash = rsp_hash(key, name);
	struct rsp_table_node *node = *rsp_table_chain(&accounts->table, hash);
	struct rsp_account *account;

	for (; node; node = node->next) {
		account = RSP_CONTAINER(node, struct rsp_account, node);
		if (rsp_bytes_equal(rsp_bytes_of(account->name, account->name_size), name))
			return account;
	}
	account = calloc(1, sizeof(*account) + name.n);
	if (!account)
		return NULL;
	if (accounts->n >= IDLE_MAX && accounts->n % (IDLE_MAX / 8) == 0)
		forget_idle(accounts);
	account->id = ++accounts->next_id ? accounts->next_id : ++accounts->next_id;
	account->name_size = (uint16_t)name.n;
	memcpy(account->name, name.p, name.n);
	rsp_table_add(&accounts->table, &account->node, hash);
	LIST_INSERT_HEAD(&accounts->all, account, of_all);
	accounts->n++;
	return account;
}

bool
rsp_account_pay(struct rsp_account *account, enum rsp_toll toll, const struct rsp_rate *rate, uint64_t now_ms)
{
	uint64_t full = (uint64_t)rate->burst * 1000, *tokens = &account->bucket[toll].millitokens;
	uint64_t *filled = &account->bucket[toll].filled_ms;

	if (rate->per_s == 0)
		return true;
	uint64_t passed = now_ms - *filled, fill_ms = full / rate->per_s + 1;
	*tokens = *filled == 0 || passed >= fill_ms ? full : *tokens + passed * rate->per_s;
	if (*tokens > full)
		*tokens = full;
	*filled = now_ms ? now_ms : 1;
	if (*tokens < 1000)
		return false;
	*tokens -= 1000;
	return true;
}

void
rsp_account_done(struct rsp_accounts *accounts)
{
	while (!LIST_EMPTY(&accounts->all))
		free_account(accounts, LIST_FIRST(&accounts->all));
	rsp_table_done(&accounts->table);
}
