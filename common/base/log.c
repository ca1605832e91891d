#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
	const char *tool;
	enum rsp_log_level most;
} sink = { "rsp", RSP_LOG_WARNING };

void
rsp_log_init(const char *tool, enum rsp_log_level most)
{
	sink.tool = tool;
	sink.most = most;
}

/* What comes from the network or a file must not move the reader's terminal. */
static void
put_safe(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			(void)fprintf(out, "\\x%02x", *c);
		else
			(void)fputc(*c, out);
	}
}

void
rsp_log(enum rsp_log_level level, const char *object, const char *fmt, ...)
{
	char reason[1024];
	va_list args;

	if (level > sink.most)
		return;
	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);

	flockfile(stderr);
	(void)fprintf(stderr, "%s: ", sink.tool);
	if (object && *object) {
		put_safe(stderr, object);
		(void)fputs(": ", stderr);
	}
	put_safe(stderr, reason);
	(void)fputc('\n', stderr);
	funlockfile(stderr);
}
