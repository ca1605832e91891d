#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/json.h"
#include "keygen.h"

/* Which bundles differ from what `bundle` would write now. bundles.json in the master directory has, for each node,
 * a digest of the content of its bundle when it was last written: {"schema": "rsp.bundles/1", "bundles": {NAME:
 * HEX}, "users": HEX}. */

#define SCHEMA "rsp.bundles/1"
#define DIGEST 32
#define HEX    (2 * DIGEST + 1)

/* The content of one node's bundle. */
struct content {
	const char *name;
	bool registrar;
	uint8_t digest[DIGEST]; /* sum of the digests of its keys, octet by octet */
};

struct contents {
	const struct master *master;
	struct content *nodes; /* sorted by name */
	size_t n;
	char *of_all, *authz; /* the files in all bundles, and the files in registrars' bundles */
};

static bool
digest_of(const void *text, size_t n, uint8_t out[static DIGEST])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text, n, out) >= 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct content *)a)->name, ((const struct content *)b)->name);
}

static void
add_key(struct contents *contents, const char *name, const uint8_t digest[static DIGEST])
{
	const struct content wanted = { .name = name };
	struct content *found = bsearch(&wanted, contents->nodes, contents->n, sizeof(wanted), compare);

	for (unsigned i = 0; found && i < DIGEST; i++)
		found->digest[i] ^= digest[i];
}

static bool
add_keys(struct contents *contents)
{
	const struct rsp_keyring *ring = contents->master->keyring;

	for (size_t i = 0; i < ring->n; i++) {
		const struct rsp_key *key = &ring->keys[i];
		uint8_t digest[DIGEST];
		char text[512];
		int n = snprintf(text, sizeof(text), "%s %d %s %s %lld", key->identity, (int)key->role, key->client,
				 key->server, (long long)key->not_after_ms);

		if (n < 0 || (size_t)n >= sizeof(text) || !digest_of(text, (size_t)n, digest))
			return false;
		add_key(contents, key->client, digest);
		add_key(contents, key->server, digest);
	}
	return true;
}

/* The text of the file, on the heap; NULL: it cannot be read. */
static char *
text_of(const struct master *master, const char *name, const char *file)
{
	RSP_AUTO(rsp_free) char *path = master_path(master->dir, name, file);
	char *text = NULL;

	return path && read_text(path, false, &text, NULL) == RSP_OK ? text : NULL;
}

static void
contents_done(struct contents *contents)
{
	free(contents->nodes);
	free(contents->of_all);
	free(contents->authz);
}

static bool
contents_read(const struct master *master, struct contents *ret)
{
	RSP_AUTO(rsp_free) char *scope = text_of(master, NULL, "scope.json");
	RSP_AUTO(rsp_free) char *ca = text_of(master, NULL, "ca.pem");
	RSP_AUTO(rsp_free) char *crl = text_of(master, NULL, "crl.pem");
	size_t n = master->scope->n_registrars + master->authz->n;

	*ret = (struct contents){ .master = master,
				  .nodes = calloc(n + 1, sizeof(*ret->nodes)),
				  .authz = text_of(master, NULL, "authz.json") };
	if (!scope || !ca || !crl || !ret->authz || !ret->nodes || asprintf(&ret->of_all, "%s%s%s", scope, ca, crl) < 0)
		return false;
	for (size_t i = 0; i < master->scope->n_registrars; i++)
		ret->nodes[ret->n++] = (struct content){ .name = master->scope->registrars[i].name, .registrar = true };
	for (size_t i = 0; i < master->authz->n; i++)
		ret->nodes[ret->n++] = (struct content){ .name = master->authz->entries[i].name };
	qsort(ret->nodes, ret->n, sizeof(*ret->nodes), compare);
	return add_keys(ret);
}

/* Write the digest of the bundle of @node (NULL: users) as hex. False if it cannot be computed. */
static bool
state_of(const struct contents *contents, const struct content *node, char out[static HEX])
{
	RSP_AUTO(rsp_free)
	char *cert = node && node->registrar ? text_of(contents->master, node->name, "cert.pem") : NULL;
	RSP_AUTO(rsp_free) char *whole = NULL;
	uint8_t digest[DIGEST];
	char keys[HEX] = "";

	if (node && node->registrar && !cert)
		return false;
	if (node)
		rsp_hex_encode(rsp_bytes_of(node->digest, DIGEST), keys);
	if (asprintf(&whole, "%s%s%s%s", contents->of_all, keys, cert ? cert : "", cert ? contents->authz : "") < 0)
		return false;
	if (!digest_of(whole, strlen(whole), digest))
		return false;
	rsp_hex_encode(rsp_bytes_of(digest, DIGEST), out);
	return true;
}

/* Read bundles.json. If it is missing or not valid, no bundle is known. */
static json_t *
read_notes(const struct master *master)
{
	RSP_AUTO(rsp_free) char *text = text_of(master, NULL, "bundles.json");
	json_t *notes = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *schema = json_string_value(json_object_get(notes, "schema"));

	if (schema && strcmp(schema, SCHEMA) == 0)
		return notes;
	json_decref(notes);
	return json_object();
}

static bool
is_noted(const json_t *note, const char *state)
{
	const char *text = json_string_value(note);

	return text && strcmp(text, state) == 0;
}

json_t *
outdated_json(const struct master *master)
{
	struct contents contents = { 0 };
	json_t *object = json_null(), *nodes = json_array(), *notes = read_notes(master);
	char state[HEX];

	if (contents_read(master, &contents)) {
		const json_t *bundles = json_object_get(notes, "bundles");

		for (size_t i = 0; i < contents.n; i++) {
			const struct content *node = &contents.nodes[i];

			if (!state_of(&contents, node, state) || !is_noted(json_object_get(bundles, node->name), state))
				rsp_json_append(&nodes, json_string(node->name));
		}
		bool users = state_of(&contents, NULL, state) && is_noted(json_object_get(notes, "users"), state);
		object = json_object();
		rsp_json_put(&object, "nodes", json_incref(nodes));
		rsp_json_put(&object, "users", json_boolean(!users));
	}
	json_decref(nodes);
	json_decref(notes);
	contents_done(&contents);
	return object;
}

/* Write bundles.json for the nodes that the scope still has; the digest of @name (NULL: users) is computed anew. */
static json_t *
new_notes(const struct contents *contents, const json_t *old, const char *name)
{
	const json_t *had = json_object_get(old, "bundles"), *users = json_object_get(old, "users");
	json_t *notes = json_object(), *bundles = json_object();
	char state[HEX] = "";

	rsp_json_put(&notes, "schema", json_string(SCHEMA));
	for (size_t i = 0; i < contents->n; i++) {
		const struct content *node = &contents->nodes[i];
		const char *text = json_string_value(json_object_get(had, node->name));

		if (name && strcmp(name, node->name) == 0)
			text = state_of(contents, node, state) ? state : NULL;
		if (text)
			rsp_json_put(&bundles, node->name, json_string(text));
	}
	const char *text = json_string_value(users);
	if (!name)
		text = state_of(contents, NULL, state) ? state : NULL;
	rsp_json_put(&notes, "bundles", bundles);
	rsp_json_put(&notes, "users", text ? json_string(text) : json_null());
	return notes;
}

enum rsp_err
outdated_note(const struct master *master, const char *name, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(master->dir, "bundles.json");
	struct contents contents = { 0 };
	json_t *old = read_notes(master), *notes = NULL;
	char *text = NULL;

	if (path && contents_read(master, &contents)) {
		notes = new_notes(&contents, old, name);
		text = notes ? json_dumps(notes, JSON_INDENT(2)) : NULL;
	}
	enum rsp_err err = text ? rsp_file_write(path, RSP_FILE_TRUSTED, true, rsp_bytes_str(text), why)
				: rsp_fail(why, RSP_ENOMEM, master->dir, "cannot note which bundles are written");
	free(text);
	json_decref(notes);
	json_decref(old);
	contents_done(&contents);
	return err;
}
