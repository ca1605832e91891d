#ifndef RSP_ENRP_BINDING_H
#define RSP_ENRP_BINDING_H

#include "engine/enrp/peer.h"

/* Which peer speaks over which link: RFC 5353 s.3.4.1. */

/**
 * The peer whose @msg came over @link, bound to it if it is the first message. NULL: it may not speak over this link,
 * which is closed then if the reason does not pass.
 */
struct rsp_peer *rsp_binding_of_link(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg);

#endif
