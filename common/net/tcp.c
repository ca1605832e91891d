#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

#define BACKLOG 1024

static void
tcp_tune(int fd)
{
	const int on = 1, idle_s = 30, interval_s = 10, probes = 3, unacknowledged_ms = 60000;

	/* TCP options fail on Unix sockets. A failure is ignored: the connection works without them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
}

static int
open_socket(const struct rsp_sockaddr *sa)
{
	return socket(sa->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Close @fd, and keep errno. */
static void
close_quietly(int fd)
{
	int error = errno;

	rsp_fd_close(fd);
	errno = error;
}

static enum rsp_err
tcp_connect(const struct rsp_sockaddr *to, const struct rsp_ip *from, int *ret_fd, int *ret_errno)
{
	int fd = open_socket(to);

	*ret_errno = 0;
	if (fd < 0) {
		*ret_errno = errno;
		return errno == EAFNOSUPPORT ? RSP_EUNREACHABLE : RSP_EIO;
	}
	if (from->family) {
		struct rsp_sockaddr sa = rsp_sockaddr_of(from, 0);

		if (bind(fd, (const struct sockaddr *)&sa.ss, sa.len) < 0) {
			*ret_errno = errno;
			rsp_fd_close(fd);
			return RSP_EIO;
		}
	}
	tcp_tune(fd);
	if (connect(fd, (const struct sockaddr *)&to->ss, to->len) < 0 && errno != EINPROGRESS)
		*ret_errno = errno;
	*ret_fd = fd;
	return RSP_OK;
}

static int
tcp_listen(const struct rsp_sockaddr *at)
{
	const int on = 1, off = 0;
	int fd = open_socket(at);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* the unspecified address accepts IPv4, too, whatever the system's default is */
	if (at->ss.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)&at->ss, at->len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close_quietly(fd);
	return -1;
}

static int
tcp_result(int fd)
{
	int error = 0;
	socklen_t n = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? errno : error;
}

static ssize_t
tcp_send(int fd, const void *octets, size_t n)
{
	return send(fd, octets, n, MSG_NOSIGNAL);
}

static ssize_t
tcp_recv(int fd, void *octets, size_t n)
{
	return recv(fd, octets, n, 0);
}

static int
tcp_shut(int fd)
{
	return shutdown(fd, SHUT_WR);
}

static void
tcp_local(int fd, struct rsp_ip *ret_ip, uint16_t *ret_port)
{
	struct rsp_sockaddr sa = { .len = sizeof(sa.ss) };

	if (getsockname(fd, (struct sockaddr *)&sa.ss, &sa.len) < 0)
		return;
	*ret_ip = rsp_sockaddr_ip(&sa);
	*ret_port = rsp_sockaddr_port(&sa);
}

static bool
tcp_user(int fd, uid_t *ret)
{
	struct ucred user;
	socklen_t n = sizeof(user);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &n) < 0)
		return false;
	*ret = user.uid;
	return true;
}

const struct rsp_carrier_ops rsp_tcp = {
	.has_messages = false,
	.half_closes = true,
	.connect = tcp_connect,
	.listen = tcp_listen,
	.tune = tcp_tune,
	.result = tcp_result,
	.send = tcp_send,
	.recv = tcp_recv,
	.shut = tcp_shut,
	.local = tcp_local,
	.user = tcp_user,
};
