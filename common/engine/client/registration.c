#include "engine/client/registration.h"

#include <stdlib.h>
#include <string.h>

#include "wire/reader.h"

/* an element that is removed within this time after its registration registers
 * again after HASTY_DELAY_MS, not earlier */
#define HASTY_MS 1000
#define HASTY_DELAY_MS 900
#define REFUSALS_MAX 8	  /* the delay after a rejection doubles at most so often */
#define REFUSED_DELAY_MS 1000
#define LOAD_MS 1000	/* least time between two registrations of which only the load is new */
#define OUTDATED_MAX 3	/* after so many deregistrations that are refused as too old, the element is given up */

/* Whether the client must set the address of @transport: it is 0.0.0.0 or ::. */
static bool
is_unspecified(const struct rsp_transport *transport)
{
	struct rsp_ip ip = transport->n_addrs == 1 ? rsp_transport_ip(transport, 0) : (struct rsp_ip){ 0 };

	return rsp_ip_kind(&ip) == RSP_IP_UNSPECIFIED;
}

/* Compose the ASAP_REGISTRATION of @pe in @ret. The listener of the client is the ASAP
 * transport: RFC 5352 s.3.1 R2. @room: memory for addresses. */
static void
compose_registration(const struct client_elements *elements, struct rsp_bytes handle, struct rsp_pool_element *pe,
		     struct rsp_epoch number, uint8_t room[static RSP_ADDRS_ROOM(2)], struct rsp_message *ret)
{
	const struct client_link *home = elements->links->home;
	uint16_t asap_port = elements->core->config.asap_port;
	struct rsp_ip ip = home ? home->local : (struct rsp_ip){ 0 };

	if (ip.family && is_unspecified(&pe->user))
		rsp_transport_set_ips(&pe->user, &ip, 1, room + RSP_ADDRS_ROOM(1));

	pe->home_id = 0; /* the registrar sets the home id */
	pe->asap = (struct rsp_transport){ 0 };
	pe->owner = (struct rsp_bytes){ 0 };
	if (asap_port) {
		if (!ip.family && pe->user.n_addrs)
			ip = rsp_transport_ip(&pe->user, 0);
		if (ip.family) {
			pe->asap.type = RSP_PARAM_TCP;
			pe->asap.port = asap_port;
			rsp_transport_set_ips(&pe->asap, &ip, 1, room);
		}
	}
	*ret = (struct rsp_message){
		.protocol = RSP_ASAP,
		.type = ASAP_REGISTRATION,
		.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT | (elements->core->config.no_epoch ? 0 : RSP_HAS_EPOCH),
		.handle = handle,
		.element = *pe,
		.epoch = number,
	};
}

/* Decode the newest revision of @e. RSP_EINTERNAL. */
static enum rsp_err
decode_element(const struct client_element *e, struct rsp_pool_element *ret)
{
	struct rsp_rd rd = rsp_rd_init(e->pe, 0), body;
	uint16_t type;

	*ret = (struct rsp_pool_element){ 0 };
	if (!rsp_rd_tlv(&rd, &type, &body))
		return RSP_EINTERNAL;
	rsp_pool_element_decode(&body, ret);
	ret->pe_id = e->pe_id; /* a new identifier, if another process has displaced @e */
	return body.err ? RSP_EINTERNAL : RSP_OK;
}

static enum rsp_err
send_registration(struct client_elements *elements, const struct client_element *e)
{
	uint8_t room[RSP_ADDRS_ROOM(2)];
	struct rsp_pool_element pe;
	struct rsp_message msg;

	if (decode_element(e, &pe))
		return RSP_EINTERNAL;
	compose_registration(elements, e->handle, &pe, e->own, room, &msg);
	return rsp_client_core_send(elements->core, elements->links->home->id, &msg);
}

static enum rsp_err
send_deregistration(struct client_elements *elements, const struct client_element *e)
{
	struct rsp_message msg = {
		.protocol = RSP_ASAP,
		.type = ASAP_DEREGISTRATION,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | (elements->core->config.no_epoch ? 0 : RSP_HAS_EPOCH),
		.handle = e->handle,
		.pe_id = e->pe_id,
		.epoch = e->own,
	};

	return rsp_client_core_send(elements->core, elements->links->home->id, &msg);
}

/* The newest revision of @e was sent. */
static void
note_sent(const struct client_core *core, struct client_element *e)
{
	if (e->load_only)
		e->next_load_ms = core->now + LOAD_MS;
	e->load_only = false;
	e->sent = e->wanted;
}

void
rsp_client_registration_send_queued(struct client_elements *elements)
{
	struct client_core *core = elements->core;
	struct client_element *e;

	while (core->in_flight < CLIENT_WINDOW && (e = TAILQ_FIRST(&elements->work)) != NULL) {
		bool leaving = rsp_client_element_is_leaving(e);

		if (e->attempts++ == 0)
			e->first_sent_ms = core->now;
		e->next.epoch++;
		e->own = e->next;
		rsp_client_number_sent(core, &e->own);
		/* cannot fail: check_element() has encoded this element before */
		(void)(leaving ? send_deregistration(elements, e) : send_registration(elements, e));
		if (!leaving)
			note_sent(core, e);
		rsp_client_element_enter(elements, e, leaving ? ELEMENT_DEREGISTERING : ELEMENT_REGISTERING);
	}
}

/* Check that an ASAP_REGISTRATION can carry @pe. RSP_EVALUE, and errors of the encoder. */
static enum rsp_err
check_element(struct client_elements *elements, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	uint8_t *scratch = elements->core->scratch;
	struct rsp_pool_element copy = *pe;
	uint8_t room[RSP_ADDRS_ROOM(2)];
	struct rsp_message msg, back;
	size_t n;

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || pe->pe_id == 0 || pe->lifetime_s < -1 ||
	    pe->lifetime_s == 0 || !pe->user.type)
		return RSP_EVALUE;
	compose_registration(elements, handle, &copy, rsp_client_number_first(elements->core), room, &msg);
	enum rsp_err err = rsp_message_encode(&msg, scratch, RSP_MESSAGE_MAX + 1, &n);

	if (err)
		return err;
	return rsp_message_decode(RSP_ASAP, rsp_bytes_of(scratch, n), &back, NULL) ? RSP_EVALUE : RSP_OK;
}

/* Encode @pe into the scratch buffer, without the fields that the engine or the registrar sets. */
static enum rsp_err
encode_bare(const struct client_elements *elements, const struct rsp_pool_element *pe, struct rsp_bytes *ret)
{
	struct rsp_wr wr = rsp_wr_init(elements->core->scratch, RSP_MESSAGE_MAX + 1);
	struct rsp_pool_element bare = *pe;
	size_t n;

	bare.home_id = 0;
	bare.asap = (struct rsp_transport){ 0 };
	bare.owner = (struct rsp_bytes){ 0 };
	rsp_pool_element_encode(&wr, &bare);
	enum rsp_err err = rsp_wr_end(&wr, &n);
	if (!err)
		*ret = rsp_bytes_of(elements->core->scratch, n);
	return err;
}

/* Whether @pe differs from the newest revision of @e in the load alone. */
static bool
is_new_load(const struct client_elements *elements, const struct client_element *e, const struct rsp_pool_element *pe)
{
	const struct rsp_policy_row *row = rsp_policy_row(pe->policy.type);
	struct rsp_pool_element old, changed = *pe;
	struct rsp_bytes before, after;
	uint8_t *copy;

	if (!row || decode_element(e, &old))
		return false;
	for (unsigned i = 0; i < row->n_values; i++)
		if (strcmp(row->value[i], "load") == 0)
			changed.policy.value[i] = old.policy.value[i] = 0;
	if (encode_bare(elements, &old, &before) || !(copy = rsp_bytes_dup(before)))
		return false;
	before.p = copy;
	bool same = !encode_bare(elements, &changed, &after) && rsp_bytes_equal(before, after);
	free(copy);
	return same;
}

/* Store @pe as the next revision of @e. */
static enum rsp_err
keep_element(struct client_elements *elements, struct client_element *e, const struct rsp_pool_element *pe)
{
	struct rsp_bytes bare;
	enum rsp_err err = encode_bare(elements, pe, &bare);
	uint8_t *octets = err ? NULL : rsp_bytes_dup(bare);

	if (!octets)
		return err ? err : RSP_ENOMEM;
	free(e->pe_octets);
	e->pe_octets = octets;
	e->pe = rsp_bytes_of(octets, bare.n);
	e->lifetime_s = pe->lifetime_s;
	e->wanted++;
	return RSP_OK;
}

enum rsp_err
rsp_client_registration_add(struct client_elements *elements, struct rsp_bytes handle,
			    const struct rsp_pool_element *pe)
{
	enum rsp_err err = check_element(elements, handle, pe);

	if (err)
		return err;
	if (rsp_client_element_find(elements, handle, pe->pe_id))
		return RSP_EEXISTS;
	if (elements->n_all >= elements->core->config.max_elements)
		return RSP_ELIMIT;
	struct client_element *e = rsp_client_element_new(handle, pe->pe_id);
	if (!e)
		return RSP_ENOMEM;
	e->own = e->next = rsp_client_number_first(elements->core);
	if (e->next.epoch < elements->core->highest) /* the same element may have been registered before */
		e->next.epoch = elements->core->highest;
	err = keep_element(elements, e, pe);
	if (err) {
		rsp_client_element_free(e);
		return err;
	}
	rsp_client_element_add(elements, e);
	rsp_client_element_queue(elements, e);
	return RSP_OK;
}

/* Send the newest revision of @e: at once, or, if only its load is new, after LOAD_MS since the last such revision, or with
 * the registration that the element waits for. */
static void
send_revision(struct client_elements *elements, struct client_element *e)
{
	struct client_core *core = elements->core;
	bool soon = e->load_only && core->now < e->next_load_ms;

	if (e->state == ELEMENT_REGISTERING || (e->load_only && e->state == ELEMENT_WAITING))
		return;
	if (soon && e->state == ELEMENT_REGISTERED) {
		if (e->next_load_ms < e->timer.timer.deadline_ms)
			rsp_client_core_arm(core, &e->timer, e->next_load_ms - core->now);
		return;
	}
	e->attempts = 0;
	rsp_client_element_queue(elements, e);
}

enum rsp_err
rsp_client_registration_update(struct client_elements *elements, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe)
{
	struct client_element *e = rsp_client_element_find(elements, handle, pe->pe_id);

	if (!e || rsp_client_element_is_leaving(e))
		return RSP_EUNKNOWN_PE;
	enum rsp_err err = check_element(elements, handle, pe);
	bool load_only = !err && (e->load_only || e->sent == e->wanted) && is_new_load(elements, e, pe);
	if (!err)
		err = keep_element(elements, e, pe);
	if (err)
		return err;
	e->load_only = load_only;
	send_revision(elements, e);
	return RSP_OK;
}

/* The registrar lacks resources for an element that was registered before: after a failover, all elements
 * register at the same time. The registration itself is valid, so the client sends it again, after a
 * delay that doubles up to RETRAN-MAX (RFC 5352 s.7.3). */
static void
delay_refused(struct client_elements *elements, struct client_element *e)
{
	uint64_t cap_ms = elements->core->config.timers.retran_max_ms;
	uint64_t delay_ms = (uint64_t)REFUSED_DELAY_MS << e->refusals;
	unsigned tries = e->attempts;

	e->refusals += e->refusals < REFUSALS_MAX;
	rsp_client_element_delay(elements, e,
				 rsp_rng_jitter(&elements->core->rng, delay_ms < cap_ms ? delay_ms : cap_ms, 50));
	rsp_client_element_note(elements, e, RSP_CLIENT_FAILED, RSP_CAUSE_LACK_OF_RESOURCES, tries);
}

/* The registrar refuses the registration of @e, because it knows a greater statement @known: send one that is greater than
 * this. If that is not enough again and again, report it and go on later. */
static void
overrule_element(struct client_elements *elements, struct client_element *e, const struct rsp_epoch *known)
{
	unsigned tries = e->attempts;

	rsp_client_number_learn(&e->next, known);
	e->overruled++;
	if (!rsp_client_element_again(elements, e))
		rsp_client_element_note(elements, e, RSP_CLIENT_FAILED, RSP_CAUSE_EPOCH_OLD, tries);
}

static void
reject_element(struct client_elements *elements, struct client_element *e, uint16_t cause)
{
	if (e->wanted != e->sent) /* the caller has updated the element meanwhile: the new revision may be accepted */
		rsp_client_element_queue(elements, e);
	else
		rsp_client_element_enter(elements, e, ELEMENT_REJECTED);
	rsp_client_element_note(elements, e, RSP_CLIENT_REJECTED, cause, e->attempts);
}

/* The home has accepted the registration of @e. @known: the number in the response, or NULL. @warning: RSP_CAUSE_NONE, or
 * the error cause of the response: without the R bit, it is a warning. */
static void
accept_element(struct client_elements *elements, struct client_element *e, const struct rsp_epoch *known,
	       uint16_t warning)
{
	enum rsp_client_event_type type = RSP_CLIENT_REGISTERED;
	uint64_t home = elements->links->homes;
	unsigned tries = e->attempts;

	if (rsp_client_element_is_known(e))
		type = e->home == home && !e->removed ? RSP_CLIENT_RENEWED : RSP_CLIENT_REREGISTERED;
	rsp_client_element_enter(elements, e, ELEMENT_REGISTERED);
	e->acknowledged = e->sent;
	e->removed = false;
	e->attempts = e->refusals = e->overruled = 0;
	e->home = home;
	e->registered_ms = elements->core->now;
	if (known)
		rsp_client_number_accepted(&e->next, &e->own, known);
	if (e->wanted != e->sent)
		send_revision(elements, e);
	rsp_client_element_note(elements, e, type, warning, tries);
}

/* Whether a registrar has ever accepted @e, under this identifier or another. */
static bool
is_accepted(const struct client_element *e)
{
	return rsp_client_element_is_known(e) || e->renamed;
}

/* Whether another registration may follow one that was refused because of its number or identifier. */
static bool
may_retry(const struct client_core *core, const struct client_element *e)
{
	return core->config.persistent || e->overruled < CLIENT_OVERRULED_MAX;
}

/* Whether @e must give up its identifier, because its registration was refused with *@cause. A registrar without numbers may
 * refuse the first registration with NON_UNIQUE_PE_ID; with a configured identifier, this is a rejection. */
static bool
is_lost(const struct client_core *core, const struct client_element *e, const struct rsp_epoch *known, uint16_t *cause)
{
	if (!e->fixed_id && !may_retry(core, e))
		return false;
	if (*cause == RSP_CAUSE_NON_UNIQUE_PE_ID)
		return known || is_accepted(e) || !e->fixed_id;
	return *cause == RSP_CAUSE_EPOCH_OLD && known && rsp_client_number_is_lost(&e->own, known, cause);
}

void
rsp_client_registration_answered(struct client_elements *elements, const struct rsp_message *msg)
{
	struct client_core *core = elements->core;
	struct client_element *e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
	const struct rsp_epoch *known = rsp_client_number_in(core, msg);
	uint16_t cause = rsp_message_cause(msg);

	if (!e || e->state != ELEMENT_REGISTERING) {
		core->dropped++;
		return;
	}
	rsp_client_hunt_home_answered(elements->hunt);
	if (!(msg->flags & ASAP_FLAG_REJECT))
		accept_element(elements, e, known, cause);
	else if (is_lost(core, e, known, &cause))
		rsp_client_element_displace(elements, e, cause);
	else if (cause == RSP_CAUSE_EPOCH_OLD && known && may_retry(core, e))
		overrule_element(elements, e, known);
	else if (cause == RSP_CAUSE_LACK_OF_RESOURCES && is_accepted(e) && core->config.persistent)
		delay_refused(elements, e);
	else
		reject_element(elements, e, cause == RSP_CAUSE_NONE ? RSP_CAUSE_UNSPECIFIED : cause);
}

/* The home has answered the deregistration of @e. If it refuses it, because it knows a greater statement @known, the next
 * deregistration is greater. */
static void
end_deregistration(struct client_elements *elements, struct client_element *e, const struct rsp_epoch *known,
		   uint16_t cause)
{
	unsigned tries = e->attempts;
	uint16_t lost;

	if (cause == RSP_CAUSE_EPOCH_OLD && known && !rsp_client_number_is_lost(&e->own, known, &lost) &&
	    e->overruled++ < OUTDATED_MAX) {
		rsp_client_number_learn(&e->next, known);
		e->attempts = 0;
		rsp_client_element_queue(elements, e);
		return;
	}
	rsp_client_element_drop(elements, e);
	rsp_client_element_note(elements, e, RSP_CLIENT_DEREGISTERED, cause, tries);
}

/* RFC 5352 s.3.2: the home has removed @e, because its lifetime expired, it did not answer, or another process has its
 * identifier (@cause). The client registers @e again. */
static void
remove_element(struct client_elements *elements, struct client_element *e, const struct rsp_epoch *known,
	       uint16_t cause)
{
	bool hasty = elements->core->now - e->registered_ms < HASTY_MS;
	uint16_t lost = cause;

	if (cause == RSP_CAUSE_NON_UNIQUE_PE_ID || (known && rsp_client_number_is_lost(&e->own, known, &lost))) {
		rsp_client_element_displace(elements, e, lost);
		return;
	}
	if (known)
		rsp_client_number_learn(&e->next, known);
	e->removed = true;
	rsp_client_element_delay(elements, e, hasty ? HASTY_DELAY_MS : rsp_client_element_rejoin_ms(elements));
	rsp_client_element_note(elements, e, RSP_CLIENT_EXPIRED, cause, e->attempts);
}

void
rsp_client_registration_ended(struct client_elements *elements, const struct rsp_message *msg)
{
	struct client_core *core = elements->core;
	struct client_element *e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
	const struct rsp_epoch *known = rsp_client_number_in(core, msg);
	uint16_t cause = rsp_message_cause(msg);

	if (e && e->state == ELEMENT_DEREGISTERING) {
		rsp_client_hunt_home_answered(elements->hunt);
		end_deregistration(elements, e, known, cause);
	} else if (e && e->state == ELEMENT_REGISTERED) {
		remove_element(elements, e, known, cause);
	} else { /* during a registration, only the ASAP_REGISTRATION_RESPONSE counts */
		core->dropped++;
	}
}

bool
rsp_client_registration_error(struct client_elements *elements, uint16_t cause)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &elements->all, all)
		if (e->state == ELEMENT_REGISTERING || e->state == ELEMENT_DEREGISTERING)
			break;
	if (!e)
		return false;
	unsigned tries = e->attempts;
	if (e->state == ELEMENT_DEREGISTERING) {
		rsp_client_element_drop(elements, e);
		rsp_client_element_note(elements, e, RSP_CLIENT_DEREGISTERED, cause, tries);
	} else {
		rsp_client_element_enter(elements, e, ELEMENT_REJECTED);
		rsp_client_element_note(elements, e, RSP_CLIENT_REJECTED, cause, tries);
	}
	return true;
}
