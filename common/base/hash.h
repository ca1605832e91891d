#ifndef RSP_BASE_HASH_H
#define RSP_BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

/** The key of a hash function. For a hash table, the key must be random and secret, so that other hosts cannot choose
 * inputs that fall into one bucket. */
struct rsp_hash_key {
	uint64_t k0, k1;
};

/** SipHash-1-3 of @bytes. */
uint64_t rsp_hash(const struct rsp_hash_key *key, struct rsp_bytes bytes);

#endif
