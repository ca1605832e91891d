#include <stdio.h>

#include "keys/scope.h"
#include "serve/asap_client_priv.h"

/* Receives announcements of registrars. The engine decides which of them are used. */

static void
on_heard(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram)
{
	struct rsp_asap_client *s = ctx;
	struct rsp_trace_flow flow = {
		.ppid = RSP_PPID_ASAP,
		.src = rsp_sockaddr_ip(from),
		.src_port = rsp_sockaddr_port(from),
	};

	/* capture only announcements that are used: a flood must not fill the disk */
	if (rsp_client_announced(s->engine, rsp_clock_ms(), &flow.src, datagram))
		rsp_trace_message(s->config.trace, rsp_clock_wall_ms(), &flow, datagram);
	asap_client_settle(s);
}

/* An announced registrar must prove that it belongs to the scope: check that the configuration makes that possible. */
static enum rsp_err
check(const struct rsp_asap_client_config *config, struct rsp_why *why)
{
	bool names = config->tls_name || (config->scope && config->scope->n_registrars);

	if (config->n_discover > RSP_ASAP_CLIENT_DISCOVER_MAX)
		return rsp_fail(why, RSP_EUSAGE, "--discover", "given more than %d times",
				RSP_ASAP_CLIENT_DISCOVER_MAX);
	if (!config->plaintext && !config->element && !names)
		return rsp_fail(why, RSP_EUSAGE, "--discover",
				"without a scope directory, a name that certificates must have is needed");
	return RSP_OK;
}

enum rsp_err
rsp_asap_client_discover(struct rsp_asap_client *s, struct rsp_why *why)
{
	const struct rsp_asap_client_config *config = &s->config;
	enum rsp_err err = config->n_discover ? check(config, why) : RSP_OK;

	for (unsigned i = 0; !err && i < config->n_discover; i++) {
		struct rsp_announce_at at;

		if (rsp_announce_parse(config->discover[i], &at))
			return rsp_fail(why, RSP_EUSAGE, "--discover", "\"%s\" is not GROUP[%%INTERFACE][:PORT]",
					config->discover[i]);
		err = rsp_announce_listen(s->loop, &at, on_heard, s, &s->announce_listeners[i], why);
	}
	return err;
}

void
rsp_asap_client_discover_done(struct rsp_asap_client *s)
{
	for (size_t i = 0; i < RSP_COUNT(s->announce_listeners); i++) {
		rsp_announce_listener_free(s->announce_listeners[i]);
		s->announce_listeners[i] = NULL;
	}
}

unsigned
rsp_asap_client_discover_registrars(const struct rsp_asap_client *s, struct rsp_client_server *ret)
{
	const struct rsp_scope *scope = s->config.plaintext || s->config.tls_name ? NULL : s->config.scope;
	unsigned n = 0;

	for (; scope && n < scope->n_registrars && n < RSP_CLIENT_REGISTRARS_MAX; n++) {
		const struct rsp_scope_registrar *registrar = &scope->registrars[n];
		struct rsp_client_server *server = &ret[n];
		struct rsp_ip ip;

		*server = (struct rsp_client_server){ .name = registrar->name, .port = registrar->asap.port };
		if (rsp_ip_parse(registrar->asap.host, &ip) == RSP_OK)
			server->ip[server->n_ips++] = ip;
		for (size_t k = 0; k < registrar->n_addresses && server->n_ips < RSP_CLIENT_SERVER_IPS_MAX; k++)
			server->ip[server->n_ips++] = registrar->addresses[k];
	}
	return n;
}

bool
rsp_asap_client_discover_at(const struct rsp_asap_client *s, unsigned i, char out[static RSP_ANNOUNCE_TEXT_MAX])
{
	if (i >= RSP_COUNT(s->announce_listeners) || !s->announce_listeners[i])
		return false;
	rsp_announce_format(rsp_announce_listener_at(s->announce_listeners[i]), out);
	return true;
}
