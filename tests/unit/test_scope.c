/* The scope: dates, names, endpoints, and which registrar a spec means. */
#include "keys_files.h"

static void
a_date_or_a_time_is_read_as_milliseconds(void)
{
	CHECK_EQ(at("1970-01-01"), 0);
	CHECK_EQ(at("2026-01-31T12:00:00Z"), 1769860800000);
	CHECK_EQ(at("2026-01-31T12:00:00.250Z"), 1769860800250);
	CHECK_EQ(at("2024-02-29"), 1709164800000);
}

static void
what_is_no_date_is_refused(void)
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

	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		if (rsp_date_parse(bad[i], &ms) != RSP_EVALUE) {
			printf("# %s\n", bad[i]);
			CHECK(false);
		}
}

static void
a_name_is_a_file_name_and_a_dns_name(void)
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
an_endpoint_is_read_and_written(void)
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
	struct rsp_endpoint endpoint;

	for (unsigned i = 0; i < RSP_COUNT(good); i++) {
		char text[RSP_ENDPOINT_TEXT_MAX];

		CHECK_EQ(rsp_endpoint_parse(good[i].text, 7, &endpoint), RSP_OK);
		CHECK_STR(endpoint.host, good[i].host);
		CHECK_EQ(endpoint.port, good[i].port);
		rsp_endpoint_format(&endpoint, text);
		CHECK_STR(text, good[i].again);
	}
}

static void
what_is_no_endpoint_is_refused(void)
{
	static const char *const bad[] = {
		"",      ":",   ":80",   "a:",   "a:65536", "a:x", "a:-1", "[::1", "[::1]x", "[a]:1", "[127.0.0.1]:1",
		"a:1:2", "a b", "a/b:1", "[]:1", "::g",     "a@b"
	};
	struct rsp_endpoint endpoint;

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
a_spec_names_a_registrar_by_name_endpoint_or_host(void)
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
	rsp_scope_free(scope);
}

static void
a_port_of_the_other_service_is_wrong_usage(void)
{
	struct rsp_scope *scope = scope_of(scope_text);
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };
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
	rsp_scope_free(scope);
}

static void
a_spec_that_names_no_registrar_is_an_error(void)
{
	struct rsp_scope *scope = scope_of(scope_text);
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_registrar_at(scope, "r3@h", RSP_SERVICE_ASAP, &target, &why), RSP_ENOTFOUND);
	CHECK_EQ(rsp_scope_registrar_at(scope, "r2@", RSP_SERVICE_ASAP, &target, &why), RSP_EVALUE);
	CHECK_EQ(rsp_scope_registrar_at(scope, "", RSP_SERVICE_ASAP, &target, &why), RSP_EVALUE);
	rsp_scope_free(scope);
}

static void
without_a_scope_any_host_is_a_target(void)
{
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_registrar_at(NULL, "h", RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK(!target.registrar && target.endpoint.port == RSP_PORT_ASAP_TLS);
}

static void
a_registrar_whose_port_the_kernel_chose_is_named_with_its_port(void)
{
	struct rsp_scope *scope =
		scope_of("{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
			 "{\"name\":\"r2\",\"asap\":\"127.0.0.1:0\",\"enrp\":\"127.0.0.1:0\",\"addresses\":[]}]}");
	static const char *const spec[] = { "r2", "r2@127.0.0.1", "r2@127.0.0.1:0", "127.0.0.1" };
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };

	for (unsigned i = 0; scope && i < RSP_COUNT(spec); i++) {
		CHECK_EQ(rsp_scope_registrar_at(scope, spec[i], RSP_SERVICE_ENRP, &target, &why), RSP_EUSAGE);
		CHECK_STR(why.object, "r2");
		CHECK_STR(why.reason,
			  "scope.json has port 0 for it: name it with its port, r2@HOST:PORT (-s, --peer)");
	}
	CHECK_EQ(rsp_scope_registrar_at(scope, "r2@127.0.0.1:9999", RSP_SERVICE_ENRP, &target, &why), RSP_OK);
	CHECK_EQ(target.endpoint.port, 9999);
	rsp_scope_free(scope);
}

/* Tests and port forwarding need this. */
static void
the_only_registrar_of_a_scope_is_meant_by_any_address(void)
{
	struct rsp_scope *scope =
		scope_of("{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
			 "{\"name\":\"r1\",\"asap\":\"127.0.0.1:0\",\"enrp\":\"127.0.0.1:0\",\"addresses\":[]}]}");
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_registrar_at(scope, "10.9.9.9:40000", RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK_STR(target.name, "r1");
	CHECK_EQ(target.endpoint.port, 40000);
	rsp_scope_free(scope);
}

static void
a_scope_is_written_and_read_back(void)
{
	struct rsp_scope *scope = scope_of(scope_text);
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_save(scope, directory, false, &why), RSP_OK);
	rsp_scope_free(scope);
	scope = NULL;
	CHECK_EQ(rsp_scope_load_public(directory, &scope, &why), RSP_OK);
	CHECK(scope && scope->n_registrars == 2 && scope->registrars[1].n_addresses == 1);
	rsp_scope_free(scope);
}

static void
a_scope_directory_needs_a_ca(void)
{
	struct rsp_scope *scope = scope_of(scope_text), *again = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_save(scope, directory, true, &why), RSP_OK);
	CHECK_EQ(rsp_scope_load(directory, &again, &why), RSP_ENOTFOUND);
	rsp_scope_free(scope);
}

static void
a_scope_directory_that_is_missing_is_named(void)
{
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_load("/nonexistent/scope", &scope, &why), RSP_ENOTFOUND);
	CHECK_STR(why.object, "/nonexistent/scope");
}

static void
a_scope_with_a_mistake_is_refused(void)
{
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
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	for (unsigned i = 0; i < RSP_COUNT(scope_bad); i++)
		CHECK_EQ(rsp_scope_parse(rsp_bytes_str(scope_bad[i]), "s", &scope, &why), RSP_ECONFIG);
	CHECK(!scope);
}

int
main(void)
{
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	TAP_RUN(a_date_or_a_time_is_read_as_milliseconds);
	TAP_RUN(what_is_no_date_is_refused);
	TAP_RUN(a_name_is_a_file_name_and_a_dns_name);
	TAP_RUN(an_endpoint_is_read_and_written);
	TAP_RUN(what_is_no_endpoint_is_refused);
	TAP_RUN(a_spec_names_a_registrar_by_name_endpoint_or_host);
	TAP_RUN(a_port_of_the_other_service_is_wrong_usage);
	TAP_RUN(a_spec_that_names_no_registrar_is_an_error);
	TAP_RUN(without_a_scope_any_host_is_a_target);
	TAP_RUN(a_registrar_whose_port_the_kernel_chose_is_named_with_its_port);
	TAP_RUN(the_only_registrar_of_a_scope_is_meant_by_any_address);
	TAP_RUN(a_scope_is_written_and_read_back);
	TAP_RUN(a_scope_directory_needs_a_ca);
	TAP_RUN(a_scope_directory_that_is_missing_is_named);
	TAP_RUN(a_scope_with_a_mistake_is_refused);
	TAP_RUN(nothing_else_is_left_in_the_directory);
	return tap_end();
}
