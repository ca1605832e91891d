#ifndef RSP_NET_LOOP_H
#define RSP_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"

/* The event loop: libuv, in the few shapes that we need. One thread. Callbacks run from rsp_loop_run(), never inside
 * the call that asked for them; any of them may free the object it is called for, and any other. */

struct rsp_loop;

/**
 * A loop with nothing in it. RSP_ENOMEM, RSP_ELIMIT (no descriptor is left) or RSP_EIO; errno then says more, here and in
 * rsp_alarm_new() and rsp_signal_new().
 */
enum rsp_err rsp_loop_new(struct rsp_loop **ret) RSP_NODISCARD;

/**
 * Free @loop. Everything on it must have been freed before; streams that still flush are cut off, silently. NULL is
 * fine.
 */
void rsp_loop_free(struct rsp_loop *loop);
RSP_AUTO_DEFINE(struct rsp_loop *, rsp_loop_free)

/**
 * Run until rsp_loop_stop() or until nothing is left to wait for: no stream, listener, set alarm, child, reader or
 * lookup.
 */
void rsp_loop_run(struct rsp_loop *loop);

/** Wait for events once, if @wait, and handle them. Whether there is anything left to wait for. */
bool rsp_loop_turn(struct rsp_loop *loop, bool wait);

/** Let rsp_loop_run() return after this turn. */
void rsp_loop_stop(struct rsp_loop *loop);

/** A call that is to be made at the end of this turn of the loop. { 0 } is not asked for. The caller's storage. */
struct rsp_defer {
	struct rsp_defer *next, **link;
	void (*call)(void *ctx);
	void *ctx;
};

/** Ask for @defer->call(@defer->ctx) once at the end of this turn; again while asked for changes nothing. */
void rsp_defer_ask(struct rsp_loop *loop, struct rsp_defer *defer);

/** Withdraw it. Before its storage goes away. */
void rsp_defer_cancel(struct rsp_loop *loop, struct rsp_defer *defer);

/** A timer. (struct rsp_timer is the engines'.) */
struct rsp_alarm;

/** A timer that is not set; it calls @ring(@ctx). */
enum rsp_err rsp_alarm_new(struct rsp_loop *loop, void (*ring)(void *ctx), void *ctx,
			   struct rsp_alarm **ret) RSP_NODISCARD;

/** Ring once at @deadline_ms (of rsp_clock_ms()), never before; RSP_NEVER: not at all. Replaces what was set. */
void rsp_alarm_set(struct rsp_alarm *alarm, uint64_t deadline_ms);

/** Ring once in @delay_ms. */
void rsp_alarm_in(struct rsp_alarm *alarm, uint64_t delay_ms);

/** Free @alarm; it rings no more. NULL is fine. */
void rsp_alarm_free(struct rsp_alarm *alarm);

/** Someone who wants to hear of a signal. Does not keep the loop running. */
struct rsp_signal;

/** Call @caught(@ctx, @signum) whenever the process gets @signum. */
enum rsp_err rsp_signal_new(struct rsp_loop *loop, int signum, void (*caught)(void *ctx, int signum), void *ctx,
			    struct rsp_signal **ret) RSP_NODISCARD;
void rsp_signal_free(struct rsp_signal *signal);

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
enum rsp_err rsp_loop_reap(struct rsp_loop *loop) RSP_NODISCARD;

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

struct rsp_reader;

struct rsp_reader_events {
	void (*line)(void *ctx, struct rsp_bytes line); /* without its newline; the last one may lack it */
	/* once: RSP_OK at the end, RSP_EIO, or RSP_ELIMIT for a line too long */
	void (*end)(void *ctx, const struct rsp_why *why);
	/* In place of a line that is too long, which is skipped. NULL: such a line ends it. */
	void (*too_long)(void *ctx);
};

/**
 * Read lines of at most @line_max octets from @fd (pipe, terminal, socket or file), which stays the caller's to
 * close.
 */
enum rsp_err rsp_reader_new(struct rsp_loop *loop, int fd, size_t line_max, const struct rsp_reader_events *events,
			    void *ctx, struct rsp_reader **ret) RSP_NODISCARD;

/** Stop delivering lines, or go on. */
void rsp_reader_pause(struct rsp_reader *reader, bool pause);
void rsp_reader_free(struct rsp_reader *reader);

#endif
