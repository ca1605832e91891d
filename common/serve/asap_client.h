#ifndef RSP_SERVE_ASAP_CLIENT_H
#define RSP_SERVE_ASAP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/client/client.h"
#include "keys/scope.h"
#include "net/sockaddr.h"
#include "net/announce.h"

/* The ASAP engine of an element or a user with connections, name lookups, keys and the clock. */

struct rsp_loop;
struct rsp_scope;
struct rsp_tls;
struct rsp_trace;

#define RSP_ASAP_CLIENT_DISCOVER_MAX 4

struct rsp_asap_client_config {
	/* The keys, certificates and registrars. Must outlive the client. May be NULL with @plaintext and @servers. */
	const struct rsp_scope *scope;
	/* [NAME@]HOST[:PORT], [NAME@][V6]:PORT: the registrars to ask. NAME is the name in keys and certificates;
	 * without one it is the registrar of the scope with that name or address, else HOST itself. None: all of the
	 * scope. */
	const char *const *servers;
	unsigned n_servers;
	/* GROUP[%INTERFACE][:PORT]: where to listen for announcements of registrars (rsp_announce_parse()). What is
	 * heard is tried beside @servers, or instead of them if there are none: as the registrar of the scope that has
	 * the address or, if none has it, as whichever registrar of the scope answers; in plain text any host may
	 * answer. */
	const char *const *discover;
	unsigned n_discover;

	bool element;	/* dial with keys of role element, to register; else as a user, by certificate */
	bool plaintext; /* no TLS at all */
	bool listen;	/* element: listen for registrars that dial it (RFC 5352 s.3.4, ASAP transport) */
	/* the numeric address of that listener, ADDR[:PORT]; NULL: every address, a port that the kernel chooses */
	const char *listen_on;
	/* A connection to that listener was refused: its handshake failed, or there were too many. @remote lives during
	 * the call. Any host that can connect can cause it. NULL: not called. Called with @refused_ctx. */
	void (*refused)(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why);
	void *refused_ctx;

	/* The credentials for dialling; the client takes a reference. NULL: made from @scope. */
	struct rsp_tls *tls;
	const char *tls_name; /* the name a user demands of every certificate, instead of each server's own */

	struct rsp_client_timers timers;
	uint64_t timeout_ms;	/* the whole run, from now; 0: none. rsp_asap_client_set_timeout() changes it */
	uint64_t max_outage_ms; /* 0: none */
	unsigned rounds;	/* how often all servers are tried before the client gives up; 0: until the timeout */
	/* the client does not give up registrations by itself; @rounds counts only until the first home */
	bool persistent;
	uint32_t dial_timeout_ms; /* for one connection with its handshake; 0: T5 */
	struct rsp_trace *trace;  /* the capture of all messages (net/trace.h); NULL: none. Must outlive the client */
};

/** Called for each event of the engine. It may call any function of this header but rsp_asap_client_free(). */
typedef void rsp_asap_client_event(void *ctx, const struct rsp_client_event *event);

struct rsp_asap_client;

/**
 * A client on @loop. Nothing is dialled before the first request. RSP_EUSAGE, RSP_ECONFIG, RSP_ENOKEY or RSP_EIO
 * with @why filled.
 */
enum rsp_err rsp_asap_client_new(struct rsp_loop *loop, const struct rsp_asap_client_config *config,
				 rsp_asap_client_event *event, void *ctx, struct rsp_asap_client **ret,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * Free @s: close the listener now, and each connection after its queued output was sent. The loop must run on until it
 * has nothing to do.
 */
void rsp_asap_client_free(struct rsp_asap_client *s);

/* The requests of engine/client/client.h, with the present time. */
enum rsp_err rsp_asap_client_register(struct rsp_asap_client *s, struct rsp_bytes handle,
				  const struct rsp_pool_element *pe) RSP_NODISCARD;
enum rsp_err rsp_asap_client_allow_new_id(struct rsp_asap_client *s, struct rsp_bytes handle,
					  uint32_t pe_id) RSP_NODISCARD;
enum rsp_err rsp_asap_client_update(struct rsp_asap_client *s, struct rsp_bytes handle,
				const struct rsp_pool_element *pe) RSP_NODISCARD;
enum rsp_err rsp_asap_client_deregister(struct rsp_asap_client *s, struct rsp_bytes handle,
					uint32_t pe_id) RSP_NODISCARD;
void rsp_asap_client_deregister_all(struct rsp_asap_client *s);
enum rsp_err rsp_asap_client_resolve(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t items,
				 bool watch) RSP_NODISCARD;
void rsp_asap_client_unwatch(struct rsp_asap_client *s, struct rsp_bytes handle);
enum rsp_err rsp_asap_client_report_unreachable(struct rsp_asap_client *s, struct rsp_bytes handle,
					    uint32_t pe_id) RSP_NODISCARD;
void rsp_asap_client_contacted(struct rsp_asap_client *s, struct rsp_bytes handle, uint32_t pe_id);
void rsp_asap_client_retry(struct rsp_asap_client *s);

/** Give up @timeout_ms from now if a request is still unanswered; 0: never. */
void rsp_asap_client_set_timeout(struct rsp_asap_client *s, uint64_t timeout_ms);

/** For records: the newest attempt at each server; counters. */
const struct rsp_client_attempt *rsp_asap_client_attempts(const struct rsp_asap_client *s, unsigned *ret_n);
void rsp_asap_client_stats(const struct rsp_asap_client *s, struct rsp_client_stats *ret);

/** The connection to the home, for records. */
struct rsp_asap_client_home {
	bool up;	    /* the client has a home, and is connected to it */
	const char *server; /* the name of the home; "" if the client has no home, or the home has no name */
	/* ADDR:PORT that was dialled; if the home has dialled us, HOST:PORT of the configuration; "" if that does not
	 * know it. */
	char address[RSP_ENDPOINT_TEXT_MAX];
	bool secure;
	const char *tls_version, *tls_kx, *tls_cipher; /* "" in plain text */
	struct rsp_ip local;
};

void rsp_asap_client_home(const struct rsp_asap_client *s, struct rsp_asap_client_home *ret);

/** Write the address of the @i-th listener for announcements. False: no such listener. */
bool rsp_asap_client_discover_at(const struct rsp_asap_client *s, unsigned i, char out[static RSP_ANNOUNCE_TEXT_MAX]);

/** The port of our listener for registrars; 0: no listener. */
uint16_t rsp_asap_client_asap_port(const struct rsp_asap_client *s);

/**
 * Take newly read keys (@tls, or @scope if it is NULL) for connections to come. Those that are open stay, unless there
 * is no key any more for the registrar at the other end: they count as lost then. Where the scope's registrars are
 * asked, those of @scope (if it is not NULL; it must outlive the client) are from now on. Errors leave the old ones in
 * force.
 */
enum rsp_err rsp_asap_client_reload(struct rsp_asap_client *s, const struct rsp_scope *scope, struct rsp_tls *tls,
				struct rsp_why *why) RSP_NODISCARD;

#endif
