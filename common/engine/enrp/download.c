#include "engine/enrp/download.h"

#include "engine/enrp/message.h"
#include "engine/enrp/ownership.h"
#include "engine/enrp/update.h"

#define WINDOW         8  /* requests without a response at a time */
#define IDLE_PAGES     64 /* most pages of one table that list no element unknown to this registrar */
#define PARTIAL_CYCLES 20 /* heartbeat cycles after which a table is downloaded again of which entries were refused */
#define ENTRIES_A_MS   2  /* that a mentor sends at least, beyond what arrives in MAX-TIME-LAST-HEARD: about 2 Mbit/s */

static uint32_t
wait_ms(const struct rsp_enrp *n)
{
	return n->core->config.max_time_no_response_ms;
}

/* The time limit for the next page. All pages of a mentor's table together have a limit too: this registrar does not serve
 * meanwhile, and a mentor that sends small pages slowly must not keep it from that. */
static uint64_t
page_wait_ms(const struct rsp_enrp *n, const struct rsp_download *download)
{
	uint64_t most_ms = (uint64_t)n->core->config.max_time_last_heard_ms + download->entries / ENTRIES_A_MS;
	uint64_t until_ms = download->started_ms + most_ms;
	uint64_t left_ms = until_ms > n->core->now_ms ? until_ms - n->core->now_ms : 0;

	return download->state == RSP_DOWNLOAD_ALL && left_ms < wait_ms(n) ? left_ms : wait_ms(n);
}

static void
send_request(struct rsp_enrp *n, struct rsp_peer *peer, bool next)
{
	const struct rsp_download *download = &peer->download;
	struct rsp_message msg = { .type = ENRP_HANDLE_TABLE_REQUEST,
				   .flags = download->state == RSP_DOWNLOAD_ALL ? 0 : ENRP_FLAG_OWN,
				   .receiver_id = peer->server_id };

	if (next && peer->kind == RSP_PEER_STATES)
		msg.flags |= ENRP_FLAG_CONTINUE;
	if (download->state == RSP_DOWNLOAD_UPDATES && !next) {
		msg.has |= RSP_HAS_UPDATES_FROM;
		msg.updates_from = peer->gap.have + 1;
	} else if (download->state == RSP_DOWNLOAD_OWN && download->of != peer->server_id) {
		msg.has |= RSP_HAS_TABLE_OF;
		msg.table_of = download->of;
	}
	peer->download.outstanding++;
	rsp_enrp_send(n, download->link, &msg);
}

/* Whether a download from @peer is under way, or what the last one did not list is still being handled. */
static bool
is_busy(const struct rsp_peer *peer)
{
	return peer->download.state != RSP_DOWNLOAD_NONE || rsp_walk_is_open(&peer->download.unlisted);
}

/* The answer to the requests for the elements of the registrar @of is complete. */
static void
answered(struct rsp_enrp *n, uint32_t of)
{
	struct rsp_peer *home = rsp_peer_find(n, of);

	if (home)
		home->unanswered_ms = 0;
}

static bool
begin(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_download_state state, uint32_t of)
{
	struct rsp_peer *home = rsp_peer_find(n, of);
	struct rsp_download *download = &peer->download;
	uint32_t link = rsp_peer_link(peer);

	if (is_busy(peer) || !link)
		return false;
	download->state = state;
	download->of = of;
	download->end = RSP_DOWNLOAD_UNDECIDED;
	download->link = link;
	download->outstanding = download->pages = download->entries = download->refused = 0;
	download->started_ms = n->core->now_ms;
	download->update = peer->gap.told;
	download->begun_at = peer->told;
	n->downloads = (uint8_t)(n->downloads % UINT8_MAX + 1);
	download->number = n->downloads;
	if (home && home->unanswered_ms == 0)
		home->unanswered_ms = n->core->now_ms;
	rsp_enrp_set(n, &download->timer, wait_ms(n));
	send_request(n, peer, false);
	return true;
}

bool
rsp_download_begin(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t of)
{
	if (!begin(n, peer, of ? RSP_DOWNLOAD_OWN : RSP_DOWNLOAD_ALL, of))
		return false;
	if (of) {
		n->core->stats.resyncs++;
		rsp_peer_record(n, RSP_EVENT_RESYNC_STARTED, peer, RSP_REASON_NONE);
	}
	return true;
}

/* @peer lists the registrar @heard, which it hears. True: this registrar does not hear it, and requests its elements. */
static bool
audit_relayed(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_heard *heard)
{
	const struct rsp_core *core = n->core;
	uint64_t stored = rsp_home_digest(core->space, heard->server_id);
	struct rsp_peer *far = rsp_peer_find(n, heard->server_id);

	if (!far || far == peer || rsp_peer_is_alive(far))
		return false;
	if (heard->digest == stored)
		far->unanswered_ms = 0;
	if (!rsp_relay_is_due(&far->relay, heard->digest, stored, core->now_ms, core->config.peer_heartbeat_cycle_ms))
		return false;
	if (rsp_download_begin(n, peer, far->server_id))
		return true;
	rsp_relay_failed(&far->relay);
	return false;
}

/* Request the elements of one of the registrars that @peer hears and this registrar does not, unless @peer is busy. */
static void
audit_next_relayed(struct rsp_enrp *n, struct rsp_peer *peer)
{
	bool busy = is_busy(peer);

	for (unsigned i = 0; i < peer->heard_by_it.n && !busy; i++)
		busy = audit_relayed(n, peer, &peer->heard_by_it.item[i]);
}

/* The table of @peer does not list @m: tell it of @m. If @m waits for the answer of @peer, its home, ask again: the home has
 * perhaps not answered, because it asked the element first. A PLAIN peer does not have @m any more: RFC 5353 s.3.6.3. */
static void
handle_unlisted(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_member *m)
{
	bool asks = m->phase == RSP_MEMBER_FOREIGN_WAITS && peer->download.of == peer->server_id;

	if (peer->kind == RSP_PEER_STATES)
		rsp_update_tell(n, peer, m, asks);
	else if (rsp_element_is_word(rsp_member_element(m)))
		rsp_member_forget(n->core, m);
	else if (m->phase == RSP_MEMBER_FOREIGN) /* it has gone back to a version without STATE: look at what it stated before */
		rsp_member_enter(n->core, m, RSP_MEMBER_FOREIGN_LOOK, n->core->now_ms);
}

/* Handle the next slice of the elements that the last download from @peer did not list. */
static void
unlisted_slice(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_download *download = &peer->download;
	struct rsp_element *e;

	for (unsigned most = RSP_SLICE;
	     most > 0 && rsp_update_has_room(n, peer) && (e = rsp_walk_next(&download->unlisted)); most--)
		if (rsp_member(e)->listed_in != download->number && rsp_member(e)->phase != RSP_MEMBER_OLD)
			handle_unlisted(n, peer, rsp_member(e));
	if (rsp_walk_peek(&download->unlisted)) {
		rsp_enrp_set(n, &download->timer, RSP_SLICE_MS);
		return;
	}
	rsp_walk_end(&download->unlisted);
}

void
rsp_download_due(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (rsp_walk_is_open(&peer->download.unlisted)) {
		unlisted_slice(n, peer);
		audit_next_relayed(n, peer);
	} else if (peer->download.state == RSP_DOWNLOAD_NONE) { /* a request was refused: the next PRESENCE leads to another one */
		rsp_peer_send_presence(n, peer, true);
	} else {
		rsp_download_fail(n, peer, RSP_REASON_NO_RESPONSE);
	}
}

/* End the download with the result @end. Joining uses the result at the end of the turn. */
static void
stop(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_download_end end)
{
	if (peer->download.state == RSP_DOWNLOAD_ALL) {
		peer->download.end = end;
		rsp_peer_note(n, peer);
	}
	peer->download.state = RSP_DOWNLOAD_NONE;
	rsp_wheel_cancel(&n->wheel, &peer->download.timer.timer);
}

/* Record that the table of @peer is only in part accepted, once until the tables agree. */
static void
complain(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (peer->download.refused == 0 || peer->download.complained)
		return;
	peer->download.complained = true;
	rsp_peer_record(n, RSP_EVENT_RESYNC_FAILED, peer, RSP_REASON_PARTIAL);
}

/* The own table of @peer was downloaded. If entries were refused, the digests do not agree, however often it is. */
static void
note_partial(const struct rsp_enrp *n, struct rsp_download *download)
{
	download->partial = download->begun_at;
	download->partial_until_ms =
		download->refused ? n->core->now_ms + PARTIAL_CYCLES * (uint64_t)n->core->config.peer_heartbeat_cycle_ms : 0;
}

/* Whether the table of @peer is the one of which entries were refused last. */
static bool
is_partial(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return n->core->now_ms < peer->download.partial_until_ms && peer->told == peer->download.partial;
}

/* Whether a peer does not hear @peer, and so has its elements from this registrar. */
static bool
is_relayed_by_us(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		const struct rsp_peer *other = n->peer[i];

		if (other != peer && other->kind == RSP_PEER_STATES && rsp_peer_is_alive(other) &&
		    !rsp_heard_list_find(&other->heard_by_it, peer->server_id))
			return true;
	}
	return false;
}

/* Note whether the elements of @peer as stored here are @same as it has them. */
static void
note_sync(struct rsp_enrp *n, struct rsp_peer *peer, bool same)
{
	if (same && !peer->in_sync && is_relayed_by_us(n, peer) &&
	    rsp_limiter_pass(&n->once, peer->server_id, RSP_ENRP_ONCE_RELAYED, n->core->config.peer_heartbeat_cycle_ms,
			     n->core->now_ms))
		rsp_peer_presences_soon(n);
	peer->in_sync = same;
	if (same)
		peer->unanswered_ms = 0;
}

/* What was missing has arrived. If the digest of the last PRESENCE still differs, ask for a new one. */
static void
check_sync(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (peer->kind != RSP_PEER_STATES)
		return;
	note_sync(n, peer, peer->told == rsp_home_digest(n->core->space, peer->server_id));
	if (!peer->in_sync)
		rsp_peer_send_presence(n, peer, true);
}

static void
complete(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_download *download = &peer->download;
	enum rsp_download_state state = download->state;
	struct rsp_event event = rsp_peer_event(RSP_EVENT_RESYNC_DONE, peer);

	event.count = download->entries;
	event.duration_ms = n->core->now_ms - download->started_ms;
	stop(n, peer, RSP_DOWNLOAD_COMPLETE);
	answered(n, download->of);
	if (state == RSP_DOWNLOAD_ALL || download->of == peer->server_id)
		rsp_gap_set(&peer->gap, download->update);
	if (state == RSP_DOWNLOAD_ALL)
		return;
	if (download->of == peer->server_id)
		note_partial(n, download);
	rsp_walk_begin(n->core->space, &download->unlisted, download->of);
	unlisted_slice(n, peer);
	n->core->ops->record(n->core->ctx, &event);
	complain(n, peer);
	if (download->of == peer->server_id)
		check_sync(n, peer);
	audit_next_relayed(n, peer); /* which begins another download */
}

/* The download from @peer has failed: request it later, or, if its connection was lost, when it is back. */
static void
note_failed(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	const struct rsp_download *download = &peer->download;
	bool relayed = download->of && download->of != peer->server_id;
	struct rsp_peer *far = relayed ? rsp_peer_find(n, download->of) : NULL;

	if (far)
		rsp_relay_failed(&far->relay);
	else if (reason == RSP_REASON_PEER_DISCONNECTED)
		rsp_gap_lost(&peer->gap);
	else if (!relayed && reason == RSP_REASON_REJECTED)
		rsp_gap_rejected(&peer->gap, n->core->now_ms, wait_ms(n));
	else if (!relayed)
		rsp_gap_failed(&peer->gap, n->core->now_ms, wait_ms(n));
}

/* When the peer may be asked again. One that has refused is perhaps busy with others, which ask it at the same time. */
static uint64_t
again_ms(struct rsp_enrp *n, const struct rsp_gap *gap)
{
	uint64_t now_ms = n->core->now_ms;

	return gap->until_ms > now_ms ? gap->until_ms - now_ms : rsp_rng_jitter(&n->core->rng, wait_ms(n) / 2, 50);
}

static void
give_up(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_download_end end, enum rsp_reason reason)
{
	bool own = peer->download.state == RSP_DOWNLOAD_OWN, again = peer->download.of == peer->server_id;

	stop(n, peer, end);
	note_failed(n, peer, reason);
	if (again && reason == RSP_REASON_REJECTED)
		rsp_enrp_set(n, &peer->download.timer, again_ms(n, &peer->gap));
	if (own)
		rsp_peer_record(n, RSP_EVENT_RESYNC_FAILED, peer, reason);
}

void
rsp_download_fail(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	struct rsp_link *link = rsp_link_find(n->core, peer->download.link);

	if (peer->download.state == RSP_DOWNLOAD_NONE)
		return;
	give_up(n, peer, RSP_DOWNLOAD_FAILED, reason);
	if (link && link->peer == peer)
		rsp_link_close(n->core, link, RSP_EPROTO);
}

void
rsp_download_link_down(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t link_id)
{
	if (peer->download.link == link_id)
		rsp_download_fail(n, peer, RSP_REASON_PEER_DISCONNECTED);
}

/* Apply the entries of the page @msg. False: @peer may not list one of these elements. */
static bool
unpack(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *msg)
{
	uint32_t of = peer->download.state == RSP_DOWNLOAD_ALL ? 0 : peer->download.of;
	struct rsp_list_item item;
	struct rsp_bytes handle = { 0 };
	size_t cursor = 0;
	bool sound = true;

	while (rsp_list_next(msg, &cursor, &item)) {
		if (item.type == RSP_PARAM_POOL_HANDLE) {
			handle = item.handle;
			continue;
		}
		peer->download.entries++;
		sound = rsp_ownership_listed(n, peer, of, handle, &item.element) && sound;
	}
	return sound;
}

/* Whether the table of @peer does not end. The signs: a page is empty, and not the last one; there are more pages than
 * elements and tombstones known here, although each honest page adds one; there are more entries than twice what this
 * registrar may store, and no other registrar is expected to store more. */
static bool
is_endless(const struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *page)
{
	const struct rsp_registrar_config *config = &n->core->config;
	const struct rsp_download *download = &peer->download;
	uint64_t known = (uint64_t)rsp_handlespace_elements(n->core->space) + n->core->tombs.table.count;

	return (page->flags & ENRP_FLAG_MORE && page->n_list == 0) || download->pages >= IDLE_PAGES + known ||
	       download->entries > 2 * ((uint64_t)config->limits.elements + config->max_tombstones);
}

/* Whether @msg is a page of the table that was requested last: it may answer a request before, for another table, that was
 * stopped because what it was to bring had arrived otherwise. */
static bool
is_of_this_download(const struct rsp_peer *peer, const struct rsp_message *msg)
{
	uint32_t of = msg->has & RSP_HAS_TABLE_OF ? msg->table_of : peer->server_id;

	return msg->flags & ENRP_FLAG_REJECT || peer->download.state == RSP_DOWNLOAD_ALL || of == peer->download.of;
}

void
rsp_download_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	struct rsp_download *download = &peer->download;

	if (download->state == RSP_DOWNLOAD_NONE || download->link != link->id || download->outstanding == 0 ||
	    !is_of_this_download(peer, msg))
		return; /* not a response to a request of this download */
	download->outstanding--;
	if (msg->flags & ENRP_FLAG_REJECT) {
		give_up(n, peer, RSP_DOWNLOAD_REJECTED, RSP_REASON_REJECTED);
		return;
	}
	if (download->state == RSP_DOWNLOAD_UPDATES) { /* the peer does not keep the updates any more */
		download->state = RSP_DOWNLOAD_OWN;
		download->update = rsp_gap_table_begun(&peer->gap);
		n->core->stats.resyncs++;
		rsp_peer_record(n, RSP_EVENT_RESYNC_STARTED, peer, RSP_REASON_NONE);
	}
	if (is_endless(n, peer, msg)) {
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_INVALID_VALUES, RSP_REASON_ENDLESS_TABLE);
		rsp_download_fail(n, peer, RSP_REASON_ENDLESS_TABLE);
		return;
	}
	download->pages++;
	n->core->stats.pages_received++;
	if (!unpack(n, peer, msg))
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_SECURITY, RSP_REASON_ELEMENT_OF_REGISTRAR);
	if (!(msg->flags & ENRP_FLAG_MORE)) {
		complete(n, peer);
		return;
	}
	rsp_enrp_set(n, &download->timer, page_wait_ms(n, download));
	do {
		send_request(n, peer, true);
	} while (peer->kind == RSP_PEER_STATES && download->outstanding < WINDOW);
}

/* A request that cannot be sent now, perhaps because the table of another registrar is being relayed, is due again after the
 * next PRESENCE. */
static void
act_on_gap(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_gap_verdict verdict)
{
	bool begun = true;

	if (verdict == RSP_GAP_CHECK)
		rsp_peer_send_presence(n, peer, true);
	else if (verdict == RSP_GAP_ASK)
		begun = begin(n, peer, RSP_DOWNLOAD_UPDATES, peer->server_id);
	else if (verdict == RSP_GAP_TABLE)
		begun = rsp_download_begin(n, peer, peer->server_id);
	if (!begun)
		rsp_gap_lost(&peer->gap);
	/* a table may not be requested yet: the answer to a PRESENCE leads to the request then, and not the next heartbeat */
	if (verdict == RSP_GAP_WAIT && !is_busy(peer) && peer->gap.asked == RSP_GAP_ASKED_NOTHING &&
	    peer->gap.next_table_ms > n->core->now_ms)
		rsp_enrp_set(n, &peer->download.timer, peer->gap.next_table_ms - n->core->now_ms);
}

/* If the updates that were requested have arrived, or are not needed any more, end the request. True: it has ended. */
static bool
end_updates(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (peer->download.state != RSP_DOWNLOAD_UPDATES || rsp_gap_is_open(&peer->gap))
		return false;
	stop(n, peer, RSP_DOWNLOAD_COMPLETE);
	answered(n, peer->download.of);
	return true;
}

void
rsp_download_update_received(struct rsp_enrp *n, struct rsp_peer *peer, uint64_t number)
{
	if (n->core->state == RSP_REGISTRAR_SERVING)
		act_on_gap(n, peer, rsp_gap_received(&peer->gap, number, n->core->now_ms, wait_ms(n)));
	if (end_updates(n, peer))
		check_sync(n, peer);
	else if (peer->download.state == RSP_DOWNLOAD_UPDATES)
		rsp_enrp_set(n, &peer->download.timer, wait_ms(n));
}

static void
audit_state(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_state *state)
{
	note_sync(n, peer, state->digest == rsp_home_digest(n->core->space, peer->server_id));
	if (peer->in_sync)
		peer->download.complained = false;
	act_on_gap(n, peer,
		   rsp_gap_told(&peer->gap, state->update, peer->in_sync || is_partial(n, peer), n->core->now_ms,
				wait_ms(n)));
	(void)end_updates(n, peer);
	audit_next_relayed(n, peer);
}

void
rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence)
{
	if (peer->kind == RSP_PEER_STATES) {
		if (presence->has & RSP_HAS_SERVER_INFO)
			audit_state(n, peer, &presence->server_info.state);
		return;
	}
	peer->in_sync = !(presence->has & RSP_HAS_CHECKSUM) ||
			presence->checksum == rsp_home_checksum(n->core->space, peer->server_id);
	if (presence->has & RSP_HAS_CHECKSUM)
		peer->told = presence->checksum;
	act_on_gap(n, peer,
		   rsp_gap_told(&peer->gap, 0, peer->in_sync || is_partial(n, peer), n->core->now_ms, wait_ms(n)));
}

bool
rsp_download_is_behind(const struct rsp_peer *peer)
{
	return peer->download.state != RSP_DOWNLOAD_NONE || (!peer->in_sync && rsp_gap_is_open(&peer->gap));
}
