#ifndef RSP_NET_ADDR_H
#define RSP_NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/ip.h"

struct rsp_loop;

/** An address and a port, as the kernel takes them. { 0 } is none. */
struct rsp_sockaddr {
	socklen_t len;
	struct sockaddr_storage ss;
};

#define RSP_SOCKADDR_TEXT_MAX 80 /* "[v6%scope]:port" and a NUL */
#define RSP_LOOKUP_MAX	      16 /* addresses of one name */

/** @ip with @port (host order); an empty @ip gives the empty address. */
struct rsp_sockaddr rsp_sockaddr_of(const struct rsp_ip *ip, uint16_t port);

/** The Unix socket at @path. RSP_EVALUE if that is empty or too long. */
enum rsp_err rsp_sockaddr_local(const char *path, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** Its address (an IPv4-mapped one as IPv4), and port in host order; none and 0 if it is not an Internet address. */
struct rsp_ip rsp_sockaddr_ip(const struct rsp_sockaddr *sa);
uint16_t rsp_sockaddr_port(const struct rsp_sockaddr *sa);

/** Write @sa as "ADDR:PORT" or "[V6]:PORT"; "local" for another family. */
void rsp_sockaddr_format(const struct rsp_sockaddr *sa, char out[static RSP_SOCKADDR_TEXT_MAX]);

/** Write @ip and @port in that form. */
void rsp_addr_format(const struct rsp_ip *ip, uint16_t port, char out[static RSP_SOCKADDR_TEXT_MAX]);

/** Read "ADDR", "ADDR:PORT", "V6", "[V6]" or "[V6]:PORT", numeric, "%scope" allowed for V6. RSP_EVALUE. */
enum rsp_err rsp_sockaddr_parse(const char *text, uint16_t default_port, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** Read the @n octets @host, a numeric address without brackets, "%scope" allowed for V6; the port is 0. RSP_EVALUE. */
enum rsp_err rsp_sockaddr_parse_host(const char *host, size_t n, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** Give an Internet address the @port (host order). */
void rsp_sockaddr_set_port(struct rsp_sockaddr *sa, uint16_t port);

struct rsp_lookup;

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
