#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/parse.h"
#include "cli/options.h"
#include "proto/param.h"

/* The values of options. */

static enum rsp_err
bad_value(struct rsp_why *why, const char *text, const char *wanted)
{
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not %s", text, wanted);
}

enum rsp_err
rsp_cli_duration(const char *text, uint64_t *ret_ms, struct rsp_why *why)
{
	return rsp_parse_duration(text, ret_ms) ? bad_value(why, text, "a duration like 250ms, 30s, 5m, 2h or 1d")
						: RSP_OK;
}

enum rsp_err
rsp_cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct rsp_why *why)
{
	if (rsp_parse_u64(text, min, max, ret) == RSP_OK)
		return RSP_OK;
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a number from %llu to %llu", text,
			(unsigned long long)min, (unsigned long long)max);
}

enum rsp_err
rsp_cli_id(const char *text, uint32_t *ret, struct rsp_why *why)
{
	uint32_t id;

	if (rsp_parse_id(text, &id) || id == 0)
		return bad_value(why, text, "an identifier: 0x and hex digits, or decimal, not 0");
	*ret = id;
	return RSP_OK;
}

enum rsp_err
rsp_cli_string(const char *text, char **to, struct rsp_why *why)
{
	if (!*text)
		return rsp_fail(why, RSP_EUSAGE, NULL, "is empty");
	char *copy = strdup(text);
	if (!copy)
		return rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
	free(*to);
	*to = copy;
	return RSP_OK;
}

static enum rsp_err
hex_handle(const char *text, const char *digits, size_t n, uint8_t *out, struct rsp_why *why)
{
	size_t bad = 0;

	if (rsp_hex_decode(digits, n, out, &bad) == RSP_OK)
		return RSP_OK;
	if (n % 2)
		return rsp_fail(why, RSP_EUSAGE, text, "an odd number of hex digits");
	return rsp_fail(why, RSP_EUSAGE, text, "no hex digit at offset %zu", bad + (size_t)(digits - text));
}

enum rsp_err
rsp_cli_handle(const char *text, uint8_t **ret, size_t *ret_size, struct rsp_why *why)
{
	bool hex = strncmp(text, "hex:", 4) == 0;
	const char *start = hex ? text + 4 : text;
	size_t n = strlen(start), size = hex ? n / 2 : n;

	if (n == 0)
		return rsp_fail(why, RSP_EUSAGE, "POOL", "a pool handle cannot be empty");
	if (size > RSP_HANDLE_MAX)
		return rsp_fail(why, RSP_EUSAGE, "POOL", "a pool handle of %zu octets is too long: at most %d", size,
				RSP_HANDLE_MAX);
	RSP_AUTO(rsp_free) char *out = malloc(size + 1);
	if (!out)
		return rsp_fail(why, RSP_ENOMEM, "POOL", "out of memory");
	enum rsp_err err = hex ? hex_handle(text, start, n, (uint8_t *)out, why) : RSP_OK;
	if (err)
		return err;
	if (!hex)
		memcpy(out, start, size);
	*ret = (uint8_t *)RSP_TAKE(out);
	*ret_size = size;
	return RSP_OK;
}
