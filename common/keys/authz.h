#ifndef RSP_KEYS_AUTHZ_H
#define RSP_KEYS_AUTHZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/role.h"
#include "keys/name.h"

/* authz.json: the rights of a key's owner beyond its role (RFC 5355 s.2.2-2.4). It lists elements and monitors by
 * name; an element or monitor that is not listed has no rights. Registrars need no entry: a key of role peer or
 * notify is enough. */

#define RSP_AUTHZ_FILE_MAX (16U << 20)
#define RSP_AUTHZ_MAX	   100000 /* entries */
#define RSP_AUTHZ_LIST_MAX 256	  /* pools or addresses of an entry */
#define RSP_AUTHZ_SCHEMA   "rsp.authz/1"

/** A block of addresses: the first @bits of @ip are compared. */
struct rsp_cidr {
	struct rsp_ip ip;
	uint8_t bits;
};

struct rsp_authz_entry {
	char name[RSP_NAME_MAX + 1];
	enum rsp_role role; /* ELEMENT or MONITOR */
	char **pools;	    /* globs: '*' is any octets, '?' one octet, '\' takes the next octet literally */
	size_t n_pools;
	struct rsp_cidr *addresses; /* the element may register these besides the address of its connection */
	size_t n_addresses;
	bool opaque; /* the element may register Opaque user transports, which have no address that could be checked */
	uint32_t max_registrations; /* UINT32_MAX: only the registrar's own limit */
	int64_t not_after_ms;	    /* or RSP_TIME_NEVER */
};

struct rsp_authz {
	struct rsp_authz_entry *entries; /* sorted by name */
	size_t n, room;
};

/** An empty list; NULL if out of memory. */
struct rsp_authz *rsp_authz_new(void) RSP_NODISCARD;

/** Free @authz; NULL is fine. */
void rsp_authz_free(struct rsp_authz *authz);
RSP_AUTO_DEFINE(struct rsp_authz *, rsp_authz_free)

/** Read the authz.json @path; errors as rsp_keyring_load. */
enum rsp_err rsp_authz_load(const char *path, struct rsp_authz **ret, struct rsp_why *why) RSP_NODISCARD;

/** As rsp_authz_load(), from memory; @path is for error texts. */
enum rsp_err rsp_authz_parse(struct rsp_bytes text, const char *path, struct rsp_authz **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/** Write @authz to @path (mode 0644, in one step). */
enum rsp_err rsp_authz_save(const struct rsp_authz *authz, const char *path, bool replace,
			    struct rsp_why *why) RSP_NODISCARD;

/**
 * Add a copy of @entry; it replaces one of the same name. RSP_EVALUE for a bad name, role or list, RSP_ELIMIT,
 * RSP_ENOMEM.
 */
enum rsp_err rsp_authz_put(struct rsp_authz *authz, const struct rsp_authz_entry *entry) RSP_NODISCARD;

/** Remove the entry of @name, if there is one. */
void rsp_authz_drop(struct rsp_authz *authz, const char *name);

/** The entry of @name, or NULL. */
const struct rsp_authz_entry *rsp_authz_find(const struct rsp_authz *authz, const char *name);

/**
 * Whether the identity @name, authenticated in @role, may act on the pool @handle with the address @ip. NULL as @ip: an
 * address of its connection. Without a list (@authz NULL) the role alone decides: any pool, but only the connection's
 * addresses. An empty handle asks about the role alone.
 */
bool rsp_authz_may(const struct rsp_authz *authz, const char *name, enum rsp_role role, struct rsp_bytes handle,
		   const struct rsp_ip *ip, int64_t now_ms);

/** Whether the element @name may register an Opaque user transport (RFC 5354 s.3.16). Without a list: no. */
bool rsp_authz_may_opaque(const struct rsp_authz *authz, const char *name);

/** The number of registrations that the identity @name may have; UINT32_MAX: no limit. */
uint32_t rsp_authz_max_registrations(const struct rsp_authz *authz, const char *name);

/** Whether @handle matches @glob. */
bool rsp_glob_match(const char *glob, struct rsp_bytes handle);

/** Parse "10.0.0.0/8", "2001:db8::/32" or a single address. RSP_EVALUE. */
enum rsp_err rsp_cidr_parse(const char *text, struct rsp_cidr *ret) RSP_NODISCARD;

#define RSP_CIDR_TEXT_MAX (RSP_IP_TEXT_MAX + 4)

/** Write @cidr as text. */
void rsp_cidr_format(const struct rsp_cidr *cidr, char out[static RSP_CIDR_TEXT_MAX]);

/** Whether @ip is in @cidr; an IPv4-mapped IPv6 address counts as IPv4. */
bool rsp_cidr_contains(const struct rsp_cidr *cidr, const struct rsp_ip *ip);

#endif
