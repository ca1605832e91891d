#include "keys/scope.h"
#include "net_meeting.h"

/* Certificates of servers and users: what is accepted, and the error for each fault. RFC 5355 s.2.3. */

static void
each_fault_of_a_server_certificate_has_its_error(void)
{
	char *revoked_pem = NULL, *crl = NULL, *old_crl = NULL, *empty_crl = NULL;
	struct node good;
	struct rsp_x509_pair revoked_pair = { 0 };

	node_init(&good, "good");
	certify(&good, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b.example" }, &revoked_pem);
	CHECK_EQ(rsp_x509_make_crl(&ca, NULL, revoked_pem, now_ms - 1000, now_ms + DAY_MS, &crl, NULL), RSP_OK);
	CHECK_EQ(rsp_x509_make_crl(&ca, NULL, NULL, now_ms - 2 * DAY_MS, now_ms - DAY_MS, &old_crl, NULL), RSP_OK);
	CHECK_EQ(rsp_x509_make_crl(&ca, NULL, NULL, now_ms - 1000, now_ms + DAY_MS, &empty_crl, NULL), RSP_OK);
	const struct {
		struct cert cert;
		const char *name, *crl;
		bool revoked;
		enum rsp_err err;
	} cases[] = {
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .to_ms = DAY_MS }, "b.example", NULL, false, RSP_OK },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .ed25519 = true },
		  "b.example",
		  empty_crl,
		  false,
		  RSP_OK },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .to_ms = DAY_MS },
		  "c.example",
		  NULL,
		  false,
		  RSP_ECERT_NAME },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .from_ms = -2 * DAY_MS, .to_ms = -DAY_MS },
		  "b.example",
		  NULL,
		  false,
		  RSP_ECERT_EXPIRED },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .from_ms = DAY_MS, .to_ms = 2 * DAY_MS },
		  "b.example",
		  NULL,
		  false,
		  RSP_ECERT_NOTYET },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .issuer = &other_ca },
		  "b.example",
		  NULL,
		  false,
		  RSP_ECERT_CA },
		{ { .kind = RSP_X509_USER, .name = "b.example", .to_ms = DAY_MS },
		  "b.example",
		  NULL,
		  false,
		  RSP_ECERT_PURPOSE },
		{ { .kind = RSP_X509_SERVER, .name = "b.example", .to_ms = DAY_MS },
		  "b.example",
		  old_crl,
		  false,
		  RSP_ECRL_EXPIRED },
		{ { 0 }, "b.example", crl, true, RSP_ECERT_REVOKED },
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct node user, b;
		struct meeting m = { 0 };

		node_init(&user, "");
		node_init(&b, "b");
		trust(&user, &ca, cases[i].crl);
		if (!cases[i].revoked)
			certify(&b, &cases[i].cert, NULL);
		node_ready(&user);
		node_ready(&b);
		meet(&user, RSP_ROLE_USER, cases[i].name, cases[i].revoked ? (node_ready(&good), &good) : &b,
		     RSP_TLS_ASAP, &m);
		if (cases[i].err) {
			EXPECT_REFUSED(m, cases[i].err, RSP_EAUTH);
			CHECK(strstr(m.server.why.reason, "alert ") != NULL);
		} else {
			EXPECT_OPEN(m, RSP_ROLE_USER, "");
			CHECK_STR(m.client.identity, cases[i].name);
			CHECK_STR(m.client.auth.tls_version, "TLS1.3");
		}
		if (m.client.why.err != cases[i].err)
			printf("# case %zu: %s, not %s\n", i, rsp_err_key(m.client.why.err), rsp_err_key(cases[i].err));
		meeting_done(&m);
		node_done(&user);
		node_done(&b);
	}
	node_done(&good);
	free(revoked_pem);
	free(crl);
	free(old_crl);
	free(empty_crl);
	rsp_x509_pair_done(&revoked_pair);
}

static void
a_certificate_does_not_replace_a_key(void)
{
	static const enum rsp_tls_service services[] = { RSP_TLS_ENRP, RSP_TLS_NOTIFY };

	for (size_t i = 0; i < RSP_COUNT(services); i++) {
		struct node user, b;
		struct meeting m = { 0 };

		node_init(&user, "");
		node_init(&b, "b");
		trust(&user, &ca, NULL);
		certify(&user, &(struct cert){ .kind = RSP_X509_USER, .name = "someone" }, NULL);
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
		node_ready(&user);
		node_ready(&b);
		meet(&user, RSP_ROLE_USER, "b", &b, services[i], &m);
		EXPECT_REFUSED(m, RSP_EAUTH, RSP_EAUTH);
		meeting_done(&m);
		node_done(&user);
		node_done(&b);
	}
}

static void
a_key_does_not_open_a_server_that_has_only_a_certificate(void)
{
	struct node a, b;
	struct meeting m = { 0 };

	pair_init(&a, &b);
	struct rsp_key key = make_key(RSP_ROLE_ELEMENT, "a", "b");
	hold(&a, &key);
	trust(&a, &ca, NULL);
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	node_ready(&a);
	rsp_keyring_unref(b.ring);
	b.ring = NULL;
	node_ready(&b);
	meet(&a, RSP_ROLE_ELEMENT, "b", &b, RSP_TLS_ASAP, &m); /* must not fall back to the certificate */
	EXPECT_REFUSED(m, RSP_EAUTH, RSP_EUNKNOWN_ID);
	meeting_done(&m);
	pair_done(&a, &b);
}

static void
users_may_be_asked_for_a_certificate(void)
{
	struct node with, without, b;
	struct meeting m = { 0 };

	node_init(&with, "");
	node_init(&without, "");
	node_init(&b, "b");
	trust(&with, &ca, NULL);
	trust(&without, &ca, NULL);
	trust(&b, &ca, NULL);
	certify(&with, &(struct cert){ .kind = RSP_X509_USER, .name = "someone" }, NULL);
	certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b" }, NULL);
	node_ready(&with);
	node_ready(&without);
	node_ready_as(&b, &(struct rsp_tls_config){ .require_user_cert = true });
	meet(&with, RSP_ROLE_USER, "b", &b, RSP_TLS_ASAP, &m);
	EXPECT_OPEN(m, RSP_ROLE_USER, "someone");
	meeting_done(&m);
	meet(&without, RSP_ROLE_USER, "b", &b, RSP_TLS_ASAP, &m);
	EXPECT_REFUSED(m, RSP_EAUTH, RSP_EAUTH);
	meeting_done(&m);
	node_done(&with);
	node_done(&without);
	node_done(&b);
}

/* An address that was only heard of (RFC 5355 2.12): whichever registrar of the scope has it, and no other host. */
static void
any_registrar_of_the_scope_may_answer_with_its_certificate(void)
{
	static const struct rsp_scope_registrar scope[] = { { .name = "other" }, { .name = "b" } };
	static const struct {
		size_t n; /* of @scope are known */
		const struct rsp_x509_pair *issuer;
		enum rsp_err err;
	} cases[] = { { 2, &ca, RSP_OK }, { 1, &ca, RSP_ECERT_NAME }, { 0, &ca, RSP_ECERT_NAME },
		      { 2, &other_ca, RSP_ECERT_CA } };

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		struct node user, b;
		struct meeting m = { 0 };

		node_init(&user, "");
		node_init(&b, "b");
		trust(&user, &ca, NULL);
		certify(&b, &(struct cert){ .kind = RSP_X509_SERVER, .name = "b", .issuer = cases[i].issuer }, NULL);
		node_ready_as(&user, &(struct rsp_tls_config){ .registrars = scope, .n_registrars = cases[i].n });
		node_ready(&b);
		meet(&user, RSP_ROLE_USER, NULL, &b, RSP_TLS_ASAP, &m);
		if (cases[i].err) {
			EXPECT_REFUSED(m, cases[i].err, RSP_EAUTH);
		} else {
			EXPECT_OPEN(m, RSP_ROLE_USER, "");
			CHECK_STR(m.client.identity, "b");
		}
		meeting_done(&m);
		node_done(&user);
		node_done(&b);
	}
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(each_fault_of_a_server_certificate_has_its_error);
	TAP_RUN(a_certificate_does_not_replace_a_key);
	TAP_RUN(a_key_does_not_open_a_server_that_has_only_a_certificate);
	TAP_RUN(users_may_be_asked_for_a_certificate);
	TAP_RUN(any_registrar_of_the_scope_may_answer_with_its_certificate);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
