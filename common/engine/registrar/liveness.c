#include "engine/registrar/liveness.h"

#include "engine/registrar/number.h"
#include "proto/encoded.h"

/* Two processes may register one PE identifier with the same key. The process that registers last has the element.
 * Beyond the RFC: the other process is sent a cause, because it would otherwise register again, and so on for ever. But
 * one process that changes its connection looks the same at first. So this registrar waits until the element answers a
 * keep-alive over the new link. By then this process has left its old link, and a message over the old link can only
 * reach another process. No record is written, because the old link may also be a half-open connection. */
static void
send_displaced(struct rsp_core *core, const struct rsp_link *link, struct rsp_member *m)
{
	const struct rsp_link *other = link->dialled ? NULL : rsp_link_find(core, m->link_before);

	if (!other || other == link || other->state != RSP_LINK_UP || other->info.protocol != RSP_ASAP)
		return;
	m->link_before = 0;
	const struct rsp_element *e = rsp_member_element(m);
	rsp_member_send_unknown(core, other, rsp_pool_handle(e->pool), e->pe_id, RSP_CAUSE_NON_UNIQUE_PE_ID);
}

/* The contents for the next statement about @m, which sends no EPOCH: what it registered over its link. If it came by
 * acknowledging the H flag, it registered nothing here: then what the pending statement about the same process has. */
static void
contents_of(const struct rsp_member *m, struct rsp_pool_element *ret)
{
	const struct rsp_pending *pending = m->pending;
	struct rsp_statement stored = rsp_element_statement(rsp_member_element(m));

	if (m->by_ack && pending && pending->statement.rank != RSP_RANK_REMOVED &&
	    pending->statement.epoch.instance == stored.epoch.instance)
		rsp_encoded_decode(rsp_bytes_of(pending->octets, pending->size), ret);
	else
		rsp_element_decode(rsp_member_element(m), ret);
}

/* The element has acknowledged a question, and sends no EPOCH: it is alive, so its home makes the next statement.
 * RFC 5352 s.3.1 */
static void
affirm(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };
	struct rsp_statement next = rsp_member_greatest(m, NULL);

	contents_of(m, &pe);
	next.epoch = rsp_number_next(core, &next, m, &pe.user);
	next.rank = RSP_RANK_REGISTERED;
	pe.statement = next;
	pe.home_id = core->config.server_id;
	if (rsp_member_put(core, rsp_pool_handle(rsp_member_element(m)->pool), &pe, &m))
		return; /* no memory: the statement stays pending, and the next keep-alive asks again */
	rsp_member_clear_pending(m);
	rsp_member_note(core, m, RSP_NEWS_ADD);
}

/* @m has acknowledged a keep-alive, and a greater statement than its registration is pending. */
static void
acknowledged_pending(struct rsp_core *core, struct rsp_member *m, bool numbered)
{
	if (!m->questioned) { /* the statement arrived after the keep-alive was sent */
		rsp_member_hold(core, m);
		rsp_member_ask_soon(core, m);
	} else if (numbered && !rsp_number_is_last(&m->pending->statement)) {
		affirm(core, m);
		rsp_member_hold(core, m);
	} else {
		rsp_member_enter(core, m, RSP_MEMBER_DOUBTED, core->now_ms + rsp_core_interval_ms(core));
	}
}

/* @m, which sends no EPOCH, was linked before this registrar was away, and has acknowledged: it takes this registrar for its
 * home, and does not register before its life ends. */
static void
acknowledged_old(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(rsp_member_element(m), &pe);
	affirm(core, m);
	rsp_tomb_forget(&core->tombs, rsp_pool_handle(rsp_member_element(m)->pool), pe.pe_id, pe.owner);
	rsp_member_hold(core, m);
	rsp_member_set_life(core, m);
	rsp_member_note(core, m, RSP_NEWS_LINKED);
}

void
rsp_liveness_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			struct rsp_member *m)
{
	bool numbered = !(msg->has & RSP_HAS_EPOCH);

	/* The answer counts only over the link of the element: an ACK over
	 * another connection does not keep it alive. */
	if (m->link != link->id)
		return;
	if (m->phase == RSP_MEMBER_OLD && numbered)
		acknowledged_old(core, m);
	if (m->phase != RSP_MEMBER_ASKED)
		return;
	rsp_member_clear_reports(m); /* RFC 5352 s.3.5: an element that answers MUST be kept */
	if (m->pending)
		acknowledged_pending(core, m, numbered);
	else
		rsp_member_hold(core, m);
	rsp_member_note(core, m, RSP_NEWS_REACHED);
	send_displaced(core, link, m);
}

/* The previous link of @m, if it is still up and has the same account. This registrar may have read the messages of the
 * two links in another order than the element sent them, and so may have attached the element to the wrong link. */
static struct rsp_link *
find_link_before(const struct rsp_core *core, const struct rsp_member *m, const struct rsp_link *gone)
{
	struct rsp_link *link = rsp_link_find(core, m->link_before);
	bool same = link && link != gone && link->state == RSP_LINK_UP && !link->dialled && link->account == gone->account;

	return same && link->info.protocol == RSP_ASAP ? link : NULL;
}

/* The element behind @link takes this registrar for its home, which it is not any more: let it look for one. */
static void
send_away(struct rsp_core *core, const struct rsp_member *m, struct rsp_link *link)
{
	const struct rsp_element *e = rsp_member_element(m);

	if (m->numbered) /* without EPOCH: it looks for another home when its connection ends, and not for a message */
		rsp_link_close(core, link, RSP_ECLOSED);
	else
		rsp_member_send_unknown(core, link, rsp_pool_handle(e->pool), e->pe_id, RSP_CAUSE_UNANSWERED);
}

void
rsp_liveness_release_before(struct rsp_core *core, struct rsp_member *m, const struct rsp_link *gone)
{
	struct rsp_link *other = gone ? find_link_before(core, m, gone) : NULL;

	if (!other)
		return;
	m->link_before = 0;
	send_away(core, m, other);
}

void
rsp_liveness_send_away(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_link *link = rsp_link_find(core, m->link);

	rsp_link_detach(m);
	if (link && link->state == RSP_LINK_UP)
		send_away(core, m, link);
}

void
rsp_liveness_drop_link(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_link *link = rsp_link_find(core, m->link);
	struct rsp_link *displaced = m->phase == RSP_MEMBER_DISPLACED ? link : NULL;

	uint16_t cause = m->pending						  ? RSP_CAUSE_MOVED
			 : m->n_reporters > core->config.max_bad_pe_report ? RSP_CAUSE_REPORTED
									   : RSP_CAUSE_UNANSWERED;

	/* it may be alive behind a slow connection: it registers again, and does not wait for a keep-alive for ever */
	if (!displaced)
		rsp_member_send_removed(core, m, cause);
	m->unanswered = m->phase == RSP_MEMBER_ASKED;
	rsp_member_note(core, m, RSP_NEWS_UNLINKED | (m->pending ? RSP_NEWS_DROPPED : 0));
	rsp_liveness_release_before(core, m, link);
	rsp_member_unlink(core, m, 0);
	if (displaced) /* an element without EPOCH looks for another home when its connection ends, and not for a message */
		rsp_link_close(core, displaced, RSP_ECLOSED);
}

#define FIRST_LOOK 4 /* the first look at an element whose link was lost begins after 1/FIRST_LOOK of the grace time */

/* The link of @m, which is linked, has ended. */
static void
lose_link(struct rsp_core *core, struct rsp_member *m, const struct rsp_link *gone)
{
	struct rsp_link *other = find_link_before(core, m, gone);

	if (other && !m->numbered && !m->pending) { /* the answer over this link decides */
		rsp_link_attach(other, m);
		rsp_member_ask(core, m);
		return;
	}
	rsp_liveness_release_before(core, m, gone);
	rsp_member_note(core, m, RSP_NEWS_UNLINKED | (m->pending ? RSP_NEWS_DROPPED : 0));
	m->unanswered = false;
	rsp_member_unlink(core, m, rsp_rng_jitter(&core->rng, core->config.reconnect_grace_ms / FIRST_LOOK, 50));
}

void
rsp_liveness_link_down(struct rsp_core *core, struct rsp_link *link)
{
	struct rsp_member *m, *next;

	for (m = LIST_FIRST(&link->members); m; m = next) {
		next = LIST_NEXT(m, of_link);
		if (rsp_member_is_linked(m))
			lose_link(core, m, link);
		else
			rsp_link_detach(m); /* OLD */
	}
}
