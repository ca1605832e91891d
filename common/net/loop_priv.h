#ifndef RSP_NET_LOOP_PRIV_H
#define RSP_NET_LOOP_PRIV_H

#include <sys/queue.h>
#include <uv.h>

#include "net/budget.h"
#include "net/inbox.h"
#include "net/loop.h"
#include "net/tls_pump.h"

/* For net's own files only. */

struct rsp_stream;
LIST_HEAD(rsp_stream_list, rsp_stream);
struct rsp_lookup;
TAILQ_HEAD(rsp_lookup_list, rsp_lookup);
LIST_HEAD(rsp_child_list, rsp_child);

struct rsp_defer_list {
	struct rsp_defer *first, **end;
};

/** Connections whose memory is counted together. */
enum rsp_budget_kind {
	RSP_BUDGET_USERS, /* of users, and unfinished handshakes */
	RSP_BUDGET_KEYS,  /* all others */
	RSP_BUDGET_COUNT
};

struct rsp_loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* called after timers and before waiting */
	uv_check_t check;     /* called after I/O */
	uv_idle_t idle;	      /* started while a call is deferred: then the loop neither waits nor ends */
	struct rsp_defer_list early, late;
	struct rsp_defer *batch; /* the deferred calls that are made now */
	struct rsp_stream_list streams;
	struct rsp_lookup_list lookups; /* lookups that wait, because RSP_LOOKUPS_UNDER_WAY others are under way */
	unsigned n_lookups;		/* lookups under way */
	struct rsp_child_list children; /* children that run */
	uv_signal_t reaper;		/* the handler of SIGCHLD; valid if @reaping */
	bool reaping;
	struct rsp_budget budget[RSP_BUDGET_COUNT]; /* for the queues of all streams */
	/* closes every stream without an event; NULL until the first stream */
	void (*cut_streams)(struct rsp_loop *loop);
	/* Shared by all streams, each used within one call: what came off the wire, what goes onto it, what it
	 * means. */
	struct rsp_tls_wire wire_out;
	uint8_t wire_in[RSP_INBOX_SCRATCH], plain[RSP_INBOX_SCRATCH];
};

/** As rsp_defer_ask(), but called after all calls of rsp_defer_ask(): output of one turn is sent together. */
void rsp_defer_late(struct rsp_loop *loop, struct rsp_defer *defer);

/** Our error for the status of a libuv call. Sets errno. */
enum rsp_err rsp_uv_err(int status);

/** As uv_poll_init(), but does not change whether @fd blocks: other processes may share it, such as stdin. */
int rsp_uv_poll_init(uv_loop_t *uv, uv_poll_t *poll, int fd);

#endif
