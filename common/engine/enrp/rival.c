#include "engine/enrp/rival.h"

#include "engine/registrar/look.h"

#define RECORDED_AGAIN_MS 3600000 /* the least time between two records of one pair */

static struct rsp_element *
shown_of(const struct rsp_enrp *n, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	return rsp_element_find(n->core->space, e->pool, e->pe_id);
}

void
rsp_rival_stored(struct rsp_enrp *n, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m), *shown = shown_of(n, m);
	const struct rsp_element *hidden = shown == e ? rsp_element_next_record(n->core->space, e) : e;

	if (!shown || !hidden || hidden == shown || rsp_element_is_word(hidden) ||
	    !rsp_limiter_pass(&n->once, e->pool->node.hash ^ e->pe_id, RSP_ENRP_ONCE_RIVAL, RECORDED_AGAIN_MS,
			      n->core->now_ms))
		return;
	struct rsp_event event = rsp_member_event(RSP_EVENT_PE_TWO_OWNERS, rsp_member(shown));
	event.protocol = RSP_ENRP;
	event.other_identity = hidden->owner;
	event.peer_id = rsp_element_home_id(shown);
	event.by_id = rsp_element_home_id(hidden);
	event.since_ms = rsp_element_statement(shown).since_ms;
	event.other_since_ms = rsp_element_statement(hidden).since_ms;
	n->core->ops->record(n->core->ctx, &event);
}

void
rsp_rival_due(struct rsp_enrp *n, const struct rsp_member *m)
{
	if (rsp_member_element(m)->hidden)
		rsp_look_begin(n->core, rsp_member(shown_of(n, m)), false);
}

void
rsp_rival_answered(struct rsp_enrp *n, const struct rsp_member *shown)
{
	const struct rsp_element *e = rsp_member_element(shown);
	struct rsp_element *other, *next;
	struct rsp_core *core = n->core;

	if (e->hidden)
		return;
	for (other = rsp_element_next_record(core->space, e); other; other = next) {
		next = rsp_element_next_record(core->space, other);
		if (!rsp_element_is_word(other) && rsp_member_is_own(core, rsp_member(other)))
			rsp_member_remove(core, rsp_member(other), RSP_REMOVAL_OTHER_OWNER, NULL, NULL);
	}
}
