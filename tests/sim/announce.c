#include "announce.h"

#include <stdlib.h>

#include "net.h"

/* An ASAP_SERVER_ANNOUNCE of @n, RFC 5352 s.2.2.10. */
static size_t
announcement(const struct sim_node *n, uint8_t *out, size_t room)
{
	struct rsp_transport transport = { .type = RSP_PARAM_TCP, .port = SIM_ASAP_PORT };
	uint8_t list[64], ips[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_SERVER_ANNOUNCE,
				   .has = RSP_HAS_LIST,
				   .server_id = n->server_id };
	size_t size = 0, list_size = 0;

	rsp_transport_set_ips(&transport, &n->ip, 1, ips);
	rsp_transport_encode(&wr, &transport);
	bool fits = !rsp_wr_end(&wr, &list_size);
	msg.list = rsp_bytes_of(list, list_size);
	msg.n_list = 1;
	if (!fits || rsp_message_encode(&msg, out, room, &size))
		abort();
	return size;
}

static void
announce(struct sim *w, const struct sim_node *n)
{
	uint8_t octets[128];
	size_t size = announcement(n, octets, sizeof(octets));

	for (unsigned i = w->n_registrars; i < w->n_nodes; i++) {
		struct sim_node *client = &w->node[i];

		if (!client->client || !sim_node_runs(client) || sim_net_blocked(w, n, client))
			continue;
		if (!rsp_client_announced(client->client, sim_node_clock(client), &n->ip,
					  rsp_bytes_of(octets, size)))
			sim_violated(w, "announcement", "%s cannot read what %s announces", client->name, n->name);
		sim_node_arm(client);
	}
}

static void
on_announce(struct sim *w, void *ctx, uint32_t generation)
{
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *n = sim_registrar(w, i);

		if (sim_node_runs(n) && n->serving_ms != RSP_NEVER)
			announce(w, n);
	}
	sim_at(w, w->now + SIM_ANNOUNCE_MS, on_announce, ctx, generation);
}

void
sim_announce_start(struct sim *w)
{
	if (w->plan.announces)
		sim_at(w, w->now, on_announce, NULL, 0);
}
