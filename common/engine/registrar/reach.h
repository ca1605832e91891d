#ifndef RSP_REGISTRAR_REACH_H
#define RSP_REGISTRAR_REACH_H

#include "engine/registrar/member.h"

/* Links that this registrar dials to the ASAP transports of elements (RFC 5352 s.3.1 rule 4): after a takeover, or for
 * a look. The elements of one process share a link. */

/** Find the link to the ASAP transport of @m, which is DIALLING or UP; NULL: there is none. */
struct rsp_link *rsp_reach_find(const struct rsp_core *core, const struct rsp_member *m);

/** Find this link, or dial it. NULL: @m has no ASAP transport that can be dialled, or the dial failed at once. */
struct rsp_link *rsp_reach_dial(struct rsp_core *core, const struct rsp_member *m);

#endif
