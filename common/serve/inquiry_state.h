#ifndef RSP_SERVE_INQUIRY_STATE_H
#define RSP_SERVE_INQUIRY_STATE_H

/* The states of a registrar that is asked, or will be. For inquiry.c only. */

enum inquiry_state {
	INQUIRY_WAITING, /* its alarm rings when it is to be asked */
	INQUIRY_ASKING,  /* there are an engine and a channel */
	INQUIRY_OVER,    /* nothing comes from it any more */
	INQUIRY_STATES
};

/** Its transitions: base/moves.h. */
#define INQUIRY_MOVES(MOVE)                                                                                            \
	MOVE(WAITING, WAITING, it_is_listed)                                                                           \
	MOVE(WAITING, WAITING, it_is_to_be_asked_at_once_because_another_failed)                                       \
	MOVE(WAITING, ASKING, its_turn_has_come)                                                                       \
	MOVE(WAITING, OVER, another_has_answered_before_it_was_asked)                                                  \
	MOVE(WAITING, OVER, it_cannot_be_asked_for_lack_of_memory)                                                     \
	MOVE(ASKING, WAITING, it_failed_and_is_to_be_asked_again)                                                      \
	MOVE(ASKING, OVER, it_has_given_its_last_answer)                                                               \
	MOVE(ASKING, OVER, it_failed_for_good)                                                                         \
	MOVE(ASKING, OVER, another_has_answered_while_it_was_asked)

#endif
