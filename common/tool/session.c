#include "tool/session.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"

void
tool_session_config(const struct rsp_scope *scope, bool element, struct rsp_asap_client_config *config)
{
	struct rsp_client_timers *timers = &config->timers;

	*config = (struct rsp_asap_client_config){
		.scope = scope,
		.servers = (const char *const *)rsp_cli.servers,
		.n_servers = rsp_cli.n_servers,
		.discover = (const char *const *)rsp_cli.discover,
		.n_discover = rsp_cli.n_discover,
		.element = element,
		.plaintext = rsp_cli.plaintext,
		.tls_name = rsp_cli.tls_name,
		.timers = rsp_cli.timers_fast ? rsp_client_timers_fast() : rsp_client_timers_rfc(),
		.timeout_ms = rsp_cli.wait && !rsp_cli.timeout_given ? 0 : rsp_cli.timeout_ms,
		.rounds = rsp_cli.wait ? 0 : 1,
	};
	rsp_cli_timer_u32(RSP_TIMER_T1_ENRPREQUEST, &timers->t1_enrprequest_ms);
	rsp_cli_timer_u32(RSP_TIMER_T2_REGISTRATION, &timers->t2_registration_ms);
	rsp_cli_timer_u32(RSP_TIMER_T3_DEREGISTRATION, &timers->t3_deregistration_ms);
	rsp_cli_timer_u32(RSP_TIMER_T4_REREGISTRATION, &timers->t4_reregistration_ms);
	rsp_cli_timer_u32(RSP_TIMER_T5_SERVERHUNT, &timers->t5_serverhunt_ms);
	rsp_cli_timer_u32(RSP_TIMER_T7_ENRPOUTDATE, &timers->t7_enrpoutdate_ms);
	rsp_cli_timer_u32(RSP_TIMER_RETRAN_MAX, &timers->retran_max_ms);
	rsp_cli_timer_unsigned(RSP_TIMER_MAX_REG_ATTEMPT, &timers->max_reg_attempt);
	rsp_cli_timer_unsigned(RSP_TIMER_MAX_REQUEST_RETRANSMIT, &timers->max_request_retransmit);
}

const char *
tool_session_home_text(const struct rsp_asap_client *s, char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	struct rsp_asap_client_home home;

	rsp_asap_client_home(s, &home);
	size_t n = strcspn(home.server, ":");
	bool named = n > 0 && home.server[n] == '\0' && strncmp(home.address, home.server, n) != 0;
	const char *between = named && *home.address ? "@" : "";
	(void)snprintf(out, RSP_CLIENT_SERVER_TEXT_MAX, "%s%s%s", named ? home.server : "", between,
		       named || *home.address ? home.address : "a registrar");
	return out;
}

void
tool_session_log_listening(const struct rsp_asap_client *s)
{
	char at[RSP_ANNOUNCE_TEXT_MAX];

	for (unsigned i = 0; rsp_asap_client_discover_at(s, i, at); i++)
		rsp_log(RSP_LOG_INFO, at, "listening for announcements");
}

void
tool_session_log_heard(const struct rsp_asap_client *s)
{
	struct rsp_client_stats stats;

	if (rsp_cli.n_discover == 0)
		return;
	rsp_asap_client_stats(s, &stats);
	rsp_log(RSP_LOG_INFO, "announcements", "%llu received, %llu of them without a usable registrar",
		(unsigned long long)stats.announcements, (unsigned long long)stats.announcements_dropped);
}
