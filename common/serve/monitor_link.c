#include <stdio.h>

#include "net/trace.h"
#include "serve/monitor_priv.h"

/* The way to one registrar: a lookup, a race between addresses, a stream. */

enum rsp_inquiry_step
rsp_asked_step(const struct asked *a, enum rsp_err err)
{
	if (a->open)
		return RSP_INQUIRY_ENRP;
	if (err == RSP_ELOOKUP || a->lookup)
		return RSP_INQUIRY_DNS;
	if (a->reached || err == RSP_ENOKEY || err == RSP_EKEY || (a->race && rsp_race_reached(a->race)))
		return RSP_INQUIRY_TLS;
	return RSP_INQUIRY_TCP;
}

void
rsp_asked_hang_up(struct asked *a)
{
	rsp_lookup_cancel(a->lookup);
	a->lookup = NULL;
	rsp_race_cancel(a->race);
	a->race = NULL;
	if (a->stream) {
		rsp_stream_set_ctx(a->stream, NULL);
		rsp_stream_close(a->stream, a->open);
		a->stream = NULL;
	}
	a->seen.tls_version = "";
	a->seen.ip = (struct rsp_ip){ 0 };
	a->reached = a->open = a->lost = false;
}

/* The engine is told; @why has what happened. */
static void
lost(struct asked *a)
{
	a->lost = true;
	rsp_asked_settle(a);
}

void
rsp_asked_send(struct asked *a, struct rsp_bytes message)
{
	enum rsp_err err = a->stream ? rsp_stream_send(a->stream, message) : RSP_ECLOSED;

	a->sent_us = rsp_clock_us();
	if (!err) {
		rsp_trace_stream(a->q->config.trace, rsp_stream_auth(a->stream), RSP_PPID_ENRP, true, message);
		return;
	}
	(void)rsp_fail(&a->why, err, a->seen.name, "cannot send: %s", rsp_err_text(err));
	a->lost = true;
}

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct asked *a = ctx;

	if (!a)
		return;
	a->race = NULL;
	a->stream = stream;
	a->open = true;
	rsp_addr_format(&auth->remote, auth->remote_port, a->seen.address);
	a->seen.ip = auth->remote;
	a->seen.port = auth->remote_port;
	a->seen.secure = auth->secure;
	a->seen.tls_version = auth->tls_version;
	rsp_monitor_up(a->engine, rsp_clock_ms());
	rsp_asked_settle(a);
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct asked *a = ctx;
	struct rsp_bytes rest = all;

	while (a && !a->lost && !rsp_monitor_over(a->engine) && rest.n > 0) {
		size_t n = rsp_message_frame(rest);

		if (n == SIZE_MAX) {
			(void)rsp_fail(&a->why, RSP_EPROTO, a->seen.name, "no ENRP message: an impossible length");
			a->lost = true;
			break;
		}
		if (n == 0 || n > rest.n)
			break;
		struct rsp_bytes message = rsp_bytes_of(rest.p, n);
		rsp_trace_stream(a->q->config.trace, rsp_stream_auth(stream), RSP_PPID_ENRP, false, message);
		rsp_monitor_receive(a->engine, rsp_clock_ms(), message);
		rest = rsp_bytes_of(rest.p + n, rest.n - n);
	}
	if (!a || a->lost || rsp_monitor_over(a->engine))
		rest.n = 0;
	if (a)
		rsp_asked_settle(a);
	return all.n - rest.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct asked *a = ctx;

	(void)stream;
	if (!a)
		return;
	a->stream = NULL;
	a->why = *why;
	if (!why->err)
		(void)rsp_fail(&a->why, RSP_ECLOSED, why->object, "connection closed");
	lost(a);
}

static const struct rsp_stream_events dialled = { .open = on_open, .data = on_data, .closed = on_closed };

static void
on_no_way(void *ctx, const struct rsp_why *why, bool reached)
{
	struct asked *a = ctx;

	a->race = NULL;
	a->reached = reached;
	a->why = *why;
	lost(a);
}

/* How long all addresses together may take. */
static uint32_t
dial_timeout(const struct asked *a)
{
	uint64_t all = a->q->config.ask.answer_ms, now = rsp_clock_ms(), end = a->q->config.ask.deadline_ms;

	if (all == 0)
		all = end == RSP_NEVER ? RSP_STREAM_TIMEOUT_MS : end > now ? end - now : 1;
	return all > UINT32_MAX ? UINT32_MAX : (uint32_t)all;
}

static void
on_lookup(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct asked *a = ctx;
	const struct rsp_scope_registrar *registrar = a->target.registrar;
	struct rsp_sockaddr to[RSP_LOOKUP_MAX + RSP_SCOPE_ADDRESSES_MAX];
	struct rsp_race_params params = {
		.dial = {
			.tls = a->q->config.tls,
			.role = a->q->config.plaintext ? RSP_ROLE_NONE : RSP_ROLE_MONITOR,
			.server_name = a->target.name,
			.timeout_ms = dial_timeout(a),
		},
		.to = to,
		.events = &dialled,
		.failed = on_no_way,
		.ctx = a,
		.before = why,
	};

	a->lookup = NULL;
	for (unsigned i = 0; i < n && i < RSP_LOOKUP_MAX; i++)
		to[params.n++] = addrs[i];
	for (size_t i = 0; registrar && i < registrar->n_addresses && i < RSP_SCOPE_ADDRESSES_MAX; i++)
		to[params.n++] = rsp_sockaddr_of(&registrar->addresses[i], a->target.endpoint.port);
	if (params.n > 0)
		rsp_sockaddr_format(&to[0], a->seen.address);
	enum rsp_err err = rsp_race_start(a->q->loop, &params, &a->race);
	if (!err)
		return;
	a->race = NULL;
	(void)rsp_fail(&a->why, err, a->seen.name, "%s", rsp_err_text(err));
	lost(a);
}

void
rsp_asked_dial(struct asked *a)
{
	const struct rsp_endpoint *endpoint = &a->target.endpoint;

	if (rsp_lookup_start(a->q->loop, endpoint->host, endpoint->port, on_lookup, a, &a->lookup) == RSP_OK)
		return;
	a->lookup = NULL;
	(void)rsp_fail(&a->why, RSP_ELOOKUP, endpoint->host, "cannot be looked up");
	a->lost = true;
}
