#include "net/carrier.h"

#include "net/tcp.h"

const struct rsp_carrier_ops *
rsp_carrier_ops_of(enum rsp_carrier carrier)
{
	static const struct rsp_carrier_ops *const rows[] = { [RSP_CARRIER_TCP] = &rsp_tcp };

	return rows[carrier];
}
