#ifndef RSP_TOOL_SYSTEMD_H
#define RSP_TOOL_SYSTEMD_H

#include "base/attr.h"
#include "base/err.h"

struct rsp_alarm;
struct rsp_loop;

/**
 * Tell systemd, if it runs us and if we were built for it: "READY=1" and so on, as in sd_notify(3), made as printf(3)
 * does.
 */
void tool_systemd_tell(const char *fmt, ...) RSP_PRINTF(1, 2);

/** The same for "STATUS=", for people. A newline in it, which would begin another assignment, becomes a blank. */
void tool_systemd_status(const char *fmt, ...) RSP_PRINTF(1, 2);

/**
 * If systemd watches us (WatchdogSec=): tell it twice in that time that @loop still turns. *@ret is the alarm, or NULL if
 * it does not. RSP_ENOMEM.
 */
enum rsp_err tool_systemd_watchdog(struct rsp_loop *loop, struct rsp_alarm **ret) RSP_NODISCARD;

#endif
