#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "keygen.h"

/* The verbs that only read: list, check. They accept bundles too. */

static json_t *
key_json(const struct rsp_key *key)
{
	json_t *object = json_object();

	rsp_json_put(&object, "psk_identity", json_string(key->identity));
	rsp_json_put(&object, "role", json_string(rsp_role_name(key->role)));
	rsp_json_put(&object, "client", json_string(key->client));
	rsp_json_put(&object, "server", json_string(key->server));
	rsp_json_put(&object, "bits", json_integer((json_int_t)key->secret.n * 8));
	rsp_json_put(&object, "created", rsp_json_time(key->created_ms));
	rsp_json_put(&object, "not_after", time_json(key->not_after_ms));
	return object;
}

static json_t *
registrar_json(const struct rsp_scope_registrar *registrar)
{
	json_t *object = json_object(), *addresses = json_array();
	char asap[RSP_ENDPOINT_TEXT_MAX], enrp[RSP_ENDPOINT_TEXT_MAX];

	rsp_endpoint_format(&registrar->asap, asap);
	rsp_endpoint_format(&registrar->enrp, enrp);
	for (size_t i = 0; i < registrar->n_addresses; i++)
		rsp_json_append(&addresses, rsp_json_ip(&registrar->addresses[i]));
	rsp_json_put(&object, "name", json_string(registrar->name));
	rsp_json_put(&object, "asap", json_string(asap));
	rsp_json_put(&object, "enrp", json_string(enrp));
	rsp_json_put(&object, "addresses", addresses);
	return object;
}

static json_t *
identity_json(const struct rsp_authz_entry *entry)
{
	json_t *object = json_object(), *pools = json_array(), *addresses = json_array();

	for (size_t i = 0; i < entry->n_pools; i++)
		rsp_json_append(&pools, rsp_json_text(entry->pools[i]));
	for (size_t i = 0; i < entry->n_addresses; i++) {
		char text[RSP_CIDR_TEXT_MAX];

		rsp_cidr_format(&entry->addresses[i], text);
		rsp_json_append(&addresses, json_string(text));
	}
	rsp_json_put(&object, "name", json_string(entry->name));
	rsp_json_put(&object, "role", json_string(rsp_role_name(entry->role)));
	rsp_json_put(&object, "pools", pools);
	rsp_json_put(&object, "addresses", addresses);
	rsp_json_put(&object, "max_registrations",
		     entry->max_registrations != UINT32_MAX ? json_integer(entry->max_registrations) : json_null());
	rsp_json_put(&object, "opaque", json_boolean(entry->opaque));
	rsp_json_put(&object, "not_after", time_json(entry->not_after_ms));
	return object;
}

static int
list_json(const struct rsp_scope *scope)
{
	json_t *object = rsp_json_record("rsp.keygen.list/1", true);
	json_t *registrars = json_array(), *identities = json_array(), *keys = json_array();

	for (size_t i = 0; i < scope->n_registrars; i++)
		rsp_json_append(&registrars, registrar_json(&scope->registrars[i]));
	for (size_t i = 0; scope->authz && i < scope->authz->n; i++)
		rsp_json_append(&identities, identity_json(&scope->authz->entries[i]));
	for (size_t i = 0; i < scope->keyring->n; i++)
		rsp_json_append(&keys, key_json(&scope->keyring->keys[i]));
	rsp_json_put(&object, "scope", json_string(scope->name));
	rsp_json_put(&object, "directory", rsp_json_text(scope->dir));
	rsp_json_put(&object, "node", *scope->node ? json_string(scope->node) : json_null());
	rsp_json_put(&object, "registrars", registrars);
	rsp_json_put(&object, "identities", identities);
	rsp_json_put(&object, "keys", keys);
	return rsp_err_exit(rsp_json_emit(object));
}

/* Lines of identity:hex, as psktool of GnuTLS writes them. */
static int
list_psktool(const struct rsp_keyring *ring)
{
	const size_t line = RSP_IDENTITY_SIZE + 2 * (size_t)RSP_SECRET_MAX + 2;
	size_t room = ring->n * line + 1, n = 0;
	char *text = calloc(1, room);
	struct rsp_why why = { 0 };
	enum rsp_err err = RSP_OK;

	if (!text)
		return rsp_err_exit(RSP_ENOMEM);
	for (size_t i = 0; i < ring->n; i++) {
		char hex[2 * RSP_SECRET_MAX + 1];

		rsp_hex_encode(rsp_bytes_of(ring->keys[i].secret.bytes, ring->keys[i].secret.n), hex);
		n += (size_t)snprintf(text + n, room - n, "%s:%s\n", ring->keys[i].identity, hex);
		gnutls_memset(hex, 0, sizeof(hex));
	}
	if (keygen.output)
		err = advise(rsp_file_write(keygen.output, RSP_FILE_SECRET, keygen.force, rsp_bytes_of(text, n), &why),
			     &why);
	int status = err             ? rsp_cli_fail(&why)
		     : keygen.output ? EXIT_SUCCESS
				     : rsp_err_exit(rsp_output_write(rsp_bytes_of(text, n)));
	gnutls_memset(text, 0, room);
	free(text);
	return status;
}

int
run_list(unsigned n, const char *const *operand)
{
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	RSP_AUTO(rsp_fd_close) int lock = master_lock_to_look(rsp_cli.scope);
	if (advise(rsp_scope_load(rsp_cli.scope, &scope, &why), &why))
		return rsp_cli_fail(&why);
	bool to_file = keygen.output && !keygen.psktool;
	int status = to_file && rsp_output_open(keygen.output, false, rsp_cli.pretty, &why) ? rsp_cli_fail(&why)
		     : keygen.psktool ? list_psktool(scope->keyring)
				      : list_json(scope);
	rsp_scope_free(scope);
	return status;
}

/* What check found. The worst finding decides the exit status; a file that cannot be read is worse than a file
 * that is due. */
struct checks {
	const char *dir;
	const struct rsp_scope *scope; /* of scope.json */
	struct rsp_keyring *ring;      /* NULL: no keyring that can be read */
	int64_t now_ms;
	bool due, bad;
	enum rsp_err err; /* of standard output */
};

static void
say_of(struct checks *checks, const char *kind, const char *object, const struct rsp_key *key, const char *state,
       int64_t not_after_ms, enum rsp_err err, const char *reason)
{
	bool fine = strcmp(state, "ok") == 0;
	json_t *record = rsp_json_record("rsp.keygen.check/1", fine);
	int64_t left_s = (not_after_ms - checks->now_ms) / 1000;
	bool ends = not_after_ms != RSP_TIME_NEVER;

	rsp_json_put(&record, "kind", json_string(kind));
	rsp_json_put(&record, "object", rsp_json_text(object));
	rsp_json_put(&record, "role", key ? json_string(rsp_role_name(key->role)) : json_null());
	rsp_json_put(&record, "client", key ? json_string(key->client) : json_null());
	rsp_json_put(&record, "server", key ? json_string(key->server) : json_null());
	rsp_json_put(&record, "state", json_string(state));
	rsp_json_put(&record, "not_after", time_json(not_after_ms));
	rsp_json_put(&record, "expires_in_s", ends ? json_integer(left_s) : json_null());
	rsp_json_put(&record, "key", rsp_json_text(err ? rsp_err_key(err) : NULL));
	rsp_json_put(&record, "reason", rsp_json_text(reason));
	checks->bad = checks->bad || strcmp(state, "bad") == 0;
	checks->due = checks->due || (!fine && strcmp(state, "bad") != 0);
	enum rsp_err printed = rsp_json_emit(record);
	checks->err = checks->err ? checks->err : printed;
}

static const char *
state_of(const struct checks *checks, int64_t not_before_ms, int64_t not_after_ms)
{
	int64_t now = checks->now_ms;

	return not_before_ms > now  ? "not-yet-valid"
	       : not_after_ms < now ? "expired"
	       : not_after_ms != RSP_TIME_NEVER && (uint64_t)(not_after_ms - now) < keygen.expires_in_ms ? "due"
													 : "ok";
}

static void
say_dates(struct checks *checks, const char *kind, const char *object, int64_t not_before_ms, int64_t not_after_ms)
{
	const char *state = state_of(checks, not_before_ms, not_after_ms);

	say_of(checks, kind, object, NULL, state, not_after_ms, RSP_OK, NULL);
}

static void
say_bad(struct checks *checks, const char *kind, const struct rsp_why *why)
{
	say_of(checks, kind, why->object, NULL, "bad", RSP_TIME_NEVER, why->err, why->reason);
}

static void
check_certificates(struct checks *checks, const char *path, gnutls_x509_crt_t *certs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		say_dates(checks, "certificate", path, (int64_t)gnutls_x509_crt_get_activation_time(certs[i]) * 1000,
			  (int64_t)gnutls_x509_crt_get_expiration_time(certs[i]) * 1000);
}

/* Each CA in ca.pem needs a CRL in crl.pem, which is @path: without it, certificates that it revoked are accepted. */
static void
check_lists(struct checks *checks, const struct rsp_x509 *x509, const char *path)
{
	int64_t due;

	for (unsigned i = 0; i < x509->n_ca; i++) {
		char name[256], reason[RSP_REASON_MAX];

		if (rsp_x509_crl_due(x509, x509->ca[i], &due))
			continue;
		rsp_x509_common_name(x509->ca[i], name, sizeof(name));
		(void)snprintf(reason, sizeof(reason), "has no list of the CA \"%s\"", name);
		say_of(checks, "crl", path, NULL, "bad", RSP_TIME_NEVER, RSP_ENOTFOUND, reason);
	}
}

/* Check the CA and its CRL. @x509 keeps the anchors for the checks that follow. */
static void
check_trust(struct checks *checks, struct rsp_x509 *x509)
{
	RSP_AUTO(rsp_free) char *ca = rsp_path_join(checks->dir, "ca.pem");
	RSP_AUTO(rsp_free) char *crl = rsp_path_join(checks->dir, "crl.pem");
	struct rsp_why why = { 0 };

	if (!ca || !crl || rsp_x509_load_ca(x509, ca, &why))
		say_bad(checks, "certificate", &why);
	else
		check_certificates(checks, ca, x509->ca, x509->n_ca);
	if (!ca || !crl || access(crl, F_OK) < 0)
		return;
	if (rsp_x509_load_crl(x509, crl, &why)) {
		say_bad(checks, "crl", &why);
		return;
	}
	for (unsigned i = 0; i < x509->n_crls; i++)
		say_dates(checks, "crl", crl, (int64_t)gnutls_x509_crl_get_this_update(x509->crls[i]) * 1000,
			  (int64_t)gnutls_x509_crl_get_next_update(x509->crls[i]) * 1000);
	check_lists(checks, x509, crl);
}

/* Check the certificate and key of the registrar @name: in a master directory, or (@bundle) in the registrar's own. */
static void
check_pair(struct checks *checks, const struct rsp_x509 *trust, const char *name, bool bundle)
{
	RSP_AUTO(rsp_free) char *cert = master_path(checks->dir, bundle ? NULL : name, "cert.pem");
	RSP_AUTO(rsp_free) char *key = master_path(checks->dir, bundle ? NULL : name, "key.pem");
	struct rsp_x509 x509 = { 0 };
	struct rsp_why why = { 0 };

	if (!cert || !key || (bundle && (access(cert, F_OK) < 0 || access(key, F_OK) < 0))) /* the error was reported */
		return;
	if (rsp_x509_load_pair(&x509, cert, key, &why) ||
	    rsp_x509_verify_own(trust, &x509, cert, *name ? name : NULL, &why))
		say_bad(checks, "certificate", &why);
	else
		check_certificates(checks, cert, x509.chain, 1);
	rsp_x509_done(&x509);
}

static void
check_keys(struct checks *checks)
{
	for (size_t i = 0; checks->ring && i < checks->ring->n; i++) {
		const struct rsp_key *key = &checks->ring->keys[i];
		const char *state = state_of(checks, 0, key->not_after_ms);

		say_of(checks, "key", key->identity, key, state, key->not_after_ms, RSP_OK, NULL);
	}
}

/* In a master directory there must be a key for each client, server, direction and role. Missing ones are made in
 * memory, to count them. */
static void
check_mesh(struct checks *checks, struct rsp_scope *scope, struct rsp_authz *authz)
{
	struct master master = { .dir = checks->dir,
				 .lock = -1,
				 .scope = scope,
				 .keyring = checks->ring,
				 .authz = authz,
				 .now_ms = checks->now_ms };

	for (size_t i = 0; checks->ring && i < scope->n_registrars; i++) {
		const char *name = scope->registrars[i].name;
		char reason[RSP_REASON_MAX];
		struct rsp_why why = { 0 };
		unsigned made = 0;

		if (master_complete_keys(&master, name, &made, &why)) {
			say_bad(checks, "key", &why);
		} else if (made > 0) {
			(void)snprintf(reason, sizeof(reason),
				       "%u of its keys are missing (rsp-keygen registrar %s --force makes them)", made,
				       name);
			say_of(checks, "key", name, NULL, "bad", RSP_TIME_NEVER, RSP_ENOKEY, reason);
		}
	}
}

static void
check_authz(struct checks *checks, struct rsp_scope *master)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, "authz.json");
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };

	if (!path || access(path, F_OK) < 0)
		return;
	if (rsp_authz_load(path, &authz, &why)) {
		say_bad(checks, "identity", &why);
		return;
	}
	for (size_t i = 0; i < authz->n; i++)
		say_dates(checks, "identity", authz->entries[i].name, 0, authz->entries[i].not_after_ms);
	if (master)
		check_mesh(checks, master, authz);
	rsp_authz_free(authz);
}

static void
check_ca_key(struct checks *checks, const char *file)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, file);
	char *text = NULL;
	struct rsp_why why = { 0 };

	if (!path || access(path, F_OK) < 0)
		return;
	if (read_text(path, true, &text, &why))
		say_bad(checks, "ca-key", &why);
	free_secret(text);
}

static bool
there(const struct checks *checks, const char *file)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, file);

	return !path || access(path, F_OK) == 0 || errno != ENOENT;
}

/* The owner of this directory: as keys.json says (nobody's in a master directory); without keys.json, by the other
 * files. */
enum bundle_owner { USERS, NODES, REGISTRARS, MASTER };

static enum bundle_owner
owner_of(const struct checks *checks)
{
	const char *node = checks->ring ? checks->ring->node : "";

	if (there(checks, "ca.key") || there(checks, "registrars") || (checks->ring && !*node))
		return MASTER;
	if (there(checks, "cert.pem") || there(checks, "key.pem") || there(checks, "authz.json") ||
	    rsp_scope_registrar_named(checks->scope, node))
		return REGISTRARS;
	return there(checks, "keys.json") ? NODES : USERS;
}

/* Files that rsp-keygen wrote. Their loss would not be noticed: without authz.json only a key's role counts,
 * without crl.pem no certificate is revoked. */
static void
check_missing(struct checks *checks, enum bundle_owner owner)
{
	enum { U = 1U << USERS, N = 1U << NODES, R = 1U << REGISTRARS, M = 1U << MASTER };
	static const struct {
		const char *file, *kind;
		unsigned of;
	} table[] = {
		{ "crl.pem", "crl", U | N | R | M }, { "keys.json", "key", N | R | M },
		{ "authz.json", "identity", R | M }, { "cert.pem", "certificate", R },
		{ "key.pem", "certificate", R },     { "ca.key", "ca-key", M },
	};

	for (unsigned i = 0; i < RSP_COUNT(table); i++) {
		RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, table[i].file);

		if (path && (table[i].of & 1U << owner) && !there(checks, table[i].file))
			say_of(checks, table[i].kind, path, NULL, "bad", RSP_TIME_NEVER, RSP_ENOTFOUND, "is missing");
	}
}

/* Read keys.json, which also names the node that owns this directory. */
static void
load_ring(struct checks *checks)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, "keys.json");
	struct rsp_why why = { 0 };

	if (path && there(checks, "keys.json") &&
	    (rsp_keyring_load(path, &checks->ring, &why) ||
	     rsp_scope_check_keys(checks->scope, checks->ring, path, &why)))
		say_bad(checks, "key", &why);
}

/* Report the change that an interrupted run left. No other run is at work, because this one has the lock. */
static void
check_change(struct checks *checks)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(checks->dir, ".change");
	enum change_state state = change_found(checks->dir);

	if (path && state != CHANGE_NONE)
		say_of(checks, "change", path, NULL, "bad", RSP_TIME_NEVER, RSP_EPARTIAL,
		       state == CHANGE_COMMITTED
			       ? "a change was interrupted: some files are new, others old; the next run that changes "
				 "something finishes it first"
			       : "was left by a run that was interrupted; no file is half changed, and the next run "
				 "that "
				 "changes something removes it");
}

int
run_check(unsigned n, const char *const *operand)
{
	struct checks checks = { .dir = rsp_cli.scope, .now_ms = rsp_clock_wall_ms() };
	struct rsp_scope *scope = NULL;
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	RSP_AUTO(rsp_fd_close) int lock = master_lock_to_look(checks.dir);
	if (advise(rsp_scope_load_public(checks.dir, &scope, &why), &why))
		return rsp_cli_fail(&why);
	checks.scope = scope;
	check_change(&checks);
	load_ring(&checks);
	enum bundle_owner of = owner_of(&checks);
	check_missing(&checks, of);
	check_trust(&checks, &trust);
	check_ca_key(&checks, "ca.key");
	check_ca_key(&checks, "ca-old.key"); /* exists during a rollover */
	for (size_t i = 0; of == MASTER && i < scope->n_registrars; i++)
		check_pair(&checks, &trust, scope->registrars[i].name, false);
	if (of == REGISTRARS)
		check_pair(&checks, &trust, checks.ring ? checks.ring->node : "", true);
	check_keys(&checks);
	check_authz(&checks, of == MASTER ? scope : NULL);
	rsp_x509_done(&trust);
	rsp_keyring_unref(checks.ring);
	rsp_scope_free(scope);
	return checks.err   ? rsp_err_exit(checks.err)
	       : checks.bad ? rsp_err_exit(RSP_ECONFIG)
	       : checks.due ? rsp_err_exit(RSP_EDUE)
			    : EXIT_SUCCESS;
}
