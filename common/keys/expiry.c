#include "keys/expiry.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)

/* The time before the end at which each stage begins. */
static const int64_t lead_ms[] = { [RSP_EXPIRY_30_DAYS] = 30 * DAY_MS,
				   [RSP_EXPIRY_7_DAYS] = 7 * DAY_MS,
				   [RSP_EXPIRY_1_DAY] = DAY_MS,
				   [RSP_EXPIRY_OVER] = 0 };

static void
take_subject(gnutls_x509_crt_t cert, struct rsp_expiry *ret)
{
	char name[256];

	rsp_x509_common_name(cert, name, sizeof(name));
	(void)snprintf(ret->subject, sizeof(ret->subject), "%.*s", (int)sizeof(ret->subject) - 1, name);
}

static struct rsp_expiry
of_certificate(gnutls_x509_crt_t cert, enum rsp_expiry_kind kind)
{
	struct rsp_expiry expiry = { .kind = kind,
				     .not_before_ms = (int64_t)gnutls_x509_crt_get_activation_time(cert) * 1000,
				     .not_after_ms = (int64_t)gnutls_x509_crt_get_expiration_time(cert) * 1000 };

	take_subject(cert, &expiry);
	return expiry;
}

unsigned
rsp_expiry_list(const struct rsp_x509 *x509, struct rsp_expiry ret[static RSP_EXPIRY_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < x509->n_chain && i < RSP_X509_CHAIN_MAX; i++)
		ret[n++] = of_certificate(x509->chain[i], RSP_EXPIRY_CERT);
	for (unsigned i = 0; i < x509->n_ca && i < RSP_X509_CHAIN_MAX; i++) {
		struct rsp_expiry list = { .kind = RSP_EXPIRY_CRL };

		ret[n++] = of_certificate(x509->ca[i], RSP_EXPIRY_CA);
		if (!rsp_x509_crl_due(x509, x509->ca[i], &list.not_after_ms))
			continue;
		take_subject(x509->ca[i], &list);
		ret[n++] = list;
	}
	return n;
}

enum rsp_expiry_stage
rsp_expiry_stage(const struct rsp_expiry *expiry, int64_t now_ms)
{
	enum rsp_expiry_stage stage = RSP_EXPIRY_FINE;

	while (stage < RSP_EXPIRY_OVER && now_ms > expiry->not_after_ms - lead_ms[stage + 1])
		stage++;
	return stage;
}

bool
rsp_expiry_worse(const struct rsp_expiry *expiry, int64_t before_ms, int64_t now_ms)
{
	return rsp_expiry_stage(expiry, now_ms) > rsp_expiry_stage(expiry, before_ms);
}

int64_t
rsp_expiry_next_ms(const struct rsp_expiry *list, unsigned n, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < n; i++)
		for (enum rsp_expiry_stage stage = RSP_EXPIRY_30_DAYS; stage <= RSP_EXPIRY_OVER; stage++) {
			int64_t at = list[i].not_after_ms - lead_ms[stage] + 1;

			if (at > now_ms && at < next)
				next = at;
		}
	return next;
}
