#ifndef RSP_BASE_RNG_H
#define RSP_BASE_RNG_H

#include <stdint.h>

#include "base/err.h"

/** A stream of random numbers for jitter, ids and selection, not for keys (those come from GnuTLS). xoshiro256**. */
struct rsp_rng {
	uint64_t s[4];
};

/** The stream of @seed: the same seed gives the same numbers on every machine. */
struct rsp_rng rsp_rng_seeded(uint64_t seed);

/** A stream seeded with 256 bits from the kernel, which others cannot predict. RSP_EIO if the kernel has none. */
enum rsp_err rsp_rng_os(struct rsp_rng *ret) RSP_NODISCARD;

/** The next 64 bits. */
uint64_t rsp_rng_u64(struct rsp_rng *rng);

/** A number below @bound, each equally likely; 0 if @bound is 0. */
uint64_t rsp_rng_below(struct rsp_rng *rng, uint64_t bound);

/**
 * A 32-bit id that is not zero, as PE identifiers and server identifiers must be (RFC 5352 s.3.1 R2.2, RFC 5353
 * s.3.2.1).
 */
uint32_t rsp_rng_id(struct rsp_rng *rng);

/** @base_ms plus or minus up to @percent (0 to 100) of it, each value equally likely. */
uint64_t rsp_rng_jitter(struct rsp_rng *rng, uint64_t base_ms, unsigned percent);

#endif
