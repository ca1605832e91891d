#ifndef RSP_ENGINE_CLIENT_VERDICT_H
#define RSP_ENGINE_CLIENT_VERDICT_H

#include "engine/client/candidate.h"

/** What @link leads to, as people read it: in @out, or the link's name. See rsp_client_server_text(). */
const char *rsp_client_verdict_link_text(const struct client_candidates *cands, const struct client_link *link,
					 char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** Sum up in @why why no server was usable, from the newest attempt at each. A failed authentication outweighs a server
 * that is not there; any other error outweighs both. Returns @why->err. */
enum rsp_err rsp_client_verdict_of(const struct client_candidates *cands, struct rsp_why *why);

#endif
