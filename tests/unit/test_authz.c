/* authz.json: what the owner of a key may do. */
#include "keys_files.h"

static void
a_glob_matches_by_its_wildcards(void)
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
}

static void
a_glob_compares_octets_with_nul_like_others(void)
{
	CHECK(rsp_glob_match("a?c", rsp_bytes_of("a\0c", 3)));
	CHECK(!rsp_glob_match("", rsp_bytes_of("\0", 1)));
	CHECK(!rsp_glob_match("a", rsp_bytes_of("a\0", 2)));
}

static void
a_glob_with_many_stars_does_not_take_long(void)
{
	char glob[201], handle[4096];
	for (unsigned i = 0; i < 200; i += 2)
		memcpy(glob + i, "*a", 2);
	glob[200] = '\0';
	memset(handle, 'a', sizeof(handle));
	handle[sizeof(handle) - 1] = 'b';
	CHECK(!rsp_glob_match(glob, rsp_bytes_of(handle, sizeof(handle)))); /* ends soon */
}

static void
what_is_no_block_of_addresses_is_refused(void)
{
	static const char *const bad[] = { "",          "/8",          "10.0.0.0/33", "::/129", "10.0.0.1/8",
					   "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "x/8",    "2001:db8::1/64",
					   "10.0.0/8" };
	struct rsp_cidr cidr;

	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		CHECK_EQ(rsp_cidr_parse(bad[i], &cidr), RSP_EVALUE);
}

static void
a_block_of_addresses_contains_those_with_its_prefix(void)
{
	struct rsp_cidr cidr;
	struct rsp_ip ip;
	char text[RSP_CIDR_TEXT_MAX];

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

static struct rsp_authz *
two_identities(void)
{
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_authz_parse(rsp_bytes_str(authz_text), "a", &authz, &why), RSP_OK);
	if (!authz)
		abort();
	return authz;
}

static struct rsp_ip
ip_of(const char *text)
{
	struct rsp_ip ip = { 0 };

	CHECK_EQ(rsp_ip_parse(text, &ip), RSP_OK);
	return ip;
}

static void
an_element_may_register_in_its_pools_only(void)
{
	struct rsp_authz *authz = two_identities();
	int64_t now = at("2026-01-15");

	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, rsp_bytes_str("web1"), NULL, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, rsp_bytes_str("sql"), NULL, now));
	rsp_authz_free(authz);
}

static void
an_element_may_register_addresses_of_its_blocks_only(void)
{
	struct rsp_authz *authz = two_identities();
	struct rsp_ip ten = ip_of("10.1.2.3"), six = ip_of("2001:db8::7"), out = ip_of("11.0.0.1");
	struct rsp_bytes web = rsp_bytes_str("web1");
	int64_t now = at("2026-01-15");

	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, &ten, now));
	CHECK(rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, rsp_bytes_str("abc"), &six, now));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, &out, now));
	rsp_authz_free(authz);
}

static void
a_right_holds_for_its_role_and_until_its_end(void)
{
	struct rsp_authz *authz = two_identities();
	struct rsp_bytes web = rsp_bytes_str("web1");

	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_MONITOR, web, NULL, at("2026-01-15")));
	CHECK(!rsp_authz_may(authz, "web", RSP_ROLE_ELEMENT, web, NULL, at("2026-02-02")));
	rsp_authz_free(authz);
}

static void
an_identity_that_is_not_listed_has_no_rights(void)
{
	struct rsp_authz *authz = two_identities();
	struct rsp_bytes web = rsp_bytes_str("web1");
	int64_t now = at("2026-01-15");

	CHECK(!rsp_authz_may(authz, "other", RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(!rsp_authz_may(authz, NULL, RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(!rsp_authz_may_opaque(authz, "other"));
	CHECK(!rsp_authz_may_opaque(authz, NULL));
	rsp_authz_free(authz);
}

static void
a_monitor_may_ask_but_not_register(void)
{
	struct rsp_authz *authz = two_identities();
	int64_t now = at("2026-01-15");

	CHECK(rsp_authz_may(authz, "mon", RSP_ROLE_MONITOR, (struct rsp_bytes){ 0 }, NULL, now));
	CHECK(!rsp_authz_may(authz, "mon", RSP_ROLE_MONITOR, rsp_bytes_str("web1"), NULL, now));
	rsp_authz_free(authz);
}

static void
a_registrar_needs_no_entry(void)
{
	struct rsp_authz *authz = two_identities();
	struct rsp_ip out = ip_of("11.0.0.1");

	CHECK(rsp_authz_may(authz, "r1", RSP_ROLE_PEER, rsp_bytes_str("web1"), &out, at("2026-01-15")));
	rsp_authz_free(authz);
}

static void
without_a_list_an_element_may_register_its_own_addresses_in_any_pool(void)
{
	struct rsp_bytes web = rsp_bytes_str("web1");
	struct rsp_ip out = ip_of("11.0.0.1");
	int64_t now = at("2026-01-15");

	CHECK(rsp_authz_may(NULL, "web", RSP_ROLE_ELEMENT, web, NULL, now));
	CHECK(!rsp_authz_may(NULL, "web", RSP_ROLE_ELEMENT, web, &out, now));
	CHECK(!rsp_authz_may_opaque(NULL, "web"));
}

static void
the_number_of_registrations_is_limited_only_if_the_entry_says_so(void)
{
	struct rsp_authz *authz = two_identities();

	CHECK_EQ(rsp_authz_max_registrations(authz, "web"), 3);
	CHECK_EQ(rsp_authz_max_registrations(authz, "mon"), UINT32_MAX);
	CHECK_EQ(rsp_authz_max_registrations(NULL, "web"), UINT32_MAX);
	rsp_authz_free(authz);
}

static void
an_opaque_transport_needs_a_right_of_its_own(void)
{
	struct rsp_authz *authz = two_identities();

	CHECK(rsp_authz_may_opaque(authz, "web"));
	CHECK(!rsp_authz_may_opaque(authz, "mon"));
	rsp_authz_free(authz);
}

static void
a_list_with_a_mistake_is_refused(void)
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
	struct rsp_authz *authz = NULL;
	struct rsp_why why = { 0 };

	for (unsigned i = 0; i < RSP_COUNT(authz_bad); i++)
		CHECK_EQ(rsp_authz_parse(rsp_bytes_str(authz_bad[i]), "a", &authz, &why), RSP_ECONFIG);
	CHECK(!authz);
}

static void
a_list_is_written_and_read_back(void)
{
	struct rsp_authz *authz = two_identities();
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_authz_save(authz, path_of("authz.json"), false, &why), RSP_OK);
	rsp_authz_free(authz);
	CHECK_EQ(rsp_authz_load(path_of("authz.json"), &authz, &why), RSP_OK);
	CHECK_EQ(rsp_authz_max_registrations(authz, "web"), 3);
	CHECK(rsp_authz_find(authz, "web")->n_addresses == 2);
	CHECK(rsp_authz_may_opaque(authz, "web") && !rsp_authz_may_opaque(authz, "mon"));
	rsp_authz_free(authz);
}

int
main(void)
{
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	TAP_RUN(a_glob_matches_by_its_wildcards);
	TAP_RUN(a_glob_compares_octets_with_nul_like_others);
	TAP_RUN(a_glob_with_many_stars_does_not_take_long);
	TAP_RUN(what_is_no_block_of_addresses_is_refused);
	TAP_RUN(a_block_of_addresses_contains_those_with_its_prefix);
	TAP_RUN(an_element_may_register_in_its_pools_only);
	TAP_RUN(an_element_may_register_addresses_of_its_blocks_only);
	TAP_RUN(a_right_holds_for_its_role_and_until_its_end);
	TAP_RUN(an_identity_that_is_not_listed_has_no_rights);
	TAP_RUN(a_monitor_may_ask_but_not_register);
	TAP_RUN(a_registrar_needs_no_entry);
	TAP_RUN(without_a_list_an_element_may_register_its_own_addresses_in_any_pool);
	TAP_RUN(the_number_of_registrations_is_limited_only_if_the_entry_says_so);
	TAP_RUN(an_opaque_transport_needs_a_right_of_its_own);
	TAP_RUN(a_list_with_a_mistake_is_refused);
	TAP_RUN(a_list_is_written_and_read_back);
	TAP_RUN(nothing_else_is_left_in_the_directory);
	return tap_end();
}
