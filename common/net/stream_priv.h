#ifndef RSP_NET_STREAM_PRIV_H
#define RSP_NET_STREAM_PRIV_H

#include "net/budget.h"
#include "net/carrier.h"
#include "net/stream.h"
#include "net/stream_state.h"
#include "net/tls_priv.h"

/* For net's own files only: how streams are made, and what a listener does with those that it accepted. */

/** What the listener that accepted a stream is told of it, with the @owner of the stream's parameters. */
struct rsp_stream_owner {
	/** The handshake is over, and @auth says what it has shown. RSP_ELIMIT: the stream must not be opened. */
	enum rsp_err (*opened)(void *owner, const struct rsp_stream_auth *auth);
	/** The caller has consumed input. */
	void (*heard)(void *owner);
	/** The descriptor is closed. @heard: anything came. @why may be NULL. */
	void (*gone)(void *owner, bool heard, const struct rsp_why *why);
	/** In place of closed(), for a stream that was never opened: its end. It may come before gone(). */
	void (*refused)(void *owner, bool heard, const struct rsp_why *why);
};

struct rsp_stream_params {
	int fd; /* connected, or connecting: the stream owns it, unless rsp_stream_new() fails */
	enum rsp_carrier carrier;
	bool connecting;             /* else it is connected */
	bool dialled;                /* by us: TLS begins with us */
	struct rsp_tls_session *tls; /* owned by the stream, also if rsp_stream_new() fails; NULL: plain text */
	struct rsp_ip remote;
	uint16_t remote_port;
	uint32_t queue_max, timeout_ms; /* 0: the defaults */
	const struct rsp_stream_events *events;
	void *ctx;
	const struct rsp_stream_owner *owner_ops; /* NULL: no owner */
	void *owner;
	/* Octets of memory of all connections of its source: then it counts among users until rsp_stream_limit(). NULL:
	 * with those that have a key. */
	size_t *group;
};

/** A stream, which does nothing before rsp_stream_start(). RSP_ENOMEM, RSP_EIO. */
enum rsp_err rsp_stream_new(struct rsp_loop *loop, const struct rsp_stream_params *params,
			    struct rsp_stream **ret) RSP_NODISCARD;

/**
 * Arm the timeout of a stream that connects or has a handshake before it. It may be closed then, for lack of memory.
 */
void rsp_stream_arm(struct rsp_stream *s);

/**
 * Go on: wait until it is connected, or begin the handshake, or be open at once. @error: connect(2) failed with that.
 */
void rsp_stream_start(struct rsp_stream *s, int error);

/**
 * End with @err: the end is told at the end of this turn. What TLS has left to send, an alert, still goes out. For a
 * stream that is ending already it is the same as rsp_stream_drop().
 */
void rsp_stream_fail(struct rsp_stream *s, enum rsp_err err, const char *fmt, ...) RSP_PRINTF(3, 4);

/** Close the descriptor, and discard TLS and all queued octets. The owner is told that the memory is free at once; that
 * the stream has ended, at the end of the loop's turn. */
void rsp_stream_drop(struct rsp_stream *s);

/**
 * Forget the owner, who is not told anything any more. A stream that was never opened is closed, and its end not told.
 */
void rsp_stream_disown(struct rsp_stream *s);

/**
 * The limits of an open stream: at most @queue_max octets of output; it is full with @full_at octets of output, 0: it
 * never is. @keyed: its memory counts with that of connections with a key.
 */
void rsp_stream_limit(struct rsp_stream *s, uint32_t queue_max, uint32_t full_at, bool keyed);

enum rsp_stream_state rsp_stream_get_state(const struct rsp_stream *s);

/** Its TLS session; NULL in plain text, and once the descriptor is closed. */
const struct rsp_tls_session *rsp_stream_tls(const struct rsp_stream *s);

#endif
