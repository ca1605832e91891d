#ifndef RSP_KEYS_PSK_H
#define RSP_KEYS_PSK_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/role.h"
#include "keys/name.h"

/* Pre-shared keys: one key is for one client, one server, one direction and one role (rsp(7), "Security"; RFC 9257
 * s.6). A node offers keys of which it is the client and accepts keys of which it is the server, never the other way
 * round. */

#define RSP_IDENTITY_SIZE   28 /* "rsp1.", 22 base64url characters of 16 random octets, and a NUL */
#define RSP_SECRET_MIN	    16
#define RSP_SECRET_MAX	    64
#define RSP_SECRET_SIZE	    32		    /* of the ones we make */
#define RSP_KEYRING_MAX	    100000	    /* keys */
#define RSP_KEYS_FILE_MAX   (48U << 20)	    /* octets of a keys.json */
#define RSP_TIME_NEVER	    INT64_MAX	    /* of wall-clock times in ms */
#define RSP_KEYS_SCHEMA	    "rsp.keys/1"

/** Octets that nobody may see: never printed, wiped when done with. { 0 } is none. */
struct rsp_secret {
	size_t n;
	uint8_t bytes[RSP_SECRET_MAX];
};

struct rsp_key {
	char identity[RSP_IDENTITY_SIZE]; /* what goes over the wire: opaque, unique in a keyring */
	enum rsp_role role;		  /* ELEMENT, PEER, MONITOR or NOTIFY */
	char client[RSP_NAME_MAX + 1];	  /* the node that dials */
	char server[RSP_NAME_MAX + 1];	  /* the node that is dialled */
	struct rsp_secret secret;
	int64_t created_ms;
	int64_t not_after_ms; /* the last moment it is accepted or offered, or RSP_TIME_NEVER */
};

/** Keys in the order of their file. Shared: counted references. Do not change one that others may hold. */
struct rsp_keyring {
	unsigned refs;
	char scope[RSP_NAME_MAX + 1];
	char node[RSP_NAME_MAX + 1]; /* whose keys these are; "" for the administrator, who has them all */
	struct rsp_key *keys;
	size_t n, room;
	uint32_t *order; /* indices of keys, by identity */
};

/** An empty keyring, with one reference; NULL if out of memory. */
struct rsp_keyring *rsp_keyring_new(void) RSP_NODISCARD;

/** Take one more reference. Returns @ring. */
struct rsp_keyring *rsp_keyring_ref(struct rsp_keyring *ring);

/** Drop a reference; the last one wipes and frees the keys. NULL is fine. */
void rsp_keyring_unref(struct rsp_keyring *ring);
RSP_AUTO_DEFINE(struct rsp_keyring *, rsp_keyring_unref)

/**
 * Read the keys.json @path. The file must be ours and closed to others (RSP_EPERMS); RSP_ENOTFOUND; RSP_ECONFIG
 * with file, line and column, or the name of the bad value; RSP_EKEY for a key that is no key.
 */
enum rsp_err rsp_keyring_load(const char *path, struct rsp_keyring **ret, struct rsp_why *why) RSP_NODISCARD;

/** The same from memory; @path is for messages. */
enum rsp_err rsp_keyring_parse(struct rsp_bytes text, const char *path, struct rsp_keyring **ret,
			       struct rsp_why *why) RSP_NODISCARD;

/** Write @ring to @path (mode 0600, in one step); without @replace only if nothing is there. */
enum rsp_err rsp_keyring_save(const struct rsp_keyring *ring, const char *path, bool replace,
			      struct rsp_why *why) RSP_NODISCARD;

/** Copy @key into @ring. RSP_EEXISTS if the identity is there, RSP_ELIMIT, RSP_ENOMEM. */
enum rsp_err rsp_keyring_add(struct rsp_keyring *ring, const struct rsp_key *key) RSP_NODISCARD;

/**
 * Make a key with a fresh identity and secret (GnuTLS's key-grade random numbers). RSP_EVALUE for a bad name or role.
 */
enum rsp_err rsp_key_make(enum rsp_role role, const char *client, const char *server, int64_t now_ms,
			  int64_t not_after_ms, struct rsp_key *ret) RSP_NODISCARD;

/** Wipe @key. */
void rsp_key_wipe(struct rsp_key *key);

/** Whether @n octets at @identity have the form of an identity of ours. */
bool rsp_identity_ok(const void *identity, size_t n);

/** The key named @identity (@n octets off the wire, any at all), valid or not, for any server. NULL if none. */
const struct rsp_key *rsp_keyring_find(const struct rsp_keyring *ring, const void *identity, size_t n);

/**
 * What a server named @me asks: the key for @identity (@n octets off the wire) if @me is its server and it is valid at
 * @now_ms; else NULL: treat it as an unknown identity. The caller checks that the role belongs on this port.
 */
const struct rsp_key *rsp_keyring_server_key(const struct rsp_keyring *ring, const void *identity, size_t n,
					     const char *me, int64_t now_ms);

/**
 * What a client named @me asks: its @nth (from 0) key in @role for the server named @server (NULL: for any), newest
 * first, of those valid at @now_ms; NULL if there is none. During a rotation a client that is refused tries the next.
 */
const struct rsp_key *rsp_keyring_client_key(const struct rsp_keyring *ring, enum rsp_role role, const char *me,
					     const char *server, int64_t now_ms, unsigned nth);

#endif
