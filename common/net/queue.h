#ifndef RSP_NET_QUEUE_H
#define RSP_NET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For net's own files only. */

/** A queue of octets: those from p[pos] to p[n]. An empty queue holds no memory. */
struct rsp_queue {
	uint8_t *p;
	size_t pos, n, room;
};

size_t rsp_queue_size(const struct rsp_queue *q);

/** Remove all octets. */
void rsp_queue_clear(struct rsp_queue *q);

/** Make room for @n octets behind the last, at p[n]. False: out of memory. */
bool rsp_queue_reserve(struct rsp_queue *q, size_t n);

/** Add @n octets behind the last. False: out of memory. */
bool rsp_queue_add(struct rsp_queue *q, const void *p, size_t n);

/** Remove the first @n octets. */
void rsp_queue_take(struct rsp_queue *q, size_t n);

#endif
