#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Taking over a dead registrar's elements: RFC 5353 s.3.5. Beyond the RFC: who still hears the target, or believes so,
 * looks for itself before it acknowledges; with nobody left to acknowledge the takeover is complete at once; an
 * initiator that dies in the middle is followed by another (RSP_PEER_INACTIVE ends). */

#define INITIATORS_MAX 16
#define PROTEST_MS     100
#define CLAIMED_MS     1000
#define LATE	       3 /* times the silence after which a registrar counts as dead */

/* s.2.1: what is announced to all names no receiver. */
static void
send_about(struct rsp_registrar *r, uint8_t type, const struct rsp_peer *to, uint32_t target_id)
{
	struct rsp_message msg = { .type = type,
				   .receiver_id = type == ENRP_INIT_TAKEOVER_ACK ? to->server_id : 0,
				   .target_id = target_id };
	uint32_t link = rsp_peer_link(to);

	if (link)
		rsp_enrp_send(r, link, &msg);
}

static bool
is_missing(const struct rsp_peer *target, uint32_t id, uint32_t *ret_at)
{
	for (uint32_t i = 0; i < target->n_missing; i++)
		if (target->missing[i] == id) {
			*ret_at = i;
			return true;
		}
	return false;
}

/* s.3.5.2 */
static void
complete(struct rsp_registrar *r, struct rsp_peer *target)
{
	struct rsp_event event = { .kind = RSP_EVENT_TAKEOVER_DONE,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = target->server_id,
				   .duration_ms = r->now_ms - target->takeover_ms };
	char name[sizeof(target->name)];
	struct rsp_element *e;

	memcpy(name, target->name, sizeof(name));
	event.peer_name = *name ? name : NULL;
	for (unsigned i = 0; i < r->n_peers; i++)
		if (r->peer[i] != target)
			send_about(r, ENRP_TAKEOVER_SERVER, r->peer[i], target->server_id);
	while ((e = rsp_home_first(r->space, target->server_id))) {
		struct rsp_bytes handle = rsp_pool_handle(e->pool);

		if (e->rival) { /* its home will not answer any more */
			rsp_claim_unanswered(r, e);
			continue;
		}
		if (rsp_element_rehome(r->space, e, r->config.server_id,
				       rsp_version_taken_over(rsp_element_version(e)))) {
			rsp_tombstone_put(&r->tombstones, handle, e->pe_id, rsp_element_version(e),
					  r->now_ms + r->config.tombstone_ms);
			rsp_registrar_forget(r, r->now_ms, e); /* no memory: it registers again */
			continue;
		}
		rsp_registrar_count(r, e, 1);
		rsp_adopt(r, e, RSP_BURST_MS * (uint64_t)(event.count++ / RSP_BURST));
	}
	r->stats.takeovers++;
	rsp_peer_forget(r, target);
	r->ops->record(r->ctx, &event);
}

bool
rsp_takeover_is_late(const struct rsp_registrar *r, const struct rsp_peer *target)
{
	uint64_t silence_ms = (uint64_t)r->config.max_time_last_heard_ms + r->config.max_time_no_response_ms;
	bool silent = target->state == RSP_PEER_DEAD || target->state == RSP_PEER_INACTIVE;

	return silent && r->now_ms - target->last_heard_ms >= LATE * silence_ms;
}

void
rsp_takeover_late_gone(struct rsp_registrar *r, const struct rsp_peer *target, struct rsp_element *e)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_REMOVED,
				   .protocol = RSP_ENRP,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = "home-lost",
				   .identity = e->owner,
				   .peer_id = target->server_id,
				   .peer_name = *target->name ? target->name : NULL };

	rsp_tombstone_put(&r->tombstones, event.handle, e->pe_id, rsp_element_version(e),
			  r->now_ms + r->config.tombstone_ms);
	r->ops->record(r->ctx, &event);
	rsp_registrar_forget(r, r->now_ms, e);
	r->stats.removed++;
}

/* A takeover that one peer never acknowledges does not keep the dead in the handlespace for ever: its elements are asked,
 * a burst at a time, and those that do not answer are removed. It ends when @target has none left. False if @target is
 * forgotten. */
static bool
look_after(struct rsp_registrar *r, struct rsp_peer *target)
{
	uint64_t n = 0;

	if (!rsp_takeover_is_late(r, target))
		return true;
	if (!rsp_home_first(r->space, target->server_id)) {
		rsp_takeover_abort(r, target, "unacknowledged");
		rsp_peer_forget(r, target);
		return false;
	}
	for (struct rsp_element *e = rsp_home_first(r->space, target->server_id); e; e = rsp_home_next(e))
		if (!rsp_timer_is_set(&e->keepalive))
			rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + RSP_BURST_MS * (n++ / RSP_BURST));
	return true;
}

static void
initiate(struct rsp_registrar *r, struct rsp_peer *target)
{
	for (uint32_t i = 0; i < target->n_missing; i++) {
		const struct rsp_peer *peer = rsp_peer_find(r, target->missing[i]);

		if (peer)
			send_about(r, ENRP_INIT_TAKEOVER, peer, target->server_id);
	}
	send_about(r, ENRP_INIT_TAKEOVER, target, target->server_id); /* if it lives after all, it says so */
}

/* s.3.5.1. Those who wait for our word on their own takeover of @target: the higher server id wins. */
static bool
yields(struct rsp_registrar *r, struct rsp_peer *target)
{
	bool higher = false;

	for (uint32_t i = 0; i < target->n_initiators; i++)
		higher = higher || target->initiators[i] > r->config.server_id;
	if (higher)
		rsp_takeover_yield(r, target);
	return higher;
}

void
rsp_takeover_begin(struct rsp_registrar *r, struct rsp_peer *target)
{
	target->state = RSP_PEER_DEAD;
	target->retries = 0;
	target->takeover_ms = r->now_ms;
	target->n_missing = 0;
	rsp_enrp_set(r, &target->timer, r->config.max_time_no_response_ms);
	rsp_takeovers_without(r, target->server_id);
	if (!look_after(r, target) || yields(r, target))
		return;
	target->n_initiators = 0;
	free(target->missing);
	target->missing = calloc(r->n_peers, sizeof(uint32_t));
	if (!target->missing)
		return; /* tried again with the timer */
	for (unsigned i = 0; i < r->n_peers; i++) {
		const struct rsp_peer *peer = r->peer[i];

		if (peer != target && (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED))
			target->missing[target->n_missing++] = peer->server_id;
	}
	rsp_enrp_record(r, RSP_EVENT_TAKEOVER_STARTED, target, NULL);
	initiate(r, target);
	if (target->n_missing == 0)
		complete(r, target);
}

void
rsp_takeover_abort(struct rsp_registrar *r, struct rsp_peer *target, const char *reason)
{
	free(target->missing);
	target->missing = NULL;
	target->n_missing = 0;
	rsp_enrp_record(r, RSP_EVENT_TAKEOVER_ABORTED, target, reason);
}

/* Somebody has not acknowledged: the message was lost with a connection, or it still hears @target. */
void
rsp_takeover_retry(struct rsp_registrar *r, struct rsp_peer *target)
{
	uint64_t wait_ms = r->config.max_time_no_response_ms;

	if (!target->missing) {
		rsp_takeover_begin(r, target);
		return;
	}
	if (!look_after(r, target))
		return;
	for (uint32_t i = 0; i < target->retries && wait_ms < r->config.max_time_last_heard_ms; i++)
		wait_ms *= 2;
	target->retries++;
	rsp_enrp_set(r, &target->timer,
		     wait_ms < r->config.max_time_last_heard_ms ? wait_ms : r->config.max_time_last_heard_ms);
	initiate(r, target);
}

static void
acknowledged_by(struct rsp_registrar *r, struct rsp_peer *target, uint32_t id)
{
	uint32_t at;

	if (target->state != RSP_PEER_DEAD || !target->missing || !is_missing(target, id, &at))
		return;
	target->missing[at] = target->missing[--target->n_missing];
	if (target->n_missing == 0)
		complete(r, target);
}

void
rsp_takeovers_without(struct rsp_registrar *r, uint32_t server_id)
{
	for (unsigned i = 0; i < r->n_peers; i++) {
		unsigned before = r->n_peers;

		acknowledged_by(r, r->peer[i], server_id);
		if (r->n_peers != before)
			i = UINT32_MAX; /* the list is another one: from the front again */
	}
}

void
rsp_takeovers_tell(struct rsp_registrar *r, const struct rsp_peer *peer)
{
	uint32_t at;

	for (unsigned i = 0; i < r->n_peers; i++)
		if (r->peer[i]->state == RSP_PEER_DEAD && is_missing(r->peer[i], peer->server_id, &at))
			send_about(r, ENRP_INIT_TAKEOVER, peer, r->peer[i]->server_id);
}

void
rsp_takeover_yield(struct rsp_registrar *r, struct rsp_peer *target)
{
	target->state = RSP_PEER_INACTIVE;
	rsp_enrp_set(r, &target->timer, r->config.max_time_last_heard_ms);
	for (uint32_t i = 0; i < target->n_initiators; i++) {
		const struct rsp_peer *peer = rsp_peer_find(r, target->initiators[i]);

		if (peer)
			send_about(r, ENRP_INIT_TAKEOVER_ACK, peer, target->server_id);
	}
	target->n_initiators = 0;
	rsp_takeovers_without(r, target->server_id);
}

static void
remember_initiator(struct rsp_peer *target, uint32_t id)
{
	for (uint32_t i = 0; i < target->n_initiators; i++)
		if (target->initiators[i] == id)
			return;
	if (!target->initiators)
		target->initiators = calloc(INITIATORS_MAX, sizeof(uint32_t));
	if (target->initiators && target->n_initiators < INITIATORS_MAX)
		target->initiators[target->n_initiators++] = id; /* others ask again */
}

/* s.3.5.1: we are not dead. Whoever says so again and again is not told so each time. */
static void
protest(struct rsp_registrar *r)
{
	if (r->called_dead_ms && r->now_ms - r->called_dead_ms < PROTEST_MS)
		return;
	r->called_dead_ms = r->now_ms;
	rsp_enrp_presences(r, false);
}

/* Whoever says again and again that @peer is dead does not have it asked, and that recorded, each time; who has good
 * reason to says so again in MAX-TIME-NO-RESPONSE. */
static bool
has_just_answered(const struct rsp_registrar *r, const struct rsp_peer *peer)
{
	return peer->answered_ms && r->now_ms - peer->answered_ms < r->config.max_time_no_response_ms / 2;
}

/* s.3.5.1, what each peer does */
void
rsp_takeover_initiated(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
		       const struct rsp_message *msg)
{
	struct rsp_peer *target = rsp_peer_find(r, msg->target_id);

	if (msg->target_id == r->config.server_id) {
		protest(r);
		return;
	}
	if (!target) { /* nobody we know: nothing stands against it */
		send_about(r, ENRP_INIT_TAKEOVER_ACK, peer, msg->target_id);
		return;
	}
	if (target == peer) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_INVALID_VALUES, "takeover-of-itself");
		return;
	}
	if (target->state == RSP_PEER_DEAD && peer->server_id < r->config.server_id)
		return;
	if (target->state == RSP_PEER_ACTIVE && has_just_answered(r, target))
		return;
	remember_initiator(target, peer->server_id);
	switch (target->state) {
	case RSP_PEER_DEAD:
		rsp_takeover_abort(r, target, "other-wins");
		rsp_takeover_yield(r, target);
		break;
	case RSP_PEER_INACTIVE:
		rsp_takeover_yield(r, target);
		break;
	case RSP_PEER_ACTIVE: /* RFC deviation: acknowledged when our own question to it stays unanswered too */
		rsp_peer_probe(r, target, "takeover-initiated");
		break;
	case RSP_PEER_PROBED:
		break;
	}
}

void
rsp_takeover_acknowledged(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_message *msg)
{
	struct rsp_peer *target = rsp_peer_find(r, msg->target_id);

	if (target)
		acknowledged_by(r, target, peer->server_id);
}

/* Should @target, which is alive, come to disown its elements, they may be @by's. It has time: they may be many. */
static void
remember_claim(struct rsp_registrar *r, struct rsp_peer *target, uint32_t by)
{
	if (target->called_taken_ms && r->now_ms - target->called_taken_ms < CLAIMED_MS)
		return;
	target->called_taken_ms = r->now_ms;
	for (struct rsp_element *e = rsp_home_first(r->space, target->server_id); e; e = rsp_home_next(e))
		e->claimed_by = by;
}

/* s.3.5.2, what each peer does */
void
rsp_takeover_enforced(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
		      const struct rsp_message *msg)
{
	struct rsp_peer *target = rsp_peer_find(r, msg->target_id);
	struct rsp_event event = { .kind = RSP_EVENT_PEER_LEFT,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = msg->target_id,
				   .peer_name = target && *target->name ? target->name : NULL,
				   .by_id = peer->server_id };
	struct rsp_element *e;

	if (msg->target_id == r->config.server_id) {
		protest(r);
		if (r->called_taken_ms && r->now_ms - r->called_taken_ms < r->config.peer_heartbeat_cycle_ms)
			return; /* what more it claims the audits will show */
		r->called_taken_ms = r->now_ms;
		rsp_claims_all(r, peer);
		return;
	}
	/* we have acknowledged nothing while we hear it, or ask it ourselves */
	if (target && (target == peer || rsp_peer_is_alive(target))) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "takeover-of-a-live-registrar");
		if (target != peer)
			remember_claim(r, target, peer->server_id);
		return;
	}
	while ((e = rsp_home_first(r->space, msg->target_id))) {
		uint64_t version = rsp_version_taken_over(rsp_element_version(e));

		if (e->rival)
			rsp_claim_unanswered(r, e);
		else if (rsp_element_rehome(r->space, e, peer->server_id, version))
			rsp_registrar_forget(r, r->now_ms, e); /* no memory: the next audit brings it */
		else
			event.count++;
	}
	if (target || event.count > 0)
		r->ops->record(r->ctx, &event);
	if (target) {
		if (target->state == RSP_PEER_DEAD)
			rsp_takeover_abort(r, target, "other-wins");
		rsp_peer_forget(r, target);
	}
}
