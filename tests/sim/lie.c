#include "lie.h"

#include "net.h"
#include "proto/message.h"
#include "truth.h"

/* A connection from @n to the registrar @to. 0: none. */
static uint32_t
link_of(const struct sim_node *n, const struct sim_node *to)
{
	struct rsp_peer_view peer;

	for (unsigned i = 0; rsp_registrar_peer(n->registrar, i, &peer); i++)
		if (peer.server_id == to->server_id)
			return peer.link_out ? peer.link_out : peer.link_in;
	return 0;
}

bool
sim_lie(struct sim *w, uint64_t dice)
{
	unsigned by = (unsigned)(dice % w->n_registrars);
	struct sim_node *liar = sim_registrar(w, by), *to = sim_registrar(w, (by + 1) % w->n_registrars);
	const struct sim_node *target = sim_registrar(w, (by + 2) % w->n_registrars);
	uint64_t since = sim_truth_hear(w, to, target);
	uint32_t link = sim_node_runs(liar) && sim_node_runs(to) ? link_of(liar, to) : 0;
	struct rsp_message msg = { .protocol = RSP_ENRP,
				   .type = ENRP_TAKEOVER_SERVER,
				   .sender_id = liar->server_id,
				   .target_id = target->server_id };
	uint8_t octets[64];
	size_t n;

	if (!link || target == liar || since == RSP_NEVER || w->now < since + sim_bound_takeover(&w->plan, false) ||
	    rsp_message_encode(&msg, octets, sizeof(octets), &n))
		return false;
	w->lied_of = target->server_id;
	sim_trace(w, "%-5s lies to %s: it has taken over %s", liar->name, to->name, target->name);
	sim_send(liar, link, rsp_bytes_of(octets, n));
	return true;
}
