#ifndef CMD_RSP_REGISTER_WRAP_H
#define CMD_RSP_REGISTER_WRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* The command that rsp-register wraps: it is started, checked until it is ready, and stopped. */

struct rsp_loop;
struct wrap;

enum wrap_ready {
	WRAP_READY_NOW,	 /* as soon as it was started */
	WRAP_READY_PORT, /* when its TCP port accepts connections; no process may serve that port before the start */
	WRAP_READY_EXEC	 /* when a shell command ends with status 0 */
};

/** A variable of the command's environment; it is left out if it has no value. At most WRAP_ENV_MAX. */
struct wrap_variable {
	const char *name, *value;
};

enum { WRAP_ENV_MAX = 5 };

struct wrap_config {
	char *const *command;
	int out; /* the descriptor that becomes its stdout; the caller closes it */
	const struct wrap_variable *env; /* added; the last has no name. Read by wrap_start() only */
	enum wrap_ready ready;
	const char *exec;
	struct rsp_ip ip; /* where the port is checked; none: the loopback addresses */
	uint16_t port;
	uint64_t ready_timeout_ms, kill_after_ms;
};

struct wrap_events {
	void (*ready)(void *ctx); /* once, never from wrap_start() */
	/* The command has ended, with @status or by @signum. late: it is not ready in time and still runs; see
	 * wrap_stop(). */
	void (*ended)(void *ctx, int status, int signum);
	void (*late)(void *ctx);
};

/**
 * Start the command. RSP_ENOTFOUND or RSP_EPERMS (exit statuses 127 and 126), RSP_EEXISTS (another process serves its
 * port), RSP_EIO, with @why. The command and the strings of @config must outlive it.
 */
enum rsp_err wrap_start(struct rsp_loop *loop, const struct wrap_config *config, const struct wrap_events *events,
			void *ctx, struct wrap **ret, struct rsp_why *why) RSP_NODISCARD;

bool wrap_running(const struct wrap *w);

/** Send SIGTERM to the command's process group, and SIGKILL after kill_after_ms. A second call sends SIGKILL now. */
void wrap_stop(struct wrap *w);

/** Send @signum to the command's process group, if the command runs. NULL is fine. */
void wrap_signal(struct wrap *w, int signum);

/** Free @w; a command that still runs is not stopped. NULL is fine. */
void wrap_free(struct wrap *w);

#endif
