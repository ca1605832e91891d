#ifndef RSP_NET_TLS_H
#define RSP_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/role.h"
#include "keys/psk.h"
#include "keys/x509.h"

/* The credentials of one node for TLS handshakes, as a client and as a server: its keys, its certificates, the CA
 * that it trusts, and the policy. They are shared and do not change: for new keys make a new object. A connection
 * keeps a reference to the one that it began with. No session tickets, no early data. rsp(7), "Security"; RFC 5355
 * s.2.1-2.8. */
struct rsp_tls;
struct rsp_scope_registrar;

enum rsp_tls_policy {
	RSP_TLS_DEFAULT, /* RFC 9325: TLS 1.3, and 1.2 for certificates; forward secrecy; AEAD */
	RSP_TLS_RFC5352	 /* adds what RFC 5352 s.9.2 and RFC 5353 s.6.2 demand although RFC 9325 advises against it */
};

/** The service of a listener: which roles may connect, and how they authenticate. */
enum rsp_tls_service {
	RSP_TLS_ASAP,  /* elements by key, users by our certificate: role ELEMENT or USER */
	RSP_TLS_ENRP,  /* by key only: role PEER or MONITOR */
	RSP_TLS_NOTIFY /* an element's listener for registrars, by key only: role NOTIFY */
};

struct rsp_tls_config {
	struct rsp_keyring *keyring; /* the new object takes a reference; NULL: no keys */
	const char *me;		     /* the name of this node in keys; NULL or "": a user, without a name */
	const struct rsp_x509 *x509; /* copied; NULL: no certificates */
	enum rsp_tls_policy policy;
	bool require_user_cert; /* on the ASAP port, a user must show a certificate of our CA */
	/* The registrars that may answer a client that dials any registrar of the scope by certificate. Copied. */
	const struct rsp_scope_registrar *registrars;
	size_t n_registrars;
};

/** RSP_EKEY or RSP_ENOMEM, with @why. */
enum rsp_err rsp_tls_new(const struct rsp_tls_config *config, struct rsp_tls **ret, struct rsp_why *why) RSP_NODISCARD;
struct rsp_tls *rsp_tls_ref(struct rsp_tls *tls);
void rsp_tls_unref(struct rsp_tls *tls);
RSP_AUTO_DEFINE(struct rsp_tls *, rsp_tls_unref)

/**
 * To be called first in a program that uses TLS. Makes GnuTLS ignore SSLKEYLOGFILE. If @keylog_path is not NULL, the
 * secrets of every connection are appended there; errors as those of rsp_file_open_private().
 */
enum rsp_err rsp_tls_init(const char *keylog_path, struct rsp_why *why) RSP_NODISCARD;

/** False: some secrets could not be written to the file of rsp_tls_init(). */
bool rsp_tls_keylog_whole(void);

#endif
