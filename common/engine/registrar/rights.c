#include "engine/registrar/rights.h"

static bool
may_address(const struct rsp_core *core, const char *identity, const struct rsp_ip *ip)
{
	return core->config.may_address && identity && core->config.may_address(core->ctx, identity, ip);
}

/* Whether @ip is an address of the other side of @link. A multihomed association has several addresses. */
static bool
is_of_link(const struct rsp_link *link, const struct rsp_ip *ip)
{
	if (rsp_ip_equal(&link->info.remote, ip))
		return true;
	for (unsigned i = 0; i < link->info.n_others; i++)
		if (rsp_ip_equal(&link->info.others[i], ip))
			return true;
	return false;
}

bool
rsp_rights_addresses(const struct rsp_core *core, const struct rsp_link *link, const char *identity,
		     const struct rsp_transport *transport)
{
	for (unsigned i = 0; i < transport->n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(transport, i);

		if (!is_of_link(link, &ip) && !may_address(core, identity, &ip))
			return false;
	}
	return true;
}

bool
rsp_rights_opaque(const struct rsp_core *core, const char *identity, const struct rsp_transport *user)
{
	return user->type != RSP_PARAM_OPAQUE ||
	       (core->config.may_opaque && identity && core->config.may_opaque(core->ctx, identity));
}

enum rsp_reason
rsp_rights_no_element(const struct rsp_core *core, const struct rsp_link *link)
{
	if (core->config.insecure)
		return RSP_REASON_NONE;
	if (!link->info.secure)
		return RSP_REASON_PLAIN_TEXT;
	/* the connection of an element, or a link that this registrar dialled to the ASAP transport of an element */
	bool element = link->info.role == RSP_ROLE_ELEMENT || (link->dialled && link->info.role == RSP_ROLE_NOTIFY);
	return element && link->info.identity ? RSP_REASON_NONE : RSP_REASON_NOT_AN_ELEMENT;
}

/* The limit for @identity in authz.json; UINT32_MAX: authz.json has none. */
static uint32_t
own_limit(const struct rsp_core *core, const char *identity)
{
	return core->config.max_elements && identity ? core->config.max_elements(core->ctx, identity) : UINT32_MAX;
}

uint32_t
rsp_rights_elements(const struct rsp_core *core, const char *identity)
{
	uint32_t most = own_limit(core, identity);

	return most != UINT32_MAX ? most : core->config.max_identity_elements;
}

uint32_t
rsp_rights_pools(const struct rsp_core *core, const char *identity)
{
	uint32_t most = own_limit(core, identity);

	return most != UINT32_MAX ? most : core->config.max_identity_pools;
}

#define RENEWAL_S 60 /* in this time, an identity may renew all its elements: T4-reregistration is longer */

struct rsp_rate
rsp_rights_rate(const struct rsp_core *core, const char *identity)
{
	struct rsp_rate rate = core->config.registrations;
	uint32_t most = own_limit(core, identity);

	if (rate.per_s == 0 || most == UINT32_MAX)
		return rate;
	rate.burst = most > rate.burst ? most : rate.burst;
	rate.per_s = most / RENEWAL_S > rate.per_s ? most / RENEWAL_S : rate.per_s;
	return rate;
}

/* Whether @owner may register the addresses of @pe, an element of another home. This registrar does not know the
 * address of the element's connection, so it takes the address of the ASAP transport instead. If authz.json allows this
 * address to @owner, all addresses are accepted. */
static bool
may_be_there(const struct rsp_core *core, const char *owner, const struct rsp_pool_element *pe)
{
	struct rsp_ip own = pe->asap.n_addrs ? rsp_transport_ip(&pe->asap, 0) : (struct rsp_ip){ 0 };

	if (own.family && may_address(core, owner, &own))
		return true;
	for (unsigned i = 0; i < pe->user.n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(&pe->user, i);

		if (!rsp_ip_equal(&ip, &own) && !may_address(core, owner, &ip))
			return false;
	}
	return true;
}

enum rsp_reason
rsp_rights_foreign(const struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	char owner[RSP_OWNER_MAX + 1] = "";

	if (core->config.insecure || pe->owner.n == 0 || pe->owner.n > RSP_OWNER_MAX || !core->config.is_listed)
		return RSP_REASON_NONE;
	memcpy(owner, pe->owner.p, pe->owner.n);
	if (strlen(owner) != pe->owner.n || !core->config.is_listed(core->ctx, owner))
		return RSP_REASON_NONE;
	if (core->config.may && !core->config.may(core->ctx, owner, handle))
		return RSP_REASON_POOL_NOT_ALLOWED;
	if (!rsp_rights_opaque(core, owner, &pe->user))
		return RSP_REASON_OPAQUE_NOT_ALLOWED;
	return may_be_there(core, owner, pe) ? RSP_REASON_NONE : RSP_REASON_ADDRESS_NOT_OWN;
}

/* The part of @limit for elements that other registrars have stated. A quarter of the handlespace is reserved for elements
 * that register here. */
static uint32_t
others_share(uint32_t limit)
{
	return limit - limit / 4;
}

/* The record that @pe replaces; NULL: there is none. The record of another owner, or of another registrar without
 * STATEMENT, stays beside it. */
static const struct rsp_element *
find_record(const struct rsp_core *core, const struct rsp_pool *pool, const struct rsp_pool_element *pe)
{
	if (pe->statement.rank)
		return rsp_element_find_of(core->space, pool, pe->pe_id, pe->owner);
	return rsp_element_find_word(core->space, pool, pe->pe_id, pe->home_id);
}

enum rsp_reason
rsp_rights_refusal(const struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe,
		   uint16_t *ret_cause)
{
	const struct rsp_pool *pool = rsp_pool_find(core->space, handle);
	const struct rsp_element *e = find_record(core, pool, pe);
	bool ours = pe->home_id == core->config.server_id, here = e && rsp_element_home_id(e) == pe->home_id;
	enum rsp_reason reason = rsp_rights_foreign(core, handle, pe);

	*ret_cause = reason ? RSP_CAUSE_SECURITY : RSP_CAUSE_LACK_OF_RESOURCES;
	if (reason)
		return reason;
	if (!ours && !here && rsp_home_count(core->space, pe->home_id) >= core->config.max_registrar_elements)
		return RSP_REASON_ELEMENTS_OF_ONE_REGISTRAR;
	if (!ours && !pool && rsp_home_pools(core->space, pe->home_id) >= core->config.max_registrar_pools)
		return RSP_REASON_POOLS_OF_ONE_REGISTRAR;
	/* The limits above are for one server id, and a registrar can use a new server id after each restart, or name this
	 * registrar as the home. So all that other registrars say has a limit, too. */
	if ((!e && rsp_handlespace_elements(core->space) >= others_share(core->config.limits.elements)) ||
	    (!pool && rsp_handlespace_pools(core->space) >= others_share(core->config.limits.pools)))
		return RSP_REASON_SHARE_OF_REGISTRARS;
	return RSP_REASON_NONE;
}

bool
rsp_rights_own(struct rsp_core *core, const struct rsp_member *m)
{
	const char *owner = rsp_member_element(m)->owner;
	struct rsp_bytes handle = rsp_pool_handle(rsp_member_element(m)->pool);
	struct rsp_pool_element pe = { 0 };

	if (core->config.has_key && !core->config.has_key(core->ctx, RSP_ROLE_ELEMENT, owner))
		return false;
	if (core->config.may && !core->config.may(core->ctx, owner, handle))
		return false;
	rsp_element_decode(rsp_member_element(m), &pe);
	const struct rsp_link *link = rsp_link_find(core, m->link);
	const struct rsp_account *account = rsp_account_get(&core->accounts, &core->key, rsp_bytes_str(owner));
	uint32_t most = rsp_rights_elements(core, owner);
	/* After a takeover, an owner may have more elements here than it could register here.
	 * These elements stay, unless the limit was lowered. */
	bool too_many = account && most < account->most && account->elements > most;
	/* If the element has no connection that it opened, this registrar checks its
	 * addresses like those of an element of another home. */
	bool here = link && !link->dialled ? rsp_rights_addresses(core, link, owner, &pe.user)
					   : may_be_there(core, owner, &pe);
	return here && rsp_rights_opaque(core, owner, &pe.user) && !too_many;
}
