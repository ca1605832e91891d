#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/loop_priv.h"

struct rsp_child {
	uv_process_t process;
	pid_t pid;
	bool own_group, ended;
	void (*on_end)(void *ctx, int status, int signum);
	void *ctx;
};

static void
on_exit_of(uv_process_t *process, int64_t status, int signum)
{
	struct rsp_child *child = process->data;

	child->ended = true;
	child->on_end(child->ctx, (int)status, signum);
}

static void
free_child(uv_handle_t *handle)
{
	free(handle->data);
}

static bool
same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Our environment with @over in place of what has the same names. The texts are not copied. */
static char **
merge_env(const char *const *over)
{
	size_t n_ours = 0, n_over = 0, n = 0;

	while (environ[n_ours])
		n_ours++;
	while (over && over[n_over])
		n_over++;
	char **env = calloc(n_ours + n_over + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n_ours; i++) {
		bool replaced = false;

		for (size_t j = 0; j < n_over && !replaced; j++)
			replaced = same_name(over[j], environ[i]);
		if (!replaced)
			env[n++] = environ[i];
	}
	if (n_over)
		memcpy(env + n, over, n_over * sizeof(*env));
	return env;
}

enum rsp_err
rsp_child_start(struct rsp_loop *loop, const struct rsp_child_params *params,
		void (*ended)(void *ctx, int status, int signum), void *ctx, struct rsp_child **ret,
		struct rsp_why *why)
{
	struct rsp_child *child = calloc(1, sizeof(*child));
	char **env = merge_env(params->env);
	uv_stdio_container_t stdio[3] = { 0 };
	/* uv_spawn() wants texts it could change, and does not change them. */
	uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = params->argv[0],
		.env = env,
		.stdio_count = 3,
		.stdio = stdio,
		.flags = params->own_group ? UV_PROCESS_DETACHED : 0,
	};

	memcpy(&options.args, &params->argv, sizeof(options.args));
	if (!child || !env) {
		free(child);
		free(env);
		return rsp_fail(why, RSP_ENOMEM, params->argv[0], "%s", rsp_err_text(RSP_ENOMEM));
	}
	for (unsigned i = 0; i < RSP_COUNT(stdio); i++) {
		stdio[i].flags = params->fds[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
		stdio[i].data.fd = params->fds[i];
	}
	int status = uv_spawn(&loop->uv, &child->process, &options);
	free(env);
	child->process.data = child;
	if (status) {
		uv_close((uv_handle_t *)&child->process, free_child);
		return rsp_fail(why, rsp_uv_err(status), params->argv[0], "cannot start: %s", uv_strerror(status));
	}
	child->pid = child->process.pid;
	child->own_group = params->own_group;
	child->on_end = ended;
	child->ctx = ctx;
	*ret = child;
	return RSP_OK;
}

pid_t
rsp_child_pid(const struct rsp_child *child)
{
	return child->pid;
}

void
rsp_child_kill(struct rsp_child *child, int signum)
{
	if (child && !child->ended)
		(void)kill(child->own_group ? -child->pid : child->pid, signum);
}

void
rsp_child_free(struct rsp_child *child)
{
	if (child)
		uv_close((uv_handle_t *)&child->process, free_child);
}
