#include "engine/monitor/monitor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

enum state {
	CONNECTING,
	RESTING, /* until @due_ms: between requests */
	WAITING, /* for an answer */
	OVER
};

struct rsp_monitor {
	struct rsp_monitor_config config;
	const struct rsp_monitor_ops *ops;
	void *ctx;
	struct rsp_hash_key key;
	enum state state;
	uint32_t id, server_id;
	uint64_t due_ms, answer_by_ms;
	uint32_t retry_ms;
	bool rejected; /* the newest answer was a rejection */
	bool answered; /* what is due is a new request, not the same again */
	unsigned n;    /* answers */
	unsigned empty;
	uint64_t first_page, mark_page; /* hashes, see repeats() */
	unsigned mark;
	uint64_t ignored;
};

static const struct {
	uint8_t request, answer;
} messages[] = {
	[RSP_MONITOR_LIST] = { ENRP_LIST_REQUEST, ENRP_LIST_RESPONSE },
	[RSP_MONITOR_TABLE] = { ENRP_HANDLE_TABLE_REQUEST, ENRP_HANDLE_TABLE_RESPONSE },
	[RSP_MONITOR_PRESENCE] = { ENRP_PRESENCE, ENRP_PRESENCE },
};

static void
tell(struct rsp_monitor *m, enum rsp_monitor_event_type type, const struct rsp_message *message,
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
done(struct rsp_monitor *m)
{
	m->state = OVER;
	tell(m, RSP_MONITOR_DONE, NULL, NULL);
}

static void
fail_why(struct rsp_monitor *m, const struct rsp_why *why)
{
	if (m->state == OVER)
		return;
	m->state = OVER;
	tell(m, RSP_MONITOR_FAILED, NULL, why);
}

static void
fail(struct rsp_monitor *m, enum rsp_err err, const char *reason)
{
	struct rsp_why why;

	(void)rsp_fail(&why, err, NULL, "%s", reason);
	why.cause = RSP_CAUSE_NONE;
	fail_why(m, &why);
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
request(struct rsp_monitor *m, uint64_t now_ms)
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
		msg.checksum = 0xffff; /* of no element: we own none */
	}
	if (m->answered && m->config.answer_ms)
		m->answer_by_ms = now_ms + m->config.answer_ms;
	m->answered = false;
	m->state = WAITING;
	if (rsp_message_encode(&msg, octets, sizeof(octets), &n))
		fail(m, RSP_EINTERNAL, "a request that cannot be written");
	else
		m->ops->send(m->ctx, rsp_bytes_of(octets, n));
}

void
rsp_monitor_up(struct rsp_monitor *m, uint64_t now_ms)
{
	if (m->state == CONNECTING)
		request(m, now_ms);
}

void
rsp_monitor_down(struct rsp_monitor *m, const struct rsp_why *why)
{
	if (why && why->err)
		fail_why(m, why);
	else
		fail(m, RSP_ECLOSED, m->state == CONNECTING ? "not reached" : "it closed the connection");
}

/* The registrar's own word that it cannot answer now, RFC 5353 s.3.2.2.2, s.3.2.3. */
static void
rejected(struct rsp_monitor *m, uint64_t now_ms)
{
	m->rejected = true;
	m->state = RESTING;
	m->due_ms = now_ms + m->retry_ms;
	m->retry_ms = m->retry_ms < RSP_MONITOR_RETRY_MAX_MS / 2 ? m->retry_ms * 2 : RSP_MONITOR_RETRY_MAX_MS;
	tell(m, RSP_MONITOR_REJECTED, NULL, NULL);
}

/* The next request, at @due_ms. */
static void
rest(struct rsp_monitor *m, uint64_t due_ms)
{
	m->state = RESTING;
	m->due_ms = due_ms;
	m->answered = true;
	m->answer_by_ms = RSP_NEVER;
	m->retry_ms = RSP_MONITOR_RETRY_MS;
}

/* Whether this page was seen before: the first one, or any in a circle of them. Only one page is remembered, a later
 * one each time that their number has doubled, so every circle is noticed before it has gone round twice (Brent). */
static bool
repeats(struct rsp_monitor *m, const struct rsp_message *page)
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
page(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	bool more = msg->flags & ENRP_FLAG_MORE;

	m->empty = msg->n_list == 0 ? m->empty + 1 : 0;
	if (m->n > m->config.max_pages || m->empty > RSP_MONITOR_EMPTY_MAX) {
		m->n--;
		fail(m, RSP_EPROTO, m->empty > RSP_MONITOR_EMPTY_MAX ? "it sends empty pages of its handle table"
								     : "its handle table does not come to an end");
		return;
	}
	if (repeats(m, msg)) { /* or it gave the download up, since we took too long to come for the next page */
		m->n--;
		fail(m, RSP_EPROTO, "it sends pages of its handle table again");
		return;
	}
	tell(m, RSP_MONITOR_PAGE, msg, NULL);
	if (more)
		rest(m, now_ms);
	else
		done(m);
}

static void
present(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	tell(m, RSP_MONITOR_PRESENT, msg, NULL);
	if (m->config.count && m->n >= m->config.count)
		done(m);
	else
		rest(m, now_ms + m->config.interval_ms);
}

static void
answer(struct rsp_monitor *m, uint64_t now_ms, const struct rsp_message *msg)
{
	const char *wrong = msg->sender_id == 0				       ? "its server id is 0"
			    : msg->sender_id == m->id			       ? "it takes our id for its own"
			    : m->server_id && msg->sender_id != m->server_id ? "it changes its server id"
									       : NULL;

	if (wrong) {
		fail(m, RSP_EPROTO, wrong);
		return;
	}
	m->server_id = msg->sender_id;
	if (msg->type != ENRP_PRESENCE && msg->flags & ENRP_FLAG_REJECT) {
		rejected(m, now_ms);
		return;
	}
	m->rejected = false;
	m->n++;
	if (m->config.ask == RSP_MONITOR_TABLE) {
		page(m, now_ms, msg);
	} else if (m->config.ask == RSP_MONITOR_PRESENCE) {
		present(m, now_ms, msg);
	} else {
		tell(m, RSP_MONITOR_LISTED, msg, NULL);
		done(m);
	}
}

/* An ENRP_ERROR: it will not answer what we asked. */
static void
refused(struct rsp_monitor *m, const struct rsp_message *msg)
{
	struct rsp_why why;
	uint16_t cause = rsp_message_cause(msg);
	const char *name = rsp_cause_name(cause);

	(void)rsp_fail(&why, RSP_EREJECTED, NULL, "it answered with an error: %s", name ? name : "of unknown cause");
	why.cause = cause;
	fail_why(m, &why);
}

void
rsp_monitor_receive(struct rsp_monitor *m, uint64_t now_ms, struct rsp_bytes message)
{
	struct rsp_message msg;
	struct rsp_why why = { 0 };
	uint8_t wanted = messages[m->config.ask].answer;
	bool waiting = m->state == WAITING;

	if (m->state == OVER)
		return;
	if (rsp_message_decode(RSP_ENRP, message, &msg, &why)) {
		if (waiting && message.n > 0 && message.p[0] == wanted)
			fail_why(m, &why);
		else
			m->ignored++;
	} else if (!waiting || (msg.receiver_id && msg.receiver_id != m->id)) {
		m->ignored++;
	} else if (msg.type == ENRP_ERROR) {
		refused(m, &msg);
	} else if (msg.type == wanted) {
		answer(m, now_ms, &msg);
	} else {
		m->ignored++;
	}
}

void
rsp_monitor_tick(struct rsp_monitor *m, uint64_t now_ms)
{
	if (m->state == OVER)
		return;
	if (now_ms >= m->config.deadline_ms || now_ms >= m->answer_by_ms) {
		if (m->rejected)
			fail(m, RSP_EREJECTED, "it is not ready to answer");
		else
			fail(m, RSP_ETIMEOUT, m->state == CONNECTING ? "not reached in time" : "no answer in time");
	} else if (m->state == RESTING && now_ms >= m->due_ms) {
		request(m, now_ms);
	}
}

uint64_t
rsp_monitor_deadline(const struct rsp_monitor *m)
{
	uint64_t next_ms = m->config.deadline_ms;

	if (m->state == OVER)
		return RSP_NEVER;
	if (m->answer_by_ms < next_ms)
		next_ms = m->answer_by_ms;
	if (m->state == RESTING && m->due_ms < next_ms)
		next_ms = m->due_ms;
	return next_ms;
}

bool
rsp_monitor_over(const struct rsp_monitor *m)
{
	return m->state == OVER;
}

uint64_t
rsp_monitor_ignored(const struct rsp_monitor *m)
{
	return m->ignored;
}
