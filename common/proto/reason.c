#include "proto/reason.h"

#include <string.h>

#include "base/attr.h"

static const struct reason_row {
	const char *word, *cause, *cure;
} reasons[] = {
#define ROW(name, word, cause, cure) [RSP_REASON_##name] = { word, cause, cure },
	RSP_REASONS(ROW)
#undef ROW
};

static const struct reason_row *
row_of(enum rsp_reason reason)
{
	static const struct reason_row none;

	return (size_t)reason < RSP_COUNT(reasons) ? &reasons[reason] : &none;
}

const char *
rsp_reason_word(enum rsp_reason reason)
{
	return row_of(reason)->word;
}

const char *
rsp_reason_cause(enum rsp_reason reason)
{
	return row_of(reason)->cause;
}

const char *
rsp_reason_cure(enum rsp_reason reason)
{
	return row_of(reason)->cure;
}

bool
rsp_reason_find(const char *word, enum rsp_reason *ret)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		if (strcmp(reasons[reason].word, word) != 0)
			continue;
		*ret = reason;
		return true;
	}
	return false;
}

enum rsp_reason
rsp_reason_of_err(enum rsp_err err)
{
	enum rsp_reason reason = RSP_REASON_NONE;

	(void)rsp_reason_find(rsp_err_key(err), &reason);
	return reason;
}
