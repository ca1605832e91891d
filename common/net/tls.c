#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "keys/scope.h"
#include "net/tls_creds.h"

/* Of the ciphers, a session by key can only use those with SHA-256, as external keys have SHA-256 binders: for it the
 * first of the list is AES-128-GCM. One key share is enough, all of ours have X25519. */
#define GROUPS	     ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
#define CERT_CIPHERS ":-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305"
#define PSK_CIPHERS  ":-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305"
#define CERT_DEFAULT "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA" CERT_CIPHERS GROUPS
#define PSK_DEFAULT  "SECURE128:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK" PSK_CIPHERS GROUPS
/* RFC 5352 s.9.2 and RFC 5353 s.6.2: TLS_RSA_WITH_AES_128_CBC_SHA and, for ENRP, 3DES. */
#define OLD_GROUPS ":+GROUP-FFDHE2048:+GROUP-FFDHE3072"
#define CERT_OLD   ":+RSA:+DHE-RSA:+AES-128-CBC:+SHA1" OLD_GROUPS
#define PSK_OLD	   ":+VERS-TLS1.2:+DHE-PSK:+AES-128-CBC:+3DES-CBC:+SHA1" OLD_GROUPS

static const char *const priorities[2][RSP_PRIORITY_COUNT] = {
	[RSP_TLS_DEFAULT] = {
		[RSP_PRIORITY_CERT] = CERT_DEFAULT,
		[RSP_PRIORITY_PSK] = PSK_DEFAULT,
		[RSP_PRIORITY_BOTH] = CERT_DEFAULT ":+ECDHE-PSK:%SERVER_PRECEDENCE",
	},
	[RSP_TLS_RFC5352] = {
		[RSP_PRIORITY_CERT] = CERT_DEFAULT CERT_OLD,
		[RSP_PRIORITY_PSK] = PSK_DEFAULT PSK_OLD,
		[RSP_PRIORITY_BOTH] = CERT_DEFAULT ":+ECDHE-PSK:+DHE-PSK" CERT_OLD ":%SERVER_PRECEDENCE",
	},
};

static int keylog_fd = -1;
static bool keylog_failed;

static enum rsp_err
copy_anchors(const struct rsp_x509 *from, struct rsp_x509 *to)
{
	to->ca = calloc(from->n_ca + 1, sizeof(gnutls_x509_crt_t));
	to->crls = calloc(from->n_crls + 1, sizeof(gnutls_x509_crl_t));
	if (!to->ca || !to->crls)
		return RSP_ENOMEM;
	for (unsigned i = 0; i < from->n_ca; i++) {
		gnutls_datum_t der = { 0 };

		if (gnutls_x509_crt_init(&to->ca[i]) < 0)
			return RSP_ENOMEM;
		to->n_ca++;
		int e = gnutls_x509_crt_export2(from->ca[i], GNUTLS_X509_FMT_DER, &der);
		if (e >= 0)
			e = gnutls_x509_crt_import(to->ca[i], &der, GNUTLS_X509_FMT_DER);
		gnutls_free(der.data);
		if (e < 0)
			return RSP_EKEY;
	}
	for (unsigned i = 0; i < from->n_crls; i++) {
		gnutls_datum_t der = { 0 };

		if (gnutls_x509_crl_init(&to->crls[i]) < 0)
			return RSP_ENOMEM;
		to->n_crls++;
		int e = gnutls_x509_crl_export2(from->crls[i], GNUTLS_X509_FMT_DER, &der);
		if (e >= 0)
			e = gnutls_x509_crl_import(to->crls[i], &der, GNUTLS_X509_FMT_DER);
		gnutls_free(der.data);
		if (e < 0)
			return RSP_EKEY;
	}
	return RSP_OK;
}

static enum rsp_err
make_psk(struct rsp_tls *tls)
{
	if (gnutls_psk_allocate_server_credentials(&tls->psk_server) < 0 ||
	    gnutls_psk_allocate_client_credentials(&tls->psk_client) < 0)
		return RSP_ENOMEM;
	gnutls_psk_set_server_credentials_function2(tls->psk_server, rsp_tls_auth_server_key);
	gnutls_psk_set_client_credentials_function2(tls->psk_client, rsp_tls_auth_client_key);
	if (tls->policy == RSP_TLS_RFC5352 &&
	    gnutls_psk_set_server_known_dh_params(tls->psk_server, GNUTLS_SEC_PARAM_MEDIUM) < 0)
		return RSP_ENOMEM;
	return RSP_OK;
}

static enum rsp_err
make_priorities(struct rsp_tls *tls, struct rsp_why *why)
{
	for (unsigned i = 0; i < RSP_PRIORITY_COUNT; i++) {
		const char *text = priorities[tls->policy][i], *place = NULL;
		int e = gnutls_priority_init(&tls->priorities[i], text, &place);

		if (e < 0)
			return rsp_fail(why, e == GNUTLS_E_MEMORY_ERROR ? RSP_ENOMEM : RSP_EINTERNAL, "TLS priorities",
					"%s at \"%s\"", gnutls_strerror(e), place ? place : "");
	}
	return RSP_OK;
}

static enum rsp_err
make_all(struct rsp_tls *tls, const struct rsp_tls_config *config, struct rsp_why *why)
{
	enum rsp_err e = make_priorities(tls, why);

	if (e)
		return e;
	e = make_psk(tls);
	if (!e && config->x509)
		e = copy_anchors(config->x509, &tls->x509);
	if (e)
		return rsp_fail(why, e, "TLS", "%s", rsp_err_text(e));
	if (!config->x509)
		return RSP_OK;
	tls->has_cert = config->x509->n_chain && config->x509->key;
	e = rsp_x509_credentials(config->x509, &tls->cert, why);
	if (!e && tls->policy == RSP_TLS_RFC5352)
		(void)gnutls_certificate_set_known_dh_params(tls->cert, GNUTLS_SEC_PARAM_MEDIUM);
	return e;
}

static enum rsp_err
copy_names(struct rsp_tls *tls, const struct rsp_scope_registrar *registrars, size_t n)
{
	tls->registrars = calloc(n, sizeof(char *) + sizeof(registrars->name));
	if (!tls->registrars)
		return RSP_ENOMEM;
	char *text = (char *)(tls->registrars + n);
	for (; tls->n_registrars < n; tls->n_registrars++, text += sizeof(registrars->name)) {
		memcpy(text, registrars[tls->n_registrars].name, sizeof(registrars->name));
		tls->registrars[tls->n_registrars] = text;
	}
	return RSP_OK;
}

enum rsp_err
rsp_tls_new(const struct rsp_tls_config *config, struct rsp_tls **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = calloc(1, sizeof(*tls));
	const char *me = config->me ? config->me : "";

	if (!tls)
		return rsp_fail(why, RSP_ENOMEM, "TLS", "%s", rsp_err_text(RSP_ENOMEM));
	tls->refs = 1;
	if (strlen(me) > RSP_NAME_MAX)
		return rsp_fail(why, RSP_EVALUE, me, "is too long for a name: %zu characters, and at most %d are allowed", strlen(me), RSP_NAME_MAX);
	memcpy(tls->me, me, strlen(me) + 1);
	tls->policy = config->policy;
	tls->require_user_cert = config->require_user_cert;
	tls->keyring = config->keyring ? rsp_keyring_ref(config->keyring) : NULL;
	if (config->n_registrars && copy_names(tls, config->registrars, config->n_registrars))
		return rsp_fail(why, RSP_ENOMEM, "TLS", "%s", rsp_err_text(RSP_ENOMEM));
	enum rsp_err e = make_all(tls, config, why);
	if (e)
		return e;
	*ret = RSP_TAKE(tls);
	return RSP_OK;
}

struct rsp_tls *
rsp_tls_ref(struct rsp_tls *tls)
{
	tls->refs++;
	return tls;
}

void
rsp_tls_unref(struct rsp_tls *tls)
{
	if (!tls || --tls->refs)
		return;
	for (unsigned i = 0; i < RSP_PRIORITY_COUNT; i++)
		if (tls->priorities[i])
			gnutls_priority_deinit(tls->priorities[i]);
	if (tls->psk_server)
		gnutls_psk_free_server_credentials(tls->psk_server);
	if (tls->psk_client)
		gnutls_psk_free_client_credentials(tls->psk_client);
	if (tls->cert)
		gnutls_certificate_free_credentials(tls->cert);
	rsp_x509_done(&tls->x509);
	rsp_keyring_unref(tls->keyring);
	free(tls->registrars);
	free(tls);
}

enum rsp_err
rsp_tls_init(const char *keylog_path, struct rsp_why *why)
{
	(void)unsetenv("SSLKEYLOGFILE");
	rsp_fd_close(keylog_fd);
	keylog_fd = -1;
	keylog_failed = false;
	if (!keylog_path)
		return RSP_OK;
	return rsp_file_open_private(keylog_path, true, &keylog_fd, why);
}

bool
rsp_tls_keylog_whole(void)
{
	return !keylog_failed;
}

/* In place of GnuTLS's own, which would follow SSLKEYLOGFILE. The format is NSS's. */
int
rsp_tls_keylog(gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
	gnutls_datum_t client = { 0 }, server = { 0 };
	char line[64 + 2 * 32 + 2 * 64 + 4], random[2 * 32 + 1], hex[2 * 64 + 1];

	if (keylog_fd < 0)
		return 0;
	gnutls_session_get_random(session, &client, &server);
	if (client.size > 32 || secret->size > 64)
		return 0;
	rsp_hex_encode(rsp_bytes_of(client.data, client.size), random);
	rsp_hex_encode(rsp_bytes_of(secret->data, secret->size), hex);
	int n = snprintf(line, sizeof(line), "%s %s %s\n", label, random, hex);
	if (n > 0 && (size_t)n < sizeof(line) && write(keylog_fd, line, (size_t)n) != n) {
		rsp_fd_close(keylog_fd); /* a full disk must not stop the connection */
		keylog_fd = -1;
		keylog_failed = true;
	}
	gnutls_memset(line, 0, sizeof(line));
	gnutls_memset(hex, 0, sizeof(hex));
	return 0;
}
