#include "engine/monitor/monitor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/moves.h"
#include "engine/monitor/state.h"

#define MOVE(from, to, event) { MONITOR_##from, MONITOR_##to },
static const struct rsp_move monitor_moves[] = { MONITOR_MOVES(MOVE) };
#undef MOVE

struct rsp_monitor {
	struct rsp_monitor_config config;
	const struct rsp_monitor_ops *ops;
	void *ctx;
	struct rsp_hash_key key;
	enum monitor_state state;
	uint32_t id, server_id; /* the random id of the monitor; that of the registrar, 0 before its first answer */
	uint64_t due_ms;	/* PAUSED: time of the next request */
	uint64_t answer_by_ms;	/* time limit of the answer; RSP_NEVER: none */
	uint32_t retry_ms;	/* pause after the next rejection */
	bool rejected;		/* the newest answer was a rejection */
	/* an answer arrived: the next request is a new one, not a retransmit after a rejection */
	bool answered;
	unsigned n;		/* number of answers */
	unsigned n_empty;	/* consecutive empty pages */
	uint64_t first_page, mark_page; /* hashes of pages, see is_repeated() */
	unsigned mark;			/* number of the page whose hash is @mark_page; 0: no page arrived yet */
	uint64_t ignored;
};

static const struct {
	uint8_t request, answer;
} messages[] = {
	[RSP_MONITOR_LIST] = { ENRP_LIST_REQUEST, ENRP_LIST_RESPONSE },
	[RSP_MONITOR_TABLE] = { ENRP_HANDLE_TABLE_REQUEST, ENRP_HANDLE_TABLE_RESPONSE },
	[RSP_MONITOR_PRESENCE] = { ENRP_PRESENCE, ENRP_PRESENCE },
};

/* Change the state of @m; no other function does. @due_ms: in state PAUSED, the
 * time of the next request; else RSP_NEVER. */
static void
monitor_enter(struct rsp_monitor *m, enum monitor_state state, uint64_t due_ms)
{
	rsp_moves_check("monitor", m->state, state,
			rsp_moves_list(monitor_moves, RSP_COUNT(monitor_moves), m->state, state));
	m->state = state;
	m->due_ms = due_ms;
}

static void
tell_monitor(struct rsp_monitor *m, enum rsp_monitor_event_type type, const struct rsp_message *message,
	     const struct rsp_why *why)
{
	struct rsp_monitor_event event = {
		.type = type,
		.message = message,
		.why = why,
		.server_id = m->server_id,
		.n = m->n,
	};

	m->ops->event(m->ctx, &event);
}

static void
end_done(struct rsp_monitor *m)
{
	monitor_enter(m, MONITOR_OVER, RSP_NEVER);
	tell_monitor(m, RSP_MONITOR_DONE, NULL, NULL);
}

static void
end_failed(struct rsp_monitor *m, const struct rsp_why *why)
{
	if (m->state == MONITOR_OVER)
		return;
	monitor_enter(m, MONITOR_OVER, RSP_NEVER);
	tell_monitor(m, RSP_MONITOR_FAILED, NULL, why);
}

static void
end_with(struct rsp_monitor *m, enum rsp_err err, const char *reason)
{
	struct rsp_why why;

	(void)rsp_fail(&why, err, NULL, "%s", reason);
	why.cause = RSP_CAUSE_NONE;
	end_failed(m, &why);
}

enum rsp_err
rsp_monitor_new(const struct rsp_monitor_config *config, const struct rsp_monitor_ops *ops, void *ctx,
		struct rsp_rng rng, uint64_t now_ms, struct rsp_monitor **ret)
{
	struct rsp_monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return RSP_ENOMEM;
	m->config = *config;
	if (m->config.max_pages == 0)
		m->config.max_pages = RSP_MONITOR_PAGES_MAX;
	m->ops = ops;
	m->ctx = ctx;
	m->id = rsp_rng_id(&rng);
	m->key = (struct rsp_hash_key){ rsp_rng_u64(&rng), rsp_rng_u64(&rng) };
	m->retry_ms = RSP_MONITOR_RETRY_MS;
	m->answer_by_ms = config->answer_ms ? now_ms + config->answer_ms : RSP_NEVER;
	*ret = m;
	return RSP_OK;
}

void
rsp_monitor_free(struct rsp_monitor *m)
{
	free(m);
}

static void
send_request(struct rsp_monitor *m, uint64_t now_ms)
{
	struct rsp_message msg = {
		.protocol = RSP_ENRP,
		.type = messages[m->config.ask].request,
		.sender_id = m->id,
		.receiver_id = m->server_id,
	};
	uint8_t octets[64];
	size_t n;

	if (m->config.ask == RSP_MONITOR_TABLE && m->config.own)
		msg.flags = ENRP_FLAG_OWN;
	if (m->config.ask == RSP_MONITOR_PRESENCE) {
		msg.flags = ENRP_FLAG_REPLY_REQUIRED;
		msg.has = RSP_HAS_CHECKSUM;
		msg.checksum = 0xffff; /* RFC 5353 s.3.6.2: the checksum over no elements */
	}
	if (m->answered && m->config.answer_ms)
		m->answer_by_ms = now_ms + m->config.answer_ms;
	m->answered = false;
	monitor_enter(m, MONITOR_WAITING, RSP_NEVER);
	if (rsp_message_encode(&msg, octets, sizeof(octets), &n))
		end_with(m, RSP_EINTERNAL, "a request that cannot be written");
	else
		m->ops->send(m->ctx, rsp_bytes_of(octets, n));
}

void
rsp_monitor_up(struct rsp_monitor *m, uint64_t now_ms)
{
	if (m->state == MONITOR_CONNECTING)
		send_request(m, now_ms);
}

void
rsp_monitor_down(struct rsp_monitor *m, const struct rsp_why *why)
{
	if (why && why->err)
		end_failed(m, why);
	else
		end_with(m, RSP_ECLOSED, m->state == MONITOR_CONNECTING ? "not reached" : "it closed the connection");
}

/* The registrar has rejected the request for now (the R flag): RFC 5353 s.3.2.2.2,
 * s.3.2.3. Send the request again after a pause. */
static void
handle_rejection(struct rsp_monitor *m, uint64_t now_ms)
{
	m->rejected = true;
	monitor_enter(m, MONITOR_PAUSED, now_ms + m->retry_ms);
	m->retry_ms = m->retry_ms < RSP_MONITOR_RETRY_MAX_MS / 2 ? m->retry_ms * 2 : RSP_MONITOR_RETRY_MAX_MS;
	tell_monitor(m, RSP_MONITOR_REJECTED, NULL, NULL);
}

/* Send the next request at @due_ms. */
static void
pause_until(struct rsp_monitor *m, uint64_t due_ms)
{
	monitor_enter(m, MONITOR_PAUSED, due_ms);
	m->answered = true;
	m->answer_by_ms = RSP_NEVER;
	m->retry_ms = RSP_MONITOR_RETRY_MS;
}

/* Whether @page has arrived before, as the first page or in a cycle of pages. Two pages are remembered: the first one,
 * and one that is replaced each time that the number of pages has doubled. So a cycle is found before it has been
 * received twice (Brent's algorithm). */
static bool
is_repeated(struct rsp_monitor *m, const struct rsp_message *page)
{
	uint64_t hash = rsp_hash(&m->key, page->list);

	if (page->n_list == 0)
		return false;
	if (m->mark > 0 && (hash == m->first_page || hash == m->mark_page))
		return true;
	if (m->mark == 0)
		m->first_page = hash;
	if (m->mark == 0 || m->n >= 2 * m->mark) {
		m->mark = m->n;
		m->mark_page = hash;
	}
	return false;
}

static void
handle_page(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	bool more = msg->flags & ENRP_FLAG_MORE;

	m->n_empty = msg->n_list == 0 ? m->n_empty + 1 : 0;
	if (m->n > m->config.max_pages || m->n_empty > RSP_MONITOR_EMPTY_MAX) {
		m->n--;
		end_with(m, RSP_EPROTO, m->n_empty > RSP_MONITOR_EMPTY_MAX ? "it sends empty pages of its handle table"
								     : "its handle table does not come to an end");
		return;
	}
	/* Either the registrar repeats pages without end, or the request came too late and the registrar began its
	 * table again. The monitor cannot know which. */
	if (is_repeated(m, msg)) {
		m->n--;
		end_with(m, RSP_EPROTO, "it sends pages of its handle table again");
		return;
	}
	tell_monitor(m, RSP_MONITOR_PAGE, msg, NULL);
	if (more)
		pause_until(m, now_ms);
	else
		end_done(m);
}

static void
handle_presence(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	tell_monitor(m, RSP_MONITOR_PRESENT, msg, NULL);
	if (m->config.count && m->n >= m->config.count)
		end_done(m);
	else
		pause_until(m, now_ms + m->config.interval_ms);
}

static void
handle_answer(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	const char *wrong = msg->sender_id == 0				       ? "its server id is 0"
			    : msg->sender_id == m->id			       ? "it takes our id for its own"
			    : m->server_id && msg->sender_id != m->server_id ? "it changes its server id"
									       : NULL;

	if (wrong) {
		end_with(m, RSP_EPROTO, wrong);
		return;
	}
	m->server_id = msg->sender_id;
	if (msg->type != ENRP_PRESENCE && msg->flags & ENRP_FLAG_REJECT) {
		handle_rejection(m, now_ms);
		return;
	}
	m->rejected = false;
	m->n++;
	if (m->config.ask == RSP_MONITOR_TABLE) {
		handle_page(m, now_ms, msg);
	} else if (m->config.ask == RSP_MONITOR_PRESENCE) {
		handle_presence(m, now_ms, msg);
	} else {
		tell_monitor(m, RSP_MONITOR_LISTED, msg, NULL);
		end_done(m);
	}
}

/* The registrar has sent an ENRP_ERROR: it will not answer the request. */
static void
handle_error(struct rsp_monitor *m, const struct rsp_message *msg)
{
	struct rsp_why why;
	uint16_t cause = rsp_message_cause(msg);
	const char *name = rsp_cause_name(cause);

	(void)rsp_fail(&why, RSP_EREJECTED, NULL, "it answered with an error: %s", name ? name : "of unknown cause");
	why.cause = cause;
	end_failed(m, &why);
}

void
rsp_monitor_receive(struct rsp_monitor *m, uint64_t now_ms, struct rsp_bytes message)
{
	struct rsp_message msg;
	struct rsp_why why = { 0 };
	uint8_t wanted = messages[m->config.ask].answer;
	bool waiting = m->state == MONITOR_WAITING;

	if (m->state == MONITOR_OVER)
		return;
	if (rsp_message_decode(RSP_ENRP, message, &msg, &why)) {
		if (waiting && message.n > 0 && message.p[0] == wanted)
			end_failed(m, &why);
		else
			m->ignored++;
	} else if (!waiting || (msg.receiver_id && msg.receiver_id != m->id)) {
		m->ignored++;
	} else if (msg.type == ENRP_ERROR) {
		handle_error(m, &msg);
	} else if (msg.type == wanted) {
		handle_answer(m, now_ms, &msg);
	} else {
		m->ignored++;
	}
}

void
rsp_monitor_tick(struct rsp_monitor *m, uint64_t now_ms)
{
	if (m->state == MONITOR_OVER)
		return;
	if (now_ms >= m->config.deadline_ms || now_ms >= m->answer_by_ms) {
		if (m->rejected)
			end_with(m, RSP_EREJECTED, "it is not ready to answer");
		else
			end_with(m, RSP_ETIMEOUT,
				 m->state == MONITOR_CONNECTING ? "not reached in time" : "no answer in time");
	} else if (m->state == MONITOR_PAUSED && now_ms >= m->due_ms) {
		send_request(m, now_ms);
	}
}

uint64_t
rsp_monitor_deadline(const struct rsp_monitor *m)
{
	uint64_t next_ms = m->config.deadline_ms;

	if (m->state == MONITOR_OVER)
		return RSP_NEVER;
	if (m->answer_by_ms < next_ms)
		next_ms = m->answer_by_ms;
	if (m->state == MONITOR_PAUSED && m->due_ms < next_ms)
		next_ms = m->due_ms;
	return next_ms;
}

bool
rsp_monitor_over(const struct rsp_monitor *m)
{
	return m->state == MONITOR_OVER;
}

uint64_t
rsp_monitor_ignored(const struct rsp_monitor *m)
{
	return m->ignored;
}
