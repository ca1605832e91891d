#include "keys/scope.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "keys/doc.h"

#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

enum rsp_err
rsp_endpoint_parse(const char *text, uint16_t default_port, struct rsp_endpoint *ret)
{
	struct rsp_endpoint endpoint = { .port = default_port };
	struct rsp_ip ip;
	const char *host = text, *end, *port;

	if (*text == '[') {
		host = text + 1;
		end = strchrnul(host, ']');
		port = *end ? end + 1 : end;
		if (!*end || (*port && *port != ':'))
			return RSP_EVALUE;
	} else {
		end = strchrnul(text, ':');
		if (*end && strchr(end + 1, ':')) /* an IPv6 address without brackets has no port */
			end += strlen(end);
		port = end;
	}
	size_t n = (size_t)(end - host);
	if (n == 0 || n > RSP_HOST_MAX)
		return RSP_EVALUE;
	memcpy(endpoint.host, host, n);
	bool numeric = rsp_ip_parse(endpoint.host, &ip) == RSP_OK;
	if (*text == '[' ? !numeric || ip.family != 6 : !numeric && strspn(endpoint.host, HOST_CHARS) != n)
		return RSP_EVALUE;
	uint64_t number = default_port;
	if (*port && rsp_parse_u64(port + 1, 0, UINT16_MAX, &number))
		return RSP_EVALUE;
	endpoint.port = (uint16_t)number;
	*ret = endpoint;
	return RSP_OK;
}

void
rsp_endpoint_format(const struct rsp_endpoint *endpoint, char out[static RSP_ENDPOINT_TEXT_MAX])
{
	bool v6 = strchr(endpoint->host, ':') != NULL;

	(void)snprintf(out, RSP_ENDPOINT_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "", endpoint->host, v6 ? "]" : "",
		       (unsigned)endpoint->port);
}

void
rsp_scope_free(struct rsp_scope *scope)
{
	if (!scope)
		return;
	free(scope->registrars);
	free(scope->dir);
	rsp_keyring_unref(scope->keyring);
	rsp_authz_free(scope->authz);
	rsp_x509_done(&scope->x509);
	free(scope);
}

const struct rsp_scope_registrar *
rsp_scope_registrar_named(const struct rsp_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->n_registrars; i++)
		if (strcmp(scope->registrars[i].name, name) == 0)
			return &scope->registrars[i];
	return NULL;
}

enum rsp_err
rsp_scope_put(struct rsp_scope *scope, const struct rsp_scope_registrar *registrar)
{
	size_t at = 0;

	if (!rsp_name_ok(registrar->name) || registrar->n_addresses > RSP_SCOPE_ADDRESSES_MAX)
		return RSP_EVALUE;
	while (at < scope->n_registrars && strcmp(scope->registrars[at].name, registrar->name) != 0)
		at++;
	if (at == RSP_SCOPE_REGISTRARS_MAX)
		return RSP_ELIMIT;
	if (at == scope->n_registrars) {
		struct rsp_scope_registrar *grown = reallocarray(scope->registrars, at + 1, sizeof(*grown));

		if (!grown)
			return RSP_ENOMEM;
		scope->registrars = grown;
	}
	scope->registrars[at] = *registrar;
	scope->n_registrars += at == scope->n_registrars;
	return RSP_OK;
}

void
rsp_scope_drop(struct rsp_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->n_registrars; i++) {
		if (strcmp(scope->registrars[i].name, name) != 0)
			continue;
		scope->n_registrars--;
		memmove(scope->registrars + i, scope->registrars + i + 1,
			(scope->n_registrars - i) * sizeof(*scope->registrars));
		return;
	}
}

static void
read_endpoint(struct rsp_doc *doc, const json_t *item, const char *key, struct rsp_endpoint *ret)
{
	const char *text = rsp_doc_text(doc, item, key);

	/* required: without a port it would not be clear which of the two ports is meant */
	if (!doc->err && (rsp_endpoint_parse(text, 0, ret) || !strrchr(text, ':')))
		(void)rsp_doc_bad(doc, key, "is not HOST:PORT");
}

static void
read_registrar(struct rsp_doc *doc, const json_t *item, struct rsp_scope *scope)
{
	static const char *const members[] = { "name", "asap", "enrp", "addresses", NULL };
	struct rsp_scope_registrar registrar = { 0 };

	if (!rsp_doc_object(doc, item, members))
		return;
	rsp_doc_name(doc, item, "name", false, registrar.name);
	read_endpoint(doc, item, "asap", &registrar.asap);
	read_endpoint(doc, item, "enrp", &registrar.enrp);
	const json_t *list = rsp_doc_list(doc, item, "addresses", RSP_SCOPE_ADDRESSES_MAX);
	for (size_t n = json_array_size(list); registrar.n_addresses < n; registrar.n_addresses++) {
		const char *text = rsp_doc_item(doc, list, "addresses", registrar.n_addresses);

		if (!doc->err && rsp_ip_parse(text, &registrar.addresses[registrar.n_addresses]))
			(void)rsp_doc_bad(doc, "addresses", "item %zu is not an address", registrar.n_addresses);
		else if (!doc->err && rsp_ip_unfit(&registrar.addresses[registrar.n_addresses]))
			(void)rsp_doc_bad(doc, "addresses", "item %zu %s", registrar.n_addresses,
					  rsp_ip_unfit(&registrar.addresses[registrar.n_addresses]));
		if (doc->err)
			return;
	}
	if (!doc->err && rsp_scope_registrar_named(scope, registrar.name))
		(void)rsp_doc_bad(doc, "name", "is there twice");
	if (!doc->err && rsp_scope_put(scope, &registrar))
		(void)rsp_doc_no_memory(doc);
}

static void
read_scope(struct rsp_doc *doc, const json_t *root, void *into)
{
	struct rsp_scope *scope = into;
	static const char *const members[] = { "schema", "name", "registrars", NULL };

	if (!rsp_doc_object(doc, root, members))
		return;
	rsp_doc_name(doc, root, "name", false, scope->name);
	const json_t *list = rsp_doc_list(doc, root, "registrars", RSP_SCOPE_REGISTRARS_MAX);
	doc->list = "registrars";
	for (doc->index = 0; !doc->err && doc->index < json_array_size(list); doc->index++)
		read_registrar(doc, json_array_get(list, doc->index), scope);
}

static const struct rsp_doc_kind scope_json = { RSP_SCOPE_SCHEMA, RSP_FILE_TRUSTED, RSP_SCOPE_FILE_MAX, read_scope };

struct rsp_scope *
rsp_scope_new(const char *dir)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = calloc(1, sizeof(*scope));

	if (!scope)
		return NULL;
	scope->dir = strdup(dir);
	scope->keyring = rsp_keyring_new();
	return scope->dir && scope->keyring ? RSP_TAKE(scope) : NULL;
}

enum rsp_err
rsp_scope_parse(struct rsp_bytes text, const char *path, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = rsp_scope_new("");
	enum rsp_err err = scope ? rsp_doc_parse(&scope_json, text, path, scope, why)
				 : rsp_fail(why, RSP_ENOMEM, path, "out of memory");

	if (!err)
		*ret = RSP_TAKE(scope);
	return err;
}

enum rsp_err
rsp_scope_load_public(const char *dir, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "scope.json");
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = rsp_scope_new(dir);

	if (!path || !scope)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	/* other errors of the directory are reported when its files are read */
	if (access(dir, F_OK) < 0 && errno == ENOENT)
		return rsp_fail(why, RSP_ENOTFOUND, dir,
				"no such scope directory (its administrator makes one with rsp-keygen bundle)");
	enum rsp_err err = rsp_doc_load(&scope_json, path, scope, why);
	if (!err)
		*ret = RSP_TAKE(scope);
	return err;
}

static json_t *
registrar_json(const struct rsp_scope_registrar *registrar)
{
	json_t *object = json_object(), *addresses = json_array();
	char asap[RSP_ENDPOINT_TEXT_MAX], enrp[RSP_ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < registrar->n_addresses; i++) {
		char text[RSP_IP_TEXT_MAX];

		rsp_ip_format(&registrar->addresses[i], text);
		rsp_doc_append(&addresses, json_string(text));
	}
	rsp_endpoint_format(&registrar->asap, asap);
	rsp_endpoint_format(&registrar->enrp, enrp);
	rsp_doc_put(&object, "name", json_string(registrar->name));
	rsp_doc_put(&object, "asap", json_string(asap));
	rsp_doc_put(&object, "enrp", json_string(enrp));
	rsp_doc_put(&object, "addresses", addresses);
	return object;
}

enum rsp_err
rsp_scope_save(const struct rsp_scope *scope, const char *dir, bool replace, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "scope.json");
	json_t *list = json_array(), *root = json_object();

	for (size_t i = 0; i < scope->n_registrars; i++)
		rsp_doc_append(&list, registrar_json(&scope->registrars[i]));
	rsp_doc_put(&root, "schema", json_string(RSP_SCOPE_SCHEMA));
	rsp_doc_put(&root, "name", json_string(scope->name));
	rsp_doc_put(&root, "registrars", list);
	enum rsp_err err =
		path ? rsp_doc_save(root, path, replace, why) : rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	json_decref(root);
	return err;
}

enum rsp_err
rsp_scope_check_keys(const struct rsp_scope *scope, const struct rsp_keyring *ring, const char *path,
		     struct rsp_why *why)
{
	if (!*scope->name || strcmp(ring->scope, scope->name) == 0)
		return RSP_OK;
	return rsp_fail(why, RSP_ECONFIG, path, "is of the scope \"%s\", not \"%s\": take all files from one bundle",
			ring->scope, scope->name);
}

enum part { CA, CRL, KEYS, PAIR, AUTHZ, PARTS };
static const char *const part_file[PARTS] = { "ca.pem", "crl.pem", "keys.json", "cert.pem", "authz.json" };

static enum rsp_err
load_keys(struct rsp_scope *scope, const char *path, struct rsp_why *why)
{
	struct rsp_keyring *ring;
	enum rsp_err err = rsp_keyring_load(path, &ring, why);

	if (err)
		return err;
	rsp_keyring_unref(scope->keyring);
	scope->keyring = ring;
	(void)snprintf(scope->node, sizeof(scope->node), "%s", ring->node);
	return rsp_scope_check_keys(scope, ring, path, why);
}

static enum rsp_err
load_part(struct rsp_scope *scope, enum part part, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(scope->dir, part_file[part]);
	RSP_AUTO(rsp_free) char *key_path = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, scope->dir, "out of memory");
	if (part != CA && access(path, F_OK) < 0)
		return RSP_OK;
	switch (part) {
	case CA:
		return rsp_x509_load_ca(&scope->x509, path, why);
	case CRL:
		return rsp_x509_load_crl(&scope->x509, path, why);
	case KEYS:
		return load_keys(scope, path, why);
	case PAIR:
		key_path = rsp_path_join(scope->dir, "key.pem");
		return key_path ? rsp_x509_load_pair(&scope->x509, path, key_path, why)
				: rsp_fail(why, RSP_ENOMEM, scope->dir, "out of memory");
	case AUTHZ:
		return rsp_authz_load(path, &scope->authz, why);
	case PARTS:
		break;
	}
	return RSP_OK;
}

enum rsp_err
rsp_scope_load(const char *dir, struct rsp_scope **ret, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	enum rsp_err err = rsp_scope_load_public(dir, &scope, why);

	for (unsigned part = 0; !err && scope && part < PARTS; part++)
		err = load_part(scope, (enum part)part, why);
	if (!err)
		*ret = RSP_TAKE(scope);
	return err;
}

/* Compare two addresses by value, and names without case. */
static bool
same_host(const char *a, const char *b)
{
	struct rsp_ip x, y;

	if (rsp_ip_parse(a, &x) == RSP_OK && rsp_ip_parse(b, &y) == RSP_OK)
		return rsp_ip_equal(&x, &y);
	return strcasecmp(a, b) == 0;
}

static const struct rsp_endpoint *
endpoint_of(const struct rsp_scope_registrar *registrar, enum rsp_service service)
{
	return service == RSP_SERVICE_ASAP ? &registrar->asap : &registrar->enrp;
}

static bool
has_host(const struct rsp_scope_registrar *registrar, const char *host)
{
	struct rsp_ip ip;

	if (same_host(registrar->asap.host, host) || same_host(registrar->enrp.host, host))
		return true;
	for (size_t i = 0; rsp_ip_parse(host, &ip) == RSP_OK && i < registrar->n_addresses; i++)
		if (rsp_ip_equal(&registrar->addresses[i], &ip))
			return true;
	return false;
}

static const struct rsp_scope_registrar *
guess(const struct rsp_scope *scope, const struct rsp_endpoint *at, enum rsp_service service)
{
	const struct rsp_scope_registrar *found = NULL;
	unsigned matches = 0;

	for (size_t i = 0; i < scope->n_registrars; i++) {
		const struct rsp_scope_registrar *registrar = &scope->registrars[i];
		const struct rsp_endpoint *known = endpoint_of(registrar, service);

		if (at->port && at->port == known->port && same_host(at->host, known->host))
			return registrar;
		if (has_host(registrar, at->host)) {
			found = registrar;
			matches++;
		}
	}
	return matches == 1 ? found : scope->n_registrars == 1 ? &scope->registrars[0] : NULL;
}

static bool
is_endpoint(const struct rsp_scope_registrar *registrar, enum rsp_service service, const struct rsp_endpoint *at)
{
	const struct rsp_endpoint *known = endpoint_of(registrar, service);

	return *known->host && at->port == known->port && has_host(registrar, at->host);
}

/* The registrar that has @at as its port of the other service, if no registrar has it for @service; NULL: none. If
 * @named, the registrar is known, and only the port is compared, because the scope may have another name for the
 * host. */
static const struct rsp_scope_registrar *
with_other_service(const struct rsp_scope *scope, const struct rsp_endpoint *at,
		   const struct rsp_scope_registrar *named, enum rsp_service service)
{
	enum rsp_service other = service == RSP_SERVICE_ASAP ? RSP_SERVICE_ENRP : RSP_SERVICE_ASAP;
	const struct rsp_scope_registrar *found = NULL;

	if (at->port == 0)
		return NULL;
	if (named)
		return at->port == endpoint_of(named, other)->port && at->port != endpoint_of(named, service)->port
			       ? named
			       : NULL;
	for (size_t i = 0; i < scope->n_registrars; i++) {
		if (is_endpoint(&scope->registrars[i], service, at))
			return NULL;
		if (!found && is_endpoint(&scope->registrars[i], other, at))
			found = &scope->registrars[i];
	}
	return found;
}

static enum rsp_err
check_service(const struct rsp_scope *scope, const char *spec, const struct rsp_endpoint *at,
	      const struct rsp_scope_registrar *named, enum rsp_service service, struct rsp_why *why)
{
	static const char *const name[] = { [RSP_SERVICE_ASAP] = "ASAP", [RSP_SERVICE_ENRP] = "ENRP" };
	const struct rsp_scope_registrar *found = scope ? with_other_service(scope, at, named, service) : NULL;
	char right[RSP_ENDPOINT_TEXT_MAX];

	if (!found)
		return RSP_OK;
	const struct rsp_endpoint *wanted = endpoint_of(found, service);
	if (!*wanted->host)
		return rsp_fail(why, RSP_EUSAGE, spec, "is the %s port of %s, which has none for %s in the scope",
				name[service == RSP_SERVICE_ASAP], found->name, name[service]);
	rsp_endpoint_format(wanted, right);
	return rsp_fail(why, RSP_EUSAGE, spec, "is the %s port of %s; for %s it has %s",
			name[service == RSP_SERVICE_ASAP], found->name, name[service], right);
}

enum rsp_err
rsp_scope_no_port(const char *name, struct rsp_why *why)
{
	return rsp_fail(why, RSP_EUSAGE, name,
			"scope.json has port 0 for it: name it with its port, %s@HOST:PORT (-s, --peer)", name);
}

enum rsp_err
rsp_scope_registrar_at(const struct rsp_scope *scope, const char *spec, enum rsp_service service,
		       struct rsp_target *ret, struct rsp_why *why)
{
	const char *at = strchr(spec, '@'), *host = at ? at + 1 : spec;
	bool known = scope && scope->n_registrars > 0; /* without a list of registrars every NAME is accepted */
	struct rsp_target target = { 0 };
	char name[RSP_NAME_MAX + 1] = "";

	if (at || (scope && rsp_name_ok(spec))) {
		if (at && (size_t)(at - spec) > RSP_NAME_MAX)
			return rsp_fail(why, RSP_EVALUE, spec, "is not [NAME@]HOST[:PORT]");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(at ? at - spec : RSP_NAME_MAX), spec);
		target.registrar = scope ? rsp_scope_registrar_named(scope, name) : NULL;
		if (at && !target.registrar && known)
			return rsp_fail(why, RSP_ENOTFOUND, spec, "the scope has no registrar \"%s\"", name);
	}
	if (!at && target.registrar)
		target.endpoint = *endpoint_of(target.registrar, service);
	else if (rsp_endpoint_parse(host, 0, &target.endpoint))
		return rsp_fail(why, RSP_EVALUE, spec, "is not [NAME@]HOST[:PORT]");

	if (check_service(scope, spec, &target.endpoint, target.registrar, service, why))
		return RSP_EUSAGE;
	if (!target.registrar && scope)
		target.registrar = guess(scope, &target.endpoint, service);
	if (target.endpoint.port == 0 && target.registrar)
		target.endpoint.port = endpoint_of(target.registrar, service)->port;
	if (target.endpoint.port == 0 && target.registrar && *endpoint_of(target.registrar, service)->host)
		return rsp_scope_no_port(target.registrar->name, why);
	if (target.endpoint.port == 0)
		target.endpoint.port = service == RSP_SERVICE_ASAP ? RSP_PORT_ASAP_TLS : RSP_PORT_ENRP_TLS;
	(void)snprintf(target.name, sizeof(target.name), "%s",
		       target.registrar ? target.registrar->name
		       : at             ? name
					: target.endpoint.host);
	*ret = target;
	return RSP_OK;
}
