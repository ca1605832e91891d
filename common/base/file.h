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

/** Overwrite the @n octets at @p with zeros and free them. For secrets. @p may be NULL. */
void rsp_wipe_free(void *p, size_t n);

enum rsp_file_kind {
	RSP_FILE_PUBLIC,  /* any owner and mode: input that is not trusted */
	RSP_FILE_TRUSTED, /* owned by this user or root; group and others cannot write it */
	RSP_FILE_SECRET   /* a regular file, owned by this user or root; group and others cannot read or write it */
};

/**
 * Read the file @path, of at most @max octets, into a heap buffer with a NUL after its end. The caller frees it, with
 * rsp_wipe_free() if it is secret: no other copy of the content is left in memory. A symbolic link is followed; then
 * the owner and mode of its target count. RSP_ENOTFOUND, RSP_EPERMS (owner or mode are not as @kind demands, or no
 * permission to read), RSP_ELIMIT (larger than @max) or RSP_EIO, with @why filled.
 */
enum rsp_err rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
			   struct rsp_why *why) RSP_NODISCARD;

/**
 * Open @path with mode 0600 to write secrets piece by piece: behind its present content (@append), or in its place. The
 * caller closes *@ret. RSP_EPERMS, and the file is unchanged, if it is a symbolic link, has more than one hard link,
 * has another owner than this user or root, or if group or others have access to it; a character device is exempt from
 * this. RSP_EOUTPUT for other failures.
 */
enum rsp_err rsp_file_open_private(const char *path, bool append, int *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * RSP_EPERMS if group or others can write in the directory @path, or its owner is neither this user nor root. RSP_EIO
 * if it is not a directory.
 */
enum rsp_err rsp_directory_check(const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write @content to @path in one step: write a file beside it, sync it, rename it. A reader sees the old content or the
 * new one, and an error leaves the old one. Secret files get mode 0600, others 0644. RSP_EEXISTS if @path exists and
 * @replace is false. RSP_EIO if @path exists and is not a regular file, which is never replaced.
 */
enum rsp_err rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content,
			    struct rsp_why *why) RSP_NODISCARD;

/** Sync the directory @path, so that renames and removals in it survive a power loss. Errors are ignored. */
void rsp_directory_sync(const char *path);

/** The text "@dir/@name" on the heap, or NULL if out of memory. */
char *rsp_path_join(const char *dir, const char *name) RSP_NODISCARD;

#endif
