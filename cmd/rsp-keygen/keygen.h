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

#define KEYGEN_LIST_MAX 32 /* of a repeated option */
#define KEYGEN_FILE_MAX (RSP_KEYS_FILE_MAX)

/* What the command line asks for. */
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

/* The administrator's directory, open for a change: nobody else changes it meanwhile. */
struct master {
	const char *dir;
	int lock;
	struct rsp_scope *scope; /* scope.json alone */
	struct rsp_keyring *keyring;
	struct rsp_authz *authz;
	struct rsp_x509_pair ca;     /* the one that signs: ca.key, and its certificate in ca.pem */
	struct rsp_x509_pair old_ca; /* the one that it replaces; members are NULL if there is none */
	char *cas;                   /* ca.pem */
	struct change change;
	int64_t now_ms;
};

#define DAY_MS    INT64_C(86400000)
#define CERT_DAYS 397
#define BACK_MS   INT64_C(300000) /* clocks differ: what is made now is valid on a node that lags a little */

/**
 * Open the directory of --scope. @writes: lock it, and finish what an interrupted run had begun. With @ca, read the CA and
 * its key as well.
 */
enum rsp_err master_open(struct master *master, bool writes, bool ca, struct rsp_why *why) RSP_NODISCARD;

/** Read the CA and its key, if master_open() did not. */
enum rsp_err master_open_ca(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Let go of it; secrets are wiped, and a change that was not committed is forgotten. */
void master_done(struct master *master);

/** Lock the directory @dir: RSP_OK, and its descriptor in @ret. RSP_EPERMS if others can write in it. */
enum rsp_err master_lock(const char *dir, int *ret, struct rsp_why *why) RSP_NODISCARD;

/** Wait until no run changes the directory @dir, and keep others from it. The descriptor, or -1 if there is no lock. */
int master_lock_to_look(const char *dir);

/** Plan to write the text @text to @file of the directory, or of the registrar @name in it. */
enum rsp_err master_write(struct master *master, const char *name, const char *file, bool secret, const char *text,
			  struct rsp_why *why) RSP_NODISCARD;

/** Plan to remove @file of the directory, or of the registrar @name in it. */
enum rsp_err master_remove(struct master *master, const char *name, const char *file,
			   struct rsp_why *why) RSP_NODISCARD;

/** Plan to write keys.json, authz.json and scope.json as they are in memory, then make all that was planned, at once. */
enum rsp_err master_save(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Make what was planned. */
enum rsp_err master_commit(struct master *master, struct rsp_why *why) RSP_NODISCARD;

/** Keep of the keys those for which @keep is true. */
enum rsp_err master_keep_keys(struct master *master, bool (*keep)(const struct rsp_key *key, const void *of),
			      const void *of, struct rsp_why *why) RSP_NODISCARD;

/** Drop every key of the node @name. */
enum rsp_err master_drop_keys(struct master *master, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** Make a key and put it into the keyring; counts in *@made. */
enum rsp_err master_add_key(struct master *master, enum rsp_role role, const char *client, const char *server,
			    int64_t not_after_ms, unsigned *made, struct rsp_why *why) RSP_NODISCARD;

/** Make the keys that the node @name, known to scope and authz, lacks; counts in *@made. */
enum rsp_err master_complete_keys(struct master *master, const char *name, unsigned *made,
				  struct rsp_why *why) RSP_NODISCARD;

/** REGISTRAR, ELEMENT or MONITOR for the node @name: a registrar is RSP_ROLE_PEER; RSP_ROLE_NONE: there is none. */
enum rsp_role master_role_of(const struct master *master, const char *name);

/** Fail unless @name is a name, and free: of no other node, and of this role only with --force. */
enum rsp_err master_check_name(const struct master *master, const char *name, enum rsp_role role,
			       struct rsp_why *why) RSP_NODISCARD;

/** From when and until when what is made now is valid: as the options say, else for @days. */
int64_t valid_from(int64_t now_ms);
int64_t valid_until(int64_t now_ms, unsigned days);

/** Make a certificate for @registrar with these @names, for the private key @key_pem (NULL: a new one), and plan to write it. */
enum rsp_err make_certificate(struct master *master, const char *name, const struct rsp_x509_names *names,
			      const char *key_pem, struct rsp_x509_pair *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * ca.c: plan to write crl.pem anew: what it says stays, the certificate @revoke_pem (NULL: none) is revoked, and the next
 * lists are due at @due_ms. RSP_EKEY: the CA that signed it is in ca.pem, and its key is not here.
 */
enum rsp_err make_crls(struct master *master, int64_t due_ms, const char *revoke_pem, struct rsp_why *why) RSP_NODISCARD;

/**
 * outdated.c: which nodes' bundles are not what bundle would write now: { "nodes": [names], "users": whether theirs }. null
 * if that cannot be found out.
 */
json_t *outdated_json(const struct master *master);

/** Note that the bundle of @name (NULL: users) is written as it is now. */
enum rsp_err outdated_note(const struct master *master, const char *name, struct rsp_why *why) RSP_NODISCARD;

/** Print the record of the verb, or fail as @err and @why say; the exit status. Also lets go of @master. */
int finish(enum rsp_err err, const struct rsp_why *why, struct master *master, const char *verb, const char *name,
	   const char *role, unsigned keys, const char *cert_pem);

/** What a verb says that wants one name. */
int not_one_name(unsigned n, const char *const *operand);

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
int run_rollover(unsigned n, const char *const *operand);
int run_renew(unsigned n, const char *const *operand);
int run_rotate(unsigned n, const char *const *operand);
int run_retire(unsigned n, const char *const *operand);
int run_remove(unsigned n, const char *const *operand);
int run_revoke(unsigned n, const char *const *operand);
int run_list(unsigned n, const char *const *operand);
int run_check(unsigned n, const char *const *operand);

#endif
