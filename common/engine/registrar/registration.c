#include "engine/registrar/registration.h"

#include <string.h>

#include "engine/registrar/liveness.h"
#include "engine/registrar/number.h"
#include "engine/registrar/rights.h"
#include "engine/registrar/subscription.h"
#include "model/statement.h"
#include "proto/encoded.h"

/* The answer to a request. */
struct request_verdict {
	uint16_t cause;	    /* RSP_CAUSE_NONE: granted */
	enum rsp_reason reason; /* for the record; NONE: recorded already */
	struct rsp_bytes info; /* sent with the cause */
	struct rsp_epoch epoch; /* sent if the request has one: of the greatest statement; instance 0: none */
};

static const struct request_verdict granted = { .cause = RSP_CAUSE_NONE };

static struct request_verdict
refuse(uint16_t cause, enum rsp_reason reason)
{
	return (struct request_verdict){ .cause = cause, .reason = reason };
}

/* Answer @request with a response of @type, as @verdict says. A refusal is counted, and recorded if it has a reason. */
static void
respond(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *request, uint8_t type,
	uint32_t pe_id, struct request_verdict verdict)
{
	uint8_t room[1280];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = type,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .handle = request->handle,
				   .pe_id = pe_id };

	if (request->has & RSP_HAS_EPOCH && verdict.epoch.instance) {
		msg.has |= RSP_HAS_EPOCH;
		msg.epoch = verdict.epoch;
	}
	if (verdict.cause != RSP_CAUSE_NONE) {
		struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
					   .message_type = request->type,
					   .handle = request->handle,
					   .pe_id = pe_id,
					   .cause = verdict.cause,
					   .reason = verdict.reason };

		msg.flags = type == ASAP_REGISTRATION_RESPONSE ? ASAP_FLAG_REJECT : 0;
		msg.has |= RSP_HAS_ERROR;
		msg.error = rsp_error_compose(verdict.cause, verdict.info, room, sizeof(room));
		core->stats.refused++;
		if (event.reason)
			rsp_core_record(core, link, event);
	}
	rsp_core_send(core, link->id, &msg);
}

/* Whether the other side of @link may change registrations: RFC 5352 s.9.3, RFC 5355 s.2.1, s.2.15. */
static struct request_verdict
may_change(const struct rsp_core *core, const struct rsp_link *link)
{
	enum rsp_reason reason = rsp_rights_no_element(core, link);

	return reason ? refuse(RSP_CAUSE_SECURITY, reason) : granted;
}

static bool
pool_allowed(const struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle)
{
	return !core->config.may || !link->info.identity || core->config.may(core->ctx, link->info.identity, handle);
}

static struct request_verdict
check_key(struct rsp_bytes handle, uint32_t pe_id)
{
	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX)
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_HANDLE_LENGTH);
	if (pe_id == 0)
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_PE_ID_ZERO);
	return granted;
}

static struct request_verdict
check_values(const struct rsp_message *msg)
{
	const struct rsp_pool_element *pe = &msg->element;
	bool private = pe->policy.type & 0x80000000U;
	struct request_verdict verdict = check_key(msg->handle, pe->pe_id);

	if (verdict.cause != RSP_CAUSE_NONE)
		return verdict;
	if (pe->lifetime_s == 0 || pe->lifetime_s < -1)
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_LIFETIME);
	if (pe->user.type != RSP_PARAM_OPAQUE && pe->user.port == 0)
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_PORT_ZERO);
	if (!rsp_transport_fits(&pe->user))
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_ADDRESS_UNUSABLE);
	if (!private && !rsp_policy_row(pe->policy.type)) /* RFC 5356 s.7.1: reserved */
		return refuse(RSP_CAUSE_INVALID_VALUES, RSP_REASON_POLICY);
	return granted;
}

/* What a request is about: the element of the sender's identity, and what is known of it. */
struct registration_subject {
	struct rsp_bytes owner;	       /* the identity of the sender; empty: none */
	struct rsp_pool *pool;	       /* NULL: unknown */
	struct rsp_member *m;	       /* the record of @owner; NULL: none */
	const struct rsp_member *shown; /* the record that users get: of @owner, or of another; NULL: none */
	struct rsp_statement known;    /* the greatest statement about the element of @owner; rank 0: none */
	struct rsp_epoch next; /* the number of the request: its own, or made for an element without EPOCH */
};

static struct rsp_member *
member_or_null(struct rsp_element *e)
{
	return e ? rsp_member(e) : NULL;
}

static struct registration_subject
find_subject(const struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, uint32_t pe_id)
{
	struct registration_subject s = { .pool = rsp_pool_find(core->space, handle) };

	if (link->info.identity)
		s.owner = rsp_bytes_str(link->info.identity);
	s.m = member_or_null(rsp_element_find_of(core->space, s.pool, pe_id, s.owner));
	s.shown = member_or_null(rsp_element_find(core->space, s.pool, pe_id));
	s.known = rsp_number_known(core, handle, pe_id, s.owner, s.m).statement;
	return s;
}

/* Whether the other side of @link may change the element of @s. Over TLS: no other identity has it. In plain text: it has
 * no other link, or its addresses are those of @link. */
static bool
owns(const struct rsp_core *core, const struct rsp_link *link, const struct registration_subject *s)
{
	struct rsp_pool_element pe = { 0 };

	/* what a registrar only says to exist, and hides the record of the sender, stops no renewal: enrp/rival.h */
	if (!core->config.insecure && s->m)
		return true;
	if (!core->config.insecure) {
		const char *other = s->shown ? rsp_member_element(s->shown)->owner : NULL;

		return !other || rsp_bytes_equal(rsp_bytes_str(other), s->owner);
	}
	if (!s->m || s->m->link == link->id || !rsp_member_is_linked(s->m))
		return true;
	rsp_element_decode(rsp_member_element(s->m), &pe);
	return rsp_rights_addresses(core, link, link->info.identity, &pe.user);
}

/* Compare the number of the request with what is known: ownership by statements, rule 4.1. Sets s->next. An element with
 * EPOCH that knew of another process goes on above it; one that another process has displaced is refused. */
static struct request_verdict
check_number(struct rsp_core *core, const struct rsp_message *msg, struct registration_subject *s)
{
	if (msg->has & RSP_HAS_EPOCH) {
		s->next = msg->epoch;
		rsp_number_heard(core, msg->epoch.epoch);
	} else if (rsp_number_is_last(&s->known)) {
		return refuse(RSP_CAUSE_NON_UNIQUE_PE_ID, RSP_REASON_NUMBERS_USED_UP);
	} else {
		s->next = rsp_number_next(core, &s->known, s->m, &msg->element.user);
	}
	if (!s->known.rank)
		return granted;
	const struct rsp_epoch *known = &s->known.epoch;
	bool displaced = msg->has & RSP_HAS_EPOCH
				 ? known->instance != s->next.instance && known->over == s->next.instance
				 : rsp_number_displaced(&s->known, &s->next);
	if (displaced)
		return refuse(RSP_CAUSE_NON_UNIQUE_PE_ID, RSP_REASON_DISPLACED);
	if (s->next.epoch < known->epoch || (s->next.epoch == known->epoch && s->next.instance <= known->instance))
		return (struct request_verdict){ .cause = RSP_CAUSE_EPOCH_OLD, .reason = RSP_REASON_NONE };
	if (known->instance != s->next.instance)
		s->next.over = known->instance;
	return granted;
}

/* RFC 5352 s.3.1 rule 2: @pe differs from the pool. RFC 5354 s.3.12.6 and s.3.12.8 require a parameter of the pool with
 * the cause; it is written into @room. */
static struct request_verdict
check_consistency(const struct rsp_pool *pool, const struct rsp_pool_element *pe, uint8_t *room, size_t cap)
{
	struct request_verdict verdict = { .cause = rsp_pool_consistent(pool, pe) };
	struct rsp_pool_element first = { 0 };
	struct rsp_wr wr = rsp_wr_init(room, cap);

	rsp_element_decode(pool->element[0], &first);
	switch (verdict.cause) {
	case RSP_CAUSE_INCONSISTENT_POLICY:
		verdict.reason = RSP_REASON_INCONSISTENT_POLICY;
		rsp_policy_encode(&wr, &first.policy);
		break;
	case RSP_CAUSE_INCONSISTENT_TRANSPORT:
		verdict.reason = RSP_REASON_INCONSISTENT_TRANSPORT;
		rsp_transport_encode(&wr, &first.user);
		break;
	default:
		verdict.reason = RSP_REASON_INCONSISTENT_USE;
	}
	if (!wr.err)
		verdict.info = rsp_bytes_of(room, wr.pos);
	return verdict;
}

static struct request_verdict
check_registration(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
		   struct registration_subject *s, uint8_t *room, size_t cap)
{
	const struct rsp_pool *pool = s->pool;
	struct request_verdict verdict = may_change(core, link);

	if (verdict.cause != RSP_CAUSE_NONE)
		return verdict;
	struct rsp_rate rate = rsp_rights_rate(core, link->info.identity);
	if (!rsp_account_pay(link->account, RSP_TOLL_REGISTRATION, &rate, core->now_ms))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_RATE);
	verdict = check_values(msg);
	if (verdict.cause != RSP_CAUSE_NONE) {
		struct rsp_wr wr = rsp_wr_init(room, cap); /* RFC 5354 s.3.12.4: the cause includes the parameter */

		rsp_pool_element_encode(&wr, &msg->element);
		verdict.info = wr.err ? verdict.info : rsp_bytes_of(room, wr.pos);
		return verdict;
	}
	if (!pool_allowed(core, link, msg->handle))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_POOL_NOT_ALLOWED);
	if (!rsp_rights_addresses(core, link, link->info.identity, &msg->element.user))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_ADDRESS_NOT_OWN);
	if (!rsp_rights_opaque(core, link->info.identity, &msg->element.user))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_OPAQUE_NOT_ALLOWED);
	if (!owns(core, link, s))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_ELEMENT_OF_ANOTHER);
	link->account->most = rsp_rights_elements(core, link->info.identity);
	/* an element that is known already may always register again */
	if (!s->m && link->account->elements >= link->account->most)
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_ELEMENTS_OF_ONE_IDENTITY);
	if (!pool && rsp_owner_pools(core->space, s->owner) >= rsp_rights_pools(core, link->info.identity))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_POOLS_OF_ONE_IDENTITY);
	if (pool && rsp_pool_consistent(pool, &msg->element) != RSP_CAUSE_NONE)
		return check_consistency(pool, &msg->element, room, cap);
	return check_number(core, msg, s);
}

/* RFC 5352 s.3.1 rule 4: set the ASAP transport, where registrars can dial the element. Over TCP, the
 * element sends the port where it listens for registrars; this registrar accepts it if the element may
 * register the address. Else use the source of its connection. */
static void
record_asap_transport(const struct rsp_core *core, const struct rsp_link *link, struct rsp_pool_element *pe,
		      uint8_t room[static RSP_ADDRS_ROOM(1)])
{
	if (pe->asap.type == RSP_PARAM_TCP && pe->asap.port && rsp_transport_fits(&pe->asap) &&
	    rsp_rights_addresses(core, link, link->info.identity, &pe->asap))
		return;
	pe->asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = link->info.remote_port };
	rsp_transport_set_ips(&pe->asap, &link->info.remote, 1, room);
}

/* Store @pe as an own element. @ret_m: in, the stored element, NULL: none; out, the element stored now. @ret_same:
 * neither its link nor its contents for users have changed. */
static enum rsp_err
put(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, const struct rsp_pool_element *pe,
    struct rsp_member **ret_m, bool *ret_same)
{
	struct rsp_member *m = *ret_m;
	const struct rsp_element *known = m ? rsp_member_element(m) : NULL;
	bool here = m && rsp_member_is_linked(m) && m->link == link->id;
	struct rsp_bytes before = here ? rsp_element_public(known) : (struct rsp_bytes){ 0 };

	if (before.n) { /* save the octets in core->out: no message is being encoded now */
		memcpy(core->out, before.p, before.n);
		before.p = core->out;
	}
	enum rsp_err err = rsp_member_put(core, handle, pe, ret_m);
	if (err)
		return err;
	const struct rsp_element *e = rsp_member_element(*ret_m);
	rsp_member_count(core, *ret_m, true);
	*ret_same = before.n && rsp_encoded_public_equal(before, rsp_element_public(e));
	return RSP_OK;
}

/* The statement about the element that registers. */
static struct rsp_statement
state(const struct rsp_core *core, const struct registration_subject *s)
{
	return (struct rsp_statement){ .epoch = s->next,
				       .since_ms = s->known.rank ? s->known.since_ms
								 : core->config.epoch_ms + core->now_ms,
				       .rank = RSP_RANK_REGISTERED };
}

/* @m has registered over @link, which is its link from now on. */
static void
link_member(struct rsp_core *core, struct rsp_link *link, struct rsp_member *m, bool numbered)
{
	link->look_only = false;
	if (!rsp_member_is_linked(m)) {
		if (rsp_member_is_looked_at(m))
			rsp_member_enter(core, m, RSP_MEMBER_UNLINKED, RSP_NEVER);
		rsp_member_note(core, m, RSP_NEWS_LINKED);
	}
	rsp_link_attach(link, m);
	m->met = true;
	m->numbered = numbered;
	m->by_ack = false;
	m->silent_ms = 0;
	rsp_member_clear_reports(m);
	rsp_member_clear_pending(m);
}

/* Store the element of the registration @msg, which was checked. */
static struct request_verdict
store(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg, struct registration_subject *s)
{
	struct rsp_pool_element pe = msg->element;
	uint8_t room[RSP_ADDRS_ROOM(1)];
	bool is_new = !s->m, same;

	pe.statement = state(core, s);
	pe.home_id = core->config.server_id;
	pe.owner = s->owner;
	pe.unknown = (struct rsp_unknown){ 0 };
	record_asap_transport(core, link, &pe, room);
	if (put(core, link, msg->handle, &pe, &s->m, &same))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_HANDLESPACE_FULL);

	struct rsp_member *m = s->m;
	rsp_tomb_forget(&core->tombs, msg->handle, pe.pe_id, pe.owner);
	link_member(core, link, m, !(msg->has & RSP_HAS_EPOCH));
	rsp_member_set_life(core, m);
	rsp_member_hold(core, m);
	core->stats.registrations++;
	rsp_member_note(core, m, RSP_NEWS_ADD);
	if (same)
		return granted;

	struct rsp_event event = { .kind = is_new ? RSP_EVENT_PE_REGISTERED : RSP_EVENT_PE_UPDATED,
				   .message_type = msg->type,
				   .handle = msg->handle,
				   .pe_id = pe.pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .element = &pe };
	rsp_subscription_pool_changed(core, rsp_member_element(m)->pool);
	rsp_core_record(core, link, event);
	return granted;
}

void
rsp_registration_received(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg)
{
	uint8_t room[1024];
	struct registration_subject s = find_subject(core, link, msg->handle, msg->element.pe_id);
	struct request_verdict verdict = check_registration(core, link, msg, &s, room, sizeof(room));
	bool moves = s.m && rsp_member_is_linked(s.m) && s.m->link != link->id;

	if (verdict.cause == RSP_CAUSE_NONE)
		verdict = store(core, link, msg, &s);
	verdict.epoch = verdict.cause == RSP_CAUSE_NONE ? s.next : s.known.epoch;
	respond(core, link, msg, ASAP_REGISTRATION_RESPONSE, msg->element.pe_id, verdict);
	/* Send a keep-alive over the new link soon: send_displaced() in liveness.c has the reason. */
	uint64_t soon = core->now_ms + core->config.keepalive_distance_ms;
	if (moves && verdict.cause == RSP_CAUSE_NONE &&
	    (!rsp_timer_is_set(&s.m->timer) || s.m->timer.deadline_ms > soon))
		rsp_member_postpone(core, s.m, soon);
}

/* Read handle and PE identifier from a malformed request; @ret->has says which were found. */
static void
salvage(struct rsp_bytes octets, struct rsp_message *ret)
{
	struct rsp_rd rd = rsp_rd_init(octets, 0), body;
	uint16_t type;

	ret->type = rsp_rd_u8(&rd);
	(void)rsp_rd_take(&rd, 3);
	while (rsp_rd_tlv(&rd, &type, &body)) {
		if (type == RSP_PARAM_POOL_HANDLE && !(ret->has & RSP_HAS_HANDLE) &&
		    rsp_rd_left(&body) <= RSP_HANDLE_MAX) {
			ret->handle = rsp_rd_rest(&body);
			ret->has |= RSP_HAS_HANDLE;
		} else if ((type == RSP_PARAM_POOL_ELEMENT || type == RSP_PARAM_PE_ID) && rsp_rd_left(&body) >= 4) {
			/* RFC 5354 s.3.10, s.3.14: both parameters begin with the PE identifier */
			ret->pe_id = rsp_rd_u32(&body);
			ret->has |= RSP_HAS_PE_ID;
		}
	}
}

/* RFC 5352 s.3.1 rule 5, s.3.2: every request is answered. */
bool
rsp_registration_undecodable(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes octets,
		     const struct rsp_why *why)
{
	struct rsp_message request = { .protocol = RSP_ASAP };
	struct request_verdict verdict = may_change(core, link);

	if (why->cause != RSP_CAUSE_INVALID_VALUES)
		return false;
	salvage(octets, &request);
	if (verdict.cause == RSP_CAUSE_NONE) {
		verdict.cause = RSP_CAUSE_INVALID_VALUES; /* recorded as "malformed" already */
		verdict.info = rsp_message_culprit(octets, why);
	}
	if (!(request.has & RSP_HAS_HANDLE) || !(request.has & RSP_HAS_PE_ID))
		return false;
	if (request.type != ASAP_REGISTRATION && request.type != ASAP_DEREGISTRATION)
		return false;
	respond(core, link, &request,
		request.type == ASAP_REGISTRATION ? ASAP_REGISTRATION_RESPONSE : ASAP_DEREGISTRATION_RESPONSE,
		request.pe_id, verdict);
	return true;
}

/* Whether the element without EPOCH may deregister over @link: it registered over @link, or comes from its address. */
static bool
is_that_process(const struct rsp_link *link, const struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };

	if (rsp_member_is_linked(m) && m->link == link->id)
		return true;
	rsp_element_decode(rsp_member_element(m), &pe);
	return rsp_transport_has_ip(&pe.user, &link->info.remote);
}

/* The element of @s deregisters: store the statement that it is removed, also if the element is unknown here. */
static void
deregister(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg, const struct registration_subject *s)
{
	struct rsp_statement removed = state(core, s);

	removed.rank = RSP_RANK_REMOVED;
	core->stats.deregistrations++;
	if (!s->m) {
		rsp_core_bury(core, msg->handle, msg->pe_id, s->owner, &removed, core->config.server_id);
		return;
	}
	/* another process registered the element last: send it the cause */
	if (rsp_member_is_linked(s->m) && s->m->link != link->id)
		rsp_member_send_removed(core, s->m, RSP_CAUSE_DEREGISTERED);
	else if (s->m->numbered) /* without EPOCH, the messages of a former process may arrive late */
		rsp_liveness_release_before(core, s->m, link);
	/* without a number: an element without EPOCH that this registrar had before it was away; it goes at that number */
	rsp_member_remove(core, s->m, RSP_REMOVAL_DEREGISTERED, link, removed.epoch.instance ? &removed.epoch : NULL);
}

/* As for a registration; but an element that is stored may deregister, also if it has lost the right to its pool meanwhile.
 * An element without EPOCH is removed at the epoch that its home made. */
static struct request_verdict
check_deregistration(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg, struct registration_subject *s)
{
	struct rsp_rate rate = rsp_rights_rate(core, link->info.identity);
	struct request_verdict verdict = may_change(core, link);

	if (verdict.cause != RSP_CAUSE_NONE)
		return verdict;
	if (!rsp_account_pay(link->account, RSP_TOLL_REGISTRATION, &rate, core->now_ms))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_RATE);
	verdict = check_key(msg->handle, msg->pe_id);
	if (verdict.cause != RSP_CAUSE_NONE)
		return verdict;
	if (!owns(core, link, s))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_ELEMENT_OF_ANOTHER);
	if (!s->m && !pool_allowed(core, link, msg->handle))
		return refuse(RSP_CAUSE_SECURITY, RSP_REASON_POOL_NOT_ALLOWED);
	if (msg->has & RSP_HAS_EPOCH)
		return check_number(core, msg, s);
	s->next = s->known.epoch;
	return granted;
}

void
rsp_registration_ended(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg)
{
	struct registration_subject s = find_subject(core, link, msg->handle, msg->pe_id);
	struct request_verdict verdict = check_deregistration(core, link, msg, &s);
	bool numbered = !(msg->has & RSP_HAS_EPOCH);

	if (verdict.cause == RSP_CAUSE_NONE && (!numbered || (s.m && is_that_process(link, s.m))))
		deregister(core, link, msg, &s);
	verdict.epoch = verdict.cause == RSP_CAUSE_NONE ? s.next : s.known.epoch;
	respond(core, link, msg, ASAP_DEREGISTRATION_RESPONSE, msg->pe_id, verdict);
}
