#ifndef RSP_NET_CONNECT_H
#define RSP_NET_CONNECT_H

#include <stdbool.h>

#include "base/err.h"
#include "net/dial.h"

/* The way to one server: from a name to addresses, from addresses and keys to one open stream. An address that does not
 * answer lets an attempt at the next one start beside it (RFC 8305 s.5). An address that refuses one key is dialled
 * again with the next. */

#define RSP_CONNECT_STAGGER_MS    250
#define RSP_CONNECT_PARALLEL      8  /* attempts under way for one server */
#define RSP_CONNECT_ADDRESSES_MAX 64 /* addresses of one server; more are not tried */

struct rsp_connect;

/** How far the way has led. */
enum rsp_connect_stage {
	RSP_CONNECT_LOOKUP,   /* the name has no address yet */
	RSP_CONNECT_TRANSPORT,
	RSP_CONNECT_HANDSHAKE, /* an attempt is or was connected, or there is no key to begin with */
	RSP_CONNECT_OPEN       /* a stream is open */
};

struct rsp_connect_params {
	/* But .to and .nth_key; copied, .server_name too. .timeout_ms is for all addresses together, after the
	 * lookup. */
	struct rsp_dial_params dial;
	const char *host;    /* a name or a numeric address, copied; NULL: none */
	uint16_t port;       /* of the addresses of @host */
	uint32_t lookup_ms;  /* for @host; 0: RSP_LOOKUP_MS */
	/* Further addresses, tried after those of @host; copied. */
	const struct rsp_sockaddr *to;
	unsigned n;
	/* Of the stream that is open first, with @ctx. The connect is freed before its open() is called. */
	const struct rsp_stream_events *events;
	/** The addresses are known, and @first is dialled first. May be NULL. */
	void (*found)(void *ctx, const struct rsp_sockaddr *first);
	/** No stream came to be open, and the connect is freed. @why is of the attempt that came furthest. */
	void (*failed)(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why);
	void *ctx;
};

/**
 * Begin. The first stream that is open wins, and the other attempts are closed. Every failure but RSP_ENOMEM is told by
 * @failed; nothing is called before the end of this turn of the loop.
 */
enum rsp_err rsp_connect_start(struct rsp_loop *loop, const struct rsp_connect_params *params,
			       struct rsp_connect **ret) RSP_NODISCARD;

enum rsp_connect_stage rsp_connect_stage(const struct rsp_connect *connect);

/** Close all attempts and free @connect; nothing is called. NULL is fine. */
void rsp_connect_cancel(struct rsp_connect *connect);

#endif
