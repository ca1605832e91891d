#include "engine/enrp/transfer.h"

#include "engine/enrp/ownership.h"
#include "engine/enrp/word.h"

/* The home of @m is dead, and @to_id takes it over: state that, at the epoch that the element gave. */
static void
move_element(struct rsp_enrp *n, struct rsp_member *m, uint32_t to_id)
{
	struct rsp_core *core = n->core;
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_statement taken = rsp_element_statement(e);
	bool to_us = to_id == core->config.server_id;

	if (m->phase == RSP_MEMBER_OLD) { /* a copy to answer users from, no statement */
		rsp_member_forget(core, m);
		return;
	}
	if (m->pending) { /* it waited for an answer of the home, which is dead */
		rsp_ownership_store_pending(n, m);
		return;
	}
	if (rsp_element_is_word(e)) {
		rsp_word_taken_over(n, m, to_us);
		return;
	}
	if (taken.rank < RSP_RANK_TAKEN_MAX)
		taken.rank++;
	if (rsp_element_restate(core->space, e, to_id, &taken)) { /* no memory: the next audit, or the element, brings it back */
		rsp_member_forget(core, m);
		return;
	}
	if (!to_us) {
		if (m->phase != RSP_MEMBER_FOREIGN)
			rsp_member_enter(core, m, RSP_MEMBER_FOREIGN, RSP_NEVER);
		return;
	}
	rsp_member_take(core, m, 0);
}

bool
rsp_transfer_is_going_on(const struct rsp_enrp *n, uint32_t to_id)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		uint32_t id = n->peer[i]->takeover.moving_to;

		if (to_id ? id == to_id : id != 0)
			return true;
	}
	return false;
}

bool
rsp_transfer_elements(struct rsp_enrp *n, struct rsp_peer *target, uint32_t most)
{
	struct rsp_core *core = n->core;
	struct rsp_takeover *takeover = &target->takeover;
	bool to_us = takeover->moving_to == core->config.server_id;
	struct rsp_element *e;

	for (; most > 0 && (e = rsp_home_first(core->space, target->server_id)); most--) {
		move_element(n, rsp_member(e), takeover->moving_to);
		takeover->n_moved++;
	}
	/* @target stays on the peer list as long as elements of another dead registrar are moving to it */
	if (rsp_home_first(core->space, target->server_id) || rsp_transfer_is_going_on(n, target->server_id)) {
		rsp_enrp_set(n, &target->timer, RSP_SLICE_MS);
		return false;
	}
	struct rsp_event event = rsp_peer_event(to_us ? RSP_EVENT_TAKEOVER_DONE : RSP_EVENT_PEER_LEFT, target);
	event.by_id = to_us ? 0 : takeover->moving_to;
	event.count = takeover->n_moved;
	event.duration_ms = to_us ? core->now_ms - takeover->started_ms : 0;
	core->stats.takeovers += to_us;
	core->ops->record(core->ctx, &event);
	return true;
}
