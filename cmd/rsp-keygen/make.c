#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "keygen.h"

/* The verbs init, registrar, element and monitor; and the records of all verbs that change the directory. */

#define CA_DAYS 3650

static json_t *
record(const struct master *master, const char *verb, const char *name, const char *role, unsigned keys,
       const char *cert_pem)
{
	json_t *object = rsp_json_record("rsp.keygen/1", true);

	rsp_json_put(&object, "action", json_string(verb));
	rsp_json_put(&object, "scope", json_string(master->scope->name));
	rsp_json_put(&object, "directory", rsp_json_text(rsp_cli.scope));
	rsp_json_put(&object, "name", rsp_json_text(name));
	rsp_json_put(&object, "role", rsp_json_text(role));
	rsp_json_put(&object, "n_keys", json_integer(keys));
	rsp_json_put(&object, "certificate", cert_pem ? certificate_json(cert_pem) : json_null());
	rsp_json_put(&object, "outdated", outdated_json(master));
	return object;
}

int
finish(enum rsp_err err, const struct rsp_why *why, struct master *master, const char *verb, const char *name,
       const char *role, unsigned keys, const char *cert_pem)
{
	json_t *object = err ? NULL : record(master, verb, name, role, keys, cert_pem);

	master_done(master);
	return err ? rsp_cli_fail(why) : rsp_err_exit(rsp_json_emit(object));
}

int64_t
valid_from(int64_t now_ms)
{
	return keygen.not_before_ms ? keygen.not_before_ms : now_ms - BACK_MS;
}

int64_t
valid_until(int64_t now_ms, unsigned days)
{
	return keygen.not_after_ms ? keygen.not_after_ms
				   : now_ms + (int64_t)(keygen.days ? keygen.days : days) * DAY_MS;
}

static const char *const init_files[] = { "ca.key", "ca.pem", "crl.pem", "keys.json", "authz.json", "scope.json" };

/* Whether one of these files exists; its name in @ret. */
static bool
any_there(const char *dir, const char **ret)
{
	for (unsigned i = 0; i < RSP_COUNT(init_files); i++) {
		RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, init_files[i]);

		*ret = init_files[i];
		if (!path || access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static enum rsp_err
make_ca(struct master *master, const char *name, char **ret_crl, struct rsp_why *why)
{
	char common_name[RSP_NAME_MAX + 16];
	struct rsp_x509_request request = { .kind = RSP_X509_CA,
					    .ed25519 = keygen.ed25519,
					    .organization = name,
					    .common_name = common_name,
					    .not_before_ms = valid_from(master->now_ms),
					    .not_after_ms = valid_until(master->now_ms, CA_DAYS) };

	(void)snprintf(common_name, sizeof(common_name), "%s scope CA", name);
	enum rsp_err err = rsp_x509_make(&request, NULL, &master->ca, why);
	return err ? err
		   : rsp_x509_make_crl(&master->ca, NULL, NULL, master->now_ms - BACK_MS,
				       master->now_ms + CERT_DAYS * DAY_MS, ret_crl, why);
}

/* With --force: plan to remove certificates and keys of the registrars of the old scope. */
static enum rsp_err
remove_registrars(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(master->dir, "registrars");
	DIR *list = path ? opendir(path) : NULL;
	enum rsp_err err = RSP_OK;

	for (struct dirent *entry = list ? readdir(list) : NULL; !err && entry; entry = readdir(list)) {
		if (!rsp_name_ok(entry->d_name))
			continue;
		err = master_remove(master, entry->d_name, "key.pem", why);
		if (!err)
			err = master_remove(master, entry->d_name, "cert.pem", why);
	}
	if (list)
		(void)closedir(list);
	return err;
}

static enum rsp_err
write_master(struct master *master, const char *name, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *crl = NULL;

	master->scope = calloc(1, sizeof(*master->scope));
	master->keyring = rsp_keyring_new();
	master->authz = rsp_authz_new();
	if (!master->scope || !master->keyring || !master->authz)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	(void)snprintf(master->scope->name, sizeof(master->scope->name), "%s", name);
	(void)snprintf(master->keyring->scope, sizeof(master->keyring->scope), "%s", name);
	enum rsp_err err = change_begin(&master->change, master->dir, why);
	if (!err)
		err = make_ca(master, name, &crl, why);
	if (!err)
		err = master_write(master, NULL, "ca.key", true, master->ca.key_pem, why);
	if (!err)
		err = master_write(master, NULL, "ca.pem", false, master->ca.cert_pem, why);
	if (!err)
		err = master_write(master, NULL, "crl.pem", false, crl, why);
	if (!err)
		err = master_remove(master, NULL, "ca-old.key", why);
	if (!err)
		err = master_remove(master, NULL, "bundles.json", why);
	if (!err)
		err = remove_registrars(master, why);
	return err ? err : master_save(master, why);
}

/* Remove the directory that a failed run made. */
static void
undo_init(struct master *master)
{
	RSP_AUTO(rsp_free) char *lock = rsp_path_join(master->dir, ".lock");

	change_done(&master->change);
	if (lock) {
		(void)unlink(lock);
		(void)rmdir(master->dir);
	}
}

int
run_init(unsigned n, const char *const *operand)
{
	const char *name = keygen.name ? keygen.name : "default", *there;
	struct master master = { .dir = rsp_cli.scope, .lock = -1, .now_ms = rsp_clock_wall_ms() };
	struct rsp_why why = { 0 };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	if (!rsp_name_ok(name))
		return rsp_cli_usage(name, "is not a name: letters, digits, '-', '_' and '.', at most %d",
				     RSP_NAME_MAX);
	bool new_directory = access(master.dir, F_OK) < 0;
	enum rsp_err err = make_directory(master.dir, 0700, &why);
	if (!err)
		err = master_lock(master.dir, &master.lock, &why);
	if (!err)
		err = change_recover(master.dir, &why);
	if (!err && !keygen.force && any_there(master.dir, &there)) {
		err = rsp_fail(&why, RSP_EEXISTS, master.dir, "has a %s already (--force makes a new scope)", there);
	} else if (!err) {
		err = write_master(&master, name, &why);
		if (err && new_directory)
			undo_init(&master);
	}
	return finish(err, &why, &master, "init", NULL, NULL, 0, master.ca.cert_pem);
}

static void
add_ip(struct rsp_x509_names *names, const struct rsp_ip *ip)
{
	static const struct rsp_ip any4 = { .family = 4 }, any6 = { .family = 6 };
	bool there = rsp_ip_equal(ip, &any4) || rsp_ip_equal(ip, &any6);

	for (size_t i = 0; i < names->n_ips; i++)
		there = there || rsp_ip_equal(ip, &names->ips[i]);
	if (!there && names->n_ips < RSP_COUNT(names->ips))
		names->ips[names->n_ips++] = *ip;
}

static void
add_name(struct rsp_x509_names *names, const char *name)
{
	struct rsp_ip ip;
	bool there = false;

	if (rsp_ip_parse(name, &ip) == RSP_OK) {
		add_ip(names, &ip);
		return;
	}
	for (size_t i = 0; i < names->n_dns; i++)
		there = there || strcasecmp(name, names->dns[i]) == 0;
	if (!there && names->n_dns < RSP_COUNT(names->dns))
		(void)snprintf(names->dns[names->n_dns++], sizeof(names->dns[0]), "%s", name);
}

enum rsp_err
make_certificate(struct master *master, const char *name, const struct rsp_x509_names *names, const char *key_pem,
		 struct rsp_x509_pair *ret, struct rsp_why *why)
{
	const char *dns[RSP_X509_SAN_MAX];

	for (size_t i = 0; i < names->n_dns; i++)
		dns[i] = names->dns[i];
	struct rsp_x509_request request = { .kind = RSP_X509_SERVER,
					    .ed25519 = names->ed25519,
					    .organization = master->scope->name,
					    .common_name = name,
					    .dns = dns,
					    .n_dns = names->n_dns,
					    .ips = names->ips,
					    .n_ips = names->n_ips,
					    .not_before_ms = valid_from(master->now_ms),
					    .not_after_ms = valid_until(master->now_ms, CERT_DAYS),
					    .key_pem = key_pem };
	enum rsp_err err = rsp_x509_make(&request, &master->ca, ret, why);
	if (!err)
		err = master_write(master, name, "key.pem", true, ret->key_pem, why);
	return err ? err : master_write(master, name, "cert.pem", false, ret->cert_pem, why);
}

/* Take from the old certificate of @old, the registrar as it was, the names that do not follow from its addresses. */
static enum rsp_err
keep_names(const struct master *master, const struct rsp_scope_registrar *old, struct rsp_x509_names *names,
	   struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = master_path(master->dir, old->name, "cert.pem");
	RSP_AUTO(rsp_free) char *pem = NULL;
	struct rsp_x509_names had;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = read_text(path, false, &pem, why);
	if (err == RSP_ENOTFOUND) /* the certificate was lost; --force makes a new one */
		return RSP_OK;
	if (err)
		return err;
	if (rsp_pem_names(pem, &had))
		return rsp_fail(why, RSP_EKEY, path,
				"is not a certificate in PEM (rsp-keygen registrar NAME --force makes another one)");
	names->ed25519 = names->ed25519 || had.ed25519;
	for (size_t i = 0; keygen.n_dns == 0 && i < had.n_dns; i++)
		if (strcasecmp(had.dns[i], old->asap.host) != 0 && strcasecmp(had.dns[i], old->enrp.host) != 0)
			add_name(names, had.dns[i]);
	return RSP_OK;
}

static enum rsp_err
certify(struct master *master, const struct rsp_scope_registrar *registrar, struct rsp_x509_pair *ret,
	struct rsp_why *why)
{
	const struct rsp_scope_registrar *old = rsp_scope_registrar_named(master->scope, registrar->name);
	struct rsp_x509_names names = { .ed25519 = keygen.ed25519 };

	add_name(&names, registrar->name);
	add_name(&names, registrar->asap.host);
	add_name(&names, registrar->enrp.host);
	enum rsp_err err = old ? keep_names(master, old, &names, why) : RSP_OK;
	for (unsigned i = 0; i < keygen.n_dns; i++)
		add_name(&names, keygen.dns[i]);
	for (size_t i = 0; i < registrar->n_addresses; i++)
		add_ip(&names, &registrar->addresses[i]);
	return err ? err : make_certificate(master, registrar->name, &names, NULL, ret, why);
}

/* Set the addresses of the registrar. Those without an option stay as they were. */
static enum rsp_err
read_endpoints(const struct rsp_scope_registrar *old, struct rsp_scope_registrar *registrar, struct rsp_why *why)
{
	if (old)
		*registrar = *old;
	else if (!keygen.asap)
		return rsp_fail(why, RSP_EUSAGE, "--asap",
				"is missing: where the registrar serves elements and users, HOST:PORT");
	if (keygen.asap && rsp_endpoint_parse(keygen.asap, old ? old->asap.port : RSP_PORT_ASAP_TLS, &registrar->asap))
		return rsp_fail(why, RSP_EUSAGE, "--asap", "\"%s\" is not HOST:PORT", keygen.asap);
	if (!old) {
		registrar->enrp = registrar->asap;
		registrar->enrp.port = RSP_PORT_ENRP_TLS;
	}
	if (keygen.enrp && rsp_endpoint_parse(keygen.enrp, old ? old->enrp.port : RSP_PORT_ENRP_TLS, &registrar->enrp))
		return rsp_fail(why, RSP_EUSAGE, "--enrp", "\"%s\" is not HOST:PORT", keygen.enrp);
	if (keygen.n_ips > RSP_SCOPE_ADDRESSES_MAX)
		return rsp_fail(why, RSP_EUSAGE, "--ip", "given more than %d times", RSP_SCOPE_ADDRESSES_MAX);
	if (keygen.n_ips) {
		memcpy(registrar->addresses, keygen.ips, keygen.n_ips * sizeof(keygen.ips[0]));
		registrar->n_addresses = keygen.n_ips;
	}
	return RSP_OK;
}

static enum rsp_err
add_registrar(struct master *master, const char *name, struct rsp_x509_pair *pair, unsigned *made, struct rsp_why *why)
{
	struct rsp_scope_registrar registrar = { 0 };
	enum rsp_err err = master_check_name(master, name, RSP_ROLE_PEER, why);

	if (!err)
		err = read_endpoints(rsp_scope_registrar_named(master->scope, name), &registrar, why);
	(void)snprintf(registrar.name, sizeof(registrar.name), "%s", name);
	if (!err)
		err = certify(master, &registrar, pair, why);
	if (!err && (err = rsp_scope_put(master->scope, &registrar)))
		err = rsp_fail(why, err, registrar.name, "%s", rsp_err_text(err));
	if (!err)
		err = master_complete_keys(master, name, made, why);
	return err ? err : master_save(master, why);
}

int
not_one_name(unsigned n, const char *const *operand)
{
	return rsp_cli_usage(n ? operand[n - 1] : "NAME", n == 0  ? "is missing"
							  : n > 1 ? "is one operand too many"
								  : "is not a name");
}

int
run_registrar(unsigned n, const char *const *operand)
{
	struct rsp_x509_pair pair = { 0 };
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };
	unsigned made = 0;

	if (n != 1 || !rsp_name_ok(operand[0]))
		return not_one_name(n, operand);
	enum rsp_err err = master_open(&master, true, true, &why);
	if (!err)
		err = add_registrar(&master, operand[0], &pair, &made, &why);
	int status = finish(err, &why, &master, "registrar", operand[0], rsp_role_name(RSP_ROLE_PEER), made, pair.cert_pem);
	rsp_x509_pair_done(&pair);
	return status;
}

static enum rsp_err
add_node(struct master *master, const struct rsp_authz_entry *entry, unsigned *made, struct rsp_why *why)
{
	enum rsp_err err = rsp_authz_put(master->authz, entry);

	if (err)
		return rsp_fail(why, err, entry->name, "%s", rsp_err_text(err));
	for (size_t i = 0; keygen.not_after_ms && i < master->keyring->n; i++) {
		struct rsp_key *key = &master->keyring->keys[i];

		if (strcmp(key->client, entry->name) == 0 || strcmp(key->server, entry->name) == 0)
			key->not_after_ms = keygen.not_after_ms;
	}
	err = master_complete_keys(master, entry->name, made, why);
	return err ? err : master_save(master, why);
}

/* The entry of @name, or a new entry, with the values of the options. */
static struct rsp_authz_entry
entry_of(const struct master *master, const char *name, enum rsp_role role, char **all)
{
	const struct rsp_authz_entry *old = rsp_authz_find(master->authz, name);
	struct rsp_authz_entry entry = { .role = role,
					 .pools = all,
					 .n_pools = role == RSP_ROLE_ELEMENT,
					 .max_registrations = UINT32_MAX,
					 .not_after_ms = RSP_TIME_NEVER };

	if (old)
		entry = *old;
	(void)snprintf(entry.name, sizeof(entry.name), "%s", name);
	if (keygen.n_pools) {
		entry.pools = keygen.pools;
		entry.n_pools = keygen.n_pools;
	}
	if (keygen.n_addresses) {
		entry.addresses = keygen.addresses;
		entry.n_addresses = keygen.n_addresses;
	}
	if (keygen.max < UINT32_MAX)
		entry.max_registrations = (uint32_t)keygen.max;
	entry.opaque |= keygen.opaque;
	if (keygen.days && !keygen.not_after_ms)
		keygen.not_after_ms = master->now_ms + (int64_t)keygen.days * DAY_MS;
	if (keygen.not_after_ms)
		entry.not_after_ms = keygen.not_after_ms;
	return entry;
}

static int
run_node(const char *verb, enum rsp_role role, unsigned n, const char *const *operand)
{
	char every[] = "*", *all[] = { every };
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };
	unsigned made = 0;

	if (n != 1 || !rsp_name_ok(operand[0]))
		return not_one_name(n, operand);
	enum rsp_err err = master_open(&master, true, false, &why);
	if (!err)
		err = master_check_name(&master, operand[0], role, &why);
	if (!err) {
		struct rsp_authz_entry entry = entry_of(&master, operand[0], role, all);

		err = add_node(&master, &entry, &made, &why);
	}
	return finish(err, &why, &master, verb, operand[0], rsp_role_name(role), made, NULL);
}

int
run_element(unsigned n, const char *const *operand)
{
	return run_node("element", RSP_ROLE_ELEMENT, n, operand);
}

int
run_monitor(unsigned n, const char *const *operand)
{
	return run_node("monitor", RSP_ROLE_MONITOR, n, operand);
}
