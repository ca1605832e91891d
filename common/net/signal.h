#ifndef RSP_NET_SIGNAL_H
#define RSP_NET_SIGNAL_H

#include "base/err.h"

struct rsp_loop;

/** A handler of a signal. A handler alone does not keep rsp_loop_run() running. */
struct rsp_signal;

/** Call @caught(@ctx, @signum) each time the process gets @signum. RSP_ENOMEM, RSP_EIO. */
enum rsp_err rsp_signal_new(struct rsp_loop *loop, int signum, void (*caught)(void *ctx, int signum), void *ctx,
			    struct rsp_signal **ret) RSP_NODISCARD;
void rsp_signal_free(struct rsp_signal *signal);

#endif
