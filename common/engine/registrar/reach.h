#ifndef RSP_REGISTRAR_REACH_H
#define RSP_REGISTRAR_REACH_H

#include "engine/registrar/member.h"

/* Connections to the ASAP transports of elements (RFC 5352 s.3.1 rule 4), dialled after a takeover or to ask an element
 * whether it is there. The elements of one process share a connection. */

/** RSP_ENOMEM. core->dials is then ready; the caller frees it with rsp_table_done(). */
enum rsp_err rsp_reach_init(struct rsp_core *core) RSP_NODISCARD;

/** The link to the ASAP transport of @m, up or being dialled; NULL: there is none. */
struct rsp_link *rsp_reach_find(const struct rsp_core *core, const struct rsp_member *m);

/** The same, dialled if there is none. NULL: @m has no ASAP transport that can be dialled. @look_only: see struct
 * rsp_link. */
struct rsp_link *rsp_reach_dial(struct rsp_core *core, const struct rsp_member *m, bool look_only);

#endif
