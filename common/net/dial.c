#include "net/dial.h"

#include <string.h>

#include "base/file.h"
#include "net/listener.h"
#include "net/stream_priv.h"

/* A stream for @fd, which it owns. On an error @fd is closed and @tls freed. */
static enum rsp_err
make_stream(struct rsp_loop *loop, int fd, const struct rsp_dial_params *params, struct rsp_tls_session *tls,
	    const struct rsp_stream_events *events, void *ctx, struct rsp_stream **ret)
{
	struct rsp_stream_params stream = {
		.fd = fd,
		.carrier = params->carrier,
		.connecting = true,
		.dialled = true,
		.tls = tls,
		.remote = rsp_sockaddr_ip(&params->to),
		.remote_port = rsp_sockaddr_port(&params->to),
		.queue_max = params->queue_max,
		.timeout_ms = params->timeout_ms,
		.events = events,
		.ctx = ctx,
	};
	enum rsp_err err = rsp_stream_new(loop, &stream, ret);

	if (err) {
		rsp_fd_close(fd);
		return err;
	}
	rsp_stream_arm(*ret);
	return RSP_OK;
}

enum rsp_err
rsp_dial_start(struct rsp_loop *loop, const struct rsp_dial_params *params, const struct rsp_stream_events *events,
	       void *ctx, struct rsp_stream **ret, struct rsp_why *why)
{
	const char *name = params->any_registrar ? NULL : params->server_name ? params->server_name : "";
	struct rsp_tls_session *tls = NULL;
	char object[RSP_SOCKADDR_TEXT_MAX];
	int fd = -1, error = 0;
	enum rsp_err err;

	rsp_sockaddr_format(&params->to, object);
	if (params->tls) {
		err = rsp_tls_session_dial(params->tls, params->role, name, params->nth_key, &tls, why);
		if (err)
			return err;
	}
	err = rsp_carrier_ops_of(params->carrier)->connect(&params->to, &params->from, &fd, &error);
	if (err) {
		rsp_tls_session_free(tls);
		return rsp_fail(why, err, object, "%s", strerror(error));
	}
	err = make_stream(loop, fd, params, tls, events, ctx, ret);
	if (err)
		return rsp_fail(why, err, object, "%s", rsp_err_text(err));
	rsp_stream_start(*ret, error);
	return RSP_OK;
}

enum rsp_err
rsp_dial_adopt(struct rsp_loop *loop, int fd, const struct rsp_dial_params *dial,
	       const struct rsp_listener_params *listen, const struct rsp_stream_events *events, void *ctx,
	       struct rsp_stream **ret, struct rsp_why *why)
{
	struct rsp_dial_params params = { 0 };
	struct rsp_tls_session *tls = NULL;
	enum rsp_err err = RSP_OK;

	if (dial)
		params = *dial;
	params.to = (struct rsp_sockaddr){ 0 };
	if (dial && dial->tls)
		err = rsp_tls_session_dial(dial->tls, dial->role, dial->server_name, 0, &tls, why);
	else if (!dial && listen->tls)
		err = rsp_tls_session_accept(listen->tls, listen->service, &tls);
	if (err) {
		rsp_fd_close(fd);
		return err;
	}
	if (!dial) {
		params.timeout_ms = listen->limits.handshake_ms;
		params.queue_max = listen->limits.queue_max;
	}
	err = make_stream(loop, fd, &params, tls, events, ctx, ret);
	if (err)
		return rsp_fail(why, err, "local", "%s", rsp_err_text(err));
	rsp_stream_start(*ret, 0);
	return RSP_OK;
}
