#ifndef RSP_NET_RACE_H
#define RSP_NET_RACE_H

#include <stdbool.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/stream.h"

/* The way to one server that has several addresses, as RFC 8305 s.5 describes it: an address that does not answer lets
 * the next one start beside it. */

#define RSP_RACE_STAGGER_MS 250
#define RSP_RACE_PARALLEL   8  /* attempts under way for one server */
#define RSP_RACE_MAX        64 /* addresses of one server; more are not tried */

struct rsp_race;

struct rsp_race_params {
	struct rsp_dial_params dial; /* but .to; copied, .server_name too. .timeout_ms is for all addresses together */
	const struct rsp_sockaddr *to; /* in the order to try them; copied */
	unsigned n;
	/* Of the stream that is open first, with @ctx. Its open() is called first, and the race is gone then. */
	const struct rsp_stream_events *events;
	/* No address came to be open, and the race is gone: @why is of the attempt that came furthest; @reached: it was
	 * connected, so that its handshake failed. */
	void (*failed)(void *ctx, const struct rsp_why *why, bool reached);
	void *ctx;
	/* What failed before: the reason if there is no address at all. May be NULL. */
	const struct rsp_why *before;
};

/**
 * Dial the addresses one after the other: the next one when one failed, or after RSP_RACE_STAGGER_MS. The first stream
 * that is open wins, and the others are closed. Calls nothing back from inside. RSP_ENOMEM.
 */
enum rsp_err rsp_race_start(struct rsp_loop *loop, const struct rsp_race_params *params,
			    struct rsp_race **ret) RSP_NODISCARD;

/** Whether any attempt is, or was, connected. */
bool rsp_race_reached(const struct rsp_race *race);

/** Close all attempts; nothing is called. NULL is fine. */
void rsp_race_cancel(struct rsp_race *race);

#endif
