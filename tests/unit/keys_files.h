#ifndef TESTS_UNIT_KEYS_FILES_H
#define TESTS_UNIT_KEYS_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "keys/authz.h"
#include "keys/date.h"
#include "keys/psk.h"
#include "keys/scope.h"
#include "tap.h"

/* Files of a scope directory as texts, and a directory for them. */

#define ID1 "rsp1.AAAAAAAAAAAAAAAAAAAAAA"
#define ID2 "rsp1.BBBBBBBBBBBBBBBBBBBBB-"
#define K32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY(id, role, client, server, key, created, not_after)                                                         \
	"{\"identity\":\"" id "\",\"role\":\"" role "\",\"client\":\"" client "\",\"server\":\"" server                \
	"\",\"key\":\"" key "\",\"created\":\"" created "\",\"not_after\":" not_after "}"
#define KEYS(list) "{\"schema\":\"rsp.keys/1\",\"scope\":\"s\",\"node\":\"r1\",\"keys\":[" list "]}"
#define GOOD       KEY(ID1, "element", "web", "r1", K32, "2026-01-01T00:00:00.000Z", "null")
#define OTHER      KEY(ID2, "peer", "r1", "r2", K32, "2026-01-01T00:00:00Z", "\"2026-02-01\"")

__attribute__((unused)) static const char keys_text[] = KEYS(GOOD "," OTHER);
__attribute__((unused)) static const char scope_text[] =
	"{\"schema\":\"rsp.scope/1\",\"name\":\"s\",\"registrars\":["
	"{\"name\":\"r1\",\"asap\":\"127.0.0.1:3864\",\"enrp\":\"127.0.0.1:9902\",\"addresses\":[]},"
	"{\"name\":\"r2\",\"asap\":\"[::1]:4864\",\"enrp\":\"r2.example:9902\",\"addresses\":[\"192.0.2.7\"]}]}";
__attribute__((unused)) static const char authz_text[] = "{\"schema\":\"rsp.authz/1\",\"identities\":["
				 "{\"name\":\"web\",\"role\":\"element\",\"pools\":[\"web*\",\"a?c\"],\"addresses\":["
				 "\"10.0.0.0/8\",\"2001:db8::/33\"],"
				 "\"max_registrations\":3,\"not_after\":\"2026-02-01T00:00:00Z\",\"opaque\":true},"
				 "{\"name\":\"mon\",\"role\":\"monitor\",\"pools\":[],\"addresses\":[],\"max_"
				 "registrations\":null,\"not_after\":null}]}";

static char directory[] = "/tmp/test_keys.XXXXXX";

static inline enum rsp_err
keys_of(const char *text, struct rsp_keyring **ret, struct rsp_why *why)
{
	return rsp_keyring_parse(rsp_bytes_str(text), "keys.json", ret, why);
}

static inline int64_t
at(const char *date)
{
	int64_t ms = -1;

	CHECK_EQ(rsp_date_parse(date, &ms), RSP_OK);
	return ms;
}

static inline struct rsp_scope *
scope_of(const char *text)
{
	struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_scope_parse(rsp_bytes_str(text), "scope.json", &scope, &why), RSP_OK);
	return scope;
}

static inline char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static inline void
write_text(const char *name, enum rsp_file_kind kind, const char *text)
{
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_file_write(path_of(name), kind, true, rsp_bytes_str(text), &why), RSP_OK);
}

/* A failed write must not leave a temporary file: after the known files the directory is empty. */
static inline void
nothing_else_is_left_in_the_directory(void)
{
	static const char *const left[] = { "keys.json", "empty.json", "scope.json", "authz.json",
					    "ca.pem",    "crl.pem",    "cert.pem",   "key.pem" };

	for (unsigned i = 0; i < RSP_COUNT(left); i++)
		(void)unlink(path_of(left[i]));
	CHECK_EQ(rmdir(directory), 0);
}

#endif
