#ifndef RSP_MODEL_SELECT_H
#define RSP_MODEL_SELECT_H

#include "base/rng.h"
#include "model/handlespace.h"

/**
 * Select at most @max different elements of @pool by its policy (RFC 5356) into @out, in the order of the answer. Returns
 * their number. A policy that is not a standard one is treated as round robin. An element of weight 0 is selected only if
 * all elements of the pool have weight 0 (RFC 5356 s.3.2), so the answer may have fewer than @max elements.
 */
uint32_t rsp_select(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out);

/**
 * Select one of the @n elements @pe of an answer by the policy of the pool, as a user does. Returns its index, or 0 if @n
 * is 0. @turn: the number of earlier selections from the same answer. RFC 5356, "Pool User Considerations" of each
 * policy. An element of weight 0, which other registrar software may send, is selected only if all have weight 0.
 */
uint32_t rsp_select_answer(uint32_t policy, const struct rsp_pool_element *pe, uint32_t n, uint32_t turn,
			   struct rsp_rng *rng);

#endif
