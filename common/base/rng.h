#ifndef RSP_BASE_RNG_H
#define RSP_BASE_RNG_H

#include <stdint.h>

#include "base/err.h"

/** A generator of random numbers (xoshiro256**) for jitter, ids and selection. Not for keys: GnuTLS generates these. */
struct rsp_rng {
	uint64_t s[4];
};

/** Make a generator from @seed. The same seed gives the same numbers on every machine. */
struct rsp_rng rsp_rng_seeded(uint64_t seed);

/** Make a generator from 256 random bits of the kernel, so that other hosts cannot predict its
 * numbers. RSP_EIO: the kernel gives no random bits. */
enum rsp_err rsp_rng_os(struct rsp_rng *ret) RSP_NODISCARD;

/** The next 64 random bits. */
uint64_t rsp_rng_u64(struct rsp_rng *rng);

/** A random number below @bound, uniformly distributed; 0 if @bound is 0. */
uint64_t rsp_rng_below(struct rsp_rng *rng, uint64_t bound);

/**
 * A random 32-bit id that is not 0, as required for PE identifiers
 * (RFC 5352 s.3.1 R2.2) and server ids (RFC 5353 s.3.2.1).
 */
uint32_t rsp_rng_id(struct rsp_rng *rng);

/** A random time from @base_ms minus @percent (0 to 100) of @base_ms to @base_ms plus
 * @percent of @base_ms, uniformly distributed. */
uint64_t rsp_rng_jitter(struct rsp_rng *rng, uint64_t base_ms, unsigned percent);

#endif
