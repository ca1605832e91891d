#include "engine/enrp/binding.h"

#include <string.h>

#include "engine/enrp/download.h"
#include "engine/enrp/duplicate.h"
#include "engine/enrp/message.h"
#include "engine/enrp/takeover.h"

/* The registrar @now may be a known registrar that restarted and has a new server id: declare its old id dead. */
static void
retire_old_ids(struct rsp_enrp *n, const struct rsp_peer *now, const struct rsp_contact *contact)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		struct rsp_peer *peer = n->peer[i];
		bool same = *now->name ? strcmp(peer->name, now->name) == 0 : contact && peer->contact == contact;

		if (peer == now || !same || rsp_duplicate_both_run(n, peer, now))
			continue;
		if (peer->contact == now->contact)
			peer->contact = NULL;
		peer->link_in = 0;
		if (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED) {
			rsp_duplicate_replaced(n, peer, now);
			rsp_takeover_begin(n, peer, RSP_REASON_RESTARTED);
		}
	}
}

static void
bind_link(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer)
{
	struct rsp_link *former = peer->link_in ? rsp_link_find(n->core, peer->link_in) : NULL;

	link->peer = peer;
	peer->last_link = link->id;
	if (link->contact) {
		link->contact->peer_id = peer->server_id;
		peer->contact = link->contact;
		return;
	}
	peer->link_in = link->id;
	if (former && former != link) { /* @peer has dialled this registrar again: the former connection is half open */
		former->peer = NULL;
		rsp_download_link_down(n, peer, former->id);
		rsp_link_close(n->core, former, RSP_ECLOSED);
	}
}

static void
refuse_link(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg, const char *holder)
{
	struct rsp_why why = { 0 };

	(void)rsp_fail(&why, RSP_EPROTO, link->info.identity, "refused: its server id 0x%08x is that of %.200s",
		       (unsigned)msg->sender_id, holder);
	rsp_enrp_refuse(n, link, msg, RSP_CAUSE_SECURITY, RSP_REASON_SERVER_ID_OF_ANOTHER);
	rsp_link_refuse(n->core, link, &why);
}

static void
record_list_full(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_event event = { .kind = RSP_EVENT_LIMIT,
				   .protocol = RSP_ENRP,
				   .message_type = msg->type,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_PEERS_FULL,
				   .peer_id = msg->sender_id };

	rsp_core_record(n->core, link, event);
}

/* Whether this registrar sends to @peer over a connection with the registrar @name. */
static bool
is_linked_as(const struct rsp_enrp *n, const struct rsp_peer *peer, const char *name)
{
	const struct rsp_link *link = rsp_link_find(n->core, rsp_peer_link(peer));

	return link && link->info.identity && strcmp(link->info.identity, name) == 0;
}

/* Whether the server id of @peer belongs to another registrar than @name. A server id belongs to the
 * name of the registrar that sent the first message with this id. Before that message, it belongs to
 * the name in the mentor's list. When @peer is declared dead, it belongs to no registrar any more. Where another
 * registrar took the id meanwhile, and has left it, it belongs to the one whose connection is left. */
static bool
belongs_to_other(const struct rsp_enrp *n, const struct rsp_peer *peer, const char *name)
{
	return name && *peer->name && strcmp(peer->name, name) != 0 && !is_linked_as(n, peer, name) &&
	       (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED);
}

static struct rsp_peer *
bind_peer(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_peer *peer = rsp_peer_get(n, msg->sender_id);
	const char *name = link->info.identity;

	if (!peer) {
		record_list_full(n, link, msg);
		return NULL;
	}
	/* tables, and peers that hear it, may have named it before */
	bool joined = !peer->heard || !rsp_peer_link(peer);
	if (name && strlen(name) < sizeof(peer->name))
		memcpy(peer->name, name, strlen(name) + 1);
	bind_link(n, link, peer);
	if (joined)
		rsp_peer_record(n, RSP_EVENT_PEER_JOINED, peer, RSP_REASON_NONE);
	if (link->contact)
		rsp_contact_reached(n, link, peer->server_id);
	rsp_takeover_tell(n, peer);
	rsp_takeover_peer_heard(n, peer);
	rsp_duplicate_heard(n, link, peer);
	retire_old_ids(n, peer, link->contact);
	if (!link->dialled)
		rsp_enrp_presence(n, link, peer->server_id, true);
	if (joined && n->core->state == RSP_REGISTRAR_SERVING) /* the registrars that it knows may be new to this one */
		rsp_enrp_request_list(n, link->id, peer->server_id);
	return peer;
}

struct rsp_peer *
rsp_binding_of_link(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	const struct rsp_peer *peer = rsp_peer_find(n, msg->sender_id);

	if (link->peer && link->peer->server_id == msg->sender_id)
		return link->peer;
	if (link->peer) {
		refuse_link(n, link, msg, peer && *peer->name ? peer->name : "another registrar");
		return NULL;
	}
	if (peer && belongs_to_other(n, peer, link->info.identity)) {
		rsp_duplicate_id(n, link, msg->sender_id, peer->name);
		refuse_link(n, link, msg, peer->name);
		return NULL;
	}
	return bind_peer(n, link, msg);
}
