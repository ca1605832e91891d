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

/* authz.json: what the holder of a key may do beyond having it (RFC 5355 2.2-2.4). It lists elements and monitors by
 * name; who is not listed may do nothing. Registrars need no entry: a peer's or notifier's key is enough. */

#define RSP_AUTHZ_FILE_MAX (16U << 20)
#define RSP_AUTHZ_MAX	   100000 /* entries */
#define RSP_AUTHZ_LIST_MAX 256	  /* pools or addresses of an entry */
#define RSP_AUTHZ_SCHEMA   "rsp.authz/1"

/** A block of addresses: the first @bits of @ip count. */
struct rsp_cidr {
	struct rsp_ip ip;
	uint8_t bits;
};

struct rsp_authz_entry {
	char name[RSP_NAME_MAX + 1];
	enum rsp_role role; /* ELEMENT or MONITOR */
	char **pools;	    /* globs: '*' any octets, '?' one, '\' takes the next one as it is */
	size_t n_pools;
	struct rsp_cidr *addresses; /* that it may register beside those of its own connection */
	size_t n_addresses;
	bool opaque; /* it may register Opaque user transports, which cannot be compared with an address */
	uint32_t max_registrations; /* UINT32_MAX: no limit but the registrar's own */
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

/** The same from memory; @path is for messages. */
enum rsp_err rsp_authz_parse(struct rsp_bytes text, const char *path, struct rsp_authz **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/** Write @authz to @path (mode 0644, in one step). */
enum rsp_err rsp_authz_save(const struct rsp_authz *authz, const char *path, bool replace,
			    struct rsp_why *why) RSP_NODISCARD;

/**
 * Put a copy of @entry in, over one of the same name. RSP_EVALUE for a bad name, role or list, RSP_ELIMIT,
 * RSP_ENOMEM.
 */
enum rsp_err rsp_authz_put(struct rsp_authz *authz, const struct rsp_authz_entry *entry) RSP_NODISCARD;

/** Take the entry of @name out, if there is one. */
void rsp_authz_drop(struct rsp_authz *authz, const char *name);

/** The entry of @name, or NULL. */
const struct rsp_authz_entry *rsp_authz_find(const struct rsp_authz *authz, const char *name);

/**
 * Whether the identity @name, authenticated in @role, may act on the pool @handle with the address @ip. @ip is an
 * address other than those of its connection, or NULL for one of its own. Without a list (NULL) a key's role decides:
 * any pool, own addresses only. An empty handle asks about the role alone.
 */
bool rsp_authz_may(const struct rsp_authz *authz, const char *name, enum rsp_role role, struct rsp_bytes handle,
		   const struct rsp_ip *ip, int64_t now_ms);

/** Whether the element @name may register an Opaque user transport (RFC 5354 s.3.16); without a list nobody may. */
bool rsp_authz_may_opaque(const struct rsp_authz *authz, const char *name);

/** How many registrations the identity @name may hold; UINT32_MAX without a limit. */
uint32_t rsp_authz_max_registrations(const struct rsp_authz *authz, const char *name);

/** Whether @handle matches @glob. */
bool rsp_glob_match(const char *glob, struct rsp_bytes handle);

/** Read "10.0.0.0/8", "2001:db8::/32" or a single address. RSP_EVALUE. */
enum rsp_err rsp_cidr_parse(const char *text, struct rsp_cidr *ret) RSP_NODISCARD;

#define RSP_CIDR_TEXT_MAX (RSP_IP_TEXT_MAX + 4)

/** Write @cidr as text. */
void rsp_cidr_format(const struct rsp_cidr *cidr, char out[static RSP_CIDR_TEXT_MAX]);

/** Whether @ip is in @cidr; an IPv4-mapped IPv6 address counts as IPv4. */
bool rsp_cidr_contains(const struct rsp_cidr *cidr, const struct rsp_ip *ip);

#endif
