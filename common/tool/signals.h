#ifndef RSP_TOOL_SIGNALS_H
#define RSP_TOOL_SIGNALS_H

#include "base/err.h"

/* Signals that a tool which holds something has no handler for, and which must not kill it all the same. */

struct rsp_loop;
struct tool_signals;

/**
 * Ignore the signals that would end the process and that nobody sends to end it: SIGUSR1, SIGUSR2, SIGALRM, the real-time
 * ones and their like. Those that tell of a bug (SIGSEGV) stay as they are.
 */
void tool_signals_ignore(void);

/**
 * Call @caught(@ctx, signal) for those instead, and for SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH and SIGURG too: all that
 * tini(1) forwards, without SIGTERM, SIGINT and SIGHUP. RSP_ENOMEM or RSP_EIO.
 */
enum rsp_err tool_signals_catch(struct rsp_loop *loop, void (*caught)(void *ctx, int signum), void *ctx,
			       struct tool_signals **ret) RSP_NODISCARD;

/** NULL is fine. */
void tool_signals_free(struct tool_signals *signals);

#endif
