#include "engine/enrp/takeover.h"

#include <stdlib.h>
#include <string.h>

#include "engine/enrp/download.h"
#include "engine/enrp/message.h"
#include "engine/enrp/transfer.h"

#define PROTEST_DISTANCE_MS 100	 /* least time between two rounds of PRESENCEs that show that this registrar is alive */

/* Send @to (NULL: it is no peer any more) a message about the target @target_id. RFC 5353 s.2.1: a message to all registrars has
 * receiver id 0. */
static void
send_about(struct rsp_enrp *n, uint8_t type, const struct rsp_peer *to, uint32_t target_id)
{
	struct rsp_message msg = { .type = type, .target_id = target_id };
	uint32_t link = to ? rsp_peer_link(to) : 0;

	if (!link)
		return;
	msg.receiver_id = type == ENRP_INIT_TAKEOVER_ACK ? to->server_id : 0;
	rsp_enrp_send(n, link, &msg);
}

/* Find the registrar @id among those that must still acknowledge the takeover of @target. NULL: it need not. */
static uint32_t *
find_missing(const struct rsp_peer *target, uint32_t id)
{
	for (uint32_t i = 0; target->state == RSP_PEER_DEAD && i < target->takeover.n_missing; i++)
		if (target->takeover.missing[i] == id)
			return &target->takeover.missing[i];
	return NULL;
}

static void
acknowledge(struct rsp_enrp *n, struct rsp_peer *target, uint32_t id)
{
	uint32_t *missing = find_missing(target, id);

	if (!missing)
		return;
	*missing = target->takeover.missing[--target->takeover.n_missing];
	if (target->takeover.n_missing == 0)
		rsp_peer_note(n, target);
}

/* The registrar @id is dead, and will not acknowledge: no takeover waits for it any more. */
static void
acknowledge_all(struct rsp_enrp *n, uint32_t id)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		acknowledge(n, n->peer[i], id);
}

static void
remove_peer(struct rsp_enrp *n, struct rsp_peer *peer)
{
	n->gone[n->n_gone++ % RSP_GONE_MAX] = (struct rsp_gone){ peer->server_id, n->core->now_ms };
	rsp_peer_remove(n, peer);
	acknowledge_all(n, peer->server_id);
}

bool
rsp_takeover_is_gone(const struct rsp_enrp *n, uint32_t id)
{
	for (unsigned i = 0; i < n->n_gone && i < RSP_GONE_MAX; i++)
		if (n->gone[i].server_id == id &&
		    n->core->now_ms - n->gone[i].at_ms < n->core->config.max_time_last_heard_ms)
			return true;
	return false;
}

/* Liveness of peers, RFC 5353 s.3.4.3 */

/* @target still has all its elements. */
static void
record_takeover(const struct rsp_enrp *n, enum rsp_event_kind kind, const struct rsp_peer *target, enum rsp_reason reason)
{
	const struct rsp_core *core = n->core;
	uint64_t started_ms = target->takeover.started_ms; /* 0: given up before it started */
	struct rsp_event event = rsp_peer_event(kind, target);

	event.reason = reason;
	event.count = rsp_home_count(core->space, target->server_id);
	event.duration_ms = started_ms ? core->now_ms - started_ms : 0;
	core->ops->record(core->ctx, &event);
}

static void
abort_takeover(struct rsp_enrp *n, struct rsp_peer *target, enum rsp_reason reason)
{
	free(target->takeover.missing);
	target->takeover.missing = NULL;
	target->takeover.n_missing = 0;
	record_takeover(n, RSP_EVENT_TAKEOVER_ABORTED, target, reason);
}

/* Whether @peer, which was not heard when the takeover of @target began, must acknowledge it. A restart of @target need not: if it
 * restarts again and again, its former server ids do not stay. */
static bool
is_to_acknowledge(const struct rsp_peer *target, const struct rsp_peer *peer)
{
	bool same = *peer->name && strcmp(target->name, peer->name) == 0;

	return target->state == RSP_PEER_DEAD && target->takeover.missing && !target->takeover.moving_to && !same &&
	       !find_missing(target, peer->server_id);
}

/* @peer is heard for the first time, or again: it may hear the targets of takeovers that have begun. */
static void
must_acknowledge(struct rsp_enrp *n, const struct rsp_peer *peer)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		struct rsp_takeover *takeover = &n->peer[i]->takeover;
		uint32_t *missing = is_to_acknowledge(n->peer[i], peer)
					    ? reallocarray(takeover->missing, takeover->n_missing + 1, sizeof(*missing))
					    : NULL;

		if (!missing)
			continue;
		takeover->missing = missing;
		missing[takeover->n_missing++] = peer->server_id;
		send_about(n, ENRP_INIT_TAKEOVER, peer, n->peer[i]->server_id);
	}
}

/* Registrars have sent ENRP_INIT_TAKEOVER for @target, which this registrar hears: send them a PRESENCE, which says so. */
static void
tell_initiators(struct rsp_enrp *n, const struct rsp_peer *target)
{
	for (uint32_t i = 0; i < target->takeover.n_initiators; i++)
		rsp_peer_send_presence(n, rsp_peer_find(n, target->takeover.initiators[i]), false);
}

/* A message of @peer has arrived: note the time, and whether it ends a long isolation. */
static void
note_time(struct rsp_enrp *n, struct rsp_peer *peer)
{
	uint64_t now_ms = n->core->now_ms;

	if (!peer->heard || peer->state != RSP_PEER_ACTIVE)
		n->merging_until_ms = now_ms + n->core->config.hold_window_ms;
	peer->heard = true;
	if (now_ms - n->heard_ms > rsp_enrp_forgetting_ms(n)) {
		n->isolated_ms = n->heard_ms;
		n->back_ms = now_ms;
	}
	peer->last_heard_ms = n->heard_ms = now_ms;
}

void
rsp_takeover_peer_heard(struct rsp_enrp *n, struct rsp_peer *peer)
{
	bool was_heard = rsp_peer_is_alive(peer), was_active = peer->state == RSP_PEER_ACTIVE;

	note_time(n, peer);
	if (peer->takeover.moving_to) /* ENRP_TAKEOVER_SERVER was sent, and cannot be undone */
		(void)rsp_transfer_elements(n, peer, UINT32_MAX);
	else if (peer->state == RSP_PEER_DEAD)
		abort_takeover(n, peer, RSP_REASON_TARGET_ALIVE);
	if (peer->state == RSP_PEER_PROBED)
		peer->answered_ms = n->core->now_ms;
	if (!was_active)
		rsp_peer_enter(n, peer, RSP_PEER_ACTIVE, n->core->config.max_time_last_heard_ms);
	if (!was_heard)
		must_acknowledge(n, peer);
	tell_initiators(n, peer);
	free(peer->takeover.missing);
	peer->takeover = (struct rsp_takeover){ 0 }; /* the peer is alive: do not acknowledge takeovers by other registrars */
	if (!was_active)
		rsp_peer_record(n, RSP_EVENT_PEER_RETURNED, peer, RSP_REASON_NONE);
}

void
rsp_takeover_probe(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	struct rsp_contact *contact = peer->contact;

	if (peer->state != RSP_PEER_ACTIVE)
		return;
	rsp_peer_enter(n, peer, RSP_PEER_PROBED, n->core->config.max_time_no_response_ms);
	rsp_peer_record(n, RSP_EVENT_PEER_SUSPECTED, peer, reason);
	if (rsp_peer_is_dialled(peer))
		rsp_enrp_presence(n, rsp_link_find(n->core, contact->link), peer->server_id, true);
	if (peer->link_in)
		rsp_enrp_presence(n, rsp_link_find(n->core, peer->link_in), peer->server_id, true);
	/* if the peer accepts connections and closes them at once, wait for the timer of the contact */
	if (contact && (contact->n_brief <= 1 || !rsp_timer_is_set(&contact->timer.timer)))
		rsp_contact_dial(n, contact);
}

/* RFC 5353 s.3.5.1: of several initiators, the registrar with the highest server id wins. One that has died meanwhile does not. */
static bool
other_wins(const struct rsp_enrp *n, const struct rsp_peer *target)
{
	for (uint32_t i = 0; i < target->takeover.n_initiators; i++) {
		const struct rsp_peer *peer = rsp_peer_find(n, target->takeover.initiators[i]);

		if (peer && rsp_peer_is_alive(peer) && peer->server_id > n->core->config.server_id)
			return true;
	}
	return false;
}

/* Acknowledge all takeovers of @target by other registrars, and let one of these take it over: @target is INACTIVE. */
static void
yield(struct rsp_enrp *n, struct rsp_peer *target)
{
	rsp_peer_enter(n, target, RSP_PEER_INACTIVE, n->core->config.max_time_last_heard_ms);
	for (uint32_t i = 0; i < target->takeover.n_initiators; i++)
		send_about(n, ENRP_INIT_TAKEOVER_ACK, rsp_peer_find(n, target->takeover.initiators[i]), target->server_id);
	target->takeover.n_initiators = 0;
	acknowledge_all(n, target->server_id);
}

/* @peer is not heard, but a peer that is alive says that it hears it. */
static void
spare(struct rsp_enrp *n, struct rsp_peer *peer)
{
	rsp_peer_enter(n, peer, RSP_PEER_INACTIVE, n->core->config.max_time_last_heard_ms);
	peer->spared = true;
}

/* A peer that is alive states that it hears @peer: abort the takeover of @peer by this registrar. */
static void
relayed(struct rsp_enrp *n, struct rsp_peer *peer)
{
	peer->takeover.claimed_by = 0;
	if (peer->state != RSP_PEER_DEAD)
		return;
	abort_takeover(n, peer, RSP_REASON_TARGET_ALIVE);
	spare(n, peer);
}

/* The registrar @by_id has taken over @target: its elements move to @by_id. */
static void
move_to(struct rsp_enrp *n, struct rsp_peer *target, uint32_t by_id)
{
	rsp_peer_enter(n, target, RSP_PEER_INACTIVE, 0);
	target->takeover.moving_to = by_id;
	rsp_peer_disconnect(n, target);
	rsp_peer_note(n, target);
}

/* Whether another registrar has taken over @target, and a peer that said before that it hears @target may still say so. */
static bool
is_claimed(const struct rsp_enrp *n, const struct rsp_peer *target)
{
	return target->takeover.claimed_by && rsp_peer_is_listed(n, target);
}

/* The registrar @by_id has sent ENRP_TAKEOVER_SERVER for @target, which is heard. */
static void
note_claim(const struct rsp_enrp *n, struct rsp_peer *target, uint32_t by_id)
{
	target->takeover.claimed_by = by_id;
	target->takeover.claimed_ms = n->core->now_ms;
}

/* The registrar that has sent ENRP_TAKEOVER_SERVER for @target; 0: none has, or it is not alive itself. */
static uint32_t
claimant(const struct rsp_enrp *n, const struct rsp_peer *target)
{
	const struct rsp_peer *by = target->takeover.claimed_by ? rsp_peer_find(n, target->takeover.claimed_by) : NULL;

	return by && rsp_peer_is_alive(by) ? by->server_id : 0;
}

/* No peer states this, perhaps any more: a takeover by another registrar, which waited for that, is accepted, or one by this
 * registrar begins. */
static void
unrelayed(struct rsp_enrp *n, struct rsp_peer *peer)
{
	const struct rsp_takeover *takeover = &peer->takeover;

	if (is_claimed(n, peer))
		return;
	if (peer->state == RSP_PEER_INACTIVE && claimant(n, peer))
		move_to(n, peer, claimant(n, peer));
	else if (peer->spared && !other_wins(n, peer)) /* those with lower ids may have left it to this registrar */
		rsp_takeover_begin(n, peer, RSP_REASON_NO_RESPONSE);
	else if (peer->state == RSP_PEER_INACTIVE ? takeover->n_initiators > 0
						  : peer->state == RSP_PEER_DEAD && other_wins(n, peer))
		yield(n, peer);
}

/* Whether a takeover of @peer is under way, or waits, and may still end otherwise. */
static bool
is_undecided(const struct rsp_peer *peer)
{
	const struct rsp_takeover *takeover = &peer->takeover;

	return !takeover->moving_to && (peer->state == RSP_PEER_DEAD || peer->spared || takeover->claimed_by ||
					takeover->n_initiators > 0);
}

void
rsp_takeover_note_relayed(struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (!is_undecided(n->peer[i]) || rsp_peer_is_alive(n->peer[i]))
			continue;
		else if (rsp_peer_is_relayed(n, n->peer[i], false))
			relayed(n, n->peer[i]);
		else
			unrelayed(n, n->peer[i]);
}

/* Whether the takeover of @target can be given up: it is late, and @target has no elements left. */
static bool
is_pointless(const struct rsp_enrp *n, const struct rsp_peer *target)
{
	return rsp_peer_takeover_is_late(n, target) && !rsp_home_first(n->core->space, target->server_id);
}

/* Send keep-alives to the elements of @target, a slice at a time. */
void
rsp_takeover_look(struct rsp_enrp *n, const struct rsp_peer *target)
{
	struct rsp_core *core = n->core;
	uint64_t count = 0;

	if (!rsp_peer_takeover_is_late(n, target) && !rsp_peer_is_unanswered(n, target))
		return;
	for (struct rsp_element *e = rsp_home_first(core->space, target->server_id); e; e = rsp_home_next(e))
		if (rsp_member(e)->phase == RSP_MEMBER_FOREIGN)
			rsp_member_enter(core, rsp_member(e), RSP_MEMBER_FOREIGN_LOOK,
					 core->now_ms + RSP_SLICE_MS * (count++ / RSP_SLICE));
}

static void
send_initiations(struct rsp_enrp *n, const struct rsp_peer *target)
{
	for (uint32_t i = 0; i < target->takeover.n_missing; i++)
		send_about(n, ENRP_INIT_TAKEOVER, rsp_peer_find(n, target->takeover.missing[i]), target->server_id);
	/* if @target is alive, it answers with a PRESENCE */
	send_about(n, ENRP_INIT_TAKEOVER, target, target->server_id);
}

/* Send ENRP_INIT_TAKEOVER for @target to all peers that are heard, which must acknowledge. RFC 5353 s.3.5.1. A peer that others
 * have only named may have ended. If it runs, must_acknowledge() adds it once it is heard. */
static void
arbitrate(struct rsp_enrp *n, struct rsp_peer *target)
{
	struct rsp_takeover *takeover = &target->takeover;

	rsp_peer_enter(n, target, RSP_PEER_DEAD, n->core->config.max_time_no_response_ms);
	acknowledge_all(n, target->server_id);
	if (is_pointless(n, target)) {
		rsp_peer_note(n, target);
		return;
	}
	rsp_takeover_look(n, target);
	if (other_wins(n, target)) {
		yield(n, target);
		return;
	}
	free(takeover->missing);
	takeover->missing = calloc(n->n_peers, sizeof(uint32_t));
	takeover->n_missing = 0;
	if (!takeover->missing)
		return; /* no memory: the timer of @target tries again */
	takeover->started_ms = n->core->now_ms;
	takeover->wait_ms = n->core->config.max_time_no_response_ms;
	takeover->n_initiators = 0;
	for (unsigned i = 0; i < n->n_peers; i++) {
		const struct rsp_peer *peer = n->peer[i];

		if (peer != target && rsp_peer_is_alive(peer))
			takeover->missing[takeover->n_missing++] = peer->server_id;
	}
	record_takeover(n, RSP_EVENT_TAKEOVER_STARTED, target, RSP_REASON_NONE);
	send_initiations(n, target);
	if (takeover->n_missing == 0)
		rsp_peer_note(n, target);
}

void
rsp_takeover_begin(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	/* This registrar does not know yet which elements have which home. Soon after it has joined, it begins a takeover of what is
	 * left, unless another registrar has begun one: perhaps none ever knew that peer, which had its id for a moment. */
	if (n->core->state != RSP_REGISTRAR_SERVING) {
		bool left = peer->takeover.n_initiators == 0;

		yield(n, peer);
		if (left)
			rsp_enrp_set(n, &peer->timer, n->core->config.max_time_no_response_ms);
		rsp_download_fail(n, peer, RSP_REASON_PEER_DEAD); /* @peer may be the mentor */
		return;
	}
	if (peer->state == RSP_PEER_INACTIVE && !is_claimed(n, peer) && claimant(n, peer)) {
		move_to(n, peer, claimant(n, peer));
		return;
	}
	if (n->core->now_ms - peer->takeover.claimed_ms >= n->core->config.max_time_no_response_ms)
		peer->takeover.claimed_by = 0; /* it was wrong, as the peer was heard then */
	/* what a relay that has ended heard is perhaps heard by another one soon */
	if (peer->state != RSP_PEER_ACTIVE && reason != RSP_REASON_RIGHTS_ENDED && rsp_peer_is_relayed(n, peer, true)) {
		spare(n, peer);
		rsp_takeover_look(n, peer); /* PLAIN: its word may be outdated */
		return;
	}
	rsp_peer_record(n, RSP_EVENT_PEER_DEAD, peer, reason);
	rsp_download_fail(n, peer, RSP_REASON_PEER_DEAD);
	arbitrate(n, peer);
}

/* A registrar has not acknowledged in time: the message was lost with a connection, or that
 * registrar still receives messages of @target. */
static void
retry(struct rsp_enrp *n, struct rsp_peer *target)
{
	const struct rsp_registrar_config *config = &n->core->config;
	struct rsp_takeover *takeover = &target->takeover;

	if (!takeover->missing || is_pointless(n, target)) {
		arbitrate(n, target);
		return;
	}
	rsp_takeover_look(n, target);
	rsp_enrp_set(n, &target->timer, takeover->wait_ms);
	takeover->wait_ms *= 2;
	if (takeover->wait_ms > config->max_time_last_heard_ms)
		takeover->wait_ms = config->max_time_last_heard_ms;
	send_initiations(n, target);
}

void
rsp_takeover_peer_due(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_core *core = n->core;
	uint64_t silent_ms = core->now_ms - peer->last_heard_ms;

	if (peer->takeover.moving_to) {
		rsp_peer_note(n, peer); /* rsp_takeover_settle() moves the next slice */
		return;
	}
	switch (peer->state) {
	case RSP_PEER_ACTIVE:
		if (silent_ms < core->config.max_time_last_heard_ms)
			rsp_enrp_set(n, &peer->timer, core->config.max_time_last_heard_ms - silent_ms);
		else
			rsp_takeover_probe(n, peer, RSP_REASON_SILENCE);
		break;
	case RSP_PEER_PROBED:
		if (rsp_core_liveness_is_paused(core))
			rsp_enrp_set(n, &peer->timer, core->liveness_paused_until_ms - core->now_ms);
		else
			rsp_takeover_begin(n, peer, RSP_REASON_NO_RESPONSE);
		break;
	case RSP_PEER_INACTIVE: /* no other registrar has completed the takeover in time */
		rsp_takeover_begin(n, peer, peer->spared ? RSP_REASON_NO_RESPONSE : RSP_REASON_NOT_TAKEN_OVER);
		break;
	case RSP_PEER_DEAD:
		retry(n, peer);
		break;
	}
}

void
rsp_takeover_tell(struct rsp_enrp *n, const struct rsp_peer *peer)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (find_missing(n->peer[i], peer->server_id))
			send_about(n, ENRP_INIT_TAKEOVER, peer, n->peer[i]->server_id);
}

/* All have acknowledged: this registrar takes over @target. If another one had done so when the last message of @target arrived,
 * late, that stands. */
static void
decide(struct rsp_enrp *n, struct rsp_peer *target)
{
	uint32_t by_id = claimant(n, target);

	if (by_id) {
		abort_takeover(n, target, RSP_REASON_OTHER_WINS);
		move_to(n, target, by_id);
		return;
	}
	for (unsigned i = 0; i < n->n_peers; i++)
		if (n->peer[i] != target)
			send_about(n, ENRP_TAKEOVER_SERVER, n->peer[i], target->server_id);
	target->takeover.moving_to = n->core->config.server_id;
	rsp_peer_disconnect(n, target);
}

void
rsp_takeover_settle(struct rsp_enrp *n, struct rsp_peer *peer)
{
	const struct rsp_takeover *takeover = &peer->takeover;
	bool undecided = peer->state == RSP_PEER_DEAD && !takeover->moving_to;

	if (undecided && is_pointless(n, peer)) {
		abort_takeover(n, peer, RSP_REASON_UNACKNOWLEDGED);
		remove_peer(n, peer);
		return;
	}
	if (undecided && takeover->missing && takeover->n_missing == 0)
		decide(n, peer);
	if (takeover->moving_to && rsp_transfer_elements(n, peer, RSP_SLICE))
		remove_peer(n, peer);
}

/* Messages about takeovers that peers send: RFC 5353 s.3.5.1, s.3.5.2 */

static void
remember_initiator(struct rsp_peer *target, uint32_t id)
{
	struct rsp_takeover *takeover = &target->takeover;

	for (uint32_t i = 0; i < takeover->n_initiators; i++)
		if (takeover->initiators[i] == id)
			return;
	if (takeover->n_initiators < RSP_INITIATORS_MAX)
		takeover->initiators[takeover->n_initiators++] = id; /* a further initiator sends its message again */
}

/* A peer has declared this registrar dead: send a PRESENCE to all peers, but at most once in PROTEST_DISTANCE_MS. */
static void
protest(struct rsp_enrp *n)
{
	if (rsp_limiter_pass(&n->once, 0, RSP_ENRP_ONCE_PROTEST, PROTEST_DISTANCE_MS, n->core->now_ms))
		rsp_peer_send_presences(n, false);
}

/* Whether @peer has just answered a probe. Limits the probes and records that one sender of ENRP_INIT_TAKEOVER can
 * cause. A real initiator sends the message again after MAX-TIME-NO-RESPONSE. */
static bool
has_just_answered(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return peer->answered_ms &&
	       n->core->now_ms - peer->answered_ms < n->core->config.max_time_no_response_ms / 2;
}

void
rsp_takeover_initiated(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
		       const struct rsp_message *msg)
{
	struct rsp_peer *target = rsp_peer_find(n, msg->target_id);

	if (msg->target_id == n->core->config.server_id) {
		protest(n);
		return;
	}
	/* the target is not on the peer list, or its takeover is decided: no reason to refuse */
	if (!target || target->takeover.moving_to) {
		send_about(n, ENRP_INIT_TAKEOVER_ACK, peer, msg->target_id);
		return;
	}
	if (target == peer) {
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_INVALID_VALUES, RSP_REASON_TAKEOVER_OF_ITSELF);
		return;
	}
	if (target->state == RSP_PEER_DEAD && peer->server_id < n->core->config.server_id)
		return;
	if (target->state == RSP_PEER_ACTIVE && has_just_answered(n, target))
		return;
	remember_initiator(target, peer->server_id);
	rsp_heard_list_remove(&peer->heard_by_it, target->server_id); /* it does not hear the target any more */
	if (!rsp_peer_is_alive(target) && rsp_peer_is_heard_of(n, target))
		return; /* a peer hears it: its next PRESENCE decides */
	if (target->state == RSP_PEER_DEAD)
		abort_takeover(n, target, RSP_REASON_OTHER_WINS);
	/* RFC deviation: acknowledge only if the target does not answer a PRESENCE of this registrar either */
	if (target->spared)
		unrelayed(n, target);
	else if (target->state == RSP_PEER_DEAD || target->state == RSP_PEER_INACTIVE)
		yield(n, target);
	else
		rsp_takeover_probe(n, target, RSP_REASON_TAKEOVER_INITIATED);
}

void
rsp_takeover_acknowledged(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *msg)
{
	struct rsp_peer *target = rsp_peer_find(n, msg->target_id);

	if (target)
		acknowledge(n, target, peer->server_id);
}

/* @peer has sent ENRP_TAKEOVER_SERVER with this registrar as the target. Its statements about the own elements are in its
 * table; each linked element is asked. */
static void
taken_over_by(struct rsp_enrp *n, struct rsp_peer *peer)
{
	protest(n);
	/* limited: the audits find what @peer states later */
	if (rsp_limiter_pass(&n->once, peer->server_id, RSP_ENRP_ONCE_TABLE, n->core->config.peer_heartbeat_cycle_ms,
			     n->core->now_ms))
		rsp_download_begin(n, peer, peer->server_id);
}

void
rsp_takeover_enforced(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer,
		      const struct rsp_message *msg)
{
	struct rsp_core *core = n->core;
	struct rsp_peer *target = rsp_peer_find(n, msg->target_id);

	if (msg->target_id == core->config.server_id) {
		taken_over_by(n, peer);
		return;
	}
	if (peer->kind != RSP_PEER_STATES) { /* PLAIN, or perhaps so: what it has then, it says as its word */
		if (target && target != peer && target->state == RSP_PEER_DEAD && !target->takeover.moving_to) {
			abort_takeover(n, target, RSP_REASON_OTHER_WINS);
			yield(n, target);
		}
		return;
	}
	/* As long as this registrar hears the target, it has not acknowledged this takeover, unless what it heard last came late:
	 * then the next message of the target does not come. */
	if (target && (target == peer || rsp_peer_is_alive(target))) {
		note_claim(n, target, target == peer ? 0 : peer->server_id);
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_SECURITY, RSP_REASON_TAKEOVER_OF_LIVE);
		return;
	}
	if (target && target->takeover.moving_to)
		return; /* a takeover of the target is decided already */
	if (target && rsp_peer_is_heard_of(n, target)) { /* the next PRESENCE of the peer that hears it decides */
		note_claim(n, target, peer->server_id);
		target->doubted_ms = core->now_ms;
		return;
	}
	if (target && is_claimed(n, target))
		return; /* an earlier one waits */
	if (target && target->state == RSP_PEER_DEAD)
		abort_takeover(n, target, RSP_REASON_OTHER_WINS);
	if (!target) /* the target may be the home of stored elements, and not be on the peer list */
		target = rsp_home_first(core->space, msg->target_id) ? rsp_peer_get(n, msg->target_id) : NULL;
	if (target) /* else there is no room: the next audit of @peer brings the elements */
		move_to(n, target, peer->server_id);
}
