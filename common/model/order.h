#ifndef RSP_MODEL_ORDER_H
#define RSP_MODEL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/shape.h"

/*
 * The index that a pool has so that its policy can select elements quickly. It depends on the policy's shape
 * (model/shape.h): a plain policy needs no index, a ranked one a heap of keys, a weighted one a tree of weights. The place
 * of an element is its index in the pool's array, 0 to n - 1. The turn of an element is the number of the selection in
 * which it was last the first element of an answer, or of its registration.
 */

/** Ranked: the place with the lowest key is selected first; of equal keys, the place with the lowest turn. */
struct rsp_rank {
	uint64_t key;
	uint32_t turn, place;
};

struct rsp_order {
	const struct rsp_shape *shape;
	uint32_t n, room;
	struct rsp_rank *rank; /* ranked: a binary heap */
	uint32_t *rank_at;     /* ranked: the position of each place in @rank */
	/* ranked, if the shape has steps: the number that a selection adds to the key of a place */
	uint64_t *step;
	uint32_t *weight;      /* weighted: the weight of each place */
	uint64_t *sums;	       /* weighted: a Fenwick tree of the weights that are not hidden; index 0 is not used */
	uint32_t turn;	       /* ranked: the last turn that was given */
};

/** Make an order without places, for the shape of a policy. The caller frees it with rsp_order_done(). */
struct rsp_order rsp_order_init(const struct rsp_shape *shape);
void rsp_order_done(struct rsp_order *order);

/** Allocate room for @room places. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_order_reserve(struct rsp_order *order, uint32_t room) RSP_NODISCARD;

/** Add the place order->n for an element that registered with @policy. The
 * caller has called rsp_order_reserve() for it. */
void rsp_order_add(struct rsp_order *order, const struct rsp_policy *policy);

/** The element at @place registered again, with @policy. */
void rsp_order_set(struct rsp_order *order, uint32_t place, const struct rsp_policy *policy);

/** Whether the element at @place has weight 0, and so cannot serve: RFC 5356 s.3.2. */
bool rsp_order_weightless(const struct rsp_order *order, uint32_t place);

/** Remove @place. The last place gets its number. */
void rsp_order_remove(struct rsp_order *order, uint32_t place);

struct rsp_element;

/**
 * Ranked: select the first @max places (at most n) in their order, and increase their keys as the shape says. @out gets
 * the elements that are at these places in @element, the array of the pool.
 */
void rsp_order_first(struct rsp_order *order, uint32_t max, struct rsp_element *const *element,
		     struct rsp_element **out);

/**
 * Weighted: rsp_order_total() returns the sum of the weights that are not hidden. rsp_order_hit() returns the place to
 * whose part of this sum the number @at belongs; @at is less than the sum.
 */
uint64_t rsp_order_total(const struct rsp_order *order);
uint32_t rsp_order_hit(const struct rsp_order *order, uint64_t at);

/** Weighted: subtract the weight of @place from the sum, and add it again. Between
 * the two, do not change the order otherwise. */
void rsp_order_hide(struct rsp_order *order, uint32_t place);
void rsp_order_show(struct rsp_order *order, uint32_t place);

#endif
