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
			   : errno == ENOMEM		       ? RSP_ENOMEM
			   : errno == EEXIST		       ? RSP_EEXISTS
							       : RSP_EIO;

	return rsp_fail(why, err, path, "cannot %s: %s", verb, strerror(errno));
}

static enum rsp_err
check_secret(const char *path, const struct stat *st, struct rsp_why *why)
{
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return rsp_fail(why, RSP_EPERMS, path, "mode is %04o: group or others can reach a secret (chmod 600)",
				(unsigned)(st->st_mode & 07777));
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return rsp_fail(why, RSP_EPERMS, path, "belongs to user %u", (unsigned)st->st_uid);
	return RSP_OK;
}

/* Read to the end rather than st_size octets: /dev/fd and pipes have no size, and a file may grow under us. */
static enum rsp_err
read_all(int fd, const char *path, size_t max, uint8_t **ret, size_t *ret_size, struct rsp_why *why)
{
	size_t room = 4096, size = 0;
	uint8_t *buf = NULL;
	enum rsp_err err = RSP_OK;

	for (;;) {
		size_t want = room < max + 1 ? room : max + 1;
		uint8_t *grown = realloc(buf, want + 1);

		if (!grown) {
			err = rsp_fail(why, RSP_ENOMEM, path, "out of memory");
			break;
		}
		buf = grown;
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
	free(buf);
	return err;
}

enum rsp_err
rsp_file_read(const char *path, enum rsp_file_kind kind, size_t max, uint8_t **ret, size_t *ret_size,
	      struct rsp_why *why)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (kind == RSP_FILE_SECRET ? O_NOFOLLOW : 0);
	RSP_AUTO(rsp_fd_close) int fd = open(path, flags);
	struct stat st;

	if (fd < 0 && errno == ELOOP && kind == RSP_FILE_SECRET)
		return rsp_fail(why, RSP_EPERMS, path, "is a symbolic link: a secret must be the file itself");
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_errno(why, path, "open");
	if (S_ISDIR(st.st_mode) || (kind == RSP_FILE_SECRET && !S_ISREG(st.st_mode)))
		return rsp_fail(why, RSP_EIO, path, "is not a regular file");
	if (kind == RSP_FILE_SECRET) {
		enum rsp_err err = check_secret(path, &st, why);
		if (err)
			return err;
	}
	return read_all(fd, path, max, ret, ret_size, why);
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

/* The rename is durable only once the directory is. */
static void
sync_directory(const char *path)
{
	RSP_AUTO(rsp_free) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!dir)
		return;
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	RSP_AUTO(rsp_fd_close) int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

enum rsp_err
rsp_file_write(const char *path, enum rsp_file_kind kind, bool replace, struct rsp_bytes content, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *temporary = NULL;
	struct stat st;

	if (replace && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a device would be gone */
		return rsp_fail(why, RSP_EIO, path, "is not a regular file");
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	}
	RSP_AUTO(rsp_fd_close) int fd = mkostemp(temporary, O_CLOEXEC); /* made with mode 0600 */
	if (fd < 0)
		return fail_errno(why, path, "create a file beside it");
	if ((kind == RSP_FILE_PUBLIC && fchmod(fd, 0644) < 0) || write_all(fd, content)) {
		enum rsp_err err = fail_errno(why, path, "write");
		(void)unlink(temporary);
		return err;
	}
	/* link(2) fails where the name exists, rename(2) replaces it: both in one step */
	int failed = replace ? rename(temporary, path) : link(temporary, path);
	enum rsp_err err = failed ? fail_errno(why, path, replace ? "replace" : "create") : RSP_OK;
	if (failed || !replace)
		(void)unlink(temporary);
	sync_directory(path);
	return err;
}
