#ifndef CMD_RSP_REGISTER_MEMBERSHIP_PRIV_H
#define CMD_RSP_REGISTER_MEMBERSHIP_PRIV_H

#include <jansson.h>

#include "base/rng.h"
#include "batch_origins.h"
#include "membership.h"
#include "net/sockaddr.h"
#include "net/loop.h"
#include "phase.h"
#include "tool/access.h"
#include "tool/complaints.h"
#include "tool/object.h"
#include "tool/session.h"
#include "tool/signals.h"
#include "tool/startup.h"

/* What the files of a membership share. membership.c: phases and events, calls all others. resources.c: makes and frees
 * what a membership uses. command.c: starts the wrapped command. batch.c: the elements of a batch. reload.c: SIGHUP.
 * record.c: what is printed. None of them calls membership.c. */

/** What the event loop watches for a membership. */
struct membership_watches {
	struct rsp_loop *loop;
	struct rsp_signal *signals[4]; /* SIGTERM, SIGINT, SIGHUP, and without a command SIGQUIT */
	struct tool_signals *forwarded; /* to the command; NULL without one */
	struct rsp_alarm *drain;       /* the end of DRAIN */
	struct rsp_alarm *watchdog;    /* the watchdog of systemd; NULL: systemd expects no signal */
};

/** Credentials and the session with registrars. */
struct membership_access {
	/* as read at the start; as read at the last SIGHUP, NULL before the first */
	struct rsp_scope *scope, *reloaded;
	struct rsp_tls *tls;
	struct rsp_trace *trace;
	struct rsp_asap_client *session;
	json_t *registrar; /* the registrar in the last record that named a registrar; NULL before */
};

/** The one element, if this is no batch. */
struct membership_element {
	struct element_spec spec;
	struct rsp_pool_element pe; /* views into @room */
	bool random_id; /* no option gave an identifier */
	uint8_t room[ELEMENT_ROOM];
};

/** The elements of a batch. */
struct membership_batch {
	struct rsp_lines *reader; /* of standard input */
	struct batch_origins origins;
	unsigned lines;     /* read so far */
	unsigned elements;  /* given to the session */
	unsigned bad_lines; /* reported and skipped */
	unsigned lost;      /* elements that were rejected or displaced */
	bool read_all;
};

struct membership {
	const struct register_options *options;
	struct membership_watches watches;
	struct membership_access access;
	struct membership_element element;
	struct membership_batch batch;
	struct wrap *wrap; /* the command; NULL until it was started */
	struct rsp_rng rng;
	enum membership_phase phase;
	int status;        /* the exit status */
	bool status_final; /* @status is that of a reported failure: only another final status replaces it */
	bool registered;   /* at least one registration was accepted */
	bool warned; /* a warning said that the element is not registered: announce_home() says when it is again */
	struct tool_complaints complaints;
	unsigned stop_signals; /* SIGTERM and SIGINT received */
	int stop_signal;       /* the first of them; 0: none */
	struct {
		uint64_t second; /* of the monotonic clock */
		unsigned printed, suppressed;
	} refusals; /* of connections to the listener */
};

/** The members of a record besides those of the element; NULL or 0: the member is null. */
struct membership_record {
	const struct rsp_client_event *event;
	bool failed;
	enum rsp_err err;   /* whose key the record has; RSP_OK: null */
	const char *reason; /* a sentence */
	bool ended; /* the command ended, with @status or by @signum */
	int status, signum;
};

/* resources.c */

/**
 * Callbacks of membership.c for the signals, alarms and session that resources.c makes. Their context is the
 * membership.
 */
struct membership_callbacks {
	void (*event)(void *ctx, const struct rsp_client_event *event);
	void (*signal)(void *ctx, int signum);
	void (*other_signal)(void *ctx, int signum); /* to be forwarded to the command */
	void (*drained)(void *ctx);
};

/** Make the loop, the signals and alarms, the element and the session. Any error, with @why; then clean up as well. */
enum rsp_err membership_set_up(struct membership *m, const struct membership_callbacks *callbacks,
			       struct rsp_why *why) RSP_NODISCARD;

/**
 * Free all resources, after the queued output was sent. Returns the exit status: that of @m, or that of a trace that
 * was lost.
 */
int membership_clean_up(struct membership *m);

/* command.c */

/** Start the command, with the element and the registrar in its environment. Errors as wrap_start(). */
enum rsp_err membership_start_command(struct membership *m, const struct wrap_events *events,
				      struct rsp_why *why) RSP_NODISCARD;

/* record.c */

/** Print a record of the event @name. A record that cannot be written does not end the membership. */
void membership_emit(struct membership *m, const char *name, const struct membership_record *facts);
/** Print that a connection to the listener was refused: at most 10 such records a second, the rest is counted. */
void membership_emit_refusal(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
/** The pool as it was typed, or "batch": the object of messages on stderr. */
const char *membership_object(const struct membership *m);

/* batch.c */

/** Register @pe in the pool @handle. @random_id: its identifier was chosen at random, so it may get another one. An error
 * is described in @why. */
void membership_add(struct membership *m, struct rsp_bytes handle, const struct rsp_pool_element *pe, bool random_id,
		    struct rsp_why *why);
/** Begin to read the batch; @end is called with @m once after its last line. RSP_ENOMEM or RSP_EIO, with @why. */
enum rsp_err membership_read_batch(struct membership *m, void (*end)(void *ctx, const struct rsp_why *why),
				   struct rsp_why *why) RSP_NODISCARD;
/** Whether the batch was read and none of its elements is left; @why is then filled with the reason. */
bool membership_batch_is_empty(const struct membership *m, struct rsp_why *why);
/**
 * The exit status of a batch: RSP_EPARTIAL is reported if lines or elements were lost and no worse failure was
 * reported.
 */
int membership_batch_status(const struct membership *m);

/* reload.c */

/** Credentials from @scope (which may be NULL); *@ret is NULL where none are needed. */
enum rsp_err membership_make_tls(const struct rsp_scope *scope, struct rsp_tls **ret,
				 struct rsp_why *why) RSP_NODISCARD;
/** Open --output again and read the scope; if the scope was read, read the load file. Each part that succeeds takes
 * effect, also if a later one fails. The first failure of scope and load file is reported; that of --output if both
 * succeeded. */
void membership_reload(struct membership *m);

#endif
