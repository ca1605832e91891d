#ifndef RSP_NET_INBOX_H
#define RSP_NET_INBOX_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "net/carrier.h"
#include "net/queue.h"
#include "net/tls_pump.h"

/* For net's own files only. */

/** The input direction of a connection. */
enum rsp_rx {
	RSP_RX_OPEN,
	/* the queue may hold whole messages and is not processed: the other side does not read our answers */
	RSP_RX_PAUSED,
	RSP_RX_PAUSED_ENDED, /* the same, and the other side sends no more */
	RSP_RX_ENDED         /* the other side sends no more, or it cannot be read */
};

/** The result of a read. */
enum rsp_inbox_flow {
	RSP_INBOX_MORE,    /* read again: the socket may have more input */
	RSP_INBOX_WAIT,    /* the socket has no more input now */
	RSP_INBOX_END,     /* the other side has ended its direction */
	RSP_INBOX_CUT,     /* TLS: the connection ended without close_notify */
	RSP_INBOX_BROKEN,  /* the socket has failed: errno */
	RSP_INBOX_NOT_TLS, /* the first octet is no TLS record's */
	RSP_INBOX_FAILED,  /* TLS: rsp_tls_pump_error() */
	RSP_INBOX_NO_MEMORY
};

/**
 * What has come over a connection and was not consumed. Input is read into the scratch space, as long as nothing waits.
 */
struct rsp_inbox {
	const struct rsp_carrier_ops *carrier;
	int fd;
	struct rsp_tls_pump *tls;        /* of the connection; without a session: plain text */
	uint8_t *encrypted, *scratch;    /* lent, RSP_INBOX_SCRATCH octets each; others use them between two reads */
	struct rsp_queue queue;
	enum rsp_rx state;
	bool heard; /* an octet was received */
};

#define RSP_INBOX_SCRATCH (96U << 10)

bool rsp_inbox_is_ended(const struct rsp_inbox *inbox);
bool rsp_inbox_is_paused(const struct rsp_inbox *inbox);
void rsp_inbox_set_paused(struct rsp_inbox *inbox, bool paused);

/** The other side sends no more: RSP_RX_ENDED, or RSP_RX_PAUSED_ENDED if it was paused. */
void rsp_inbox_end(struct rsp_inbox *inbox);

/** All octets in the queue. */
struct rsp_bytes rsp_inbox_waiting(const struct rsp_inbox *inbox);

/**
 * TLS: read from the socket once, and feed the pump. RSP_INBOX_MORE: go on with the handshake, or with
 * rsp_inbox_decrypt().
 */
enum rsp_inbox_flow rsp_inbox_fetch(struct rsp_inbox *inbox);

/** TLS: decrypt what was fetched. *@ret_all is all that waits then; empty if nothing was added. */
enum rsp_inbox_flow rsp_inbox_decrypt(struct rsp_inbox *inbox, struct rsp_bytes *ret_all);

/** Plain text: read from the socket once. *@ret_all as rsp_inbox_decrypt(). */
enum rsp_inbox_flow rsp_inbox_read(struct rsp_inbox *inbox, struct rsp_bytes *ret_all);

/** Read and discard. RSP_INBOX_WAIT, or RSP_INBOX_END: the other side has ended its direction. */
enum rsp_inbox_flow rsp_inbox_skip(struct rsp_inbox *inbox);

/**
 * Of @all, which one of the above returned, the first @used octets were consumed: keep the rest. False: out of memory.
 */
bool rsp_inbox_keep(struct rsp_inbox *inbox, struct rsp_bytes all, size_t used) RSP_NODISCARD;

#endif
