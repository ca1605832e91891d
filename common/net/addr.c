#include "net/addr.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/parse.h"
#include "net/loop_priv.h"

#define HOST_MAX 253

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
rsp_addr_format(const struct rsp_ip *ip, uint16_t port, char out[static RSP_SOCKADDR_TEXT_MAX])
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
		rsp_addr_format(&ip, rsp_sockaddr_port(sa), out);
	else
		(void)snprintf(out, RSP_SOCKADDR_TEXT_MAX, "local");
}

static enum rsp_err
parse_ip(const char *text, size_t n, struct rsp_sockaddr *ret)
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

static void
set_port(struct rsp_sockaddr *sa, uint16_t port)
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
		err = parse_ip(text + 1, (size_t)(end - text) - 1, &sa);
		colon = end[1] == ':' ? end + 1 : NULL;
		if (!err && sa.ss.ss_family != AF_INET6)
			err = RSP_EVALUE;
	} else if (colon && colon == strchr(text, ':')) {
		err = parse_ip(text, (size_t)(colon - text), &sa);
	} else {
		err = parse_ip(text, strlen(text), &sa);
		colon = NULL;
	}
	if (!err && colon)
		err = rsp_parse_u64(colon + 1, 0, UINT16_MAX, &port);
	if (err)
		return err;
	set_port(&sa, (uint16_t)port);
	*ret = sa;
	return RSP_OK;
}

struct rsp_lookup {
	uv_getaddrinfo_t request;
	struct rsp_loop *loop;
	struct rsp_defer defer; /* for an address that needs no asking */
	struct rsp_sockaddr numeric;
	uint16_t port;
	bool cancelled;
	rsp_lookup_done *done;
	void *ctx;
	char host[HOST_MAX + 1];
};

static void
on_numeric(void *ctx)
{
	struct rsp_lookup *lookup = ctx;
	struct rsp_why why = { 0 };

	lookup->done(lookup->ctx, &lookup->numeric, 1, &why);
	free(lookup);
}

static void
on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct rsp_lookup *lookup = request->data;
	struct rsp_sockaddr addrs[RSP_LOOKUP_MAX];
	struct rsp_why why = { 0 };
	unsigned n = 0;

	for (const struct addrinfo *ai = list; ai && n < RSP_COUNT(addrs); ai = ai->ai_next) {
		if ((ai->ai_family != AF_INET && ai->ai_family != AF_INET6) || ai->ai_addrlen > sizeof(addrs[n].ss))
			continue;
		addrs[n] = (struct rsp_sockaddr){ .len = ai->ai_addrlen };
		memcpy(&addrs[n].ss, ai->ai_addr, ai->ai_addrlen);
		set_port(&addrs[n], lookup->port);
		n++;
	}
	uv_freeaddrinfo(list);
	if (n == 0)
		(void)rsp_fail(&why, RSP_ELOOKUP, lookup->host, "%s",
			       status ? uv_strerror(status) : "has no address");
	if (!lookup->cancelled)
		lookup->done(lookup->ctx, addrs, n, &why);
	free(lookup);
}

enum rsp_err
rsp_lookup_start(struct rsp_loop *loop, const char *host, uint16_t port, rsp_lookup_done *done, void *ctx,
		 struct rsp_lookup **ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct rsp_lookup *lookup = calloc(1, sizeof(*lookup));
	size_t n = strlen(host);

	if (!lookup)
		return RSP_ENOMEM;
	if (n == 0 || n > HOST_MAX) {
		free(lookup);
		return RSP_EVALUE;
	}
	memcpy(lookup->host, host, n + 1);
	lookup->loop = loop;
	lookup->port = port;
	lookup->done = done;
	lookup->ctx = ctx;
	lookup->request.data = lookup;
	bool bracketed = n > 2 && host[0] == '[' && host[n - 1] == ']';
	if (!parse_ip(host + bracketed, n - (bracketed ? 2 : 0), &lookup->numeric)) {
		set_port(&lookup->numeric, port);
		lookup->defer = (struct rsp_defer){ .call = on_numeric, .ctx = lookup };
		rsp_defer_ask(loop, &lookup->defer);
	} else if (uv_getaddrinfo(&loop->uv, &lookup->request, on_found, lookup->host, NULL, &hints)) {
		free(lookup);
		return RSP_ENOMEM;
	}
	*ret = lookup;
	return RSP_OK;
}

void
rsp_lookup_cancel(struct rsp_lookup *lookup)
{
	if (!lookup)
		return;
	if (lookup->numeric.len) {
		rsp_defer_cancel(lookup->loop, &lookup->defer);
		free(lookup);
		return;
	}
	lookup->cancelled = true; /* a thread may be busy with it: it is freed when that comes back */
	(void)uv_cancel((uv_req_t *)&lookup->request);
}
