#ifndef RSP_ENRP_DISPATCH_H
#define RSP_ENRP_DISPATCH_H

#include "engine/enrp/state.h"

/* Gives each ENRP message to the function that handles it, and refuses messages that
 * the sender may not send. RFC 5353 s.2, s.3 */

/** PEER-HEARTBEAT-CYCLE is over: send a PRESENCE to all peers, and an
 * ENRP_LIST_REQUEST to one of them. RFC 5353 s.3.4.2 */
void rsp_dispatch_heartbeat(struct rsp_enrp *n);

/** One whole message was received over the ENRP link @link. */
void rsp_dispatch_message(struct rsp_enrp *n, struct rsp_link *link, struct rsp_bytes octets);

#endif
