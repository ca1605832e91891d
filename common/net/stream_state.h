#ifndef RSP_NET_STREAM_STATE_H
#define RSP_NET_STREAM_STATE_H

#include <stdbool.h>

/* For net's own files only. */

/**
 * The states of a stream, in their order; a stream may skip states:
 *
 *   from            to              when
 *   CONNECTING      HANDSHAKE       the transport is connected
 *   HANDSHAKE       OPEN            TLS is done; in plain text at once
 *   HANDSHAKE       LINGERING       it failed, and an alert was sent
 *   OPEN            DRAINING        a close that flushes; or the other side has ended its direction
 *   OPEN            LINGERING       it failed, and an alert was sent
 *   DRAINING        LINGERING       all is sent, and our direction has ended
 *   LINGERING       LINGERING_TOLD  closed() told a failure
 *   LINGERING_TOLD  OVER            the descriptor is closed
 *   the five first  CLOSED          the descriptor is closed
 *   CLOSED          OVER            closed() told the end
 */
enum rsp_stream_state {
	RSP_STREAM_CONNECTING,
	RSP_STREAM_HANDSHAKE,
	RSP_STREAM_OPEN,
	RSP_STREAM_DRAINING,       /* the queued output is sent; data() is not called any more */
	/* the descriptor is open until the other side has ended its direction, too, or RSP_STREAM_LINGER_MS is over */
	RSP_STREAM_LINGERING,
	RSP_STREAM_LINGERING_TOLD, /* the same, and closed() was called */
	RSP_STREAM_CLOSED,         /* the descriptor is closed, and closed() was not called yet */
	RSP_STREAM_OVER,           /* closed() was called; the stream is freed at the end of this turn */
	RSP_STREAM_STATES
};

/** Whether the table above has a row from @from to @to. */
bool rsp_stream_state_may(enum rsp_stream_state from, enum rsp_stream_state to);

#endif
