#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *key, *text;
	int exit_status;
} table[] = {
#define ROW(name, status, k, t) [RSP_##name] = { .key = (k), .text = (t), .exit_status = (status) },
	RSP_ERRORS(ROW)
#undef ROW
};

static unsigned
row(enum rsp_err err)
{
	return (unsigned)err < RSP_ERR_COUNT ? (unsigned)err : (unsigned)RSP_EINTERNAL;
}

int
rsp_err_exit(enum rsp_err err)
{
	return table[row(err)].exit_status;
}

const char *
rsp_err_key(enum rsp_err err)
{
	return table[row(err)].key;
}

const char *
rsp_err_text(enum rsp_err err)
{
	return table[row(err)].text;
}

enum rsp_err
rsp_fail(struct rsp_why *why, enum rsp_err err, const char *object, const char *fmt, ...)
{
	if (!why)
		return err;
	*why = (struct rsp_why){ .err = err };
	(void)snprintf(why->object, sizeof(why->object), "%s", object ? object : "");

	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(why->reason, sizeof(why->reason), fmt, args);
	va_end(args);
	return err;
}
