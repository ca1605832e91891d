#include "engine/enrp/message.h"

#include "engine/enrp/peer.h"
#include "model/checksum.h"

void
rsp_enrp_send(struct rsp_enrp *n, uint32_t link, struct rsp_message *msg)
{
	struct rsp_core *core = n->core;
	size_t size;

	msg->protocol = RSP_ENRP;
	msg->sender_id = core->config.server_id;
	if (rsp_message_encode(msg, core->out, sizeof(core->out), &size))
		return; /* cannot happen: all messages of this registrar fit */
	rsp_core_send_octets(core, link, rsp_bytes_of(core->out, size));
}

/* RFC 5354 s.3.12.4: the error cause includes the parameter that has the invalid values. */
static struct rsp_bytes
encode_culprit(const struct rsp_message *msg, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);

	if (msg->has & RSP_HAS_ELEMENT)
		rsp_pool_element_encode(&wr, &msg->element);
	else if (msg->has & RSP_HAS_SERVER_INFO)
		rsp_server_info_encode(&wr, &msg->server_info);
	return rsp_bytes_of(room, wr.err ? 0 : wr.pos);
}

void
rsp_enrp_refuse(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg, uint16_t cause,
		enum rsp_reason reason)
{
	uint8_t room[2304], culprit_room[2048];
	struct rsp_bytes culprit = { 0 };

	if (cause == RSP_CAUSE_INVALID_VALUES) {
		culprit = encode_culprit(msg, culprit_room, sizeof(culprit_room));
		/* this cause needs a parameter: without one, send another cause */
		cause = culprit.n ? cause : RSP_CAUSE_UNSPECIFIED;
	}
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .protocol = RSP_ENRP,
				   .message_type = msg->type,
				   .handle = msg->handle,
				   .pe_id = msg->element.pe_id,
				   .cause = cause,
				   .reason = reason,
				   .peer_id = msg->sender_id };
	struct rsp_message error = { .type = ENRP_ERROR,
				     .has = RSP_HAS_ERROR,
				     .receiver_id = msg->sender_id,
				     .error = rsp_error_compose(cause, culprit, room, sizeof(room)) };

	n->core->stats.refused++;
	rsp_core_record(n->core, link, event);
	rsp_enrp_send(n, link->id, &error);
}

/* Set @ret to the Server Information of this registrar for a PRESENCE over @link. RFC 5353 s.2.1:
 * if the configuration has no address, use the local address of the connection. False: there is no
 * port or address where peers can dial this registrar. */
static bool
compose_info(const struct rsp_core *core, const struct rsp_link *link, uint8_t room[static RSP_ADDRS_ROOM(1)],
	     struct rsp_server_info *ret)
{
	struct rsp_ip ip = core->config.enrp_ip.family ? core->config.enrp_ip : link->info.local;

	if (!core->config.enrp_port || !ip.family)
		return false;
	/* RFC deviation (RFC 5354 s.3.11): a TCP transport parameter, because
	 * registrars of the TCP profile listen on TCP */
	*ret = (struct rsp_server_info){ .server_id = core->config.server_id,
					 .transport = { .type = RSP_PARAM_TCP, .port = core->config.enrp_port } };
	rsp_transport_set_ips(&ret->transport, &ip, 1, room);
	if (core->name)
		ret->name = rsp_bytes_str(core->name);
	return true;
}

bool
rsp_enrp_write_info(struct rsp_wr *wr, const struct rsp_peer *peer)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_server_info info = { .server_id = peer->server_id,
					.transport = { .type = RSP_PARAM_TCP, .port = peer->port },
					.name = rsp_bytes_str(peer->name) };

	if (!peer->port || rsp_ip_unfit(&peer->ip))
		return false;
	rsp_transport_set_ips(&info.transport, &peer->ip, 1, room);
	rsp_server_info_encode(wr, &info);
	return true;
}

#define EMPTY_CHECKSUM 0xffff /* RFC 5353 s.3.6.2: the checksum over no elements */

/* Beyond the RFC: the number of the last update, the digest over all own elements, and the clock. A joining registrar sends
 * no table, so its digest is 0. */
static void
add_state(const struct rsp_enrp *n, struct rsp_server_info *info)
{
	const struct rsp_core *core = n->core;

	info->has_state = info->has_clock = true;
	info->clock_ms = core->config.epoch_ms + core->now_ms;
	info->state.update = rsp_ring_last(&n->ring);
	if (core->state == RSP_REGISTRAR_SERVING)
		info->state.digest = rsp_home_digest(core->space, core->config.server_id);
}

/* The registrars that this one hears, and the digests of their elements as they are stored here, for a PRESENCE to @to. */
static struct rsp_bytes
compose_heard(const struct rsp_enrp *n, const struct rsp_peer *to, uint8_t *room, size_t size)
{
	struct rsp_heard item[RSP_HEARD_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < n->n_peers && count < RSP_HEARD_MAX; i++) {
		const struct rsp_peer *peer = n->peer[i];

		if (peer != to && peer->kind == RSP_PEER_STATES && peer->heard && peer->state == RSP_PEER_ACTIVE)
			item[count++] = (struct rsp_heard){ .server_id = peer->server_id,
							    .digest = rsp_home_digest(n->core->space, peer->server_id) };
	}
	return rsp_heard_list_compose(item, count, room, size);
}

/* Whether a PRESENCE over @link lists the registrars that this one hears: to a registrar with STATE, which relays; and to a
 * monitor or another sender that only asks, which shows them. */
static bool
lists_heard(const struct rsp_link *link)
{
	return link->peer ? link->peer->kind == RSP_PEER_STATES : !link->dialled;
}

void
rsp_enrp_presence(struct rsp_enrp *n, const struct rsp_link *link, uint32_t receiver_id, bool reply)
{
	struct rsp_core *core = n->core;
	uint8_t room[RSP_ADDRS_ROOM(1)], heard[RSP_HEARD_MAX * RSP_HEARD_SIZE];
	struct rsp_message msg = { .type = ENRP_PRESENCE,
				   .flags = reply ? ENRP_FLAG_REPLY_REQUIRED : 0,
				   .has = RSP_HAS_CHECKSUM,
				   .receiver_id = receiver_id,
				   .checksum = EMPTY_CHECKSUM };

	if (!link)
		return;
	/* RFC 5353 knows the linked elements as those of this registrar. While this registrar joins, it sends no table. */
	if (core->state == RSP_REGISTRAR_SERVING)
		msg.checksum = rsp_checksum_fold(core->linked_sum);
	if (compose_info(core, link, room, &msg.server_info)) {
		msg.has |= RSP_HAS_SERVER_INFO;
		add_state(n, &msg.server_info);
		if (lists_heard(link))
			msg.server_info.heard = compose_heard(n, link->peer, heard, sizeof(heard));
	}
	core->stats.presences_sent++;
	rsp_enrp_send(n, link->id, &msg);
}

void
rsp_enrp_request_list(struct rsp_enrp *n, uint32_t link, uint32_t receiver_id)
{
	struct rsp_message msg = { .type = ENRP_LIST_REQUEST, .receiver_id = receiver_id };

	rsp_enrp_send(n, link, &msg);
}

struct rsp_mark
rsp_enrp_open(struct rsp_enrp *n, struct rsp_wr *wr, uint8_t type, uint8_t flags, uint32_t receiver_id)
{
	*wr = rsp_wr_init(n->core->out, RSP_MESSAGE_MAX - 3);
	struct rsp_mark whole = rsp_wr_msg_open(wr, type, flags);

	rsp_wr_u32(wr, n->core->config.server_id);
	rsp_wr_u32(wr, receiver_id);
	return whole;
}

struct rsp_bytes
rsp_enrp_close(struct rsp_wr *wr, struct rsp_mark whole)
{
	size_t size = 0;

	rsp_wr_close(wr, whole);
	if (rsp_wr_end(wr, &size))
		return (struct rsp_bytes){ 0 };
	return rsp_bytes_of(wr->base, size);
}
