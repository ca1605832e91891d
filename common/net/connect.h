#ifndef RSP_NET_CONNECT_H
#define RSP_NET_CONNECT_H

#include <stdbool.h>

#include "base/err.h"
#include "net/dial.h"

/* Connect to one server: from its name to addresses, from addresses and keys to one open stream. While an address does
 * not answer, an attempt at the next address starts beside it (RFC 8305 s.5). An address that refuses one key
 * is dialled again with the next key. */

#define RSP_CONNECT_STAGGER_MS    250
#define RSP_CONNECT_PARALLEL      8  /* attempts under way for one server */
#define RSP_CONNECT_ADDRESSES_MAX 64 /* addresses of one server; more are not tried */

struct rsp_connect;

/** The stage that a connect has reached. */
enum rsp_connect_stage {
	RSP_CONNECT_LOOKUP,   /* the name has no address yet */
	RSP_CONNECT_TRANSPORT,
	RSP_CONNECT_HANDSHAKE, /* an attempt is or was connected, or we have no key for the handshake */
	RSP_CONNECT_OPEN       /* a stream is open */
};

struct rsp_connect_params {
	/* All members count but .to and .nth_key; copied, .server_name too. .timeout_ms is for all addresses together,
	 * after the lookup. */
	struct rsp_dial_params dial;
	const char *host;    /* a name or a numeric address, copied; NULL: none */
	uint16_t port;       /* the port at the addresses of @host */
	uint32_t lookup_ms;  /* time limit for the lookup of @host; 0: RSP_LOOKUP_MS */
	/* Further addresses, tried after those of @host; copied. */
	const struct rsp_sockaddr *to;
	unsigned n;
	/* The events of the stream that is open first, called with @ctx. The connect is freed before open() is
	 * called. */
	const struct rsp_stream_events *events;
	/** The addresses are known, and @first is dialled first. May be NULL. */
	void (*found)(void *ctx, const struct rsp_sockaddr *first);
	/** All attempts failed, and the connect is freed. @why is that of the attempt that reached the latest stage. */
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
