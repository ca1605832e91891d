#include "engine/enrp/update.h"

#include "engine/enrp/message.h"

static struct rsp_bytes
compose_update(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action, uint32_t receiver_id)
{
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_HANDLE_UPDATE, 0, receiver_id);

	rsp_wr_u16(&wr, action);
	rsp_wr_u16(&wr, 0);
	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(e->pool));
	rsp_element_write(&wr, e, true);
	return rsp_enrp_close(&wr, whole);
}

void
rsp_update_announce(struct rsp_enrp *n, const struct rsp_element *e, uint16_t action, bool passed_on)
{
	struct rsp_bytes update = { 0 };

	for (unsigned i = 0; i < n->n_peers; i++) {
		const struct rsp_peer *peer = n->peer[i];
		uint32_t link = rsp_peer_link(peer);

		if (!link)
			continue; /* the audit after its next PRESENCE finds the difference */
		if (passed_on && (!peer->versioned || peer->server_id == rsp_element_home_id(e)))
			continue;
		if (!update.n)
			update = compose_update(n, e, action, 0);
		n->core->stats.updates_sent++;
		rsp_core_send_octets(n->core, link, update);
	}
}

void
rsp_update_tell(struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_element *e)
{
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	n->core->stats.updates_sent++;
	rsp_core_send_octets(n->core, link, compose_update(n, e, ENRP_ADD_PE, peer->server_id));
}

void
rsp_update_send(struct rsp_enrp *n, const struct rsp_peer *peer, bool asks, uint16_t action, struct rsp_bytes handle,
		const struct rsp_pool_element *pe)
{
	struct rsp_message msg = { .type = ENRP_HANDLE_UPDATE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .receiver_id = asks ? peer->server_id : 0,
				   .update_action = action,
				   .handle = handle,
				   .element = *pe };
	uint32_t link = rsp_peer_link(peer);

	if (!link)
		return;
	msg.element.unknown = (struct rsp_unknown){ 0 };
	n->core->stats.updates_sent++;
	rsp_enrp_send(n, link, &msg);
}

void
rsp_update_tell_removed(struct rsp_enrp *n, const struct rsp_peer *peer, struct rsp_bytes handle,
			const struct rsp_pool_element *pe, uint64_t version)
{
	struct rsp_pool_element ours = *pe;

	ours.home_id = n->core->config.server_id;
	ours.version = version;
	rsp_update_send(n, peer, false, ENRP_DEL_PE, handle, &ours);
}
