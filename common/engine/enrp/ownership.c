#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Who owns an element. The RFC has each statement replace what was known; but statements overtake one another, and two
 * registrars may both think that an element is theirs. So, beyond the RFC:
 *
 * - Each statement of an element's home carries a version, and the newer one holds (RSP_PARAM_VERSION; of equal ones
 *   that of the higher server id). Removals are remembered with theirs. A registrar speaks only of what is its own.
 * - The version of a takeover is odd until the element has registered with its new home; such a claim does not hold
 *   against a registrar that is heard.
 * - The element decides: a home that is connected to it does not yield to another's claim before it has asked the
 *   element. One that answers stays, under a version above the rival's.
 * - Who claims an element in an older version than we know is told what we know.
 * - A claim to the element of another home, one of ours that is heard, is held for the time of an answer, and passed on
 *   to that home, should it not have heard of it. A home that yields passes the claim on to all. Nobody else speaks of
 *   what is not his.
 * - An element does not go to another identity as long as it is there: of two with one id, each registrar keeps the one
 *   that it knew first. */

/* No honest clock is so far ahead of ours; who could claim any version could claim one that nothing follows. But there
 * is an answer to the highest. */
#define VERSION_AHEAD (2 * 366ULL * 86400 * 1000)
#define ANSWER_AHEAD  (2 * 60ULL * 1000)

/* As the handlespace would keep it: without unknown parameters, which may be of any size. */
static struct rsp_bytes
element_param(const struct rsp_pool_element *pe, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);
	struct rsp_pool_element known = *pe;

	known.unknown = (struct rsp_unknown){ 0 };
	rsp_pool_element_encode(&wr, &known);
	return rsp_bytes_of(room, wr.err ? 0 : wr.pos);
}

/* Updates out, s.3.3 */

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

/* s.3.3.1: the receiver's id is 0, so that all get the same octets. @passed_on: it is not ours any more; those who wait
 * for that are told. */
static void
announce(struct rsp_registrar *r, const struct rsp_element *e, uint16_t action, bool passed_on)
{
	struct rsp_bytes update = { 0 };

	for (unsigned i = 0; i < r->n_peers; i++) {
		uint32_t link = rsp_peer_link(r->peer[i]);

		if (!link)
			continue; /* its next presence is audited */
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

static void
tell(struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_element *e)
{
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	r->stats.sent++;
	r->stats.updates_sent++;
	r->ops->send(r->ctx, link, compose_update(r, e, ENRP_ADD_PE, peer->server_id));
}

/* @asks: it is meant for @peer, which is to say what is true. */
static void
send_update(struct rsp_registrar *r, const struct rsp_peer *peer, bool asks, uint16_t action, struct rsp_bytes handle,
	    const struct rsp_pool_element *pe)
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

/* @peer claims what was removed: it gets its own words back, as a removal that is ours. */
static void
tell_removed(struct rsp_registrar *r, const struct rsp_peer *peer, struct rsp_bytes handle,
	     const struct rsp_pool_element *pe, uint64_t version)
{
	struct rsp_pool_element ours = *pe;

	ours.home_id = r->config.server_id;
	ours.version = version;
	send_update(r, peer, false, ENRP_DEL_PE, handle, &ours);
}

/* Claims */

static bool
is_newer(uint64_t version, uint32_t home_id, uint64_t than, uint32_t than_home_id)
{
	if (RSP_FAULTY(VERSION_IGNORED))
		return true;
	return version > than || (version == than && home_id > than_home_id);
}

static bool
same_owner(const struct rsp_element *e, const struct rsp_pool_element *pe)
{
	struct rsp_bytes owner = e->owner ? rsp_bytes_str(e->owner) : (struct rsp_bytes){ 0 };

	return rsp_bytes_equal(owner, pe->owner);
}

/* Its home has it: it is not swept. What was claimed later is held on. */
static void
confirmed(struct rsp_registrar *r, struct rsp_element *e)
{
	e->marked = false;
	if (!e->rival)
		rsp_wheel_cancel(&r->keepalive, &e->keepalive);
}

/* Take over what @pe says. An element that was ours is another registrar's then. */
static void
believe(struct rsp_registrar *r, const struct rsp_peer *peer, struct rsp_bytes handle, const struct rsp_pool_element *pe,
	struct rsp_element *e)
{
	bool was_ours = e && rsp_element_home_id(e) == r->config.server_id, is_new;
	struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
				   .protocol = RSP_ENRP,
				   .handle = handle,
				   .pe_id = pe->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .by_id = pe->home_id };

	if (was_ours) {
		event.identity = e->owner;
		rsp_asap_gone(r, e, RSP_CAUSE_MOVED);
		rsp_reports_clear(e);
		r->ops->record(r->ctx, &event);
		rsp_registrar_count(r, e, -1);
		rsp_wheel_cancel(&r->expiry, &e->expiry);
		rsp_wheel_cancel(&r->keepalive, &e->keepalive);
		rsp_element_attach(e, NULL);
		e->waiting = e->adopting = false;
		r->stats.moved++;
	}
	if (e && (was_ours || rsp_version_known(e) <= pe->version)) {
		free(e->rival);
		e->rival = NULL;
	}
	enum rsp_err err = rsp_handlespace_put(r->space, handle, pe, &e, &is_new);
	if (!err) {
		e->claimed_by = 0;
		confirmed(r, e);
		rsp_watch_changed(r, r->now_ms, e->pool, false);
		if (was_ours && !(pe->version & 1)) /* what was taken over is found by the next audit: it may be much */
			announce(r, e, ENRP_ADD_PE, true);
		const struct rsp_rival *rival = e->rival;
		if (rival && rival->by == pe->home_id) /* held until now, and now it is the home's word */
			rsp_claim_unanswered(r, e);
		return;
	}
	event.kind = RSP_EVENT_LIMIT;
	event.reason = err == RSP_ELIMIT ? "handlespace-full" : rsp_err_key(err);
	event.peer_id = peer ? peer->server_id : 0;
	rsp_registrar_record(r, peer ? rsp_registrar_link(r, peer->heard_over) : NULL, event);
	if (was_ours) /* it is not ours any more, and there is no room for it as another's */
		rsp_registrar_forget(r, r->now_ms, e);
}

static void
ask(struct rsp_registrar *r, struct rsp_element *e, uint64_t in_ms)
{
	const struct rsp_link *link = rsp_registrar_link(r, e->link);
	uint64_t at_ms = r->now_ms + in_ms;

	if (!link || !link->up)
		return; /* the link is on its way, and what follows is an answer too */

	if (in_ms == 0)
		rsp_asap_keep_alive_soon(r, r->now_ms, e);
	else if (!e->waiting && (!rsp_timer_is_set(&e->keepalive) || e->keepalive.deadline_ms > at_ms))
		rsp_wheel_set(&r->keepalive, &e->keepalive, at_ms);
}

/* What @by says of @e: that it has it (@pe), or (NULL) that it is gone. False if nothing is new about that, or no room
 * for it. */
static bool
set_rival(struct rsp_element *e, uint32_t by, uint64_t version, const struct rsp_pool_element *pe)
{
	uint8_t room[2048];
	struct rsp_bytes octets = pe ? element_param(pe, room, sizeof(room)) : (struct rsp_bytes){ 0 };
	struct rsp_rival *rival = e->rival;

	if (rival && (rival->version > version ||
		      (rival->version == version && rival->by == by && rival->gone == !pe)))
		return false;
	if (pe && octets.n == 0)
		return false; /* of a size that nobody would store */
	rival = calloc(1, sizeof(*rival) + octets.n);
	if (!rival)
		return false;
	rival->by = by;
	rival->version = version;
	rival->gone = !pe;
	rival->size = (uint16_t)octets.n;
	if (octets.n)
		memcpy(rival->octets, octets.p, octets.n);
	free(e->rival);
	e->rival = rival;
	return true;
}

/* @peer says that an element of ours is another's (@pe), or (NULL) gone. If it is connected to us it is asked: once,
 * although all pass on what one claims. */
static void
contest(struct rsp_registrar *r, struct rsp_element *e, const struct rsp_peer *peer, uint64_t version,
	const struct rsp_pool_element *pe, uint64_t in_ms)
{
	uint32_t by = pe ? pe->home_id : peer->server_id;
	struct rsp_event event = { .kind = RSP_EVENT_PE_CONTESTED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = pe ? "claimed" : "removed",
				   .identity = e->owner,
				   .by_id = by };

	if (!set_rival(e, by, version, pe))
		return;
	r->stats.contested++;
	rsp_registrar_record(r, rsp_registrar_link(r, peer->heard_over), event);
	if ((e->link == 0 && pe) || RSP_FAULTY(NO_CONTEST))
		rsp_rival_lost(r, e);
	else if (e->link == 0) /* it has the grace time to come back all the same */
		return;
	else
		ask(r, e, in_ms);
}

static void
believe_rival(struct rsp_registrar *r, const struct rsp_rival *rival, struct rsp_element *e)
{
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(rival->octets, rival->size), 0), body;
	struct rsp_pool_element pe = { 0 };
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body)) /* we encoded it */
		rsp_pool_element_decode(&body, &pe);
	believe(r, rsp_peer_find(r, rival->by), rsp_pool_handle(e->pool), &pe, e);
}

void
rsp_rival_won(struct rsp_registrar *r, struct rsp_element *e)
{
	const struct rsp_rival *rival = e->rival;
	uint64_t version = rsp_version_next(r, rsp_pool_handle(e->pool), e->pe_id, rival->version);

	rsp_element_set_version(e, version);
	free(e->rival);
	e->rival = NULL;
	rsp_updates_send(r, e, ENRP_ADD_PE);
}

void
rsp_rival_lost(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_rival *rival = e->rival;
	struct rsp_bytes handle = rsp_pool_handle(e->pool);

	e->rival = NULL;
	/* who claimed it may be off the list by now; if it gets the element it must be watched, or nobody ever ends that */
	if (rival->gone || !rsp_peer_get(r, rival->by)) {
		struct rsp_event event = { .kind = RSP_EVENT_PE_MOVED,
					   .protocol = RSP_ENRP,
					   .handle = handle,
					   .pe_id = e->pe_id,
					   .cause = RSP_CAUSE_NONE,
					   .reason = "removed",
					   .identity = e->owner,
					   .by_id = rival->by };

		r->ops->record(r->ctx, &event);
		rsp_asap_gone(r, e, RSP_CAUSE_UNANSWERED);
		rsp_tombstone_put(&r->tombstones, handle, e->pe_id, rival->version,
				  r->now_ms + r->config.tombstone_ms);
		rsp_element_set_version(e, rival->version);
		rsp_updates_send(r, e, ENRP_DEL_PE); /* others may know it as ours, and not have believed the rival */
		rsp_registrar_forget(r, r->now_ms, e);
		free(rival);
		return;
	}
	believe_rival(r, rival, e);
	free(rival);
}

void
rsp_claim_unanswered(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_rival *rival = e->rival;
	const struct rsp_peer *peer = rsp_peer_find(r, rival->by);

	e->rival = NULL;
	if (rival->gone) {
		rsp_tombstone_put(&r->tombstones, rsp_pool_handle(e->pool), e->pe_id, rival->version,
				  r->now_ms + r->config.tombstone_ms);
		rsp_registrar_forget(r, r->now_ms, e);
	} else if (peer && rsp_peer_is_alive(peer)) {
		believe_rival(r, rival, e);
	}
	free(rival);
}

/* @pe, which @peer said, against an element that is ours. */
static void
claim_ours(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_pool_element *pe, struct rsp_element *e)
{
	if (!is_newer(pe->version, pe->home_id, rsp_element_version(e), r->config.server_id)) {
		r->stats.updates_stale++;
		if (pe->home_id == peer->server_id)
			tell(r, peer, e);
		return;
	}
	contest(r, e, peer, pe->version, pe, 0);
}

/* Who made the claim may not have the element: another identity has it at another registrar, and had it before. */
static void
refuse_for_owner(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_pool_element *pe,
		 const struct rsp_element *e)
{
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_SECURITY,
				   .reason = "element-of-another",
				   .peer_id = peer->server_id };

	r->stats.refused++;
	rsp_registrar_record(r, rsp_registrar_link(r, peer->heard_over), event);
	if (rsp_element_home_id(e) == r->config.server_id && pe->home_id == peer->server_id)
		tell(r, peer, e);
}

/* Its home does not list it any more, and it is to be swept. */
static bool
is_disowned(const struct rsp_registrar *r, const struct rsp_element *e)
{
	return rsp_element_home_id(e) != r->config.server_id && e->marked && !e->rival &&
	       rsp_timer_is_set(&e->keepalive);
}

/* @pe says that an element of @home is another's, which (@gone) has it no more. @home is asked. */
static void
hold(struct rsp_registrar *r, const struct rsp_peer *home, struct rsp_element *e, const struct rsp_pool_element *pe,
     bool gone)
{
	if (!set_rival(e, pe->home_id, pe->version, gone ? NULL : pe))
		return;
	if (!gone) /* else it was claimed before, and that has its time */
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.max_time_no_response_ms);
	send_update(r, home, true, gone ? ENRP_DEL_PE : ENRP_ADD_PE, rsp_pool_handle(e->pool), pe);
}

/* In the form of a removal that is ours, in the version that we know: the home contests that. */
void
rsp_claim_ask_home(struct rsp_registrar *r, const struct rsp_peer *home, const struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };

	if (!home->pipelines || e->rival)
		return;
	rsp_element_decode(e, &pe);
	pe.home_id = r->config.server_id;
	send_update(r, home, true, ENRP_DEL_PE, rsp_pool_handle(e->pool), &pe);
}

/* Whether @peer, who says so of its own, may not have heard who claims @e now. What was taken over in its last version
 * it hears of from who did that: it may be much. */
static bool
is_unaware(const struct rsp_peer *peer, const struct rsp_pool_element *pe, const struct rsp_element *e)
{
	return pe->home_id == peer->server_id && rsp_element_home_id(e) != pe->home_id && peer->pipelines &&
	       rsp_element_version(e) != rsp_version_taken_over(pe->version);
}

static void
claim_others(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle,
	     const struct rsp_pool_element *pe, struct rsp_element *e)
{
	const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(e));
	bool says_so = rsp_element_home_id(e) == pe->home_id || rsp_element_home_id(e) == peer->server_id; /* or yields */

	if (!is_newer(pe->version, pe->home_id, rsp_element_version(e), rsp_element_home_id(e))) {
		if (rsp_element_home_id(e) == pe->home_id && rsp_element_version(e) == pe->version) {
			confirmed(r, e);
			return;
		}
		r->stats.updates_stale++;
		if (is_unaware(peer, pe, e))
			tell(r, peer, e);
	} else if (says_so || is_disowned(r, e) || !home || !rsp_peer_is_alive(home)) {
		believe(r, peer, handle, pe, e);
	} else if (pe->version & 1) { /* taken over by who was cut off, and thought that all others were dead */
		e->claimed_by = pe->home_id;
		r->stats.updates_stale++;
	} else if (home->pipelines && !RSP_FAULTY(VERSION_IGNORED)) {
		hold(r, home, e, pe, false);
	} else {
		believe(r, peer, handle, pe, e);
	}
}

/* The element that a claim is about. While this registrar joins again, an element of its old table counts for nothing
 * against what another registrar says: it is forgotten. */
static struct rsp_element *
find_claimed(struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id)
{
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, handle), pe_id);

	if (!e || r->serving || !e->marked)
		return e;
	rsp_registrar_forget(r, r->now_ms, e);
	return NULL;
}

static void
claim(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_element *e = find_claimed(r, handle, pe->pe_id);
	uint64_t removed = rsp_tombstone_version(&r->tombstones, handle, pe->pe_id);

	if (!e) {
		if (pe->version > removed || RSP_FAULTY(LATE_ADD_RESURRECTS)) {
			believe(r, peer, handle, pe, NULL);
			return;
		}
		r->stats.updates_stale++;
		if (pe->home_id == peer->server_id)
			tell_removed(r, peer, handle, pe, removed);
		return;
	}
	if (!same_owner(e, pe) && rsp_element_home_id(e) != pe->home_id && !is_disowned(r, e))
		refuse_for_owner(r, peer, pe, e);
	else if (rsp_element_home_id(e) == r->config.server_id)
		claim_ours(r, peer, pe, e);
	else
		claim_others(r, peer, handle, pe, e);
}

/* Who sends no versions says how things are now. */
static void
complete_version(const struct rsp_registrar *r, struct rsp_bytes handle, struct rsp_pool_element *pe)
{
	const struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, handle), pe->pe_id);

	if (!pe->version)
		pe->version = rsp_version_next(r, handle, pe->pe_id, e ? rsp_version_known(e) : 0);
}

static uint64_t
known(const struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id)
{
	const struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, handle), pe_id);

	return e ? rsp_version_known(e) : rsp_tombstone_version(&r->tombstones, handle, pe_id);
}

static bool
is_sound(const struct rsp_registrar *r, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	return handle.n > 0 && handle.n <= RSP_HANDLE_MAX && pe->pe_id != 0 && pe->home_id != 0 &&
	       pe->home_id != r->config.server_id && rsp_transport_fits(&pe->user) && rsp_transport_fits(&pe->asap) &&
	       (pe->version <= 2 * (r->config.epoch_ms + r->now_ms) + VERSION_AHEAD ||
		pe->version <= known(r, handle, pe->pe_id) + ANSWER_AHEAD);
}

/* The mentor knows an element as ours, from before we were away. Its connection was closed: it has the grace time. */
static void
take_back(struct rsp_registrar *r, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_element *e = find_claimed(r, handle, pe->pe_id);
	bool is_new;

	if (e || pe->version <= rsp_tombstone_version(&r->tombstones, handle, pe->pe_id) ||
	    rsp_handlespace_put(r->space, handle, pe, &e, &is_new))
		return;
	rsp_registrar_count(r, e, 1);
	rsp_wheel_set(&r->expiry, &e->expiry,
		      pe->lifetime_s < 0 ? RSP_NEVER : r->now_ms + (uint64_t)pe->lifetime_s * 1000);
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
}

/* @peer's table has what we do not take. It is told of that by no answer: the others of the table are taken. */
static bool
is_refused(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .protocol = RSP_ENRP,
				   .message_type = ENRP_HANDLE_TABLE_RESPONSE,
				   .handle = handle,
				   .pe_id = pe->pe_id,
				   .peer_id = peer->server_id };

	event.reason = rsp_rights_refusal(r, handle, pe, &event.cause);
	if (!event.reason)
		return false;
	r->stats.refused++;
	peer->taking.refused++;
	rsp_registrar_record(r, rsp_registrar_link(r, peer->heard_over), event);
	return true;
}

bool
rsp_claim(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle, struct rsp_pool_element *pe)
{
	bool own = pe->home_id == peer->server_id;

	if (is_refused(r, peer, handle, pe))
		return true;
	if (!own && !r->serving && pe->home_id == r->config.server_id) {
		complete_version(r, handle, pe);
		take_back(r, handle, pe);
		return true;
	}
	if (!is_sound(r, handle, pe) || (!own && peer->taking.own))
		return false;
	/* the mentor's table names homes that we have not heard of: each must be watched, or its elements stay for ever */
	if (!own && !rsp_peer_told(r, pe->home_id))
		return false;
	complete_version(r, handle, pe);
	claim(r, peer, handle, pe);
	return true;
}

/* s.3.3.2; only the home says that an element is gone. */
static void
removal(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg,
	const struct rsp_pool_element *pe)
{
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), pe->pe_id);
	uint64_t until_ms = r->now_ms + r->config.tombstone_ms;

	if (!e) {
		rsp_tombstone_put(&r->tombstones, msg->handle, pe->pe_id, pe->version, until_ms);
		return;
	}
	if (pe->version < rsp_element_version(e)) {
		r->stats.updates_stale++;
		return;
	}
	if (rsp_element_home_id(e) == r->config.server_id) {
		contest(r, e, peer, pe->version, NULL, 0);
		return;
	}
	if (rsp_element_home_id(e) != peer->server_id) {
		const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(e));
		const struct rsp_rival *held = e->rival;

		if (home && held && held->by == peer->server_id)
			hold(r, home, e, pe, true);
		else
			rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "element-of-another-registrar");
		return;
	}
	rsp_tombstone_put(&r->tombstones, msg->handle, pe->pe_id, pe->version, until_ms);
	rsp_registrar_forget(r, r->now_ms, e);
}

/* Of what is not their own these may speak: an element's home, or who claims to be that, of a claim to which it yields;
 * and to its home, who was told of a claim. */
static bool
is_passed_on(const struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_message *msg)
{
	const struct rsp_pool_element *pe = &msg->element;
	const struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), pe->pe_id);
	const struct rsp_peer *claimant = rsp_peer_find(r, pe->home_id);

	if (pe->home_id == r->config.server_id || !e || !same_owner(e, pe))
		return false;
	const struct rsp_rival *rival = e->rival;
	if (rsp_element_home_id(e) == r->config.server_id && (e->link || msg->update_action == ENRP_DEL_PE))
		return true; /* whoever that is: the element is asked, or waited for */
	return msg->update_action == ENRP_ADD_PE && claimant && rsp_peer_is_alive(claimant) &&
	       (rsp_element_home_id(e) == r->config.server_id || rsp_element_home_id(e) == peer->server_id ||
		(rival && rival->by == peer->server_id));
}

/* @msg passes on what we know already, or takes us for the home that we are not any more, or never were; or who claimed
 * an element says that it is its home's after all. */
static bool
is_no_news(struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_message *msg)
{
	const struct rsp_pool_element *pe = &msg->element;
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), pe->pe_id);
	bool asks = msg->receiver_id == r->config.server_id, adds = msg->update_action == ENRP_ADD_PE;
	const struct rsp_rival *rival = e && rsp_element_home_id(e) != r->config.server_id ? e->rival : NULL;

	if (!peer->pipelines || pe->home_id == r->config.server_id || pe->version == 0)
		return false;
	if (!e)
		return asks || pe->version <= rsp_tombstone_version(&r->tombstones, msg->handle, pe->pe_id);
	if (pe->version <= rsp_element_version(e))
		return true;
	if (rsp_element_home_id(e) != pe->home_id || !same_owner(e, pe))
		return false;
	if (asks && adds)
		send_update(r, peer, false, ENRP_ADD_PE, msg->handle, pe);
	if (rival && rival->by == peer->server_id && adds) {
		free(e->rival);
		e->rival = NULL;
		rsp_wheel_cancel(&r->keepalive, &e->keepalive);
		return true;
	}
	return asks;
}

void
rsp_update_received(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
		    const struct rsp_message *msg)
{
	struct rsp_pool_element pe = msg->element;
	bool own = pe.home_id == peer->server_id;

	r->stats.updates_received++;
	if (!own && is_no_news(r, peer, msg)) {
		r->stats.updates_stale++;
		return;
	}
	if (!own && !is_passed_on(r, peer, msg)) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "element-of-another-registrar");
		return;
	}
	if (!is_sound(r, msg->handle, &pe)) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_INVALID_VALUES, "element");
		return;
	}
	uint16_t cause = RSP_CAUSE_NONE;
	const char *refusal =
		msg->update_action == ENRP_ADD_PE ? rsp_rights_refusal(r, msg->handle, &pe, &cause) : NULL;
	if (refusal) {
		rsp_enrp_refuse(r, link, msg, cause, refusal);
		return;
	}
	complete_version(r, msg->handle, &pe);
	if (msg->update_action == ENRP_ADD_PE)
		claim(r, peer, msg->handle, &pe);
	else
		removal(r, link, peer, msg, &pe);
}

void
rsp_claims_all(struct rsp_registrar *r, const struct rsp_peer *peer)
{
	uint32_t n = 0;

	for (struct rsp_element *e = rsp_home_first(r->space, r->config.server_id), *next; e; e = next) {
		struct rsp_pool_element pe = { 0 };

		next = rsp_home_next(e);
		rsp_element_decode(e, &pe);
		pe.home_id = peer->server_id;
		pe.version = rsp_version_taken_over(pe.version);
		contest(r, e, peer, pe.version, &pe, RSP_BURST_MS * (uint64_t)(n++ / RSP_BURST));
	}
}
