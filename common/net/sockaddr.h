#ifndef RSP_NET_SOCKADDR_H
#define RSP_NET_SOCKADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/ip.h"

/** An address and a port in the form of the kernel. { 0 } is none. */
struct rsp_sockaddr {
	socklen_t len;
	struct sockaddr_storage ss;
};

#define RSP_SOCKADDR_TEXT_MAX 80 /* "[v6%scope]:port" and a NUL */

/** @ip with @port (host order); an empty @ip gives the empty address. */
struct rsp_sockaddr rsp_sockaddr_of(const struct rsp_ip *ip, uint16_t port);

/** The Unix socket at @path. RSP_EVALUE if that is empty or too long. */
enum rsp_err rsp_sockaddr_local(const char *path, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** The address of @sa (an IPv4-mapped one as IPv4), and its port in host order. None and 0 for another family. */
struct rsp_ip rsp_sockaddr_ip(const struct rsp_sockaddr *sa);
uint16_t rsp_sockaddr_port(const struct rsp_sockaddr *sa);

/** Write @sa as "ADDR:PORT" or "[V6]:PORT"; "local" for another family. */
void rsp_sockaddr_format(const struct rsp_sockaddr *sa, char out[static RSP_SOCKADDR_TEXT_MAX]);

/** Write @ip and @port in that form. */
void rsp_sockaddr_format_ip(const struct rsp_ip *ip, uint16_t port, char out[static RSP_SOCKADDR_TEXT_MAX]);

/** Read "ADDR", "ADDR:PORT", "V6", "[V6]" or "[V6]:PORT", numeric, "%scope" allowed for V6. RSP_EVALUE. */
enum rsp_err rsp_sockaddr_parse(const char *text, uint16_t default_port, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** Read the @n octets @host, a numeric address without brackets, "%scope" allowed for V6; the port is 0. RSP_EVALUE. */
enum rsp_err rsp_sockaddr_parse_host(const char *host, size_t n, struct rsp_sockaddr *ret) RSP_NODISCARD;

/** Give an Internet address the @port (host order). */
void rsp_sockaddr_set_port(struct rsp_sockaddr *sa, uint16_t port);

#endif
