#ifndef RSP_ENGINE_CLIENT_CONFIG_H
#define RSP_ENGINE_CLIENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/role.h"

/* The configuration of a client: registrars to dial, timers, limits. */

#define RSP_CLIENT_SERVERS_MAX 64
#define RSP_CLIENT_SERVER_IPS_MAX 8
#define RSP_CLIENT_PARALLEL 3 /* RFC 5352 s.3.6 SH1: home and attempts that have a place (attempt.c) */
#define RSP_CLIENT_ATTEMPTS_MAX 9 /* all attempts, with or without a place */
#define RSP_CLIENT_REGISTRARS_MAX 256
#define RSP_CLIENT_HINTS_MAX 64 /* announced addresses in the table */

/** A registrar to dial. The strings are copied. Without an @ip, the runner looks up @host before it dials. */
struct rsp_client_server {
	const char *name; /* the name in the key or certificate of the registrar; NULL: same as @host */
	const char *host; /* host name or address as the operator wrote it: for the name lookup, and for records */
	struct rsp_ip ip[RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_ips;
	uint16_t port;
};

/** Timers and thresholds of RFC 5352 s.7.1 and s.7.3, then those of this project.
 * rsp_client_timers_rfc() and _fast() return them. */
struct rsp_client_timers {
	uint32_t t1_enrprequest_ms;
	uint32_t t2_registration_ms;
	uint32_t t3_deregistration_ms;
	/* the least of: this value; 20 s less than the lifetime; for a short lifetime, half of it */
	uint32_t t4_reregistration_ms;
	uint32_t t5_serverhunt_ms;
	uint32_t t7_enrpoutdate_ms;
	uint32_t retran_max_ms;
	unsigned max_reg_attempt;
	unsigned max_request_retransmit;

	uint32_t stagger_ms; /* time between two attempts of one hunt: 250 */
	uint32_t rejoin_ms;  /* after a change of home, each element registers at a random time within this time: 200 */
	uint32_t refresh_ms; /* after a takeover, each element registers at its new home within this time: 5000 */
	uint32_t poll_ms;    /* poll interval of a watch without updates, varied by half: 5000 */
	/* a keep-alive is dropped, if it arrives sooner than this after the last one to the same element: 10 */
	uint32_t min_ack_ms;
	uint32_t keepalive_ms; /* assumed time between keep-alives of a registrar, until it is known: 30000 */
};

struct rsp_client_timers rsp_client_timers_rfc(void);
struct rsp_client_timers rsp_client_timers_fast(void);

struct rsp_client_config {
	struct rsp_client_timers timers;
	const struct rsp_client_server *servers; /* copied; at most RSP_CLIENT_SERVERS_MAX */
	unsigned n_servers;
	enum rsp_role role; /* the role in which the client authenticates: ELEMENT, USER, or NONE in plain text */
	bool shuffle;	    /* start the hunt at a random position in the list, not at its first server */
	bool persistent;    /* retry registrations for ever */
	/*
	 * Also dial announced addresses; @n_servers may then be 0. If an announced address
	 * belongs to one registrar in @registrars, only this registrar may answer there; else any
	 * registrar of the scope (rsp_dial.server_name NULL).
	 */
	bool discover;
	/* the registrars of the scope: copied, at most RSP_CLIENT_REGISTRARS_MAX */
	const struct rsp_client_server *registrars;
	unsigned n_registrars;
	/* give up after so many rounds over the list; 0: never. Ignored if a persistent client has had a home */
	unsigned rounds;
	uint64_t max_outage_ms; /* give up after this time without a home, counted from the loss of a home; 0: never */
	unsigned max_elements;	/* limits; 0: 65536, 1024 and 4096 */
	unsigned max_resolutions;
	unsigned max_reports;
	uint64_t epoch_ms; /* wall clock minus the engine's clock: the first number of an element is the time */
	/* send no RSP_PARAM_EPOCH, and ignore it: a registrar that refuses a message with an unknown parameter needs this */
	bool no_epoch;
	uint16_t asap_port; /* port of the client's listener for registrars (ASAP transport, TCP); 0: none */
};

/** Whether @config is valid: it has servers or @discover, all timers are set, and the limits are kept. */
bool rsp_client_config_is_sound(const struct rsp_client_config *config);

#endif
