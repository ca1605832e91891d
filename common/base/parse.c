#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static enum rsp_err
number(const char *text, int radix, const char **ret_rest, uint64_t *ret)
{
	char *end;

	/* strtoull() also accepts white space, signs and prefixes, which an id or a count must not have */
	size_t digits = strspn(text, radix == 10 ? "0123456789" : "0123456789abcdefABCDEF");
	if (digits == 0)
		return RSP_EVALUE;
	errno = 0;
	unsigned long long value = strtoull(text, &end, radix);
	if (errno != 0 || end != text + digits)
		return RSP_EVALUE;
	*ret_rest = end;
	*ret = value;
	return RSP_OK;
}

enum rsp_err
rsp_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *rest;
	uint64_t value;

	if (number(text, 10, &rest, &value) || *rest || value < min || value > max)
		return RSP_EVALUE;
	*ret = value;
	return RSP_OK;
}

enum rsp_err
rsp_parse_id(const char *text, uint32_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *rest;
	uint64_t value;

	if (number(hex ? text + 2 : text, hex ? 16 : 10, &rest, &value) || *rest || value > UINT32_MAX)
		return RSP_EVALUE;
	*ret = (uint32_t)value;
	return RSP_OK;
}

enum rsp_err
rsp_parse_duration(const char *text, uint64_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} unit[] = { { "ms", 1 },      { "s", 1000 },	  { "", 1000 },
		     { "m", 60000 },   { "h", 3600000 }, { "d", 86400000 } };
	const uint64_t most_ms = 10ULL * 366 * 86400000;
	const char *rest;
	uint64_t value;

	if (number(text, 10, &rest, &value))
		return RSP_EVALUE;
	for (unsigned i = 0; i < RSP_COUNT(unit); i++) {
		if (strcmp(rest, unit[i].name) != 0)
			continue;
		if (value > most_ms / unit[i].ms)
			return RSP_EVALUE;
		*ret_ms = value * unit[i].ms;
		return RSP_OK;
	}
	return RSP_EVALUE;
}
