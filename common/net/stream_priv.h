#ifndef RSP_NET_STREAM_PRIV_H
#define RSP_NET_STREAM_PRIV_H

#include "net/loop_priv.h"
#include "net/queue.h"
#include "net/source.h"
#include "net/stream.h"
#include "net/tls_priv.h"
#include "net/watch.h"

/* For net's own files only. */

enum rsp_stream_state {
	RSP_STREAM_CONNECTING,
	RSP_STREAM_HANDSHAKE,
	RSP_STREAM_OPEN,
	RSP_STREAM_DRAINING,  /* sends what is queued, then ends */
	RSP_STREAM_LINGERING, /* has sent all, and waits for the other side to close */
	RSP_STREAM_GONE       /* the descriptor is closed */
};

/** What a dialled stream needs until it is open. */
struct rsp_dialling {
	struct rsp_dial_params params; /* server_name points to name */
	unsigned nth;                  /* key */
	char name[256];
};

struct rsp_stream {
	LIST_ENTRY(rsp_stream) all;      /* of the loop */
	LIST_ENTRY(rsp_stream) siblings; /* of the listener */
	TAILQ_ENTRY(rsp_stream) waiting; /* of the source: during the handshake, then among its users */
	TAILQ_ENTRY(rsp_stream) resting; /* of the listener's users */
	struct rsp_loop *loop;
	struct rsp_watch *watch;
	struct rsp_alarm *alarm;       /* of connecting, handshake and lingering; else NULL */
	struct rsp_tls_session *tls;   /* NULL: plain text */
	struct rsp_listener *listener; /* that accepted it and still exists */
	struct rsp_source *source;
	struct rsp_dialling *dialling;
	struct rsp_stream_events events;
	void *ctx;
	struct rsp_defer turn;          /* output, and telling the end */
	struct rsp_queue in, out, wire; /* not consumed; not encrypted; encrypted and not sent */
	struct rsp_bytes rx;            /* what GnuTLS may pull */
	struct rsp_stream_auth auth;
	struct rsp_why *why; /* set once it ends */
	uint32_t queue_max, handshake_ms;
	uint32_t full_at; /* so many octets queued: it is not read from until they are gone; 0: it always is */
	size_t memory;    /* octets of memory of in, out and wire, as counted in the loop and the source */
	enum rsp_held held_as;
	uint64_t active_ms;        /* user: when data was consumed last, or the listener was told that it is in use */
	enum rsp_shakes shakes;    /* the table of handshakes that it is in while @shaking */
	bool shaking, user, named; /* accepted: in a table; open without a key; with one */
	bool paused;               /* full: what is in @in waits, although it may be whole messages */
	bool end_waits;            /* it was paused when the other side's end came: @in comes first */
	int fd;
	enum rsp_stream_state state;
	bool want_write, held;     /* the kernel takes no more now; it did not at some time since the queue was empty */
	bool tx_failed, rx_ended;  /* nothing can be sent, comes, any more */
	bool reached;              /* connected */
	bool heard;                /* something came */
	bool opened, told, silent; /* the end was told; it is not to be told */
};

/** A stream on the connected or connecting socket @fd, which it closes; watched for nothing yet. */
enum rsp_err rsp_stream_new(struct rsp_loop *loop, int fd, const struct rsp_stream_events *events, void *ctx,
			    struct rsp_stream **ret) RSP_NODISCARD;

/** The transport is there: begin the handshake, or be open. */
void rsp_stream_connected(struct rsp_stream *s);

/** End with @err: the end is told at the end of this turn. What GnuTLS has left to say, an alert, still goes out. */
void rsp_stream_fail(struct rsp_stream *s, enum rsp_err err, const char *fmt, ...) RSP_PRINTF(3, 4);

/** Close the descriptor now. */
void rsp_stream_drop(struct rsp_stream *s);

/** Set or move the alarm. */
void rsp_stream_alarm(struct rsp_stream *s, uint32_t ms);

/** Prepare a TCP socket: no delay, keep-alives. */
void rsp_stream_tune(int fd);

/* held.c */

#define RSP_STREAM_FULL (16U << 10)

/** Users, and connections whose handshake is not over, may hold @user_memory octets together. */
void rsp_held_total(struct rsp_loop *loop, uint32_t user_memory);

/** The handshake of @s, accepted as @listen says, is over: from now on it has the limits of a @user, or of one with a key. */
void rsp_held_limit(struct rsp_stream *s, bool user, const struct rsp_listener_params *listen);

/**
 * Count what the queues of @s hold, after one has changed. If users, or all that have a key, hold too much together then,
 * streams are dropped: the one that holds the most; of users, that of the source that holds the most. RSP_ECLOSED: @s is one
 * of them.
 */
enum rsp_err rsp_held_count(struct rsp_stream *s);

/* listener.c */
/** @s was accepted and is open now: count it. RSP_ELIMIT: there are too many connections of users. */
enum rsp_err rsp_listener_opened(struct rsp_stream *s) RSP_NODISCARD;
/** @s was accepted, and has said something whole. */
void rsp_listener_heard(struct rsp_stream *s);
/** @s, perhaps accepted, is gone: count it. */
void rsp_listener_gone(struct rsp_stream *s);
/** Tell that @s was refused. */
void rsp_listener_refused(struct rsp_stream *s);

/* dial.c */
/** The socket of a dialled stream is writable: it is connected, or failed. */
void rsp_dial_ready(struct rsp_stream *s);
/** Refused with one key: dial again with the next one. False if there is none. */
bool rsp_dial_again(struct rsp_stream *s);

#endif
