#include "engine/enrp/update.h"

#include "engine/enrp/message.h"

#define TOMB_ROOM 256 /* octets of a tombstone as a Pool Element, at most: an owner and a statement */

void
rsp_update_write_removed(struct rsp_wr *wr, const struct rsp_tomb *tomb)
{
	struct rsp_pool_element pe = { .pe_id = tomb->pe_id,
				       .home_id = tomb->home_id,
				       .owner = rsp_tomb_owner(tomb),
				       .statement = tomb->statement };

	rsp_pool_element_encode(wr, &pe);
}

/* Compose the update @entry; entry->number 0: without a number. */
static struct rsp_bytes
compose(struct rsp_enrp *n, const struct rsp_ring_entry *entry, uint32_t receiver_id)
{
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_HANDLE_UPDATE, 0, receiver_id);

	rsp_ring_write(&wr, entry);
	if (entry->number) {
		struct rsp_mark mark = rsp_wr_tlv_open(&wr, RSP_PARAM_UPDATE_NUMBER);

		rsp_wr_u64(&wr, entry->number);
		rsp_wr_close(&wr, mark);
	}
	return rsp_enrp_close(&wr, whole);
}

static bool
is_in_slice(const struct rsp_enrp *n, const struct rsp_link *link)
{
	return n->core->now_ms < link->slice_ms + RSP_SLICE_MS;
}

bool
rsp_update_has_room(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	const struct rsp_link *link = rsp_link_find(n->core, rsp_peer_link(peer));

	return !link || !is_in_slice(n, link) || link->slice_octets < RSP_SLICE_OCTETS;
}

static void
send_octets(struct rsp_enrp *n, uint32_t link_id, struct rsp_bytes update)
{
	struct rsp_link *link = rsp_link_find(n->core, link_id);

	if (link && !is_in_slice(n, link)) {
		link->slice_ms = n->core->now_ms;
		link->slice_octets = 0;
	}
	if (link)
		link->slice_octets += update.n;
	n->core->stats.updates_sent++;
	rsp_core_send_octets(n->core, link_id, update);
}

/* Whether the removal @entry, which is sent to all, is not sent to @peer now. It has a number: @peer will see that it lacks
 * this update, and request it. */
static bool
is_left_out(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_ring_entry *entry)
{
	if (entry->action != ENRP_DEL_PE || peer->kind != RSP_PEER_STATES || rsp_update_has_room(n, peer))
		return false;
	rsp_peer_presences_soon(n);
	return true;
}

/* Send all connected peers of @kind the update @entry. That to STATES peers gets the next number. */
static void
send_all(struct rsp_enrp *n, enum rsp_peer_kind kind, struct rsp_ring_entry *entry)
{
	struct rsp_bytes update = { 0 };

	if (kind == RSP_PEER_STATES)
		entry->number = rsp_ring_add(&n->ring, entry->action, entry->handle, entry->element, n->core->now_ms);
	for (unsigned i = 0; i < n->n_peers; i++) {
		uint32_t link = rsp_peer_link(n->peer[i]);

		/* a peer without a link learns of the update by the audit after its next PRESENCE */
		if (!link || n->peer[i]->kind != kind || is_left_out(n, n->peer[i], entry))
			continue;
		if (!update.n)
			update = compose(n, entry, 0);
		send_octets(n, link, update);
	}
}

static struct rsp_ring_entry
entry_of(const struct rsp_element *e, uint16_t action)
{
	return (struct rsp_ring_entry){ .action = action,
					.handle = rsp_pool_handle(e->pool),
					.element = rsp_element_octets(e) };
}

static struct rsp_ring_entry
removal_of(const struct rsp_tomb *tomb, uint8_t room[static TOMB_ROOM])
{
	struct rsp_wr wr = rsp_wr_init(room, TOMB_ROOM);

	rsp_update_write_removed(&wr, tomb);
	return (struct rsp_ring_entry){ .action = ENRP_DEL_PE,
					.handle = rsp_tomb_handle(tomb),
					.element = rsp_bytes_of(room, wr.pos) };
}

void
rsp_update_announce(struct rsp_enrp *n, const struct rsp_member *m)
{
	struct rsp_ring_entry entry = entry_of(rsp_member_element(m), ENRP_ADD_PE);

	send_all(n, RSP_PEER_STATES, &entry);
	if (rsp_member_is_linked(m))
		rsp_update_plain(n, rsp_member_element(m), ENRP_ADD_PE);
}

void
rsp_update_announce_removals(struct rsp_enrp *n)
{
	const struct rsp_tomb *tomb;

	while ((tomb = rsp_tomb_walk_next(&n->buried))) {
		uint8_t room[TOMB_ROOM];
		struct rsp_ring_entry entry = removal_of(tomb, room);

		if (tomb->home_id == n->core->config.server_id)
			send_all(n, RSP_PEER_STATES, &entry);
	}
}

void
rsp_update_skip_removals(struct rsp_enrp *n)
{
	while (rsp_tomb_walk_next(&n->buried))
		;
}

void
rsp_update_plain(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action)
{
	struct rsp_ring_entry entry = entry_of(e, action);

	send_all(n, RSP_PEER_PLAIN, &entry);
}

static void
send_one(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_ring_entry *entry, bool asks)
{
	uint32_t link = rsp_peer_link(peer);

	if (link)
		send_octets(n, link, compose(n, entry, asks ? peer->server_id : 0));
}

void
rsp_update_tell(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_member *m, bool asks)
{
	struct rsp_ring_entry entry = entry_of(rsp_member_element(m), ENRP_ADD_PE);

	if (m->pending) {
		entry.action = m->pending->statement.rank == RSP_RANK_REMOVED ? ENRP_DEL_PE : ENRP_ADD_PE;
		entry.element = rsp_bytes_of(m->pending->octets, m->pending->size);
	}
	send_one(n, peer, &entry, asks);
}

void
rsp_update_tell_removed(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_tomb *tomb)
{
	uint8_t room[TOMB_ROOM];
	struct rsp_ring_entry entry = removal_of(tomb, room);

	send_one(n, peer, &entry, false);
}

void
rsp_update_pass_on(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle,
		   const struct rsp_pool_element *pe, bool reported)
{
	struct rsp_message msg = { .type = ENRP_HANDLE_UPDATE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT | (reported ? RSP_HAS_REPORTED : 0),
				   .receiver_id = reported ? peer->server_id : 0,
				   .update_action = ENRP_ADD_PE,
				   .handle = handle,
				   .element = *pe };
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	n->core->stats.updates_sent++;
	rsp_enrp_send(n, link, &msg);
}

bool
rsp_update_send_again(struct rsp_enrp *n, uint32_t link, uint64_t from)
{
	uint64_t now_ms = n->core->now_ms, most_ms = n->core->config.tombstone_ms;
	struct rsp_ring_entry entry;

	rsp_ring_expire(&n->ring, now_ms > most_ms ? now_ms - most_ms : 0);
	if (!rsp_ring_keeps(&n->ring, from))
		return false;
	for (uint64_t number = from; rsp_ring_at(&n->ring, number, &entry); number++)
		send_octets(n, link, compose(n, &entry, 0));
	return true;
}
