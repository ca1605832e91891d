/* rsp-peer: runs a registrar, and asks registrars. See rsp-peer(1). */
#include "ask.h"
#include "peer.h"

static const struct rsp_cli_tool run_verb = {
	.name = "rsp-peer",
	.verb = "run",
	.operands = "",
	.summary = "be a registrar",
	.options = peer_options,
	.groups = RSP_CLI_SCOPE | RSP_CLI_TLS | RSP_CLI_KEYS | RSP_CLI_CERTIFICATES | RSP_CLI_TRACE |
		  RSP_CLI_REGISTRAR_TIMERS,
	.holds = true,
	.take = peer_take,
	.run = peer_run,
};

int
main(int argc, const char **argv)
{
	static const struct rsp_cli_tool *const verbs[] = {
		&run_verb, &peer_status, &peer_list, &peer_dump, &peer_ping,
	};

	peer_options_init();
	return rsp_cli_main_verbs(verbs, RSP_COUNT(verbs), argc, argv);
}
