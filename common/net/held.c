#include "net/stream_priv.h"

/* What a stream may hold of memory: its output queue, what it has received and nobody has consumed, and what all of them hold
 * together. A connection whose output waits is not read from. RFC 5355 s.2.1, s.2.13. */

void
rsp_held_total(struct rsp_loop *loop, uint32_t user_memory)
{
	loop->held_max[RSP_HELD_USERS] = user_memory;
}

void
rsp_held_limit(struct rsp_stream *s, bool user, const struct rsp_listener_params *listen)
{
	const struct rsp_listener_limits *limits = &listen->limits;
	/* Two registrars that stopped reading from one another would wait for ever. */
	bool peer = listen->service == RSP_TLS_NOTIFY ||
		    (listen->service == RSP_TLS_ENRP && s->auth.role != RSP_ROLE_MONITOR);

	user = user && !peer;
	s->full_at = peer ? 0 : RSP_STREAM_FULL;
	if (user && limits->user_queue_max < s->queue_max)
		s->queue_max = limits->user_queue_max;
	if (user)
		return;
	s->loop->held[RSP_HELD_USERS] -= s->memory;
	s->source->held -= s->memory;
	s->loop->held[RSP_HELD_KEYS] += s->memory;
	s->held_as = RSP_HELD_KEYS;
}

/* The stream that holds the most; of users, of that source which holds the most. */
static struct rsp_stream *
greediest(const struct rsp_loop *loop, enum rsp_held as)
{
	const struct rsp_source *source = NULL;
	struct rsp_stream *s, *most = NULL;

	if (as == RSP_HELD_USERS)
		LIST_FOREACH(s, &loop->streams, all)
		if (s->memory && s->held_as == as && s->source && (!source || s->source->held > source->held))
			source = s->source;
	LIST_FOREACH(s, &loop->streams, all)
	if (s->memory && s->held_as == as && (!source || s->source == source) && (!most || s->memory > most->memory))
		most = s;
	return most;
}

/* They hold too much: those that hold the most go, until they do not. */
static void
relieve(struct rsp_loop *loop, enum rsp_held as)
{
	struct rsp_stream *s;

	while (loop->held[as] > loop->held_max[as] && (s = greediest(loop, as))) {
		rsp_stream_fail(s, RSP_ELIMIT, "holds the most of the memory that %s may have (%zu octets)",
				as == RSP_HELD_USERS ? "users" : "connections with a key", s->memory);
		rsp_stream_drop(s);
	}
}

enum rsp_err
rsp_held_count(struct rsp_stream *s)
{
	struct rsp_loop *loop = s->loop;
	size_t now = s->in.room + s->out.room + s->wire.room;
	enum rsp_held as = s->held_as;

	if (now == s->memory)
		return RSP_OK;
	bool more = now > s->memory;
	loop->held[as] += now - s->memory;
	if (as == RSP_HELD_USERS && s->source)
		s->source->held += now - s->memory;
	s->memory = now;
	if (!more || loop->held[as] <= loop->held_max[as])
		return RSP_OK;
	relieve(loop, as);
	return s->state == RSP_STREAM_GONE ? RSP_ECLOSED : RSP_OK;
}

size_t
rsp_stream_queued(const struct rsp_stream *s)
{
	return rsp_queue_size(&s->out) + rsp_queue_size(&s->wire);
}

bool
rsp_stream_full(const struct rsp_stream *s)
{
	size_t queued = rsp_stream_queued(s);

	return s->full_at && queued && (s->want_write || queued >= s->full_at);
}

enum rsp_err
rsp_stream_send(struct rsp_stream *s, struct rsp_bytes bytes)
{
	if (s->state != RSP_STREAM_OPEN)
		return RSP_ECLOSED;
	if (bytes.n > s->queue_max || rsp_stream_queued(s) > s->queue_max - bytes.n)
		return RSP_ELIMIT;
	if (!rsp_queue_add(&s->out, bytes.p, bytes.n))
		return RSP_ENOMEM;
	enum rsp_err e = rsp_held_count(s);
	if (!e && !s->want_write)
		rsp_defer_late(s->loop, &s->turn);
	return e;
}
