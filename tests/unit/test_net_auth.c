#include <errno.h>

#include "keys/scope.h"
#include "net/tls_creds.h"
#include "net/tls_priv.h"
#include "net_nodes.h"

/* Authentication of a client that changes its offer in the middle of the handshake. Both ends are in memory, and each reads
 * a record at a time, so that a test can act between any two. The client uses GnuTLS directly where it does what ours never
 * would: offer a group that makes the server send a HelloRetryRequest, and withdraw or replace its key. */

#define WIRE_MAX 32768

struct wire {
	uint8_t octets[WIRE_MAX];
	size_t n, read;
};

/* One end; ours has ts, the other kind session alone. */
struct side {
	struct rsp_tls_session *ts;
	gnutls_session_t session;
	struct wire *in, *out;
	bool reading; /* of the record at hand */
	bool done;
	enum rsp_err err;
	char reason[RSP_REASON_MAX];
};

static ssize_t
side_push(gnutls_transport_ptr_t ptr, const void *p, size_t n)
{
	struct side *side = ptr;

	CHECK(n <= WIRE_MAX - side->out->n);
	memcpy(side->out->octets + side->out->n, p, n);
	side->out->n += n;
	return (ssize_t)n;
}

/* The size of the next whole record, or 0. */
static size_t
record_size(const struct wire *wire)
{
	const uint8_t *p = wire->octets + wire->read;

	return wire->n - wire->read < 5 ? 0 : 5U + ((size_t)p[3] << 8) + p[4];
}

static ssize_t
side_pull(gnutls_transport_ptr_t ptr, void *p, size_t n)
{
	struct side *side = ptr;
	struct wire *wire = side->in;

	if (!side->reading || wire->read == wire->n) {
		gnutls_transport_set_errno(side->session, EAGAIN);
		return -1;
	}
	size_t got = n < wire->n - wire->read ? n : wire->n - wire->read;
	memcpy(p, wire->octets + wire->read, got);
	wire->read += got;
	return (ssize_t)got;
}

static int
side_pull_wait(gnutls_transport_ptr_t ptr, unsigned ms)
{
	const struct side *side = ptr;

	(void)ms;
	return side->reading;
}

/* Go on with what is there. */
static void
side_shake(struct side *side)
{
	if (side->done || side->err)
		return;
	if (side->ts) {
		side->err = rsp_tls_session_step(side->ts, &side->done, side->reason, sizeof(side->reason));
		return;
	}
	int code = gnutls_handshake(side->session);
	side->done = code == 0;
	if (code < 0 && gnutls_error_is_fatal(code)) {
		side->err = RSP_EAUTH;
		(void)snprintf(side->reason, sizeof(side->reason), "%s", gnutls_strerror(code));
	}
}

/* Let @side read one record. False: there is none, or it needs no more. */
static bool
side_read(struct side *side)
{
	size_t size = record_size(side->in), end = side->in->n;

	if (!size || size > end - side->in->read || side->done || side->err)
		return false;
	side->in->n = side->in->read + size;
	side->reading = true;
	side_shake(side);
	side->reading = false;
	side->in->n = end;
	return true;
}

struct pair {
	struct side client, server;
	struct wire up, down;
	gnutls_certificate_credentials_t cert;
	gnutls_psk_client_credentials_t psk, other;
	void (*retry)(struct pair *); /* what the client does when a HelloRetryRequest came */
	unsigned retries;
};

static void
side_wire(struct side *side, struct wire *in, struct wire *out)
{
	side->in = in;
	side->out = out;
	if (side->ts)
		side->session = side->ts->session;
	gnutls_transport_set_ptr(side->session, side);
	gnutls_transport_set_push_function(side->session, side_push);
	gnutls_transport_set_pull_function(side->session, side_pull);
	gnutls_transport_set_pull_timeout_function(side->session, side_pull_wait);
}

static void
pair_wire(struct pair *p)
{
	side_wire(&p->client, &p->down, &p->up);
	side_wire(&p->server, &p->up, &p->down);
}

/* Until nothing is left to read. */
static void
pair_shake(struct pair *p)
{
	side_shake(&p->client);
	while (side_read(&p->server) || side_read(&p->client))
		;
}

static void
pair_free(struct pair *p)
{
	struct side *const sides[] = { &p->client, &p->server };

	for (size_t i = 0; i < RSP_COUNT(sides); i++) {
		if (sides[i]->ts)
			rsp_tls_session_free(sides[i]->ts);
		else if (sides[i]->session)
			gnutls_deinit(sides[i]->session);
	}
	if (p->cert)
		gnutls_certificate_free_credentials(p->cert);
	if (p->psk)
		gnutls_psk_free_client_credentials(p->psk);
	if (p->other)
		gnutls_psk_free_client_credentials(p->other);
	free(p);
}

static struct pair *
pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	CHECK(p != NULL);
	return p;
}

/* What the server says of the client. */
static void
expect_open(struct pair *p, enum rsp_role role, const char *name)
{
	struct rsp_stream_auth auth = { 0 };

	CHECK_EQ(p->server.err, RSP_OK);
	CHECK(p->server.done);
	if (!p->server.done) {
		printf("# server: %s, client: %s\n", p->server.reason, p->client.reason);
		return;
	}
	CHECK_EQ(rsp_tls_session_auth(p->server.ts, &auth), RSP_OK);
	CHECK_EQ(auth.role, role);
	CHECK_STR(auth.identity ? auth.identity : "", name);
	union {
		const char *lent;
		char *ours;
	} identity = { auth.identity };
	free(identity.ours);
}

#define EXPECT_REFUSED(side, wanted_err, text)                                                                         \
	do {                                                                                                           \
		CHECK(!(side).done);                                                                                   \
		CHECK_EQ((side).err, wanted_err);                                                                      \
		CHECK(strstr((side).reason, text) != NULL);                                                            \
		if (!strstr((side).reason, text))                                                                      \
			printf("# %s\n", (side).reason);                                                               \
	} while (0)

/* A client of GnuTLS's */

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

static int
on_retry(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *msg)
{
	struct pair *p = gnutls_session_get_ptr(session);

	(void)type, (void)when, (void)incoming, (void)msg;
	p->retries++;
	if (p->retry)
		p->retry(p);
	return 0;
}

static gnutls_psk_client_credentials_t
psk_of(const struct rsp_key *key)
{
	gnutls_psk_client_credentials_t psk = NULL;
	struct rsp_key copy = *key;
	gnutls_datum_t secret = { copy.secret.bytes, (unsigned)copy.secret.n };

	CHECK_EQ(gnutls_psk_allocate_client_credentials(&psk), 0);
	CHECK_EQ(gnutls_psk_set_client_credentials(psk, copy.identity, &secret, GNUTLS_PSK_KEY_RAW), 0);
	return psk;
}

/* What it has: the key that it offers first, another one, a certificate. Each may be NULL. */
struct belongings {
	const struct rsp_key *key, *other;
	const struct rsp_x509 *x509;
	const char *priority; /* NULL: one that has the server ask for another group */
};

/* A client that dials the @service of @server. */
static struct pair *
stranger(struct belongings has, struct node *server, enum rsp_tls_service service)
{
	struct pair *p = pair_new();
	gnutls_session_t *session = &p->client.session;

	CHECK_EQ(gnutls_init(session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_KEY_SHARE_TOP), 0);
	const char *another_group = TLS13 ":-GROUP-ALL:+GROUP-SECP521R1:+GROUP-X25519";
	CHECK_EQ(gnutls_priority_set_direct(*session, has.priority ? has.priority : another_group, NULL), 0);
	CHECK_EQ(rsp_x509_credentials(has.x509 ? has.x509 : &(struct rsp_x509){ 0 }, &p->cert, NULL), RSP_OK);
	p->psk = has.key ? psk_of(has.key) : NULL;
	p->other = has.other ? psk_of(has.other) : NULL;
	CHECK_EQ(gnutls_credentials_set(*session, GNUTLS_CRD_CERTIFICATE, p->cert), 0);
	if (has.key)
		CHECK_EQ(gnutls_credentials_set(*session, GNUTLS_CRD_PSK, p->psk), 0);
	gnutls_session_set_ptr(*session, p);
	gnutls_handshake_set_hook_function(*session, GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST, GNUTLS_HOOK_POST, on_retry);
	CHECK_EQ(rsp_tls_session_accept(server->tls, service, &p->server.ts), RSP_OK);
	pair_wire(p);
	return p;
}

static void
keep_nothing(struct pair *p)
{
	gnutls_credentials_clear(p->client.session);
	CHECK_EQ(gnutls_credentials_set(p->client.session, GNUTLS_CRD_CERTIFICATE, p->cert), 0);
}

static void
take_other(struct pair *p)
{
	CHECK_EQ(gnutls_credentials_set(p->client.session, GNUTLS_CRD_PSK, p->other), 0);
}

static const struct {
	enum rsp_role role;
	enum rsp_tls_service service;
} ports[] = { { RSP_ROLE_ELEMENT, RSP_TLS_ASAP },
	      { RSP_ROLE_PEER, RSP_TLS_ENRP },
	      { RSP_ROLE_MONITOR, RSP_TLS_ENRP },
	      { RSP_ROLE_NOTIFY, RSP_TLS_NOTIFY } };

/* A server with a key of @role for the clients a and c. */
static void
server_init(struct node *server, enum rsp_role role, struct rsp_key *a, struct rsp_key *c)
{
	node_init(server, "b");
	*a = make_key(role, "a", "b");
	*c = make_key(role, "c", "b");
	hold(server, a);
	hold(server, c);
	certify(server, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	node_ready(server);
}

static void
a_client_that_keeps_its_key_is_known_by_it(void)
{
	for (size_t i = 0; i < RSP_COUNT(ports); i++) {
		struct node b;
		struct rsp_key key, other;

		server_init(&b, ports[i].role, &key, &other);
		struct pair *p = stranger((struct belongings){ .key = &key }, &b, ports[i].service);
		pair_shake(p);
		CHECK_EQ(p->retries, 1);
		CHECK(p->client.done);
		expect_open(p, ports[i].role, "a");
		pair_free(p);
		node_done(&b);
	}
}

static void
a_client_that_withdraws_its_key_is_refused(void)
{
	for (size_t i = 0; i < RSP_COUNT(ports); i++) {
		struct node b;
		struct rsp_key key, other;

		server_init(&b, ports[i].role, &key, &other);
		struct pair *p = stranger((struct belongings){ .key = &key }, &b, ports[i].service);
		p->retry = keep_nothing;
		pair_shake(p);
		CHECK_EQ(p->retries, 1);
		EXPECT_REFUSED(p->server, RSP_EAUTH, "withdrew its offer of the key rsp1.");
		CHECK(strstr(p->server.reason, key.identity) != NULL);
		CHECK(strstr(p->server.reason, " of a after a HelloRetryRequest") != NULL);
		CHECK_EQ(p->server.ts->hs->peer.role, RSP_ROLE_NONE);
		pair_free(p);
		node_done(&b);
	}
}

static void
a_client_that_withdraws_its_key_for_a_certificate_is_refused(void)
{
	struct node b, someone;
	struct rsp_key key, other;

	node_init(&someone, "");
	certify(&someone, &(struct cert){ .kind = RSP_X509_USER, .name = "someone" }, NULL);
	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	rsp_tls_unref(b.tls);
	trust(&b, &ca, NULL);
	node_ready_as(&b, &(struct rsp_tls_config){ .require_user_cert = true });
	for (unsigned offers = 0; offers < 2; offers++) {
		struct pair *p = stranger((struct belongings){ .key = offers ? &key : NULL, .x509 = &someone.x509 }, &b,
					  RSP_TLS_ASAP);
		p->retry = keep_nothing;
		pair_shake(p);
		CHECK_EQ(p->retries, 1);
		if (offers)
			EXPECT_REFUSED(p->server, RSP_EAUTH, "withdrew its offer of the key rsp1.");
		else
			expect_open(p, RSP_ROLE_USER, "someone");
		pair_free(p);
	}
	node_done(&b);
	node_done(&someone);
}

static void
another_key_than_at_first_is_refused(void)
{
	static const char *const names[] = { NULL, "foo" }; /* NULL: of another key of ours */

	for (size_t i = 0; i < RSP_COUNT(ports) * RSP_COUNT(names); i++) {
		struct node b;
		struct rsp_key key, other;
		const char *name = names[i % RSP_COUNT(names)];

		server_init(&b, ports[i / 2].role, &key, &other);
		if (name)
			(void)snprintf(other.identity, sizeof(other.identity), "%s", name);
		struct pair *p =
			stranger((struct belongings){ .key = &key, .other = &other }, &b, ports[i / 2].service);
		p->retry = take_other;
		pair_shake(p);
		CHECK_EQ(p->retries, 1);
		EXPECT_REFUSED(p->server, RSP_EAUTH, "offered one key, and after a HelloRetryRequest another one");
		CHECK_EQ(strstr(p->server.reason, other.identity) != NULL, name == NULL);
		CHECK(!strstr(p->server.reason, key.identity));
		pair_free(p);
		node_done(&b);
	}
}

static void
expire_the_key(struct pair *p)
{
	p->server.ts->tls->keyring->keys[0].not_after_ms = now_ms - 1;
}

static void
a_key_that_expires_before_it_is_offered_again_is_refused(void)
{
	struct node b;
	struct rsp_key key, other;

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	struct pair *p = stranger((struct belongings){ .key = &key }, &b, RSP_TLS_ASAP);
	p->retry = expire_the_key;
	pair_shake(p);
	EXPECT_REFUSED(p->server, RSP_EAUTH, " of a has expired");
	pair_free(p);
	node_done(&b);
}

static void
a_key_that_comes_late_is_proven_all_the_same(void)
{
	struct node b;
	struct rsp_key key, other;

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	struct pair *p = stranger((struct belongings){ .other = &key }, &b, RSP_TLS_ASAP);
	p->retry = take_other;
	pair_shake(p);
	CHECK_EQ(p->retries, 1);
	expect_open(p, RSP_ROLE_ELEMENT, "a");
	pair_free(p);
	node_done(&b);
}

static void
a_client_that_offers_no_key_is_a_user(void)
{
	struct node b;
	struct rsp_key key, other;

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	struct pair *p = stranger((struct belongings){ 0 }, &b, RSP_TLS_ASAP);
	pair_shake(p);
	CHECK_EQ(p->retries, 1);
	expect_open(p, RSP_ROLE_USER, "");
	pair_free(p);
	node_done(&b);
}

/* A client of TLS 1.2 is refused for @reason, or is a user if that is NULL. */
static void
shake_in_tls_1_2(const char *priority, bool offers_key, const char *reason)
{
	struct node b;
	struct rsp_key key, other;

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	struct pair *p = stranger((struct belongings){ .priority = priority, .key = offers_key ? &key : NULL }, &b,
				  RSP_TLS_ASAP);
	pair_shake(p);
	if (reason) {
		EXPECT_REFUSED(p->server, RSP_EAUTH, reason);
		CHECK_EQ(p->server.ts->hs->peer.role, RSP_ROLE_NONE);
	} else {
		expect_open(p, RSP_ROLE_USER, "");
	}
	pair_free(p);
	node_done(&b);
}

static void
a_tls_1_2_client_without_a_key_is_a_user(void)
{
	shake_in_tls_1_2(TLS12, false, NULL);
}

static void
a_tls_1_2_client_without_extended_master_secret_is_refused(void)
{
	shake_in_tls_1_2(TLS12 ":%NO_SESSION_HASH", false, "TLS 1.2 without extended master secret");
}

static void
a_tls_1_2_client_without_safe_renegotiation_is_refused(void)
{
	shake_in_tls_1_2(TLS12 ":%DISABLE_SAFE_RENEGOTIATION", false, "TLS 1.2 without extended master secret or safe");
}

static void
a_key_that_is_offered_in_tls_1_2_is_refused(void)
{
	shake_in_tls_1_2(TLS12 ":-KX-ALL:+ECDHE-PSK:-CIPHER-ALL:+CHACHA20-POLY1305", true,
			" of a was offered in an old version of TLS");
}

/* Our own client */

static struct pair *
two_of_ours(struct node *client, enum rsp_role role, const char *name, struct node *server,
	    enum rsp_tls_service service)
{
	struct pair *p = pair_new();

	CHECK_EQ(rsp_tls_session_accept(server->tls, service, &p->server.ts), RSP_OK);
	CHECK_EQ(rsp_tls_session_dial(client->tls, role, name, 0, &p->client.ts, NULL), RSP_OK);
	pair_wire(p);
	return p;
}

static void
a_key_that_expires_meanwhile_opens_nothing(void)
{
	for (size_t i = 0; i < RSP_COUNT(ports); i++) {
		struct node a, b;
		struct rsp_key key, other;

		server_init(&b, ports[i].role, &key, &other);
		node_init(&a, "a");
		hold(&a, &key);
		node_ready(&a);
		struct pair *p = two_of_ours(&a, ports[i].role, "b", &b, ports[i].service);
		side_shake(&p->client);
		CHECK(side_read(&p->server)); /* which finds it good */
		CHECK(p->server.ts->hs->offer.key != NULL);
		b.ring->keys[0].not_after_ms = now_ms - 1;
		pair_shake(p);
		EXPECT_REFUSED(p->server, RSP_EAUTH, "expired during the handshake");
		CHECK_EQ(p->server.ts->hs->peer.role, RSP_ROLE_NONE);
		pair_free(p);
		node_done(&a);
		node_done(&b);
	}
}

/* States that GnuTLS 3.7.9 never produces, forced by hand: rsp_tls_auth_peer() must refuse each. */
static void
another_certificate(struct pair *p)
{
	p->client.ts->hs->judged.leaf[0] ^= 1;
}

static void
a_bad_certificate(struct pair *p)
{
	p->client.ts->hs->judged.verdict = RSP_TLS_BAD;
}

static void
a_key_was_wanted(struct pair *p)
{
	static const struct rsp_key wanted;

	p->client.ts->hs->demand = RSP_TLS_DEMAND_KEY;
	p->client.ts->hs->key = &wanted;
}

static void
this_is_the_enrp_port(struct pair *p)
{
	p->server.ts->service = RSP_TLS_ENRP;
}

static void
users_need_a_certificate(struct pair *p)
{
	p->server.ts->tls->require_user_cert = true;
}

/* @change comes between judgement and end of the handshake. A side with an error fails with it and @reason. */
static void
finish(void (*change)(struct pair *), enum rsp_err client, enum rsp_err server, const char *reason)
{
	struct node user, b;
	struct rsp_key key, other;
	static const struct rsp_scope_registrar scope[] = { { .name = "b" } };

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	node_init(&user, "");
	trust(&user, &ca, NULL);
	node_ready_as(&user, &(struct rsp_tls_config){ .registrars = scope, .n_registrars = 1 });
	struct pair *p = two_of_ours(&user, RSP_ROLE_USER, NULL, &b, RSP_TLS_ASAP);
	side_shake(&p->client);
	while (p->client.ts->hs->judged.verdict == RSP_TLS_NOT_JUDGED)
		if (!side_read(&p->server) && !side_read(&p->client))
			break;
	CHECK_EQ(p->client.ts->hs->judged.verdict, RSP_TLS_GOOD);
	CHECK(!p->client.done && !p->server.done);
	if (change)
		change(p);
	pair_shake(p);
	if (client) {
		EXPECT_REFUSED(p->client, client, reason);
		CHECK_EQ(p->client.ts->hs->peer.role, RSP_ROLE_NONE);
	} else {
		CHECK(p->client.done);
		CHECK_EQ(p->client.ts->hs->peer.role, RSP_ROLE_USER);
		CHECK_STR(p->client.ts->hs->peer.name, "b");
	}
	if (server) {
		EXPECT_REFUSED(p->server, server, reason);
		CHECK_EQ(p->server.ts->hs->peer.role, RSP_ROLE_NONE);
	} else if (!client) {
		expect_open(p, RSP_ROLE_USER, "");
	}
	pair_free(p);
	node_done(&user);
	node_done(&b);
}

static void
a_finished_handshake_that_is_as_it_was_judged_opens(void)
{
	finish(NULL, RSP_OK, RSP_OK, NULL);
}

static void
a_finished_handshake_with_another_certificate_than_was_judged_is_refused(void)
{
	finish(another_certificate, RSP_EAUTH, RSP_OK, "certificate not verified");
}

static void
a_finished_handshake_with_a_bad_certificate_is_refused(void)
{
	finish(a_bad_certificate, RSP_EAUTH, RSP_OK, "certificate not verified");
}

static void
a_finished_handshake_without_the_key_that_is_demanded_is_refused(void)
{
	finish(a_key_was_wanted, RSP_EROLE, RSP_OK, "in another way than demanded");
}

static void
a_finished_handshake_of_a_user_at_the_enrp_port_is_refused(void)
{
	finish(this_is_the_enrp_port, RSP_OK, RSP_EROLE, "in another way than demanded");
}

static void
a_finished_handshake_of_a_user_without_the_certificate_that_is_demanded_is_refused(void)
{
	finish(users_need_a_certificate, RSP_OK, RSP_EAUTH, "certificate not verified");
}

/* A server of GnuTLS's that has us retry, and then has a certificate where we want a key. */
static void
a_server_that_does_not_know_the_key_of_the_client_is_refused(void)
{
	struct node a, b;
	struct rsp_key key, other;
	struct pair *p = pair_new();
	gnutls_session_t *session = &p->server.session;

	server_init(&b, RSP_ROLE_ELEMENT, &key, &other);
	node_init(&a, "a");
	hold(&a, &key);
	trust(&a, &ca, NULL);
	node_ready(&a);
	CHECK_EQ(rsp_x509_credentials(&b.x509, &p->cert, NULL), RSP_OK);
	CHECK_EQ(gnutls_init(session, GNUTLS_SERVER | GNUTLS_NONBLOCK), 0);
	CHECK_EQ(
		gnutls_priority_set_direct(*session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1", NULL),
		0);
	CHECK_EQ(gnutls_credentials_set(*session, GNUTLS_CRD_CERTIFICATE, p->cert), 0);
	gnutls_session_set_ptr(*session, p);
	gnutls_handshake_set_hook_function(*session, GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST, GNUTLS_HOOK_POST, on_retry);
	CHECK_EQ(rsp_tls_session_dial(a.tls, RSP_ROLE_ELEMENT, "b", 0, &p->client.ts, NULL), RSP_OK);
	pair_wire(p);
	pair_shake(p);
	CHECK_EQ(p->retries, 1);
	EXPECT_REFUSED(p->client, RSP_EAUTH, "does not know our key");
	CHECK_EQ(p->client.ts->hs->peer.role, RSP_ROLE_NONE);
	pair_free(p);
	node_done(&a);
	node_done(&b);
}

int
main(void)
{
	if (!nodes_begin())
		return 1;
	TAP_RUN(a_client_that_keeps_its_key_is_known_by_it);
	TAP_RUN(a_client_that_withdraws_its_key_is_refused);
	TAP_RUN(a_client_that_withdraws_its_key_for_a_certificate_is_refused);
	TAP_RUN(another_key_than_at_first_is_refused);
	TAP_RUN(a_key_that_expires_before_it_is_offered_again_is_refused);
	TAP_RUN(a_key_that_comes_late_is_proven_all_the_same);
	TAP_RUN(a_client_that_offers_no_key_is_a_user);
	TAP_RUN(a_tls_1_2_client_without_a_key_is_a_user);
	TAP_RUN(a_tls_1_2_client_without_extended_master_secret_is_refused);
	TAP_RUN(a_tls_1_2_client_without_safe_renegotiation_is_refused);
	TAP_RUN(a_key_that_is_offered_in_tls_1_2_is_refused);
	TAP_RUN(a_key_that_expires_meanwhile_opens_nothing);
	TAP_RUN(a_finished_handshake_that_is_as_it_was_judged_opens);
	TAP_RUN(a_finished_handshake_with_another_certificate_than_was_judged_is_refused);
	TAP_RUN(a_finished_handshake_with_a_bad_certificate_is_refused);
	TAP_RUN(a_finished_handshake_without_the_key_that_is_demanded_is_refused);
	TAP_RUN(a_finished_handshake_of_a_user_at_the_enrp_port_is_refused);
	TAP_RUN(a_finished_handshake_of_a_user_without_the_certificate_that_is_demanded_is_refused);
	TAP_RUN(a_server_that_does_not_know_the_key_of_the_client_is_refused);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
