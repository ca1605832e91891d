#ifndef RSP_NET_OUTBOX_H
#define RSP_NET_OUTBOX_H

#include "net/carrier.h"
#include "net/queue.h"
#include "net/tls_pump.h"

/* For net's own files only. */

/** The output direction of a connection. */
enum rsp_tx {
	RSP_TX_FREE,        /* the kernel accepts output */
	RSP_TX_BLOCKED,     /* the send buffer is full: poll until it is writable */
	RSP_TX_CATCHING_UP, /* the kernel accepts output again, and the queue is not empty yet */
	/* the kernel accepts no more output; input received before, such as an alert, is still to be read */
	RSP_TX_BROKEN
};

/** The output of a connection that was not sent yet: octets of the caller, and the TLS records made of them. */
struct rsp_outbox {
	const struct rsp_carrier_ops *carrier;
	int fd;
	struct rsp_tls_pump *tls; /* of the connection; without a session: plain text */
	struct rsp_queue plain;   /* not encrypted yet; in plain text, not sent yet */
	struct rsp_queue records; /* encrypted, and not sent yet */
	enum rsp_tx state;
};

/** The octets that were not sent yet. */
size_t rsp_outbox_size(const struct rsp_outbox *outbox);

/** The octets of memory that both queues take. */
size_t rsp_outbox_memory(const struct rsp_outbox *outbox);

/** Send the records of the pump; to be called after every call to the pump. What the kernel does not take is queued. */
void rsp_outbox_send_wire(struct rsp_outbox *outbox);

/** Send until all is sent or the kernel takes no more. */
void rsp_outbox_flush(struct rsp_outbox *outbox);

/** To be called when poll(2) reports the socket as writable. */
void rsp_outbox_writable(struct rsp_outbox *outbox);

/** Discard both queues. */
void rsp_outbox_clear(struct rsp_outbox *outbox);

#endif
