#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

void
rsp_element_attach(struct rsp_element *e, struct rsp_link *link)
{
	if (e->link_link) {
		*e->link_link = e->link_next;
		if (e->link_next)
			e->link_next->link_link = e->link_link;
	}
	if (link && e->link && e->link != link->id)
		e->link_before = e->link;
	e->link = link ? link->id : 0;
	e->link_next = link ? link->elements : NULL;
	e->link_link = link ? &link->elements : NULL;
	if (!link)
		return;
	link->looked = false;
	if (link->elements)
		link->elements->link_link = &e->link_next;
	link->elements = e;
}

void
rsp_registrar_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_change change)
{
	rsp_updates_send(r, e, change == RSP_CHANGE_DEL ? ENRP_DEL_PE : ENRP_ADD_PE);
	if (change != RSP_CHANGE_RENEW)
		rsp_watch_changed(r, now_ms, e->pool, change == RSP_CHANGE_DEL && e->pool->n_elements == 1);
}

void
rsp_registrar_count(struct rsp_registrar *r, const struct rsp_element *e, int by)
{
	struct rsp_account *account = NULL;

	if (e->owner && rsp_element_home_id(e) == r->config.server_id)
		account = rsp_account_get(&r->accounts, &r->key, rsp_bytes_str(e->owner));
	if (account && by > 0)
		account->elements++;
	else if (account && account->elements > 0)
		account->elements--;
}

/* RFC 5352 s.3.5: varied by half, so that the keep-alives to many elements spread. */
static uint64_t
next_keepalive(struct rsp_registrar *r, uint64_t now_ms, const struct rsp_element *e)
{
	uint64_t next = now_ms + rsp_rng_jitter(&r->rng, r->config.keepalive_interval_ms, 50);
	uint64_t earliest = e->keepalive_sent_ms ? e->keepalive_sent_ms + r->config.keepalive_distance_ms : 0;

	if (r->config.keepalive_interval_ms == 0)
		return RSP_NEVER;
	return next < earliest ? earliest : next;
}

/* Beyond the RFC: the response says why. */
static void
send_gone(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes handle, uint32_t pe_id, uint16_t cause)
{
	uint8_t room[8];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_DEREGISTRATION_RESPONSE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | RSP_HAS_ERROR,
				   .handle = handle,
				   .pe_id = pe_id };

	msg.error = rsp_error_compose(cause, (struct rsp_bytes){ 0 }, room, sizeof(room));
	rsp_registrar_send(r, link->id, &msg);
}

void
rsp_asap_gone(struct rsp_registrar *r, const struct rsp_element *e, uint16_t cause)
{
	const struct rsp_link *link = rsp_registrar_link(r, e->link);

	if (link && link->up)
		send_gone(r, link, rsp_pool_handle(e->pool), e->pe_id, cause);
}

void
rsp_reports_clear(struct rsp_element *e)
{
	free(e->reporters);
	e->reporters = NULL;
	e->bad_reports = 0;
}

static void
remove_element(struct rsp_registrar *r, struct rsp_element *e)
{
	rsp_registrar_count(r, e, -1);
	rsp_wheel_cancel(&r->expiry, &e->expiry);
	rsp_wheel_cancel(&r->keepalive, &e->keepalive);
	rsp_element_attach(e, NULL);
	rsp_look_forget(r, e);
	rsp_element_remove(r->space, e);
}

void
rsp_registrar_remove(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_removal why,
		     const struct rsp_link *by)
{
	static const struct {
		const char *reason;
		uint16_t cause; /* that the element is told, unless it knows */
	} row[] = {
		[RSP_REMOVAL_DEREGISTERED] = { "deregistered", RSP_CAUSE_NONE },
		[RSP_REMOVAL_EXPIRED] = { "expired", RSP_CAUSE_EXPIRED },
		[RSP_REMOVAL_KEEPALIVE] = { "keepalive-unanswered", RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_UNREACHABLE] = { "reported-unreachable", RSP_CAUSE_REPORTED },
		[RSP_REMOVAL_CONNECTION] = { "connection-lost", RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_RIGHTS] = { "rights-ended", RSP_CAUSE_SECURITY },
	};
	struct rsp_event event = { .kind = RSP_EVENT_PE_REMOVED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = row[why].reason,
				   .identity = e->owner,
				   .reporters = e->reporters,
				   .n_reporters = e->bad_reports };

	uint64_t version = rsp_version_next(r, event.handle, e->pe_id, rsp_version_known(e));

	if (row[why].cause != RSP_CAUSE_NONE)
		rsp_asap_gone(r, e, row[why].cause);
	rsp_element_set_version(e, version);
	rsp_tombstone_put(&r->tombstones, event.handle, e->pe_id, version, r->now_ms + r->config.tombstone_ms);
	rsp_registrar_changed(r, now_ms, e, RSP_CHANGE_DEL);
	rsp_registrar_record(r, by, event);
	remove_element(r, e);
	r->stats.removed++;
}

void
rsp_registrar_forget(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	rsp_watch_changed(r, now_ms, e->pool, e->pool->n_elements == 1);
	remove_element(r, e);
}

/* Two processes may hold one identifier with one key, which nothing forbids: the one that registers last has it. The other
 * has no way to know, so, beyond the RFC, it is told; and why, or it would take the element back for ever. One process
 * that has changed its connection looks the same at first, so we wait for an answer over the new one: who gives it has
 * left the old one by then, and what we say there is heard only by another. Nothing is recorded, as nobody may be there:
 * a connection that broke without a sign is one that is left too. */
static void
tell_displaced(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_element *e)
{
	const struct rsp_link *other = link->dialled ? NULL : rsp_registrar_link(r, e->link_before);

	if (!other || other == link || !other->up || other->info.protocol != RSP_ASAP)
		return;
	e->link_before = 0;
	send_gone(r, other, rsp_pool_handle(e->pool), e->pe_id, RSP_CAUSE_NON_UNIQUE_PE_ID);
}

/* RFC 5352 s.3.2: the element is told that its registration life is over. */
void
rsp_asap_expired(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	if (now_ms < r->spared_ms) {
		rsp_wheel_set(&r->expiry, &e->expiry, r->spared_ms);
		return;
	}
	rsp_registrar_remove(r, now_ms, e, RSP_REMOVAL_EXPIRED, NULL);
}

void
rsp_asap_keep_alive_send(struct rsp_registrar *r, uint32_t link, const struct rsp_element *e, bool home)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_KEEP_ALIVE,
				   .flags = home ? ASAP_FLAG_HOME : 0,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .server_id = r->config.server_id,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id };

	rsp_registrar_send(r, link, &msg);
}

void
rsp_asap_keep_alive(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, bool home)
{
	e->waiting = true;
	e->keepalive_sent_ms = now_ms;
	rsp_wheel_set(&r->keepalive, &e->keepalive, now_ms + r->config.keepalive_timeout_ms);
	rsp_asap_keep_alive_send(r, e->link, e, home);
}

/* The one timer of an element's liveness: the next keep-alive, the answer to it, or the grace time without a
 * connection. */
void
rsp_asap_keepalive_due(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	if (rsp_element_home_id(e) != r->config.server_id)
		rsp_swept(r, e);
	else if (e->adopting && !e->waiting)
		rsp_adopt_due(r, e);
	else if ((e->link == 0 || e->waiting) && now_ms < r->spared_ms)
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->spared_ms);
	else if (e->rival && (e->link == 0 || e->waiting))
		rsp_rival_lost(r, e);
	else if (e->link == 0)
		rsp_registrar_remove(r, now_ms, e, RSP_REMOVAL_CONNECTION, NULL);
	else if (!e->waiting)
		rsp_asap_keep_alive(r, now_ms, e, e->adopting);
	else
		rsp_registrar_remove(r, now_ms, e,
				     e->bad_reports > r->config.max_bad_pe_report ? RSP_REMOVAL_UNREACHABLE
										  : RSP_REMOVAL_KEEPALIVE,
				     NULL);
}

void
rsp_asap_keep_alive_arm(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	rsp_wheel_set(&r->keepalive, &e->keepalive, next_keepalive(r, now_ms, e));
}

void
rsp_asap_keep_alive_soon(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	const struct rsp_link *link = rsp_registrar_link(r, e->link);

	if (!link || !link->up || e->waiting) /* what follows when it is up is a keep-alive, too */
		return;
	uint64_t earliest = e->keepalive_sent_ms ? e->keepalive_sent_ms + r->config.keepalive_distance_ms : now_ms;
	if (earliest <= now_ms)
		rsp_asap_keep_alive(r, now_ms, e, false);
	else if (!rsp_timer_is_set(&e->keepalive) || e->keepalive.deadline_ms > earliest)
		rsp_wheel_set(&r->keepalive, &e->keepalive, earliest);
}

void
rsp_asap_keep_alive_ack(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), msg->pe_id);

	if (!e && !rsp_rights_no_element(r, link)) {
		/* Beyond the RFC: it was removed while it did not answer; told so, it registers again at once. */
		send_gone(r, link, msg->handle, msg->pe_id, RSP_CAUSE_UNANSWERED);
		return;
	}
	uint32_t id = link->id;
	if (e)
		rsp_look_answered(r, id, e); /* the link may be gone then, unless @e is attached to it */
	/* only over the element's own connection: nobody else may keep it alive */
	if (!e || e->link != id || !e->waiting)
		return;
	e->waiting = false;
	rsp_reports_clear(e); /* RFC 5352 s.3.5: it MUST be kept */
	rsp_asap_keep_alive_arm(r, now_ms, e);
	tell_displaced(r, link, e);
	if (e->adopting)
		rsp_adopted(r, link, e);
	if (e->rival)
		rsp_rival_won(r, e);
}
