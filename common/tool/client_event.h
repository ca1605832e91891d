#ifndef RSP_TOOL_CLIENT_EVENT_H
#define RSP_TOOL_CLIENT_EVENT_H

#include "engine/client/client.h"

/* The events of a session with registrars: one handler for each type, and a log of all. */

typedef void tool_client_event_handler(void *ctx, const struct rsp_client_event *event);

/** A handler for each type of event; NULL: it is logged only. */
struct tool_client_event_handlers {
	tool_client_event_handler *on[RSP_CLIENT_PROTOCOL + 1];
};

/**
 * Log @event: attempts and announcements with -v, malformed and unexpected messages always, other events with -vv.
 * Then, if the tool is @active, call its handler with @ctx.
 */
void tool_client_event_handle(const struct tool_client_event_handlers *handlers, bool active, void *ctx,
			      const struct rsp_client_event *event);

#endif
