#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/scope.h"
#include "serve/asap_client_priv.h"
#include "serve/target.h"

/* The registrars that a client may ask. */

static void
take(struct rsp_asap_client *s, struct rsp_client_server *ret, const char *name, const struct rsp_endpoint *endpoint,
     const struct rsp_scope_registrar *registrar)
{
	struct asap_client_server *server = &s->servers[s->n_servers];
	struct rsp_ip ip;

	(void)snprintf(server->host, sizeof server->host, "%s", endpoint->host);
	(void)snprintf(server->name, sizeof server->name, "%s", name);
	server->port = endpoint->port;
	*ret = (struct rsp_client_server){ .name = server->name, .host = server->host, .port = endpoint->port };
	if (rsp_ip_parse(server->host, &ip) == RSP_OK)
		ret->ip[ret->n_ips++] = ip;
	for (size_t i = 0; registrar && i < registrar->n_addresses; i++) {
		if (ret->n_ips && ret->n_ips < RSP_CLIENT_SERVER_IPS_MAX)
			ret->ip[ret->n_ips++] = registrar->addresses[i];
		/* to be tried after the addresses that the lookup of the name returns */
		else if (!ret->n_ips && server->n_more < RSP_CLIENT_SERVER_IPS_MAX)
			server->more[server->n_more++] = registrar->addresses[i];
	}
	s->n_servers++;
}

enum rsp_err
rsp_asap_client_servers(struct rsp_asap_client *s, struct rsp_client_server *ret, struct rsp_why *why)
{
	const struct rsp_asap_client_config *config = &s->config;
	const struct rsp_scope *scope = config->scope;
	size_t n = config->n_servers ? config->n_servers : scope ? scope->n_registrars : 0;
	const struct rsp_scope_registrar *unusable = NULL;

	if (n == 0 && !config->n_discover)
		return rsp_fail(why, RSP_EUSAGE, scope ? scope->dir : "registrar",
				"no registrar is named here: give one with -s HOST:PORT");
	if (n > RSP_CLIENT_SERVERS_MAX && config->n_servers)
		return rsp_fail(why, RSP_EUSAGE, "server", "%zu are given, %d are allowed", n, RSP_CLIENT_SERVERS_MAX);
	n = n < RSP_CLIENT_SERVERS_MAX ? n : RSP_CLIENT_SERVERS_MAX;
	s->servers = calloc(n ? n : 1, sizeof *s->servers);
	if (!s->servers)
		return rsp_fail(why, RSP_ENOMEM, "session", "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct rsp_scope_registrar *registrar =
			scope && !config->n_servers ? &scope->registrars[i] : NULL;
		struct rsp_target target = { 0 };

		if (registrar && !registrar->asap.port) { /* the kernel chose the port: it cannot be dialled */
			unusable = unusable ? unusable : registrar;
			continue;
		}
		if (registrar) {
			take(s, &ret[s->n_servers], registrar->name, &registrar->asap, registrar);
			continue;
		}
		enum rsp_err err = rsp_target_of(scope, config->servers[i], RSP_SERVICE_ASAP, config->plaintext,
						 &target, why);
		if (err)
			return err;
		take(s, &ret[s->n_servers], target.name, &target.endpoint, target.registrar);
	}
	/* an announcement may tell where it is */
	return unusable && s->n_servers == 0 && !config->n_discover ? rsp_scope_no_port(unusable->name, why) : RSP_OK;
}

void
rsp_asap_client_servers_where(const struct rsp_asap_client *s, const char *name, char out[static RSP_ENDPOINT_TEXT_MAX])
{
	const struct rsp_scope_registrar *registrar =
		s->config.scope && *name ? rsp_scope_registrar_named(s->config.scope, name) : NULL;
	struct rsp_endpoint at = registrar ? registrar->asap : (struct rsp_endpoint){ .port = 0 };

	/* the servers of the command line have precedence over the scope */
	for (unsigned i = 0; *name && i < s->n_servers; i++)
		if (strcmp(s->servers[i].name, name) == 0) {
			(void)snprintf(at.host, sizeof at.host, "%s", s->servers[i].host);
			at.port = s->servers[i].port;
			break;
		}
	*out = '\0';
	if (at.port) /* 0: the kernel chose the port */
		rsp_endpoint_format(&at, out);
}
