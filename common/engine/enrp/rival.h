#ifndef RSP_ENRP_RIVAL_H
#define RSP_ENRP_RIVAL_H

#include "engine/enrp/peer.h"

/*
 * Two identities have registered one PE identifier of one pool, at registrars that did not hear of each other. Each has its
 * own record; users are shown one of them (model/record.h), and all registrars choose alike. The other record, the hidden
 * one, is removed by its home, but only when that has dialled the shown element, and this has answered as the element of
 * its owner: what a registrar only says to exist displaces nothing.
 */

/** The statement about @m was stored: if there is now another record of the same element, record the pair. */
void rsp_rival_stored(struct rsp_enrp *n, const struct rsp_member *m);

/** It is time to ask the own element @m, or to look at it: if it is hidden, look at the one that is shown. */
void rsp_rival_due(struct rsp_enrp *n, const struct rsp_member *m);

/** The element @shown has answered this registrar: remove the hidden own records of the same element. */
void rsp_rival_answered(struct rsp_enrp *n, const struct rsp_member *shown);

#endif
