#include "base/bytes.h"

#include <stdlib.h>

uint8_t *
rsp_bytes_dup(struct rsp_bytes bytes)
{
	uint8_t *copy = malloc(bytes.n ? bytes.n : 1);

	if (copy && bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	return copy;
}

bool
rsp_bytes_blank(struct rsp_bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
			return false;
	return true;
}

void
rsp_hex_encode(struct rsp_bytes bytes, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		*out++ = digit[bytes.p[i] >> 4];
		*out++ = digit[bytes.p[i] & 15];
	}
	*out = '\0';
}

/* The decoder of GnuTLS skips characters that are not hex digits. This one
 * reports them as an error, with their position. */
static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum rsp_err
rsp_hex_decode(const char *text, size_t n, uint8_t *out, size_t *reterr_offset)
{
	for (size_t i = 0; i < n; i++) {
		int v = digit_value(text[i]);

		if (v < 0 || (i + 1 == n && n % 2 != 0)) {
			if (reterr_offset)
				*reterr_offset = i;
			return RSP_EVALUE;
		}
		if (i % 2 == 0)
			out[i / 2] = (uint8_t)(v << 4);
		else
			out[i / 2] = (uint8_t)(out[i / 2] | v);
	}
	return RSP_OK;
}
