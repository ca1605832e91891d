#ifndef RSP_BASE_IP_H
#define RSP_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/**
 * An IP address: @family is 4 or 6; the first 4 or 16 octets of @ip are used, the others are 0. { 0 } is no address.
 */
struct rsp_ip {
	uint8_t family;
	uint8_t ip[16];
};

#define RSP_IP_TEXT_MAX 46

/** Write @ip as text; "" for no address. */
void rsp_ip_format(const struct rsp_ip *ip, char out[static RSP_IP_TEXT_MAX]);

/** Read a numeric address, IPv4 or IPv6 without brackets. RSP_EVALUE for anything else. */
enum rsp_err rsp_ip_parse(const char *text, struct rsp_ip *ret) RSP_NODISCARD;

/** @ip, or its IPv4 form if it is an IPv4-mapped IPv6 address. */
struct rsp_ip rsp_ip_unmapped(const struct rsp_ip *ip);

/** Whether @a and @b are the same address; an IPv4-mapped IPv6 address equals its IPv4 form. */
bool rsp_ip_equal(const struct rsp_ip *a, const struct rsp_ip *b);

/**
 * The source of @ip, for limits and counters per source: an IPv4 address (also for an IPv4-mapped address), or the /64
 * network of an IPv6 address, because one host can use all addresses of its /64. RFC 5355 s.2.1, s.2.13.
 */
struct rsp_ip rsp_ip_source(const struct rsp_ip *ip);

/** The kinds of addresses. An IPv4-mapped IPv6 address has the kind of its IPv4 form. */
enum rsp_ip_kind {
	RSP_IP_NONE,        /* no address */
	RSP_IP_UNSPECIFIED, /* 0.0.0.0 and :: */
	RSP_IP_NETWORK,     /* the rest of 0.0.0.0/8, "this network" */
	RSP_IP_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
	RSP_IP_BROADCAST,   /* 240.0.0.0/4: 255.255.255.255 and reserved addresses */
	RSP_IP_LINK_LOCAL,  /* fe80::/10: valid on one network link, which the address does not name */
	RSP_IP_LOOPBACK,    /* 127.0.0.0/8, ::1: this host, reachable only from this host */
	RSP_IP_HOST         /* the address of one host */
};

/** The kind of @ip: RFC 6890. All checks of received addresses use it. */
enum rsp_ip_kind rsp_ip_kind(const struct rsp_ip *ip);

/**
 * The reason why @ip cannot be the address of a host, as a text to append to the address ("is a multicast address"); NULL:
 * its kind is LOOPBACK or HOST. Only addresses of these two kinds may be registered, announced and dialled.
 */
const char *rsp_ip_unfit(const struct rsp_ip *ip);

#endif
