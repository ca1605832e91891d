#include "model/judge.h"

static bool
is_over_the_head(const struct judge_facts *f)
{
	return f->home_answers && !f->removed && f->same_number && f->takes;
}

/* Whether X says no more than what is known, or is asked already. */
static bool
is_known(const struct judge_facts *f)
{
	return f->order == JUDGE_EQUAL && (!f->pending || f->linked || is_over_the_head(f));
}

enum judge_verdict
rsp_judge(const struct judge_facts *f)
{
	if (!f->sound)
		return JUDGE_REFUSE_INVALID;
	if (f->order == JUDGE_OLDER)
		return JUDGE_TELL;
	if (is_known(f))
		return JUDGE_SAME;
	if (f->claimant_foreign)
		return JUDGE_IGNORE;
	if (!f->rightful)
		return JUDGE_REFUSE_RIGHTS;
	if (f->linked)
		return JUDGE_ASK_ELEMENT;
	return is_over_the_head(f) ? JUDGE_ASK_HOME : JUDGE_STORE;
}
