#include "model/order.h"

#include <stdbool.h>
#include <stdlib.h>

#define LAST	  RSP_SHAPE_LAST
#define KEY_LIMIT (1ULL << 62) /* when the lowest key of a schedule reaches this, all its keys are reduced */
#define FEW	  16	       /* so many places or fewer are found without removing them from the heap */

struct rsp_order
rsp_order_init(const struct rsp_shape *shape)
{
	return (struct rsp_order){ .shape = shape };
}

void
rsp_order_done(struct rsp_order *order)
{
	free(order->rank);
	free(order->rank_at);
	free(order->step);
	free(order->weight);
	free(order->sums);
	*order = (struct rsp_order){ 0 };
}

enum rsp_err
rsp_order_reserve(struct rsp_order *order, uint32_t room)
{
	const struct rsp_shape *shape = order->shape;

	if (room <= order->room)
		return RSP_OK;
	if (shape->kind == RSP_SHAPE_RANKED) {
		struct rsp_rank *rank = reallocarray(order->rank, room, sizeof(*rank));
		order->rank = rank ? rank : order->rank;
		uint32_t *rank_at = reallocarray(order->rank_at, room, sizeof(*rank_at));
		order->rank_at = rank_at ? rank_at : order->rank_at;
		if (!rank || !rank_at)
			return RSP_ENOMEM;
	}
	if (shape->step_of) {
		uint64_t *step = reallocarray(order->step, room, sizeof(*step));
		order->step = step ? step : order->step;
		if (!step)
			return RSP_ENOMEM;
	}
	if (shape->kind == RSP_SHAPE_WEIGHTED) {
		uint32_t *weight = reallocarray(order->weight, room, sizeof(*weight));
		order->weight = weight ? weight : order->weight;
		uint64_t *sums = reallocarray(order->sums, (size_t)room + 1, sizeof(*sums));
		order->sums = sums ? sums : order->sums;
		if (!sums || !weight)
			return RSP_ENOMEM;
	}
	order->room = room;
	return RSP_OK;
}

/* Ranked: a binary heap of ranks, and the position of each place in the heap. */

static inline bool
before(const struct rsp_rank *a, const struct rsp_rank *b)
{
	return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

static inline void
settle(struct rsp_order *order, uint32_t at, struct rsp_rank rank)
{
	order->rank[at] = rank;
	order->rank_at[rank.place] = at;
}

/* Put @rank into the heap of the first @n positions. The position @at is free. */
static void
sift(struct rsp_order *order, uint32_t at, uint32_t n, struct rsp_rank rank)
{
	while (at > 0 && before(&rank, &order->rank[(at - 1) / 2])) {
		settle(order, at, order->rank[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (uint64_t child; (child = 2 * (uint64_t)at + 1) < n; at = (uint32_t)child) {
		if (child + 1 < n && before(&order->rank[child + 1], &order->rank[child]))
			child++;
		if (!before(&order->rank[child], &rank))
			break;
		settle(order, at, order->rank[child]);
	}
	settle(order, at, rank);
}

static uint32_t
next_turn(struct rsp_order *order)
{
	if (order->turn == UINT32_MAX) { /* very rare: set all turns to 0, so that only the keys define the order */
		for (uint32_t i = 0; i < order->n; i++)
			order->rank[i].turn = 0;
		order->turn = 0;
	}
	return ++order->turn;
}

static uint64_t
key_of(const struct rsp_order *order, const struct rsp_policy *policy)
{
	bool empty = order->n == 0 || order->rank[0].key == LAST;

	return order->shape->key_of(policy, empty ? 0 : order->rank[0].key);
}

/* The rank of a place after its selection. The first place of an answer gets a new turn, like
 * the head of a circular list that moves by one. If the shape says so, the key of each place
 * of the answer grows, else only that of the first. */
static struct rsp_rank
stepped_back(struct rsp_order *order, struct rsp_rank rank, bool is_first)
{
	bool moves = order->step && (is_first || order->shape->steps_each);
	uint64_t step = moves ? order->step[rank.place] : 0;

	rank.key = rank.key > LAST - step ? LAST : rank.key + step;
	if (is_first)
		rank.turn = next_turn(order);
	return rank;
}

/* The keys of a schedule only grow: reduce all of them by the lowest key, long before they overflow. */
static void
count_from_zero(struct rsp_order *order)
{
	uint64_t least = order->n > 0 ? order->rank[0].key : 0;

	if (!order->shape->schedule || least < KEY_LIMIT || least == LAST)
		return;
	for (uint32_t i = 0; i < order->n; i++)
		if (order->rank[i].key != LAST)
			order->rank[i].key -= least;
}

/* Select few places: the next place is always the child, in the heap, of a place that was
 * selected before, so the heap need not change. */
static void
first_few(struct rsp_order *order, uint32_t max, struct rsp_element *const *element, struct rsp_element **out)
{
	uint32_t candidate[FEW + 1] = { 0 }, chosen[FEW], n_candidates = 1;

	for (uint32_t i = 0; i < max; i++) {
		uint32_t best = 0, child;

		for (uint32_t k = 1; k < n_candidates; k++)
			if (before(&order->rank[candidate[k]], &order->rank[candidate[best]]))
				best = k;
		uint32_t at = candidate[best];
		chosen[i] = order->rank[at].place;
		out[i] = element[chosen[i]];
		candidate[best] = candidate[--n_candidates];
		for (child = 2 * at + 1; child <= 2 * at + 2 && child < order->n; child++)
			candidate[n_candidates++] = child;
	}
	for (uint32_t i = 0; i < max && (i == 0 || order->shape->steps_each); i++) {
		uint32_t at = order->rank_at[chosen[i]];
		sift(order, at, order->n, stepped_back(order, order->rank[at], i == 0));
	}
}

/* Select many places: remove each from the heap to the positions after the heap, and then put all back. */
static void
first_many(struct rsp_order *order, uint32_t max, struct rsp_element *const *element, struct rsp_element **out)
{
	uint32_t left = order->n;

	for (uint32_t i = 0; i < max; i++) {
		struct rsp_rank first = order->rank[0], last = order->rank[--left];

		out[i] = element[first.place];
		if (left > 0)
			sift(order, 0, left, last);
		settle(order, left, first);
	}
	for (uint32_t i = 0; i < max; i++, left++)
		sift(order, left, left + 1, stepped_back(order, order->rank[left], i + 1 == max));
}

void
rsp_order_first(struct rsp_order *order, uint32_t max, struct rsp_element *const *element, struct rsp_element **out)
{
	if (max == 0)
		return;
	if (max <= FEW)
		first_few(order, max, element, out);
	else
		first_many(order, max, element, out);
	count_from_zero(order);
}

/* Weighted: a Fenwick tree. sums[i] is the sum of the weights of the places i - (i & -i) to i - 1. */

uint64_t
rsp_order_total(const struct rsp_order *order)
{
	uint64_t sum = 0;

	for (uint32_t i = order->n; i > 0; i &= i - 1)
		sum += order->sums[i];
	return sum;
}

/* Add @more to the weight of @place in the tree, modulo 2^64, so that a negative number can be added. */
static void
weigh(struct rsp_order *order, uint32_t place, uint64_t more)
{
	for (uint64_t i = (uint64_t)place + 1; i <= order->n; i += i & -i)
		order->sums[i] += more;
}

void
rsp_order_hide(struct rsp_order *order, uint32_t place)
{
	weigh(order, place, -(uint64_t)order->weight[place]);
}

void
rsp_order_show(struct rsp_order *order, uint32_t place)
{
	weigh(order, place, order->weight[place]);
}

static void
set_weight(struct rsp_order *order, uint32_t place, uint32_t weight)
{
	weigh(order, place, (uint64_t)weight - order->weight[place]);
	order->weight[place] = weight;
}

uint32_t
rsp_order_hit(const struct rsp_order *order, uint64_t at)
{
	uint32_t i = 0;

	for (uint32_t bit = 1U << (31 - __builtin_clz(order->n)); bit > 0; bit >>= 1) {
		if (i + bit > order->n || order->sums[i + bit] > at)
			continue;
		i += bit;
		at -= order->sums[i];
	}
	return i;
}

void
rsp_order_add(struct rsp_order *order, const struct rsp_policy *policy)
{
	uint32_t place = order->n;

	if (order->sums) {
		uint32_t i = place + 1, lowest = i & -i;

		order->weight[place] = order->shape->weight_of(policy);
		order->sums[i] = order->weight[place];
		for (uint32_t k = 1; k < lowest; k <<= 1)
			order->sums[i] += order->sums[i - k];
	}
	if (order->step)
		order->step[place] = order->shape->step_of(policy);
	struct rsp_rank rank = { .place = place };
	if (order->rank) {
		rank.key = key_of(order, policy);
		rank.turn = next_turn(order);
	}
	order->n++;
	if (order->rank)
		sift(order, place, order->n, rank);
}

void
rsp_order_set(struct rsp_order *order, uint32_t place, const struct rsp_policy *policy)
{
	if (order->sums)
		set_weight(order, place, order->shape->weight_of(policy));
	if (!order->rank)
		return;
	if (order->step) {
		uint64_t step = order->shape->step_of(policy);

		if (step == order->step[place] && order->shape->schedule)
			return; /* the element keeps its position in the schedule */
		order->step[place] = step;
	}
	struct rsp_rank rank = order->rank[order->rank_at[place]];
	rank.key = key_of(order, policy);
	sift(order, order->rank_at[place], order->n, rank);
}

bool
rsp_order_weightless(const struct rsp_order *order, uint32_t place)
{
	if (!order->shape->zero_cannot_serve)
		return false;
	return order->shape->kind == RSP_SHAPE_WEIGHTED ? order->weight[place] == 0 : order->step[place] == 0;
}

void
rsp_order_remove(struct rsp_order *order, uint32_t place)
{
	uint32_t last = order->n - 1;

	if (order->sums && place != last)
		set_weight(order, place, order->weight[last]);
	if (order->rank) {
		uint32_t hole = order->rank_at[place];
		struct rsp_rank end = order->rank[last];

		if (hole != last)
			sift(order, hole, last, end);
		if (place != last) { /* the last place gets the number of the removed one */
			uint32_t at = order->rank_at[last];
			order->rank[at].place = place;
			order->rank_at[place] = at;
		}
	}
	if (order->step)
		order->step[place] = order->step[last];
	order->n = last;
}
