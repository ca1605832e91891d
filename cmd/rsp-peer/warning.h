#ifndef CMD_RSP_PEER_WARNING_H
#define CMD_RSP_PEER_WARNING_H

#include "base/limiter.h"
#include "engine/event.h"
#include "serve/registrar_service.h"

/* The warnings of `rsp-peer run` on standard error: faults that its operator has to repair. */

/** The present contest of two processes for one element: each registers it in turn, at its registrar. */
struct peer_contest {
	uint32_t pe_id;
	unsigned n;	  /* statements of other homes in a row, each soon after the one before */
	uint64_t last_ms; /* the time of the last one */
};

/** The state of the warnings. { 0 }: none was written. */
struct peer_warnings {
	struct rsp_limiter limiter;
	struct peer_contest contest;
	bool key_refused; /* another registrar refused the key of this one */
};

/** Write a warning if @event needs an action of the operator. A warning is repeated at most once a minute. */
void peer_warning_event(struct peer_warnings *warnings, const struct rsp_event *event);

/** Write a warning if a removal may be forgotten before each registrar has it: --tombstone-time is short for the timers. */
void peer_warning_timers(const struct rsp_registrar_config *config);

/** Write that a connection to @port came with a key that is not in keys.json: @why. At most once a minute. */
void peer_warning_unknown_key(struct peer_warnings *warnings, enum rsp_registrar_service_port port, const struct rsp_why *why);

#endif
