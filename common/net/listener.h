#ifndef RSP_NET_LISTENER_H
#define RSP_NET_LISTENER_H

#include "net/sockaddr.h"
#include "net/stream.h"
#include "net/tls.h"

/* Accepts connections, within limits for each source and for users. RFC 5355 s.2.1, s.2.13. */

struct rsp_listener;

#define RSP_UNLIMITED UINT32_MAX /* a rate without a limit */

/** 0 means the default. A source is an IPv4 address or an IPv6 /64. A user is a connection without a key. */
struct rsp_listener_limits {
	uint32_t connections;       /* in all: 20000. Users may have three quarters of them */
	uint32_t per_source;        /* from one source: 2000 */
	/* unfinished handshakes: 512. A further one ends the newest handshake of the source that has the most */
	uint32_t handshakes;
	/* unfinished handshakes of one source: a quarter of @handshakes. A further one ends its oldest */
	uint32_t source_handshakes;
	uint32_t handshake_rate;    /* new connections from one source in a second: 100; RSP_UNLIMITED */
	uint32_t handshake_burst;   /* new connections from one source before the rate counts: 1000 */
	uint32_t handshake_ms;      /* a handshake must be finished in this time: RSP_STREAM_TIMEOUT_MS */
	uint32_t idle_ms;           /* a user is closed if it sends nothing for this time: 120000 */
	uint32_t queue_max;         /* octets of output that wait, per connection: RSP_STREAM_QUEUE_MAX */
	uint32_t user_queue_max;    /* the same, per user: RSP_STREAM_USER_QUEUE_MAX */
	/* octets of memory of the queues of all users of the loop: RSP_STREAM_USER_MEMORY */
	uint32_t user_memory;
};

/** The present use of a user's connection. */
enum rsp_listener_use {
	RSP_USE_NONE,  /* nothing: it is closed when it is idle, or in favour of a new connection */
	RSP_USE_WATCH, /* the user watches a pool: not closed when idle, but closed in favour of a new connection */
	RSP_USE_HOLD   /* the other side has registered elements, or is a registrar: never closed for these reasons */
};

/** Replace each 0 by its default. */
void rsp_listener_limits_fill(struct rsp_listener_limits *limits);

struct rsp_listener_params {
	struct rsp_sockaddr at;       /* port 0: the kernel chooses */
	enum rsp_carrier carrier;
	struct rsp_tls *tls;          /* NULL: plain text */
	enum rsp_tls_service service; /* with TLS */
	struct rsp_listener_limits limits;
	/** A connection from @remote was refused before it was open: @why->object is its "ADDR:PORT". May be NULL. */
	void (*refused)(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
	/**
	 * The present use of @stream, an open connection of a user. @stream_ctx is its context. NULL: every user is
	 * RSP_USE_NONE.
	 */
	enum rsp_listener_use (*use)(void *stream_ctx, struct rsp_stream *stream);
};

struct rsp_listener_stats {
	uint64_t accepted, opened, refused_auth, refused_limit, timed_out;
	uint64_t probes;        /* closed by the other side before its first octet; refused() is not called for them */
	uint64_t idle, evicted; /* users that were closed as idle; in favour of new connections */
	uint32_t connections, handshakes, users; /* now */
};

/**
 * Listen. An accepted stream is shown by @events->open(@ctx, ...), which may give it other events. RSP_EIO (the address
 * is in use, and the like), RSP_ENOMEM with @why.
 */
enum rsp_err rsp_listener_new(struct rsp_loop *loop, const struct rsp_listener_params *params,
			      const struct rsp_stream_events *events, void *ctx, struct rsp_listener **ret,
			      struct rsp_why *why) RSP_NODISCARD;

/** The address of @listener, with the port that the kernel chose if port 0 was requested. */
const struct rsp_sockaddr *rsp_listener_address(const struct rsp_listener *listener);

/** Use @tls for connections that are accepted from now on. @listener takes a reference of @tls. */
void rsp_listener_set_tls(struct rsp_listener *listener, struct rsp_tls *tls);

/**
 * Check the certificate of the user @stream, which @listener has accepted, against its present credentials.
 * RSP_ECERT_... with @why. RSP_OK also if the user has shown none.
 */
enum rsp_err rsp_listener_review(const struct rsp_listener *listener, const struct rsp_stream *stream,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * A node with a key is at @ip: for an hour, handshakes from there may use the reserve. The same holds for sources of
 * connections with a key.
 */
void rsp_listener_know(struct rsp_listener *listener, const struct rsp_ip *ip);
void rsp_listener_get_stats(const struct rsp_listener *listener, struct rsp_listener_stats *ret);

/** Stop listening and close unfinished handshakes. Open streams stay open. NULL is fine. */
void rsp_listener_free(struct rsp_listener *listener);

#endif
