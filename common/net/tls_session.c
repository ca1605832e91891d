#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/tls_creds.h"
#include "net/tls_priv.h"

/* Octets of a ClientHello, or of a client's certificates, at most. GnuTLS would keep up to 128 KiB of each unfinished
 * handshake. */
#define CLIENT_FLIGHT_MAX 32768

static enum rsp_err
begin(struct rsp_tls *tls, unsigned flags, struct rsp_tls_session **ret)
{
	struct rsp_tls_session *ts = calloc(1, sizeof(*ts));
	struct rsp_tls_handshake *hs = calloc(1, sizeof(*hs));

	if (!ts || !hs || gnutls_init(&ts->session, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
		free(ts);
		free(hs);
		return RSP_ENOMEM;
	}
	ts->hs = hs;
	ts->tls = rsp_tls_ref(tls);
	gnutls_session_set_ptr(ts->session, ts);
	gnutls_session_set_keylog_function(ts->session, rsp_tls_keylog);
	gnutls_handshake_set_timeout(ts->session, 0); /* the stream has its own timer */
	*ret = ts;
	return RSP_OK;
}

static int
set_up(struct rsp_tls_session *ts, enum rsp_priority priority, bool psk, bool cert)
{
	const struct rsp_tls *tls = ts->tls;
	int e = gnutls_priority_set(ts->session, tls->priorities[priority]);

	if (e >= 0 && psk && ts->server)
		e = gnutls_credentials_set(ts->session, GNUTLS_CRD_PSK, tls->psk_server);
	else if (e >= 0 && psk)
		e = gnutls_credentials_set(ts->session, GNUTLS_CRD_PSK, tls->psk_client);
	if (e >= 0 && cert) {
		e = gnutls_credentials_set(ts->session, GNUTLS_CRD_CERTIFICATE, tls->cert);
		gnutls_session_set_verify_function(ts->session, rsp_tls_auth_verify);
	}
	return e;
}

enum rsp_err
rsp_tls_session_accept(struct rsp_tls *tls, enum rsp_tls_service service, struct rsp_tls_session **ret)
{
	struct rsp_tls_session *ts;
	bool cert = service == RSP_TLS_ASAP && tls->has_cert;
	enum rsp_err err = begin(tls, GNUTLS_SERVER, &ts);

	if (err)
		return err;
	ts->server = true;
	ts->service = service;
	gnutls_handshake_set_max_packet_length(ts->session, CLIENT_FLIGHT_MAX);
	gnutls_handshake_set_hook_function(ts->session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE,
					   rsp_tls_auth_client_hello);
	int e = set_up(ts, cert ? RSP_PRIORITY_BOTH : RSP_PRIORITY_PSK, true, cert);
	if (e < 0) {
		rsp_tls_session_free(ts);
		return e == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EINTERNAL;
	}
	if (cert && tls->require_user_cert)
		gnutls_certificate_server_set_request(ts->session, GNUTLS_CERT_REQUIRE);
	*ret = ts;
	return RSP_OK;
}

/* Whether a registrar of the scope is called @name. True if @name is NULL, or if the registrars of the scope are not
 * known. */
static bool
is_registrar(const struct rsp_tls *tls, const char *name)
{
	for (size_t i = 0; name && i < tls->n_registrars; i++)
		if (strcmp(tls->registrars[i], name) == 0)
			return true;
	return !name || tls->n_registrars == 0;
}

enum rsp_err
rsp_tls_session_dial(struct rsp_tls *tls, enum rsp_role role, const char *name, unsigned nth,
		     struct rsp_tls_session **ret, struct rsp_why *why)
{
	struct rsp_tls_session *ts;
	const struct rsp_key *key = NULL;
	bool psk = role != RSP_ROLE_USER;
	const char *whom = name ? name : "any registrar of the scope";
	struct rsp_ip ip;

	if (psk && tls->keyring)
		key = rsp_keyring_client_key(tls->keyring, role, tls->me, name, rsp_clock_wall_ms(), nth);
	if (psk && !key)
		return rsp_fail(why, RSP_ENOKEY, whom, "no valid key of role %s from %s to %s%s%s", rsp_role_name(role),
				tls->me[0] ? tls->me : "this node", whom,
				is_registrar(tls, name) ? "" : "; if it is a registrar of the scope, say which: NAME@",
				is_registrar(tls, name) ? "" : name);
	if (!psk && !tls->cert)
		return rsp_fail(why, RSP_ENOKEY, whom,
				"no CA certificate to check the registrar's certificate: give --scope or --tls-ca");
	enum rsp_err err = begin(tls, GNUTLS_CLIENT | GNUTLS_NO_TICKETS | (psk ? GNUTLS_KEY_SHARE_TOP : 0), &ts);
	if (err)
		return rsp_fail(why, err, whom, "%s", rsp_err_text(err));
	ts->hs->wanted = role;
	ts->hs->key = key;
	ts->hs->demand = psk ? RSP_TLS_DEMAND_KEY : name ? RSP_TLS_DEMAND_NAME : RSP_TLS_DEMAND_ANY_NAME;
	(void)snprintf(ts->hs->name, sizeof(ts->hs->name), "%s", name ? name : "");
	int e = set_up(ts, psk ? RSP_PRIORITY_PSK : RSP_PRIORITY_CERT, psk, !psk);
	/* With a key, the server needs no SNI; SNI would show the server's name to eavesdroppers (RFC 5355 s.2.11). */
	if (e >= 0 && !psk && name && rsp_ip_parse(name, &ip) != RSP_OK)
		e = gnutls_server_name_set(ts->session, GNUTLS_NAME_DNS, name, strlen(name));
	if (e < 0) {
		rsp_tls_session_free(ts);
		return rsp_fail(why, e == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EVALUE, whom, "%s",
				gnutls_strerror(e));
	}
	*ret = ts;
	return RSP_OK;
}

/* "illegal_parameter" of GNUTLS_A_ILLEGAL_PARAMETER. */
static void
alert_name(gnutls_session_t session, char *out, size_t room)
{
	gnutls_alert_description_t alert = gnutls_alert_get(session);
	const char *name = gnutls_alert_get_strname(alert);

	if (!name) {
		(void)snprintf(out, room, "%d", (int)alert);
		return;
	}
	if (strncmp(name, "GNUTLS_A_", 9) == 0)
		name += 9;
	size_t i = 0;
	for (; name[i] && i + 1 < room; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[i] = '\0';
}

static gnutls_alert_description_t
certificate_alert(enum rsp_err err)
{
	/* RFC 8446 s.6.2 has alerts for these only. */
	if (err == RSP_ECERT_EXPIRED || err == RSP_ECERT_NOTYET)
		return GNUTLS_A_CERTIFICATE_EXPIRED;
	if (err == RSP_ECERT_REVOKED)
		return GNUTLS_A_CERTIFICATE_REVOKED;
	if (err == RSP_ECERT_CA)
		return GNUTLS_A_UNKNOWN_CA;
	return GNUTLS_A_BAD_CERTIFICATE;
}

/* The meaning of the other side's alert, if that alert has only one possible cause; else NULL. */
static const char *
meaning_of(const struct rsp_tls_session *ts, gnutls_alert_description_t alert)
{
	enum rsp_role role = ts->server || !ts->hs ? RSP_ROLE_NONE : ts->hs->wanted;

	switch ((int)alert) {
	/* Servers refuse a key with different alerts. GnuTLS sends the first. */
	case GNUTLS_A_ILLEGAL_PARAMETER:
	case GNUTLS_A_DECRYPT_ERROR:
	case GNUTLS_A_UNKNOWN_PSK_IDENTITY:
		if (role == RSP_ROLE_ELEMENT)
			return "does not know our key, or has another one for it; is it that registrar, and its ASAP "
			       "port?";
		if (role == RSP_ROLE_MONITOR || role == RSP_ROLE_PEER)
			return "does not know our key, or has another one for it; is it that registrar, and its ENRP "
			       "port?";
		return role == RSP_ROLE_NOTIFY ? "does not know our key, or has another one for it" : NULL;
	case GNUTLS_A_HANDSHAKE_FAILURE:
		return role == RSP_ROLE_USER ? "has no certificate for users, or no cipher suite in common with us; is "
					       "it the ASAP port?"
					     : NULL;
	case GNUTLS_A_BAD_CERTIFICATE:
	case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
	case GNUTLS_A_CERTIFICATE_REVOKED:
	case GNUTLS_A_CERTIFICATE_EXPIRED:
	case GNUTLS_A_CERTIFICATE_UNKNOWN:
	case GNUTLS_A_UNKNOWN_CA:
		return "does not believe our certificate";
	case GNUTLS_A_CERTIFICATE_REQUIRED:
		return "wants a certificate of its users: --tls-cert";
	case GNUTLS_A_PROTOCOL_VERSION:
		return "has no version of TLS in common with us";
	default:
		return NULL;
	}
}

static void
describe_alert(const struct rsp_tls_session *ts, char *reason, size_t room)
{
	const char *meaning = meaning_of(ts, gnutls_alert_get(ts->session));
	char name[64];

	alert_name(ts->session, name, sizeof(name));
	if (meaning)
		(void)snprintf(reason, room, "%s (alert %s)", meaning, name);
	else
		(void)snprintf(reason, room, "refused by the other side: alert %s", name);
}

static enum rsp_err
handshake_error(struct rsp_tls_session *ts, int code, char *reason, size_t room)
{
	if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		describe_alert(ts, reason, room);
		return RSP_EAUTH;
	}
	if (code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_PUSH_ERROR || code == GNUTLS_E_PULL_ERROR) {
		(void)snprintf(reason, room, "closed during the handshake");
		return RSP_ECLOSED;
	}
	if (code == GNUTLS_E_MEMORY_ERROR) {
		(void)snprintf(reason, room, "%s", rsp_err_text(RSP_ENOMEM));
		return RSP_ENOMEM;
	}
	if (ts->hs->judged.verdict == RSP_TLS_BAD) {
		const struct rsp_why *why = &ts->hs->judged.why;

		(void)gnutls_alert_send(ts->session, GNUTLS_AL_FATAL, certificate_alert(why->err));
		(void)snprintf(reason, room, "%s", why->reason[0] ? why->reason : rsp_err_text(why->err));
		return why->err;
	}
	(void)gnutls_alert_send_appropriate(ts->session, code);
	bool mismatch = code == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER || code == GNUTLS_E_DECRYPTION_FAILED;
	bool no_key = code == GNUTLS_E_INSUFFICIENT_CREDENTIALS || code == GNUTLS_E_DECRYPTION_FAILED;
	enum rsp_err offer = ts->server ? rsp_tls_auth_describe_offer(ts, mismatch, reason, room) : RSP_OK;
	if (offer)
		; /* @reason is filled */
	else if (!ts->server && ts->hs->key && no_key)
		(void)snprintf(reason, room, "does not know our key, or has another one for it");
	else if (ts->server && code == GNUTLS_E_INSUFFICIENT_CREDENTIALS)
		(void)snprintf(reason, room,
			       "offers no key, and there is no certificate here: a user at a port for keys?");
	else
		(void)snprintf(reason, room, "handshake failed: %s", gnutls_strerror(code));
	switch (code) {
	case GNUTLS_E_UNEXPECTED_PACKET:
	case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
	case GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET:
	case GNUTLS_E_RECORD_OVERFLOW:
	case GNUTLS_E_TOO_MANY_EMPTY_PACKETS:
	case GNUTLS_E_HANDSHAKE_TOO_LARGE:
		return RSP_EPROTO;
	default:
		return offer ? offer : RSP_EAUTH;
	}
}

enum rsp_err
rsp_tls_session_step(struct rsp_tls_session *ts, bool *ret_done, char *reason, size_t room)
{
	*ret_done = false;
	for (;;) {
		int code = gnutls_handshake(ts->session);

		if (code == GNUTLS_E_SUCCESS)
			break;
		if (code == GNUTLS_E_AGAIN)
			return RSP_OK;
		if (code == GNUTLS_E_INTERRUPTED || !gnutls_error_is_fatal(code))
			continue; /* the alert was only a warning */
		return handshake_error(ts, code, reason, room);
	}
	enum rsp_err e = rsp_tls_auth_peer(ts, reason, room);
	if (e)
		(void)gnutls_alert_send(ts->session, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
	*ret_done = e == RSP_OK;
	return e;
}

static const char *
text(const char *s)
{
	return s ? s : "";
}

enum rsp_err
rsp_tls_session_auth(struct rsp_tls_session *ts, struct rsp_stream_auth *ret)
{
	gnutls_session_t session = ts->session;
	const struct rsp_tls_peer *peer = &ts->hs->peer;
	char *identity = peer->name[0] ? strdup(peer->name) : NULL;

	if (peer->name[0] && !identity)
		return RSP_ENOMEM;
	ret->role = peer->role;
	ret->identity = identity;
	memcpy(ret->key, peer->key, sizeof(ret->key));
	ret->secure = true;
	ret->tls_version = text(gnutls_protocol_get_name(gnutls_protocol_get_version(session)));
	ret->tls_kx = text(gnutls_kx_get_name(gnutls_kx_get(session)));
	ret->tls_cipher = text(gnutls_cipher_get_name(gnutls_cipher_get(session)));
	ret->tls_group = text(gnutls_group_get_name(gnutls_group_get(session)));
	free(ts->hs);
	ts->hs = NULL;
	return RSP_OK;
}

enum rsp_err
rsp_tls_session_record_error(struct rsp_tls_session *ts, ssize_t code, char *reason, size_t room)
{
	switch (code) {
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		describe_alert(ts, reason, room);
		return RSP_EAUTH;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		(void)snprintf(reason, room, "cut off");
		return RSP_ECLOSED;
	case GNUTLS_E_MEMORY_ERROR:
		(void)snprintf(reason, room, "%s", rsp_err_text(RSP_ENOMEM));
		return RSP_ENOMEM;
	default:
		(void)gnutls_alert_send_appropriate(ts->session, (int)code);
		(void)snprintf(reason, room, "%s", gnutls_strerror((int)code));
		return RSP_EPROTO;
	}
}

void
rsp_tls_session_free(struct rsp_tls_session *ts)
{
	if (!ts)
		return;
	gnutls_deinit(ts->session);
	rsp_tls_unref(ts->tls);
	free(ts->hs);
	free(ts);
}
