#ifndef RSP_ENRP_ADOPT_H
#define RSP_ENRP_ADOPT_H

#include "engine/enrp/state.h"

/*
 * Adoption, RFC 5353 s.3.5.2: after a takeover this registrar is the home of the dead registrar's
 * elements. It dials the ASAP transport of each element (one connection for all elements of one process),
 * and sends each element an ASAP_ENDPOINT_KEEP_ALIVE with the H flag. An element that cannot be reached
 * has the grace time (reconnect_grace_ms) to register by itself.
 */

/** This registrar has become the home of @m by a takeover: dial the ASAP transport of @m after @in_ms. */
void rsp_adopt_queue(struct rsp_enrp *n, struct rsp_member *m, uint64_t in_ms);

/** The timer of @m has expired. ADOPT_QUEUED: dial its ASAP transport.
 * ADOPT_DIALLING: the dial took too long, give it up. */
void rsp_adopt_due(struct rsp_enrp *n, struct rsp_member *m);

#endif
