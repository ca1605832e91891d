#include "engine/registrar/phase.h"

#define BIT(phase) (1U << RSP_MEMBER_##phase)
/* The phases that may follow each phase: the element registers here (HELD), has another home (FOREIGN) or this one, without
 * a link (UNLINKED), this registrar was away (OLD), or the element is removed (GONE). */
#define ALWAYS	(BIT(HELD) | BIT(FOREIGN) | BIT(UNLINKED) | BIT(OLD) | BIT(GONE))
#define FROM_FOREIGN (ALWAYS | BIT(FOREIGN_WAITS) | BIT(FOREIGN_LOOK) | BIT(LOOK_QUEUED))

static const unsigned transitions[RSP_MEMBER_PHASES] = {
	[RSP_MEMBER_FOREIGN] = FROM_FOREIGN,
	[RSP_MEMBER_FOREIGN_WAITS] = FROM_FOREIGN,
	[RSP_MEMBER_FOREIGN_LOOK] = FROM_FOREIGN,
	[RSP_MEMBER_HELD] = ALWAYS | BIT(ASKED) | BIT(DISPLACED),
	[RSP_MEMBER_ASKED] = ALWAYS | BIT(ASKED) | BIT(DOUBTED) | BIT(DISPLACED),
	[RSP_MEMBER_DOUBTED] = ALWAYS | BIT(DISPLACED),
	[RSP_MEMBER_DISPLACED] = ALWAYS,
	[RSP_MEMBER_UNLINKED] = ALWAYS | BIT(LOOK_QUEUED),
	[RSP_MEMBER_LOOK_QUEUED] = ALWAYS | BIT(LOOK_DIALLING) | BIT(FOREIGN_WAITS),
	[RSP_MEMBER_LOOK_DIALLING] = ALWAYS | BIT(LOOK_ASKED) | BIT(FOREIGN_WAITS),
	[RSP_MEMBER_LOOK_ASKED] = ALWAYS | BIT(LOOK_ANSWERED) | BIT(FOREIGN_WAITS),
	[RSP_MEMBER_LOOK_ANSWERED] = ALWAYS,
	[RSP_MEMBER_OLD] = ALWAYS,
	[RSP_MEMBER_GONE] = 0,
};

bool
rsp_phase_may(enum rsp_member_phase from, enum rsp_member_phase to)
{
	return transitions[from] & (1U << to);
}

const char *
rsp_phase_name(enum rsp_member_phase phase)
{
	static const char *const name[RSP_MEMBER_PHASES] = {
		"foreign", "foreign-waits", "foreign-look",  "held",       "asked",         "doubted", "displaced",
		"unlinked", "look-queued",  "look-dialling", "look-asked", "look-answered", "old",     "gone",
	};

	return phase < RSP_MEMBER_PHASES ? name[phase] : "";
}
