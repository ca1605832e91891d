#include <fcntl.h>
#include <signal.h>

#include "chaos.h"
#include "net/alarm.h"
#include "net/announce.h"
#include "net/child.h"
#include "net/lines.h"
#include "net/lookup.h"
#include "net/signal.h"
#include "net/trace.h"
#include "net_nodes.h"

/* The net when memory is short: each story is told with the first, the second, … allocation failing, until it needs no
 * more of them. Whatever fails says so, each caller that waits hears the end, and nothing is left over. What libuv and GnuTLS
 * allocate does not fail here: libuv ends the process then. */

static struct rsp_alarm *patience;
static bool gave_up;

static void
on_patience(void *ctx)
{
	(void)ctx;
	gave_up = true;
}

/* WORLD_RUN without an allocation of its own. */
#define RUN(condition)                                                                                                 \
	do {                                                                                                           \
		gave_up = false;                                                                                       \
		rsp_alarm_in(patience, PATIENCE_MS);                                                                   \
		while (!(condition) && !gave_up)                                                                       \
			(void)rsp_loop_turn(world_loop, true);                                                         \
		rsp_alarm_set(patience, RSP_NEVER);                                                                    \
		CHECK(condition);                                                                                      \
	} while (0)

/* What may become of a request when memory is short. Whether it was done. */
static bool
done(enum rsp_err err)
{
	CHECK(err == RSP_OK || err == RSP_ENOMEM);
	return err == RSP_OK;
}

static long
tell(const char *name, void (*story)(void))
{
	bool failed = true;
	long n = 0;

	for (; failed && !tap_state.failed && n < 1000; n++) {
		size_t before = count_fds();

		chaos_begin(n);
		story();
		failed = chaos_end();
		while (rsp_loop_turn(world_loop, false))
			;
		CHECK_EQ(count_fds(), before);
		if (tap_state.failed)
			printf("# %s: with allocation number %ld failing\n", name, n);
	}
	CHECK(!failed);
	return n - 1;
}

static void
on_signal(void *ctx, int signum)
{
	(void)ctx;
	(void)signum;
}

static void
a_loop_and_an_alarm(void)
{
	struct rsp_loop *loop = NULL;
	struct rsp_alarm *alarm = NULL;
	struct rsp_signal *signal = NULL;

	if (!done(rsp_loop_new(&loop)))
		return;
	if (done(rsp_alarm_new(loop, on_patience, NULL, &alarm))) {
		gave_up = false;
		rsp_alarm_in(alarm, 0);
		rsp_loop_run(loop);
		CHECK(gave_up);
	}
	if (done(rsp_signal_new(loop, SIGUSR1, on_signal, NULL, &signal)))
		rsp_signal_free(signal);
	rsp_alarm_free(alarm);
	rsp_loop_free(loop);
}

static unsigned lines, ended;

static void
on_line(void *ctx, struct rsp_bytes line)
{
	(void)ctx;
	(void)line;
	lines++;
}

static void
on_end(void *ctx, const struct rsp_why *why)
{
	(void)ctx;
	CHECK(why->err == RSP_OK || why->err == RSP_ENOMEM);
	ended++;
}

static void
lines_of_a_file(void)
{
	static const struct rsp_lines_events events = { .line = on_line, .end = on_end };
	char *path = in_dir("ca.pem"); /* any text will do */
	struct rsp_lines *reader = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	lines = ended = 0;
	CHECK(fd >= 0);
	if (done(rsp_lines_new(world_loop, fd, 4096, &events, NULL, &reader))) {
		RUN(ended);
		CHECK(lines > 3);
		rsp_lines_free(reader);
	}
	rsp_fd_close(fd);
	free(path);
}

static void
on_child(void *ctx, int status, int signum)
{
	(void)ctx;
	CHECK_EQ(status, 0);
	CHECK_EQ(signum, 0);
	ended++;
}

static void
a_child(void)
{
	static const char *const argv[] = { "true", NULL }, *const env[] = { "A=b", NULL };
	struct rsp_child_params params = { .argv = argv, .env = env, .fds = { -1, -1, 2 } };
	struct rsp_child *child = NULL;
	struct rsp_why why = { 0 };

	ended = 0;
	if (!done(rsp_child_start(world_loop, &params, on_child, NULL, &child, &why)))
		return;
	RUN(ended);
	rsp_child_free(child);
}

static void
on_found(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	(void)ctx;
	(void)addrs;
	CHECK(n > 0 || why->err == RSP_ENOMEM);
	ended++;
}

static void
a_lookup(void)
{
	struct rsp_lookup *lookup = NULL;

	ended = 0;
	if (done(rsp_lookup_start(world_loop, "127.0.0.1", 80, on_found, NULL, &lookup)))
		RUN(ended);
	if (done(rsp_lookup_start(world_loop, "localhost", 80, on_found, NULL, &lookup)))
		rsp_lookup_cancel(lookup);
}

static void
on_heard(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram)
{
	(void)ctx;
	(void)from;
	CHECK_EQ(datagram.n, 5);
	ended++;
}

static void
an_announcement(void)
{
	struct rsp_announce_at at = { .sa = loopback(), .hops = 1 };
	struct rsp_announce_listener *listener = NULL;
	struct rsp_announce_sender *sender = NULL;
	struct rsp_why why = { 0 };

	ended = 0;
	if (!done(rsp_announce_parse("127.0.0.1:0", &at)) ||
	    !done(rsp_announce_listen(world_loop, &at, on_heard, NULL, &listener, &why)))
		return;
	if (done(rsp_announce_sender_new(rsp_announce_listener_at(listener), &sender, &why))) {
		CHECK_EQ(rsp_announce_send(sender, rsp_bytes_str("hello"), &why), RSP_OK);
		RUN(ended);
	}
	rsp_announce_sender_free(sender);
	rsp_announce_listener_free(listener);
}

static void
a_capture(void)
{
	struct rsp_trace *trace = NULL;
	struct rsp_why why = { 0 };

	if (done(rsp_trace_open("/dev/null", &trace, &why)))
		CHECK_EQ(rsp_trace_close(trace), RSP_OK);
}

/* One side of a connection. It keeps nothing that it would have to allocate. */
struct side {
	struct rsp_stream *stream;
	size_t got;
	unsigned opened, closed, refused;
	enum rsp_err err;
	bool echo;
};

static void
side_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct side *side = ctx;

	(void)auth;
	side->stream = stream;
	side->opened++;
}

static size_t
side_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct side *side = ctx;

	side->got += all.n;
	if (side->echo && !done(rsp_stream_send(stream, all)))
		rsp_stream_close(stream, false);
	return all.n;
}

static void
side_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct side *side = ctx;

	(void)stream;
	side->stream = NULL;
	side->closed++;
	side->err = why->err;
}

static void
side_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct side *side = ctx;

	(void)remote;
	side->refused++;
	side->err = why->err;
}

static const struct rsp_stream_events side_events = { .open = side_open, .data = side_data, .closed = side_closed };

/* What the sender of @message may hear of a connection of which one end ran out of memory. */
static bool
is_fair_end(enum rsp_err err)
{
	return err == RSP_OK || err == RSP_ENOMEM || err == RSP_ECLOSED || err == RSP_EAUTH || err == RSP_EUNREACHABLE;
}

/* Connect, say something long, hear it again, part. */
static void
converse(struct rsp_tls *server_tls, struct rsp_tls *client_tls, enum rsp_role role)
{
	static uint8_t words[300000];
	struct side server = { .echo = true }, client = { 0 };
	struct rsp_listener *listener = NULL;
	struct rsp_why why = { 0 };
	struct rsp_listener_params here = { .at = loopback(), .tls = server_tls, .service = RSP_TLS_ASAP,
					    .refused = side_refused };

	if (!done(rsp_listener_new(world_loop, &here, &side_events, &server, &listener, &why)))
		return;
	struct rsp_dial_params there = { .to = *rsp_listener_address(listener), .tls = client_tls, .role = role,
					 .server_name = "b" };
	if (done(rsp_dial_start(world_loop, &there, &side_events, &client, &client.stream, &why))) {
		RUN(client.opened || client.closed);
		if (client.stream && !done(rsp_stream_send(client.stream, rsp_bytes_of(words, sizeof words))))
			rsp_stream_close(client.stream, false);
		RUN(client.got == sizeof words || client.closed);
		if (client.stream)
			rsp_stream_close(client.stream, true);
		RUN(client.closed && (server.closed == server.opened || server.refused));
		CHECK(is_fair_end(client.err) && is_fair_end(server.err));
		if (!is_fair_end(client.err) || !is_fair_end(server.err))
			printf("# client: %s, server: %s\n", rsp_err_key(client.err), rsp_err_key(server.err));
		CHECK_EQ(client.closed, 1);
	}
	rsp_listener_free(listener);
	if (server.stream)
		rsp_stream_close(server.stream, false);
	RUN(server.closed == server.opened);
}

static void
in_plain_text(void)
{
	converse(NULL, NULL, RSP_ROLE_NONE);
}

static struct node element, user, server;

/* The nodes' credentials are made anew each time: that may fail too. */
static void
over_tls(const struct node *client, enum rsp_role role)
{
	struct rsp_tls_config ours = { .keyring = server.ring, .me = "b", .x509 = &server.x509 };
	struct rsp_tls_config theirs = { .keyring = client->ring, .me = client->name };
	struct rsp_tls *a = NULL, *b = NULL;
	struct rsp_why why = { 0 };

	theirs.x509 = client->x509.n_ca ? &client->x509 : NULL;
	if (done(rsp_tls_new(&theirs, &a, &why)) && done(rsp_tls_new(&ours, &b, &why)))
		converse(b, a, role);
	rsp_tls_unref(a);
	rsp_tls_unref(b);
}

static void
by_key(void)
{
	over_tls(&element, RSP_ROLE_ELEMENT);
}

static void
by_certificate(void)
{
	over_tls(&user, RSP_ROLE_USER);
}

static void
all_but_connections(void)
{
	CHECK(tell("loop", a_loop_and_an_alarm) >= 3);
	CHECK(tell("reader", lines_of_a_file) >= 2);
	CHECK(tell("child", a_child) >= 2);
	CHECK(tell("lookup", a_lookup) >= 2);
	CHECK(tell("announcement", an_announcement) >= 2);
	CHECK(tell("capture", a_capture) >= 1);
}

static void
connections_in_plain_text(void)
{
	CHECK(tell("plain text", in_plain_text) >= 8);
}

static void
connections_by_key(void)
{
	CHECK(tell("key", by_key) >= 12);
}

static void
connections_by_certificate(void)
{
	CHECK(tell("certificate", by_certificate) >= 12);
}

int
main(void)
{
	if (!nodes_begin() || !world_begin() || rsp_alarm_new(world_loop, on_patience, NULL, &patience))
		return 1;
	node_init(&element, "a");
	node_init(&user, "");
	node_init(&server, "b");
	share(RSP_ROLE_ELEMENT, &element, &server);
	trust(&user, &ca, NULL);
	certify(&server, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	TAP_RUN(all_but_connections);
	TAP_RUN(connections_in_plain_text);
	TAP_RUN(connections_by_key);
	TAP_RUN(connections_by_certificate);
	node_done(&element);
	node_done(&user);
	node_done(&server);
	rsp_alarm_free(patience);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
