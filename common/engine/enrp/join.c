#include <stdlib.h>
#include <string.h>

#include "engine/registrar/registrar_priv.h"

/* How a registrar joins the others, RFC 5353 s.3.2: of those it knows of it makes one its mentor, takes its list and its
 * table, and serves when these are complete. Beyond the RFC: who finds nobody serves at once; of several that find only
 * each other, joining too, the one with the highest id begins. */

#define ROUNDS	 2   /* who is silent, or joining himself, is asked so often before we serve without him */
#define RETRY_MS 300 /* "a few seconds" in s.3.2.2.2, but a scope that starts should not take so long */

static bool
is_asked(const struct rsp_registrar *r)
{
	return r->mentor != NULL;
}

/* Keep the marked elements of the table that this registrar had before it was away: no other registrar serves, so none has
 * taken them over. Its own have the grace time to come back; the homes of the others are watched. */
static void
keep_old_table(struct rsp_registrar *r)
{
	for (struct rsp_pool *pool = rsp_pool_next(r->space, NULL); pool; pool = rsp_pool_next(r->space, pool))
		for (uint32_t i = 0; i < pool->n_elements; i++) {
			struct rsp_element *e = pool->element[i];
			uint32_t home = rsp_element_home_id(e);

			if (!e->marked)
				continue;
			e->marked = home != r->config.server_id && !rsp_peer_told(r, home);
			if (e->marked) /* there is no room to watch its home: it goes */
				rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms);
			else if (home == r->config.server_id)
				rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
		}
}

static void
begin_to_serve(struct rsp_registrar *r, bool alone)
{
	keep_old_table(r);
	r->serving = true;
	r->alone_until_ms = alone ? r->now_ms + r->config.hold_window_ms : 0;
	r->mentor = NULL;
	rsp_wheel_cancel(&r->enrp, &r->join.timer);
	rsp_enrp_set(r, &r->heartbeat, r->config.peer_heartbeat_cycle_ms);
}

static void
serve(struct rsp_registrar *r, const char *reason)
{
	struct rsp_event event = { .kind = RSP_EVENT_SERVING,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = reason,
				   .count = rsp_handlespace_elements(r->space),
				   .duration_ms = r->now_ms - r->joining_ms };

	begin_to_serve(r, strcmp(reason, "alone") == 0);
	r->ops->record(r->ctx, &event);
	rsp_enrp_presences(r, true); /* whose answers are audited */
}

static void
begin_round(struct rsp_registrar *r)
{
	r->rounds++;
	for (unsigned i = r->n_contacts; i-- > 0;) { /* from the back: dialling may make it forgotten */
		r->contact[i]->asked = r->contact[i]->rejected = r->contact[i]->silent = r->contact[i]->busy = false;
		rsp_contact_dial(r, r->contact[i]);
	}
	r->round_ms = r->now_ms + r->config.max_time_no_response_ms; /* not before: a dialling may fail at once */
	rsp_enrp_set(r, &r->join, r->config.max_time_no_response_ms);
}

void
rsp_join_begin(struct rsp_registrar *r)
{
	r->serving = false;
	r->mentor = NULL;
	r->joining_ms = r->now_ms;
	r->rounds = 0;
	/* nothing is dialled, and nothing recorded, from inside the call that makes the engine or from inside of a message */
	if (r->n_contacts == 0) {
		begin_to_serve(r, true);
		return;
	}
	r->round_ms = 0;
	rsp_enrp_set(r, &r->join, 0);
}

static void
ask(struct rsp_registrar *r, struct rsp_contact *mentor)
{
	struct rsp_message msg = { .type = ENRP_LIST_REQUEST, .receiver_id = mentor->peer_id };

	mentor->asked = true;
	r->mentor = mentor;
	r->mentor_listed = false;
	rsp_enrp_set(r, &r->join, r->config.max_time_no_response_ms);
	rsp_enrp_send(r, mentor->link, &msg);
}

/* Everyone was asked, or was not there. */
static void
round_over(struct rsp_registrar *r)
{
	bool rejected = false, first = true, silent = false;

	for (unsigned i = 0; i < r->n_contacts; i++) {
		const struct rsp_contact *contact = r->contact[i];

		rejected = rejected || contact->rejected;
		silent = silent || contact->silent || (contact->link && !contact->up);
		/* one that is joining will find us; a busy one serves, and will serve us */
		first = first && (!contact->rejected || (!contact->busy && contact->peer_id < r->config.server_id));
	}
	/* who is silent may only be slow; and who is joining may know of a mentor, and serve by the next round */
	if ((!rejected || first) && ((!rejected && !silent) || r->rounds >= ROUNDS)) {
		serve(r, "alone");
		return;
	}
	r->round_ms = 0;
	rsp_enrp_set(r, &r->join, rsp_rng_jitter(&r->rng, RETRY_MS, 50));
}

void
rsp_join_step(struct rsp_registrar *r)
{
	bool waiting = false;

	if (r->serving || r->leaving || is_asked(r) || r->round_ms == 0)
		return;
	for (unsigned i = 0; i < r->n_contacts; i++) {
		struct rsp_contact *contact = r->contact[i];

		if (contact->up && !contact->asked) {
			ask(r, contact);
			return;
		}
		waiting = waiting || (contact->link && !contact->up);
	}
	if (!waiting || r->now_ms >= r->round_ms)
		round_over(r);
	else if (!rsp_timer_is_set(&r->join.timer)) /* the mentor had it */
		rsp_enrp_set(r, &r->join, r->round_ms - r->now_ms);
}

/* The mentor, who was asked, is of no use: the next one. */
static void
next(struct rsp_registrar *r)
{
	if (r->mentor && !r->mentor->rejected)
		r->mentor->silent = true; /* it may be there all the same: asked once more before we serve without */
	r->mentor = NULL;
	rsp_join_step(r);
}

/* Another registrar serves, and has a table that is newer. */
static void
forget_old_table(struct rsp_registrar *r)
{
	struct rsp_pool *pool = rsp_pool_next(r->space, NULL), *after;

	for (; pool; pool = after) {
		after = rsp_pool_next(r->space, pool);
		for (uint32_t i = pool->n_elements; i-- > 0;) { /* the pool goes with its last element */
			bool last = pool->n_elements == 1;

			if (pool->element[i]->marked)
				rsp_registrar_forget(r, r->now_ms, pool->element[i]);
			if (last)
				break;
		}
	}
}

bool
rsp_join_is_mentor(const struct rsp_registrar *r, const struct rsp_peer *peer)
{
	return !r->serving && is_asked(r) && r->mentor->peer_id == peer->server_id;
}

void
rsp_join_listed(struct rsp_registrar *r, const struct rsp_peer *peer, bool rejected)
{
	if (!rsp_join_is_mentor(r, peer) || r->mentor_listed)
		return;
	if (rejected) {
		r->mentor->rejected = true;
		next(r);
		return;
	}
	r->mentor_listed = true;
	forget_old_table(r);
	rsp_taking_begin(r, rsp_peer_find(r, peer->server_id), false);
	if (peer->taking.on) /* each page has a time of its own */
		rsp_wheel_cancel(&r->enrp, &r->join.timer);
}

void
rsp_join_taken(struct rsp_registrar *r, const struct rsp_peer *peer, bool complete, bool rejected)
{
	if (!rsp_join_is_mentor(r, peer))
		return;
	if (complete) {
		serve(r, "synchronised");
		return;
	}
	if (rejected)
		r->mentor->rejected = r->mentor->busy = true;
	next(r);
}

void
rsp_join_due(struct rsp_registrar *r)
{
	if (r->serving)
		return;
	if (r->round_ms == 0)
		begin_round(r);
	else if (is_asked(r))
		next(r);
	rsp_join_step(r);
}

/* All links and peers go. The elements stay, marked, until it is known whether another registrar serves. */
static void
forget_others(struct rsp_registrar *r)
{
	rsp_links_forget(r, true);
	while (r->n_peers > 0)
		rsp_peer_free(r, r->peer[r->n_peers - 1]);
	for (unsigned i = 0; i < r->n_contacts; i++) {
		struct rsp_contact *contact = r->contact[i];

		contact->link = contact->peer_id = contact->told_id = 0;
		contact->up = false;
		contact->failures = 0;
		rsp_wheel_cancel(&r->enrp, &contact->timer.timer);
	}
	for (struct rsp_pool *pool = rsp_pool_next(r->space, NULL); pool; pool = rsp_pool_next(r->space, pool))
		for (uint32_t i = 0; i < pool->n_elements; i++) {
			struct rsp_element *e = pool->element[i];

			rsp_wheel_cancel(&r->keepalive, &e->keepalive);
			free(e->rival);
			e->rival = NULL;
			e->claimed_by = 0;
			e->waiting = e->adopting = false;
			e->marked = true;
		}
}

/* Others have taken us for dead and our elements over; those elements that are still connected to us come back when
 * their connections close. Unless all registrars were away together: then the first one to serve has its old table. */
void
rsp_join_again(struct rsp_registrar *r, uint64_t away_ms)
{
	struct rsp_event event = { .kind = RSP_EVENT_REJOINING,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .count = rsp_home_count(r->space, r->config.server_id),
				   .duration_ms = away_ms };

	r->ops->record(r->ctx, &event);
	forget_others(r);
	rsp_join_begin(r);
}
