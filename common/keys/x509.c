#include "keys/x509.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"

void
rsp_x509_done(struct rsp_x509 *x509)
{
	for (unsigned i = 0; i < x509->n_ca; i++)
		gnutls_x509_crt_deinit(x509->ca[i]);
	for (unsigned i = 0; i < x509->n_crls; i++)
		gnutls_x509_crl_deinit(x509->crls[i]);
	for (unsigned i = 0; i < x509->n_chain; i++)
		gnutls_x509_crt_deinit(x509->chain[i]);
	gnutls_free(x509->ca);
	gnutls_free(x509->crls);
	gnutls_free(x509->chain);
	gnutls_x509_privkey_deinit(x509->key);
	*x509 = (struct rsp_x509){ 0 };
}

static enum rsp_err
bad_pem(struct rsp_why *why, const char *path, const char *what, int code)
{
	enum rsp_err err = code == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EKEY;

	return rsp_fail(why, err, path, "is not %s in PEM: %s", what, gnutls_strerror(code));
}

static enum rsp_err
read_pem(const char *path, enum rsp_file_kind kind, gnutls_datum_t *ret, struct rsp_why *why)
{
	uint8_t *text;
	size_t n;
	enum rsp_err err = rsp_file_read(path, kind, RSP_PEM_FILE_MAX, &text, &n, why);

	if (!err)
		*ret = (gnutls_datum_t){ .data = text, .size = (unsigned)n };
	return err;
}

static enum rsp_err
load_certificates(const char *path, gnutls_x509_crt_t **ret, unsigned *ret_n, struct rsp_why *why)
{
	gnutls_datum_t pem;
	gnutls_x509_crt_t *list = NULL;
	unsigned n = 0;
	enum rsp_err err = read_pem(path, RSP_FILE_TRUSTED, &pem, why);

	if (err)
		return err;
	int code = gnutls_x509_crt_list_import2(&list, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
	free(pem.data);
	if (code < 0)
		return bad_pem(why, path, "a certificate", code);
	*ret = list;
	*ret_n = n;
	if (n <= RSP_X509_CHAIN_MAX)
		return RSP_OK;
	return rsp_fail(why, RSP_ELIMIT, path, "has more than %d certificates: remove those that are not needed",
			RSP_X509_CHAIN_MAX);
}

enum rsp_err
rsp_x509_load_ca(struct rsp_x509 *x509, const char *path, struct rsp_why *why)
{
	enum rsp_err err = load_certificates(path, &x509->ca, &x509->n_ca, why);

	for (unsigned i = 0; !err && i < x509->n_ca; i++)
		if (gnutls_x509_crt_get_ca_status(x509->ca[i], NULL) <= 0)
			err = rsp_fail(why, RSP_EKEY, path,
				       "is not the certificate of a CA (rsp-keygen bundle writes ca.pem)");
	return err;
}

enum rsp_err
rsp_x509_load_crl(struct rsp_x509 *x509, const char *path, struct rsp_why *why)
{
	gnutls_datum_t pem;
	enum rsp_err err = read_pem(path, RSP_FILE_TRUSTED, &pem, why);

	if (err)
		return err;
	int code = gnutls_x509_crl_list_import2(&x509->crls, &x509->n_crls, &pem, GNUTLS_X509_FMT_PEM, 0);
	free(pem.data);
	if (code < 0)
		return bad_pem(why, path, "a revocation list", code);
	for (unsigned i = 0; i < x509->n_crls; i++) {
		bool ours = false;

		for (unsigned j = 0; !ours && j < x509->n_ca; j++)
			ours = rsp_x509_crl_is_of(x509->crls[i], x509->ca[j]);
		if (!ours)
			return rsp_fail(why, RSP_EKEY, path,
					"is not signed by the scope's CA (rsp-keygen crl makes a new one)");
	}
	return RSP_OK;
}

bool
rsp_x509_crl_is_of(gnutls_x509_crl_t crl, gnutls_x509_crt_t ca)
{
	/* check_crl() checks the age when the CRL is used */
	const unsigned aged = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
	unsigned status = 0;

	if (gnutls_x509_crl_verify(crl, &ca, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) < 0)
		return false;
	return (status & aged ? status & ~aged & ~(unsigned)GNUTLS_CERT_INVALID : status) == 0;
}

/* Compare name and key id; the CRL's signature was checked when it was loaded. */
static bool
names_as_issuer(gnutls_x509_crl_t crl, gnutls_x509_crt_t ca)
{
	uint8_t crl_id[64], ca_id[64];
	size_t crl_n = sizeof(crl_id), ca_n = sizeof(ca_id);

	if (!gnutls_x509_crl_check_issuer(crl, ca))
		return false;
	if (gnutls_x509_crl_get_authority_key_id(crl, crl_id, &crl_n, NULL) < 0 ||
	    gnutls_x509_crt_get_subject_key_id(ca, ca_id, &ca_n, NULL) < 0)
		return true;
	return crl_n == ca_n && memcmp(crl_id, ca_id, ca_n) == 0;
}

bool
rsp_x509_crl_due(const struct rsp_x509 *x509, gnutls_x509_crt_t ca, int64_t *ret_ms)
{
	time_t newest = 0;
	bool found = false;

	for (unsigned i = 0; i < x509->n_crls; i++) {
		time_t made = gnutls_x509_crl_get_this_update(x509->crls[i]);

		if (!names_as_issuer(x509->crls[i], ca) || (found && made < newest))
			continue;
		newest = made;
		*ret_ms = (int64_t)gnutls_x509_crl_get_next_update(x509->crls[i]) * 1000;
		found = true;
	}
	return found;
}

enum rsp_err
rsp_x509_load_pair(struct rsp_x509 *x509, const char *cert_path, const char *key_path, struct rsp_why *why)
{
	gnutls_datum_t pem;
	uint8_t cert_id[64], key_id[64];
	size_t cert_n = sizeof(cert_id), key_n = sizeof(key_id);
	enum rsp_err err = load_certificates(cert_path, &x509->chain, &x509->n_chain, why);

	if (!err)
		err = read_pem(key_path, RSP_FILE_SECRET, &pem, why);
	if (err)
		return err;
	int code = gnutls_x509_privkey_init(&x509->key);
	if (code == 0)
		code = gnutls_x509_privkey_import2(x509->key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	gnutls_memset(pem.data, 0, pem.size);
	free(pem.data);
	if (code < 0)
		return bad_pem(why, key_path, "a private key", code);
	if (gnutls_x509_crt_get_key_id(x509->chain[0], GNUTLS_KEYID_USE_SHA256, cert_id, &cert_n) < 0 ||
	    gnutls_x509_privkey_get_key_id(x509->key, GNUTLS_KEYID_USE_SHA256, key_id, &key_n) < 0 || cert_n != key_n ||
	    memcmp(cert_id, key_id, key_n) != 0)
		return rsp_fail(why, RSP_EKEY, key_path, "is not the key of %s: take both files from one bundle",
				cert_path);
	return RSP_OK;
}

enum rsp_err
rsp_x509_credentials(const struct rsp_x509 *x509, gnutls_certificate_credentials_t *ret, struct rsp_why *why)
{
	gnutls_certificate_credentials_t credentials;
	int code = gnutls_certificate_allocate_credentials(&credentials);

	if (code < 0)
		return rsp_fail(why, RSP_ENOMEM, "certificates", "%s", gnutls_strerror(code));
	if (x509->n_ca)
		code = gnutls_certificate_set_x509_trust(credentials, x509->ca, (int)x509->n_ca);
	if (code >= 0 && x509->n_crls)
		code = gnutls_certificate_set_x509_crl(credentials, x509->crls, (int)x509->n_crls);
	if (code >= 0 && x509->key)
		code = gnutls_certificate_set_x509_key(credentials, x509->chain, (int)x509->n_chain, x509->key);
	if (code < 0) {
		gnutls_certificate_free_credentials(credentials);
		return rsp_fail(why, code == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EKEY, "certificates", "%s",
				gnutls_strerror(code));
	}
	*ret = credentials;
	return RSP_OK;
}

void
rsp_x509_common_name(gnutls_x509_crt_t cert, char *out, size_t room)
{
	if (gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &room) < 0)
		out[0] = '\0';
}

enum rsp_err
rsp_x509_facts(gnutls_x509_crt_t cert, struct rsp_x509_facts *ret)
{
	struct rsp_x509_facts facts = { 0 };
	uint8_t serial[20], digest[32];
	size_t serial_n = sizeof(serial), digest_n = sizeof(digest);

	if (gnutls_x509_crt_get_serial(cert, serial, &serial_n) < 0 ||
	    gnutls_x509_crt_get_fingerprint(cert, GNUTLS_DIG_SHA256, digest, &digest_n) < 0)
		return RSP_EKEY;
	rsp_x509_common_name(cert, facts.common_name, sizeof(facts.common_name));
	rsp_hex_encode(rsp_bytes_of(serial, serial_n), facts.serial);
	rsp_hex_encode(rsp_bytes_of(digest, digest_n), facts.fingerprint);
	int algorithm = gnutls_x509_crt_get_pk_algorithm(cert, &facts.bits);
	facts.algorithm = algorithm < 0 ? "unknown" : gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm);
	facts.not_before_ms = (int64_t)gnutls_x509_crt_get_activation_time(cert) * 1000;
	facts.not_after_ms = (int64_t)gnutls_x509_crt_get_expiration_time(cert) * 1000;
	*ret = facts;
	return RSP_OK;
}

/* GnuTLS accepts an outdated CRL, although certificates revoked since are unknown then. Only the CRL of the CA that
 * issued @last, the end of the chain, is checked: a CA that was replaced may have an old CRL. */
static enum rsp_err
check_crl(const struct rsp_x509 *x509, gnutls_x509_crt_t last, const char *name, struct rsp_why *why)
{
	int64_t due;

	for (unsigned i = 0; i < x509->n_ca; i++) {
		char date[RSP_TIMESTAMP_MAX];

		if (!gnutls_x509_crt_check_issuer(last, x509->ca[i]) || !rsp_x509_crl_due(x509, x509->ca[i], &due) ||
		    due >= rsp_clock_wall_ms())
			continue;
		rsp_clock_format(due, date);
		return rsp_fail(why, RSP_ECRL_EXPIRED, name, "crl.pem: a newer list was due on %s (rsp-keygen crl)",
				due < 0 ? "a day not given" : date);
	}
	return RSP_OK;
}

static enum rsp_err
check_purpose(gnutls_x509_crt_t cert, enum rsp_x509_kind kind, const char *name, struct rsp_why *why)
{
	const char *wanted = kind == RSP_X509_SERVER ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;

	for (unsigned i = 0;; i++) {
		char oid[128];
		size_t n = sizeof(oid);
		int code = gnutls_x509_crt_get_key_purpose_oid(cert, i, oid, &n, NULL);

		if (code == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (code < 0)
			break;
		if (strcmp(oid, wanted) == 0)
			return RSP_OK;
	}
	return rsp_fail(why, RSP_ECERT_PURPOSE, name, "the certificate is not made for a TLS %s",
			kind == RSP_X509_SERVER ? "server" : "client");
}

static bool
has_san(gnutls_x509_crt_t cert, unsigned wanted)
{
	for (unsigned i = 0;; i++) {
		char san[1024];
		size_t n = sizeof(san);
		int type = gnutls_x509_crt_get_subject_alt_name(cert, i, san, &n, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			return false;
		if ((unsigned)type == wanted)
			return true;
	}
}

static enum rsp_err
check_name(gnutls_x509_crt_t cert, const char *name, struct rsp_why *why)
{
	struct rsp_ip ip;
	bool numeric = rsp_ip_parse(name, &ip) == RSP_OK;

	if (!has_san(cert, numeric ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME))
		return rsp_fail(why, RSP_ECERT_NAME, name,
				"the certificate has no %s (rsp-keygen registrar NAME --%s --force adds it)",
				numeric ? "IP address in its subjectAltName" : "DNS name in its subjectAltName",
				numeric ? "ip ADDRESS" : "dns HOST");
	bool matches = numeric ? gnutls_x509_crt_check_ip(cert, ip.ip, ip.family == 4 ? 4 : 16, 0) != 0
			       : gnutls_x509_crt_check_hostname(cert, name) != 0;
	if (matches)
		return RSP_OK;
	char own[256];
	rsp_x509_common_name(cert, own, sizeof(own));
	return rsp_fail(why, RSP_ECERT_NAME, name,
			"the certificate is for another name (of \"%s\"): name that registrar, NAME@HOST:PORT", own);
}

/* Say whose dates are wrong: those of the certificate that was shown (its owner's cert.pem), or those of a CA. */
static enum rsp_err
judge_expired(const struct rsp_x509 *x509, gnutls_x509_crt_t leaf, const char *name, struct rsp_why *why)
{
	int64_t now_ms = rsp_clock_wall_ms(), end_ms = (int64_t)gnutls_x509_crt_get_expiration_time(leaf) * 1000;
	char date[RSP_TIMESTAMP_MAX];

	rsp_clock_format(end_ms, date);
	if (end_ms < now_ms)
		return rsp_fail(why, RSP_ECERT_EXPIRED, name,
				"its cert.pem: the certificate expired on %s (rsp-keygen renew)", date);
	for (unsigned i = 0; i < x509->n_ca; i++) {
		end_ms = (int64_t)gnutls_x509_crt_get_expiration_time(x509->ca[i]) * 1000;
		if (end_ms >= now_ms || !gnutls_x509_crt_check_issuer(leaf, x509->ca[i]))
			continue;
		rsp_clock_format(end_ms, date);
		return rsp_fail(why, RSP_ECERT_EXPIRED, name,
				"ca.pem: the CA's certificate expired on %s (rsp-keygen rollover)", date);
	}
	return rsp_fail(why, RSP_ECERT_EXPIRED, name, "a certificate between this one and the CA expired");
}

static enum rsp_err
judge(const struct rsp_x509 *x509, unsigned status, gnutls_x509_crt_t leaf, const char *name, struct rsp_why *why)
{
	if (status == 0)
		return RSP_OK;
	if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA | GNUTLS_CERT_SIGNATURE_FAILURE))
		return rsp_fail(why, RSP_ECERT_CA, name, "the certificate is not from the scope's CA (ca.pem)");
	if (status & GNUTLS_CERT_REVOKED)
		return rsp_fail(why, RSP_ECERT_REVOKED, name,
				"the certificate was revoked (crl.pem): its holder needs a new one (a registrar: rsp-keygen "
				"bundle NAME --force)");
	if (status & GNUTLS_CERT_EXPIRED)
		return judge_expired(x509, leaf, name, why);
	if (status & GNUTLS_CERT_NOT_ACTIVATED)
		return rsp_fail(why, RSP_ECERT_NOTYET, name,
				"the certificate is not yet valid: check the clock of this host");
	if (status & (GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE))
		return rsp_fail(
			why, RSP_ECRL_EXPIRED, name,
			"crl.pem: the list is of another time: check the clock of this host, or rsp-keygen crl");
	if (status & (GNUTLS_CERT_PURPOSE_MISMATCH | GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE))
		return rsp_fail(why, RSP_ECERT_PURPOSE, name, "the certificate is not made for this");
	return rsp_fail(why, RSP_EAUTH, name, "the certificate is not acceptable (status 0x%x)", status);
}

static enum rsp_err
verify_chain(const struct rsp_x509 *x509, gnutls_x509_crt_t *chain, unsigned n, enum rsp_x509_kind kind,
	     const char *name, struct rsp_why *why)
{
	char server[] = GNUTLS_KP_TLS_WWW_SERVER, client[] = GNUTLS_KP_TLS_WWW_CLIENT;
	char *purpose = kind == RSP_X509_SERVER ? server : client;
	gnutls_typed_vdata_st data = { .type = GNUTLS_DT_KEY_PURPOSE_OID };
	gnutls_x509_trust_list_t list = NULL;
	unsigned status = 0;

	data.data = (unsigned char *)purpose;
	data.size = (unsigned)strlen(purpose);
	int code = gnutls_x509_trust_list_init(&list, 0);

	if (code >= 0 && x509->n_ca)
		code = gnutls_x509_trust_list_add_cas(list, x509->ca, x509->n_ca, 0);
	if (code >= 0 && x509->n_crls)
		code = gnutls_x509_trust_list_add_crls(list, x509->crls, x509->n_crls, 0, 0);
	if (code >= 0)
		code = gnutls_x509_trust_list_verify_crt2(list, chain, n, &data, 1, 0, &status, NULL);
	if (list)
		gnutls_x509_trust_list_deinit(list, 0); /* the list owns the certificates in it */
	if (code < 0)
		return rsp_fail(why, RSP_EAUTH, name, "the certificate cannot be checked: %s", gnutls_strerror(code));
	enum rsp_err err = judge(x509, status, chain[0], name, why);
	return err ? err : check_crl(x509, chain[n - 1], name, why);
}

/* The first of @names that @cert is valid for. */
static enum rsp_err
find_name(gnutls_x509_crt_t cert, const char *const *names, size_t n_names, const char **ret_name, struct rsp_why *why)
{
	for (size_t i = 0; i < n_names; i++) {
		enum rsp_err err = check_name(cert, names[i], n_names == 1 ? why : NULL);

		if (err && n_names == 1)
			return err;
		if (err)
			continue;
		*ret_name = names[i];
		return RSP_OK;
	}
	return rsp_fail(why, RSP_ECERT_NAME, "registrar",
			"the certificate is of no registrar of this scope: if the registrar is new, this node needs a new "
			"bundle (rsp-keygen bundle NAME --force)");
}

static enum rsp_err
verify_named(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n, enum rsp_x509_kind kind,
	     const char *const *names, size_t n_names, const char **ret_name, struct rsp_why *why)
{
	const char *name = n_names == 1 ? names[0] : "registrar";
	gnutls_x509_crt_t certs[RSP_X509_CHAIN_MAX];
	unsigned have = 0;
	int code = 0;
	enum rsp_err err;

	if (n == 0 || n > RSP_X509_CHAIN_MAX)
		return rsp_fail(why, RSP_EAUTH, name,
				"the other side sent %u certificates, not 1 to %d: check its cert.pem", n,
				RSP_X509_CHAIN_MAX);
	while (code >= 0 && have < n) {
		code = gnutls_x509_crt_init(&certs[have]);
		if (code < 0)
			break;
		code = gnutls_x509_crt_import(certs[have], &chain[have], GNUTLS_X509_FMT_DER);
		have++;
	}
	if (code < 0) {
		err = rsp_fail(why, code == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EAUTH, name,
			       "the certificate cannot be read: %s", gnutls_strerror(code));
	} else {
		err = verify_chain(x509, certs, n, kind, name, why);
		if (!err)
			err = check_purpose(certs[0], kind, name, why);
		if (!err && kind == RSP_X509_SERVER)
			err = find_name(certs[0], names, n_names, ret_name, why);
	}
	while (have > 0)
		gnutls_x509_crt_deinit(certs[--have]);
	return err;
}

enum rsp_err
rsp_x509_verify(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n, enum rsp_x509_kind kind,
		const char *name, struct rsp_why *why)
{
	const char *matched = NULL;

	return verify_named(x509, chain, n, kind, &name, 1, &matched, why);
}

enum rsp_err
rsp_x509_verify_any(const struct rsp_x509 *x509, const gnutls_datum_t *chain, unsigned n, const char *const *names,
		    size_t n_names, const char **ret_name, struct rsp_why *why)
{
	return verify_named(x509, chain, n, RSP_X509_SERVER, names, n_names, ret_name, why);
}

/* The certificates of @own that a handshake sends; the caller frees each. */
static unsigned
export_chain(const struct rsp_x509 *own, gnutls_datum_t der[static RSP_X509_CHAIN_MAX])
{
	unsigned n = 0;

	while (n < own->n_chain && n < RSP_X509_CHAIN_MAX &&
	       gnutls_x509_crt_export2(own->chain[n], GNUTLS_X509_FMT_DER, &der[n]) >= 0)
		n++;
	return n;
}

enum rsp_err
rsp_x509_verify_own(const struct rsp_x509 *trust, const struct rsp_x509 *own, const char *path, const char *name,
		    struct rsp_why *why)
{
	gnutls_datum_t der[RSP_X509_CHAIN_MAX] = { 0 };
	struct rsp_why found = { 0 };
	char common[256] = "";
	unsigned n = export_chain(own, der);

	if (n > 0 && !name)
		rsp_x509_common_name(own->chain[0], common, sizeof(common));
	enum rsp_err err = rsp_x509_verify(trust, der, n, RSP_X509_SERVER, name ? name : common, &found);
	for (unsigned i = 0; i < n; i++)
		gnutls_free(der[i].data);
	if (err == RSP_OK || err == RSP_ECERT_EXPIRED || err == RSP_ECERT_NOTYET || err == RSP_ECRL_EXPIRED)
		return RSP_OK;
	return rsp_fail(why, err == RSP_ENOMEM ? err : RSP_EKEY, path, "%s", found.reason);
}
