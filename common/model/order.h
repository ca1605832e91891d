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
	uint32_t *rank_at;     /* ranked: the position of each place in @rank */
	uint64_t *step;	       /* ranked, if the shape has steps: how much the key of a place grows when it is chosen */
	uint32_t *weight;      /* weighted: the weight of each place */
	uint64_t *sums;	       /* weighted: a Fenwick tree of the weights that are not hidden; index 0 is unused */
	uint32_t turn;	       /* ranked: the number of the last turn */
};

/** An order of no places, with the shape of a policy. The caller frees it with rsp_order_done(). */
struct rsp_order rsp_order_init(const struct rsp_shape *shape);
void rsp_order_done(struct rsp_order *order);

/** Allocate room for @room places. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_order_reserve(struct rsp_order *order, uint32_t room) RSP_NODISCARD;

/** Add the place order->n for an element that registered with @policy. rsp_order_reserve() has made room for it. */
void rsp_order_add(struct rsp_order *order, const struct rsp_policy *policy);

/** The element at @place registered again, with @policy. */
void rsp_order_set(struct rsp_order *order, uint32_t place, const struct rsp_policy *policy);

/** Whether the element at @place cannot serve because its weight is 0: RFC 5356 s.3.2. */
bool rsp_order_weightless(const struct rsp_order *order, uint32_t place);

/** Remove @place; the last place takes its number. */
void rsp_order_remove(struct rsp_order *order, uint32_t place);

struct rsp_element;

/**
 * Ranked: choose the @max (at most n) first places, in their order, and move them back as the shape says. @out gets the
 * elements that @element, the array of the pool, has at these places.
 */
void rsp_order_first(struct rsp_order *order, uint32_t max, struct rsp_element *const *element,
		     struct rsp_element **out);

/**
 * Weighted: the sum of the weights that are not hidden; and the place in whose share of the sum @at (below it) lies.
 */
uint64_t rsp_order_total(const struct rsp_order *order);
uint32_t rsp_order_hit(const struct rsp_order *order, uint64_t at);

/** Weighted: take the weight of @place out of the sum, and put it back, before the order changes otherwise. */
void rsp_order_hide(struct rsp_order *order, uint32_t place);
void rsp_order_show(struct rsp_order *order, uint32_t place);

#endif
