#include "net/watch.h"

#include <stdlib.h>

#include "net/loop_priv.h"

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct rsp_watch *watch = poll->data;

	/* On an error look at everything: recv(2) and send(2) know what it is. */
	watch->ready(watch->ctx, status ? UV_READABLE | UV_WRITABLE : events);
}

static void
free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

enum rsp_err
rsp_watch_new(struct rsp_loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx, struct rsp_watch **ret)
{
	struct rsp_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return RSP_ENOMEM;
	int status = uv_poll_init(&loop->uv, &watch->poll, fd);
	if (status) {
		free(watch);
		return rsp_uv_err(status);
	}
	watch->poll.data = watch;
	watch->ready = ready;
	watch->ctx = ctx;
	*ret = watch;
	return RSP_OK;
}

void
rsp_watch_for(struct rsp_watch *watch, int events)
{
	if (watch->events == events)
		return;
	watch->events = events;
	if (events)
		(void)uv_poll_start(&watch->poll, events, on_poll);
	else
		(void)uv_poll_stop(&watch->poll);
}

void
rsp_watch_free(struct rsp_watch *watch)
{
	if (watch)
		uv_close((uv_handle_t *)&watch->poll, free_watch);
}
