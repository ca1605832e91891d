#include "base/rng.h"

#include <sys/random.h>

static uint64_t
rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

struct rsp_rng
rsp_rng_seeded(uint64_t seed)
{
	struct rsp_rng rng;

	for (unsigned i = 0; i < 4; i++) { /* splitmix64: similar seeds give unrelated numbers */
		seed += 0x9e3779b97f4a7c15U;
		uint64_t z = seed;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
		rng.s[i] = z ^ (z >> 31);
	}
	return rng;
}

enum rsp_err
rsp_rng_os(struct rsp_rng *ret)
{
	struct rsp_rng rng;

	if (getrandom(&rng, sizeof(rng), 0) != (ssize_t)sizeof(rng))
		return RSP_EIO;
	rng.s[0] |= 1; /* a state of only zeros would give zeros for ever */
	*ret = rng;
	return RSP_OK;
}

uint64_t
rsp_rng_u64(struct rsp_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t
rsp_rng_below(struct rsp_rng *rng, uint64_t bound)
{
	if (bound == 0)
		return 0;
	/* The high word of a 64 x 64 bit product is uniformly distributed, if the number is drawn again for the few
	 * lowest values of the low word. */
	uint64_t floor = (0 - bound) % bound;

	for (;;) {
		__extension__ unsigned __int128 product = (unsigned __int128)rsp_rng_u64(rng) * bound;

		if ((uint64_t)product >= floor)
			return (uint64_t)(product >> 64);
	}
}

uint32_t
rsp_rng_id(struct rsp_rng *rng)
{
	uint32_t id = 0;

	while (id == 0)
		id = (uint32_t)(rsp_rng_u64(rng) >> 32);
	return id;
}

uint64_t
rsp_rng_jitter(struct rsp_rng *rng, uint64_t base_ms, unsigned percent)
{
	uint64_t reach = base_ms / 100 * percent + base_ms % 100 * percent / 100;

	return base_ms - reach + rsp_rng_below(rng, 2 * reach + 1);
}
