#include "model/select.h"

/* RFC 5356 s.4.1.2: select elements from the head of the circular list on, then move the head by one. */
static uint32_t
round_robin(struct rsp_pool *pool, uint32_t max, struct rsp_element **out)
{
	uint32_t at = pool->head;

	for (uint32_t i = 0; i < max; i++) {
		out[i] = pool->element[at];
		at = at + 1 < pool->n_elements ? at + 1 : 0;
	}
	pool->head = pool->head + 1 < pool->n_elements ? pool->head + 1 : 0;
	return max;
}

static void
forget_chosen(struct rsp_element **out, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i]->chosen = false;
}

/* Select more than half of the pool: each element with the probability that gives
 * @max elements in all; then shuffle them. */
static void
random_most(const struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; n < max; i++)
		if (rsp_rng_below(rng, pool->n_elements - i) < max - n)
			out[n++] = pool->element[i];
	for (uint32_t i = max; i > 1; i--) {
		uint32_t other = (uint32_t)rsp_rng_below(rng, i);
		struct rsp_element *e = out[i - 1];

		out[i - 1] = out[other];
		out[other] = e;
	}
}

/* RFC 5356 s.4.3.2. If a draw hits an element that is already chosen, draw
 * again: on average at most every second draw. */
static uint32_t
at_random(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	uint32_t n = 0;

	if (max > pool->n_elements / 2) {
		random_most(pool, max, rng, out);
		return max;
	}
	while (n < max) {
		struct rsp_element *e = pool->element[rsp_rng_below(rng, pool->n_elements)];

		if (e->chosen)
			continue;
		e->chosen = true;
		out[n++] = e;
	}
	forget_chosen(out, n);
	return n;
}

/* Complete a weighted answer if few elements have nearly all of the weight: hide the chosen elements, so that draws hit
 * only the others. Elements of weight 0 come last, beginning at a random place. */
static uint32_t
weighted_rest(struct rsp_pool *pool, uint32_t n, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	struct rsp_order *order = &pool->order;
	uint32_t at = (uint32_t)rsp_rng_below(rng, pool->n_elements);
	uint64_t total;

	for (uint32_t i = 0; i < n; i++)
		rsp_order_hide(order, out[i]->place);
	for (; n < max && (total = rsp_order_total(order)) > 0; n++) {
		out[n] = pool->element[rsp_order_hit(order, rsp_rng_below(rng, total))];
		out[n]->chosen = true;
		rsp_order_hide(order, out[n]->place);
	}
	for (uint32_t i = 0; i < n; i++)
		rsp_order_show(order, out[i]->place);
	for (; n < max; at = at + 1 < pool->n_elements ? at + 1 : 0) {
		struct rsp_element *e = pool->element[at];

		if (e->chosen)
			continue;
		e->chosen = true;
		out[n++] = e;
	}
	return n;
}

/* RFC 5356 s.4.4.2, s.5.4.2. If a draw hits an element that is already chosen, draw again,
 * so that the other elements keep their shares. */
static uint32_t
weighted(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	uint64_t total = rsp_order_total(&pool->order);
	uint32_t n = 0;

	for (uint32_t tries = 0; n < max && total > 0 && tries / 2 < max + 4; tries++) {
		struct rsp_element *e = pool->element[rsp_order_hit(&pool->order, rsp_rng_below(rng, total))];

		if (e->chosen)
			continue;
		e->chosen = true;
		out[n++] = e;
	}
	if (n < max)
		n = weighted_rest(pool, n, max, rng, out);
	forget_chosen(out, n);
	return n;
}

/* The number of elements in @out that have weight; elements of weight 0 come last and are left out: RFC 5356 s.3.2. */
static uint32_t
without_weightless(const struct rsp_pool *pool, uint32_t n, struct rsp_element *const *out)
{
	if (rsp_order_weightless(&pool->order, out[0]->place))
		return n; /* all elements of the pool have weight 0: then these serve */
	while (rsp_order_weightless(&pool->order, out[n - 1]->place))
		n--;
	return n;
}

uint32_t
rsp_select(struct rsp_pool *pool, uint32_t max, struct rsp_rng *rng, struct rsp_element **out)
{
	const struct rsp_shape *shape = pool->order.shape;

	max = max < pool->n_elements ? max : pool->n_elements;
	if (max == 0)
		return 0;
	switch (shape->kind) {
	case RSP_SHAPE_PLAIN:
		return shape->random ? at_random(pool, max, rng, out) : round_robin(pool, max, out);
	case RSP_SHAPE_RANKED:
		rsp_order_first(&pool->order, max, pool->element, out);
		return without_weightless(pool, max, out);
	case RSP_SHAPE_WEIGHTED:
		return without_weightless(pool, weighted(pool, max, rng, out), out);
	}
	return 0;
}

uint32_t
rsp_select_answer(uint32_t policy, const struct rsp_pool_element *pe, uint32_t n, uint32_t turn, struct rsp_rng *rng)
{
	return n ? rsp_shape_of(policy)->choose(pe, n, turn, rng) : 0;
}
