#ifndef RSP_NET_WATCH_H
#define RSP_NET_WATCH_H

#include <uv.h>

#include "base/err.h"

/* For net's own files only. */

struct rsp_loop;

/** A descriptor that is waited for. Freed by libuv's time, not by its owner's. */
struct rsp_watch {
	uv_poll_t poll;
	void (*ready)(void *ctx, int events);
	void *ctx;
	int events;
};

/** Watch @fd, for nothing yet. */
enum rsp_err rsp_watch_new(struct rsp_loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx,
			   struct rsp_watch **ret) RSP_NODISCARD;
void rsp_watch_for(struct rsp_watch *watch, int events);
void rsp_watch_free(struct rsp_watch *watch);

#endif
