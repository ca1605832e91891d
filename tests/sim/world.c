#include "world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define AT_ONCE_MAX 2000000 /* so many events at one time are a loop without an end */

void *
sim_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p) {
		(void)fputs("sim: out of memory\n", stderr);
		abort();
	}
	return p;
}

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void
sim_at(struct sim *w, uint64_t at, sim_call *call, void *ctx, uint32_t generation)
{
	struct sim_event event = { .at = at > w->now ? at : w->now,
				   .order = w->order++,
				   .call = call,
				   .ctx = ctx,
				   .generation = generation };

	if (w->n_events == w->room) {
		w->room = w->room ? w->room * 2 : 1024;
		w->heap = reallocarray(w->heap, w->room, sizeof(*w->heap));
		if (!w->heap)
			abort();
	}
	size_t i = w->n_events++;
	while (i > 0 && before(&event, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = event;
}

static struct sim_event
take_first(struct sim *w)
{
	struct sim_event first = w->heap[0], last = w->heap[--w->n_events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < w->n_events) {
		if (child + 1 < w->n_events && before(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!before(&w->heap[child], &last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return first;
}

void
sim_run(struct sim *w, uint64_t until)
{
	while (!sim_failed(w) && w->n_events > 0 && w->heap[0].at <= until) {
		struct sim_event event = take_first(w);

		w->at_once = event.at == w->now ? w->at_once + 1 : 0;
		if (w->at_once > AT_ONCE_MAX)
			sim_violated(w, "livelock", "%u events at one time", w->at_once);
		w->now = event.at;
		event.call(w, event.ctx, event.generation);
	}
	if (!sim_failed(w) && until > w->now)
		w->now = until;
}

static bool
is_ignored(const struct sim *w, const char *invariant)
{
	/* what faults without a pause may break for a time that no bound is known for */
	static const char in_storms[] = ",alive-missing,other-home,old-contents,digests-differ,peer-missing,short-answer,"
					"taken-twice,held-for-dead,older-statement,";
	char name[64];

	(void)snprintf(name, sizeof(name), ",%s,", invariant);
	if (!w->strict && w->plan.style >= SIM_STORM && strstr(in_storms, name))
		return true;
	size_t n = strlen(invariant);

	for (const char *p = w->ignored; p && (p = strstr(p, invariant)) != NULL; p += n)
		if (p[-1] == ',' && p[n] == ',')
			return true;
	return false;
}

void
sim_violated(struct sim *w, const char *invariant, const char *fmt, ...)
{
	va_list args;

	if (sim_failed(w) || is_ignored(w, invariant))
		return;
	w->violation.invariant = invariant;
	w->violation.at = w->now;
	va_start(args, fmt);
	(void)vsnprintf(w->violation.text, sizeof(w->violation.text), fmt, args);
	va_end(args);
	sim_trace(w, "VIOLATED %s: %s", invariant, w->violation.text);
}

void
sim_trace(struct sim *w, const char *fmt, ...)
{
	va_list args;

	if (!w->verbose)
		return;
	printf("%8llu.%03llu ", (unsigned long long)(w->now / 1000), (unsigned long long)(w->now % 1000));
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)putchar('\n');
}

void
sim_mix(struct sim *w, uint64_t value)
{
	w->hash = (w->hash ^ value ^ w->now) * UINT64_C(0x9e3779b97f4a7c15);
	w->hash ^= w->hash >> 29;
}
