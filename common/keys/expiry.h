#ifndef RSP_KEYS_EXPIRY_H
#define RSP_KEYS_EXPIRY_H

#include <stdint.h>

#include "keys/x509.h"

/* When certificates, CAs and CRLs of a scope directory expire. No clock and no I/O: the caller passes the time, in
 * ms since 1970, asks what to warn about, and asks again when a stage changes. */

enum rsp_expiry_kind { RSP_EXPIRY_CERT, RSP_EXPIRY_CA, RSP_EXPIRY_CRL };

/** How urgent the end is; a larger stage is more urgent. */
enum rsp_expiry_stage {
	RSP_EXPIRY_FINE,
	RSP_EXPIRY_30_DAYS, /* less than 30 days are left */
	RSP_EXPIRY_7_DAYS,
	RSP_EXPIRY_1_DAY,
	RSP_EXPIRY_OVER
};

struct rsp_expiry {
	enum rsp_expiry_kind kind;
	char subject[128]; /* common name; for a CRL that of its CA */
	int64_t not_before_ms;
	int64_t not_after_ms; /* for a CRL: when the next one is due */
};

#define RSP_EXPIRY_MAX (3 * RSP_X509_CHAIN_MAX)

/**
 * Write to @ret what of @x509 expires: this node's certificate chain, the CAs, and the newest CRL of each CA. Returns
 * the number of entries.
 */
unsigned rsp_expiry_list(const struct rsp_x509 *x509, struct rsp_expiry ret[static RSP_EXPIRY_MAX]);

/** The stage at @now_ms. */
enum rsp_expiry_stage rsp_expiry_stage(const struct rsp_expiry *expiry, int64_t now_ms);

/** Whether the stage at @now_ms is worse than at @before_ms: then a warning is due. */
bool rsp_expiry_worse(const struct rsp_expiry *expiry, int64_t before_ms, int64_t now_ms);

/** The first moment after @now_ms at which the stage of one of the @n entries gets worse; INT64_MAX: never. */
int64_t rsp_expiry_next_ms(const struct rsp_expiry *list, unsigned n, int64_t now_ms);

#endif
