/* rsp-peer run: announces the registrar's address to elements and users (RFC 5352 s.3.6). */
#include "keys/scope.h"
#include "peer.h"
#include "record.h"

/* Not while the registrar joins: its handlespace is not complete, and elements and users should use another one. */
static bool
serves(void *ctx)
{
	const struct rsp_registrar_service *serve = ctx;

	return rsp_registrar_state(rsp_registrar_service_engine(serve)) == RSP_REGISTRAR_SERVING;
}

static void
on_state(void *ctx, const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n, const struct rsp_why *why)
{
	(void)ctx;
	peer_record_announcing(to, ip, n, peer_option.announce.port, why);
}

enum rsp_err
peer_announce(struct rsp_loop *loop, const char *name, const struct rsp_scope *scope,
	      struct rsp_registrar_service *serve, struct rsp_announcer **ret, struct rsp_why *why)
{
	struct rsp_announcer_config *announce = &peer_option.announce;
	const struct rsp_scope_registrar *self = scope ? rsp_scope_registrar_named(scope, name) : NULL;
	const struct rsp_sockaddr *asap = rsp_registrar_service_address(serve, RSP_SERVE_ASAP);

	if (announce->n_to == 0)
		return RSP_OK;
	if (!asap)
		return rsp_fail(why, RSP_EUSAGE, "--announce",
				"the registrar has no ASAP port to announce: give --asap");
	rsp_cli_timer_u32(RSP_TIMER_T6_SERVERANNOUNCE, &announce->t6_ms);
	announce->server_id = rsp_registrar_service_id(serve);
	announce->ip = rsp_sockaddr_ip(asap);
	announce->port = rsp_sockaddr_port(asap);
	for (size_t i = 0; self && i < self->n_addresses && announce->n_more < RSP_COUNT(announce->more); i++)
		announce->more[announce->n_more++] = self->addresses[i];
	announce->serves = serves;
	announce->state = on_state;
	announce->ctx = serve;
	return rsp_announcer_new(loop, announce, ret, why);
}
