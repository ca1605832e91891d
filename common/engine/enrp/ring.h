#ifndef RSP_ENRP_RING_H
#define RSP_ENRP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/writer.h"

/*
 * The updates that this registrar has announced to all peers, numbered 1, 2, … from the start of the process: a number
 * belongs to one server id. The newest ones are kept, so that a peer that missed some requests these (RSP_PARAM_UPDATES_FROM)
 * instead of the handle table. gap.h is the side of the receiver.
 *
 * An update to one peer alone (a statement that corrects its sender, RSP_PARAM_REPORTED) has no number and is not in the ring.
 */

/** The limits of a ring, in updates and in octets of their handles and elements. */
struct rsp_ring_limits {
	uint32_t updates, octets;
};

struct rsp_ring_slot {
	uint8_t *octets; /* the handle, then the Pool Element parameter */
	uint64_t added_ms;
	uint32_t n_element;
	uint16_t n_handle, action;
};

struct rsp_ring {
	struct rsp_ring_slot *slot; /* update @number is in slot[number % limits.updates] */
	struct rsp_ring_limits limits;
	size_t octets;	      /* of all updates that are kept */
	uint64_t first, last; /* the updates @first to @last are kept; none: first == last + 1 */
};

/** An update that is kept. The views are valid until the next change of the ring. */
struct rsp_ring_entry {
	uint64_t number;
	uint16_t action; /* ENRP_ADD_PE or ENRP_DEL_PE */
	struct rsp_bytes handle;
	struct rsp_bytes element; /* the whole Pool Element parameter, without padding after it */
};

/** Initialise an empty ring; @limits may be 0, then it keeps nothing. RSP_ENOMEM. The caller frees with
 * rsp_ring_done(), which takes { 0 } too. */
enum rsp_err rsp_ring_init(struct rsp_ring *ring, const struct rsp_ring_limits *limits) RSP_NODISCARD;
void rsp_ring_done(struct rsp_ring *ring);

/** Forget all updates, and begin with number 1 again: this registrar has another server id now. */
void rsp_ring_restart(struct rsp_ring *ring);

/** Drop the updates that were added before @before_ms. */
void rsp_ring_expire(struct rsp_ring *ring, uint64_t before_ms);

/**
 * Give the next number to an update at @now_ms, and return it. The ring keeps a copy of @handle and @element (the whole Pool Element
 * parameter), and drops the oldest updates where a limit is reached. If the update is larger than the limit, or out of
 * memory, the ring keeps neither this update nor any older one.
 */
uint64_t rsp_ring_add(struct rsp_ring *ring, uint16_t action, struct rsp_bytes handle, struct rsp_bytes element,
		      uint64_t now_ms);

/** The number of the last update; 0: there was none. */
static inline uint64_t
rsp_ring_last(const struct rsp_ring *ring)
{
	return ring->last;
}

/** Whether all updates from @from to the last one are kept. True if @from is the number of the next update: none is
 * missing. */
bool rsp_ring_keeps(const struct rsp_ring *ring, uint64_t from);

/** Get update @number. False: it is not kept. */
bool rsp_ring_at(const struct rsp_ring *ring, uint64_t number, struct rsp_ring_entry *ret);

/** Write the body of the ENRP_HANDLE_UPDATE of @entry (RFC 5353 s.2.5), from the update action to the Pool Element. */
void rsp_ring_write(struct rsp_wr *wr, const struct rsp_ring_entry *entry);

#endif
