#include <stdio.h>

#include "net/trace.h"
#include "serve/monitor_priv.h"

/* The way to one registrar: a lookup, addresses tried in turn, a stream. */

#define DIAL_MS_LEAST 250

enum rsp_inquiry_step
rsp_asked_step(const struct asked *a, enum rsp_err err)
{
	if (a->open)
		return RSP_INQUIRY_ENRP;
	if (err == RSP_ELOOKUP || a->lookup)
		return RSP_INQUIRY_DNS;
	if (a->reached || err == RSP_ENOKEY || err == RSP_EKEY || (a->stream && rsp_stream_reached(a->stream)))
		return RSP_INQUIRY_TLS;
	return RSP_INQUIRY_TCP;
}

void
rsp_asked_hang_up(struct asked *a)
{
	rsp_lookup_cancel(a->lookup);
	a->lookup = NULL;
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

	(void)stream;
	if (!a)
		return;
	a->open = true;
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

static void try_next(struct asked *a);

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct asked *a = ctx;

	if (!a)
		return;
	a->reached = rsp_stream_reached(stream);
	a->stream = NULL;
	a->why = *why;
	if (!why->err)
		(void)rsp_fail(&a->why, RSP_ECLOSED, why->object, "connection closed");
	if (a->open || a->at >= a->n_to)
		lost(a);
	else
		try_next(a);
}

static const struct rsp_stream_events dialled = { .open = on_open, .data = on_data, .closed = on_closed };

/* How long one address may take, so that all of them have their turn. */
static uint32_t
dial_timeout(const struct asked *a)
{
	uint64_t all = a->q->config.ask.answer_ms, now = rsp_clock_ms(), end = a->q->config.ask.deadline_ms;

	if (all == 0)
		all = end == RSP_NEVER ? RSP_STREAM_TIMEOUT_MS : end > now ? end - now : 0;
	all /= a->n_to;
	return all < DIAL_MS_LEAST ? DIAL_MS_LEAST : all > UINT32_MAX ? UINT32_MAX : (uint32_t)all;
}

static void
try_next(struct asked *a)
{
	while (a->at < a->n_to) {
		struct rsp_dial_params params = {
			.to = a->to[a->at++],
			.tls = a->q->config.tls,
			.role = a->q->config.plaintext ? RSP_ROLE_NONE : RSP_ROLE_MONITOR,
			.server_name = a->target.name,
			.timeout_ms = dial_timeout(a),
		};

		a->reached = false;
		rsp_sockaddr_format(&params.to, a->seen.address);
		if (rsp_stream_dial(a->q->loop, &params, &dialled, a, &a->stream, &a->why) == RSP_OK)
			return;
		a->stream = NULL;
	}
	lost(a);
}

static void
on_lookup(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct asked *a = ctx;
	const struct rsp_scope_registrar *registrar = a->target.registrar;

	a->lookup = NULL;
	a->n_to = a->at = 0;
	a->why = why ? *why : (struct rsp_why){ 0 };
	for (unsigned i = 0; i < n && a->n_to < INQUIRY_ADDRESSES_MAX; i++)
		a->to[a->n_to++] = addrs[i];
	for (size_t i = 0; registrar && i < registrar->n_addresses && a->n_to < INQUIRY_ADDRESSES_MAX; i++)
		a->to[a->n_to++] = rsp_sockaddr_of(&registrar->addresses[i], a->target.endpoint.port);
	try_next(a);
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
