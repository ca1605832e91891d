#ifndef RSP_NET_POLL_H
#define RSP_NET_POLL_H

#include <uv.h>

#include "base/err.h"

/* For net's own files only. */

struct rsp_loop;

/** A descriptor that the loop polls. */
struct rsp_poll;

/** Let the loop call @ready(@ctx, UV_READABLE | ...) for @fd; it polls for nothing yet. RSP_ENOMEM, RSP_EIO. */
enum rsp_err rsp_poll_new(struct rsp_loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx,
			  struct rsp_poll **ret) RSP_NODISCARD;

/** Poll for @events from now on; 0: for nothing. */
void rsp_poll_for(struct rsp_poll *poll, int events);

/** Stop and free @poll; before its descriptor is closed. NULL is fine. */
void rsp_poll_free(struct rsp_poll *poll);

#endif
