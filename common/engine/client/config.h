#ifndef RSP_ENGINE_CLIENT_CONFIG_H
#define RSP_ENGINE_CLIENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/role.h"

/* What a client is made from: registrars to dial, timers, limits. */

#define RSP_CLIENT_SERVERS_MAX 64
#define RSP_CLIENT_SERVER_IPS_MAX 8
#define RSP_CLIENT_PARALLEL 3 /* RFC 5352 s.3.6 SH1: the home, and attempts that are not silent yet */
#define RSP_CLIENT_ATTEMPTS_MAX 9 /* all attempts, silent ones included */
#define RSP_CLIENT_REGISTRARS_MAX 256
#define RSP_CLIENT_HINTS_MAX 64 /* addresses remembered from announcements */

/** A registrar to dial. The strings are copied. Without an @ip the runner looks @host up before it dials. */
struct rsp_client_server {
	const char *name; /* the name in its key or certificate; NULL: @host */
	const char *host; /* as the operator wrote it: for the lookup, and for records */
	struct rsp_ip ip[RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_ips;
	uint16_t port;
};

/** Timers and thresholds of RFC 5352 s.7.1 and s.7.3, then our own. rsp_client_timers_rfc() and _fast() fill it. */
struct rsp_client_timers {
	uint32_t t1_enrprequest_ms;
	uint32_t t2_registration_ms;
	uint32_t t3_deregistration_ms;
	uint32_t t4_reregistration_ms; /* or 20 s less than the lifetime, or half a short lifetime: the least of them */
	uint32_t t5_serverhunt_ms;
	uint32_t t7_enrpoutdate_ms;
	uint32_t retran_max_ms;
	unsigned max_reg_attempt;
	unsigned max_request_retransmit;

	uint32_t stagger_ms; /* between two attempts of one hunt: 250 */
	uint32_t rejoin_ms;  /* after a change of home the elements register within this time, at random: 200 */
	uint32_t refresh_ms; /* an element that a registrar took over registers there within this time: 5000 */
	uint32_t poll_ms;    /* interval of a watch that gets no updates, varied by half: 5000 */
	uint32_t min_ack_ms; /* a keep-alive is dropped if the last one to that element is more recent: 10 */
};

struct rsp_client_timers rsp_client_timers_rfc(void);
struct rsp_client_timers rsp_client_timers_fast(void);

struct rsp_client_config {
	struct rsp_client_timers timers;
	const struct rsp_client_server *servers; /* copied; at most RSP_CLIENT_SERVERS_MAX */
	unsigned n_servers;
	enum rsp_role role; /* the role to dial with: ELEMENT, USER, or NONE in plain text */
	bool shuffle;	    /* start the hunt at a random place of the list instead of its front */
	bool persistent;    /* a registration is retried without end */
	/* Dial announced addresses, too; @n_servers may then be 0. An address that the scope gives to one registrar
	 * must be answered by that registrar; another one by any registrar of the scope (rsp_dial.server_name NULL). */
	bool discover;
	const struct rsp_client_server *registrars; /* the scope's: copied, at most RSP_CLIENT_REGISTRARS_MAX */
	unsigned n_registrars;
	/* rounds over the list before giving up; 0: no limit. Ignored once a persistent client had a home */
	unsigned rounds;
	uint64_t max_outage_ms; /* give up after this time without a home; 0: never */
	unsigned max_elements;	/* limits; 0: 65536, 1024 and 4096 */
	unsigned max_resolutions;
	unsigned max_reports;
	uint16_t asap_port; /* port of our listener for registrars (ASAP transport, TCP); 0: none */
};

/** Whether a client can work with @config: at least one source of registrars, timers set, limits kept. */
bool rsp_client_config_is_sound(const struct rsp_client_config *config);

#endif
