#ifndef RSP_SERVE_CONTROL_H
#define RSP_SERVE_CONTROL_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* The control socket: a Unix socket at which a service tells those on the same machine how it is. Whoever connects, and
 * is root or the service's own user, is sent one text; then the connection ends. */

struct rsp_loop;
struct rsp_control;

/** The text to send, on the heap; NULL: out of memory. */
typedef char *rsp_control_answer(void *ctx);

/**
 * Listen at @path, with mode 0600, on @loop. A socket that a dead process left there is replaced; RSP_EEXISTS if a
 * living one listens, or if what is there is no socket. RSP_EUSAGE for a path that is too long, RSP_EIO; with @why.
 */
enum rsp_err rsp_control_new(struct rsp_loop *loop, const char *path, rsp_control_answer *answer, void *ctx,
			     struct rsp_control **ret, struct rsp_why *why) RSP_NODISCARD;

const char *rsp_control_path(const struct rsp_control *control);

/** Stop, and remove the socket if it is still ours that is there. NULL is fine. */
void rsp_control_free(struct rsp_control *control);

struct rsp_query;

/**
 * Ask the service that listens at @path. @done is called once, with the text or with @why: RSP_EUNREACHABLE (nobody
 * listens), RSP_ETIMEOUT after @timeout_ms (0: none), RSP_ECLOSED (nothing was said), RSP_ELIMIT, RSP_ENOMEM.
 * RSP_EUSAGE, RSP_EPERMS (not ours to ask), RSP_EIO, RSP_ENOMEM at once.
 */
enum rsp_err rsp_query_new(struct rsp_loop *loop, const char *path, uint64_t timeout_ms,
			   void (*done)(void *ctx, struct rsp_bytes text, const struct rsp_why *why), void *ctx,
			   struct rsp_query **ret, struct rsp_why *why) RSP_NODISCARD;
void rsp_query_free(struct rsp_query *query);

#endif
