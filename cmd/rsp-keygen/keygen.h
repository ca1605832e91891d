#ifndef CMD_RSP_KEYGEN_H
#define CMD_RSP_KEYGEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "change.h"
#include "keys/authz.h"
#include "keys/psk.h"
#include "keys/scope.h"
#include "keys/x509.h"
#include "keys/x509_pem.h"

#define KEYGEN_LIST_MAX 32 /* values of an option that may be repeated */
#define KEYGEN_FILE_MAX (RSP_KEYS_FILE_MAX)

/* The options. */
struct keygen {
	char *name;
	bool ed25519, force, psktool, user, finish, opaque;
	uint64_t max;                        /* registrations of an element; UINT64_MAX: not given */
	uint64_t days;                       /* 0: not given */
	int64_t not_before_ms, not_after_ms; /* 0: not given */
	uint64_t expires_in_ms;
	char *asap, *enrp, *output, *revoke;
	char *dns[KEYGEN_LIST_MAX], *pools[KEYGEN_LIST_MAX];
	struct rsp_ip ips[KEYGEN_LIST_MAX];
	struct rsp_cidr addresses[KEYGEN_LIST_MAX];
	unsigned n_dns, n_pools, n_ips, n_addresses;
};

extern struct keygen keygen;

/* The administrator's directory, locked for a change. */
struct master {
	const char *dir;
	int lock;
	struct rsp_scope *scope; /* only what is in scope.json */
	struct rsp_keyring *keyring;
	struct rsp_authz *authz;
	struct rsp_x509_pair ca;     /* the CA that signs: ca.key, and its certificate in ca.pem */
	struct rsp_x509_pair old_ca; /* during a rollover, the CA that @ca replaces; else all members are NULL */
	char *cas;                   /* ca.pem */
	struct change change;
	int64_t now_ms;
};

#define DAY_MS    INT64_C(86400000)
#define CERT_DAYS 397
#define BACK_MS   INT64_C(300000) /* validity begins a little earlier, because a node's clock may be behind */

/**
 * Open the directory of --scope. @writes: lock it, and finish the change of an interrupted run. With @ca, read the CA
 * and its key as well.
 */
enum rsp_err master_open(struct master *master, bool writes, bool ca, struct rsp_why *why) RSP_NODISCARD;

/** Read the CA and its key, if master_open() has not. */
enum rsp_err master_open_ca(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Free @master: wipe secrets, drop a change that was not committed, release the lock. */
void master_done(struct master *master);

/**
 * Lock the directory @dir: RSP_OK, and the lock's descriptor in @ret. RSP_EPERMS if other users can write to the
 * directory.
 */
enum rsp_err master_lock(const char *dir, int *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Wait until no other run changes the directory @dir, and take a shared lock, to read only. Returns the descriptor of the
 * lock. If the directory has no lock file that can be opened, returns -1: the caller may read the directory all the same.
 */
int master_lock_to_look(const char *dir);

/** Plan to write @text to @file of the directory, or of the registrar @name in it. */
enum rsp_err master_write(struct master *master, const char *name, const char *file, bool secret, const char *text,
			  struct rsp_why *why) RSP_NODISCARD;

/** Plan to remove @file of the directory, or of the registrar @name in it. */
enum rsp_err master_remove(struct master *master, const char *name, const char *file,
			   struct rsp_why *why) RSP_NODISCARD;

/** Plan to write keys.json, authz.json and scope.json from memory, then commit and execute the change. */
enum rsp_err master_save(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Commit and execute the change. */
enum rsp_err master_commit(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Keep the keys for which @keep is true, remove the others. */
enum rsp_err master_keep_keys(struct master *master, bool (*keep)(const struct rsp_key *key, const void *of),
			      const void *of, struct rsp_why *why) RSP_NODISCARD;

/** Remove all keys of the node @name. */
enum rsp_err master_drop_keys(struct master *master, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** Make a key and add it to the keyring; *@made is incremented. */
enum rsp_err master_add_key(struct master *master, enum rsp_role role, const char *client, const char *server,
			    int64_t not_after_ms, unsigned *made, struct rsp_why *why) RSP_NODISCARD;

/** Make the keys that the node @name lacks; the scope and authz.json must know it. *@made is incremented for each. */
enum rsp_err master_complete_keys(struct master *master, const char *name, unsigned *made,
				  struct rsp_why *why) RSP_NODISCARD;

/**
 * The role of the node @name: RSP_ROLE_PEER (a registrar), ELEMENT or MONITOR; RSP_ROLE_NONE: no such node.
 */
enum rsp_role master_role_of(const struct master *master, const char *name);

/** Fail unless @name is a valid name that no node of another role has; a name of this role only with --force. */
enum rsp_err master_check_name(const struct master *master, const char *name, enum rsp_role role,
			       struct rsp_why *why) RSP_NODISCARD;

/** Begin and end of the validity of a new key or certificate: from the options, else for @days. */
int64_t valid_from(int64_t now_ms);
int64_t valid_until(int64_t now_ms, unsigned days);

/**
 * Make a certificate for @registrar with @names, for the private key @key_pem (NULL: a new one), and plan to write it.
 */
enum rsp_err make_certificate(struct master *master, const char *name, const struct rsp_x509_names *names,
			      const char *key_pem, struct rsp_x509_pair *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * ca.c: plan to write a new crl.pem: all entries stay, the certificate @revoke_pem (NULL: none) is revoked, and the
 * next CRLs are due at @due_ms. RSP_EKEY: the CA that signed the certificate is in ca.pem, but its key is not here.
 */
enum rsp_err make_crls(struct master *master, int64_t due_ms, const char *revoke_pem, struct rsp_why *why) RSP_NODISCARD;

/**
 * outdated.c: the nodes whose bundles differ from what `bundle` would write now: { "nodes": [names], "users": true if
 * that of users differs }. null if that cannot be computed.
 */
json_t *outdated_json(const struct master *master);

/** Note that the bundle of @name (NULL: users) was written with its present content. */
enum rsp_err outdated_note(const struct master *master, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** Print the record of the verb, or report @err and @why. Returns the exit status. Also closes @master. */
int finish(enum rsp_err err, const struct rsp_why *why, struct master *master, const char *verb, const char *name,
	   const char *role, unsigned keys, const char *cert_pem);

/** The usage error of a verb that takes one name. */
int not_one_name(unsigned n, const char *const *operand);

/** The path "@dir/@a" or "@dir/registrars/@name/@a", on the heap; NULL if out of memory. */
char *master_path(const char *dir, const char *name, const char *file) RSP_NODISCARD;

/**
 * If @err is about a missing or an existing file, add the rsp-keygen verb or option that helps to @why. Returns @err.
 */
enum rsp_err advise(enum rsp_err err, struct rsp_why *why);

/** Make the directory @path with @mode, unless it exists. */
enum rsp_err make_directory(const char *path, unsigned mode, struct rsp_why *why) RSP_NODISCARD;

/** The whole file @path as text. The caller frees it, and wipes it if it is secret. */
enum rsp_err read_text(const char *path, bool secret, char **ret, struct rsp_why *why) RSP_NODISCARD;

/** Wipe and free @text. */
void free_secret(char *text);

/* A moment in a record; null for RSP_TIME_NEVER. */
json_t *time_json(int64_t ms);
/* The certificate in a record; null if it cannot be parsed. */
json_t *certificate_json(const char *pem);

int run_init(unsigned n, const char *const *operand);
int run_registrar(unsigned n, const char *const *operand);
int run_element(unsigned n, const char *const *operand);
int run_monitor(unsigned n, const char *const *operand);
int run_bundle(unsigned n, const char *const *operand);
int run_crl(unsigned n, const char *const *operand);
int run_rollover(unsigned n, const char *const *operand);
int run_renew(unsigned n, const char *const *operand);
int run_rotate(unsigned n, const char *const *operand);
int run_retire(unsigned n, const char *const *operand);
int run_remove(unsigned n, const char *const *operand);
int run_revoke(unsigned n, const char *const *operand);
int run_list(unsigned n, const char *const *operand);
int run_check(unsigned n, const char *const *operand);

#endif
