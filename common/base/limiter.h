#ifndef RSP_BASE_LIMITER_H
#define RSP_BASE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define RSP_LIMITER_SUBJECTS 64

/** A subject that has passed, and the time at which it may pass again. */
struct rsp_limiter_entry {
	uint64_t subject;
	uint32_t kind;
	uint64_t next_ms; /* 0: this entry is free */
};

/**
 * A limiter allows the same action (a record, a line on standard error, a probe) at most once in an interval. { 0 } is a
 * new limiter. It stores RSP_LIMITER_SUBJECTS pairs of subject and kind. If there are more, it drops, of the kind that has
 * the most of them, the pair whose interval ends first: where another host chooses the subjects of one kind, it cannot
 * lift the limits of the other kinds.
 */
struct rsp_limiter {
	struct rsp_limiter_entry entry[RSP_LIMITER_SUBJECTS];
};

/**
 * Whether the action for @subject and @kind may happen at @now_ms, which must not decrease between calls. If it may, it
 * may not happen again for @interval_ms (RSP_NEVER: never). @subject: an id, or a hash with a
 * secret key if other hosts choose the subject. @kind: the action, so that one limiter serves several purposes.
 */
bool rsp_limiter_pass(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind, uint64_t interval_ms,
		      uint64_t now_ms);

#endif
