#ifndef RSP_TOOL_ENDPOINT_H
#define RSP_TOOL_ENDPOINT_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "proto/param.h"

/* Elements as lines of text, for --plain and --format. */

/** Write "ADDR:PORT\n" of the first address of @pe to @out; nothing for a transport without address. */
void tool_endpoint_plain(FILE *out, const struct rsp_pool_element *pe);

/** Check @format: RSP_EUSAGE with the bad sequence in @why. */
enum rsp_err tool_endpoint_check(const char *format, struct rsp_why *why) RSP_NODISCARD;

/** Write @pe of the pool @handle to @out as the checked @format says, and a newline. See --format in rsp-resolve(1). */
void tool_endpoint_format(FILE *out, const char *format, struct rsp_bytes handle, const struct rsp_pool_element *pe);

#endif
