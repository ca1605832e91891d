#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/* The descriptor that records are written to, one write(2) each: no part of a record is left in a buffer when a tool
 * ends. */
static struct {
	int fd;
	const char *path; /* as the operator gave it; NULL: stdout */
	bool opened;       /* @fd was opened here, for --output */
	bool holds;        /* the tool continues if no process reads its records */
	bool pretty;       /* records are indented */
	bool closed;       /* the reader closed the pipe, and the tool continues without records */
	bool full;         /* the last record was dropped, because the pipe was full */
	enum rsp_err lost; /* RSP_EOUTPUT or RSP_ENOMEM, once a record was lost */
} out = { .fd = STDOUT_FILENO };

enum rsp_err
rsp_output_open(const char *path, bool holds, bool pretty, struct rsp_why *why)
{
	int fd = STDOUT_FILENO;

	out.fd = STDOUT_FILENO;
	out.path = NULL;
	out.opened = out.closed = out.full = false;
	out.lost = RSP_OK;
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
		if (fd < 0)
			return rsp_fail(why, RSP_EOUTPUT, path, "cannot open: %s", strerror(errno));
	}
	out.fd = fd;
	out.path = path;
	out.opened = path != NULL;
	out.holds = holds;
	out.pretty = pretty || isatty(fd);
	return RSP_OK;
}

enum rsp_err
rsp_output_lose(enum rsp_err err, const char *reason)
{
	if (!out.lost)
		rsp_log(RSP_LOG_ERROR, out.path ? out.path : "stdout", "cannot write: %s", reason);
	out.lost = err;
	return err;
}

static bool
same_file(int fd, const char *path)
{
	struct stat now, then;

	return stat(path, &now) == 0 && fstat(fd, &then) == 0 && now.st_dev == then.st_dev && now.st_ino == then.st_ino;
}

enum rsp_err
rsp_output_reopen(struct rsp_why *why)
{
	if (!out.opened || same_file(out.fd, out.path))
		return RSP_OK;
	/* O_NONBLOCK for open(2) only: it must not wait for the reader of a pipe */
	int fd = open(out.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		int error = errno;

		rsp_fd_close(fd);
		return rsp_fail(why, RSP_EOUTPUT, out.path, "cannot open: %s", strerror(error));
	}
	int old = out.fd;
	out.fd = fd;
	out.closed = out.full = false;
	if (close(old) < 0 && errno != EINTR)
		return rsp_fail(why, rsp_output_lose(RSP_EOUTPUT, strerror(errno)), out.path, "cannot close: %s",
				strerror(errno));
	return RSP_OK;
}

/* End as SIGPIPE would have ended the tool; it is ignored because of sockets. A tool that holds something continues
 * instead. */
static enum rsp_err
end_of_pipe(void)
{
	if (!out.holds) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
	if (!out.closed)
		rsp_log(RSP_LOG_WARNING, "stdout", "its reader closed the pipe (EPIPE): going on without records");
	out.closed = true;
	return RSP_OK;
}

/* Whether a record has to be dropped: the reader of the pipe is too slow, and the tool must not wait, because it
 * answers keep-alives. A pipe that is writable takes PIPE_BUF octets at once, and no record of such a tool is
 * longer. */
static bool
would_block(void)
{
	struct pollfd poll_fd = { .fd = out.fd, .events = POLLOUT };

	if (!out.holds || poll(&poll_fd, 1, 0) != 0) {
		out.full = false;
		return false;
	}
	if (!out.full)
		rsp_log(RSP_LOG_WARNING, "stdout", "its reader is too slow and the pipe is full: records are dropped");
	out.full = true;
	return true;
}

enum rsp_err
rsp_output_write(struct rsp_bytes text)
{
	if (out.closed || would_block())
		return RSP_OK;
	while (text.n > 0) {
		ssize_t put = write(out.fd, text.p, text.n);

		if (put < 0 && errno == EAGAIN) { /* another process made this terminal or pipe non-blocking */
			struct pollfd poll_fd = { .fd = out.fd, .events = POLLOUT };
			(void)poll(&poll_fd, 1, -1);
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EPIPE)
			return end_of_pipe();
		if (put < 0)
			return rsp_output_lose(RSP_EOUTPUT, strerror(errno));
		text = rsp_bytes_of(text.p + put, text.n - (size_t)put);
	}
	return RSP_OK;
}

enum rsp_err
rsp_output_close(void)
{
	if (out.opened && close(out.fd) < 0 && errno != EINTR)
		(void)rsp_output_lose(RSP_EOUTPUT, strerror(errno));
	out.fd = STDOUT_FILENO;
	out.path = NULL;
	out.opened = false;
	return out.lost;
}

bool
rsp_output_is_pretty(void)
{
	return out.pretty;
}
