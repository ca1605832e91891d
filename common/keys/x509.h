#ifndef RSP_KEYS_X509_H
#define RSP_KEYS_X509_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/* The certificates of a scope: a CA signs those of registrars (and of users, if wanted), and users check them. RFC
 * 5355 s.2.7, s.2.12. Beyond GnuTLS's checks, refused are a certificate without SAN or without the purpose, and an
 * outdated CRL. */

#define RSP_PEM_FILE_MAX   (256U << 10)
#define RSP_X509_CHAIN_MAX 8
#define RSP_X509_SAN_MAX   64

enum rsp_x509_kind { RSP_X509_CA, RSP_X509_SERVER, RSP_X509_USER };

/** A request for a certificate. */
struct rsp_x509_request {
	enum rsp_x509_kind kind;
	bool ed25519;             /* RSA; else ECDSA with P-256 */
	const char *organization; /* the scope's name */
	const char *common_name;
	const char *const *dns; /* SANs */
	size_t n_dns;
	const struct rsp_ip *ips;
	size_t n_ips;
	int64_t not_before_ms, not_after_ms;
	const char *key_pem; /* the private key of an earlier certificate; NULL: make a new one */
};

/** A certificate and its private key as PEM, on the heap, NUL-terminated. */
struct rsp_x509_pair {
	char *cert_pem, *key_pem;
};

/** Wipe and free both texts. */
void rsp_x509_pair_done(struct rsp_x509_pair *pair);

/**
 * Make a key pair, or use the key of the request, and a certificate for it. It is signed by @ca; or by itself, if @ca
 * is NULL and the request is for a CA.
 */
enum rsp_err rsp_x509_make(const struct rsp_x509_request *request, const struct rsp_x509_pair *ca,
			   struct rsp_x509_pair *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Make a CRL of @ca: it has the entries of the CRLs in @old_pem (or NULL, or ""), and revokes the certificate
 * @revoke_pem (or NULL) as of @now_ms. The next CRL is due at @next_ms. @ret_pem is on the heap.
 */
enum rsp_err rsp_x509_make_crl(const struct rsp_x509_pair *ca, const char *old_pem, const char *revoke_pem,
			       int64_t now_ms, int64_t next_ms, char **ret_pem, struct rsp_why *why) RSP_NODISCARD;

/** Certificates in use. Any member may be NULL; zero is empty. */
struct rsp_x509 {
	gnutls_x509_crt_t *ca; /* trust anchors */
	unsigned n_ca;
	gnutls_x509_crl_t *crls;
	unsigned n_crls;
	gnutls_x509_crt_t *chain; /* this node's certificate, then those of its issuers */
	unsigned n_chain;
	gnutls_x509_privkey_t key; /* the private key of chain[0] */
};

/** Free all members of @x509. */
void rsp_x509_done(struct rsp_x509 *x509);

/** Add the trust anchors in the PEM file @path. RSP_ENOTFOUND, RSP_EKEY and so on, with @why. */
enum rsp_err rsp_x509_load_ca(struct rsp_x509 *x509, const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Add the CRLs in the PEM file @path, in any order. Load the CAs before: a CRL that none of them signed is RSP_EKEY.
 */
enum rsp_err rsp_x509_load_crl(struct rsp_x509 *x509, const char *path, struct rsp_why *why) RSP_NODISCARD;

/** Whether @ca signed @crl, at any time. The signature is checked, because two CAs may have one name. */
bool rsp_x509_crl_is_of(gnutls_x509_crl_t crl, gnutls_x509_crt_t ca);

/**
 * When the newest CRL of @ca becomes outdated, in ms since 1970; negative if the CRL has no such date. False: @ca has
 * no CRL.
 */
bool rsp_x509_crl_due(const struct rsp_x509 *x509, gnutls_x509_crt_t ca, int64_t *ret_ms);

/** Load this node's certificate and its key. The key's file must be closed to others. RSP_EKEY if they do not match. */
enum rsp_err rsp_x509_load_pair(struct rsp_x509 *x509, const char *cert_path, const char *key_path,
				struct rsp_why *why) RSP_NODISCARD;

/** GnuTLS credentials made of copies of all that @x509 has. The caller frees them. */
enum rsp_err rsp_x509_credentials(const struct rsp_x509 *x509, gnutls_certificate_credentials_t *ret,
				  struct rsp_why *why) RSP_NODISCARD;

/**
 * Check the certificate chain of the other side (DER, its own certificate first, as gnutls_certificate_get_peers()
 * returns it) against the trust anchors and CRLs: chain, dates, revocation, age of the CRL, purpose; and for a server
 * its SAN: @name is a DNS name or an address; the common name does not count. Returns RSP_ECERT_... or
 * RSP_ECRL_EXPIRED, described in @why.
 */
enum rsp_err rsp_x509_verify(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n,
			     enum rsp_x509_kind kind, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** As rsp_x509_verify(), for a server with any of the @n_names @names: *@ret_name is the name in its certificate. */
enum rsp_err rsp_x509_verify_any(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n,
				 const char *const *names, size_t n_names, const char **ret_name,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * Whether users with the anchors @trust accept the registrar @name (NULL: the common name of the certificate) with the
 * certificate @own, which was read from @path. Checks what rsp_x509_verify() checks, except dates. RSP_EKEY, with @path
 * as object.
 */
enum rsp_err rsp_x509_verify_own(const struct rsp_x509 *trust, const struct rsp_x509 *own, const char *path,
				 const char *name, struct rsp_why *why) RSP_NODISCARD;

/** The subject's common name of @cert; "" if it has none. For records. */
void rsp_x509_common_name(gnutls_x509_crt_t cert, char *out, size_t room);

/** The members of a certificate's record. */
struct rsp_x509_facts {
	char common_name[256];
	char serial[2 * 20 + 1];  /* hex */
	char fingerprint[64 + 1]; /* SHA-256 of the DER, hex */
	const char *algorithm;
	unsigned bits;
	int64_t not_before_ms, not_after_ms;
};

/** Fill @ret from @cert. */
enum rsp_err rsp_x509_facts(gnutls_x509_crt_t cert, struct rsp_x509_facts *ret) RSP_NODISCARD;

#endif
