#include "engine/enrp/ownership.h"

#include <stdlib.h>

#include "engine/enrp/message.h"
#include "engine/enrp/rival.h"
#include "engine/enrp/statement.h"
#include "engine/enrp/update.h"
#include "engine/enrp/word.h"
#include "engine/registrar/liveness.h"
#include "engine/registrar/look.h"
#include "engine/registrar/number.h"
#include "engine/registrar/subscription.h"
#include "model/contents.h"
#include "model/statement.h"
#include "proto/encoded.h"

/* Storing a statement */

/* The registrar @sender_id states that the own element @m has another home, @by_id, or was removed by it. */
static void
record_moved(struct rsp_enrp *n, uint32_t sender_id, const struct rsp_member *m, uint32_t by_id, enum rsp_reason reason)
{
	struct rsp_event event = rsp_member_event(RSP_EVENT_PE_MOVED, m);

	event.reason = reason;
	event.by_id = by_id;
	rsp_peer_complain(n, sender_id, event);
	n->core->stats.moved++;
	if (m->met) /* else a registrar could invent and move elements, and each time all peers compare their tables */
		rsp_peer_presences_soon(n);
}

static void
store_removal(struct rsp_enrp *n, uint32_t by_id, struct rsp_bytes handle, const struct rsp_pool_element *pe,
	      struct rsp_member *m)
{
	struct rsp_core *core = n->core;

	rsp_update_announce_removals(n); /* those that this registrar has made in this turn */
	rsp_core_bury(core, handle, pe->pe_id, pe->owner, &pe->statement, pe->home_id);
	rsp_update_skip_removals(n);
	if (!m)
		return;
	if (rsp_member_is_own(core, m))
		record_moved(n, by_id, m, pe->home_id, RSP_REASON_REMOVED);
	rsp_member_forget(core, m);
}

static void
record_full(struct rsp_enrp *n, struct rsp_bytes handle, uint32_t pe_id, uint32_t by_id, enum rsp_reason reason)
{
	struct rsp_event event = { .kind = RSP_EVENT_LIMIT,
				   .handle = handle,
				   .pe_id = pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = reason };

	rsp_peer_complain(n, by_id, event);
}

/* Put @pe into the handlespace, and its home on the peer list: without supervision, the element would stay for ever. */
static enum rsp_reason
put(struct rsp_enrp *n, struct rsp_bytes handle, const struct rsp_pool_element *pe, struct rsp_member **ret)
{
	if (pe->home_id != n->core->config.server_id && !rsp_peer_get_listed(n, pe->home_id))
		return RSP_REASON_PEERS_FULL;
	enum rsp_err err = rsp_member_put(n->core, handle, pe, ret);
	return err == RSP_ELIMIT ? RSP_REASON_HANDLESPACE_FULL : err ? RSP_REASON_MEMORY : RSP_REASON_NONE;
}

/* A statement about @m cannot be stored. What is known of an element of another home stays, and waits for no answer. */
static void
not_stored(struct rsp_core *core, struct rsp_member *m, bool was_own)
{
	if (was_own)
		rsp_member_forget(core, m);
	else if (m && m->phase == RSP_MEMBER_FOREIGN_WAITS)
		rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

/* The registrar @by_id has stated @m. An own element that this registrar had already stays one that it has met. */
static void
note_sender(const struct rsp_core *core, struct rsp_member *m, uint32_t by_id, bool was_own)
{
	if (rsp_member_is_own(core, m) && (was_own || m->phase == RSP_MEMBER_OLD))
		return;
	m->met = false;
	m->stated_by = by_id;
}

/* Store the statement @pe of the registrar @by_id. @ret_m: in, the stored element, NULL: none; out, the element stored now.
 * False: there is no room for it. */
static bool
store(struct rsp_enrp *n, uint32_t by_id, struct rsp_bytes handle, const struct rsp_pool_element *pe,
      struct rsp_member **ret_m)
{
	struct rsp_core *core = n->core;
	struct rsp_member *m = *ret_m;
	bool was_own = m && m->phase != RSP_MEMBER_OLD && rsp_member_is_own(core, m);

	if (m)
		rsp_member_clear_pending(m);
	if (pe->statement.rank == RSP_RANK_REMOVED) {
		store_removal(n, by_id, handle, pe, m);
		return true;
	}
	if (was_own && pe->home_id != core->config.server_id)
		record_moved(n, by_id, m, pe->home_id, RSP_REASON_NONE);
	enum rsp_reason full = put(n, handle, pe, ret_m);
	if (full) {
		record_full(n, handle, pe->pe_id, by_id, full);
		not_stored(core, m, was_own);
		return false;
	}
	m = *ret_m;
	rsp_tomb_forget(&core->tombs, handle, pe->pe_id, pe->owner);
	note_sender(core, m, by_id, was_own);
	if (!rsp_member_is_own(core, m)) {
		if (m->phase == RSP_MEMBER_OLD)
			rsp_liveness_send_away(core, m);
		rsp_member_let_go(core, m); /* it may have been an own element before this registrar was away */
	} else if (!was_own) {
		rsp_member_take(core, m, 0); /* its owner is charged as soon as it answers */
	}
	rsp_subscription_pool_changed(core, rsp_member_element(m)->pool);
	rsp_rival_stored(n, m);
	return true;
}

/* Statements that wait for an answer */

/* Keep the statement @s as the pending one of @s->m. False: no memory, or it is too large for any registrar to store. */
static bool
keep_pending(const struct rsp_heard_statement *s)
{
	uint8_t room[RSP_CONTENTS_MAX];
	struct rsp_bytes octets;
	struct rsp_pool_element removed = { .pe_id = s->pe->pe_id,
					    .home_id = s->pe->home_id,
					    .owner = s->pe->owner,
					    .statement = s->pe->statement };

	if (rsp_contents_encode(room, rsp_statement_is_removed(&s->pe->statement) ? &removed : s->pe, &octets))
		return false;
	struct rsp_pending *pending = calloc(1, sizeof(*pending) + octets.n);
	if (!pending)
		return false;
	pending->statement = s->pe->statement;
	pending->home_id = s->pe->home_id;
	pending->by_id = s->peer->server_id;
	pending->size = (uint16_t)octets.n;
	memcpy(pending->octets, octets.p, octets.n);
	rsp_member_clear_pending(s->m);
	s->m->pending = pending;
	s->m->questioned = false;
	return true;
}

/* Another process has displaced the linked element without EPOCH. Its link is dropped after one heartbeat cycle: then it
 * finds no registrar that has not heard of that. */
static bool
is_displaced(const struct rsp_heard_statement *s)
{
	struct rsp_epoch own = rsp_element_statement(rsp_member_element(s->m)).epoch;

	return s->m->numbered && rsp_number_displaced(&s->pe->statement, &own);
}

/* Whether a statement of the same sender waits for the answer of the linked element @s->m. The answer is above that one, so
 * it would always be too late if the sender could replace it: the element could not even renew its registration. Once it
 * has answered, or its link was dropped, an audit brings what the sender then has. One that is displaced is not asked; and
 * what waits for a registration after the H flag has the number of the last one. */
static bool
outruns_the_answer(const struct rsp_heard_statement *s)
{
	return s->m->pending && s->m->pending->by_id == s->peer->server_id && s->m->phase != RSP_MEMBER_DISPLACED &&
	       rsp_member_is_linked(s->m);
}

/* The element @s->m is linked, and @s is its pending statement: ask it, or, if @s displaces it, drop its link later. One
 * that was asked with the H flag is asked already. */
static void
begin_to_ask(struct rsp_core *core, const struct rsp_heard_statement *s)
{
	bool displaced = s->m->phase == RSP_MEMBER_DISPLACED;

	if (!is_displaced(s)) {
		if (displaced) /* the other process is removed: this one stays */
			rsp_member_hold(core, s->m);
		rsp_member_ask_soon(core, s->m);
	} else if (!displaced) {
		rsp_member_enter(core, s->m, RSP_MEMBER_DISPLACED,
				 core->now_ms + core->config.peer_heartbeat_cycle_ms);
	}
}

/* The element @s->m is linked, or about to register, and @s is greater than its registration. */
static void
ask_element(struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	struct rsp_event event = rsp_member_event(RSP_EVENT_PE_CONTESTED, s->m);

	if (outruns_the_answer(s) || !keep_pending(s))
		return;
	n->core->stats.contested++;
	event.reason = rsp_statement_is_removed(&s->pe->statement) ? RSP_REASON_REMOVED : RSP_REASON_CLAIMED;
	event.by_id = s->pe->home_id;
	rsp_peer_complain(n, s->peer->server_id, event);
	begin_to_ask(n->core, s);
}

/* @s takes the element over the head of its home, which is heard: ask the home. */
static void
ask_home(struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(rsp_member_element(s->m)));
	uint64_t wait_ms = 2 * (uint64_t)n->core->config.max_time_no_response_ms;

	/* a statement about which the home cannot be asked now is not believed: the audits bring it again */
	if (!home || !rsp_update_has_room(n, home) || !keep_pending(s))
		return;
	rsp_member_enter(n->core, s->m, RSP_MEMBER_FOREIGN_WAITS, n->core->now_ms + wait_ms);
	rsp_update_tell(n, home, s->m, true);
}

void
rsp_ownership_store_pending(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_pending *pending = m->pending;
	struct rsp_pool_element pe = { 0 };

	m->pending = NULL;
	rsp_encoded_decode(rsp_bytes_of(pending->octets, pending->size), &pe);
	(void)store(n, pending->by_id, rsp_pool_handle(rsp_member_element(m)->pool), &pe, &m);
	free(pending);
}

/* Verdicts */

/* Whether the element @m, and not its home, is waited for because of a statement that takes it over or removes it at its own
 * epoch. That one is not passed on: of the home others believe it, and would remove an element that is about to contradict.
 * They learn of its next registration; without one, of the statement by the audits. */
static bool
is_asked_over_our_head(const struct rsp_member *m)
{
	struct rsp_statement stored = rsp_element_statement(rsp_member_element(m));

	return m->pending && m->phase != RSP_MEMBER_FOREIGN_WAITS && rsp_statement_same_number(&m->pending->statement, &stored);
}

static void
tell(struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	n->core->stats.updates_stale++;
	/* the updates that this registrar has missed come in their order: the sender has newer ones */
	if (s->msg && s->peer->download.state == RSP_DOWNLOAD_UPDATES)
		return;
	if (!rsp_update_has_room(n, s->peer)) /* it sends the older statement again: the audits find it */
		return;
	if (s->tomb)
		rsp_update_tell_removed(n, s->peer, s->tomb);
	else if (s->m && !is_asked_over_our_head(s->m))
		rsp_update_tell(n, s->peer, s->m, false);
}

/* The receiver id is that of this registrar: the sender asks it, the home as far as it knows, what it has. While the element
 * is asked, its next registration answers. */
static void
answer(struct rsp_enrp *n, struct rsp_heard_statement *s)
{
	(void)rsp_statement_gather(n, s); /* what is stored may have changed */
	if (s->tomb)
		rsp_update_tell_removed(n, s->peer, s->tomb);
	else if (s->m && !s->m->pending)
		rsp_update_tell(n, s->peer, s->m, false);
}

/* Judge @s, carry the verdict out, and return it. REFUSE_INVALID: the caller refuses @s. */
static enum judge_verdict
judge(struct rsp_enrp *n, struct rsp_heard_statement *s)
{
	struct judge_facts facts = rsp_statement_gather(n, s);
	enum judge_verdict verdict = rsp_judge(&facts);

	rsp_number_heard(n->core, s->pe->statement.epoch.epoch);
	switch (verdict) {
	case JUDGE_IGNORE:
	case JUDGE_SAME:
		break;
	case JUDGE_REFUSE_INVALID:
		return verdict;
	case JUDGE_TELL:
		tell(n, s);
		return verdict;
	case JUDGE_REFUSE_RIGHTS:
		if (!s->msg)
			rsp_peer_refuse_element(n, s->peer, ENRP_HANDLE_TABLE_RESPONSE, s->handle, s->pe->pe_id, s->cause,
						s->refusal);
		else
			rsp_enrp_refuse(n, s->link, s->msg, s->cause, s->refusal);
		return verdict;
	case JUDGE_ASK_HOME:
		ask_home(n, s);
		break;
	case JUDGE_ASK_ELEMENT:
		ask_element(n, s);
		break;
	case JUDGE_STORE:
		s->failed = !store(n, s->peer->server_id, s->handle, s->pe, &s->m);
		break;
	}
	if (s->msg && s->msg->receiver_id == n->core->config.server_id)
		answer(n, s);
	return verdict;
}

/* Users reported an own element to @peer, and the element did not answer @peer: ask it. */
static void
reported(struct rsp_enrp *n, const struct rsp_message *msg)
{
	struct rsp_core *core = n->core;
	struct rsp_element *e = rsp_element_find_of(core->space, rsp_pool_find(core->space, msg->handle),
						    msg->element.pe_id, msg->element.owner);

	if (e && rsp_member_is_own(core, rsp_member(e)))
		rsp_look_begin(core, rsp_member(e), false);
}

void
rsp_ownership_update_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
			      const struct rsp_message *msg)
{
	struct rsp_heard_statement s = {
		.peer = peer, .link = link, .msg = msg, .handle = msg->handle, .pe = &msg->element
	};

	n->core->stats.updates_received++;
	if (msg->has & RSP_HAS_REPORTED) {
		reported(n, msg);
		return;
	}
	if (msg->element.statement.rank == 0 || peer->kind != RSP_PEER_STATES) {
		rsp_word_received(n, peer, msg);
		return;
	}
	if (judge(n, &s) == JUDGE_REFUSE_INVALID)
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_INVALID_VALUES, RSP_REASON_ELEMENT);
}

/* If an entry is not accepted because of the rights of its owner, or because there is no room for it, count that, and go on
 * with the other entries. */
bool
rsp_ownership_listed(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t of, struct rsp_bytes handle,
		     const struct rsp_pool_element *pe)
{
	struct rsp_heard_statement s = { .peer = peer, .handle = handle, .pe = pe };

	if (pe->statement.rank == 0 || peer->kind != RSP_PEER_STATES)
		return rsp_word_listed(n, peer, handle, pe);
	if (of && pe->home_id != of)
		return false;
	enum judge_verdict verdict = judge(n, &s);
	if (verdict == JUDGE_REFUSE_INVALID)
		return false;
	if (verdict == JUDGE_REFUSE_RIGHTS || verdict == JUDGE_IGNORE || s.failed)
		peer->download.refused++;
	if (s.m)
		s.m->listed_in = peer->download.number;
	return true;
}
