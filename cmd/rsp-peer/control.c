/* rsp-peer: the path of the control socket, which `run` serves and `status` asks. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "net/loop.h"
#include "peer.h"
#include "serve/control.h"
#include "serve/query.h"

#define DIRECTORY "rserpool"
#define SUFFIX	  ".sock"
#define ANSWER_MS 2000
#define TRIED_MAX RSP_REASON_MAX

/* The directory that systemd made for this service (RuntimeDirectory=); the first one of several. On the heap; NULL:
 * none. */
static char *
runtime_directory(void)
{
	const char *list = getenv("RUNTIME_DIRECTORY");

	return list && *list ? strndup(list, strcspn(list, ":")) : NULL;
}

/* The default directory of control sockets, on the heap. @ours: this process may have to make it. */
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

	return asprintf(&path, "%s/%s" SUFFIX, directory, name) < 0 ? NULL : path;
}

/* The answer of another process at the default path. */
struct other {
	bool answered;
	json_t *status;
};

static void
on_other(void *ctx, struct rsp_bytes text, const struct rsp_why *why)
{
	struct other *other = ctx;

	other->answered = true;
	if (!why->err)
		other->status = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
}

/* Whether @status is that of a serving registrar @name, at the default path, or of any, at the path --control. A registrar
 * that is leaving does not count, nor does an answer that is no status. */
static enum rsp_err
judge(const char *name, const json_t *status, struct rsp_why *why)
{
	const char *schema = json_string_value(json_object_get(status, "schema"));
	const char *its_name = json_string_value(json_object_get(status, "name"));
	const char *state = json_string_value(json_object_get(status, "state"));
	const char *asap = json_string_value(json_object_get(json_object_get(status, "listening"), "asap"));

	long long pid = json_integer_value(json_object_get(status, "pid"));

	if (!schema || strcmp(schema, PEER_STATUS_SCHEMA) != 0 || !its_name || !state || strcmp(state, "leaving") == 0)
		return RSP_OK;
	if (peer_option.control)
		return rsp_fail(why, RSP_EEXISTS, peer_option.control,
				"the registrar %.64s listens there, process %lld: give another --control", its_name, pid);
	if (strcmp(its_name, name) != 0)
		return RSP_OK;
	return rsp_fail(why, RSP_EEXISTS, name,
			"another registrar of this name runs here: process %lld, at %s; one of another scope needs a "
			"--control of its own",
			pid, asap ? asap : "no address");
}

/* The status that the process at the socket @path answers. NULL: none does. */
static json_t *
ask_other(struct rsp_loop *loop, const char *path)
{
	struct rsp_query *query = NULL;
	struct other other = { 0 };

	if (access(path, F_OK) < 0 || rsp_query_new(loop, path, ANSWER_MS, on_other, &other, &query, NULL))
		return NULL;
	while (!other.answered && rsp_loop_turn(loop, true))
		;
	rsp_query_free(query);
	return other.status;
}

enum rsp_err
peer_control_alone(struct rsp_loop *loop, const char *name, struct rsp_why *why)
{
	bool ours;
	RSP_AUTO(rsp_free) char *directory = peer_option.control ? NULL : default_directory(&ours);
	RSP_AUTO(rsp_free) char *of_name = directory ? socket_path(directory, name) : NULL;
	const char *path = peer_option.control ? peer_option.control : of_name;

	if (!path || strcmp(path, "none") == 0)
		return RSP_OK;
	json_t *status = ask_other(loop, path);
	enum rsp_err err = judge(name, status, why);
	json_decref(status);
	return err;
}

/* Open the socket at the default path. Without it the registrar serves all the same, after a warning. */
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

/* Add the sockets NAME.sock of @directory to @found; @name "*": all of them. The pattern is added to @tried. */
static void
look_in(const char *directory, const char *name, glob_t *found, char tried[static TRIED_MAX])
{
	RSP_AUTO(rsp_free) char *pattern = directory ? socket_path(directory, name) : NULL;
	size_t n = strlen(tried);

	if (!pattern)
		return;
	(void)snprintf(tried + n, TRIED_MAX - n, "%s%s", n ? " or " : "", pattern);
	(void)glob(pattern, found->gl_pathc ? GLOB_APPEND : 0, NULL, found);
}

/* Write the name of the registrar of the socket @path at the end of @names. */
static void
add_name(const char *path, char names[static RSP_REASON_MAX])
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	size_t n = strlen(names);

	(void)snprintf(names + n, RSP_REASON_MAX - n, "%s%.*s", n ? ", " : "", (int)(strlen(file) - strlen(SUFFIX)),
		       file);
}

/* The socket of the one registrar that runs; the first socket if none runs, so that the question names it. A process that was
 * killed leaves its socket: it is no registrar. */
static enum rsp_err
one_of(const glob_t *found, const char *name, const char *tried, char **ret, struct rsp_why *why)
{
	char names[RSP_REASON_MAX] = "";
	const char *path = NULL;
	unsigned n = 0;

	if (found->gl_pathc == 0)
		return rsp_fail(why, RSP_EUNREACHABLE, name ? name : "registrar",
				"no control socket: --control says where it is, if not at %s", tried);
	for (size_t i = 0; i < found->gl_pathc; i++) {
		if (!rsp_control_is_served(found->gl_pathv[i]))
			continue;
		path = n++ == 0 ? found->gl_pathv[i] : path;
		add_name(found->gl_pathv[i], names);
	}
	if (n > 1 && !name)
		return rsp_fail(why, RSP_EUSAGE, "--name", "is missing, and several registrars are here: %.300s", names);
	*ret = strdup(path ? path : found->gl_pathv[0]);
	return *ret ? RSP_OK : rsp_fail(why, RSP_ENOMEM, "registrar", "out of memory");
}

enum rsp_err
peer_control_find(const char *name, char **ret, struct rsp_why *why)
{
	const char *user = getenv("XDG_RUNTIME_DIR"), *wanted = name ? name : "*";
	RSP_AUTO(rsp_free) char *own = runtime_directory();
	RSP_AUTO(rsp_free) char *of_user = user && *user ? rsp_path_join(user, DIRECTORY) : NULL;
	char tried[TRIED_MAX] = "";
	glob_t found = { 0 };

	look_in(own, wanted, &found, tried);
	look_in(of_user, wanted, &found, tried);
	look_in("/run/" DIRECTORY, wanted, &found, tried);
	enum rsp_err err = one_of(&found, name, tried, ret, why);
	globfree(&found);
	return err;
}
