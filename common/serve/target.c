#include "serve/target.h"

#include <stdio.h>
#include <string.h>

static enum rsp_err
plain_target(const char *spec, uint16_t port, struct rsp_target *ret, struct rsp_why *why)
{
	const char *at = strrchr(spec, '@'), *host = at ? at + 1 : spec;
	struct rsp_target target = { 0 };

	if (rsp_endpoint_parse(host, port, &target.endpoint) ||
	    (at && (at == spec || (size_t)(at - spec) >= sizeof target.name)))
		return rsp_fail(why, RSP_EUSAGE, spec, "is not [NAME@]HOST[:PORT]");
	if (at)
		(void)snprintf(target.name, sizeof target.name, "%.*s", (int)(at - spec), spec);
	else
		(void)snprintf(target.name, sizeof target.name, "%s", target.endpoint.host);
	*ret = target;
	return RSP_OK;
}

enum rsp_err
rsp_target_of(const struct rsp_scope *scope, const char *spec, enum rsp_service service, bool plaintext,
	      struct rsp_target *ret, struct rsp_why *why)
{
	if (plaintext)
		return plain_target(spec, service == RSP_SERVICE_ASAP ? RSP_PORT_ASAP_PLAIN : RSP_PORT_ENRP_PLAIN, ret,
				    why);
	enum rsp_err err = rsp_scope_registrar_at(scope, spec, service, ret, why);
	return err == RSP_EVALUE ? rsp_fail(why, RSP_EUSAGE, spec, "is not [NAME@]HOST[:PORT]") : err;
}
