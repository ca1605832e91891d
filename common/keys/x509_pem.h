#ifndef RSP_KEYS_X509_PEM_H
#define RSP_KEYS_X509_PEM_H

#include <stdbool.h>

#include "base/bytes.h"
#include "keys/x509.h"

/* PEM texts that hold several certificates or lists, as ca.pem and crl.pem do while one CA takes the place of another. */

/** Take the next PEM block of *@at, from its BEGIN line to its END line with the line's end, into @ret; false: no more. */
bool rsp_pem_next(const char **at, struct rsp_bytes *ret);

/** The first certificate of @certs_pem that belongs to the private key @key_pem, on the heap; RSP_EKEY if there is none. */
enum rsp_err rsp_pem_certificate_of_key(const char *certs_pem, const char *key_pem, char **ret) RSP_NODISCARD;

/** The lists of @crls_pem that @ca_pem, one certificate, signed (@of), or those that it did not; on the heap, may be "". */
enum rsp_err rsp_pem_crls_of(const char *crls_pem, const char *ca_pem, bool of, char **ret) RSP_NODISCARD;

/** Whether the certificate @cert_pem was signed by the CA @ca_pem. */
bool rsp_pem_is_signed_by(const char *cert_pem, const char *ca_pem);

/** Whom a certificate is for. */
struct rsp_x509_names {
	char dns[RSP_X509_SAN_MAX][254];
	size_t n_dns;
	struct rsp_ip ips[RSP_X509_SAN_MAX];
	size_t n_ips;
	bool ed25519; /* its key */
};

/** Read the subjectAltNames of @cert_pem; the ones that are neither DNS names nor addresses are left out. RSP_EKEY. */
enum rsp_err rsp_pem_names(const char *cert_pem, struct rsp_x509_names *ret) RSP_NODISCARD;

#endif
