#include "search.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LEVELS = 8, KNOWN_BITS = 25, REPORTED_MAX = 512, SAMPLED = 64 };

/* A state that was met, and how much was left then. */
struct known {
	uint64_t hash;
};

struct search {
	const struct setup *setup;
	const struct bound *bound;
	search_report *report;
	struct tally *tally;
	struct world *w;
	struct taken taken;
	struct memory_copy *copy[LEVELS];
	uint64_t *known; /* the hash, of which the lowest 4 bits say what was left */
	uint64_t n_known;
	char fault[80];
	double until;
	struct {
		const char *rule;
		char fault[80];
	} reported[REPORTED_MAX];
	unsigned n_reported;
};

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Whether @hash is known with at least as much left; else it is now. */
static bool
is_known(struct search *s, uint64_t hash, unsigned left)
{
	uint64_t mask = (UINT64_C(1) << KNOWN_BITS) - 1, entry = (hash & ~UINT64_C(15)) | (left + 1);
	uint64_t at = (hash >> 8) & mask;

	for (; s->known[at]; at = (at + 1) & mask)
		if ((s->known[at] ^ entry) < 16) {
			if (s->known[at] >= entry)
				return true;
			s->known[at] = entry;
			return false;
		}
	if (s->n_known + 1 > mask / 8 * 7) /* full: explore again rather than leave out */
		return false;
	s->n_known++;
	s->tally->states++;
	s->known[at] = entry;
	return false;
}

/* Whether the same choices, from the start and in other memory, end the same: if not, something is not deterministic. */
static const char *
run_again(struct search *s, const char *rule)
{
	const char *again;

	memory_pause(true);
	again = search_replay(s->setup, &s->taken);
	memory_pause(false);
	return !again == !rule && (!rule || !strcmp(rule, again)) ? rule : "(0) the same choices end in another way";
}

static void
judge(struct search *s)
{
	const char *rule = check(s->w);

	if (s->tally->histories++ % SAMPLED == 0)
		rule = run_again(s, rule);
	if (!rule)
		return;
	s->tally->violations++;
	for (unsigned i = 0; i < s->n_reported; i++)
		if (!strcmp(s->reported[i].rule, rule) && !strcmp(s->reported[i].fault, s->fault))
			return;
	if (s->n_reported < REPORTED_MAX) {
		s->reported[s->n_reported].rule = rule;
		(void)snprintf(s->reported[s->n_reported++].fault, sizeof(s->fault), "%s", s->fault);
	}
	s->report(s->setup, &s->taken, rule, s->fault);
}

/* Whether a fault may still occur, or the order may still deviate. */
static bool
may_fault(const struct search *s)
{
	return s->w->faults && s->w->now <= s->w->begun_ms + s->bound->fault_ms;
}

static bool
may_deviate(const struct search *s)
{
	uint64_t from = s->w->fault_ms ? s->w->fault_ms : s->w->begun_ms;

	return s->w->now <= from + s->bound->window_ms && (s->w->fault_ms || may_fault(s) || !s->bound->faults);
}

/* The end of this history: nothing is left to do, or a rule is broken, or another history went on from here. @last: the
 * state before; timers that changed nothing leave it the same. */
static bool
ends(struct search *s, unsigned n, unsigned left, bool open, uint64_t *last)
{
	struct world *w = s->w;
	bool quiet = check_is_quiet(w);
	uint64_t hash;

	if (w->steps > s->tally->depth)
		s->tally->depth = (unsigned)w->steps;
	if (n == 0 || w->broken || (quiet && !open)) {
		judge(s);
		return true;
	}
	hash = state_hash(w);
	if (hash != *last && is_known(s, hash, left)) {
		s->tally->pruned++;
		return true;
	}
	*last = hash;
	return false;
}

static void visit(struct search *s, unsigned level, unsigned left);

static void
deviate(struct search *s, unsigned level, unsigned left, unsigned i, const struct choice *choice)
{
	struct world *w = s->w;
	unsigned at = s->taken.n++;

	s->taken.at[at].step = (uint32_t)w->steps;
	s->taken.at[at].choice = (uint16_t)(choice->kind == CHOICE_FAULT ? (unsigned)SEARCH_FAULT + choice->a : i);
	if (choice->kind == CHOICE_FAULT)
		fault_text(w, choice->a, s->fault, sizeof(s->fault));
	choice_take(w, choice);
	s->tally->steps++;
	visit(s, level + 1, left - choice->deviation);
	memory_restore(s->copy[level]);
	s->taken.n = at;
	if (choice->kind == CHOICE_FAULT)
		(void)snprintf(s->fault, sizeof(s->fault), "none");
}

static bool
is_over(struct search *s)
{
	if ((s->until > 0 && (s->tally->steps & 255) == 0 && seconds() > s->until) ||
	    (s->bound->steps && s->tally->steps >= s->bound->steps))
		s->tally->complete = false;
	return !s->tally->complete;
}

static bool
allowed(const struct search *s, unsigned left, const struct choice *choice)
{
	if (choice->kind == CHOICE_FAULT)
		return s->bound->only_fault < 0 || s->bound->only_fault == choice->a;
	return left > 0;
}

static void
visit(struct search *s, unsigned level, unsigned left)
{
	struct world *w = s->w;
	struct choice choice[CHOICES_MAX];
	uint64_t last = 0;

	for (;;) {
		bool deviations = left > 0 && may_deviate(s), faults = may_fault(s);
		unsigned n = choice_list(w, deviations, faults, choice);

		if (ends(s, n, deviations ? left : 0, deviations || faults, &last))
			return;
		if (is_over(s))
			return;
		if (n > 1 && level < LEVELS && s->taken.n < TAKEN_MAX)
			s->copy[level] = memory_save(s->copy[level]);
		for (unsigned i = 1; i < n; i++)
			if (allowed(s, left, &choice[i]))
				deviate(s, level, left, i, &choice[i]);
		choice_take(w, &choice[0]);
		s->tally->steps++;
	}
}

static struct search *running;

/* An assertion of the engine failed: say after which choices, and end. */
static void
on_abort(int number)
{
	(void)number;
	running->report(running->setup, &running->taken, "an assertion fails", running->fault);
	_exit(1);
}

void
search(const struct setup *setup, const struct bound *bound, search_report *report, struct tally *tally)
{
	static struct search s;

	s = (struct search){ .setup = setup, .bound = bound, .report = report, .tally = tally };
	s.known = calloc((size_t)1 << KNOWN_BITS, sizeof(*s.known));
	if (!s.known)
		abort();
	(void)snprintf(s.fault, sizeof(s.fault), "none");
	s.until = bound->seconds > 0 ? seconds() + bound->seconds : 0;
	tally->complete = true;
	running = &s;
	(void)signal(SIGABRT, on_abort);
	memory_begin();
	s.w = world_new(setup);
	s.w->faults = bound->faults;
	visit(&s, 0, bound->deviations);
	memory_end();
	(void)signal(SIGABRT, SIG_DFL);
	for (unsigned i = 0; i < LEVELS; i++)
		memory_copy_free(s.copy[i]);
	free(s.known);
}

const char *
search_replay(const struct setup *setup, const struct taken *taken)
{
	struct choice choice[CHOICES_MAX];
	struct world *w = world_new(setup);
	char text[128];
	const char *rule;

	w->faults = 1;
	for (unsigned i = 0;;) {
		unsigned n = choice_list(w, true, false, choice), which = 0;

		if (n == 0 || w->broken || (check_is_quiet(w) && i == taken->n))
			break;
		if (i < taken->n && taken->at[i].step == w->steps)
			which = taken->at[i++].choice;
		if (which >= SEARCH_FAULT && which < SEARCH_FAULT + fault_count(w)) {
			choice[0] = (struct choice){ CHOICE_FAULT, (uint8_t)(which - SEARCH_FAULT), 0, 0 };
			which = 0;
		}
		if (which >= n)
			return "the choices do not fit this world";
		choice_text(w, &choice[which], text, sizeof(text));
		if (which)
			world_say(w, "CHOICE %u: %s", which, text);
		choice_take(w, &choice[which]);
	}
	rule = check(w);
	world_free(w);
	return rule;
}
