#include "net/poll.h"

#include <stdlib.h>

#include "net/loop_priv.h"

struct rsp_poll {
	uv_poll_t handle; /* libuv uses it until free_poll() */
	void (*ready)(void *ctx, int events);
	void *ctx;
	int events;
};

static void
on_poll(uv_poll_t *handle, int status, int events)
{
	struct rsp_poll *poll = handle->data;

	/* libuv reports an error of the socket without events: recv(2) and send(2) then return that error. */
	poll->ready(poll->ctx, status ? UV_READABLE | UV_WRITABLE : events);
}

static void
free_poll(uv_handle_t *handle)
{
	free(handle->data);
}

enum rsp_err
rsp_poll_new(struct rsp_loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx, struct rsp_poll **ret)
{
	struct rsp_poll *poll = calloc(1, sizeof(*poll));

	if (!poll)
		return RSP_ENOMEM;
	int status = uv_poll_init(&loop->uv, &poll->handle, fd);
	if (status) {
		free(poll);
		return rsp_uv_err(status);
	}
	poll->handle.data = poll;
	poll->ready = ready;
	poll->ctx = ctx;
	*ret = poll;
	return RSP_OK;
}

void
rsp_poll_for(struct rsp_poll *poll, int events)
{
	if (poll->events == events)
		return;
	poll->events = events;
	if (events)
		(void)uv_poll_start(&poll->handle, events, on_poll);
	else
		(void)uv_poll_stop(&poll->handle);
}

void
rsp_poll_free(struct rsp_poll *poll)
{
	if (poll)
		uv_close((uv_handle_t *)&poll->handle, free_poll);
}
