#ifndef RSP_MODEL_WHEEL_H
#define RSP_MODEL_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/** A deadline, embedded in what it belongs to. { 0 } is one that is not set. */
struct rsp_timer {
	struct rsp_timer *next, **link; /* *link is this timer while it is set */
	uint64_t deadline_ms;
};

enum { RSP_WHEEL_BITS = 8, RSP_WHEEL_SLOTS = 1 << RSP_WHEEL_BITS, RSP_WHEEL_LEVELS = 5 };

/** A hierarchical timer wheel: setting and cancelling cost the same however many timers there are. */
struct rsp_wheel {
	uint64_t now_ms; /* every timer due before this has been handed out */
	struct rsp_timer *due;
	struct rsp_timer *slot[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS];
	uint64_t busy[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS / 64]; /* which slots may hold a timer */
};

/** Begin at @now_ms with no timers. */
void rsp_wheel_init(struct rsp_wheel *wheel, uint64_t now_ms);

/** Set @timer, or set it again, to go off at @deadline_ms; one that is past goes off at once. RSP_NEVER cancels. */
void rsp_wheel_set(struct rsp_wheel *wheel, struct rsp_timer *timer, uint64_t deadline_ms);

/** Forget @timer; nothing happens if it is not set. */
void rsp_wheel_cancel(struct rsp_wheel *wheel, struct rsp_timer *timer);

static inline bool
rsp_timer_is_set(const struct rsp_timer *timer)
{
	return timer->link != NULL;
}

/** When to call rsp_wheel_expired() again: never after the earliest deadline. RSP_NEVER if no timer is set. */
uint64_t rsp_wheel_next(const struct rsp_wheel *wheel);

/** Take one timer whose deadline is at or before @now_ms, no longer set; NULL when there is none left. Never early. */
struct rsp_timer *rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms);

#endif
