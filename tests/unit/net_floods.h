#ifndef TESTS_UNIT_NET_FLOODS_H
#define TESTS_UNIT_NET_FLOODS_H

#include "net_key.h"

/* Clients that dial from many addresses, 127.0.9.1 and so on, for tests of what a listener does when they are too many. */

static inline struct rsp_ip
host(unsigned n)
{
	return (struct rsp_ip){ .family = 4, .ip = { 127, 0, 9, (uint8_t)n } };
}

/* Dial from 127.0.9.@from; without @tls the other side sees a connection that sends nothing. */
static inline void
dial_from(const struct rsp_listener *to, unsigned from, struct rsp_tls *tls, struct end *end)
{
	struct rsp_dial_params params = { .to = *rsp_listener_address(to),
					  .tls = tls,
					  .role = tls ? RSP_ROLE_ELEMENT : RSP_ROLE_NONE,
					  .server_name = "b",
					  .from = host(from) };

	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, end, &end->stream, &end->why), RSP_OK);
}

/* Dial @n times from 127.0.9.@from. */
static inline void
dial_many(const struct rsp_listener *to, unsigned from, struct rsp_tls *tls, struct end *ends, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		dial_from(to, from, tls, &ends[i]);
}

static inline void
hang_up(struct end *ends, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (ends[i].stream)
			rsp_stream_close(ends[i].stream, false);
		WORLD_RUN(ends[i].closed);
		end_done(&ends[i]);
	}
}

static inline void
listener_done(struct rsp_listener *listener, struct end *server)
{
	rsp_listener_free(listener);
	end_done(server);
}

/* How many of the @n connections are open. */
static inline unsigned
alive(const struct end *ends, unsigned n)
{
	unsigned there = 0;

	for (unsigned i = 0; i < n; i++)
		there += ends[i].opened && !ends[i].closed;
	return there;
}

/* A plain socket, connected to @listener, with a small receive buffer. It has sent @n octets, each a question. */
static inline int
ask(const struct rsp_listener *listener, unsigned n)
{
	const struct rsp_sockaddr *to = rsp_listener_address(listener);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int small = 4096;
	char questions[1000] = { 0 };

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	CHECK_EQ(send(fd, questions, n, MSG_NOSIGNAL), n);
	return fd;
}

static inline void
turns(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)rsp_loop_turn(world_loop, false);
}

#endif
