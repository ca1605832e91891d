#ifndef RSP_MODEL_SHAPE_H
#define RSP_MODEL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "proto/param.h"

/*
 * The shape of a policy of RSP_POLICIES (proto/policy.h) says how the policy selects elements. There are three kinds. A
 * plain policy uses only the array of the pool's elements. A ranked policy gives each element a key and selects the lowest
 * keys. A weighted policy gives each element a weight and draws at random. A new policy needs one row in RSP_POLICIES and,
 * if no shape fits, a definition in shape.c.
 */

enum rsp_shape_kind { RSP_SHAPE_PLAIN, RSP_SHAPE_RANKED, RSP_SHAPE_WEIGHTED };

/** The key of an element of weight 0: it comes after all others. */
#define RSP_SHAPE_LAST UINT64_MAX

struct rsp_shape {
	enum rsp_shape_kind kind;
	bool random; /* plain: draw at random; else round robin, beginning one place later each time */

	/* ranked: the key of an element that registers with @policy; @least is the lowest key in the pool */
	uint64_t (*key_of)(const struct rsp_policy *policy, uint64_t least);
	/* ranked: the number that a selection adds to the key; NULL: 0 */
	uint64_t (*step_of)(const struct rsp_policy *policy);
	bool steps_each; /* ranked: the key of each element of an answer grows; else only that of the first */
	/* ranked: a key is a time in a schedule, and stays when the element registers again with the same step */
	bool schedule;

	/* weighted: the weight of an element that registers with @policy */
	uint32_t (*weight_of)(const struct rsp_policy *policy);

	/* RFC 5356 s.3.2: an element with weight 0 (weighted) or step 0 (ranked)
	 * does not serve while another element can */
	bool zero_cannot_serve;

	/* the index of the element that a user selects of the @n (at least 1)
	 * elements of an answer; see rsp_select_answer() */
	uint32_t (*choose)(const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng);
};

/** The shape of a policy type. A policy that is not a standard one has the shape of round robin. */
const struct rsp_shape *rsp_shape_of(uint32_t policy);

#endif
