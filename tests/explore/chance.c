#include "base/rng.h"

/*
 * The linker puts these in the place of the functions of base/rng.c. An engine draws random times so that many do not act
 * at once; here each order of what happens at once is explored anyway, and a time that depends on how many were drawn
 * before would keep two states apart that are the same.
 */

uint64_t __wrap_rsp_rng_jitter(struct rsp_rng *rng, uint64_t base_ms, unsigned percent);

uint64_t
__wrap_rsp_rng_jitter(struct rsp_rng *rng, uint64_t base_ms, unsigned percent)
{
	(void)rng;
	(void)percent;
	return base_ms;
}
