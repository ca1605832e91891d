#include <stdlib.h>
#include <string.h>

#include "engine/registrar/registrar_priv.h"

/* What a request is answered with. */
struct verdict {
	uint16_t cause;	    /* RSP_CAUSE_NONE: granted */
	const char *reason; /* for the record */
	struct rsp_bytes info;
};

static const struct verdict granted = { .cause = RSP_CAUSE_NONE };

static struct verdict
refuse(uint16_t cause, const char *reason)
{
	return (struct verdict){ .cause = cause, .reason = reason };
}

/* Answer with @type and what @verdict says; refusals are counted, and recorded if they have a reason. */
static void
respond(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *request, uint8_t type,
	uint32_t pe_id, struct verdict verdict)
{
	uint8_t room[1280];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = type,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .handle = request->handle,
				   .pe_id = pe_id };

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
		r->stats.refused++;
		if (event.reason)
			rsp_registrar_record(r, link, event);
	}
	rsp_registrar_send(r, link->id, &msg);
}

/* RFC 5352 s.9.3, RFC 5355 s.2.1, s.2.15 */
static struct verdict
may_change(const struct rsp_registrar *r, const struct rsp_link *link)
{
	const char *reason = rsp_rights_no_element(r, link);

	return reason ? refuse(RSP_CAUSE_SECURITY, reason) : granted;
}

/* RFC 5352 s.2.2.1: an element registers addresses of its own connection, or such as it was allowed. */
static bool
addresses_allowed(const struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_transport *transport)
{
	return rsp_rights_addresses(r, link->info.identity, &link->info.remote, transport);
}

static struct verdict
check_values(const struct rsp_message *msg)
{
	const struct rsp_pool_element *pe = &msg->element;
	bool private = pe->policy.type & 0x80000000U;

	if (msg->handle.n == 0 || msg->handle.n > RSP_HANDLE_MAX)
		return refuse(RSP_CAUSE_INVALID_VALUES, "handle-length");
	if (pe->pe_id == 0)
		return refuse(RSP_CAUSE_INVALID_VALUES, "pe-id-zero");
	if (pe->lifetime_s == 0 || pe->lifetime_s < -1)
		return refuse(RSP_CAUSE_INVALID_VALUES, "lifetime");
	if (pe->user.type != RSP_PARAM_OPAQUE && pe->user.port == 0)
		return refuse(RSP_CAUSE_INVALID_VALUES, "port-zero");
	if (!rsp_transport_fits(&pe->user))
		return refuse(RSP_CAUSE_INVALID_VALUES, "address-unusable");
	if (!private && !rsp_policy_row(pe->policy.type)) /* RFC 5356 s.7.1: reserved */
		return refuse(RSP_CAUSE_INVALID_VALUES, "policy");
	return granted;
}

/* Whose @e is: the identity that registered it. Without identities, whoever is at its address. */
static bool
owns(const struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_element *e)
{
	struct rsp_pool_element pe = { 0 };

	if (!r->config.insecure)
		return e->owner && link->info.identity && strcmp(e->owner, link->info.identity) == 0;
	if (e->link == link->id || e->link == 0)
		return true;
	rsp_element_decode(e, &pe);
	return addresses_allowed(r, link, &pe.user);
}

/* RFC 5352 s.3.1 rule 2, with what RFC 5354 s.3.12.6 and s.3.12.8 want to go with the cause, written into @room. */
static struct verdict
check_consistency(const struct rsp_pool *pool, const struct rsp_pool_element *pe, uint8_t *room, size_t cap)
{
	struct verdict verdict = { .cause = rsp_pool_consistent(pool, pe) };
	struct rsp_pool_element member = { 0 };
	struct rsp_wr wr = rsp_wr_init(room, cap);

	rsp_element_decode(pool->element[0], &member);
	switch (verdict.cause) {
	case RSP_CAUSE_INCONSISTENT_POLICY:
		verdict.reason = "inconsistent-policy";
		rsp_policy_encode(&wr, &member.policy);
		break;
	case RSP_CAUSE_INCONSISTENT_TRANSPORT:
		verdict.reason = "inconsistent-transport";
		rsp_transport_encode(&wr, &member.user);
		break;
	default:
		verdict.reason = "inconsistent-transport-use";
	}
	if (!wr.err)
		verdict.info = rsp_bytes_of(room, wr.pos);
	return verdict;
}

static struct verdict
check_registration(struct rsp_registrar *r, uint64_t now_ms, const struct rsp_link *link, const struct rsp_message *msg,
		   const struct rsp_pool *pool, const struct rsp_element *e, uint8_t *room, size_t cap)
{
	struct verdict verdict = may_change(r, link);

	if (verdict.cause != RSP_CAUSE_NONE)
		return verdict;
	struct rsp_rate rate = rsp_rights_rate(r, link->info.identity);
	if (!rsp_account_pay(link->account, RSP_TOLL_REGISTRATION, &rate, now_ms))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, "rate");
	verdict = check_values(msg);
	if (verdict.cause != RSP_CAUSE_NONE) {
		struct rsp_wr wr = rsp_wr_init(room, cap); /* RFC 5354 s.3.12.4: the parameter goes with the cause */

		rsp_pool_element_encode(&wr, &msg->element);
		verdict.info = wr.err ? verdict.info : rsp_bytes_of(room, wr.pos);
		return verdict;
	}
	if (r->config.may && link->info.identity && !r->config.may(r->ctx, link->info.identity, msg->handle))
		return refuse(RSP_CAUSE_SECURITY, "pool-not-allowed");
	if (!addresses_allowed(r, link, &msg->element.user))
		return refuse(RSP_CAUSE_SECURITY, "address-not-own");
	if (!rsp_rights_opaque(r, link->info.identity, &msg->element.user))
		return refuse(RSP_CAUSE_SECURITY, "opaque-not-allowed");
	if (e && !owns(r, link, e))
		return refuse(RSP_CAUSE_SECURITY, "element-of-another");
	link->account->most = rsp_rights_elements(r, link->info.identity);
	if (!e && link->account->elements >= link->account->most) /* what moves here is not turned away */
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, "elements-of-one-identity");
	struct rsp_bytes who = link->info.identity ? rsp_bytes_str(link->info.identity) : (struct rsp_bytes){ 0 };
	if (!pool && rsp_owner_pools(r->space, who) >= rsp_rights_pools(r, link->info.identity))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, "pools-of-one-identity");
	if (pool && rsp_pool_consistent(pool, &msg->element) != RSP_CAUSE_NONE)
		return check_consistency(pool, &msg->element, room, cap);
	return granted;
}

/* RFC 5352 s.3.1 rule 4: where the element can be reached. An element behind TCP says on which port it listens for
 * registrars; that counts if the address is its own. */
static void
record_asap_transport(const struct rsp_registrar *r, const struct rsp_link *link, struct rsp_pool_element *pe,
		      uint8_t room[static RSP_ADDRS_ROOM(1)])
{
	if (pe->asap.type == RSP_PARAM_TCP && pe->asap.port && rsp_transport_fits(&pe->asap) &&
	    addresses_allowed(r, link, &pe->asap))
		return;
	pe->asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = link->info.remote_port };
	rsp_transport_set_ips(&pe->asap, &link->info.remote, 1, room);
}

/* Put the element into the handlespace as ours; @e is it, if it is there. @ret_same: what users see of it is what it
 * was, and so is its link. */
static enum rsp_err
put(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg, const struct rsp_pool_element *pe,
    struct rsp_element *e, struct rsp_element **ret, bool *ret_same)
{
	size_t before = e && e->link == link->id ? e->answer_size : 0;
	bool counted = e && e->owner && rsp_element_home_id(e) == r->config.server_id, is_new;

	if (before)
		memcpy(r->out, e->encoded, before); /* nothing is being sent */
	enum rsp_err err = rsp_handlespace_put(r->space, msg->handle, pe, ret, &is_new);
	if (err)
		return err;
	if ((*ret)->owner && !counted) /* the owner of a known element is who registers it: owns() */
		link->account->elements++;
	/* the header's length depends on what users do not see */
	*ret_same = before > 4 && before == (*ret)->answer_size &&
		    memcmp(r->out + 4, (*ret)->encoded + 4, before - 4) == 0;
	return RSP_OK;
}

/* Store what @msg registers, which has been checked. */
static struct verdict
store(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg,
      struct rsp_element *e)
{
	struct rsp_pool_element pe = msg->element;
	uint8_t room[RSP_ADDRS_ROOM(1)];
	bool is_new = !e, same;

	pe.version = rsp_version_next(r, msg->handle, pe.pe_id, e ? rsp_version_known(e) : 0);
	pe.home_id = r->config.server_id;
	pe.owner = link->info.identity ? rsp_bytes_str(link->info.identity) : (struct rsp_bytes){ 0 };
	record_asap_transport(r, link, &pe, room);
	if (put(r, link, msg, &pe, e, &e, &same))
		return refuse(RSP_CAUSE_LACK_OF_RESOURCES, "handlespace-full");

	rsp_element_attach(e, link);
	e->waiting = e->adopting = e->marked = false;
	rsp_reports_clear(e);
	free(e->rival);
	e->rival = NULL;
	rsp_wheel_set(&r->expiry, &e->expiry,
		      pe.lifetime_s < 0 ? RSP_NEVER : now_ms + (uint64_t)pe.lifetime_s * 1000);
	rsp_asap_keep_alive_arm(r, now_ms, e);
	r->stats.registrations++;
	rsp_registrar_changed(r, now_ms, e, same ? RSP_CHANGE_RENEW : RSP_CHANGE_ADD);
	if (same)
		return granted;

	struct rsp_event event = { .kind = is_new ? RSP_EVENT_PE_REGISTERED : RSP_EVENT_PE_UPDATED,
				   .message_type = msg->type,
				   .handle = msg->handle,
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .element = &pe };
	rsp_registrar_record(r, link, event);
	return granted;
}

void
rsp_asap_registration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg)
{
	uint8_t room[1024];
	const struct rsp_pool *pool = rsp_pool_find(r->space, msg->handle);
	struct rsp_element *e = rsp_element_find(r->space, pool, msg->element.pe_id);
	struct verdict verdict = check_registration(r, now_ms, link, msg, pool, e, room, sizeof(room));
	bool moves = e && e->link && e->link != link->id;

	if (verdict.cause == RSP_CAUSE_NONE)
		verdict = store(r, now_ms, link, msg, e);
	respond(r, link, msg, ASAP_REGISTRATION_RESPONSE, msg->element.pe_id, verdict);
	uint64_t soon = now_ms + r->config.keepalive_distance_ms;
	if (moves && verdict.cause == RSP_CAUSE_NONE && e->keepalive.deadline_ms > soon)
		rsp_wheel_set(&r->keepalive, &e->keepalive, soon); /* see tell_displaced() */
}

/* What of a request can be read although it is malformed: @ret->has tells. */
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
			ret->pe_id = rsp_rd_u32(&body); /* RFC 5354 s.3.10, s.3.14: both begin with it */
			ret->has |= RSP_HAS_PE_ID;
		}
	}
}

/* RFC 5352 s.3.1 rule 5, s.3.2: every request is answered, if it can be known what to answer. */
bool
rsp_asap_undecodable(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes octets,
		     const struct rsp_why *why)
{
	struct rsp_message request = { .protocol = RSP_ASAP };
	struct verdict verdict = may_change(r, link);

	if (why->cause != RSP_CAUSE_INVALID_VALUES)
		return false;
	salvage(octets, &request);
	if (verdict.cause == RSP_CAUSE_NONE) {
		verdict.cause = RSP_CAUSE_INVALID_VALUES; /* recorded as malformed already */
		verdict.info = rsp_message_culprit(octets, why);
	}
	if (!(request.has & RSP_HAS_HANDLE) || !(request.has & RSP_HAS_PE_ID))
		return false;
	if (request.type != ASAP_REGISTRATION && request.type != ASAP_DEREGISTRATION)
		return false;
	respond(r, link, &request,
		request.type == ASAP_REGISTRATION ? ASAP_REGISTRATION_RESPONSE : ASAP_DEREGISTRATION_RESPONSE,
		request.pe_id, verdict);
	return true;
}

/* Peers believe its home only that an element is gone: so we are its home first. */
static bool
make_ours(struct rsp_registrar *r, struct rsp_element *e)
{
	if (rsp_element_home_id(e) == r->config.server_id)
		return true;
	uint64_t version = rsp_version_next(r, rsp_pool_handle(e->pool), e->pe_id, rsp_version_known(e));
	if (rsp_element_rehome(r->space, e, r->config.server_id, version))
		return false;
	rsp_registrar_count(r, e, 1);
	rsp_updates_send(r, e, ENRP_ADD_PE);
	return true;
}

/* RFC 5352 s.3.2; who is not known is gone already, and that is what was asked for. */
void
rsp_asap_deregistration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), msg->pe_id);
	struct verdict verdict = may_change(r, link);
	struct rsp_rate rate = rsp_rights_rate(r, link->info.identity);

	if (verdict.cause == RSP_CAUSE_NONE && !rsp_account_pay(link->account, RSP_TOLL_REGISTRATION, &rate, now_ms))
		verdict = refuse(RSP_CAUSE_LACK_OF_RESOURCES, "rate");
	if (verdict.cause == RSP_CAUSE_NONE && e && !owns(r, link, e))
		verdict = refuse(RSP_CAUSE_SECURITY, "element-of-another");
	if (verdict.cause == RSP_CAUSE_NONE && e && !make_ours(r, e))
		verdict = refuse(RSP_CAUSE_LACK_OF_RESOURCES, "memory");
	if (verdict.cause == RSP_CAUSE_NONE && e) {
		if (e->link != link->id) /* the process that registered it last is another one: it comes back */
			rsp_asap_gone(r, e, RSP_CAUSE_DEREGISTERED);
		rsp_registrar_remove(r, now_ms, e, RSP_REMOVAL_DEREGISTERED, link);
		r->stats.deregistrations++;
	}
	respond(r, link, msg, ASAP_DEREGISTRATION_RESPONSE, msg->pe_id, verdict);
}
