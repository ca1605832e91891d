#ifndef RSP_NET_CHILD_H
#define RSP_NET_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct rsp_loop;

/** The program to start, and how. */
struct rsp_child_params {
	const char *const *argv; /* NULL at its end; argv[0] is looked up in PATH */
	/* "NAME=value": added to our environment, or replacing what is there; NULL at its end; or NULL */
	const char *const *env;
	/* its stdin, stdout and stderr; -1: /dev/null. The caller closes its own descriptors */
	int fds[3];
	/* the process gets its own session and process group; rsp_child_kill() signals the whole group */
	bool own_group;
	bool kill_rest; /* when the process ends, SIGKILL the rest of that group */
	int at_our_end; /* the signal that the kernel sends to it when this process dies; 0: none */
};

struct rsp_child;

/**
 * Reap every child of this process from now on, including those that it did not start: PID 1, a subreaper and a program
 * that a shell has executed may have such children. rsp_child_start() calls this. RSP_ENOMEM or RSP_EIO.
 */
enum rsp_err rsp_child_reap_all(struct rsp_loop *loop) RSP_NODISCARD;

/**
 * Start a process. @ended(@ctx, exit status, signal or 0) is called when it ends. RSP_ENOTFOUND (no such command),
 * RSP_EPERMS (not executable) or RSP_EIO, with @why.
 */
enum rsp_err rsp_child_start(struct rsp_loop *loop, const struct rsp_child_params *params,
			     void (*ended)(void *ctx, int status, int signum), void *ctx, struct rsp_child **ret,
			     struct rsp_why *why) RSP_NODISCARD;

pid_t rsp_child_pid(const struct rsp_child *child);

/** Send @signum to @child, or to its process group if it has its own. No effect after the process has ended. */
void rsp_child_kill(struct rsp_child *child, int signum);

/** Free @child. A process that still runs continues; @ended is not called for it. NULL is fine. */
void rsp_child_free(struct rsp_child *child);

#endif
