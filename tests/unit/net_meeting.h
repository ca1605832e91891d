#ifndef TESTS_UNIT_NET_MEETING_H
#define TESTS_UNIT_NET_MEETING_H

#include "net_nodes.h"

/* A client node that dials a server node, and what each learns. */

struct meeting {
	struct end client, server;
};

/* @client dials @server_name as @role at @server's listener; wait until both know how it went. The streams are
 * closed. */
static inline void
meet(struct node *client, enum rsp_role role, const char *server_name, struct node *server,
     enum rsp_tls_service service, struct meeting *m)
{
	struct rsp_listener *listener = world_listen(server->tls, service, NULL, &m->server);

	if (world_dial(listener, client->tls, role, server_name, &m->client) == RSP_OK) {
		m->server.greeting = "hello";
		WORLD_RUN((m->client.opened && m->client.got_n == 5) || m->client.closed);
		if (m->client.stream)
			rsp_stream_close(m->client.stream, true);
		WORLD_RUN(m->client.closed && (m->server.closed || m->server.refused));
	}
	rsp_listener_free(listener);
}

/* As meet(), of a client that tries each of its keys for any registrar. */
static inline void
meet_any(struct node *client, struct node *server, struct meeting *m)
{
	struct rsp_listener *listener = world_listen(server->tls, RSP_TLS_ASAP, NULL, &m->server);

	world_connect(listener, client->tls, RSP_ROLE_ELEMENT, NULL, &m->client);
	WORLD_RUN((m->client.opened && m->server.opened) || m->client.closed);
	if (m->client.stream)
		rsp_stream_close(m->client.stream, true);
	WORLD_RUN(m->client.closed && (m->server.closed || m->server.refused));
	rsp_listener_free(listener);
}

static inline void
meeting_done(struct meeting *m)
{
	end_done(&m->client);
	end_done(&m->server);
}

#define EXPECT_OPEN(m, wanted_role, name)                                                                              \
	do {                                                                                                           \
		CHECK_EQ((m).client.opened, 1);                                                                        \
		CHECK_EQ((m).server.opened, 1);                                                                        \
		CHECK_EQ((m).client.why.err, RSP_OK);                                                                  \
		CHECK_EQ((m).server.why.err, RSP_ECLOSED);                                                             \
		CHECK_EQ((m).server.auth.role, wanted_role);                                                           \
		CHECK_STR((m).server.identity, name);                                                                  \
		if (!(m).client.opened)                                                                                \
			printf("# client: %s, server: %s\n", (m).client.why.reason, (m).server.why.reason);            \
	} while (0)

#define EXPECT_REFUSED(m, client_err, server_err)                                                                      \
	do {                                                                                                           \
		CHECK_EQ((m).client.opened && (m).client.got_n, 0);                                                    \
		CHECK_EQ((m).client.why.err, client_err);                                                              \
		CHECK_EQ((m).server.opened, 0);                                                                        \
		CHECK_EQ((m).server.refused, 1);                                                                       \
		CHECK_EQ((m).server.why.err, server_err);                                                              \
		CHECK(strncmp((m).server.why.object, "127.0.0.1:", 10) == 0);                                          \
		if ((m).client.why.err != (client_err) || (m).server.why.err != (server_err))                          \
			printf("# client: %s, server: %s\n", (m).client.why.reason, (m).server.why.reason);            \
	} while (0)

/* The usual two. */
static inline void
pair_init(struct node *a, struct node *b)
{
	node_init(a, "a");
	node_init(b, "b");
}

static inline void
pair_ready(struct node *a, struct node *b)
{
	node_ready(a);
	node_ready(b);
}

static inline void
pair_done(struct node *a, struct node *b)
{
	node_done(a);
	node_done(b);
}

#endif
