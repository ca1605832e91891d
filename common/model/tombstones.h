#ifndef RSP_MODEL_TOMBSTONES_H
#define RSP_MODEL_TOMBSTONES_H

#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"

/* Which elements were removed, and in which version: a late statement of an older version does not bring an element
 * back. A tombstone expires after some time; beyond the cap the one that expires first is evicted. */

struct rsp_tombstone;

struct rsp_tombstones {
	struct rsp_table table;
	struct rsp_hash_key key;
	uint32_t max;
	TAILQ_HEAD(, rsp_tombstone) by_age; /* the one that expires first comes first */
};

/** No tombstones, and never more than @max. @key must be random. RSP_ENOMEM. */
enum rsp_err rsp_tombstones_init(struct rsp_tombstones *t, uint32_t max, struct rsp_hash_key key) RSP_NODISCARD;
void rsp_tombstones_done(struct rsp_tombstones *t);

/**
 * Remember until @until_ms that the element was removed in @version. @until_ms must not decrease from call to call. An
 * older @version than the remembered one changes nothing. If out of memory, nothing is remembered.
 */
void rsp_tombstone_put(struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id, uint64_t version,
		       uint64_t until_ms);

/** The version in which the element was removed; 0: no tombstone. */
uint64_t rsp_tombstone_version(const struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id);

/** Remove the tombstones that have expired at @now_ms. */
void rsp_tombstones_expire(struct rsp_tombstones *t, uint64_t now_ms);

#endif
