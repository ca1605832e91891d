#ifndef RSP_NET_CHANNEL_STATE_H
#define RSP_NET_CHANNEL_STATE_H

/* The states of a channel. For channel.c only. */

enum channel_state {
	CHANNEL_CONNECTING, /* dialled, and there is a connect; an accepted one leaves this state at once */
	CHANNEL_OPEN,       /* there is a stream */
	CHANNEL_CLOSING,    /* down() is to follow, when the stream is closed or at the end of this turn */
	CHANNEL_DOWN,       /* down() was called */
	CHANNEL_STATES
};

/** Its transitions: base/moves.h. */
#define CHANNEL_MOVES(MOVE)                                                                                            \
	MOVE(CONNECTING, OPEN, a_dialled_connection_opens)                                                             \
	MOVE(CONNECTING, OPEN, an_accepted_connection_is_taken)                                                        \
	MOVE(CONNECTING, CLOSING, a_dial_is_closed)                                                                    \
	MOVE(CONNECTING, CLOSING, a_dial_is_failed_by_its_owner)                                                       \
	MOVE(CONNECTING, DOWN, a_dial_fails)                                                                           \
	MOVE(OPEN, CLOSING, an_open_channel_is_closed)                                                                 \
	MOVE(OPEN, CLOSING, an_open_channel_is_failed_by_its_owner)                                                    \
	MOVE(OPEN, DOWN, the_other_side_closes)                                                                        \
	MOVE(CLOSING, DOWN, the_stream_of_a_closed_channel_has_closed)                                                 \
	MOVE(CLOSING, DOWN, the_turn_ends_in_which_a_channel_failed)

#endif
