#ifndef RSP_MODEL_SELECT_H
#define RSP_MODEL_SELECT_H

#include "base/rng.h"
#include "model/handlespace.h"

/**
 * Choose at most @max elements of @pool by its policy (RFC 5356), none of them twice, into @out, in the order of the
 * answer. Returns how many. For a policy that is not a standard one, choose round robin. An element of weight 0 is
 * chosen only if no element of the pool has weight (RFC 5356 s.3.2), so the answer may have less than @max elements.
 */
uint32_t rsp_select(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out);

/**
 * Choose one of the @n elements of an answer by the pool's @policy, as a user does: its place, or 0 if @n is 0. @turn
 * is the number of choices made before from the same answer. RFC 5356, "Pool User Considerations" of each policy. An
 * element of weight 0, which a registrar of another make may send, is chosen only if all have weight 0.
 */
uint32_t rsp_select_answer(uint32_t policy, const struct rsp_pool_element *pe, uint32_t n, uint32_t turn,
			   struct rsp_rng *rng);

#endif
