/* rsp-peer: the options of `run`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "peer.h"

enum {
	OPT_NAME = 1,
	OPT_ASAP,
	OPT_ENRP,
	OPT_PLAIN_ASAP,
	OPT_ANSWER_PLAIN_USERS,
	OPT_REQUIRE_USER_CERT,
	OPT_SERVER_ID,
	OPT_ANNOUNCE,
	OPT_LEAVE_TIMEOUT,
	OPT_BIND_WAIT,
	OPT_CONTROL,
	OPT_REGISTRATION_RATE,
	OPT_RESOLUTION_RATE,
	OPT_REPORT_RATE,
	OPT_HANDSHAKE_RATE,
	OPT_PEER,
	OPT_NUMBER /* the codes from here on are those of the rows of NUMBERS */
};

/* Options that are a duration or a number, each with the member of the configuration that it sets. */
/* clang-format off */
#define NUMBERS(X) \
	X(KEEPALIVE_INTERVAL, engine.keepalive_interval_ms, "keepalive-interval", "DUR", \
	  "between keep-alives to an element; 0: none (30s)") \
	X(KEEPALIVE_DISTANCE, engine.keepalive_distance_ms, "keepalive-distance", "DUR", \
	  "never closer than this, whatever is reported (1s)") \
	X(RECONNECT_GRACE, engine.reconnect_grace_ms, "reconnect-grace", "DUR", \
	  "how long an element without connection is kept (5s)") \
	X(PUSH_DISTANCE, engine.push_distance_ms, "push-distance", "DUR", \
	  "between updates of a watched pool (100ms)") \
	X(TOMBSTONE_TIME, engine.tombstone_ms, "tombstone-time", "DUR", \
	  "how long a removal is remembered (10m)") \
	X(MESSAGE_TIME, message_ms, "message-time", "DUR", \
	  "in which a message, once begun, must be complete (30s)") \
	X(REKEY_GRACE, rekey_grace_ms, "rekey-grace", "DUR", \
	  "how long a connection stays whose key was replaced (0s)") \
	X(USER_IDLE, limits.idle_ms, "user-idle", "DUR", \
	  "in which a user without a subscription must ask something (2m)") \
	X(HANDSHAKE_TIMEOUT, limits.handshake_ms, "handshake-timeout", "DUR", \
	  "of a TLS handshake (10s)") \
	X(MAX_HANDSHAKES, limits.handshakes, "max-handshakes", "N", \
	  "unfinished handshakes of a port (512)") \
	X(MAX_CONNECTIONS, limits.connections, "max-connections", "N", \
	  "connections of a port (20000)") \
	X(MAX_PER_SOURCE, limits.per_source, "max-per-source", "N", \
	  "connections of a port from one address (2000)") \
	X(MAX_QUEUE, limits.queue_max, "max-queue", "N", \
	  "octets queued for one connection (4194304)") \
	X(MAX_USER_QUEUE, limits.user_queue_max, "max-user-queue", "N", \
	  "octets queued for one user (262144)") \
	X(MAX_USER_MEMORY, limits.user_memory, "max-user-memory", "N", \
	  "octets in the queues of all users together (67108864)") \
	X(MAX_POOLS, engine.limits.pools, "max-pools", "N", \
	  "pools (100000)") \
	X(MAX_ELEMENTS, engine.limits.elements, "max-elements", "N", \
	  "elements (2000000)") \
	X(MAX_POOL_ELEMENTS, engine.limits.pool_elements, "max-pool-elements", "N", \
	  "elements of one pool (100000)") \
	X(MAX_IDENTITY_ELEMENTS, engine.max_identity_elements, "max-identity-elements", "N", \
	  "registrations of one identity, if authz.json has no number (10000)") \
	X(MAX_IDENTITY_POOLS, engine.max_identity_pools, "max-identity-pools", "N", \
	  "pools that one identity makes, if authz.json has no number (1000)") \
	X(MAX_REGISTRAR_ELEMENTS, engine.max_registrar_elements, "max-registrar-elements", "N", \
	  "elements of one other registrar (1000000)") \
	X(MAX_REGISTRAR_POOLS, engine.max_registrar_pools, "max-registrar-pools", "N", \
	  "pools made at one other registrar (50000)") \
	X(MAX_SUBSCRIPTIONS, engine.max_subscriptions, "max-subscriptions", "N", \
	  "pools that one connection watches (64)") \
	X(MAX_ITEMS, engine.max_items, "max-items", "N", \
	  "elements in an answer that asks for no number (16)") \
	X(MAX_PEERS, engine.max_peers, "max-peers", "N", \
	  "registrars in the peer list (256)") \
	X(MAX_TOMBSTONES, engine.max_tombstones, "max-tombstones", "N", \
	  "removals that are remembered (200000)") \
	X(MAX_UPDATES, engine.max_updates, "max-updates", "N", \
	  "announced updates kept for registrars that missed them (4096)") \
	X(MAX_UPDATE_OCTETS, engine.max_update_octets, "max-update-octets", "N", \
	  "octets of these updates (1048576)") \
	X(MAX_DOWNLOADS, engine.max_downloads, "max-downloads", "N", \
	  "tables given out at a time (16)") \
	X(MAX_ADOPTIONS, engine.max_adoptions, "max-adoptions", "N", \
	  "elements dialled at a time after a takeover (256)")
/* clang-format on */

enum {
	OPT_BEFORE_NUMBERS = OPT_NUMBER - 1,
#define NUMBER_ID(id, member, name, unit, text) OPT_##id,
	NUMBERS(NUMBER_ID)
#undef NUMBER_ID
		OPT_END
};

#define N_NUMBERS (OPT_END - OPT_NUMBER)

/* The values given; RSP_NEVER: the option was not given. */
static uint64_t given[N_NUMBERS];

struct peer_option peer_option;

#define NUMBER_OPTION(id, member, name, unit, text) { name, 0, POPT_ARG_STRING, NULL, OPT_##id, text, unit },

struct poptOption peer_options[] = {
	{ "name", 0, POPT_ARG_STRING, NULL, OPT_NAME, "which registrar of the scope this is (as keys.json says)",
	  "NAME" },
	{ "asap", 0, POPT_ARG_STRING, NULL, OPT_ASAP, "where to listen for elements and users (as scope.json says)",
	  "ADDR:PORT" },
	{ "enrp", 0, POPT_ARG_STRING, NULL, OPT_ENRP, "where to listen for registrars (as scope.json says)",
	  "ADDR:PORT" },
	{ "peer", 0, POPT_ARG_STRING, NULL, OPT_PEER,
	  "another registrar, to join it there; repeatable (as scope.json says)", "[NAME@]HOST[:PORT]" },
	{ "plain-asap", 0, POPT_ARG_STRING, NULL, OPT_PLAIN_ASAP,
	  "listen there without TLS too: registrations are refused with cause 0xa", "ADDR:PORT" },
	{ "answer-plain-users", 0, POPT_ARG_NONE, NULL, OPT_ANSWER_PLAIN_USERS, "answer resolutions there", NULL },
	{ "require-user-cert", 0, POPT_ARG_NONE, NULL, OPT_REQUIRE_USER_CERT,
	  "users must show a certificate of the scope's CA", NULL },
	{ "server-id", 0, POPT_ARG_STRING, NULL, OPT_SERVER_ID, "the ENRP server id (random)", "ID" },
	{ "announce", 0, POPT_ARG_STRING, NULL, OPT_ANNOUNCE,
	  "announce the registrar there, by multicast or to one address; repeatable", "GROUP[%IFACE][:PORT]" },
	{ "leave-timeout", 0, POPT_ARG_STRING, NULL, OPT_LEAVE_TIMEOUT, "how long leaving may take (5s)", "DUR" },
	{ "bind-wait", 0, POPT_ARG_STRING, NULL, OPT_BIND_WAIT,
	  "wait so long for an address or port that cannot be had yet at the start (0s)", "DUR" },
	{ "control", 0, POPT_ARG_STRING, NULL, OPT_CONTROL,
	  "where the control socket is (see rsp-peer(1)); none: nowhere", "PATH|none" },
	{ "registration-rate", 0, POPT_ARG_STRING, NULL, OPT_REGISTRATION_RATE,
	  "registrations of one identity a second, and at once (1000:10000); 0: no limit", "N[:BURST]" },
	{ "resolution-rate", 0, POPT_ARG_STRING, NULL, OPT_RESOLUTION_RATE,
	  "resolutions of one identity or address a second, and at once (0)", "N[:BURST]" },
	{ "report-rate", 0, POPT_ARG_STRING, NULL, OPT_REPORT_RATE,
	  "unreachable reports of one identity or address a second, and at once (5:20)", "N[:BURST]" },
	{ "handshake-rate", 0, POPT_ARG_STRING, NULL, OPT_HANDSHAKE_RATE,
	  "new connections of one address a second, and at once (100:1000); 0: no limit", "N[:BURST]" },
	NUMBERS(NUMBER_OPTION) POPT_TABLEEND
};

void
peer_options_init(void)
{
	peer_option = (struct peer_option){ .leave_ms = 5000, .config = { .engine = rsp_registrar_defaults() } };
	for (unsigned i = 0; i < N_NUMBERS; i++)
		given[i] = RSP_NEVER;
}

void
peer_options_done(void)
{
	free(peer_option.name);
	free(peer_option.control);
	peer_option.name = peer_option.control = NULL;
	for (unsigned i = 0; i < peer_option.n_peers; i++)
		free(peer_option.peers[i]);
	peer_option.n_peers = 0;
}

static enum rsp_err
take_address(const char *text, enum rsp_registrar_service_port kind, uint16_t port, uint16_t plain_port,
	     struct rsp_why *why)
{
	return rsp_sockaddr_parse(text, port, &peer_option.at[kind]) ||
			       rsp_sockaddr_parse(text, plain_port, &peer_option.plain_at[kind])
		       ? rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a numeric address and a port: ADDR:PORT", text)
		       : RSP_OK;
}

/* Read N or N:BURST. Without BURST, the burst is N. */
static enum rsp_err
take_rate(const char *text, struct rsp_rate *ret, struct rsp_why *why)
{
	const char *colon = strchr(text, ':');
	RSP_AUTO(rsp_free) char *first = NULL;
	uint64_t per_s, burst;

	first = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
	if (!first)
		return rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
	if (rsp_cli_number(first, 0, 1000000000, &per_s, why))
		return why->err;
	burst = per_s;
	if (colon && rsp_cli_number(colon + 1, 1, 1000000000, &burst, why))
		return why->err;
	*ret = (struct rsp_rate){ .per_s = (uint32_t)per_s, .burst = (uint32_t)burst };
	return RSP_OK;
}

static enum rsp_err
take_number(int opt, const char *arg, struct rsp_why *why)
{
	uint64_t *to = &given[opt - OPT_NUMBER], least = opt != OPT_KEEPALIVE_INTERVAL && opt != OPT_REKEY_GRACE;

	if (opt > OPT_HANDSHAKE_TIMEOUT)
		return rsp_cli_number(arg, 1, UINT32_MAX, to, why);
	enum rsp_err err = rsp_cli_duration(arg, to, why);
	if (!err && (*to < least || *to > UINT32_MAX))
		err = rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is out of range: from %u to %u ms", arg, (unsigned)least,
			       UINT32_MAX);
	return err;
}

static enum rsp_err
take_handshake_rate(const char *arg, struct rsp_why *why)
{
	struct rsp_listener_limits *limits = &peer_option.config.limits;
	struct rsp_rate rate = { 0 };
	enum rsp_err err = take_rate(arg, &rate, why);

	if (err)
		return err;
	limits->handshake_rate = rate.per_s ? rate.per_s : RSP_UNLIMITED;
	limits->handshake_burst = rate.burst;
	return RSP_OK;
}

static enum rsp_err
take_announce(const char *arg, struct rsp_why *why)
{
	struct rsp_announcer_config *announce = &peer_option.announce;

	if (announce->n_to == RSP_ANNOUNCER_TO_MAX)
		return rsp_fail(why, RSP_EUSAGE, NULL, "given more than %d times", RSP_ANNOUNCER_TO_MAX);
	if (rsp_announce_parse(arg, &announce->to[announce->n_to]))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not GROUP[%%INTERFACE][:PORT][/HOPS]", arg);
	if (rsp_sockaddr_port(&announce->to[announce->n_to].sa) == 0)
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\": port 0 cannot be used: give 1 to 65535", arg);
	announce->n_to++;
	return RSP_OK;
}

enum rsp_err
peer_take(int opt, const char *arg, struct rsp_why *why)
{
	struct rsp_registrar_config *engine = &peer_option.config.engine;

	switch (opt) {
	case OPT_NAME:
		return rsp_cli_string(arg, &peer_option.name, why);
	case OPT_PEER:
		if (peer_option.n_peers >= PEERS_MAX)
			return rsp_fail(why, RSP_EUSAGE, NULL, "more than %d times --peer", PEERS_MAX);
		return rsp_cli_string(arg, &peer_option.peers[peer_option.n_peers++], why);
	case OPT_ASAP:
		return take_address(arg, RSP_SERVE_ASAP, RSP_PORT_ASAP_TLS, RSP_PORT_ASAP_PLAIN, why);
	case OPT_ENRP:
		return take_address(arg, RSP_SERVE_ENRP, RSP_PORT_ENRP_TLS, RSP_PORT_ENRP_PLAIN, why);
	case OPT_PLAIN_ASAP:
		return take_address(arg, RSP_SERVE_ASAP_OPEN, RSP_PORT_ASAP_PLAIN, RSP_PORT_ASAP_PLAIN, why);
	case OPT_ANSWER_PLAIN_USERS:
		engine->answer_plain_users = true;
		return RSP_OK;
	case OPT_REQUIRE_USER_CERT:
		peer_option.config.require_user_cert = true;
		return RSP_OK;
	case OPT_SERVER_ID:
		return rsp_cli_id(arg, &engine->server_id, why);
	case OPT_ANNOUNCE:
		return take_announce(arg, why);
	case OPT_LEAVE_TIMEOUT:
		return rsp_cli_duration(arg, &peer_option.leave_ms, why);
	case OPT_BIND_WAIT:
		return rsp_cli_duration(arg, &peer_option.bind_wait_ms, why);
	case OPT_CONTROL:
		return rsp_cli_string(arg, &peer_option.control, why);
	case OPT_REGISTRATION_RATE:
		return take_rate(arg, &engine->registrations, why);
	case OPT_RESOLUTION_RATE:
		return take_rate(arg, &engine->resolutions, why);
	case OPT_REPORT_RATE:
		return take_rate(arg, &engine->reports, why);
	case OPT_HANDSHAKE_RATE:
		return take_handshake_rate(arg, why);
	default:
		return take_number(opt, arg, why);
	}
}

/* Defaults of limits for one identity, where the whole limit is small: at most half of it. */
static void
halve(struct rsp_registrar_config *engine)
{
	const struct {
		unsigned opt;
		uint32_t *part, whole;
	} row[] = { { OPT_MAX_IDENTITY_ELEMENTS, &engine->max_identity_elements, engine->limits.elements },
		    { OPT_MAX_IDENTITY_POOLS, &engine->max_identity_pools, engine->limits.pools },
		    { OPT_MAX_REGISTRAR_ELEMENTS, &engine->max_registrar_elements, engine->limits.elements },
		    { OPT_MAX_REGISTRAR_POOLS, &engine->max_registrar_pools, engine->limits.pools } };

	for (unsigned i = 0; i < RSP_COUNT(row); i++) {
		uint32_t half = row[i].whole / 2 + row[i].whole % 2;

		if (given[row[i].opt - OPT_NUMBER] == RSP_NEVER && *row[i].part > half)
			*row[i].part = half;
	}
}

void
peer_config(struct rsp_registrar_service_config *config)
{
	*config = peer_option.config;
	struct rsp_registrar_config *engine = &config->engine;

	config->policy = rsp_cli.tls_rfc5352 ? RSP_TLS_RFC5352 : RSP_TLS_DEFAULT;
	engine->insecure = rsp_cli.plaintext;
	engine->complaints = (struct rsp_rate){ 0 }; /* rsp-peer has quotas by source and kind (quota.c) */
	if (rsp_cli.timers_fast) {
		engine->keepalive_interval_ms = 2000;
		engine->keepalive_timeout_ms = 2000;
		engine->reconnect_grace_ms = 2000;
		engine->peer_heartbeat_cycle_ms = 2000;
		engine->max_time_last_heard_ms = 5000;
		engine->max_time_no_response_ms = 2000;
	}
	rsp_cli_timer_u32(RSP_TIMER_PEER_HEARTBEAT_CYCLE, &engine->peer_heartbeat_cycle_ms);
	rsp_cli_timer_u32(RSP_TIMER_MAX_TIME_LAST_HEARD, &engine->max_time_last_heard_ms);
	rsp_cli_timer_u32(RSP_TIMER_MAX_TIME_NO_RESPONSE, &engine->max_time_no_response_ms);
	rsp_cli_timer_u32(RSP_TIMER_MAX_TIME_NO_RESPONSE, &engine->keepalive_timeout_ms);
	rsp_cli_timer_u32(RSP_TIMER_MAX_BAD_PE_REPORT, &engine->max_bad_pe_report);
#define NUMBER_SET(id, member, name, unit, text)                                                                       \
	if (given[OPT_##id - OPT_NUMBER] != RSP_NEVER)                                                                 \
		config->member = (uint32_t)given[OPT_##id - OPT_NUMBER];
	NUMBERS(NUMBER_SET)
#undef NUMBER_SET
	halve(engine);
}

/* Put @value under the JSON key of @option: "-" becomes "_", and the key of a duration ends in "_ms". */
static void
put_number(json_t **object, const char *option, bool duration, uint32_t value)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "%s%s", option, duration ? "_ms" : "");
	for (char *c = key; *c; c++)
		*c = *c == '-' ? '_' : *c;
	rsp_json_put(object, key, json_integer(value));
}

void
peer_put_numbers(const struct rsp_registrar_service_config *config, json_t **timers, json_t **limits)
{
#define NUMBER_PUT(id, member, name, unit, text)                                                                       \
	put_number(*unit == 'D' ? timers : limits, name, *unit == 'D', config->member);
	NUMBERS(NUMBER_PUT)
#undef NUMBER_PUT
	put_number(timers, "peer-heartbeat-cycle", true, config->engine.peer_heartbeat_cycle_ms);
	put_number(timers, "max-time-last-heard", true, config->engine.max_time_last_heard_ms);
	put_number(timers, "max-time-no-response", true, config->engine.keepalive_timeout_ms);
	put_number(limits, "max-bad-pe-report", false, config->engine.max_bad_pe_report);
}
