#include "keys/x509_pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

bool
rsp_pem_next(const char **at, struct rsp_bytes *ret)
{
	const char *begin = strstr(*at, "-----BEGIN ");
	const char *end = begin ? strstr(begin, "-----END ") : NULL;

	if (!end)
		return false;
	end += strcspn(end, "\n");
	end += *end == '\n';
	*ret = rsp_bytes_of(begin, (size_t)(end - begin));
	*at = end;
	return true;
}

/* The octets as a datum that GnuTLS only reads. */
static gnutls_datum_t
datum_of(struct rsp_bytes bytes)
{
	gnutls_datum_t datum = { .size = (unsigned)bytes.n };

	memcpy(&datum.data, &bytes.p, sizeof(datum.data));
	return datum;
}

static bool
import_cert(struct rsp_bytes pem, gnutls_x509_crt_t *ret)
{
	gnutls_datum_t datum = datum_of(pem);
	gnutls_x509_crt_t cert = NULL;

	if (gnutls_x509_crt_init(&cert) < 0)
		return false;
	if (gnutls_x509_crt_import(cert, &datum, GNUTLS_X509_FMT_PEM) < 0) {
		gnutls_x509_crt_deinit(cert);
		return false;
	}
	*ret = cert;
	return true;
}

static bool
key_fits(gnutls_x509_privkey_t key, struct rsp_bytes cert_pem)
{
	uint8_t cert_id[64], key_id[64];
	size_t cert_n = sizeof(cert_id), key_n = sizeof(key_id);
	gnutls_x509_crt_t cert = NULL;

	if (!import_cert(cert_pem, &cert))
		return false;
	bool fits = gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256, cert_id, &cert_n) >= 0 &&
		    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, key_id, &key_n) >= 0 &&
		    cert_n == key_n && memcmp(cert_id, key_id, key_n) == 0;
	gnutls_x509_crt_deinit(cert);
	return fits;
}

enum rsp_err
rsp_pem_certificate_of_key(const char *certs_pem, const char *key_pem, char **ret)
{
	gnutls_datum_t datum = datum_of(rsp_bytes_str(key_pem));
	gnutls_x509_privkey_t key = NULL;
	struct rsp_bytes block;
	char *found = NULL;

	if (gnutls_x509_privkey_init(&key) < 0)
		return RSP_ENOMEM;
	bool usable = gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) >= 0;
	bool fits = false;
	while (usable && !fits && rsp_pem_next(&certs_pem, &block))
		fits = key_fits(key, block);
	if (fits)
		found = strndup((const char *)block.p, block.n);
	gnutls_x509_privkey_deinit(key);
	if (!found)
		return fits ? RSP_ENOMEM : RSP_EKEY;
	*ret = found;
	return RSP_OK;
}

bool
rsp_pem_is_signed_by(const char *cert_pem, const char *ca_pem)
{
	gnutls_x509_crt_t cert = NULL, ca = NULL;
	unsigned status = 0;
	bool is = import_cert(rsp_bytes_str(cert_pem), &cert) && import_cert(rsp_bytes_str(ca_pem), &ca) &&
		  gnutls_x509_crt_check_issuer(cert, ca) &&
		  gnutls_x509_crt_verify(cert, &ca, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) >= 0 && status == 0;

	gnutls_x509_crt_deinit(cert);
	gnutls_x509_crt_deinit(ca);
	return is;
}

static bool
is_crl_of(struct rsp_bytes pem, gnutls_x509_crt_t ca)
{
	gnutls_datum_t datum = datum_of(pem);
	gnutls_x509_crl_t crl = NULL;

	if (gnutls_x509_crl_init(&crl) < 0)
		return false;
	bool is = gnutls_x509_crl_import(crl, &datum, GNUTLS_X509_FMT_PEM) >= 0 && rsp_x509_crl_is_of(crl, ca);
	gnutls_x509_crl_deinit(crl);
	return is;
}

enum rsp_err
rsp_pem_crls_of(const char *crls_pem, const char *ca_pem, bool of, char **ret)
{
	char *text = calloc(1, strlen(crls_pem) + 1);
	gnutls_x509_crt_t ca = NULL;
	struct rsp_bytes block;
	size_t n = 0;

	if (!text)
		return RSP_ENOMEM;
	if (!import_cert(rsp_bytes_str(ca_pem), &ca)) {
		free(text);
		return RSP_EKEY;
	}
	while (rsp_pem_next(&crls_pem, &block)) {
		if (is_crl_of(block, ca) != of)
			continue;
		memcpy(text + n, block.p, block.n);
		n += block.n;
	}
	gnutls_x509_crt_deinit(ca);
	*ret = text;
	return RSP_OK;
}

static void
take_name(struct rsp_x509_names *names, int type, const void *san, size_t n)
{
	struct rsp_ip ip = { .family = n == 4 ? 4 : 6 };

	if (type == GNUTLS_SAN_DNSNAME && names->n_dns < RSP_X509_SAN_MAX && n < sizeof(names->dns[0]))
		(void)snprintf(names->dns[names->n_dns++], sizeof(names->dns[0]), "%.*s", (int)n, (const char *)san);
	if (type != GNUTLS_SAN_IPADDRESS || names->n_ips == RSP_X509_SAN_MAX || (n != 4 && n != 16))
		return;
	memcpy(ip.ip, san, n);
	names->ips[names->n_ips++] = ip;
}

enum rsp_err
rsp_pem_names(const char *cert_pem, struct rsp_x509_names *ret)
{
	gnutls_x509_crt_t cert = NULL;

	*ret = (struct rsp_x509_names){ 0 };
	if (!import_cert(rsp_bytes_str(cert_pem), &cert))
		return RSP_EKEY;
	for (unsigned i = 0;; i++) {
		char san[1024];
		size_t n = sizeof(san);
		int type = gnutls_x509_crt_get_subject_alt_name(cert, i, san, &n, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			break;
		take_name(ret, type, san, n);
	}
	ret->ed25519 = gnutls_x509_crt_get_pk_algorithm(cert, NULL) == GNUTLS_PK_EDDSA_ED25519;
	gnutls_x509_crt_deinit(cert);
	return RSP_OK;
}
