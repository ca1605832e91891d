#include "keys/authz.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "keys/doc.h"
#include "keys/psk.h"

static void
entry_done(struct rsp_authz_entry *entry)
{
	free((void *)entry->pools);
	free(entry->addresses);
	*entry = (struct rsp_authz_entry){ 0 };
}

/* Copy @n texts into one block: first the pointers, then the texts. */
static char **
pack(const char *const *texts, size_t n)
{
	size_t room = (n + 1) * sizeof(char *);

	for (size_t i = 0; i < n; i++)
		room += strlen(texts[i]) + 1;
	char **list = (char **)malloc(room), *at = list ? (char *)(list + n) : NULL;
	for (size_t i = 0; list && i < n; i++) {
		size_t size = strlen(texts[i]) + 1;

		list[i] = memcpy(at, texts[i], size);
		at += size;
	}
	return list;
}

struct rsp_authz *
rsp_authz_new(void)
{
	return calloc(1, sizeof(struct rsp_authz));
}

void
rsp_authz_free(struct rsp_authz *authz)
{
	if (!authz)
		return;
	for (size_t i = 0; i < authz->n; i++)
		entry_done(&authz->entries[i]);
	free(authz->entries);
	free(authz);
}

static const char *
name_at(const void *authz, size_t i)
{
	return ((const struct rsp_authz *)authz)->entries[i].name;
}

/* The index of @name, or the index where it would be inserted. */
static size_t
place_of(const struct rsp_authz *authz, const char *name, bool *ret_there)
{
	return rsp_name_place(name, authz->n, name_at, authz, ret_there);
}

static enum rsp_err
entry_copy(const struct rsp_authz_entry *from, struct rsp_authz_entry *ret)
{
	struct rsp_authz_entry copy = *from;

	copy.pools = pack((const char *const *)from->pools, from->n_pools);
	copy.addresses = calloc(from->n_addresses + 1, sizeof(*copy.addresses));
	if (!copy.pools || !copy.addresses) {
		entry_done(&copy);
		return RSP_ENOMEM;
	}
	if (from->n_addresses)
		memcpy(copy.addresses, from->addresses, from->n_addresses * sizeof(*copy.addresses));
	*ret = copy;
	return RSP_OK;
}

static enum rsp_err
make_room(struct rsp_authz *authz)
{
	if (authz->n >= RSP_AUTHZ_MAX)
		return RSP_ELIMIT;
	if (authz->n < authz->room)
		return RSP_OK;
	size_t room = authz->room ? authz->room * 2 : 16;
	struct rsp_authz_entry *entries = reallocarray(authz->entries, room, sizeof(*entries));
	if (!entries)
		return RSP_ENOMEM;
	authz->entries = entries;
	authz->room = room;
	return RSP_OK;
}

enum rsp_err
rsp_authz_put(struct rsp_authz *authz, const struct rsp_authz_entry *entry)
{
	struct rsp_authz_entry copy;
	bool there;

	if (!rsp_name_ok(entry->name) || (entry->role != RSP_ROLE_ELEMENT && entry->role != RSP_ROLE_MONITOR) ||
	    entry->n_pools > RSP_AUTHZ_LIST_MAX || entry->n_addresses > RSP_AUTHZ_LIST_MAX)
		return RSP_EVALUE;
	size_t place = place_of(authz, entry->name, &there);
	enum rsp_err err = there ? RSP_OK : make_room(authz);
	if (!err)
		err = entry_copy(entry, &copy);
	if (err)
		return err;
	if (there) {
		entry_done(&authz->entries[place]);
	} else {
		memmove(authz->entries + place + 1, authz->entries + place, (authz->n - place) * sizeof(copy));
		authz->n++;
	}
	authz->entries[place] = copy;
	return RSP_OK;
}

void
rsp_authz_drop(struct rsp_authz *authz, const char *name)
{
	bool there;
	size_t place = place_of(authz, name, &there);

	if (!there)
		return;
	entry_done(&authz->entries[place]);
	authz->n--;
	memmove(authz->entries + place, authz->entries + place + 1, (authz->n - place) * sizeof(*authz->entries));
}

const struct rsp_authz_entry *
rsp_authz_find(const struct rsp_authz *authz, const char *name)
{
	bool there;
	size_t place = place_of(authz, name, &there);

	return there ? &authz->entries[place] : NULL;
}

static bool
any_pool(const struct rsp_authz_entry *entry, struct rsp_bytes handle)
{
	for (size_t i = 0; i < entry->n_pools; i++)
		if (rsp_glob_match(entry->pools[i], handle))
			return true;
	return false;
}

static bool
any_address(const struct rsp_authz_entry *entry, const struct rsp_ip *ip)
{
	for (size_t i = 0; i < entry->n_addresses; i++)
		if (rsp_cidr_contains(&entry->addresses[i], ip))
			return true;
	return false;
}

bool
rsp_authz_may(const struct rsp_authz *authz, const char *name, enum rsp_role role, struct rsp_bytes handle,
	      const struct rsp_ip *ip, int64_t now_ms)
{
	if (role == RSP_ROLE_PEER || role == RSP_ROLE_NOTIFY)
		return true;
	if (!authz)
		return !ip;
	const struct rsp_authz_entry *entry = name ? rsp_authz_find(authz, name) : NULL;
	return entry && entry->role == role && now_ms <= entry->not_after_ms &&
	       (handle.n == 0 || any_pool(entry, handle)) && (!ip || any_address(entry, ip));
}

bool
rsp_authz_may_opaque(const struct rsp_authz *authz, const char *name)
{
	const struct rsp_authz_entry *entry = authz && name ? rsp_authz_find(authz, name) : NULL;

	return entry && entry->role == RSP_ROLE_ELEMENT && entry->opaque;
}

uint32_t
rsp_authz_max_registrations(const struct rsp_authz *authz, const char *name)
{
	const struct rsp_authz_entry *entry = authz && name ? rsp_authz_find(authz, name) : NULL;

	return entry ? entry->max_registrations : UINT32_MAX;
}

/* On a mismatch, go back to the last '*' only: the time is at most the product of both lengths. */
bool
rsp_glob_match(const char *glob, struct rsp_bytes handle)
{
	const char *star = NULL;
	size_t at = 0, again = 0;

	while (at < handle.n) {
		bool escaped = glob[0] == '\\' && glob[1];

		if (!escaped && *glob == '*') {
			star = ++glob;
			again = at;
		} else if (*glob && ((!escaped && *glob == '?') || (uint8_t)glob[escaped] == handle.p[at])) {
			glob += escaped ? 2 : 1;
			at++;
		} else if (star) {
			glob = star;
			at = ++again;
		} else {
			return false;
		}
	}
	return glob[strspn(glob, "*")] == '\0';
}

enum rsp_err
rsp_cidr_parse(const char *text, struct rsp_cidr *ret)
{
	char address[RSP_IP_TEXT_MAX];
	const char *slash = strchrnul(text, '/');
	struct rsp_cidr cidr = { 0 };
	uint64_t bits;

	if ((size_t)(slash - text) >= sizeof(address))
		return RSP_EVALUE;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (rsp_ip_parse(address, &cidr.ip))
		return RSP_EVALUE;
	uint64_t most = cidr.ip.family == 4 ? 32 : 128;
	bits = most;
	if (*slash && rsp_parse_u64(slash + 1, 0, most, &bits))
		return RSP_EVALUE;
	for (uint64_t i = bits; i < most; i++) /* 10.1.2.3/8: bits beyond the prefix are most likely a typing error */
		if (cidr.ip.ip[i / 8] & (0x80U >> (i % 8)))
			return RSP_EVALUE;
	cidr.bits = (uint8_t)bits;
	*ret = cidr;
	return RSP_OK;
}

void
rsp_cidr_format(const struct rsp_cidr *cidr, char out[static RSP_CIDR_TEXT_MAX])
{
	char address[RSP_IP_TEXT_MAX];

	rsp_ip_format(&cidr->ip, address);
	(void)snprintf(out, RSP_CIDR_TEXT_MAX, "%s/%u", address, (unsigned)cidr->bits);
}

bool
rsp_cidr_contains(const struct rsp_cidr *cidr, const struct rsp_ip *ip)
{
	struct rsp_ip plain = cidr->ip.family == 4 ? rsp_ip_unmapped(ip) : *ip;

	if (plain.family == 0 || plain.family != cidr->ip.family)
		return false;
	size_t whole = cidr->bits / 8, rest = cidr->bits % 8;
	return memcmp(plain.ip, cidr->ip.ip, whole) == 0 &&
	       (rest == 0 || (plain.ip[whole] ^ cidr->ip.ip[whole]) >> (8 - rest) == 0);
}

static void
read_pools(struct rsp_doc *doc, const json_t *item, struct rsp_authz_entry *entry)
{
	const json_t *list = rsp_doc_list(doc, item, "pools", RSP_AUTHZ_LIST_MAX);
	const char *texts[RSP_AUTHZ_LIST_MAX];
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n; i++)
		texts[i] = rsp_doc_item(doc, list, "pools", i);
	if (doc->err)
		return;
	entry->pools = pack(texts, n);
	entry->n_pools = n;
	if (!entry->pools)
		(void)rsp_doc_no_memory(doc);
}

static void
read_addresses(struct rsp_doc *doc, const json_t *item, struct rsp_authz_entry *entry)
{
	const json_t *list = rsp_doc_list(doc, item, "addresses", RSP_AUTHZ_LIST_MAX);
	size_t n = json_array_size(list);

	entry->addresses = n ? calloc(n, sizeof(*entry->addresses)) : NULL;
	if (n && !entry->addresses)
		(void)rsp_doc_no_memory(doc);
	for (size_t i = 0; i < n && !doc->err; i++) {
		const char *text = rsp_doc_item(doc, list, "addresses", i);

		if (!doc->err && rsp_cidr_parse(text, &entry->addresses[i]))
			(void)rsp_doc_bad(doc, "addresses", "item %zu is not an address or block like 10.0.0.0/8", i);
	}
	entry->n_addresses = n;
}

static void
read_entry(struct rsp_doc *doc, const json_t *item, struct rsp_authz_entry *entry)
{
	static const char *const members[] = { "name",      "role", "pools", "addresses", "max_registrations",
					       "not_after", "opaque", NULL };

	if (!rsp_doc_object(doc, item, members))
		return;
	rsp_doc_name(doc, item, "name", false, entry->name);
	entry->role = rsp_role_named(rsp_doc_text(doc, item, "role"));
	if (!doc->err && entry->role != RSP_ROLE_ELEMENT && entry->role != RSP_ROLE_MONITOR)
		(void)rsp_doc_bad(doc, "role", "is not element or monitor");
	read_pools(doc, item, entry);
	read_addresses(doc, item, entry);
	entry->not_after_ms = rsp_doc_time(doc, item, "not_after", RSP_TIME_NEVER);

	const json_t *most = json_object_get(item, "max_registrations");
	entry->max_registrations = UINT32_MAX;
	if (!most)
		(void)rsp_doc_bad(doc, "max_registrations", "is missing");
	else if (json_is_integer(most) && json_integer_value(most) >= 0 && json_integer_value(most) < UINT32_MAX)
		entry->max_registrations = (uint32_t)json_integer_value(most);
	else if (!json_is_null(most))
		(void)rsp_doc_bad(doc, "max_registrations", "is not a count");
	const json_t *opaque = json_object_get(item, "opaque"); /* optional: older files do not have it */
	entry->opaque = json_is_true(opaque);
	if (opaque && !json_is_boolean(opaque))
		(void)rsp_doc_bad(doc, "opaque", "is not true or false");
}

static void
read_authz(struct rsp_doc *doc, const json_t *root, void *into)
{
	struct rsp_authz *authz = into;
	static const char *const members[] = { "schema", "identities", NULL };

	if (!rsp_doc_object(doc, root, members))
		return;
	const json_t *list = rsp_doc_list(doc, root, "identities", RSP_AUTHZ_MAX);
	doc->list = "identities";
	for (doc->index = 0; !doc->err && doc->index < json_array_size(list); doc->index++) {
		struct rsp_authz_entry entry = { 0 };

		read_entry(doc, json_array_get(list, doc->index), &entry);
		if (!doc->err && rsp_authz_find(authz, entry.name))
			(void)rsp_doc_bad(doc, "name", "is there twice");
		if (!doc->err && rsp_authz_put(authz, &entry))
			(void)rsp_doc_no_memory(doc);
		entry_done(&entry);
	}
}

static const struct rsp_doc_kind authz_json = { RSP_AUTHZ_SCHEMA, RSP_FILE_TRUSTED, RSP_AUTHZ_FILE_MAX, read_authz };

enum rsp_err
rsp_authz_parse(struct rsp_bytes text, const char *path, struct rsp_authz **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_authz_free) struct rsp_authz *authz = rsp_authz_new();
	enum rsp_err err = authz ? rsp_doc_parse(&authz_json, text, path, authz, why)
				 : rsp_fail(why, RSP_ENOMEM, path, "out of memory");

	if (!err)
		*ret = RSP_TAKE(authz);
	return err;
}

enum rsp_err
rsp_authz_load(const char *path, struct rsp_authz **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_authz_free) struct rsp_authz *authz = rsp_authz_new();
	enum rsp_err err =
		authz ? rsp_doc_load(&authz_json, path, authz, why) : rsp_fail(why, RSP_ENOMEM, path, "out of memory");

	if (!err)
		*ret = RSP_TAKE(authz);
	return err;
}

static json_t *
entry_json(const struct rsp_authz_entry *entry)
{
	json_t *object = json_object(), *pools = json_array(), *addresses = json_array();
	char date[RSP_TIMESTAMP_MAX] = "";
	bool limited = entry->max_registrations != UINT32_MAX;

	for (size_t i = 0; i < entry->n_pools; i++)
		rsp_doc_append(&pools, json_string(entry->pools[i]));
	for (size_t i = 0; i < entry->n_addresses; i++) {
		char text[RSP_CIDR_TEXT_MAX];

		rsp_cidr_format(&entry->addresses[i], text);
		rsp_doc_append(&addresses, json_string(text));
	}
	if (entry->not_after_ms != RSP_TIME_NEVER)
		rsp_clock_format(entry->not_after_ms, date);
	rsp_doc_put(&object, "name", json_string(entry->name));
	rsp_doc_put(&object, "role", json_string(rsp_role_name(entry->role)));
	rsp_doc_put(&object, "pools", pools);
	rsp_doc_put(&object, "addresses", addresses);
	rsp_doc_put(&object, "max_registrations", limited ? json_integer(entry->max_registrations) : json_null());
	rsp_doc_put(&object, "not_after", *date ? json_string(date) : json_null());
	if (entry->opaque)
		rsp_doc_put(&object, "opaque", json_true());
	return object;
}

enum rsp_err
rsp_authz_save(const struct rsp_authz *authz, const char *path, bool replace, struct rsp_why *why)
{
	json_t *list = json_array(), *root = json_object();

	for (size_t i = 0; i < authz->n; i++)
		rsp_doc_append(&list, entry_json(&authz->entries[i]));
	rsp_doc_put(&root, "schema", json_string(RSP_AUTHZ_SCHEMA));
	rsp_doc_put(&root, "identities", list);
	enum rsp_err err = rsp_doc_save(root, path, replace, why);
	json_decref(root);
	return err;
}
