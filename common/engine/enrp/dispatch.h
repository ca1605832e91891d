#ifndef RSP_ENRP_DISPATCH_H
#define RSP_ENRP_DISPATCH_H

#include "engine/enrp/state.h"

/* Which message of another registrar, or of a monitor, goes where, and which registrar may send it. RFC 5353 s.2, s.3 */

/** PEER-HEARTBEAT-CYCLE is over: RFC 5353 s.3.4.2. */
void rsp_dispatch_heartbeat(struct rsp_enrp *n);

/** One whole message was received over the ENRP link @link. */
void rsp_dispatch_message(struct rsp_enrp *n, struct rsp_link *link, struct rsp_bytes octets);

#endif
