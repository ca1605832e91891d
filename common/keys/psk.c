#include "keys/psk.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "keys/doc.h"

#define PREFIX    "rsp1."
#define BASE64URL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static void
wipe_free(void *p, size_t n)
{
	if (p)
		gnutls_memset(p, 0, n);
	free(p);
}

struct rsp_keyring *
rsp_keyring_new(void)
{
	struct rsp_keyring *ring = calloc(1, sizeof(*ring));

	if (ring)
		ring->refs = 1;
	return ring;
}

struct rsp_keyring *
rsp_keyring_ref(struct rsp_keyring *ring)
{
	ring->refs++;
	return ring;
}

void
rsp_keyring_unref(struct rsp_keyring *ring)
{
	if (!ring || --ring->refs > 0)
		return;
	wipe_free(ring->keys, ring->room * sizeof(*ring->keys));
	free(ring->order);
	free(ring);
}

void
rsp_key_wipe(struct rsp_key *key)
{
	gnutls_memset(key, 0, sizeof(*key));
}

bool
rsp_identity_ok(const void *identity, size_t n)
{
	const char *text = identity;

	if (n != RSP_IDENTITY_SIZE - 1 || memcmp(text, PREFIX, strlen(PREFIX)) != 0)
		return false;
	for (size_t i = strlen(PREFIX); i < n; i++)
		if (!text[i] || !strchr(BASE64URL, text[i]))
			return false;
	return true;
}

static const char *
identity_at(const void *ring, size_t i)
{
	const struct rsp_keyring *in = ring;

	return in->keys[in->order[i]].identity;
}

/* The index of @identity in ring->order, or where it would be inserted. */
static size_t
place_of(const struct rsp_keyring *ring, const char *identity, bool *ret_there)
{
	return rsp_name_place(identity, ring->n, identity_at, ring, ret_there);
}

/* Not realloc(3), which would leave the old keys in freed memory. */
static enum rsp_err
grow(struct rsp_keyring *ring)
{
	size_t room = ring->room ? ring->room * 2 : 16;
	struct rsp_key *keys = calloc(room, sizeof(*keys));
	uint32_t *order = calloc(room, sizeof(*order));

	if (!keys || !order) {
		free(keys);
		free(order);
		return RSP_ENOMEM;
	}
	if (ring->n) {
		memcpy(keys, ring->keys, ring->n * sizeof(*keys));
		memcpy(order, ring->order, ring->n * sizeof(*order));
	}
	wipe_free(ring->keys, ring->room * sizeof(*ring->keys));
	free(ring->order);
	ring->keys = keys;
	ring->order = order;
	ring->room = room;
	return RSP_OK;
}

enum rsp_err
rsp_keyring_add(struct rsp_keyring *ring, const struct rsp_key *key)
{
	bool there;
	size_t place = place_of(ring, key->identity, &there);

	if (there)
		return RSP_EEXISTS;
	if (ring->n >= RSP_KEYRING_MAX)
		return RSP_ELIMIT;
	if (ring->n == ring->room && grow(ring))
		return RSP_ENOMEM;
	memmove(ring->order + place + 1, ring->order + place, (ring->n - place) * sizeof(*ring->order));
	ring->order[place] = (uint32_t)ring->n;
	ring->keys[ring->n++] = *key;
	return RSP_OK;
}

static bool
role_has_keys(enum rsp_role role)
{
	return role == RSP_ROLE_ELEMENT || role == RSP_ROLE_PEER || role == RSP_ROLE_MONITOR || role == RSP_ROLE_NOTIFY;
}

static enum rsp_err
make_identity(char out[static RSP_IDENTITY_SIZE])
{
	uint8_t random[16];
	gnutls_datum_t raw = { .data = random, .size = sizeof(random) }, text = { 0 };

	if (gnutls_rnd(GNUTLS_RND_RANDOM, random, sizeof(random)) < 0)
		return RSP_EINTERNAL;
	if (gnutls_base64_encode2(&raw, &text) < 0)
		return RSP_ENOMEM;
	(void)snprintf(out, RSP_IDENTITY_SIZE, "%s%.22s", PREFIX, (const char *)text.data);
	for (char *c = out; *c; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	gnutls_free(text.data);
	return RSP_OK;
}

enum rsp_err
rsp_key_make(enum rsp_role role, const char *client, const char *server, int64_t now_ms, int64_t not_after_ms,
	     struct rsp_key *ret)
{
	struct rsp_key key = { .role = role, .created_ms = now_ms, .not_after_ms = not_after_ms };

	if (!role_has_keys(role) || !rsp_name_ok(client) || !rsp_name_ok(server) || strcmp(client, server) == 0)
		return RSP_EVALUE;
	(void)snprintf(key.client, sizeof(key.client), "%s", client);
	(void)snprintf(key.server, sizeof(key.server), "%s", server);
	key.secret.n = RSP_SECRET_SIZE;
	enum rsp_err err = make_identity(key.identity);
	if (!err && gnutls_rnd(GNUTLS_RND_KEY, key.secret.bytes, key.secret.n) < 0)
		err = RSP_EINTERNAL;
	if (!err)
		*ret = key;
	rsp_key_wipe(&key);
	return err;
}

const struct rsp_key *
rsp_keyring_find(const struct rsp_keyring *ring, const void *identity, size_t n)
{
	char text[RSP_IDENTITY_SIZE] = "";
	bool there;

	if (!rsp_identity_ok(identity, n))
		return NULL;
	memcpy(text, identity, n);
	size_t place = place_of(ring, text, &there);
	return there ? &ring->keys[ring->order[place]] : NULL;
}

const struct rsp_key *
rsp_keyring_server_key(const struct rsp_keyring *ring, const void *identity, size_t n, const char *me, int64_t now_ms)
{
	const struct rsp_key *key = rsp_keyring_find(ring, identity, n);

	return key && strcmp(key->server, me) == 0 && now_ms <= key->not_after_ms ? key : NULL;
}

/* Newest first; of keys made at one moment, the later one in the file. */
static bool
newer(const struct rsp_key *a, const struct rsp_key *b)
{
	return a->created_ms > b->created_ms || (a->created_ms == b->created_ms && a > b);
}

const struct rsp_key *
rsp_keyring_client_key(const struct rsp_keyring *ring, enum rsp_role role, const char *me, const char *server,
		       int64_t now_ms, unsigned nth)
{
	const struct rsp_key *found = NULL;

	for (;;) { /* each round finds the newest key that is older than the key of the previous round */
		const struct rsp_key *best = NULL;

		for (size_t i = 0; i < ring->n; i++) {
			const struct rsp_key *key = &ring->keys[i];

			if (key->role == role && strcmp(key->client, me) == 0 &&
			    (!server || strcmp(key->server, server) == 0) &&
			    now_ms <= key->not_after_ms && (!found || newer(found, key)) && (!best || newer(key, best)))
				best = key;
		}
		if (!best || nth-- == 0)
			return best;
		found = best;
	}
}

static void
bad_key(struct rsp_doc *doc)
{
	(void)rsp_doc_bad(doc, "key", "is not %d to %d octets in hex", RSP_SECRET_MIN, RSP_SECRET_MAX);
	doc->err = RSP_EKEY;
	if (doc->why)
		doc->why->err = RSP_EKEY;
}

static void
read_key(struct rsp_doc *doc, const json_t *item, struct rsp_key *key)
{
	static const char *const members[] = { "identity", "role",    "client",    "server",
					       "key",      "created", "not_after", NULL };

	if (!rsp_doc_object(doc, item, members))
		return;
	const char *identity = rsp_doc_text(doc, item, "identity"), *role = rsp_doc_text(doc, item, "role");
	const char *hex = rsp_doc_text(doc, item, "key");
	rsp_doc_name(doc, item, "client", false, key->client);
	rsp_doc_name(doc, item, "server", false, key->server);
	key->created_ms = rsp_doc_time(doc, item, "created", 0);
	key->not_after_ms = rsp_doc_time(doc, item, "not_after", RSP_TIME_NEVER);
	if (doc->err)
		return;

	key->role = rsp_role_named(role);
	size_t digits = strlen(hex);
	if (!rsp_identity_ok(identity, strlen(identity)))
		(void)rsp_doc_bad(doc, "identity", "is not \"" PREFIX "\" and 22 base64url characters");
	else if (!role_has_keys(key->role))
		(void)rsp_doc_bad(doc, "role", "is not element, peer, monitor or notify");
	else if (strcmp(key->client, key->server) == 0)
		(void)rsp_doc_bad(doc, "server", "is the client too");
	else if (digits < (size_t)2 * RSP_SECRET_MIN || digits > (size_t)2 * RSP_SECRET_MAX ||
		 rsp_hex_decode(hex, digits, key->secret.bytes, NULL))
		bad_key(doc);
	(void)snprintf(key->identity, sizeof(key->identity), "%s", doc->err ? "" : identity);
	key->secret.n = digits / 2;
}

static void
read_keyring(struct rsp_doc *doc, const json_t *root, void *into)
{
	struct rsp_keyring *ring = into;
	static const char *const members[] = { "schema", "scope", "node", "keys", NULL };

	if (!rsp_doc_object(doc, root, members))
		return;
	rsp_doc_name(doc, root, "scope", false, ring->scope);
	rsp_doc_name(doc, root, "node", true, ring->node);
	const json_t *list = rsp_doc_list(doc, root, "keys", RSP_KEYRING_MAX);

	doc->list = "keys";
	for (doc->index = 0; !doc->err && doc->index < json_array_size(list); doc->index++) {
		struct rsp_key key = { 0 };

		read_key(doc, json_array_get(list, doc->index), &key);
		enum rsp_err err = doc->err ? RSP_OK : rsp_keyring_add(ring, &key);
		if (err == RSP_EEXISTS)
			(void)rsp_doc_bad(doc, "identity", "is there twice");
		else if (err)
			(void)rsp_doc_no_memory(doc);
		rsp_key_wipe(&key);
	}
}

static const struct rsp_doc_kind keys_json = { RSP_KEYS_SCHEMA, RSP_FILE_SECRET, RSP_KEYS_FILE_MAX, read_keyring };

enum rsp_err
rsp_keyring_parse(struct rsp_bytes text, const char *path, struct rsp_keyring **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *ring = rsp_keyring_new();
	enum rsp_err err = ring ? rsp_doc_parse(&keys_json, text, path, ring, why)
				: rsp_fail(why, RSP_ENOMEM, path, "out of memory");

	if (!err)
		*ret = RSP_TAKE(ring);
	return err;
}

enum rsp_err
rsp_keyring_load(const char *path, struct rsp_keyring **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_keyring_unref) struct rsp_keyring *ring = rsp_keyring_new();
	enum rsp_err err = ring ? rsp_doc_load(&keys_json, path, ring, why)
				: rsp_fail(why, RSP_ENOMEM, path, "out of memory");

	if (!err)
		*ret = RSP_TAKE(ring);
	return err;
}

/* Write one key on each line. No value needs escaping: names, base64url, hex and dates. */
#define KEY_TEXT_MAX 512

static size_t
write_key(const struct rsp_key *key, bool last, char *out)
{
	char created[RSP_TIMESTAMP_MAX], not_after[RSP_TIMESTAMP_MAX + 2] = "null", hex[2 * RSP_SECRET_MAX + 1];

	rsp_clock_format(key->created_ms, created);
	if (key->not_after_ms != RSP_TIME_NEVER) {
		char date[RSP_TIMESTAMP_MAX];

		rsp_clock_format(key->not_after_ms, date);
		(void)snprintf(not_after, sizeof(not_after), "\"%s\"", date);
	}
	rsp_hex_encode(rsp_bytes_of(key->secret.bytes, key->secret.n), hex);
	int n = snprintf(out, KEY_TEXT_MAX,
			 "    {\"identity\": \"%s\", \"role\": \"%s\", \"client\": \"%s\", \"server\": \"%s\", "
			 "\"key\": \"%s\", \"created\": \"%s\", \"not_after\": %s}%s\n",
			 key->identity, rsp_role_name(key->role), key->client, key->server, hex, created, not_after,
			 last ? "" : ",");
	gnutls_memset(hex, 0, sizeof(hex));
	return n < 0 ? 0 : (size_t)n;
}

enum rsp_err
rsp_keyring_save(const struct rsp_keyring *ring, const char *path, bool replace, struct rsp_why *why)
{
	size_t room = (ring->n + 2) * KEY_TEXT_MAX, n;
	char *text = calloc(1, room);

	if (!text)
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	const char *quote = *ring->node ? "\"" : "";
	n = (size_t)snprintf(
		text, room, "{\n  \"schema\": \"%s\",\n  \"scope\": \"%s\",\n  \"node\": %s%s%s,\n  \"keys\": [%s",
		RSP_KEYS_SCHEMA, ring->scope, quote, *ring->node ? ring->node : "null", quote, ring->n ? "\n" : "");
	for (size_t i = 0; i < ring->n; i++)
		n += write_key(&ring->keys[i], i + 1 == ring->n, text + n);
	n += (size_t)snprintf(text + n, room - n, "%s]\n}\n", ring->n ? "  " : "");
	enum rsp_err err = rsp_file_write(path, RSP_FILE_SECRET, replace, rsp_bytes_of(text, n), why);
	wipe_free(text, room);
	return err;
}
