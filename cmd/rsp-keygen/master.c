#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
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
	int code = fd < 0 ? -1 : flock(fd, LOCK_EX); /* held until this process ends: another run waits here */
	if (code < 0) {
		enum rsp_err err = rsp_fail(why, errno == EACCES || errno == EPERM ? RSP_EPERMS : RSP_EIO, path,
					    "cannot lock: %s", strerror(errno));
		rsp_fd_close(fd);
		return err;
	}
	*ret = fd;
	return RSP_OK;
}

int
master_lock_to_look(const char *dir)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, ".lock");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

	if (fd >= 0)
		(void)flock(fd, LOCK_SH);
	return fd;
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

/* Read the key @file, and find its certificate in ca.pem. */
static enum rsp_err
open_ca_of(struct master *master, const char *file, struct rsp_x509_pair *ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(master->dir, file);

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = read_text(path, true, &ret->key_pem, why);
	if (!err && (err = rsp_pem_certificate_of_key(master->cas, ret->key_pem, &ret->cert_pem)))
		err = rsp_fail(why, err, path,
			       "is the key of no certificate in ca.pem: restore both files from one backup");
	return err;
}

enum rsp_err
master_open_ca(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *certs = rsp_path_join(master->dir, "ca.pem");
	RSP_AUTO(rsp_free) char *old = rsp_path_join(master->dir, "ca-old.key");

	if (!certs || !old)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = read_text(certs, false, &master->cas, why);
	if (!err)
		err = open_ca_of(master, "ca.key", &master->ca, why);
	return err || access(old, F_OK) < 0 ? err : open_ca_of(master, "ca-old.key", &master->old_ca, why);
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
				"is the bundle of %s: give the directory that rsp-keygen init made (--scope)",
				master->keyring->node);
	if (!err)
		err = rsp_authz_load(authz, &master->authz, why);
	return err || !ca ? err : master_open_ca(master, why);
}

enum rsp_err
master_open(struct master *master, bool writes, bool ca, struct rsp_why *why)
{
	struct rsp_scope *scope = NULL;

	*master = (struct master){ .dir = rsp_cli.scope, .lock = -1, .now_ms = rsp_clock_wall_ms() };
	enum rsp_err err =
		rsp_scope_load_public(master->dir, &scope, why); /* before a lock file is made in a wrong directory */
	rsp_scope_free(scope);
	if (err)
		return advise(err, why);
	if (writes)
		err = master_lock(master->dir, &master->lock, why);
	if (!err && writes)
		err = change_recover(master->dir, why);
	if (!err)
		err = open_parts(master, ca, why);
	return err || !writes ? err : change_begin(&master->change, master->dir, why);
}

void
master_done(struct master *master)
{
	change_done(&master->change);
	rsp_scope_free(master->scope);
	rsp_keyring_unref(master->keyring);
	rsp_authz_free(master->authz);
	rsp_x509_pair_done(&master->ca);
	rsp_x509_pair_done(&master->old_ca);
	free(master->cas);
	rsp_fd_close(master->lock);
	*master = (struct master){ .lock = -1 };
}

/* The path relative to the directory. */
static char *
relative_path(const char *name, const char *file)
{
	char *path = NULL;

	return asprintf(&path, "%s%s%s%s", name ? "registrars/" : "", name ? name : "", name ? "/" : "", file) < 0
		       ? NULL
		       : path;
}

enum rsp_err
master_write(struct master *master, const char *name, const char *file, bool secret, const char *text,
	     struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = relative_path(name, file);
	RSP_AUTO(rsp_free) char *staged = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	enum rsp_err err = change_write(&master->change, path, &staged, why);
	return err ? err
		   : rsp_file_write(staged, secret ? RSP_FILE_SECRET : RSP_FILE_TRUSTED, true, rsp_bytes_str(text),
				    why);
}

enum rsp_err
master_remove(struct master *master, const char *name, const char *file, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = relative_path(name, file);

	return path ? change_remove(&master->change, path, why)
		    : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
}

enum rsp_err
master_commit(struct master *master, struct rsp_why *why)
{
	return change_commit(&master->change, why);
}

enum rsp_err
master_save(struct master *master, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *stage = change_stage(&master->change);
	RSP_AUTO(rsp_free) char *keys = NULL;
	RSP_AUTO(rsp_free) char *authz = NULL;
	RSP_AUTO(rsp_free) char *scope = NULL;
	enum rsp_err err = stage ? change_write(&master->change, "keys.json", &keys, why)
				 : rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");

	if (!err)
		err = change_write(&master->change, "authz.json", &authz, why);
	if (!err)
		err = change_write(&master->change, "scope.json", &scope, why);
	if (!err)
		err = rsp_keyring_save(master->keyring, keys, true, why);
	if (!err)
		err = rsp_authz_save(master->authz, authz, true, why);
	if (!err)
		err = rsp_scope_save(master->scope, stage, true, why);
	return err ? err : master_commit(master, why);
}

enum rsp_err
master_keep_keys(struct master *master, bool (*keep)(const struct rsp_key *key, const void *of), const void *of,
		 struct rsp_why *why)
{
	struct rsp_keyring *kept = rsp_keyring_new();
	enum rsp_err err = kept ? RSP_OK : RSP_ENOMEM;

	for (size_t i = 0; !err && i < master->keyring->n; i++)
		if (keep(&master->keyring->keys[i], of))
			err = rsp_keyring_add(kept, &master->keyring->keys[i]);
	if (err) {
		rsp_keyring_unref(kept);
		return rsp_fail(why, err, master->dir, "%s", rsp_err_text(err));
	}
	memcpy(kept->scope, master->keyring->scope, sizeof(kept->scope));
	rsp_keyring_unref(master->keyring);
	master->keyring = kept;
	return RSP_OK;
}

static bool
is_of_another(const struct rsp_key *key, const void *name)
{
	return strcmp(key->client, name) != 0 && strcmp(key->server, name) != 0;
}

enum rsp_err
master_drop_keys(struct master *master, const char *name, struct rsp_why *why)
{
	return master_keep_keys(master, is_of_another, name, why);
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

/* The purpose of a key. */
struct purpose {
	enum rsp_role role;
	const char *client, *server;
};

static int
compare_purposes(const void *a, const void *b)
{
	const struct purpose *x = a, *y = b;
	int by_client = strcmp(x->client, y->client);
	int by_server = by_client ? by_client : strcmp(x->server, y->server);

	return by_server ? by_server : (int)x->role - (int)y->role;
}

/* The purposes of the keys that @name needs, sorted. At most @room. The caller frees the list. */
static struct purpose *
purposes_of(const struct rsp_keyring *ring, const char *name, size_t *ret_n)
{
	struct purpose *list = calloc(ring->n + 1, sizeof(*list));

	*ret_n = 0;
	for (size_t i = 0; list && i < ring->n; i++) {
		const struct rsp_key *key = &ring->keys[i];

		if (!is_of_another(key, name))
			list[(*ret_n)++] = (struct purpose){ key->role, key->client, key->server };
	}
	if (list)
		qsort(list, *ret_n, sizeof(*list), compare_purposes);
	return list;
}

/* Add a key for @purpose to @ring, unless one of the @n purposes in @had is the same. */
static enum rsp_err
complete(struct master *master, const struct purpose *had, size_t n, struct purpose purpose, int64_t not_after_ms,
	 unsigned *made, struct rsp_why *why)
{
	if (bsearch(&purpose, had, n, sizeof(*had), compare_purposes))
		return RSP_OK;
	return master_add_key(master, purpose.role, purpose.client, purpose.server, not_after_ms, made, why);
}

/* Write to @purpose the purposes of the keys between @registrar and @node: one for each direction and role. */
static enum rsp_err
complete_node(struct master *master, const struct purpose *had, size_t n, const char *registrar,
	      const struct rsp_authz_entry *node, unsigned *made, struct rsp_why *why)
{
	struct purpose up = { node->role, node->name, registrar }, down = { RSP_ROLE_NOTIFY, registrar, node->name };
	enum rsp_err err = complete(master, had, n, up, node->not_after_ms, made, why);

	return err || node->role != RSP_ROLE_ELEMENT ? err
						     : complete(master, had, n, down, node->not_after_ms, made, why);
}

static enum rsp_err
complete_registrar(struct master *master, const struct purpose *had, size_t n, const char *name, unsigned *made,
		   struct rsp_why *why)
{
	enum rsp_err err = RSP_OK;

	for (size_t i = 0; !err && i < master->scope->n_registrars; i++) {
		const char *other = master->scope->registrars[i].name;

		if (strcmp(other, name) == 0)
			continue;
		err = complete(master, had, n, (struct purpose){ RSP_ROLE_PEER, name, other }, RSP_TIME_NEVER, made,
			       why);
		if (!err)
			err = complete(master, had, n, (struct purpose){ RSP_ROLE_PEER, other, name }, RSP_TIME_NEVER,
				       made, why);
	}
	for (size_t i = 0; !err && i < master->authz->n; i++)
		err = complete_node(master, had, n, name, &master->authz->entries[i], made, why);
	return err;
}

enum rsp_err
master_complete_keys(struct master *master, const char *name, unsigned *made, struct rsp_why *why)
{
	const struct rsp_authz_entry *entry = rsp_authz_find(master->authz, name);
	/* copies of the texts that purposes point to: the keyring moves when it grows */
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *before = rsp_keyring_new();
	size_t n = 0;
	enum rsp_err err = before ? RSP_OK : RSP_ENOMEM;

	for (size_t i = 0; !err && i < master->keyring->n; i++)
		if (!is_of_another(&master->keyring->keys[i], name))
			err = rsp_keyring_add(before, &master->keyring->keys[i]);
	struct purpose *had = err ? NULL : purposes_of(before, name, &n);
	if (!had)
		return rsp_fail(why, RSP_ENOMEM, master->dir, "out of memory");
	if (!entry)
		err = complete_registrar(master, had, n, name, made, why);
	for (size_t i = 0; !err && entry && i < master->scope->n_registrars; i++)
		err = complete_node(master, had, n, master->scope->registrars[i].name, entry, made, why);
	free(had);
	return err;
}

enum rsp_role
master_role_of(const struct master *master, const char *name)
{
	const struct rsp_authz_entry *entry = rsp_authz_find(master->authz, name);

	return rsp_scope_registrar_named(master->scope, name) ? RSP_ROLE_PEER : entry ? entry->role : RSP_ROLE_NONE;
}

enum rsp_err
master_check_name(const struct master *master, const char *name, enum rsp_role role, struct rsp_why *why)
{
	enum rsp_role other = master_role_of(master, name);

	if (!rsp_name_ok(name))
		return rsp_fail(why, RSP_EUSAGE, name, "is not a name: letters, digits, '-', '_' and '.', at most %d",
				RSP_NAME_MAX);
	if (other == RSP_ROLE_NONE || (other == role && keygen.force))
		return RSP_OK;
	if (other == role)
		return rsp_fail(why, RSP_EEXISTS, name, "exists already (--force changes what else is named)");
	return rsp_fail(why, RSP_EEXISTS, name, "is the name of %s",
			other == RSP_ROLE_PEER ? "a registrar" : "an element or monitor");
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
