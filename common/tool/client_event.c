#include "tool/client_event.h"

#include "base/log.h"
#include "net/sockaddr.h"

static void
log_hint(const struct rsp_client_event *event)
{
	const struct rsp_client_hint *hint = event->hint;
	char address[RSP_SOCKADDR_TEXT_MAX], source[RSP_IP_TEXT_MAX];
	bool heard = event->type == RSP_CLIENT_HEARD;

	rsp_sockaddr_format_ip(&hint->ip, hint->port, address);
	rsp_ip_format(&hint->source, source);
	if (heard)
		rsp_log(RSP_LOG_INFO, address, "announced by %s as the registrar 0x%08x", source,
			(unsigned)hint->server_id);
	else
		rsp_log(RSP_LOG_INFO, address, "forgotten, it is not announced any more");
}

static void
log_event(const struct rsp_client_event *event)
{
	const struct rsp_client_attempt *attempt = event->attempt;
	char server[RSP_CLIENT_SERVER_TEXT_MAX];

	switch ((int)event->type) { /* other types are logged by name only */
	case RSP_CLIENT_ATTEMPT:
		rsp_client_server_text(attempt->name, attempt->host, &attempt->ip, attempt->port, server);
		rsp_log(RSP_LOG_INFO, server, "%s: %s", rsp_client_step_name(attempt->step),
			attempt->err ? attempt->reason : "ok");
		break;
	case RSP_CLIENT_HEARD:
	case RSP_CLIENT_FORGOTTEN:
		log_hint(event);
		break;
	case RSP_CLIENT_PROTOCOL:
		rsp_log(RSP_LOG_WARNING, event->server, "sent a malformed or unexpected message: %s",
			event->why ? event->why->reason : "");
		break;
	case RSP_CLIENT_ASAP_ERROR:
		rsp_log(RSP_LOG_WARNING, event->server, "sent ASAP_ERROR: %s",
			rsp_cause_name(event->cause) ? rsp_cause_name(event->cause) : "unknown cause");
		break;
	default:
		rsp_log(RSP_LOG_DEBUG, event->server, "%s", rsp_client_event_name(event->type));
		break;
	}
}

void
tool_client_event_handle(const struct tool_client_event_handlers *handlers, bool active, void *ctx,
			 const struct rsp_client_event *event)
{
	tool_client_event_handler *handler = handlers->on[event->type];

	log_event(event);
	if (active && handler)
		handler(ctx, event);
}
