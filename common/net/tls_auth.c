#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/tls_creds.h"
#include "net/tls_priv.h"

/* Authenticates the other side. During a handshake, callbacks see only claims: a client can withdraw or change its
 * offer of a key after a HelloRetryRequest, which RFC 8446 s.4.1.2 allows only for keys that the chosen cipher suite
 * excludes, and GnuTLS chooses one that suits the key. An attacker can replay a recorded first ClientHello, binder and
 * all, as nothing in it is fresh. So role and name come from rsp_tls_auth_peer() alone, which reads them from the
 * finished handshake. RFC 5355 2.1-2.6. */

#define ANOTHER_WAY "authenticated in another way than demanded"
#define UNVERIFIED  "certificate not verified"

static bool
role_belongs(enum rsp_tls_service service, enum rsp_role role)
{
	switch (service) {
	case RSP_TLS_ASAP:
		return role == RSP_ROLE_ELEMENT;
	case RSP_TLS_ENRP:
		return role == RSP_ROLE_PEER || role == RSP_ROLE_MONITOR;
	case RSP_TLS_NOTIFY:
		return role == RSP_ROLE_NOTIFY;
	}
	return false;
}

/* The valid key with which @identity may use this port now. NULL: no such key. */
static const struct rsp_key *
key_of(const struct rsp_tls_session *ts, const gnutls_datum_t *identity)
{
	const struct rsp_tls *tls = ts->tls;

	if (!tls->keyring)
		return NULL;
	const struct rsp_key *key =
		rsp_keyring_server_key(tls->keyring, identity->data, identity->size, tls->me, rsp_clock_wall_ms());
	return key && role_belongs(ts->service, key->role) ? key : NULL;
}

static int
give(gnutls_datum_t *to, const void *from, size_t n)
{
	to->data = gnutls_malloc(n);
	if (!to->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(to->data, from, n);
	to->size = (unsigned)n;
	return 0;
}

int
rsp_tls_auth_client_hello(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		     const gnutls_datum_t *message)
{
	struct rsp_tls_session *ts = gnutls_session_get_ptr(session);

	(void)type, (void)when, (void)incoming, (void)message;
	if (!ts->hs)
		return 0;
	if (ts->hs->offer.made)
		ts->hs->first = ts->hs->offer;
	ts->hs->offer = (struct rsp_tls_offer){ 0 };
	return 0;
}

/* The second ClientHello names another key than the first. */
static bool
is_changed(const struct rsp_tls_handshake *hs)
{
	return hs->first.made && hs->offer.made && strcmp(hs->first.identity, hs->offer.identity) != 0;
}

/* A key must be used with one version of TLS only (RFC 9258 s.1): ours are for TLS 1.3. */
static bool
is_old(const struct rsp_tls_session *ts)
{
	return ts->tls->policy == RSP_TLS_DEFAULT && gnutls_protocol_get_version(ts->session) != GNUTLS_TLS1_3;
}

int
rsp_tls_auth_server_key(gnutls_session_t session, const gnutls_datum_t *identity, gnutls_datum_t *key)
{
	struct rsp_tls_session *ts = gnutls_session_get_ptr(session);

	if (!ts->hs)
		return GNUTLS_E_INTERNAL_ERROR;
	struct rsp_tls_offer *offer = &ts->hs->offer;
	const struct rsp_key *found = key_of(ts, identity);

	*offer = (struct rsp_tls_offer){ .made = true };
	if (rsp_identity_ok(identity->data, identity->size))
		memcpy(offer->identity, identity->data, identity->size);
	if (found && !is_old(ts) && !is_changed(ts->hs))
		offer->key = found;
	/* GnuTLS then continues with a random key: the client cannot tell an unknown identity from a wrong key */
	if (!offer->key)
		return 1;
	return give(key, found->secret.bytes, found->secret.n);
}

int
rsp_tls_auth_client_key(gnutls_session_t session, gnutls_datum_t *identity, gnutls_datum_t *key)
{
	struct rsp_tls_session *ts = gnutls_session_get_ptr(session);

	if (!ts->hs || !ts->hs->key)
		return GNUTLS_E_INTERNAL_ERROR;
	const struct rsp_key *k = ts->hs->key;
	int e = give(identity, k->identity, strlen(k->identity));
	if (e == 0)
		e = give(key, k->secret.bytes, k->secret.n);
	if (e) {
		gnutls_free(identity->data);
		identity->data = NULL;
	}
	return e;
}

/* The fingerprint of the certificate @leaf. */
static bool
fingerprint(const gnutls_datum_t *leaf, uint8_t ret[static RSP_TLS_FINGERPRINT_SIZE])
{
	size_t n = RSP_TLS_FINGERPRINT_SIZE;

	return leaf && gnutls_fingerprint(GNUTLS_DIG_SHA256, leaf, ret, &n) >= 0 && n == RSP_TLS_FINGERPRINT_SIZE;
}

int
rsp_tls_auth_verify(gnutls_session_t session)
{
	struct rsp_tls_session *ts = gnutls_session_get_ptr(session);
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);

	if (!ts->hs)
		return GNUTLS_E_INTERNAL_ERROR;
	struct rsp_tls_judged *judged = &ts->hs->judged;
	const struct rsp_tls *tls = ts->tls;
	enum rsp_err e = RSP_ECERT_CA;
	*judged = (struct rsp_tls_judged){ .verdict = RSP_TLS_BAD };
	bool shown = chain && n && fingerprint(chain, judged->leaf);
	if (shown && ts->hs->demand == RSP_TLS_DEMAND_ANY_NAME)
		e = rsp_x509_verify_any(&tls->x509, chain, n, tls->registrars, tls->n_registrars, &judged->registrar,
					&judged->why);
	else if (shown)
		e = rsp_x509_verify(&tls->x509, chain, n, ts->server ? RSP_X509_USER : RSP_X509_SERVER,
				    ts->server ? NULL : ts->hs->name, &judged->why);
	judged->why.err = e;
	if (e)
		return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
	judged->verdict = RSP_TLS_GOOD;
	return 0;
}

/* The certificate of the other side, if rsp_tls_auth_verify() has accepted it; else NULL. */
static const gnutls_datum_t *
good_certificate(const struct rsp_tls_session *ts)
{
	const struct rsp_tls_judged *judged = &ts->hs->judged;
	uint8_t leaf[RSP_TLS_FINGERPRINT_SIZE];
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(ts->session, &n);

	if (!chain || !n || judged->verdict != RSP_TLS_GOOD || !fingerprint(chain, leaf))
		return NULL;
	return memcmp(leaf, judged->leaf, sizeof(leaf)) == 0 ? chain : NULL;
}

static enum rsp_err
refuse(enum rsp_err err, char *reason, size_t room, const char *text)
{
	(void)snprintf(reason, room, "%s", text);
	return err;
}

/* Client: check that the server authenticated with the key or the certificate that was demanded. */
static enum rsp_err
server_is(const struct rsp_tls_session *ts, bool psk, struct rsp_tls_peer *ret, char *reason, size_t room)
{
	const struct rsp_tls_handshake *hs = ts->hs;
	const char *name = hs->name;

	if (psk != (hs->demand == RSP_TLS_DEMAND_KEY))
		return refuse(RSP_EROLE, reason, room, ANOTHER_WAY);
	if (!psk && !good_certificate(ts))
		return refuse(RSP_EAUTH, reason, room, UNVERIFIED);
	if (psk)
		name = hs->key->server;
	else if (hs->demand == RSP_TLS_DEMAND_ANY_NAME)
		name = hs->judged.registrar;
	ret->role = hs->wanted;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	(void)snprintf(ret->key, sizeof(ret->key), "%s", psk ? hs->key->identity : "");
	return RSP_OK;
}

static enum rsp_err
client_is_node(const struct rsp_tls_session *ts, struct rsp_tls_peer *ret, char *reason, size_t room)
{
	gnutls_datum_t identity = { 0 };
	const struct rsp_key *key = NULL;

	if (gnutls_psk_server_get_username2(ts->session, &identity) >= 0)
		key = key_of(ts, &identity);
	if (!key)
		return refuse(RSP_EAUTH, reason, room, "its key expired during the handshake");
	ret->role = key->role;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", key->client);
	memcpy(ret->key, key->identity, sizeof(ret->key));
	return RSP_OK;
}

/* The reason names the owner of the key that the client claimed. The client has not proved that it has the key. */
static void
describe_withdrawn(const struct rsp_tls_handshake *hs, char *reason, size_t room)
{
	const struct rsp_tls_offer *offer = hs->first.made ? &hs->first : &hs->offer;

	(void)snprintf(reason, room,
		       "withdrew its offer of the key %s of %s after a HelloRetryRequest: its ClientHello may be a "
		       "replay",
		       offer->identity, offer->key ? offer->key->client : "an unknown node");
}

/* Why a key that the client named does not open this port. RSP_EUNKNOWN_ID or RSP_EAUTH. */
static enum rsp_err
describe_unfit(const struct rsp_tls_session *ts, char *reason, size_t room)
{
	const struct rsp_tls *tls = ts->tls;
	const char *identity = ts->hs->offer.identity;
	const struct rsp_key *key = tls->keyring ? rsp_keyring_find(tls->keyring, identity, strlen(identity)) : NULL;

	if (is_changed(ts->hs))
		(void)snprintf(reason, room, "offered one key, and after a HelloRetryRequest another one: %s",
			       identity);
	else if (!key)
		(void)snprintf(reason, room, "unknown identity%s%s", identity[0] ? " " : "", identity);
	else if (!role_belongs(ts->service, key->role))
		(void)snprintf(reason, room, "the key %s of %s has the role %s, which has no place here", identity,
			       key->client, rsp_role_name(key->role));
	else if (strcmp(key->server, tls->me) != 0)
		(void)snprintf(reason, room, "the key %s of %s is for the server %s", identity, key->client,
			       key->server);
	else if (is_old(ts))
		(void)snprintf(reason, room, "the key %s of %s was offered in an old version of TLS", identity,
			       key->client);
	else
		(void)snprintf(reason, room, "the key %s of %s has expired", identity, key->client);
	return key || is_changed(ts->hs) ? RSP_EAUTH : RSP_EUNKNOWN_ID;
}

enum rsp_err
rsp_tls_auth_describe_offer(const struct rsp_tls_session *ts, bool mismatch, char *reason, size_t room)
{
	const struct rsp_tls_handshake *hs = ts->hs;

	if (hs->first.made && !hs->offer.made) {
		describe_withdrawn(hs, reason, room);
		return RSP_EAUTH;
	}
	if (!mismatch || !hs->offer.made)
		return RSP_OK;
	if (!hs->offer.key)
		return describe_unfit(ts, reason, room);
	(void)snprintf(reason, room, "wrong key for the identity %s of %s", hs->offer.identity, hs->offer.key->client);
	return RSP_EAUTH;
}

static enum rsp_err
client_is_user(const struct rsp_tls_session *ts, struct rsp_tls_peer *ret, char *reason, size_t room)
{
	const gnutls_datum_t *leaf = good_certificate(ts);
	gnutls_x509_crt_t crt = NULL;

	if (ts->hs->first.made || ts->hs->offer.made) {
		describe_withdrawn(ts->hs, reason, room);
		return RSP_EAUTH;
	}
	if (ts->service != RSP_TLS_ASAP)
		return refuse(RSP_EROLE, reason, room, ANOTHER_WAY);
	if (!leaf && ts->tls->require_user_cert)
		return refuse(RSP_EAUTH, reason, room, UNVERIFIED);
	ret->role = RSP_ROLE_USER;
	if (leaf && gnutls_x509_crt_init(&crt) >= 0) {
		if (gnutls_x509_crt_import(crt, leaf, GNUTLS_X509_FMT_DER) >= 0)
			rsp_x509_common_name(crt, ret->name, sizeof(ret->name));
		gnutls_x509_crt_deinit(crt);
	}
	return RSP_OK;
}

/* Check what GnuTLS priorities cannot exclude: a resumed session, no forward secrecy, a weak TLS 1.2. NULL: all
 * good. */
static const char *
weakness(const struct rsp_tls_session *ts, bool psk)
{
	bool old = gnutls_protocol_get_version(ts->session) != GNUTLS_TLS1_3;
	bool strict = ts->tls->policy == RSP_TLS_DEFAULT;

	if (gnutls_session_is_resumed(ts->session))
		return "a session was resumed";
	if (gnutls_kx_get(ts->session) == GNUTLS_KX_PSK || (psk && old && strict))
		return "the key was used without forward secrecy or in an old version of TLS";
	if (old && strict &&
	    (!gnutls_session_ext_master_secret_status(ts->session) || !gnutls_safe_renegotiation_status(ts->session)))
		return "TLS 1.2 without extended master secret or safe renegotiation";
	return NULL;
}

enum rsp_err
rsp_tls_auth_peer(struct rsp_tls_session *ts, char *reason, size_t room)
{
	gnutls_credentials_type_t type = gnutls_auth_get_type(ts->session);
	bool psk = type == GNUTLS_CRD_PSK;
	const char *weak = weakness(ts, psk);
	struct rsp_tls_peer peer = { 0 };
	enum rsp_err e;

	if (!psk && type != GNUTLS_CRD_CERTIFICATE)
		return refuse(RSP_EROLE, reason, room, ANOTHER_WAY);
	if (!ts->server)
		e = server_is(ts, psk, &peer, reason, room);
	else if (psk)
		e = client_is_node(ts, &peer, reason, room);
	else
		e = client_is_user(ts, &peer, reason, room);
	if (!e && weak)
		e = refuse(RSP_EAUTH, reason, room, weak);
	if (!e)
		ts->hs->peer = peer;
	return e;
}

enum rsp_err
rsp_tls_auth_review(const struct rsp_tls_session *ts, const struct rsp_tls *tls, struct rsp_why *why)
{
	unsigned n = 0;
	/* NULL if the connection uses a key */
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(ts->session, &n);

	if (!ts->server || tls == ts->tls || !chain || !n)
		return RSP_OK;
	return rsp_x509_verify(&tls->x509, chain, n, RSP_X509_USER, NULL, why);
}
