#ifndef RSP_TOOL_SYSTEMD_H
#define RSP_TOOL_SYSTEMD_H

#include "base/attr.h"
#include "base/err.h"

struct rsp_alarm;
struct rsp_loop;

/**
 * Send systemd a state such as "READY=1" (sd_notify(3)), formatted as by printf(3). No effect if systemd does not
 * run this process, or without libsystemd.
 */
void tool_systemd_tell(const char *fmt, ...) RSP_PRINTF(1, 2);

/** Send "STATUS=" and this text for people. A newline, which would begin another assignment, becomes a blank. */
void tool_systemd_status(const char *fmt, ...) RSP_PRINTF(1, 2);

/**
 * If systemd expects a watchdog signal (WatchdogSec=), send it twice in that time while @loop runs. *@ret is the alarm;
 * NULL if none is expected. RSP_ENOMEM.
 */
enum rsp_err tool_systemd_watchdog(struct rsp_loop *loop, struct rsp_alarm **ret) RSP_NODISCARD;

#endif
