#ifndef RSP_NET_TCP_H
#define RSP_NET_TCP_H

#include "net/carrier.h"

/* For net's own files only. */

/** TCP; also Unix stream sockets, for which the address family is the only difference. */
extern const struct rsp_carrier_ops rsp_tcp;

#endif
