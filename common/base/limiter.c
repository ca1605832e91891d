#include "base/limiter.h"

#include <stddef.h>

static struct rsp_limiter_entry *
find(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind)
{
	for (unsigned i = 0; i < RSP_LIMITER_SUBJECTS; i++) {
		struct rsp_limiter_entry *entry = &limiter->entry[i];

		if (entry->next_ms && entry->subject == subject && entry->kind == kind)
			return entry;
	}
	return NULL;
}

/* A free entry, or the entry whose interval ends first. */
static struct rsp_limiter_entry *
replaceable(struct rsp_limiter *limiter)
{
	struct rsp_limiter_entry *first = &limiter->entry[0];

	for (unsigned i = 1; i < RSP_LIMITER_SUBJECTS; i++)
		if (limiter->entry[i].next_ms < first->next_ms)
			first = &limiter->entry[i];
	return first;
}

bool
rsp_limiter_pass(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind, uint64_t interval_ms, uint64_t now_ms)
{
	struct rsp_limiter_entry *entry = find(limiter, subject, kind);

	if (interval_ms == 0)
		return true;
	if (entry && now_ms < entry->next_ms)
		return false;
	if (!entry)
		entry = replaceable(limiter);
	uint64_t next_ms = interval_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + interval_ms;
	*entry = (struct rsp_limiter_entry){ .subject = subject, .kind = kind, .next_ms = next_ms };
	return true;
}

void
rsp_limiter_forget(struct rsp_limiter *limiter, uint64_t subject, uint32_t kind)
{
	struct rsp_limiter_entry *entry = find(limiter, subject, kind);

	if (entry)
		entry->next_ms = 0;
}
