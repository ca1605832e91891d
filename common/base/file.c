#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
rsp_fd_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void
rsp_free(char *p)
{
	free(p);
}

void
rsp_wipe_free(void *p, size_t n)
{
	if (p)
		explicit_bzero(p, n);
	free(p);
}

char *
rsp_path_join(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static enum rsp_err
fail_errno(struct rsp_why *why, const char *path, const char *verb)
{
	enum rsp_err err = errno == ENOENT || errno == ENOTDIR ? RSP_ENOTFOUND
			   : errno == EACCES || errno == EPERM ? RSP_EPERMS
			   : errno == ENOMEM                   ? RSP_ENOMEM
			   : errno == EEXIST                   ? RSP_EEXISTS
							       : RSP_EIO;

	return rsp_fail(why, err, path, "cannot %s: %s", verb, strerror(errno));
}

static enum rsp_err
check_owner(const char *path, const struct stat *st, struct rsp_why *why)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return rsp_fail(why, RSP_EPERMS, path, "belongs to user %u", (unsigned)st->st_uid);
	return RSP_OK;
}

/* Check owner and mode of the file @path as @kind requires. @st is of the target, if @path is a symbolic link. */
static enum rsp_err
check_access(const char *path, enum rsp_file_kind kind, const struct stat *st, struct rsp_why *why)
{
	unsigned mode = st->st_mode & 07777;

	if (kind == RSP_FILE_PUBLIC)
		return RSP_OK;
	if (kind == RSP_FILE_SECRET && mode & (S_IRWXG | S_IRWXO))
		return rsp_fail(why, RSP_EPERMS, path, "mode is %04o: group or others can reach a secret (chmod 600)",
				mode);
	if (mode & (S_IWGRP | S_IWOTH))
		return rsp_fail(why, RSP_EPERMS, path, "mode is %04o: group or others can change it (chmod go-w)",
				mode);
	return check_owner(path, st, why);
}

/* Enlarge @buf to @room octets. realloc(3) would leave the old content in freed
 * memory. NULL: out of memory, and @buf is freed. */
static uint8_t *
grow(uint8_t *buf, size_t size, size_t room)
{
	uint8_t *grown = malloc(room);

	if (!grown) {
		rsp_wipe_free(buf, size);
		return NULL;
	}
	if (size)
		memcpy(grown, buf, size);
	rsp_wipe_free(buf, size);
	return grown;
}

/* Read to the end of the file, not st_size octets: /dev/fd and pipes have no size, and a file may grow meanwhile. */
static enum rsp_err
read_all(int fd, const char *path, size_t max, uint8_t **ret, size_t *ret_size, struct rsp_why *why)
{
	size_t room = 4096, size = 0;
	uint8_t *buf = NULL;
	enum rsp_err err = RSP_OK;

	for (;;) {
		size_t want = room < max + 1 ? room : max + 1;

		buf = grow(buf, size, want + 1);
		if (!buf)
			return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
		ssize_t got = read(fd, buf + size, want - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err = fail_errno(why, path, "read");
			break;
		}
		if (got == 0) {
			buf[size] = 0;
			*ret = buf;
			*ret_size = size;
			return RSP_OK;
		}
		size += (size_t)got;
		if (size > max) {
			err = rsp_fail(why, RSP_ELIMIT, path, "larger than %zu octets", max);
			break;
		}
		if (size == want)
			room *= 2;
	}
	rsp_wipe_free(buf, size);
	return err;
}

enum rsp_err
rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
	      struct rsp_why *why)
{
	/* A secret must be a regular file. With O_NONBLOCK, open() does not block
	 * on a pipe before fstat() can reject it. */
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (kind == RSP_FILE_SECRET ? O_NONBLOCK : 0);
	RSP_AUTO(rsp_fd_close) int fd = open(path, flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_errno(why, path, "open");
	if (S_ISDIR(st.st_mode) || (kind == RSP_FILE_SECRET && !S_ISREG(st.st_mode)))
		return rsp_fail(why, RSP_EIO, path, "is not a regular file");
	enum rsp_err err = check_access(path, kind, &st, why);
	return err ? err : read_all(fd, path, max, ret, ret_size, why);
}

enum rsp_err
rsp_file_open_private(const char *path, bool append, int *ret, struct rsp_why *why)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | (append ? O_APPEND : 0);
	int fd = open(path, flags, S_IRUSR | S_IWUSR);
	enum rsp_err err = RSP_OK;
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return rsp_fail(why, RSP_EPERMS, path, "is a symbolic link: secrets are not written through one");
	if (fd < 0 || fstat(fd, &st) < 0) {
		err = rsp_fail(why, RSP_EOUTPUT, path, "cannot open: %s", strerror(errno));
		rsp_fd_close(fd);
		return err;
	}
	if (!S_ISCHR(st.st_mode)) /* a device such as /dev/full stores no secrets */
		err = check_access(path, RSP_FILE_SECRET, &st, why);
	if (!err && S_ISREG(st.st_mode) && st.st_nlink != 1)
		err = rsp_fail(why, RSP_EPERMS, path, "has a second name: secrets are not written through a link");
	if (!err && !append && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0)
		err = rsp_fail(why, RSP_EOUTPUT, path, "cannot truncate: %s", strerror(errno));
	if (err)
		rsp_fd_close(fd);
	else
		*ret = fd;
	return err;
}

enum rsp_err
rsp_directory_check(const char *path, struct rsp_why *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail_errno(why, path, "look at");
	if (!S_ISDIR(st.st_mode))
		return rsp_fail(why, RSP_EIO, path, "is not a directory");
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return rsp_fail(why, RSP_EPERMS, path,
				"mode is %04o: group or others can replace what is in it (chmod go-w)",
				(unsigned)(st.st_mode & 07777));
	return check_owner(path, &st, why);
}

static enum rsp_err
write_all(int fd, struct rsp_bytes content)
{
	while (content.n > 0) {
		ssize_t put = write(fd, content.p, content.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return RSP_EIO;
		content = rsp_bytes_of(content.p + put, content.n - (size_t)put);
	}
	return fsync(fd) < 0 ? RSP_EIO : RSP_OK;
}

void
rsp_directory_sync(const char *path)
{
	RSP_AUTO(rsp_fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
}

/* Sync the directory of @path: without that, a rename may be lost after a power loss. */
static void
sync_parent(const char *path)
{
	RSP_AUTO(rsp_free) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!dir)
		return;
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	rsp_directory_sync(slash ? dir : ".");
}

enum rsp_err
rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *temporary = NULL;
	struct stat st;

	if (replace && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* rename() would replace a device by a file */
		return rsp_fail(why, RSP_EIO, path, "is not a regular file");
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	}
	RSP_AUTO(rsp_fd_close) int fd = mkostemp(temporary, O_CLOEXEC); /* creates the file with mode 0600 */
	if (fd < 0)
		return fail_errno(why, path, "create a file beside it");
	if ((kind != RSP_FILE_SECRET && fchmod(fd, 0644) < 0) || write_all(fd, content)) {
		enum rsp_err err = fail_errno(why, path, "write");
		(void)unlink(temporary);
		return err;
	}
	/* link(2) fails if @path exists, rename(2) replaces it; both are atomic */
	int failed = replace ? rename(temporary, path) : link(temporary, path);
	enum rsp_err err = failed ? fail_errno(why, path, replace ? "replace" : "create") : RSP_OK;
	if (failed || !replace)
		(void)unlink(temporary);
	sync_parent(path);
	return err;
}
