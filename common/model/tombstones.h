#ifndef RSP_MODEL_TOMBSTONES_H
#define RSP_MODEL_TOMBSTONES_H

#include <stdint.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"

/* A tombstone stores that an element was removed, and the version of the removal. So a late statement with an older
 * version does not add the element again. A tombstone expires after some time. If their number reaches the limit, the
 * tombstone that expires first is evicted. */

struct rsp_tombstone;

struct rsp_tombstones {
	struct rsp_table table;
	struct rsp_hash_key key;
	uint32_t max;
	TAILQ_HEAD(, rsp_tombstone) by_age; /* in the order in which they expire */
};

/** Initialise an empty table for at most @max tombstones. @key must be random. RSP_ENOMEM. */
enum rsp_err rsp_tombstones_init(struct rsp_tombstones *t, uint32_t max, struct rsp_hash_key key) RSP_NODISCARD;
void rsp_tombstones_done(struct rsp_tombstones *t);

/**
 * Store until @until_ms that the element was removed in @version. @until_ms must not decrease from call to call. If a
 * tombstone with a newer version exists, nothing changes. If out of memory, nothing is stored.
 */
void rsp_tombstone_put(struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id, uint64_t version,
		       uint64_t until_ms);

/** The version of the removal of the element; 0: there is no tombstone. */
uint64_t rsp_tombstone_version(const struct rsp_tombstones *t, struct rsp_bytes handle, uint32_t pe_id);

/** Free the tombstones that have expired at @now_ms. */
void rsp_tombstones_expire(struct rsp_tombstones *t, uint64_t now_ms);

#endif
