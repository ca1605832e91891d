#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "keys/scope.h"
#include "net/tls_priv.h"
#include "net_nodes.h"

/* What the other side, and the user, get to know of a connection that is refused. */

static int
connect_to(const struct rsp_listener *listener)
{
	const struct rsp_sockaddr *at = rsp_listener_address(listener);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&at->ss, at->len) == 0);
	return fd;
}

/* More than the server reads before it fails: closing at once would reset the connection, and the alert with it. */
static void
an_alert_arrives_although_not_all_was_read(void)
{
	static uint8_t hello[200000] = { 0x16, 3, 1, 0, 8, 1, 0, 0, 4, 9, 9, 9, 9 };
	struct end end = { 0 };
	struct node b;
	uint8_t got[64];
	size_t n = 0;
	ssize_t last = -1;

	node_init(&b, "b");
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b.example" }, NULL);
	node_ready(&b);
	struct rsp_listener *listener = world_listen(b.tls, RSP_TLS_ASAP, NULL, &end);
	int fd = connect_to(listener);
	CHECK(send(fd, hello, sizeof(hello), MSG_DONTWAIT | MSG_NOSIGNAL) > 30000);
	int64_t until = rsp_clock_wall_ms() + PATIENCE_MS;
	while (rsp_clock_wall_ms() < until) {
		(void)rsp_loop_turn(world_loop, false);
		(void)poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 1);
		last = recv(fd, got + n, sizeof(got) - n, MSG_DONTWAIT);
		if (last > 0)
			n += (size_t)last;
		else if (last == 0 || errno != EAGAIN)
			break;
	}
	CHECK_EQ(last, 0); /* its end, and no reset */
	CHECK_EQ(n, 7);
	CHECK_EQ(got[0], 0x15); /* RFC 8446 s.6: an alert, fatal */
	CHECK_EQ(got[5], 2);
	(void)close(fd);
	WORLD_RUN(end.refused);
	rsp_listener_free(listener);
	node_done(&b);
}

/* The hint is for a name that the scope does not have. */
static void
only_an_unknown_name_is_doubted(void)
{
	static const struct rsp_scope_registrar names[] = { { .name = "r1" }, { .name = "r2" } };
	static const struct {
		const char *name;
		bool scope, doubted;
	} row[] = { { "r1", true, false }, { "r2", true, false },    { "host", true, true },
		    { NULL, true, false }, { "host", false, false }, { NULL, false, false } };

	for (unsigned i = 0; i < RSP_COUNT(row); i++) {
		struct rsp_tls_config config = { .registrars = names, .n_registrars = row[i].scope ? 2 : 0 };
		struct rsp_tls_session *session = NULL;
		struct rsp_why why = { 0 };
		struct node n;

		node_init(&n, "e1");
		node_ready_as(&n, &config);
		CHECK_EQ(rsp_tls_session_dial(n.tls, RSP_ROLE_ELEMENT, row[i].name, 0, &session, &why), RSP_ENOKEY);
		CHECK_EQ(strstr(why.reason, "say which: NAME@") != NULL, row[i].doubted);
		node_done(&n);
	}
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(an_alert_arrives_although_not_all_was_read);
	TAP_RUN(only_an_unknown_name_is_doubted);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
