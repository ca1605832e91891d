#include "engine/enrp/join.h"

#include <string.h>

#include "engine/enrp/download.h"
#include "engine/enrp/message.h"
#include "engine/registrar/liveness.h"
#include "model/statement.h"

#define ROUNDS	 2   /* so many rounds, before this registrar serves without contacts that are silent or joining */
#define RETRY_MS 300 /* "a few seconds" in RFC 5353 s.3.2.2.2, but a scope that starts should not take so long */

/* @m was stored before this registrar was away, and the table of the mentor is complete. A linked element is about to
 * register again. */
static void
forget_old_element(struct rsp_enrp *n, struct rsp_member *m)
{
	if (m->link)
		rsp_member_postpone(n->core, m, n->core->now_ms + n->core->config.keepalive_timeout_ms);
	else
		rsp_member_forget(n->core, m);
}

/* Whether @m, which was stored before this registrar was away, has been removed since: a peer has said so. The word of
 * a registrar without STATEMENT stands beside a removal. */
static bool
is_removed(const struct rsp_core *core, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);
	struct rsp_bytes owner = e->owner ? rsp_bytes_str(e->owner) : (struct rsp_bytes){ 0 };
	const struct rsp_tomb *tomb = rsp_tomb_find(&core->tombs, rsp_pool_handle(e->pool), e->pe_id, owner);
	struct rsp_statement stored = rsp_element_statement(e);

	return tomb && stored.rank &&
	       rsp_statement_compare(&tomb->statement, tomb->home_id, &stored, rsp_element_home_id(e)) > 0;
}

/* @m was stored before this registrar was away, and there is no registrar to join: it stands again. */
static void
keep_old_element(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_core *core = n->core;

	if (is_removed(core, m)) {
		forget_old_element(n, m);
		return;
	}
	if (!rsp_member_is_own(core, m)) {
		rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
		(void)rsp_peer_get(n, rsp_element_home_id(rsp_member_element(m)));
		return;
	}
	rsp_member_take(core, m, core->config.reconnect_grace_ms / 4);
}

/* Call @each for the elements that were stored before this registrar was away. */
static void
for_old_elements(struct rsp_enrp *n, void (*each)(struct rsp_enrp *n, struct rsp_member *m))
{
	struct rsp_element *e;
	struct rsp_walk walk;

	rsp_walk_begin(n->core->space, &walk, 0);
	while ((e = rsp_walk_next(&walk)))
		if (rsp_member(e)->phase == RSP_MEMBER_OLD)
			each(n, rsp_member(e));
	rsp_walk_end(&walk);
}

static void
begin_to_serve(struct rsp_enrp *n, bool alone)
{
	struct rsp_core *core = n->core;

	for_old_elements(n, alone ? keep_old_element : forget_old_element);
	if (!alone) /* nothing is left from before this registrar was away: the first messages of the mentor ended that */
		n->isolated_ms = 0;
	core->state = RSP_REGISTRAR_SERVING;
	n->starting_until_ms = core->now_ms + core->config.hold_window_ms;
	n->mentor = NULL;
	rsp_wheel_cancel(&n->wheel, &n->join.timer);
	rsp_enrp_set(n, &n->heartbeat, core->config.peer_heartbeat_cycle_ms);
}

static void
serve(struct rsp_enrp *n, bool alone)
{
	struct rsp_core *core = n->core;
	struct rsp_event event = { .kind = RSP_EVENT_SERVING,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = alone ? RSP_REASON_ALONE : RSP_REASON_SYNCHRONISED,
				   .count = rsp_handlespace_elements(core->space),
				   .duration_ms = core->now_ms - n->joining_ms };

	begin_to_serve(n, alone);
	core->ops->record(core->ctx, &event);
	rsp_peer_send_presences(n, true); /* rsp_download_audit() checks the answers */
}

static void
begin_round(struct rsp_enrp *n)
{
	uint64_t wait_ms = n->core->config.max_time_no_response_ms;

	n->rounds++;
	for (unsigned i = 0; i < n->n_contacts; i++) {
		n->contact[i]->answer = RSP_MENTOR_NOT_ASKED;
		rsp_contact_dial(n, n->contact[i]);
	}
	n->round_ms = n->core->now_ms + wait_ms;
	rsp_enrp_set(n, &n->join, wait_ms);
}

void
rsp_join_begin(struct rsp_enrp *n)
{
	n->core->state = RSP_REGISTRAR_JOINING;
	n->mentor = NULL;
	n->joining_ms = n->core->now_ms;
	n->rounds = 0;
	if (n->n_contacts == 0) {
		begin_to_serve(n, true);
		return;
	}
	/* rsp_enrp_new() calls this before its caller has the object: dial and record when the timer expires, not now. */
	n->round_ms = 0;
	rsp_enrp_set(n, &n->join, 0);
}

static void
ask_mentor(struct rsp_enrp *n, struct rsp_contact *mentor)
{
	mentor->answer = RSP_MENTOR_ASKED;
	n->mentor = mentor;
	n->mentor_listed = false;
	rsp_enrp_set(n, &n->join, n->core->config.max_time_no_response_ms);
	rsp_enrp_request_list(n, mentor->link, mentor->peer_id);
}

/* End of a round: each contact has answered, or cannot be reached, or the time of the round is over. */
static void
end_round(struct rsp_enrp *n)
{
	bool rejected = false, first = true, silent = false;

	for (unsigned i = 0; i < n->n_contacts; i++) {
		const struct rsp_contact *contact = n->contact[i];
		bool joining = contact->answer == RSP_MENTOR_JOINING;

		rejected = rejected || joining || contact->answer == RSP_MENTOR_BUSY;
		silent = silent || contact->answer == RSP_MENTOR_SILENT || contact->answer == RSP_MENTOR_UNANSWERED ||
			 contact->state == RSP_CONTACT_DIALLING;
		/* A joining registrar with a lower id waits for this registrar to serve. A busy registrar serves
		 * already: this one must wait for it. */
		first = first && contact->answer != RSP_MENTOR_BUSY &&
			(!joining || contact->peer_id < n->core->config.server_id);
	}
	/* A silent registrar may only be slow. A joining registrar may find a mentor, and serve in the next round. */
	if ((!rejected || first) && ((!rejected && !silent) || n->rounds >= ROUNDS)) {
		serve(n, true);
		return;
	}
	n->round_ms = 0;
	rsp_enrp_set(n, &n->join, rsp_rng_jitter(&n->core->rng, RETRY_MS, 50));
}

void
rsp_join_step(struct rsp_enrp *n)
{
	bool waiting = false;

	if (n->core->state != RSP_REGISTRAR_JOINING || n->mentor || n->round_ms == 0)
		return;
	for (unsigned i = 0; i < n->n_contacts; i++) {
		struct rsp_contact *contact = n->contact[i];
		bool asked = contact->answer != RSP_MENTOR_NOT_ASKED && contact->answer != RSP_MENTOR_SILENT;

		if (contact->state == RSP_CONTACT_UP && !asked) {
			ask_mentor(n, contact);
			return;
		}
		waiting = waiting || contact->state == RSP_CONTACT_DIALLING;
	}
	if (!waiting || n->core->now_ms >= n->round_ms)
		end_round(n);
	else if (!rsp_timer_is_set(&n->join.timer)) /* rsp_join_listed() has cancelled the timer */
		rsp_enrp_set(n, &n->join, n->round_ms - n->core->now_ms);
}

/* Note @answer of the mentor, and let rsp_join_step() choose the next contact. */
static void
next_mentor(struct rsp_enrp *n, enum rsp_mentor_answer answer)
{
	if (n->mentor)
		n->mentor->answer = answer;
	n->mentor = NULL;
	n->join_changed = true;
}

bool
rsp_join_is_mentor(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return n->core->state == RSP_REGISTRAR_JOINING && n->mentor && n->mentor->peer_id == peer->server_id;
}

void
rsp_join_listed(struct rsp_enrp *n, struct rsp_peer *peer, bool rejected)
{
	if (!rsp_join_is_mentor(n, peer) || n->mentor_listed)
		return;
	if (rejected) {
		next_mentor(n, RSP_MENTOR_JOINING);
		return;
	}
	n->mentor_listed = true;
	/* from then on, the timer of the download limits the time for each page, and for all of them */
	if (rsp_download_begin(n, peer, 0))
		rsp_wheel_cancel(&n->wheel, &n->join.timer);
}

void
rsp_join_downloaded(struct rsp_enrp *n, const struct rsp_peer *peer, enum rsp_download_end end)
{
	if (!rsp_join_is_mentor(n, peer))
		return;
	switch (end) {
	case RSP_DOWNLOAD_COMPLETE:
		serve(n, false);
		break;
	case RSP_DOWNLOAD_REJECTED:
		next_mentor(n, RSP_MENTOR_BUSY);
		break;
	/* the mentor may still run: ask it in one more round before this registrar serves without it */
	case RSP_DOWNLOAD_FAILED:
		next_mentor(n, RSP_MENTOR_UNANSWERED);
		break;
	case RSP_DOWNLOAD_UNDECIDED:
		break;
	}
}

void
rsp_join_due(struct rsp_enrp *n)
{
	if (n->core->state != RSP_REGISTRAR_JOINING)
		return;
	if (n->round_ms == 0)
		begin_round(n);
	else if (n->mentor)
		next_mentor(n, RSP_MENTOR_UNANSWERED);
	n->join_changed = true;
}

/* @m becomes a copy, from which users are answered until the table of a mentor is complete. A linked element keeps its link,
 * and is sent a keep-alive with a number above its own: it registers again. */
static void
make_old(struct rsp_core *core, struct rsp_member *m)
{
	bool linked = rsp_member_is_linked(m);

	rsp_member_clear_pending(m);
	rsp_wheel_cancel(&core->expiry, &m->expiry);
	m->listed_in = 0;
	rsp_member_enter(core, m, RSP_MEMBER_OLD, RSP_NEVER);
	if (linked)
		rsp_member_send_keep_alive(core, m->link, m, false);
}

static void
close_enrp_links(struct rsp_core *core)
{
	struct rsp_link *link;

	LIST_FOREACH(link, &core->all_links, of_all)
		if (link->info.protocol == RSP_ENRP)
			rsp_link_cut(core, link);
}

static void
join_again(struct rsp_enrp *n, uint64_t away_ms)
{
	struct rsp_core *core = n->core;
	struct rsp_event event = { .kind = RSP_EVENT_REJOINING,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .count = rsp_home_count(core->space, core->config.server_id),
				   .duration_ms = away_ms };
	struct rsp_element *e;
	struct rsp_walk walk;

	core->ops->record(core->ctx, &event);
	while (n->n_peers > 0)
		rsp_peer_remove(n, n->peer[n->n_peers - 1]);
	close_enrp_links(core);
	for (unsigned i = 0; i < n->n_contacts; i++) {
		rsp_contact_reset(n, n->contact[i], false);
		n->contact[i]->peer_id = n->contact[i]->listed_id = 0;
	}
	rsp_tombs_clear(&core->tombs);
	rsp_walk_begin(core->space, &walk, 0);
	while ((e = rsp_walk_next(&walk)))
		make_old(core, rsp_member(e));
	rsp_walk_end(&walk);
	rsp_join_begin(n);
}

/* Whether @peer lists another registrar than this one, which has elements. */
static bool
lists_elements(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	const struct rsp_heard_list *list = &peer->heard_by_it;
	bool any = false;

	for (unsigned i = 0; i < list->n && !any; i++)
		any = list->item[i].digest != 0 && list->item[i].server_id != n->core->config.server_id;
	return any;
}

void
rsp_join_in_sync(struct rsp_enrp *n, const struct rsp_peer *peer)
{
	const struct rsp_heard_list *list = &peer->heard_by_it;

	if (!peer->told || !lists_elements(n, peer))
		return;
	for (unsigned i = 0; i < list->n; i++)
		if (list->item[i].server_id != n->core->config.server_id &&
		    list->item[i].digest != rsp_home_digest(n->core->space, list->item[i].server_id))
			return;
	n->isolated_ms = 0;
}

bool
rsp_join_if_forgotten(struct rsp_enrp *n, const struct rsp_peer *peer, bool listed)
{
	uint64_t now_ms = n->core->now_ms;
	bool first = peer->presence_ms < n->back_ms;
	/* one that dials sends a PRESENCE without a list, and one with a list in answer to ours */
	bool second = !listed && now_ms - peer->presence_ms < n->core->config.max_time_no_response_ms;

	if (n->isolated_ms == 0 || n->core->state != RSP_REGISTRAR_SERVING)
		return false;
	if (now_ms - n->back_ms >= n->core->config.max_time_last_heard_ms) {
		n->isolated_ms = 0;
		return false;
	}
	/* A peer without elements, which hears none that has some, has nothing that this registrar lacks: perhaps it has just
	 * begun to run, and what it states later is new. Another peer may have more. */
	if (peer->kind != RSP_PEER_STATES ||
	    !((first && peer->told) || ((first || second) && lists_elements(n, peer))))
		return false;
	join_again(n, now_ms - n->isolated_ms);
	return true;
}

void
rsp_join_was_away(struct rsp_enrp *n, uint64_t away_ms)
{
	if (away_ms > rsp_enrp_forgetting_ms(n)) {
		join_again(n, away_ms);
		return;
	}
	n->merging_until_ms = n->core->now_ms + n->core->config.hold_window_ms;
	rsp_peer_send_presences(n, true);
}

void
rsp_join_old_due(struct rsp_enrp *n, struct rsp_member *m)
{
	rsp_liveness_send_away(n->core, m);
	rsp_member_forget(n->core, m);
}
