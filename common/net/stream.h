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

/* Connections, with TLS or without, that carry octets. net/channel.h makes messages of them. */

struct rsp_loop;
struct rsp_stream;

/** The addresses and the identity of both ends of an open stream. Texts live as long as the stream. */
struct rsp_stream_auth {
	enum rsp_role role; /* the authenticated role of the other side; in a stream that we dialled, our own role */
	/* the other side's name as its key or certificate proves it; NULL: plain text, or a user without a
	 * certificate */
	const char *identity;
	char key[RSP_IDENTITY_SIZE]; /* the identity of the pre-shared key, as on the wire; "": none was used */
	bool secure;                                               /* TLS */
	const char *tls_version, *tls_kx, *tls_cipher, *tls_group; /* "" without TLS */
	enum rsp_carrier carrier;
	struct rsp_ip remote, local;
	uint16_t remote_port, local_port;
	/* Further addresses of the other side, if the association is multihomed. TCP: NULL, 0. */
	const struct rsp_ip *others;
	unsigned n_others;
};

/** The callbacks of a stream. None is called inside a call to the stream. */
struct rsp_stream_events {
	/** The stream is connected and, with TLS, authenticated: rsp_stream_send() is allowed. */
	void (*open)(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth);
	/**
	 * @all is the input that was not consumed. Returns how many octets are consumed now. The others are passed
	 * again, with those that follow. A caller that sends answers consumes nothing while rsp_stream_full(); after
	 * that the rest is shown again.
	 */
	size_t (*data)(void *ctx, struct rsp_stream *stream, struct rsp_bytes all);
	/** The output queue is empty again, after the kernel had stopped taking octets. May be NULL. */
	void (*drained)(void *ctx, struct rsp_stream *stream);
	/**
	 * The stream has ended, and this is the last call for it. Called once for each stream that was dialled, and
	 * each that was accepted and open. @why->err: RSP_OK after our rsp_stream_close(); RSP_EUNREACHABLE,
	 * RSP_ETIMEOUT, RSP_ECLOSED, RSP_EAUTH (refused by an alert, which the reason names), RSP_EROLE, RSP_ECERT_...,
	 * RSP_ECRL_EXPIRED, RSP_EPLAIN, RSP_EPROTO, RSP_ELIMIT (more than RSP_STREAM_IN_MAX octets are not consumed,
	 * and the like), RSP_ENOMEM. The object is the other side's "ADDR:PORT".
	 */
	void (*closed)(void *ctx, struct rsp_stream *stream, const struct rsp_why *why);
};

#define RSP_STREAM_QUEUE_MAX      (4U << 20)   /* octets of output that wait, by default */
#define RSP_STREAM_IN_MAX         (128U << 10) /* octets of input that are not consumed; a message has at most 65535 */
#define RSP_STREAM_USER_QUEUE_MAX (256U << 10) /* octets of output that wait for a user, by default */
#define RSP_STREAM_USER_MEMORY    (64U << 20)  /* octets of memory of the queues of all users, by default */
#define RSP_STREAM_KEY_MEMORY     (512U << 20) /* of the queues of all other streams */
#define RSP_STREAM_TIMEOUT_MS     10000        /* for connecting and the handshake together, by default */
#define RSP_STREAM_LINGER_MS      2000         /* for flushing at the close, and then for the other side to close */

/**
 * Queue @bytes; they are sent at the end of this turn of the loop. RSP_ELIMIT: the queue would exceed its limit.
 * RSP_ECLOSED: the stream is not open; or all streams of its kind hold too much memory together and this one the most,
 * so that this call has closed it, and closed() follows. RSP_ENOMEM.
 */
enum rsp_err rsp_stream_send(struct rsp_stream *stream, struct rsp_bytes bytes) RSP_NODISCARD;

/** How many octets are queued that the kernel has not taken yet. */
size_t rsp_stream_queued(const struct rsp_stream *stream);

/**
 * Whether the output of an accepted stream waits because the other side does not read. Then we do not read from it,
 * until the output is sent. Never so between registrars: both could wait for each other.
 */
bool rsp_stream_full(const struct rsp_stream *stream);

/**
 * Close: with @flush after what is queued is sent, within RSP_STREAM_LINGER_MS; else now. data() is not called any
 * more, and closed() follows.
 */
void rsp_stream_close(struct rsp_stream *stream, bool flush);

/** Call the functions of @events with @ctx for later events. */
void rsp_stream_set_events(struct rsp_stream *stream, const struct rsp_stream_events *events, void *ctx);

/** Pass @ctx to later events. */
void rsp_stream_set_ctx(struct rsp_stream *stream, void *ctx);
void *rsp_stream_ctx(const struct rsp_stream *stream);

/** Whether the transport was connected, even if the handshake failed. May be called in closed(), too. */
bool rsp_stream_reached(const struct rsp_stream *stream);

/** The address and identity of the other side; the identity is set when the stream is open. */
const struct rsp_stream_auth *rsp_stream_auth(const struct rsp_stream *stream);

/** Of a Unix socket: the user at the other end when it connected. False for others. */
bool rsp_stream_user(const struct rsp_stream *stream, uid_t *ret);

#endif
