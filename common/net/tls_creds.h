#ifndef RSP_NET_TLS_CREDS_H
#define RSP_NET_TLS_CREDS_H

#include <gnutls/gnutls.h>

#include "net/tls.h"

/* For tls.c (credentials), tls_session.c (handshakes) and tls_auth.c (authentication of the other side). */

enum rsp_priority {
	RSP_PRIORITY_CERT, /* a client that wants a certificate */
	RSP_PRIORITY_PSK,  /* either side, by key only */
	RSP_PRIORITY_BOTH, /* the ASAP port */
	RSP_PRIORITY_COUNT
};

struct rsp_tls {
	unsigned refs;
	enum rsp_tls_policy policy;
	bool require_user_cert, has_cert;
	char me[RSP_NAME_MAX + 1];
	struct rsp_keyring *keyring; /* NULL: none */
	const char **registrars;     /* names: one allocation with what it points to */
	size_t n_registrars;
	struct rsp_x509 x509;	     /* anchors and CRLs only */
	gnutls_certificate_credentials_t cert;
	gnutls_psk_server_credentials_t psk_server;
	gnutls_psk_client_credentials_t psk_client;
	gnutls_priority_t priorities[RSP_PRIORITY_COUNT];
};

/* Callbacks of GnuTLS. Each returns one of its codes. None of them decides on the role or the name: rsp_tls_auth_peer()
 * does. */

/** Server, hook: the first or second ClientHello begins; the offer of the previous ClientHello moves to hs->first. */
int rsp_tls_auth_client_hello(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
			 const gnutls_datum_t *message);

/** Server: give GnuTLS the key of @identity and note the offer in hs->offer. 1: no such key, use a random key. */
int rsp_tls_auth_server_key(gnutls_session_t session, const gnutls_datum_t *identity, gnutls_datum_t *key);

/** Client: give GnuTLS the key that this connection offers. */
int rsp_tls_auth_client_key(gnutls_session_t session, gnutls_datum_t *identity, gnutls_datum_t *key);

/** Check the certificate that the other side has shown and note the verdict in hs->judged. */
int rsp_tls_auth_verify(gnutls_session_t session);

/** Write a secret to the file of --keylog-file, if that option was given. */
int rsp_tls_keylog(gnutls_session_t session, const char *label, const gnutls_datum_t *secret);

#endif
