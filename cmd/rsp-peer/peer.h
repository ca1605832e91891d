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
	char *peers[PEERS_MAX]; /* as given */
	unsigned n_peers;
	char *control; /* "none", or a path; NULL: where it is by default */
	struct rsp_sockaddr at[RSP_SERVE_COUNT]; /* empty: as the scope says */
	struct rsp_sockaddr plain_at[RSP_SERVE_COUNT]; /* the same, with the ports of plain text where none was given */
	uint64_t leave_ms;                       /* after TERM */
	uint64_t bind_wait_ms;
	struct rsp_registrar_service_config config;          /* what the options changed of the defaults */
	struct rsp_announcer_config announce;    /* where to; the rest once it is known */
};

extern struct peer_option peer_option;
extern struct poptOption peer_options[];

/** Before the options are read: the defaults. */
void peer_options_init(void);
enum rsp_err peer_take(int opt, const char *arg, struct rsp_why *why);
void peer_options_done(void);

/** Fill the numbers of @config from the options. */
void peer_config(struct rsp_registrar_service_config *config);

/** Put the numbers of @config into *@timers and *@limits, named as the options are. */
void peer_put_numbers(const struct rsp_registrar_service_config *config, json_t **timers, json_t **limits);

/* announce.c: announcements */

/** Take --announce. */
enum rsp_err peer_announce_take(const char *arg, struct rsp_why *why) RSP_NODISCARD;

/** Begin to announce @serve, if the options say so; else *@ret is left alone. */
enum rsp_err peer_announce(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			   struct rsp_registrar_service *serve, struct rsp_announcer **ret,
			   struct rsp_why *why) RSP_NODISCARD;

/* scope.c: keys, certificates and ports */

/**
 * Read the scope directory, with what the options put in its place. The keys and the directory's certificate must be
 * those of the registrar @name (NULL: whom keys.json names): another one's would serve nobody.
 */
enum rsp_err peer_scope_load(const char *name, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Where the registrar @name listens: as the options say, else as @scope (which may be NULL) says. */
enum rsp_err peer_ports(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			struct rsp_registrar_service_config *config, struct rsp_why *why) RSP_NODISCARD;

/**
 * The other registrars, as the options and @scope (which may be NULL) say, into @ret, of RSP_CONTACTS_MAX entries.
 */
enum rsp_err peer_contacts(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
			   struct rsp_registrar_service_contact *ret, unsigned *ret_n, struct rsp_why *why) RSP_NODISCARD;

/* expiry.c */

struct peer_expiry;

/** Be ready to warn of certificates, CAs and lists that end: peer_expiry_watch() says of which. */
enum rsp_err peer_expiry_new(struct rsp_loop *loop, struct peer_expiry **ret) RSP_NODISCARD;

/**
 * Warn, on stderr and by a record, of what @scope (NULL: none) has that is expired or ends within 30 days, and from now on
 * whenever something comes within 30, 7 or 1 days of its end, or to it. @scope is not kept.
 */
void peer_expiry_watch(struct peer_expiry *expiry, const struct rsp_scope *scope);

/** All that ends, and when; for a record. */
json_t *peer_expiry_json(const struct peer_expiry *expiry);

void peer_expiry_free(struct peer_expiry *expiry);

/* state.c */

#define PEER_STATUS_SCHEMA "rsp.peer.status/1"

/**
 * How the registrar is that began to serve at @started_ms of the wall clock: the text of one record, on the heap. @expiry may
 * be NULL.
 */
char *peer_status_text(const struct rsp_registrar_service *serve, const struct peer_expiry *expiry, const char *name,
		       int64_t started_ms);

/* control.c */

/**
 * RSP_EEXISTS if another registrar @name runs on this machine, by its own word at the default control socket. Two of
 * one name, which have one set of keys, would split the scope (engine/namesake.c).
 */
enum rsp_err peer_control_alone(struct rsp_loop *loop, const char *name, struct rsp_why *why) RSP_NODISCARD;

/**
 * Open the control socket as the options say; *@ret stays NULL if there is to be none, or if the default one cannot be
 * had, which is said on stderr.
 */
enum rsp_err peer_control_open(struct rsp_loop *loop, const char *name, rsp_control_answer *answer, void *ctx,
			       struct rsp_control **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Find the socket of the registrar @name, or (NULL) of the only one here, where they are by default. On the heap.
 * RSP_EUNREACHABLE if there is none, RSP_EUSAGE if there are several.
 */
enum rsp_err peer_control_find(const char *name, char **ret, struct rsp_why *why) RSP_NODISCARD;

/* run.c */

int peer_run(unsigned n, const char *const *operand);

#endif
