#ifndef RSP_BASE_PARSE_H
#define RSP_BASE_PARSE_H

#include <stdint.h>

#include "base/err.h"

/* Parsers for options and configuration files. The whole @text must be valid; else a parser returns RSP_EVALUE and does
 * not change @ret. */

/** Parse a decimal number from @min to @max. */
enum rsp_err rsp_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret) RSP_NODISCARD;

/** Parse a 32-bit id: hex digits after 0x, or decimal. */
enum rsp_err rsp_parse_id(const char *text, uint32_t *ret) RSP_NODISCARD;

/** Parse a duration: 250ms, 30s, 5m, 2h, 7d; a number without unit is in seconds. The
 * result is in milliseconds, at most 10 years. */
enum rsp_err rsp_parse_duration(const char *text, uint64_t *ret_ms) RSP_NODISCARD;

#endif
