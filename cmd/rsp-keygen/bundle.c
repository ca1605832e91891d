#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "keygen.h"

/* The files of a bundle are written one by one. If one fails, those that this run created are removed again. */
struct bundle {
	const char *from, *dir;
	const char *done[8];
	unsigned n;
};

static char *
bundle_path(const struct bundle *bundle, const char *file)
{
	return rsp_path_join(bundle->dir, file);
}

static enum rsp_err
put(struct bundle *bundle, const char *file, bool secret, struct rsp_bytes content, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = bundle_path(bundle, file);

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, bundle->dir, "out of memory");
	enum rsp_err err = rsp_file_write(path, secret ? RSP_FILE_SECRET : RSP_FILE_PUBLIC, keygen.force, content, why);
	if (!err)
		bundle->done[bundle->n++] = file;
	return err;
}

/* Copy @file of the master directory, or of the registrar @name in it. */
static enum rsp_err
copy(struct bundle *bundle, const char *name, const char *file, bool secret, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = master_path(bundle->from, name, file);
	char *text = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, bundle->dir, "out of memory");
	enum rsp_err err = read_text(path, secret, &text, why);
	if (!err)
		err = put(bundle, file, secret, rsp_bytes_str(text), why);
	free_secret(text);
	return err;
}

/* Only the keys of which @name is the client or the server. */
static enum rsp_err
put_keys(struct bundle *bundle, const struct master *master, const char *name, unsigned *ret_keys, struct rsp_why *why)
{
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *ring = rsp_keyring_new();
	RSP_AUTO(rsp_free) char *path = bundle_path(bundle, "keys.json");
	enum rsp_err err = ring && path ? RSP_OK : RSP_ENOMEM;

	for (size_t i = 0; !err && i < master->keyring->n; i++) {
		const struct rsp_key *key = &master->keyring->keys[i];

		if (strcmp(key->client, name) == 0 || strcmp(key->server, name) == 0)
			err = rsp_keyring_add(ring, key);
	}
	if (err)
		return rsp_fail(why, err, bundle->dir, "%s", rsp_err_text(err));
	(void)snprintf(ring->scope, sizeof(ring->scope), "%s", master->scope->name);
	(void)snprintf(ring->node, sizeof(ring->node), "%s", name);
	err = rsp_keyring_save(ring, path, keygen.force, why);
	if (!err)
		bundle->done[bundle->n++] = "keys.json";
	*ret_keys = (unsigned)ring->n;
	return err;
}

static enum rsp_err
put_all(struct bundle *bundle, const struct master *master, const char *name, bool registrar, unsigned *ret_keys,
	struct rsp_why *why)
{
	enum rsp_err err = copy(bundle, NULL, "scope.json", false, why);

	if (!err)
		err = copy(bundle, NULL, "ca.pem", false, why);
	if (!err)
		err = copy(bundle, NULL, "crl.pem", false, why);
	if (!err && name)
		err = put_keys(bundle, master, name, ret_keys, why);
	if (!err && registrar)
		err = copy(bundle, name, "cert.pem", false, why);
	if (!err && registrar)
		err = copy(bundle, name, "key.pem", true, why);
	if (!err && registrar)
		err = copy(bundle, NULL, "authz.json", false, why);
	return err;
}

static void
undo(const struct bundle *bundle, bool made_directory)
{
	for (unsigned i = 0; i < bundle->n; i++) {
		RSP_AUTO(rsp_free) char *path = bundle_path(bundle, bundle->done[i]);

		if (path)
			(void)unlink(path);
	}
	if (made_directory)
		(void)rmdir(bundle->dir);
}

static json_t *
record(const struct bundle *bundle, const struct master *master, const char *name, const char *role, unsigned keys)
{
	json_t *object = rsp_json_record("rsp.keygen.bundle/1", true), *files = json_array();

	for (unsigned i = 0; i < bundle->n; i++)
		rsp_json_append(&files, json_string(bundle->done[i]));
	rsp_json_put(&object, "scope", json_string(master->scope->name));
	rsp_json_put(&object, "directory", rsp_json_text(bundle->dir));
	rsp_json_put(&object, "name", rsp_json_text(name));
	rsp_json_put(&object, "role", json_string(role));
	rsp_json_put(&object, "n_keys", json_integer(keys));
	rsp_json_put(&object, "files", files);
	rsp_json_put(&object, "outdated", outdated_json(master));
	return object;
}

static int
write_bundle(const struct master *master, const char *name)
{
	struct bundle bundle = { .from = master->dir, .dir = keygen.output };
	const struct rsp_authz_entry *entry = name ? rsp_authz_find(master->authz, name) : NULL;
	bool registrar = name && rsp_scope_registrar_named(master->scope, name);
	bool new_directory = access(bundle.dir, F_OK) < 0;
	struct rsp_why why = { 0 };
	unsigned keys = 0;

	if (name && !entry && !registrar) {
		(void)rsp_fail(
			&why, RSP_ENOTFOUND, name,
			"the scope has no registrar, element or monitor of this name (rsp-keygen list shows them)");
		return rsp_cli_fail(&why);
	}
	enum rsp_err err = make_directory(bundle.dir, name ? 0700 : 0755, &why);
	if (!err)
		err = rsp_directory_check(bundle.dir, &why);
	if (!err)
		err = advise(put_all(&bundle, master, name, registrar, &keys, &why), &why);
	if (!err)
		err = outdated_note(master, name, &why);
	if (err) {
		if (!keygen.force) /* with it, the old directory is removed already */
			undo(&bundle, new_directory);
		return rsp_cli_fail(&why);
	}
	const char *role = rsp_role_name(registrar ? RSP_ROLE_PEER : entry ? entry->role : RSP_ROLE_USER);
	return rsp_err_exit(rsp_json_emit(record(&bundle, master, name, role, keys)));
}

int
run_bundle(unsigned n, const char *const *operand)
{
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };

	if (n > 1)
		return rsp_cli_usage(operand[1], "is one operand too many");
	if ((n == 1) == keygen.user)
		return rsp_cli_usage(n ? operand[0] : "NAME",
				     n ? "--user has no name" : "is missing: a node's name, or --user");
	if (!keygen.output)
		return rsp_cli_usage("--output", "is missing: the directory to write");
	int status = master_open(&master, true, false, &why) ? rsp_cli_fail(&why)
							     : write_bundle(&master, n ? operand[0] : NULL);
	master_done(&master);
	return status;
}
