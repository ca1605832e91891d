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

/* Verbs that make something: init, registrar, element, monitor, crl. */

#define DAY_MS    INT64_C(86400000)
#define CA_DAYS   3650
#define CERT_DAYS 397
#define BACK_MS   INT64_C(300000) /* clocks differ: what is made now is valid on a node that lags a little */

static json_t *
record(const char *verb, const char *scope, const char *name, const char *role, unsigned keys, const char *cert_pem)
{
	json_t *object = rsp_json_record("rsp.keygen/1", true);

	rsp_json_put(&object, "action", json_string(verb));
	rsp_json_put(&object, "scope", json_string(scope));
	rsp_json_put(&object, "directory", rsp_json_text(rsp_cli.scope));
	rsp_json_put(&object, "name", rsp_json_text(name));
	rsp_json_put(&object, "role", rsp_json_text(role));
	rsp_json_put(&object, "keys", json_integer(keys));
	rsp_json_put(&object, "certificate", cert_pem ? certificate_json(cert_pem) : json_null());
	return object;
}

static int
finish(enum rsp_err err, const struct rsp_why *why, json_t *object)
{
	if (!err)
		return rsp_err_exit(rsp_json_emit(object));
	json_decref(object);
	return rsp_cli_fail(why);
}

static int64_t
not_before(int64_t now_ms)
{
	return keygen.not_before_ms ? keygen.not_before_ms : now_ms - BACK_MS;
}

static int64_t
not_after(int64_t now_ms, unsigned days)
{
	return keygen.not_after_ms ? keygen.not_after_ms
				   : now_ms + (int64_t)(keygen.days ? keygen.days : days) * DAY_MS;
}

static const char *const init_files[] = { "ca.key", "ca.pem", "crl.pem", "keys.json", "authz.json", "scope.json" };

/* Whether one of them is there; its name in @ret. */
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
write_text(const char *dir, const char *name, const char *file, bool secret, const char *text, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = master_path(dir, name, file);

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	return rsp_file_write(path, secret ? RSP_FILE_SECRET : RSP_FILE_PUBLIC, true, rsp_bytes_str(text), why);
}

static enum rsp_err
make_ca(struct master *master, const char *name, char **ret_crl, struct rsp_why *why)
{
	char common_name[RSP_NAME_MAX + 16];
	struct rsp_x509_request request = { .kind = RSP_X509_CA,
					    .ed25519 = keygen.ed25519,
					    .organization = name,
					    .common_name = common_name,
					    .not_before_ms = not_before(master->now_ms),
					    .not_after_ms = not_after(master->now_ms, CA_DAYS) };

	(void)snprintf(common_name, sizeof(common_name), "%s scope CA", name);
	enum rsp_err err = rsp_x509_make(&request, NULL, &master->ca, why);
	return err ? err
		   : rsp_x509_make_crl(&master->ca, NULL, NULL, master->now_ms - BACK_MS,
				       master->now_ms + CERT_DAYS * DAY_MS, ret_crl, why);
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
	enum rsp_err err = make_ca(master, name, &crl, why);
	if (!err)
		err = write_text(master->dir, NULL, "ca.key", true, master->ca.key_pem, why);
	if (!err)
		err = write_text(master->dir, NULL, "ca.pem", false, master->ca.cert_pem, why);
	if (!err)
		err = write_text(master->dir, NULL, "crl.pem", false, crl, why);
	return err ? err : master_save(master, why);
}

/* What a run that failed had made goes again; there was nothing before it. */
static void
undo_init(const char *dir, bool made_directory)
{
	for (unsigned i = 0; i < RSP_COUNT(init_files); i++) {
		RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, init_files[i]);

		if (path)
			(void)unlink(path);
	}
	RSP_AUTO(rsp_free) char *lock = rsp_path_join(dir, ".lock");
	if (made_directory && lock) {
		(void)unlink(lock);
		(void)rmdir(dir);
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
	if (!err && !keygen.force && any_there(master.dir, &there)) {
		err = rsp_fail(&why, RSP_EEXISTS, master.dir, "has a %s already (--force makes a new scope)", there);
	} else if (!err) {
		err = write_master(&master, name, &why);
		if (err && !keygen.force)
			undo_init(master.dir, new_directory);
	}
	json_t *object = err ? NULL : record("init", name, NULL, NULL, 0, master.ca.cert_pem);
	master_done(&master);
	return finish(err, &why, object);
}

/* Names and addresses that the certificate is for: the registrar's name first. */
struct sans {
	const char *dns[KEYGEN_LIST_MAX + 3];
	struct rsp_ip ips[KEYGEN_LIST_MAX + 2];
	size_t n_dns, n_ips;
};

static void
add_ip(struct sans *sans, const struct rsp_ip *ip)
{
	static const struct rsp_ip any4 = { .family = 4 }, any6 = { .family = 6 };
	bool there = rsp_ip_equal(ip, &any4) || rsp_ip_equal(ip, &any6);

	for (size_t i = 0; i < sans->n_ips; i++)
		there = there || rsp_ip_equal(ip, &sans->ips[i]);
	if (!there && sans->n_ips < RSP_COUNT(sans->ips))
		sans->ips[sans->n_ips++] = *ip;
}

static void
add_name(struct sans *sans, const char *name)
{
	struct rsp_ip ip;
	bool there = false;

	if (rsp_ip_parse(name, &ip) == RSP_OK) {
		add_ip(sans, &ip);
		return;
	}
	for (size_t i = 0; i < sans->n_dns; i++)
		there = there || strcasecmp(name, sans->dns[i]) == 0;
	if (!there && sans->n_dns < RSP_COUNT(sans->dns))
		sans->dns[sans->n_dns++] = name;
}

static enum rsp_err
make_certificate(const struct master *master, const struct rsp_scope_registrar *registrar, struct rsp_x509_pair *ret,
		 struct rsp_why *why)
{
	struct sans sans = { 0 };

	add_name(&sans, registrar->name);
	add_name(&sans, registrar->asap.host);
	add_name(&sans, registrar->enrp.host);
	for (unsigned i = 0; i < keygen.n_dns; i++)
		add_name(&sans, keygen.dns[i]);
	for (unsigned i = 0; i < keygen.n_ips; i++)
		add_ip(&sans, &keygen.ips[i]);
	struct rsp_x509_request request = { .kind = RSP_X509_SERVER,
					    .ed25519 = keygen.ed25519,
					    .organization = master->scope->name,
					    .common_name = registrar->name,
					    .dns = sans.dns,
					    .n_dns = sans.n_dns,
					    .ips = sans.ips,
					    .n_ips = sans.n_ips,
					    .not_before_ms = not_before(master->now_ms),
					    .not_after_ms = not_after(master->now_ms, CERT_DAYS) };
	return rsp_x509_make(&request, &master->ca, ret, why);
}

static enum rsp_err
write_certificate(const struct master *master, const char *name, const struct rsp_x509_pair *pair, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *all = rsp_path_join(master->dir, "registrars");
	RSP_AUTO(rsp_free) char *own = master_path(master->dir, name, "");

	if (!all || !own)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = make_directory(all, 0700, why);
	if (!err)
		err = make_directory(own, 0700, why);
	if (!err)
		err = write_text(master->dir, name, "key.pem", true, pair->key_pem, why);
	return err ? err : write_text(master->dir, name, "cert.pem", false, pair->cert_pem, why);
}

/* One key per client, server, direction and role. */
static enum rsp_err
link_nodes(struct master *master, const char *registrar, const struct rsp_authz_entry *node, unsigned *made,
	   struct rsp_why *why)
{
	enum rsp_err err = master_add_key(master, node->role, node->name, registrar, node->not_after_ms, made, why);

	if (!err && node->role == RSP_ROLE_ELEMENT)
		err = master_add_key(master, RSP_ROLE_NOTIFY, registrar, node->name, node->not_after_ms, made, why);
	return err;
}

static enum rsp_err
mesh(struct master *master, const char *name, unsigned *made, struct rsp_why *why)
{
	enum rsp_err err = master_drop_keys(master, name, why);

	for (size_t i = 0; !err && i < master->scope->n_registrars; i++) {
		const char *other = master->scope->registrars[i].name;

		if (strcmp(other, name) == 0)
			continue;
		err = master_add_key(master, RSP_ROLE_PEER, name, other, RSP_TIME_NEVER, made, why);
		if (!err)
			err = master_add_key(master, RSP_ROLE_PEER, other, name, RSP_TIME_NEVER, made, why);
	}
	for (size_t i = 0; !err && i < master->authz->n; i++)
		err = link_nodes(master, name, &master->authz->entries[i], made, why);
	return err;
}

static enum rsp_err
read_endpoints(struct rsp_scope_registrar *registrar, struct rsp_why *why)
{
	if (!keygen.asap)
		return rsp_fail(why, RSP_EUSAGE, "--asap",
				"is missing: where the registrar serves elements and users, HOST:PORT");
	if (rsp_endpoint_parse(keygen.asap, RSP_PORT_ASAP_TLS, &registrar->asap))
		return rsp_fail(why, RSP_EUSAGE, "--asap", "\"%s\" is not HOST:PORT", keygen.asap);
	registrar->enrp = registrar->asap;
	registrar->enrp.port = RSP_PORT_ENRP_TLS;
	if (keygen.enrp && rsp_endpoint_parse(keygen.enrp, RSP_PORT_ENRP_TLS, &registrar->enrp))
		return rsp_fail(why, RSP_EUSAGE, "--enrp", "\"%s\" is not HOST:PORT", keygen.enrp);
	if (keygen.n_ips > RSP_SCOPE_ADDRESSES_MAX)
		return rsp_fail(why, RSP_EUSAGE, "--ip", "given more than %d times", RSP_SCOPE_ADDRESSES_MAX);
	memcpy(registrar->addresses, keygen.ips, keygen.n_ips * sizeof(keygen.ips[0]));
	registrar->n_addresses = keygen.n_ips;
	return RSP_OK;
}

/* The new key pair is in place before the scope tells of it; what it replaces with --force was the same node's. */
static enum rsp_err
add_registrar(struct master *master, const struct rsp_scope_registrar *registrar, struct rsp_x509_pair *pair,
	      unsigned *made, struct rsp_why *why)
{
	enum rsp_err err = master_check_name(master, registrar->name, RSP_ROLE_PEER, why);

	if (!err)
		err = make_certificate(master, registrar, pair, why);
	if (!err)
		err = mesh(master, registrar->name, made, why);
	if (!err && (err = rsp_scope_put(master->scope, registrar)))
		err = rsp_fail(why, err, registrar->name, "%s", rsp_err_text(err));
	if (!err)
		err = write_certificate(master, registrar->name, pair, why);
	return err ? err : master_save(master, why);
}

static int
not_one_name(unsigned n, const char *const *operand)
{
	return rsp_cli_usage(n ? operand[n - 1] : "NAME", n == 0  ? "is missing"
							  : n > 1 ? "is one operand too many"
								  : "is not a name");
}

int
run_registrar(unsigned n, const char *const *operand)
{
	struct rsp_scope_registrar registrar = { 0 };
	struct rsp_x509_pair pair = { 0 };
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };
	unsigned made = 0;

	if (n != 1 || !rsp_name_ok(operand[0]))
		return not_one_name(n, operand);
	(void)snprintf(registrar.name, sizeof(registrar.name), "%s", operand[0]);
	enum rsp_err err = read_endpoints(&registrar, &why);
	if (!err)
		err = master_open(&master, true, true, &why);
	if (!err)
		err = add_registrar(&master, &registrar, &pair, &made, &why);
	json_t *object =
		err ? NULL : record("registrar", master.scope->name, registrar.name, "registrar", made, pair.cert_pem);
	rsp_x509_pair_done(&pair);
	master_done(&master);
	return finish(err, &why, object);
}

static enum rsp_err
add_node(struct master *master, const struct rsp_authz_entry *entry, unsigned *made, struct rsp_why *why)
{
	enum rsp_err err = master_check_name(master, entry->name, entry->role, why);

	if (!err)
		err = master_drop_keys(master, entry->name, why);
	for (size_t i = 0; !err && i < master->scope->n_registrars; i++)
		err = link_nodes(master, master->scope->registrars[i].name, entry, made, why);
	if (!err && (err = rsp_authz_put(master->authz, entry)))
		err = rsp_fail(why, err, entry->name, "%s", rsp_err_text(err));
	return err ? err : master_save(master, why);
}

static int
run_node(const char *verb, enum rsp_role role, unsigned n, const char *const *operand)
{
	char every[] = "*", *all[] = { every };
	struct rsp_authz_entry entry = { .role = role, .max_registrations = UINT32_MAX };
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };
	unsigned made = 0;

	if (n != 1 || !rsp_name_ok(operand[0]))
		return not_one_name(n, operand);
	(void)snprintf(entry.name, sizeof(entry.name), "%s", operand[0]);
	entry.pools = keygen.n_pools ? keygen.pools : all;
	entry.n_pools = role != RSP_ROLE_ELEMENT ? 0 : keygen.n_pools ? keygen.n_pools : 1;
	entry.addresses = keygen.addresses;
	entry.n_addresses = keygen.n_addresses;
	entry.max_registrations = keygen.max < UINT32_MAX ? (uint32_t)keygen.max : UINT32_MAX;
	entry.opaque = keygen.opaque;
	if (keygen.days && !keygen.not_after_ms)
		keygen.not_after_ms = rsp_clock_wall_ms() + (int64_t)keygen.days * DAY_MS;
	entry.not_after_ms = keygen.not_after_ms ? keygen.not_after_ms : RSP_TIME_NEVER;
	enum rsp_err err = master_open(&master, true, false, &why);
	if (!err)
		err = add_node(&master, &entry, &made, &why);
	json_t *object = err ? NULL : record(verb, master.scope->name, entry.name, rsp_role_name(role), made, NULL);
	master_done(&master);
	return finish(err, &why, object);
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

static enum rsp_err
renew_crl(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *old = NULL;
	RSP_AUTO(rsp_free) char *bad = NULL;
	RSP_AUTO(rsp_free) char *crl = NULL;
	RSP_AUTO(rsp_free) char *crl_path = rsp_path_join(master->dir, "crl.pem");
	RSP_AUTO(rsp_free) char *bad_path = NULL;
	enum rsp_err err = crl_path ? read_text(crl_path, false, &old, why) : RSP_ENOMEM;

	if (!err && keygen.revoke) {
		if (!rsp_scope_registrar_named(master->scope, keygen.revoke))
			return rsp_fail(why, RSP_ENOTFOUND, keygen.revoke, "the scope has no registrar of this name");
		bad_path = master_path(master->dir, keygen.revoke, "cert.pem");
		err = bad_path ? read_text(bad_path, false, &bad, why) : RSP_ENOMEM;
	}
	if (!err)
		err = rsp_x509_make_crl(&master->ca, old, bad, master->now_ms - BACK_MS,
					not_after(master->now_ms, CERT_DAYS), &crl, why);
	return err ? err : write_text(master->dir, NULL, "crl.pem", false, crl, why);
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
	json_t *object = err ? NULL : record("crl", master.scope->name, keygen.revoke, NULL, 0, NULL);
	master_done(&master);
	return finish(err, &why, object);
}
