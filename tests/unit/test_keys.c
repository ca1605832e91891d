#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "chaos.h"
#include "keys/authz.h"
#include "keys/date.h"
#include "keys/psk.h"
#include "keys/scope.h"
#include "tap.h"

#define ID1 "rsp1.AAAAAAAAAAAAAAAAAAAAAA"
#define ID2 "rsp1.BBBBBBBBBBBBBBBBBBBBB-"
#define K32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY(id, role, client, server, key, created, not_after)                                                         \
	"{\"identity\":\"" id "\",\"role\":\"" role "\",\"client\":\"" client "\",\"server\":\"" server                \
	"\",\"key\":\"" key "\",\"created\":\"" created "\",\"not_after\":" not_after "}"
#define KEYS(list) "{\"schema\":\"rsp.keys/1\",\"scope\":\"s\",\"node\":\"r1\",\"keys\":[" list "]}"
#define GOOD       KEY(ID1, "element", "web", "r1", K32, "2026-01-01T00:00:00.000Z", "null")
#define OTHER      KEY(ID2, "peer", "r1", "r2", K32, "2026-01-01T00:00:00Z", "\"2026-02-01\"")

static const char keys_text[] = KEYS(GOOD "," OTHER);
static const char scope_text[] =
	"{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
	"{\"name\":\"r1\",\"asap\":\"127.0.0.1:3864\",\"enrp\":\"127.0.0.1:9902\",\"addresses\":[]},"
	"{\"name\":\"r2\",\"asap\":\"[::1]:4864\",\"enrp\":\"r2.example:9902\",\"addresses\":[\"192.0.2.7\"]}]}";
static const char authz_text[] = "{\"schema\":\"rsp.authz/1\",\"identities\":["
				 "{\"name\":\"web\",\"role\":\"element\",\"pools\":[\"web*\",\"a?c\"],\"addresses\":["
				 "\"10.0.0.0/8\",\"2001:db8::/33\"],"
				 "\"max_registrations\":3,\"not_after\":\"2026-02-01T00:00:00Z\",\"opaque\":true},"
				 "{\"name\":\"mon\",\"role\":\"monitor\",\"pools\":[],\"addresses\":[],\"max_"
				 "registrations\":null,\"not_after\":null}]}";

static enum rsp_err
keys_of(const char *text, struct rsp_keyring **ret, struct rsp_why *why)
{
	return rsp_keyring_parse(rsp_bytes_str(text), "keys.json", ret, why);
}

static int64_t
at(const char *date)
{
	int64_t ms = -1;

	CHECK_EQ(rsp_date_parse(date, &ms), RSP_OK);
	return ms;
}

static void
dates(void)
{
	static const char *const bad[] = { "",
					   "2026",
					   "2026-1-1",
					   "2026-13-01",
					   "2026-04-31",
					   "2026-02-29",
					   "2026-01-00",
					   "2026-01-01T",
					   "1969-12-31",
					   "2026-01-01T24:00:00Z",
					   "2026-01-01T00:00:00",
					   "2026-01-01T00:00:00.1Z",
					   "2026-01-01T00:00:00Zx",
					   "2026-01-01 00:00:00Z",
					   "2026-01-01T00:60:00Z" };
	int64_t ms;

	CHECK_EQ(at("1970-01-01"), 0);
	CHECK_EQ(at("2026-01-31T12:00:00Z"), 1769860800000);
	CHECK_EQ(at("2026-01-31T12:00:00.250Z"), 1769860800250);
	CHECK_EQ(at("2024-02-29"), 1709164800000);
	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		if (rsp_date_parse(bad[i], &ms) != RSP_EVALUE) {
			printf("# %s\n", bad[i]);
			CHECK(false);
		}
}

static void
names(void)
{
	char longest[RSP_NAME_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[RSP_NAME_MAX + 1] = '\0';
	CHECK(!rsp_name_ok(longest));
	longest[RSP_NAME_MAX] = '\0';
	CHECK(rsp_name_ok(longest));
	CHECK(rsp_name_ok("a") && rsp_name_ok("web-1.example_x") && !rsp_name_ok("") && !rsp_name_ok("a/b"));
	CHECK(!rsp_name_ok("..") && !rsp_name_ok("a..b") && !rsp_name_ok("-a") && !rsp_name_ok("a.") &&
	      !rsp_name_ok("a b"));
	CHECK(!rsp_name_ok("\xc3\xa4") && !rsp_name_ok("a\n"));
}

static void
key_lookup(void)
{
	struct rsp_keyring *ring = NULL;
	struct rsp_why why = { 0 };
	int64_t january = at("2026-01-15"), march = at("2026-03-01");

	CHECK_EQ(keys_of(keys_text, &ring, &why), RSP_OK);
	if (!ring)
		return;
	CHECK_EQ(ring->n, 2);
	CHECK_STR(ring->node, "r1");
	const struct rsp_key *key = rsp_keyring_server_key(ring, ID1, strlen(ID1), "r1", march);
	CHECK(key && key->role == RSP_ROLE_ELEMENT && key->secret.n == 32 && key->secret.bytes[31] == 31);
	CHECK(!rsp_keyring_server_key(ring, ID1, strlen(ID1), "web", march)); /* its client, not its server: Selfie */
	CHECK(!rsp_keyring_server_key(ring, ID2, strlen(ID2), "r1", january));
	CHECK(!rsp_keyring_server_key(ring, ID1, strlen(ID1) - 1, "r1", march));
	CHECK(!rsp_keyring_server_key(ring, "", 0, "r1", march));
	CHECK(!rsp_keyring_server_key(ring, "rsp1.AAAA\0AAAAAAAAAAAAAAAAA", 27, "r1", march));

	CHECK(rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", january, 0));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", january, 1));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", march, 0)); /* expired */
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_MONITOR, "r1", "r2", january, 0));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r2", "r1", january, 0));
	rsp_keyring_unref(ring);
}

static void
rotation(void)
{
	struct rsp_keyring *ring = rsp_keyring_new();
	struct rsp_key key = { 0 };
	char newest[RSP_IDENTITY_SIZE] = "";

	CHECK(ring != NULL);
	for (int i = 0; ring && i < 100; i++) {
		CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web", "r1", 1000 + i / 2, i == 99 ? 2000 : RSP_TIME_NEVER,
				      &key),
			 RSP_OK);
		CHECK(rsp_identity_ok(key.identity, strlen(key.identity)));
		CHECK_EQ(rsp_keyring_add(ring, &key), RSP_OK);
		CHECK_EQ(rsp_keyring_add(ring, &key), RSP_EEXISTS);
		memcpy(newest, key.identity, sizeof(newest));
	}
	CHECK_STR(rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, 0)->identity, newest);
	CHECK(strcmp(rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2001, 0)->identity, newest) != 0);
	int64_t before = INT64_MAX;
	for (unsigned i = 0; i < 100; i++) {
		const struct rsp_key *k = rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, i);
		CHECK(k && k->created_ms <= before);
		before = k ? k->created_ms : 0;
		CHECK(k && rsp_keyring_server_key(ring, k->identity, strlen(k->identity), "r1", 2000) == k);
	}
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, 100));
	CHECK(rsp_keyring_ref(ring) == ring);
	rsp_keyring_unref(ring);
	rsp_keyring_unref(ring);
	CHECK_EQ(rsp_key_make(RSP_ROLE_USER, "web", "r1", 0, 0, &key), RSP_EVALUE);
	CHECK_EQ(rsp_key_make(RSP_ROLE_PEER, "r1", "r1", 0, 0, &key), RSP_EVALUE);
	CHECK_EQ(rsp_key_make(RSP_ROLE_PEER, "r/1", "r1", 0, 0, &key), RSP_EVALUE);
	rsp_key_wipe(&key);
	CHECK_EQ(key.secret.bytes[0] | key.secret.bytes[31] | key.identity[0], 0);
}

static void
bad_keyrings(void)
{
	static const struct {
		const char *text, *reason;
		enum rsp_err err;
	} bad[] = {
		{ "", "ends too early", RSP_ECONFIG },
		{ "[]", "is not an object", RSP_ECONFIG },
		{ "{}", "schema: is missing", RSP_ECONFIG },
		{ "{\"schema\":1}", "schema: is not a string", RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/2\"}", "schema: is not", RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/1\"}", "scope: is missing", RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/1\",\"schema\":\"rsp.keys/1\"}", "twice", RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/1\",\"scope\":\"s\",\"node\":null,\"keys\":{}}", "keys: is not an array",
		  RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/1\",\"scope\":\"s\",\"node\":null,\"keys\":[],\"x\":1}", "unknown",
		  RSP_ECONFIG },
		{ "{\"schema\":\"rsp.keys/1\",\"scope\":\"../s\",\"node\":null,\"keys\":[]}", "scope: is not a name",
		  RSP_ECONFIG },
		{ KEYS("7"), "keys[0]: is not an object", RSP_ECONFIG },
		{ KEYS("{}"), "keys[0].identity: is missing", RSP_ECONFIG },
		{ KEYS(GOOD "," GOOD), "keys[1].identity: is there twice", RSP_ECONFIG },
		{ KEYS(KEY("rsp1.AAA", "peer", "r1", "r2", K32, "2026-01-01", "null")), "keys[0].identity",
		  RSP_ECONFIG },
		{ KEYS(KEY("rsp2.AAAAAAAAAAAAAAAAAAAAAA", "peer", "r1", "r2", K32, "2026-01-01", "null")), "identity",
		  RSP_ECONFIG },
		{ KEYS(KEY("rsp1.AAAAAAAAAAAAAAAAAAAAA+", "peer", "r1", "r2", K32, "2026-01-01", "null")), "identity",
		  RSP_ECONFIG },
		{ KEYS(KEY(ID1, "user", "r1", "r2", K32, "2026-01-01", "null")), "keys[0].role", RSP_ECONFIG },
		{ KEYS(KEY(ID1, "peer", "r1", "r1", K32, "2026-01-01", "null")), "keys[0].server", RSP_ECONFIG },
		{ KEYS(KEY(ID1, "peer", "r1", "", K32, "2026-01-01", "null")), "keys[0].server", RSP_ECONFIG },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", K32, "yesterday", "null")), "keys[0].created", RSP_ECONFIG },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", K32, "2026-01-01", "7")), "keys[0].not_after", RSP_ECONFIG },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", "000102030405060708090a0b0c0d0e", "2026-01-01", "null")),
		  "keys[0].key", RSP_EKEY },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", K32 "0", "2026-01-01", "null")), "keys[0].key", RSP_EKEY },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", K32 K32 "00", "2026-01-01", "null")), "keys[0].key", RSP_EKEY },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", K32 "zz", "2026-01-01", "null")), "keys[0].key", RSP_EKEY },
		{ KEYS(KEY(ID1, "peer", "r1", "r2", "", "2026-01-01", "null")), "keys[0].key", RSP_EKEY },
	};

	for (unsigned i = 0; i < RSP_COUNT(bad); i++) {
		struct rsp_keyring *ring = NULL;
		struct rsp_why why = { 0 };

		CHECK_EQ(keys_of(bad[i].text, &ring, &why), bad[i].err);
		CHECK_EQ(why.err, bad[i].err);
		if (!strstr(why.reason, bad[i].reason) || strstr(why.reason, "0001020304")) {
			printf("# %u: %s: %s\n", i, why.object, why.reason);
			CHECK(false);
		}
		CHECK(!ring);
		CHECK(keys_of(bad[i].text, &ring, NULL) != RSP_OK);
	}
	struct rsp_why why = { 0 };
	struct rsp_keyring *ring = NULL;
	CHECK_EQ(keys_of("{\n  \"schema\": }", &ring, &why), RSP_ECONFIG);
	CHECK_STR(why.object, "keys.json:2:13");
}

/* Each file cut anywhere, and with any octet changed: read or refused, and the sanitizers look on. */
static void
try_text(const char *text, size_t n)
{
	struct rsp_bytes bytes = rsp_bytes_of(text, n);
	struct rsp_keyring *ring = NULL;
	struct rsp_scope *scope = NULL;
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };

	if (rsp_keyring_parse(bytes, "k", &ring, &why) == RSP_OK)
		rsp_keyring_unref(ring);
	if (rsp_scope_parse(bytes, "s", &scope, &why) == RSP_OK)
		rsp_scope_free(scope);
	if (rsp_authz_parse(bytes, "a", &authz, &why) == RSP_OK)
		rsp_authz_free(authz);
}

static void
mutations(void)
{
	const char *const texts[] = { keys_text, scope_text, authz_text };
	const char octets[] = { 0, '"', '{', '[', '\\', '9', '-', ',', '\x80', '\xff' };

	for (unsigned t = 0; t < RSP_COUNT(texts); t++) {
		size_t n = strlen(texts[t]);

		for (size_t i = 0; i < n; i++) {
			char *copy = malloc(n);

			if (!copy)
				abort();
			memcpy(copy, texts[t], n);
			for (unsigned k = 0; k < sizeof(octets); k++) {
				copy[i] = octets[k];
				try_text(copy, n);
			}
			free(copy);
			copy = malloc(i + 1);
			if (!copy)
				abort();
			memcpy(copy, texts[t], i);
			try_text(copy, i);
			free(copy);
		}
	}
	CHECK(true);
}

static struct rsp_scope *
scope_of(const char *text)
{
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_parse(rsp_bytes_str(text), "scope.json", &scope, &why), RSP_OK);
	return scope;
}

static void
endpoints(void)
{
	static const struct {
		const char *text, *host, *again;
		unsigned port;
	} good[] = { { "a", "a", "a:7", 7 },
		     { "a.b-c_d:0", "a.b-c_d", "a.b-c_d:0", 0 },
		     { "127.0.0.1:65535", "127.0.0.1", "127.0.0.1:65535", 65535 },
		     { "::1", "::1", "[::1]:7", 7 },
		     { "[2001:db8::1]:80", "2001:db8::1", "[2001:db8::1]:80", 80 },
		     { "[::1]", "::1", "[::1]:7", 7 } };
	static const char *const bad[] = {
		"",      ":",   ":80",   "a:",   "a:65536", "a:x", "a:-1", "[::1", "[::1]x", "[a]:1", "[127.0.0.1]:1",
		"a:1:2", "a b", "a/b:1", "[]:1", "::g",     "a@b"
	};
	struct rsp_endpoint endpoint;

	for (unsigned i = 0; i < RSP_COUNT(good); i++) {
		char text[RSP_ENDPOINT_TEXT_MAX];

		CHECK_EQ(rsp_endpoint_parse(good[i].text, 7, &endpoint), RSP_OK);
		CHECK_STR(endpoint.host, good[i].host);
		CHECK_EQ(endpoint.port, good[i].port);
		rsp_endpoint_format(&endpoint, text);
		CHECK_STR(text, good[i].again);
	}
	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		if (rsp_endpoint_parse(bad[i], 7, &endpoint) != RSP_EVALUE) {
			printf("# %s\n", bad[i]);
			CHECK(false);
		}
	char long_host[RSP_HOST_MAX + 2];
	memset(long_host, 'a', sizeof(long_host));
	long_host[RSP_HOST_MAX + 1] = '\0';
	CHECK_EQ(rsp_endpoint_parse(long_host, 7, &endpoint), RSP_EVALUE);
}

static void
targets(void)
{
	struct rsp_scope *scope = scope_of(scope_text);
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };
	static const struct {
		const char *spec, *name, *host;
		enum rsp_service service;
		unsigned port;
	} good[] = {
		{ "r1", "r1", "127.0.0.1", RSP_SERVICE_ASAP, 3864 },
		{ "r2", "r2", "r2.example", RSP_SERVICE_ENRP, 9902 },
		{ "r2@10.1.1.1", "r2", "10.1.1.1", RSP_SERVICE_ASAP, 4864 },
		{ "r2@[::1]:99", "r2", "::1", RSP_SERVICE_ASAP, 99 },
		{ "127.0.0.1:3864", "r1", "127.0.0.1", RSP_SERVICE_ASAP, 3864 },
		{ "127.0.0.1:5000", "r1", "127.0.0.1", RSP_SERVICE_ASAP, 5000 },
		{ "[::ffff:127.0.0.1]:3864", "r1", "::ffff:127.0.0.1", RSP_SERVICE_ASAP, 3864 },
		{ "192.0.2.7", "r2", "192.0.2.7", RSP_SERVICE_ASAP, 4864 },
		{ "R2.EXAMPLE", "r2", "R2.EXAMPLE", RSP_SERVICE_ENRP, 9902 },
		{ "elsewhere", "elsewhere", "elsewhere", RSP_SERVICE_ENRP, 9902 },
		{ "elsewhere:1", "elsewhere", "elsewhere", RSP_SERVICE_ASAP, 1 },
	};

	for (unsigned i = 0; scope && i < RSP_COUNT(good); i++) {
		CHECK_EQ(rsp_scope_registrar_at(scope, good[i].spec, good[i].service, &target, &why), RSP_OK);
		CHECK_STR(target.name, good[i].name);
		CHECK_STR(target.endpoint.host, good[i].host);
		CHECK_EQ(target.endpoint.port, good[i].port);
	}
	static const struct {
		const char *spec, *reason;
		enum rsp_service service;
	} other[] = {
		{ "r2@elsewhere:9902", "is the ENRP port of r2; for ASAP it has [::1]:4864", RSP_SERVICE_ASAP },
		{ "r2.example:9902", "is the ENRP port of r2; for ASAP it has [::1]:4864", RSP_SERVICE_ASAP },
		{ "192.0.2.7:9902", "is the ENRP port of r2; for ASAP it has [::1]:4864", RSP_SERVICE_ASAP },
		{ "[::1]:4864", "is the ASAP port of r2; for ENRP it has r2.example:9902", RSP_SERVICE_ENRP },
	};
	for (unsigned i = 0; scope && i < RSP_COUNT(other); i++) {
		CHECK_EQ(rsp_scope_registrar_at(scope, other[i].spec, other[i].service, &target, &why), RSP_EUSAGE);
		CHECK_STR(why.object, other[i].spec);
		CHECK_STR(why.reason, other[i].reason);
	}
	CHECK_EQ(rsp_scope_registrar_at(scope, "r3@h", RSP_SERVICE_ASAP, &target, &why), RSP_ENOTFOUND);
	CHECK_EQ(rsp_scope_registrar_at(scope, "r2@", RSP_SERVICE_ASAP, &target, &why), RSP_EVALUE);
	CHECK_EQ(rsp_scope_registrar_at(scope, "", RSP_SERVICE_ASAP, &target, &why), RSP_EVALUE);
	CHECK_EQ(rsp_scope_registrar_at(NULL, "h", RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK(!target.registrar && target.endpoint.port == RSP_PORT_ASAP_TLS);
	rsp_scope_free(scope);

	/* alone in its scope, a registrar is meant by any address: tests and port forwarding */
	scope = scope_of("{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
			 "{\"name\":\"r1\",\"asap\":\"127.0.0.1:0\",\"enrp\":\"127.0.0.1:0\",\"addresses\":[]}]}");
	CHECK_EQ(rsp_scope_registrar_at(scope, "10.9.9.9:40000", RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK_STR(target.name, "r1");
	CHECK_EQ(target.endpoint.port, 40000);
	rsp_scope_free(scope);
}

static void
globs(void)
{
	static const struct {
		const char *glob, *handle;
		bool matches;
	} row[] = { { "", "", true },
		    { "*", "", true },
		    { "*", "web", true },
		    { "web", "web", true },
		    { "web", "web1", false },
		    { "web*", "web", true },
		    { "web*", "we", false },
		    { "*b", "web", true },
		    { "*e*", "web", true },
		    { "?eb", "web", true },
		    { "?", "", false },
		    { "\\*", "*", true },
		    { "\\*", "x", false },
		    { "a\\?", "a?", true },
		    { "a\\", "a\\", true },
		    { "*a*b*c", "xaybzc", true },
		    { "*a*b*c", "xaybz", false },
		    { "[ab]", "a", false },
		    { "\\\\", "\\", true },
		    { "", "x", false },
		    { "a*\\*", "abc*", true },
		    { "**", "x", true } };

	for (unsigned i = 0; i < RSP_COUNT(row); i++)
		if (rsp_glob_match(row[i].glob, rsp_bytes_str(row[i].handle)) != row[i].matches) {
			printf("# %s %s\n", row[i].glob, row[i].handle);
			CHECK(false);
		}
	CHECK(rsp_glob_match("a?c", rsp_bytes_of("a\0c", 3)));
	CHECK(!rsp_glob_match("", rsp_bytes_of("\0", 1)));
	CHECK(!rsp_glob_match("a", rsp_bytes_of("a\0", 2)));
	char glob[201], handle[4096];
	for (unsigned i = 0; i < 200; i += 2)
		memcpy(glob + i, "*a", 2);
	glob[200] = '\0';
	memset(handle, 'a', sizeof(handle));
	handle[sizeof(handle) - 1] = 'b';
	CHECK(!rsp_glob_match(glob, rsp_bytes_of(handle, sizeof(handle)))); /* ends soon */
}

static void
cidrs(void)
{
	static const char *const bad[] = { "",          "/8",          "10.0.0.0/33", "::/129", "10.0.0.1/8",
					   "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "x/8",    "2001:db8::1/64",
					   "10.0.0/8" };
	struct rsp_cidr cidr;
	struct rsp_ip ip;
	char text[RSP_CIDR_TEXT_MAX];

	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		CHECK_EQ(rsp_cidr_parse(bad[i], &cidr), RSP_EVALUE);
	CHECK_EQ(rsp_cidr_parse("10.128.0.0/9", &cidr), RSP_OK);
	rsp_cidr_format(&cidr, text);
	CHECK_STR(text, "10.128.0.0/9");
	CHECK(rsp_ip_parse("10.255.1.1", &ip) == RSP_OK && rsp_cidr_contains(&cidr, &ip));
	CHECK(rsp_ip_parse("10.127.1.1", &ip) == RSP_OK && !rsp_cidr_contains(&cidr, &ip));
	CHECK(rsp_ip_parse("::ffff:10.128.0.0", &ip) == RSP_OK && rsp_cidr_contains(&cidr, &ip));
	CHECK(rsp_ip_parse("::1", &ip) == RSP_OK && !rsp_cidr_contains(&cidr, &ip));
	CHECK(rsp_cidr_parse("0.0.0.0/0", &cidr) == RSP_OK && !rsp_cidr_contains(&cidr, &(struct rsp_ip){ 0 }));
	CHECK(rsp_cidr_parse("2001:db8::1", &cidr) == RSP_OK && cidr.bits == 128);
}

static void
authorisation(void)
{
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };
	struct rsp_bytes web = rsp_bytes_str("web1"), sql = rsp_bytes_str("sql");
	struct rsp_ip ten, six, out;
	int64_t now = at("2026-01-15");

	CHECK_EQ(rsp_authz_parse(rsp_bytes_str(authz_text), "a", &authz, &why), RSP_OK);
	CHECK_EQ(rsp_ip_parse("10.1.2.3", &ten) | rsp_ip_parse("2001:db8::7", &six) | rsp_ip_parse("11.0.0.1", &out),
		 RSP_OK);
	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, &ten, now));
	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, rsp_bytes_str("abc"), &six, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, &out, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, sql, NULL, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_MONITOR, web, NULL, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, NULL, at("2026-02-02")));
	CHECK(!rsp_authz_may(authz, "nobody", RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(!rsp_authz_may(authz, NULL, RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(rsp_authz_may(authz, "mon", RSP_ROLE_MONITOR, (struct rsp_bytes){ 0 }, NULL, now));
	CHECK(!rsp_authz_may(authz, "mon", RSP_ROLE_MONITOR, web, NULL, now));
	CHECK(rsp_authz_may(authz, "r1", RSP_ROLE_PEER, web, &out, now));
	CHECK(rsp_authz_may(NULL, "web", RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(!rsp_authz_may(NULL, "web", RSP_ROLE_ELEMENT, web, &out, now));
	CHECK_EQ(rsp_authz_max_registrations(authz, "web"), 3);
	CHECK_EQ(rsp_authz_max_registrations(authz, "mon"), UINT32_MAX);
	CHECK_EQ(rsp_authz_max_registrations(NULL, "web"), UINT32_MAX);
	CHECK(rsp_authz_may_opaque(authz, "web"));
	CHECK(!rsp_authz_may_opaque(authz, "mon"));
	CHECK(!rsp_authz_may_opaque(authz, "nobody"));
	CHECK(!rsp_authz_may_opaque(authz, NULL));
	CHECK(!rsp_authz_may_opaque(NULL, "web"));
	rsp_authz_free(authz);
}

static void
bad_authz_and_scopes(void)
{
	static const char *const authz_bad[] = {
		"{\"schema\":\"rsp.authz/1\"}",
		"{\"schema\":\"rsp.authz/1\",\"identities\":[{\"name\":\"a\"}]}",
		"{\"schema\":\"rsp.authz/1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[],\"addresses\":[],"
		"\"max_registrations\":null,\"not_after\":null,\"opaque\":1}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"peer\",\"pools\":[],\"addresses\":[],"
		"\"max_registrations\":null,\"not_after\":null}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[1],\"addresses\":[],"
		"\"max_registrations\":null,\"not_after\":null}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[],\"addresses\":[\"x\"],"
		"\"max_registrations\":null,\"not_after\":null}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[],\"addresses\":[],"
		"\"max_registrations\":-1,\"not_after\":null}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[],\"addresses\":[],"
		"\"max_registrations\":null,\"not_after\":null,\"pool\":[]}]}",
		"{\"schema\":\"rsp.authz/"
		"1\",\"identities\":[{\"name\":\"a\",\"role\":\"element\",\"pools\":[],\"addresses\":[],"
		"\"max_registrations\":null,\"not_after\":null},{\"name\":\"a\",\"role\":\"element\",\"pools\":[],"
		"\"addresses\":[],\"max_registrations\":null,\"not_after\":null}]}",
	};
	static const char *const scope_bad[] = {
		"{\"schema\":\"rsp.scope/1\",\"name\":\"s\"}",
		"{\"schema\":\"rsp.scope/1\",\"name\":\"\",\"registrars\":[]}",
		"{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":[],\"extra\":0}",
		"{\"schema\":\"rsp.scope/"
		"1\",\"name\":\"s\",\"registrars\":[{\"name\":\"r\",\"asap\":\"h\",\"enrp\":\"h:1\",\"addresses\":[]}]"
		"}",
		"{\"schema\":\"rsp.scope/"
		"1\",\"name\":\"s\",\"registrars\":[{\"name\":\"r\",\"asap\":\"h:x\",\"enrp\":\"h:1\",\"addresses\":[]}"
		"]}",
		"{\"schema\":\"rsp.scope/"
		"1\",\"name\":\"s\",\"registrars\":[{\"name\":\"r\",\"asap\":\"h:1\",\"enrp\":\"h:1\",\"addresses\":["
		"\"h\"]}]}",
		"{\"schema\":\"rsp.scope/"
		"1\",\"name\":\"s\",\"registrars\":[{\"name\":\"r\",\"asap\":\"h:1\",\"enrp\":\"h:1\",\"addresses\":["
		"\"::ffff:224.0.0.1\"]}]}",
		("{\"schema\":\"rsp.scope/"
		 "1\",\"name\":\"s\",\"registrars\":[{\"name\":\"r\",\"asap\":\"h:1\",\"enrp\":\"h:1\",\"addresses\":[]"
		 "},"
		 "{\"name\":\"r\",\"asap\":\"h:1\",\"enrp\":\"h:1\",\"addresses\":[]}]}"),
	};
	struct rsp_authz *authz = NULL;
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	for (unsigned i = 0; i < RSP_COUNT(authz_bad); i++)
		CHECK_EQ(rsp_authz_parse(rsp_bytes_str(authz_bad[i]), "a", &authz, &why), RSP_ECONFIG);
	for (unsigned i = 0; i < RSP_COUNT(scope_bad); i++)
		CHECK_EQ(rsp_scope_parse(rsp_bytes_str(scope_bad[i]), "s", &scope, &why), RSP_ECONFIG);
	CHECK(!authz && !scope);
}

static char directory[] = "/tmp/test_keys.XXXXXX";

static char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
write_text(const char *name, enum rsp_file_kind kind, const char *text)
{
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_file_write(path_of(name), kind, true, rsp_bytes_str(text), &why), RSP_OK);
}

static void
files(void)
{
	struct rsp_keyring *ring = NULL, *again = NULL;
	struct rsp_scope *scope = NULL;
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };
	struct stat st;

	CHECK_EQ(keys_of(keys_text, &ring, &why), RSP_OK);
	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), false, &why), RSP_OK);
	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), false, &why), RSP_EEXISTS);
	CHECK(stat(path_of("keys.json"), &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK_EQ(rsp_keyring_load(path_of("keys.json"), &again, &why), RSP_OK);
	CHECK(again && again->n == 2 && memcmp(again->keys, ring->keys, 2 * sizeof(*ring->keys)) == 0);
	rsp_keyring_unref(again);
	rsp_keyring_unref(ring);
	CHECK_EQ(chmod(path_of("keys.json"), 0640), 0);
	CHECK_EQ(rsp_keyring_load(path_of("keys.json"), &again, &why), RSP_EPERMS);
	CHECK_EQ(rsp_keyring_load(path_of("nothing"), &again, &why), RSP_ENOTFOUND);

	ring = rsp_keyring_new();
	memcpy(ring->scope, "s", 2);
	CHECK_EQ(rsp_keyring_save(ring, path_of("empty.json"), false, &why), RSP_OK);
	CHECK_EQ(rsp_keyring_load(path_of("empty.json"), &again, &why), RSP_OK);
	CHECK(again && again->n == 0 && again->node[0] == '\0');
	rsp_keyring_unref(again);
	rsp_keyring_unref(ring);

	scope = scope_of(scope_text);
	CHECK_EQ(rsp_scope_save(scope, directory, false, &why), RSP_OK);
	rsp_scope_free(scope);
	scope = NULL;
	CHECK_EQ(rsp_scope_load(directory, &scope, &why), RSP_ENOTFOUND); /* no ca.pem */
	CHECK_EQ(rsp_scope_load_public(directory, &scope, &why), RSP_OK);
	CHECK(scope && scope->n_registrars == 2 && scope->registrars[1].n_addresses == 1);
	rsp_scope_free(scope);
	CHECK_EQ(rsp_scope_load("/nonexistent/scope", &scope, &why), RSP_ENOTFOUND);
	CHECK_STR(why.object, "/nonexistent/scope");

	CHECK_EQ(rsp_authz_parse(rsp_bytes_str(authz_text), "a", &authz, &why), RSP_OK);
	CHECK_EQ(rsp_authz_save(authz, path_of("authz.json"), false, &why), RSP_OK);
	rsp_authz_free(authz);
	CHECK_EQ(rsp_authz_load(path_of("authz.json"), &authz, &why), RSP_OK);
	CHECK_EQ(rsp_authz_max_registrations(authz, "web"), 3);
	CHECK(rsp_authz_find(authz, "web")->n_addresses == 2);
	CHECK(rsp_authz_may_opaque(authz, "web") && !rsp_authz_may_opaque(authz, "mon"));
	rsp_authz_free(authz);
}

static struct rsp_x509_pair ca, leaf, stranger;

static enum rsp_err
make(enum rsp_x509_kind kind, bool ed25519, const char *name, int64_t from_ms, int64_t to_ms,
     const struct rsp_x509_pair *issuer, struct rsp_x509_pair *ret)
{
	const char *const dns[] = { name, "*.pool.example", "xn--bcher-kva.example" };
	struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct rsp_x509_request request = { .kind = kind,
					    .ed25519 = ed25519,
					    .organization = "s",
					    .common_name = name,
					    .dns = dns,
					    .n_dns = kind == RSP_X509_SERVER ? 3 : 0,
					    .ips = &ip,
					    .n_ips = kind == RSP_X509_SERVER,
					    .not_before_ms = from_ms,
					    .not_after_ms = to_ms };
	struct rsp_why why = { 0 };
	enum rsp_err err = rsp_x509_make(&request, issuer, ret, &why);

	if (err)
		printf("# %s: %s\n", why.object, why.reason);
	return err;
}

static enum rsp_err
verify(const struct rsp_x509 *trust, const struct rsp_x509_pair *shown, enum rsp_x509_kind kind, const char *name)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t pem = { .data = (unsigned char *)shown->cert_pem, .size = (unsigned)strlen(shown->cert_pem) },
		       der = { 0 };
	struct rsp_why why = { 0 };

	CHECK(gnutls_x509_crt_init(&cert) == 0 && gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) == 0 &&
	      gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) == 0);
	enum rsp_err err = rsp_x509_verify(trust, &der, 1, kind, name, &why);
	CHECK_EQ(why.err, err);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(cert);
	return err;
}

static void
certificates_of(bool ed25519)
{
	int64_t now = rsp_clock_wall_ms(), day = 86400000;
	struct rsp_x509 trust = { 0 };
	struct rsp_x509_pair other = { 0 };
	struct rsp_why why = { 0 };
	char *crl = NULL, *crl2 = NULL;

	CHECK_EQ(make(RSP_X509_CA, ed25519, "s CA", now - day, now + 9 * day, NULL, &ca), RSP_OK);
	CHECK_EQ(make(RSP_X509_CA, !ed25519, "s CA", now - day, now + 9 * day, NULL, &stranger), RSP_OK);
	CHECK_EQ(make(RSP_X509_SERVER, ed25519, "r1", now - day, now + day, &ca, &leaf), RSP_OK);
	write_text("ca.pem", RSP_FILE_PUBLIC, ca.cert_pem);
	write_text("cert.pem", RSP_FILE_PUBLIC, leaf.cert_pem);
	write_text("key.pem", RSP_FILE_SECRET, leaf.key_pem);
	CHECK_EQ(rsp_x509_make_crl(&ca, NULL, NULL, now, now + day, &crl, &why), RSP_OK);
	write_text("crl.pem", RSP_FILE_PUBLIC, crl);

	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_crl(&trust, path_of("crl.pem"), &why), RSP_OK);
	char key_path[256];
	(void)snprintf(key_path, sizeof(key_path), "%s", path_of("key.pem"));
	CHECK_EQ(rsp_x509_load_pair(&trust, path_of("cert.pem"), key_path, &why), RSP_OK);
	gnutls_certificate_credentials_t credentials = NULL;
	CHECK_EQ(rsp_x509_credentials(&trust, &credentials, &why), RSP_OK);
	gnutls_certificate_free_credentials(credentials);
	struct rsp_x509_facts facts = { 0 };
	CHECK_EQ(trust.chain ? rsp_x509_facts(trust.chain[0], &facts) : RSP_EKEY, RSP_OK);
	CHECK_EQ(strlen(facts.serial), 32);
	CHECK_STR(facts.common_name, "r1");

	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "r1"), RSP_OK);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "127.0.0.1"), RSP_OK);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "x.pool.example"), RSP_OK);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "x.y.pool.example"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "b\303\274cher.example"), RSP_OK); /* RFC 5353 s.6.2: in ACE */
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "b\303\266cher.example"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "r2"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "127.0.0.2"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "::1"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_USER, "r1"), RSP_ECERT_PURPOSE);
	CHECK_EQ(make(RSP_X509_USER, ed25519, "r1", now - day, now + day, &ca, &other), RSP_OK);
	CHECK_EQ(verify(&trust, &other, RSP_X509_SERVER, "r1"), RSP_ECERT_PURPOSE);
	CHECK_EQ(verify(&trust, &other, RSP_X509_USER, "r1"), RSP_OK);
	rsp_x509_pair_done(&other);
	CHECK_EQ(make(RSP_X509_SERVER, ed25519, "r1", now - 2 * day, now - day, &ca, &other), RSP_OK);
	CHECK_EQ(verify(&trust, &other, RSP_X509_SERVER, "r1"), RSP_ECERT_EXPIRED);
	rsp_x509_pair_done(&other);
	CHECK_EQ(make(RSP_X509_SERVER, ed25519, "r1", now + day, now + 2 * day, &ca, &other), RSP_OK);
	CHECK_EQ(verify(&trust, &other, RSP_X509_SERVER, "r1"), RSP_ECERT_NOTYET);
	rsp_x509_pair_done(&other);
	CHECK_EQ(make(RSP_X509_SERVER, ed25519, "r1", now - day, now + day, &stranger, &other), RSP_OK);
	CHECK_EQ(verify(&trust, &other, RSP_X509_SERVER, "r1"), RSP_ECERT_CA);
	CHECK_EQ(verify(&(struct rsp_x509){ 0 }, &leaf, RSP_X509_SERVER, "r1"), RSP_ECERT_CA);
	write_text("key.pem", RSP_FILE_SECRET, other.key_pem);
	struct rsp_x509 wrong = { 0 };
	CHECK_EQ(rsp_x509_load_pair(&wrong, path_of("cert.pem"), key_path, &why), RSP_EKEY);
	rsp_x509_done(&wrong);
	rsp_x509_pair_done(&other);
	rsp_x509_done(&trust);

	/* revoked, and still so in the list after it */
	CHECK_EQ(rsp_x509_make_crl(&ca, crl, leaf.cert_pem, now, now + day, &crl2, &why), RSP_OK);
	free(crl);
	CHECK_EQ(rsp_x509_make_crl(&ca, crl2, NULL, now, now + day, &crl, &why), RSP_OK);
	write_text("crl.pem", RSP_FILE_PUBLIC, crl);
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_crl(&trust, path_of("crl.pem"), &why), RSP_OK);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "r1"), RSP_ECERT_REVOKED);
	rsp_x509_done(&trust);
	free(crl);
	free(crl2);

	/* outdated, which GnuTLS lets pass; from another CA */
	CHECK_EQ(rsp_x509_make_crl(&ca, NULL, NULL, now - 2 * day, now - day, &crl, &why), RSP_OK);
	write_text("crl.pem", RSP_FILE_PUBLIC, crl);
	free(crl);
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_crl(&trust, path_of("crl.pem"), &why), RSP_OK);
	CHECK_EQ(verify(&trust, &leaf, RSP_X509_SERVER, "r1"), RSP_ECRL_EXPIRED);
	rsp_x509_done(&trust);
	CHECK_EQ(rsp_x509_make_crl(&stranger, NULL, NULL, now, now + day, &crl, &why), RSP_OK);
	write_text("crl.pem", RSP_FILE_PUBLIC, crl);
	free(crl);
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_crl(&trust, path_of("crl.pem"), &why), RSP_EKEY);
	rsp_x509_done(&trust);
	write_text("ca.pem", RSP_FILE_PUBLIC, leaf.cert_pem);
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_EKEY);
	rsp_x509_done(&trust);
	write_text("ca.pem", RSP_FILE_PUBLIC, "not PEM");
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_EKEY);
	rsp_x509_done(&trust);
	rsp_x509_pair_done(&leaf);
	rsp_x509_pair_done(&stranger);
	rsp_x509_pair_done(&ca);
}

static void
certificates_ecdsa(void)
{
	certificates_of(false);
}

static void
certificates_ed25519(void)
{
	certificates_of(true);
}

static void
chaos(void)
{
	struct rsp_why why = { 0 };
	bool done = false;
	struct rsp_scope *source = scope_of(scope_text);
	struct rsp_keyring *ring_source = NULL;
	struct rsp_authz *authz_source = NULL;
	int64_t now = rsp_clock_wall_ms();

	CHECK_EQ(keys_of(keys_text, &ring_source, &why) |
			 rsp_authz_parse(rsp_bytes_str(authz_text), "a", &authz_source, &why),
		 RSP_OK);
	CHECK_EQ(make(RSP_X509_CA, false, "s CA", now - 1000, now + 1000000, NULL, &ca), RSP_OK);
	write_text("ca.pem", RSP_FILE_PUBLIC, ca.cert_pem);
	(void)unlink(path_of("crl.pem"));
	(void)unlink(path_of("cert.pem"));
	for (long n = 0; !done && n < 5000; n++) {
		struct rsp_scope *scope = NULL;
		struct rsp_keyring *ring = NULL;
		enum rsp_err err;

		chaos_begin(n);
		json_set_alloc_funcs(__wrap_malloc, free);
		err = rsp_keyring_save(ring_source, path_of("keys.json"), true, &why);
		if (!err)
			err = rsp_scope_save(source, directory, true, &why);
		if (!err)
			err = rsp_authz_save(authz_source, path_of("authz.json"), true, &why);
		json_set_alloc_funcs(__real_malloc,
				     free); /* jansson 2.14's own reader overruns its buffer when out of memory */
		if (!err)
			err = rsp_scope_load(directory, &scope, &why);
		if (!err)
			err = keys_of(keys_text, &ring, &why);
		done = !chaos_end();
		if (done)
			CHECK_EQ(err, RSP_OK);
		else if (err != RSP_OK && err != RSP_ENOMEM && err != RSP_EIO) {
			printf("# allocation %ld: %s: %s: %s\n", n, rsp_err_key(err), why.object, why.reason);
			CHECK(false);
		}
		rsp_scope_free(scope);
		rsp_keyring_unref(ring);
	}
	CHECK(done);
	rsp_x509_pair_done(&ca);
	rsp_scope_free(source);
	rsp_keyring_unref(ring_source);
	rsp_authz_free(authz_source);
}

/* by a failed write for one */
static void
nothing_is_left(void)
{
	static const char *const left[] = { "keys.json", "empty.json", "scope.json", "authz.json",
					    "ca.pem",    "crl.pem",    "cert.pem",   "key.pem" };

	for (unsigned i = 0; i < RSP_COUNT(left); i++)
		(void)unlink(path_of(left[i]));
	CHECK_EQ(rmdir(directory), 0);
}

int
main(void)
{
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	TAP_RUN(dates);
	TAP_RUN(names);
	TAP_RUN(key_lookup);
	TAP_RUN(rotation);
	TAP_RUN(bad_keyrings);
	TAP_RUN(mutations);
	TAP_RUN(endpoints);
	TAP_RUN(targets);
	TAP_RUN(globs);
	TAP_RUN(cidrs);
	TAP_RUN(authorisation);
	TAP_RUN(bad_authz_and_scopes);
	TAP_RUN(files);
	TAP_RUN(certificates_ecdsa);
	TAP_RUN(certificates_ed25519);
	TAP_RUN(chaos);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
