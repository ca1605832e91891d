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
