#ifndef CMD_RSP_REGISTER_PHASE_H
#define CMD_RSP_REGISTER_PHASE_H

#include <stdbool.h>

/*
 * The phases of a membership: from the start of rsp-register to its end. Each row lists the phases that may follow.
 * Only membership.c changes the phase, in enter_phase().
 *
 * PREPARE   The wrapped command starts; nothing is sent to a registrar.   JOIN, LEAVE
 * JOIN      The first registration waits for its answer.                  MEMBER, LEAVE
 * MEMBER    At least one element is registered.                           LEAVE
 * LEAVE     Deregistrations wait for their answers.                       DRAIN, STOP, DONE
 * DRAIN     The command still runs, for users that have its address.      STOP, DONE
 * STOP      The command was sent SIGTERM; later SIGKILL.                 STOP, DONE
 * DONE      Nothing is left to do.                                        -
 */
/* clang-format off */
#define MEMBERSHIP_PHASES(X) \
	X(PREPARE, "prepare") X(JOIN, "join") X(MEMBER, "member") X(LEAVE, "leave") X(DRAIN, "drain") X(STOP, "stop") \
	X(DONE, "done")
/* clang-format on */

enum membership_phase {
#define MEMBERSHIP_PHASE(name, text) PHASE_##name,
	MEMBERSHIP_PHASES(MEMBERSHIP_PHASE)
#undef MEMBERSHIP_PHASE
	PHASE_COUNT
};

/** Whether @to may follow @from. */
bool phase_may_follow(enum membership_phase from, enum membership_phase to);

/** "prepare", "join", ... Static. */
const char *phase_name(enum membership_phase phase);

#endif
