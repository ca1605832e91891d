#ifndef RSP_MODEL_WHEEL_H
#define RSP_MODEL_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"

/** A deadline, embedded in the object that it belongs to. { 0 } is a timer that is not set. */
struct rsp_timer {
	LIST_ENTRY(rsp_timer) entry; /* in a list of the wheel while it is set */
	uint64_t deadline_ms;
};

LIST_HEAD(rsp_timer_list, rsp_timer);

enum { RSP_WHEEL_BITS = 8, RSP_WHEEL_SLOTS = 1 << RSP_WHEEL_BITS, RSP_WHEEL_LEVELS = 5 };

/** A hierarchical timer wheel: setting and cancelling a timer take the same time however many timers there are. */
struct rsp_wheel {
	uint64_t now_ms; /* the time up to which the wheel has turned */
	struct rsp_timer_list due; /* timers whose deadline is at or before @now_ms */
	struct rsp_timer_list slot[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS];
	uint64_t busy[RSP_WHEEL_LEVELS][RSP_WHEEL_SLOTS / 64]; /* bit set: the slot may hold a timer */
};

/** A wheel without timers at @now_ms. */
void rsp_wheel_init(struct rsp_wheel *wheel, uint64_t now_ms);

/** Set @timer, or set it again, to expire at @deadline_ms; at once if that is past. RSP_NEVER cancels it. */
void rsp_wheel_set(struct rsp_wheel *wheel, struct rsp_timer *timer, uint64_t deadline_ms);

/** Cancel @timer; nothing happens if it is not set. */
void rsp_wheel_cancel(struct rsp_wheel *wheel, struct rsp_timer *timer);

static inline bool
rsp_timer_is_set(const struct rsp_timer *timer)
{
	return timer->entry.le_prev != NULL;
}

/** When to call rsp_wheel_expired() again: at the earliest deadline or before. RSP_NEVER if no timer is set. */
uint64_t rsp_wheel_next(const struct rsp_wheel *wheel);

/** Take one timer whose deadline is at or before @now_ms, and which is no longer set then; NULL if there is none. */
struct rsp_timer *rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms);

#endif
