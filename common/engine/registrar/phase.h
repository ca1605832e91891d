#ifndef RSP_REGISTRAR_PHASE_H
#define RSP_REGISTRAR_PHASE_H

#include <stdbool.h>

/*
 * A member is the registrar's own data about an element, kept in the opaque part of struct rsp_element. The phase of the
 * member says what this registrar knows about the liveness of the element, and what the timer of the member means.
 *
 * FOREIGN: its home is another registrar. OWN: its home is this registrar. A linked element registered over a connection
 * that is still there: HELD, ASKED, DOUBTED and DISPLACED. What is stored of a linked element is what it registered here
 * last. A greater statement that is heard meanwhile is kept as m->pending, until the element has answered; so is one that
 * another registrar makes at the same number, while an element that was taken over is looked at (LOOK_ASKED, LOOK_ANSWERED).
 *
 *	phase                 the timer
 *	FOREIGN               -
 *	FOREIGN_WAITS         store m->pending  its home, which is heard, was asked about m->pending
 *	FOREIGN_LOOK          begin a look      its home is silent, and no takeover of it completes
 *	HELD                  keep-alive        linked
 *	ASKED                 answer is late    linked; a keep-alive was sent
 *	DOUBTED               drop its link     linked; it acknowledged a question, but has not registered since
 *	DISPLACED             drop its link     linked; another process without EPOCH has displaced it
 *	UNLINKED              begin a look      OWN, not linked
 *	LOOK_QUEUED           -                 a look begins as soon as another dial ends: look.c
 *	LOOK_DIALLING         dial is late      its ASAP transport is being dialled
 *	LOOK_ASKED            answer is late    a keep-alive was sent over the dialled link
 *	LOOK_ANSWERED         look again later  it acknowledged the H flag, and may register over the dialled link
 *	OLD                   forget it         stored before this registrar was away: join.c
 *	GONE                  -                 removed in this turn; freed at its end
 *
 * rsp_phase_may() has the transitions.
 */
enum rsp_member_phase {
	RSP_MEMBER_FOREIGN, /* also the first phase of each stored element */
	RSP_MEMBER_FOREIGN_WAITS,
	RSP_MEMBER_FOREIGN_LOOK,
	RSP_MEMBER_HELD,
	RSP_MEMBER_ASKED,
	RSP_MEMBER_DOUBTED,
	RSP_MEMBER_DISPLACED,
	RSP_MEMBER_UNLINKED,
	RSP_MEMBER_LOOK_QUEUED,
	RSP_MEMBER_LOOK_DIALLING,
	RSP_MEMBER_LOOK_ASKED,
	RSP_MEMBER_LOOK_ANSWERED,
	RSP_MEMBER_OLD,
	RSP_MEMBER_GONE,
	RSP_MEMBER_PHASES
};

/**
 * Whether a member may change from phase @from to phase @to:
 *
 *	from                           to
 *	each but GONE                  HELD           the Pool Element registers at this registrar
 *	                               FOREIGN        another registrar is its home
 *	                               UNLINKED       this registrar is its home, and it is not linked
 *	                               OLD            this registrar was away for too long, and joins again
 *	                               GONE           it is removed
 *	FOREIGN…, LOOK_QUEUED,         FOREIGN_WAITS  a statement over the head of its home is heard
 *	LOOK_DIALLING, LOOK_ASKED
 *	FOREIGN                        FOREIGN_LOOK   its home is silent
 *	FOREIGN…, UNLINKED             LOOK_QUEUED    a look begins
 *	LOOK_QUEUED                    LOOK_DIALLING  its ASAP transport is dialled, or is connected already
 *	LOOK_DIALLING                  LOOK_ASKED     the connection is up
 *	LOOK_ASKED                     LOOK_ANSWERED  it acknowledged the H flag
 *	HELD, ASKED                    ASKED          it is sent ASAP_ENDPOINT_KEEP_ALIVE
 *	ASKED                          DOUBTED        it acknowledged a question
 *	HELD, ASKED, DOUBTED           DISPLACED      another process has displaced it
 */
bool rsp_phase_may(enum rsp_member_phase from, enum rsp_member_phase to);

/** The name of @phase, such as "held". Static. */
const char *rsp_phase_name(enum rsp_member_phase phase);

#endif
