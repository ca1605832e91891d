#include <stdlib.h>

#include "engine/enrp/statement.h"
#include "engine/registrar/registrar_priv.h"

/* Which registrar owns an element. Of each statement of another registrar the facts are gathered (statement.c),
 * rsp_owner_judge() decides about it (model/ownership.h has the rules), and its verdict is carried out here. And the
 * updates that this registrar sends: RFC 5353 s.3.3.1. */

/* Updates that this registrar sends, RFC 5353 s.3.3.1 */

static struct rsp_bytes
compose_update(struct rsp_registrar *r, const struct rsp_element *e, uint16_t action, uint32_t receiver_id)
{
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(r, &wr, ENRP_HANDLE_UPDATE, 0, receiver_id);

	rsp_wr_u16(&wr, action);
	rsp_wr_u16(&wr, 0);
	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(e->pool));
	rsp_element_write(&wr, e, true);
	return rsp_enrp_close(&wr, whole);
}

/* Send an update about @e to every connected peer; the others learn of the change from their next audit. The receiver's
 * id is 0, so that all get the same octets. @passed_on: @e has just moved from us to its new home, on which this update
 * is not needed, nor on peers that state no versions. */
static void
announce(struct rsp_registrar *r, const struct rsp_element *e, uint16_t action, bool passed_on)
{
	struct rsp_bytes update = { 0 };

	for (unsigned i = 0; i < r->n_peers; i++) {
		uint32_t link = rsp_peer_link(r->peer[i]);

		if (!link)
			continue;
		if (passed_on && (!r->peer[i]->pipelines || r->peer[i]->server_id == rsp_element_home_id(e)))
			continue;
		if (!update.n)
			update = compose_update(r, e, action, 0);
		r->stats.sent++;
		r->stats.updates_sent++;
		r->ops->send(r->ctx, link, update);
	}
}

void
rsp_updates_send(struct rsp_registrar *r, const struct rsp_element *e, uint16_t action)
{
	announce(r, e, action, false);
}

/* Send @peer alone what is on record of @e. */
static void
send_record(struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_element *e)
{
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	r->stats.sent++;
	r->stats.updates_sent++;
	r->ops->send(r->ctx, link, compose_update(r, e, ENRP_ADD_PE, peer->server_id));
}

/* Send @peer the statement @pe. @asks: the message names @peer as its receiver, which asks it to answer if it knows
 * better. */
static void
send_statement(struct rsp_registrar *r, const struct rsp_peer *peer, bool asks, uint16_t action,
	       struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_message msg = { .type = ENRP_HANDLE_UPDATE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .receiver_id = asks ? peer->server_id : 0,
				   .update_action = action,
				   .handle = handle,
				   .element = *pe };
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	msg.element.unknown = (struct rsp_unknown){ 0 };
	r->stats.updates_sent++;
	rsp_enrp_send(r, link, &msg);
}

/* The question has the form of a removal by us, in the version on record: the home contests that. */
void
rsp_claim_ask_home(struct rsp_registrar *r, const struct rsp_peer *home, const struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };

	if (!home->pipelines || e->rival)
		return;
	rsp_element_decode(e, &pe);
	pe.home_id = r->config.server_id;
	send_statement(r, home, true, ENRP_DEL_PE, rsp_pool_handle(e->pool), &pe);
}

/* Verdicts that change the record */

static void
bury(struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id, uint64_t version)
{
	rsp_tombstone_put(&r->tombstones, handle, pe_id, version, r->now_ms + r->config.tombstone_ms);
}

static void
drop_pending(struct rsp_element *e)
{
	free(e->rival);
	e->rival = NULL;
}

/* The home of @e has it: it is not swept. A pending claim stays pending. */
static void
confirm(struct rsp_registrar *r, struct rsp_element *e)
{
	e->marked = false;
	if (!e->rival)
		rsp_wheel_cancel(&r->keepalive, &e->keepalive);
}

/* @e, which was ours, moves as @event has it: tell the element, and undo what its home does. */
static void
let_go(struct rsp_registrar *r, struct rsp_element *e, const struct rsp_event *event)
{
	rsp_asap_gone(r, e, RSP_CAUSE_MOVED);
	rsp_reports_clear(e);
	r->ops->record(r->ctx, event);
	rsp_registrar_count(r, e, -1);
	rsp_wheel_cancel(&r->expiry, &e->expiry);
	rsp_wheel_cancel(&r->keepalive, &e->keepalive);
	rsp_element_attach(e, NULL);
	e->waiting = e->adopting = false;
	r->stats.moved++;
}

/* The claim @pe has just become the record of @e. */
static void
believed(struct rsp_registrar *r, const struct rsp_pool_element *pe, struct rsp_element *e, bool was_ours)
{
	const struct rsp_rival *pending = e->rival;

	e->claimed_by = 0;
	confirm(r, e);
	rsp_watch_changed(r, r->now_ms, e->pool, false);
	if (was_ours && !(pe->version & 1)) /* a takeover is found by the next audit: it may be of many elements */
		announce(r, e, ENRP_ADD_PE, true);
	if (pending && pending->by == pe->home_id) /* it waited for the home, and now the home itself says so */
		rsp_claim_unanswered(r, e);
}

/* Let the claim @pe become the record. @e: the element on record, NULL: none; if it was ours, it has moved. @peer: the
 * sender of the claim, NULL: it is off the peer list. If the handlespace has no room, that is recorded, and an element
 * that was ours is forgotten. */
static void
believe(struct rsp_registrar *r, const struct rsp_peer *peer, struct rsp_bytes handle,
	const struct rsp_pool_element *pe, struct rsp_element *e)
{
	bool was_ours = e && rsp_element_home_id(e) == r->config.server_id, is_new;
	struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
				   .protocol = RSP_ENRP,
				   .handle = handle,
				   .pe_id = pe->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .identity = was_ours ? e->owner : NULL,
				   .by_id = pe->home_id };

	if (was_ours)
		let_go(r, e, &event);
	if (e && (was_ours || rsp_version_known(e) <= pe->version))
		drop_pending(e);
	enum rsp_err err = rsp_handlespace_put(r->space, handle, pe, &e, &is_new);
	if (!err) {
		believed(r, pe, e, was_ours);
		return;
	}
	event.kind = RSP_EVENT_LIMIT;
	event.reason = err == RSP_ELIMIT ? "handlespace-full" : rsp_err_key(err);
	event.peer_id = peer ? peer->server_id : 0;
	rsp_registrar_record(r, peer ? rsp_registrar_link(r, peer->heard_over) : NULL, event);
	if (was_ours)
		rsp_registrar_forget(r, r->now_ms, e);
}

/* The connection of the element was closed when we were away: the element has the grace time to come back. */
static void
take_back(struct rsp_registrar *r, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_element *e;
	bool is_new;

	if (rsp_handlespace_put(r->space, handle, pe, &e, &is_new))
		return;
	rsp_registrar_count(r, e, 1);
	rsp_wheel_set(&r->expiry, &e->expiry,
		      pe->lifetime_s < 0 ? RSP_NEVER : r->now_ms + (uint64_t)pe->lifetime_s * 1000);
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
}

/* Verdicts that wait for an answer */

/* Encode @pe as the handlespace would keep it: without unknown parameters, which may be of any size. Empty: it does not
 * fit into @cap octets. */
static struct rsp_bytes
encode_known(const struct rsp_pool_element *pe, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);
	struct rsp_pool_element known = *pe;

	known.unknown = (struct rsp_unknown){ 0 };
	rsp_pool_element_encode(&wr, &known);
	return rsp_bytes_of(room, wr.err ? 0 : wr.pos);
}

/* Note the claim @pe (NULL: the removal) of the registrar @by as pending. False: out of memory, or @pe is too large for
 * any registrar to store. */
static bool
note_pending(struct rsp_element *e, uint32_t by, uint64_t version, const struct rsp_pool_element *pe)
{
	uint8_t room[2048];
	struct rsp_bytes octets = pe ? encode_known(pe, room, sizeof(room)) : (struct rsp_bytes){ 0 };

	if (pe && octets.n == 0)
		return false;
	struct rsp_rival *pending = calloc(1, sizeof(*pending) + octets.n);
	if (!pending)
		return false;
	pending->by = by;
	pending->version = version;
	pending->gone = !pe;
	pending->size = (uint16_t)octets.n;
	if (octets.n)
		memcpy(pending->octets, octets.p, octets.n);
	drop_pending(e);
	e->rival = pending;
	return true;
}

/* Ask @e, which is connected to us, in @in_ms. A connection that is not up yet needs no question: @e is asked anyway as
 * soon as it is up. */
static void
ask_element(struct rsp_registrar *r, struct rsp_element *e, uint64_t in_ms)
{
	const struct rsp_link *link = rsp_registrar_link(r, e->link);
	uint64_t at_ms = r->now_ms + in_ms;

	if (!link || !link->up)
		return;
	if (in_ms == 0)
		rsp_asap_keep_alive_soon(r, r->now_ms, e);
	else if (!e->waiting && (!rsp_timer_is_set(&e->keepalive) || e->keepalive.deadline_ms > at_ms))
		rsp_wheel_set(&r->keepalive, &e->keepalive, at_ms);
}

/* The sender claims or removes an element of ours: note that as pending, and record it; then, by @verdict, ask the
 * element in @in_ms, await it, or yield. */
static void
contest(struct rsp_registrar *r, enum owner_verdict verdict, const struct rsp_statement *s, uint64_t in_ms)
{
	uint32_t by = s->adds ? s->pe.home_id : s->peer->server_id;
	struct rsp_event event = { .kind = RSP_EVENT_PE_CONTESTED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(s->e->pool),
				   .pe_id = s->e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = s->adds ? "claimed" : "removed",
				   .identity = s->e->owner,
				   .by_id = by };

	if (!note_pending(s->e, by, s->pe.version, s->adds ? &s->pe : NULL))
		return;
	r->stats.contested++;
	rsp_registrar_record(r, rsp_registrar_link(r, s->peer->heard_over), event);
	if (verdict == OWNER_YIELD)
		rsp_rival_lost(r, s->e);
	else if (verdict == OWNER_ASK_ELEMENT)
		ask_element(r, s->e, in_ms);
}

/* Note the statement as pending, and pass it on to the home. A removal is one of a claim that is pending already, whose
 * deadline stays. */
static void
ask_home(struct rsp_registrar *r, const struct rsp_statement *s)
{
	const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(s->e));

	if (!home || !note_pending(s->e, s->pe.home_id, s->pe.version, s->adds ? &s->pe : NULL))
		return;
	if (s->adds)
		rsp_wheel_set(&r->keepalive, &s->e->keepalive, r->now_ms + r->config.max_time_no_response_ms);
	send_statement(r, home, true, s->adds ? ENRP_ADD_PE : ENRP_DEL_PE, s->handle, &s->pe);
}

static void
believe_pending(struct rsp_registrar *r, const struct rsp_rival *pending, struct rsp_element *e)
{
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(pending->octets, pending->size), 0), body;
	struct rsp_pool_element pe = { 0 };
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body)) /* we encoded it */
		rsp_pool_element_decode(&body, &pe);
	believe(r, rsp_peer_find(r, pending->by), rsp_pool_handle(e->pool), &pe, e);
}

void
rsp_rival_won(struct rsp_registrar *r, struct rsp_element *e)
{
	const struct rsp_rival *pending = e->rival;
	uint64_t version = rsp_version_next(r, rsp_pool_handle(e->pool), e->pe_id, pending->version);

	rsp_element_set_version(e, version);
	drop_pending(e);
	rsp_updates_send(r, e, ENRP_ADD_PE);
}

/* The removal of @e, which is ours, holds. Peers that know @e as ours, and have not believed the removal, are told. */
static void
remove_ours(struct rsp_registrar *r, const struct rsp_rival *removal, struct rsp_element *e)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = "removed",
				   .identity = e->owner,
				   .by_id = removal->by };

	r->ops->record(r->ctx, &event);
	rsp_asap_gone(r, e, RSP_CAUSE_UNANSWERED);
	bury(r, event.handle, e->pe_id, removal->version);
	rsp_element_set_version(e, removal->version);
	rsp_updates_send(r, e, ENRP_DEL_PE);
	rsp_registrar_forget(r, r->now_ms, e);
}

/* A claimant that is off the peer list by now must be on it again: the death of a registrar that is not watched goes
 * unnoticed, and its elements would stay for ever. If the list has no room, the claim counts as a removal. */
void
rsp_rival_lost(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_rival *pending = e->rival;

	e->rival = NULL;
	if (pending->gone || !rsp_peer_get(r, pending->by))
		remove_ours(r, pending, e);
	else
		believe_pending(r, pending, e);
	free(pending);
}

void
rsp_claim_unanswered(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_rival *pending = e->rival;
	const struct rsp_peer *claimant = rsp_peer_find(r, pending->by);

	e->rival = NULL;
	if (pending->gone) {
		bury(r, rsp_pool_handle(e->pool), e->pe_id, pending->version);
		rsp_registrar_forget(r, r->now_ms, e);
	} else if (claimant && rsp_peer_is_alive(claimant)) {
		believe_pending(r, pending, e);
	}
	free(pending);
}

/* Verdicts that answer the sender */

static void
refuse_update(struct rsp_registrar *r, enum owner_verdict verdict, const struct rsp_statement *s)
{
	if (verdict == OWNER_REFUSE_NOT_HOME)
		rsp_enrp_refuse(r, s->link, s->msg, RSP_CAUSE_SECURITY, "element-of-another-registrar");
	else if (verdict == OWNER_REFUSE_INVALID)
		rsp_enrp_refuse(r, s->link, s->msg, RSP_CAUSE_INVALID_VALUES, "element");
	else
		rsp_enrp_refuse(r, s->link, s->msg, s->cause, s->refusal);
}

static void
record_refusal(struct rsp_registrar *r, const struct rsp_statement *s, uint8_t message_type, uint16_t cause,
	       const char *reason)
{
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .protocol = RSP_ENRP,
				   .message_type = message_type,
				   .handle = s->handle,
				   .pe_id = s->pe.pe_id,
				   .cause = cause,
				   .reason = reason,
				   .peer_id = s->peer->server_id };

	r->stats.refused++;
	rsp_registrar_record(r, rsp_registrar_link(r, s->peer->heard_over), event);
}

/* The claimant gets its own words back, as a removal that is ours. */
static void
send_removed(struct rsp_registrar *r, const struct rsp_statement *s)
{
	struct rsp_pool_element ours = s->pe;

	ours.home_id = r->config.server_id;
	ours.version = rsp_tombstone_version(&r->tombstones, s->handle, s->pe.pe_id);
	send_statement(r, s->peer, false, ENRP_DEL_PE, s->handle, &ours);
}

/* Carry out a verdict by which the statement changes nothing on record, but is answered. */
static void
answer_stale(struct rsp_registrar *r, enum owner_verdict verdict, const struct rsp_statement *s)
{
	r->stats.updates_stale++;
	if (verdict == OWNER_TELL_SENDER)
		send_record(r, s->peer, s->e);
	else if (verdict == OWNER_TELL_REMOVED)
		send_removed(r, s);
	else if (verdict == OWNER_CONFIRM_TO_SENDER || verdict == OWNER_WITHDRAW_AND_CONFIRM)
		send_statement(r, s->peer, false, ENRP_ADD_PE, s->handle, &s->pe);
	if (verdict == OWNER_WITHDRAW || verdict == OWNER_WITHDRAW_AND_CONFIRM) {
		drop_pending(s->e);
		rsp_wheel_cancel(&r->keepalive, &s->e->keepalive);
	}
}

/* An element on record from before an absence is forgotten by @verdict. */
static bool
replaces_outdated(enum owner_verdict verdict)
{
	return verdict == OWNER_BELIEVE || verdict == OWNER_TAKE_BACK || verdict == OWNER_TELL_REMOVED ||
	       verdict == OWNER_FORGET;
}

static void
carry_out(struct rsp_registrar *r, enum owner_verdict verdict, const struct owner_facts *f, struct rsp_statement *s)
{
	if (f->outdated && replaces_outdated(verdict)) {
		rsp_registrar_forget(r, r->now_ms, s->e);
		s->e = NULL;
	}
	switch (verdict) {
	case OWNER_KEEP:
		break;
	case OWNER_NOTE_CLAIM:
		s->e->claimed_by = s->pe.home_id;
		r->stats.updates_stale++;
		break;
	case OWNER_DROP:
	case OWNER_FORGET:
	case OWNER_TELL_SENDER:
	case OWNER_TELL_REMOVED:
	case OWNER_CONFIRM_TO_SENDER:
	case OWNER_WITHDRAW:
	case OWNER_WITHDRAW_AND_CONFIRM:
		answer_stale(r, verdict, s);
		break;
	case OWNER_REFUSE_NOT_HOME:
	case OWNER_REFUSE_INVALID:
	case OWNER_REFUSE_RIGHTS:
		refuse_update(r, verdict, s);
		break;
	case OWNER_REFUSE_OWNER:
	case OWNER_REFUSE_OWNER_AND_TELL:
		record_refusal(r, s, 0, RSP_CAUSE_SECURITY, "element-of-another");
		if (verdict == OWNER_REFUSE_OWNER_AND_TELL)
			send_record(r, s->peer, s->e);
		break;
	case OWNER_BELIEVE:
		believe(r, s->peer, s->handle, &s->pe, s->e);
		break;
	case OWNER_TAKE_BACK:
		take_back(r, s->handle, &s->pe);
		break;
	case OWNER_CONFIRM:
		confirm(r, s->e);
		break;
	case OWNER_BURY:
		bury(r, s->handle, s->pe.pe_id, s->pe.version);
		break;
	case OWNER_REMOVE:
		bury(r, s->handle, s->pe.pe_id, s->pe.version);
		rsp_registrar_forget(r, r->now_ms, s->e);
		break;
	case OWNER_ASK_ELEMENT:
	case OWNER_AWAIT_ELEMENT:
	case OWNER_YIELD:
		contest(r, verdict, s, 0);
		break;
	case OWNER_ASK_HOME:
		ask_home(r, s);
		break;
	}
}

void
rsp_update_received(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
		    const struct rsp_message *msg)
{
	struct rsp_statement s = { .source = OWNER_UPDATE,
			       .adds = msg->update_action == ENRP_ADD_PE,
			       .asks = msg->receiver_id == r->config.server_id,
			       .msg = msg,
			       .link = link,
			       .peer = peer,
			       .handle = msg->handle,
			       .pe = msg->element };
	struct owner_facts facts = rsp_statement_gather(r, &s);

	r->stats.updates_received++;
	carry_out(r, rsp_owner_judge(&facts), &facts, &s);
}

/* An entry that is refused for its owner's rights is counted and recorded; the other entries of the table are taken. */
bool
rsp_claim(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle, struct rsp_pool_element *pe)
{
	struct rsp_statement s = { .source = peer->taking.own ? OWNER_TABLE_OWN : OWNER_TABLE_ALL,
			       .adds = true,
			       .peer = peer,
			       .handle = handle,
			       .pe = *pe };
	struct owner_facts facts = rsp_statement_gather(r, &s);
	enum owner_verdict verdict = rsp_owner_judge(&facts);

	if (verdict == OWNER_REFUSE_INVALID)
		return false;
	if (verdict == OWNER_REFUSE_RIGHTS) {
		peer->taking.refused++;
		record_refusal(r, &s, ENRP_HANDLE_TABLE_RESPONSE, s.cause, s.refusal);
		return true;
	}
	/* The mentor's table names homes that are new to us. Each must be watched, or its elements stay for ever. */
	if (facts.claimant == OWNER_CLAIMANT_THIRD && !rsp_peer_told(r, pe->home_id))
		return false;
	carry_out(r, verdict, &facts, &s);
	return true;
}

/* Each of our elements counts as claimed by a takeover of the version on record. Those that are connected are asked in
 * bursts. */
void
rsp_claims_all(struct rsp_registrar *r, const struct rsp_peer *peer)
{
	uint32_t n = 0;

	for (struct rsp_element *e = rsp_home_first(r->space, r->config.server_id), *next; e; e = next) {
		struct rsp_statement s = { .adds = true, .peer = peer, .handle = rsp_pool_handle(e->pool), .e = e };
		struct owner_facts facts = { .claimant = OWNER_CLAIMANT_SENDER,
					     .home = OWNER_HOME_US,
					     .adds = true,
					     .sound = true,
					     .rightful = true };

		next = rsp_home_next(e);
		rsp_element_decode(e, &s.pe);
		s.pe.home_id = peer->server_id;
		s.pe.version = rsp_version_taken_over(s.pe.version);
		rsp_statement_gather_record(r, &s, &facts);
		enum owner_verdict verdict = rsp_owner_judge(&facts);
		uint64_t in_ms = RSP_BURST_MS * (uint64_t)(n++ / RSP_BURST);
		if (verdict == OWNER_ASK_ELEMENT || verdict == OWNER_YIELD)
			contest(r, verdict, &s, in_ms);
	}
}
