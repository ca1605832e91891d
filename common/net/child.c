#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "net/child.h"
#include "net/loop_priv.h"

/* Not uv_spawn(): it cannot set the parent-death signal, and reaps only the processes that it started. */

struct rsp_child {
	LIST_ENTRY(rsp_child) running; /* in the list of the loop while the process runs */
	struct rsp_loop *loop;
	pid_t pid;
	bool own_group, kill_rest, ended;
	void (*on_end)(void *ctx, int status, int signum);
	void *ctx;
};

static void
forget(struct rsp_child *child)
{
	struct rsp_loop *loop = child->loop;

	if (child->ended)
		return;
	child->ended = true;
	LIST_REMOVE(child, running);
	if (LIST_EMPTY(&loop->children)) /* only a child that runs keeps the loop running */
		uv_unref((uv_handle_t *)&loop->reaper);
}

static struct rsp_child *
child_of(const struct rsp_loop *loop, pid_t pid)
{
	struct rsp_child *child;

	LIST_FOREACH(child, &loop->children, running)
	if (child->pid == pid)
		return child;
	return NULL;
}

static void
reap(struct rsp_loop *loop)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		struct rsp_child *child = child_of(loop, info.si_pid);
		int status = 0;

		/* as long as it is not reaped no other process can have its number */
		if (child && child->kill_rest)
			(void)kill(-child->pid, SIGKILL);
		(void)waitpid(info.si_pid, &status, 0);
		info.si_pid = 0;
		if (!child)
			continue;
		forget(child);
		child->on_end(child->ctx, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
			      WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
}

static void
on_sigchld(uv_signal_t *handle, int signum)
{
	(void)signum;
	reap(handle->data);
}

enum rsp_err
rsp_child_reap_all(struct rsp_loop *loop)
{
	if (loop->reaping)
		return RSP_OK;
	int status = uv_signal_init(&loop->uv, &loop->reaper);
	if (status)
		return rsp_uv_err(status);
	loop->reaper.data = loop;
	loop->reaping = true;
	status = uv_signal_start(&loop->reaper, on_sigchld, SIGCHLD);
	uv_unref((uv_handle_t *)&loop->reaper);
	if (!status)
		(void)raise(SIGCHLD); /* reap children that ended before the handler was installed */
	return rsp_uv_err(status);
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

/* The three descriptors of @params as 0, 1 and 2; -1 with errno. Each is copied first: one may be in another's
 * place. */
static int
place_fds(const int fds[3])
{
	int copy[3];

	for (int i = 0; i < 3; i++) {
		int fd = fds[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fds[i];

		copy[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copy[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(copy[i], i) < 0)
			return -1;
		int flags = fcntl(i, F_GETFL);
		if (flags >= 0 && (flags & O_NONBLOCK)) /* few commands expect that */
			(void)fcntl(i, F_SETFL, flags & ~O_NONBLOCK);
	}
	return 0;
}

static void
default_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signum = 1; signum <= SIGRTMAX; signum++)
		/* fails for SIGKILL and SIGSTOP, whose actions cannot be changed */
		(void)sigaction(signum, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process, between fork(2) and exec(3): no memory is allocated, only errno tells what went wrong. */
static void
become(const struct rsp_child_params *params, char **env, pid_t parent)
{
	union {
		const char *const *in;
		char *const *out;
	} argv = { params->argv }; /* exec(3) does not change them */

	if (params->own_group && setsid() < 0)
		return;
	if (params->at_our_end && prctl(PR_SET_PDEATHSIG, params->at_our_end, 0, 0, 0) < 0)
		return;
	default_signals();
	if (params->at_our_end && getppid() != parent) /* the parent died before prctl(2): the kernel sends no signal */
		(void)raise(params->at_our_end);
	if (place_fds(params->fds) < 0)
		return;
	environ = env;
	(void)execvp(params->argv[0], argv.out);
}

/* Fork and exec. 0 and *@ret, or an errno. */
static int
launch(const struct rsp_child_params *params, char **env, pid_t *ret)
{
	sigset_t all, before;
	pid_t parent = getpid();
	int ends[2], error = 0;
	ssize_t got;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before); /* no handler of ours is to run in the new process */
	pid_t pid = fork();
	if (pid == 0) {
		become(params, env, parent);
		error = errno;
		(void)!write(ends[1], &error, sizeof(error));
		_exit(127);
	}
	error = pid < 0 ? errno : 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	rsp_fd_close(ends[1]);
	do
		got = pid > 0 ? read(ends[0], &error, sizeof(error)) : 0;
	while (got < 0 && errno == EINTR);
	rsp_fd_close(ends[0]);
	if (pid > 0 && got > 0)
		(void)waitpid(pid, NULL, 0);
	*ret = pid;
	return error;
}

static enum rsp_err
err_of(int error)
{
	switch (error) {
	case ENOMEM:
		return RSP_ENOMEM;
	case ENOENT:
		return RSP_ENOTFOUND;
	case EACCES:
	case EPERM:
		return RSP_EPERMS;
	default:
		return RSP_EIO;
	}
}

enum rsp_err
rsp_child_start(struct rsp_loop *loop, const struct rsp_child_params *params,
		void (*ended)(void *ctx, int status, int signum), void *ctx, struct rsp_child **ret,
		struct rsp_why *why)
{
	struct rsp_child *child = calloc(1, sizeof(*child));
	char **env = merge_env(params->env);
	enum rsp_err err = child && env ? rsp_child_reap_all(loop) : RSP_ENOMEM;
	pid_t pid = 0;

	if (err) {
		free(child);
		free(env);
		return rsp_fail(why, err, params->argv[0], "%s", rsp_err_text(err));
	}
	int error = launch(params, env, &pid);
	free(env);
	if (error) {
		free(child);
		return rsp_fail(why, err_of(error), params->argv[0], "cannot start: %s", strerror(error));
	}
	*child = (struct rsp_child){ .loop = loop,
				     .pid = pid,
				     .own_group = params->own_group,
				     .kill_rest = params->kill_rest,
				     .on_end = ended,
				     .ctx = ctx };
	if (LIST_EMPTY(&loop->children))
		uv_ref((uv_handle_t *)&loop->reaper);
	LIST_INSERT_HEAD(&loop->children, child, running);
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
		forget(child);
	free(child);
}
