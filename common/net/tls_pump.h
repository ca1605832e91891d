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
	struct rsp_tls_wire *wire;       /* lent: where octets for the other side go; pumps may share one */
	struct rsp_bytes in;             /* lent: octets from the other side that TLS has not read yet */
	bool ended;                      /* the other side sends nothing after @in */
	ssize_t code;                    /* of GnuTLS, for rsp_tls_pump_error() */
};

/** What came of rsp_tls_pump_decrypt(). */
enum rsp_tls_flow {
	RSP_TLS_FLOW_FULL,  /* there was no room for more */
	RSP_TLS_FLOW_WAIT,  /* all input is read */
	RSP_TLS_FLOW_END,   /* the other side has closed its direction */
	RSP_TLS_FLOW_CUT,   /* the transport ended, and the other side has not closed */
	RSP_TLS_FLOW_FAILED /* TLS has failed: rsp_tls_pump_error() returns the error */
};

/** Let @pump, which stays where it is, own @session and write to @wire. */
void rsp_tls_pump_start(struct rsp_tls_pump *pump, struct rsp_tls_session *session, struct rsp_tls_wire *wire);

/**
 * Hand over what came from the other side; @ended: nothing came, and nothing will. @octets are lent until
 * rsp_tls_pump_starve(). Call rsp_tls_pump_shake() or rsp_tls_pump_decrypt() then.
 */
void rsp_tls_pump_feed(struct rsp_tls_pump *pump, struct rsp_bytes octets, bool ended);

/** Forget the octets that were lent. */
void rsp_tls_pump_starve(struct rsp_tls_pump *pump);

/** Go on with the handshake: as rsp_tls_session_step(). */
enum rsp_err rsp_tls_pump_shake(struct rsp_tls_pump *pump, bool *ret_done, char *reason, size_t room) RSP_NODISCARD;

/** Decrypt what was fed to @to, at most @room octets; *@ret_n of them are there, whatever is returned. */
enum rsp_tls_flow rsp_tls_pump_decrypt(struct rsp_tls_pump *pump, uint8_t *to, size_t room, size_t *ret_n);

/** After RSP_TLS_FLOW_FAILED: the error, and @reason (of @room octets). Puts an alert on the wire. */
enum rsp_err rsp_tls_pump_error(struct rsp_tls_pump *pump, char *reason, size_t room);

/** Encrypt the first octets of @plain, about 64 KiB at most, and take them from it. False: TLS has failed. */
bool rsp_tls_pump_encrypt(struct rsp_tls_pump *pump, struct rsp_queue *plain) RSP_NODISCARD;

/** Tell the other side that our direction ends (close_notify). */
void rsp_tls_pump_bye(struct rsp_tls_pump *pump);

/** Free the session; @pump is { 0 } then. */
void rsp_tls_pump_done(struct rsp_tls_pump *pump);

#endif
