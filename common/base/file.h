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

/** Wipe the @n octets at @p and free it; NULL is fine. For secrets. */
void rsp_wipe_free(void *p, size_t n);

enum rsp_file_kind {
	RSP_FILE_PUBLIC,  /* no demands: input of one operator, never what others are trusted by */
	RSP_FILE_TRUSTED, /* a file of ours or root's, closed to writing by group and others; readable by all */
	RSP_FILE_SECRET   /* a regular file of ours or root's, closed to group and others */
};

/**
 * Read the file @path, of at most @max octets, into a heap buffer with a NUL after its end; the caller frees it, and wipes
 * it if it is secret (no other copy is left in freed memory). A symbolic link is followed: owner and mode are demanded of
 * the file that it leads to. RSP_ENOTFOUND, RSP_EPERMS (owner or mode are not as @kind demands; no permission to read),
 * RSP_ELIMIT (larger than @max) or RSP_EIO, with @why filled.
 */
enum rsp_err rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
			   struct rsp_why *why) RSP_NODISCARD;

/**
 * Open @path to write secrets there bit by bit, with mode 0600; @append to what is there, else in its place. *@ret is the
 * caller's. A link, symbolic or hard, is not followed, and a file that is open to group or others or belongs to a third user
 * is left as it is: RSP_EPERMS. RSP_EOUTPUT for all else. A character device may be anybody's.
 */
enum rsp_err rsp_file_open_private(const char *path, bool append, int *ret, struct rsp_why *why) RSP_NODISCARD;

/** RSP_EPERMS if group or others can write in the directory @path, or it is neither ours nor root's; RSP_EIO for no directory. */
enum rsp_err rsp_directory_check(const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write @content to @path in one step: to a file beside it, synced, then renamed over it, so that a reader sees the old
 * content or the new, and an error leaves the old. Secret files get mode 0600, others 0644. Without @replace an
 * existing @path is left alone: RSP_EEXISTS. What is there but no regular file is never replaced: RSP_EIO.
 */
enum rsp_err rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content,
			    struct rsp_why *why) RSP_NODISCARD;

/** Make what was renamed in, or removed from, the directory @path last over a power loss, as far as the system can. */
void rsp_directory_sync(const char *path);

/** The text "@dir/@name" on the heap, or NULL if out of memory. */
char *rsp_path_join(const char *dir, const char *name) RSP_NODISCARD;

#endif
