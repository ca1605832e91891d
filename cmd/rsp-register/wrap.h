#ifndef CMD_RSP_REGISTER_WRAP_H
#define CMD_RSP_REGISTER_WRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* The command that rsp-register wraps: started, watched until it is ready, stopped. */

struct rsp_loop;
struct wrap;

enum wrap_ready {
	WRAP_READY_NOW,	 /* as soon as it runs */
	WRAP_READY_PORT, /* when its TCP port takes connections, which nobody did before */
	WRAP_READY_EXEC	 /* when a shell command succeeds */
};

/** A variable of the command's environment; without a value it is left out. WRAP_ENV_MAX at most. */
struct wrap_variable {
	const char *name, *value;
};

enum { WRAP_ENV_MAX = 5 };

struct wrap_config {
	char *const *command;
	int out; /* the descriptor that becomes its stdout; the caller's to close */
	const struct wrap_variable *env; /* beside our own environment; without a name at its end. Only lent */
	enum wrap_ready ready;
	const char *exec;
	struct rsp_ip ip; /* where to look for the port; none: the loopback addresses */
	uint16_t port;
	uint64_t ready_timeout_ms, kill_after_ms;
};

struct wrap_events {
	void (*ready)(void *ctx); /* once, never from wrap_start() */
	/* It has ended: with @status, or by @signum. Not ready in time: it is still running; see wrap_stop(). */
	void (*ended)(void *ctx, int status, int signum);
	void (*late)(void *ctx);
};

/**
 * Start the command. RSP_ENOTFOUND or RSP_EPERMS (exit statuses 127 and 126), RSP_EEXISTS
 * (somebody else serves its port), RSP_EIO, with @why. The command and
 * the strings of @config must outlive it.
 */
enum rsp_err wrap_start(struct rsp_loop *loop, const struct wrap_config *config, const struct wrap_events *events,
			void *ctx, struct wrap **ret, struct rsp_why *why) RSP_NODISCARD;

bool wrap_running(const struct wrap *w);

/** Send SIGTERM to its process group, and SIGKILL after kill_after_ms; again: SIGKILL now. */
void wrap_stop(struct wrap *w);

/** Pass @signum on to its process group, if it runs. NULL is fine. */
void wrap_signal(struct wrap *w, int signum);

/** Forget it. NULL is fine. */
void wrap_free(struct wrap *w);

#endif
