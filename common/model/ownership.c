#include "model/ownership.h"

static bool
is_on_record(const struct owner_facts *f)
{
	return f->home != OWNER_HOME_NONE && !f->outdated;
}

/* An entry of the mentor's table that names us as the home, after our absence: RFC 5353 s.3.2.3. */
static enum owner_verdict
judge_take_back(const struct owner_facts *f)
{
	if (is_on_record(f))
		return OWNER_KEEP;
	if (!f->buried)
		return OWNER_TAKE_BACK;
	return f->outdated ? OWNER_FORGET : OWNER_KEEP;
}

/* A versioned update whose claimant is neither the sender nor we: the verdict if it tells
 * us nothing new. OWNER_BELIEVE: it may be new. */
static enum owner_verdict
judge_repeated(const struct owner_facts *f)
{
	if (f->home == OWNER_HOME_NONE)
		return f->asks || f->buried ? OWNER_DROP : OWNER_BELIEVE;
	if (f->order != OWNER_NEWER)
		return OWNER_DROP;
	if (f->home != OWNER_HOME_CLAIMANT || !f->same_owner)
		return OWNER_BELIEVE;
	if (f->pending_by_sender && f->adds)
		return f->asks ? OWNER_WITHDRAW_AND_CONFIRM : OWNER_WITHDRAW;
	if (f->asks)
		return f->adds ? OWNER_CONFIRM_TO_SENDER : OWNER_DROP;
	return OWNER_BELIEVE;
}

/* Rule 2: whether the sender may send this statement, although it is not the claimant. */
static bool
may_pass_on(const struct owner_facts *f)
{
	if (f->claimant == OWNER_CLAIMANT_US || f->home == OWNER_HOME_NONE || !f->same_owner)
		return false;
	if (f->home == OWNER_HOME_US && (f->connected || !f->adds))
		return true;
	return f->adds && f->claimant_alive &&
	       (f->home == OWNER_HOME_US || f->home == OWNER_HOME_SENDER || f->pending_by_sender);
}

/* The verdict if the update must be dropped or refused. OWNER_BELIEVE: it is valid. */
static enum owner_verdict
judge_update(const struct owner_facts *f)
{
	enum owner_verdict verdict = OWNER_BELIEVE;

	if (f->claimant == OWNER_CLAIMANT_THIRD && f->versioned)
		verdict = judge_repeated(f);
	if (verdict != OWNER_BELIEVE)
		return verdict;
	if (f->claimant != OWNER_CLAIMANT_SENDER && !may_pass_on(f))
		return OWNER_REFUSE_NOT_HOME;
	if (!f->sound)
		return OWNER_REFUSE_INVALID;
	return f->adds && !f->rightful ? OWNER_REFUSE_RIGHTS : OWNER_BELIEVE;
}

static enum owner_verdict
judge_entry(const struct owner_facts *f)
{
	if (!f->rightful)
		return OWNER_REFUSE_RIGHTS;
	if (f->claimant == OWNER_CLAIMANT_US && f->joining)
		return judge_take_back(f);
	if (!f->sound || (f->claimant != OWNER_CLAIMANT_SENDER && f->source == OWNER_TABLE_OWN))
		return OWNER_REFUSE_INVALID;
	return OWNER_BELIEVE;
}

static enum owner_verdict
judge_removal(const struct owner_facts *f)
{
	if (f->home == OWNER_HOME_NONE)
		return OWNER_BURY;
	if (f->order == OWNER_OLDER)
		return OWNER_DROP;
	if (f->home == OWNER_HOME_US) {
		if (f->pending_newer)
			return OWNER_KEEP;
		return f->connected ? OWNER_ASK_ELEMENT : OWNER_AWAIT_ELEMENT;
	}
	if (f->home == OWNER_HOME_SENDER ||
	    (f->home == OWNER_HOME_CLAIMANT && f->claimant == OWNER_CLAIMANT_SENDER))
		return OWNER_REMOVE;
	if (!f->pending_by_sender || f->home_life == OWNER_HOME_UNLISTED)
		return OWNER_REFUSE_NOT_HOME;
	return f->pending_newer ? OWNER_KEEP : OWNER_ASK_HOME;
}

static enum owner_verdict
judge_claim_to_ours(const struct owner_facts *f)
{
	if (f->order == OWNER_OLDER || f->order == OWNER_SAME)
		return f->claimant == OWNER_CLAIMANT_SENDER ? OWNER_TELL_SENDER : OWNER_DROP;
	if (f->pending_newer)
		return OWNER_KEEP;
	return f->connected ? OWNER_ASK_ELEMENT : OWNER_YIELD;
}

static enum owner_verdict
judge_claim_to_others(const struct owner_facts *f)
{
	if (f->order == OWNER_OLDER || f->order == OWNER_SAME) {
		if (f->home == OWNER_HOME_CLAIMANT)
			return f->order == OWNER_SAME ? OWNER_CONFIRM : OWNER_DROP;
		return f->claimant == OWNER_CLAIMANT_SENDER && f->unaware ? OWNER_TELL_SENDER : OWNER_DROP;
	}
	if (f->home == OWNER_HOME_CLAIMANT || f->home == OWNER_HOME_SENDER || f->disowned ||
	    f->home_life < OWNER_HOME_ALIVE)
		return OWNER_BELIEVE;
	if (f->provisional)
		return OWNER_NOTE_CLAIM;
	if (f->home_life < OWNER_HOME_VERSIONED)
		return OWNER_BELIEVE;
	return f->pending_newer ? OWNER_KEEP : OWNER_ASK_HOME;
}

static enum owner_verdict
judge_claim(const struct owner_facts *f)
{
	if (!is_on_record(f)) {
		if (!f->buried)
			return OWNER_BELIEVE;
		if (f->claimant == OWNER_CLAIMANT_SENDER)
			return OWNER_TELL_REMOVED;
		return f->outdated ? OWNER_FORGET : OWNER_DROP;
	}
	if (!f->same_owner && f->home != OWNER_HOME_CLAIMANT && !f->disowned) /* rule 7 */
		return f->home == OWNER_HOME_US && f->claimant == OWNER_CLAIMANT_SENDER ? OWNER_REFUSE_OWNER_AND_TELL
											 : OWNER_REFUSE_OWNER;
	return f->home == OWNER_HOME_US ? judge_claim_to_ours(f) : judge_claim_to_others(f);
}

enum owner_verdict
rsp_owner_judge(const struct owner_facts *f)
{
	enum owner_verdict verdict = f->source == OWNER_UPDATE ? judge_update(f) : judge_entry(f);

	if (verdict != OWNER_BELIEVE)
		return verdict;
	return f->adds ? judge_claim(f) : judge_removal(f);
}
