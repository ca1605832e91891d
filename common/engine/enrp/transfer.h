#ifndef RSP_ENRP_TRANSFER_H
#define RSP_ENRP_TRANSFER_H

#include "engine/enrp/peer.h"

/* A decided takeover (takeover.c) moves the elements of the target to the new home, slice by slice: RFC 5353 s.3.5.2. Each
 * becomes a statement with that home, at the epoch that the element gave. */

/** Move at most @most elements of @target to target->takeover.moving_to. True: all have moved, and this was recorded. False: the
 * timer of @target is set for the next slice. */
bool rsp_transfer_elements(struct rsp_enrp *n, struct rsp_peer *target, uint32_t most);

/** Whether elements are moving to the new home @to_id (0: any). While they are moving, this registrar sends no handle table. */
bool rsp_transfer_is_going_on(const struct rsp_enrp *n, uint32_t to_id);

#endif
