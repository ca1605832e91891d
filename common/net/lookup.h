#ifndef RSP_NET_LOOKUP_H
#define RSP_NET_LOOKUP_H

#include <stdint.h>

#include "base/err.h"
#include "net/sockaddr.h"

struct rsp_loop;
struct rsp_lookup;

#define RSP_LOOKUP_MAX        16    /* addresses of one name */
#define RSP_LOOKUP_MS	      10000 /* for a name, at most */
#define RSP_LOOKUPS_UNDER_WAY 64    /* of one loop; more wait for their turn */

/**
 * What was found: @n addresses in the order to try them, or @why->err (RSP_ELOOKUP, naming the host). @addrs is
 * only lent.
 */
typedef void rsp_lookup_done(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why);

/**
 * Find the addresses of @host (a name or a numeric address, IPv6 with or without brackets) and give them @port. @done
 * is called once, from the loop; after that, or rsp_lookup_cancel(), the lookup is gone. Names come from /etc/hosts,
 * then from the name servers of /etc/resolv.conf, or those in the environment variable RSP_NAME_SERVERS
 * ("ADDR[:PORT],..."). A numeric address needs neither. RSP_ENOMEM; RSP_EVALUE: @host is empty or too long.
 */
enum rsp_err rsp_lookup_start(struct rsp_loop *loop, const char *host, uint16_t port, rsp_lookup_done *done, void *ctx,
			      struct rsp_lookup **ret) RSP_NODISCARD;

/** Let @lookup take @ms from now at most, if that is less than RSP_LOOKUP_MS; it then fails as one does at that. */
void rsp_lookup_limit(struct rsp_lookup *lookup, uint32_t ms);

/** Give up at once, whatever a name server does: @done is not called. NULL is fine. */
void rsp_lookup_cancel(struct rsp_lookup *lookup);

#endif
