#ifndef RSP_TOOL_SIGNALS_H
#define RSP_TOOL_SIGNALS_H

#include "base/err.h"

/* Signals that a tool does not use, and that must not end it, because it holds a registration or serves. */

struct rsp_loop;
struct tool_signals;

/**
 * Ignore the signals that would end the process although they are not sent for that purpose: SIGUSR1, SIGUSR2, SIGALRM,
 * the real-time signals and similar ones. Signals that report a bug, such as SIGSEGV, stay as they are.
 */
void tool_signals_ignore(void);

/**
 * Call @caught(@ctx, signal) for these signals, and for SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH and SIGURG: all that
 * tini(1) forwards except SIGTERM, SIGINT and SIGHUP. RSP_ENOMEM or RSP_EIO.
 */
enum rsp_err tool_signals_catch(struct rsp_loop *loop, void (*caught)(void *ctx, int signum), void *ctx,
			       struct tool_signals **ret) RSP_NODISCARD;

/** NULL is fine. */
void tool_signals_free(struct tool_signals *signals);

#endif
