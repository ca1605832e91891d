#ifndef RSP_MODEL_TOMBSTONES_H
#define RSP_MODEL_TOMBSTONES_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"

/* Which elements were removed, and in which version: a late statement of an older version brings none back. Kept for a
 * while, and capped: the oldest make room. */

struct rsp_tombstone;

struct rsp_tombstones {
	struct rsp_table table;
	struct rsp_hash_key key;
	uint32_t max;
	struct rsp_tombstone *oldest, **newest;
};

/** None, and never more than @max. @key must be random. RSP_ENOMEM. */
enum rsp_err rsp_tombstones_init(struct rsp_tombstones *t, uint32_t max, struct rsp_hash_key key) RSP_NODISCARD;
void rsp_tombstones_done(struct rsp_tombstones *t);

/**
 * Remember until @until_ms (not before that of any earlier one) that the element was removed in @version; an older
 * @version than the one that is remembered changes nothing. Without memory it is not remembered.
 */
void rsp_tombstone_put(struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id, uint64_t version,
		       uint64_t until_ms);

/** In which version it was removed; 0: not that we know. */
uint64_t rsp_tombstone_version(const struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id);

/** Forget what need not be remembered after @now_ms. */
void rsp_tombstones_expire(struct rsp_tombstones *t, uint64_t now_ms);

#endif
