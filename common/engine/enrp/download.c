#include "engine/enrp/download.h"

#include "engine/enrp/message.h"
#include "engine/enrp/ownership.h"

#define WINDOW		 8   /* requests without a response at a time */
#define SWEEP_MS	 500 /* delay before the removal of an element that the table of its home does not list */
#define SWEEPS		 10  /* most times that a removal is postponed because other tables are being downloaded */
#define RESYNC_MS	 500 /* least time between two downloads from one peer */
/* until then, a table with refused elements is not downloaded again unless it has changed */
#define REFUSED_AGAIN_MS 300000
#define IDLE_PAGES	 64  /* most pages of one table that list no element unknown to this registrar */

static void
send_request(struct rsp_enrp *n, struct rsp_peer *peer, bool next)
{
	struct rsp_message msg = { .type = ENRP_HANDLE_TABLE_REQUEST,
				   .flags = peer->download.state == RSP_DOWNLOAD_OWN ? ENRP_FLAG_OWN : 0,
				   .receiver_id = peer->server_id };

	if (next && peer->versioned)
		msg.flags |= ENRP_FLAG_CONTINUE;
	peer->download.outstanding++;
	rsp_enrp_send(n, peer->download.link, &msg);
}

void
rsp_download_begin(struct rsp_enrp *n, struct rsp_peer *peer, bool own)
{
	struct rsp_download *download = &peer->download;
	uint32_t link = rsp_peer_link(peer);

	if (download->state != RSP_DOWNLOAD_NONE || rsp_walk_is_open(&download->sweep) || !link)
		return;
	download->state = own ? RSP_DOWNLOAD_OWN : RSP_DOWNLOAD_ALL;
	download->end = RSP_DOWNLOAD_UNDECIDED;
	download->link = link;
	download->outstanding = download->pages = download->entries = download->refused = 0;
	download->started_ms = n->core->now_ms;
	if (own) {
		n->core->stats.resyncs++;
		rsp_peer_record(n, RSP_EVENT_RESYNC_STARTED, peer, RSP_REASON_NONE);
		download->number = (uint8_t)(download->number % UINT8_MAX + 1);
	}
	rsp_enrp_set(n, &download->timer, n->core->config.max_time_no_response_ms);
	send_request(n, peer, false);
}

/* RFC 5353 s.3.6.3: remove the element @m, which the table of its home did not list. Beyond the RFC: wait for SWEEP_MS
 * first. If the element has moved, the update of its new home may still arrive over another connection. */
static void
sweep_element(struct rsp_core *core, struct rsp_member *m)
{
	if (m->phase == RSP_MEMBER_FOREIGN_CLAIMED) {
		rsp_member_postpone(core, m, core->now_ms);
	} else if (m->phase == RSP_MEMBER_FOREIGN) {
		m->sweep_postponed = 0;
		rsp_member_enter(core, m, RSP_MEMBER_FOREIGN_SWEEP, core->now_ms + SWEEP_MS);
	}
}

/* Sweep the next slice: call sweep_element() for elements of @peer that the last download did not list. */
static void
sweep_slice(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_download *download = &peer->download;
	struct rsp_element *e = NULL;

	for (unsigned most = RSP_SLICE; most > 0 && (e = rsp_walk_next(&download->sweep)); most--)
		if (rsp_member(e)->listed_in != download->number)
			sweep_element(n->core, rsp_member(e));
	if (e)
		rsp_enrp_set(n, &download->timer, RSP_SLICE_MS);
	else
		rsp_walk_end(&download->sweep);
}

void
rsp_download_due(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (rsp_walk_is_open(&peer->download.sweep))
		sweep_slice(n, peer);
	else
		rsp_download_fail(n, peer, RSP_REASON_NO_RESPONSE);
}

/* Whether this registrar downloads a table from another peer than @home_id. Such
 * a table may list an element of @home_id. */
static bool
is_downloading_others(const struct rsp_enrp *n, uint32_t home_id)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (n->peer[i]->download.state != RSP_DOWNLOAD_NONE && n->peer[i]->server_id != home_id)
			return true;
	return false;
}

void
rsp_download_sweep_due(struct rsp_enrp *n, struct rsp_member *m)
{
	struct rsp_core *core = n->core;
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_peer *claimant = m->claimed_by ? rsp_peer_find(n, m->claimed_by) : NULL;

	/* a new download from @claimant can begin only after this sweep */
	if (claimant && rsp_walk_is_open(&claimant->download.sweep)) {
		rsp_member_postpone(core, m, core->now_ms + SWEEP_MS);
		return;
	}
	m->claimed_by = 0;
	/* the claim of @claimant was not accepted while the home was alive */
	if (claimant && rsp_peer_link(claimant)) {
		rsp_download_begin(n, claimant, true);
		rsp_member_postpone(core, m, core->now_ms + core->config.max_time_no_response_ms);
		return;
	}
	if (m->sweep_postponed < SWEEPS && is_downloading_others(n, rsp_element_home_id(e))) {
		m->sweep_postponed++;
		rsp_member_postpone(core, m, core->now_ms + SWEEP_MS);
		return;
	}
	rsp_tombstone_put(&core->tombstones, rsp_pool_handle(e->pool), e->pe_id, rsp_element_version(e),
			  core->now_ms + core->config.tombstone_ms);
	rsp_member_forget(core, m);
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

static void
complete(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_download *download = &peer->download;
	bool own = download->state == RSP_DOWNLOAD_OWN;
	struct rsp_event event = { .kind = RSP_EVENT_RESYNC_DONE,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = peer->server_id,
				   .peer_name = *peer->name ? peer->name : NULL,
				   .count = download->entries,
				   .duration_ms = n->core->now_ms - download->started_ms };

	stop(n, peer, RSP_DOWNLOAD_COMPLETE);
	if (!own)
		return;
	download->done_ms = n->core->now_ms;
	download->lists_refused = download->refused > 0;
	rsp_walk_begin(n->core->space, &download->sweep, peer->server_id);
	sweep_slice(n, peer);
	n->core->ops->record(n->core->ctx, &event);
}

void
rsp_download_fail(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	struct rsp_link *link = rsp_link_find(n->core, peer->download.link);
	bool own = peer->download.state == RSP_DOWNLOAD_OWN;

	stop(n, peer, RSP_DOWNLOAD_FAILED);
	if (own)
		rsp_peer_record(n, RSP_EVENT_RESYNC_FAILED, peer, reason);
	if (link && link->peer == peer)
		rsp_link_close(n->core, link, RSP_EPROTO);
}

/* Apply the entries of the page @msg. False: @peer may not list one of these elements. */
static bool
unpack(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *msg)
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
		peer->download.entries++;
		sound = rsp_ownership_listed(n, peer, handle, &item.element) && sound;
	}
	return sound;
}

/* Whether the table of @peer does not end. The signs: a page is empty, and not the last one; there are more pages than
 * elements and tombstones known here, although each honest page adds one; there are more entries than twice what this
 * registrar may store, and no other registrar is expected to store more. */
static bool
is_endless(const struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *page)
{
	const struct rsp_download *download = &peer->download;
	uint64_t known = (uint64_t)rsp_handlespace_elements(n->core->space) + n->core->tombstones.table.count;

	return (page->flags & ENRP_FLAG_MORE && page->n_list == 0) || download->pages >= IDLE_PAGES + known ||
	       download->entries > 2 * (uint64_t)n->core->config.limits.elements;
}

static void
rejected(struct rsp_enrp *n, struct rsp_peer *peer)
{
	bool own = peer->download.state == RSP_DOWNLOAD_OWN;

	stop(n, peer, RSP_DOWNLOAD_REJECTED);
	if (!own)
		return;
	peer->download.done_ms = n->core->now_ms;
	rsp_peer_record(n, RSP_EVENT_RESYNC_FAILED, peer, RSP_REASON_REJECTED);
}

void
rsp_download_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	struct rsp_download *download = &peer->download;

	if (download->state == RSP_DOWNLOAD_NONE || download->link != link->id || download->outstanding == 0)
		return; /* not a response to a request of this download */
	download->outstanding--;
	if (msg->flags & ENRP_FLAG_REJECT) {
		rejected(n, peer);
		return;
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
	rsp_enrp_set(n, &download->timer, n->core->config.max_time_no_response_ms);
	do {
		send_request(n, peer, true);
	} while (peer->versioned && download->outstanding < WINDOW);
}

/* Whether the PRESENCE describes the table that was downloaded last, and this registrar refused elements of that table.
 * A new download would change nothing. */
static bool
is_refused_table(const struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_message *presence)
{
	const struct rsp_server_info *info = &presence->server_info;
	const struct rsp_download *download = &peer->download;
	bool has_digest = presence->has & RSP_HAS_SERVER_INFO && info->has_digest;

	return download->lists_refused && n->core->now_ms - download->done_ms < REFUSED_AGAIN_MS &&
	       presence->checksum == download->told.checksum && has_digest == download->told.has_digest &&
	       (!has_digest || info->digest == download->told.digest);
}

void
rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence)
{
	const struct rsp_server_info *info = &presence->server_info;
	const struct rsp_handlespace *space = n->core->space;
	struct rsp_download *download = &peer->download;
	bool same = !(presence->has & RSP_HAS_CHECKSUM) ||
		    presence->checksum == rsp_home_checksum(space, peer->server_id);

	if (presence->has & RSP_HAS_SERVER_INFO && info->has_digest &&
	    info->digest != rsp_home_digest(space, peer->server_id))
		same = false;
	peer->in_sync = same;
	if (download->done_ms && n->core->now_ms - download->done_ms < RESYNC_MS)
		return; /* limits the downloads from a peer whose checksum never agrees */
	if (same || download->state != RSP_DOWNLOAD_NONE || rsp_walk_is_open(&download->sweep) || is_refused_table(n, peer, presence))
		return;
	download->lists_refused = false;
	download->told.checksum = presence->checksum;
	download->told.has_digest = presence->has & RSP_HAS_SERVER_INFO && info->has_digest;
	download->told.digest = info->digest;
	rsp_download_begin(n, peer, true);
}

bool
rsp_download_is_behind(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	uint64_t done_ms = peer->download.done_ms;

	return peer->download.state != RSP_DOWNLOAD_NONE ||
	       (!peer->in_sync && (!done_ms || n->core->now_ms - done_ms > n->core->config.hold_window_ms));
}
