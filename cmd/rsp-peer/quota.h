#ifndef CMD_RSP_PEER_QUOTA_H
#define CMD_RSP_PEER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* How many records of what went wrong are printed: each source has a quota of each kind, so that the noise of one hides
 * nothing of another (RFC 5355 2.1). What is left out is counted, and told once for each source and kind. */

#define QUOTA_WINDOW_MS   5000 /* a quota lasts so long, from its first record */
#define QUOTA_RECORDS     20   /* and is so many records */
#define QUOTA_FULL        2000 /* when so many were printed in one window, of all, each further quota is one record */
#define QUOTA_ENTRIES_MAX 4096 /* quotas at a time; further sources share one of each kind */
#define QUOTA_TEXT_MAX    64   /* octets of kind, detail and source that count */

/** What a record is of. Texts that are longer than QUOTA_TEXT_MAX are cut off. */
struct quota_of {
	const char *kind;   /* the event */
	const char *detail; /* an error key or a reason; NULL: none */
	const char *source; /* an identity or an address; NULL: none */
};

/** What was left out, of one source and kind. Texts live until the next call. */
struct quota_sum {
	struct quota_of of;
	uint64_t count;
};

struct quota;

/** RSP_ENOMEM, RSP_EIO: no random numbers. */
enum rsp_err quota_new(struct quota **ret) RSP_NODISCARD;
void quota_free(struct quota *q);

/**
 * Whether one more record of @of may be printed at @now_ms. If so, and @ret_left is not NULL, *@ret_left is how many of them
 * were left out before, in a quota that is over and of which quota_sum() did not tell; it will not tell of those.
 */
bool quota_pay(struct quota *q, uint64_t now_ms, const struct quota_of *of, uint64_t *ret_left);

/** The next of the quotas that are over at @now_ms and left something out; it is forgotten. False: there is none. */
bool quota_sum(struct quota *q, uint64_t now_ms, struct quota_sum *ret);

/** When the next quota that left something out will be over; RSP_NEVER: there is none. */
uint64_t quota_due(const struct quota *q);

/** How many records were left out in all. */
uint64_t quota_left_out(const struct quota *q);

#endif
