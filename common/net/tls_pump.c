#include "net/tls_pump.h"

#include <errno.h>
#include <string.h>

#define ENCRYPT_AT_ONCE (4 * RSP_TLS_RECORD_MAX) /* the wire has room for it and for what a handshake adds */

static ssize_t
on_push(gnutls_transport_ptr_t ptr, const void *octets, size_t n)
{
	struct rsp_tls_pump *pump = ptr;
	struct rsp_tls_wire *wire = pump->wire;

	if (n > sizeof(wire->octets) - wire->n) {
		gnutls_transport_set_errno(pump->session->session, ENOBUFS);
		return -1;
	}
	memcpy(wire->octets + wire->n, octets, n);
	wire->n += n;
	return (ssize_t)n;
}

static ssize_t
on_pull(gnutls_transport_ptr_t ptr, void *octets, size_t n)
{
	struct rsp_tls_pump *pump = ptr;
	size_t got = n < pump->in.n ? n : pump->in.n;

	if (got == 0 && pump->ended)
		return 0;
	if (got == 0) {
		gnutls_transport_set_errno(pump->session->session, EAGAIN);
		return -1;
	}
	memcpy(octets, pump->in.p, got);
	pump->in = rsp_bytes_of(pump->in.p + got, pump->in.n - got);
	return (ssize_t)got;
}

/* Callback of GnuTLS: whether a pull would return data within @ms. */
static int
on_pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	const struct rsp_tls_pump *pump = ptr;

	(void)ms;
	return pump->in.n || pump->ended;
}

void
rsp_tls_pump_start(struct rsp_tls_pump *pump, struct rsp_tls_session *session, struct rsp_tls_wire *wire)
{
	*pump = (struct rsp_tls_pump){ .session = session, .wire = wire };
	gnutls_transport_set_ptr(session->session, pump);
	gnutls_transport_set_push_function(session->session, on_push);
	gnutls_transport_set_pull_function(session->session, on_pull);
	gnutls_transport_set_pull_timeout_function(session->session, on_pull_timeout);
}

void
rsp_tls_pump_feed(struct rsp_tls_pump *pump, struct rsp_bytes octets, bool ended)
{
	pump->in = octets;
	pump->ended = ended;
}

void
rsp_tls_pump_starve(struct rsp_tls_pump *pump)
{
	pump->in = (struct rsp_bytes){ 0 };
}

enum rsp_err
rsp_tls_pump_shake(struct rsp_tls_pump *pump, bool *ret_done, char *reason, size_t room)
{
	enum rsp_err err;
	size_t left;

	do { /* GnuTLS discards early data, and returns after each such record */
		left = pump->in.n;
		err = rsp_tls_session_step(pump->session, ret_done, reason, room);
	} while (!err && !*ret_done && pump->in.n && pump->in.n < left);
	return err;
}

/* Whether to call gnutls_record_recv() again after it returned @code. It returns GNUTLS_E_AGAIN also behind a record
 * without data (a key update, a ticket): then it has read something, and there may be more. @left: the octets before
 * the call. */
static bool
reads_on(const struct rsp_tls_pump *pump, ssize_t code, size_t left)
{
	return code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED ||
	       (code == GNUTLS_E_AGAIN && pump->in.n && pump->in.n < left);
}

enum rsp_tls_flow
rsp_tls_pump_decrypt(struct rsp_tls_pump *pump, uint8_t *to, size_t room, size_t *ret_n)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < room) {
		size_t left = pump->in.n;

		got = gnutls_record_recv(pump->session->session, to + n, room - n);
		if (got > 0)
			n += (size_t)got;
		else if (!reads_on(pump, got, left))
			break;
	}
	*ret_n = n;
	if (n == room)
		return RSP_TLS_FLOW_FULL;
	if (got == GNUTLS_E_AGAIN)
		return RSP_TLS_FLOW_WAIT;
	if (got == 0)
		return RSP_TLS_FLOW_END;
	if (got == GNUTLS_E_PREMATURE_TERMINATION)
		return RSP_TLS_FLOW_CUT;
	pump->code = got;
	return RSP_TLS_FLOW_FAILED;
}

enum rsp_err
rsp_tls_pump_error(struct rsp_tls_pump *pump, char *reason, size_t room)
{
	return rsp_tls_session_record_error(pump->session, pump->code, reason, room);
}

bool
rsp_tls_pump_encrypt(struct rsp_tls_pump *pump, struct rsp_queue *plain)
{
	for (size_t n = 0; n < ENCRYPT_AT_ONCE && rsp_queue_size(plain);) {
		size_t size = rsp_queue_size(plain);
		ssize_t got = gnutls_record_send(pump->session->session, plain->p + plain->pos,
						 size < RSP_TLS_RECORD_MAX ? size : RSP_TLS_RECORD_MAX);

		if (got <= 0) /* never GNUTLS_E_AGAIN, because on_push() accepts all octets */
			return false;
		n += (size_t)got;
		rsp_queue_take(plain, (size_t)got);
	}
	return true;
}

void
rsp_tls_pump_bye(struct rsp_tls_pump *pump)
{
	(void)gnutls_bye(pump->session->session, GNUTLS_SHUT_WR);
}

void
rsp_tls_pump_done(struct rsp_tls_pump *pump)
{
	rsp_tls_session_free(pump->session);
	if (pump->wire)
		pump->wire->n = 0;
	*pump = (struct rsp_tls_pump){ 0 };
}
