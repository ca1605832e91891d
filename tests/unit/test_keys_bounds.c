#include <string.h>

#include "keys/authz.h"
#include "keys/scope.h"
#include "tap.h"

/* Names as long as they may be, and entries put in any order. */

/* Each order in which five can be put: all are found, and the list is sorted. */
static void
authorisations_are_sorted_however_they_come(void)
{
	static const char *const name[] = { "a", "b", "c", "d", "e" };

	for (unsigned order = 0; order < 120; order++) {
		struct rsp_authz *authz = rsp_authz_new();
		unsigned left[] = { 0, 1, 2, 3, 4 }, n_left = 5;

		CHECK(authz != NULL);
		for (unsigned rest = order; authz && n_left > 0; rest /= n_left + 1) {
			unsigned pick = rest % n_left;
			struct rsp_authz_entry entry = { .role = RSP_ROLE_ELEMENT,
							 .max_registrations = left[pick] + 1 };

			(void)snprintf(entry.name, sizeof(entry.name), "%s", name[left[pick]]);
			CHECK_EQ(rsp_authz_put(authz, &entry), RSP_OK);
			left[pick] = left[--n_left];
		}
		for (unsigned i = 0; authz && i < 5; i++) {
			CHECK_EQ(rsp_authz_max_registrations(authz, name[i]), i + 1);
			CHECK_STR(authz->entries[i].name, name[i]);
		}
		rsp_authz_free(authz);
	}
}

static void
the_longest_name_of_a_registrar_is_found(void)
{
	char name[RSP_NAME_MAX + 2], text[1024], spec[RSP_NAME_MAX + 32];
	struct rsp_scope *scope = NULL;
	struct rsp_target target = { 0 };
	struct rsp_why why = { 0 };

	memset(name, 'n', RSP_NAME_MAX + 1);
	name[RSP_NAME_MAX] = '\0';
	(void)snprintf(text, sizeof(text),
		       "{\"schema\":\"rsp.scope/"
		       "1\",\"name\":\"s\",\"registrars\":[{\"name\":\"%s\",\"addresses\":[],\"asap\":\"192.0.2.1:1\","
		       "\"enrp\":\"192.0.2.1:2\"}]}",
		       name);
	CHECK_EQ(rsp_scope_parse(rsp_bytes_str(text), "scope.json", &scope, &why), RSP_OK);
	if (!scope) {
		printf("# %s: %s\n", why.object, why.reason);
		return;
	}
	CHECK_EQ(rsp_scope_registrar_at(scope, name, RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK_STR(target.name, name);
	CHECK_EQ(target.endpoint.port, 1);
	(void)snprintf(spec, sizeof(spec), "%s@192.0.2.9:5", name);
	CHECK_EQ(rsp_scope_registrar_at(scope, spec, RSP_SERVICE_ASAP, &target, &why), RSP_OK);
	CHECK_STR(target.name, name);
	name[RSP_NAME_MAX] = 'n';
	name[RSP_NAME_MAX + 1] = '\0';
	(void)snprintf(spec, sizeof(spec), "%s@192.0.2.9:5", name);
	CHECK_EQ(rsp_scope_registrar_at(scope, spec, RSP_SERVICE_ASAP, &target, &why), RSP_EVALUE);
	rsp_scope_free(scope);
}

/* The text names the entry that is wrong, in every file. */
static void
a_mistake_is_shown_with_its_place(void)
{
	struct rsp_authz *authz = NULL;
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_authz_parse(rsp_bytes_str("{\"schema\":\"rsp.authz/1\",\"identities\":["
					       "{\"name\":\"m\",\"role\":\"monitor\",\"pools\":[],\"addresses\":[],"
					       "\"max_registrations\":null,\"not_after\":null},"
					       "{\"name\":\"e\",\"role\":\"none\",\"pools\":[],\"addresses\":[],"
					       "\"max_registrations\":null,\"not_after\":null}]}"),
				 "authz.json", &authz, &why),
		 RSP_ECONFIG);
	CHECK_STR(why.object, "authz.json");
	CHECK(strncmp(why.reason, "identities[1].role: ", strlen("identities[1].role: ")) == 0);
	CHECK_EQ(
		rsp_scope_parse(rsp_bytes_str("{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
					      "{\"name\":\"r1\",\"asap\":\"h:1\",\"enrp\":\"h:2\",\"addresses\":[]},"
					      "{\"name\":\"r2\",\"asap\":\"h:x\",\"enrp\":\"h:2\",\"addresses\":[]}]}"),
				"scope.json", &scope, &why),
		RSP_ECONFIG);
	CHECK(strncmp(why.reason, "registrars[1].asap: ", strlen("registrars[1].asap: ")) == 0);
}

int
main(void)
{
	TAP_RUN(authorisations_are_sorted_however_they_come);
	TAP_RUN(the_longest_name_of_a_registrar_is_found);
	TAP_RUN(a_mistake_is_shown_with_its_place);
	return tap_end();
}
