#include "engine/registrar/look.h"

#include "engine/registrar/number.h"
#include "engine/registrar/reach.h"

bool
rsp_look_takes_home(const struct rsp_core *core, const struct rsp_member *m)
{
	uint16_t rank = rsp_element_statement(rsp_member_element(m)).rank;

	return rsp_member_is_own(core, m) && rank > RSP_RANK_REGISTERED && rank < RSP_RANK_REMOVED;
}

/* End the look at @m, and set the timer for the next one. */
static void
rest(struct rsp_core *core, struct rsp_member *m, uint64_t at_ms)
{
	if (rsp_member_is_own(core, m))
		rsp_member_enter(core, m, RSP_MEMBER_UNLINKED, at_ms);
	else
		rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

static void
remove_silent(struct rsp_core *core, struct rsp_member *m)
{
	enum rsp_removal why = m->n_reporters > core->config.max_bad_pe_report ? RSP_REMOVAL_UNREACHABLE
			       : m->unanswered					       ? RSP_REMOVAL_KEEPALIVE
										       : RSP_REMOVAL_CONNECTION;

	rsp_member_remove(core, m, why, NULL, NULL);
}

/* The end of the grace time of the own element @m, which begins when it is first found to be silent. */
static uint64_t
grace_end(const struct rsp_core *core, const struct rsp_member *m)
{
	return (m->silent_ms ? m->silent_ms : core->now_ms) + core->config.reconnect_grace_ms;
}

static void
unanswered(struct rsp_core *core, struct rsp_member *m)
{
	uint64_t end_ms = grace_end(core, m);

	if (!rsp_member_is_own(core, m)) {
		rest(core, m, RSP_NEVER);
		rsp_member_note(core, m, RSP_NEWS_UNREACHED);
		return;
	}
	if (m->silent_ms == 0)
		m->silent_ms = core->now_ms;
	m->missed = true;
	if (core->now_ms < end_ms && m->n_reporters <= core->config.max_bad_pe_report)
		rest(core, m, end_ms);
	else
		remove_silent(core, m);
	if (m->pending) /* its registration was waited for */
		rsp_member_note(core, m, RSP_NEWS_DROPPED);
}

static void
answered(struct rsp_core *core, struct rsp_member *m)
{
	m->silent_ms = 0;
	m->missed = false;
	rsp_member_clear_reports(m);
	rest(core, m, core->now_ms + rsp_rng_jitter(&core->rng, rsp_core_interval_ms(core), 50));
	rsp_member_note(core, m, RSP_NEWS_REACHED | (m->pending ? RSP_NEWS_DROPPED : 0));
}

void
rsp_look_begin(struct rsp_core *core, struct rsp_member *m, bool reported)
{
	if (rsp_member_is_linked(m)) {
		rsp_member_ask_soon(core, m);
	} else if (m->phase == RSP_MEMBER_LOOK_QUEUED && reported && !m->first) {
		TAILQ_REMOVE(&core->looks, m, of_looks);
		m->first = true;
		TAILQ_INSERT_TAIL(&core->first_looks, m, of_looks);
	} else if (!rsp_member_is_looked_at(m) && m->phase < RSP_MEMBER_OLD && m->phase != RSP_MEMBER_FOREIGN_WAITS &&
		   core->now_ms >= rsp_member_rested_ms(core, m)) {
		m->first = reported || m->met;
		rsp_member_enter(core, m, RSP_MEMBER_LOOK_QUEUED, RSP_NEVER);
	}
}

/* When a dial or an answer is late: after the time limit of keep-alives; for an own element already at the end of its grace
 * time, unless that is too near. */
static uint64_t
time_limit(const struct rsp_core *core, const struct rsp_member *m)
{
	uint64_t limit_ms = core->now_ms + core->config.keepalive_timeout_ms, end_ms = grace_end(core, m);
	bool near = end_ms < core->now_ms + core->config.keepalive_timeout_ms / 2;

	return rsp_member_is_own(core, m) && !near && end_ms < limit_ms ? end_ms : limit_ms;
}

static void
ask(struct rsp_core *core, struct rsp_member *m)
{
	m->asked_ms = core->now_ms;
	rsp_member_enter(core, m, RSP_MEMBER_LOOK_ASKED, time_limit(core, m));
	rsp_member_send_keep_alive(core, m->link, m, rsp_look_takes_home(core, m));
}

/* Dial the ASAP transport of @m, or use the connection that is there. */
static void
dial(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_link *link = rsp_reach_dial(core, m);

	if (!link) { /* it listens nowhere, or the dial failed at once */
		m->asked_ms = core->now_ms;
		unanswered(core, m);
		return;
	}
	rsp_member_enter(core, m, RSP_MEMBER_LOOK_DIALLING, time_limit(core, m));
	rsp_link_attach(link, m);
	if (link->state == RSP_LINK_UP)
		ask(core, m);
}

bool
rsp_look_settle(struct rsp_core *core)
{
	struct rsp_member *m = TAILQ_FIRST(TAILQ_EMPTY(&core->first_looks) ? &core->looks : &core->first_looks);

	if (!m || core->state == RSP_REGISTRAR_LEAVING ||
	    (core->n_dialling >= core->config.max_adoptions && !rsp_reach_find(core, m)))
		return false;
	dial(core, m);
	return true;
}

void
rsp_look_link_up(struct rsp_core *core, struct rsp_link *link)
{
	struct rsp_member *m, *next;

	for (m = LIST_FIRST(&link->members); m; m = next) {
		next = LIST_NEXT(m, of_link);
		if (m->phase == RSP_MEMBER_LOOK_DIALLING)
			ask(core, m);
	}
}

void
rsp_look_link_down(struct rsp_core *core, struct rsp_link *link)
{
	struct rsp_member *m, *next;

	for (m = LIST_FIRST(&link->members); m; m = next) {
		next = LIST_NEXT(m, of_link);
		if (m->phase == RSP_MEMBER_LOOK_ANSWERED)
			answered(core, m);
		else if (rsp_member_is_looked_at(m))
			unanswered(core, m);
	}
}

/* An element without EPOCH that acknowledges the H flag has taken this registrar as its home: this registrar makes the
 * next statement, with the contents that it has. RFC 5352 s.3.4 */
static void
adopt(struct rsp_core *core, struct rsp_link *link, struct rsp_member *m)
{
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_statement next = rsp_element_statement(e);
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	next.epoch = rsp_number_next(core, &next, m, &pe.user);
	next.rank = RSP_RANK_REGISTERED;
	if (rsp_element_restate(core->space, e, core->config.server_id, &next))
		return; /* cannot happen: the home is the same, so no memory is needed */
	link->look_only = false;
	rsp_member_clear_pending(m);
	m->numbered = m->by_ack = true;
	m->silent_ms = 0;
	rsp_member_hold(core, m);
	rsp_member_note(core, m, RSP_NEWS_ADD | RSP_NEWS_LINKED);
}

/* Recorded once, not for each look, which may go on for as long as the element stays at its former home. */
static void
record_adopted(struct rsp_core *core, const struct rsp_link *link, struct rsp_member *m)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_ADOPTED,
				   .handle = rsp_pool_handle(rsp_member_element(m)->pool),
				   .pe_id = rsp_member_element(m)->pe_id,
				   .cause = RSP_CAUSE_NONE };

	if (m->adopted)
		return;
	m->adopted = true;
	core->stats.adopted++;
	rsp_core_record(core, link, event);
}

void
rsp_look_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
		      struct rsp_member *m)
{
	if (m->phase != RSP_MEMBER_LOOK_ASKED || m->link != link->id)
		return;
	m->met = true;
	rsp_member_count(core, m, true);
	if (!rsp_look_takes_home(core, m)) {
		answered(core, m);
		return;
	}
	record_adopted(core, link, m);
	struct rsp_statement stated = rsp_element_statement(rsp_member_element(m));
	if (msg->has & RSP_HAS_EPOCH || rsp_number_is_last(&stated)) /* it stays at its home, or registers over this link now */
		rsp_member_enter(core, m, RSP_MEMBER_LOOK_ANSWERED, core->now_ms + core->config.keepalive_timeout_ms);
	else
		adopt(core, rsp_link_find(core, link->id), m);
}

void
rsp_look_due(struct rsp_core *core, struct rsp_member *m)
{
	uint64_t rested_ms = rsp_member_rested_ms(core, m);

	if (rsp_member_is_looked_at(m) && rsp_core_liveness_is_paused(core)) /* the answer may wait to be read */
		rsp_member_postpone(core, m, core->liveness_paused_until_ms);
	else if (m->phase == RSP_MEMBER_LOOK_ANSWERED)
		answered(core, m);
	else if (rsp_member_is_looked_at(m))
		unanswered(core, m);
	else if (m->phase == RSP_MEMBER_UNLINKED && m->missed && core->now_ms >= grace_end(core, m))
		remove_silent(core, m);
	else if (core->now_ms < rested_ms)
		rsp_member_postpone(core, m, rested_ms);
	else
		rsp_look_begin(core, m, false);
}
