#include "phase.h"

#define BIT(phase) (1U << PHASE_##phase)

static const unsigned successors[PHASE_COUNT] = {
	[PHASE_PREPARE] = BIT(JOIN) | BIT(LEAVE),
	[PHASE_JOIN] = BIT(MEMBER) | BIT(LEAVE),
	[PHASE_MEMBER] = BIT(LEAVE),
	[PHASE_LEAVE] = BIT(DRAIN) | BIT(STOP) | BIT(DONE),
	[PHASE_DRAIN] = BIT(STOP) | BIT(DONE),
	[PHASE_STOP] = BIT(STOP) | BIT(DONE),
	[PHASE_DONE] = 0,
};

bool
phase_may_follow(enum membership_phase from, enum membership_phase to)
{
	return successors[from] & 1U << to;
}

const char *
phase_name(enum membership_phase phase)
{
	static const char *const name[PHASE_COUNT] = {
#define NAME(phase, text) [PHASE_##phase] = (text),
		MEMBERSHIP_PHASES(NAME)
#undef NAME
	};

	return name[phase];
}
