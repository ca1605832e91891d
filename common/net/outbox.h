#ifndef RSP_NET_OUTBOX_H
#define RSP_NET_OUTBOX_H

#include "net/carrier.h"
#include "net/queue.h"
#include "net/tls_pump.h"

/* For net's own files only. */

/** The output direction of a connection. */
enum rsp_tx {
	RSP_TX_FREE,        /* the kernel takes what is sent */
	RSP_TX_BLOCKED,     /* it takes no more now: poll for it */
	RSP_TX_CATCHING_UP, /* it takes more again, and the queue is not empty yet */
	RSP_TX_BROKEN       /* it takes nothing any more; what came before, such as an alert, is still to be read */
};

/** What a connection has to send: octets of the caller, and records that TLS has made of them. */
struct rsp_outbox {
	const struct rsp_carrier_ops *carrier;
	int fd;
	struct rsp_tls_pump *tls; /* of the connection; without a session: plain text */
	struct rsp_queue plain;   /* not encrypted yet; in plain text, not sent yet */
	struct rsp_queue records; /* encrypted, and not sent yet */
	enum rsp_tx state;
};

/** Octets that wait. */
size_t rsp_outbox_size(const struct rsp_outbox *outbox);

/** Octets of memory that they take. */
size_t rsp_outbox_memory(const struct rsp_outbox *outbox);

/** Send what the pump has put on its wire; after every call to the pump. What the kernel does not take is kept. */
void rsp_outbox_send_wire(struct rsp_outbox *outbox);

/** Send until all is sent or the kernel takes no more. */
void rsp_outbox_flush(struct rsp_outbox *outbox);

/** The kernel takes more again. */
void rsp_outbox_writable(struct rsp_outbox *outbox);

/** Forget what waits. */
void rsp_outbox_clear(struct rsp_outbox *outbox);

#endif
