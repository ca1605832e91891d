#ifndef RSP_CLI_OUTPUT_H
#define RSP_CLI_OUTPUT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* Where records and lines go: standard output, or the file of --output. */

/**
 * Write @text. RSP_EOUTPUT if that fails: the reason is written on stderr once, and the tool ends with this error's
 * exit status (rsp_cli_main()). If the reader of a pipe has closed it, the tool ends as SIGPIPE would end it; a tool
 * that holds something continues without records (RSP_OK). Such a tool also drops records while the pipe is full.
 */
enum rsp_err rsp_output_write(struct rsp_bytes text);

/**
 * Write to @path from now on, or to standard output if it is NULL. @holds: the tool holds a registration or serves
 * (rsp_output_write()).
 */
enum rsp_err rsp_output_open(const char *path, bool holds, bool pretty, struct rsp_why *why) RSP_NODISCARD;

/**
 * Open the file of --output again and append to it: logrotate(8) may have renamed it. No effect without --output, or
 * if the name still is that of the open file. RSP_EOUTPUT with @why leaves the open file in use.
 */
enum rsp_err rsp_output_reopen(struct rsp_why *why) RSP_NODISCARD;

/** Close the file of --output. Returns the error with which a record was lost, a closed pipe apart; or RSP_OK. */
enum rsp_err rsp_output_close(void) RSP_NODISCARD;

/** Remember that a record was lost with @err, and write @reason on stderr the first time. Returns @err. */
enum rsp_err rsp_output_lose(enum rsp_err err, const char *reason);

/** Whether records are to be indented. */
bool rsp_output_is_pretty(void);

#endif
