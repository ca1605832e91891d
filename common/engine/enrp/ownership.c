#include "engine/enrp/ownership.h"

#include <stdlib.h>

#include "engine/enrp/message.h"
#include "engine/enrp/statement.h"
#include "engine/enrp/update.h"
#include "engine/registrar/subscription.h"
#include "engine/registrar/version.h"

/* The request is an ENRP_HANDLE_UPDATE with DEL_PE in the stored version. @home then
 * asks the element before it accepts the removal. */
void
rsp_ownership_ask_home(struct rsp_enrp *n, const struct rsp_peer *home, const struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };

	if (!home->versioned || m->claim)
		return;
	rsp_element_decode(rsp_member_element(m), &pe);
	pe.home_id = n->core->config.server_id;
	rsp_update_send(n, home, true, ENRP_DEL_PE, rsp_pool_handle(rsp_member_element(m)->pool), &pe);
}

/* Verdicts that change the stored element */

static void
bury(struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, uint64_t version)
{
	rsp_tombstone_put(&core->tombstones, handle, pe_id, version, core->now_ms + core->config.tombstone_ms);
}

/* The home of @m still has the element: do not remove it. A pending claim stays pending. */
static void
confirm(struct rsp_enrp *n, struct rsp_member *m)
{
	rsp_peer_confirm(n, m);
	if (!m->claim || m->phase != RSP_MEMBER_FOREIGN_CLAIMED)
		rsp_member_enter(n->core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

/* Forget the pending claim to @m, an element of another home, and stop its timer. */
static void
withdraw(struct rsp_core *core, struct rsp_member *m)
{
	rsp_member_clear_claim(m);
	rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

/* The own element @m gets another home: record @event, send ASAP_DEREGISTRATION_RESPONSE with the cause "moved" to the
 * element, and release everything that only the home keeps for an element. */
static void
let_go(struct rsp_core *core, struct rsp_member *m, const struct rsp_event *event)
{
	rsp_member_send_removed(core, m, RSP_CAUSE_MOVED);
	rsp_member_clear_reports(m);
	core->ops->record(core->ctx, event);
	rsp_member_count(core, m, false);
	rsp_wheel_cancel(&core->expiry, &m->expiry);
	rsp_link_detach(m);
	rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
	core->stats.moved++;
}

/* The claim @pe was accepted and is now stored as @m. */
static void
believed(struct rsp_enrp *n, const struct rsp_pool_element *pe, struct rsp_member *m, bool was_ours)
{
	m->claimed_by = 0;
	confirm(n, m);
	rsp_subscription_pool_changed(n->core, rsp_member_element(m)->pool);
	/* an even version: not a takeover. A takeover may be of many elements; the next audit finds these. */
	if (was_ours && !(pe->version & 1))
		rsp_member_note(n->core, m, RSP_NEWS_PASS_ON);
	/* the pending claim waited for an answer of the home, and the claimant now is the home */
	if (m->claim && m->claim->by == pe->home_id)
		rsp_ownership_claim_unanswered(n, m);
}

/* Accept the claim @pe: store it. @m: the stored element, NULL: none. If this registrar was its home, the element
 * moves. @peer: the sender of the claim, NULL: it is not on the peer list any more. If the handlespace has no room,
 * record that; then an own element is forgotten. */
static void
believe(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle, const struct rsp_pool_element *pe,
	struct rsp_member *m)
{
	bool was_ours = m && rsp_member_is_own(n->core, m);
	struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
				   .protocol = RSP_ENRP,
				   .handle = handle,
				   .pe_id = pe->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .identity = was_ours ? rsp_member_element(m)->owner : NULL,
				   .by_id = pe->home_id };

	if (was_ours)
		let_go(n->core, m, &event);
	if (was_ours)
		rsp_member_clear_claim(m);
	else if (m && m->claim && rsp_version_known(m) <= pe->version)
		withdraw(n->core, m);
	enum rsp_err err = rsp_member_put(n->core, handle, pe, &m);
	if (!err) {
		believed(n, pe, m, was_ours);
		return;
	}
	event.kind = RSP_EVENT_LIMIT;
	event.reason = err == RSP_ELIMIT ? RSP_REASON_HANDLESPACE_FULL : RSP_REASON_MEMORY;
	event.peer_id = peer ? peer->server_id : 0;
	rsp_core_record(n->core, peer ? rsp_link_find(n->core, peer->last_link) : NULL, event);
	if (was_ours)
		rsp_member_forget(n->core, m);
}

/* Store @pe as an own element, as it was before this registrar was away. Its connection was closed meanwhile: it has
 * the grace time to register again. */
static void
take_back(struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_member *m;

	if (rsp_member_put(core, handle, pe, &m))
		return;
	rsp_member_count(core, m, true);
	rsp_member_set_life(core, m, pe->lifetime_s);
	rsp_member_enter(core, m, RSP_MEMBER_GRACE, core->now_ms + core->config.reconnect_grace_ms);
}

/* Verdicts that wait for an answer */

/* Encode @pe as the handlespace stores it: without unknown parameters, which may be of any
 * size. Empty: the octets do not fit into @cap. */
static struct rsp_bytes
encode_known(const struct rsp_pool_element *pe, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);
	struct rsp_pool_element known = *pe;

	known.unknown = (struct rsp_unknown){ 0 };
	rsp_pool_element_encode(&wr, &known);
	return rsp_bytes_of(room, wr.err ? 0 : wr.pos);
}

/* Store the claim @pe (NULL: a removal) of the registrar @by as the pending claim of @m. False: out of memory, or @pe
 * is too large for any registrar to store. */
static bool
note_pending(struct rsp_member *m, uint32_t by, uint64_t version, const struct rsp_pool_element *pe)
{
	uint8_t room[2048];
	struct rsp_bytes octets = pe ? encode_known(pe, room, sizeof(room)) : (struct rsp_bytes){ 0 };

	if (pe && octets.n == 0)
		return false;
	struct rsp_pending_claim *pending = calloc(1, sizeof(*pending) + octets.n);
	if (!pending)
		return false;
	pending->by = by;
	pending->version = version;
	pending->removed = !pe;
	pending->size = (uint16_t)octets.n;
	if (octets.n)
		memcpy(pending->octets, octets.p, octets.n);
	rsp_member_clear_claim(m);
	m->claim = pending;
	return true;
}

/* The statement @s claims or removes an own element: store @s as pending, and record that. Then, by @verdict: send the
 * element a keep-alive, wait for the element to register again, or yield. */
static void
contest(struct rsp_enrp *n, enum owner_verdict verdict, const struct rsp_heard_statement *s)
{
	uint32_t by = s->adds ? s->pe.home_id : s->peer->server_id;
	struct rsp_event event = { .kind = RSP_EVENT_PE_CONTESTED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(rsp_member_element(s->m)->pool),
				   .pe_id = rsp_member_element(s->m)->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = s->adds ? RSP_REASON_CLAIMED : RSP_REASON_REMOVED,
				   .identity = rsp_member_element(s->m)->owner,
				   .by_id = by };

	if (!note_pending(s->m, by, s->pe.version, s->adds ? &s->pe : NULL))
		return;
	n->core->stats.contested++;
	rsp_core_record(n->core, rsp_link_find(n->core, s->peer->last_link), event);
	if (verdict == OWNER_YIELD)
		rsp_ownership_claim_accepted(n, s->m);
	else if (verdict == OWNER_ASK_ELEMENT)
		/* of an element that is not HELD, an answer is due already, or registrar.c asks when its link is up */
		rsp_member_ask_soon(n->core, s->m);
}

/* Store the statement @s as pending, and forward it to the home, which must answer. The timer limits the time for the
 * answer. A removal follows a claim that is pending already, and keeps the deadline of this claim. */
static void
ask_home(struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(rsp_member_element(s->m)));

	if (!home || !note_pending(s->m, s->pe.home_id, s->pe.version, s->adds ? &s->pe : NULL))
		return;
	if (s->adds)
		rsp_member_enter(n->core, s->m, RSP_MEMBER_FOREIGN_CLAIMED,
				 n->core->now_ms + n->core->config.max_time_no_response_ms);
	rsp_update_send(n, home, true, s->adds ? ENRP_ADD_PE : ENRP_DEL_PE, s->handle, &s->pe);
}

static void
believe_pending(struct rsp_enrp *n, const struct rsp_pending_claim *pending, struct rsp_member *m)
{
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(pending->octets, pending->size), 0), body;
	struct rsp_pool_element pe = { 0 };
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body)) /* note_pending() has encoded it */
		rsp_pool_element_decode(&body, &pe);
	believe(n, rsp_peer_find(n, pending->by), rsp_pool_handle(rsp_member_element(m)->pool), &pe, m);
}

void
rsp_ownership_claim_refuted(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_element *e = rsp_member_element(m);

	rsp_element_set_version(e, rsp_version_next(n->core, rsp_pool_handle(e->pool), e->pe_id, m->claim->version));
	rsp_member_clear_claim(m);
	rsp_member_note(n->core, m, RSP_NEWS_ADD);
}

/* Accept the pending removal of the own element @m. Peers that still have @m with this registrar as the home get an
 * ENRP_HANDLE_UPDATE with DEL_PE. */
static void
remove_own(struct rsp_core *core, const struct rsp_pending_claim *removal, struct rsp_member *m)
{
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_REMOVED,
				   .identity = e->owner,
				   .by_id = removal->by };

	core->ops->record(core->ctx, &event);
	rsp_member_send_removed(core, m, RSP_CAUSE_UNANSWERED);
	bury(core, event.handle, e->pe_id, removal->version);
	rsp_element_set_version(e, removal->version);
	rsp_member_note(core, m, RSP_NEWS_DEL);
	rsp_member_forget(core, m);
}

/* If the claimant is not on the peer list any more, add it again: this registrar cannot detect
 * the death of a registrar that is not on the list, and would keep its elements for ever. If the
 * list has no room, treat the claim as a removal. */
void
rsp_ownership_claim_accepted(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_pending_claim *pending = m->claim;

	m->claim = NULL;
	if (pending->removed || !rsp_peer_get(n, pending->by))
		remove_own(n->core, pending, m);
	else
		believe_pending(n, pending, m);
	free(pending);
}

void
rsp_ownership_claim_unanswered(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_pending_claim *pending = m->claim;
	const struct rsp_peer *claimant = rsp_peer_find(n, pending->by);
	const struct rsp_element *e = rsp_member_element(m);

	m->claim = NULL;
	withdraw(n->core, m);
	if (pending->removed) {
		bury(n->core, rsp_pool_handle(e->pool), e->pe_id, pending->version);
		rsp_member_forget(n->core, m);
	} else if (claimant && rsp_peer_is_alive(claimant)) {
		believe_pending(n, pending, m);
	}
	free(pending);
}

/* Verdicts that answer the sender */

static void
refuse_update(struct rsp_enrp *n, enum owner_verdict verdict, const struct rsp_heard_statement *s)
{
	if (verdict == OWNER_REFUSE_NOT_HOME)
		rsp_enrp_refuse(n, s->link, s->msg, RSP_CAUSE_SECURITY, RSP_REASON_ELEMENT_OF_REGISTRAR);
	else if (verdict == OWNER_REFUSE_INVALID)
		rsp_enrp_refuse(n, s->link, s->msg, RSP_CAUSE_INVALID_VALUES, RSP_REASON_ELEMENT);
	else
		rsp_enrp_refuse(n, s->link, s->msg, s->cause, s->refusal);
}

static void
record_refusal(struct rsp_enrp *n, const struct rsp_heard_statement *s, uint8_t message_type, uint16_t cause,
	       enum rsp_reason reason)
{
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .protocol = RSP_ENRP,
				   .message_type = message_type,
				   .handle = s->handle,
				   .pe_id = s->pe.pe_id,
				   .cause = cause,
				   .reason = reason,
				   .peer_id = s->peer->server_id };

	n->core->stats.refused++;
	rsp_core_record(n->core, rsp_link_find(n->core, s->peer->last_link), event);
}

/* Carry out a verdict that keeps the stored element, and sends the sender an answer. */
static void
answer_stale(struct rsp_enrp *n, enum owner_verdict verdict, const struct rsp_heard_statement *s)
{
	n->core->stats.updates_stale++;
	if (verdict == OWNER_TELL_SENDER)
		rsp_update_tell(n, s->peer, rsp_member_element(s->m));
	else if (verdict == OWNER_TELL_REMOVED)
		rsp_update_tell_removed(n, s->peer, s->handle, &s->pe,
					rsp_tombstone_version(&n->core->tombstones, s->handle, s->pe.pe_id));
	else if (verdict == OWNER_CONFIRM_TO_SENDER || verdict == OWNER_WITHDRAW_AND_CONFIRM)
		rsp_update_send(n, s->peer, false, ENRP_ADD_PE, s->handle, &s->pe);
	if (verdict == OWNER_WITHDRAW || verdict == OWNER_WITHDRAW_AND_CONFIRM)
		withdraw(n->core, s->m);
}

/* Whether @verdict forgets an element that was stored before this registrar was away. */
static bool
replaces_outdated(enum owner_verdict verdict)
{
	return verdict == OWNER_BELIEVE || verdict == OWNER_TAKE_BACK || verdict == OWNER_TELL_REMOVED ||
	       verdict == OWNER_FORGET;
}

static void
carry_out(struct rsp_enrp *n, enum owner_verdict verdict, const struct owner_facts *f, struct rsp_heard_statement *s)
{
	if (f->outdated && replaces_outdated(verdict)) {
		rsp_member_forget(n->core, s->m);
		s->m = NULL;
	}
	switch (verdict) {
	case OWNER_KEEP:
		break;
	case OWNER_NOTE_CLAIM:
		s->m->claimed_by = s->pe.home_id;
		n->core->stats.updates_stale++;
		break;
	case OWNER_DROP:
	case OWNER_FORGET:
	case OWNER_TELL_SENDER:
	case OWNER_TELL_REMOVED:
	case OWNER_CONFIRM_TO_SENDER:
	case OWNER_WITHDRAW:
	case OWNER_WITHDRAW_AND_CONFIRM:
		answer_stale(n, verdict, s);
		break;
	case OWNER_REFUSE_NOT_HOME:
	case OWNER_REFUSE_INVALID:
	case OWNER_REFUSE_RIGHTS:
		refuse_update(n, verdict, s);
		break;
	case OWNER_REFUSE_OWNER:
	case OWNER_REFUSE_OWNER_AND_TELL:
		record_refusal(n, s, 0, RSP_CAUSE_SECURITY, RSP_REASON_ELEMENT_OF_ANOTHER);
		if (verdict == OWNER_REFUSE_OWNER_AND_TELL)
			rsp_update_tell(n, s->peer, rsp_member_element(s->m));
		break;
	case OWNER_BELIEVE:
		believe(n, s->peer, s->handle, &s->pe, s->m);
		break;
	case OWNER_TAKE_BACK:
		take_back(n->core, s->handle, &s->pe);
		break;
	case OWNER_CONFIRM:
		confirm(n, s->m);
		break;
	case OWNER_BURY:
		bury(n->core, s->handle, s->pe.pe_id, s->pe.version);
		break;
	case OWNER_REMOVE:
		bury(n->core, s->handle, s->pe.pe_id, s->pe.version);
		rsp_member_forget(n->core, s->m);
		break;
	case OWNER_ASK_ELEMENT:
	case OWNER_AWAIT_ELEMENT:
	case OWNER_YIELD:
		contest(n, verdict, s);
		break;
	case OWNER_ASK_HOME:
		ask_home(n, s);
		break;
	}
}

void
rsp_ownership_update_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
		    const struct rsp_message *msg)
{
	struct rsp_heard_statement s = { .source = OWNER_UPDATE,
			       .adds = msg->update_action == ENRP_ADD_PE,
			       .asks = msg->receiver_id == n->core->config.server_id,
			       .msg = msg,
			       .link = link,
			       .peer = peer,
			       .handle = msg->handle,
			       .pe = msg->element };
	struct owner_facts facts = rsp_statement_gather(n, &s);

	n->core->stats.updates_received++;
	carry_out(n, rsp_owner_judge(&facts), &facts, &s);
}

/* If an entry is refused because of the rights of its owner, count and record
 * that, and go on with the other entries. */
bool
rsp_ownership_listed(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_bytes handle, struct rsp_pool_element *pe)
{
	struct rsp_heard_statement s = { .source = peer->download.state == RSP_DOWNLOAD_OWN ? OWNER_TABLE_OWN : OWNER_TABLE_ALL,
			       .adds = true,
			       .peer = peer,
			       .handle = handle,
			       .pe = *pe };
	struct owner_facts facts = rsp_statement_gather(n, &s);
	enum owner_verdict verdict = rsp_owner_judge(&facts);

	if (verdict == OWNER_REFUSE_INVALID)
		return false;
	if (verdict == OWNER_REFUSE_RIGHTS) {
		peer->download.refused++;
		record_refusal(n, &s, ENRP_HANDLE_TABLE_RESPONSE, s.cause, s.refusal);
		return true;
	}
	/* The table of the mentor may contain a home that is new to this registrar. This home must be on the peer list:
	 * without supervision, its elements would stay for ever. */
	if (facts.claimant == OWNER_CLAIMANT_THIRD && !rsp_peer_get_listed(n, pe->home_id))
		return false;
	carry_out(n, verdict, &facts, &s);
	return true;
}

/* Treat the own element @e as claimed by @peer, with the version that a takeover gives to the stored version. */
static void
contest_takeover(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_element *e)
{
	struct rsp_heard_statement s = { .adds = true, .peer = peer, .handle = rsp_pool_handle(e->pool), .m = rsp_member(e) };
	struct owner_facts facts = { .claimant = OWNER_CLAIMANT_SENDER,
				     .home = OWNER_HOME_US,
				     .adds = true,
				     .sound = true,
				     .rightful = true };

	rsp_element_decode(e, &s.pe);
	s.pe.home_id = peer->server_id;
	s.pe.version = rsp_version_taken_over(s.pe.version);
	rsp_statement_gather_record(n, &s, &facts);
	enum owner_verdict verdict = rsp_owner_judge(&facts);
	if (verdict == OWNER_ASK_ELEMENT || verdict == OWNER_YIELD)
		contest(n, verdict, &s);
}

void
rsp_ownership_contests_due(struct rsp_enrp *n)
{
	const struct rsp_peer *peer = rsp_peer_find(n, n->contests.by);
	struct rsp_element *e = NULL;

	for (unsigned most = RSP_SLICE; peer && most > 0 && (e = rsp_walk_next(&n->contests.walk)); most--)
		contest_takeover(n, peer, e);
	if (e)
		rsp_enrp_set(n, &n->contests.timer, RSP_SLICE_MS);
	else
		rsp_walk_end(&n->contests.walk);
}

/* If the own elements are still being handled for an earlier takeover, only that
 * goes on: the audits find what @peer claims. */
void
rsp_ownership_claimed_all(struct rsp_enrp *n, const struct rsp_peer *peer)
{
	if (rsp_walk_is_open(&n->contests.walk))
		return;
	n->contests.by = peer->server_id;
	rsp_walk_begin(n->core->space, &n->contests.walk, n->core->config.server_id);
	rsp_ownership_contests_due(n);
}
