#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "keys/x509_pem.h"
#include "tap.h"

/* Two CAs in ca.pem and the lists of both in crl.pem, in any order, also with one name, also with an expired one. */

#define DAY INT64_C(86400000)

static char dir[] = "/tmp/rsp-test-XXXXXX";
static int64_t now;

/* The old CA is the one with an index of 0. */
static struct rsp_x509_pair ca[2], leaf[2];
static char *crl[2];

static void
make(enum rsp_x509_kind kind, const char *name, int64_t from_ms, int64_t to_ms, const struct rsp_x509_pair *issuer,
     struct rsp_x509_pair *ret)
{
	struct rsp_x509_request request = { .kind = kind,
					    .organization = "s",
					    .common_name = name,
					    .dns = &name,
					    .n_dns = kind == RSP_X509_SERVER,
					    .not_before_ms = from_ms,
					    .not_after_ms = to_ms };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_x509_make(&request, issuer, ret, &why), RSP_OK);
}

/* A list of the CA @i, until @to_ms, that revokes @bad or nothing. */
static void
list(unsigned i, int64_t to_ms, const char *bad)
{
	char *made = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_x509_make_crl(&ca[i], NULL, bad, now - 20 * DAY, to_ms, &made, &why), RSP_OK);
	free(crl[i]);
	crl[i] = made;
}

/* Both CAs with a registrar's certificate each; the old one is valid until @old_ms. */
static void
begin(const char *new_name, int64_t old_ms)
{
	const char *const names[] = { "s CA", new_name };

	for (unsigned i = 0; i < 2; i++) {
		make(RSP_X509_CA, names[i], now - 30 * DAY, i == 0 ? old_ms : now + 90 * DAY, NULL, &ca[i]);
		make(RSP_X509_SERVER, "r1", now - 30 * DAY, now + 30 * DAY, &ca[i], &leaf[i]);
		list(i, now + DAY, NULL);
	}
}

static void
end(void)
{
	for (unsigned i = 0; i < 2; i++) {
		rsp_x509_pair_done(&ca[i]);
		rsp_x509_pair_done(&leaf[i]);
		free(crl[i]);
		crl[i] = NULL;
	}
}

static char *
write_both(const char *file, const char *a, const char *b)
{
	char *path = rsp_path_join(dir, file), *text = NULL;
	struct rsp_why why = { 0 };

	CHECK(asprintf(&text, "%s%s", a, b) > 0);
	CHECK_EQ(rsp_file_write(path, RSP_FILE_TRUSTED, true, rsp_bytes_str(text), &why), RSP_OK);
	free(text);
	return path;
}

/* The files with the CA and the list @first in front. */
static enum rsp_err
load(unsigned first_ca, unsigned first_crl, struct rsp_x509 *ret)
{
	RSP_AUTO(rsp_free) char *cas = write_both("ca.pem", ca[first_ca].cert_pem, ca[!first_ca].cert_pem);
	RSP_AUTO(rsp_free) char *crls = write_both("crl.pem", crl[first_crl], crl[!first_crl]);
	struct rsp_why why = { 0 };
	enum rsp_err err = rsp_x509_load_ca(ret, cas, &why);

	if (!err)
		err = rsp_x509_load_crl(ret, crls, &why);
	if (err)
		printf("# %s: %s\n", why.object, why.reason);
	return err;
}

static enum rsp_err
judge(const struct rsp_x509 *trust, unsigned i, struct rsp_why *why)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t pem = { .size = (unsigned)strlen(leaf[i].cert_pem) }, der = { 0 };

	pem.data = (unsigned char *)leaf[i].cert_pem;
	CHECK(gnutls_x509_crt_init(&cert) == 0 && gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) == 0 &&
	      gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) == 0);
	enum rsp_err err = rsp_x509_verify(trust, &der, 1, RSP_X509_SERVER, "r1", why);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(cert);
	return err;
}

/* In each order of each file, certificates of the old CA are judged as @old, those of the new one as @new. */
static void
expect(enum rsp_err old, enum rsp_err new)
{
	const enum rsp_err wanted[] = { old, new };

	for (unsigned order = 0; order < 4; order++) {
		struct rsp_x509 trust = { 0 };
		struct rsp_why why = { 0 };

		CHECK_EQ(load(order & 1, order >> 1, &trust), RSP_OK);
		for (unsigned i = 0; i < 2; i++)
			CHECK_EQ(judge(&trust, i, &why), wanted[i]);
		rsp_x509_done(&trust);
	}
}

/* Names of the new CA: another one, and that of the old CA. */
static const char other_name[] = "s CA 2", same_name[] = "s CA";

static void
both_good(const char *new_name)
{
	begin(new_name, now + 9 * DAY);
	expect(RSP_OK, RSP_OK);
	end();
}

static void
revoked_by_its_own_ca(const char *new_name)
{
	begin(new_name, now + 9 * DAY);
	list(0, now + DAY, leaf[0].cert_pem);
	expect(RSP_ECERT_REVOKED, RSP_OK);
	list(1, now + DAY, leaf[1].cert_pem);
	expect(RSP_ECERT_REVOKED, RSP_ECERT_REVOKED);
	end();
}

static void
outdated_list_of_the_old_ca(const char *new_name)
{
	begin(new_name, now + 9 * DAY);
	list(0, now - DAY, NULL);
	list(1, now + DAY, NULL);
	expect(RSP_ECRL_EXPIRED, RSP_OK);
	end();
}

static void
outdated_list_of_the_new_ca(const char *new_name)
{
	begin(new_name, now + 9 * DAY);
	list(0, now + DAY, NULL);
	list(1, now - DAY, NULL);
	expect(RSP_OK, RSP_ECRL_EXPIRED);
	end();
}

static void
certificates_of_both_cas_are_good(void)
{
	both_good(other_name);
}

static void
certificates_of_two_cas_with_one_name_are_good(void)
{
	both_good(same_name);
}

static void
a_certificate_is_revoked_by_the_list_of_its_ca(void)
{
	revoked_by_its_own_ca(other_name);
}

static void
a_certificate_is_revoked_by_the_list_of_its_ca_also_if_both_have_one_name(void)
{
	revoked_by_its_own_ca(same_name);
}

static void
an_outdated_list_of_the_old_ca_matters_to_its_certificates_only(void)
{
	outdated_list_of_the_old_ca(other_name);
	outdated_list_of_the_old_ca(same_name);
}

static void
an_outdated_list_of_the_new_ca_matters_to_its_certificates_only(void)
{
	outdated_list_of_the_new_ca(other_name);
	outdated_list_of_the_new_ca(same_name);
}

static void
certificates_of_an_expired_ca_are_refused(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };

	begin("s CA", now - DAY);
	list(0, now - 2 * DAY, NULL);
	expect(RSP_ECERT_EXPIRED, RSP_OK);
	CHECK_EQ(load(0, 0, &trust), RSP_OK);
	CHECK_EQ(judge(&trust, 0, &why), RSP_ECERT_EXPIRED);
	CHECK(strstr(why.reason, "ca.pem: the CA's certificate expired on 2"));
	rsp_x509_done(&trust);
	end();
}

static void
the_reason_names_crl_pem_for_an_outdated_list(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };

	begin("s CA 2", now + DAY);
	list(1, now - DAY, NULL);
	CHECK_EQ(load(0, 0, &trust), RSP_OK);
	CHECK_EQ(judge(&trust, 1, &why), RSP_ECRL_EXPIRED);
	CHECK(strstr(why.reason, "crl.pem: a newer list was due on 2"));
	rsp_x509_done(&trust);
	end();
}

static void
the_reason_names_cert_pem_for_an_expired_certificate(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };

	begin("s CA 2", now + DAY);
	list(1, now - DAY, NULL);
	rsp_x509_pair_done(&leaf[1]);
	make(RSP_X509_SERVER, "r1", now - 3 * DAY, now - DAY, &ca[1], &leaf[1]);
	CHECK_EQ(load(0, 0, &trust), RSP_OK);
	CHECK_EQ(judge(&trust, 1, &why), RSP_ECERT_EXPIRED);
	CHECK(strstr(why.reason, "cert.pem: the certificate expired on 2"));
	rsp_x509_done(&trust);
	end();
}

static void
of_two_lists_of_one_ca_the_newer_counts(void)
{
	struct rsp_x509 trust = { 0 };
	struct rsp_why why = { 0 };
	int64_t due = 0;

	begin("s CA 2", now + DAY);
	free(crl[0]);
	crl[0] = NULL;
	CHECK_EQ(rsp_x509_make_crl(&ca[1], NULL, NULL, now - 25 * DAY, now - DAY, &crl[0], &why), RSP_OK);
	for (unsigned order = 0; order < 2; order++) {
		CHECK_EQ(load(0, order, &trust), RSP_OK);
		CHECK_EQ(judge(&trust, 1, &why), RSP_OK);
		CHECK(!rsp_x509_crl_due(&trust, trust.ca[0], &due));
		CHECK(rsp_x509_crl_due(&trust, trust.ca[1], &due) && due > now);
		rsp_x509_done(&trust);
	}
	end();
}

static void
the_certificate_of_a_key_is_found_among_several(void)
{
	RSP_AUTO(rsp_free) char *both = NULL;
	RSP_AUTO(rsp_free) char *found = NULL;

	begin("s CA", now + DAY);
	CHECK(asprintf(&both, "%s%s", ca[0].cert_pem, ca[1].cert_pem) > 0);
	CHECK_EQ(rsp_pem_certificate_of_key(both, ca[1].key_pem, &found), RSP_OK);
	CHECK_STR(found, ca[1].cert_pem);
	CHECK_EQ(rsp_pem_certificate_of_key(both, leaf[1].key_pem, &found), RSP_EKEY);
	CHECK_EQ(rsp_pem_certificate_of_key("", ca[0].key_pem, &found), RSP_EKEY);
	CHECK_EQ(rsp_pem_certificate_of_key(both, "no key", &found), RSP_EKEY);
	end();
}

static void
the_lists_of_one_ca_are_separated_from_others(void)
{
	RSP_AUTO(rsp_free) char *both = NULL;
	RSP_AUTO(rsp_free) char *its = NULL;
	RSP_AUTO(rsp_free) char *others = NULL;

	begin("s CA", now + DAY);
	CHECK(asprintf(&both, "%s%s", crl[0], crl[1]) > 0);
	CHECK_EQ(rsp_pem_crls_of(both, ca[1].cert_pem, true, &its), RSP_OK);
	CHECK_STR(its, crl[1]);
	CHECK_EQ(rsp_pem_crls_of(both, ca[1].cert_pem, false, &others), RSP_OK);
	CHECK_STR(others, crl[0]);
	end();
}

static void
a_signature_is_of_one_ca_although_both_have_one_name(void)
{
	begin("s CA", now + DAY);
	CHECK(rsp_pem_is_signed_by(leaf[0].cert_pem, ca[0].cert_pem));
	CHECK(!rsp_pem_is_signed_by(leaf[0].cert_pem, ca[1].cert_pem));
	end();
}

static void
the_names_in_a_certificate_are_read(void)
{
	struct rsp_x509_names names;

	begin("s CA", now + DAY);
	CHECK_EQ(rsp_pem_names(leaf[0].cert_pem, &names), RSP_OK);
	CHECK(names.n_dns == 1 && names.n_ips == 0 && strcmp(names.dns[0], "r1") == 0 && !names.ed25519);
	CHECK_EQ(rsp_pem_names("no certificate", &names), RSP_EKEY);
	end();
}

int
main(void)
{
	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	now = rsp_clock_wall_ms();
	TAP_RUN(certificates_of_both_cas_are_good);
	TAP_RUN(certificates_of_two_cas_with_one_name_are_good);
	TAP_RUN(a_certificate_is_revoked_by_the_list_of_its_ca);
	TAP_RUN(a_certificate_is_revoked_by_the_list_of_its_ca_also_if_both_have_one_name);
	TAP_RUN(an_outdated_list_of_the_old_ca_matters_to_its_certificates_only);
	TAP_RUN(an_outdated_list_of_the_new_ca_matters_to_its_certificates_only);
	TAP_RUN(certificates_of_an_expired_ca_are_refused);
	TAP_RUN(the_reason_names_crl_pem_for_an_outdated_list);
	TAP_RUN(the_reason_names_cert_pem_for_an_expired_certificate);
	TAP_RUN(of_two_lists_of_one_ca_the_newer_counts);
	TAP_RUN(the_certificate_of_a_key_is_found_among_several);
	TAP_RUN(the_lists_of_one_ca_are_separated_from_others);
	TAP_RUN(a_signature_is_of_one_ca_although_both_have_one_name);
	TAP_RUN(the_names_in_a_certificate_are_read);
	for (unsigned i = 0; i < 2; i++) {
		RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, i ? "ca.pem" : "crl.pem");

		(void)unlink(path);
	}
	return rmdir(dir) < 0 ? EXIT_FAILURE : tap_end();
}
