#include "engine/registrar/reach.h"

#include <stdlib.h>

/* The hash of a destination: @identity, which must answer there (NULL in plain text), address and port. */
static uint64_t
hash_destination(const struct rsp_core *core, const char *identity, const struct rsp_ip *ip, uint16_t port)
{
	uint8_t octets[sizeof(ip->ip) + 2] = { 0 };
	uint64_t hash;

	memcpy(octets, ip->ip, sizeof(ip->ip));
	octets[sizeof(ip->ip)] = (uint8_t)(port >> 8);
	octets[sizeof(ip->ip) + 1] = (uint8_t)port;
	hash = rsp_hash(&core->key, rsp_bytes_of(octets, sizeof(octets)));
	return identity ? hash ^ rsp_hash(&core->key, rsp_bytes_str(identity)) : hash;
}

static struct rsp_link *
find_dial(const struct rsp_core *core, const char *identity, const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_table_node *node = *rsp_table_chain(&core->dials, hash_destination(core, identity, ip, port));

	for (; node; node = node->next) {
		struct rsp_link *link = RSP_CONTAINER(node, struct rsp_link, dial);
		const char *name = link->info.identity;
		bool same = identity ? name && strcmp(name, identity) == 0 : !name;

		if (same && link->info.remote_port == port && rsp_ip_equal(&link->info.remote, ip))
			return link;
	}
	return NULL;
}

/* Get the address and port where the element listens for registrars. False: it has none that can be dialled. */
static bool
find_asap_transport(const struct rsp_element *e, struct rsp_ip *ret_ip, uint16_t *ret_port)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	if (pe.asap.type != RSP_PARAM_TCP || !pe.asap.port || pe.asap.n_addrs == 0)
		return false;
	*ret_ip = rsp_transport_ip(&pe.asap, 0);
	*ret_port = pe.asap.port;
	return !rsp_ip_unfit(ret_ip);
}

struct rsp_link *
rsp_reach_find(const struct rsp_core *core, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);
	struct rsp_ip ip;
	uint16_t port;

	return find_asap_transport(e, &ip, &port) ? find_dial(core, e->owner, &ip, port) : NULL;
}

struct rsp_link *
rsp_reach_dial(struct rsp_core *core, const struct rsp_member *m)
{
	const char *owner = rsp_member_element(m)->owner;
	struct rsp_ip ip;
	uint16_t port;

	if (!find_asap_transport(rsp_member_element(m), &ip, &port))
		return NULL;
	struct rsp_link *link = find_dial(core, owner, &ip, port);
	if (link)
		return link;

	struct rsp_dial to = { .protocol = RSP_ASAP,
			       .role = core->config.insecure ? RSP_ROLE_NONE : RSP_ROLE_NOTIFY,
			       .server_name = owner,
			       .ip = ip,
			       .port = port };
	char *identity = owner ? strdup(owner) : NULL;
	uint32_t id = owner && !identity ? 0 : core->ops->dial(core->ctx, &to);
	link = id ? rsp_link_new(core, id) : NULL;
	if (!link) {
		if (id)
			core->ops->close(core->ctx, id);
		free(identity);
		return NULL;
	}
	link->dialled = true;
	link->look_only = true;
	link->info.protocol = RSP_ASAP;
	link->info.identity = identity;
	link->info.remote = ip;
	link->info.remote_port = port;
	core->n_dialling++;
	rsp_table_add(&core->dials, &link->dial, hash_destination(core, identity, &ip, port));
	return link;
}
