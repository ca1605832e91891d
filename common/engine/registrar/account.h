#ifndef RSP_ENGINE_ACCOUNT_H
#define RSP_ENGINE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/table.h"

struct rsp_rate;

enum rsp_toll { RSP_TOLL_REGISTRATION, RSP_TOLL_RESOLUTION, RSP_TOLL_REPORT, RSP_TOLL_COMPLAINT, RSP_TOLL_COUNT };

/** The usage and the rate limits of one identity, or of one address without identity: RFC 5355 s.2.1, s.2.2, s.2.13. */
struct rsp_account {
	struct rsp_table_node node; /* in accounts->table */
	LIST_ENTRY(rsp_account) of_all;
	uint32_t id;	   /* not 0; identifies a reporter */
	uint32_t links, elements; /* open links; own elements that the identity registered */
	uint32_t most;		  /* limit of its elements at its last registration */
	uint32_t downloads;	  /* handle tables that are being sent to it */
	bool muted;		  /* the last event about it was over the rate, and was not recorded */
	struct {
		uint64_t filled_ms;
		uint64_t millitokens;
	} bucket[RSP_TOLL_COUNT];
	uint16_t name_size;
	char name[];
};

LIST_HEAD(rsp_account_list, rsp_account);

struct rsp_accounts {
	struct rsp_table table; /* key: name */
	struct rsp_account_list all;
	uint32_t n, next_id;
};

/** Initialise @accounts. RSP_ENOMEM. The caller frees with rsp_account_done(), also after an error. */
enum rsp_err rsp_account_init(struct rsp_accounts *accounts) RSP_NODISCARD;

/** Find the account of @name, or make it with full buckets. NULL: out of memory. If there are many accounts, those
 * without links and elements are freed. */
struct rsp_account *rsp_account_get(struct rsp_accounts *accounts, const struct rsp_hash_key *key,
				    struct rsp_bytes name);

/** Fill the bucket of @toll up to @now_ms, then take one token. False: the bucket
 * is empty, so the request is over the limit. */
bool rsp_account_pay(struct rsp_account *account, enum rsp_toll toll, const struct rsp_rate *rate, uint64_t now_ms);

void rsp_account_done(struct rsp_accounts *accounts);

#endif
