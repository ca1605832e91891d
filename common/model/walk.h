#ifndef RSP_MODEL_WALK_H
#define RSP_MODEL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct rsp_element;
struct rsp_handlespace;
struct rsp_pool;

/**
 * An iteration over all elements, pool by pool, hidden records (model/record.h) included, or over the elements of one home.
 * Elements may be added, removed and moved meanwhile: the walk returns each element that exists from its begin to its end
 * at least once, unless the home of the element changes. Between begin and end, the handlespace has a pointer to the walk.
 * { 0 }: a walk that has not begun.
 */
struct rsp_walk {
	LIST_ENTRY(rsp_walk) entry;
	const struct rsp_handlespace *hs;
	struct rsp_pool *pool;	/* the current pool */
	/* elements of @pool that the walk has not returned yet: those at places below this number */
	uint32_t left;
	/* walk over one home: the next element. Walk over all: the next record of the element at place @left - 1, if
	 * another record of it has been returned */
	struct rsp_element *at;
	uint32_t only_home_id;	/* 0: all elements */
};

void rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id);

/** The next element, without moving past it; NULL at the end. */
struct rsp_element *rsp_walk_peek(struct rsp_walk *walk);

/** The next element; the walk moves past it. NULL at the end. */
struct rsp_element *rsp_walk_next(struct rsp_walk *walk);

/** End @walk. A walk that has not begun, or has ended, does not change. */
void rsp_walk_end(struct rsp_walk *walk);

static inline bool
rsp_walk_is_open(const struct rsp_walk *walk)
{
	return walk->entry.le_prev != NULL;
}

#endif
