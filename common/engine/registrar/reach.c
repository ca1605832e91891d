#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* A link to an element, by where it leads; the same element's registrations share one. */
uint64_t
rsp_reach_hash_of(const void *ctx, const struct rsp_table_node *node)
{
	const struct rsp_link *link = RSP_CONTAINER((uintptr_t)node, struct rsp_link, reach);

	return rsp_reach_hash(ctx, link->info.identity, &link->info.remote, link->info.remote_port);
}

uint64_t
rsp_reach_hash(const struct rsp_registrar *r, const char *identity, const struct rsp_ip *ip, uint16_t port)
{
	uint8_t octets[sizeof(ip->ip) + 2] = { 0 };
	uint64_t hash;

	memcpy(octets, ip->ip, sizeof(ip->ip));
	octets[sizeof(ip->ip)] = (uint8_t)(port >> 8);
	octets[sizeof(ip->ip) + 1] = (uint8_t)port;
	hash = rsp_hash(&r->key, rsp_bytes_of(octets, sizeof(octets)));
	return identity ? hash ^ rsp_hash(&r->key, rsp_bytes_str(identity)) : hash;
}

static struct rsp_link *
find(const struct rsp_registrar *r, const char *identity, const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_table_node *node = *rsp_table_chain(&r->reach, rsp_reach_hash(r, identity, ip, port));

	for (; node; node = node->next) {
		struct rsp_link *link = RSP_CONTAINER(node, struct rsp_link, reach);
		const char *name = link->info.identity;
		bool same = identity ? name && strcmp(name, identity) == 0 : !name;

		if (same && link->info.remote_port == port && rsp_ip_equal(&link->info.remote, ip))
			return link;
	}
	return NULL;
}

/* Where @e listens for registrars: false if it does not. */
static bool
listens_at(const struct rsp_element *e, struct rsp_ip *ret_ip, uint16_t *ret_port)
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
rsp_reach_find(const struct rsp_registrar *r, const struct rsp_element *e)
{
	struct rsp_ip ip;
	uint16_t port;

	return listens_at(e, &ip, &port) ? find(r, e->owner, &ip, port) : NULL;
}

struct rsp_link *
rsp_reach(struct rsp_registrar *r, const struct rsp_element *e, bool look)
{
	struct rsp_ip ip;
	uint16_t port;

	if (!listens_at(e, &ip, &port))
		return NULL;
	struct rsp_link *link = find(r, e->owner, &ip, port);
	if (link)
		return link;

	struct rsp_dial to = { .protocol = RSP_ASAP,
			       .role = r->config.insecure ? RSP_ROLE_NONE : RSP_ROLE_NOTIFY,
			       .server_name = e->owner,
			       .ip = ip,
			       .port = port };
	char *identity = e->owner ? strdup(e->owner) : NULL;
	uint32_t id = e->owner && !identity ? 0 : r->ops->dial(r->ctx, &to);
	link = id ? rsp_link_new(r, id) : NULL;
	if (!link) {
		if (id)
			r->ops->close(r->ctx, id);
		free(identity);
		return NULL;
	}
	link->dialled = true;
	link->looked = look;
	link->info.protocol = RSP_ASAP;
	link->info.identity = identity;
	link->info.remote = ip;
	link->info.remote_port = port;
	r->n_dialling++;
	rsp_table_add(&r->reach, &link->reach, rsp_reach_hash(r, identity, &ip, port));
	return link;
}
