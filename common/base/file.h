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

/** free(3), for use with RSP_AUTO. */
void rsp_free(char *p);
RSP_AUTO_DEFINE(char *, rsp_free)

/** Overwrite the @n octets at @p, which are secret, with zeros, and free them. @p may be NULL. */
void rsp_wipe_free(void *p, size_t n);

enum rsp_file_kind {
	RSP_FILE_PUBLIC,  /* any owner and mode: the content is not trusted */
	RSP_FILE_TRUSTED, /* owned by this user or by root; group and others have no write permission */
	/* a regular file, owned by this user or by root; group and others have no permission at all */
	RSP_FILE_SECRET
};

/**
 * Read the file @path, of at most @max octets, into a heap buffer, and append a NUL. The caller frees the buffer, a secret
 * one with rsp_wipe_free(); no other copy of the content stays in memory. If @path is a symbolic link, owner and mode of
 * its target are checked. RSP_ENOTFOUND; RSP_EPERMS: owner or mode are not as @kind requires, or no permission to read;
 * RSP_ELIMIT: larger than @max; RSP_ENOMEM; RSP_EIO. On error @why is set.
 */
enum rsp_err rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
			   struct rsp_why *why) RSP_NODISCARD;

/**
 * Open @path with mode 0600, to write secrets in several steps: after its present content (@append), or to replace it. The
 * caller closes *@ret. RSP_EPERMS: @path is a symbolic link, has more than one hard link, belongs to another user than
 * this one or root, or group or others have a permission; the file is then unchanged. A character device is not checked.
 * RSP_EOUTPUT: other failures.
 */
enum rsp_err rsp_file_open_private(const char *path, bool append, int *ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Check the owner and the mode of the directory @path. RSP_EPERMS: group or others have write permission, or the owner is
 * neither this user nor root. RSP_EIO: @path is not a directory.
 */
enum rsp_err rsp_directory_check(const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write @content to the file @path atomically: write a temporary file in the same directory, sync it, rename it. Other
 * processes see the old content or the new content; after an error the old content is unchanged. A secret file gets mode
 * 0600, other files 0644. RSP_EEXISTS: @path exists, and @replace is false. RSP_EIO: @path is not a regular file; such
 * an object is never replaced.
 */
enum rsp_err rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content,
			    struct rsp_why *why) RSP_NODISCARD;

/** Sync the directory @path, so that renamed and removed files in it stay so after a power loss. Errors are ignored. */
void rsp_directory_sync(const char *path);

/** The text "@dir/@name" on the heap, which the caller frees; NULL: out of memory. */
char *rsp_path_join(const char *dir, const char *name) RSP_NODISCARD;

#endif
