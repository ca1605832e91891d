#ifndef RSP_BASE_LOG_H
#define RSP_BASE_LOG_H

#include "base/attr.h"

enum rsp_log_level {
	RSP_LOG_NOTHING = -1, /* for rsp_log_init() only */
	RSP_LOG_ERROR,
	RSP_LOG_WARNING,
	RSP_LOG_INFO,
	RSP_LOG_DEBUG
};

/** Set @tool, the name at the beginning of each line, and @most, the highest level that is printed. */
void rsp_log_init(const char *tool, enum rsp_log_level most);

/**
 * Print "tool: object: reason" to stderr. In object and reason, these are printed as \xNN: octets that are not UTF-8,
 * control characters (also U+0080 to U+009F), and characters that change the writing direction.
 */
void rsp_log(enum rsp_log_level level, const char *object, const char *fmt, ...) RSP_PRINTF(3, 4);

#endif
