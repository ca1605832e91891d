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

/** What one identity, or one address, has and may still ask (RFC 5355 s.2.1, s.2.2, s.2.13). */
struct rsp_account {
	struct rsp_table_node node; /* in accounts->table */
	LIST_ENTRY(rsp_account) of_all;
	uint64_t hash; /* of its name */
	uint32_t id;	   /* not 0; tells reporters apart */
	uint32_t links, elements; /* elements: those it registered that are ours */
	uint32_t most;		  /* elements that it could hold when it registered last */
	uint32_t downloads;	  /* tables that are being given to it */
	bool muted;		  /* its last complaint was not recorded */
	struct {
		uint64_t filled_ms;
		uint64_t millitokens;
	} bucket[RSP_TOLL_COUNT];
	uint16_t name_size;
	char name[];
};

LIST_HEAD(rsp_account_list, rsp_account);

struct rsp_accounts {
	struct rsp_table table; /* by name */
	struct rsp_account_list all;
	uint32_t n, next_id;
};

/** RSP_ENOMEM. The caller frees with rsp_account_done(), also after an error. */
enum rsp_err rsp_account_init(struct rsp_accounts *accounts) RSP_NODISCARD;

/** The account of @name, made with full buckets if need be. NULL if out of memory. Idle ones are forgotten in time. */
struct rsp_account *rsp_account_get(struct rsp_accounts *accounts, const struct rsp_hash_key *key,
				    struct rsp_bytes name);

/** Take one token, filled up to @now_ms. False if there is none: the request is over the limit. */
bool rsp_account_pay(struct rsp_account *account, enum rsp_toll toll, const struct rsp_rate *rate, uint64_t now_ms);

void rsp_account_done(struct rsp_accounts *accounts);

#endif
