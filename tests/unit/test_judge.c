/* The verdict about a statement that is heard: the table in model/judge.h, and the exhaustive model of the rule. */
#include "model/judge.h"

#include "model/statement.h"
#include "tap.h"

/* All rows of the table, each as the facts that it needs and excludes. */

enum fact {
	SOUND = 1,
	RIGHTFUL = 2,
	CLAIMANT_FOREIGN = 4,
	SAME_NUMBER = 8,
	TAKES = 16,
	REMOVED = 32,
	HOME_ANSWERS = 64,
	LINKED = 128,
	PENDING = 256,
	ALL_FACTS = 512
};

static struct judge_facts
facts_of(enum judge_order order, unsigned is)
{
	return (struct judge_facts){
		.order = order,
		.sound = is & SOUND,
		.rightful = is & RIGHTFUL,
		.claimant_foreign = is & CLAIMANT_FOREIGN,
		.same_number = is & SAME_NUMBER,
		.takes = is & TAKES,
		.removed = is & REMOVED,
		.home_answers = is & HOME_ANSWERS,
		.linked = is & LINKED,
		.pending = is & PENDING,
	};
}

enum { ANY = -1, OVER = SAME_NUMBER | TAKES | HOME_ANSWERS };

static const struct row {
	int order;
	unsigned is, is_not;
	enum judge_verdict verdict;
} rows[] = {
	{ ANY, 0, SOUND, JUDGE_REFUSE_INVALID },
	{ JUDGE_OLDER, 0, 0, JUDGE_TELL },
	{ JUDGE_EQUAL, 0, PENDING, JUDGE_SAME },
	{ JUDGE_EQUAL, LINKED, 0, JUDGE_SAME },
	{ JUDGE_EQUAL, OVER, REMOVED, JUDGE_SAME },
	{ ANY, CLAIMANT_FOREIGN, 0, JUDGE_IGNORE },
	{ ANY, 0, RIGHTFUL, JUDGE_REFUSE_RIGHTS },
	{ ANY, LINKED, 0, JUDGE_ASK_ELEMENT },
	{ ANY, OVER, REMOVED, JUDGE_ASK_HOME },
	{ ANY, 0, 0, JUDGE_STORE },
};

static const struct row *
row_of(int order, unsigned is)
{
	const struct row *row = rows;

	while ((row->order != ANY && row->order != order) || (row->is & ~is) || (row->is_not & is))
		row++;
	return row;
}

/* Call @check with each combination of facts. */
static void
for_each(void (*check)(enum judge_order order, unsigned is))
{
	for (int order = JUDGE_OLDER; order <= JUDGE_NEWER; order++)
		for (unsigned is = 0; is < ALL_FACTS; is++)
			check((enum judge_order)order, is);
}

static unsigned hits[sizeof(rows) / sizeof(rows[0])];

static void
check_row(enum judge_order order, unsigned is)
{
	struct judge_facts f = facts_of(order, is);
	const struct row *row = row_of((int)order, is);

	hits[row - rows]++;
	CHECK_EQ(rsp_judge(&f), row->verdict);
}

static void
each_combination_of_facts_has_the_verdict_of_the_first_row_that_fits(void)
{
	for_each(check_row);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(hits[i] > 0);
}

/* How much a verdict changes: nothing, a question, the record. */
static int
effect(enum judge_verdict verdict)
{
	return verdict == JUDGE_STORE ? 2 : verdict == JUDGE_ASK_HOME || verdict == JUDGE_ASK_ELEMENT;
}

static void
check_monotone(enum judge_order order, unsigned is)
{
	struct judge_facts f = facts_of(order, is), newer = f;

	newer.order = JUDGE_NEWER;
	CHECK(effect(rsp_judge(&newer)) >= effect(rsp_judge(&f)));
	CHECK(order != JUDGE_OLDER || effect(rsp_judge(&f)) == 0);
}

static void
a_newer_statement_never_does_less(void)
{
	for_each(check_monotone);
}

static void
check_safe(enum judge_order order, unsigned is)
{
	struct judge_facts f = facts_of(order, is);
	enum judge_verdict verdict = rsp_judge(&f);
	bool over = (is & OVER) == OVER && !(is & REMOVED);

	CHECK(!over || verdict != JUDGE_STORE); /* a home that is heard is never overruled at the epoch that it has */
	CHECK(!(is & CLAIMANT_FOREIGN) || effect(verdict) == 0);
	CHECK((is & SOUND && is & RIGHTFUL) || effect(verdict) == 0);
	CHECK(!(is & LINKED) || verdict != JUDGE_STORE); /* users are shown what is registered here */
	if (order == JUDGE_NEWER && is & LINKED && effect(verdict))
		CHECK_EQ(verdict, JUDGE_ASK_ELEMENT);
	CHECK(verdict != JUDGE_ASK_HOME || is & HOME_ANSWERS);
	CHECK(verdict != JUDGE_TELL || order == JUDGE_OLDER);
}

static void
nothing_is_stored_over_an_element_or_home_that_can_be_asked(void)
{
	for_each(check_safe);
}

/*
 * The exhaustive model of the rule: its statements and conditions, for a registrar US that hears @x from SENDER. The model
 * has one order of all statements, and stores at once what an element is asked about.
 */

enum { US, SENDER, R2, R3, HOMES };
enum rank { NONE, REG, TAKEN, GONE = 15 };

struct state {
	uint32_t st;	  /* what US knows */
	int link, own, cont, foreign; /* instance of the element that is connected; what it registered; peer without STATE */
	unsigned heard;	  /* homes that are heard */
};

/* Here over comes before the contents; in the model behind them. Either is a total order. */
static uint32_t
say(int epoch, int inst, int rank, int home, int cont, int over)
{
	return (uint32_t)epoch << 17 | (uint32_t)inst << 14 | (uint32_t)rank << 10 | (uint32_t)home << 8 |
	       (uint32_t)over << 5 | (uint32_t)cont;
}
static int e_of(uint32_t s) { return s >> 17 & 31; }
static int i_of(uint32_t s) { return s >> 14 & 7; }
static int k_of(uint32_t s) { return s >> 10 & 15; }
static int h_of(uint32_t s) { return s >> 8 & 3; }
static int o_of(uint32_t s) { return s >> 5 & 7; }
static int c_of(uint32_t s) { return s & 31; }
static bool shown(uint32_t s) { return k_of(s) != NONE && k_of(s) != GONE; }
static bool newer(uint32_t a, uint32_t b) { return a > b; }

/* Whether US knows of the element that is connected what that has said. The model does not look at over, which the
 * element would not confirm either. */
static bool
held(const struct state *s)
{
	uint32_t x = s->st;

	return s->link && h_of(x) == US && k_of(x) == REG && i_of(x) == s->link && e_of(x) == s->own &&
	       c_of(x) == s->cont && o_of(x) == 0;
}

static bool
over_the_head(const struct state *s, uint32_t x)
{
	uint32_t y = s->st;
	int home = h_of(y);

	return !(!shown(y) || home == US || home == s->foreign || home == SENDER || home == h_of(x) ||
		 e_of(x) != e_of(y) || i_of(x) != i_of(y) || k_of(x) <= REG || !(s->heard >> home & 1));
}

/* The step S of the model: what US does with @x. */
static enum judge_verdict
model(const struct state *s, uint32_t x)
{
	struct state t = *s;

	if (!newer(x, s->st))
		return newer(s->st, x) ? JUDGE_TELL : JUDGE_SAME;
	if (over_the_head(s, x))
		return JUDGE_ASK_HOME;
	t.st = x;
	return t.link && !held(&t) ? JUDGE_ASK_ELEMENT : JUDGE_STORE;
}

/* The same statement as a registrar has it. */
static struct rsp_statement
statement_of(uint32_t s)
{
	int k = k_of(s);

	return (struct rsp_statement){ .epoch = { (uint64_t)e_of(s), (uint32_t)i_of(s), (uint32_t)o_of(s) },
				       .rank = k == GONE ? RSP_RANK_REMOVED : (uint16_t)k };
}

static enum judge_order
order_of(uint32_t x, uint32_t y)
{
	struct rsp_statement a = statement_of(x), b = statement_of(y);
	int order = y ? rsp_statement_compare(&a, (uint32_t)h_of(x), &b, (uint32_t)h_of(y)) : 1;

	if (order == 0)
		order = c_of(x) - c_of(y);
	return order < 0 ? JUDGE_OLDER : order == 0 ? JUDGE_EQUAL : JUDGE_NEWER;
}

/* Whether the home of what is known, which is neither US, SENDER nor the home of @x, can be asked. */
static bool
home_answers(const struct state *s, uint32_t x)
{
	int home = h_of(s->st);

	return s->st && home != US && home != SENDER && home != h_of(x) && home != s->foreign && s->heard >> home & 1;
}

/* The verdict of a registrar in the state @s to which @pending (0: nothing) was said before. */
static enum judge_verdict
judge(const struct state *s, uint32_t pending, uint32_t x)
{
	struct rsp_statement known = statement_of(s->st), heard = statement_of(x);
	struct judge_facts f = {
		.order = order_of(x, pending ? pending : s->st),
		.sound = true,
		.rightful = true,
		.claimant_foreign = h_of(x) == s->foreign,
		.same_number = rsp_statement_same_number(&heard, &known),
		.takes = heard.rank > RSP_RANK_REGISTERED,
		.removed = rsp_statement_is_removed(&known),
		.home_answers = home_answers(s, x),
		.linked = s->link,
		.pending = pending,
	};

	return rsp_judge(&f);
}

/* Call @check with each @x, and with each state in which US may hear it. */
static uint64_t
for_each_state(void (*check)(const struct state *s, uint32_t x))
{
	static const int rank[] = { REG, TAKEN, TAKEN + 1, GONE };
	uint32_t known[65] = { 0 }, heard[512];
	unsigned n_known = 1, n_heard = 0;
	uint64_t n = 0;

	for (unsigned i = 0; i < 512; i++) {
		int k = rank[i & 3], h = i >> 2 & 3, c = i >> 4 & 1, o = i >> 5 & 1 ? 3 : 0;
		int e = 1 + (int)(i >> 6 & 3), inst = 1 + (int)(i >> 8 & 1);

		if (k == GONE && c) /* has no contents */
			continue;
		if (e == 2 && inst == 1)
			known[n_known++] = say(e, inst, k, h, c, o);
		heard[n_heard++] = say(e, inst, k, h, c, o);
	}
	for (unsigned y = 0; y < n_known; y++)
		for (unsigned x = 0; x < n_heard; x++)
			for (unsigned more = 0; more < 16; more++) {
				struct state s = { .st = known[y], .foreign = (int)(more >> 2), .heard = more & 2 ? 15 : 0 };
				if (s.foreign == SENDER)
					continue;
				if (s.foreign == US) /* there is none */
					s.foreign = -1;
				if (more & 1) /* linked: then what is known is what it registered here */
					s.link = 1, s.own = e_of(s.st), s.cont = c_of(s.st);
				if (more & 1 && !held(&s))
					continue;
				n++;
				check(&s, heard[x]);
			}
	return n;
}

static void
check_model(const struct state *s, uint32_t x)
{
	enum judge_verdict verdict = judge(s, 0, x);

	/* the model believes a liar that names a peer without STATE; ownership.md 7 does not */
	if (h_of(x) == s->foreign && newer(x, s->st))
		CHECK_EQ(verdict, JUDGE_IGNORE);
	else
		CHECK_EQ(verdict, model(s, x));
}

static void
without_a_pending_statement_the_verdict_is_that_of_the_model(void)
{
	CHECK(for_each_state(check_model) > 50000);
}

/* In the model a home that is asked has the statement at once. Here it is pending until the home answers. */
static void
check_pending(const struct state *s, uint32_t x)
{
	static const int taker[] = { SENDER, R2, R3 };

	for (unsigned i = 0; i < 6; i++) {
		uint32_t p = say(e_of(s->st), i_of(s->st), i & 1 ? GONE : TAKEN + 1, taker[i / 2], 0, o_of(s->st));
		enum judge_verdict verdict = judge(s, p, x), without = model(s, x);

		if (s->link || !s->st || h_of(p) == h_of(s->st) || !newer(p, s->st) || h_of(x) == s->foreign)
			continue;
		if (newer(p, x)) /* what is greater is told, so that two registrars do not tell one another in turn */
			CHECK_EQ(verdict, JUDGE_TELL);
		else if (x == p && without == JUDGE_ASK_HOME)
			CHECK_EQ(verdict, JUDGE_SAME); /* it is asked already */
		else
			CHECK_EQ(verdict, without);
	}
}

static void
with_a_pending_statement_the_verdict_is_that_of_the_model_or_waits(void)
{
	(void)for_each_state(check_pending);
}

int
main(void)
{
	TAP_RUN(each_combination_of_facts_has_the_verdict_of_the_first_row_that_fits);
	TAP_RUN(a_newer_statement_never_does_less);
	TAP_RUN(nothing_is_stored_over_an_element_or_home_that_can_be_asked);
	TAP_RUN(without_a_pending_statement_the_verdict_is_that_of_the_model);
	TAP_RUN(with_a_pending_statement_the_verdict_is_that_of_the_model_or_waits);
	return tap_end();
}
