#ifndef CMD_RSP_KEYGEN_H
#define CMD_RSP_KEYGEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "keys/authz.h"
#include "keys/psk.h"
#include "keys/scope.h"
#include "keys/x509.h"

#define KEYGEN_LIST_MAX 32 /* of a repeated option */
#define KEYGEN_FILE_MAX (RSP_KEYS_FILE_MAX)

/* What the command line asks for. */
struct keygen {
	char *name;
	bool ed25519, force, psktool, user, opaque;
	uint64_t max;                        /* registrations of an element; UINT64_MAX: not given */
	uint64_t days; /* 0: not given */
	int64_t not_before_ms, not_after_ms; /* 0: not given */
	uint64_t expires_in_ms;
	char *asap, *enrp, *output, *revoke;
	char *dns[KEYGEN_LIST_MAX], *pools[KEYGEN_LIST_MAX];
	struct rsp_ip ips[KEYGEN_LIST_MAX];
	struct rsp_cidr addresses[KEYGEN_LIST_MAX];
	unsigned n_dns, n_pools, n_ips, n_addresses;
};

extern struct keygen keygen;

/* The administrator's directory, open for a change: nobody else changes it meanwhile. */
struct master {
	const char *dir;
	int lock;
	struct rsp_scope *scope; /* scope.json alone */
	struct rsp_keyring *keyring;
	struct rsp_authz *authz;
	struct rsp_x509_pair ca;
	int64_t now_ms;
};

/** Open the directory of --scope. @writes: lock it. With @ca, read the CA and its key as well. */
enum rsp_err master_open(struct master *master, bool writes, bool ca, struct rsp_why *why) RSP_NODISCARD;

/** Let go of it; secrets are wiped. */
void master_done(struct master *master);

/** Lock the directory @dir: RSP_OK, and its descriptor in @ret. RSP_EPERMS if others can write in it. */
enum rsp_err master_lock(const char *dir, int *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write what changed: keys.json, authz.json, scope.json, in this order: a node is known once the last one is written.
 */
enum rsp_err master_save(const struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Drop every key of the node @name. */
enum rsp_err master_drop_keys(struct master *master, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** Make a key and put it into the keyring; counts in *@made. */
enum rsp_err master_add_key(struct master *master, enum rsp_role role, const char *client, const char *server,
			    int64_t not_after_ms, unsigned *made, struct rsp_why *why) RSP_NODISCARD;

/** Fail unless @name is a name, and free: of no other node, and of this role only with --force. */
enum rsp_err master_check_name(const struct master *master, const char *name, enum rsp_role role,
			       struct rsp_why *why) RSP_NODISCARD;

/** "@dir/@a" or "@dir/registrars/@name/@a". On the heap; NULL if out of memory. */
char *master_path(const char *dir, const char *name, const char *file) RSP_NODISCARD;

/** Say in @why, if it is @err's, what this tool can do about it: make the scope, or replace what is there. Returns @err. */
enum rsp_err advise(enum rsp_err err, struct rsp_why *why);

/** Make the directory @path with @mode if it is not there. */
enum rsp_err make_directory(const char *path, unsigned mode, struct rsp_why *why) RSP_NODISCARD;

/** The whole file @path as text; the caller frees it, and wipes it if it is secret. */
enum rsp_err read_text(const char *path, bool secret, char **ret, struct rsp_why *why) RSP_NODISCARD;

/** Wipe and free @text. */
void free_secret(char *text);

/* A moment in a record: null for never. */
json_t *time_json(int64_t ms);
/* A certificate in a record; null if it cannot be read. */
json_t *certificate_json(const char *pem);

int run_init(unsigned n, const char *const *operand);
int run_registrar(unsigned n, const char *const *operand);
int run_element(unsigned n, const char *const *operand);
int run_monitor(unsigned n, const char *const *operand);
int run_bundle(unsigned n, const char *const *operand);
int run_crl(unsigned n, const char *const *operand);
int run_list(unsigned n, const char *const *operand);
int run_check(unsigned n, const char *const *operand);

#endif
