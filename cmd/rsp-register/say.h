#ifndef CMD_RSP_REGISTER_SAY_H
#define CMD_RSP_REGISTER_SAY_H

#include "base/err.h"
#include "engine/client/client.h"
#include "membership.h"
#include "keys/scope.h"

/* The reasons in records and messages of rsp-register. Functions with @out fill it with text. */

/** Why the registrar rejected an element, what its pool has, if the answer has that, and what @ours (or NULL) has. */
void say_rejection(const struct rsp_client_event *event, const struct element_spec *ours,
		   char out[static RSP_REASON_MAX]);

/** The registrar @home removed the element; with the reason, if the registrar sent a @cause. */
void say_removal(uint16_t cause, const char *home, char out[static RSP_REASON_MAX]);

/** Which identifier an element of the registrar @home has lost, and why: @event is RSP_CLIENT_DISPLACED. */
void say_displaced(const struct rsp_client_event *event, const char *home, char out[static RSP_REASON_MAX]);

/** The command was not ready within --ready-timeout. */
void say_late(const struct register_options *options, char out[static RSP_REASON_MAX]);

/** How the command ended. */
void say_ended(int status, int signum, char out[static RSP_REASON_MAX]);

/** The registrars of @now that are new or have a new address since @before; "": none. */
void say_new_registrars(const struct rsp_scope *before, const struct rsp_scope *now, char out[static RSP_REASON_MAX]);

#endif
