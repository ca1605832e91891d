#ifndef RSP_NET_CHANNEL_H
#define RSP_NET_CHANNEL_H

#include "base/bytes.h"
#include "net/connect.h"
#include "net/stream.h"

/* A connection that carries whole messages, from the start of the dial on. */

struct rsp_channel;
struct rsp_trace;

/** The length of the message that @octets begin with: 0: not known yet; SIZE_MAX: they begin no message. */
typedef size_t rsp_channel_frame(struct rsp_bytes octets);

/** The callbacks of a channel. None is called inside a call to the channel. Each may close or free the channel. */
struct rsp_channel_events {
	/** Dialled: the addresses are known, @first is tried first. May be NULL. */
	void (*found)(void *ctx, const struct rsp_sockaddr *first);
	/** Dialled: the channel is open. @auth lives as long as the connection. */
	void (*up)(void *ctx, const struct rsp_stream_auth *auth);
	/** A message came. The octets live during the call. */
	void (*message)(void *ctx, struct rsp_bytes message);
	/** The input that begins with @octets is no message: the callback must close, fail or free the channel. */
	void (*malformed)(void *ctx, struct rsp_bytes octets);
	/** The input ends within a message: rsp_channel_partial_ms(). May be NULL. */
	void (*partial)(void *ctx);
	/**
	 * The end, once, with what went wrong; after rsp_channel_close() that is RSP_ECLOSED. @stage: how far it has
	 * come. The channel is still to be freed.
	 */
	void (*down)(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why);
};

struct rsp_channel_params {
	/* finds the ends of messages; not used if the carrier delivers whole messages */
	rsp_channel_frame *frame;
	uint32_t ppid;                           /* the SCTP payload protocol identifier that the capture shows */
	struct rsp_trace *trace;                 /* the capture of all messages; NULL: none. Must outlive the channel */
	const struct rsp_channel_events *events; /* static */
	void *ctx;
};

/**
 * Dial; .events, .found, .failed and .ctx of @to are the channel's own. RSP_ENOMEM; every other failure is told by
 * down(), at the end of this turn of the loop at the earliest.
 */
enum rsp_err rsp_channel_dial(struct rsp_loop *loop, const struct rsp_channel_params *params,
			      const struct rsp_connect_params *to, struct rsp_channel **ret) RSP_NODISCARD;

/** Use @stream, which a listener has accepted and opened. RSP_ENOMEM: the stream is closed. */
enum rsp_err rsp_channel_accept(struct rsp_loop *loop, const struct rsp_channel_params *params,
				struct rsp_stream *stream, struct rsp_channel **ret) RSP_NODISCARD;

/** Close @stream, which a listener has accepted and opened; no event is called. */
void rsp_channel_reject(struct rsp_stream *stream);

/** Queue @message: errors as those of rsp_stream_send(). RSP_ECLOSED also before up() and after rsp_channel_close(). */
enum rsp_err rsp_channel_send(struct rsp_channel *channel, struct rsp_bytes message) RSP_NODISCARD;

/** Close; with @flush only after the queued output was sent. message() is not called any more; down() follows. */
void rsp_channel_close(struct rsp_channel *channel, bool flush);

/** Close as rsp_channel_close() with a flush; down() gets @why, at the end of this turn. */
void rsp_channel_fail(struct rsp_channel *channel, const struct rsp_why *why);

/** Free @channel: no event is called any more. Queued output is still sent. NULL is fine. */
void rsp_channel_free(struct rsp_channel *channel);

/** Whether messages can be sent and received: from up() until the channel is closed or down. */
bool rsp_channel_is_open(const struct rsp_channel *channel);

/** The stage that the channel has reached. */
enum rsp_connect_stage rsp_channel_stage(const struct rsp_channel *channel);

/** The address and identity of the other side; NULL if the channel has no connection. */
const struct rsp_stream_auth *rsp_channel_auth(const struct rsp_channel *channel);

/** The connection; NULL: the channel has none. */
struct rsp_stream *rsp_channel_stream(const struct rsp_channel *channel);

/** The time at which the incomplete message began; 0: no message is incomplete. */
uint64_t rsp_channel_partial_ms(const struct rsp_channel *channel);

void *rsp_channel_ctx(const struct rsp_channel *channel);

#endif
