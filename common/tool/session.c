#include "tool/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "net/loop.h"
#include "net/trace.h"
#include "proto/param.h"

/* While one CA takes the place of another, crl.pem has the lists of both. */
static void
say_unlisted(const struct rsp_x509 *x509, const char *path)
{
	int64_t due;

	for (unsigned i = 0; i < x509->n_ca; i++) {
		char name[256];

		if (rsp_x509_crl_due(x509, x509->ca[i], &due))
			continue;
		rsp_x509_common_name(x509->ca[i], name, sizeof(name));
		rsp_log(RSP_LOG_WARNING, path,
			"has no list of the CA \"%s\": registrars that it revoked are believed too", name);
	}
}

static enum rsp_err
load_ca(struct rsp_scope *scope, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *ca = rsp_path_join(rsp_cli.scope, "ca.pem");
	RSP_AUTO(rsp_free) char *crl = rsp_path_join(rsp_cli.scope, "crl.pem");

	if (!ca || !crl)
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
	enum rsp_err err = rsp_x509_load_ca(&scope->x509, rsp_cli.tls_ca ? rsp_cli.tls_ca : ca, why);
	if (err)
		return err;
	if (rsp_cli.tls_crl)
		return rsp_x509_load_crl(&scope->x509, rsp_cli.tls_crl, why);
	if (rsp_cli.tls_ca) /* the scope's list is not of that CA */
		return RSP_OK;
	err = rsp_x509_load_crl(&scope->x509, crl, why);
	if (!err)
		say_unlisted(&scope->x509, crl);
	if (err != RSP_ENOTFOUND)
		return err;
	rsp_log(RSP_LOG_WARNING, crl, "is missing: revoked registrars are believed too");
	return RSP_OK;
}

static enum rsp_err
load_certificates(struct rsp_scope *scope, struct rsp_why *why)
{
	enum rsp_err err = load_ca(scope, why);

	if (err || (!rsp_cli.tls_cert && !rsp_cli.tls_key))
		return err;
	if (!rsp_cli.tls_cert || !rsp_cli.tls_key)
		return rsp_fail(why, RSP_EUSAGE, rsp_cli.tls_cert ? "--tls-cert" : "--tls-key",
				"--tls-cert and --tls-key go together");
	return rsp_x509_load_pair(&scope->x509, rsp_cli.tls_cert, rsp_cli.tls_key, why);
}

/* --identity: all other keys are as if they were not there. */
static enum rsp_err
only_identity(struct rsp_scope *scope, struct rsp_why *why)
{
	const struct rsp_key *key = rsp_keyring_find(scope->keyring, rsp_cli.identity, strlen(rsp_cli.identity));
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *ring = rsp_keyring_new();

	if (!key)
		return rsp_fail(why, RSP_ENOKEY, rsp_cli.identity, "no key with this identity");
	if (!ring || rsp_keyring_add(ring, key))
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.identity, "out of memory");
	memcpy(ring->scope, scope->keyring->scope, sizeof(ring->scope));
	memcpy(ring->node, scope->keyring->node, sizeof(ring->node));
	rsp_keyring_unref(scope->keyring);
	scope->keyring = RSP_TAKE(ring);
	return RSP_OK;
}

static enum rsp_err
load_keys(struct rsp_scope *scope, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(rsp_cli.scope, "keys.json");
	struct rsp_keyring *ring = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
	enum rsp_err err = rsp_keyring_load(rsp_cli.keys ? rsp_cli.keys : path, &ring, why);
	if (err)
		return err;
	rsp_keyring_unref(scope->keyring);
	scope->keyring = ring;
	memcpy(scope->node, ring->node, sizeof(scope->node));
	err = rsp_scope_check_keys(scope, ring, rsp_cli.keys ? rsp_cli.keys : path, why);
	if (err)
		return err;
	return rsp_cli.identity ? only_identity(scope, why) : RSP_OK;
}

enum rsp_err
cmd_say_missing(enum rsp_err err, struct rsp_why *why)
{
	char path[RSP_OBJECT_MAX];
	size_t n = strlen(rsp_cli.scope);

	if (err != RSP_ENOTFOUND || strncmp(why->object, rsp_cli.scope, n) != 0 || why->object[n] != '/' ||
	    strstr(why->reason, "rsp-keygen"))
		return err;
	memcpy(path, why->object, sizeof(path));
	return rsp_fail(why, err, path, "is missing (rsp-keygen bundle writes it)");
}

enum rsp_err
cmd_scope_load(bool element, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	bool described = element ? rsp_cli.keys != NULL : rsp_cli.tls_ca != NULL;
	bool named = rsp_cli.n_servers + rsp_cli.n_discover > 0;

	*ret = NULL;
	if (rsp_cli.plaintext && named)
		return RSP_OK;
	enum rsp_err err = rsp_scope_load_public(rsp_cli.scope, &scope, why);
	if (err == RSP_ENOTFOUND && named && described && !rsp_cli.scope_option) {
		scope = rsp_scope_new(""); /* nothing but what the options name */
		if (!scope)
			return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
		err = RSP_OK;
	}
	if (!err && !rsp_cli.plaintext)
		err = element ? load_keys(scope, why) : load_certificates(scope, why);
	if (!err)
		*ret = RSP_TAKE(scope);
	return cmd_say_missing(err, why);
}

enum rsp_err
cmd_tls_new(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	struct rsp_tls_config config = {
		.keyring = scope->keyring,
		.me = scope->node,
		.x509 = &scope->x509,
		.policy = rsp_cli.tls_rfc5352 ? RSP_TLS_RFC5352 : RSP_TLS_DEFAULT,
		.registrars = scope->registrars,
		.n_registrars = scope->n_registrars,
	};
	enum rsp_err err = rsp_tls_init(rsp_cli.keylog, why);

	if (err)
		return err;
	if (rsp_cli.keylog)
		rsp_log(RSP_LOG_WARNING, rsp_cli.keylog, "the secrets of all TLS sessions are written there");
	return rsp_tls_new(&config, ret, why);
}

enum rsp_err
cmd_loop_fail(enum rsp_err err, struct rsp_why *why)
{
	return rsp_fail(why, err, "event loop", "%s", strerror(errno));
}

enum rsp_err
cmd_loop_new(struct rsp_loop **ret, struct rsp_why *why)
{
	enum rsp_err err = rsp_loop_new(ret);

	return err ? cmd_loop_fail(err, why) : RSP_OK;
}

void
cmd_session_config(const struct rsp_scope *scope, bool element, struct rsp_session_config *config)
{
	struct rsp_client_timers *timers = &config->timers;

	*config = (struct rsp_session_config){
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

enum rsp_err
cmd_trace_open(struct rsp_trace **ret, struct rsp_why *why)
{
	return rsp_cli.trace_pcap ? rsp_trace_open(rsp_cli.trace_pcap, ret, why) : RSP_OK;
}

int
cmd_trace_close(struct rsp_trace *trace, int status)
{
	enum rsp_err lost = rsp_trace_close(trace);
	bool whole = rsp_tls_keylog_whole();
	struct rsp_why why;

	if (status || (!lost && whole))
		return status;
	(void)rsp_fail(&why, RSP_EOUTPUT, lost ? rsp_cli.trace_pcap : rsp_cli.keylog, "not all of it could be written");
	return rsp_cli_fail(&why);
}

/* "ADDR:PORT" or "[V6]:PORT"; the host as it was given where no address is known. */
static void
format_address(const struct rsp_client_attempt *attempt, char *out, size_t room)
{
	char ip[RSP_IP_TEXT_MAX];

	rsp_ip_format(&attempt->ip, ip);
	(void)snprintf(out, room, attempt->ip.family == 6 ? "[%s]:%u" : "%s:%u", *ip ? ip : attempt->host,
		       (unsigned)attempt->port);
}

json_t *
cmd_attempts_json(const struct rsp_session *s)
{
	json_t *list = json_array();
	unsigned n = 0;
	const struct rsp_client_attempt *attempt = s ? rsp_session_attempts(s, &n) : NULL;

	for (unsigned i = 0; i < n; i++) {
		char address[RSP_HOST_MAX + 16];

		format_address(&attempt[i], address, sizeof(address));
		rsp_json_append(&list, rsp_cli_attempt(attempt[i].name, address, rsp_client_step_name(attempt[i].step),
						       attempt[i].err, attempt[i].reason));
	}
	return list;
}

static json_t *
text_or_null(const char *text)
{
	return rsp_json_text(text && *text ? text : NULL);
}

json_t *
cmd_registrar_json(const struct rsp_session *s, bool element)
{
	struct rsp_client_stats stats;
	struct rsp_session_home home;

	rsp_session_home(s, &home);
	rsp_session_stats(s, &stats);
	if (!home.up)
		return json_null();
	json_t *registrar = json_object();

	rsp_json_put(&registrar, "id", stats.home_server_id ? rsp_json_id(stats.home_server_id) : json_null());
	rsp_json_put(&registrar, "name", text_or_null(home.server));
	rsp_json_put(&registrar, "address", text_or_null(home.address));
	rsp_json_put(&registrar, "auth", json_string(!home.secure ? "none" : element ? "psk" : "certificate"));
	rsp_json_put(&registrar, "tls", text_or_null(home.tls_version));
	rsp_json_put(&registrar, "secure", json_boolean(home.secure));
	return registrar;
}

void
cmd_complain(struct cmd_complaints *complaints, const struct rsp_why *why)
{
	static const struct rsp_hash_key unkeyed; /* nobody gains by a collision */
	const uint64_t parts[] = { rsp_hash(&unkeyed, rsp_bytes_str(why->object)),
				   rsp_hash(&unkeyed, rsp_bytes_str(why->reason)) };
	uint64_t hash = rsp_hash(&unkeyed, rsp_bytes_of(parts, sizeof(parts)));

	for (unsigned i = 0; i < complaints->n && i < CMD_COMPLAINTS_MAX; i++)
		if (complaints->said[i] == hash)
			return;
	complaints->said[complaints->n++ % CMD_COMPLAINTS_MAX] = hash;
	rsp_log(RSP_LOG_WARNING, why->object, "%s; trying on", why->reason);
}

const char *
cmd_home_text(const struct rsp_session *s, char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	struct rsp_session_home home;

	rsp_session_home(s, &home);
	size_t n = strcspn(home.server, ":");
	bool named = n > 0 && home.server[n] == '\0' && strncmp(home.address, home.server, n) != 0;
	const char *between = named && *home.address ? "@" : "";
	(void)snprintf(out, RSP_CLIENT_SERVER_TEXT_MAX, "%s%s%s", named ? home.server : "", between,
		       named || *home.address ? home.address : "a registrar");
	return out;
}

void
cmd_log_listening(const struct rsp_session *s)
{
	char at[RSP_ANNOUNCE_TEXT_MAX];

	for (unsigned i = 0; rsp_session_listens_at(s, i, at); i++)
		rsp_log(RSP_LOG_INFO, at, "listening for announcements");
}

void
cmd_log_heard(const struct rsp_session *s)
{
	struct rsp_client_stats stats;

	if (rsp_cli.n_discover == 0)
		return;
	rsp_session_stats(s, &stats);
	rsp_log(RSP_LOG_INFO, "announcements", "%llu heard, %llu of them of no use",
		(unsigned long long)stats.announcements, (unsigned long long)stats.announcements_dropped);
}

static void
log_hint(const struct rsp_client_event *event)
{
	const struct rsp_client_hint *hint = event->hint;
	char address[RSP_SOCKADDR_TEXT_MAX], source[RSP_IP_TEXT_MAX];
	bool heard = event->type == RSP_CLIENT_HEARD;

	rsp_addr_format(&hint->ip, hint->port, address);
	rsp_ip_format(&hint->source, source);
	if (heard)
		rsp_log(RSP_LOG_INFO, address, "announced by %s as the registrar 0x%08x", source,
			(unsigned)hint->server_id);
	else
		rsp_log(RSP_LOG_INFO, address, "forgotten, it is not announced any more");
}

void
cmd_log_event(const struct rsp_client_event *event)
{
	const struct rsp_client_attempt *attempt = event->attempt;
	char server[RSP_CLIENT_SERVER_TEXT_MAX];

	switch ((int)event->type) {
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
		rsp_log(RSP_LOG_WARNING, event->server, "a message without sense: %s",
			event->why ? event->why->reason : "");
		break;
	case RSP_CLIENT_ASAP_ERROR:
		rsp_log(RSP_LOG_WARNING, event->server, "sent an error: %s",
			rsp_cause_name(event->cause) ? rsp_cause_name(event->cause) : "unknown cause");
		break;
	default:
		rsp_log(RSP_LOG_DEBUG, event->server, "%s", rsp_client_event_name(event->type));
		break;
	}
}
