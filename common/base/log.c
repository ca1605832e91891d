#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
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

/* Decode the UTF-8 character at @c. @ret_n: the number of its octets; 0: @c does not begin with a UTF-8 character. */
static uint32_t
character(const unsigned char *c, size_t *ret_n)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least; /* a lower code has a shorter encoding, so this encoding is not valid UTF-8 */
	} form[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	*ret_n = 0;
	for (size_t n = 0; n < sizeof(form) / sizeof(form[0]); n++) {
		if ((*c & form[n].mask) != form[n].lead)
			continue;
		uint32_t code = *c & (unsigned char)~form[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((c[i] & 0xc0) != 0x80) /* the NUL at the end of the text also stops here */
				return 0;
			code = code << 6 | (c[i] & 0x3f);
		}
		if (code < form[n].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		*ret_n = n + 1;
		return code;
	}
	return 0;
}

/* Whether a terminal may react to @code instead of displaying it: control characters (C0, DEL, C1, line and paragraph
 * separators, tags) and characters that change the writing direction. */
static bool
moves(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} range[] = { { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x061c, 0x061c }, { 0x200e, 0x200f },
		      { 0x2028, 0x202e }, { 0x2066, 0x206f }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f } };

	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (code >= range[i].first && code <= range[i].last)
			return true;
	return false;
}

/* Write @text so that text from the network or from a file cannot control the terminal of the reader. An octet that is
 * not UTF-8 may be a control character in another encoding. */
static void
put_safe(FILE *out, const char *text)
{
	size_t n;

	for (const unsigned char *c = (const unsigned char *)text; *c; c += n) {
		uint32_t code = character(c, &n);
		bool shown = n && !moves(code);

		n = n ? n : 1;
		if (shown)
			(void)fwrite(c, 1, n, out);
		for (size_t i = 0; !shown && i < n; i++)
			(void)fprintf(out, "\\x%02x", c[i]);
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
