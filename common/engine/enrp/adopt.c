#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* The elements of a registrar that was taken over, RFC 5353 s.3.5.2: each is told by a keep-alive with the H flag that
 * we are its home. For that it is dialled where it listens for registrars (its ASAP transport); the elements that one
 * process holds share a connection. Who cannot be reached has the grace time to come by itself. */

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

void
rsp_adopt(struct rsp_registrar *r, struct rsp_element *e, uint64_t in_ms)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	rsp_element_attach(e, NULL);
	e->adopting = true;
	e->waiting = e->marked = false;
	e->keepalive_sent_ms = 0;
	rsp_wheel_set(&r->expiry, &e->expiry,
		      pe.lifetime_s < 0 ? RSP_NEVER : r->now_ms + (uint64_t)pe.lifetime_s * 1000);
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + in_ms);
}

/* It comes by itself, or it is gone. */
static void
leave_alone(struct rsp_registrar *r, struct rsp_element *e)
{
	rsp_element_attach(e, NULL);
	e->adopting = false;
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
}

void
rsp_adopt_due(struct rsp_registrar *r, struct rsp_element *e)
{
	if (e->link) { /* the dialling takes too long */
		leave_alone(r, e);
		return;
	}
	if (RSP_FAULTY(TAKEOVER_WITHOUT_ADOPTION)) {
		e->adopting = false;
		return;
	}
	if (r->n_dialling >= r->config.max_adoptions) {
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + rsp_rng_jitter(&r->rng, 100, 50));
		return;
	}
	struct rsp_link *link = rsp_reach(r, e, false);
	if (!link) {
		leave_alone(r, e);
		return;
	}
	rsp_element_attach(e, link);
	if (link->up)
		rsp_asap_keep_alive(r, r->now_ms, e, true);
	else
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.keepalive_timeout_ms);
}

bool
rsp_adopt_otherwise(struct rsp_registrar *r, struct rsp_element *e)
{
	uint32_t gone = e->link;
	struct rsp_link *link = rsp_reach_find(r, e);

	if (!link || !link->up || link->id == gone)
		return false;
	rsp_element_attach(e, link);
	e->adopting = true;
	rsp_asap_keep_alive(r, r->now_ms, e, true);
	return true;
}

void
rsp_adopt_link_up(struct rsp_registrar *r, struct rsp_link *link)
{
	if (!link->elements && link->n_looks == 0) { /* they came by themselves, or went elsewhere */
		rsp_link_drop(r, link);
		return;
	}
	rsp_looks_link_up(r, link);
	for (struct rsp_element *e = link->elements, *next; e; e = next) {
		next = e->link_next;
		if (!e->waiting)
			rsp_asap_keep_alive(r, r->now_ms, e, true);
	}
}

void
rsp_adopted(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_element *e)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_ADOPTED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE };

	e->adopting = false;
	r->stats.adopted++;
	rsp_registrar_record(r, link, event);
}
