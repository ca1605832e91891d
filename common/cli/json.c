#include "cli/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

json_t *
rsp_json_record(const char *schema, bool ok)
{
	json_t *record = json_object();

	rsp_json_put(&record, "schema", json_string(schema));
	rsp_json_put(&record, "ts", rsp_json_time(rsp_clock_wall_ms()));
	rsp_json_put(&record, "ok", json_boolean(ok));
	return record;
}

void
rsp_json_put(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
	} else if (json_object_set_new(*object, key, value)) {
		json_decref(*object);
		*object = NULL;
	}
}

void
rsp_json_append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
	} else if (json_array_append_new(*array, value)) {
		json_decref(*array);
		*array = NULL;
	}
}

json_t *
rsp_json_id(uint32_t id)
{
	return json_sprintf("0x%08x", (unsigned)id);
}

json_t *
rsp_json_u64(uint64_t value)
{
	return json_sprintf("0x%016llx", (unsigned long long)value);
}

json_t *
rsp_json_code(uint16_t code)
{
	return json_sprintf("0x%04x", (unsigned)code);
}

json_t *
rsp_json_hex(struct rsp_bytes bytes)
{
	RSP_AUTO(rsp_free) char *text = calloc(bytes.n + 1, 2);

	if (!text)
		return NULL;
	rsp_hex_encode(bytes, text);
	return json_stringn(text, bytes.n * 2);
}

json_t *
rsp_json_ip(const struct rsp_ip *ip)
{
	char text[RSP_IP_TEXT_MAX];

	rsp_ip_format(ip, text);
	return ip->family ? json_string(text) : json_null();
}

json_t *
rsp_json_time(int64_t wall_ms)
{
	char text[RSP_TIMESTAMP_MAX];

	rsp_clock_format(wall_ms, text);
	return json_string(text);
}

/* What is no UTF-8 came from a command line or a file name: show every octet beyond ASCII, so that nothing is lost. */
static json_t *
escaped(const char *text)
{
	RSP_AUTO(rsp_free) char *out = calloc(strlen(text) + 1, 4);
	size_t n = 0;

	if (!out)
		return NULL;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x80) {
			out[n++] = (char)*c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		rsp_hex_encode(rsp_bytes_of(c, 1), out + n);
		n += 2;
	}
	return json_stringn(out, n);
}

json_t *
rsp_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *string = json_string(text);
	return string ? string : escaped(text);
}

json_t *
rsp_json_text_or_null(struct rsp_bytes bytes)
{
	json_t *string = NULL;

	if (bytes.n > 0 && !memchr(bytes.p, 0, bytes.n))
		string = json_stringn((const char *)bytes.p, bytes.n);
	return string ? string : json_null();
}

void
rsp_json_put_handle(json_t **object, struct rsp_bytes handle)
{
	rsp_json_put(object, "handle", rsp_json_text_or_null(handle));
	rsp_json_put(object, "handle_hex", rsp_json_hex(handle));
}

/* Where records go. Written with write(2), a record at a time: nothing is half in a buffer when the tool ends. */
static struct {
	int fd;
	const char *path; /* as the operator gave it; NULL: stdout */
	bool ours, holds, pretty;
	bool nobody;       /* a closed pipe, of a tool that goes on */
	bool late;         /* the last record found a pipe that nobody empties */
	enum rsp_err lost; /* RSP_EOUTPUT or RSP_ENOMEM, once a record was lost */
} out = { .fd = STDOUT_FILENO };

enum rsp_err
rsp_cli_output_open(const char *path, bool holds, bool pretty, struct rsp_why *why)
{
	int fd = STDOUT_FILENO;

	out.fd = STDOUT_FILENO;
	out.path = NULL;
	out.ours = out.nobody = out.late = false;
	out.lost = RSP_OK;
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
		if (fd < 0)
			return rsp_fail(why, RSP_EOUTPUT, path, "cannot open: %s", strerror(errno));
	}
	out.fd = fd;
	out.path = path;
	out.ours = path != NULL;
	out.holds = holds;
	out.pretty = pretty || isatty(fd);
	return RSP_OK;
}

static enum rsp_err
lose(enum rsp_err err, const char *reason)
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
rsp_cli_output_reopen(struct rsp_why *why)
{
	if (!out.ours || same_file(out.fd, out.path))
		return RSP_OK;
	/* a pipe without a reader is no reason to wait */
	int fd = open(out.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		int error = errno;

		rsp_fd_close(fd);
		return rsp_fail(why, RSP_EOUTPUT, out.path, "cannot open: %s", strerror(error));
	}
	int old = out.fd;
	out.fd = fd;
	out.nobody = out.late = false;
	if (close(old) < 0 && errno != EINTR)
		return rsp_fail(why, lose(RSP_EOUTPUT, strerror(errno)), out.path, "cannot close: %s", strerror(errno));
	return RSP_OK;
}

/* As if SIGPIPE had not been ignored, which it is for the sake of sockets. */
static enum rsp_err
end_of_pipe(void)
{
	if (!out.holds) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
	if (!out.nobody)
		rsp_log(RSP_LOG_WARNING, "stdout", "nobody reads it any more: going on without records");
	out.nobody = true;
	return RSP_OK;
}

/* A reader that stopped must not stop a tool that has keep-alives to answer: records are dropped instead. A pipe that is
 * writable takes PIPE_BUF octets at once, and no record of such a tool is longer. */
static bool
would_block(void)
{
	struct pollfd poll_fd = { .fd = out.fd, .events = POLLOUT };

	if (!out.holds || poll(&poll_fd, 1, 0) != 0) {
		out.late = false;
		return false;
	}
	if (!out.late)
		rsp_log(RSP_LOG_WARNING, "stdout", "its reader does not keep up: records are dropped");
	out.late = true;
	return true;
}

enum rsp_err
rsp_cli_write(struct rsp_bytes text)
{
	if (out.nobody || would_block())
		return RSP_OK;
	while (text.n > 0) {
		ssize_t put = write(out.fd, text.p, text.n);

		if (put < 0 && errno == EAGAIN) { /* somebody else made our terminal or pipe non-blocking */
			struct pollfd poll_fd = { .fd = out.fd, .events = POLLOUT };
			(void)poll(&poll_fd, 1, -1);
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EPIPE)
			return end_of_pipe();
		if (put < 0)
			return lose(RSP_EOUTPUT, strerror(errno));
		text = rsp_bytes_of(text.p + put, text.n - (size_t)put);
	}
	return RSP_OK;
}

enum rsp_err
rsp_json_emit(json_t *record)
{
	/* ASCII only: no control character of a foreign handle reaches a terminal */
	RSP_AUTO(rsp_free) char *line = NULL;
	size_t style = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9) | (out.pretty ? JSON_INDENT(2) : JSON_COMPACT);
	RSP_AUTO(rsp_free) char *text = record ? json_dumps(record, style) : NULL;

	json_decref(record);
	size_t n = text ? strlen(text) : 0;
	line = text ? realloc(text, n + 2) : NULL;
	if (!line)
		return lose(RSP_ENOMEM, "out of memory");
	text = NULL;
	line[n] = '\n';
	return rsp_cli_write(rsp_bytes_of(line, n + 1));
}

enum rsp_err
rsp_cli_output_close(void)
{
	if (out.ours && close(out.fd) < 0 && errno != EINTR)
		(void)lose(RSP_EOUTPUT, strerror(errno));
	out.fd = STDOUT_FILENO;
	out.path = NULL;
	out.ours = false;
	return out.lost;
}
