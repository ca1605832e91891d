#include "model/wheel.h"

#include <string.h>

void
rsp_wheel_init(struct rsp_wheel *wheel, uint64_t now_ms)
{
	*wheel = (struct rsp_wheel){ .now_ms = now_ms };
}

static void
insert(struct rsp_timer **head, struct rsp_timer *timer)
{
	timer->next = *head;
	timer->link = head;
	if (*head)
		(*head)->link = &timer->next;
	*head = timer;
}

static void
take_out(struct rsp_timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->next = NULL;
	timer->link = NULL;
}

/* The level is the highest group of bits in which the deadline differs from now: below it the wheel will have turned to
 * zero by the time the slot comes up. */
static void
place(struct rsp_wheel *wheel, struct rsp_timer *timer)
{
	const uint64_t reach = 1ULL << (RSP_WHEEL_BITS * RSP_WHEEL_LEVELS);
	uint64_t at = timer->deadline_ms, differ;

	if (at <= wheel->now_ms) {
		insert(&wheel->due, timer);
		return;
	}
	if (at - wheel->now_ms >= reach / 2) /* 17 years: it is placed again when its slot comes up */
		at = wheel->now_ms + reach / 2;
	differ = at ^ wheel->now_ms;
	unsigned level = (63U - (unsigned)__builtin_clzll(differ)) / RSP_WHEEL_BITS;
	if (level >= RSP_WHEEL_LEVELS)
		level = RSP_WHEEL_LEVELS - 1;
	unsigned slot = (unsigned)(at >> (level * RSP_WHEEL_BITS)) & (RSP_WHEEL_SLOTS - 1);

	insert(&wheel->slot[level][slot], timer);
	wheel->busy[level][slot / 64] |= 1ULL << (slot % 64);
}

void
rsp_wheel_cancel(struct rsp_wheel *wheel, struct rsp_timer *timer)
{
	(void)wheel;
	if (timer->link)
		take_out(timer);
}

void
rsp_wheel_set(struct rsp_wheel *wheel, struct rsp_timer *timer, uint64_t deadline_ms)
{
	bool waits = timer->link && timer->deadline_ms > wheel->now_ms;

	/* The slot it is in comes up early enough, and then it is placed again: most timers are set again and again. */
	if (waits && deadline_ms >= timer->deadline_ms && deadline_ms != RSP_NEVER) {
		timer->deadline_ms = deadline_ms;
		return;
	}
	if (timer->link)
		take_out(timer);
	timer->deadline_ms = deadline_ms;
	if (deadline_ms != RSP_NEVER)
		place(wheel, timer);
}

/* The distance from slot @from (exclusive) to the next busy one of a level, going round; 0 if there is none. */
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

/* When the next slot of any level comes up, or RSP_NEVER. */
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
	return wheel->due ? wheel->now_ms : next_turn(wheel);
}

/* Go to @at, the time the next slots come up, and place anew what they hold. */
static void
turn(struct rsp_wheel *wheel, uint64_t at)
{
	wheel->now_ms = at;
	for (unsigned level = 0; level < RSP_WHEEL_LEVELS; level++) {
		unsigned shift = level * RSP_WHEEL_BITS;
		unsigned slot = (unsigned)(at >> shift) & (RSP_WHEEL_SLOTS - 1);

		if (at & ((1ULL << shift) - 1))
			break; /* this level has not moved */
		wheel->busy[level][slot / 64] &= ~(1ULL << (slot % 64));
		while (wheel->slot[level][slot]) {
			struct rsp_timer *timer = wheel->slot[level][slot];

			take_out(timer);
			place(wheel, timer);
		}
	}
}

struct rsp_timer *
rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms)
{
	while (!wheel->due) {
		uint64_t next = next_turn(wheel);

		if (next > now_ms) {
			if (now_ms > wheel->now_ms)
				turn(wheel, now_ms);
			return wheel->due; /* NULL: nothing was due before the next turn */
		}
		turn(wheel, next);
	}
	struct rsp_timer *timer = wheel->due;

	take_out(timer);
	return timer;
}
