#ifndef RSP_TOOL_SESSION_H
#define RSP_TOOL_SESSION_H

#include <jansson.h>

#include "keys/scope.h"
#include "net/tls.h"
#include "serve/client.h"

/* What rsp-register and rsp-resolve have in common: from options to a session with registrars, and back to records. */

/**
 * Read what the options and the scope directory say of registrars, keys and certificates: only what an element or a
 * user needs. *@ret is NULL if nothing is needed (--insecure-plaintext with --server or --discover); else the caller's.
 */
enum rsp_err cmd_scope_load(bool element, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Say in @why, if it is @err's, which verb of rsp-keygen writes what the scope directory lacks. Returns @err. */
enum rsp_err cmd_say_missing(enum rsp_err err, struct rsp_why *why);

/**
 * What to show and believe in handshakes, from @scope and --tls-policy; and --keylog-file begins. The caller's
 * (rsp_tls_unref).
 */
enum rsp_err cmd_tls_new(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why) RSP_NODISCARD;

/** rsp_loop_new(), with @why: what the system says, which may be that descriptors or memory are used up. */
enum rsp_err cmd_loop_new(struct rsp_loop **ret, struct rsp_why *why) RSP_NODISCARD;

/** Fill @why: @err is of a call that makes the loop or something on it, and errno is as it left it. Returns @err. */
enum rsp_err cmd_loop_fail(enum rsp_err err, struct rsp_why *why);

/** Fill @config from the options. */
void cmd_session_config(const struct rsp_scope *scope, bool element, struct rsp_session_config *config);

/** Begin the capture of --trace-pcap; without that option *@ret is left alone. */
enum rsp_err cmd_trace_open(struct rsp_trace **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * End it, once nothing writes there any more. Returns @status, or a failure if not all of the capture, or of what
 * --keylog-file asks for, could be written.
 */
int cmd_trace_close(struct rsp_trace *trace, int status);

/** The attempts of @s so far, for a record. @s may be NULL. */
json_t *cmd_attempts_json(const struct rsp_session *s);

/**
 * The registrar that answers @s: { id, name, address, auth, tls, secure }; null if there is none. The address is null
 * where it has dialled us and nothing says at which port it listens, the id until it has told it.
 */
json_t *cmd_registrar_json(const struct rsp_session *s, bool element);

#define CMD_COMPLAINTS_MAX 1024 /* 256 registrars that fail in four ways */

/** What was said on stderr while a tool waits. { 0 } is nothing. */
struct cmd_complaints {
	unsigned n; /* so many ever; the newest CMD_COMPLAINTS_MAX of them are kept */
	uint64_t said[CMD_COMPLAINTS_MAX]; /* a hash of each */
};

/**
 * Say on stderr @why a registrar is of no use yet, and that the tool tries on; but each object and reason once, also where
 * several take turns.
 */
void cmd_complain(struct cmd_complaints *complaints, const struct rsp_why *why);

/** The registrar that answers @s, for people: "NAME@ADDR:PORT", or what of it is known. In @out. */
const char *cmd_home_text(const struct rsp_session *s, char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** With -v: where @s listens for announcements; and in the end what came of it. */
void cmd_log_listening(const struct rsp_session *s);
void cmd_log_heard(const struct rsp_session *s);

/** With -v: what became of an attempt, and of other events that are not records. */
void cmd_log_event(const struct rsp_client_event *event);

#endif
