#include "engine/client/registration.h"

#include <stdlib.h>

#include "wire/reader.h"

/* an element that is removed within this time after its registration registers
 * again after HASTY_DELAY_MS, not earlier */
#define HASTY_MS 1000
#define HASTY_DELAY_MS 900
#define REFUSALS_MAX 8	  /* the delay after a rejection doubles at most so often */
#define REFUSED_DELAY_MS 1000

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
		     uint8_t room[static RSP_ADDRS_ROOM(2)], struct rsp_message *ret)
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
		.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
		.handle = handle,
		.element = *pe,
	};
}

static enum rsp_err
send_registration(struct client_elements *elements, const struct client_element *e)
{
	struct rsp_rd rd = rsp_rd_init(e->pe, 0), body;
	uint8_t room[RSP_ADDRS_ROOM(2)];
	struct rsp_pool_element pe = { 0 };
	struct rsp_message msg;
	uint16_t type;

	if (!rsp_rd_tlv(&rd, &type, &body))
		return RSP_EINTERNAL;
	rsp_pool_element_decode(&body, &pe);
	if (body.err)
		return RSP_EINTERNAL;
	compose_registration(elements, e->handle, &pe, room, &msg);
	return rsp_client_core_send(elements->core, elements->links->home->id, &msg);
}

static enum rsp_err
send_deregistration(struct client_elements *elements, const struct client_element *e)
{
	struct rsp_message msg = {
		.protocol = RSP_ASAP,
		.type = ASAP_DEREGISTRATION,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
		.handle = e->handle,
		.pe_id = e->pe_id,
	};

	return rsp_client_core_send(elements->core, elements->links->home->id, &msg);
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
		/* cannot fail: check_element() has encoded this element before */
		(void)(leaving ? send_deregistration(elements, e) : send_registration(elements, e));
		if (!leaving)
			e->sent = e->wanted;
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
	compose_registration(elements, handle, &copy, room, &msg);
	enum rsp_err err = rsp_message_encode(&msg, scratch, RSP_MESSAGE_MAX + 1, &n);

	if (err)
		return err;
	return rsp_message_decode(RSP_ASAP, rsp_bytes_of(scratch, n), &back, NULL) ? RSP_EVALUE : RSP_OK;
}

/* Store @pe as the next revision of @e, encoded, without the fields that the engine or the registrar sets. */
static enum rsp_err
keep_element(struct client_elements *elements, struct client_element *e, const struct rsp_pool_element *pe)
{
	uint8_t *scratch = elements->core->scratch;
	struct rsp_pool_element bare = *pe;
	struct rsp_wr wr = rsp_wr_init(scratch, RSP_MESSAGE_MAX + 1);
	size_t n;

	bare.home_id = 0;
	bare.asap = (struct rsp_transport){ 0 };
	bare.owner = (struct rsp_bytes){ 0 };
	rsp_pool_element_encode(&wr, &bare);
	enum rsp_err err = rsp_wr_end(&wr, &n);
	uint8_t *octets = err ? NULL : rsp_bytes_dup(rsp_bytes_of(scratch, n));
	if (!octets)
		return err ? err : RSP_ENOMEM;
	free(e->pe_octets);
	e->pe_octets = octets;
	e->pe = rsp_bytes_of(octets, n);
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
	err = keep_element(elements, e, pe);
	if (err) {
		rsp_client_element_free(e);
		return err;
	}
	rsp_client_element_add(elements, e);
	rsp_client_element_queue(elements, e);
	return RSP_OK;
}

enum rsp_err
rsp_client_registration_update(struct client_elements *elements, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe)
{
	struct client_element *e = rsp_client_element_find(elements, handle, pe->pe_id);

	if (!e || rsp_client_element_is_leaving(e))
		return RSP_EUNKNOWN_PE;
	enum rsp_err err = check_element(elements, handle, pe);
	if (!err)
		err = keep_element(elements, e, pe);
	if (err)
		return err;
	if (e->state != ELEMENT_REGISTERING) { /* else the new revision is sent after the response */
		e->attempts = 0;
		rsp_client_element_queue(elements, e);
	}
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

static void
reject_element(struct client_elements *elements, struct client_element *e, uint16_t cause)
{
	if (e->wanted != e->sent) /* the caller has updated the element meanwhile: the new revision may be accepted */
		rsp_client_element_queue(elements, e);
	else
		rsp_client_element_enter(elements, e, ELEMENT_REJECTED);
	rsp_client_element_note(elements, e, RSP_CLIENT_REJECTED, cause, e->attempts);
}

/* The home has accepted the registration of @e. @warning: RSP_CAUSE_NONE, or the error cause of
 * the response: without the R bit, it is a warning. */
static void
accept_element(struct client_elements *elements, struct client_element *e, uint16_t warning)
{
	enum rsp_client_event_type type = RSP_CLIENT_REGISTERED;
	uint64_t home = elements->links->homes;
	unsigned tries = e->attempts;

	if (rsp_client_element_is_known(e))
		type = e->home == home && !e->removed ? RSP_CLIENT_RENEWED : RSP_CLIENT_REREGISTERED;
	rsp_client_element_enter(elements, e, ELEMENT_REGISTERED);
	e->acknowledged = e->sent;
	e->removed = false;
	e->attempts = e->refusals = 0;
	e->home = home;
	e->registered_ms = elements->core->now;
	if (e->wanted != e->sent)
		rsp_client_element_queue(elements, e);
	rsp_client_element_note(elements, e, type, warning, tries);
}

void
rsp_client_registration_answered(struct client_elements *elements, const struct rsp_message *msg)
{
	struct client_core *core = elements->core;
	struct client_element *e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
	uint16_t cause = rsp_message_cause(msg);

	if (!e || e->state != ELEMENT_REGISTERING) {
		core->dropped++;
		return;
	}
	rsp_client_hunt_home_answered(elements->hunt);
	if (!(msg->flags & ASAP_FLAG_REJECT))
		accept_element(elements, e, cause);
	else if (cause == RSP_CAUSE_LACK_OF_RESOURCES && rsp_client_element_is_known(e) && core->config.persistent)
		delay_refused(elements, e);
	else
		reject_element(elements, e, cause == RSP_CAUSE_NONE ? RSP_CAUSE_UNSPECIFIED : cause);
}

void
rsp_client_registration_ended(struct client_elements *elements, const struct rsp_message *msg)
{
	struct client_core *core = elements->core;
	struct client_element *e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
	uint16_t cause = rsp_message_cause(msg);

	if (e && e->state == ELEMENT_DEREGISTERING) {
		unsigned tries = e->attempts;

		rsp_client_hunt_home_answered(elements->hunt);
		rsp_client_element_drop(elements, e);
		rsp_client_element_note(elements, e, RSP_CLIENT_DEREGISTERED, cause, tries);
		return;
	}
	/* during a registration, only the ASAP_REGISTRATION_RESPONSE counts */
	if (!e || e->state != ELEMENT_REGISTERED) {
		core->dropped++;
		return;
	}
	if (cause == RSP_CAUSE_NON_UNIQUE_PE_ID) {
		rsp_client_element_drop(elements, e);
		rsp_client_element_note(elements, e, RSP_CLIENT_DISPLACED, cause, e->attempts);
		return;
	}
	/* RFC 5352 s.3.2: the registrar has removed @e, because its lifetime expired or it
	 * did not answer. The client registers @e again. */
	bool hasty = core->now - e->registered_ms < HASTY_MS;
	e->removed = true;
	rsp_client_element_delay(elements, e, hasty ? HASTY_DELAY_MS : rsp_client_element_rejoin_ms(elements));
	rsp_client_element_note(elements, e, RSP_CLIENT_EXPIRED, cause, e->attempts);
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
