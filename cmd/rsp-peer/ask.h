#ifndef CMD_RSP_PEER_ASK_H
#define CMD_RSP_PEER_ASK_H

#include "cli/main.h"
#include "serve/inquiry.h"

/* What list, dump and ping have in common: from options to a question put to registrars, and back to records. */

#define PEER_ASK_GROUPS (RSP_CLI_SCOPE | RSP_CLI_SERVER | RSP_CLI_TLS | RSP_CLI_KEYS | RSP_CLI_IDENTITY | RSP_CLI_TRACE)

struct peer_question {
	struct rsp_monitor_config ask; /* but for its times */
	bool each;                     /* of every registrar named, instead of the first that answers */
	/* As in serve/inquiry.h, FAILED only for good. An error is the end: nobody is asked any more. */
	enum rsp_err (*event)(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event,
			      uint64_t rtt_us);
	void *ctx;
};

/**
 * Ask. Returns the exit status of what went wrong before anything was asked, or, unless it is for each, if no answer
 * was had to the end; the failure has then been reported.
 */
int peer_ask(const struct peer_question *question);

/** The registrar: { id, name, address, auth, tls, secure }. */
json_t *peer_registrar_json(const struct rsp_inquiry_server *server);

extern const struct rsp_cli_tool peer_list, peer_dump, peer_ping, peer_status;

#endif
