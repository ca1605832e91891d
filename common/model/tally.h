#ifndef RSP_MODEL_TALLY_H
#define RSP_MODEL_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"
#include "proto/param.h"

/* Counts elements that are read one by one, for example from a handle table: pools, and for each home its elements,
 * their checksum and their digest. The elements are not stored. Each record of an element (model/record.h) counts. */

/** Limit of homes with checksum and digest. No scope has more registrars; elements of further homes are only counted. */
#define TALLY_HOMES_MAX 1024
/** Limit of the memory for all pools, in octets: enough for more than a million pools with short handles. */
#define TALLY_OCTETS_MAX (128U << 20)

struct tally_pool {
	struct rsp_table_node node;
	STAILQ_ENTRY(tally_pool) entry; /* in the order of their first elements */
	uint64_t digest;
	uint64_t elements; /* 0: only tombstones */
	uint32_t sum;
	uint32_t policy; /* policy of the first element */
	bool uniform;	 /* all elements have that policy */
	size_t handle_size;
	uint8_t handle[];
};

struct tally_home {
	uint32_t id;
	uint64_t elements, sum, digest;
	bool numbered; /* all elements have statements, so @digest can be compared */
};

struct tally {
	struct rsp_hash_key key;
	struct rsp_table table;
	STAILQ_HEAD(, tally_pool) in_order;
	uint64_t pools, elements, octets; /* pools that have elements */
	struct tally_home home[TALLY_HOMES_MAX]; /* sorted by id */
	unsigned n_homes;
	uint64_t tombstones;
	uint64_t homeless; /* elements of homes beyond TALLY_HOMES_MAX */
};

/** Make an empty tally. RSP_ENOMEM; RSP_EIO: the system gives no random numbers. */
enum rsp_err tally_init(struct tally *t) RSP_NODISCARD;
void tally_done(struct tally *t);

/** Find the pool @handle, or add it. RSP_ENOMEM; RSP_ELIMIT: all pools together take more than TALLY_OCTETS_MAX octets. */
enum rsp_err tally_pool(struct tally *t, struct rsp_bytes handle, struct tally_pool **ret) RSP_NODISCARD;

/** Count the element @pe of @pool; a tombstone counts only as that. */
void tally_element(struct tally *t, struct tally_pool *pool, const struct rsp_pool_element *pe);

#endif
