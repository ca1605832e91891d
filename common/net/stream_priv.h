#ifndef RSP_NET_STREAM_PRIV_H
#define RSP_NET_STREAM_PRIV_H

#include "net/loop_priv.h"
#include "net/queue.h"
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

/** Many connections are accepted from one address. */
struct rsp_source {
	LIST_ENTRY(rsp_source) entry;
	struct rsp_ip ip;
	uint32_t n;
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
	TAILQ_ENTRY(rsp_stream) waiting; /* of the listener, during the handshake */
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

/* listener.c */
/** @s was accepted and is open now, or is gone: count it. */
void rsp_listener_opened(struct rsp_stream *s);
void rsp_listener_gone(struct rsp_stream *s);
/** Tell that @s was refused. */
void rsp_listener_refused(struct rsp_stream *s);

/* dial.c */
/** The socket of a dialled stream is writable: it is connected, or failed. */
void rsp_dial_ready(struct rsp_stream *s);
/** Refused with one key: dial again with the next one. False if there is none. */
bool rsp_dial_again(struct rsp_stream *s);

#endif
