#ifndef RSP_KEYS_DATE_H
#define RSP_KEYS_DATE_H

#include <stdint.h>

#include "base/err.h"

/**
 * Parse a moment: RFC 3339 UTC as rsp_clock_format() writes it, with or without milliseconds, or a date, which means
 * its midnight. Years 1970 to 9999. RSP_EVALUE.
 */
enum rsp_err rsp_date_parse(const char *text, int64_t *ret_ms) RSP_NODISCARD;

#endif
