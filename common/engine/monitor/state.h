#ifndef RSP_MONITOR_STATE_H
#define RSP_MONITOR_STATE_H

/* The states of a monitor. Only monitor.c uses this header. */

enum monitor_state {
	MONITOR_CONNECTING,
	MONITOR_PAUSED,	 /* the next request is sent after a pause */
	MONITOR_WAITING, /* a request was sent, and has no answer yet */
	MONITOR_OVER,	 /* DONE or FAILED was reported */
	MONITOR_STATES
};

/** The transitions of a monitor: base/moves.h. "Time runs out" when the deadline of
 * the run passes, or when an answer is late. */
#define MONITOR_MOVES(MOVE)                                                                                            \
	MOVE(CONNECTING, WAITING, the_connection_is_up)                                                                \
	MOVE(CONNECTING, OVER, the_connection_cannot_be_made)                                                          \
	MOVE(CONNECTING, OVER, time_runs_out_before_the_connection_is_up)                                              \
	MOVE(WAITING, PAUSED, a_page_says_that_more_pages_follow)                                                      \
	MOVE(WAITING, PAUSED, a_presence_is_not_the_last_one)                                                          \
	MOVE(WAITING, PAUSED, the_registrar_is_not_ready)                                                              \
	MOVE(WAITING, OVER, the_last_answer_comes)                                                                     \
	MOVE(WAITING, OVER, a_wrong_answer_comes)                                                                      \
	MOVE(WAITING, OVER, an_answer_cannot_be_decoded)                                                               \
	MOVE(WAITING, OVER, an_error_comes)                                                                            \
	MOVE(WAITING, OVER, no_answer_comes_in_time)                                                                   \
	MOVE(WAITING, OVER, the_connection_is_lost_before_the_answer)                                                  \
	MOVE(PAUSED, WAITING, the_pause_is_over)                                                                       \
	MOVE(PAUSED, OVER, time_runs_out_in_a_pause)                                                                   \
	MOVE(PAUSED, OVER, the_connection_is_lost_in_a_pause)

#endif
