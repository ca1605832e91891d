#ifndef CMD_RSP_PEER_WARNING_H
#define CMD_RSP_PEER_WARNING_H

#include "base/limiter.h"
#include "engine/event.h"
#include "serve/registrar_service.h"

/* What `rsp-peer run` writes on standard error besides its records: what its operator has to repair. */

/** Which contest of an element goes on. */
struct peer_contest {
	uint32_t pe_id;
	unsigned n;	  /* claims in a row, each soon after the one before */
	uint64_t last_ms; /* the last of them */
};

/** What was written. { 0 } is nothing. */
struct peer_warnings {
	struct rsp_limiter limiter;
	struct peer_contest contest;
	bool key_refused; /* another registrar refused the key of this one */
};

/** Write what @event means for the operator, if it means something. A warning that repeats: at most once a minute. */
void peer_warning_event(struct peer_warnings *warnings, const struct rsp_event *event);

/** Write that a connection to @port came with a key that is not in keys.json: @why. At most once a minute. */
void peer_warning_unknown_key(struct peer_warnings *warnings, enum rsp_registrar_service_port port, const struct rsp_why *why);

#endif
