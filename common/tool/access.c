#include "tool/access.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/options.h"

/* Warn of each CA for which crl.pem has no revocation list. During a change of CAs it must have the lists of both. */
static void
warn_of_missing_crl(const struct rsp_x509 *x509, const char *path)
{
	int64_t due;

	for (unsigned i = 0; i < x509->n_ca; i++) {
		char name[256];

		if (rsp_x509_crl_due(x509, x509->ca[i], &due))
			continue;
		rsp_x509_common_name(x509->ca[i], name, sizeof(name));
		rsp_log(RSP_LOG_WARNING, path,
			"has no revocation list (CRL) of the CA \"%s\": certificates that it revoked are accepted "
			"(rsp-keygen crl)",
			name);
	}
}

static enum rsp_err
load_ca(struct rsp_scope *scope, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *ca = rsp_path_join(rsp_cli.scope, "ca.pem");
	RSP_AUTO(rsp_free) char *crl = rsp_path_join(rsp_cli.scope, "crl.pem");

	if (!ca || !crl)
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
	enum rsp_err err = rsp_x509_load_ca(&scope->x509, rsp_cli.tls_ca ? rsp_cli.tls_ca : ca, why);
	if (err)
		return err;
	if (rsp_cli.tls_crl)
		return rsp_x509_load_crl(&scope->x509, rsp_cli.tls_crl, why);
	if (rsp_cli.tls_ca) /* crl.pem is of the scope's CA, not of this one */
		return RSP_OK;
	err = rsp_x509_load_crl(&scope->x509, crl, why);
	if (!err)
		warn_of_missing_crl(&scope->x509, crl);
	if (err != RSP_ENOTFOUND)
		return err;
	rsp_log(RSP_LOG_WARNING, crl,
		"is missing: revoked registrar certificates are accepted (rsp-keygen bundle writes it)");
	return RSP_OK;
}

static enum rsp_err
load_certificates(struct rsp_scope *scope, struct rsp_why *why)
{
	enum rsp_err err = load_ca(scope, why);

	if (err || (!rsp_cli.tls_cert && !rsp_cli.tls_key))
		return err;
	if (!rsp_cli.tls_cert || !rsp_cli.tls_key)
		return rsp_fail(why, RSP_EUSAGE, rsp_cli.tls_cert ? "--tls-cert" : "--tls-key",
				"--tls-cert and --tls-key must be given together");
	return rsp_x509_load_pair(&scope->x509, rsp_cli.tls_cert, rsp_cli.tls_key, why);
}

/* --identity: drop all other keys. */
static enum rsp_err
keep_identity(struct rsp_scope *scope, struct rsp_why *why)
{
	const struct rsp_key *key = rsp_keyring_find(scope->keyring, rsp_cli.identity, strlen(rsp_cli.identity));
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *ring = rsp_keyring_new();

	if (!key)
		return rsp_fail(
			why, RSP_ENOKEY, rsp_cli.identity,
			"keys.json has no key with this identity: give another --identity, or get a new bundle");
	if (!ring || rsp_keyring_add(ring, key))
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.identity, "out of memory");
	memcpy(ring->scope, scope->keyring->scope, sizeof(ring->scope));
	memcpy(ring->node, scope->keyring->node, sizeof(ring->node));
	rsp_keyring_unref(scope->keyring);
	scope->keyring = RSP_TAKE(ring);
	return RSP_OK;
}

static enum rsp_err
load_keys(struct rsp_scope *scope, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(rsp_cli.scope, "keys.json");
	struct rsp_keyring *ring = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
	enum rsp_err err = rsp_keyring_load(rsp_cli.keys ? rsp_cli.keys : path, &ring, why);
	if (err)
		return err;
	rsp_keyring_unref(scope->keyring);
	scope->keyring = ring;
	memcpy(scope->node, ring->node, sizeof(scope->node));
	err = rsp_scope_check_keys(scope, ring, rsp_cli.keys ? rsp_cli.keys : path, why);
	if (err)
		return err;
	return rsp_cli.identity ? keep_identity(scope, why) : RSP_OK;
}

/* Whether the missing file @path is one that the bundle of users never has: those of registrars have a certificate too. */
static bool
is_user_bundle(const char *path)
{
	RSP_AUTO(rsp_free) char *cert = rsp_path_join(rsp_cli.scope, "cert.pem");
	RSP_AUTO(rsp_free) char *ca = rsp_path_join(rsp_cli.scope, "ca.pem");

	return strcmp(path + strlen(rsp_cli.scope), "/keys.json") == 0 && cert && ca && access(cert, F_OK) < 0 &&
	       access(ca, F_OK) == 0;
}

enum rsp_err
tool_access_explain(enum rsp_err err, struct rsp_why *why)
{
	char path[RSP_OBJECT_MAX];
	size_t n = strlen(rsp_cli.scope);

	if (err != RSP_ENOTFOUND || strncmp(why->object, rsp_cli.scope, n) != 0 || why->object[n] != '/')
		return err;
	memcpy(path, why->object, sizeof(path));
	return rsp_fail(why, err, path,
			is_user_bundle(path)
				? "is missing: this is the bundle of users, who have no keys; give that of a node (rsp-keygen "
				  "bundle NAME)"
				: "is missing (rsp-keygen bundle writes it)");
}

enum rsp_err
tool_access_scope(bool element, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	bool described = element ? rsp_cli.keys != NULL : rsp_cli.tls_ca != NULL;
	bool named = rsp_cli.n_servers + rsp_cli.n_discover > 0;

	*ret = NULL;
	if (rsp_cli.plaintext && named)
		return RSP_OK;
	enum rsp_err err = rsp_scope_load_public(rsp_cli.scope, &scope, why);
	if (err == RSP_ENOTFOUND && named && described && !rsp_cli.scope_option) {
		scope = rsp_scope_new(""); /* no scope directory: the options name all files */
		if (!scope)
			return rsp_fail(why, RSP_ENOMEM, rsp_cli.scope, "out of memory");
		err = RSP_OK;
	}
	if (!err && !rsp_cli.plaintext)
		err = element ? load_keys(scope, why) : load_certificates(scope, why);
	if (!err)
		*ret = RSP_TAKE(scope);
	return tool_access_explain(err, why);
}

enum rsp_err
tool_access_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	struct rsp_tls_config config = {
		.keyring = scope->keyring,
		.me = scope->node,
		.x509 = &scope->x509,
		.policy = rsp_cli.tls_rfc5352 ? RSP_TLS_RFC5352 : RSP_TLS_DEFAULT,
		.registrars = scope->registrars,
		.n_registrars = scope->n_registrars,
	};
	enum rsp_err err = rsp_tls_init(rsp_cli.keylog, why);

	if (err)
		return err;
	if (rsp_cli.keylog)
		rsp_log(RSP_LOG_WARNING, rsp_cli.keylog,
			"the secrets of all TLS sessions are written to this file (--keylog-file): keep it secret");
	return rsp_tls_new(&config, ret, why);
}
