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

/** Name the tool in each line, and say what is worth a line: this level and the ones before it. */
void rsp_log_init(const char *tool, enum rsp_log_level most);

/**
 * Print "tool: object: reason" to stderr. Octets of the object and reason that are no UTF-8, control characters (also those
 * of U+0080 to U+009F) and marks of the writing direction are shown as \xNN.
 */
void rsp_log(enum rsp_log_level level, const char *object, const char *fmt, ...) RSP_PRINTF(3, 4);

#endif
