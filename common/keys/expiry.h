#ifndef RSP_KEYS_EXPIRY_H
#define RSP_KEYS_EXPIRY_H

#include <stdint.h>

#include "keys/x509.h"

/* What of a scope directory ends when: certificates, CAs and lists of revoked certificates. No clock and no I/O: the caller
 * gives the time, in ms since 1970, asks what to warn of, and comes back when something changes next. */

enum rsp_expiry_kind { RSP_EXPIRY_CERT, RSP_EXPIRY_CA, RSP_EXPIRY_CRL };

/** How urgent it is; a larger one is worse. */
enum rsp_expiry_stage {
	RSP_EXPIRY_FINE,
	RSP_EXPIRY_30_DAYS, /* it ends within 30 days */
	RSP_EXPIRY_7_DAYS,
	RSP_EXPIRY_1_DAY,
	RSP_EXPIRY_OVER
};

struct rsp_expiry {
	enum rsp_expiry_kind kind;
	char subject[128]; /* common name; for a list that of its CA */
	int64_t not_before_ms;
	int64_t not_after_ms; /* of a list: when the next one is due */
};

#define RSP_EXPIRY_MAX (3 * RSP_X509_CHAIN_MAX)

/**
 * List in @ret what of @x509 ends: our own chain, the CAs, and of each CA the newest list. Returns how many there are.
 */
unsigned rsp_expiry_list(const struct rsp_x509 *x509, struct rsp_expiry ret[static RSP_EXPIRY_MAX]);

/** The stage at @now_ms. */
enum rsp_expiry_stage rsp_expiry_stage(const struct rsp_expiry *expiry, int64_t now_ms);

/** Whether the stage at @now_ms is worth a warning after one at @before_ms: it is worse than it was then. */
bool rsp_expiry_worse(const struct rsp_expiry *expiry, int64_t before_ms, int64_t now_ms);

/** The first moment after @now_ms at which one of the @n in @list is worse; INT64_MAX: none ever. */
int64_t rsp_expiry_next_ms(const struct rsp_expiry *list, unsigned n, int64_t now_ms);

#endif
