#ifndef RSP_ENRP_BINDING_H
#define RSP_ENRP_BINDING_H

#include "engine/enrp/peer.h"

/* Binds each ENRP link to the peer that sends messages over it: RFC 5353 s.3.4.1. */

/**
 * Return the peer that sent @msg over @link. The first message on a link binds the link to the
 * sender. NULL: the message is refused. Then @link is closed if the sender id belongs to another
 * registrar; it stays open if the peer list is full.
 */
struct rsp_peer *rsp_binding_of_link(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg);

#endif
