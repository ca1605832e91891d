#include "net/announce.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "net/alarm.h"
#include "net/bind_wait.h"
#include "net/loop.h"
#include "net/poll.h"

#define AT_ONCE 64 /* datagrams in one turn of the loop */

struct rsp_announce_sender {
	struct rsp_announce_at at;
	int fd;
};

struct rsp_announce_listener {
	struct rsp_announce_at at;
	struct rsp_poll *poll;
	struct rsp_alarm *window; /* armed while a window of RSP_ANNOUNCE_WINDOW_MS lasts; expires at its end */
	unsigned in_window;
	int fd;
	bool busy, freed; /* @busy: inside a read; freeing the listener then only sets @freed */
	rsp_announce_heard *heard;
	void *ctx;
	struct rsp_announce_stats stats;
};

/* "%INTERFACE" after an IPv4 address is ours; IPv6 has it from RFC 4007. It is cut out of @text. */
static enum rsp_err
cut_interface(char *text, unsigned *ret)
{
	char *percent = strchr(text, '%'), *end;
	char name[IF_NAMESIZE];
	size_t n;

	if (!percent || memchr(text, ':', (size_t)(percent - text)))
		return RSP_OK;
	end = percent + 1 + strcspn(percent + 1, ":");
	n = (size_t)(end - percent) - 1;
	if (n == 0 || n >= sizeof(name))
		return RSP_EVALUE;
	memcpy(name, percent + 1, n);
	name[n] = '\0';
	*ret = if_nametoindex(name);
	memmove(percent, end, strlen(end) + 1);
	return *ret ? RSP_OK : RSP_EVALUE;
}

enum rsp_err
rsp_announce_parse(const char *text, struct rsp_announce_at *ret)
{
	struct rsp_announce_at at = { 0 };
	RSP_AUTO(rsp_free) char *copy = strdup(text);
	uint64_t hops = 1;

	if (!copy)
		return RSP_ENOMEM;
	char *slash = strrchr(copy, '/');
	if (slash && rsp_parse_u64(slash + 1, 1, UINT8_MAX, &hops))
		return RSP_EVALUE;
	if (slash)
		*slash = '\0';
	if (cut_interface(copy, &at.interface) || rsp_sockaddr_parse(copy, RSP_ANNOUNCE_PORT, &at.sa))
		return RSP_EVALUE;
	if (at.sa.ss.ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, &at.sa.ss, sizeof(in6));
		at.interface = in6.sin6_scope_id;
	}
	at.hops = (uint8_t)hops;
	*ret = at;
	return RSP_OK;
}

void
rsp_announce_format(const struct rsp_announce_at *at, char out[static RSP_ANNOUNCE_TEXT_MAX])
{
	struct rsp_ip ip = rsp_sockaddr_ip(&at->sa);
	char text[RSP_IP_TEXT_MAX], name[IF_NAMESIZE] = "";
	bool named = at->interface && if_indextoname(at->interface, name);

	rsp_ip_format(&ip, text);
	(void)snprintf(out, RSP_ANNOUNCE_TEXT_MAX, ip.family == 6 ? "[%s%s%s]:%u" : "%s%s%s:%u", text, named ? "%" : "",
		       name, (unsigned)rsp_sockaddr_port(&at->sa));
}

bool
rsp_announce_is_group(const struct rsp_announce_at *at)
{
	struct rsp_ip ip = rsp_sockaddr_ip(&at->sa);

	return rsp_ip_kind(&ip) == RSP_IP_MULTICAST;
}

static enum rsp_err
fail(struct rsp_why *why, enum rsp_err err, const struct rsp_announce_at *at, const char *what)
{
	char object[RSP_ANNOUNCE_TEXT_MAX];
	int error = errno;

	rsp_announce_format(at, object);
	(void)rsp_fail(why, err, object, "%s: %s", what, strerror(error));
	errno = error; /* for rsp_bind_wait_again() */
	return err;
}

static struct in_addr
group_v4(const struct rsp_announce_at *at)
{
	struct sockaddr_in in;

	memcpy(&in, &at->sa.ss, sizeof(in));
	return in.sin_addr;
}

static struct in6_addr
group_v6(const struct rsp_announce_at *at)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, &at->sa.ss, sizeof(in6));
	return in6.sin6_addr;
}

/* An address of @interface, as the source of datagrams that are sent over it. The kernel might choose another
 * interface's. */
static struct in_addr
address_of(int fd, unsigned interface)
{
	struct ifreq request = { .ifr_addr = { .sa_family = AF_INET } };
	struct sockaddr_in in = { 0 };

	if (interface && if_indextoname(interface, request.ifr_name) && ioctl(fd, SIOCGIFADDR, &request) == 0)
		memcpy(&in, &request.ifr_addr, sizeof(in));
	return in.sin_addr;
}

static int
aim(int fd, const struct rsp_announce_at *at)
{
	const int hops = at->hops;

	if (at->sa.ss.ss_family == AF_INET) {
		struct ip_mreqn from = { .imr_address = address_of(fd, at->interface),
					 .imr_ifindex = (int)at->interface };

		if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) < 0)
			return -1;
		return at->interface ? setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof(from)) : 0;
	}
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0)
		return -1;
	if (!at->interface)
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &at->interface, sizeof(at->interface));
}

enum rsp_err
rsp_announce_sender_new(const struct rsp_announce_at *at, struct rsp_announce_sender **ret, struct rsp_why *why)
{
	struct rsp_announce_sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return rsp_fail(why, RSP_ENOMEM, "announcements", "%s", rsp_err_text(RSP_ENOMEM));
	sender->at = *at;
	sender->fd = socket(at->sa.ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sender->fd < 0 || (rsp_announce_is_group(at) && aim(sender->fd, at) < 0)) {
		enum rsp_err e = fail(why, RSP_EIO, at, "cannot announce");

		rsp_announce_sender_free(sender);
		return e;
	}
	*ret = sender;
	return RSP_OK;
}

/* @at, or if it is an IPv6 group, the same group with global scope. For a link-local group the kernel chooses a
 * link-local source address, which no receiver can use without knowing the link; for the wider group it chooses
 * another, if there is one. */
static struct rsp_sockaddr
widened(const struct rsp_announce_at *at)
{
	struct rsp_sockaddr wide = at->sa;
	struct sockaddr_in6 in6;

	if (at->sa.ss.ss_family != AF_INET6 || !rsp_announce_is_group(at))
		return wide;
	memcpy(&in6, &wide.ss, sizeof(in6));
	in6.sin6_addr.s6_addr[1] = (uint8_t)((in6.sin6_addr.s6_addr[1] & 0xf0) | 0x0e);
	memcpy(&wide.ss, &in6, sizeof(in6));
	return wide;
}

enum rsp_err
rsp_announce_source(struct rsp_announce_sender *sender, struct rsp_ip *ret, struct rsp_why *why)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct rsp_sockaddr to = widened(&sender->at), from = { .len = sizeof(from.ss) };

	/* Connect before each datagram: routes and addresses may have changed. */
	(void)connect(sender->fd, &nobody, sizeof(nobody));
	if (connect(sender->fd, (const struct sockaddr *)&to.ss, to.len) < 0 ||
	    getsockname(sender->fd, (struct sockaddr *)&from.ss, &from.len) < 0)
		return fail(why, RSP_EUNREACHABLE, &sender->at, "cannot announce");
	*ret = rsp_sockaddr_ip(&from);
	return RSP_OK;
}

static ssize_t
send_to(const struct rsp_announce_sender *sender, struct rsp_bytes datagram)
{
	const struct rsp_sockaddr *to = &sender->at.sa;

	return sendto(sender->fd, datagram.p, datagram.n, 0, (const struct sockaddr *)&to->ss, to->len);
}

enum rsp_err
rsp_announce_send(struct rsp_announce_sender *sender, struct rsp_bytes datagram, struct rsp_why *why)
{
	struct rsp_ip from;
	enum rsp_err e;

	if (datagram.n > RSP_ANNOUNCE_MAX)
		return rsp_fail(why, RSP_ELIMIT, "announcement", "%zu octets are too many", datagram.n);
	e = rsp_announce_source(sender, &from, why);
	if (e)
		return e;
	ssize_t sent = send_to(sender, datagram);
	if (sent < 0 && errno == ECONNREFUSED) /* an error of the datagram before */
		sent = send_to(sender, datagram);
	return sent < 0 && errno != ECONNREFUSED ? fail(why, RSP_EUNREACHABLE, &sender->at, "cannot announce") : RSP_OK;
}

void
rsp_announce_sender_free(struct rsp_announce_sender *sender)
{
	if (!sender)
		return;
	rsp_fd_close(sender->fd);
	free(sender);
}

/* Read one datagram. False: the socket has no more datagrams now. */
static bool
read_one(struct rsp_announce_listener *l)
{
	uint8_t octets[RSP_ANNOUNCE_MAX];
	struct rsp_sockaddr from = { .len = sizeof(from.ss) };
	ssize_t n = recvfrom(l->fd, octets, sizeof(octets), MSG_TRUNC, (struct sockaddr *)&from.ss, &from.len);

	if (n < 0 && errno == EAGAIN)
		return false;
	l->in_window++;
	if (n < 0) /* an error of one datagram */
		return true;
	if ((size_t)n > sizeof(octets)) {
		l->stats.oversize++;
		return true;
	}
	l->stats.heard++;
	l->heard(l->ctx, &from, rsp_bytes_of(octets, (size_t)n));
	return true;
}

static void
on_ready(void *ctx, int events)
{
	struct rsp_announce_listener *l = ctx;

	(void)events;
	if (l->in_window == 0)
		rsp_alarm_in(l->window, RSP_ANNOUNCE_WINDOW_MS);
	l->busy = true;
	for (unsigned i = 0; i < AT_ONCE && l->in_window < RSP_ANNOUNCE_BURST && !l->freed; i++)
		if (!read_one(l))
			break;
	l->busy = false;
	if (l->freed) {
		free(l);
	} else if (l->in_window >= RSP_ANNOUNCE_BURST) {
		l->stats.pauses++;
		rsp_poll_for(l->poll, 0);
	}
}

static void
on_window_over(void *ctx)
{
	struct rsp_announce_listener *l = ctx;

	l->in_window = 0;
	rsp_poll_for(l->poll, UV_READABLE);
}

static int
join(int fd, const struct rsp_announce_at *at)
{
	if (at->sa.ss.ss_family == AF_INET) {
		struct ip_mreqn group = { .imr_multiaddr = group_v4(at), .imr_ifindex = (int)at->interface };

		return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
	}
	struct ipv6_mreq group = { .ipv6mr_multiaddr = group_v6(at), .ipv6mr_interface = at->interface };
	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group));
}

/* Let other sockets listen at the same port of the group. */
static int
share(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

static enum rsp_err
try_socket(struct rsp_announce_listener *l, struct rsp_why *why)
{
	struct rsp_announce_at *at = &l->at;
	bool group = rsp_announce_is_group(at), chosen = rsp_sockaddr_port(&at->sa) != 0;

	l->fd = socket(at->sa.ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return fail(why, RSP_EIO, at, "cannot listen");
	/* Bound to the group, not to the unspecified address: only datagrams to the group are received. A port that the
	 * kernel chooses must be unused, so it is shared only then. */
	if ((group && chosen && share(l->fd) < 0) ||
	    bind(l->fd, (const struct sockaddr *)&at->sa.ss, at->sa.len) < 0 ||
	    (group && !chosen && share(l->fd) < 0))
		return fail(why, RSP_EIO, at, "cannot listen");
	if (group && join(l->fd, at) < 0)
		return fail(why, RSP_EIO, at, "cannot join the group");
	at->sa.len = sizeof(at->sa.ss);
	if (getsockname(l->fd, (struct sockaddr *)&at->sa.ss, &at->sa.len) < 0)
		return fail(why, RSP_EIO, at, "cannot listen");
	return RSP_OK;
}

static enum rsp_err
open_socket(struct rsp_announce_listener *l, struct rsp_why *why)
{
	char text[RSP_ANNOUNCE_TEXT_MAX];
	enum rsp_err err;

	rsp_announce_format(&l->at, text);
	while ((err = try_socket(l, why)) == RSP_EIO && rsp_bind_wait_again(errno, text)) {
		rsp_fd_close(l->fd);
		l->fd = -1;
	}
	return err;
}

enum rsp_err
rsp_announce_listen(struct rsp_loop *loop, const struct rsp_announce_at *at, rsp_announce_heard *heard, void *ctx,
		    struct rsp_announce_listener **ret, struct rsp_why *why)
{
	struct rsp_announce_listener *l = calloc(1, sizeof(*l));

	if (!l)
		return rsp_fail(why, RSP_ENOMEM, "announcements", "%s", rsp_err_text(RSP_ENOMEM));
	l->at = *at;
	l->heard = heard;
	l->ctx = ctx;
	l->fd = -1;
	enum rsp_err e = open_socket(l, why);
	if (!e) {
		e = rsp_poll_new(loop, l->fd, on_ready, l, &l->poll);
		if (!e)
			e = rsp_alarm_new(loop, on_window_over, l, &l->window);
		if (e)
			(void)rsp_fail(why, e, "announcements", "%s", rsp_err_text(e));
	}
	if (e) {
		rsp_announce_listener_free(l);
		return e;
	}
	rsp_poll_for(l->poll, UV_READABLE);
	*ret = l;
	return RSP_OK;
}

const struct rsp_announce_at *
rsp_announce_listener_at(const struct rsp_announce_listener *l)
{
	return &l->at;
}

struct rsp_announce_stats
rsp_announce_listener_stats(const struct rsp_announce_listener *l)
{
	return l->stats;
}

void
rsp_announce_listener_free(struct rsp_announce_listener *l)
{
	if (!l)
		return;
	rsp_poll_free(l->poll);
	rsp_alarm_free(l->window);
	rsp_fd_close(l->fd);
	l->freed = true;
	if (!l->busy)
		free(l);
}
