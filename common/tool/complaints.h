#ifndef RSP_TOOL_COMPLAINTS_H
#define RSP_TOOL_COMPLAINTS_H

#include "base/err.h"

/* Warnings about registrars that cannot be used yet, while a tool goes on trying. */

#define TOOL_COMPLAINTS_MAX 1024 /* enough for 256 registrars that fail in four ways */

/** The warnings that were written. { 0 } is empty. */
struct tool_complaints {
	unsigned n;			    /* warnings written so far; the newest TOOL_COMPLAINTS_MAX are remembered */
	uint64_t said[TOOL_COMPLAINTS_MAX]; /* a hash of object and reason of each */
};

/** Write @why on stderr, and that the tool goes on trying; but each pair of object and reason only once. */
void tool_complaints_add(struct tool_complaints *complaints, const struct rsp_why *why);

#endif
