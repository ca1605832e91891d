#include "net/sockaddr.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/parse.h"

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

struct rsp_sockaddr
rsp_sockaddr_of(const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_sockaddr sa = { 0 };

	if (ip->family == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

		memcpy(&in.sin_addr, ip->ip, 4);
		memcpy(&sa.ss, &in, sizeof(in));
		sa.len = sizeof(in);
	} else if (ip->family == 6) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

		memcpy(&in6.sin6_addr, ip->ip, 16);
		memcpy(&sa.ss, &in6, sizeof(in6));
		sa.len = sizeof(in6);
	}
	return sa;
}

enum rsp_err
rsp_sockaddr_local(const char *path, struct rsp_sockaddr *ret)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(un.sun_path))
		return RSP_EVALUE;
	memcpy(un.sun_path, path, n);
	*ret = (struct rsp_sockaddr){ .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1) };
	memcpy(&ret->ss, &un, sizeof(un));
	return RSP_OK;
}

struct rsp_ip
rsp_sockaddr_ip(const struct rsp_sockaddr *sa)
{
	struct rsp_ip ip = { 0 };

	if (sa->ss.ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, &sa->ss, sizeof(in));
		ip.family = 4;
		memcpy(ip.ip, &in.sin_addr, 4);
	} else if (sa->ss.ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, &sa->ss, sizeof(in6));
		bool mapped = memcmp(&in6.sin6_addr, v4_mapped, sizeof(v4_mapped)) == 0;
		ip.family = mapped ? 4 : 6;
		memcpy(ip.ip, in6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
	}
	return ip;
}

uint16_t
rsp_sockaddr_port(const struct rsp_sockaddr *sa)
{
	uint16_t port = 0;

	/* sin_port and sin6_port are at the same place. */
	if (sa->ss.ss_family == AF_INET || sa->ss.ss_family == AF_INET6)
		memcpy(&port, (const char *)&sa->ss + offsetof(struct sockaddr_in, sin_port), sizeof(port));
	return ntohs(port);
}

void
rsp_sockaddr_format_ip(const struct rsp_ip *ip, uint16_t port, char out[static RSP_SOCKADDR_TEXT_MAX])
{
	char text[RSP_IP_TEXT_MAX];

	rsp_ip_format(ip, text);
	(void)snprintf(out, RSP_SOCKADDR_TEXT_MAX, ip->family == 6 ? "[%s]:%u" : "%s:%u", text, (unsigned)port);
}

void
rsp_sockaddr_format(const struct rsp_sockaddr *sa, char out[static RSP_SOCKADDR_TEXT_MAX])
{
	struct rsp_ip ip = rsp_sockaddr_ip(sa);

	if (ip.family)
		rsp_sockaddr_format_ip(&ip, rsp_sockaddr_port(sa), out);
	else
		(void)snprintf(out, RSP_SOCKADDR_TEXT_MAX, "local");
}

enum rsp_err
rsp_sockaddr_parse_host(const char *text, size_t n, struct rsp_sockaddr *ret)
{
	char host[RSP_IP_TEXT_MAX + IF_NAMESIZE + 1];
	struct rsp_ip ip;
	unsigned scope = 0;

	if (n >= sizeof(host))
		return RSP_EVALUE;
	memcpy(host, text, n);
	host[n] = '\0';
	char *percent = strchr(host, '%');
	if (percent) {
		*percent = '\0';
		scope = if_nametoindex(percent + 1);
		if (scope == 0)
			return RSP_EVALUE;
	}
	if (rsp_ip_parse(host, &ip) || (percent && ip.family != 6))
		return RSP_EVALUE;
	*ret = rsp_sockaddr_of(&ip, 0);
	if (scope)
		memcpy((char *)&ret->ss + offsetof(struct sockaddr_in6, sin6_scope_id), &scope, sizeof(scope));
	return RSP_OK;
}

void
rsp_sockaddr_set_port(struct rsp_sockaddr *sa, uint16_t port)
{
	uint16_t wire = htons(port);

	memcpy((char *)&sa->ss + offsetof(struct sockaddr_in, sin_port), &wire, sizeof(wire));
}

enum rsp_err
rsp_sockaddr_parse(const char *text, uint16_t default_port, struct rsp_sockaddr *ret)
{
	const char *colon = strrchr(text, ':');
	const char *end = strchr(text, ']');
	struct rsp_sockaddr sa;
	uint64_t port = default_port;
	enum rsp_err err;

	if (text[0] == '[') {
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return RSP_EVALUE;
		err = rsp_sockaddr_parse_host(text + 1, (size_t)(end - text) - 1, &sa);
		colon = end[1] == ':' ? end + 1 : NULL;
		if (!err && sa.ss.ss_family != AF_INET6)
			err = RSP_EVALUE;
	} else if (colon && colon == strchr(text, ':')) {
		err = rsp_sockaddr_parse_host(text, (size_t)(colon - text), &sa);
	} else {
		err = rsp_sockaddr_parse_host(text, strlen(text), &sa);
		colon = NULL;
	}
	if (!err && colon)
		err = rsp_parse_u64(colon + 1, 0, UINT16_MAX, &port);
	if (err)
		return err;
	rsp_sockaddr_set_port(&sa, (uint16_t)port);
	*ret = sa;
	return RSP_OK;
}
