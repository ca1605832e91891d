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
 * A walk over all elements, pool by pool, or over those of one home. It goes on while elements are added, removed and
 * moved: an element that is there from the begin to the end is seen at least once, unless its home changes. Between
 * begin and end the handlespace holds a pointer to the walk. { 0 } has not begun.
 */
struct rsp_walk {
	LIST_ENTRY(rsp_walk) entry;
	struct rsp_pool *pool;	/* the current one */
	uint32_t left;		/* elements of the pool that are still to be seen: those at places below this */
	struct rsp_element *at; /* of one home: the next one */
	uint32_t only_home_id;	/* 0: all elements */
};

void rsp_walk_begin(struct rsp_handlespace *hs, struct rsp_walk *walk, uint32_t only_home_id);

/** The element that comes next, the same one at each call; NULL at the end. */
struct rsp_element *rsp_walk_peek(struct rsp_walk *walk);

/** The element that comes next, and step past it; NULL at the end. */
struct rsp_element *rsp_walk_next(struct rsp_walk *walk);

/** End a walk; one that has not begun, or has ended, stays as it is. */
void rsp_walk_end(struct rsp_walk *walk);

static inline bool
rsp_walk_is_open(const struct rsp_walk *walk)
{
	return walk->entry.le_prev != NULL;
}

#endif
