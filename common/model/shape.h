#ifndef RSP_MODEL_SHAPE_H
#define RSP_MODEL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "proto/param.h"

/*
 * How each policy of RSP_POLICIES (proto/policy.h) chooses. There are three kinds: a policy uses nothing but the array
 * of the pool's elements (plain), or gives each element a key and takes the lowest keys (ranked), or gives each element
 * a weight and draws (weighted). A new policy is one row there and, if no shape fits, a definition in shape.c.
 */

enum rsp_shape_kind { RSP_SHAPE_PLAIN, RSP_SHAPE_RANKED, RSP_SHAPE_WEIGHTED };

/** The key of an element that has no weight: it comes after all others. */
#define RSP_SHAPE_LAST UINT64_MAX

struct rsp_shape {
	enum rsp_shape_kind kind;
	bool random; /* plain: draw; else go round the array, beginning one further each time */

	/* ranked: the key of an element that registers with @policy, where the lowest key of the pool is @least */
	uint64_t (*key_of)(const struct rsp_policy *policy, uint64_t least);
	/* ranked: how much the key grows when the element is chosen; NULL: not at all */
	uint64_t (*step_of)(const struct rsp_policy *policy);
	bool steps_each; /* ranked: each element of an answer steps back; else only the first */
	bool schedule;	 /* ranked: keys are turns in a schedule, and stay when the element registers again */

	/* weighted: the weight of an element that registers with @policy */
	uint32_t (*weight_of)(const struct rsp_policy *policy);

	/* RFC 5356 s.3.2: an element whose weight (weighted) or step (ranked) is 0 cannot serve while another one
	 * can */
	bool zero_cannot_serve;

	/* the place that a user chooses among the @n (at least 1) elements of an answer; see rsp_select_answer() */
	uint32_t (*choose)(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng);
};

/** The shape of a policy type. One that is not a standard policy has the shape of round robin. */
const struct rsp_shape *rsp_shape_of(uint32_t policy);

#endif
