#ifndef RSP_PROTO_PARAM_PRIV_H
#define RSP_PROTO_PARAM_PRIV_H

#include "proto/param.h"

/** Whether @type is a transport parameter. */
bool rsp_param_is_transport(uint16_t type);

/** Append the parameters of @unknown, except those that are views into @a or @b, whose octets were written already. */
void rsp_unknown_encode(struct rsp_wr *wr, const struct rsp_unknown *unknown, struct rsp_bytes a, struct rsp_bytes b);

#endif
