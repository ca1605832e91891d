#ifndef RSP_TOOL_SESSION_H
#define RSP_TOOL_SESSION_H

#include "keys/scope.h"
#include "serve/asap_client.h"

/* The session of an element or a user with registrars: its configuration, and texts about it. */

/** Fill @config from @scope (which may be NULL) and the options. */
void tool_session_config(const struct rsp_scope *scope, bool element, struct rsp_asap_client_config *config);

/** The home registrar of @s as "NAME@ADDR:PORT", or as much of that as is known, in @out. Returns @out. */
const char *tool_session_home_text(const struct rsp_asap_client *s, char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** With -v: where @s listens for announcements. */
void tool_session_log_listening(const struct rsp_asap_client *s);

/** With -v, at the end of a tool with --discover: how many announcements were received. */
void tool_session_log_heard(const struct rsp_asap_client *s);

#endif
