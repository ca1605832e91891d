#ifndef RSP_CLI_FAIL_H
#define RSP_CLI_FAIL_H

#include <jansson.h>

#include "base/err.h"

/**
 * Report a failure: print the record rsp.error/1, and write "tool: object: reason" on stderr (not with -q). Returns the
 * exit status: rsp_err_exit(), or 125 with `-- CMD`.
 */
int rsp_cli_fail(const struct rsp_why *why);

/** As rsp_cli_fail(), with a list of attempts (rsp_cli_attempt()), which this function frees; NULL: none. */
int rsp_cli_fail_attempts(const struct rsp_why *why, json_t *attempts);

/** One item for the list of attempts; its "key" is "ok" for RSP_OK. */
json_t *rsp_cli_attempt(const char *server, const char *address, const char *step, enum rsp_err err,
			const char *reason);

/** The member "error" of a record: { key, exit, object, reason, offset, cause }. */
json_t *rsp_cli_error_json(const struct rsp_why *why);

/** An error cause (RFC 5354 s.3.12) as { code, key, name }; null for RSP_CAUSE_NONE. */
json_t *rsp_cli_cause_json(uint16_t cause);

/** Report a usage error of @object. Returns the exit status. */
int rsp_cli_usage(const char *object, const char *fmt, ...) RSP_PRINTF(2, 3);

#endif
