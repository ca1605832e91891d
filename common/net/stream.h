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

/* Connections: TCP, with TLS or without. Octets in order; what is a message is the caller's business. */

struct rsp_loop;
struct rsp_stream;

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

/** Give later events to @events with @ctx. */
void rsp_stream_set_events(struct rsp_stream *stream, const struct rsp_stream_events *events, void *ctx);

/** Give later events another @ctx. */
void rsp_stream_set_ctx(struct rsp_stream *stream, void *ctx);
void *rsp_stream_ctx(const struct rsp_stream *stream);

/** Whether the connection came about, whatever became of the handshake; may still be asked in closed(). */
bool rsp_stream_reached(const struct rsp_stream *stream);

/** Who is there; valid once open. */
const struct rsp_stream_auth *rsp_stream_auth(const struct rsp_stream *stream);

/** Of a Unix socket: the user at the other end when it connected. False for others. */
bool rsp_stream_user(const struct rsp_stream *stream, uid_t *ret);

#endif
