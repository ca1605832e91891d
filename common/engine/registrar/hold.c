#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Beyond the RFC: a registrar that has just begun to serve alone, and one that hears others again, may be asked for a pool
 * that it does not know yet: the elements are about to register again, or the table of a peer is on its way. A user would
 * take "unknown pool handle" for the truth, so its question waits, up to a bound. */

/* Whether the elements of @peer are not all known: its next presence, which says so, may be long after the download. */
static bool
is_behind(const struct rsp_registrar *r, const struct rsp_peer *peer)
{
	uint64_t done_ms = peer->taking.done_ms;

	return peer->taking.on || (!peer->in_sync && (!done_ms || r->now_ms - done_ms > r->config.hold_window_ms));
}

/* Whether pools may be missing that this registrar will know soon. */
static bool
may_miss(const struct rsp_registrar *r)
{
	if (r->now_ms < r->alone_until_ms)
		return true;
	if (r->now_ms >= r->merging_until_ms)
		return false;
	for (unsigned i = 0; i < r->n_peers; i++)
		if (rsp_peer_is_alive(r->peer[i]) && is_behind(r, r->peer[i]))
			return true;
	return false;
}

bool
rsp_hold(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg, uint32_t items)
{
	struct rsp_held **at = &r->held;
	unsigned of_link = 0;

	if (r->config.hold_ms == 0 || msg->handle.n == 0 || msg->handle.n > RSP_HANDLE_MAX || !may_miss(r))
		return false; /* no pool has a longer handle */
	for (; *at; at = &(*at)->next) {
		if ((*at)->link != link)
			continue;
		of_link++;
		if (rsp_bytes_equal(rsp_bytes_of((*at)->handle, (*at)->handle_size), msg->handle)) {
			(*at)->items = items; /* asked once more, and answered once */
			(*at)->watch |= msg->flags & ASAP_FLAG_SUBSCRIBE;
			return true;
		}
	}
	struct rsp_held *held = r->n_held < RSP_HELD_MAX && of_link < RSP_HELD_LINK_MAX
					? calloc(1, sizeof(*held) + msg->handle.n)
					: NULL;
	if (!held)
		return false;
	held->link = link;
	held->until_ms = r->now_ms + r->config.hold_ms;
	held->items = items;
	held->watch = msg->flags & ASAP_FLAG_SUBSCRIBE;
	held->hash = rsp_pool_hash(r->space, msg->handle);
	held->handle_size = msg->handle.n;
	memcpy(held->handle, msg->handle.p, msg->handle.n);
	*at = held;
	r->n_held++;
	return true;
}

void
rsp_held_settle(struct rsp_registrar *r)
{
	if (!r->held)
		return;
	uint64_t made = rsp_pools_made(r->space);
	bool wait = may_miss(r);
	/* After each message, so nothing is looked for where nothing can be new. The first in the list is the first due. */
	if (wait && made == r->held_made && r->now_ms < r->held->until_ms)
		return;
	r->held_made = made;
	for (struct rsp_held **at = &r->held, *held; (held = *at) != NULL;) {
		struct rsp_bytes handle = rsp_bytes_of(held->handle, held->handle_size);

		if (wait && r->now_ms < held->until_ms && !rsp_pool_find_hashed(r->space, handle, held->hash)) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		r->n_held--;
		rsp_resolution_answer(r, held->link, handle, held->items, held->watch);
		free(held);
	}
}

void
rsp_held_forget(struct rsp_registrar *r, const struct rsp_link *link)
{
	for (struct rsp_held **at = &r->held, *held; (held = *at) != NULL;) {
		if (held->link != link) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		r->n_held--;
		free(held);
	}
}

uint64_t
rsp_held_next(const struct rsp_registrar *r)
{
	return r->held ? r->held->until_ms : RSP_NEVER;
}
