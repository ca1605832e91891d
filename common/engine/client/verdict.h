#ifndef RSP_ENGINE_CLIENT_VERDICT_H
#define RSP_ENGINE_CLIENT_VERDICT_H

#include "engine/client/candidate.h"

/** The text for people about the server of @link: written to @out, or the name
 * of @link. See rsp_client_server_text(). */
const char *rsp_client_verdict_link_text(const struct client_candidates *cands, const struct client_link *link,
					 char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** Summarise in @why the newest attempts at all servers: why none is usable. A failed authentication is more important
 * than a server that does not answer; any other error is more important than both. Returns @why->err. */
enum rsp_err rsp_client_verdict_of(const struct client_candidates *cands, struct rsp_why *why);

#endif
