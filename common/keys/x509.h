#ifndef RSP_KEYS_X509_H
#define RSP_KEYS_X509_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/* The certificates of a scope: a CA signs those of registrars (and, if wanted, of users); users check them. RFC 5355
 * 2.7, 2.12. What GnuTLS lets pass and we do not: a certificate without SAN, without the purpose, an outdated CRL. */

#define RSP_PEM_FILE_MAX   (256U << 10)
#define RSP_X509_CHAIN_MAX 8
#define RSP_X509_SAN_MAX   64

enum rsp_x509_kind { RSP_X509_CA, RSP_X509_SERVER, RSP_X509_USER };

/** What a certificate is to say. */
struct rsp_x509_request {
	enum rsp_x509_kind kind;
	bool ed25519;             /* else ECDSA with P-256 */
	const char *organization; /* the scope's name */
	const char *common_name;
	const char *const *dns; /* SANs */
	size_t n_dns;
	const struct rsp_ip *ips;
	size_t n_ips;
	int64_t not_before_ms, not_after_ms;
	const char *key_pem; /* the private key to certify, of an earlier certificate; NULL: make one */
};

/** A certificate and its private key as PEM, on the heap, NUL-terminated. */
struct rsp_x509_pair {
	char *cert_pem, *key_pem;
};

/** Wipe and free both texts. */
void rsp_x509_pair_done(struct rsp_x509_pair *pair);

/**
 * Make a key pair, or take the request's, and a certificate for it, signed by @ca, or by itself if that is NULL and the request is for a CA.
 */
enum rsp_err rsp_x509_make(const struct rsp_x509_request *request, const struct rsp_x509_pair *ca,
			   struct rsp_x509_pair *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Make a CRL of @ca that says what the lists in @old_pem (or NULL, or "") said and revokes the certificate @revoke_pem (or NULL) as of
 * @now_ms; the next one is due at @next_ms. @ret_pem is on the heap.
 */
enum rsp_err rsp_x509_make_crl(const struct rsp_x509_pair *ca, const char *old_pem, const char *revoke_pem,
			       int64_t now_ms, int64_t next_ms, char **ret_pem, struct rsp_why *why) RSP_NODISCARD;

/** Certificates in use: any member may be NULL. Zero is empty. */
struct rsp_x509 {
	gnutls_x509_crt_t *ca; /* trust anchors */
	unsigned n_ca;
	gnutls_x509_crl_t *crls;
	unsigned n_crls;
	gnutls_x509_crt_t *chain; /* our own certificate, then its issuers */
	unsigned n_chain;
	gnutls_x509_privkey_t key; /* of chain[0] */
};

/** Free what @x509 holds. */
void rsp_x509_done(struct rsp_x509 *x509);

/** Add the trust anchors in the PEM file @path. RSP_ENOTFOUND, RSP_EKEY (with @why) and so on. */
enum rsp_err rsp_x509_load_ca(struct rsp_x509 *x509, const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Add the CRLs in the PEM file @path, in any order. Load the CAs first: a CRL that none of them signed is refused
 * (RSP_EKEY).
 */
enum rsp_err rsp_x509_load_crl(struct rsp_x509 *x509, const char *path, struct rsp_why *why) RSP_NODISCARD;

/** Whether @ca signed @crl, at whatever time; two CAs may have one name. */
bool rsp_x509_crl_is_of(gnutls_x509_crl_t crl, gnutls_x509_crt_t ca);

/** When the newest list of @ca is outdated, in ms, or a negative number if that list does not say; false: there is no list. */
bool rsp_x509_crl_due(const struct rsp_x509 *x509, gnutls_x509_crt_t ca, int64_t *ret_ms);

/**
 * Load our own certificate and its key; the key's file must be closed to others. RSP_EKEY if they do not belong
 * together.
 */
enum rsp_err rsp_x509_load_pair(struct rsp_x509 *x509, const char *cert_path, const char *key_path,
				struct rsp_why *why) RSP_NODISCARD;

/** GnuTLS credentials with all that @x509 has; they copy it. The caller frees them. */
enum rsp_err rsp_x509_credentials(const struct rsp_x509 *x509, gnutls_certificate_credentials_t *ret,
				  struct rsp_why *why) RSP_NODISCARD;

/**
 * Check the certificate @chain of the other side (DER, its own first, as gnutls_certificate_get_peers gives it)
 * against our anchors and CRLs: chain, dates, revocation, the CRL's own age, the purpose, and for a server its SAN:
 * @name is a DNS name or a numeric address; a common name does not count. Returns RSP_ECERT_… or RSP_ECRL_EXPIRED, in
 * words in @why.
 */
enum rsp_err rsp_x509_verify(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n,
			     enum rsp_x509_kind kind, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** The same for a server that may be any of @n_names @names: *@ret_name is then the one that its certificate is for. */
enum rsp_err rsp_x509_verify_any(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n,
				 const char *const *names, size_t n_names, const char **ret_name,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * Whether users who have @trust will believe the registrar @name (NULL: whom its common name calls) with the
 * certificate @own that was read from @path: all of the above but dates, which are not this function's. RSP_EKEY, with
 * @path as the object.
 */
enum rsp_err rsp_x509_verify_own(const struct rsp_x509 *trust, const struct rsp_x509 *own, const char *path,
				 const char *name, struct rsp_why *why) RSP_NODISCARD;

/** The subject's common name of @cert as text, "" if it has none; for records. */
void rsp_x509_common_name(gnutls_x509_crt_t cert, char *out, size_t room);

/** What a record says of a certificate. */
struct rsp_x509_facts {
	char common_name[256];
	char serial[2 * 20 + 1];  /* hex */
	char fingerprint[64 + 1]; /* SHA-256 of the DER, hex */
	const char *algorithm;
	unsigned bits;
	int64_t not_before_ms, not_after_ms;
};

/** Read the facts off @cert. */
enum rsp_err rsp_x509_facts(gnutls_x509_crt_t cert, struct rsp_x509_facts *ret) RSP_NODISCARD;

#endif
