#include "net/stream_state.h"

#include <stdint.h>

#define TO(state) (1U << RSP_STREAM_##state)

bool
rsp_stream_state_may(enum rsp_stream_state from, enum rsp_stream_state to)
{
	static const uint16_t rows[RSP_STREAM_STATES] = {
		[RSP_STREAM_CONNECTING] = TO(HANDSHAKE) | TO(CLOSED),
		[RSP_STREAM_HANDSHAKE] = TO(OPEN) | TO(LINGERING) | TO(CLOSED),
		[RSP_STREAM_OPEN] = TO(DRAINING) | TO(LINGERING) | TO(CLOSED),
		[RSP_STREAM_DRAINING] = TO(LINGERING) | TO(CLOSED),
		[RSP_STREAM_LINGERING] = TO(LINGERING_TOLD) | TO(CLOSED),
		[RSP_STREAM_LINGERING_TOLD] = TO(OVER),
		[RSP_STREAM_CLOSED] = TO(OVER),
	};

	return rows[from] >> to & 1U;
}
