#ifndef RSP_NET_STREAM_H
#define RSP_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/carrier.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/role.h"
#include "keys/psk.h"
#include "net/addr.h"
#include "net/tls.h"

/* Connections: TCP, with TLS or without. Octets in order; what is a message is the caller's business. */

struct rsp_loop;
struct rsp_stream;
struct rsp_listener;

/** Who is at the other end, once a stream is open. Texts live as long as the stream. */
struct rsp_stream_auth {
	enum rsp_role role; /* what the other side may be taken for. Dialled: what we dialled as */
	/* the other side's name as key or certificate prove it; NULL: plain, or a user without */
	const char *identity;
	char key[RSP_IDENTITY_SIZE]; /* the pre-shared key's identity on the wire; "": there is none */
	bool secure;                                               /* TLS */
	const char *tls_version, *tls_kx, *tls_cipher, *tls_group; /* "" without TLS */
	enum rsp_carrier carrier;
	struct rsp_ip remote, local;
	uint16_t remote_port, local_port;
	/* Further addresses of the other side, if the association is multihomed. TCP: NULL, 0. */
	const struct rsp_ip *others;
	unsigned n_others;
};

/** What a stream tells. Never called inside a call to it. */
struct rsp_stream_events {
	/** Connected, and authenticated if TLS is used. Send at will. */
	void (*open)(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth);
	/**
	 * All that came and was not consumed; returns how much of it is now. What is left is shown again with what
	 * follows. One that may answer stops consuming when rsp_stream_full(); it is shown the rest when that is over.
	 */
	size_t (*data)(void *ctx, struct rsp_stream *stream, struct rsp_bytes all);
	/** The output queue has become empty after having been held up. May be NULL. */
	void (*drained)(void *ctx, struct rsp_stream *stream);
	/**
	 * The end, exactly once for each dialled stream and each accepted one that was open; then the stream is gone.
	 * @why->err: RSP_OK after our rsp_stream_close(); RSP_EUNREACHABLE, RSP_ETIMEOUT, RSP_ECLOSED, RSP_EAUTH
	 * (refused: an alert, named), RSP_ENOKEY, RSP_EROLE, RSP_ECERT_…, RSP_ECRL_EXPIRED, RSP_EPLAIN, RSP_EPROTO,
	 * RSP_ELIMIT (more than in_max unconsumed), RSP_ENOMEM. The object is the other side's "ADDR:PORT".
	 */
	void (*closed)(void *ctx, struct rsp_stream *stream, const struct rsp_why *why);
};

#define RSP_STREAM_QUEUE_MAX      (4U << 20)   /* octets of output, by default */
#define RSP_STREAM_IN_MAX         (128U << 10) /* octets unconsumed, by default; a message has at most 65535 */
#define RSP_STREAM_USER_QUEUE_MAX (256U << 10) /* octets of output for a user, by default */
#define RSP_STREAM_USER_MEMORY    (64U << 20)  /* octets in the queues of all users together, by default */
#define RSP_STREAM_KEY_MEMORY     (512U << 20) /* and in those of all others */
#define RSP_STREAM_TIMEOUT_MS     10000        /* of connecting with its handshake, and of a handshake, by default */
#define RSP_STREAM_LINGER_MS      2000         /* of flushing at the close, at most */

struct rsp_dial_params {
	struct rsp_sockaddr to;
	enum rsp_carrier carrier;
	struct rsp_tls *tls;     /* NULL: plain text */
	enum rsp_role role;      /* with TLS: USER by certificate, others by key */
	const char *server_name; /* with TLS: the server's name in keys, or what its certificate must be for */
	bool any_registrar;      /* with TLS: no name, whichever registrar of the scope answers; its identity tells */
	uint32_t timeout_ms;     /* until open; 0: the default */
	uint32_t queue_max;      /* 0: the default */
	struct rsp_ip from;      /* our own address; none: any */
};

/**
 * Connect. Several keys for one server (a rotation), or for any, are tried one after the other. RSP_ENOKEY, RSP_EIO,
 * RSP_ENOMEM at once, with @why, and then nothing is called; everything else through @events.
 */
enum rsp_err rsp_stream_dial(struct rsp_loop *loop, const struct rsp_dial_params *params,
			     const struct rsp_stream_events *events, void *ctx, struct rsp_stream **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/**
 * Queue @bytes. RSP_ELIMIT if the queue, or all queues of the process together, would exceed their limit; RSP_ENOMEM;
 * RSP_ECLOSED if not open or closing, also if this very call closed it: users hold too much memory together, and this one the
 * most. Then its closed() says so.
 */
enum rsp_err rsp_stream_send(struct rsp_stream *stream, struct rsp_bytes bytes) RSP_NODISCARD;

/** How much is queued and not yet with the kernel. */
size_t rsp_stream_queued(const struct rsp_stream *stream);

/**
 * Whether an accepted stream's output waits, as the other side does not read it: then nothing more is read from it, until
 * what is queued has gone out. Never so between registrars.
 */
bool rsp_stream_full(const struct rsp_stream *stream);

/**
 * Close: with @flush after what is queued has been sent (within RSP_STREAM_LINGER_MS), else now. No data is shown
 * any more.
 */
void rsp_stream_close(struct rsp_stream *stream, bool flush);

/** Give later events another @ctx. */
void rsp_stream_set_ctx(struct rsp_stream *stream, void *ctx);
void *rsp_stream_ctx(const struct rsp_stream *stream);

/** Whether the connection came about, whatever became of the handshake; may still be asked in closed(). */
bool rsp_stream_reached(const struct rsp_stream *stream);

/** Who is there; valid once open. */
const struct rsp_stream_auth *rsp_stream_auth(const struct rsp_stream *stream);

/** Of a Unix socket: the user at the other end when it connected. False for others. */
bool rsp_stream_user(const struct rsp_stream *stream, uid_t *ret);

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
enum rsp_stream_use {
	RSP_USE_NONE,  /* nothing just now */
	RSP_USE_WATCH, /* it is told of something: it may be idle for ever, but makes room for others if need be */
	RSP_USE_HOLD   /* it makes no room for others either */
};

/** Put the defaults in the place of zeros. */
void rsp_listener_limits_fill(struct rsp_listener_limits *limits);

struct rsp_listener_params {
	struct rsp_sockaddr at;       /* port 0: the kernel chooses */
	struct rsp_tls *tls;          /* NULL: plain text */
	enum rsp_tls_service service; /* with TLS */
	struct rsp_listener_limits limits;
	/** A connection that did not come to be open; @remote is its "ADDR:PORT", as in @why->object. May be NULL. */
	void (*refused)(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
	/** What the open @stream without a key, whose context is @stream_ctx, is used for. NULL: nothing. */
	enum rsp_stream_use (*use)(void *stream_ctx, struct rsp_stream *stream);
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

/**
 * Take over the connected stream socket @fd, for tests: one end of a pair. As a client if @dial is not NULL, else
 * as @listen says.
 */
enum rsp_err rsp_stream_adopt(struct rsp_loop *loop, int fd, const struct rsp_dial_params *dial,
			      const struct rsp_listener_params *listen, const struct rsp_stream_events *events,
			      void *ctx, struct rsp_stream **ret, struct rsp_why *why) RSP_NODISCARD;

#endif
