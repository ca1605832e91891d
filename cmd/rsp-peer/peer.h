#ifndef CMD_RSP_PEER_PEER_H
#define CMD_RSP_PEER_PEER_H

#include "cli/main.h"
#include "keys/scope.h"
#include "serve/announcer.h"
#include "serve/control.h"
#include "serve/registrar_service.h"

/* options.c: the options of `run` */

#define PEERS_MAX 64

struct peer_option {
	char *name;
	char *peers[PEERS_MAX]; /* as typed */
	unsigned n_peers;
	char *control; /* "none", or a path; NULL: the default path */
	struct rsp_sockaddr at[RSP_SERVE_COUNT]; /* empty: the address in the scope */
	struct rsp_sockaddr plain_at[RSP_SERVE_COUNT]; /* with the default ports of plain text */
	uint64_t leave_ms;                       /* the longest time from SIGTERM to the end */
	uint64_t bind_wait_ms;
	struct rsp_registrar_service_config config;          /* the defaults, and the options that change them */
	struct rsp_announcer_config announce;    /* the destination; the other members are set later */
};

extern struct peer_option peer_option;
extern struct poptOption peer_options[];

/** Set the defaults; call it before the options are read. */
void peer_options_init(void);
enum rsp_err peer_take(int opt, const char *arg, struct rsp_why *why);
void peer_options_done(void);

/** Fill the timers and limits of @config from the options. */
void peer_config(struct rsp_registrar_service_config *config);

/** Put the timers and limits of @config into *@timers and *@limits. A key is the option's name. */
void peer_put_numbers(const struct rsp_registrar_service_config *config, json_t **timers, json_t **limits);

/* announce.c: announcements */

/** Begin to announce @serve if --announce was given; else *@ret is not changed. */
enum rsp_err peer_announce(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			   struct rsp_registrar_service *serve, struct rsp_announcer **ret,
			   struct rsp_why *why) RSP_NODISCARD;

/* scope.c: keys, certificates and ports */

/**
 * Read the scope directory; options that name another file replace its file. The keys and the certificate must be those
 * of the registrar @name (NULL: of the node that keys.json names), because with those of another node all connections
 * would fail.
 */
enum rsp_err peer_scope_load(const char *name, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Set the addresses that the registrar @name listens on, from the options, else from @scope (which may be NULL). */
enum rsp_err peer_ports(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			struct rsp_registrar_service_config *config, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write the other registrars, from the options and @scope (which may be NULL), to @ret, which has RSP_CONTACTS_MAX
 * entries.
 */
enum rsp_err peer_contacts(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			   struct rsp_registrar_service_contact *ret, unsigned *ret_n, struct rsp_why *why) RSP_NODISCARD;

/* expiry.c */

struct peer_expiry;

/** Prepare the warnings about certificates, CAs and CRLs that expire. They begin with peer_expiry_watch(). */
enum rsp_err peer_expiry_new(struct rsp_loop *loop, struct peer_expiry **ret) RSP_NODISCARD;

/**
 * Warn, on stderr and by a record, about each certificate, CA and CRL of @scope (NULL: none) that has expired or
 * expires within 30 days. Warn again when 30, 7 and 1 days are left, and at the end. @scope is not kept.
 */
void peer_expiry_watch(struct peer_expiry *expiry, const struct rsp_scope *scope);

/** Everything that expires, with its date and state, for a record. */
json_t *peer_expiry_json(const struct peer_expiry *expiry);

void peer_expiry_free(struct peer_expiry *expiry);

/* state.c */

#define PEER_STATUS_SCHEMA "rsp.peer.status/1"

/**
 * The record rsp.peer.status/1 of the registrar, as text on the heap. @started_ms: when it began to serve, by the wall
 * clock. @expiry may be NULL.
 */
char *peer_status_text(const struct rsp_registrar_service *serve, const struct peer_expiry *expiry, const char *name,
		       int64_t started_ms);

/* control.c */

/**
 * RSP_EEXISTS if a registrar answers at the path of --control, or a registrar @name at the default control socket. Two
 * registrars with one name and one set of keys would split the scope (engine/enrp/duplicate.c).
 */
enum rsp_err peer_control_alone(struct rsp_loop *loop, const char *name, struct rsp_why *why) RSP_NODISCARD;

/**
 * Open the control socket that the options name. *@ret stays NULL with --control=none, and if the default path cannot
 * be used, after a warning on stderr.
 */
enum rsp_err peer_control_open(struct rsp_loop *loop, const char *name, rsp_control_answer *answer, void *ctx,
			       struct rsp_control **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Find the control socket of the registrar @name, or (NULL) of the only registrar here, in the default directories. On
 * the heap. RSP_EUNREACHABLE: no socket found. RSP_EUSAGE: several found.
 */
enum rsp_err peer_control_find(const char *name, char **ret, struct rsp_why *why) RSP_NODISCARD;

/* run.c */

int peer_run(unsigned n, const char *const *operand);

#endif
