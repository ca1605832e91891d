#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/fail.h"
#include "cli/options.h"
#include "keygen.h"

/* The verbs of the CA: crl, rollover. During a rollover ca.pem has the old and the new CA, and crl.pem the CRLs of
 * both. ca.key signs certificates, ca-old.key signs only the old CA's CRL. */

#define CA_DAYS 3650

/* Append @more to the text *@to. NULL as @more: the allocation of it has failed, RSP_ENOMEM. */
static enum rsp_err
append(char **to, const char *more, struct rsp_why *why)
{
	char *joined = NULL;

	if (!more)
		return rsp_fail(why, RSP_ENOMEM, "crl.pem", "out of memory");
	if (asprintf(&joined, "%s%s", *to ? *to : "", more) < 0)
		return rsp_fail(why, RSP_ENOMEM, "crl.pem", "out of memory");
	free(*to);
	*to = joined;
	return RSP_OK;
}

/* Move the CRLs of @ca from *@rest to one new CRL of it at the end of *@crls. */
static enum rsp_err
make_crl_of(const struct master *master, const struct rsp_x509_pair *ca, int64_t due_ms, const char *revoke_pem,
	    char **rest, char **crls, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *old = NULL;
	RSP_AUTO(rsp_free) char *others = NULL;
	RSP_AUTO(rsp_free) char *crl = NULL;
	bool its = revoke_pem && rsp_pem_is_signed_by(revoke_pem, ca->cert_pem);
	enum rsp_err err = rsp_pem_crls_of(*rest, ca->cert_pem, true, &old);

	if (!err)
		err = rsp_pem_crls_of(*rest, ca->cert_pem, false, &others);
	if (err)
		return rsp_fail(why, err, "crl.pem", "%s", rsp_err_text(err));
	err = rsp_x509_make_crl(ca, old, its ? revoke_pem : NULL, master->now_ms - BACK_MS, due_ms, &crl, why);
	if (err)
		return err;
	free(*rest);
	*rest = RSP_TAKE(others);
	return append(crls, crl, why);
}

/* Only the CA that signed a certificate can revoke it. Without that CA's key in this directory, fail. */
static enum rsp_err
check_issuer(const struct master *master, const char *cert_pem, struct rsp_why *why)
{
	const char *at = master->cas;
	struct rsp_bytes block;
	bool trusted = false;

	if (rsp_pem_is_signed_by(cert_pem, master->ca.cert_pem) ||
	    (master->old_ca.key_pem && rsp_pem_is_signed_by(cert_pem, master->old_ca.cert_pem)))
		return RSP_OK;
	while (!trusted && rsp_pem_next(&at, &block)) {
		RSP_AUTO(rsp_free) char *ca_pem = strndup((const char *)block.p, block.n);

		trusted = !ca_pem || rsp_pem_is_signed_by(cert_pem, ca_pem);
	}
	return trusted ? rsp_fail(why, RSP_EKEY, "ca.pem",
				  "the certificate cannot be revoked: the key of the CA that signed it is not in this "
				  "directory (restore ca.key or ca-old.key)")
		       : RSP_OK; /* the CA is not in ca.pem: its certificates are not accepted any more */
}

enum rsp_err
make_crls(struct master *master, int64_t due_ms, const char *revoke_pem, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(master->dir, "crl.pem");
	RSP_AUTO(rsp_free) char *rest = NULL;
	RSP_AUTO(rsp_free) char *crls = NULL;
	enum rsp_err err =
		path ? read_text(path, false, &rest, why) : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");

	if (!err && revoke_pem)
		err = check_issuer(master, revoke_pem, why);
	if (!err)
		err = make_crl_of(master, &master->ca, due_ms, revoke_pem, &rest, &crls, why);
	if (!err && master->old_ca.key_pem)
		err = make_crl_of(master, &master->old_ca, due_ms, revoke_pem, &rest, &crls, why);
	if (!err) /* the CRLs of CAs without a key here stay as they are */
		err = append(&crls, rest, why);
	return err ? err : master_write(master, NULL, "crl.pem", false, crls, why);
}

static enum rsp_err
renew_crl(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *bad = NULL;
	RSP_AUTO(rsp_free) char *bad_path = NULL;
	enum rsp_err err = RSP_OK;

	if (keygen.revoke) {
		if (!rsp_scope_registrar_named(master->scope, keygen.revoke))
			return rsp_fail(why, RSP_ENOTFOUND, keygen.revoke,
					"the scope has no registrar of this name (rsp-keygen list shows them)");
		bad_path = master_path(master->dir, keygen.revoke, "cert.pem");
		err = bad_path ? read_text(bad_path, false, &bad, why)
			       : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	}
	if (!err)
		err = make_crls(master, valid_until(master->now_ms, CERT_DAYS), bad, why);
	return err ? err : master_commit(master, why);
}

int
run_crl(unsigned n, const char *const *operand)
{
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	enum rsp_err err = master_open(&master, true, true, &why);
	if (!err)
		err = renew_crl(&master, &why);
	return finish(err, &why, &master, "crl", keygen.revoke, NULL, 0, NULL);
}

/* Put the new CA in front of the old CA; certificates of the old CA stay valid. */
static enum rsp_err
begin_rollover(struct master *master, struct rsp_x509_pair *ret, struct rsp_why *why)
{
	char common_name[RSP_NAME_MAX + 32], date[RSP_TIMESTAMP_MAX];
	struct rsp_x509_names old;
	struct rsp_x509_request request = { .kind = RSP_X509_CA,
					    .organization = master->scope->name,
					    .common_name = common_name,
					    .not_before_ms = valid_from(master->now_ms),
					    .not_after_ms = valid_until(master->now_ms, CA_DAYS) };

	if (master->old_ca.key_pem)
		return rsp_fail(why, RSP_EEXISTS, master->dir,
				"another CA is replaced already (rsp-keygen rollover --finish ends that)");
	if (rsp_pem_names(master->ca.cert_pem, &old))
		return rsp_fail(why, RSP_EKEY, master->dir,
				"ca.pem holds no certificate in PEM: restore it from a backup");
	request.ed25519 = keygen.ed25519 || old.ed25519;
	rsp_clock_format(master->now_ms, date);
	(void)snprintf(common_name, sizeof(common_name), "%s scope CA %.10s", master->scope->name, date);
	enum rsp_err err = rsp_x509_make(&request, NULL, ret, why);
	RSP_AUTO(rsp_free) char *cas = NULL;
	if (!err)
		err = append(&cas, ret->cert_pem, why);
	if (!err)
		err = append(&cas, master->cas, why);
	if (!err)
		err = master_write(master, NULL, "ca.pem", false, cas, why);
	if (!err)
		err = master_write(master, NULL, "ca.key", true, ret->key_pem, why);
	if (!err)
		err = master_write(master, NULL, "ca-old.key", true, master->ca.key_pem, why);
	if (err)
		return err;

	struct rsp_x509_pair was = master->ca;
	master->ca = *ret;
	master->old_ca = was;
	*ret = (struct rsp_x509_pair){ 0 };
	return make_crls(master, master->now_ms + CERT_DAYS * DAY_MS, NULL,
			 why); /* the dates of the options apply to the new CA */
}

/* RSP_EEXISTS if the registrar @name still has a certificate of the old CA. */
static enum rsp_err
check_moved(const struct master *master, const char *name, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = master_path(master->dir, name, "cert.pem");
	RSP_AUTO(rsp_free) char *pem = NULL;
	enum rsp_err err =
		path ? read_text(path, false, &pem, why) : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");

	if (!err && !rsp_pem_is_signed_by(pem, master->ca.cert_pem))
		err = rsp_fail(why, RSP_EEXISTS, name,
			       "its certificate is still of the old CA (rsp-keygen renew %s makes a new one)", name);
	return err;
}

/* Keep in ca.pem the CA that signs and CAs that never had a key here, and their CRLs in crl.pem; remove the old CA. */
static enum rsp_err
finish_rollover(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(master->dir, "crl.pem");
	RSP_AUTO(rsp_free) char *crls = NULL;
	RSP_AUTO(rsp_free) char *kept = NULL;
	RSP_AUTO(rsp_free) char *cas = NULL;
	const char *at = master->cas;
	struct rsp_bytes block;
	enum rsp_err err = RSP_OK;

	if (!master->old_ca.key_pem)
		return rsp_fail(why, RSP_ENOTFOUND, master->dir,
				"no CA is being replaced (rsp-keygen rollover begins)");
	for (size_t i = 0; !err && !keygen.force && i < master->scope->n_registrars; i++)
		err = check_moved(master, master->scope->registrars[i].name, why);
	while (!err && rsp_pem_next(&at, &block)) {
		RSP_AUTO(rsp_free) char *cert = strndup((const char *)block.p, block.n);

		if (!cert || strcmp(cert, master->old_ca.cert_pem) != 0)
			err = append(&cas, cert, why);
	}
	if (!err)
		err = path ? read_text(path, false, &crls, why)
			   : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	if (!err && (err = rsp_pem_crls_of(crls, master->old_ca.cert_pem, false, &kept)))
		err = rsp_fail(why, err, path, "%s", rsp_err_text(err));
	if (!err)
		err = master_write(master, NULL, "ca.pem", false, cas, why);
	if (!err)
		err = master_write(master, NULL, "crl.pem", false, kept, why);
	return err ? err : master_remove(master, NULL, "ca-old.key", why);
}

int
run_rollover(unsigned n, const char *const *operand)
{
	struct master master = { .lock = -1 };
	struct rsp_x509_pair fresh = { 0 };
	struct rsp_why why = { 0 };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	enum rsp_err err = master_open(&master, true, true, &why);
	if (!err)
		err = keygen.finish ? finish_rollover(&master, &why) : begin_rollover(&master, &fresh, &why);
	if (!err)
		err = master_commit(&master, &why);
	int status = finish(err, &why, &master, "rollover", NULL, NULL, 0, master.ca.cert_pem);
	rsp_x509_pair_done(&fresh);
	return status;
}
