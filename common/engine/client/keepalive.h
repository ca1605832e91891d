#ifndef RSP_ENGINE_CLIENT_KEEPALIVE_H
#define RSP_ENGINE_CLIENT_KEEPALIVE_H

#include "engine/client/element.h"

/* Handles keep-alives of registrars: RFC 5352 s.3.4. */

/** The registrar behind @link, which need not be the home, has sent an ASAP_ENDPOINT_KEEP_ALIVE. */
void rsp_client_keepalive_received(struct client_elements *elements, struct client_link *link,
				   const struct rsp_message *msg);

#endif
