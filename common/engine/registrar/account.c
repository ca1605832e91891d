#include "engine/registrar/account.h"

#include <stdlib.h>

#include "engine/registrar/registrar.h"

#define IDLE_MAX 8192 /* accounts that nobody uses just now: beyond, they are forgotten with what they spent */

static void
forget_idle(struct rsp_accounts *accounts)
{
	for (unsigned i = 0; i < RSP_ACCOUNT_BUCKETS; i++) {
		struct rsp_account **slot = &accounts->bucket[i];

		while (*slot) {
			struct rsp_account *account = *slot;

			if (account->links || account->elements) {
				slot = &account->next;
				continue;
			}
			*slot = account->next;
			free(account);
			accounts->n--;
		}
	}
}

struct rsp_account *
rsp_account_get(struct rsp_accounts *accounts, const struct rsp_hash_key *key, struct rsp_bytes name)
{
	struct rsp_account **slot = &accounts->bucket[rsp_hash(key, name) % RSP_ACCOUNT_BUCKETS], *account = *slot;

	while (account && !rsp_bytes_equal(rsp_bytes_of(account->name, account->name_size), name))
		account = account->next;
	if (account)
		return account;
	account = calloc(1, sizeof(*account) + name.n);
	if (!account)
		return NULL;
	if (accounts->n >= IDLE_MAX && accounts->n % (IDLE_MAX / 8) == 0)
		forget_idle(accounts);
	account->id = ++accounts->next_id ? accounts->next_id : ++accounts->next_id;
	account->name_size = (uint16_t)name.n;
	memcpy(account->name, name.p, name.n);
	account->next = *slot;
	*slot = account;
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
rsp_accounts_done(struct rsp_accounts *accounts)
{
	for (unsigned i = 0; i < RSP_ACCOUNT_BUCKETS; i++)
		while (accounts->bucket[i]) {
			struct rsp_account *account = accounts->bucket[i];

			accounts->bucket[i] = account->next;
			free(account);
		}
}
