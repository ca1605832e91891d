#ifndef RSP_KEYS_X509_PEM_H
#define RSP_KEYS_X509_PEM_H

#include <stdbool.h>

#include "base/bytes.h"
#include "keys/x509.h"

/* PEM texts with several certificates or CRLs, as ca.pem and crl.pem are during a rollover. */

/**
 * Take the next PEM block of *@at, from its BEGIN line to the end of its END line, into @ret; false: no further block.
 */
bool rsp_pem_next(const char **at, struct rsp_bytes *ret);

/**
 * The first certificate in @certs_pem that belongs to the private key @key_pem, on the heap; RSP_EKEY if there is none.
 */
enum rsp_err rsp_pem_certificate_of_key(const char *certs_pem, const char *key_pem, char **ret) RSP_NODISCARD;

/** The CRLs in @crls_pem that the certificate @ca_pem signed (@of), or all others; on the heap, may be "". */
enum rsp_err rsp_pem_crls_of(const char *crls_pem, const char *ca_pem, bool of, char **ret) RSP_NODISCARD;

/** Whether the certificate @cert_pem was signed by the CA @ca_pem. */
bool rsp_pem_is_signed_by(const char *cert_pem, const char *ca_pem);

/** The names and key of a certificate. */
struct rsp_x509_names {
	char dns[RSP_X509_SAN_MAX][254];
	size_t n_dns;
	struct rsp_ip ips[RSP_X509_SAN_MAX];
	size_t n_ips;
	bool ed25519; /* its key */
};

/** Read the subjectAltNames of @cert_pem that are DNS names or addresses; others are left out. RSP_EKEY. */
enum rsp_err rsp_pem_names(const char *cert_pem, struct rsp_x509_names *ret) RSP_NODISCARD;

#endif
