#ifndef RSP_NET_LISTENER_H
#define RSP_NET_LISTENER_H

#include "net/sockaddr.h"
#include "net/stream.h"
#include "net/tls.h"

/* Accepting connections, with limits for each source and for users. RFC 5355 s.2.1, s.2.13. */

struct rsp_listener;

#define RSP_UNLIMITED UINT32_MAX /* a rate without a limit */

/** Members that are 0 mean the default. A source is an IPv4 address or an IPv6 /64; a user, a connection without a key. */
struct rsp_listener_limits {
	uint32_t connections;       /* in all: 20000. Users have three quarters of them at most */
	uint32_t per_source;        /* from one source: 2000 */
	uint32_t handshakes;        /* not finished: 512; one more then ends the newest of the source with the most */
	uint32_t source_handshakes; /* of one source: a quarter of @handshakes; one more ends its oldest */
	uint32_t handshake_rate;    /* new connections of one source a second: 100, or RSP_UNLIMITED */
	uint32_t handshake_burst;   /* after so many at once: 1000 */
	uint32_t handshake_ms;      /* for one: RSP_STREAM_TIMEOUT_MS */
	uint32_t idle_ms;           /* in which a user must say something: 120000 */
	uint32_t queue_max;         /* per connection: RSP_STREAM_QUEUE_MAX */
	uint32_t user_queue_max;    /* per connection of a user: RSP_STREAM_USER_QUEUE_MAX */
	uint32_t user_memory;       /* octets in the queues of all users of the loop: RSP_STREAM_USER_MEMORY */
};

/** What a user's connection is used for. */
enum rsp_listener_use {
	RSP_USE_NONE,  /* nothing just now */
	RSP_USE_WATCH, /* it is told of something: it may be idle for ever, but makes room for others if need be */
	RSP_USE_HOLD   /* it makes no room for others either */
};

/** Put the defaults in the place of zeros. */
void rsp_listener_limits_fill(struct rsp_listener_limits *limits);

struct rsp_listener_params {
	struct rsp_sockaddr at;       /* port 0: the kernel chooses */
	enum rsp_carrier carrier;
	struct rsp_tls *tls;          /* NULL: plain text */
	enum rsp_tls_service service; /* with TLS */
	struct rsp_listener_limits limits;
	/** A connection that did not come to be open; @remote is its "ADDR:PORT", as in @why->object. May be NULL. */
	void (*refused)(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
	/** What the open @stream without a key, whose context is @stream_ctx, is used for. NULL: nothing. */
	enum rsp_listener_use (*use)(void *stream_ctx, struct rsp_stream *stream);
};

struct rsp_listener_stats {
	uint64_t accepted, opened, refused_auth, refused_limit, timed_out;
	uint64_t probes;        /* closed by the other side before it sent an octet; not told as refused */
	uint64_t idle, evicted; /* users that were idle for too long, that made room for others */
	uint32_t connections, handshakes, users; /* now */
};

/**
 * Listen. Accepted streams come with @events->open(@ctx, …), which may rsp_stream_set_ctx(). RSP_EIO (address in use
 * and the like), RSP_EKEY (ASAP without a certificate is fine: then there are no users), with @why.
 */
enum rsp_err rsp_listener_new(struct rsp_loop *loop, const struct rsp_listener_params *params,
			      const struct rsp_stream_events *events, void *ctx, struct rsp_listener **ret,
			      struct rsp_why *why) RSP_NODISCARD;

/** Where it really listens. */
const struct rsp_sockaddr *rsp_listener_address(const struct rsp_listener *listener);

/** Use @tls for connections to come. */
void rsp_listener_set_tls(struct rsp_listener *listener, struct rsp_tls *tls);

/**
 * Whether what rsp_listener_set_tls() was told still vouches for the certificate of the user @stream, which @listener
 * accepted, if it has shown one: RSP_ECERT_REVOKED and its like with @why.
 */
enum rsp_err rsp_listener_review(const struct rsp_listener *listener, const struct rsp_stream *stream,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * Somebody with a key is at @ip: for an hour handshakes from there are served from a reserve too, as those from sources are
 * that had a connection with a key.
 */
void rsp_listener_know(struct rsp_listener *listener, const struct rsp_ip *ip);
void rsp_listener_get_stats(const struct rsp_listener *listener, struct rsp_listener_stats *ret);

/** Stop listening and drop unfinished handshakes; open streams live on. NULL is fine. */
void rsp_listener_free(struct rsp_listener *listener);

#endif
