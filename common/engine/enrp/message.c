#include "engine/registrar/registrar_priv.h"

/* Messages between registrars, RFC 5353 s.2: who may say what, and where it goes. */

void
rsp_enrp_set(struct rsp_registrar *r, struct rsp_enrp_timer *timer, uint64_t in_ms)
{
	rsp_wheel_set(&r->enrp, &timer->timer, r->now_ms + in_ms);
}

void
rsp_enrp_record(struct rsp_registrar *r, enum rsp_event_kind kind, const struct rsp_peer *peer, const char *reason)
{
	struct rsp_event event = { .kind = kind,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = reason,
				   .peer_id = peer->server_id,
				   .peer_name = *peer->name ? peer->name : NULL };

	r->ops->record(r->ctx, &event);
}

void
rsp_enrp_send(struct rsp_registrar *r, uint32_t link, struct rsp_message *msg)
{
	size_t size;

	msg->protocol = RSP_ENRP;
	msg->sender_id = r->config.server_id;
	if (rsp_message_encode(msg, r->out, sizeof(r->out), &size))
		return; /* what we compose fits */
	r->stats.sent++;
	r->ops->send(r->ctx, link, rsp_bytes_of(r->out, size));
}

/* RFC 5354 s.3.12.4: the parameter with the invalid values goes with the cause; where there is none, another cause is
 * told. */
static struct rsp_bytes
invalid_part(const struct rsp_message *msg, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);

	if (msg->has & RSP_HAS_ELEMENT)
		rsp_pool_element_encode(&wr, &msg->element);
	else if (msg->has & RSP_HAS_SERVER_INFO)
		rsp_server_info_encode(&wr, &msg->server_info);
	return rsp_bytes_of(room, wr.err ? 0 : wr.pos);
}

void
rsp_enrp_refuse(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg, uint16_t cause,
		const char *reason)
{
	uint8_t room[2304], part_room[2048];
	struct rsp_bytes part = { 0 };

	if (cause == RSP_CAUSE_INVALID_VALUES) {
		part = invalid_part(msg, part_room, sizeof(part_room));
		cause = part.n ? cause : RSP_CAUSE_UNSPECIFIED;
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
				     .error = rsp_error_compose(cause, part, room, sizeof(room)) };

	r->stats.refused++;
	rsp_registrar_record(r, link, event);
	rsp_enrp_send(r, link->id, &error);
}

/* Who we are, as told over @link. s.2.1: without a configured address, the one that the other side sees us at. */
static bool
our_info(const struct rsp_registrar *r, const struct rsp_link *link, uint8_t room[static RSP_ADDRS_ROOM(1)],
	 struct rsp_server_info *ret)
{
	struct rsp_ip ip = r->config.enrp_ip.family ? r->config.enrp_ip : link->info.local;

	if (!r->config.enrp_port || !ip.family)
		return false;
	/* RFC deviation (RFC 5354 s.3.11): TCP, because that is what the TCP profile's registrars listen on */
	*ret = (struct rsp_server_info){ .server_id = r->config.server_id,
					 .transport = { .type = RSP_PARAM_TCP, .port = r->config.enrp_port } };
	rsp_transport_set_ips(&ret->transport, &ip, 1, room);
	if (r->name)
		ret->name = rsp_bytes_str(r->name);
	return true;
}

#define EMPTY_CHECKSUM 0xffff /* RFC 5353 s.3.6.2, of no element */

void
rsp_enrp_presence(struct rsp_registrar *r, uint32_t id, uint32_t receiver_id, bool reply)
{
	const struct rsp_link *link = rsp_registrar_link(r, id);
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = { .type = ENRP_PRESENCE,
				   .flags = reply ? ENRP_FLAG_REPLY_REQUIRED : 0,
				   .has = RSP_HAS_CHECKSUM,
				   .receiver_id = receiver_id,
				   .checksum = EMPTY_CHECKSUM };

	if (!link)
		return;
	/* A registrar that joins gives no table, and the elements that it had before it was away are no longer its own. */
	if (r->serving)
		msg.checksum = rsp_home_checksum(r->space, r->config.server_id);
	if (our_info(r, link, room, &msg.server_info)) {
		msg.has |= RSP_HAS_SERVER_INFO;
		msg.server_info.has_digest = true;
		msg.server_info.digest = r->serving ? rsp_home_digest(r->space, r->config.server_id) : 0;
	}
	r->stats.presences_sent++;
	rsp_enrp_send(r, id, &msg);
}

void
rsp_enrp_presences(struct rsp_registrar *r, bool reply)
{
	for (unsigned i = 0; i < r->n_peers; i++) {
		uint32_t link = rsp_peer_link(r->peer[i]);

		if (link)
			rsp_enrp_presence(r, link, 0, reply);
	}
}

struct rsp_mark
rsp_enrp_open(struct rsp_registrar *r, struct rsp_wr *wr, uint8_t type, uint8_t flags, uint32_t receiver_id)
{
	*wr = rsp_wr_init(r->out, RSP_MESSAGE_MAX - 3);
	struct rsp_mark whole = rsp_wr_msg_open(wr, type, flags);

	rsp_wr_u32(wr, r->config.server_id);
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
