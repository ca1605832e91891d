#ifndef RSP_MODEL_WHEEL_H
#define RSP_MODEL_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"

/** A timer, embedded in the object that it belongs to. { 0 }: a timer that is not set. */
struct rsp_timer {
	LIST_ENTRY(rsp_timer) entry; /* in a list of the wheel, if the timer is set */
	uint64_t deadline_ms;
};

LIST_HEAD(rsp_timer_list, rsp_timer);

enum { RSP_WHEEL_BITS = 8, RSP_WHEEL_SLOTS = 1 << RSP_WHEEL_BITS, RSP_WHEEL_LEVELS = 5 };

/** A hierarchical timer wheel: the time to set or cancel a timer does not depend on the number of timers. */
struct rsp_wheel {
	uint64_t now_ms; /* the time up to which timers have been taken from the slots */
	struct rsp_timer_list due; /* timers with a deadline of at most @now_ms */
	struct rsp_timer_list slot[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS];
	uint64_t busy[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS / 64]; /* a set bit: the slot may have timers */
};

/** Initialise a wheel without timers, whose time is @now_ms. */
void rsp_wheel_init(struct rsp_wheel *wheel, uint64_t now_ms);

/** Set @timer, or change it, to expire at @deadline_ms; at once, if that is past. RSP_NEVER cancels it. */
void rsp_wheel_set(struct rsp_wheel *wheel, struct rsp_timer *timer, uint64_t deadline_ms);

/** Cancel @timer, if it is set. */
void rsp_wheel_cancel(struct rsp_wheel *wheel, struct rsp_timer *timer);

static inline bool
rsp_timer_is_set(const struct rsp_timer *timer)
{
	return timer->entry.le_prev != NULL;
}

/** The time at which to call rsp_wheel_expired() again: not later than the
 * earliest deadline. RSP_NEVER: no timer is set. */
uint64_t rsp_wheel_next(const struct rsp_wheel *wheel);

/** Remove a timer with a deadline of at most @now_ms from the wheel, and return it;
 * it is not set any more. NULL: there is none. */
struct rsp_timer *rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms);

#endif
