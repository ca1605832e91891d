#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "net_nodes.h"

/* TLS records that hold no data, and some that do behind them in the same segment: key updates and session tickets.
 * The other side uses GnuTLS directly; what it sends leaves in one send(). */

struct raw {
	int fd;
	bool done; /* its handshake */
	gnutls_session_t session;
	gnutls_certificate_credentials_t cert;
	size_t n;
	uint8_t out[1U << 17];
};

static ssize_t
raw_push(gnutls_transport_ptr_t ptr, const void *p, size_t n)
{
	struct raw *raw = ptr;

	CHECK(n <= sizeof(raw->out) - raw->n);
	memcpy(raw->out + raw->n, p, n);
	raw->n += n;
	return (ssize_t)n;
}

static ssize_t
raw_pull(gnutls_transport_ptr_t ptr, void *p, size_t n)
{
	struct raw *raw = ptr;
	ssize_t got = recv(raw->fd, p, n, MSG_DONTWAIT);

	if (got < 0)
		gnutls_transport_set_errno(raw->session, errno);
	return got;
}

static void
raw_flush(struct raw *raw)
{
	if (raw->n)
		CHECK_EQ(send(raw->fd, raw->out, raw->n, MSG_NOSIGNAL), (ssize_t)raw->n);
	raw->n = 0;
}

/* One step of its handshake. */
static void
raw_step(struct raw *raw)
{
	if (raw->done)
		return;
	int code = gnutls_handshake(raw->session);
	CHECK(code == 0 || !gnutls_error_is_fatal(code));
	raw->done = code == 0;
	if (!raw->done)
		raw_flush(raw); /* else it goes with what is sent next: a server's tickets */
}

/* Run both sides until @condition holds. */
#define RAW_RUN(raw, condition)                                                                                        \
	do {                                                                                                           \
		int64_t raw_end = rsp_clock_wall_ms() + PATIENCE_MS;                                                   \
		while (!(condition) && rsp_clock_wall_ms() < raw_end) {                                                \
			(void)rsp_loop_turn(world_loop, false);                                                        \
			(void)poll(&(struct pollfd){ (raw)->fd, POLLIN, 0 }, 1, 1);                                    \
			raw_step(raw);                                                                                 \
		}                                                                                                      \
		CHECK(condition);                                                                                      \
	} while (0)

static void
raw_init(struct raw *raw, unsigned flags, const char *priority, const struct rsp_x509 *x509)
{
	*raw = (struct raw){ .fd = -1 };
	CHECK_EQ(gnutls_init(&raw->session, flags | GNUTLS_NONBLOCK), 0);
	CHECK_EQ(gnutls_priority_set_direct(raw->session, priority, NULL), 0);
	CHECK_EQ(rsp_x509_credentials(x509, &raw->cert, NULL), RSP_OK);
	CHECK_EQ(gnutls_credentials_set(raw->session, GNUTLS_CRD_CERTIFICATE, raw->cert), 0);
	gnutls_transport_set_ptr(raw->session, raw);
	gnutls_transport_set_push_function(raw->session, raw_push);
	gnutls_transport_set_pull_function(raw->session, raw_pull);
}

static void
raw_done(struct raw *raw)
{
	gnutls_deinit(raw->session);
	gnutls_certificate_free_credentials(raw->cert);
	if (raw->fd >= 0)
		(void)close(raw->fd);
}

/* What comes before "hello". */
static void
nothing(struct raw *raw)
{
	(void)raw;
}

static void
key_update(struct raw *raw)
{
	CHECK_EQ(gnutls_session_key_update(raw->session, 0), 0);
}

static void
key_update_both_ways(struct raw *raw)
{
	CHECK_EQ(gnutls_session_key_update(raw->session, GNUTLS_KU_PEER), 0);
}

static void
key_updates(struct raw *raw)
{
	for (unsigned i = 0; i < 5; i++)
		key_update(raw);
}

static const struct {
	const char *priority;
	void (*before)(struct raw *);
} cases[] = {
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.2", nothing },     { "NORMAL:-VERS-ALL:+VERS-TLS1.3", nothing },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", key_update },  { "NORMAL:-VERS-ALL:+VERS-TLS1.3", key_update_both_ways },
	{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", key_updates },
};

static void
a_server_reads_on(void)
{
	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct end server = { 0 };
		struct node b;
		struct raw raw;

		node_init(&b, "b");
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
		node_ready(&b);
		struct rsp_listener *listener = world_listen(b.tls, RSP_TLS_ASAP, NULL, &server);
		const struct rsp_sockaddr *at = rsp_listener_address(listener);
		raw_init(&raw, GNUTLS_CLIENT | GNUTLS_NO_TICKETS, cases[i].priority, &(struct rsp_x509){ 0 });
		raw.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK_EQ(connect(raw.fd, (const struct sockaddr *)&at->ss, at->len), 0);
		RAW_RUN(&raw, raw.done);
		raw_flush(&raw);
		RAW_RUN(&raw, server.opened);
		cases[i].before(&raw);
		CHECK_EQ(gnutls_record_send(raw.session, "hello", 5), 5);
		raw_flush(&raw);
		RAW_RUN(&raw, server.got_n == 5 || server.closed);
		CHECK_EQ(server.got_n, 5);
		CHECK_EQ(server.closed, 0);
		/* and it still speaks the same keys */
		CHECK_EQ(gnutls_record_send(raw.session, "again", 5), 5);
		raw_flush(&raw);
		RAW_RUN(&raw, server.got_n == 10 || server.closed);
		CHECK_EQ(server.got_n, 10);
		raw_done(&raw);
		WORLD_RUN(server.closed);
		rsp_listener_free(listener);
		end_done(&server);
		node_done(&b);
	}
}

static void
a_client_reads_on(void)
{
	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct end client = { 0 };
		struct node user, b;
		struct raw raw;
		struct rsp_dial_params params = { .to = loopback(), .role = RSP_ROLE_USER, .server_name = "b" };
		gnutls_datum_t tickets = { 0 };

		node_init(&user, "");
		node_init(&b, "b");
		trust(&user, &ca, NULL);
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
		node_ready(&user);
		params.tls = user.tls;
		raw_init(&raw, GNUTLS_SERVER, cases[i].priority, &b.x509);
		CHECK_EQ(gnutls_session_ticket_key_generate(&tickets), 0); /* sent to whoever wants them or not */
		CHECK_EQ(gnutls_session_ticket_enable_server(raw.session, &tickets), 0);
		int at = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK_EQ(bind(at, (struct sockaddr *)&params.to.ss, params.to.len), 0);
		CHECK_EQ(listen(at, 1), 0);
		CHECK_EQ(getsockname(at, (struct sockaddr *)&params.to.ss, &params.to.len), 0);
		CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, &client, &client.stream, NULL), RSP_OK);
		raw.fd = accept(at, NULL, NULL);
		RAW_RUN(&raw, raw.done);
		cases[i].before(&raw);
		CHECK_EQ(gnutls_record_send(raw.session, "hello", 5), 5);
		raw_flush(&raw);
		RAW_RUN(&raw, client.got_n == 5 || client.closed);
		CHECK_EQ(client.got_n, 5);
		CHECK_EQ(client.closed, 0);
		if (client.stream)
			rsp_stream_close(client.stream, false);
		WORLD_RUN(client.closed);
		raw_done(&raw);
		(void)close(at);
		gnutls_free(tickets.data);
		end_done(&client);
		node_done(&user);
		node_done(&b);
	}
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(a_server_reads_on);
	TAP_RUN(a_client_reads_on);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
