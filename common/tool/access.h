#ifndef RSP_TOOL_ACCESS_H
#define RSP_TOOL_ACCESS_H

#include "keys/scope.h"
#include "net/tls.h"

/* The keys and certificates with which a tool connects to registrars: from the options and the scope directory. */

/**
 * Read registrars, keys and certificates as the options and the scope directory give them: for an element (or a
 * monitor) the keys, for a user the CA. *@ret is NULL if nothing is needed (--insecure-plaintext with --server or
 * --discover); else the caller's (rsp_scope_free).
 */
enum rsp_err tool_access_scope(bool element, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * If @err says that a file of the scope directory is missing, add to @why how to make it (rsp-keygen). Returns @err.
 */
enum rsp_err tool_access_explain(enum rsp_err err, struct rsp_why *why);

/**
 * The credentials of this process and the peers to accept, from @scope and --tls-policy. Also opens the file of
 * --keylog-file. The caller's (rsp_tls_unref).
 */
enum rsp_err tool_access_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why) RSP_NODISCARD;

#endif
