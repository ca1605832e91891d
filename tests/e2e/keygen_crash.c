#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* rsp-keygen that is killed before its call number RSP_CRASH_AT (from 0) that changes something on the disk; a write is done
 * by half before. The linker lets these calls through here. With a larger number than there are calls it runs to its end. */

int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_unlinkat(int fd, const char *path, int flags);
int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_mkostemp(char *path, int flags);
int __real_fsync(int fd);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int fd, const char *path, int flags);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_mkostemp(char *path, int flags);
int __wrap_mkostemp64(char *path, int flags);
int __wrap_fsync(int fd);
ssize_t __wrap_write(int fd, const void *buf, size_t n);

static bool
is_last_call(void)
{
	static long left = -2;

	if (left == -2) {
		const char *at = getenv("RSP_CRASH_AT");

		left = at ? strtol(at, NULL, 10) : -1;
	}
	return left >= 0 && left-- == 0;
}

static void
step(void)
{
	if (is_last_call())
		(void)kill(getpid(), SIGKILL);
}

int
__wrap_rename(const char *from, const char *to)
{
	step();
	return __real_rename(from, to);
}

int
__wrap_link(const char *from, const char *to)
{
	step();
	return __real_link(from, to);
}

int
__wrap_unlink(const char *path)
{
	step();
	return __real_unlink(path);
}

int
__wrap_unlinkat(int fd, const char *path, int flags)
{
	step();
	return __real_unlinkat(fd, path, flags);
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
	step();
	return __real_mkdir(path, mode);
}

int
__wrap_rmdir(const char *path)
{
	step();
	return __real_rmdir(path);
}

int
__wrap_mkostemp(char *path, int flags)
{
	step();
	return __real_mkostemp(path, flags);
}

int
__wrap_mkostemp64(char *path, int flags)
{
	return __wrap_mkostemp(path, flags);
}

int
__wrap_fsync(int fd)
{
	step();
	return __real_fsync(fd);
}

ssize_t
__wrap_write(int fd, const void *buf, size_t n)
{
	if (fd > STDERR_FILENO && is_last_call()) {
		(void)!__real_write(fd, buf, n / 2);
		(void)kill(getpid(), SIGKILL);
	}
	return __real_write(fd, buf, n);
}
