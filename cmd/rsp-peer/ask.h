#ifndef CMD_RSP_PEER_ASK_H
#define CMD_RSP_PEER_ASK_H

#include "cli/main.h"
#include "serve/inquiry.h"

/* What list, dump and ping have in common: they turn options into a question to registrars, and answers into
 * records. */

#define PEER_ASK_GROUPS (RSP_CLI_SCOPE | RSP_CLI_SERVER | RSP_CLI_TLS | RSP_CLI_KEYS | RSP_CLI_IDENTITY | RSP_CLI_TRACE)

struct peer_question {
	struct rsp_monitor_config ask; /* its times are set by peer_ask() */
	bool each;                     /* ask every registrar named, instead of stopping at the first answer */
	/* As in serve/inquiry.h; FAILED only if the registrar is not tried again. An error ends the run. */
	enum rsp_err (*event)(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event,
			      uint64_t rtt_us);
	void *ctx;
};

/**
 * Ask the registrars that the options name. Returns the exit status: that of a failure before the first question; or,
 * if not every registrar is asked, that of the failure of all of them. The failure has been reported then.
 */
int peer_ask(const struct peer_question *question);

/** The registrar as records show it: { id, name, address, auth, tls, secure }. */
json_t *peer_registrar_json(const struct rsp_inquiry_server *server);

extern const struct rsp_cli_tool peer_list, peer_dump, peer_ping, peer_status;

#endif
