#ifndef RSP_BASE_BYTES_H
#define RSP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/** A view of @n octets at @p. It does not own the octets. { 0 } is the empty view. */
struct rsp_bytes {
	const uint8_t *p;
	size_t n;
};

static inline struct rsp_bytes
rsp_bytes_of(const void *p, size_t n)
{
	return (struct rsp_bytes){ .p = p, .n = n };
}

static inline struct rsp_bytes
rsp_bytes_str(const char *s)
{
	return (struct rsp_bytes){ .p = (const uint8_t *)s, .n = strlen(s) };
}

static inline bool
rsp_bytes_equal(struct rsp_bytes a, struct rsp_bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/** @text without the byte order mark (U+FEFF in UTF-8) that some editors write at its start. */
static inline struct rsp_bytes
rsp_bytes_skip_mark(struct rsp_bytes text)
{
	bool marked = text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0;

	return marked ? rsp_bytes_of(text.p + 3, text.n - 3) : text;
}

/** Whether @line has only blanks, tabs and carriage returns (a line may end in CR LF). */
bool rsp_bytes_blank(struct rsp_bytes line);

/** Copy @bytes to the heap; NULL: out of memory. At least one octet is allocated. The caller frees the copy. */
uint8_t *rsp_bytes_dup(struct rsp_bytes bytes) RSP_NODISCARD;

/** Write @bytes as lower-case hex digits and a NUL to @out, which has room for 2 * bytes.n + 1 characters. */
void rsp_hex_encode(struct rsp_bytes bytes, char *out);

/**
 * Decode exactly @n hex digits, upper or lower case, to @out, which has room for @n / 2 octets. RSP_EVALUE: a character is
 * not a hex digit, or @n is odd; then *@reterr_offset is the index of that character, or of the last one.
 * @reterr_offset may be NULL.
 */
enum rsp_err rsp_hex_decode(const char *text, size_t n, uint8_t *out, size_t *reterr_offset) RSP_NODISCARD;

#endif
