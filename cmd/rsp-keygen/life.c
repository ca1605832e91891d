#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/fail.h"
#include "cli/options.h"
#include "keygen.h"

/* The verbs that change what exists: renew, rotate, retire, remove, revoke. */

/* The subject of such a verb: a node, or a key. */
struct subject {
	struct master *master;
	const char *name;
	enum rsp_role role;
	unsigned made; /* keys */
	struct rsp_x509_pair pair;
};

typedef enum rsp_err verb_call(struct subject *subject, struct rsp_why *why);
static verb_call rotate, retire;

/* Open the directory, find the node (for revoke also a key) that is the only operand, and call @call. */
static int
run_on_node(const char *verb, unsigned n, const char *const *operand, verb_call *call)
{
	struct master master = { .lock = -1 };
	struct rsp_why why = { 0 };
	bool key = n == 1 && strcmp(verb, "revoke") == 0 && rsp_identity_ok(operand[0], strlen(operand[0]));

	if (n != 1 || (!key && !rsp_name_ok(operand[0])))
		return not_one_name(n, operand);
	struct subject subject = { .master = &master, .name = operand[0] };
	enum rsp_err err = master_open(&master, true, false, &why);
	if (!err)
		subject.role = master_role_of(&master, operand[0]);
	if (!err && subject.role == RSP_ROLE_PEER && call != rotate &&
	    call != retire) /* registrars have certificates */
		err = master_open_ca(&master, &why);
	if (!err && !key && subject.role == RSP_ROLE_NONE)
		err = rsp_fail(
			&why, RSP_ENOTFOUND, operand[0],
			"the scope has no registrar, element or monitor of this name (rsp-keygen list shows them)");
	if (!err)
		err = call(&subject, &why);
	const char *role = subject.role == RSP_ROLE_NONE ? NULL : rsp_role_name(subject.role);
	int status = finish(err, &why, &master, verb, operand[0], role, subject.made, subject.pair.cert_pem);
	rsp_x509_pair_done(&subject.pair);
	return status;
}

static enum rsp_err
read_own(const struct subject *subject, const char *file, bool secret, char **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = master_path(subject->master->dir, subject->name, file);

	return path ? read_text(path, secret, ret, why)
		    : rsp_fail(why, RSP_ENOMEM, subject->master->dir, "out of memory");
}

/* Make a certificate with the names of the present one. @same_key: for the present private key; else for a new one. */
static enum rsp_err
certify_again(struct subject *subject, bool same_key, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *cert = NULL;
	struct rsp_x509_names names;
	char *key = NULL;
	enum rsp_err err = read_own(subject, "cert.pem", false, &cert, why);

	if (!err && rsp_pem_names(cert, &names))
		err = rsp_fail(why, RSP_EKEY, subject->name,
			       "its cert.pem is not a certificate in PEM (rsp-keygen registrar NAME --force makes "
			       "another one)");
	if (!err && same_key)
		err = read_own(subject, "key.pem", true, &key, why);
	if (!err)
		err = make_certificate(subject->master, subject->name, &names, key, &subject->pair, why);
	free_secret(key);
	return err;
}

static bool
is_of(const struct rsp_key *key, const char *name)
{
	return strcmp(key->client, name) == 0 || strcmp(key->server, name) == 0;
}

/* Set the end of an element's or monitor's keys and entry to the date of the options. */
static enum rsp_err
prolong(struct subject *subject, struct rsp_why *why)
{
	struct master *master = subject->master;

	if (!keygen.days && !keygen.not_after_ms)
		return rsp_fail(why, RSP_EUSAGE, subject->name,
				"is no registrar and has no certificate: --days or --not-after prolongs its keys");
	struct rsp_authz_entry entry = *rsp_authz_find(master->authz, subject->name);
	entry.not_after_ms = valid_until(master->now_ms, 0);
	for (size_t i = 0; i < master->keyring->n; i++)
		if (is_of(&master->keyring->keys[i], subject->name))
			master->keyring->keys[i].not_after_ms = entry.not_after_ms;
	enum rsp_err err = rsp_authz_put(master->authz, &entry);
	return err ? rsp_fail(why, err, subject->name, "%s", rsp_err_text(err)) : master_save(master, why);
}

static enum rsp_err
renew(struct subject *subject, struct rsp_why *why)
{
	if (subject->role != RSP_ROLE_PEER)
		return prolong(subject, why);
	if (keygen.not_after_ms == RSP_TIME_NEVER)
		return rsp_fail(why, RSP_EUSAGE, "--not-after", "a certificate cannot be valid for ever: give a time");
	enum rsp_err err = certify_again(subject, true, why);
	return err ? err : master_commit(subject->master, why);
}

static bool
same_purpose(const struct rsp_key *a, const struct rsp_key *b)
{
	return a->role == b->role && strcmp(a->client, b->client) == 0 && strcmp(a->server, b->server) == 0;
}

/* Compare keys by purpose; of one purpose, the key that a client offers first comes first. */
static int
compare_keys(const void *a, const void *b)
{
	const struct rsp_key *x = *(const struct rsp_key *const *)a, *y = *(const struct rsp_key *const *)b;
	int by_client = strcmp(x->client, y->client);
	int by_server = by_client ? by_client : strcmp(x->server, y->server);

	if (by_server || x->role != y->role)
		return by_server ? by_server : (int)x->role - (int)y->role;
	if (x->created_ms != y->created_ms)
		return x->created_ms > y->created_ms ? -1 : 1;
	return x > y ? -1 : x < y; /* of two keys made at one moment, the later one in the file is newer (psk.h) */
}

/* The keys of @name, sorted by compare_keys(). The caller frees the list; NULL: out of memory. */
static const struct rsp_key **
keys_of(const struct rsp_keyring *ring, const char *name, size_t *ret_n)
{
	const struct rsp_key **list = (const struct rsp_key **)calloc(ring->n + 1, sizeof(struct rsp_key *));

	*ret_n = 0;
	for (size_t i = 0; list && i < ring->n; i++)
		if (is_of(&ring->keys[i], name))
			list[(*ret_n)++] = &ring->keys[i];
	if (list)
		qsort(list, *ret_n, sizeof(*list), compare_keys);
	return list;
}

/* A copy of the keyring, for reading while the keyring changes. */
static struct rsp_keyring *
copy_ring(const struct rsp_keyring *ring)
{
	struct rsp_keyring *copy = rsp_keyring_new();

	for (size_t i = 0; copy && i < ring->n; i++)
		if (rsp_keyring_add(copy, &ring->keys[i])) {
			rsp_keyring_unref(copy);
			return NULL;
		}
	return copy;
}

/* Make a second key for each purpose. */
static enum rsp_err
rotate(struct subject *subject, struct rsp_why *why)
{
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *before = copy_ring(subject->master->keyring);
	size_t n = 0;
	const struct rsp_key **keys = before ? keys_of(before, subject->name, &n) : NULL;
	enum rsp_err err = RSP_OK;

	if (!keys)
		return rsp_fail(why, RSP_ENOMEM, subject->name, "out of memory");
	for (size_t i = 0; !err && i < n; i++) {
		if (i + 1 < n && same_purpose(keys[i], keys[i + 1]))
			err = rsp_fail(
				why, RSP_EEXISTS, subject->name,
				"has two keys already as %s of %s for %s (rsp-keygen retire ends the older ones)",
				rsp_role_name(keys[i]->role), keys[i]->client, keys[i]->server);
		else
			err = master_add_key(subject->master, keys[i]->role, keys[i]->client, keys[i]->server,
					     keys[i]->not_after_ms, &subject->made, why);
	}
	free((void *)keys);
	return err ? err : master_save(subject->master, why);
}

/* Whether @key is not in the keyring @dropped. */
static bool
is_kept(const struct rsp_key *key, const void *dropped)
{
	return !rsp_keyring_find(dropped, key->identity, strlen(key->identity));
}

/* Keep the newest key of each purpose. */
static enum rsp_err
retire(struct subject *subject, struct rsp_why *why)
{
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *dropped = rsp_keyring_new();
	size_t n = 0;
	const struct rsp_key **keys = dropped ? keys_of(subject->master->keyring, subject->name, &n) : NULL;
	enum rsp_err err = RSP_OK;

	if (!keys)
		return rsp_fail(why, RSP_ENOMEM, subject->name, "out of memory");
	for (size_t i = 1; !err && i < n; i++)
		if (same_purpose(keys[i - 1], keys[i]))
			err = rsp_keyring_add(dropped, keys[i]);
	free((void *)keys);
	if (err)
		return rsp_fail(why, err, subject->name, "%s", rsp_err_text(err));
	if (dropped->n == 0)
		return rsp_fail(
			why, RSP_ENOTFOUND, subject->name,
			"has only one key for each purpose: nothing to retire (rsp-keygen renew adds a second key)");
	err = master_keep_keys(subject->master, is_kept, dropped, why);
	return err ? err : master_save(subject->master, why);
}

/* Revoke the certificate of a registrar: it goes on the CRL. Fails if the certificate was lost. */
static enum rsp_err
revoke_certificate(struct subject *subject, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *cert = NULL;
	enum rsp_err err = read_own(subject, "cert.pem", false, &cert, why);

	if (err == RSP_ENOTFOUND)
		return rsp_fail(
			why, err, subject->name,
			"its certificate was lost and cannot go on the list of revoked ones (rsp-keygen registrar "
			"%s --force makes another one)",
			subject->name);
	return err ? err : make_crls(subject->master, subject->master->now_ms + CERT_DAYS * DAY_MS, cert, why);
}

static enum rsp_err
remove_node(struct subject *subject, struct rsp_why *why)
{
	struct master *master = subject->master;
	bool registrar = subject->role == RSP_ROLE_PEER;
	enum rsp_err err = registrar ? revoke_certificate(subject, why) : RSP_OK;

	if (!err)
		err = master_drop_keys(master, subject->name, why);
	if (!err && registrar)
		err = master_remove(master, subject->name, "key.pem", why);
	if (!err && registrar)
		err = master_remove(master, subject->name, "cert.pem", why);
	if (err)
		return err;
	if (registrar)
		rsp_scope_drop(master->scope, subject->name);
	else
		rsp_authz_drop(master->authz, subject->name);
	return master_save(master, why);
}

/* Remove the key, and make a new key for the same purpose. */
static enum rsp_err
revoke_key(struct subject *subject, struct rsp_why *why)
{
	struct master *master = subject->master;
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *dropped = rsp_keyring_new();
	const struct rsp_key *key = rsp_keyring_find(master->keyring, subject->name, strlen(subject->name));

	if (!key)
		return rsp_fail(why, RSP_ENOTFOUND, subject->name,
				"the scope has no key of this identity (rsp-keygen list shows them)");
	if (!dropped || rsp_keyring_add(dropped, key))
		return rsp_fail(why, RSP_ENOMEM, subject->name, "out of memory");
	key = &dropped->keys[0];
	enum rsp_err err = master_keep_keys(master, is_kept, dropped, why);
	if (!err)
		err = master_add_key(master, key->role, key->client, key->server, key->not_after_ms, &subject->made,
				     why);
	return err ? err : master_save(master, why);
}

/* Revoke all credentials of the node and make new ones. */
static enum rsp_err
revoke_anything(struct subject *subject, struct rsp_why *why)
{
	enum rsp_err err = RSP_OK;

	if (subject->role == RSP_ROLE_NONE)
		return revoke_key(subject, why);
	if (subject->role == RSP_ROLE_PEER)
		err = revoke_certificate(subject, why);
	if (!err && subject->role == RSP_ROLE_PEER)
		err = certify_again(subject, false, why);
	if (!err)
		err = master_drop_keys(subject->master, subject->name, why);
	if (!err)
		err = master_complete_keys(subject->master, subject->name, &subject->made, why);
	return err ? err : master_save(subject->master, why);
}

int
run_renew(unsigned n, const char *const *operand)
{
	return run_on_node("renew", n, operand, renew);
}

int
run_rotate(unsigned n, const char *const *operand)
{
	return run_on_node("rotate", n, operand, rotate);
}

int
run_retire(unsigned n, const char *const *operand)
{
	return run_on_node("retire", n, operand, retire);
}

int
run_remove(unsigned n, const char *const *operand)
{
	return run_on_node("remove", n, operand, remove_node);
}

int
run_revoke(unsigned n, const char *const *operand)
{
	return run_on_node("revoke", n, operand, revoke_anything);
}
