#ifndef RSP_MODEL_TALLY_H
#define RSP_MODEL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"
#include "proto/param.h"

/* What is counted of a handlespace while its elements pass by: pools, and for each home its elements and their sums.
 * The elements themselves are not kept. */

/** More registrars than a scope has are somebody's invention: their elements are counted, not summed. */
#define TALLY_HOMES_MAX 1024
/** Octets that the pools may take: more than a million of them, with short handles. */
#define TALLY_POOLS_MAX (128U << 20)

struct tally_pool {
	struct rsp_table_node node; /* first */
	struct tally_pool *after; /* in the order they came */
	uint64_t hash, digest, elements;
	uint32_t sum;
	uint32_t policy; /* of the first element */
	bool uniform;	 /* all have that one */
	size_t handle_size;
	uint8_t handle[];
};

struct tally_home {
	uint32_t id;
	uint64_t elements, sum, digest;
	bool versions; /* all elements have one */
};

struct tally {
	struct rsp_hash_key key;
	struct rsp_table table;
	struct tally_pool *first, **last;
	uint64_t pools, elements, octets;
	struct tally_home home[TALLY_HOMES_MAX]; /* by id */
	unsigned n_homes;
	uint64_t homeless; /* elements of homes that had no room */
};

/** RSP_ENOMEM, RSP_EIO. */
enum rsp_err tally_init(struct tally *t) RSP_NODISCARD;
void tally_done(struct tally *t);

/** The pool @handle, new or seen before. RSP_ENOMEM, RSP_ELIMIT. */
enum rsp_err tally_pool(struct tally *t, struct rsp_bytes handle, struct tally_pool **ret) RSP_NODISCARD;

void tally_element(struct tally *t, struct tally_pool *pool, const struct rsp_pool_element *pe);

#endif
