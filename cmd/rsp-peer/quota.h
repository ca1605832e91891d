#ifndef CMD_RSP_PEER_QUOTA_H
#define CMD_RSP_PEER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Limits how many records of errors and refusals are printed. Each source has a quota for each kind of record, so that
 * one source cannot hide the records of another (RFC 5355 s.2.1). Suppressed records are counted, and the count is
 * reported once for each source and kind. base/limiter.h does not fit: it lets one record of a subject pass in an
 * interval where a quota lets QUOTA_RECORDS pass, and it forgets a subject as soon as 64 others need its entry. A quota
 * must stay until its number of suppressed records has been reported, together with kind, detail and source, but the
 * limiter keeps a hash of its subject only. */

#define QUOTA_WINDOW_MS   5000 /* how long a quota lasts, from its first record */
#define QUOTA_RECORDS     20   /* the records in one quota */
#define QUOTA_FULL        2000 /* records of all quotas in one window; then each new quota has one record */
#define QUOTA_ENTRIES_MAX 4096 /* quotas at a time; further sources share one quota for each kind */
#define QUOTA_TEXT_MAX    64   /* octets of kind, detail and source that are compared */

/** The kind and the source of a record. Texts longer than QUOTA_TEXT_MAX are cut off. */
struct quota_of {
	const char *kind;   /* the event */
	const char *detail; /* the key of the record; NULL: none */
	const char *source; /* an identity or an address; NULL: none */
};

/** The number of suppressed records of one source and kind. The texts are valid until the next call. */
struct quota_sum {
	struct quota_of of;
	uint64_t count;
};

struct quota;

/** RSP_ENOMEM; RSP_EIO: no random numbers. */
enum rsp_err quota_new(struct quota **ret) RSP_NODISCARD;
void quota_free(struct quota *q);

/**
 * Whether one more record of @of may be printed at @now_ms. A quota that has ended and has suppressed records must first
 * be reported: by quota_sum(), or, if @ret_left is not NULL, by this caller, who gets the number in *@ret_left (else 0).
 * Until then no new quota begins, and the result is false.
 */
bool quota_pay(struct quota *q, uint64_t now_ms, const struct quota_of *of, uint64_t *ret_left);

/** Report the next quota that has ended at @now_ms and suppressed records, and remove it. False: no such quota. */
bool quota_sum(struct quota *q, uint64_t now_ms, struct quota_sum *ret);

/** When the next quota that suppressed records ends; RSP_NEVER: no such quota. */
uint64_t quota_due(const struct quota *q);

/** The number of suppressed records since the start. */
uint64_t quota_left_out(const struct quota *q);

#endif
