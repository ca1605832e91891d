#ifndef RSP_SERVE_QUERY_H
#define RSP_SERVE_QUERY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* A question to the control socket of a service: serve/control.h. */

struct rsp_loop;
struct rsp_query;

/**
 * Ask the service that listens at @path. @done is called once, with the text or with @why: RSP_EUNREACHABLE (no process
 * listens), RSP_ETIMEOUT after @timeout_ms (0: none), RSP_ECLOSED (closed without a text), RSP_ELIMIT, RSP_ENOMEM.
 * RSP_EUSAGE, RSP_EPERMS (no write permission), RSP_EIO, RSP_ENOMEM at once.
 */
enum rsp_err rsp_query_new(struct rsp_loop *loop, const char *path, uint64_t timeout_ms,
			   void (*done)(void *ctx, struct rsp_bytes text, const struct rsp_why *why), void *ctx,
			   struct rsp_query **ret, struct rsp_why *why) RSP_NODISCARD;
void rsp_query_free(struct rsp_query *query);

#endif
