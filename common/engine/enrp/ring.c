#include "engine/enrp/ring.h"

#include <stdlib.h>

#include "proto/param.h"

enum rsp_err
rsp_ring_init(struct rsp_ring *ring, const struct rsp_ring_limits *limits)
{
	struct rsp_ring_slot *slot = calloc(limits->updates ? limits->updates : 1, sizeof(*slot));

	if (!slot)
		return RSP_ENOMEM;
	*ring = (struct rsp_ring){ .slot = slot, .limits = *limits, .first = 1 };
	return RSP_OK;
}

static struct rsp_ring_slot *
slot_of(const struct rsp_ring *ring, uint64_t number)
{
	return &ring->slot[number % ring->limits.updates];
}

static size_t
size_of(const struct rsp_ring_slot *slot)
{
	return (size_t)slot->n_handle + slot->n_element;
}

static void
drop_oldest(struct rsp_ring *ring)
{
	struct rsp_ring_slot *slot = slot_of(ring, ring->first++);

	ring->octets -= size_of(slot);
	free(slot->octets);
	slot->octets = NULL;
}

static void
drop_all(struct rsp_ring *ring)
{
	while (ring->slot && ring->first <= ring->last)
		drop_oldest(ring);
}

void
rsp_ring_done(struct rsp_ring *ring)
{
	drop_all(ring);
	free(ring->slot);
	*ring = (struct rsp_ring){ .first = 1 };
}

void
rsp_ring_restart(struct rsp_ring *ring)
{
	drop_all(ring);
	ring->first = 1;
	ring->last = 0;
}

void
rsp_ring_expire(struct rsp_ring *ring, uint64_t before_ms)
{
	while (ring->first <= ring->last && slot_of(ring, ring->first)->added_ms < before_ms)
		drop_oldest(ring);
}

static bool
has_room(const struct rsp_ring *ring, size_t size)
{
	return ring->last + 1 - ring->first < ring->limits.updates && size <= ring->limits.octets - ring->octets;
}

/* NULL: the update cannot be kept. */
static uint8_t *
copy_of(const struct rsp_ring *ring, struct rsp_bytes handle, struct rsp_bytes element)
{
	bool fits = ring->limits.updates > 0 && handle.n <= UINT16_MAX && element.n <= UINT16_MAX &&
		    handle.n + element.n <= ring->limits.octets;
	uint8_t *copy = fits ? malloc(handle.n + element.n + 1) : NULL;

	if (copy && handle.n)
		memcpy(copy, handle.p, handle.n);
	if (copy && element.n)
		memcpy(copy + handle.n, element.p, element.n);
	return copy;
}

uint64_t
rsp_ring_add(struct rsp_ring *ring, uint16_t action, struct rsp_bytes handle, struct rsp_bytes element, uint64_t now_ms)
{
	uint8_t *copy = copy_of(ring, handle, element);
	size_t size = handle.n + element.n;

	if (!copy) {
		drop_all(ring);
		ring->first = ++ring->last + 1;
		return ring->last;
	}
	while (!has_room(ring, size))
		drop_oldest(ring);
	ring->last++;
	ring->octets += size;
	*slot_of(ring, ring->last) = (struct rsp_ring_slot){ .octets = copy,
							     .added_ms = now_ms,
							     .n_handle = (uint16_t)handle.n,
							     .n_element = (uint32_t)element.n,
							     .action = action };
	return ring->last;
}

bool
rsp_ring_keeps(const struct rsp_ring *ring, uint64_t from)
{
	return from >= ring->first && from <= ring->last + 1;
}

bool
rsp_ring_at(const struct rsp_ring *ring, uint64_t number, struct rsp_ring_entry *ret)
{
	if (number < ring->first || number > ring->last)
		return false;
	const struct rsp_ring_slot *slot = slot_of(ring, number);

	*ret = (struct rsp_ring_entry){ .number = number,
					.action = slot->action,
					.handle = { slot->octets, slot->n_handle },
					.element = { slot->octets + slot->n_handle, slot->n_element } };
	return true;
}

void
rsp_ring_write(struct rsp_wr *wr, const struct rsp_ring_entry *entry)
{
	rsp_wr_u16(wr, entry->action);
	rsp_wr_u16(wr, 0);
	rsp_bytes_param_encode(wr, RSP_PARAM_POOL_HANDLE, entry->handle);
	rsp_wr_pad(wr);
	rsp_wr_bytes(wr, entry->element);
}
