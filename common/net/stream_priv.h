#ifndef RSP_NET_STREAM_PRIV_H
#define RSP_NET_STREAM_PRIV_H

#include "net/budget.h"
#include "net/carrier.h"
#include "net/stream.h"
#include "net/stream_state.h"
#include "net/tls_priv.h"

/* For net's own files only: how streams are made, and what a listener does with those that it accepted. */

/** The callbacks of the listener that accepted a stream; @owner is that of the stream's parameters. */
struct rsp_stream_owner {
	/**
	 * The handshake is over; @auth is the identity of the other side. RSP_ELIMIT: the stream must not be opened.
	 */
	enum rsp_err (*opened)(void *owner, const struct rsp_stream_auth *auth);
	/** The caller has consumed input. */
	void (*heard)(void *owner);
	/** The descriptor is closed. @heard: the other side sent an octet. @why may be NULL. */
	void (*gone)(void *owner, bool heard, const struct rsp_why *why);
	/** In place of closed(), for a stream that was never opened: its end. It may come before gone(). */
	void (*refused)(void *owner, bool heard, const struct rsp_why *why);
};

struct rsp_stream_params {
	int fd; /* connected, or connecting: the stream owns it, unless rsp_stream_new() fails */
	enum rsp_carrier carrier;
	bool connecting;             /* connect(2) is in progress; false: connected */
	bool dialled;                /* this side dialled, and is the TLS client */
	struct rsp_tls_session *tls; /* owned by the stream, also if rsp_stream_new() fails; NULL: plain text */
	struct rsp_ip remote;
	uint16_t remote_port;
	uint32_t queue_max, timeout_ms; /* 0: the defaults */
	const struct rsp_stream_events *events;
	void *ctx;
	const struct rsp_stream_owner *owner_ops; /* NULL: no owner */
	void *owner;
	/* Octets of memory of all connections of its source: the stream counts as a user until rsp_stream_limit().
	 * NULL: it counts with the connections that have a key. */
	size_t *group;
};

/** Make a stream, which reads and writes nothing before rsp_stream_start(). RSP_ENOMEM, RSP_EIO. */
enum rsp_err rsp_stream_new(struct rsp_loop *loop, const struct rsp_stream_params *params,
			    struct rsp_stream **ret) RSP_NODISCARD;

/**
 * Arm the timeout for the connect and the handshake. If out of memory, this call closes the stream.
 */
void rsp_stream_arm(struct rsp_stream *s);

/**
 * Start: wait for the connect, or begin the handshake, or open at once. @error: the errno with which connect(2) failed.
 */
void rsp_stream_start(struct rsp_stream *s, int error);

/**
 * End with @err: closed() is called at the end of this turn. A pending TLS alert is still sent. For a
 * stream that is ending already this is the same as rsp_stream_drop().
 */
void rsp_stream_fail(struct rsp_stream *s, enum rsp_err err, const char *fmt, ...) RSP_PRINTF(3, 4);

/** Close the descriptor, and discard TLS and all queued octets. The owner's gone() is called at once; closed() or
 * refused() at the end of the loop's turn. */
void rsp_stream_drop(struct rsp_stream *s);

/**
 * Detach the owner: its callbacks are not called any more. A stream that was never opened is closed without an event.
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
