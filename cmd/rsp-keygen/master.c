#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/json.h"
#include "cli/options.h"
#include "keygen.h"

void
free_secret(char *text)
{
	rsp_wipe_free(text, text ? malloc_usable_size(text) : 0); /* a file may have NULs in it */
}

enum rsp_err
read_text(const char *path, bool secret, char **ret, struct rsp_why *why)
{
	uint8_t *text;
	size_t n;
	enum rsp_err err =
		rsp_file_read(path, secret ? RSP_FILE_SECRET : RSP_FILE_TRUSTED, KEYGEN_FILE_MAX, &text, &n, why);

	if (!err)
		*ret = (char *)text;
	return err;
}

enum rsp_err
make_directory(const char *path, unsigned mode, struct rsp_why *why)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return RSP_OK;
	return rsp_fail(why,
			errno == ENOENT                     ? RSP_ENOTFOUND
			: errno == EACCES || errno == EPERM ? RSP_EPERMS
							    : RSP_EIO,
			path, "cannot make the directory: %s", strerror(errno));
}

char *
master_path(const char *dir, const char *name, const char *file)
{
	char *path = NULL;

	if (!name)
		return rsp_path_join(dir, file);
	return asprintf(&path, "%s/registrars/%s%s%s", dir, name, *file ? "/" : "", file) < 0 ? NULL : path;
}

enum rsp_err
master_lock(const char *dir, int *ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, ".lock");

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	if (rsp_directory_check(dir, why))
		return why->err;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int code = fd < 0 ? -1 : flock(fd, LOCK_EX); /* until we end: another run waits here */
	if (code < 0) {
		enum rsp_err err = rsp_fail(why, errno == EACCES || errno == EPERM ? RSP_EPERMS : RSP_EIO, path,
					    "cannot lock: %s", strerror(errno));
		rsp_fd_close(fd);
		return err;
	}
	*ret = fd;
	return RSP_OK;
}

enum rsp_err
advise(enum rsp_err err, struct rsp_why *why)
{
	struct rsp_why was = *why;

	if (err == RSP_EEXISTS)
		return rsp_fail(why, err, was.object, "exists already (--force replaces what is there)");
	if (err == RSP_ENOTFOUND && strcmp(was.object, rsp_cli.scope) == 0)
		return rsp_fail(why, err, was.object, "no such scope directory (rsp-keygen init makes one)");
	return err;
}

static enum rsp_err
open_ca(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *cert = rsp_path_join(master->dir, "ca.pem");
	RSP_AUTO(rsp_free) char *key = rsp_path_join(master->dir, "ca.key");

	if (!cert || !key)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = read_text(cert, false, &master->ca.cert_pem, why);
	return err ? err : read_text(key, true, &master->ca.key_pem, why);
}

static enum rsp_err
open_parts(struct master *master, bool ca, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *keys = rsp_path_join(master->dir, "keys.json");
	RSP_AUTO(rsp_free) char *authz = rsp_path_join(master->dir, "authz.json");

	if (!keys || !authz)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = rsp_scope_load_public(master->dir, &master->scope, why);
	if (!err)
		err = rsp_keyring_load(keys, &master->keyring, why);
	if (!err && *master->keyring->node)
		return rsp_fail(why, RSP_ECONFIG, master->dir,
				"is the bundle of %s, not the directory that rsp-keygen init made",
				master->keyring->node);
	if (!err)
		err = rsp_authz_load(authz, &master->authz, why);
	return err || !ca ? err : open_ca(master, why);
}

enum rsp_err
master_open(struct master *master, bool writes, bool ca, struct rsp_why *why)
{
	struct rsp_scope *scope = NULL;

	*master = (struct master){ .dir = rsp_cli.scope, .lock = -1, .now_ms = rsp_clock_wall_ms() };
	enum rsp_err err =
		rsp_scope_load_public(master->dir, &scope, why); /* before a lock file appears in a wrong directory */
	rsp_scope_free(scope);
	if (err)
		return advise(err, why);
	if (writes)
		err = master_lock(master->dir, &master->lock, why);
	return err ? err : open_parts(master, ca, why);
}

void
master_done(struct master *master)
{
	rsp_scope_free(master->scope);
	rsp_keyring_unref(master->keyring);
	rsp_authz_free(master->authz);
	rsp_x509_pair_done(&master->ca);
	rsp_fd_close(master->lock);
}

enum rsp_err
master_save(const struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *keys = rsp_path_join(master->dir, "keys.json");
	RSP_AUTO(rsp_free) char *authz = rsp_path_join(master->dir, "authz.json");

	if (!keys || !authz)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = rsp_keyring_save(master->keyring, keys, true, why);
	if (!err)
		err = rsp_authz_save(master->authz, authz, true, why);
	return err ? err : rsp_scope_save(master->scope, master->dir, true, why);
}

enum rsp_err
master_drop_keys(struct master *master, const char *name, struct rsp_why *why)
{
	struct rsp_keyring *kept = rsp_keyring_new();
	enum rsp_err err = kept ? RSP_OK : RSP_ENOMEM;

	for (size_t i = 0; !err && i < master->keyring->n; i++) {
		const struct rsp_key *key = &master->keyring->keys[i];

		if (strcmp(key->client, name) != 0 && strcmp(key->server, name) != 0)
			err = rsp_keyring_add(kept, key);
	}
	if (err) {
		rsp_keyring_unref(kept);
		return rsp_fail(why, err, master->dir, "%s", rsp_err_text(err));
	}
	memcpy(kept->scope, master->keyring->scope, sizeof(kept->scope));
	rsp_keyring_unref(master->keyring);
	master->keyring = kept;
	return RSP_OK;
}

enum rsp_err
master_add_key(struct master *master, enum rsp_role role, const char *client, const char *server, int64_t not_after_ms,
	       unsigned *made, struct rsp_why *why)
{
	struct rsp_key key = { 0 };
	enum rsp_err err = rsp_key_make(role, client, server, master->now_ms, not_after_ms, &key);

	if (!err)
		err = rsp_keyring_add(master->keyring, &key);
	rsp_key_wipe(&key);
	if (err)
		return rsp_fail(why, err, client, "cannot make a key: %s", rsp_err_text(err));
	*made += 1;
	return RSP_OK;
}

enum rsp_err
master_check_name(const struct master *master, const char *name, enum rsp_role role, struct rsp_why *why)
{
	bool registrar = rsp_scope_registrar_named(master->scope, name) != NULL;
	const struct rsp_authz_entry *entry = rsp_authz_find(master->authz, name);
	enum rsp_role other = registrar ? RSP_ROLE_PEER : entry ? entry->role : RSP_ROLE_NONE;

	if (!rsp_name_ok(name))
		return rsp_fail(why, RSP_EUSAGE, name, "is not a name: letters, digits, '-', '_' and '.', at most %d",
				RSP_NAME_MAX);
	if (other == RSP_ROLE_NONE || (other == role && keygen.force))
		return RSP_OK;
	if (other == role)
		return rsp_fail(why, RSP_EEXISTS, name, "exists already (--force makes it and its keys anew)");
	return rsp_fail(why, RSP_EEXISTS, name, "is the name of %s",
			registrar ? "a registrar" : "an element or monitor");
}

json_t *
time_json(int64_t ms)
{
	return ms == RSP_TIME_NEVER ? json_null() : rsp_json_time(ms);
}

json_t *
certificate_json(const char *pem)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t datum = { .size = (unsigned)strlen(pem) };
	struct rsp_x509_facts facts;
	char *copy = strdup(pem);

	datum.data = (unsigned char *)copy;
	bool known = copy && gnutls_x509_crt_init(&cert) >= 0 &&
		     gnutls_x509_crt_import(cert, &datum, GNUTLS_X509_FMT_PEM) >= 0 &&
		     rsp_x509_facts(cert, &facts) == RSP_OK;
	gnutls_x509_crt_deinit(cert);
	free(copy);
	if (!known)
		return json_null();
	json_t *object = json_object();
	rsp_json_put(&object, "common_name", rsp_json_text(facts.common_name));
	rsp_json_put(&object, "serial", json_string(facts.serial));
	rsp_json_put(&object, "sha256", json_string(facts.fingerprint));
	rsp_json_put(&object, "algorithm", json_string(facts.algorithm));
	rsp_json_put(&object, "not_before", rsp_json_time(facts.not_before_ms));
	rsp_json_put(&object, "not_after", rsp_json_time(facts.not_after_ms));
	return object;
}
