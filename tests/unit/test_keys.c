/* keys.json: reading, writing and finding keys. */
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "chaos.h"
#include "keys_files.h"

static struct rsp_keyring *
two_keys(void)
{
	struct rsp_keyring *ring = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(keys_of(keys_text, &ring, &why), RSP_OK);
	if (!ring)
		abort();
	return ring;
}

static void
a_keyring_has_the_keys_and_the_owner_of_its_text(void)
{
	struct rsp_keyring *ring = two_keys();

	CHECK_EQ(ring->n, 2);
	CHECK_STR(ring->node, "r1");
	const struct rsp_key *key = rsp_keyring_server_key(ring, ID1, strlen(ID1), "r1", at("2026-03-01"));
	CHECK(key && key->role == RSP_ROLE_ELEMENT && key->secret.n == 32 && key->secret.bytes[31] == 31);
	rsp_keyring_unref(ring);
}

/* The Selfie attack: a node must not accept a key of which it is the client. */
static void
a_server_accepts_only_keys_of_which_it_is_the_server(void)
{
	struct rsp_keyring *ring = two_keys();

	CHECK(!rsp_keyring_server_key(ring, ID1, strlen(ID1), "web", at("2026-03-01")));
	CHECK(!rsp_keyring_server_key(ring, ID2, strlen(ID2), "r1", at("2026-01-15")));
	rsp_keyring_unref(ring);
}

static void
an_identity_must_match_in_all_octets(void)
{
	struct rsp_keyring *ring = two_keys();
	int64_t march = at("2026-03-01");

	CHECK(!rsp_keyring_server_key(ring, ID1, strlen(ID1) - 1, "r1", march));
	CHECK(!rsp_keyring_server_key(ring, "", 0, "r1", march));
	CHECK(!rsp_keyring_server_key(ring, "rsp1.AAAA\0AAAAAAAAAAAAAAAAA", 27, "r1", march));
	rsp_keyring_unref(ring);
}

static void
a_client_finds_its_key_by_role_and_server(void)
{
	struct rsp_keyring *ring = two_keys();
	int64_t january = at("2026-01-15");

	CHECK(rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", january, 0));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", january, 1));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_MONITOR, "r1", "r2", january, 0));
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r2", "r1", january, 0));
	rsp_keyring_unref(ring);
}

static void
a_client_does_not_offer_an_expired_key(void)
{
	struct rsp_keyring *ring = two_keys();

	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_PEER, "r1", "r2", at("2026-03-01"), 0));
	rsp_keyring_unref(ring);
}

/* Keys of element "web" for "r1": two in each millisecond from 1000 on. The last one expires at 2000. *@newest: its identity. */
static struct rsp_keyring *
hundred_keys(char newest[static RSP_IDENTITY_SIZE])
{
	struct rsp_keyring *ring = rsp_keyring_new();
	struct rsp_key key = { 0 };

	if (!ring)
		abort();
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web", "r1", 1000 + i / 2, i == 99 ? 2000 : RSP_TIME_NEVER,
				      &key),
			 RSP_OK);
		CHECK(rsp_identity_ok(key.identity, strlen(key.identity)));
		CHECK_EQ(rsp_keyring_add(ring, &key), RSP_OK);
		memcpy(newest, key.identity, RSP_IDENTITY_SIZE);
	}
	rsp_key_wipe(&key);
	return ring;
}

static void
a_client_offers_its_newest_valid_key_first(void)
{
	char newest[RSP_IDENTITY_SIZE];
	struct rsp_keyring *ring = hundred_keys(newest);

	CHECK_STR(rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, 0)->identity, newest);
	CHECK(strcmp(rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2001, 0)->identity, newest) != 0);
	rsp_keyring_unref(ring);
}

static void
a_client_offers_all_its_keys_from_new_to_old(void)
{
	char newest[RSP_IDENTITY_SIZE];
	struct rsp_keyring *ring = hundred_keys(newest);
	int64_t before = INT64_MAX;

	for (unsigned i = 0; i < 100; i++) {
		const struct rsp_key *k = rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, i);
		CHECK(k && k->created_ms <= before);
		before = k ? k->created_ms : 0;
		CHECK(k && rsp_keyring_server_key(ring, k->identity, strlen(k->identity), "r1", 2000) == k);
	}
	CHECK(!rsp_keyring_client_key(ring, RSP_ROLE_ELEMENT, "web", "r1", 2000, 100));
	rsp_keyring_unref(ring);
}

static void
an_identity_is_in_a_keyring_once(void)
{
	struct rsp_keyring *ring = rsp_keyring_new();
	struct rsp_key key = { 0 };

	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web", "r1", 1000, RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(ring, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(ring, &key), RSP_EEXISTS);
	rsp_key_wipe(&key);
	rsp_keyring_unref(ring);
}

static void
a_keyring_lives_until_its_last_reference(void)
{
	struct rsp_keyring *ring = two_keys();

	CHECK(rsp_keyring_ref(ring) == ring);
	rsp_keyring_unref(ring);
	CHECK_EQ(ring->n, 2);
	rsp_keyring_unref(ring);
}

static void
no_key_is_made_for_a_bad_name_or_role(void)
{
	struct rsp_key key = { 0 };

	CHECK_EQ(rsp_key_make(RSP_ROLE_USER, "web", "r1", 0, 0, &key), RSP_EVALUE);
	CHECK_EQ(rsp_key_make(RSP_ROLE_PEER, "r1", "r1", 0, 0, &key), RSP_EVALUE);
	CHECK_EQ(rsp_key_make(RSP_ROLE_PEER, "r/1", "r1", 0, 0, &key), RSP_EVALUE);
}

static void
a_wiped_key_has_no_secret_and_no_identity(void)
{
	struct rsp_key key = { 0 };

	CHECK_EQ(rsp_key_make(RSP_ROLE_PEER, "r1", "r2", 0, 0, &key), RSP_OK);
	rsp_key_wipe(&key);
	CHECK_EQ(key.secret.bytes[0] | key.secret.bytes[31] | key.identity[0], 0);
}

static void
each_mistake_in_a_keyring_is_named_and_no_secret_quoted(void)
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
}

static void
a_syntax_error_is_reported_with_line_and_column(void)
{
	struct rsp_why why = { 0 };
	struct rsp_keyring *ring = NULL;

	CHECK_EQ(keys_of("{\n  \"schema\": }", &ring, &why), RSP_ECONFIG);
	CHECK_STR(why.object, "keys.json:2:13");
}

/* Parse @text as each of the three files. The result does not matter: sanitizers look for errors. */
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
files_that_are_cut_or_changed_do_no_harm(void)
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

static void
a_keyring_is_written_for_its_owner_only_and_read_back(void)
{
	struct rsp_keyring *ring = two_keys(), *again = NULL;
	struct rsp_why why = { 0 };
	struct stat st;

	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), false, &why), RSP_OK);
	CHECK(stat(path_of("keys.json"), &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK_EQ(rsp_keyring_load(path_of("keys.json"), &again, &why), RSP_OK);
	CHECK(again && again->n == 2 && memcmp(again->keys, ring->keys, 2 * sizeof(*ring->keys)) == 0);
	rsp_keyring_unref(again);
	rsp_keyring_unref(ring);
}

static void
a_keyring_does_not_replace_a_file_unasked(void)
{
	struct rsp_keyring *ring = two_keys();
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), true, &why), RSP_OK);
	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), false, &why), RSP_EEXISTS);
	rsp_keyring_unref(ring);
}

static void
a_keyring_that_the_group_can_read_is_refused(void)
{
	struct rsp_keyring *ring = two_keys(), *again = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_keyring_save(ring, path_of("keys.json"), true, &why), RSP_OK);
	CHECK_EQ(chmod(path_of("keys.json"), 0640), 0);
	CHECK_EQ(rsp_keyring_load(path_of("keys.json"), &again, &why), RSP_EPERMS);
	rsp_keyring_unref(ring);
}

static void
a_keyring_that_is_missing_is_not_found(void)
{
	struct rsp_keyring *ring = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_keyring_load(path_of("nothing"), &ring, &why), RSP_ENOTFOUND);
}

static void
a_keyring_of_no_node_can_be_empty(void)
{
	struct rsp_keyring *ring = rsp_keyring_new(), *again = NULL;
	struct rsp_why why = { 0 };

	memcpy(ring->scope, "s", 2);
	CHECK_EQ(rsp_keyring_save(ring, path_of("empty.json"), false, &why), RSP_OK);
	CHECK_EQ(rsp_keyring_load(path_of("empty.json"), &again, &why), RSP_OK);
	CHECK(again && again->n == 0 && again->node[0] == '\0');
	rsp_keyring_unref(again);
	rsp_keyring_unref(ring);
}

static void
each_allocation_may_fail_while_files_are_written_and_read(void)
{
	struct rsp_why why = { 0 };
	bool done = false;
	struct rsp_scope *source = scope_of(scope_text);
	struct rsp_keyring *ring_source = NULL;
	struct rsp_authz *authz_source = NULL;
	int64_t now = rsp_clock_wall_ms();
	const struct rsp_x509_request request = { .kind = RSP_X509_CA,
						  .organization = "s",
						  .common_name = "s CA",
						  .not_before_ms = now - 1000,
						  .not_after_ms = now + 1000000 };
	struct rsp_x509_pair ca = { 0 };

	CHECK_EQ(keys_of(keys_text, &ring_source, &why) |
			 rsp_authz_parse(rsp_bytes_str(authz_text), "a", &authz_source, &why),
		 RSP_OK);
	CHECK_EQ(rsp_x509_make(&request, NULL, &ca, &why), RSP_OK);
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

int
main(void)
{
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	TAP_RUN(a_keyring_has_the_keys_and_the_owner_of_its_text);
	TAP_RUN(a_server_accepts_only_keys_of_which_it_is_the_server);
	TAP_RUN(an_identity_must_match_in_all_octets);
	TAP_RUN(a_client_finds_its_key_by_role_and_server);
	TAP_RUN(a_client_does_not_offer_an_expired_key);
	TAP_RUN(a_client_offers_its_newest_valid_key_first);
	TAP_RUN(a_client_offers_all_its_keys_from_new_to_old);
	TAP_RUN(an_identity_is_in_a_keyring_once);
	TAP_RUN(a_keyring_lives_until_its_last_reference);
	TAP_RUN(no_key_is_made_for_a_bad_name_or_role);
	TAP_RUN(a_wiped_key_has_no_secret_and_no_identity);
	TAP_RUN(each_mistake_in_a_keyring_is_named_and_no_secret_quoted);
	TAP_RUN(a_syntax_error_is_reported_with_line_and_column);
	TAP_RUN(files_that_are_cut_or_changed_do_no_harm);
	TAP_RUN(a_keyring_is_written_for_its_owner_only_and_read_back);
	TAP_RUN(a_keyring_does_not_replace_a_file_unasked);
	TAP_RUN(a_keyring_that_the_group_can_read_is_refused);
	TAP_RUN(a_keyring_that_is_missing_is_not_found);
	TAP_RUN(a_keyring_of_no_node_can_be_empty);
	TAP_RUN(each_allocation_may_fail_while_files_are_written_and_read);
	TAP_RUN(nothing_else_is_left_in_the_directory);
	return tap_end();
}
