#ifndef RSP_BASE_PARSE_H
#define RSP_BASE_PARSE_H

#include <stdint.h>

#include "base/err.h"

/* Parsers of options and configuration. Each takes the whole text; else it returns RSP_EVALUE and leaves @ret
 * unchanged. */

/** A decimal number from @min to @max. */
enum rsp_err rsp_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret) RSP_NODISCARD;

/** A 32-bit id: 0x… in hex, or decimal. */
enum rsp_err rsp_parse_id(const char *text, uint32_t *ret) RSP_NODISCARD;

/** A duration: 250ms, 30s, 5m, 2h, 7d; a bare number counts seconds. In milliseconds, at most 10 years. */
enum rsp_err rsp_parse_duration(const char *text, uint64_t *ret_ms) RSP_NODISCARD;

#endif
