#ifndef RSP_NET_LINES_H
#define RSP_NET_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

struct rsp_loop;

struct rsp_lines;

struct rsp_lines_events {
	/* a line without its newline; the last line of a file may have none */
	void (*line)(void *ctx, struct rsp_bytes line);
	/* once, at the end: RSP_OK; RSP_EIO; RSP_ELIMIT: a line is too long */
	void (*end)(void *ctx, const struct rsp_why *why);
	/* A line is too long and is skipped. NULL: such a line is the end. */
	void (*too_long)(void *ctx);
};

/**
 * Read lines of at most @line_max octets from @fd: a pipe, terminal, socket or file. The caller closes @fd after
 * rsp_lines_free(). RSP_ENOMEM, RSP_EIO.
 */
enum rsp_err rsp_lines_new(struct rsp_loop *loop, int fd, size_t line_max, const struct rsp_lines_events *events,
			    void *ctx, struct rsp_lines **ret) RSP_NODISCARD;

/** With @pause, call no event until it is called again without. */
void rsp_lines_pause(struct rsp_lines *reader, bool pause);
void rsp_lines_free(struct rsp_lines *reader);

#endif
