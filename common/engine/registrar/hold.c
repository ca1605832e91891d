#include "engine/registrar/hold.h"

#include <stdlib.h>

struct rsp_held_question {
	STAILQ_ENTRY(rsp_held_question) next;
	struct rsp_link *link;
	uint64_t asked_ms;
	uint64_t until_ms; /* then it is answered, even if the pool is still unknown, unless a peer has more */
	uint32_t items;
	bool watch;
	uint64_t hash; /* of the handle */
	size_t handle_size;
	uint8_t handle[];
};

void
rsp_hold_init(struct rsp_hold *hold, struct rsp_resolver *resolver)
{
	hold->resolver = resolver;
	STAILQ_INIT(&hold->questions);
}

bool
rsp_hold_question(struct rsp_hold *hold, const struct rsp_question *q)
{
	const struct rsp_core *core = hold->resolver->core;
	struct rsp_held_question *held;
	unsigned of_link = 0;

	if (core->config.hold_ms == 0 || q->handle.n == 0 || q->handle.n > RSP_HANDLE_MAX)
		return false;
	STAILQ_FOREACH(held, &hold->questions, next) {
		if (held->link != q->link)
			continue;
		of_link++;
		if (rsp_bytes_equal(rsp_bytes_of(held->handle, held->handle_size), q->handle)) {
			held->items = q->items; /* a repeated question gets one answer */
			held->watch |= q->watch;
			return true;
		}
	}
	held = hold->n < RSP_HELD_MAX && of_link < RSP_HELD_LINK_MAX ? calloc(1, sizeof(*held) + q->handle.n) : NULL;
	if (!held)
		return false;
	held->link = q->link;
	held->asked_ms = core->now_ms;
	held->until_ms = core->now_ms + core->config.hold_ms;
	held->items = q->items;
	held->watch = q->watch;
	held->hash = rsp_pool_hash(core->space, q->handle);
	held->handle_size = q->handle.n;
	memcpy(held->handle, q->handle.p, q->handle.n);
	STAILQ_INSERT_TAIL(&hold->questions, held, next);
	hold->n++;
	return true;
}

static void
forget_question(struct rsp_hold *hold, struct rsp_held_question *held)
{
	STAILQ_REMOVE(&hold->questions, held, rsp_held_question, next);
	hold->n--;
	free(held);
}

/* The pool of @held is still unknown, and a peer has elements that this registrar does not have yet: hold it on, for hold_ms
 * again. False if it would then be held for more than hold_window_ms. */
static bool
hold_on(struct rsp_hold *hold, struct rsp_held_question *held)
{
	const struct rsp_core *core = hold->resolver->core;

	if (core->now_ms + core->config.hold_ms > held->asked_ms + core->config.hold_window_ms)
		return false;
	held->until_ms = core->now_ms + core->config.hold_ms;
	STAILQ_REMOVE(&hold->questions, held, rsp_held_question, next);
	STAILQ_INSERT_TAIL(&hold->questions, held, next);
	return true;
}

void
rsp_hold_settle(struct rsp_hold *hold, enum rsp_hold_missing missing)
{
	struct rsp_held_question *held = STAILQ_FIRST(&hold->questions), *next;
	struct rsp_core *core = hold->resolver->core;

	if (!held)
		return;
	uint64_t made = rsp_pools_made(core->space);
	/* This function runs after each message, so it must be cheap: search only if a pool was made since the last
	 * search, or the oldest question is due. */
	if (missing && made == hold->pools_made && core->now_ms < held->until_ms)
		return;
	hold->pools_made = made;
	for (; held; held = next) {
		struct rsp_bytes handle = rsp_bytes_of(held->handle, held->handle_size);
		struct rsp_question q = {
			.link = held->link, .handle = handle, .items = held->items, .watch = held->watch
		};

		next = STAILQ_NEXT(held, next);
		bool unknown = missing && !rsp_pool_find_hashed(core->space, handle, held->hash);
		bool due = core->now_ms >= held->until_ms;
		if (unknown && (!due || (missing == RSP_HOLD_KNOWN && hold_on(hold, held))))
			continue;
		rsp_resolve_answer(hold->resolver, &q);
		forget_question(hold, held);
	}
}

void
rsp_hold_link_down(struct rsp_hold *hold, const struct rsp_link *link)
{
	struct rsp_held_question *held, *next;

	for (held = STAILQ_FIRST(&hold->questions); held; held = next) {
		next = STAILQ_NEXT(held, next);
		if (held->link == link)
			forget_question(hold, held);
	}
}

uint64_t
rsp_hold_deadline(const struct rsp_hold *hold)
{
	const struct rsp_held_question *first = STAILQ_FIRST(&hold->questions);

	return first ? first->until_ms : RSP_NEVER;
}
