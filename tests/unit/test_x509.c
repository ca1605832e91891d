/* Certificates and CRLs: made, loaded, verified. */
#include "base/clock.h"
#include "keys/x509.h"
#include "keys_files.h"

#define DAY_MS INT64_C(86400000)

static bool ed25519; /* the algorithm of the test; BOTH() runs each test with both */

/* A CA, a registrar "r1" with a certificate of it, another CA of the same name, and what a user has loaded. */
struct certified {
	int64_t now;
	struct rsp_x509_pair ca, stranger, leaf;
	char *crl; /* of @ca, empty */
	struct rsp_x509 trust;
};

static enum rsp_err
make_pair(enum rsp_x509_kind kind, bool ed, const char *name, int64_t from_ms, int64_t to_ms,
     const struct rsp_x509_pair *issuer, struct rsp_x509_pair *ret)
{
	const char *const dns[] = { name, "*.pool.example", "xn--bcher-kva.example" };
	struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct rsp_x509_request request = { .kind = kind,
					    .ed25519 = ed,
					    .organization = "s",
					    .common_name = name,
					    .dns = dns,
					    .n_dns = kind == RSP_X509_SERVER ? 3 : 0,
					    .ips = &ip,
					    .n_ips = kind == RSP_X509_SERVER,
					    .not_before_ms = from_ms,
					    .not_after_ms = to_ms };
	struct rsp_why why = { 0 };
	enum rsp_err err = rsp_x509_make(&request, issuer, ret, &why);

	if (err)
		printf("# %s: %s\n", why.object, why.reason);
	return err;
}

static enum rsp_err
verify(const struct rsp_x509 *trust, const struct rsp_x509_pair *shown, enum rsp_x509_kind kind, const char *name)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t pem = { .data = (unsigned char *)shown->cert_pem, .size = (unsigned)strlen(shown->cert_pem) },
		       der = { 0 };
	struct rsp_why why = { 0 };

	CHECK(gnutls_x509_crt_init(&cert) == 0 && gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) == 0 &&
	      gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) == 0);
	enum rsp_err err = rsp_x509_verify(trust, &der, 1, kind, name, &why);
	CHECK_EQ(why.err, err);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(cert);
	return err;
}

static char *
crl_of(const struct rsp_x509_pair *issuer, const char *old, const char *revoke, int64_t now_ms, int64_t next_ms)
{
	struct rsp_why why = { 0 };
	char *crl = NULL;

	CHECK_EQ(rsp_x509_make_crl(issuer, old, revoke, now_ms, next_ms, &crl, &why), RSP_OK);
	return crl;
}

/* Load the CA and @crl into @trust. Returns the error of the CRL. */
static enum rsp_err
load(struct rsp_x509 *trust, const struct rsp_x509_pair *ca, const char *crl)
{
	struct rsp_why why = { 0 };

	rsp_x509_done(trust);
	*trust = (struct rsp_x509){ 0 };
	write_text("ca.pem", RSP_FILE_PUBLIC, ca->cert_pem);
	write_text("crl.pem", RSP_FILE_PUBLIC, crl);
	CHECK_EQ(rsp_x509_load_ca(trust, path_of("ca.pem"), &why), RSP_OK);
	return rsp_x509_load_crl(trust, path_of("crl.pem"), &why);
}

static void
certify(struct certified *c)
{
	*c = (struct certified){ .now = rsp_clock_wall_ms() };
	CHECK_EQ(make_pair(RSP_X509_CA, ed25519, "s CA", c->now - DAY_MS, c->now + 9 * DAY_MS, NULL, &c->ca), RSP_OK);
	CHECK_EQ(make_pair(RSP_X509_CA, !ed25519, "s CA", c->now - DAY_MS, c->now + 9 * DAY_MS, NULL, &c->stranger),
		 RSP_OK);
	CHECK_EQ(make_pair(RSP_X509_SERVER, ed25519, "r1", c->now - DAY_MS, c->now + DAY_MS, &c->ca, &c->leaf), RSP_OK);
	c->crl = crl_of(&c->ca, NULL, NULL, c->now, c->now + DAY_MS);
	CHECK_EQ(load(&c->trust, &c->ca, c->crl), RSP_OK);
}

static void
done(struct certified *c)
{
	free(c->crl);
	rsp_x509_done(&c->trust);
	rsp_x509_pair_done(&c->ca);
	rsp_x509_pair_done(&c->stranger);
	rsp_x509_pair_done(&c->leaf);
}

static void
verify_other(struct certified *c, enum rsp_x509_kind made, int64_t from_ms, int64_t to_ms,
	     const struct rsp_x509_pair *issuer, enum rsp_x509_kind kind, enum rsp_err wanted)
{
	struct rsp_x509_pair other = { 0 };

	CHECK_EQ(make_pair(made, ed25519, "r1", from_ms, to_ms, issuer, &other), RSP_OK);
	CHECK_EQ(verify(&c->trust, &other, kind, "r1"), wanted);
	rsp_x509_pair_done(&other);
}

static void
write_pair(const char *cert_pem, const char *key_pem)
{
	write_text("cert.pem", RSP_FILE_PUBLIC, cert_pem);
	write_text("key.pem", RSP_FILE_SECRET, key_pem);
}

static enum rsp_err
load_pair(struct rsp_x509 *x509)
{
	struct rsp_why why = { 0 };
	char key_path[256];

	(void)snprintf(key_path, sizeof(key_path), "%s", path_of("key.pem"));
	return rsp_x509_load_pair(x509, path_of("cert.pem"), key_path, &why);
}

static void
a_certificate_with_its_key_is_loaded_and_described(void)
{
	struct rsp_x509_facts facts = { 0 };
	gnutls_certificate_credentials_t credentials = NULL;
	struct rsp_why why = { 0 };
	struct certified c;

	certify(&c);
	write_pair(c.leaf.cert_pem, c.leaf.key_pem);
	CHECK_EQ(load_pair(&c.trust), RSP_OK);
	CHECK_EQ(rsp_x509_credentials(&c.trust, &credentials, &why), RSP_OK);
	gnutls_certificate_free_credentials(credentials);
	CHECK_EQ(c.trust.chain ? rsp_x509_facts(c.trust.chain[0], &facts) : RSP_EKEY, RSP_OK);
	CHECK_EQ(strlen(facts.serial), 32);
	CHECK_STR(facts.common_name, "r1");
	done(&c);
}

static void
a_key_of_another_certificate_is_refused(void)
{
	struct rsp_x509 wrong = { 0 };
	struct certified c;

	certify(&c);
	write_pair(c.leaf.cert_pem, c.ca.key_pem);
	CHECK_EQ(load_pair(&wrong), RSP_EKEY);
	rsp_x509_done(&wrong);
	done(&c);
}

static void
a_server_is_verified_by_its_names_and_addresses(void)
{
	struct certified c;

	certify(&c);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "r1"), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "127.0.0.1"), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "x.pool.example"), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "x.y.pool.example"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "r2"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "127.0.0.2"), RSP_ECERT_NAME);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "::1"), RSP_ECERT_NAME);
	done(&c);
}

/* RFC 5353 s.6.2: in ACE. */
static void
a_name_in_unicode_is_compared_in_ascii(void)
{
	struct certified c;

	certify(&c);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "b\303\274cher.example"), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "b\303\266cher.example"), RSP_ECERT_NAME);
	done(&c);
}

static void
a_certificate_is_good_for_its_purpose_only(void)
{
	struct certified c;

	certify(&c);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_USER, "r1"), RSP_ECERT_PURPOSE);
	verify_other(&c, RSP_X509_USER, c.now - DAY_MS, c.now + DAY_MS, &c.ca, RSP_X509_SERVER, RSP_ECERT_PURPOSE);
	verify_other(&c, RSP_X509_USER, c.now - DAY_MS, c.now + DAY_MS, &c.ca, RSP_X509_USER, RSP_OK);
	done(&c);
}

static void
an_expired_certificate_is_refused(void)
{
	struct certified c;

	certify(&c);
	verify_other(&c, RSP_X509_SERVER, c.now - 2 * DAY_MS, c.now - DAY_MS, &c.ca, RSP_X509_SERVER,
		     RSP_ECERT_EXPIRED);
	done(&c);
}

static void
a_certificate_is_refused_before_its_validity(void)
{
	struct certified c;

	certify(&c);
	verify_other(&c, RSP_X509_SERVER, c.now + DAY_MS, c.now + 2 * DAY_MS, &c.ca, RSP_X509_SERVER,
		     RSP_ECERT_NOTYET);
	done(&c);
}

static void
a_certificate_of_another_ca_is_refused_even_if_the_ca_has_the_same_name(void)
{
	struct certified c;

	certify(&c);
	verify_other(&c, RSP_X509_SERVER, c.now - DAY_MS, c.now + DAY_MS, &c.stranger, RSP_X509_SERVER, RSP_ECERT_CA);
	done(&c);
}

static void
without_a_ca_no_certificate_is_accepted(void)
{
	struct certified c;

	certify(&c);
	CHECK_EQ(verify(&(struct rsp_x509){ 0 }, &c.leaf, RSP_X509_SERVER, "r1"), RSP_ECERT_CA);
	done(&c);
}

static void
a_revoked_certificate_stays_revoked_in_the_next_crl(void)
{
	struct certified c;

	certify(&c);
	char *revoked = crl_of(&c.ca, c.crl, c.leaf.cert_pem, c.now, c.now + DAY_MS);
	char *next = crl_of(&c.ca, revoked, NULL, c.now, c.now + DAY_MS);
	CHECK_EQ(load(&c.trust, &c.ca, next), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "r1"), RSP_ECERT_REVOKED);
	free(revoked);
	free(next);
	done(&c);
}

/* GnuTLS accepts an outdated CRL. */
static void
an_outdated_crl_is_refused(void)
{
	struct certified c;

	certify(&c);
	char *old = crl_of(&c.ca, NULL, NULL, c.now - 2 * DAY_MS, c.now - DAY_MS);
	CHECK_EQ(load(&c.trust, &c.ca, old), RSP_OK);
	CHECK_EQ(verify(&c.trust, &c.leaf, RSP_X509_SERVER, "r1"), RSP_ECRL_EXPIRED);
	free(old);
	done(&c);
}

static void
a_crl_of_another_ca_is_refused(void)
{
	struct certified c;

	certify(&c);
	char *other = crl_of(&c.stranger, NULL, NULL, c.now, c.now + DAY_MS);
	CHECK_EQ(load(&c.trust, &c.ca, other), RSP_EKEY);
	free(other);
	done(&c);
}

static void
a_certificate_that_is_no_ca_is_no_anchor(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };
	struct certified c;

	certify(&c);
	write_text("ca.pem", RSP_FILE_PUBLIC, c.leaf.cert_pem);
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_EKEY);
	rsp_x509_done(&trust);
	done(&c);
}

static void
a_file_that_is_not_pem_is_no_anchor(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };

	write_text("ca.pem", RSP_FILE_PUBLIC, "not PEM");
	CHECK_EQ(rsp_x509_load_ca(&trust, path_of("ca.pem"), &why), RSP_EKEY);
	rsp_x509_done(&trust);
}

#define BOTH(test)                                                                                                     \
	do {                                                                                                           \
		ed25519 = false;                                                                                       \
		tap_run(test, #test "_ecdsa");                                                                         \
		ed25519 = true;                                                                                        \
		tap_run(test, #test "_ed25519");                                                                       \
	} while (0)

int
main(void)
{
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	BOTH(a_certificate_with_its_key_is_loaded_and_described);
	BOTH(a_key_of_another_certificate_is_refused);
	BOTH(a_server_is_verified_by_its_names_and_addresses);
	BOTH(a_name_in_unicode_is_compared_in_ascii);
	BOTH(a_certificate_is_good_for_its_purpose_only);
	BOTH(an_expired_certificate_is_refused);
	BOTH(a_certificate_is_refused_before_its_validity);
	BOTH(a_certificate_of_another_ca_is_refused_even_if_the_ca_has_the_same_name);
	BOTH(without_a_ca_no_certificate_is_accepted);
	BOTH(a_revoked_certificate_stays_revoked_in_the_next_crl);
	BOTH(an_outdated_crl_is_refused);
	BOTH(a_crl_of_another_ca_is_refused);
	BOTH(a_certificate_that_is_no_ca_is_no_anchor);
	TAP_RUN(a_file_that_is_not_pem_is_no_anchor);
	TAP_RUN(nothing_else_is_left_in_the_directory);
	return tap_end();
}
