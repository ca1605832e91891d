#include "engine/enrp/enrp.h"

#include <stdlib.h>
#include <string.h>

#include "engine/enrp/dispatch.h"
#include "engine/enrp/download.h"
#include "engine/enrp/join.h"
#include "engine/enrp/message.h"
#include "engine/enrp/ownership.h"
#include "engine/enrp/rival.h"
#include "engine/enrp/server_id.h"
#include "engine/enrp/takeover.h"
#include "engine/enrp/update.h"
#include "engine/enrp/upload.h"
#include "engine/enrp/word.h"
#include "engine/registrar/look.h"

enum rsp_err
rsp_enrp_new(struct rsp_core *core, struct rsp_enrp **ret)
{
	struct rsp_enrp *n = calloc(1, sizeof(*n));

	if (!n)
		return RSP_ENOMEM;
	n->core = core;
	n->heard_ms = core->now_ms;
	rsp_wheel_init(&n->wheel, core->now_ms);
	n->heartbeat.kind = RSP_ENRP_TIMER_HEARTBEAT;
	n->join.kind = RSP_ENRP_TIMER_JOIN;
	n->shared_id.timer.kind = RSP_ENRP_TIMER_SERVER_ID;
	TAILQ_INIT(&n->failed);
	TAILQ_INIT(&n->changed);
	TAILQ_INIT(&n->waiting);
	TAILQ_INIT(&n->removed);
	n->peer = calloc(core->config.max_peers ? core->config.max_peers : 1, sizeof(struct rsp_peer *));
	const struct rsp_ring_limits ring = { .updates = core->config.max_updates,
					      .octets = core->config.max_update_octets };
	rsp_tomb_walk_begin(&core->tombs, &n->buried);
	n->buried.follows = true;
	if (!n->peer || rsp_ring_init(&n->ring, &ring) || rsp_contact_init(n)) {
		rsp_enrp_free(n);
		return RSP_ENOMEM;
	}
	rsp_join_begin(n);
	*ret = n;
	return RSP_OK;
}

void
rsp_enrp_free(struct rsp_enrp *n)
{
	if (!n)
		return;
	while (n->peer && n->n_peers > 0)
		rsp_peer_remove(n, n->peer[n->n_peers - 1]);
	rsp_peer_reap(n);
	while (n->n_contacts > 0)
		rsp_contact_free(n, n->contact[n->n_contacts - 1]);
	rsp_tomb_walk_end(&n->buried);
	rsp_ring_done(&n->ring);
	free(n->peer);
	free(n->contact);
	free(n);
}

/* Links */

void
rsp_enrp_link_up(struct rsp_enrp *n, struct rsp_link *link)
{
	if (!link->contact)
		return;
	rsp_contact_up(n, link->contact);
	rsp_enrp_presence(n, link, 0, true);
	n->join_changed = true;
}

/* The contact of @peer, whose connection there has ended. In plain text a registrar may have several contacts, one for
 * each address: prefer a contact that is UP. */
static struct rsp_contact *
best_contact(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	for (unsigned i = 0; i < n->n_contacts; i++)
		if (n->contact[i]->state == RSP_CONTACT_UP && n->contact[i]->peer_id == peer->server_id)
			return n->contact[i];
	return peer->contact;
}

/* A connection of @peer has ended. That does not prove that @peer is dead, but is a reason to probe @peer at once. */
static void
suspect_peer(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (peer->state == RSP_PEER_ACTIVE)
		rsp_takeover_probe(n, peer, RSP_REASON_PEER_DISCONNECTED);
	if (peer->state == RSP_PEER_PROBED && !peer->link_in && !peer->contact)
		rsp_takeover_begin(n, peer, RSP_REASON_SEND_FAILED);
}

/* The connection @link has ended, and so has a download over it. A peer that was dialled at @contact may have sent nothing over it
 * yet: then it is not bound to it, but requests are sent over it. */
static void
end_download(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_contact *contact, struct rsp_peer *peer)
{
	if (!peer && contact && contact->peer_id)
		peer = rsp_peer_find(n, contact->peer_id);
	if (peer)
		rsp_download_link_down(n, peer, link->id);
}

void
rsp_enrp_link_down(struct rsp_enrp *n, struct rsp_link *link)
{
	struct rsp_contact *contact = link->contact;
	struct rsp_peer *peer = link->peer;
	struct rsp_why why = { 0 };

	link->peer = NULL;
	link->contact = NULL;
	if (link->upload)
		rsp_upload_end(n, link->upload);
	if (n->core->state == RSP_REGISTRAR_LEAVING)
		return;
	if (link->why)
		why = *link->why;
	else if (contact)
		(void)rsp_fail(&why, link->err, contact->name, "%s", rsp_err_text(link->err));
	end_download(n, link, contact, peer);
	if (peer && peer->link_in == link->id)
		peer->link_in = 0;
	n->join_changed = true;
	if (contact && contact->state != RSP_CONTACT_UP) {
		rsp_contact_failed(n, contact, &why);
		return;
	}
	if (contact)
		rsp_contact_lost(n, contact, peer ? NULL : &why);
	if (peer && peer->contact == contact)
		peer->contact = best_contact(n, peer);
	if (peer)
		suspect_peer(n, peer);
}

void
rsp_enrp_receive(struct rsp_enrp *n, struct rsp_link *link, struct rsp_bytes message)
{
	rsp_dispatch_message(n, link, message);
}

/* Timers */

static void
timer_due(struct rsp_enrp *n, struct rsp_enrp_timer *timer)
{
	switch (timer->kind) {
	case RSP_ENRP_TIMER_HEARTBEAT:
		rsp_dispatch_heartbeat(n);
		break;
	case RSP_ENRP_TIMER_JOIN:
		rsp_join_due(n);
		break;
	case RSP_ENRP_TIMER_CONTACT:
		rsp_contact_due(n, RSP_CONTAINER(timer, struct rsp_contact, timer));
		break;
	case RSP_ENRP_TIMER_PEER:
		rsp_takeover_peer_due(n, RSP_CONTAINER(timer, struct rsp_peer, timer));
		break;
	case RSP_ENRP_TIMER_DOWNLOAD:
		rsp_download_due(n, RSP_CONTAINER(timer, struct rsp_peer, download.timer));
		break;
	case RSP_ENRP_TIMER_SERVER_ID:
		rsp_server_id_due(n);
		break;
	case RSP_ENRP_TIMER_UPLOAD:
		rsp_upload_due(n, RSP_CONTAINER(timer, struct rsp_upload, timer));
		break;
	}
}

void
rsp_enrp_tick(struct rsp_enrp *n)
{
	struct rsp_timer *due;

	while ((due = rsp_core_expired(n->core, &n->wheel)))
		timer_due(n, RSP_CONTAINER(due, struct rsp_enrp_timer, timer));
}

uint64_t
rsp_enrp_deadline(const struct rsp_enrp *n)
{
	return rsp_wheel_next(&n->wheel);
}

/* Whether no registrar answers for @m, which has another home: that home is silent, and no takeover of it completes; or it is
 * heard, but does not answer; or it has gone back to a version without STATE, and its statement is left over. */
static bool
is_forsaken(const struct rsp_enrp *n, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(e));

	return !home || rsp_peer_takeover_is_late(n, home) || rsp_peer_is_unanswered(n, home) ||
	       (home->kind == RSP_PEER_PLAIN && !rsp_element_is_word(e));
}

void
rsp_enrp_member_due(struct rsp_enrp *n, struct rsp_member *m)
{
	if (m->phase == RSP_MEMBER_OLD)
		rsp_join_old_due(n, m);
	else if (m->phase == RSP_MEMBER_HELD || m->phase == RSP_MEMBER_UNLINKED)
		rsp_rival_due(n, m);
	else if (m->phase == RSP_MEMBER_FOREIGN_WAITS)
		rsp_ownership_store_pending(n, m); /* the home has not answered in time */
	else if (is_forsaken(n, m))
		rsp_look_due(n->core, m);
	else
		rsp_member_enter(n->core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
}

/* Joining, leaving, rights */

void
rsp_enrp_was_away(struct rsp_enrp *n, uint64_t away_ms)
{
	n->unread_until_ms = n->core->now_ms + n->core->config.max_time_no_response_ms;
	for (unsigned i = 0; i < n->n_peers; i++)
		n->peer[i]->unanswered_ms += n->peer[i]->unanswered_ms ? away_ms : 0;
	rsp_join_was_away(n, away_ms);
}

void
rsp_enrp_leave(struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_contacts; i++)
		rsp_contact_reset(n, n->contact[i], false);
}

/* A peer whose key was removed may still run, but another process may use its name. Its elements are taken over as if
 * it were dead. The new home asks each element, because updates of the former home may be false. */
void
rsp_enrp_rights_changed(struct rsp_enrp *n)
{
	const struct rsp_core *core = n->core;

	for (unsigned i = 0; i < n->n_peers; i++) {
		struct rsp_peer *peer = n->peer[i];

		/* with the new rights, this registrar may accept refused elements */
		peer->gap.next_table_ms = peer->download.partial_until_ms = 0;
		if (core->config.has_key && *peer->name && rsp_peer_is_alive(peer) &&
		    !core->config.has_key(core->ctx, RSP_ROLE_PEER, peer->name)) {
			rsp_heard_list_done(&peer->heard_by_it); /* its word counts no more */
			rsp_takeover_begin(n, peer, RSP_REASON_RIGHTS_ENDED);
		}
	}
}

bool
rsp_enrp_is_behind(const struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (rsp_peer_is_alive(n->peer[i]) && rsp_download_is_behind(n->peer[i]))
			return true;
	return false;
}

bool
rsp_enrp_pools_may_be_missing(const struct rsp_enrp *n)
{
	return n->core->now_ms < n->starting_until_ms ||
	       (n->core->now_ms < n->merging_until_ms && rsp_enrp_is_behind(n));
}

/* The end of the turn */

/* RFC 5353 s.3.4.3, "if the send fails": a PROBED peer that refuses connections is declared dead at once. For a peer
 * that does not answer the dial, its timer decides. */
static void
settle_contact(struct rsp_enrp *n, struct rsp_contact *contact)
{
	struct rsp_peer *peer = contact->peer_id ? rsp_peer_find(n, contact->peer_id) : NULL;

	TAILQ_REMOVE(&n->failed, contact, of_failed);
	contact->in_failed = false;
	n->join_changed = true;
	if (contact->refused && peer && peer->state == RSP_PEER_PROBED && !rsp_peer_link(peer)) {
		rsp_takeover_begin(n, peer, RSP_REASON_SEND_FAILED);
		return;
	}
	if (!rsp_contact_is_hopeless(n, contact) || contact->state != RSP_CONTACT_IDLE || (peer && peer->link_in))
		return;
	for (unsigned i = 0; i < n->n_peers; i++)
		if (n->peer[i]->contact == contact)
			n->peer[i]->contact = NULL;
	if (n->mentor == contact)
		n->mentor = NULL;
	rsp_contact_free(n, contact);
}

static void
settle_peer(struct rsp_enrp *n, struct rsp_peer *peer)
{
	enum rsp_download_end end = peer->download.end;

	TAILQ_REMOVE(&n->changed, peer, of_list);
	peer->in_changed = false;
	peer->download.end = RSP_DOWNLOAD_UNDECIDED;
	if (end != RSP_DOWNLOAD_UNDECIDED)
		rsp_join_downloaded(n, peer, end);
	rsp_takeover_settle(n, peer);
}

bool
rsp_enrp_settle(struct rsp_enrp *n)
{
	if (!TAILQ_EMPTY(&n->failed)) {
		settle_contact(n, TAILQ_FIRST(&n->failed));
	} else if (!TAILQ_EMPTY(&n->changed)) {
		settle_peer(n, TAILQ_FIRST(&n->changed));
	} else if (n->join_changed) {
		n->join_changed = false;
		rsp_join_step(n);
	} else {
		rsp_update_announce_removals(n);
		return rsp_server_id_settle(n);
	}
	return true;
}

/* The element @m of another home did not answer a look of this registrar. */
static void
settle_unreached(struct rsp_enrp *n, struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(e));
	bool forsaken = m->phase == RSP_MEMBER_FOREIGN && is_forsaken(n, m);
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	if (forsaken && rsp_element_is_word(e))
		rsp_member_forget(n->core, m);
	else if (forsaken)
		rsp_member_remove(n->core, m, RSP_REMOVAL_HOME_LOST, NULL, NULL);
	else if (home && home->kind == RSP_PEER_STATES)
		rsp_update_pass_on(n, home, rsp_pool_handle(e->pool), &pe, true);
}

/* The element @m has answered a look: as long as its home does not answer, look again. */
static void
settle_reached(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_core *core = n->core;

	if (m->phase == RSP_MEMBER_FOREIGN && is_forsaken(n, m))
		rsp_member_enter(core, m, RSP_MEMBER_FOREIGN_LOOK,
				 core->now_ms + rsp_rng_jitter(&core->rng, rsp_core_interval_ms(core), 50));
}

void
rsp_enrp_settle_member(struct rsp_enrp *n, struct rsp_member *m, unsigned news)
{
	bool gone = m->phase == RSP_MEMBER_GONE;

	if (news & RSP_NEWS_UNLINKED && (gone || !rsp_member_is_linked(m)))
		rsp_update_plain(n, rsp_member_element(m), ENRP_DEL_PE);
	if (gone)
		return;
	if (news & RSP_NEWS_ADD && rsp_member_is_own(n->core, m))
		rsp_update_announce(n, m);
	else if (news & RSP_NEWS_LINKED && rsp_member_is_linked(m))
		rsp_update_plain(n, rsp_member_element(m), ENRP_ADD_PE);
	else if (news & RSP_NEWS_REACHED)
		rsp_word_answered(n, m);
	if (news & RSP_NEWS_REACHED)
		rsp_rival_answered(n, m);
	if (news & RSP_NEWS_DROPPED && m->pending)
		rsp_ownership_store_pending(n, m);
	else if (news & RSP_NEWS_UNREACHED && !rsp_member_is_own(n->core, m))
		settle_unreached(n, m);
	else if (news & RSP_NEWS_REACHED && !rsp_member_is_own(n->core, m))
		settle_reached(n, m);
	else if (news & RSP_NEWS_REACHED && !rsp_member_is_linked(m) && rsp_word_stands_beside(n, m))
		rsp_member_remove(n->core, m, RSP_REMOVAL_CLAIMED, NULL, NULL); /* it is connected to the other registrar */
}

void
rsp_enrp_reap(struct rsp_enrp *n)
{
	rsp_peer_reap(n);
}

/* The peer list, to read */

unsigned
rsp_enrp_n_peers(const struct rsp_enrp *n)
{
	return n->n_peers;
}

bool
rsp_enrp_view_peer(const struct rsp_enrp *n, unsigned i, struct rsp_peer_view *ret)
{
	if (i >= n->n_peers)
		return false;
	const struct rsp_peer *peer = n->peer[i];
	const struct rsp_contact *contact = peer->contact;
	bool dead = peer->state == RSP_PEER_DEAD;

	*ret = (struct rsp_peer_view){
		.server_id = peer->server_id,
		.name = *peer->name ? peer->name : NULL,
		.state = peer->state,
		.ip = peer->ip,
		.port = peer->port,
		.link_out = rsp_peer_is_dialled(peer) ? contact->link : 0,
		.link_in = peer->link_in,
		.heard = peer->heard,
		.last_heard_ms = peer->last_heard_ms,
		.elements = rsp_home_count(n->core->space, peer->server_id),
		.checksum = rsp_home_checksum(n->core->space, peer->server_id),
		.failed = contact && contact->failed.err ? &contact->failed : NULL,
		.resyncing = peer->download.state != RSP_DOWNLOAD_NONE,
		.in_sync = peer->in_sync,
		.takeover_missing = dead ? peer->takeover.n_missing : 0,
		.takeover_started_ms = dead ? peer->takeover.started_ms : 0,
	};
	return true;
}

static bool
is_peer(const struct rsp_enrp *n, const struct rsp_contact *contact)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		const struct rsp_peer *peer = n->peer[i];

		if (peer->server_id == contact->peer_id || peer->contact == contact ||
		    (contact->name && strcmp(peer->name, contact->name) == 0))
			return true;
	}
	return false;
}

bool
rsp_enrp_view_absent(const struct rsp_enrp *n, unsigned i, struct rsp_absent_view *ret)
{
	for (unsigned c = 0; c < n->n_contacts; c++) {
		const struct rsp_contact *contact = n->contact[c];

		if (!contact->configured || is_peer(n, contact) || i-- > 0)
			continue;
		*ret = (struct rsp_absent_view){
			.name = contact->name,
			.ip = contact->ip,
			.port = contact->port,
			.failed = contact->failed.err ? &contact->failed : NULL,
		};
		return true;
	}
	return false;
}
