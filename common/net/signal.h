#ifndef RSP_NET_SIGNAL_H
#define RSP_NET_SIGNAL_H

#include "base/err.h"

struct rsp_loop;

/** Someone who wants to hear of a signal. Does not keep the loop running. */
struct rsp_signal;

/** Call @caught(@ctx, @signum) whenever the process gets @signum. */
enum rsp_err rsp_signal_new(struct rsp_loop *loop, int signum, void (*caught)(void *ctx, int signum), void *ctx,
			    struct rsp_signal **ret) RSP_NODISCARD;
void rsp_signal_free(struct rsp_signal *signal);

#endif
