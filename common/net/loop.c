#include "net/loop_priv.h"
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#define ROUNDS_MAX 16 /* rounds in one turn: deferred calls may defer further calls */

enum rsp_err
rsp_uv_err(int status)
{
	if (status)
		errno = -status;
	switch (status) {
	case 0:
		return RSP_OK;
	case UV_ENOMEM:
		return RSP_ENOMEM;
	case UV_ENOENT:
		return RSP_ENOTFOUND;
	case UV_EACCES:
	case UV_EPERM:
		return RSP_EPERMS;
	case UV_EMFILE:
	case UV_ENFILE:
		return RSP_ELIMIT;
	default:
		return RSP_EIO;
	}
}

int
rsp_uv_poll_init(uv_loop_t *uv, uv_poll_t *poll, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	int status = uv_poll_init(uv, poll, fd);
	if (status == 0 && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags) < 0)
		status = -errno;
	return status;
}

static void
run_batch(struct rsp_loop *loop, struct rsp_defer_list *list)
{
	loop->batch = list->first;
	if (loop->batch)
		loop->batch->link = &loop->batch;
	list->first = NULL;
	list->end = &list->first;
	while (loop->batch) {
		struct rsp_defer *defer = loop->batch;

		rsp_defer_cancel(loop, defer);
		defer->call(defer->ctx);
	}
}

static void
end_turn(struct rsp_loop *loop)
{
	for (unsigned round = 0; round < ROUNDS_MAX && (loop->early.first || loop->late.first); round++)
		run_batch(loop, loop->early.first ? &loop->early : &loop->late);
	if (!loop->early.first && !loop->late.first)
		uv_idle_stop(&loop->idle);
}

static void
on_prepare(uv_prepare_t *handle)
{
	end_turn(handle->data);
}

static void
on_check(uv_check_t *handle)
{
	end_turn(handle->data);
}

static void
on_idle(uv_idle_t *handle)
{
	(void)handle; /* an idle handle that is active keeps the loop from waiting; there is nothing to do */
}

static void
ask(struct rsp_loop *loop, struct rsp_defer_list *list, struct rsp_defer *defer)
{
	if (defer->link)
		return;
	defer->next = NULL;
	defer->link = list->end;
	*list->end = defer;
	list->end = &defer->next;
	(void)uv_idle_start(&loop->idle, on_idle);
}

void
rsp_defer_ask(struct rsp_loop *loop, struct rsp_defer *defer)
{
	ask(loop, &loop->early, defer);
}

void
rsp_defer_late(struct rsp_loop *loop, struct rsp_defer *defer)
{
	ask(loop, &loop->late, defer);
}

void
rsp_defer_cancel(struct rsp_loop *loop, struct rsp_defer *defer)
{
	if (!defer->link)
		return;
	*defer->link = defer->next;
	if (defer->next)
		defer->next->link = defer->link;
	if (loop->early.end == &defer->next)
		loop->early.end = defer->link;
	if (loop->late.end == &defer->next)
		loop->late.end = defer->link;
	defer->next = NULL;
	defer->link = NULL;
}

/* Whether enough descriptors are free for the first loop. libuv aborts the process if it cannot open its pipe for
 * signals. */
static bool
has_descriptors(void)
{
	int first[2], second[2];

	if (pipe2(first, O_CLOEXEC) < 0)
		return false;
	bool enough = pipe2(second, O_CLOEXEC) == 0;
	int error = errno;
	for (unsigned i = 0; i < 2; i++) {
		rsp_fd_close(first[i]);
		if (enough)
			rsp_fd_close(second[i]);
	}
	errno = error;
	return enough;
}

enum rsp_err
rsp_loop_new(struct rsp_loop **ret)
{
	/* no calloc(): the scratch space takes memory only once it is used */
	struct rsp_loop *loop = malloc(sizeof(*loop));

	if (!loop)
		return RSP_ENOMEM;
	if (!has_descriptors()) {
		free(loop);
		return RSP_ELIMIT;
	}
	int status = uv_loop_init(&loop->uv);
	if (status) {
		free(loop);
		return rsp_uv_err(status);
	}
	loop->early = (struct rsp_defer_list){ .end = &loop->early.first };
	loop->late = (struct rsp_defer_list){ .end = &loop->late.first };
	loop->batch = NULL;
	loop->wire_out.n = 0;
	LIST_INIT(&loop->streams);
	TAILQ_INIT(&loop->lookups);
	loop->n_lookups = 0;
	LIST_INIT(&loop->children);
	loop->reaping = false;
	rsp_budget_init(&loop->budget[RSP_BUDGET_USERS], RSP_STREAM_USER_MEMORY);
	rsp_budget_init(&loop->budget[RSP_BUDGET_KEYS], RSP_STREAM_KEY_MEMORY);
	loop->cut_streams = NULL;
	(void)uv_prepare_init(&loop->uv, &loop->prepare);
	(void)uv_check_init(&loop->uv, &loop->check);
	(void)uv_idle_init(&loop->uv, &loop->idle);
	loop->prepare.data = loop->check.data = loop;
	(void)uv_prepare_start(&loop->prepare, on_prepare);
	(void)uv_check_start(&loop->check, on_check);
	uv_unref((uv_handle_t *)&loop->prepare);
	uv_unref((uv_handle_t *)&loop->check);
	*ret = loop;
	return RSP_OK;
}

void
rsp_loop_free(struct rsp_loop *loop)
{
	if (!loop)
		return;
	if (loop->cut_streams)
		loop->cut_streams(loop);
	while (loop->early.first)
		rsp_defer_cancel(loop, loop->early.first);
	while (loop->late.first)
		rsp_defer_cancel(loop, loop->late.first);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	uv_close((uv_handle_t *)&loop->idle, NULL);
	if (loop->reaping)
		uv_close((uv_handle_t *)&loop->reaper, NULL);
	/* libuv closes handles from within the loop. */
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop->uv);
	free(loop);
}

void
rsp_loop_run(struct rsp_loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

bool
rsp_loop_turn(struct rsp_loop *loop, bool wait)
{
	return uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0;
}

void
rsp_loop_stop(struct rsp_loop *loop)
{
	uv_stop(&loop->uv);
}
