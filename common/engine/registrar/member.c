#include "engine/registrar/member.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/registrar/subscription.h"
#include "model/checksum.h"
#include "model/statement.h"

#define BIT(phase) (1U << RSP_MEMBER_##phase)
#define LOOKS	   (BIT(LOOK_QUEUED) | BIT(LOOK_DIALLING) | BIT(LOOK_ASKED) | BIT(LOOK_ANSWERED))
#define LINKED	   (BIT(HELD) | BIT(ASKED) | BIT(DOUBTED) | BIT(DISPLACED))

bool
rsp_member_is_linked(const struct rsp_member *m)
{
	return (1U << m->phase) & LINKED;
}

bool
rsp_member_is_looked_at(const struct rsp_member *m)
{
	return (1U << m->phase) & LOOKS;
}

/* End the look at @m. If its link was dialled for looks only, close it with its last look. */
static void
end_look(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_link *link = m->link ? rsp_link_find(core, m->link) : NULL;

	rsp_link_detach(m);
	if (link && link->look_only && LIST_EMPTY(&link->members))
		rsp_link_close(core, link, RSP_ECLOSED);
}

/* The number that @m adds to the PE checksum, RFC 5353 s.3.6.2. */
static uint64_t
checksum_of(const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	return rsp_checksum_element(e->pool->handle_sum, e->pe_id);
}

static struct rsp_look_list *
looks_of(struct rsp_core *core, const struct rsp_member *m)
{
	return m->first ? &core->first_looks : &core->looks;
}

void
rsp_member_enter(struct rsp_core *core, struct rsp_member *m, enum rsp_member_phase phase, uint64_t at_ms)
{
	assert(rsp_phase_may(m->phase, phase));
	if (rsp_member_is_linked(m))
		core->linked_sum -= checksum_of(m);
	if (m->phase == RSP_MEMBER_LOOK_QUEUED)
		TAILQ_REMOVE(looks_of(core, m), m, of_looks);
	else if (rsp_member_is_looked_at(m) && !((1U << phase) & (LOOKS | BIT(HELD)))) /* HELD: over the same link */
		end_look(core, m);
	else if (m->phase == RSP_MEMBER_OLD && !((1U << phase) & (LINKED | BIT(OLD))))
		rsp_link_detach(m);
	m->phase = phase;
	if (phase == RSP_MEMBER_LOOK_QUEUED)
		TAILQ_INSERT_TAIL(looks_of(core, m), m, of_looks);
	if (rsp_member_is_linked(m))
		core->linked_sum += checksum_of(m);
	if (at_ms == RSP_NEVER)
		rsp_wheel_cancel(&core->liveness, &m->timer);
	else
		rsp_wheel_set(&core->liveness, &m->timer, at_ms);
}

void
rsp_member_postpone(struct rsp_core *core, struct rsp_member *m, uint64_t at_ms)
{
	rsp_wheel_set(&core->liveness, &m->timer, at_ms);
}

enum rsp_err
rsp_member_put(struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe,
	       struct rsp_member **ret)
{
	struct rsp_element *e;
	enum rsp_err err = rsp_handlespace_put(core->space, handle, pe, &e);

	if (!err)
		*ret = rsp_member(e);
	return err;
}

bool
rsp_member_is_own(const struct rsp_core *core, const struct rsp_member *m)
{
	return rsp_element_home_id(rsp_member_element(m)) == core->config.server_id;
}

struct rsp_statement
rsp_member_greatest(const struct rsp_member *m, uint32_t *ret_home_id)
{
	const struct rsp_element *e = rsp_member_element(m);
	struct rsp_statement stored = rsp_element_statement(e);
	uint32_t home_id = rsp_element_home_id(e);
	bool pending = m->pending && rsp_statement_compare(&m->pending->statement, m->pending->home_id, &stored, home_id) > 0;

	if (ret_home_id)
		*ret_home_id = pending ? m->pending->home_id : home_id;
	return pending ? m->pending->statement : stored;
}

struct rsp_event
rsp_member_event(enum rsp_event_kind kind, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	return (struct rsp_event){ .kind = kind,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .identity = e->owner };
}

void
rsp_member_note(struct rsp_core *core, struct rsp_member *m, enum rsp_news news)
{
	m->news = (m->news | (unsigned)news) & 0x3f;
	if (m->in_changed)
		return;
	m->in_changed = true;
	STAILQ_INSERT_TAIL(&core->changed, m, changed);
}

void
rsp_member_count(struct rsp_core *core, struct rsp_member *m, bool counts)
{
	const char *owner = rsp_member_element(m)->owner;

	if (m->counted == counts || !owner || (counts && !rsp_member_is_own(core, m)))
		return;
	struct rsp_account *account = rsp_account_get(&core->accounts, &core->key, rsp_bytes_str(owner));
	if (!account)
		return; /* no memory for a new one */
	m->counted = counts;
	account->elements += counts ? 1U : -1U;
}

void
rsp_member_set_life(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(rsp_member_element(m), &pe);
	rsp_wheel_set(&core->expiry, &m->expiry,
		      pe.lifetime_s < 0 ? RSP_NEVER : core->now_ms + (uint64_t)pe.lifetime_s * 1000);
}

uint64_t
rsp_member_rested_ms(const struct rsp_core *core, const struct rsp_member *m)
{
	return m->asked_ms ? m->asked_ms + core->config.keepalive_distance_ms : 0;
}

void
rsp_member_hold(struct rsp_core *core, struct rsp_member *m)
{
	/* RFC 5352 s.3.5: the interval is varied by half, so that keep-alives to many elements spread over time. */
	uint64_t next = core->now_ms + rsp_rng_jitter(&core->rng, core->config.keepalive_interval_ms, 50);
	uint64_t earliest = rsp_member_rested_ms(core, m);

	if (core->config.keepalive_interval_ms == 0)
		next = RSP_NEVER;
	rsp_member_enter(core, m, RSP_MEMBER_HELD, next < earliest ? earliest : next);
}

void
rsp_member_unlink(struct rsp_core *core, struct rsp_member *m, uint64_t in_ms)
{
	if (!rsp_member_is_looked_at(m))
		rsp_link_detach(m);
	m->silent_ms = core->now_ms;
	m->missed = false;
	rsp_member_enter(core, m, RSP_MEMBER_UNLINKED, core->now_ms + in_ms);
}

/* Whether the element must register again, although its last statement has the greatest number: another registrar says at that
 * number that it has taken it over or removed it, or this registrar was away. A higher number in the keep-alive causes that. */
static bool
must_register(const struct rsp_member *m)
{
	struct rsp_statement stored = rsp_element_statement(rsp_member_element(m));

	return m->phase == RSP_MEMBER_OLD ||
	       (m->pending && rsp_statement_same_number(&m->pending->statement, &stored));
}

void
rsp_member_send_keep_alive(struct rsp_core *core, uint32_t link, const struct rsp_member *m, bool home)
{
	struct rsp_statement known = rsp_member_greatest(m, NULL);

	if (must_register(m))
		known.epoch.epoch++;
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_KEEP_ALIVE,
				   .flags = home ? ASAP_FLAG_HOME : 0,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | (known.rank ? RSP_HAS_EPOCH : 0),
				   .server_id = core->config.server_id,
				   .handle = rsp_pool_handle(rsp_member_element(m)->pool),
				   .pe_id = rsp_member_element(m)->pe_id,
				   .epoch = known.epoch };

	rsp_core_send(core, link, &msg);
}

void
rsp_member_ask(struct rsp_core *core, struct rsp_member *m)
{
	m->asked_ms = core->now_ms;
	m->questioned = m->pending != NULL;
	rsp_member_enter(core, m, RSP_MEMBER_ASKED, core->now_ms + core->config.keepalive_timeout_ms);
	rsp_member_send_keep_alive(core, m->link, m, false);
}

void
rsp_member_ask_soon(struct rsp_core *core, struct rsp_member *m)
{
	uint64_t earliest = rsp_member_rested_ms(core, m);

	if (m->phase != RSP_MEMBER_HELD)
		return;
	if (earliest <= core->now_ms)
		rsp_member_ask(core, m);
	else if (!rsp_timer_is_set(&m->timer) || m->timer.deadline_ms > earliest)
		rsp_member_postpone(core, m, earliest);
}

void
rsp_member_take(struct rsp_core *core, struct rsp_member *m, uint64_t in_ms)
{
	rsp_member_set_life(core, m);
	if (m->phase == RSP_MEMBER_OLD && m->link) {
		rsp_member_hold(core, m);
		rsp_member_ask_soon(core, m);
	} else {
		rsp_member_unlink(core, m, in_ms);
	}
}

void
rsp_member_let_go(struct rsp_core *core, struct rsp_member *m)
{
	rsp_member_count(core, m, false);
	rsp_member_clear_reports(m);
	rsp_member_clear_pending(m);
	m->adopted = false;
	rsp_wheel_cancel(&core->expiry, &m->expiry);
	rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

/* Beyond the RFC: the response has an error cause. */
void
rsp_member_send_unknown(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, uint32_t pe_id,
			uint16_t cause)
{
	uint8_t room[8];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_DEREGISTRATION_RESPONSE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | RSP_HAS_ERROR,
				   .handle = handle,
				   .pe_id = pe_id };

	msg.error = rsp_error_compose(cause, (struct rsp_bytes){ 0 }, room, sizeof(room));
	rsp_core_send(core, link->id, &msg);
}

void
rsp_member_send_removed(struct rsp_core *core, const struct rsp_member *m, uint16_t cause)
{
	const struct rsp_element *e = rsp_member_element(m);
	const struct rsp_link *link = rsp_link_find(core, m->link);

	if (link && link->state == RSP_LINK_UP)
		rsp_member_send_unknown(core, link, rsp_pool_handle(e->pool), e->pe_id, cause);
}

void
rsp_member_clear_reports(struct rsp_member *m)
{
	free(m->reporters);
	m->reporters = NULL;
	m->n_reporters = 0;
}

void
rsp_member_clear_pending(struct rsp_member *m)
{
	free(m->pending);
	m->pending = NULL;
}

static void
unlink_member(struct rsp_core *core, struct rsp_member *m)
{
	rsp_member_count(core, m, false);
	rsp_wheel_cancel(&core->expiry, &m->expiry);
	rsp_member_note(core, m, rsp_member_is_linked(m) ? RSP_NEWS_UNLINKED : 0);
	if (!rsp_member_is_looked_at(m))
		rsp_link_detach(m);
	rsp_member_enter(core, m, RSP_MEMBER_GONE, RSP_NEVER);
	rsp_element_unlink(core->space, rsp_member_element(m));
}

/* Store the statement that @m is removed, made by this registrar. enrp/ sends it to the peers at the end of the turn. */
static void
bury(struct rsp_core *core, const struct rsp_member *m, const struct rsp_epoch *epoch)
{
	const struct rsp_element *e = rsp_member_element(m);
	struct rsp_statement removed = rsp_member_greatest(m, NULL);

	if (!removed.rank)
		return; /* the word of a registrar without STATEMENT */
	removed.rank = RSP_RANK_REMOVED;
	if (epoch)
		removed.epoch = *epoch;
	rsp_core_bury(core, rsp_pool_handle(e->pool), e->pe_id,
			   e->owner ? rsp_bytes_str(e->owner) : (struct rsp_bytes){ 0 }, &removed, core->config.server_id);
}

void
rsp_member_remove(struct rsp_core *core, struct rsp_member *m, enum rsp_removal why, const struct rsp_link *by,
		  const struct rsp_epoch *epoch)
{
	static const struct {
		enum rsp_reason reason;
		/* sent to the element; RSP_CAUSE_NONE: send nothing, because the element deregistered by itself */
		uint16_t cause;
	} row[] = {
		[RSP_REMOVAL_DEREGISTERED] = { RSP_REASON_DEREGISTERED, RSP_CAUSE_NONE },
		[RSP_REMOVAL_EXPIRED] = { RSP_REASON_EXPIRED, RSP_CAUSE_EXPIRED },
		[RSP_REMOVAL_KEEPALIVE] = { RSP_REASON_KEEPALIVE_UNANSWERED, RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_UNREACHABLE] = { RSP_REASON_REPORTED_UNREACHABLE, RSP_CAUSE_REPORTED },
		[RSP_REMOVAL_CONNECTION] = { RSP_REASON_CONNECTION_LOST, RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_RIGHTS] = { RSP_REASON_RIGHTS_ENDED, RSP_CAUSE_SECURITY },
		[RSP_REMOVAL_HOME_LOST] = { RSP_REASON_HOME_LOST, RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_CLAIMED] = { RSP_REASON_CLAIMED, RSP_CAUSE_MOVED },
		[RSP_REMOVAL_OTHER_OWNER] = { RSP_REASON_ELEMENT_OF_ANOTHER, RSP_CAUSE_NON_UNIQUE_PE_ID },
	};
	struct rsp_event event = rsp_member_event(RSP_EVENT_PE_REMOVED, m);

	event.reason = row[why].reason;
	event.peer_id = by || m->met ? 0 : m->stated_by;
	event.reporters = m->reporters;
	event.n_reporters = m->n_reporters;
	if (by) {
		event.message_type = ASAP_DEREGISTRATION;
		event.role = by->info.role;
		event.remote = by->info.remote;
		event.remote_port = by->info.remote_port;
	}
	if (row[why].cause != RSP_CAUSE_NONE && rsp_member_is_linked(m))
		rsp_member_send_removed(core, m, row[why].cause);
	bury(core, m, epoch);
	rsp_core_record(core, by, event);
	core->stats.removed++;
	rsp_member_forget(core, m);
}

void
rsp_member_forget(struct rsp_core *core, struct rsp_member *m)
{
	rsp_subscription_pool_changed(core, rsp_member_element(m)->pool);
	unlink_member(core, m);
}

void
rsp_member_free(struct rsp_core *core, struct rsp_member *m)
{
	assert(m->phase == RSP_MEMBER_GONE && !m->in_changed);
	rsp_member_clear_reports(m);
	rsp_member_clear_pending(m);
	rsp_element_free(core->space, rsp_member_element(m));
}
