#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/stat.h>

#include "keys/scope.h"
#include "net_meeting.h"

/* The table of handshakes: who gets in, who does not, and what each side is told. */

static void
nodes_are_known_by_the_keys_that_they_share(void)
{
	static const struct {
		enum rsp_role role;
		enum rsp_tls_service service;
	} cases[] = { { RSP_ROLE_ELEMENT, RSP_TLS_ASAP },
		      { RSP_ROLE_PEER, RSP_TLS_ENRP },
		      { RSP_ROLE_MONITOR, RSP_TLS_ENRP },
		      { RSP_ROLE_NOTIFY, RSP_TLS_NOTIFY } };

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct node a, b;
		struct meeting m = { 0 };

		pair_init(&a, &b);
		share(cases[i].role, &a, &b);
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b", .to_ms = DAY_MS }, NULL);
		pair_ready(&a, &b);
		meet(&a, cases[i].role, "b", &b, cases[i].service, &m);
		EXPECT_OPEN(m, cases[i].role, "a");
		CHECK_STR(m.client.identity, "b");
		CHECK_EQ(m.client.auth.role, cases[i].role);
		CHECK(m.client.auth.secure && m.server.auth.secure);
		CHECK_STR(m.client.auth.tls_version, "TLS1.3");
		CHECK_STR(m.client.auth.tls_kx, "ECDHE-PSK");
		CHECK_STR(m.client.auth.tls_cipher, "AES-128-GCM");
		CHECK_STR(m.client.auth.tls_group, "X25519");
		CHECK_EQ(m.client.auth.remote_port, m.server.auth.local_port);
		CHECK_EQ(m.client.auth.local_port, m.server.auth.remote_port);
		meeting_done(&m);
		pair_done(&a, &b);
	}
}

static void
a_client_cannot_tell_an_unknown_identity_from_a_wrong_key(void)
{
	struct node a, b;
	struct meeting unknown = { 0 }, wrong = { 0 };

	pair_init(&a, &b);
	struct rsp_key key = make_key(RSP_ROLE_ELEMENT, "a", "b");
	hold(&a, &key);
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	pair_ready(&a, &b);
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &unknown);
	EXPECT_REFUSED(unknown, RSP_EAUTH, RSP_EUNKNOWN_ID);

	key.secret.bytes[0] ^= 1;
	hold(&b, &key); /* the credential set shares the keyring */
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &wrong);
	EXPECT_REFUSED(wrong, RSP_EAUTH, RSP_EAUTH);
	CHECK_STR(unknown.client.why.reason, wrong.client.why.reason);
	CHECK(strstr(wrong.client.why.reason, "does not know our key") != NULL);
	CHECK(strstr(wrong.client.why.reason, "alert illegal_parameter") != NULL);
	CHECK(strstr(unknown.server.why.reason, "unknown identity rsp1.") != NULL);
	CHECK(strstr(wrong.server.why.reason, "wrong key") != NULL);
	meeting_done(&unknown);
	meeting_done(&wrong);
	pair_done(&a, &b);
}

static void
a_key_opens_only_the_ports_of_its_role(void)
{
	static const struct {
		enum rsp_role role;
		enum rsp_tls_service service;
	} cases[] = { { RSP_ROLE_PEER, RSP_TLS_ASAP },   { RSP_ROLE_MONITOR, RSP_TLS_ASAP },
		      { RSP_ROLE_NOTIFY, RSP_TLS_ASAP }, { RSP_ROLE_ELEMENT, RSP_TLS_ENRP },
		      { RSP_ROLE_NOTIFY, RSP_TLS_ENRP }, { RSP_ROLE_ELEMENT, RSP_TLS_NOTIFY },
		      { RSP_ROLE_PEER, RSP_TLS_NOTIFY } };

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct node a, b;
		struct meeting m = { 0 };

		pair_init(&a, &b);
		share(cases[i].role, &a, &b);
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
		pair_ready(&a, &b);
		meet(&a, cases[i].role, "b", &b, cases[i].service, &m);
		EXPECT_REFUSED(m, RSP_EAUTH, RSP_EAUTH);
		CHECK(strstr(m.client.why.reason, "alert illegal_parameter") != NULL);
		CHECK(strstr(m.server.why.reason, " of a has the role ") != NULL);
		meeting_done(&m);
		pair_done(&a, &b);
	}
}

static void
a_key_for_another_server_is_refused(void)
{
	struct node a, b;
	struct meeting m = { 0 };

	pair_init(&a, &b);
	struct rsp_key key = make_key(RSP_ROLE_PEER, "a", "c");
	hold(&a, &key);
	hold(&b, &key); /* even if it has it */
	pair_ready(&a, &b);
	meet(&a, RSP_ROLE_PEER, "c", &b, RSP_TLS_ENRP, &m);
	EXPECT_REFUSED(m, RSP_EAUTH, RSP_EAUTH);
	CHECK(strstr(m.server.why.reason, " of a is for the server c") != NULL);
	meeting_done(&m);
	meet(&a, RSP_ROLE_PEER, "b", &b, RSP_TLS_ENRP, &m); /* and none for this one */
	CHECK_EQ(m.client.why.err, RSP_ENOKEY);
	CHECK_EQ(m.client.opened, 0);
	meeting_done(&m);
	pair_done(&a, &b);
}

static void
a_connection_that_is_led_back_to_its_client_is_refused(void)
{
	struct node a, b;
	struct meeting m = { 0 };

	pair_init(&a, &b);
	share(RSP_ROLE_PEER, &a, &b);
	share(RSP_ROLE_PEER, &b, &a);
	node_ready(&a);
	meet(&a, RSP_ROLE_PEER, "b", &a, RSP_TLS_ENRP, &m); /* a wants b, and is led back to itself (RFC 9257 s.5.1) */
	EXPECT_REFUSED(m, RSP_EAUTH, RSP_EAUTH);
	meeting_done(&m);
	pair_done(&a, &b);
}

static void
a_server_that_refuses_one_key_is_dialled_with_the_next(void)
{
	struct node a, b;
	struct meeting m = { 0 };

	pair_init(&a, &b);
	share(RSP_ROLE_ELEMENT, &a, &b);
	struct rsp_key newer = make_key(RSP_ROLE_ELEMENT, "a", "b");
	newer.created_ms = now_ms + 1;
	hold(&a, &newer); /* which b does not have yet */
	pair_ready(&a, &b);
	struct rsp_listener *listener = world_listen(b.tls, RSP_TLS_ASAP, NULL, &m.server);
	world_connect(listener, a.tls, RSP_ROLE_ELEMENT, "b", &m.client);
	WORLD_RUN(m.client.opened || m.client.closed);
	CHECK_EQ(m.client.opened, 1);
	WORLD_RUN(m.server.opened && m.server.refused);
	rsp_stream_close(m.client.stream, false);
	WORLD_RUN(m.client.closed && m.server.closed);
	rsp_listener_free(listener);
	meeting_done(&m);
	pair_done(&a, &b);
}

static void
new_credentials_count_for_new_connections_only(void)
{
	struct node a, old, new;
	struct end client = { 0 }, second = { 0 }, server = { 0 };

	node_init(&a, "a");
	node_init(&old, "b");
	node_init(&new, "b");
	share(RSP_ROLE_ELEMENT, &a, &old);
	node_ready(&a);
	node_ready(&old);
	node_ready(&new);
	struct rsp_listener *listener = world_listen(old.tls, RSP_TLS_ASAP, NULL, &server);
	CHECK_EQ(world_dial(listener, a.tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN(client.opened && server.opened);
	rsp_listener_set_tls(listener, new.tls); /* without the key */
	node_done(&old);
	node_done(&new);
	server.echo = true;
	CHECK_EQ(rsp_stream_send(client.stream, rsp_bytes_str("still there?")), RSP_OK);
	WORLD_RUN(client.got_n == 12); /* open connections stay */
	CHECK_EQ(world_dial(listener, a.tls, RSP_ROLE_ELEMENT, "b", &second), RSP_OK);
	WORLD_RUN(second.closed && server.refused);
	CHECK_EQ(second.why.err, RSP_EAUTH);
	rsp_stream_close(client.stream, false);
	WORLD_RUN(client.closed && server.closed);
	rsp_listener_free(listener);
	end_done(&client);
	end_done(&second);
	end_done(&server);
	node_done(&a);
}

/* Octets sent raw to a TLS listener, and what it makes of them. */
static void
raw(const uint8_t *p, size_t n, const struct rsp_listener_limits *limits, struct meeting *m)
{
	struct node b;

	node_init(&b, "b");
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	node_ready(&b);
	struct rsp_listener *listener = world_listen(b.tls, RSP_TLS_ASAP, limits, &m->server);
	CHECK_EQ(world_dial(listener, NULL, RSP_ROLE_NONE, NULL, &m->client), RSP_OK);
	WORLD_RUN(m->client.opened);
	CHECK_EQ(rsp_stream_send(m->client.stream, rsp_bytes_of(p, n)), RSP_OK);
	WORLD_RUN(m->client.closed && m->server.refused);
	rsp_listener_free(listener);
	node_done(&b);
}

static void
any_registrar_is_found_by_the_key_that_it_knows(void)
{
	struct node a, b, c;
	struct meeting m = { 0 };

	pair_init(&a, &b);
	node_init(&c, "c");
	share(RSP_ROLE_ELEMENT, &a, &c);
	share(RSP_ROLE_ELEMENT, &a, &b);
	share(RSP_ROLE_PEER, &a, &b);
	share(RSP_ROLE_ELEMENT, &a, &c);
	pair_ready(&a, &b);
	meet_any(&a, &b, &m);
	CHECK_EQ(m.client.opened, 1);
	CHECK_STR(m.client.identity, "b");
	CHECK_EQ(m.server.auth.role, RSP_ROLE_ELEMENT);
	meeting_done(&m);
	pair_done(&a, &b);
	node_done(&c);
}

static void
a_stranger_without_our_keys_is_no_registrar(void)
{
	struct node a, c, stranger;
	struct meeting m = { 0 };

	node_init(&a, "a");
	node_init(&c, "c");
	node_init(&stranger, "b");
	share(RSP_ROLE_ELEMENT, &a, &c);
	share(RSP_ROLE_ELEMENT, &a, &c);
	node_ready(&a);
	node_ready(&stranger);
	meet_any(&a, &stranger, &m);
	CHECK_EQ(m.client.opened, 0);
	CHECK_EQ(m.client.why.err, RSP_EAUTH);
	meeting_done(&m);
	node_done(&a);
	node_done(&c);
	node_done(&stranger);
}

static void
plain_text_at_a_port_for_tls_is_recognised(void)
{
	static const uint8_t resolution[] = { 0x05, 0, 0, 12, 0, 9, 0, 8, 'p', 'o', 'o', 'l' };
	struct meeting m = { 0 };

	raw(resolution, sizeof(resolution), NULL, &m);
	CHECK_EQ(m.server.why.err, RSP_EPLAIN);
	CHECK_EQ(m.client.why.err, RSP_ECLOSED);
	meeting_done(&m);
}

static void
garbage_in_a_tls_record_is_refused(void)
{
	const struct rsp_listener_limits limits = { .handshake_ms = 200 };
	static const uint8_t garbage[] = { 0x16, 3, 1, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0x16, 0x16 };
	static const uint8_t huge[] = { 0x16, 3, 1, 0xff, 0xff, 1, 0 };
	struct meeting m = { 0 };

	raw(garbage, sizeof(garbage), &limits, &m); /* the beginning of a message of 16 megabytes */
	CHECK_EQ(m.server.why.err, RSP_ETIMEOUT);
	meeting_done(&m);
	raw(huge, sizeof(huge), &limits, &m);
	CHECK_EQ(m.server.why.err, RSP_EPROTO);
	meeting_done(&m);
}

static void
a_handshake_that_is_not_finished_times_out(void)
{
	const struct rsp_listener_limits limits = { .handshake_ms = 50 };
	static const uint8_t begun[] = { 0x16, 3, 1, 1, 0 };
	struct meeting m = { 0 };

	raw(begun, sizeof(begun), &limits, &m);
	CHECK_EQ(m.server.why.err, RSP_ETIMEOUT);
	meeting_done(&m);
	raw(begun, 0, &limits, &m);
	CHECK_EQ(m.server.why.err, RSP_ETIMEOUT);
	meeting_done(&m);
}

static ssize_t
catch_hello(gnutls_transport_ptr_t to, const void *p, size_t n)
{
	struct end *end = to;

	return (ssize_t)end_data(end, NULL, rsp_bytes_of(p, n));
}

static ssize_t
nothing_yet(gnutls_transport_ptr_t from, void *p, size_t n)
{
	(void)from, (void)p, (void)n;
	errno = EAGAIN;
	return -1;
}

static void
tls_1_1_is_refused(void)
{
	struct end hello = { 0 };
	struct meeting m = { 0 };
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;

	CHECK_EQ(gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
	CHECK_EQ(gnutls_certificate_allocate_credentials(&credentials), 0);
	CHECK_EQ(gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL), 0);
	CHECK_EQ(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials), 0);
	gnutls_transport_set_ptr(session, &hello);
	gnutls_transport_set_push_function(session, catch_hello);
	gnutls_transport_set_pull_function(session, nothing_yet);
	CHECK_EQ(gnutls_handshake(session), GNUTLS_E_AGAIN);
	raw(hello.got, hello.got_n, NULL, &m);
	CHECK_EQ(m.server.why.err, RSP_EAUTH);
	CHECK(m.client.got_n == 7 && m.client.got[0] == 0x15 && m.client.got[6] == GNUTLS_A_PROTOCOL_VERSION);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	end_done(&hello);
	meeting_done(&m);
}

static void
a_client_that_gets_plain_text_instead_of_tls_says_so(void)
{
	struct node a, b;
	struct end client = { 0 }, server = { .greeting = "plain" };

	pair_init(&a, &b);
	share(RSP_ROLE_ELEMENT, &a, &b);
	node_ready(&a);
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &server);
	CHECK_EQ(world_dial(listener, a.tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN(client.closed && server.closed);
	CHECK_EQ(client.why.err, RSP_EPLAIN);
	CHECK_EQ(client.opened, 0);
	rsp_listener_free(listener);
	end_done(&client);
	end_done(&server);
	pair_done(&a, &b);
}

static void
a_connection_that_is_closed_during_the_handshake_is_told_as_closed(void)
{
	struct node a, b;
	struct end client = { 0 }, server = { .close_at_open = true };

	pair_init(&a, &b);
	share(RSP_ROLE_ELEMENT, &a, &b);
	node_ready(&a);
	struct rsp_listener *listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &server);
	CHECK_EQ(world_dial(listener, a.tls, RSP_ROLE_ELEMENT, "b", &client), RSP_OK);
	WORLD_RUN(client.closed && server.closed);
	CHECK_EQ(client.why.err, RSP_ECLOSED);
	CHECK_EQ(server.why.err, RSP_OK);
	rsp_listener_free(listener);
	end_done(&client);
	end_done(&server);
	pair_done(&a, &b);
}

static void
the_policy_of_rfc_5352_allows_what_the_default_does_not(void)
{
	const struct rsp_tls_config old = { .policy = RSP_TLS_RFC5352 };
	struct node a, user, b;
	struct meeting m = { 0 };

	node_init(&a, "a");
	node_init(&user, "");
	node_init(&b, "b");
	share(RSP_ROLE_ELEMENT, &a, &b);
	trust(&user, &ca, NULL);
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	node_ready_as(&a, &old);
	node_ready_as(&user, &old);
	node_ready_as(&b, &old);
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &m);
	EXPECT_OPEN(m, RSP_ROLE_ELEMENT, "a");
	meeting_done(&m);
	meet(&user, RSP_ROLE_USER, "b", &b, RSP_TLS_ASAP, &m);
	EXPECT_OPEN(m, RSP_ROLE_USER, "");
	meeting_done(&m);
	node_done(&a);
	node_done(&user);
	node_done(&b);
}

static void
the_key_log_has_the_secrets_of_each_connection(void)
{
	char *path = in_dir("keylog");
	struct node a, b;
	struct meeting m = { 0 };
	struct stat st;
	uint8_t *text = NULL;
	size_t n = 0;

	pair_init(&a, &b);
	share(RSP_ROLE_ELEMENT, &a, &b);
	pair_ready(&a, &b);
	(void)setenv("SSLKEYLOGFILE", path, 1);
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &m);
	meeting_done(&m);
	CHECK(stat(path, &st) < 0); /* not asked for */
	CHECK_EQ(rsp_tls_init(path, NULL), RSP_OK);
	CHECK(getenv("SSLKEYLOGFILE") == NULL);
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &m);
	meeting_done(&m);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, 1U << 20, &text, &n, NULL), RSP_OK);
	CHECK(text && strstr((const char *)text, "CLIENT_TRAFFIC_SECRET_0 ") != NULL);
	CHECK_EQ(rsp_tls_init(NULL, NULL), RSP_OK);
	free(text);
	CHECK_EQ(unlink(path), 0);
	free(path);
	pair_done(&a, &b);
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(nodes_are_known_by_the_keys_that_they_share);
	TAP_RUN(a_client_cannot_tell_an_unknown_identity_from_a_wrong_key);
	TAP_RUN(a_key_opens_only_the_ports_of_its_role);
	TAP_RUN(a_key_for_another_server_is_refused);
	TAP_RUN(a_connection_that_is_led_back_to_its_client_is_refused);
	TAP_RUN(a_server_that_refuses_one_key_is_dialled_with_the_next);
	TAP_RUN(new_credentials_count_for_new_connections_only);
	TAP_RUN(any_registrar_is_found_by_the_key_that_it_knows);
	TAP_RUN(a_stranger_without_our_keys_is_no_registrar);
	TAP_RUN(plain_text_at_a_port_for_tls_is_recognised);
	TAP_RUN(garbage_in_a_tls_record_is_refused);
	TAP_RUN(a_handshake_that_is_not_finished_times_out);
	TAP_RUN(tls_1_1_is_refused);
	TAP_RUN(a_client_that_gets_plain_text_instead_of_tls_says_so);
	TAP_RUN(a_connection_that_is_closed_during_the_handshake_is_told_as_closed);
	TAP_RUN(the_policy_of_rfc_5352_allows_what_the_default_does_not);
	TAP_RUN(the_key_log_has_the_secrets_of_each_connection);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
