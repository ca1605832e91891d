#include "engine/registrar_priv.h"

/* What identities may register, RFC 5355 s.2.1-2.4: the addresses, the pools, how much of them. */

bool
rsp_rights_addresses(const struct rsp_registrar *r, const char *identity, const struct rsp_ip *own,
		     const struct rsp_transport *transport)
{
	for (unsigned i = 0; i < transport->n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(transport, i);

		if (!rsp_ip_equal(&ip, own) &&
		    (!r->config.may_address || !identity || !r->config.may_address(r->ctx, identity, &ip)))
			return false;
	}
	return true;
}

bool
rsp_rights_opaque(const struct rsp_registrar *r, const char *identity, const struct rsp_transport *user)
{
	return user->type != RSP_PARAM_OPAQUE ||
	       (r->config.may_opaque && identity && r->config.may_opaque(r->ctx, identity));
}

uint32_t
rsp_rights_elements(const struct rsp_registrar *r, const char *identity)
{
	uint32_t most = r->config.max_elements && identity ? r->config.max_elements(r->ctx, identity) : UINT32_MAX;

	return most != UINT32_MAX ? most : r->config.max_identity_elements;
}

/* Where the element itself is: its connection, or where it listens for registrars. */
static struct rsp_ip
own_address(const struct rsp_registrar *r, const struct rsp_element *e, const struct rsp_pool_element *pe)
{
	const struct rsp_link *link = rsp_registrar_link(r, e->link);

	if (link)
		return link->info.remote;
	return pe->asap.n_addrs ? rsp_transport_ip(&pe->asap, 0) : (struct rsp_ip){ 0 };
}

/* Whether the owner of @e, which is ours, may register it as it is. */
static bool
is_rightful(struct rsp_registrar *r, const struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };
	struct rsp_bytes handle = rsp_pool_handle(e->pool);

	if (r->config.has_key && !r->config.has_key(r->ctx, RSP_ROLE_ELEMENT, e->owner))
		return false;
	if (r->config.may && !r->config.may(r->ctx, e->owner, handle))
		return false;
	rsp_element_decode(e, &pe);
	struct rsp_ip own = own_address(r, e, &pe);
	const struct rsp_account *account = rsp_account_get(&r->accounts, &r->key, rsp_bytes_str(e->owner));
	return rsp_rights_addresses(r, e->owner, &own, &pe.user) && rsp_rights_opaque(r, e->owner, &pe.user) &&
	       (!account || account->elements <= rsp_rights_elements(r, e->owner));
}

static void
review_elements(struct rsp_registrar *r)
{
	struct rsp_walk walk;
	struct rsp_element *e;

	rsp_walk_begin(r->space, &walk, 0);
	while ((e = rsp_walk_next(&walk)))
		if (e->owner && rsp_element_home_id(e) == r->config.server_id && !is_rightful(r, e))
			rsp_registrar_remove(r, r->now_ms, e, RSP_REMOVAL_RIGHTS, NULL);
	rsp_walk_end(&walk);
}

/* Whoever it is may still run, but cannot be told from anybody else. What is its goes to others as if it were dead, and
 * each of these elements has to show that it is there: its former home may have said anything. */
static void
review_peers(struct rsp_registrar *r)
{
	for (unsigned i = 0; i < r->n_peers; i++) {
		struct rsp_peer *peer = r->peer[i];

		if (!r->config.has_key || !peer->heard || !*peer->name || !rsp_peer_is_alive(peer) ||
		    r->config.has_key(r->ctx, RSP_ROLE_PEER, peer->name))
			continue;
		rsp_peer_dead(r, peer, "rights-ended");
		i = UINT32_MAX; /* the list may be another one: from the front again */
	}
}

void
rsp_rights_review(struct rsp_registrar *r)
{
	if (r->config.insecure || r->leaving)
		return;
	review_elements(r);
	review_peers(r);
}
