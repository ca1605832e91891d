#ifndef CMD_RSP_REGISTER_HOLD_PRIV_H
#define CMD_RSP_REGISTER_HOLD_PRIV_H

#include <jansson.h>

#include "tool/session.h"
#include "tool/signals.h"
#include "base/rng.h"
#include "hold.h"
#include "net/addr.h"
#include "net/loop.h"

/* What the files of the hold share. hold.c: its phases, from the first registration to the end. record.c: what it prints.
 * lines.c: the elements of a batch. reload.c: SIGHUP. */

enum phase {
	PREPARE, /* the command starts */
	JOIN,    /* nothing is registered yet */
	HOLD,
	LEAVE, /* deregistrations are on their way */
	DRAIN, /* the command serves those who still know it */
	STOP,  /* the command is to end */
	DONE
};

struct hold {
	const struct hold_options *o;
	struct rsp_loop *loop;
	struct rsp_scope *scope, *newer; /* @newer: as read at the last SIGHUP */
	struct rsp_tls *tls;
	struct rsp_trace *trace;
	struct rsp_session *session;
	json_t *registrar; /* in the last record that had one */
	struct wrap *wrap;
	struct rsp_reader *reader;
	struct rsp_alarm *drain;
	struct rsp_signal *signals[4];
	struct cmd_signals *passed_on; /* to the command */
	struct rsp_alarm *watchdog;
	struct rsp_rng rng;
	enum phase phase;
	int status;
	struct cmd_complaints complaints; /* of registrars, while there is none */
	bool missing;                     /* there is none, and that was said */
	bool failed;                      /* @status is a failure of ours, and said */
	bool registered;                  /* something was, once */
	unsigned stop_signals;
	int stop_signal; /* the first one; 0: none */
	struct {
		uint64_t second;
		unsigned printed, suppressed;
	} refusals; /* of connections to our listener */

	struct element_spec spec;
	struct rsp_pool_element pe; /* the one element, if it is no batch */
	uint8_t room[ELEMENT_ROOM];
	unsigned lines, held, bad, rejected; /* of a batch */
	struct batch_lines origins;
	bool read_all;
};

/** What an event's record has beside the element: NULL and 0 where nothing is said. */
struct facts {
	const struct rsp_client_event *event;
	bool failed;
	const char *reason;
	bool ended; /* the command, with @status or by @signum */
	int status, signum;
};

/* hold.c */
/** Say @why, once, and end: what is registered is deregistered, the command is stopped. */
void hold_fail(struct hold *h, const struct rsp_why *why);

/* record.c */
/** Print the record of the event @name. */
void hold_emit(struct hold *h, const char *name, const struct facts *facts);
/** Print that a connection to our listener was refused, unless there were too many such records this second. */
void hold_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
/** The pool as it was typed, or what stands for it in texts. */
const char *hold_object(const struct hold *h);

/* lines.c */
/** Register the element @pe of @handle; what is wrong is in @why. */
void hold_add(struct hold *h, struct rsp_bytes handle, const struct rsp_pool_element *pe, struct rsp_why *why);
/** Begin to read the batch. RSP_ENOMEM or RSP_EIO, with @why. */
enum rsp_err hold_read(struct hold *h, struct rsp_why *why) RSP_NODISCARD;
/** End if the batch was read and nothing of it is left to hold. */
void hold_check_batch(struct hold *h);
/** The exit status of a batch, of which some may have been no good: that is said. */
int hold_partial(const struct hold *h);

/* reload.c */
/** Credentials from @scope (which may be NULL); *@ret is NULL where none are needed. */
enum rsp_err hold_make_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why) RSP_NODISCARD;
/** Read everything again that may have changed; what is wrong leaves what there was in force. */
void hold_reload(struct hold *h);

#endif
