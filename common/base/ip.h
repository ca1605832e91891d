#ifndef RSP_BASE_IP_H
#define RSP_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/** An IP address: @family is 4 or 6, and the first 4 or 16 octets of @ip count, the others are 0. { 0 } is none. */
struct rsp_ip {
	uint8_t family;
	uint8_t ip[16];
};

#define RSP_IP_TEXT_MAX 46

/** Write @ip as text; "" for none. */
void rsp_ip_format(const struct rsp_ip *ip, char out[static RSP_IP_TEXT_MAX]);

/** Read a numeric address, IPv4 or IPv6 without brackets. RSP_EVALUE for anything else. */
enum rsp_err rsp_ip_parse(const char *text, struct rsp_ip *ret) RSP_NODISCARD;

/** @ip, or its IPv4 form if it is an IPv4-mapped IPv6 address. */
struct rsp_ip rsp_ip_unmapped(const struct rsp_ip *ip);

/** Whether @a and @b are the same address; an IPv4-mapped IPv6 address equals its IPv4 form. */
bool rsp_ip_equal(const struct rsp_ip *a, const struct rsp_ip *b);

/**
 * The source that @ip counts as wherever something is limited or counted for each source: the IPv4 address, also of an
 * IPv4-mapped one; or the IPv6 network of 64 bits, since one host has all of its addresses. RFC 5355 s.2.1, s.2.13.
 */
struct rsp_ip rsp_ip_source(const struct rsp_ip *ip);

#endif
