#include "engine/registrar/member.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/registrar/reach.h"
#include "engine/registrar/rights.h"
#include "engine/registrar/subscription.h"
#include "engine/registrar/version.h"

#define BIT(phase) (1U << RSP_MEMBER_##phase)
#define OTHER_FOREIGN (BIT(FOREIGN_SWEEP) | BIT(FOREIGN_CLAIMED) | BIT(FOREIGN_LOOK))
/* The phases that may follow each phase: the element registers here (HELD), is claimed or its claim ends (FOREIGN), is
 * taken over (ADOPT_QUEUED), this registrar was away (OLD), or the element is removed (GONE). */
#define ALWAYS (BIT(HELD) | BIT(FOREIGN) | BIT(ADOPT_QUEUED) | BIT(OLD) | BIT(GONE))

static const unsigned transitions[RSP_MEMBER_PHASES] = {
	[RSP_MEMBER_FOREIGN] = ALWAYS | OTHER_FOREIGN | BIT(GRACE),
	[RSP_MEMBER_FOREIGN_SWEEP] = ALWAYS | OTHER_FOREIGN,
	[RSP_MEMBER_FOREIGN_CLAIMED] = ALWAYS | OTHER_FOREIGN,
	[RSP_MEMBER_FOREIGN_LOOK] = ALWAYS | OTHER_FOREIGN,
	[RSP_MEMBER_HELD] = ALWAYS | BIT(ASKED) | BIT(ADOPT_ASKED) | BIT(GRACE),
	[RSP_MEMBER_ASKED] = ALWAYS | BIT(ASKED) | BIT(ADOPT_ASKED) | BIT(GRACE),
	[RSP_MEMBER_GRACE] = ALWAYS | BIT(GRACE) | BIT(ASKED) | BIT(ADOPT_ASKED),
	[RSP_MEMBER_ADOPT_QUEUED] = ALWAYS | BIT(ADOPT_DIALLING) | BIT(ADOPT_ASKED) | BIT(GRACE),
	[RSP_MEMBER_ADOPT_DIALLING] = ALWAYS | BIT(ADOPT_ASKED) | BIT(GRACE),
	[RSP_MEMBER_ADOPT_ASKED] = ALWAYS | BIT(ADOPT_ASKED) | BIT(GRACE),
	[RSP_MEMBER_OLD] = ALWAYS | BIT(GRACE) | BIT(FOREIGN_SWEEP),
	[RSP_MEMBER_GONE] = 0,
};

bool
rsp_member_may(enum rsp_member_phase from, enum rsp_member_phase to)
{
	return transitions[from] & (1U << to);
}

const char *
rsp_member_phase_name(enum rsp_member_phase phase)
{
	static const char *const name[RSP_MEMBER_PHASES] = {
		"foreign", "foreign-sweep", "foreign-claimed", "foreign-look", "held", "asked",
		"grace",   "adopt-queued",  "adopt-dialling",  "adopt-asked",  "old",  "gone",
	};

	return phase < RSP_MEMBER_PHASES ? name[phase] : "";
}

void
rsp_member_enter(struct rsp_core *core, struct rsp_member *m, enum rsp_member_phase phase, uint64_t at_ms)
{
	assert(rsp_member_may(m->phase, phase));
	m->phase = phase;
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
	bool is_new;
	enum rsp_err err = rsp_handlespace_put(core->space, handle, pe, &e, &is_new);

	if (err)
		return err;
	*ret = rsp_member(e);
	return RSP_OK;
}

bool
rsp_member_is_own(const struct rsp_core *core, const struct rsp_member *m)
{
	return rsp_element_home_id(rsp_member_element(m)) == core->config.server_id;
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
rsp_member_set_life(struct rsp_core *core, struct rsp_member *m, int32_t lifetime_s)
{
	rsp_wheel_set(&core->expiry, &m->expiry,
		      lifetime_s < 0 ? RSP_NEVER : core->now_ms + (uint64_t)lifetime_s * 1000);
}

/* The earliest time at which the next keep-alive may be sent: RFC 5355 s.2.14. */
static uint64_t
earliest_keep_alive(const struct rsp_core *core, const struct rsp_member *m)
{
	return m->asked_ms ? m->asked_ms + core->config.keepalive_distance_ms : 0;
}

void
rsp_member_hold(struct rsp_core *core, struct rsp_member *m)
{
	/* RFC 5352 s.3.5: the interval is varied by half, so that keep-alives to many elements spread over time. */
	uint64_t next = core->now_ms + rsp_rng_jitter(&core->rng, core->config.keepalive_interval_ms, 50);
	uint64_t earliest = earliest_keep_alive(core, m);

	if (core->config.keepalive_interval_ms == 0)
		next = RSP_NEVER;
	rsp_member_enter(core, m, RSP_MEMBER_HELD, next < earliest ? earliest : next);
}

void
rsp_member_send_keep_alive(struct rsp_core *core, uint32_t link, const struct rsp_member *m, bool home)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_KEEP_ALIVE,
				   .flags = home ? ASAP_FLAG_HOME : 0,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .server_id = core->config.server_id,
				   .handle = rsp_pool_handle(rsp_member_element(m)->pool),
				   .pe_id = rsp_member_element(m)->pe_id };

	rsp_core_send(core, link, &msg);
}

void
rsp_member_ask(struct rsp_core *core, struct rsp_member *m, bool home)
{
	m->asked_ms = core->now_ms;
	rsp_member_enter(core, m, home ? RSP_MEMBER_ADOPT_ASKED : RSP_MEMBER_ASKED,
			 core->now_ms + core->config.keepalive_timeout_ms);
	rsp_member_send_keep_alive(core, m->link, m, home);
}

void
rsp_member_ask_soon(struct rsp_core *core, struct rsp_member *m)
{
	uint64_t earliest = earliest_keep_alive(core, m);

	if (m->phase != RSP_MEMBER_HELD)
		return;
	if (earliest <= core->now_ms)
		rsp_member_ask(core, m, false);
	else if (!rsp_timer_is_set(&m->timer) || m->timer.deadline_ms > earliest)
		rsp_member_postpone(core, m, earliest);
}

/* Beyond the RFC: the response has an error cause. */
static void
send_removed(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, uint32_t pe_id,
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
		send_removed(core, link, rsp_pool_handle(e->pool), e->pe_id, cause);
}

void
rsp_member_clear_reports(struct rsp_member *m)
{
	free(m->reporters);
	m->reporters = NULL;
	m->n_reporters = 0;
}

void
rsp_member_clear_claim(struct rsp_member *m)
{
	free(m->claim);
	m->claim = NULL;
}

static void
unlink_member(struct rsp_core *core, struct rsp_member *m)
{
	rsp_member_count(core, m, false);
	rsp_wheel_cancel(&core->expiry, &m->expiry);
	rsp_member_enter(core, m, RSP_MEMBER_GONE, RSP_NEVER);
	rsp_link_detach(m);
	rsp_element_unlink(core->space, rsp_member_element(m));
	rsp_member_note(core, m, 0);
}

void
rsp_member_remove(struct rsp_core *core, struct rsp_member *m, enum rsp_removal why, const struct rsp_link *by)
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
	};
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_event event = { .kind = RSP_EVENT_PE_REMOVED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = row[why].reason,
				   .identity = e->owner,
				   .reporters = m->reporters,
				   .n_reporters = m->n_reporters };
	uint64_t version = rsp_version_next(core, event.handle, e->pe_id, rsp_version_known(m));

	if (row[why].cause != RSP_CAUSE_NONE)
		rsp_member_send_removed(core, m, row[why].cause);
	rsp_element_set_version(e, version);
	rsp_tombstone_put(&core->tombstones, event.handle, e->pe_id, version, core->now_ms + core->config.tombstone_ms);
	rsp_member_note(core, m, RSP_NEWS_DEL);
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
	rsp_member_clear_claim(m);
	rsp_element_free(core->space, rsp_member_element(m));
}

/* Two processes may register one PE identifier with the same key. The process that registers last has the element.
 * Beyond the RFC: the other process is sent a cause, because it would otherwise register again, and so on for ever. But
 * one process that changes its connection looks the same at first. So this registrar waits until the element answers a
 * keep-alive over the new link. By then this process has left its old link, and a message over the old link can only
 * reach another process. No record is written, because the old link may also be a half-open connection. */
static void
send_displaced(struct rsp_core *core, const struct rsp_link *link, struct rsp_member *m)
{
	const struct rsp_link *other = link->dialled ? NULL : rsp_link_find(core, m->link_before);

	if (!other || other == link || other->state != RSP_LINK_UP || other->info.protocol != RSP_ASAP)
		return;
	m->link_before = 0;
	const struct rsp_element *e = rsp_member_element(m);
	send_removed(core, other, rsp_pool_handle(e->pool), e->pe_id, RSP_CAUSE_NON_UNIQUE_PE_ID);
}

static void
record_adopted(struct rsp_core *core, const struct rsp_link *link, const struct rsp_member *m)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_ADOPTED,
				   .handle = rsp_pool_handle(rsp_member_element(m)->pool),
				   .pe_id = rsp_member_element(m)->pe_id,
				   .cause = RSP_CAUSE_NONE };

	core->stats.adopted++;
	rsp_core_record(core, link, event);
}

void
rsp_member_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			struct rsp_member *m)
{
	if (!m) {
		/* Beyond the RFC: this registrar removed the element, for example because it did not answer. This
		 * response makes it register again. */
		if (!rsp_rights_no_element(core, link))
			send_removed(core, link, msg->handle, msg->pe_id, RSP_CAUSE_UNANSWERED);
		return;
	}
	/* The answer counts only over the link of the element: an ACK over
	 * another connection does not keep it alive. */
	if (m->link != link->id || !rsp_member_is_waited_for(m))
		return;
	bool adopted = m->phase == RSP_MEMBER_ADOPT_ASKED;
	rsp_member_clear_reports(m); /* RFC 5352 s.3.5: an element that answers MUST be kept */
	rsp_member_hold(core, m);
	send_displaced(core, link, m);
	if (adopted)
		record_adopted(core, link, m);
	if (m->claim)
		rsp_member_note(core, m, RSP_NEWS_ANSWERED);
}

/* The previous link of @m, if it is still up and has the same account. This registrar may have read the messages of the
 * two links in another order than the element sent them, and so may have attached the element to the wrong link. */
static struct rsp_link *
find_link_before(const struct rsp_core *core, const struct rsp_member *m, const struct rsp_link *gone)
{
	struct rsp_link *link = rsp_link_find(core, m->link_before);
	bool same = link && link->state == RSP_LINK_UP && !link->dialled && link->account == gone->account;

	return same && link->info.protocol == RSP_ASAP ? link : NULL;
}

/* The link that this registrar dialled to the ASAP transport of @m, if it is up. */
static struct rsp_link *
find_other_link(const struct rsp_core *core, const struct rsp_member *m)
{
	struct rsp_link *link = rsp_reach_find(core, m);

	return link && link->state == RSP_LINK_UP ? link : NULL;
}

static void
lose_link(struct rsp_core *core, struct rsp_member *m, const struct rsp_link *gone)
{
	bool adopting = m->phase == RSP_MEMBER_ADOPT_DIALLING || m->phase == RSP_MEMBER_ADOPT_ASKED;
	struct rsp_link *other = m->claim || adopting ? NULL : find_link_before(core, m, gone);

	if (other) { /* the answer over this link decides */
		rsp_link_attach(other, m);
		rsp_member_ask(core, m, false);
		return;
	}
	other = m->claim ? NULL : find_other_link(core, m);
	/* the element registered while this registrar dialled it, and then closed one of the two connections */
	if (other) {
		rsp_link_attach(other, m);
		rsp_member_ask(core, m, true);
		return;
	}
	rsp_link_detach(m);
	rsp_member_enter(core, m, RSP_MEMBER_GRACE, core->now_ms + core->config.reconnect_grace_ms);
	if (m->claim && !m->claim->removed)
		rsp_member_note(core, m, RSP_NEWS_SILENT);
}

void
rsp_member_link_down(struct rsp_core *core, struct rsp_link *link)
{
	while (!LIST_EMPTY(&link->members))
		lose_link(core, LIST_FIRST(&link->members), link);
}
