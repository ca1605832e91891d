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

#endif
