#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* s.2.1, s.3.4.1 */
static void
presence(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	const struct rsp_server_info *info = &msg->server_info;

	if (msg->has & RSP_HAS_SERVER_INFO && info->server_id != msg->sender_id) {
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_INVALID_VALUES, "server-id-not-the-sender's");
		return;
	}
	if (peer && msg->has & RSP_HAS_SERVER_INFO) {
		/* whose key it has is its name; in plain text, what it says */
		struct rsp_bytes name = link->info.identity ? rsp_bytes_str(link->info.identity) : info->name;

		struct rsp_ip ip = rsp_transport_ip(&info->transport, 0);

		rsp_same_id_moved(r, link, peer, &ip, info->transport.port);
		peer->ip = ip;
		peer->port = info->transport.port;
		peer->pipelines = info->has_digest;
		rsp_namesake_of_ours(r, name, peer->server_id, &peer->ip, peer->port);
		rsp_contact_heard_of(r, peer->server_id, name, &peer->ip, peer->port, RSP_HEARSAY_ITSELF);
	}
	if (msg->flags & ENRP_FLAG_REPLY_REQUIRED)
		rsp_enrp_presence(r, link->id, msg->sender_id, false);
	if (peer && r->serving)
		rsp_audit(r, peer, msg);
}

/* s.3.2.2.2: all registrars that we know and know the address of; of dead ones nobody needs to hear. */
static void
list_requested(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(r, &wr, ENRP_LIST_RESPONSE, r->serving ? 0 : ENRP_FLAG_REJECT,
					      msg->sender_id);

	for (unsigned i = 0; i < r->n_peers && r->serving; i++) {
		const struct rsp_peer *peer = r->peer[i];
		uint8_t room[RSP_ADDRS_ROOM(1)];
		struct rsp_server_info info = { .server_id = peer->server_id,
						.transport = { .type = RSP_PARAM_TCP, .port = peer->port },
						.name = rsp_bytes_str(peer->name) };
		struct rsp_wr before = wr;

		if (!peer->port || rsp_ip_unfit(&peer->ip) || peer->state == RSP_PEER_INACTIVE ||
		    peer->state == RSP_PEER_DEAD)
			continue;
		rsp_transport_set_ips(&info.transport, &peer->ip, 1, room);
		rsp_server_info_encode(&wr, &info);
		if (wr.err) {
			wr = before;
			break;
		}
	}
	r->stats.sent++;
	r->ops->send(r->ctx, link->id, rsp_enrp_close(&wr, whole));
}

static void
list_responded(struct rsp_registrar *r, const struct rsp_peer *peer, const struct rsp_message *msg)
{
	enum rsp_hearsay by = rsp_join_is_mentor(r, peer) ? RSP_HEARSAY_MENTOR : RSP_HEARSAY_OTHER;
	struct rsp_list_item item;
	size_t cursor = 0;

	while (!(msg->flags & ENRP_FLAG_REJECT) && rsp_list_next(msg, &cursor, &item)) {
		struct rsp_ip ip = rsp_transport_ip(&item.server_info.transport, 0);

		rsp_namesake_of_ours(r, item.server_info.name, item.server_info.server_id, &ip,
				     item.server_info.transport.port);
		rsp_contact_heard_of(r, item.server_info.server_id, item.server_info.name, &ip,
				     item.server_info.transport.port, by);
	}
	rsp_join_listed(r, peer, msg->flags & ENRP_FLAG_REJECT);
}

/* A monitor looks and changes nothing; it is no peer. */
static void
dispatch_monitor(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg)
{
	switch (msg->type) {
	case ENRP_PRESENCE:
		presence(r, link, NULL, msg);
		break;
	case ENRP_LIST_REQUEST:
		list_requested(r, link, msg);
		break;
	case ENRP_HANDLE_TABLE_REQUEST:
		rsp_table_requested(r, link, msg);
		break;
	case ENRP_ERROR:
		break;
	default:
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "monitor");
	}
}

static void
dispatch(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer, const struct rsp_message *msg)
{
	switch (msg->type) {
	case ENRP_PRESENCE:
		presence(r, link, peer, msg);
		break;
	case ENRP_HANDLE_TABLE_REQUEST:
		rsp_table_requested(r, link, msg);
		break;
	case ENRP_HANDLE_TABLE_RESPONSE:
		rsp_table_responded(r, link, peer, msg);
		break;
	case ENRP_HANDLE_UPDATE:
		rsp_update_received(r, link, peer, msg);
		break;
	case ENRP_LIST_REQUEST:
		list_requested(r, link, msg);
		break;
	case ENRP_LIST_RESPONSE:
		list_responded(r, peer, msg);
		break;
	case ENRP_INIT_TAKEOVER:
		rsp_takeover_initiated(r, link, peer, msg);
		break;
	case ENRP_INIT_TAKEOVER_ACK:
		rsp_takeover_acknowledged(r, peer, msg);
		break;
	case ENRP_TAKEOVER_SERVER:
		rsp_takeover_enforced(r, link, peer, msg);
		break;
	default: /* ENRP_ERROR: s.2.10; nothing that we send depends on it */
		break;
	}
}

/* s.3.7: tell the sender what could not be understood, if the rules ask for that. */
static void
not_understood(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes octets, const struct rsp_why *why)
{
	uint8_t room[1024];
	struct rsp_event event = { .kind = RSP_EVENT_MALFORMED,
				   .protocol = RSP_ENRP,
				   .message_type = octets.n ? octets.p[0] : 0,
				   .cause = why->cause,
				   .reason = why->reason };
	struct rsp_message error = { .type = ENRP_ERROR, .has = RSP_HAS_ERROR };

	r->stats.malformed++;
	rsp_registrar_record(r, link, event);
	if (why->cause == RSP_CAUSE_NONE || (octets.n && octets.p[0] == ENRP_ERROR))
		return;
	error.error = rsp_error_compose(why->cause, rsp_message_culprit(octets, why), room, sizeof(room));
	rsp_enrp_send(r, link->id, &error);
}

static void
report_unrecognized(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg)
{
	uint8_t room[1024];
	struct rsp_message error = { .type = ENRP_ERROR,
				     .has = RSP_HAS_ERROR,
				     .receiver_id = msg->sender_id,
				     .error = rsp_message_unrecognized(msg, room, sizeof(room)) };

	if (error.error.n)
		rsp_enrp_send(r, link->id, &error);
}

/* The two ids that no other registrar has. */
static bool
is_possible(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg)
{
	if (msg->sender_id != 0 && msg->sender_id != r->config.server_id)
		return true;
	/* in plain text what comes from our own address may be ourselves */
	bool other = link->info.identity ? link->info.role == RSP_ROLE_PEER
					 : r->config.insecure && msg->has & RSP_HAS_SERVER_INFO &&
						   msg->server_info.transport.port != r->config.enrp_port;
	if (msg->sender_id && other)
		rsp_same_id_heard(r, link, msg->sender_id, NULL);
	if (msg->type != ENRP_ERROR)
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_INVALID_VALUES,
				msg->sender_id ? "server-id-ours" : "server-id-zero");
	return false;
}

/* RFC deviation (s.3.4.1): in plain text nothing tells a monitor from a registrar but what it says. Who only asks, and
 * has not said where it can be reached, is no peer yet: nobody could dial it, and its going would be taken for a
 * failure. */
static bool
only_asks(const struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg)
{
	bool asks = msg->type == ENRP_LIST_REQUEST || msg->type == ENRP_HANDLE_TABLE_REQUEST ||
		    (msg->type == ENRP_PRESENCE && !(msg->has & RSP_HAS_SERVER_INFO));

	return asks && r->config.insecure && !link->dialled && !link->peer && !rsp_peer_find(r, msg->sender_id);
}

/* It is answered, and asked who it is, as s.3.4.1 has it; so that two of the kind do not do that for ever, not when it
 * answers. */
static void
answer_asker(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg)
{
	bool presence = msg->type == ENRP_PRESENCE;

	if (presence ? msg->flags & ENRP_FLAG_REPLY_REQUIRED : !link->giving)
		rsp_enrp_presence(r, link->id, msg->sender_id, true);
	if (!presence)
		dispatch_monitor(r, link, msg);
}

void
rsp_enrp_receive(struct rsp_registrar *r, struct rsp_link *link, struct rsp_bytes octets)
{
	struct rsp_message msg;
	struct rsp_why why = { 0 };

	if (rsp_message_decode(RSP_ENRP, octets, &msg, &why)) {
		not_understood(r, link, octets, &why);
		return;
	}
	report_unrecognized(r, link, &msg);
	if (!is_possible(r, link, &msg))
		return;
	if (link->info.role == RSP_ROLE_MONITOR) {
		dispatch_monitor(r, link, &msg);
		return;
	}
	if (link->info.role != RSP_ROLE_PEER && !r->config.insecure) { /* s.6.3 */
		if (msg.type != ENRP_ERROR)
			rsp_enrp_refuse(r, link, &msg, RSP_CAUSE_SECURITY, "no-registrar");
		return;
	}
	if (only_asks(r, link, &msg)) {
		answer_asker(r, link, &msg);
		return;
	}
	struct rsp_peer *peer = rsp_peer_of_link(r, link, &msg);
	if (!peer)
		return;
	peer->heard_over = link->id;
	rsp_namesake_heard(r, link, peer);
	rsp_peer_heard(r, peer);
	/* meant for who was here before us; but who asks whether we are there learns who we are */
	if (msg.receiver_id != 0 && msg.receiver_id != r->config.server_id && msg.type != ENRP_PRESENCE)
		return;
	dispatch(r, link, peer, &msg);
}

/* s.3.4.2. And one peer, by turns, is asked whom it knows: two who know a third find each other. */
static void
heartbeat(struct rsp_registrar *r)
{
	struct rsp_message msg = { .type = ENRP_LIST_REQUEST };

	rsp_enrp_set(r, &r->heartbeat, r->config.peer_heartbeat_cycle_ms);
	if (!r->serving)
		return;
	rsp_tombstones_expire(&r->tombstones, r->now_ms);
	rsp_enrp_presences(r, false);
	if (r->n_peers == 0)
		return;
	const struct rsp_peer *peer = r->peer[rsp_rng_below(&r->rng, r->n_peers)];
	uint32_t link = rsp_peer_link(peer);
	msg.receiver_id = peer->server_id;
	if (link)
		rsp_enrp_send(r, link, &msg);
}

void
rsp_enrp_tick(struct rsp_registrar *r)
{
	struct rsp_timer *due;

	while ((due = rsp_registrar_due(r, &r->enrp))) {
		struct rsp_enrp_timer *timer = RSP_CONTAINER(due, struct rsp_enrp_timer, timer);

		switch (timer->kind) {
		case RSP_TIMER_HEARTBEAT:
			heartbeat(r);
			break;
		case RSP_TIMER_JOIN:
			rsp_join_due(r);
			break;
		case RSP_TIMER_CONTACT:
			rsp_contact_due(r, RSP_CONTAINER(timer, struct rsp_contact, timer));
			break;
		case RSP_TIMER_PEER:
			rsp_peer_due(r, RSP_CONTAINER(timer, struct rsp_peer, timer));
			break;
		case RSP_TIMER_TAKING:
			rsp_taking_end(r, RSP_CONTAINER(timer, struct rsp_peer, taking.timer), "no-response");
			break;
		case RSP_TIMER_GIVING:
			rsp_giving_end(r, RSP_CONTAINER(timer, struct rsp_giving, timer));
			break;
		case RSP_TIMER_LOOK:
			rsp_look_due(r, RSP_CONTAINER(timer, struct rsp_look, timer));
			break;
		}
	}
}
