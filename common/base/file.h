#ifndef RSP_BASE_FILE_H
#define RSP_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/** Close @fd unless it is negative. */
void rsp_fd_close(int fd);
RSP_AUTO_DEFINE(int, rsp_fd_close)

/** free(3), for RSP_AUTO. */
void rsp_free(char *p);
RSP_AUTO_DEFINE(char *, rsp_free)

enum rsp_file_kind {
	RSP_FILE_PUBLIC, /* anybody may read it */
	RSP_FILE_SECRET	 /* a regular file of ours or root's, closed to group and others, not reached through a link */
};

/**
 * Read the file @path, of at most @max octets, into a heap buffer with a NUL after its end; the caller frees it, and wipes
 * it if it is secret. RSP_ENOTFOUND, RSP_EPERMS (a secret that others can read; no permission to read), RSP_ELIMIT (larger
 * than @max) or RSP_EIO, with @why filled.
 */
enum rsp_err rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
			   struct rsp_why *why) RSP_NODISCARD;

/**
 * Write @content to @path in one step: to a file beside it, synced, then renamed over it, so that a reader sees the old
 * content or the new, and an error leaves the old. Secret files get mode 0600, public ones 0644. Without @replace an
 * existing @path is left alone: RSP_EEXISTS. What is there but no regular file is never replaced: RSP_EIO.
 */
enum rsp_err rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content,
			    struct rsp_why *why) RSP_NODISCARD;

/** The text "@dir/@name" on the heap, or NULL if out of memory. */
char *rsp_path_join(const char *dir, const char *name) RSP_NODISCARD;

#endif
