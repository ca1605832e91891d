#ifndef RSP_ENRP_ADOPT_H
#define RSP_ENRP_ADOPT_H

#include "engine/enrp/state.h"

/*
 * The elements of a registrar that was taken over, RFC 5353 s.3.5.2: a keep-alive with the H flag tells each that this
 * registrar is its home. For that its ASAP transport is dialled; the elements of one process share a connection. An
 * element that cannot be reached has the grace time to register by itself.
 */

/** @m is ours now: it is dialled in @in_ms. */
void rsp_adopt_queue(struct rsp_enrp *n, struct rsp_member *m, uint64_t in_ms);

/** ADOPT_QUEUED: dial it. ADOPT_DIALLING: the attempt takes too long. */
void rsp_adopt_due(struct rsp_enrp *n, struct rsp_member *m);

#endif
