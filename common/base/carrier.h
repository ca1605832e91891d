#ifndef RSP_BASE_CARRIER_H
#define RSP_BASE_CARRIER_H

/** The transport protocol that carries a connection. RFC 5352 s.2.1, RFC 5353 s.6.2. */
enum rsp_carrier {
	RSP_CARRIER_TCP
};

#endif
