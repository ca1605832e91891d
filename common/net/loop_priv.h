#ifndef RSP_NET_LOOP_PRIV_H
#define RSP_NET_LOOP_PRIV_H

#include <sys/queue.h>
#include <uv.h>

#include "net/loop.h"

/* For net's own files only. */

struct rsp_stream;
LIST_HEAD(rsp_stream_list, rsp_stream);
struct rsp_lookup;
TAILQ_HEAD(rsp_lookup_list, rsp_lookup);
LIST_HEAD(rsp_child_list, rsp_child);

#define RSP_SCRATCH_SIZE (96U << 10)

struct rsp_defer_list {
	struct rsp_defer *first, **end;
};

/** Whose memory is counted together: what users hold, and unfinished handshakes; what all others do. */
enum rsp_held { RSP_HELD_USERS, RSP_HELD_KEYS, RSP_HELD_COUNT };

struct rsp_loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* after timers, before waiting */
	uv_check_t check;     /* after I/O */
	uv_idle_t idle;	      /* started while something is deferred, so that the loop neither waits nor ends */
	struct rsp_defer_list early, late;
	struct rsp_defer *batch; /* being called */
	struct rsp_stream_list streams;
	struct rsp_lookup_list lookups; /* that wait for their turn */
	unsigned n_lookups;		/* under way */
	struct rsp_child_list children; /* that run */
	uv_signal_t reaper;		/* of SIGCHLD, once @reaping */
	bool reaping;
	size_t held[RSP_HELD_COUNT], held_max[RSP_HELD_COUNT]; /* octets in the queues of all streams */
	/* Shared by all streams, used within one call each: what came off the wire, what goes onto it, what it
	 * means. */
	size_t wire_out_n;
	uint8_t wire_in[RSP_SCRATCH_SIZE], wire_out[RSP_SCRATCH_SIZE], plain[RSP_SCRATCH_SIZE];
};

/** Like rsp_defer_ask(), after all of those: for output, so that it goes out together. */
void rsp_defer_late(struct rsp_loop *loop, struct rsp_defer *defer);

/** Cut off every stream without a word. In stream.c; the loop calls it through this pointer, which stream.c sets. */
typedef void rsp_streams_cut(struct rsp_loop *loop);
extern rsp_streams_cut *rsp_loop_cut_streams;

/** The error of ours for one of libuv's, which goes to errno. */
enum rsp_err rsp_uv_err(int status);

/** uv_poll_init() of any fd, that leaves its blocking mode alone: it may be shared with others, as stdin is. */
int rsp_uv_poll_init(uv_loop_t *uv, uv_poll_t *poll, int fd);

#endif
