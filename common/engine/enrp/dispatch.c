#include "engine/enrp/dispatch.h"

#include "engine/enrp/binding.h"
#include "engine/enrp/download.h"
#include "engine/enrp/duplicate.h"
#include "engine/enrp/join.h"
#include "engine/enrp/message.h"
#include "engine/enrp/ownership.h"
#include "engine/enrp/takeover.h"
#include "engine/enrp/upload.h"
#include "engine/enrp/word.h"

/* What the Server Information of a PRESENCE says about the peer itself, beyond the RFC. */
static void
state_received(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_server_info *info)
{
	if (info->has_state && peer->kind == RSP_PEER_PLAIN) {
		rsp_word_ended(n, peer);
		peer->gap = (struct rsp_gap){ 0 };
	}
	peer->kind = info->has_state ? RSP_PEER_STATES : RSP_PEER_PLAIN;
	peer->told = info->state.digest;
	if (n->core->state == RSP_REGISTRAR_JOINING)
		rsp_gap_joining(&peer->gap, info->state.update);
	if (info->has_clock)
		rsp_peer_clock_heard(n, link, peer, info->clock_ms);
	rsp_heard_list_set(&peer->heard_by_it, info->heard, n->core->config.max_peers);
}

#define LIST_DISTANCE_MS 500 /* least time between two requests for a list because of one registrar */

/* Whether this registrar does not know where @far is, and has not asked for that a moment ago. */
static bool
is_to_be_found(struct rsp_enrp *n, const struct rsp_peer *far)
{
	return far->port == 0 && !far->contact && !rsp_peer_is_alive(far) &&
	       rsp_limiter_pass(&n->once, far->server_id, RSP_ENRP_ONCE_LIST, LIST_DISTANCE_MS, n->core->now_ms);
}

/* @peer lists the registrars that it hears. Request its list, if this registrar does not know where one of them is: two that have
 * just begun, and both know @peer, meet at once, and not at a later heartbeat. */
static void
listed_by(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_peer *peer)
{
	bool unknown = false;

	for (unsigned i = 0; i < peer->heard_by_it.n; i++) {
		uint32_t id = peer->heard_by_it.item[i].server_id;
		bool listed = id != n->core->config.server_id && !rsp_takeover_is_gone(n, id);
		const struct rsp_peer *far = listed ? rsp_peer_get_listed(n, id) : NULL;

		unknown = unknown || (far && is_to_be_found(n, far));
	}
	if (unknown)
		rsp_enrp_request_list(n, link->id, peer->server_id);
}

/* RFC 5353 s.2.1, s.3.4.1 */
static void
presence_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	const struct rsp_server_info *info = &msg->server_info;
	bool listed = peer && peer->heard_by_it.n > 0;

	if (msg->has & RSP_HAS_SERVER_INFO && info->server_id != msg->sender_id) {
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_INVALID_VALUES, RSP_REASON_SERVER_ID_MIXED);
		return;
	}
	if (peer && msg->has & RSP_HAS_SERVER_INFO) {
		/* over TLS the name in the key counts; in plain text, the name in the message */
		struct rsp_bytes name = link->info.identity ? rsp_bytes_str(link->info.identity) : info->name;
		struct rsp_ip ip = rsp_transport_ip(&info->transport, 0);

		rsp_duplicate_moved(n, link, peer, &ip, info->transport.port);
		peer->ip = ip;
		peer->port = info->transport.port;
		state_received(n, link, peer, info);
		rsp_duplicate_of_our_name(n, name, peer->server_id, &peer->ip, peer->port);
		rsp_peer_learn(n, peer->server_id, name, &peer->ip, peer->port, RSP_TOLD_BY_ITSELF);
	}
	if (msg->flags & ENRP_FLAG_REPLY_REQUIRED)
		rsp_enrp_presence(n, link, msg->sender_id, false);
	if (peer && rsp_join_if_forgotten(n, peer, listed))
		return;
	if (peer)
		peer->presence_ms = n->core->now_ms;
	if (!peer || n->core->state != RSP_REGISTRAR_SERVING)
		return;
	if (peer->kind == RSP_PEER_STATES) {
		listed_by(n, link, peer);
		rsp_takeover_note_relayed(n);
	}
	rsp_download_audit(n, peer, msg);
	if (peer->in_sync && peer->kind == RSP_PEER_STATES)
		rsp_join_in_sync(n, peer);
}

/* RFC 5353 s.3.2.2.2: list all peers whose address is known, but no DEAD or INACTIVE peer. */
static void
list_requested(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_wr wr;
	bool serving = n->core->state == RSP_REGISTRAR_SERVING;
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_LIST_RESPONSE, serving ? 0 : ENRP_FLAG_REJECT,
					      msg->sender_id);

	for (unsigned i = 0; i < n->n_peers && serving; i++) {
		enum rsp_peer_state state = n->peer[i]->state;
		struct rsp_wr before = wr;

		if (state != RSP_PEER_INACTIVE && state != RSP_PEER_DEAD)
			(void)rsp_enrp_write_info(&wr, n->peer[i]);
		if (wr.err) {
			wr = before;
			break;
		}
	}
	rsp_core_send_octets(n->core, link->id, rsp_enrp_close(&wr, whole));
}

static void
list_responded(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *msg)
{
	enum rsp_told_by by = rsp_join_is_mentor(n, peer) ? RSP_TOLD_BY_MENTOR : RSP_TOLD_BY_PEER;
	struct rsp_list_item item;
	size_t cursor = 0;

	while (!(msg->flags & ENRP_FLAG_REJECT) && rsp_list_next(msg, &cursor, &item)) {
		struct rsp_ip ip = rsp_transport_ip(&item.server_info.transport, 0);

		rsp_duplicate_of_our_name(n, item.server_info.name, item.server_info.server_id, &ip,
				     item.server_info.transport.port);
		rsp_peer_learn(n, item.server_info.server_id, item.server_info.name, &ip,
				     item.server_info.transport.port, by);
	}
	rsp_join_listed(n, peer, msg->flags & ENRP_FLAG_REJECT);
}

/* Handle @msg from a monitor, or from a sender that only asks. It may read tables and lists, but not change them. */
static void
dispatch_monitor(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	switch (msg->type) {
	case ENRP_PRESENCE:
		presence_received(n, link, NULL, msg);
		break;
	case ENRP_LIST_REQUEST:
		list_requested(n, link, msg);
		break;
	case ENRP_HANDLE_TABLE_REQUEST:
		rsp_upload_requested(n, link, msg);
		break;
	case ENRP_ERROR:
		break;
	default:
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_SECURITY, RSP_REASON_MONITOR);
	}
}

static void
dispatch_peer(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	switch (msg->type) {
	case ENRP_PRESENCE:
		presence_received(n, link, peer, msg);
		break;
	case ENRP_HANDLE_TABLE_REQUEST:
		rsp_upload_requested(n, link, msg);
		break;
	case ENRP_HANDLE_TABLE_RESPONSE:
		rsp_download_received(n, link, peer, msg);
		break;
	case ENRP_HANDLE_UPDATE:
		rsp_ownership_update_received(n, link, peer, msg);
		if (msg->has & RSP_HAS_UPDATE_NUMBER && peer->kind == RSP_PEER_STATES)
			rsp_download_update_received(n, peer, msg->update_number);
		break;
	case ENRP_LIST_REQUEST:
		list_requested(n, link, msg);
		break;
	case ENRP_LIST_RESPONSE:
		list_responded(n, peer, msg);
		break;
	case ENRP_INIT_TAKEOVER:
		rsp_takeover_initiated(n, link, peer, msg);
		break;
	case ENRP_INIT_TAKEOVER_ACK:
		rsp_takeover_acknowledged(n, peer, msg);
		break;
	case ENRP_TAKEOVER_SERVER:
		rsp_takeover_enforced(n, link, peer, msg);
		break;
	default: /* ENRP_ERROR, RFC 5353 s.2.10: no action */
		break;
	}
}

/* RFC 5353 s.3.7: answer with ENRP_ERROR and the octets that could not be
 * decoded, if RFC 5354 s.3 and s.4 require it. */
static void
not_understood(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_bytes octets, const struct rsp_why *why)
{
	uint8_t room[1024];
	struct rsp_event event = { .kind = RSP_EVENT_MALFORMED,
				   .protocol = RSP_ENRP,
				   .message_type = octets.n ? octets.p[0] : 0,
				   .cause = why->cause,
				   .why = why };
	struct rsp_message error = { .type = ENRP_ERROR, .has = RSP_HAS_ERROR };

	n->core->stats.malformed++;
	rsp_core_record(n->core, link, event);
	if (why->cause == RSP_CAUSE_NONE || (octets.n && octets.p[0] == ENRP_ERROR))
		return;
	error.error = rsp_error_compose(why->cause, rsp_message_culprit(octets, why), room, sizeof(room));
	rsp_enrp_send(n, link->id, &error);
}

static void
report_unrecognized(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	uint8_t room[1024];
	struct rsp_message error = { .type = ENRP_ERROR,
				     .has = RSP_HAS_ERROR,
				     .receiver_id = msg->sender_id,
				     .error = rsp_message_unrecognized(msg, room, sizeof(room)) };

	if (error.error.n)
		rsp_enrp_send(n, link->id, &error);
}

/* Whether @msg has a valid sender id: neither 0 nor the id of this registrar. */
static bool
is_possible(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	if (msg->sender_id != 0 && msg->sender_id != n->core->config.server_id)
		return true;
	if (msg->sender_id && rsp_duplicate_sent_by_other(n, link, msg))
		rsp_duplicate_id(n, link, msg->sender_id, NULL);
	if (msg->type != ENRP_ERROR)
		rsp_enrp_refuse(n, link, msg, RSP_CAUSE_INVALID_VALUES,
				msg->sender_id ? RSP_REASON_SERVER_ID_OURS : RSP_REASON_SERVER_ID_ZERO);
	return false;
}

/* RFC deviation (RFC 5353 s.3.4.1): in plain text, only the messages show whether the sender is a monitor or a
 * registrar. A sender that only sends requests, and no Server Information, does not become a peer yet: this registrar
 * could not dial it, and the end of its connection would count as a failure of a peer. */
static bool
only_asks(const struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	bool asks = msg->type == ENRP_LIST_REQUEST || msg->type == ENRP_HANDLE_TABLE_REQUEST ||
		    (msg->type == ENRP_PRESENCE && !(msg->has & RSP_HAS_SERVER_INFO));

	return asks && n->core->config.insecure && !link->dialled && !link->peer && !rsp_peer_find(n, msg->sender_id);
}

/* Answer a sender that only asks, and request its PRESENCE as RFC 5353 s.3.4.1 says. A PRESENCE that needs no reply is
 * not answered: two registrars that cannot be dialled would otherwise send PRESENCEs to each other for ever. */
static void
answer_asker(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	bool is_presence = msg->type == ENRP_PRESENCE;

	if (is_presence ? msg->flags & ENRP_FLAG_REPLY_REQUIRED : !link->upload)
		rsp_enrp_presence(n, link, msg->sender_id, true);
	if (!is_presence)
		dispatch_monitor(n, link, msg);
}

void
rsp_dispatch_message(struct rsp_enrp *n, struct rsp_link *link, struct rsp_bytes octets)
{
	struct rsp_message msg;
	struct rsp_why why = { 0 };

	if (rsp_message_decode(RSP_ENRP, octets, &msg, &why)) {
		not_understood(n, link, octets, &why);
		return;
	}
	report_unrecognized(n, link, &msg);
	if (!is_possible(n, link, &msg))
		return;
	if (link->info.role == RSP_ROLE_MONITOR) {
		dispatch_monitor(n, link, &msg);
		return;
	}
	if (link->info.role != RSP_ROLE_PEER && !n->core->config.insecure) { /* RFC 5353 s.6.3 */
		if (msg.type != ENRP_ERROR)
			rsp_enrp_refuse(n, link, &msg, RSP_CAUSE_SECURITY, RSP_REASON_NO_REGISTRAR);
		return;
	}
	if (only_asks(n, link, &msg)) {
		answer_asker(n, link, &msg);
		return;
	}
	struct rsp_peer *peer = rsp_binding_of_link(n, link, &msg);
	if (!peer)
		return;
	peer->last_link = link->id;
	rsp_duplicate_heard(n, link, peer);
	rsp_takeover_peer_heard(n, peer);
	/* The message is addressed to the server id that this registrar had before a restart: ignore it. But a PRESENCE
	 * is answered, so that the sender learns the new id. */
	if (msg.receiver_id != 0 && msg.receiver_id != n->core->config.server_id && msg.type != ENRP_PRESENCE)
		return;
	dispatch_peer(n, link, peer, &msg);
}

/* Whether this registrar does not have what a peer that is heard has. */
static bool
is_out_of_step(const struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (rsp_peer_is_alive(n->peer[i]) && !n->peer[i]->in_sync)
			return true;
	return false;
}

/* Draw one of the connected peers. NULL: there is none. */
static const struct rsp_peer *
draw_peer(struct rsp_enrp *n)
{
	const struct rsp_peer *drawn = NULL;
	uint32_t seen = 0;

	for (unsigned i = 0; i < n->n_peers; i++)
		if (rsp_peer_link(n->peer[i]) && rsp_rng_below(&n->core->rng, ++seen) == 0)
			drawn = n->peer[i];
	return drawn;
}

void
rsp_dispatch_heartbeat(struct rsp_enrp *n)
{
	struct rsp_core *core = n->core;

	rsp_enrp_set(n, &n->heartbeat, core->config.peer_heartbeat_cycle_ms);
	if (core->state != RSP_REGISTRAR_SERVING)
		return;
	rsp_tombs_expire(&core->tombs, core->now_ms, is_out_of_step(n));
	rsp_peer_send_presences(n, false);
	for (unsigned i = 0; i < n->n_peers; i++)
		if (rsp_peer_is_unanswered(n, n->peer[i]))
			rsp_takeover_look(n, n->peer[i]);
	/* Request the list of one connected peer, drawn at random, so that two registrars that
	 * both know a third one find each other. */
	const struct rsp_peer *peer = draw_peer(n);
	if (peer)
		rsp_enrp_request_list(n, rsp_peer_link(peer), peer->server_id);
}
