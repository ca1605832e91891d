#ifndef RSP_SERVE_CONTROL_H
#define RSP_SERVE_CONTROL_H

#include <stdbool.h>

#include "base/err.h"

/* The control socket: a Unix socket at which a service reports its status to processes of the same host. A process of
 * root or of the service's user that connects receives one text; then the service closes the connection. */

#define RSP_CONTROL_TEXT_MAX (16U << 20) /* octets of the text */

struct rsp_loop;
struct rsp_control;

/** The text to send, on the heap; NULL: out of memory. */
typedef char *rsp_control_answer(void *ctx);

/**
 * Listen at @path, with mode 0600, on @loop. A socket of a process that has ended is replaced; RSP_EEXISTS if a
 * process listens there, or if @path is no socket. RSP_EUSAGE for a path that is too long, RSP_EIO; with @why.
 */
enum rsp_err rsp_control_new(struct rsp_loop *loop, const char *path, rsp_control_answer *answer, void *ctx,
			     struct rsp_control **ret, struct rsp_why *why) RSP_NODISCARD;

/** Whether a process listens at the socket @path. False: connect(2) is refused, or @path is too long for a socket. */
bool rsp_control_is_served(const char *path);

const char *rsp_control_path(const struct rsp_control *control);

/** Stop, and remove the socket, unless another process has replaced it. NULL is fine. */
void rsp_control_free(struct rsp_control *control);

#endif
