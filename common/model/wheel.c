#include "model/wheel.h"

#include <string.h>

void
rsp_wheel_init(struct rsp_wheel *wheel, uint64_t now_ms)
{
	*wheel = (struct rsp_wheel){ .now_ms = now_ms };
}

static void
take_out(struct rsp_timer *timer)
{
	LIST_REMOVE(timer, entry);
	timer->entry.le_prev = NULL;
}

/* The level of a timer is the highest group of RSP_WHEEL_BITS bits in which its deadline differs from the current time.
 * When the time of its slot comes, these bits are equal, and all lower bits of the time are zero. */
static void
place(struct rsp_wheel *wheel, struct rsp_timer *timer)
{
	const uint64_t reach = 1ULL << (RSP_WHEEL_BITS * RSP_WHEEL_LEVELS);
	uint64_t at = timer->deadline_ms, differ;

	if (at <= wheel->now_ms) {
		LIST_INSERT_HEAD(&wheel->due, timer, entry);
		return;
	}
	if (at - wheel->now_ms >= reach / 2) /* 17 years: the timer is placed again before that */
		at = wheel->now_ms + reach / 2;
	differ = at ^ wheel->now_ms;
	unsigned level = (63U - (unsigned)__builtin_clzll(differ)) / RSP_WHEEL_BITS;
	if (level >= RSP_WHEEL_LEVELS)
		level = RSP_WHEEL_LEVELS - 1;
	unsigned slot = (unsigned)(at >> (level * RSP_WHEEL_BITS)) & (RSP_WHEEL_SLOTS - 1);

	LIST_INSERT_HEAD(&wheel->slot[level][slot], timer, entry);
	wheel->busy[level][slot / 64] |= 1ULL << (slot % 64);
}

void
rsp_wheel_cancel(struct rsp_wheel *wheel, struct rsp_timer *timer)
{
	(void)wheel;
	if (rsp_timer_is_set(timer))
		take_out(timer);
}

void
rsp_wheel_set(struct rsp_wheel *wheel, struct rsp_timer *timer, uint64_t deadline_ms)
{
	bool waits = rsp_timer_is_set(timer) && timer->deadline_ms > wheel->now_ms;

	/* A later deadline: leave the timer in its slot. When the time of the slot comes, the timer is placed again. So
	 * it is cheap to set a timer again and again before it expires, as is usual for most timers. */
	if (waits && deadline_ms >= timer->deadline_ms && deadline_ms != RSP_NEVER) {
		timer->deadline_ms = deadline_ms;
		return;
	}
	if (rsp_timer_is_set(timer))
		take_out(timer);
	timer->deadline_ms = deadline_ms;
	if (deadline_ms != RSP_NEVER)
		place(wheel, timer);
}

/* The distance from the slot @from to the next busy slot of a level, cyclically; 0: no slot is busy. */
static unsigned
busy_distance(const uint64_t *busy, unsigned from)
{
	for (unsigned step = 1; step <= RSP_WHEEL_SLOTS;) {
		unsigned slot = (from + step) % RSP_WHEEL_SLOTS;
		uint64_t word = busy[slot / 64] >> (slot % 64);

		if (word)
			return step + (unsigned)__builtin_ctzll(word);
		step += 64 - slot % 64;
	}
	return 0;
}

/* The time at which the next busy slot of any level is due; RSP_NEVER: no slot is busy. */
static uint64_t
next_turn(const struct rsp_wheel *wheel)
{
	uint64_t next = RSP_NEVER;

	for (unsigned level = 0; level < RSP_WHEEL_LEVELS; level++) {
		unsigned shift = level * RSP_WHEEL_BITS;
		uint64_t ticks = wheel->now_ms >> shift;
		unsigned distance = busy_distance(wheel->busy[level], (unsigned)ticks & (RSP_WHEEL_SLOTS - 1));
		uint64_t at = (ticks + distance) << shift;

		if (distance && at < next)
			next = at;
	}
	return next;
}

uint64_t
rsp_wheel_next(const struct rsp_wheel *wheel)
{
	return LIST_EMPTY(&wheel->due) ? next_turn(wheel) : wheel->now_ms;
}

/* Advance the time to @at, when the next slots are due, and place their timers again. */
static void
turn(struct rsp_wheel *wheel, uint64_t at)
{
	wheel->now_ms = at;
	for (unsigned level = 0; level < RSP_WHEEL_LEVELS; level++) {
		unsigned shift = level * RSP_WHEEL_BITS;
		unsigned slot = (unsigned)(at >> shift) & (RSP_WHEEL_SLOTS - 1);

		if (at & ((1ULL << shift) - 1))
			break; /* the slots of this level and of higher levels have not changed */
		struct rsp_timer *timer = LIST_FIRST(&wheel->slot[level][slot]), *next;

		wheel->busy[level][slot / 64] &= ~(1ULL << (slot % 64));
		LIST_INIT(&wheel->slot[level][slot]); /* place() below puts no timer into this slot: it can be emptied first */
		for (; timer; timer = next) {
			next = LIST_NEXT(timer, entry);
			place(wheel, timer);
		}
	}
}

struct rsp_timer *
rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms)
{
	while (LIST_EMPTY(&wheel->due)) {
		uint64_t next = next_turn(wheel);

		if (next > now_ms) {
			if (now_ms > wheel->now_ms)
				turn(wheel, now_ms);
			return NULL;
		}
		turn(wheel, next);
	}
	struct rsp_timer *timer = LIST_FIRST(&wheel->due);

	take_out(timer);
	return timer;
}
