#ifndef RSP_CLI_JSON_H
#define RSP_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/* Records: JSON objects on standard output (or --output), one on each line. Keys keep the order in which they are
 * put. */

/** A record that begins with @schema ("rsp.resolve/1"), the time and @ok. NULL: out of memory. */
json_t *rsp_json_record(const char *schema, bool ok) RSP_NODISCARD;

/**
 * Put @value, stealing it, into *@object. If memory runs out, or @value is NULL, *@object is freed and becomes NULL;
 * more calls leave it NULL. So only the end result needs a check.
 */
void rsp_json_put(json_t **object, const char *key, json_t *value);
/** As rsp_json_put(): append @value to an array. */
void rsp_json_append(json_t **array, json_t *value);

json_t *rsp_json_id(uint32_t id);		       /* "0x0000beef" */
json_t *rsp_json_id_or_null(uint32_t id);	       /* null for 0 */
json_t *rsp_json_count(uint64_t n);		       /* a number */
json_t *rsp_json_u64(uint64_t value);		       /* "0x000000000000beef" */
json_t *rsp_json_code(uint16_t code);		       /* "0x000a" */
json_t *rsp_json_hex(struct rsp_bytes bytes);	       /* "cafe" */
json_t *rsp_json_ip(const struct rsp_ip *ip);	       /* "192.0.2.1"; null for none */
json_t *rsp_json_time(int64_t wall_ms);		       /* "2026-01-31T12:00:00.000Z" */
json_t *rsp_json_text(const char *text);	       /* null for NULL; octets that are not UTF-8 become "\\xNN" */
json_t *rsp_json_text_or_null(struct rsp_bytes bytes); /* null if @bytes are not UTF-8 or hold a NUL */

/** Put "handle" and "handle_hex". */
void rsp_json_put_handle(json_t **object, struct rsp_bytes handle);

/**
 * Print @record, stealing it: compact on a line of its own, or indented on a terminal and with --pretty. @record NULL
 * means that making it failed: RSP_ENOMEM. Other errors as rsp_output_write().
 */
enum rsp_err rsp_json_emit(json_t *record);

#endif
