#include "cli/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/json.h"
#include "cli/options.h"
#include "proto/param.h"

json_t *
rsp_cli_cause_json(uint16_t cause)
{
	if (cause == RSP_CAUSE_NONE)
		return json_null();
	json_t *object = json_object();

	rsp_json_put(&object, "code", rsp_json_code(cause));
	rsp_json_put(&object, "key", rsp_json_text(rsp_cause_key(cause)));
	rsp_json_put(&object, "name", rsp_json_text(rsp_cause_name(cause)));
	return object;
}

json_t *
rsp_cli_attempt(const char *server, const char *address, const char *step, enum rsp_err err, const char *reason)
{
	json_t *attempt = json_object();

	rsp_json_put(&attempt, "server", rsp_json_text(server));
	rsp_json_put(&attempt, "address", rsp_json_text(address));
	rsp_json_put(&attempt, "step", rsp_json_text(step));
	rsp_json_put(&attempt, "key", json_string(rsp_err_key(err)));
	rsp_json_put(&attempt, "reason", rsp_json_text(err ? reason : NULL));
	return attempt;
}

/* The reason of @why. Few callers know how much memory the process may have: the cure is added here, in @text. */
static const char *
reason_of(const struct rsp_why *why, char text[static RSP_REASON_MAX])
{
	const char *reason = *why->reason ? why->reason : rsp_err_text(why->err);

	if (why->err != RSP_ENOMEM)
		return reason;
	(void)snprintf(text, RSP_REASON_MAX, "%.300s (raise ulimit -v, or MemoryMax= of the service)", reason);
	return text;
}

json_t *
rsp_cli_error_json(const struct rsp_why *why)
{
	/* an offset is in octets of a message or a file, a cause was received: null for other errors */
	bool placed = rsp_err_exit(why->err) == rsp_err_exit(RSP_EMALFORM) || why->offset > 0;
	bool caused = why->err == RSP_EREJECTED || why->cause != RSP_CAUSE_UNSPECIFIED;
	json_t *error = json_object();
	char text[RSP_REASON_MAX];

	rsp_json_put(&error, "key", json_string(rsp_err_key(why->err)));
	rsp_json_put(&error, "exit", json_integer(rsp_err_exit(why->err)));
	rsp_json_put(&error, "object", rsp_json_text(why->object));
	rsp_json_put(&error, "reason", rsp_json_text(reason_of(why, text)));
	rsp_json_put(&error, "offset", placed ? json_integer((json_int_t)why->offset) : json_null());
	rsp_json_put(&error, "cause", caused ? rsp_cli_cause_json(why->cause) : json_null());
	return error;
}

int
rsp_cli_fail_attempts(const struct rsp_why *why, json_t *attempts)
{
	json_t *record = rsp_json_record("rsp.error/1", false);
	char text[RSP_REASON_MAX];

	rsp_json_put(&record, "tool", json_string(rsp_cli.tool));
	rsp_json_put(&record, "error", rsp_cli_error_json(why));
	rsp_json_put(&record, "attempts", attempts ? attempts : json_array());
	rsp_log(RSP_LOG_ERROR, why->object, "%s", reason_of(why, text));
	if (rsp_cli.plain)
		json_decref(record);
	else
		(void)rsp_json_emit(record); /* cli/output.c remembers a failure for rsp_cli_main() */
	return rsp_cli.command ? 125 : rsp_err_exit(why->err);
}

int
rsp_cli_fail(const struct rsp_why *why)
{
	return rsp_cli_fail_attempts(why, NULL);
}

int
rsp_cli_usage(const char *object, const char *fmt, ...)
{
	char reason[RSP_REASON_MAX];
	struct rsp_why why;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	(void)rsp_fail(&why, RSP_EUSAGE, object, "%s", reason);
	return rsp_cli_fail(&why);
}
