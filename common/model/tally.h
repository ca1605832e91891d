#ifndef RSP_MODEL_TALLY_H
#define RSP_MODEL_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/table.h"
#include "proto/param.h"

/* Counts pools, and for each home its elements with their checksum and digest, while the elements of a handlespace are
 * read one by one. The elements are not stored. */

/** Homes that are summed. No scope has more registrars; the elements of further homes are only counted. */
#define TALLY_HOMES_MAX 1024
/** Octets that all pools may take: enough for more than a million pools with short handles. */
#define TALLY_POOLS_MAX (128U << 20)

struct tally_pool {
	struct rsp_table_node node;
	STAILQ_ENTRY(tally_pool) entry; /* in the order in which they were met */
	uint64_t hash, digest, elements;
	uint32_t sum;
	uint32_t policy; /* of the first element */
	bool uniform;	 /* all elements have that policy */
	size_t handle_size;
	uint8_t handle[];
};

struct tally_home {
	uint32_t id;
	uint64_t elements, sum, digest;
	bool versions; /* all elements have a version */
};

struct tally {
	struct rsp_hash_key key;
	struct rsp_table table;
	STAILQ_HEAD(, tally_pool) in_order;
	uint64_t pools, elements, octets;
	struct tally_home home[TALLY_HOMES_MAX]; /* sorted by id */
	unsigned n_homes;
	uint64_t homeless; /* elements of homes beyond TALLY_HOMES_MAX */
};

/** An empty tally. RSP_ENOMEM; RSP_EIO if there are no random numbers. */
enum rsp_err tally_init(struct tally *t) RSP_NODISCARD;
void tally_done(struct tally *t);

/** The pool @handle, which is added if need be. RSP_ENOMEM; RSP_ELIMIT beyond TALLY_POOLS_MAX. */
enum rsp_err tally_pool(struct tally *t, struct rsp_bytes handle, struct tally_pool **ret) RSP_NODISCARD;

/** Count the element @pe of @pool. */
void tally_element(struct tally *t, struct tally_pool *pool, const struct rsp_pool_element *pe);

#endif
