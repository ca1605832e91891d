#include "engine/client/event.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

const char *
rsp_client_step_name(enum rsp_client_step step)
{
	static const char *const name[] = {
		[RSP_STEP_DNS] = "dns", [RSP_STEP_TCP] = "tcp", [RSP_STEP_TLS] = "tls", [RSP_STEP_ASAP] = "asap"
	};

	return (unsigned)step < RSP_COUNT(name) ? name[step] : "";
}

const char *
rsp_client_event_name(enum rsp_client_event_type type)
{
	static const char *const name[] = {
		[RSP_CLIENT_ATTEMPT] = "attempt",
		[RSP_CLIENT_HOME] = "home",
		[RSP_CLIENT_HOME_LOST] = "home-lost",
		[RSP_CLIENT_ROUND_FAILED] = "round-failed",
		[RSP_CLIENT_GAVE_UP] = "gave-up",
		[RSP_CLIENT_REGISTERED] = "registered",
		[RSP_CLIENT_RENEWED] = "renewed",
		[RSP_CLIENT_REREGISTERED] = "reregistered",
		[RSP_CLIENT_REJECTED] = "rejected",
		[RSP_CLIENT_EXPIRED] = "expired",
		[RSP_CLIENT_DISPLACED] = "displaced",
		[RSP_CLIENT_DEREGISTERED] = "deregistered",
		[RSP_CLIENT_KEEPALIVE] = "keepalive",
		[RSP_CLIENT_RESOLVED] = "resolved",
		[RSP_CLIENT_UNRESOLVED] = "unresolved",
		[RSP_CLIENT_REPORTED] = "reported",
		[RSP_CLIENT_FAILED] = "failed",
		[RSP_CLIENT_HEARD] = "heard",
		[RSP_CLIENT_FORGOTTEN] = "forgotten",
		[RSP_CLIENT_ASAP_ERROR] = "asap-error",
		[RSP_CLIENT_PROTOCOL] = "protocol",
	};

	return (unsigned)type < RSP_COUNT(name) ? name[type] : "";
}

void
rsp_client_server_text(const char *name, const char *host, const struct rsp_ip *ip, uint16_t port,
		       char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	char address[RSP_IP_TEXT_MAX];

	rsp_ip_format(ip, address);
	if (*address)
		host = address;
	/* a name with a colon is an address: the server has no other name */
	bool named = *name && !strchr(name, ':') && strcmp(name, host) != 0;
	bool v6 = strchr(host, ':') != NULL;
	(void)snprintf(out, RSP_CLIENT_SERVER_TEXT_MAX, "%s%s%s%s%s:%u", named ? name : "", named ? "@" : "",
		       v6 ? "[" : "", host, v6 ? "]" : "", (unsigned)port);
}
