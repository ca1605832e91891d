#include "net/queue.h"

#include <stdlib.h>
#include <string.h>

size_t
rsp_queue_size(const struct rsp_queue *q)
{
	return q->n - q->pos;
}

void
rsp_queue_clear(struct rsp_queue *q)
{
	free(q->p);
	*q = (struct rsp_queue){ 0 };
}

bool
rsp_queue_reserve(struct rsp_queue *q, size_t n)
{
	if (q->pos && q->room - q->n < n) {
		memmove(q->p, q->p + q->pos, rsp_queue_size(q));
		q->n -= q->pos;
		q->pos = 0;
	}
	if (q->room - q->n >= n)
		return true;
	size_t room = q->room ? q->room : 256;
	while (room < q->n + n)
		room *= 2;
	uint8_t *p = realloc(q->p, room);
	if (!p)
		return false;
	q->p = p;
	q->room = room;
	return true;
}

bool
rsp_queue_add(struct rsp_queue *q, const void *p, size_t n)
{
	if (n == 0)
		return true;
	if (!rsp_queue_reserve(q, n))
		return false;
	memcpy(q->p + q->n, p, n);
	q->n += n;
	return true;
}

void
rsp_queue_take(struct rsp_queue *q, size_t n)
{
	q->pos += n;
	if (q->pos == q->n)
		rsp_queue_clear(q);
}
