#ifndef RSP_SERVE_TARGET_H
#define RSP_SERVE_TARGET_H

#include <stdbool.h>

#include "keys/scope.h"

/**
 * The registrar that -s @spec names, for @service: as rsp_scope_registrar_at() with TLS. In plain text there are no
 * keys to tell one registrar from another, so @spec must be [NAME@]HOST[:PORT]; the default port is that for plain
 * text. RSP_EUSAGE for a bad spec, RSP_ENOTFOUND, with @why.
 */
enum rsp_err rsp_target_of(const struct rsp_scope *scope, const char *spec, enum rsp_service service, bool plaintext,
			   struct rsp_target *ret, struct rsp_why *why) RSP_NODISCARD;

#endif
