#ifndef RSP_NET_CHILD_H
#define RSP_NET_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct rsp_loop;

/** What to start, and how. */
struct rsp_child_params {
	const char *const *argv; /* NULL at its end; argv[0] is looked up in PATH */
	const char *const *env;  /* "NAME=value", over those of our environment; NULL at its end; or NULL */
	int fds[3];              /* what becomes its stdin, stdout and stderr; -1: /dev/null. They stay ours to close */
	/* in a session and process group of its own, that rsp_child_kill() then reaches in all */
	bool own_group;
	bool kill_rest; /* SIGKILL for what is left of that group when the process ends */
	int at_our_end; /* the signal that it gets from the kernel when this process dies, however; 0: none */
};

struct rsp_child;

/**
 * Reap every child of this process from now on, also those that it did not start: a process that is PID 1, a subreaper,
 * or was executed by a shell has such. rsp_child_start() does the same. RSP_ENOMEM or RSP_EIO.
 */
enum rsp_err rsp_child_reap_all(struct rsp_loop *loop) RSP_NODISCARD;

/**
 * Start a process; @ended(@ctx, exit status, signal or 0) tells its end. RSP_ENOTFOUND (no such command), RSP_EPERMS
 * (not executable) or RSP_EIO, with @why.
 */
enum rsp_err rsp_child_start(struct rsp_loop *loop, const struct rsp_child_params *params,
			     void (*ended)(void *ctx, int status, int signum), void *ctx, struct rsp_child **ret,
			     struct rsp_why *why) RSP_NODISCARD;

pid_t rsp_child_pid(const struct rsp_child *child);

/** Send @signum to @child, or its whole group if it has one of its own; nothing once it has ended. */
void rsp_child_kill(struct rsp_child *child, int signum);

/** Forget @child: if it still runs, it does so unwatched. NULL is fine. */
void rsp_child_free(struct rsp_child *child);

#endif
