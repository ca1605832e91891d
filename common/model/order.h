#ifndef RSP_MODEL_ORDER_H
#define RSP_MODEL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/shape.h"

/*
 * What a pool keeps so that its policy chooses quickly, by the policy's shape (model/shape.h): nothing for a plain
 * policy, a heap of keys for a ranked one, a tree of weights for a weighted one. Elements are known by their place in
 * the pool's array, 0 to n - 1.
 */

/** Ranked: the place with the lowest key comes first, and of equal keys the place whose last turn is longest ago. */
struct rsp_rank {
	uint64_t key;
	uint32_t turn, place;
};

struct rsp_order {
	const struct rsp_shape *shape;
	uint32_t n, room;
	struct rsp_rank *rank; /* ranked: a binary heap */
	uint32_t *rank_at;     /* ranked: where in it a place is */
	uint64_t *step;	       /* ranked, if the shape has steps: how much the key of a place grows when it is chosen */
	uint32_t *weight;      /* weighted: of each place */
	uint64_t *sums;	       /* weighted: a Fenwick tree of the weights that are not hidden, from 1 on */
	uint32_t turn;	       /* ranked: the last turn given */
};

/** An order of no places. { 0 } is one that needs no rsp_order_done(), and takes no places. */
struct rsp_order rsp_order_init(const struct rsp_shape *shape);
void rsp_order_done(struct rsp_order *order);

/** Make room for @room places. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_order_reserve(struct rsp_order *order, uint32_t room) RSP_NODISCARD;

/** Add the place order->n, for which there is room, of an element that registered with @policy. */
void rsp_order_add(struct rsp_order *order, const struct rsp_policy *policy);

/** The element at @place registered again. */
void rsp_order_set(struct rsp_order *order, uint32_t place, const struct rsp_policy *policy);

/** Whether the element at @place cannot serve because its weight is 0: RFC 5356 s.3.2. */
bool rsp_order_weightless(const struct rsp_order *order, uint32_t place);

/** Remove @place; the last place takes its number. */
void rsp_order_remove(struct rsp_order *order, uint32_t place);

struct rsp_element;

/**
 * Ranked: choose the @max (at most n) first places in their order and let the chosen step back as the policy wants.
 * @out gets what @element, the pool's array, holds at these places.
 */
void rsp_order_first(struct rsp_order *order, uint32_t max, struct rsp_element *const *element,
		     struct rsp_element **out);

/** Weighted: the sum of the weights that are not hidden, and the place that @at (below the sum) falls on. */
uint64_t rsp_order_total(const struct rsp_order *order);
uint32_t rsp_order_hit(const struct rsp_order *order, uint64_t at);

/** Weighted: take the weight of @place out of the sum, and put it in again. Nothing may stay hidden. */
void rsp_order_hide(struct rsp_order *order, uint32_t place);
void rsp_order_show(struct rsp_order *order, uint32_t place);

#endif
