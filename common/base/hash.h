#ifndef RSP_BASE_HASH_H
#define RSP_BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

/** The key of a hash. It must be random and secret: then others cannot choose input that meets in one bucket. */
struct rsp_hash_key {
	uint64_t k0, k1;
};

/** SipHash-1-3 of @bytes. */
uint64_t rsp_hash(const struct rsp_hash_key *key, struct rsp_bytes bytes);

#endif
