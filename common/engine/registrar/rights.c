#include "engine/registrar/registrar_priv.h"

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

const char *
rsp_rights_no_element(const struct rsp_registrar *r, const struct rsp_link *link)
{
	if (r->config.insecure)
		return NULL;
	if (!link->info.secure)
		return "plain-text";
	/* an element's own connection, or the one to its listener */
	bool element = link->info.role == RSP_ROLE_ELEMENT || (link->dialled && link->info.role == RSP_ROLE_NOTIFY);
	return element && link->info.identity ? NULL : "not-an-element";
}

/* What authz.json says; UINT32_MAX: nothing. */
static uint32_t
own_limit(const struct rsp_registrar *r, const char *identity)
{
	return r->config.max_elements && identity ? r->config.max_elements(r->ctx, identity) : UINT32_MAX;
}

uint32_t
rsp_rights_elements(const struct rsp_registrar *r, const char *identity)
{
	uint32_t most = own_limit(r, identity);

	return most != UINT32_MAX ? most : r->config.max_identity_elements;
}

uint32_t
rsp_rights_pools(const struct rsp_registrar *r, const char *identity)
{
	uint32_t most = own_limit(r, identity);

	return most != UINT32_MAX ? most : r->config.max_identity_pools;
}

#define RENEWAL_S 60 /* who may hold so many may register all of them so often: T4 is longer */

struct rsp_rate
rsp_rights_rate(const struct rsp_registrar *r, const char *identity)
{
	struct rsp_rate rate = r->config.registrations;
	uint32_t most = own_limit(r, identity);

	if (rate.per_s == 0 || most == UINT32_MAX)
		return rate;
	rate.burst = most > rate.burst ? most : rate.burst;
	rate.per_s = most / RENEWAL_S > rate.per_s ? most / RENEWAL_S : rate.per_s;
	return rate;
}

/* What its home says of where the element listens is its own address, or one that it may register. Where that is one of the
 * latter, the address of its connection is not known. */
static bool
may_be_there(const struct rsp_registrar *r, const char *owner, const struct rsp_pool_element *pe)
{
	struct rsp_ip own = pe->asap.n_addrs ? rsp_transport_ip(&pe->asap, 0) : (struct rsp_ip){ 0 };

	return rsp_rights_addresses(r, owner, &own, &pe->user) ||
	       (own.family && r->config.may_address && r->config.may_address(r->ctx, owner, &own));
}

/* As far as we know what its owner may do: another registrar may have a newer authz.json. */
static const char *
not_rightful(const struct rsp_registrar *r, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	char owner[RSP_OWNER_MAX + 1] = "";

	if (r->config.insecure || pe->owner.n == 0 || pe->owner.n > RSP_OWNER_MAX || !r->config.is_listed)
		return NULL;
	memcpy(owner, pe->owner.p, pe->owner.n);
	if (strlen(owner) != pe->owner.n || !r->config.is_listed(r->ctx, owner))
		return NULL;
	if (r->config.may && !r->config.may(r->ctx, owner, handle))
		return "pool-not-allowed";
	if (!rsp_rights_opaque(r, owner, &pe->user))
		return "opaque-not-allowed";
	return may_be_there(r, owner, pe) ? NULL : "address-not-own";
}

/* A quarter of the handlespace is kept for what elements register here. */
static uint32_t
others_share(uint32_t limit)
{
	return limit - limit / 4;
}

const char *
rsp_rights_refusal(const struct rsp_registrar *r, struct rsp_bytes handle, const struct rsp_pool_element *pe,
		   uint16_t *ret_cause)
{
	const struct rsp_pool *pool = rsp_pool_find(r->space, handle);
	const struct rsp_element *e = rsp_element_find(r->space, pool, pe->pe_id);
	const char *reason = not_rightful(r, handle, pe);

	*ret_cause = reason ? RSP_CAUSE_SECURITY : RSP_CAUSE_LACK_OF_RESOURCES;
	if (reason || pe->home_id == r->config.server_id)
		return reason;
	if ((!e || rsp_element_home_id(e) != pe->home_id) &&
	    rsp_home_count(r->space, pe->home_id) >= r->config.max_registrar_elements)
		return "elements-of-one-registrar";
	if (!pool && rsp_home_pools(r->space, pe->home_id) >= r->config.max_registrar_pools)
		return "pools-of-one-registrar";
	/* A registrar can come back under a new server id as often as it likes, and what it said before is another's then. */
	if ((!e && rsp_handlespace_elements(r->space) >= others_share(r->config.limits.elements)) ||
	    (!pool && rsp_handlespace_pools(r->space) >= others_share(r->config.limits.pools)))
		return "share-of-all-registrars";
	return NULL;
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
	const struct rsp_link *link = rsp_registrar_link(r, e->link);
	const struct rsp_account *account = rsp_account_get(&r->accounts, &r->key, rsp_bytes_str(e->owner));
	uint32_t most = rsp_rights_elements(r, e->owner);
	/* Elements that were taken over may be more than their owner could register here: these stay. */
	bool too_many = account && most < account->most && account->elements > most;
	/* Of an element that is not connected itself, no more is known than of another registrar's. */
	bool here = link && !link->dialled ? rsp_rights_addresses(r, e->owner, &link->info.remote, &pe.user)
					   : may_be_there(r, e->owner, &pe);
	return here && rsp_rights_opaque(r, e->owner, &pe.user) && !too_many;
}

static void
review_element(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };

	if (rsp_element_home_id(e) == r->config.server_id) {
		if (!is_rightful(r, e))
			rsp_registrar_remove(r, r->now_ms, e, RSP_REMOVAL_RIGHTS, NULL);
		return;
	}
	rsp_element_decode(e, &pe);
	if (not_rightful(r, rsp_pool_handle(e->pool), &pe)) /* its home may still have it, and says so at every audit */
		rsp_registrar_forget(r, r->now_ms, e);
}

static void
review_elements(struct rsp_registrar *r)
{
	struct rsp_walk walk;
	struct rsp_element *e;

	rsp_walk_begin(r->space, &walk, 0);
	while ((e = rsp_walk_next(&walk)))
		if (e->owner)
			review_element(r, e);
	rsp_walk_end(&walk);
	for (unsigned i = 0; i < r->n_peers; i++)
		r->peer[i]->lists_refused = false; /* we may take it now */
}

/* A peer without a key may still run, but cannot be told from anybody else. Its elements go to others as if it were dead, and
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
