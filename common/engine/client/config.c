#include "engine/client/config.h"

#include "base/attr.h"

struct rsp_client_timers
rsp_client_timers_rfc(void)
{
	return (struct rsp_client_timers){
		/* RFC 5352 s.7.1 and s.7.3 */
		.t1_enrprequest_ms = 15000,
		.t2_registration_ms = 30000,
		.t3_deregistration_ms = 30000,
		.t4_reregistration_ms = 600000,
		.t5_serverhunt_ms = 10000,
		.t7_enrpoutdate_ms = 5000,
		.retran_max_ms = 60000,
		.max_reg_attempt = 2,
		.max_request_retransmit = 2,
		.stagger_ms = 250,
		.rejoin_ms = 200,
		.refresh_ms = 5000,
		.poll_ms = 5000,
		.min_ack_ms = 10,
		.keepalive_ms = 30000,
	};
}

struct rsp_client_timers
rsp_client_timers_fast(void)
{
	struct rsp_client_timers t = rsp_client_timers_rfc();

	t.t1_enrprequest_ms = 2000;
	t.t2_registration_ms = 2000;
	t.t3_deregistration_ms = 2000;
	t.t5_serverhunt_ms = 2000;
	t.retran_max_ms = 8000;
	t.poll_ms = 1000;
	t.refresh_ms = 1000;
	t.keepalive_ms = 2000;
	return t;
}

bool
rsp_client_config_is_sound(const struct rsp_client_config *config)
{
	const struct rsp_client_timers *t = &config->timers;

	if (config->n_servers > RSP_CLIENT_SERVERS_MAX || (config->n_servers && !config->servers) ||
	    (!config->n_servers && !config->discover))
		return false;
	if (config->discover && (!t->t7_enrpoutdate_ms || config->n_registrars > RSP_CLIENT_REGISTRARS_MAX))
		return false;
	for (unsigned i = 0; config->discover && i < config->n_registrars; i++)
		if (config->registrars[i].n_ips > RSP_CLIENT_SERVER_IPS_MAX)
			return false;
	for (unsigned i = 0; i < config->n_servers; i++)
		if (config->servers[i].n_ips > RSP_CLIENT_SERVER_IPS_MAX ||
		    (!config->servers[i].host && !config->servers[i].name))
			return false;
	return t->t1_enrprequest_ms && t->t2_registration_ms && t->t3_deregistration_ms && t->t4_reregistration_ms &&
	       t->t5_serverhunt_ms && t->stagger_ms && t->poll_ms;
}
