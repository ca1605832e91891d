#ifndef RSP_NET_LOOP_H
#define RSP_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"

/* The event loop, on libuv, in one thread. All callbacks of net/ are called from rsp_loop_run(), never inside the call
 * that asked for them. A callback may free the object that it is called for, and any other. */

struct rsp_loop;

/**
 * A loop with nothing to wait for. RSP_ENOMEM, RSP_ELIMIT (no descriptor is left) or RSP_EIO, with errno; so do
 * rsp_alarm_new() and rsp_signal_new().
 */
enum rsp_err rsp_loop_new(struct rsp_loop **ret) RSP_NODISCARD;

/**
 * Free @loop. All objects on it must have been freed before, except for streams that still flush: these are closed, and
 * no event tells it. NULL is fine.
 */
void rsp_loop_free(struct rsp_loop *loop);
RSP_AUTO_DEFINE(struct rsp_loop *, rsp_loop_free)

/**
 * Run until rsp_loop_stop() is called or nothing is left to wait for: no stream, listener, armed alarm, child, lines or
 * lookup.
 */
void rsp_loop_run(struct rsp_loop *loop);

/** Handle the pending events; with @wait, wait for the first event. True: the loop still has something to wait for. */
bool rsp_loop_turn(struct rsp_loop *loop, bool wait);

/** Let rsp_loop_run() return after this turn. */
void rsp_loop_stop(struct rsp_loop *loop);

/** A call at the end of a turn of the loop. { 0 }: no call is requested. The storage is the caller's. */
struct rsp_defer {
	struct rsp_defer *next, **link;
	void (*call)(void *ctx);
	void *ctx;
};

/** Call @defer->call(@defer->ctx) once at the end of this turn, however often this function is called before. */
void rsp_defer_ask(struct rsp_loop *loop, struct rsp_defer *defer);

/** Withdraw the call. Needed before the storage of @defer is freed. */
void rsp_defer_cancel(struct rsp_loop *loop, struct rsp_defer *defer);

#endif
