#ifndef RSP_BASE_LIMITER_H
#define RSP_BASE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define RSP_LIMITER_SUBJECTS 64

/** One subject that was let pass, and when it may pass again. */
struct rsp_limiter_entry {
	uint64_t subject;
	uint32_t kind;
	uint64_t next_ms; /* 0: this entry is free */
};

/**
 * Lets the same thing pass at most once in an interval: a record, a line on standard error, a probe. { 0 } is one that
 * has let nothing pass. It remembers RSP_LIMITER_SUBJECTS pairs of subject and kind; if there are more, it forgets the
 * pair that could pass again first.
 */
struct rsp_limiter {
	struct rsp_limiter_entry entry[RSP_LIMITER_SUBJECTS];
};

/**
 * Whether @subject may pass at @now_ms, which must not go back between calls. If it may, it cannot pass again for
 * @interval_ms (RSP_NEVER: until rsp_limiter_forget()). @subject is an id, or a hash under a secret key where others
 * choose it; @kind says what is limited, so that one limiter serves several purposes.
 */
bool rsp_limiter_pass(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind, uint64_t interval_ms,
		      uint64_t now_ms);

/** Let @subject pass again at once. */
void rsp_limiter_forget(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind);

#endif
