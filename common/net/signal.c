#include "net/signal.h"

#include <stdlib.h>

#include "net/loop_priv.h"

struct rsp_signal {
	uv_signal_t handle;
	void (*caught)(void *ctx, int signum);
	void *ctx;
};

static void
free_signal(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_signal(uv_signal_t *handle, int signum)
{
	struct rsp_signal *signal = handle->data;

	signal->caught(signal->ctx, signum);
}

enum rsp_err
rsp_signal_new(struct rsp_loop *loop, int signum, void (*caught)(void *ctx, int signum), void *ctx,
	       struct rsp_signal **ret)
{
	struct rsp_signal *signal = calloc(1, sizeof(*signal));

	if (!signal)
		return RSP_ENOMEM;
	int status = uv_signal_init(&loop->uv, &signal->handle);
	if (status) {
		free(signal);
		return rsp_uv_err(status);
	}
	signal->handle.data = signal;
	signal->caught = caught;
	signal->ctx = ctx;
	status = uv_signal_start(&signal->handle, on_signal, signum);
	uv_unref((uv_handle_t *)&signal->handle);
	if (status) {
		rsp_signal_free(signal);
		return rsp_uv_err(status);
	}
	*ret = signal;
	return RSP_OK;
}

void
rsp_signal_free(struct rsp_signal *signal)
{
	if (signal)
		uv_close((uv_handle_t *)&signal->handle, free_signal);
}
