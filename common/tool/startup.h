#ifndef RSP_TOOL_STARTUP_H
#define RSP_TOOL_STARTUP_H

#include "base/err.h"

struct rsp_loop;
struct rsp_trace;

/* What a tool opens before it begins and closes at its end. */

/** rsp_loop_new(). On an error @why has the system's text: descriptors or memory may be used up. */
enum rsp_err tool_startup_loop(struct rsp_loop **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Fill @why for @err of rsp_loop_new(), rsp_alarm_new() or rsp_signal_new(); errno must be that of the failed call.
 * Returns @err.
 */
enum rsp_err tool_startup_fail(enum rsp_err err, struct rsp_why *why);

/** Open the file of --trace-pcap; without that option *@ret is not changed. */
enum rsp_err tool_startup_trace(struct rsp_trace **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Close @trace after its last use. Returns @status; or, if that is 0, a failure if part of the trace or of the
 * file of --keylog-file could not be written.
 */
int tool_startup_end_trace(struct rsp_trace *trace, int status);

#endif
