#include "engine/enrp/word.h"

#include "engine/enrp/message.h"
#include "engine/enrp/statement.h"
#include "engine/enrp/update.h"
#include "engine/registrar/number.h"
#include "engine/registrar/rights.h"
#include "engine/registrar/subscription.h"

/* Whether the word of @f_id about @e is a reason for an update now: once in a heartbeat cycle it is. */
static bool
may_send(struct rsp_enrp *n, const struct rsp_element *e, uint32_t f_id)
{
	uint64_t subject = e->pool->node.hash ^ e->pe_id ^ (uint64_t)f_id << 32;

	return rsp_limiter_pass(&n->once, subject, RSP_ENRP_ONCE_WORD, n->core->config.peer_heartbeat_cycle_ms,
				n->core->now_ms);
}

/* A registrar without STATEMENT says that it has the element @m, which this registrar, its home, has too: if it is linked,
 * its answer decides (rsp_word_answered()); else the other has it. */
static void
claims_ours(struct rsp_core *core, struct rsp_member *m)
{
	if (rsp_member_is_linked(m))
		rsp_member_ask_soon(core, m);
	else
		rsp_member_remove(core, m, RSP_REMOVAL_CLAIMED, NULL, NULL);
}

/* The word @pe stands beside the statement that users are shown: its home, if it is heard of, decides. */
static void
stands_beside(struct rsp_enrp *n, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_core *core = n->core;
	struct rsp_element *e = rsp_element_find(core->space, rsp_pool_find(core->space, handle), pe->pe_id);

	if (!e || rsp_element_is_word(e) || rsp_member(e)->phase == RSP_MEMBER_OLD)
		return;
	if (rsp_member_is_own(core, rsp_member(e))) {
		claims_ours(core, rsp_member(e));
		return;
	}
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(e));
	if (!home || home->kind == RSP_PEER_PLAIN || !rsp_peer_is_heard_of(n, home))
		rsp_member_remove(core, rsp_member(e), RSP_REMOVAL_CLAIMED, NULL, NULL);
	else if (may_send(n, e, pe->home_id))
		rsp_update_pass_on(n, home, handle, pe, false);
}

/* Put @word into the handlespace, if its owner may have it. *@ret_cause is set if not. */
static enum rsp_reason
put_word(struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *word, struct rsp_member **ret,
	 uint16_t *ret_cause)
{
	enum rsp_reason refusal = rsp_rights_refusal(core, handle, word, ret_cause);

	if (refusal)
		return refusal;
	*ret_cause = RSP_CAUSE_LACK_OF_RESOURCES;
	if (rsp_member_put(core, handle, word, ret))
		return RSP_REASON_HANDLESPACE_FULL;
	if ((*ret)->phase == RSP_MEMBER_OLD) /* now it is no copy: the word was said after this registrar was away */
		rsp_member_enter(core, *ret, RSP_MEMBER_FOREIGN, RSP_NEVER);
	rsp_subscription_pool_changed(core, rsp_member_element(*ret)->pool);
	return RSP_REASON_NONE;
}

/* Store the word @pe of its home @f, which came in a message of @message_type. False: refused, which is recorded. */
static bool
store_word(struct rsp_enrp *n, const struct rsp_peer *f, uint8_t message_type, struct rsp_bytes handle,
	   const struct rsp_pool_element *pe, struct rsp_member **ret)
{
	struct rsp_pool_element word = *pe;
	uint16_t cause;

	word.statement = (struct rsp_statement){ 0 };
	word.version = 0;
	enum rsp_reason refusal = put_word(n->core, handle, &word, ret, &cause);
	if (refusal)
		rsp_peer_refuse_element(n, f, message_type, handle, pe->pe_id, cause, refusal);
	else
		stands_beside(n, handle, &word);
	return !refusal;
}

static struct rsp_member *
find_word(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, uint32_t home_id)
{
	struct rsp_element *e = rsp_element_find_word(core->space, rsp_pool_find(core->space, handle), pe_id, home_id);

	return e ? rsp_member(e) : NULL;
}

/* Whether @pe is the word of its home: which is @peer, or a registrar for which @peer passes it on, and that is perhaps not
 * heard here. */
static bool
is_word(const struct rsp_enrp *n, const struct rsp_peer *peer, const struct rsp_pool_element *pe)
{
	const struct rsp_peer *home = rsp_peer_find(n, pe->home_id);

	if (pe->statement.rank || pe->home_id == n->core->config.server_id)
		return false;
	return home == peer ? home->kind == RSP_PEER_PLAIN : !home || home->kind != RSP_PEER_STATES;
}

void
rsp_word_received(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *msg)
{
	const struct rsp_pool_element *pe = &msg->element;
	struct rsp_member *m;

	if (!rsp_statement_is_sound(msg->handle, pe, false) || !is_word(n, peer, pe)) {
		n->core->stats.updates_stale++;
	} else if (pe->home_id != peer->server_id) {
		if (peer->kind == RSP_PEER_STATES && msg->update_action == ENRP_ADD_PE)
			stands_beside(n, msg->handle, pe);
	} else if (msg->update_action == ENRP_ADD_PE) {
		(void)store_word(n, peer, ENRP_HANDLE_UPDATE, msg->handle, pe, &m);
	} else if ((m = find_word(n->core, msg->handle, pe->pe_id, pe->home_id))) {
		rsp_member_forget(n->core, m);
	}
}

bool
rsp_word_listed(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_member *m;

	if (peer->kind != RSP_PEER_PLAIN || pe->home_id != peer->server_id)
		return peer->download.state == RSP_DOWNLOAD_ALL; /* all else is ignored */
	if (!rsp_statement_is_sound(handle, pe, false))
		return false;
	if (store_word(n, peer, ENRP_HANDLE_TABLE_RESPONSE, handle, pe, &m))
		m->listed_in = peer->download.number;
	else
		peer->download.refused++;
	return true;
}

void
rsp_word_answered(struct rsp_enrp *n, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	if (e->hidden || m->pending || !rsp_member_is_linked(m))
		return;
	for (const struct rsp_element *other = e; (other = rsp_element_next_record(n->core->space, other));) {
		uint32_t f_id = rsp_element_home_id(other);
		const struct rsp_peer *f = rsp_element_is_word(other) ? rsp_peer_find(n, f_id) : NULL;

		if (f && may_send(n, e, f_id))
			rsp_update_tell(n, f, m, false);
	}
}

bool
rsp_word_stands_beside(const struct rsp_enrp *n, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	if (e->hidden || m->phase == RSP_MEMBER_OLD)
		return false;
	for (const struct rsp_element *other = e; (other = rsp_element_next_record(n->core->space, other));) {
		const struct rsp_peer *f = rsp_element_is_word(other) ? rsp_peer_find(n, rsp_element_home_id(other)) : NULL;

		if (f && rsp_peer_is_alive(f))
			return true;
	}
	return false;
}

void
rsp_word_ended(struct rsp_enrp *n, const struct rsp_peer *f)
{
	struct rsp_element *e = rsp_home_first(n->core->space, f->server_id), *next;

	for (; e; e = next) {
		next = rsp_home_next(e);
		if (rsp_element_is_word(e))
			rsp_member_forget(n->core, rsp_member(e));
	}
}

void
rsp_word_taken_over(struct rsp_enrp *n, struct rsp_member *m, bool ours)
{
	struct rsp_core *core = n->core;
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_bytes handle = rsp_pool_handle(e->pool);
	struct rsp_pool_element pe = { 0 };
	bool shown = rsp_element_is_shown(e);
	struct rsp_member *taken;

	rsp_element_decode(e, &pe);
	struct rsp_statement known = rsp_number_known(core, handle, e->pe_id, pe.owner, NULL).statement;
	pe.home_id = core->config.server_id;
	pe.statement.epoch = rsp_number_next(core, &known, NULL, &pe.user);
	pe.statement.epoch.over = 0; /* it may be the process that is known, and number its own registrations */
	pe.statement.since_ms = core->config.epoch_ms + core->now_ms;
	pe.statement.rank = RSP_RANK_REGISTERED + 1;
	if (shown && ours && !rsp_number_is_last(&known) && !rsp_member_put(core, handle, &pe, &taken)) {
		rsp_tomb_forget(&core->tombs, handle, e->pe_id, pe.owner);
		taken->numbered = true;
		taken->stated_by = rsp_element_home_id(e);
		rsp_member_take(core, taken, 0);
		rsp_member_note(core, taken, RSP_NEWS_ADD);
	}
	rsp_member_forget(core, m);
}
