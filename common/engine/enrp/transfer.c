#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Tables of elements, given and taken page by page: RFC 5353 s.3.2.3 for who joins, s.3.6 for who has missed something.
 * Beyond the RFC: between registrars of ours several requests are under way at a time, so that a page need not wait for
 * the way there and back; those that come after the end of the table say of themselves that they mean nothing then
 * (ENRP_FLAG_CONTINUE). */

#define WINDOW	 8
#define SWEEP_MS 500
#define SWEEPS	 10 /* so often an element is spared for another's table, which may take as long as that likes */
#define RESYNC_MS 500
#define REFUSED_AGAIN_MS 300000 /* there may be room by then for what was refused */
#define IDLE_PAGES 64 /* so many pages may bring nothing */

/* Giving */

void
rsp_giving_end(struct rsp_registrar *r, struct rsp_giving *giving)
{
	rsp_walk_end(&giving->walk);
	rsp_wheel_cancel(&r->enrp, &giving->timer.timer);
	giving->link->giving = NULL;
	giving->link->account->downloads--;
	r->n_giving--;
	free(giving);
}

/* Nobody has more than half of all downloads, or one who takes his time, a monitor for instance, keeps all others from
 * joining. In plain text nobody is anybody. */
static bool
has_its_share(const struct rsp_registrar *r, const struct rsp_account *account)
{
	return !r->config.insecure && account->downloads >= (r->config.max_downloads + 1) / 2;
}

static struct rsp_giving *
giving_begin(struct rsp_registrar *r, struct rsp_link *link, bool own)
{
	struct rsp_giving *giving = r->n_giving < r->config.max_downloads ? calloc(1, sizeof(*giving)) : NULL;

	if (!giving || has_its_share(r, link->account)) {
		free(giving);
		return NULL;
	}
	link->account->downloads++;
	giving->own = own;
	giving->link = link;
	giving->timer.kind = RSP_TIMER_GIVING;
	rsp_walk_begin(r->space, &giving->walk, own ? r->config.server_id : 0);
	link->giving = giving;
	r->n_giving++;
	return giving;
}

/* As many elements as fit, each pool's handle before its elements. */
static void
write_page(struct rsp_wr *wr, struct rsp_walk *walk)
{
	const struct rsp_pool *pool = NULL;
	struct rsp_element *e;

	while ((e = rsp_walk_peek(walk))) {
		struct rsp_wr before = *wr;

		if (e->pool != pool)
			rsp_bytes_param_encode(wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(e->pool));
		rsp_element_write(wr, e, true);
		if (wr->err) {
			*wr = before;
			return;
		}
		pool = e->pool;
		(void)rsp_walk_next(walk);
	}
}

void
rsp_table_requested(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg)
{
	bool own = msg->flags & ENRP_FLAG_OWN;
	struct rsp_giving *giving = link->giving;
	struct rsp_wr wr;

	if (!giving && msg->flags & ENRP_FLAG_CONTINUE)
		return;
	if (giving && giving->own != own) {
		rsp_giving_end(r, giving);
		giving = NULL;
	}
	if (!giving && r->serving)
		giving = giving_begin(r, link, own);
	if (!giving) {
		struct rsp_message answer = { .type = ENRP_HANDLE_TABLE_RESPONSE,
					      .flags = ENRP_FLAG_REJECT,
					      .receiver_id = msg->sender_id };

		rsp_enrp_send(r, link->id, &answer);
		return;
	}
	struct rsp_mark whole = rsp_enrp_open(r, &wr, ENRP_HANDLE_TABLE_RESPONSE, 0, msg->sender_id);
	write_page(&wr, &giving->walk);
	struct rsp_bytes page = rsp_enrp_close(&wr, whole);
	if (rsp_walk_peek(&giving->walk)) {
		r->out[1] |= ENRP_FLAG_MORE; /* RFC 5354 s.4: the flags stand behind the type */
		rsp_enrp_set(r, &giving->timer, r->config.max_time_no_response_ms);
	} else {
		rsp_giving_end(r, giving);
	}
	r->stats.sent++;
	r->stats.pages_sent++;
	r->ops->send(r->ctx, link->id, page);
}

/* Taking */

static void
request(struct rsp_registrar *r, struct rsp_peer *peer, bool next)
{
	struct rsp_message msg = { .type = ENRP_HANDLE_TABLE_REQUEST,
				   .flags = peer->taking.own ? ENRP_FLAG_OWN : 0,
				   .receiver_id = peer->server_id };

	if (next && peer->pipelines)
		msg.flags |= ENRP_FLAG_CONTINUE;
	peer->taking.outstanding++;
	rsp_enrp_send(r, peer->taking.link, &msg);
}

void
rsp_taking_begin(struct rsp_registrar *r, struct rsp_peer *peer, bool own)
{
	struct rsp_taking *taking = &peer->taking;
	uint32_t link = rsp_peer_link(peer);

	if (taking->on || !link)
		return;
	taking->on = true;
	taking->own = own;
	taking->link = link;
	taking->outstanding = taking->pages = taking->entries = taking->refused = 0;
	taking->started_ms = r->now_ms;
	if (own) {
		r->stats.resyncs++;
		rsp_enrp_record(r, RSP_EVENT_RESYNC_STARTED, peer, NULL);
		for (struct rsp_element *e = rsp_home_first(r->space, peer->server_id); e; e = rsp_home_next(e))
			e->marked = true;
	}
	rsp_enrp_set(r, &taking->timer, r->config.max_time_no_response_ms);
	request(r, peer, false);
}

/* s.3.6.3: what the owner does not have any more goes. Beyond the RFC: not at once. If it has moved, its new home's word
 * is on its way, over another connection. */
static void
sweep(struct rsp_registrar *r, const struct rsp_peer *peer)
{
	for (struct rsp_element *e = rsp_home_first(r->space, peer->server_id); e; e = rsp_home_next(e))
		if (e->marked && (e->rival || !rsp_timer_is_set(&e->keepalive))) {
			e->spared = 0;
			rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + (e->rival ? 0 : SWEEP_MS));
		}
}

/* Whether a table is being taken from another than @home_id: it may be the one that tells where an element is now. */
static bool
is_taking_others(const struct rsp_registrar *r, uint32_t home_id)
{
	for (unsigned i = 0; i < r->n_peers; i++)
		if (r->peer[i]->taking.on && r->peer[i]->server_id != home_id)
			return true;
	return false;
}

void
rsp_swept(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_peer *claimant = e->claimed_by ? rsp_peer_find(r, e->claimed_by) : NULL;

	if (e->rival) {
		rsp_claim_unanswered(r, e);
		return;
	}
	const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(e));
	if (home && rsp_takeover_is_late(r, home)) {
		if (!rsp_look_begin(r, e))
			rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + rsp_rng_jitter(&r->rng, 1000, 50));
		return;
	}
	e->claimed_by = 0;
	if (!e->marked)
		return;
	if (claimant && rsp_peer_link(claimant)) { /* whom we did not believe, since its home was there */
		rsp_taking_begin(r, claimant, true);
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.max_time_no_response_ms);
		return;
	}
	if (e->spared < SWEEPS && is_taking_others(r, rsp_element_home_id(e))) {
		e->spared++;
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + SWEEP_MS);
		return;
	}
	rsp_tombstone_put(&r->tombstones, rsp_pool_handle(e->pool), e->pe_id, rsp_element_version(e),
			  r->now_ms + r->config.tombstone_ms);
	rsp_registrar_forget(r, r->now_ms, e);
}

static void
taking_stop(struct rsp_registrar *r, struct rsp_peer *peer)
{
	peer->taking.on = false;
	rsp_wheel_cancel(&r->enrp, &peer->taking.timer.timer);
}

static void
taken(struct rsp_registrar *r, struct rsp_peer *peer)
{
	struct rsp_event event = { .kind = RSP_EVENT_RESYNC_DONE,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = peer->server_id,
				   .peer_name = *peer->name ? peer->name : NULL,
				   .count = peer->taking.entries,
				   .duration_ms = r->now_ms - peer->taking.started_ms };

	taking_stop(r, peer);
	if (peer->taking.own) {
		peer->taking.done_ms = r->now_ms;
		peer->lists_refused = peer->taking.refused > 0;
		sweep(r, peer);
		r->ops->record(r->ctx, &event);
	} else {
		rsp_join_taken(r, peer, true, false);
	}
}

/* The session at the other side is in the middle of the table: its connection goes too, unless that is why. */
void
rsp_taking_end(struct rsp_registrar *r, struct rsp_peer *peer, const char *failure)
{
	struct rsp_link *link = rsp_registrar_link(r, peer->taking.link);
	bool own = peer->taking.own;

	taking_stop(r, peer);
	if (own)
		rsp_enrp_record(r, RSP_EVENT_RESYNC_FAILED, peer, failure);
	else
		rsp_join_taken(r, peer, false, false);
	if (link && link->peer == peer) {
		rsp_enrp_link_down(r, link, RSP_EPROTO);
		rsp_link_drop(r, link);
	}
}

/* False if something in it may not be there. */
static bool
unpack(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_message *msg)
{
	struct rsp_list_item item;
	struct rsp_bytes handle = { 0 };
	size_t cursor = 0;
	bool sound = true;

	while (rsp_list_next(msg, &cursor, &item)) {
		if (item.type == RSP_PARAM_POOL_HANDLE) {
			handle = item.handle;
			continue;
		}
		peer->taking.entries++;
		sound = rsp_claim(r, peer, handle, &item.element) && sound;
	}
	return sound;
}

/* Each page but the last has elements, which we have then, if only as removed ones or as another's: who repeats himself
 * does not get on. And no registrar holds more than we may hold twice. */
static bool
is_endless(const struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_message *page)
{
	const struct rsp_taking *taking = &peer->taking;
	uint64_t known = (uint64_t)rsp_handlespace_elements(r->space) + r->tombstones.table.count;

	return (page->flags & ENRP_FLAG_MORE && page->n_list == 0) || taking->pages >= IDLE_PAGES + known ||
	       taking->entries > 2 * (uint64_t)r->config.limits.elements;
}

void
rsp_table_responded(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
		    const struct rsp_message *msg)
{
	struct rsp_taking *taking = &peer->taking;

	if (!taking->on || taking->link != link->id || taking->outstanding == 0)
		return; /* nobody asked */
	taking->outstanding--;
	if (msg->flags & ENRP_FLAG_REJECT) {
		taking_stop(r, peer);
		if (taking->own) {
			taking->done_ms = r->now_ms;
			rsp_enrp_record(r, RSP_EVENT_RESYNC_FAILED, peer, "rejected");
		} else {
			rsp_join_taken(r, peer, false, true);
		}
		return;
	}
	if (is_endless(r, peer, msg)) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_INVALID_VALUES, "endless-table");
		rsp_taking_end(r, peer, "endless-table");
		return;
	}
	taking->pages++;
	r->stats.pages_received++;
	if (!unpack(r, peer, msg))
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "element-of-another-registrar");
	if (!(msg->flags & ENRP_FLAG_MORE)) {
		taken(r, peer);
		return;
	}
	rsp_enrp_set(r, &taking->timer, r->config.max_time_no_response_ms);
	do {
		request(r, peer, true);
	} while (peer->pipelines && taking->outstanding < WINDOW);
}

/* Whether @peer has a table that we downloaded, and that has elements in it which we do not take: to download it again would
 * lead to nothing. */
static bool
is_refused_table(const struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_message *presence)
{
	const struct rsp_server_info *info = &presence->server_info;
	bool has_digest = presence->has & RSP_HAS_SERVER_INFO && info->has_digest;

	return peer->lists_refused && r->now_ms - peer->taking.done_ms < REFUSED_AGAIN_MS && presence->checksum == peer->audited.checksum &&
	       has_digest == peer->audited.has_digest && (!has_digest || info->digest == peer->audited.digest);
}

void
rsp_audit(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_message *presence)
{
	const struct rsp_server_info *info = &presence->server_info;
	bool same = !(presence->has & RSP_HAS_CHECKSUM) ||
		    presence->checksum == rsp_home_checksum(r->space, peer->server_id);

	if (presence->has & RSP_HAS_SERVER_INFO && info->has_digest &&
	    info->digest != rsp_home_digest(r->space, peer->server_id))
		same = false;
	peer->in_sync = same;
	if (peer->taking.done_ms && r->now_ms - peer->taking.done_ms < RESYNC_MS)
		return; /* who is never in sync costs no more than that */
	if (same || peer->taking.on || is_refused_table(r, peer, presence))
		return;
	peer->lists_refused = false;
	peer->audited.checksum = presence->checksum;
	peer->audited.has_digest = presence->has & RSP_HAS_SERVER_INFO && info->has_digest;
	peer->audited.digest = info->digest;
	rsp_taking_begin(r, peer, true);
}
