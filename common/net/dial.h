#ifndef RSP_NET_DIAL_H
#define RSP_NET_DIAL_H

#include "net/sockaddr.h"
#include "net/stream.h"
#include "net/tls.h"

/* One attempt to connect to one address, with one key. net/connect.h makes as many attempts as a server needs. */

struct rsp_listener_params;

struct rsp_dial_params {
	struct rsp_sockaddr to;
	enum rsp_carrier carrier;
	struct rsp_tls *tls;     /* NULL: plain text */
	enum rsp_role role;      /* with TLS: USER authenticates the server by its certificate, the others by a key */
	const char *server_name; /* with TLS: the server's name in keys, or the name that its certificate must have */
	bool any_registrar;      /* with TLS: @server_name does not count; any registrar of the scope may answer */
	/* which of the keys that fit; 0: the first. Several fit during a rotation, and with @any_registrar */
	unsigned nth_key;
	uint32_t timeout_ms;     /* until open; 0: RSP_STREAM_TIMEOUT_MS */
	uint32_t queue_max;      /* octets of output; 0: RSP_STREAM_QUEUE_MAX */
	struct rsp_ip from;      /* the local address to dial from; .family 0: any */
};

/**
 * Begin an attempt. RSP_ENOKEY (there is no such key), RSP_EUNREACHABLE, RSP_EIO, RSP_ENOMEM at once, with @why, and
 * then no event is called. Every other failure is told by @events->closed().
 */
enum rsp_err rsp_dial_start(struct rsp_loop *loop, const struct rsp_dial_params *params,
			    const struct rsp_stream_events *events, void *ctx, struct rsp_stream **ret,
			    struct rsp_why *why) RSP_NODISCARD;

/**
 * For tests: a stream on the connected socket @fd, which it owns. It is a client as @dial says or, if that is NULL, a
 * server as @listen says.
 */
enum rsp_err rsp_dial_adopt(struct rsp_loop *loop, int fd, const struct rsp_dial_params *dial,
			    const struct rsp_listener_params *listen, const struct rsp_stream_events *events, void *ctx,
			    struct rsp_stream **ret, struct rsp_why *why) RSP_NODISCARD;

#endif
