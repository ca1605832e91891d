#include "model/shape.h"

#include <stddef.h>

/* The step of an element of weight 1. It is so large that the steps of two weights near 2^32 still differ by 2^8. */
#define STRIDE (1ULL << 40)

/* Keys of ranked policies */

/* RFC 5356 s.4.2.2: weighted round robin is a schedule. Each selection adds the inverse of the weight to the key of the
 * element, so that the selections of one element are spread evenly. */
static uint64_t
turn_step(const struct rsp_policy *policy)
{
	return policy->value[0] ? STRIDE / policy->value[0] : 0;
}

static uint64_t
next_turn(const struct rsp_policy *policy, uint64_t least)
{
	return policy->value[0] ? least + turn_step(policy) : RSP_SHAPE_LAST;
}

/* s.4.5.2 */
static uint64_t
highest_first(const struct rsp_policy *policy, uint64_t least)
{
	(void)least;
	return UINT32_MAX - policy->value[0];
}

/* s.5.1.2, s.5.2.2 */
static uint64_t
lowest_first(const struct rsp_policy *policy, uint64_t least)
{
	(void)least;
	return policy->value[0];
}

/* s.5.3.2 */
static uint64_t
lowest_sum_first(const struct rsp_policy *policy, uint64_t least)
{
	(void)least;
	return (uint64_t)policy->value[0] + policy->value[1];
}

/* s.5.2.2 */
static uint64_t
degradation(const struct rsp_policy *policy)
{
	return policy->value[1];
}

/* Weights of weighted policies */

/* s.4.4.2 */
static uint32_t
weight(const struct rsp_policy *policy)
{
	return policy->value[0];
}

/* s.5.4.2 */
static uint32_t
idleness(const struct rsp_policy *policy)
{
	return UINT32_MAX - policy->value[0];
}

/* The selection of a user from an answer */

/* s.4.1.3, and the least used policies: select in the order of the answer. */
static uint32_t
in_turn(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	(void)pe;
	(void)rng;
	return turn % n;
}

/* s.4.3.3, s.5.4.3 */
static uint32_t
at_random(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	(void)pe;
	(void)turn;
	return (uint32_t)rsp_rng_below(rng, n);
}

/* s.4.5.3 */
static uint32_t
highest_first_word(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	uint32_t best = 0;

	(void)turn;
	(void)rng;
	for (uint32_t i = 1; i < n; i++)
		if (pe[i].policy.value[0] > pe[best].policy.value[0])
			best = i;
	return best;
}

static uint32_t
count_with_weight(const struct rsp_pool_element *pe, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += pe[i].policy.value[0] > 0;
	return count;
}

/* The index of the @k-th element (from 0) that has weight. There are more than @k such elements. */
static uint32_t
nth_with_weight(const struct rsp_pool_element *pe, uint32_t k)
{
	uint32_t i = 0;

	while (pe[i].policy.value[0] == 0 || k-- > 0)
		i++;
	return i;
}

/* s.4.2.3, s.3.2 */
static uint32_t
in_turn_by_weight(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	uint32_t count = count_with_weight(pe, n);

	return count ? nth_with_weight(pe, turn % count) : in_turn(pe, n, turn, rng);
}

/* s.4.4.3, s.3.2 */
static uint32_t
at_random_by_weight(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	uint32_t count = count_with_weight(pe, n);

	return count ? nth_with_weight(pe, (uint32_t)rsp_rng_below(rng, count)) : at_random(pe, n, turn, rng);
}

/* The shapes that RSP_POLICIES uses */

#define CIRCULAR	       .kind = RSP_SHAPE_PLAIN
#define RANDOM		       .kind = RSP_SHAPE_PLAIN, .random = true
#define RANKED(key)	       .kind = RSP_SHAPE_RANKED, .key_of = (key)
#define SCHEDULED	       RANKED(next_turn), .step_of = turn_step, .schedule = true, .zero_cannot_serve = true
#define DEGRADED	       RANKED(lowest_first), .step_of = degradation, .steps_each = true
#define WEIGHTED(weight, zero) .kind = RSP_SHAPE_WEIGHTED, .weight_of = (weight), .zero_cannot_serve = (zero)

#define ROW(id, type, key, alias, n_values, first, second, choice, ...)                                                \
	_Static_assert(sizeof(#__VA_ARGS__) > 1 && sizeof(#choice) > 1, "policy " #id " has no shape");                \
	static const struct rsp_shape shape_##id = { .choose = (choice), __VA_ARGS__ };
RSP_POLICIES(ROW)
#undef ROW

const struct rsp_shape *
rsp_shape_of(uint32_t policy)
{
	switch (policy) {
#define CASE(id, ...)                                                                                                  \
	case RSP_POLICY_##id:                                                                                          \
		return &shape_##id;
		RSP_POLICIES(CASE)
#undef CASE
	}
	return &shape_RR;
}
