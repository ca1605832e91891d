#include <string.h>

#include "model/ownership.h"
#include "tap.h"

/* The rules of ownership over all rows of facts that can occur: properties that hold for each row, and the verdicts on
 * the rows that matter most, by name. */

#define ADDS		  (1U << 0)
#define ASKS		  (1U << 1)
#define VERSIONED	  (1U << 2)
#define PROVISIONAL	  (1U << 3)
#define SOUND		  (1U << 4)
#define RIGHTFUL	  (1U << 5)
#define BURIED		  (1U << 6)
#define CLAIMANT_ALIVE	  (1U << 7)
#define JOINING		  (1U << 8)
#define OUTDATED	  (1U << 9)
#define SAME_OWNER	  (1U << 10)
#define CONNECTED	  (1U << 11)
#define DISOWNED	  (1U << 12)
#define PENDING_BY_SENDER (1U << 13)
#define PENDING_NEWER	  (1U << 14)
#define UNAWARE		  (1U << 15)
#define ALL_FLAGS	  0xffffU

/* The facts that are not booleans. */
struct row_kind {
	enum owner_source source;
	enum owner_claimant claimant;
	enum owner_home home;
	enum owner_home_life life;
	enum owner_order order;
};

static struct owner_facts
facts_of(const struct row_kind *kind, unsigned flags)
{
	return (struct owner_facts){ .source = kind->source,
				     .claimant = kind->claimant,
				     .home = kind->home,
				     .home_life = kind->life,
				     .order = kind->order,
				     .adds = flags & ADDS,
				     .asks = flags & ASKS,
				     .versioned = flags & VERSIONED,
				     .provisional = flags & PROVISIONAL,
				     .sound = flags & SOUND,
				     .rightful = flags & RIGHTFUL,
				     .buried = flags & BURIED,
				     .claimant_alive = flags & CLAIMANT_ALIVE,
				     .joining = flags & JOINING,
				     .outdated = flags & OUTDATED,
				     .same_owner = flags & SAME_OWNER,
				     .connected = flags & CONNECTED,
				     .disowned = flags & DISOWNED,
				     .pending_by_sender = flags & PENDING_BY_SENDER,
				     .pending_newer = flags & PENDING_NEWER,
				     .unaware = flags & UNAWARE };
}

static bool
is_foreign(enum owner_home home)
{
	return home != OWNER_HOME_NONE && home != OWNER_HOME_US;
}

/* Whether rows of this kind can occur. */
static bool
kind_is_possible(const struct row_kind *kind)
{
	if (kind->home == OWNER_HOME_CLAIMANT && kind->claimant == OWNER_CLAIMANT_US)
		return false; /* that is OWNER_HOME_US */
	if (kind->home == OWNER_HOME_SENDER && kind->claimant == OWNER_CLAIMANT_SENDER)
		return false; /* that is OWNER_HOME_CLAIMANT */
	if (kind->home == OWNER_HOME_NONE && kind->order != OWNER_OLDER)
		return false;
	if (kind->home == OWNER_HOME_CLAIMANT && kind->order == OWNER_SAME_HIGHER)
		return false; /* the claimant's id is the home's */
	return is_foreign(kind->home) || kind->life == OWNER_HOME_UNLISTED;
}

/* The booleans that may be true in rows of this kind; the others do not apply. */
static unsigned
flags_that_apply(const struct row_kind *kind)
{
	unsigned flags = ALL_FLAGS;

	if (kind->source != OWNER_UPDATE)
		flags &= ~ASKS;
	if (kind->claimant == OWNER_CLAIMANT_US)
		flags &= ~SOUND;
	if (kind->claimant != OWNER_CLAIMANT_THIRD)
		flags &= ~CLAIMANT_ALIVE;
	if (kind->home == OWNER_HOME_NONE)
		flags &= ~(OUTDATED | SAME_OWNER | PENDING_BY_SENDER | PENDING_NEWER | UNAWARE);
	if (kind->home != OWNER_HOME_US)
		flags &= ~CONNECTED;
	if (!is_foreign(kind->home))
		flags &= ~DISOWNED;
	return flags;
}

static bool
implies(unsigned flags, unsigned one, unsigned other)
{
	return !(flags & one) || flags & other;
}

/* The one predicate of what can occur. */
static bool
is_possible(const struct row_kind *kind, unsigned flags)
{
	bool pending = flags & (PENDING_BY_SENDER | PENDING_NEWER);

	return kind_is_possible(kind) && !(flags & ~flags_that_apply(kind)) &&
	       (kind->source == OWNER_UPDATE || flags & ADDS) && /* a table lists what is there */
	       (flags & (ADDS | RIGHTFUL)) && implies(flags, OUTDATED, JOINING) &&
	       (kind->home == OWNER_HOME_NONE || implies(flags, BURIED, OUTDATED)) && !(flags & DISOWNED && pending);
}

static struct row_kind
kind_of(unsigned n)
{
	return (struct row_kind){ .source = (enum owner_source)(n / 240),
				  .claimant = (enum owner_claimant)(n / 80 % 3),
				  .home = (enum owner_home)(n / 16 % 5),
				  .life = (enum owner_home_life)(n / 4 % 4),
				  .order = (enum owner_order)(n % 4) };
}

/* Whether a property holds for one row, which is also in @row. */
typedef bool property(const struct owner_facts *f, enum owner_verdict verdict);

static struct {
	struct row_kind kind;
	unsigned flags;
} row;

/* What verdicts do */

/* The record of the element is another one then. */
static bool
changes(enum owner_verdict verdict)
{
	return verdict == OWNER_BELIEVE || verdict == OWNER_TAKE_BACK || verdict == OWNER_REMOVE ||
	       verdict == OWNER_FORGET || verdict == OWNER_YIELD;
}

/* The statement is noted, and may change the record later. */
static bool
waits(enum owner_verdict verdict)
{
	return verdict == OWNER_ASK_ELEMENT || verdict == OWNER_AWAIT_ELEMENT || verdict == OWNER_ASK_HOME ||
	       verdict == OWNER_NOTE_CLAIM;
}

/* How much a verdict does. */
static int
strength(enum owner_verdict verdict)
{
	return changes(verdict) ? 2 : waits(verdict) || verdict == OWNER_CONFIRM;
}

static bool
is_on_record(const struct owner_facts *f)
{
	return f->home != OWNER_HOME_NONE && !f->outdated;
}

/* Properties */

static bool
newer_does_no_less(const struct owner_facts *f, enum owner_verdict verdict)
{
	struct row_kind newer = row.kind;

	for (newer.order = f->order + 1; newer.order <= OWNER_NEWER; newer.order++) {
		if (!is_possible(&newer, row.flags))
			continue;
		struct owner_facts facts = facts_of(&newer, row.flags);
		if (strength(rsp_owner_judge(&facts)) < strength(verdict))
			return false;
	}
	return true;
}

static bool
older_changes_nothing(const struct owner_facts *f, enum owner_verdict verdict)
{
	return !is_on_record(f) || f->order != OWNER_OLDER || strength(verdict) == 0;
}

static bool
buried_stays_buried(const struct owner_facts *f, enum owner_verdict verdict)
{
	return !f->buried || (verdict != OWNER_BELIEVE && verdict != OWNER_TAKE_BACK);
}

static bool
removal_creates_nothing(const struct owner_facts *f, enum owner_verdict verdict)
{
	return f->adds || (verdict != OWNER_BELIEVE && verdict != OWNER_TAKE_BACK && verdict != OWNER_YIELD &&
			   verdict != OWNER_CONFIRM && verdict != OWNER_NOTE_CLAIM);
}

static bool
claim_removes_nothing(const struct owner_facts *f, enum owner_verdict verdict)
{
	return !f->adds ||
	       (verdict != OWNER_REMOVE && verdict != OWNER_BURY && (verdict != OWNER_FORGET || f->outdated));
}

/* Neither the claimant nor the sender is the home, which is heard, states versions, and has the element. */
static bool
home_is_asked(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (!is_on_record(f) || f->home != OWNER_HOME_OTHER || f->home_life != OWNER_HOME_VERSIONED || f->disowned)
		return true;
	return !changes(verdict);
}

static bool
element_is_asked(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (!is_on_record(f) || f->home != OWNER_HOME_US)
		return true;
	return !changes(verdict) || (verdict == OWNER_YIELD && !f->connected);
}

static bool
takeover_waits_for_a_live_home(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (!is_on_record(f) || f->home != OWNER_HOME_OTHER || f->home_life < OWNER_HOME_ALIVE || f->disowned ||
	    !f->adds || !f->provisional)
		return true;
	return !changes(verdict) && verdict != OWNER_ASK_HOME;
}

static bool
owner_keeps_its_element(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (!is_on_record(f) || !f->adds || f->same_owner || f->disowned || f->home == OWNER_HOME_CLAIMANT)
		return true;
	return strength(verdict) == 0;
}

static bool
unsound_changes_nothing(const struct owner_facts *f, enum owner_verdict verdict)
{
	bool is_ours = f->source != OWNER_UPDATE && f->joining && f->claimant == OWNER_CLAIMANT_US;

	return f->sound || is_ours || strength(verdict) == 0;
}

static bool
no_rights_no_change(const struct owner_facts *f, enum owner_verdict verdict)
{
	return f->rightful || strength(verdict) == 0;
}

static bool
foreign_statements_are_limited(const struct owner_facts *f, enum owner_verdict verdict)
{
	bool may = f->home == OWNER_HOME_US || f->home == OWNER_HOME_SENDER || f->pending_by_sender;

	return f->source != OWNER_UPDATE || f->claimant == OWNER_CLAIMANT_SENDER || may || strength(verdict) == 0;
}

static bool
own_table_is_own(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (f->source != OWNER_TABLE_OWN || f->claimant != OWNER_CLAIMANT_THIRD)
		return true;
	return verdict == OWNER_REFUSE_INVALID || verdict == OWNER_REFUSE_RIGHTS;
}

static bool
replies_to_claimants(const struct owner_facts *f, enum owner_verdict verdict)
{
	if (verdict == OWNER_TELL_SENDER || verdict == OWNER_TELL_REMOVED || verdict == OWNER_REFUSE_OWNER_AND_TELL)
		return f->claimant == OWNER_CLAIMANT_SENDER && f->adds;
	if (verdict == OWNER_CONFIRM_TO_SENDER || verdict == OWNER_WITHDRAW_AND_CONFIRM)
		return f->asks && f->adds && f->claimant == OWNER_CLAIMANT_THIRD && f->home == OWNER_HOME_CLAIMANT;
	return true;
}

static bool
repetition_does_nothing(const struct owner_facts *f, enum owner_verdict verdict)
{
	return !f->pending_newer || !(waits(verdict) && verdict != OWNER_NOTE_CLAIM);
}

static bool
verdict_suits(const struct owner_facts *f, enum owner_verdict verdict)
{
	bool needs_record = waits(verdict) || verdict == OWNER_YIELD || verdict == OWNER_REMOVE ||
			    verdict == OWNER_CONFIRM || verdict == OWNER_TELL_SENDER || verdict == OWNER_WITHDRAW ||
			    verdict == OWNER_WITHDRAW_AND_CONFIRM || verdict == OWNER_REFUSE_OWNER ||
			    verdict == OWNER_REFUSE_OWNER_AND_TELL;

	if (needs_record && f->home == OWNER_HOME_NONE)
		return false;
	if (verdict == OWNER_ASK_HOME)
		return is_foreign(f->home) && f->home_life != OWNER_HOME_UNLISTED;
	if (verdict == OWNER_ASK_ELEMENT || verdict == OWNER_AWAIT_ELEMENT || verdict == OWNER_YIELD)
		return f->home == OWNER_HOME_US && f->connected == (verdict == OWNER_ASK_ELEMENT);
	if (verdict == OWNER_TAKE_BACK)
		return f->joining && f->claimant == OWNER_CLAIMANT_US && !is_on_record(f);
	return f->source == OWNER_UPDATE || !(verdict == OWNER_REFUSE_NOT_HOME || verdict == OWNER_WITHDRAW);
}

/* Turn each of @which over: the verdict must not depend on it. */
static bool
ignores(unsigned which, enum owner_verdict verdict)
{
	for (unsigned flag = 1; flag <= which; flag <<= 1) {
		if (!(which & flag) || !is_possible(&row.kind, row.flags ^ flag))
			continue;
		struct owner_facts other = facts_of(&row.kind, row.flags ^ flag);
		if (rsp_owner_judge(&other) != verdict)
			return false;
	}
	return true;
}

static bool
does_not_matter(const struct owner_facts *f, enum owner_verdict verdict)
{
	unsigned which = 0;

	if (f->claimant == OWNER_CLAIMANT_SENDER) /* of its own elements a registrar may speak to any other one */
		which |= ASKS | VERSIONED;
	if (f->source != OWNER_UPDATE)
		which |= VERSIONED;
	if (!f->adds)
		which |= PROVISIONAL | UNAWARE | DISOWNED | JOINING;
	if (f->order == OWNER_NEWER)
		which |= UNAWARE;
	return ignores(which, verdict);
}

/* All rows */

static struct {
	property *holds;
	const char *test;
	unsigned violations;
} properties[] = {
	{ newer_does_no_less, "a_newer_statement_never_does_less_than_an_older_one", 0 },
	{ older_changes_nothing, "a_statement_older_than_the_record_changes_nothing", 0 },
	{ buried_stays_buried, "a_claim_older_than_the_removal_brings_no_element_back", 0 },
	{ removal_creates_nothing, "a_removal_creates_no_element", 0 },
	{ claim_removes_nothing, "a_claim_removes_no_element", 0 },
	{ home_is_asked, "no_element_moves_without_its_live_home", 0 },
	{ element_is_asked, "no_element_of_ours_moves_while_it_is_connected", 0 },
	{ takeover_waits_for_a_live_home, "a_takeover_does_not_hold_against_a_home_that_is_heard", 0 },
	{ owner_keeps_its_element, "no_other_identity_gets_an_element_that_is_there", 0 },
	{ unsound_changes_nothing, "an_unsound_statement_changes_nothing", 0 },
	{ no_rights_no_change, "a_claim_without_rights_changes_nothing", 0 },
	{ foreign_statements_are_limited, "an_update_of_a_third_registrar_counts_only_from_the_home_or_a_claimant", 0 },
	{ own_table_is_own, "a_table_of_own_elements_lists_no_others", 0 },
	{ replies_to_claimants, "only_a_claimant_is_told_and_only_a_question_is_answered", 0 },
	{ repetition_does_nothing, "a_statement_that_is_pending_already_is_not_asked_about_again", 0 },
	{ verdict_suits, "a_verdict_can_be_carried_out", 0 },
	{ does_not_matter, "facts_that_do_not_concern_a_statement_do_not_matter", 0 },
};

#define N_PROPERTIES (sizeof(properties) / sizeof(properties[0]))

static unsigned long rows, verdicts[OWNER_ASK_HOME + 1];

/* The first row for which a property does not hold is shown. */
static void
check_row(void)
{
	struct owner_facts f = facts_of(&row.kind, row.flags);
	enum owner_verdict verdict = rsp_owner_judge(&f);

	rows++;
	verdicts[verdict]++;
	for (unsigned i = 0; i < N_PROPERTIES; i++)
		if (!properties[i].holds(&f, verdict) && properties[i].violations++ == 0)
			printf("# source %d claimant %d home %d life %d order %d flags 0x%04x: verdict %d\n", f.source,
			       f.claimant, f.home, f.home_life, f.order, row.flags, verdict);
}

static void
check_all_rows(void)
{
	for (unsigned n = 0; n < 3 * 240; n++) {
		row.kind = kind_of(n);
		unsigned apply = flags_that_apply(&row.kind);

		row.flags = apply;
		for (bool more = kind_is_possible(&row.kind); more; row.flags = (row.flags - 1) & apply) {
			more = row.flags != 0;
			if (is_possible(&row.kind, row.flags))
				check_row();
		}
	}
}

static void
every_verdict_has_a_row(void)
{
	check_all_rows();
	printf("# %lu rows\n", rows);
	for (unsigned verdict = 0; verdict <= OWNER_ASK_HOME; verdict++)
		CHECK(verdicts[verdict] > 0);
}

static unsigned at; /* the property that is the next test */

static void
holds_for_all_rows(void)
{
	CHECK_EQ(properties[at].violations, 0);
}

/* Rows by name */

#define CLAIM	(ADDS | SOUND | RIGHTFUL | VERSIONED)
#define REMOVAL (SOUND | RIGHTFUL | VERSIONED)
#define LIVE	OWNER_HOME_VERSIONED

/* Check the verdict on one row, which must be one that can occur. */
static void
verdict_is(enum owner_verdict wanted, enum owner_claimant claimant, enum owner_home home, enum owner_home_life life,
	   enum owner_order order, unsigned flags)
{
	struct row_kind kind = { OWNER_UPDATE, claimant, home, life, order };
	struct owner_facts f = facts_of(&kind, flags);

	CHECK(is_possible(&kind, flags));
	CHECK_EQ(rsp_owner_judge(&f), wanted);
}

/* The same on an entry of a table. */
static void
verdict_on_entry_is(enum owner_verdict wanted, enum owner_source table, enum owner_claimant claimant,
		    enum owner_home home, enum owner_order order, unsigned flags)
{
	struct row_kind kind = { table, claimant, home, is_foreign(home) ? LIVE : OWNER_HOME_UNLISTED, order };
	struct owner_facts f = facts_of(&kind, flags);

	CHECK(is_possible(&kind, flags));
	CHECK_EQ(rsp_owner_judge(&f), wanted);
}

/* The sender claims an element. */
static void
own_claim_is(enum owner_verdict wanted, enum owner_home home, enum owner_home_life life, enum owner_order order,
	     unsigned flags)
{
	verdict_is(wanted, OWNER_CLAIMANT_SENDER, home, life, order, CLAIM | flags);
}

/* The sender says that an element is gone. */
static void
own_removal_is(enum owner_verdict wanted, enum owner_home home, enum owner_order order, unsigned flags)
{
	verdict_is(wanted, OWNER_CLAIMANT_SENDER, home, is_foreign(home) ? LIVE : OWNER_HOME_UNLISTED, order,
		   REMOVAL | flags);
}

/* The sender says that an element is a third registrar's, which is heard. */
static void
passed_on_claim_is(enum owner_verdict wanted, enum owner_home home, enum owner_order order, unsigned flags)
{
	verdict_is(wanted, OWNER_CLAIMANT_THIRD, home, is_foreign(home) ? LIVE : OWNER_HOME_UNLISTED, order,
		   CLAIM | CLAIMANT_ALIVE | flags);
}

static void
a_new_element_is_believed_unless_its_removal_is_newer(void)
{
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_NONE, OWNER_HOME_UNLISTED, OWNER_OLDER, 0);
	own_claim_is(OWNER_TELL_REMOVED, OWNER_HOME_NONE, OWNER_HOME_UNLISTED, OWNER_OLDER, BURIED);
}

static void
a_home_updates_its_own_element(void)
{
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_CLAIMANT, LIVE, OWNER_NEWER, SAME_OWNER);
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_CLAIMANT, LIVE, OWNER_NEWER, 0); /* by another identity */
	own_claim_is(OWNER_CONFIRM, OWNER_HOME_CLAIMANT, LIVE, OWNER_SAME, SAME_OWNER);
	own_claim_is(OWNER_DROP, OWNER_HOME_CLAIMANT, LIVE, OWNER_OLDER, SAME_OWNER);
}

static void
a_claim_without_rights_or_that_is_unsound_is_refused(void)
{
	verdict_is(OWNER_REFUSE_RIGHTS, OWNER_CLAIMANT_SENDER, OWNER_HOME_NONE, OWNER_HOME_UNLISTED, OWNER_OLDER,
		   CLAIM & ~RIGHTFUL);
	verdict_is(OWNER_REFUSE_INVALID, OWNER_CLAIMANT_SENDER, OWNER_HOME_NONE, OWNER_HOME_UNLISTED, OWNER_OLDER,
		   CLAIM & ~SOUND);
	verdict_is(OWNER_REFUSE_INVALID, OWNER_CLAIMANT_SENDER, OWNER_HOME_CLAIMANT, LIVE, OWNER_NEWER,
		   REMOVAL & ~SOUND);
}

static void
a_home_removes_its_own_element(void)
{
	own_removal_is(OWNER_REMOVE, OWNER_HOME_CLAIMANT, OWNER_NEWER, SAME_OWNER);
	own_removal_is(OWNER_REMOVE, OWNER_HOME_CLAIMANT, OWNER_SAME, SAME_OWNER);
	own_removal_is(OWNER_DROP, OWNER_HOME_CLAIMANT, OWNER_OLDER, SAME_OWNER);
}

static void
a_removal_that_overtakes_its_claim_is_remembered(void)
{
	own_removal_is(OWNER_BURY, OWNER_HOME_NONE, OWNER_OLDER, 0);
}

static void
only_the_home_removes_an_element(void)
{
	own_removal_is(OWNER_REFUSE_NOT_HOME, OWNER_HOME_OTHER, OWNER_NEWER, SAME_OWNER);
	own_removal_is(OWNER_ASK_HOME, OWNER_HOME_OTHER, OWNER_NEWER, SAME_OWNER | PENDING_BY_SENDER);
	own_removal_is(OWNER_KEEP, OWNER_HOME_OTHER, OWNER_NEWER, SAME_OWNER | PENDING_BY_SENDER | PENDING_NEWER);
}

static void
a_claim_to_an_element_of_ours_asks_the_element(void)
{
	own_claim_is(OWNER_ASK_ELEMENT, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER, SAME_OWNER | CONNECTED);
	own_claim_is(OWNER_ASK_ELEMENT, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_SAME_HIGHER, SAME_OWNER | CONNECTED);
	own_claim_is(OWNER_YIELD, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER, SAME_OWNER);
	own_claim_is(OWNER_KEEP, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER,
		     SAME_OWNER | CONNECTED | PENDING_NEWER);
}

static void
a_stale_claim_to_an_element_of_ours_is_answered(void)
{
	own_claim_is(OWNER_TELL_SENDER, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_OLDER, SAME_OWNER | CONNECTED);
	own_claim_is(OWNER_TELL_SENDER, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_SAME, SAME_OWNER | CONNECTED);
	passed_on_claim_is(OWNER_DROP, OWNER_HOME_US, OWNER_OLDER, SAME_OWNER | CONNECTED);
}

static void
a_removal_of_an_element_of_ours_waits_for_the_element(void)
{
	own_removal_is(OWNER_ASK_ELEMENT, OWNER_HOME_US, OWNER_SAME, SAME_OWNER | CONNECTED);
	own_removal_is(OWNER_AWAIT_ELEMENT, OWNER_HOME_US, OWNER_NEWER, SAME_OWNER);
	own_removal_is(OWNER_DROP, OWNER_HOME_US, OWNER_OLDER, SAME_OWNER | CONNECTED);
}

static void
a_claim_to_the_element_of_a_live_home_waits_for_that_home(void)
{
	own_claim_is(OWNER_ASK_HOME, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, SAME_OWNER);
	own_claim_is(OWNER_KEEP, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, SAME_OWNER | PENDING_NEWER);
	own_claim_is(OWNER_NOTE_CLAIM, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, SAME_OWNER | PROVISIONAL);
	own_claim_is(OWNER_NOTE_CLAIM, OWNER_HOME_OTHER, OWNER_HOME_ALIVE, OWNER_NEWER, SAME_OWNER | PROVISIONAL);
}

static void
a_claim_to_the_element_of_a_dead_or_plain_home_or_a_disowned_one_is_believed(void)
{
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_OTHER, OWNER_HOME_LISTED, OWNER_NEWER, SAME_OWNER | PROVISIONAL);
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_OTHER, OWNER_HOME_UNLISTED, OWNER_NEWER, SAME_OWNER);
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_OTHER, OWNER_HOME_ALIVE, OWNER_NEWER, SAME_OWNER);
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, SAME_OWNER | DISOWNED | PROVISIONAL);
}

static void
a_claimant_that_may_not_know_the_home_is_told(void)
{
	own_claim_is(OWNER_TELL_SENDER, OWNER_HOME_OTHER, LIVE, OWNER_OLDER, SAME_OWNER | UNAWARE);
	own_claim_is(OWNER_DROP, OWNER_HOME_OTHER, LIVE, OWNER_OLDER, SAME_OWNER);
}

static void
another_identity_is_refused_an_element_that_is_there(void)
{
	own_claim_is(OWNER_REFUSE_OWNER_AND_TELL, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER, CONNECTED);
	own_claim_is(OWNER_REFUSE_OWNER, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, 0);
	own_claim_is(OWNER_BELIEVE, OWNER_HOME_OTHER, LIVE, OWNER_NEWER, DISOWNED);
}

static void
a_home_that_yields_passes_the_claim_on(void)
{
	passed_on_claim_is(OWNER_BELIEVE, OWNER_HOME_SENDER, OWNER_NEWER, SAME_OWNER);
	passed_on_claim_is(OWNER_REFUSE_NOT_HOME, OWNER_HOME_OTHER, OWNER_NEWER, SAME_OWNER);
	passed_on_claim_is(OWNER_REFUSE_NOT_HOME, OWNER_HOME_SENDER, OWNER_NEWER, 0); /* of another identity */
	passed_on_claim_is(OWNER_ASK_HOME, OWNER_HOME_OTHER, OWNER_NEWER, SAME_OWNER | PENDING_BY_SENDER);
	passed_on_claim_is(OWNER_DROP, OWNER_HOME_SENDER, OWNER_SAME_HIGHER, SAME_OWNER);
	verdict_is(OWNER_REFUSE_NOT_HOME, OWNER_CLAIMANT_THIRD, OWNER_HOME_SENDER, LIVE, OWNER_NEWER,
		   CLAIM | SAME_OWNER); /* the claimant is not heard */
}

static void
a_question_to_the_home_is_answered_by_a_registrar_that_is_not_the_home(void)
{
	passed_on_claim_is(OWNER_CONFIRM_TO_SENDER, OWNER_HOME_CLAIMANT, OWNER_NEWER, SAME_OWNER | ASKS);
	passed_on_claim_is(OWNER_WITHDRAW, OWNER_HOME_CLAIMANT, OWNER_NEWER, SAME_OWNER | PENDING_BY_SENDER);
	passed_on_claim_is(OWNER_WITHDRAW_AND_CONFIRM, OWNER_HOME_CLAIMANT, OWNER_NEWER,
			   SAME_OWNER | PENDING_BY_SENDER | ASKS);
	passed_on_claim_is(OWNER_DROP, OWNER_HOME_NONE, OWNER_OLDER, ASKS);
}

static void
any_registrar_passes_a_claim_on_to_the_home(void)
{
	passed_on_claim_is(OWNER_ASK_ELEMENT, OWNER_HOME_US, OWNER_NEWER, SAME_OWNER | CONNECTED | ASKS);
	passed_on_claim_is(OWNER_YIELD, OWNER_HOME_US, OWNER_NEWER, SAME_OWNER | ASKS);
	verdict_is(OWNER_REFUSE_NOT_HOME, OWNER_CLAIMANT_THIRD, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER,
		   CLAIM | SAME_OWNER | ASKS); /* the claimant is not heard */
	verdict_is(OWNER_AWAIT_ELEMENT, OWNER_CLAIMANT_THIRD, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER,
		   REMOVAL | SAME_OWNER | ASKS);
}

static void
no_registrar_makes_statements_in_our_name(void)
{
	verdict_is(OWNER_REFUSE_NOT_HOME, OWNER_CLAIMANT_US, OWNER_HOME_US, OWNER_HOME_UNLISTED, OWNER_NEWER,
		   ADDS | RIGHTFUL | VERSIONED | SAME_OWNER | CONNECTED);
	verdict_is(OWNER_REFUSE_NOT_HOME, OWNER_CLAIMANT_US, OWNER_HOME_NONE, OWNER_HOME_UNLISTED, OWNER_OLDER,
		   ADDS | RIGHTFUL | VERSIONED);
	verdict_on_entry_is(OWNER_REFUSE_INVALID, OWNER_TABLE_ALL, OWNER_CLAIMANT_US, OWNER_HOME_NONE, OWNER_OLDER,
			    ADDS | RIGHTFUL | VERSIONED);
}

static void
a_mentor_gives_our_elements_back(void)
{
	const unsigned ours = ADDS | RIGHTFUL | VERSIONED | JOINING;

	verdict_on_entry_is(OWNER_TAKE_BACK, OWNER_TABLE_ALL, OWNER_CLAIMANT_US, OWNER_HOME_NONE, OWNER_OLDER, ours);
	verdict_on_entry_is(OWNER_KEEP, OWNER_TABLE_ALL, OWNER_CLAIMANT_US, OWNER_HOME_NONE, OWNER_OLDER,
			    ours | BURIED);
	verdict_on_entry_is(OWNER_KEEP, OWNER_TABLE_ALL, OWNER_CLAIMANT_US, OWNER_HOME_US, OWNER_NEWER,
			    ours | SAME_OWNER);
	verdict_on_entry_is(OWNER_TAKE_BACK, OWNER_TABLE_ALL, OWNER_CLAIMANT_US, OWNER_HOME_US, OWNER_OLDER,
			    ours | SAME_OWNER | OUTDATED);
}

static void
a_table_entry_replaces_what_is_known_from_before_an_absence(void)
{
	const unsigned old = CLAIM | JOINING | OUTDATED | SAME_OWNER;

	verdict_on_entry_is(OWNER_BELIEVE, OWNER_TABLE_ALL, OWNER_CLAIMANT_THIRD, OWNER_HOME_OTHER, OWNER_OLDER, old);
	verdict_on_entry_is(OWNER_BELIEVE, OWNER_TABLE_ALL, OWNER_CLAIMANT_SENDER, OWNER_HOME_US, OWNER_OLDER, old);
	verdict_on_entry_is(OWNER_FORGET, OWNER_TABLE_ALL, OWNER_CLAIMANT_THIRD, OWNER_HOME_OTHER, OWNER_OLDER,
			    old | BURIED);
	verdict_on_entry_is(OWNER_TELL_REMOVED, OWNER_TABLE_ALL, OWNER_CLAIMANT_SENDER, OWNER_HOME_OTHER, OWNER_OLDER,
			    old | BURIED);
}

static void
a_mentor_lists_the_elements_of_all(void)
{
	verdict_on_entry_is(OWNER_BELIEVE, OWNER_TABLE_ALL, OWNER_CLAIMANT_THIRD, OWNER_HOME_NONE, OWNER_OLDER, CLAIM);
	verdict_on_entry_is(OWNER_ASK_HOME, OWNER_TABLE_ALL, OWNER_CLAIMANT_THIRD, OWNER_HOME_OTHER, OWNER_NEWER,
			    CLAIM | SAME_OWNER);
	verdict_on_entry_is(OWNER_REFUSE_INVALID, OWNER_TABLE_OWN, OWNER_CLAIMANT_THIRD, OWNER_HOME_NONE, OWNER_OLDER,
			    CLAIM);
}

int
main(void)
{
	TAP_RUN(every_verdict_has_a_row);
	for (at = 0; at < N_PROPERTIES; at++)
		tap_run(holds_for_all_rows, properties[at].test);
	TAP_RUN(a_new_element_is_believed_unless_its_removal_is_newer);
	TAP_RUN(a_home_updates_its_own_element);
	TAP_RUN(a_claim_without_rights_or_that_is_unsound_is_refused);
	TAP_RUN(a_home_removes_its_own_element);
	TAP_RUN(a_removal_that_overtakes_its_claim_is_remembered);
	TAP_RUN(only_the_home_removes_an_element);
	TAP_RUN(a_claim_to_an_element_of_ours_asks_the_element);
	TAP_RUN(a_stale_claim_to_an_element_of_ours_is_answered);
	TAP_RUN(a_removal_of_an_element_of_ours_waits_for_the_element);
	TAP_RUN(a_claim_to_the_element_of_a_live_home_waits_for_that_home);
	TAP_RUN(a_claim_to_the_element_of_a_dead_or_plain_home_or_a_disowned_one_is_believed);
	TAP_RUN(a_claimant_that_may_not_know_the_home_is_told);
	TAP_RUN(another_identity_is_refused_an_element_that_is_there);
	TAP_RUN(a_home_that_yields_passes_the_claim_on);
	TAP_RUN(a_question_to_the_home_is_answered_by_a_registrar_that_is_not_the_home);
	TAP_RUN(any_registrar_passes_a_claim_on_to_the_home);
	TAP_RUN(no_registrar_makes_statements_in_our_name);
	TAP_RUN(a_mentor_gives_our_elements_back);
	TAP_RUN(a_table_entry_replaces_what_is_known_from_before_an_absence);
	TAP_RUN(a_mentor_lists_the_elements_of_all);
	return tap_end();
}
