#include "model/select.h"

/* RFC 5356 s.4.1.2: a circular list from the head on; then the head moves by one. */
static uint32_t
round_robin(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	uint32_t n = max < pool->n_elements ? max : pool->n_elements, at = pool->head;

	(void)rng;
	for (uint32_t i = 0; i < n; i++) {
		out[i] = pool->element[at];
		at = at + 1 < pool->n_elements ? at + 1 : 0;
	}
	if (n > 0)
		pool->head = pool->head + 1 < pool->n_elements ? pool->head + 1 : 0;
	return n;
}

static uint32_t
priority_of(const struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	return pe.policy.value[0];
}

/* RFC 5356 s.4.5.2: the highest priorities, in decreasing order; equal ones in turn. A heap of the best so far would pay
 * for large answers; answers are a few elements. */
static uint32_t
by_priority(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	uint32_t n = 0, at = pool->head;

	(void)rng;
	for (uint32_t seen = 0; seen < pool->n_elements && max > 0; seen++) {
		struct rsp_element *e = pool->element[at];
		uint32_t priority = priority_of(e), i;

		at = at + 1 < pool->n_elements ? at + 1 : 0;
		if (n == max && priority <= priority_of(out[n - 1]))
			continue;
		n = n < max ? n + 1 : n;
		for (i = n - 1; i > 0 && priority_of(out[i - 1]) < priority; i--)
			out[i] = out[i - 1];
		out[i] = e;
	}
	if (n > 0)
		pool->head = pool->head + 1 < pool->n_elements ? pool->head + 1 : 0;
	return n;
}

static const struct {
	uint32_t policy;
	uint32_t (*select)(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out);
} selector[] = {
	{ RSP_POLICY_RR, round_robin },
	{ RSP_POLICY_PRIO, by_priority },
};

uint32_t
rsp_select(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	for (unsigned i = 0; i < RSP_COUNT(selector); i++)
		if (selector[i].policy == pool->policy)
			return selector[i].select(pool, max, rng, out);
	return round_robin(pool, max, rng, out);
}

uint32_t
rsp_select_answer(uint32_t policy, const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	uint32_t best = 0;

	if (n == 0)
		return 0;
	switch (policy) {
	case RSP_POLICY_RAND: /* RFC 5356 s.4.3.3, s.4.4.3, s.5.4.3 */
	case RSP_POLICY_WRAND:
	case RSP_POLICY_RLU:
		return (uint32_t)rsp_rng_below(rng, n);
	case RSP_POLICY_PRIO: /* s.4.5.3 */
		for (uint32_t i = 1; i < n; i++)
			if (pe[i].policy.value[0] > pe[best].policy.value[0])
				best = i;
		return best;
	default: /* s.4.1.3 and the least used ones: in the order of the answer */
		return turn % n;
	}
}
