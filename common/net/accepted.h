#ifndef RSP_NET_ACCEPTED_H
#define RSP_NET_ACCEPTED_H

#include <sys/queue.h>

#include "net/stream.h"

/* For net's own files only. */

struct rsp_listener;
struct rsp_source;

/** The two tables of unfinished handshakes. */
enum rsp_shakes { RSP_SHAKES_ALL, RSP_SHAKES_RESERVE /* for known sources only */, RSP_SHAKES_COUNT };

/** The state of an accepted connection: NEW -> SHAKING (TLS only) -> NEW -> USER or NAMED; from each -> GONE; from one
 * that was never opened -> TOLD. */
enum rsp_accepted_state {
	RSP_ACCEPTED_NEW,     /* in no table */
	RSP_ACCEPTED_SHAKING, /* in a table of unfinished handshakes */
	RSP_ACCEPTED_USER,    /* open, without a key */
	RSP_ACCEPTED_NAMED,   /* open, with a key */
	RSP_ACCEPTED_TOLD,    /* never opened: that it was refused is told; its descriptor is still open */
	RSP_ACCEPTED_GONE     /* its descriptor is closed; if it was never opened, its refusal is reported next */
};

/** What a listener keeps of a connection that it has accepted. */
struct rsp_accepted {
	LIST_ENTRY(rsp_accepted) entry;     /* of the listener's */
	TAILQ_ENTRY(rsp_accepted) siblings; /* the source's list of handshakes (SHAKING), then of users (USER) */
	TAILQ_ENTRY(rsp_accepted) resting;  /* USER: of all users of the listener */
	struct rsp_listener *listener;
	struct rsp_stream *stream;
	struct rsp_source *source; /* NULL once the descriptor is closed */
	enum rsp_accepted_state state;
	bool in_table;         /* of unfinished handshakes: in SHAKING, and in TOLD while the descriptor is open */
	enum rsp_shakes table; /* the table that holds it, if @in_table */
	uint64_t active_ms;    /* USER: when input was consumed last, or the listener learned that it is in use */
};

LIST_HEAD(rsp_accepted_list, rsp_accepted);
TAILQ_HEAD(rsp_accepted_queue, rsp_accepted);

#endif
