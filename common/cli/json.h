#ifndef RSP_CLI_JSON_H
#define RSP_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/* Records: JSON objects on standard output (or --output), one a line. Keys keep the order in which they are put. */

/** A record that begins with @schema ("rsp.resolve/1"), the time and @ok. NULL: out of memory. */
json_t *rsp_json_record(const char *schema, bool ok) RSP_NODISCARD;

/** Put @value, stealing it, into *@object. Out of memory (also if @value is NULL) makes *@object NULL, and so it stays. */
void rsp_json_put(json_t **object, const char *key, json_t *value);
/** The same for an array. */
void rsp_json_append(json_t **array, json_t *value);

json_t *rsp_json_id(uint32_t id);		       /* "0x0000beef" */
json_t *rsp_json_u64(uint64_t value);		       /* "0x000000000000beef" */
json_t *rsp_json_code(uint16_t code);		       /* "0x000a" */
json_t *rsp_json_hex(struct rsp_bytes bytes);	       /* "cafe" */
json_t *rsp_json_ip(const struct rsp_ip *ip);	       /* "192.0.2.1"; null for none */
json_t *rsp_json_time(int64_t wall_ms);		       /* "2026-01-31T12:00:00.000Z" */
json_t *rsp_json_text(const char *text);	       /* null for NULL; octets that are not UTF-8 become "\\xNN" */
json_t *rsp_json_text_or_null(struct rsp_bytes bytes); /* null if it is not UTF-8, or holds a NUL */

/** Put "handle" and "handle_hex". */
void rsp_json_put_handle(json_t **object, struct rsp_bytes handle);

/**
 * Print @record, stealing it: compact on a line of its own, or indented on a terminal and with --pretty. NULL means that it
 * could not be made (RSP_ENOMEM). RSP_EOUTPUT if it cannot be written: that is said once, on stderr, and is the tool's exit
 * status in the end (rsp_cli_main). A closed pipe ends the tool as SIGPIPE does, unless the tool holds something: then
 * nobody listens any more, and it goes on in silence.
 */
enum rsp_err rsp_json_emit(json_t *record);

/** Print @text as it is (for --plain and --format); otherwise as rsp_json_emit(). */
enum rsp_err rsp_cli_write(struct rsp_bytes text);

/** Where records go from now on: @path, or stdout if it is NULL; @holds: see rsp_json_emit(). */
enum rsp_err rsp_cli_output_open(const char *path, bool holds, bool pretty, struct rsp_why *why) RSP_NODISCARD;

/**
 * Open --output again, and append: its name may be another file's since (logrotate(8)). Nothing without --output, or if it
 * is the same file. RSP_EOUTPUT with @why leaves the old one in use.
 */
enum rsp_err rsp_cli_output_reopen(struct rsp_why *why) RSP_NODISCARD;

/** Whether a record was lost for another reason than a closed pipe; after closing --output. */
enum rsp_err rsp_cli_output_close(void) RSP_NODISCARD;

#endif
