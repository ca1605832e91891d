#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/file.h"
#include "net/alarm.h"
#include "net/lookup.h"
#include "net/loop_priv.h"
#include "net/poll.h"
#include "net/sockaddr.h"

/* Names are looked up by c-ares, on sockets of the loop. getaddrinfo(3) would need threads: libuv has four, a name
 * server that does not answer holds each for half a minute, and the process cannot end before they come back. Each
 * lookup has a channel of its own, so that it can be given up alone, and reads /etc/resolv.conf as it is now. */

#define HOST_MAX   253
#define TIMEOUT_MS 1500 /* for one query to one name server; c-ares doubles it after each round of all servers */
#define TRIES      4

/* A socket that c-ares has opened. */
struct lookup_socket {
	LIST_ENTRY(lookup_socket) entry;
	struct rsp_lookup *lookup;
	struct rsp_poll *poll;
	ares_socket_t fd;
};

struct rsp_lookup {
	TAILQ_ENTRY(rsp_lookup) entry; /* of the loop's lookups that wait */
	struct rsp_loop *loop;
	ares_channel channel; /* NULL: the lookup waits for its turn, or is over */
	LIST_HEAD(, lookup_socket) sockets;
	struct rsp_alarm *alarm;
	uint64_t end_ms, limit_ms; /* @end_ms is at most @limit_ms */
	struct rsp_defer defer;    /* calls @done */
	bool waits, over;          /* @waits: for the end of another lookup; @over: the result is known */
	uint16_t port;
	unsigned n;
	struct rsp_sockaddr addrs[RSP_LOOKUP_MAX];
	struct rsp_why why;
	rsp_lookup_done *done;
	void *ctx;
	char host[HOST_MAX + 1];
};

static void begin(struct rsp_lookup *lookup);

/* Destroy the c-ares channel of @lookup, and begin with lookups that wait. */
static void
end(struct rsp_lookup *lookup)
{
	struct rsp_loop *loop = lookup->loop;

	lookup->over = true;
	rsp_alarm_free(lookup->alarm);
	lookup->alarm = NULL;
	if (lookup->waits)
		TAILQ_REMOVE(&loop->lookups, lookup, entry);
	lookup->waits = false;
	if (lookup->channel) {
		ares_destroy(lookup->channel);
		lookup->channel = NULL;
		loop->n_lookups--;
	}
	while (loop->n_lookups < RSP_LOOKUPS_UNDER_WAY && !TAILQ_EMPTY(&loop->lookups)) {
		struct rsp_lookup *first = TAILQ_FIRST(&loop->lookups);

		TAILQ_REMOVE(&loop->lookups, first, entry);
		first->waits = false;
		begin(first);
	}
}

static void
on_result(void *ctx)
{
	struct rsp_lookup *lookup = ctx;

	end(lookup);
	lookup->done(lookup->ctx, lookup->addrs, lookup->n, &lookup->why);
	free(lookup);
}

/* Store the result. @done is called at the end of this turn. */
static void
tell_later(struct rsp_lookup *lookup)
{
	lookup->over = true;
	rsp_defer_ask(lookup->loop, &lookup->defer);
}

static void
fail(struct rsp_lookup *lookup, enum rsp_err err, const char *reason)
{
	(void)rsp_fail(&lookup->why, err, lookup->host, "%s", reason);
	tell_later(lookup);
}

/* Whether no descriptor is left. If c-ares cannot open a socket or /etc/hosts, its status does not say that this is
 * why. */
static bool
is_out_of_descriptors(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE;
	rsp_fd_close(fd);
	return false;
}

static const char *
reason_of(int status)
{
	if (is_out_of_descriptors())
		return "cannot be looked up: too many open files (ulimit -n)";
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
		return "has no address";
	case ARES_ENOTFOUND:
		return "no such host name";
	case ARES_EBADSTR: /* c-ares parses no other text of ours */
		return "RSP_NAME_SERVERS is not ADDR[:PORT],...";
	case ARES_EBADNAME:
		return "is no host name";
	case ARES_ETIMEOUT:
		return "no name server answers";
	case ARES_ECONNREFUSED:
		return "no name server can be reached";
	case ARES_ESERVFAIL:
		return "the name server failed (SERVFAIL)";
	case ARES_EREFUSED:
		return "the name server refuses to answer (REFUSED)";
	default:
		return ares_strerror(status);
	}
}

static void
on_found(void *ctx, int status, int timeouts, struct ares_addrinfo *result)
{
	struct rsp_lookup *lookup = ctx;

	(void)timeouts;
	for (const struct ares_addrinfo_node *node = result ? result->nodes : NULL;
	     !lookup->over && node && lookup->n < RSP_LOOKUP_MAX; node = node->ai_next) {
		struct rsp_sockaddr *sa = &lookup->addrs[lookup->n];

		if ((node->ai_family != AF_INET && node->ai_family != AF_INET6) || node->ai_addrlen > sizeof(sa->ss))
			continue;
		*sa = (struct rsp_sockaddr){ .len = node->ai_addrlen };
		memcpy(&sa->ss, node->ai_addr, node->ai_addrlen);
		rsp_sockaddr_set_port(sa, lookup->port);
		lookup->n++;
	}
	ares_freeaddrinfo(result);
	if (lookup->over)
		return;
	if (lookup->n > 0)
		tell_later(lookup);
	else
		fail(lookup, status == ARES_ENOMEM ? RSP_ENOMEM : RSP_ELOOKUP, reason_of(status));
}

/* Set the alarm to the time at which c-ares must be called again. */
static void
rearm(struct rsp_lookup *lookup)
{
	struct timeval room, *left = lookup->over ? NULL : ares_timeout(lookup->channel, NULL, &room);
	uint64_t at_ms = lookup->end_ms;

	if (lookup->over)
		return;
	if (left) {
		uint64_t due_ms = rsp_clock_ms() + (uint64_t)left->tv_sec * 1000 + (uint64_t)left->tv_usec / 1000 + 1;
		at_ms = due_ms < at_ms ? due_ms : at_ms;
	}
	rsp_alarm_set(lookup->alarm, at_ms);
}

static void
on_alarm(void *ctx)
{
	struct rsp_lookup *lookup = ctx;

	if (lookup->over)
		return;
	if (rsp_clock_ms() >= lookup->end_ms) {
		fail(lookup, RSP_ELOOKUP, "no name server answers");
		return;
	}
	ares_process_fd(lookup->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(lookup);
}

static void
on_ready(void *ctx, int events)
{
	struct lookup_socket *socket = ctx;
	struct rsp_lookup *lookup = socket->lookup;
	ares_socket_t fd = socket->fd;

	if (lookup->over)
		return;
	ares_process_fd(lookup->channel, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
			events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
	rearm(lookup);
}

/* Called by c-ares: poll its socket @fd for input, output or both. For neither: c-ares closes the socket. */
static void
on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct rsp_lookup *lookup = ctx;
	struct lookup_socket *socket;

	LIST_FOREACH(socket, &lookup->sockets, entry)
	if (socket->fd == fd)
		break;
	if (!readable && !writable) {
		if (!socket)
			return;
		LIST_REMOVE(socket, entry);
		rsp_poll_free(socket->poll);
		free(socket);
		return;
	}
	if (!socket) {
		socket = calloc(1, sizeof(*socket));
		if (!socket || rsp_poll_new(lookup->loop, fd, on_ready, socket, &socket->poll)) {
			free(socket); /* the lookup will time out */
			return;
		}
		socket->lookup = lookup;
		socket->fd = fd;
		LIST_INSERT_HEAD(&lookup->sockets, socket, entry);
	}
	rsp_poll_for(socket->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

static int
open_channel(struct rsp_lookup *lookup)
{
	static char lookups[] = "fb"; /* /etc/hosts first, then the name servers */
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = lookup,
	};
	int wanted = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
	const char *servers = secure_getenv("RSP_NAME_SERVERS");

	int status = ares_init_options(&lookup->channel, &options, wanted);
	if (status) {
		lookup->channel = NULL;
		return status;
	}
	lookup->loop->n_lookups++;
	return servers && *servers ? ares_set_servers_ports_csv(lookup->channel, servers) : ARES_SUCCESS;
}

/* Begin the lookup. A failure, too, is reported at the end of this turn. */
static void
begin(struct rsp_lookup *lookup)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	if (rsp_alarm_new(lookup->loop, on_alarm, lookup, &lookup->alarm)) {
		fail(lookup, RSP_ENOMEM, "out of memory");
		return;
	}
	int status = open_channel(lookup);
	if (status) {
		fail(lookup, status == ARES_ENOMEM ? RSP_ENOMEM : RSP_ELOOKUP, reason_of(status));
		return;
	}
	lookup->end_ms = rsp_clock_ms() + RSP_LOOKUP_MS;
	if (lookup->limit_ms < lookup->end_ms)
		lookup->end_ms = lookup->limit_ms;
	ares_getaddrinfo(lookup->channel, lookup->host, NULL, &hints, on_found, lookup);
	rearm(lookup);
}

enum rsp_err
rsp_lookup_start(struct rsp_loop *loop, const char *host, uint16_t port, rsp_lookup_done *done, void *ctx,
		 struct rsp_lookup **ret)
{
	size_t n = strlen(host);

	if (n == 0 || n > HOST_MAX)
		return RSP_EVALUE;
	struct rsp_lookup *lookup = calloc(1, sizeof(*lookup));
	if (!lookup)
		return RSP_ENOMEM;
	memcpy(lookup->host, host, n + 1);
	lookup->loop = loop;
	lookup->port = port;
	lookup->done = done;
	lookup->ctx = ctx;
	lookup->limit_ms = RSP_NEVER;
	lookup->defer = (struct rsp_defer){ .call = on_result, .ctx = lookup };
	bool bracketed = n > 2 && host[0] == '[' && host[n - 1] == ']';
	if (!rsp_sockaddr_parse_host(host + bracketed, n - (bracketed ? 2 : 0), &lookup->addrs[0])) {
		rsp_sockaddr_set_port(&lookup->addrs[0], port);
		lookup->n = 1;
		tell_later(lookup);
	} else if (loop->n_lookups >= RSP_LOOKUPS_UNDER_WAY) {
		lookup->waits = true;
		TAILQ_INSERT_TAIL(&loop->lookups, lookup, entry);
	} else {
		begin(lookup);
	}
	*ret = lookup;
	return RSP_OK;
}

void
rsp_lookup_limit(struct rsp_lookup *lookup, uint32_t ms)
{
	lookup->limit_ms = rsp_clock_ms() + ms;
	if (!lookup->channel || lookup->over || lookup->limit_ms >= lookup->end_ms)
		return;
	lookup->end_ms = lookup->limit_ms;
	rearm(lookup);
}

void
rsp_lookup_cancel(struct rsp_lookup *lookup)
{
	if (!lookup)
		return;
	rsp_defer_cancel(lookup->loop, &lookup->defer);
	end(lookup);
	free(lookup);
}
