#ifndef RSP_NET_LINES_H
#define RSP_NET_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

struct rsp_loop;

struct rsp_lines;

struct rsp_lines_events {
	void (*line)(void *ctx, struct rsp_bytes line); /* without its newline; the last one may lack it */
	/* once: RSP_OK at the end, RSP_EIO, or RSP_ELIMIT for a line too long */
	void (*end)(void *ctx, const struct rsp_why *why);
	/* In place of a line that is too long, which is skipped. NULL: such a line ends it. */
	void (*too_long)(void *ctx);
};

/**
 * Read lines of at most @line_max octets from @fd (pipe, terminal, socket or file), which stays the caller's to
 * close.
 */
enum rsp_err rsp_lines_new(struct rsp_loop *loop, int fd, size_t line_max, const struct rsp_lines_events *events,
			    void *ctx, struct rsp_lines **ret) RSP_NODISCARD;

/** Stop delivering lines, or go on. */
void rsp_lines_pause(struct rsp_lines *reader, bool pause);
void rsp_lines_free(struct rsp_lines *reader);

#endif
