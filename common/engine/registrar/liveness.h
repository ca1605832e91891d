#ifndef RSP_REGISTRAR_LIVENESS_H
#define RSP_REGISTRAR_LIVENESS_H

#include "engine/registrar/member.h"

/* What this registrar does when a linked element acknowledges a keep-alive, and when it does not. RFC 5352 s.3.4, s.3.5 */

/** Handle an ASAP_ENDPOINT_KEEP_ALIVE_ACK over @link for @m, which is linked, or was before this registrar was away. */
void rsp_liveness_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			       struct rsp_member *m);

/** @m, which is linked, has not answered in time, or has not registered after a question: drop its link. m->pending is
 * stored at the end of the turn; without one, a look begins. */
void rsp_liveness_drop_link(struct rsp_core *core, struct rsp_member *m);

/** @m, which was linked before this registrar was away, has no home here: detach it from its link, and let the element look
 * for a home. Does nothing if @m has no link. */
void rsp_liveness_send_away(struct rsp_core *core, struct rsp_member *m);

/** @m has no link any more, or deregisters; its link was @gone. If another process registered @m before, over a link that is
 * still up, it takes this registrar for its home: let it register again, which decides. */
void rsp_liveness_release_before(struct rsp_core *core, struct rsp_member *m, const struct rsp_link *gone);

/** @link has ended: each element that is linked over it has another link, or is UNLINKED. */
void rsp_liveness_link_down(struct rsp_core *core, struct rsp_link *link);

#endif
