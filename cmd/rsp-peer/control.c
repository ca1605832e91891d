/* rsp-peer: where the control socket of `run` is, which `status` asks. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "peer.h"
#include "serve/control.h"

#define DIRECTORY "rserpool"

/* The directory that systemd made for us; of several (RuntimeDirectory=), the first. */
static char *
runtime_directory(void)
{
	const char *list = getenv("RUNTIME_DIRECTORY");

	return list && *list ? strndup(list, strcspn(list, ":")) : NULL;
}

/* Where sockets are by default, on the heap. @ours: a directory that nobody else makes. */
static char *
default_directory(bool *ours)
{
	char *directory = runtime_directory();
	const char *user = getenv("XDG_RUNTIME_DIR");

	*ours = !directory;
	if (directory)
		return directory;
	return rsp_path_join(geteuid() != 0 && user && *user ? user : "/run", DIRECTORY);
}

/* "DIRECTORY/NAME.sock" */
static char *
socket_path(const char *directory, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s.sock", directory, name) < 0 ? NULL : path;
}

/* Without a default one a registrar can do: it says so, and goes on. */
static void
open_default(struct rsp_loop *loop, const char *name, rsp_control_answer *answer, void *ctx, struct rsp_control **ret)
{
	bool ours;
	RSP_AUTO(rsp_free) char *directory = default_directory(&ours);
	RSP_AUTO(rsp_free) char *path = directory ? socket_path(directory, name) : NULL;
	struct rsp_why why = { 0 };

	if (!path)
		return;
	if (ours && mkdir(directory, geteuid() == 0 ? 0755 : 0700) < 0 && errno != EEXIST)
		(void)rsp_fail(&why, RSP_EIO, directory, "cannot be made: %s", strerror(errno));
	if (why.err || rsp_control_new(loop, path, answer, ctx, ret, &why))
		rsp_log(RSP_LOG_WARNING, why.object, "%s; there is no control socket", why.reason);
}

enum rsp_err
peer_control_open(struct rsp_loop *loop, const char *name, rsp_control_answer *answer, void *ctx,
		  struct rsp_control **ret, struct rsp_why *why)
{
	if (!peer_option.control)
		open_default(loop, name, answer, ctx, ret);
	else if (strcmp(peer_option.control, "none") != 0)
		return rsp_control_new(loop, peer_option.control, answer, ctx, ret, why);
	return RSP_OK;
}

/* Look for sockets NAME.sock, of any name if it is "*". */
static void
look_in(const char *directory, const char *name, glob_t *found)
{
	RSP_AUTO(rsp_free) char *pattern = directory ? socket_path(directory, name) : NULL;

	if (pattern)
		(void)glob(pattern, found->gl_pathc ? GLOB_APPEND : 0, NULL, found);
}

static enum rsp_err
one_of(const glob_t *found, const char *name, char **ret, struct rsp_why *why)
{
	if (found->gl_pathc == 0)
		return rsp_fail(why, RSP_EUNREACHABLE, name ? name : "registrar",
				"no control socket is where they are by default: give it with --control");
	if (found->gl_pathc > 1 && !name)
		return rsp_fail(why, RSP_EUSAGE, "--name", "is missing, and several registrars are here: %s, %s%s",
				found->gl_pathv[0], found->gl_pathv[1], found->gl_pathc > 2 ? "..." : "");
	*ret = strdup(found->gl_pathv[0]);
	return *ret ? RSP_OK : rsp_fail(why, RSP_ENOMEM, "registrar", "out of memory");
}

enum rsp_err
peer_control_find(const char *name, char **ret, struct rsp_why *why)
{
	const char *user = getenv("XDG_RUNTIME_DIR"), *wanted = name ? name : "*";
	RSP_AUTO(rsp_free) char *own = runtime_directory();
	RSP_AUTO(rsp_free) char *of_user = user && *user ? rsp_path_join(user, DIRECTORY) : NULL;
	glob_t found = { 0 };

	look_in(own, wanted, &found);
	look_in(of_user, wanted, &found);
	look_in("/run/" DIRECTORY, wanted, &found);
	enum rsp_err err = one_of(&found, name, ret, why);
	globfree(&found);
	return err;
}
