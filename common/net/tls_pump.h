#ifndef RSP_NET_TLS_PUMP_H
#define RSP_NET_TLS_PUMP_H

#include "base/bytes.h"
#include "net/queue.h"
#include "net/tls_priv.h"

/* For net's own files only. One TLS connection as octets in and octets out: it has no descriptor and never waits. */

#define RSP_TLS_RECORD_MAX 16384           /* octets of plain text in one record */
#define RSP_TLS_WIRE_MAX   (96U << 10)     /* octets that one call may put on the wire */

/** Octets for the other side, in the order to send them. A caller sends or keeps them after each call to a pump. */
struct rsp_tls_wire {
	size_t n;
	uint8_t octets[RSP_TLS_WIRE_MAX];
};

/** { 0 } is plain text: no TLS. */
struct rsp_tls_pump {
	struct rsp_tls_session *session; /* owned; NULL: plain text */
	struct rsp_tls_wire *wire;       /* lent: receives the octets for the other side; pumps may share one */
	struct rsp_bytes in;             /* lent: octets from the other side that TLS has not read yet */
	bool ended;                      /* the other side has ended its direction after @in */
	ssize_t code;                    /* the last error of GnuTLS, for rsp_tls_pump_error() */
};

/** The result of rsp_tls_pump_decrypt(). */
enum rsp_tls_flow {
	RSP_TLS_FLOW_FULL,  /* the buffer is full; call again */
	RSP_TLS_FLOW_WAIT,  /* all input is read */
	RSP_TLS_FLOW_END,   /* the other side has closed its direction */
	RSP_TLS_FLOW_CUT,   /* the connection ended without close_notify */
	RSP_TLS_FLOW_FAILED /* TLS has failed: rsp_tls_pump_error() returns the error */
};

/** Start: @pump owns @session and writes to @wire. The caller must not move @pump in memory. */
void rsp_tls_pump_start(struct rsp_tls_pump *pump, struct rsp_tls_session *session, struct rsp_tls_wire *wire);

/**
 * Hand over input of the other side; @ended: the other side has ended its direction. @octets are lent until
 * rsp_tls_pump_starve(). Call rsp_tls_pump_shake() or rsp_tls_pump_decrypt() then.
 */
void rsp_tls_pump_feed(struct rsp_tls_pump *pump, struct rsp_bytes octets, bool ended);

/** End the loan of the octets given to rsp_tls_pump_feed(). */
void rsp_tls_pump_starve(struct rsp_tls_pump *pump);

/** Continue the handshake: as rsp_tls_session_step(). */
enum rsp_err rsp_tls_pump_shake(struct rsp_tls_pump *pump, bool *ret_done, char *reason, size_t room) RSP_NODISCARD;

/** Decrypt the input to @to, at most @room octets; *@ret_n is the number written, whatever is returned. */
enum rsp_tls_flow rsp_tls_pump_decrypt(struct rsp_tls_pump *pump, uint8_t *to, size_t room, size_t *ret_n);

/** After RSP_TLS_FLOW_FAILED: the error, and @reason (of @room octets). Puts an alert on the wire. */
enum rsp_err rsp_tls_pump_error(struct rsp_tls_pump *pump, char *reason, size_t room);

/** Encrypt the first octets of @plain, about 64 KiB at most, and remove them from @plain. False: TLS has failed. */
bool rsp_tls_pump_encrypt(struct rsp_tls_pump *pump, struct rsp_queue *plain) RSP_NODISCARD;

/** Send close_notify: our direction ends. */
void rsp_tls_pump_bye(struct rsp_tls_pump *pump);

/** Free the session; afterwards @pump is { 0 }. */
void rsp_tls_pump_done(struct rsp_tls_pump *pump);

#endif
