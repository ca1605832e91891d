#include "net/inbox.h"

#include <errno.h>

bool
rsp_inbox_is_ended(const struct rsp_inbox *inbox)
{
	return inbox->state == RSP_RX_ENDED || inbox->state == RSP_RX_PAUSED_ENDED;
}

bool
rsp_inbox_is_paused(const struct rsp_inbox *inbox)
{
	return inbox->state == RSP_RX_PAUSED || inbox->state == RSP_RX_PAUSED_ENDED;
}

void
rsp_inbox_set_paused(struct rsp_inbox *inbox, bool paused)
{
	if (rsp_inbox_is_ended(inbox))
		inbox->state = paused ? RSP_RX_PAUSED_ENDED : RSP_RX_ENDED;
	else
		inbox->state = paused ? RSP_RX_PAUSED : RSP_RX_OPEN;
}

void
rsp_inbox_end(struct rsp_inbox *inbox)
{
	inbox->state = rsp_inbox_is_paused(inbox) ? RSP_RX_PAUSED_ENDED : RSP_RX_ENDED;
}

struct rsp_bytes
rsp_inbox_waiting(const struct rsp_inbox *inbox)
{
	size_t n = rsp_queue_size(&inbox->queue);

	return n ? rsp_bytes_of(inbox->queue.p + inbox->queue.pos, n) : (struct rsp_bytes){ 0 };
}

/* Where to read plain text to: behind what waits, or the scratch space. NULL: out of memory. */
static uint8_t *
room(struct rsp_inbox *inbox, size_t *ret_room)
{
	struct rsp_queue *queue = &inbox->queue;

	if (rsp_queue_size(queue) == 0) {
		*ret_room = RSP_INBOX_SCRATCH;
		return inbox->scratch;
	}
	if (!rsp_queue_reserve(queue, RSP_TLS_RECORD_MAX))
		return NULL;
	*ret_room = queue->room - queue->n;
	return queue->p + queue->n;
}

/* @n octets were written to where room() said: all that waits then. */
static struct rsp_bytes
added(struct rsp_inbox *inbox, size_t n)
{
	if (n == 0)
		return (struct rsp_bytes){ 0 };
	if (rsp_queue_size(&inbox->queue) == 0)
		return rsp_bytes_of(inbox->scratch, n);
	inbox->queue.n += n;
	return rsp_inbox_waiting(inbox);
}

/* The flow that the result @got of recv(2) means. */
static enum rsp_inbox_flow
received(struct rsp_inbox *inbox, ssize_t got)
{
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return RSP_INBOX_WAIT;
	inbox->heard = inbox->heard || got > 0;
	return got > 0 ? RSP_INBOX_MORE : got == 0 ? RSP_INBOX_END : RSP_INBOX_BROKEN;
}

/* Whether @octet, the first one that came, is that of a TLS handshake record or, if the other side refuses, of an alert
 * (RFC 8446 s.5.1). No message of RSerPool begins with them. */
static bool
begins_tls(uint8_t octet)
{
	return octet == 0x16 || octet == 0x15;
}

enum rsp_inbox_flow
rsp_inbox_fetch(struct rsp_inbox *inbox)
{
	bool first = !inbox->heard;
	ssize_t got = inbox->carrier->recv(inbox->fd, inbox->encrypted, RSP_INBOX_SCRATCH);
	enum rsp_inbox_flow flow = received(inbox, got);

	if (flow == RSP_INBOX_WAIT)
		return flow;
	if (flow == RSP_INBOX_MORE && first && !begins_tls(inbox->encrypted[0]))
		return RSP_INBOX_NOT_TLS;
	if (flow != RSP_INBOX_MORE) /* TLS says what that means */
		rsp_inbox_end(inbox);
	rsp_tls_pump_feed(inbox->tls, rsp_bytes_of(inbox->encrypted, got > 0 ? (size_t)got : 0), got <= 0);
	return RSP_INBOX_MORE;
}

enum rsp_inbox_flow
rsp_inbox_decrypt(struct rsp_inbox *inbox, struct rsp_bytes *ret_all)
{
	static const enum rsp_inbox_flow flows[] = {
		[RSP_TLS_FLOW_FULL] = RSP_INBOX_MORE, [RSP_TLS_FLOW_WAIT] = RSP_INBOX_WAIT,
		[RSP_TLS_FLOW_END] = RSP_INBOX_END,   [RSP_TLS_FLOW_CUT] = RSP_INBOX_CUT,
		[RSP_TLS_FLOW_FAILED] = RSP_INBOX_FAILED,
	};
	size_t size, n;
	uint8_t *to = room(inbox, &size);

	*ret_all = (struct rsp_bytes){ 0 };
	if (!to)
		return RSP_INBOX_NO_MEMORY;
	enum rsp_tls_flow flow = rsp_tls_pump_decrypt(inbox->tls, to, size, &n);
	*ret_all = added(inbox, n);
	return flows[flow];
}

enum rsp_inbox_flow
rsp_inbox_read(struct rsp_inbox *inbox, struct rsp_bytes *ret_all)
{
	size_t size;
	uint8_t *to = room(inbox, &size);

	*ret_all = (struct rsp_bytes){ 0 };
	if (!to)
		return RSP_INBOX_NO_MEMORY;
	ssize_t got = inbox->carrier->recv(inbox->fd, to, size);
	enum rsp_inbox_flow flow = received(inbox, got);
	if (flow == RSP_INBOX_MORE) {
		*ret_all = added(inbox, (size_t)got);
		flow = RSP_INBOX_WAIT; /* poll(2) reports further input */
	}
	return flow;
}

enum rsp_inbox_flow
rsp_inbox_skip(struct rsp_inbox *inbox)
{
	ssize_t got = inbox->carrier->recv(inbox->fd, inbox->encrypted, RSP_INBOX_SCRATCH);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return RSP_INBOX_WAIT;
	inbox->state = RSP_RX_ENDED;
	return RSP_INBOX_END;
}

bool
rsp_inbox_keep(struct rsp_inbox *inbox, struct rsp_bytes all, size_t used)
{
	if (rsp_queue_size(&inbox->queue) == 0)
		return rsp_queue_add(&inbox->queue, all.p + used, all.n - used);
	if (used)
		rsp_queue_take(&inbox->queue, used);
	return true;
}
