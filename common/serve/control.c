#include "serve/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/listener.h"
#include "net/loop.h"

#define CONNECTIONS_MAX 32

struct rsp_control {
	char *path;
	dev_t device; /* device and inode of the socket that we made at @path */
	ino_t inode;
	struct rsp_listener *listener;
	rsp_control_answer *answer;
	void *ctx;
};

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_control *c = ctx;
	RSP_AUTO(rsp_free) char *text = NULL;
	uid_t user;

	(void)auth;
	rsp_stream_set_ctx(stream, NULL);
	if (rsp_stream_user(stream, &user) && (user == 0 || user == geteuid()))
		text = c->answer(c->ctx);
	bool sent = text && rsp_stream_send(stream, rsp_bytes_str(text)) == RSP_OK;
	rsp_stream_close(stream, sent);
}

/* Discard the input. */
static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx;
	(void)stream;
	return all.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	(void)ctx;
	(void)stream;
	(void)why;
}

/* Whether a process listens at @at. If none does, connect(2) is refused. */
static bool
alive(const struct rsp_sockaddr *at)
{
	RSP_AUTO(rsp_fd_close) int fd = -1;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd >= 0 && (connect(fd, (const struct sockaddr *)&at->ss, at->len) == 0 || errno != ECONNREFUSED);
}

bool
rsp_control_is_served(const char *path)
{
	struct rsp_sockaddr at;

	return rsp_sockaddr_local(path, &at) == RSP_OK && alive(&at);
}

/* Remove the socket at @path if no process listens there. */
static enum rsp_err
remove_stale(const char *path, const struct rsp_sockaddr *at, struct rsp_why *why)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return RSP_OK; /* for other errors than ENOENT, bind(2) returns the reason */
	if (!S_ISSOCK(st.st_mode))
		return rsp_fail(why, RSP_EEXISTS, path,
				"exists and is no socket: remove it, or give another --control");
	if (alive(at))
		return rsp_fail(why, RSP_EEXISTS, path, "another process listens there");
	if (unlink(path) < 0)
		return rsp_fail(why, RSP_EIO, path, "cannot be replaced: %s", strerror(errno));
	return RSP_OK;
}

static enum rsp_err
name_in(struct rsp_why *why, const char *path)
{
	(void)snprintf(why->object, sizeof(why->object), "%s", path);
	return why->err;
}

static enum rsp_err
listen_at(struct rsp_loop *loop, struct rsp_control *c, struct rsp_why *why)
{
	static const struct rsp_stream_events events = { .open = on_open, .data = on_data, .closed = on_closed };
	struct rsp_listener_params params = {
		.limits = { .connections = CONNECTIONS_MAX,
			    .per_source = CONNECTIONS_MAX,
			    .queue_max = RSP_CONTROL_TEXT_MAX,
			    .user_queue_max = RSP_CONTROL_TEXT_MAX,
			    .handshake_rate = RSP_UNLIMITED },
	};
	struct stat st;

	if (rsp_sockaddr_local(c->path, &params.at))
		return rsp_fail(why, RSP_EUSAGE, c->path,
				"has no octets or too many for a socket: give a path of 1 to 107 octets (--control)");
	enum rsp_err err = remove_stale(c->path, &params.at, why);
	if (err)
		return err;
	mode_t mask = umask(S_IXUSR | S_IRWXG | S_IRWXO); /* gives the socket the mode 0600 from its creation on */
	err = rsp_listener_new(loop, &params, &events, c, &c->listener, why);
	(void)umask(mask);
	if (err) /* the listener names its address "local": name the path */
		return name_in(why, c->path);
	if (lstat(c->path, &st) == 0) {
		c->device = st.st_dev;
		c->inode = st.st_ino;
	}
	return RSP_OK;
}

enum rsp_err
rsp_control_new(struct rsp_loop *loop, const char *path, rsp_control_answer *answer, void *ctx,
		struct rsp_control **ret, struct rsp_why *why)
{
	struct rsp_control *c = calloc(1, sizeof(*c));

	if (c)
		c->path = strdup(path);
	if (!c || !c->path) {
		free(c);
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	}
	c->answer = answer;
	c->ctx = ctx;
	enum rsp_err err = listen_at(loop, c, why);
	if (err) {
		rsp_control_free(c);
		return err;
	}
	*ret = c;
	return RSP_OK;
}

const char *
rsp_control_path(const struct rsp_control *c)
{
	return c->path;
}

void
rsp_control_free(struct rsp_control *c)
{
	struct stat st;

	if (!c)
		return;
	if (c->listener && lstat(c->path, &st) == 0 && st.st_dev == c->device && st.st_ino == c->inode)
		(void)unlink(c->path);
	rsp_listener_free(c->listener);
	free(c->path);
	free(c);
}
