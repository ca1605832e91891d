#ifndef RSP_KEYS_PSK_H
#define RSP_KEYS_PSK_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/role.h"
#include "keys/name.h"

/* Pre-shared keys. One key is for one client, one server, one direction and one role (rsp(7), SECURITY; RFC 9257
 * s.6). A node offers the keys of which it is the client, and accepts the keys of which it is the server; never the
 * reverse. */

#define RSP_IDENTITY_SIZE   28 /* "rsp1.", 22 base64url characters of 16 random octets, and a NUL */
#define RSP_SECRET_MIN	    16
#define RSP_SECRET_MAX	    64
#define RSP_SECRET_SIZE	    32		    /* octets of a key that rsp-keygen makes */
#define RSP_KEYRING_MAX	    100000	    /* keys */
#define RSP_KEYS_FILE_MAX   (48U << 20)	    /* octets of a keys.json */
#define RSP_TIME_NEVER	    INT64_MAX	    /* the latest time, in ms since 1970 */
#define RSP_KEYS_SCHEMA	    "rsp.keys/1"

/** Secret octets: never printed, wiped after use. { 0 } is empty. */
struct rsp_secret {
	size_t n;
	uint8_t bytes[RSP_SECRET_MAX];
};

struct rsp_key {
	char identity[RSP_IDENTITY_SIZE]; /* sent in the TLS handshake; unique in a keyring, without a meaning */
	enum rsp_role role;		  /* ELEMENT, PEER, MONITOR or NOTIFY */
	char client[RSP_NAME_MAX + 1];	  /* the name of the node that dials */
	char server[RSP_NAME_MAX + 1];	  /* the name of the node that is dialled */
	struct rsp_secret secret;
	int64_t created_ms;
	int64_t not_after_ms; /* the last moment at which the key is offered or accepted, or RSP_TIME_NEVER */
};

/** Keys in the order of their file. References are counted. A keyring with several references must not be changed. */
struct rsp_keyring {
	unsigned refs;
	char scope[RSP_NAME_MAX + 1];
	char node[RSP_NAME_MAX + 1]; /* the node that owns these keys; "" in the master directory, which has all keys */
	struct rsp_key *keys;
	size_t n, room;
	uint32_t *order; /* indices of keys, sorted by identity */
};

/** An empty keyring, with one reference; NULL if out of memory. */
struct rsp_keyring *rsp_keyring_new(void) RSP_NODISCARD;

/** Add a reference. Returns @ring. */
struct rsp_keyring *rsp_keyring_ref(struct rsp_keyring *ring);

/** Drop a reference; with the last one the keys are wiped and freed. NULL is fine. */
void rsp_keyring_unref(struct rsp_keyring *ring);
RSP_AUTO_DEFINE(struct rsp_keyring *, rsp_keyring_unref)

/**
 * Read the keys.json @path. The file must belong to this user and be closed to others (RSP_EPERMS). RSP_ENOTFOUND;
 * RSP_ECONFIG with file, line and column, or with the name of the bad value; RSP_EKEY for a value that is no key.
 */
enum rsp_err rsp_keyring_load(const char *path, struct rsp_keyring **ret, struct rsp_why *why) RSP_NODISCARD;

/** As rsp_keyring_load(), from memory; @path is for error texts. */
enum rsp_err rsp_keyring_parse(struct rsp_bytes text, const char *path, struct rsp_keyring **ret,
			       struct rsp_why *why) RSP_NODISCARD;

/** Write @ring to @path atomically, with mode 0600. Without @replace: RSP_EEXISTS if the file exists. */
enum rsp_err rsp_keyring_save(const struct rsp_keyring *ring, const char *path, bool replace,
			      struct rsp_why *why) RSP_NODISCARD;

/** Add a copy of @key to @ring. RSP_EEXISTS if @ring has the identity already, RSP_ELIMIT, RSP_ENOMEM. */
enum rsp_err rsp_keyring_add(struct rsp_keyring *ring, const struct rsp_key *key) RSP_NODISCARD;

/**
 * Make a key with a random identity and secret (GnuTLS's random numbers for keys). RSP_EVALUE for a bad name or role.
 */
enum rsp_err rsp_key_make(enum rsp_role role, const char *client, const char *server, int64_t now_ms,
			  int64_t not_after_ms, struct rsp_key *ret) RSP_NODISCARD;

/** Wipe @key. */
void rsp_key_wipe(struct rsp_key *key);

/** Whether the @n octets at @identity have the form of identities that rsp-keygen makes. */
bool rsp_identity_ok(const void *identity, size_t n);

/**
 * The key with @identity (@n octets from the network, not checked), for any server, valid or not. NULL if there is
 * none.
 */
const struct rsp_key *rsp_keyring_find(const struct rsp_keyring *ring, const void *identity, size_t n);

/**
 * For the server @me: the key with @identity (@n octets from the network, not checked), if @me is its server and it is
 * valid at @now_ms. Else NULL: treat it as an unknown identity. The caller checks that the role is allowed on the port.
 */
const struct rsp_key *rsp_keyring_server_key(const struct rsp_keyring *ring, const void *identity, size_t n,
					     const char *me, int64_t now_ms);

/**
 * For the client @me: its @nth key (from 0) in @role for the server @server (NULL: any), newest first, of those valid
 * at @now_ms; NULL if there is none. During a rotation a client whose key is refused tries the next one.
 */
const struct rsp_key *rsp_keyring_client_key(const struct rsp_keyring *ring, enum rsp_role role, const char *me,
					     const char *server, int64_t now_ms, unsigned nth);

#endif
