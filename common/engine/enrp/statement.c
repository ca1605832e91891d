#include "engine/enrp/statement.h"

#include "engine/registrar/look.h"
#include "engine/registrar/number.h"
#include "engine/registrar/rights.h"
#include "model/contents.h"
#include "model/statement.h"
#include "proto/encoded.h"

bool
rsp_statement_is_sound(struct rsp_bytes handle, const struct rsp_pool_element *pe, bool removed)
{
	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || pe->pe_id == 0 || pe->home_id == 0 || pe->owner.n > RSP_OWNER_MAX)
		return false;
	return removed || (pe->user.type && rsp_transport_fits(&pe->user) && rsp_transport_fits(&pe->asap));
}

/* The octets of the stored or the pending statement about @m, whichever is @known. */
static struct rsp_bytes
known_octets(const struct rsp_member *m, const struct rsp_known *known)
{
	const struct rsp_pending *pending = m->pending;

	if (pending && rsp_statement_compare(&pending->statement, pending->home_id, &known->statement, known->home_id) == 0)
		return rsp_bytes_of(pending->octets, pending->size);
	return rsp_element_octets(rsp_member_element(m));
}

static enum judge_order
order_of(const struct rsp_heard_statement *s, const struct rsp_known *known)
{
	uint8_t room[RSP_CONTENTS_MAX];
	struct rsp_bytes octets;

	if (!known->statement.rank)
		return JUDGE_NEWER;
	int order = rsp_statement_compare(&s->pe->statement, s->pe->home_id, &known->statement, known->home_id);
	if (order == 0 && s->m && !rsp_statement_is_removed(&known->statement)) /* a removal has no contents */
		order = rsp_contents_encode(room, s->pe, &octets)
				? -1
				: rsp_encoded_contents_compare(octets, known_octets(s->m, known));
	return order < 0 ? JUDGE_OLDER : order > 0 ? JUDGE_NEWER : JUDGE_EQUAL;
}

/* The element was sent the H flag a moment ago, or has acknowledged it, so its registration may be on the way. Another
 * registrar that takes it over or removes it, at the number of its last statement, does not know of that. */
static bool
is_about_to_register(const struct rsp_core *core, const struct rsp_member *m)
{
	return rsp_look_takes_home(core, m) &&
	       (m->phase == RSP_MEMBER_LOOK_ASKED || m->phase == RSP_MEMBER_LOOK_ANSWERED);
}

/* The facts about what is stored: the element @s->m, or the tombstone @s->tomb. */
static void
gather_stored(const struct rsp_enrp *n, const struct rsp_heard_statement *s, struct judge_facts *f)
{
	const struct rsp_element *e = s->tomb ? NULL : rsp_member_element(s->m);
	struct rsp_statement stored = s->tomb ? s->tomb->statement : rsp_element_statement(e);
	uint32_t home_id = s->tomb ? s->tomb->home_id : rsp_element_home_id(e);
	const struct rsp_peer *home = rsp_peer_find(n, home_id); /* NULL: also if it is this registrar */
	bool third = home && home != s->peer && home_id != s->pe->home_id;

	f->same_number = rsp_statement_same_number(&s->pe->statement, &stored);
	f->removed = s->tomb != NULL;
	f->home_answers = third && rsp_peer_is_alive(home) && home->kind != RSP_PEER_PLAIN;
	f->linked = !s->tomb && (rsp_member_is_linked(s->m) ||
				 (f->same_number && is_about_to_register(n->core, s->m)));
	f->pending = !s->tomb && s->m->pending;
}

struct judge_facts
rsp_statement_gather(const struct rsp_enrp *n, struct rsp_heard_statement *s)
{
	const struct rsp_core *core = n->core;
	const struct rsp_peer *claimant = rsp_peer_find(n, s->pe->home_id);
	struct rsp_element *e = rsp_element_find_of(core->space, rsp_pool_find(core->space, s->handle), s->pe->pe_id,
						    s->pe->owner);

	s->m = e && rsp_member(e)->phase != RSP_MEMBER_OLD ? rsp_member(e) : NULL;
	struct rsp_known known = rsp_number_known(core, s->handle, s->pe->pe_id, s->pe->owner, s->m);
	s->tomb = known.tomb;
	bool removed = rsp_statement_is_removed(&s->pe->statement);
	s->refusal = removed ? RSP_REASON_NONE : rsp_rights_refusal(core, s->handle, s->pe, &s->cause);
	struct judge_facts f = { .order = order_of(s, &known),
				 .sound = s->pe->statement.epoch.instance &&
					  rsp_statement_is_sound(s->handle, s->pe, removed),
				 .rightful = !s->refusal,
				 .claimant_foreign = claimant && claimant->kind == RSP_PEER_PLAIN,
				 .takes = s->pe->statement.rank > RSP_RANK_REGISTERED };

	if (s->m || s->tomb)
		gather_stored(n, s, &f);
	return f;
}
