#ifndef RSP_NET_LOOKUP_H
#define RSP_NET_LOOKUP_H

#include <stdint.h>

#include "base/err.h"
#include "net/sockaddr.h"

struct rsp_loop;
struct rsp_lookup;

#define RSP_LOOKUP_MAX        16    /* addresses of one name */
#define RSP_LOOKUP_MS	      10000 /* for one name, at most */
#define RSP_LOOKUPS_UNDER_WAY 64    /* lookups of one loop at a time; further lookups wait */

/**
 * The result: @n addresses in the order to try them, which live during the call; or @why->err (RSP_ELOOKUP,
 * RSP_ENOMEM), with the host as the object. It is the last call for the lookup.
 */
typedef void rsp_lookup_done(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why);

/**
 * Find the addresses of @host, a name or a numeric address (IPv6 with or without brackets), and give them @port. @done
 * is called once, from the loop. Names are looked up in /etc/hosts, then at the name servers of /etc/resolv.conf, or at
 * those in the environment variable RSP_NAME_SERVERS ("ADDR[:PORT],..."). RSP_EVALUE: @host is empty or too long.
 * RSP_ENOMEM.
 */
enum rsp_err rsp_lookup_start(struct rsp_loop *loop, const char *host, uint16_t port, rsp_lookup_done *done, void *ctx,
			      struct rsp_lookup **ret) RSP_NODISCARD;

/** Let @lookup fail after @ms from now, if it would not fail earlier at RSP_LOOKUP_MS. */
void rsp_lookup_limit(struct rsp_lookup *lookup, uint32_t ms);

/** Free @lookup at once; @done is not called. NULL is fine. */
void rsp_lookup_cancel(struct rsp_lookup *lookup);

#endif
