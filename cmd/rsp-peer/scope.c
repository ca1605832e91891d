/* rsp-peer: keys, certificates and addresses, from the scope directory and the options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/options.h"
#include "keys/scope.h"
#include "net/lookup.h"
#include "net/loop.h"
#include "peer.h"
#include "serve/target.h"
#include "tool/access.h"

/* Replace files of the scope directory by those that the options name. */
static enum rsp_err
take_overrides(struct rsp_scope *scope, struct rsp_why *why)
{
	struct rsp_x509 *x509 = &scope->x509;
	enum rsp_err err = RSP_OK;

	if (rsp_cli.keys) {
		struct rsp_keyring *ring;
		err = rsp_keyring_load(rsp_cli.keys, &ring, why);
		if (err)
			return err;
		rsp_keyring_unref(scope->keyring);
		scope->keyring = ring;
	}
	if (!rsp_cli.tls_ca && !rsp_cli.tls_cert && !rsp_cli.tls_key && !rsp_cli.tls_crl)
		return RSP_OK;
	if (!rsp_cli.tls_cert != !rsp_cli.tls_key)
		return rsp_fail(why, RSP_EUSAGE, "--tls-cert", "--tls-cert and --tls-key must be given together");

	RSP_AUTO(rsp_free) char *ca = rsp_path_join(scope->dir, "ca.pem");
	RSP_AUTO(rsp_free) char *crl = rsp_path_join(scope->dir, "crl.pem");
	RSP_AUTO(rsp_free) char *cert = rsp_path_join(scope->dir, "cert.pem");
	RSP_AUTO(rsp_free) char *key = rsp_path_join(scope->dir, "key.pem");
	if (!ca || !crl || !cert || !key)
		return rsp_fail(why, RSP_ENOMEM, scope->dir, "out of memory");
	rsp_x509_done(x509);
	*x509 = (struct rsp_x509){ 0 };
	err = rsp_x509_load_ca(x509, rsp_cli.tls_ca ? rsp_cli.tls_ca : ca, why);
	if (!err && (rsp_cli.tls_crl || (!rsp_cli.tls_ca && access(crl, F_OK) == 0)))
		err = rsp_x509_load_crl(x509, rsp_cli.tls_crl ? rsp_cli.tls_crl : crl, why);
	if (!err && (rsp_cli.tls_cert || access(cert, F_OK) == 0))
		err = rsp_x509_load_pair(x509, rsp_cli.tls_cert ? rsp_cli.tls_cert : cert,
					 rsp_cli.tls_key ? rsp_cli.tls_key : key, why);
	return err;
}

/* A registrar must not start without a file of its bundle, or it would run with less security: without authz.json
 * every key may do all that its role allows, without crl.pem revoked certificates are accepted, without cert.pem
 * users do not accept it. The error names the file. A file that an option replaces may be missing. */
static enum rsp_err
check_whole(const char *dir, struct rsp_why *why)
{
	const struct {
		const char *file, *without;
		bool elsewhere;
	} table[] = {
		{ "keys.json", "nobody but users would be known", rsp_cli.keys },
		{ "authz.json", "each key could register anything", false },
		{ "cert.pem", "no user would believe this registrar", rsp_cli.tls_cert },
		{ "key.pem", "no user would believe this registrar", rsp_cli.tls_key },
		{ "crl.pem", "no certificate would be revoked", rsp_cli.tls_crl || rsp_cli.tls_ca },
	};

	for (unsigned i = 0; i < RSP_COUNT(table); i++) {
		RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, table[i].file);

		if (!path)
			return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
		if (!table[i].elsewhere && access(path, F_OK) < 0 && errno == ENOENT)
			return rsp_fail(why, RSP_ENOTFOUND, path,
					"is missing, without it %s (rsp-keygen bundle writes it)", table[i].without);
	}
	return RSP_OK;
}

/* Check that keys and certificate are those of the registrar @name. With the bundle of another node or scope, all
 * connections would fail, and no other side could report why. Certificates that options name instead are not
 * checked. */
static enum rsp_err
check_ours(const struct rsp_scope *scope, const char *name, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *keys = rsp_path_join(scope->dir, "keys.json");
	RSP_AUTO(rsp_free) char *cert = rsp_path_join(scope->dir, "cert.pem");
	const struct rsp_keyring *ring = scope->keyring;
	const char *path = rsp_cli.keys ? rsp_cli.keys : keys;

	if (!keys || !cert)
		return rsp_fail(why, RSP_ENOMEM, scope->dir, "out of memory");
	if (rsp_scope_check_keys(scope, ring, path, why))
		return why->err;
	if (*ring->node && strcmp(ring->node, name) != 0)
		return rsp_fail(why, RSP_ECONFIG, path,
				"is of node %s, not of %s (give the bundle of this node, or another --name)",
				ring->node, name);
	return rsp_cli.tls_cert || rsp_cli.tls_ca ? RSP_OK
						  : rsp_x509_verify_own(&scope->x509, &scope->x509, cert, name, why);
}

enum rsp_err
peer_scope_load(const char *name, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	enum rsp_err err = tool_access_explain(rsp_scope_load(rsp_cli.scope, &scope, why), why);

	if (!err)
		err = check_whole(rsp_cli.scope, why);
	if (!err)
		err = take_overrides(scope, why);
	if (!err && (name || *scope->node)) /* without a name, the caller reports the error */
		err = check_ours(scope, name ? name : scope->node, why);
	if (!err)
		*ret = RSP_TAKE(scope);
	return err;
}

struct found {
	struct rsp_sockaddr *ret;
	struct rsp_why *why;
	bool done;
};

static void
on_found(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct found *found = ctx;

	found->done = true;
	if (n > 0)
		*found->ret = addrs[0];
	else
		*found->why = *why;
}

/* Look up the address that the scope has for this registrar, and wait for it: nothing else can begin before. */
static enum rsp_err
look_up(struct rsp_loop *loop, const struct rsp_endpoint *endpoint, struct rsp_sockaddr *ret, struct rsp_why *why)
{
	struct found found = { .ret = ret, .why = why };
	struct rsp_lookup *lookup;
	enum rsp_err err = rsp_lookup_start(loop, endpoint->host, endpoint->port, on_found, &found, &lookup);

	if (err)
		return rsp_fail(why, err, endpoint->host, "%s", rsp_err_text(err));
	while (!found.done && rsp_loop_turn(loop, true))
		;
	return ret->len > 0 ? RSP_OK : why->err;
}

enum rsp_err
peer_ports(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
	   struct rsp_registrar_service_config *config, struct rsp_why *why)
{
	const struct rsp_scope_registrar *self = NULL;
	enum rsp_err err = RSP_OK;

	memcpy(config->at, rsp_cli.plaintext ? peer_option.plain_at : peer_option.at, sizeof(config->at));
	if (config->at[RSP_SERVE_ASAP].len && config->at[RSP_SERVE_ENRP].len)
		return RSP_OK;
	if (scope)
		self = rsp_scope_registrar_named(scope, name);
	if (!self && config->at[RSP_SERVE_ASAP].len)
		return RSP_OK;
	if (!self && !scope)
		return rsp_fail(why, RSP_EUSAGE, "--asap",
				"is missing, and without a scope (--scope) no file names an address to listen on");
	if (!self)
		return rsp_fail(why, RSP_ENOTFOUND, name,
				"the scope %s has no registrar of this name (rsp-keygen registrar adds one; or give "
				"--asap and --enrp)",
				scope->dir);
	if (!config->at[RSP_SERVE_ASAP].len)
		err = look_up(loop, &self->asap, &config->at[RSP_SERVE_ASAP], why);
	if (!err && !config->at[RSP_SERVE_ENRP].len && *self->enrp.host)
		err = look_up(loop, &self->enrp, &config->at[RSP_SERVE_ENRP], why);
	return err;
}

static void
take_contact(struct rsp_registrar_service_contact *to, const char *name, const struct rsp_endpoint *endpoint)
{
	*to = (struct rsp_registrar_service_contact){ .port = endpoint->port };
	(void)snprintf(to->name, sizeof(to->name), "%.*s", RSP_NAME_MAX, name);
	(void)snprintf(to->host, sizeof(to->host), "%s", endpoint->host);
}

static enum rsp_err
contact_of_option(struct rsp_loop *loop, const char *spec, const struct rsp_scope *scope,
		  struct rsp_registrar_service_contact *ret, struct rsp_why *why)
{
	struct rsp_target target = { 0 };
	struct rsp_sockaddr where = { 0 };
	enum rsp_err err = rsp_target_of(scope, spec, RSP_SERVICE_ENRP, rsp_cli.plaintext, &target, why);

	if (err)
		return err;
	if (!rsp_cli.plaintext) {
		if (!rsp_name_ok(target.name) || !rsp_scope_registrar_named(scope, target.name))
			return rsp_fail(
				why, RSP_EUSAGE, spec,
				"no registrar of the scope has this address: give its name too, NAME@HOST:PORT");
		take_contact(ret, target.name, &target.endpoint);
		return RSP_OK;
	}
	/* in plain text registrars have no names, and the address is looked up once */
	err = look_up(loop, &target.endpoint, &where, why);
	if (err)
		return err;
	struct rsp_ip ip = rsp_sockaddr_ip(&where);
	rsp_ip_format(&ip, target.endpoint.host);
	take_contact(ret, "", &target.endpoint);
	return RSP_OK;
}

static bool
is_among(const struct rsp_registrar_service_contact *contacts, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(contacts[i].name, name) == 0)
			return true;
	return false;
}

enum rsp_err
peer_contacts(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
	      struct rsp_registrar_service_contact *ret, unsigned *ret_n, struct rsp_why *why)
{
	unsigned n = 0;

	for (unsigned i = 0; i < peer_option.n_peers; i++) {
		enum rsp_err err = contact_of_option(loop, peer_option.peers[i], scope, &ret[n], why);

		if (err)
			return err;
		if (strcmp(ret[n].name, name) == 0)
			return rsp_fail(why, RSP_EUSAGE, peer_option.peers[i],
					"names this registrar itself: remove this --peer");
		n++;
	}
	for (size_t i = 0; scope && !rsp_cli.plaintext && i < scope->n_registrars && n < RSP_CONTACTS_MAX; i++) {
		const struct rsp_scope_registrar *other = &scope->registrars[i];

		/* port 0: this registrar cannot dial @other, but @other dials this registrar */
		if (strcmp(other->name, name) == 0 || !*other->enrp.host || !other->enrp.port ||
		    is_among(ret, n, other->name))
			continue;
		take_contact(&ret[n++], other->name, &other->enrp);
	}
	*ret_n = n;
	return RSP_OK;
}
