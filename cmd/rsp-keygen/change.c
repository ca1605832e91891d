#include "change.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "keygen.h"

#define STAGE ".change"
#define STEPS ".change/steps"

/* The files of the scope's directory that a change may write or remove; is_of_registrar() has those of a registrar. If
 * .change/steps names another file, it is refused. */
static const char *const files[] = { "ca.key",    "ca-old.key", "ca.pem",     "crl.pem",
				     "keys.json", "authz.json", "scope.json", "bundles.json" };

/* Whether @path is a file of a registrar's directory; *@ret is the registrar's name. */
static bool
is_of_registrar(const char *path, char ret[static RSP_NAME_MAX + 1])
{
	static const char prefix[] = "registrars/";

	if (strncmp(path, prefix, strlen(prefix)) != 0)
		return false;
	const char *name = path + strlen(prefix), *slash = strchr(name, '/');
	if (!slash || slash - name > RSP_NAME_MAX)
		return false;
	(void)snprintf(ret, RSP_NAME_MAX + 1, "%.*s", (int)(slash - name), name);
	return rsp_name_ok(ret) && (strcmp(slash, "/cert.pem") == 0 || strcmp(slash, "/key.pem") == 0);
}

static bool
is_ours(const char *path)
{
	char name[RSP_NAME_MAX + 1];

	for (unsigned i = 0; i < RSP_COUNT(files); i++)
		if (strcmp(path, files[i]) == 0)
			return true;
	return is_of_registrar(path, name);
}

/* The staged file has '!' in place of '/': no name of a node has a '!'. */
static char *
staged_path(const char *dir, const char *path)
{
	char *staged = NULL;

	if (asprintf(&staged, "%s/" STAGE "/%s", dir, path) < 0)
		return NULL;
	for (char *c = staged + strlen(dir) + strlen(STAGE) + 2; *c; c++)
		*c = (char)(*c == '/' ? '!' : *c);
	return staged;
}

static enum rsp_err
fail(const char *path, const char *verb, struct rsp_why *why)
{
	enum rsp_err err = errno == EACCES || errno == EPERM ? RSP_EPERMS : RSP_EIO;

	return rsp_fail(why, err, path, "cannot %s: %s", verb, strerror(errno));
}

/* Make the directory of a registrar. @ret: its path, or NULL for a file of the master directory itself. */
static enum rsp_err
make_parents(const char *dir, const char *path, bool make, char **ret, struct rsp_why *why)
{
	char name[RSP_NAME_MAX + 1];
	RSP_AUTO(rsp_free) char *all = rsp_path_join(dir, "registrars");
	RSP_AUTO(rsp_free) char *own = NULL;
	enum rsp_err err = all ? RSP_OK : RSP_ENOMEM;

	*ret = NULL;
	if (err || !is_of_registrar(path, name))
		return err;
	own = rsp_path_join(all, name);
	if (!own)
		return RSP_ENOMEM;
	if (make)
		err = make_directory(all, 0700, why);
	if (!err && make)
		err = make_directory(own, 0700, why);
	if (!err)
		*ret = RSP_TAKE(own);
	return err;
}

/* Execute one step. No effect if an interrupted run has executed the step already. */
static enum rsp_err
carry_out(const char *dir, const char *verb, const char *path, struct rsp_why *why)
{
	bool write = strcmp(verb, "write") == 0;
	RSP_AUTO(rsp_free) char *from = staged_path(dir, path);
	RSP_AUTO(rsp_free) char *to = rsp_path_join(dir, path);
	RSP_AUTO(rsp_free) char *parent = NULL;
	enum rsp_err err = from && to ? make_parents(dir, path, write, &parent, why) : RSP_ENOMEM;

	if (err)
		return err == RSP_ENOMEM ? rsp_fail(why, err, dir, "out of memory") : err;
	if (write && rename(from, to) < 0 && errno != ENOENT) /* ENOENT: the step was executed before */
		return fail(to, "replace", why);
	if (!write && unlink(to) < 0 && errno != ENOENT)
		return fail(to, "remove", why);
	if (!write && parent)
		(void)rmdir(parent); /* fails unless the directory is empty */
	rsp_directory_sync(write && parent ? parent : dir);
	return RSP_OK;
}

/* Split the next line of @text. False at the end; *@ret_bad is set at a line that is no step. */
static bool
next_step(char **text, const char **ret_verb, const char **ret_path, bool *ret_bad)
{
	char *line = strsep(text, "\n"), *path = line;

	if (!line || (!*text && !*line))
		return false;
	*ret_verb = strsep(&path, " ");
	*ret_path = path;
	*ret_bad = !path || !is_ours(path) || (strcmp(*ret_verb, "write") != 0 && strcmp(*ret_verb, "remove") != 0);
	return !*ret_bad;
}

static enum rsp_err
carry_out_all(const char *dir, const char *steps, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *copy = strdup(steps);
	char *rest = copy;
	const char *verb = NULL, *path = NULL;
	bool bad = false;

	if (!copy)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	while (next_step(&rest, &verb, &path, &bad)) {
		enum rsp_err err = carry_out(dir, verb, path, why);

		if (err)
			return err;
	}
	return bad ? rsp_fail(why, RSP_ECONFIG, dir,
			      ".change/steps has a line that is not \"write FILE\" or \"remove FILE\": restore the "
			      "directory from a backup")
		   : RSP_OK;
}

/* Remove the stage. Its steps go first: without their files they must not be executed. */
static enum rsp_err
clear_stage(const char *dir, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *stage = rsp_path_join(dir, STAGE);
	RSP_AUTO(rsp_free) char *steps = rsp_path_join(dir, STEPS);

	if (!stage || !steps)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	if (unlink(steps) == 0)
		rsp_directory_sync(stage);
	DIR *list = opendir(stage);
	if (!list)
		return errno == ENOENT ? RSP_OK : fail(stage, "open", why);
	for (struct dirent *entry = readdir(list); entry; entry = readdir(list))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(list), entry->d_name, 0);
	(void)closedir(list);
	return rmdir(stage) < 0 && errno != ENOENT ? fail(stage, "remove", why) : RSP_OK;
}

enum change_state
change_found(const char *dir)
{
	RSP_AUTO(rsp_free) char *stage = rsp_path_join(dir, STAGE);
	RSP_AUTO(rsp_free) char *steps = rsp_path_join(dir, STEPS);

	if (!stage || !steps || access(stage, F_OK) < 0)
		return CHANGE_NONE;
	return access(steps, F_OK) == 0 ? CHANGE_COMMITTED : CHANGE_STAGED;
}

enum rsp_err
change_recover(const char *dir, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, STEPS);
	RSP_AUTO(rsp_free) char *steps = NULL;

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, dir, "out of memory");
	switch (change_found(dir)) {
	case CHANGE_NONE:
		return RSP_OK;
	case CHANGE_STAGED:
		break;
	case CHANGE_COMMITTED:
		if (read_text(path, true, &steps, why) || carry_out_all(dir, steps, why))
			return why->err;
		break;
	}
	return clear_stage(dir, why);
}

enum rsp_err
change_begin(struct change *change, const char *dir, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *stage = rsp_path_join(dir, STAGE);
	enum rsp_err err = stage ? make_directory(stage, 0700, why) : rsp_fail(why, RSP_ENOMEM, dir, "out of memory");

	*change = (struct change){ .dir = err ? NULL : dir };
	return err;
}

char *
change_stage(const struct change *change)
{
	return rsp_path_join(change->dir, STAGE);
}

static enum rsp_err
add_step(struct change *change, const char *verb, const char *path, struct rsp_why *why)
{
	char *steps = NULL;

	if (!is_ours(path))
		return rsp_fail(why, RSP_EINTERNAL, path, "is no file of a master directory");
	if (change->n == CHANGE_STEPS_MAX)
		return rsp_fail(why, RSP_ELIMIT, change->dir, "more than %d files would change at once",
				CHANGE_STEPS_MAX);
	if (asprintf(&steps, "%s%s %s\n", change->steps ? change->steps : "", verb, path) < 0)
		return rsp_fail(why, RSP_ENOMEM, change->dir, "out of memory");
	free(change->steps);
	change->steps = steps;
	change->n++;
	return RSP_OK;
}

enum rsp_err
change_write(struct change *change, const char *path, char **ret, struct rsp_why *why)
{
	enum rsp_err err = add_step(change, "write", path, why);

	if (err)
		return err;
	*ret = staged_path(change->dir, path);
	return *ret ? RSP_OK : rsp_fail(why, RSP_ENOMEM, change->dir, "out of memory");
}

enum rsp_err
change_remove(struct change *change, const char *path, struct rsp_why *why)
{
	return add_step(change, "remove", path, why);
}

enum rsp_err
change_commit(struct change *change, struct rsp_why *why)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(change->dir, STEPS);
	const char *steps = change->steps ? change->steps : "";

	if (!path)
		return rsp_fail(why, RSP_ENOMEM, change->dir, "out of memory");
	if (rsp_file_write(path, RSP_FILE_SECRET, true, rsp_bytes_str(steps), why))
		return why->err;
	const char *dir = change->dir;
	change->dir = NULL; /* the commit: from here on the change is finished, not undone */
	rsp_directory_sync(dir);
	if (carry_out_all(dir, steps, why))
		return why->err;
	return clear_stage(dir, why);
}

void
change_done(struct change *change)
{
	struct rsp_why ignored;

	if (change->dir)
		(void)!clear_stage(change->dir, &ignored);
	free(change->steps);
	*change = (struct change){ 0 };
}
