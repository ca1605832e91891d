#include "base/limiter.h"

#include <limits.h>
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

/* How many entries have the kind of @entry; UINT_MAX: @entry is free, or its interval is over. */
static unsigned
count_like(const struct rsp_limiter *limiter, const struct rsp_limiter_entry *entry, uint64_t now_ms)
{
	unsigned n = 0;

	if (entry->next_ms <= now_ms)
		return UINT_MAX;
	for (unsigned i = 0; i < RSP_LIMITER_SUBJECTS; i++)
		n += limiter->entry[i].kind == entry->kind && limiter->entry[i].next_ms > now_ms;
	return n;
}

/* An entry that is free or whose interval is over; else, of the kind that has the most entries, the one whose interval ends
 * first. */
static struct rsp_limiter_entry *
replaceable(struct rsp_limiter *limiter, uint64_t now_ms)
{
	struct rsp_limiter_entry *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < RSP_LIMITER_SUBJECTS; i++) {
		struct rsp_limiter_entry *entry = &limiter->entry[i];
		unsigned n = count_like(limiter, entry, now_ms);

		if (!best || n > most || (n == most && entry->next_ms < best->next_ms)) {
			best = entry;
			most = n;
		}
	}
	return best;
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
		entry = replaceable(limiter, now_ms);
	uint64_t next_ms = interval_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + interval_ms;
	*entry = (struct rsp_limiter_entry){ .subject = subject, .kind = kind, .next_ms = next_ms };
	return true;
}
