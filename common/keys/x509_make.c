#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "keys/x509.h"

void
rsp_x509_pair_done(struct rsp_x509_pair *pair)
{
	if (pair->key_pem)
		gnutls_memset(pair->key_pem, 0, strlen(pair->key_pem));
	free(pair->key_pem);
	free(pair->cert_pem);
	*pair = (struct rsp_x509_pair){ 0 };
}

/* The issuer's certificate and private key, parsed. */
struct issuer {
	gnutls_x509_crt_t cert;
	gnutls_privkey_t key;
};

static void
issuer_done(struct issuer *issuer)
{
	gnutls_x509_crt_deinit(issuer->cert);
	gnutls_privkey_deinit(issuer->key);
}

static gnutls_datum_t
datum_of(char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)text, .size = (unsigned)strlen(text) };
}

static int
issuer_open(const struct rsp_x509_pair *pair, struct issuer *ret)
{
	gnutls_datum_t cert = datum_of(pair->cert_pem), key = datum_of(pair->key_pem);
	int code = gnutls_x509_crt_init(&ret->cert);

	if (code >= 0)
		code = gnutls_privkey_init(&ret->key);
	if (code >= 0)
		code = gnutls_x509_crt_import(ret->cert, &cert, GNUTLS_X509_FMT_PEM);
	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(ret->key, &key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	return code;
}

static gnutls_digest_algorithm_t
digest_for(gnutls_privkey_t key)
{
	return gnutls_privkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512
										     : GNUTLS_DIG_SHA256;
}

/* A serial number of 128 random bits; positive and always of the same length (RFC 5280 s.4.1.2.2). */
static int
set_serial(gnutls_x509_crt_t cert)
{
	uint8_t serial[16];
	int code = gnutls_rnd(GNUTLS_RND_RANDOM, serial, sizeof(serial));

	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	return code < 0 ? code : gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
}

static int
set_names(gnutls_x509_crt_t cert, const struct rsp_x509_request *request)
{
	int code = gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, request->organization,
						 (unsigned)strlen(request->organization));
	if (code >= 0)
		code = gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, request->common_name,
						     (unsigned)strlen(request->common_name));
	for (size_t i = 0; code >= 0 && i < request->n_dns; i++)
		code = gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, request->dns[i],
							    (unsigned)strlen(request->dns[i]), GNUTLS_FSAN_APPEND);
	for (size_t i = 0; code >= 0 && i < request->n_ips; i++)
		code = gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, request->ips[i].ip,
							    request->ips[i].family == 4 ? 4 : 16, GNUTLS_FSAN_APPEND);
	return code;
}

static int
set_purpose(gnutls_x509_crt_t cert, enum rsp_x509_kind kind)
{
	if (kind == RSP_X509_CA) {
		int code = gnutls_x509_crt_set_basic_constraints(cert, 1, 0);

		return code < 0 ? code
				: gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	}
	int code = gnutls_x509_crt_set_basic_constraints(cert, 0, -1);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_purpose_oid(
			cert, kind == RSP_X509_SERVER ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0);
	return code;
}

static int
set_key_ids(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer)
{
	uint8_t id[64];
	size_t n = sizeof(id);
	int code = gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA1, id, &n);

	if (code >= 0)
		code = gnutls_x509_crt_set_subject_key_id(cert, id, n);
	if (code < 0 || !issuer)
		return code;
	n = sizeof(id);
	code = gnutls_x509_crt_get_subject_key_id(issuer, id, &n, NULL);
	return code < 0 ? code : gnutls_x509_crt_set_authority_key_id(cert, id, n);
}

/* Fill in everything but the signature. */
static int
fill(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, const struct rsp_x509_request *request,
     gnutls_x509_crt_t issuer)
{
	int code = gnutls_x509_crt_set_version(cert, 3);

	if (code >= 0)
		code = gnutls_x509_crt_set_key(cert, key);
	if (code >= 0)
		code = set_serial(cert);
	if (code >= 0)
		code = gnutls_x509_crt_set_activation_time(cert, (time_t)(request->not_before_ms / 1000));
	if (code >= 0)
		code = gnutls_x509_crt_set_expiration_time(cert, (time_t)(request->not_after_ms / 1000));
	if (code >= 0)
		code = set_names(cert, request);
	if (code >= 0)
		code = set_purpose(cert, request->kind);
	return code < 0 ? code : set_key_ids(cert, issuer);
}

static char *
text_of(gnutls_datum_t *pem)
{
	char *text = strndup((const char *)pem->data, pem->size);

	gnutls_memset(pem->data, 0, pem->size);
	gnutls_free(pem->data);
	return text;
}

static int
export_pair(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, struct rsp_x509_pair *ret)
{
	gnutls_datum_t cert_pem = { 0 }, key_pem = { 0 };
	struct rsp_x509_pair pair = { 0 };
	int code = gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &cert_pem);

	if (code >= 0)
		pair.cert_pem = text_of(&cert_pem);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem);
	if (code >= 0)
		pair.key_pem = text_of(&key_pem);
	if (pair.cert_pem && pair.key_pem) {
		*ret = pair;
		return 0;
	}
	rsp_x509_pair_done(&pair);
	return code < 0 ? code : GNUTLS_E_MEMORY_ERROR;
}

static int
import_key(gnutls_x509_privkey_t key, const char *pem)
{
	gnutls_datum_t datum = { .size = (unsigned)strlen(pem) };

	memcpy(&datum.data, &pem, sizeof(datum.data));
	return gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
}

static int
make(const struct rsp_x509_request *request, const struct issuer *issuer, gnutls_x509_crt_t cert,
     gnutls_x509_privkey_t key, struct rsp_x509_pair *ret)
{
	gnutls_pk_algorithm_t algorithm = request->ed25519 ? GNUTLS_PK_EDDSA_ED25519 : GNUTLS_PK_ECDSA;
	gnutls_ecc_curve_t curve = request->ed25519 ? GNUTLS_ECC_CURVE_ED25519 : GNUTLS_ECC_CURVE_SECP256R1;
	struct issuer self = { .cert = cert };
	int code = request->key_pem
			   ? import_key(key, request->key_pem)
			   : gnutls_x509_privkey_generate2(key, algorithm, GNUTLS_CURVE_TO_BITS(curve), 0, NULL, 0);

	if (code >= 0)
		code = fill(cert, key, request, issuer->cert);
	if (code < 0)
		return code;
	if (!issuer->cert) {
		code = gnutls_privkey_init(&self.key);
		if (code >= 0)
			code = gnutls_privkey_import_x509(self.key, key, 0);
		issuer = &self;
	}
	if (code >= 0)
		code = gnutls_x509_crt_privkey_sign(cert, issuer->cert, issuer->key, digest_for(issuer->key), 0);
	gnutls_privkey_deinit(self.key);
	return code < 0 ? code : export_pair(cert, key, ret);
}

enum rsp_err
rsp_x509_make(const struct rsp_x509_request *request, const struct rsp_x509_pair *ca, struct rsp_x509_pair *ret,
	      struct rsp_why *why)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_x509_privkey_t key = NULL;
	struct issuer issuer = { 0 };
	int code = ca ? issuer_open(ca, &issuer) : 0;

	if (code >= 0)
		code = gnutls_x509_crt_init(&cert);
	if (code >= 0)
		code = gnutls_x509_privkey_init(&key);
	if (code >= 0)
		code = make(request, &issuer, cert, key, ret);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
	issuer_done(&issuer);
	if (code >= 0)
		return RSP_OK;
	return rsp_fail(why, code == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EKEY, request->common_name,
			"cannot make a certificate: %s", gnutls_strerror(code));
}

/* Copy the entries of the old CRL. @number: the highest number of the old CRLs. */
static int
copy_list(gnutls_x509_crl_t crl, gnutls_x509_crl_t old, uint64_t *number)
{
	gnutls_x509_crl_iter_t iter = NULL;
	uint8_t serial[32], raw[8] = { 0 };
	size_t n, raw_n = sizeof(raw);
	uint64_t its_number = 0;
	time_t when;
	int code = 0;

	while (code >= 0) {
		n = sizeof(serial);
		code = gnutls_x509_crl_iter_crt_serial(old, &iter, serial, &n, &when);
		if (code >= 0)
			code = gnutls_x509_crl_set_crt_serial(crl, serial, n, when);
	}
	if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		code = 0;
	if (code >= 0 && gnutls_x509_crl_get_number(old, raw, &raw_n, NULL) >= 0)
		for (size_t i = 0; i < raw_n; i++)
			its_number = its_number << 8 | raw[i];
	*number = its_number > *number ? its_number : *number;
	gnutls_x509_crl_iter_deinit(iter);
	return code;
}

static int
copy_old(gnutls_x509_crl_t crl, const char *old_pem, uint64_t *number)
{
	gnutls_x509_crl_t *old = NULL;
	unsigned n = 0;
	RSP_AUTO(rsp_free) char *copy = strdup(old_pem);

	if (!copy)
		return GNUTLS_E_MEMORY_ERROR;
	if (!*copy)
		return 0;
	gnutls_datum_t pem = datum_of(copy);
	int code = gnutls_x509_crl_list_import2(&old, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
	for (unsigned i = 0; i < n; i++) {
		if (code >= 0)
			code = copy_list(crl, old[i], number);
		gnutls_x509_crl_deinit(old[i]);
	}
	gnutls_free(old);
	return code;
}

static int
revoke(gnutls_x509_crl_t crl, const char *cert_pem, int64_t now_ms)
{
	gnutls_x509_crt_t cert = NULL;
	RSP_AUTO(rsp_free) char *copy = strdup(cert_pem);

	if (!copy)
		return GNUTLS_E_MEMORY_ERROR;
	gnutls_datum_t pem = datum_of(copy);
	int code = gnutls_x509_crt_init(&cert);
	if (code >= 0)
		code = gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM);
	if (code >= 0)
		code = gnutls_x509_crl_set_crt(crl, cert, (time_t)(now_ms / 1000));
	gnutls_x509_crt_deinit(cert);
	return code;
}

static int
sign_crl(gnutls_x509_crl_t crl, const struct issuer *ca, uint64_t number)
{
	uint8_t id[64], raw[8];
	size_t n = sizeof(id);
	int code = gnutls_x509_crt_get_subject_key_id(ca->cert, id, &n, NULL);

	for (unsigned i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)(number >> (56 - 8 * i));
	if (code >= 0)
		code = gnutls_x509_crl_set_authority_key_id(crl, id, n);
	if (code >= 0)
		code = gnutls_x509_crl_set_number(crl, raw, sizeof(raw));
	return code < 0 ? code : gnutls_x509_crl_privkey_sign(crl, ca->cert, ca->key, digest_for(ca->key), 0);
}

enum rsp_err
rsp_x509_make_crl(const struct rsp_x509_pair *ca, const char *old_pem, const char *revoke_pem, int64_t now_ms,
		  int64_t next_ms, char **ret_pem, struct rsp_why *why)
{
	gnutls_x509_crl_t crl = NULL;
	gnutls_datum_t pem = { 0 };
	struct issuer issuer = { 0 };
	uint64_t number = 0;
	int code = issuer_open(ca, &issuer);

	if (code >= 0)
		code = gnutls_x509_crl_init(&crl);
	if (code >= 0)
		code = gnutls_x509_crl_set_version(crl, 2);
	if (code >= 0 && old_pem)
		code = copy_old(crl, old_pem, &number);
	if (code >= 0 && revoke_pem)
		code = revoke(crl, revoke_pem, now_ms);
	if (code >= 0)
		code = gnutls_x509_crl_set_this_update(crl, (time_t)(now_ms / 1000));
	if (code >= 0)
		code = gnutls_x509_crl_set_next_update(crl, (time_t)(next_ms / 1000));
	if (code >= 0)
		code = sign_crl(crl, &issuer, number + 1);
	if (code >= 0)
		code = gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem);
	gnutls_x509_crl_deinit(crl);
	issuer_done(&issuer);
	char *text = code >= 0 ? text_of(&pem) : NULL;
	if (!text)
		return rsp_fail(why, code >= 0 || code == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EKEY, "crl.pem",
				"cannot make a revocation list: %s",
				code >= 0 ? rsp_err_text(RSP_ENOMEM) : gnutls_strerror(code));
	*ret_pem = text;
	return RSP_OK;
}
