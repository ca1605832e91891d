#include "net/outbox.h"

#include <errno.h>

#define RECORDS_MAX (96U << 10) /* plain text is not encrypted while more octets of records are queued */

size_t
rsp_outbox_size(const struct rsp_outbox *outbox)
{
	return rsp_queue_size(&outbox->plain) + rsp_queue_size(&outbox->records);
}

size_t
rsp_outbox_memory(const struct rsp_outbox *outbox)
{
	return outbox->plain.room + outbox->records.room;
}

void
rsp_outbox_clear(struct rsp_outbox *outbox)
{
	rsp_queue_clear(&outbox->plain);
	rsp_queue_clear(&outbox->records);
}

static bool
may_send(const struct rsp_outbox *outbox)
{
	return outbox->state != RSP_TX_BLOCKED && outbox->state != RSP_TX_BROKEN;
}

/* Hand as many of the @n octets to the kernel as it takes, and return how many. All of them, if it takes none any
 * more. */
static size_t
send_some(struct rsp_outbox *outbox, const uint8_t *p, size_t n)
{
	size_t sent = 0;

	while (sent < n && may_send(outbox)) {
		ssize_t got = outbox->carrier->send(outbox->fd, p + sent, n - sent);

		if (got >= 0)
			sent += (size_t)got;
		else if (errno == EAGAIN)
			outbox->state = RSP_TX_BLOCKED;
		else if (errno != EINTR)
			outbox->state = RSP_TX_BROKEN;
	}
	return outbox->state == RSP_TX_BROKEN ? n : sent;
}

static void
send_from(struct rsp_outbox *outbox, struct rsp_queue *queue)
{
	rsp_queue_take(queue, send_some(outbox, queue->p + queue->pos, rsp_queue_size(queue)));
}

void
rsp_outbox_send_wire(struct rsp_outbox *outbox)
{
	struct rsp_tls_wire *wire = outbox->tls->wire;
	size_t n = wire ? wire->n : 0, sent = 0;

	if (n == 0)
		return;
	wire->n = 0;
	if (rsp_queue_size(&outbox->records) == 0)
		sent = send_some(outbox, wire->octets, n);
	if (sent == n)
		return;
	if (rsp_queue_size(&outbox->records) > RECORDS_MAX ||
	    !rsp_queue_add(&outbox->records, wire->octets + sent, n - sent))
		outbox->state = RSP_TX_BROKEN;
}

static void
encrypt_some(struct rsp_outbox *outbox)
{
	if (!rsp_tls_pump_encrypt(outbox->tls, &outbox->plain))
		outbox->state = RSP_TX_BROKEN;
	rsp_outbox_send_wire(outbox);
}

void
rsp_outbox_flush(struct rsp_outbox *outbox)
{
	while (may_send(outbox) && rsp_outbox_size(outbox)) {
		if (rsp_queue_size(&outbox->records))
			send_from(outbox, &outbox->records);
		else if (outbox->tls->session)
			encrypt_some(outbox);
		else
			send_from(outbox, &outbox->plain);
	}
	if (outbox->state == RSP_TX_BROKEN)
		rsp_outbox_clear(outbox);
}

void
rsp_outbox_writable(struct rsp_outbox *outbox)
{
	if (outbox->state == RSP_TX_BLOCKED)
		outbox->state = RSP_TX_CATCHING_UP;
}
