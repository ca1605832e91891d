#ifndef RSP_NET_CHANNEL_H
#define RSP_NET_CHANNEL_H

#include "base/bytes.h"
#include "net/connect.h"
#include "net/stream.h"

/* A connection that carries whole messages, or the way to one. */

struct rsp_channel;
struct rsp_trace;

/** The length of the message that @octets begin with: 0: not known yet; SIZE_MAX: they begin no message. */
typedef size_t rsp_channel_frame(struct rsp_bytes octets);

/** What a channel tells. Never called inside a call to it. Each may close or free the channel. */
struct rsp_channel_events {
	/** Dialled: the addresses are known, @first is tried first. May be NULL. */
	void (*found)(void *ctx, const struct rsp_sockaddr *first);
	/** Dialled: it is open. @auth lives as long as the connection. */
	void (*up)(void *ctx, const struct rsp_stream_auth *auth);
	/** A message came. The octets live during the call. */
	void (*message)(void *ctx, struct rsp_bytes message);
	/** What came, beginning with @octets, is no message: the channel must be closed, failed or freed now. */
	void (*malformed)(void *ctx, struct rsp_bytes octets);
	/** A message has begun and is not complete: rsp_channel_partial_ms(). May be NULL. */
	void (*partial)(void *ctx);
	/**
	 * The end, once, with what went wrong; after rsp_channel_close() that is RSP_ECLOSED. @stage: how far it has
	 * come. The channel is still to be freed.
	 */
	void (*down)(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why);
};

struct rsp_channel_params {
	rsp_channel_frame *frame;                /* for carriers of octets; a carrier of messages has their bounds */
	uint32_t ppid;                           /* what the messages are, for the capture */
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

/** Use @stream, which a listener has accepted and opened. RSP_ENOMEM: it is closed. */
enum rsp_err rsp_channel_accept(struct rsp_loop *loop, const struct rsp_channel_params *params,
				struct rsp_stream *stream, struct rsp_channel **ret) RSP_NODISCARD;

/** Close @stream, which a listener has accepted and opened; nothing is told. */
void rsp_channel_reject(struct rsp_stream *stream);

/** Queue @message: errors as those of rsp_stream_send(). RSP_ECLOSED also before up() and after rsp_channel_close(). */
enum rsp_err rsp_channel_send(struct rsp_channel *channel, struct rsp_bytes message) RSP_NODISCARD;

/** Close, with @flush after what is queued has been sent. No message is shown any more; down() follows. */
void rsp_channel_close(struct rsp_channel *channel, bool flush);

/** Close as rsp_channel_close() with a flush; down() tells @why at the end of this turn. */
void rsp_channel_fail(struct rsp_channel *channel, const struct rsp_why *why);

/** Free @channel: nothing is told any more. What is queued is still sent. NULL is fine. */
void rsp_channel_free(struct rsp_channel *channel);

/** Whether messages come and go: from up() until it is closed or down. */
bool rsp_channel_is_open(const struct rsp_channel *channel);

/** How far it has come. */
enum rsp_connect_stage rsp_channel_stage(const struct rsp_channel *channel);

/** Of the other side; NULL unless there is a connection. */
const struct rsp_stream_auth *rsp_channel_auth(const struct rsp_channel *channel);

/** The connection; NULL: there is none. */
struct rsp_stream *rsp_channel_stream(const struct rsp_channel *channel);

/** When the message that is not complete yet began; 0: there is none. */
uint64_t rsp_channel_partial_ms(const struct rsp_channel *channel);

void *rsp_channel_ctx(const struct rsp_channel *channel);

#endif
