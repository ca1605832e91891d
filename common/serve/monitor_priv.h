#ifndef RSP_SERVE_MONITOR_PRIV_H
#define RSP_SERVE_MONITOR_PRIV_H

#include "keys/scope.h"
#include "net/loop.h"
#include "net/race.h"
#include "net/stream.h"
#include "serve/monitor.h"

/* What the files of the inquiry share. monitor.c: whom to ask and when, and the engine's side. monitor_link.c: the way
 * to one registrar. */

/** A registrar that is asked, or will be. */
struct asked {
	struct rsp_inquiry *q;
	struct rsp_inquiry_server seen;
	struct rsp_target target;
	struct rsp_alarm *alarm;
	struct rsp_monitor *engine; /* NULL: not now */
	uint64_t begin_ms;	    /* while there is none: when to make one */
	unsigned tries;
	bool over;  /* nothing comes from it any more */

	struct rsp_lookup *lookup; /* then */
	struct rsp_race *race;	   /* then */
	struct rsp_stream *stream;
	bool reached, open;
	bool lost; /* the connection is of no use: the engine has to be told, as @why has it */
	struct rsp_why why;
	uint64_t sent_us; /* the newest request */
};

struct rsp_inquiry {
	struct rsp_loop *loop;
	struct rsp_inquiry_config config;
	rsp_inquiry_event *event;
	void (*over)(void *ctx);
	void *ctx;
	struct rsp_defer defer;
	struct asked *asked;
	unsigned n;
};

/** After every call into the engine of @a: let the alarm ring when it wants to, or end it. */
void rsp_asked_settle(struct asked *a);

/* monitor_link.c */

/** Begin the way to the registrar. What comes of it is told to the engine. */
void rsp_asked_dial(struct asked *a);
void rsp_asked_send(struct asked *a, struct rsp_bytes message);
/** Close what is open; what was sent goes out. */
void rsp_asked_hang_up(struct asked *a);
/** How far we have come. */
enum rsp_inquiry_step rsp_asked_step(const struct asked *a, enum rsp_err err);

#endif
