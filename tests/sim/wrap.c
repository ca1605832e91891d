#include "base/fault.h"
#include "model/ownership.h"

/* Functions of the engine, each with the mistakes that a test may ask for (rsp_fault). The linker lets the engine call
 * these in place of its own, -Wl,--wrap: the code that is shipped has no trace of them. */

enum owner_verdict __real_rsp_owner_judge(const struct owner_facts *f);
enum owner_verdict __wrap_rsp_owner_judge(const struct owner_facts *f);

enum owner_verdict
__wrap_rsp_owner_judge(const struct owner_facts *f)
{
	struct owner_facts seen = *f;

	if (RSP_FAULTY(LATE_ADD_RESURRECTS))
		seen.buried = false;
	if (RSP_FAULTY(VERSION_IGNORED) && seen.adds && seen.home != OWNER_HOME_NONE)
		seen.order = OWNER_NEWER;
	enum owner_verdict verdict = __real_rsp_owner_judge(&seen);
	if (RSP_FAULTY(VERSION_IGNORED) && verdict == OWNER_ASK_HOME)
		return OWNER_BELIEVE;
	if (RSP_FAULTY(NO_CONTEST) && (verdict == OWNER_ASK_ELEMENT || verdict == OWNER_AWAIT_ELEMENT))
		return OWNER_YIELD;
	return verdict;
}
