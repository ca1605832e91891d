#include <stdlib.h>

#include "engine/client/priv.h"
#include "wire/reader.h"

/* Registrations: RFC 5352 s.3.1, s.3.2, s.3.4. */

#define KEEPALIVES_KNOWN 4 /* after so many we know how often they come */
#define SILENCE		 4 /* times the longest time between two is too long */

static uint64_t
hash_of(const struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	return (rsp_hash(&c->key, handle) ^ (pe_id * UINT64_C(0x9e3779b97f4a7c15))) % CLIENT_BUCKETS;
}

struct client_element *
rsp_client_element_find(const struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e = c->buckets[hash_of(c, handle, pe_id)];

	while (e && (e->pe_id != pe_id || !rsp_bytes_equal(e->handle, handle)))
		e = e->chain;
	return e;
}

static unsigned *
counter_of(struct rsp_client *c, enum client_element_state state)
{
	switch (state) {
	case ELEMENT_HELD:
		return &c->n_held;
	case ELEMENT_REJECTED:
		return &c->n_rejected;
	case ELEMENT_WAITS:
	case ELEMENT_REGISTERING:
	case ELEMENT_LEAVES:
	case ELEMENT_LEAVING:
		return &c->n_unwell;
	case ELEMENT_DEAD:
		break;
	}
	return &c->n_dead;
}

static bool
in_flight(const struct client_element *e)
{
	return e->state == ELEMENT_REGISTERING || e->state == ELEMENT_LEAVING;
}

/* Move @e to @state with nothing on its way, no timer and no place in the queue. */
static void
set_state(struct rsp_client *c, struct client_element *e, enum client_element_state state)
{
	if (in_flight(e) && c->in_flight)
		c->in_flight--;
	if (e->queued) {
		TAILQ_REMOVE(&c->element_work, e, work);
		e->queued = false;
	}
	rsp_client_disarm(c, &e->timer);
	--*counter_of(c, e->state);
	++*counter_of(c, state);
	e->state = state;
}

static void
enqueue(struct rsp_client *c, struct client_element *e)
{
	if (e->queued || !c->home)
		return;
	TAILQ_INSERT_TAIL(&c->element_work, e, work);
	e->queued = true;
}

/* Forget @e. Its octets live until the next time something happens outside. */
static void
bury(struct rsp_client *c, struct client_element *e)
{
	struct client_element **at = &c->buckets[hash_of(c, e->handle, e->pe_id)];

	set_state(c, e, ELEMENT_DEAD);
	while (*at && *at != e)
		at = &(*at)->chain;
	if (*at)
		*at = e->chain;
	TAILQ_REMOVE(&c->elements, e, all);
	TAILQ_INSERT_TAIL(&c->dead, e, all);
	c->n_elements--;
}

static void
element_free(struct client_element *e)
{
	free(e->octets);
	free(e->pe_octets);
	free(e);
}

void
rsp_client_elements_reap(struct rsp_client *c)
{
	struct client_element *e;

	while ((e = TAILQ_FIRST(&c->dead)) != NULL) {
		TAILQ_REMOVE(&c->dead, e, all);
		element_free(e);
	}
}

void
rsp_client_elements_done(struct rsp_client *c)
{
	struct client_element *e;

	rsp_client_elements_reap(c);
	while ((e = TAILQ_FIRST(&c->elements)) != NULL) {
		TAILQ_REMOVE(&c->elements, e, all);
		element_free(e);
	}
}

static void
tell_of(struct rsp_client *c, const struct client_element *e, enum rsp_client_event_type type, uint16_t cause,
	const struct rsp_message *msg, const struct rsp_why *why)
{
	struct rsp_client_event event = rsp_client_event_new(c, type);

	event.handle = e->handle;
	event.pe_id = e->pe_id;
	event.lifetime_s = e->lifetime_s;
	event.cause = cause;
	event.message = msg;
	event.why = why;
	event.tries = e->attempts;
	event.rtt_ms = (uint32_t)(c->now - e->first_sent_ms);
	rsp_client_tell(c, &event);
}

static void
tell(struct rsp_client *c, const struct client_element *e, enum rsp_client_event_type type, uint16_t cause,
     const struct rsp_why *why)
{
	tell_of(c, e, type, cause, NULL, why);
}

/* RFC 5352 s.7.1: T4 is 10 minutes, or 20 s less than the lifetime if that is less. A lifetime too short for that is
 * halved. A little less, by chance, so that a batch registered at once is not renewed at once for ever. */
static uint64_t
t4_ms(struct rsp_client *c, const struct client_element *e)
{
	uint64_t life_ms = (uint64_t)(uint32_t)e->lifetime_s * 1000, t4 = c->config.timers.t4_reregistration_ms;

	if (e->lifetime_s >= 0) {
		uint64_t most = life_ms > 40000 ? life_ms - 20000 : life_ms / 2;

		t4 = most < t4 ? most : t4;
	}
	return t4 - rsp_rng_below(&c->rng, t4 / 10 + 1);
}

/* Whether the address of @transport is left to us: 0.0.0.0 or ::. */
static bool
unspecified(const struct rsp_transport *transport)
{
	struct rsp_ip ip = transport->n_addrs == 1 ? rsp_transport_ip(transport, 0) : (struct rsp_ip){ 0 };

	return rsp_ip_kind(&ip) == RSP_IP_UNSPECIFIED;
}

/* The registration of @e, with the listener that registrars are to dial: RFC 5352 s.3.1 R2. */
static void
registration(const struct rsp_client *c, struct rsp_bytes handle, struct rsp_pool_element *pe,
	     uint8_t room[static RSP_ADDRS_ROOM(2)], struct rsp_message *ret)
{
	struct rsp_ip ip = c->home ? c->home->local : (struct rsp_ip){ 0 };

	if (ip.family && unspecified(&pe->user))
		rsp_transport_set_ips(&pe->user, &ip, 1, room + RSP_ADDRS_ROOM(1));

	pe->home_id = 0; /* the registrar fills it in */
	pe->asap = (struct rsp_transport){ 0 };
	pe->owner = (struct rsp_bytes){ 0 };
	if (c->config.asap_port) {
		if (!ip.family && pe->user.n_addrs)
			ip = rsp_transport_ip(&pe->user, 0);
		if (ip.family) {
			pe->asap.type = RSP_PARAM_TCP;
			pe->asap.port = c->config.asap_port;
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
send_registration(struct rsp_client *c, const struct client_element *e)
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
	registration(c, e->handle, &pe, room, &msg);
	return rsp_client_send(c, c->home->id, &msg);
}

static enum rsp_err
send_deregistration(struct rsp_client *c, const struct client_element *e)
{
	struct rsp_message msg = {
		.protocol = RSP_ASAP,
		.type = ASAP_DEREGISTRATION,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
		.handle = e->handle,
		.pe_id = e->pe_id,
	};

	return rsp_client_send(c, c->home->id, &msg);
}

void
rsp_client_element_send(struct rsp_client *c, struct client_element *e)
{
	bool leaves = e->state == ELEMENT_LEAVES;
	uint32_t wait_ms = leaves ? c->config.timers.t3_deregistration_ms : c->config.timers.t2_registration_ms;

	if (e->attempts++ == 0) {
		e->first_sent_ms = c->now;
		wait_ms = e->expired && wait_ms > 1000 ? 1000 : wait_ms; /* a home that removed it may not hear it */
	}
	e->again = false;
	/* cannot fail: what register() took is known to fit a message */
	(void)(leaves ? send_deregistration(c, e) : send_registration(c, e));
	set_state(c, e, leaves ? ELEMENT_LEAVING : ELEMENT_REGISTERING);
	c->in_flight++;
	rsp_client_arm(c, &e->timer, wait_ms);
}

/* What a registration can carry, before it is promised to anybody. */
static enum rsp_err
check(struct rsp_client *c, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct rsp_pool_element copy = *pe;
	uint8_t room[RSP_ADDRS_ROOM(2)];
	struct rsp_message msg, back;
	size_t n;

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX || pe->pe_id == 0 || pe->lifetime_s < -1 ||
	    pe->lifetime_s == 0 || !pe->user.type)
		return RSP_EVALUE;
	registration(c, handle, &copy, room, &msg);
	enum rsp_err err = rsp_message_encode(&msg, c->scratch, RSP_MESSAGE_MAX + 1, &n);

	if (err)
		return err;
	return rsp_message_decode(RSP_ASAP, rsp_bytes_of(c->scratch, n), &back, NULL) ? RSP_EVALUE : RSP_OK;
}

/* Keep @pe encoded, without what the engine and the registrars fill in. */
static enum rsp_err
keep(struct rsp_client *c, struct client_element *e, const struct rsp_pool_element *pe)
{
	struct rsp_pool_element bare = *pe;
	struct rsp_wr wr = rsp_wr_init(c->scratch, RSP_MESSAGE_MAX + 1);
	size_t n;

	bare.home_id = 0;
	bare.asap = (struct rsp_transport){ 0 };
	bare.owner = (struct rsp_bytes){ 0 };
	rsp_pool_element_encode(&wr, &bare);
	enum rsp_err err = rsp_wr_end(&wr, &n);
	uint8_t *octets = err ? NULL : rsp_bytes_dup(rsp_bytes_of(c->scratch, n));
	if (!octets)
		return err ? err : RSP_ENOMEM;
	free(e->pe_octets);
	e->pe_octets = octets;
	e->pe = rsp_bytes_of(octets, n);
	e->pe_id = pe->pe_id;
	e->lifetime_s = pe->lifetime_s;
	e->changed = e->again = true;
	return RSP_OK;
}

enum rsp_err
rsp_client_register(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	enum rsp_err err = check(c, handle, pe);

	if (err)
		return err;
	if (rsp_client_element_find(c, handle, pe->pe_id))
		return RSP_EEXISTS;
	if (c->n_elements >= c->config.max_elements)
		return RSP_ELIMIT;
	struct client_element *e = calloc(1, sizeof *e);
	if (!e)
		return RSP_ENOMEM;
	e->octets = rsp_bytes_dup(handle);
	e->handle = rsp_bytes_of(e->octets, handle.n);
	err = e->octets ? keep(c, e, pe) : RSP_ENOMEM;
	if (err) {
		element_free(e);
		return err;
	}

	struct client_element **bucket = &c->buckets[hash_of(c, e->handle, e->pe_id)];
	e->timer.kind = TIMER_ELEMENT;
	e->state = ELEMENT_WAITS;
	e->chain = *bucket;
	*bucket = e;
	TAILQ_INSERT_TAIL(&c->elements, e, all);
	c->n_elements++;
	c->n_unwell++;
	enqueue(c, e);
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

enum rsp_err
rsp_client_update(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	struct client_element *e = rsp_client_element_find(c, handle, pe->pe_id);

	if (!e || e->state == ELEMENT_LEAVES || e->state == ELEMENT_LEAVING)
		return RSP_EUNKNOWN_PE;
	enum rsp_err err = check(c, handle, pe);
	if (!err)
		err = keep(c, e, pe);
	if (err)
		return err;
	if (e->state != ELEMENT_REGISTERING) { /* else it is sent again when the answer is there */
		set_state(c, e, ELEMENT_WAITS);
		e->attempts = 0;
		enqueue(c, e);
	}
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

/* Leave, or be gone at once if no registrar can know of @e. */
static void
leave(struct rsp_client *c, struct client_element *e)
{
	if (e->state == ELEMENT_LEAVES || e->state == ELEMENT_LEAVING || e->state == ELEMENT_DEAD)
		return;
	if (!e->known && (e->attempts == 0 || e->state == ELEMENT_REJECTED)) {
		e->attempts = 0; /* of deregistering */
		bury(c, e);
		tell(c, e, RSP_CLIENT_DEREGISTERED, RSP_CAUSE_NONE, NULL);
		return;
	}
	set_state(c, e, ELEMENT_LEAVES);
	e->attempts = 0;
	enqueue(c, e);
}

enum rsp_err
rsp_client_deregister(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e = rsp_client_element_find(c, handle, pe_id);

	if (!e)
		return RSP_EUNKNOWN_PE;
	c->now = now_ms > c->now ? now_ms : c->now;
	leave(c, e);
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

void
rsp_client_deregister_all(struct rsp_client *c, uint64_t now_ms)
{
	c->now = now_ms > c->now ? now_ms : c->now;
	for (struct client_element *e = TAILQ_FIRST(&c->elements), *next; e; e = next) {
		next = TAILQ_NEXT(e, all);
		leave(c, e);
		if (next && next->state == ELEMENT_DEAD) /* the handler saw to it: the list is another one now */
			next = TAILQ_FIRST(&c->elements);
	}
	rsp_client_retry(c, now_ms);
}

/* T2 or T3 is over without an answer. */
static void
unanswered(struct rsp_client *c, struct client_element *e)
{
	bool leaving = e->state == ELEMENT_LEAVING;
	bool too_often = e->attempts > c->config.timers.max_reg_attempt;
	bool stays = !leaving && c->config.persistent;
	struct rsp_why why = { 0 };

	set_state(c, e, leaving ? ELEMENT_LEAVES : ELEMENT_WAITS);
	if (too_often) {
		(void)rsp_fail(&why, RSP_ETIMEOUT, c->home ? c->home->name : "registrar", "no answer to %u %s",
			       e->attempts, leaving ? "deregistrations" : "registrations");
		if (stays)
			e->attempts = 0;
		else
			bury(c, e);
		tell(c, e, RSP_CLIENT_FAILED, RSP_CAUSE_NONE, &why);
	}
	rsp_client_leave_home(c, RSP_ETIMEOUT,
			      leaving ? "no answer to a deregistration" : "no answer to a registration");
}

void
rsp_client_element_due(struct rsp_client *c, struct client_timer *timer)
{
	struct client_element *e = RSP_CONTAINER(timer, struct client_element, timer);

	switch (e->state) {
	case ELEMENT_HELD: /* T4 */
		set_state(c, e, ELEMENT_WAITS);
		enqueue(c, e);
		break;
	case ELEMENT_WAITS: /* its turn to join a new home */
	case ELEMENT_LEAVES:
		enqueue(c, e);
		break;
	case ELEMENT_REGISTERING: /* T2 */
	case ELEMENT_LEAVING:	  /* T3 */
		unanswered(c, e);
		break;
	case ELEMENT_REJECTED:
	case ELEMENT_DEAD:
		break;
	}
}

/* The home has @e. */
static void
hold(struct rsp_client *c, struct client_element *e)
{
	set_state(c, e, ELEMENT_HELD);
	e->known = true;
	e->expired = false;
	e->attempts = e->refusals = 0;
	e->home = c->homes;
	rsp_client_arm(c, &e->timer, t4_ms(c, e));
}

/* A registrar has taken @e over, as another one knew it. When @e registers there, it does so for the first time. */
static void
hold_adopted(struct rsp_client *c, struct client_element *e)
{
	hold(c, e);
	e->home = 0;
	if (c->config.timers.refresh_ms < t4_ms(c, e))
		rsp_client_arm(c, &e->timer, rsp_rng_below(&c->rng, c->config.timers.refresh_ms + UINT64_C(1)));
}

void
rsp_client_elements_renew(struct rsp_client *c)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &c->elements, all)
		if (e->state == ELEMENT_HELD)
			rsp_client_arm(c, &e->timer, rsp_rng_below(&c->rng, c->config.timers.rejoin_ms + UINT64_C(1)));
}

/* Beyond the RFC: a connection may be dead without a sign, and a registrar that does not reach us has forgotten us.
 * When keep-alives that used to come do so no longer, we register again, and hear whether anybody is there. */
static void
note_keepalive(struct rsp_client *c, struct client_link *home)
{
	uint64_t since_ms = c->now - home->keepalive_ms;

	if (home->n_keepalives++ > 0 && since_ms > home->longest_ms)
		home->longest_ms = since_ms;
	home->keepalive_ms = c->now;
	if (home->n_keepalives > KEEPALIVES_KNOWN)
		rsp_client_arm(c, &c->silence, SILENCE * (home->longest_ms > 1000 ? home->longest_ms : 1000));
}

void
rsp_client_elements_adopted(struct rsp_client *c, const struct client_element *named)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &c->elements, all) {
		bool leaving = e->state == ELEMENT_LEAVING || e->state == ELEMENT_LEAVES;

		if (e->state == ELEMENT_REJECTED)
			continue;
		set_state(c, e, leaving ? ELEMENT_LEAVES : ELEMENT_WAITS);
		if (e == named && !leaving && e->known && !e->changed)
			hold_adopted(c, e);
		else if (e->known && !leaving) /* not all at once; and a keep-alive may yet name it: see below */
			rsp_client_arm(c, &e->timer, rsp_rng_below(&c->rng, c->config.timers.rejoin_ms + UINT64_C(1)));
		else
			enqueue(c, e);
	}
}

void
rsp_client_elements_orphaned(struct rsp_client *c)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &c->elements, all) {
		bool leaving = e->state == ELEMENT_LEAVING || e->state == ELEMENT_LEAVES;

		if (e->state != ELEMENT_REJECTED)
			set_state(c, e, leaving ? ELEMENT_LEAVES : ELEMENT_WAITS);
	}
}

/* The registrar has no room, or no time, for an element that a registrar had accepted before: after a failover all
 * elements come at once. Nothing in the registration is wrong that could be corrected, but waiting helps; RETRAN-MAX
 * (RFC 5352 s.7.3) bounds how long. */
static void
back_off(struct rsp_client *c, struct client_element *e)
{
	uint64_t cap = c->config.timers.retran_max_ms, delay = UINT64_C(1000) << (e->refusals < 8 ? e->refusals : 8);
	struct rsp_why why = { 0 };

	e->refusals += e->refusals < 8;
	set_state(c, e, ELEMENT_WAITS);
	rsp_client_arm(c, &e->timer, rsp_rng_jitter(&c->rng, delay < cap ? delay : cap, 50));
	(void)rsp_fail(&why, RSP_EREJECTED, c->home ? c->home->name : "registrar", "lacks resources");
	why.cause = RSP_CAUSE_LACK_OF_RESOURCES;
	tell(c, e, RSP_CLIENT_FAILED, RSP_CAUSE_LACK_OF_RESOURCES, &why);
}

void
rsp_client_element_registered(struct rsp_client *c, const struct rsp_message *msg)
{
	struct client_element *e = rsp_client_element_find(c, msg->handle, msg->pe_id);
	bool rejected = msg->flags & ASAP_FLAG_REJECT;
	uint16_t cause = rsp_message_cause(msg);
	enum rsp_client_event_type type = RSP_CLIENT_REGISTERED;

	if (!e || e->state != ELEMENT_REGISTERING) {
		c->dropped++;
		return;
	}
	rsp_client_home_answered(c);
	if (rejected && cause == RSP_CAUSE_LACK_OF_RESOURCES && e->known && c->config.persistent) {
		back_off(c, e);
		return;
	}
	if (rejected) {
		cause = cause == RSP_CAUSE_NONE ? RSP_CAUSE_UNSPECIFIED : cause;
		set_state(c, e, e->again ? ELEMENT_WAITS : ELEMENT_REJECTED);
		if (e->again) /* corrected in the meantime */
			enqueue(c, e);
		tell_of(c, e, RSP_CLIENT_REJECTED, cause, msg, NULL);
		return;
	}
	if (e->known)
		type = e->home == c->homes && !e->expired ? RSP_CLIENT_RENEWED : RSP_CLIENT_REREGISTERED;
	unsigned attempts = e->attempts;
	hold(c, e);
	e->registered_ms = c->now;
	e->changed = e->again;
	if (e->again) {
		set_state(c, e, ELEMENT_WAITS);
		enqueue(c, e);
	}
	struct rsp_client_event event = rsp_client_event_new(c, type);
	event.handle = e->handle;
	event.pe_id = e->pe_id;
	event.lifetime_s = e->lifetime_s;
	event.cause = cause; /* with R unset: a warning */
	event.tries = attempts;
	event.rtt_ms = (uint32_t)(c->now - e->first_sent_ms);
	rsp_client_tell(c, &event);
}

void
rsp_client_element_deregistered(struct rsp_client *c, const struct rsp_message *msg)
{
	struct client_element *e = rsp_client_element_find(c, msg->handle, msg->pe_id);

	if (e && e->state == ELEMENT_LEAVING) {
		rsp_client_home_answered(c);
		bury(c, e);
		tell(c, e, RSP_CLIENT_DEREGISTERED, rsp_message_cause(msg), NULL);
		return;
	}
	if (!e || e->state != ELEMENT_HELD) { /* while registering, the answer decides */
		c->dropped++;
		return;
	}
	if (rsp_message_cause(msg) == RSP_CAUSE_NON_UNIQUE_PE_ID) {
		bury(c, e);
		tell(c, e, RSP_CLIENT_DISPLACED, RSP_CAUSE_NON_UNIQUE_PE_ID, NULL);
		return;
	}
	/* RFC 5352 s.3.2: its life expired, or it was taken for dead. It lives, so it comes back; but if it was thrown
	 * out at once it does not come back at once. */
	bool hasty = c->now - e->registered_ms < 1000;
	set_state(c, e, ELEMENT_WAITS);
	e->expired = true;
	rsp_client_arm(c, &e->timer, hasty ? 900 : rsp_rng_below(&c->rng, c->config.timers.rejoin_ms + UINT64_C(1)));
	tell(c, e, RSP_CLIENT_EXPIRED, rsp_message_cause(msg), NULL);
}

bool
rsp_client_element_error(struct rsp_client *c, uint16_t cause)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &c->elements, all)
		if (in_flight(e))
			break;
	if (!e)
		return false;
	if (e->state == ELEMENT_LEAVING) {
		bury(c, e);
		tell(c, e, RSP_CLIENT_DEREGISTERED, cause, NULL);
	} else {
		set_state(c, e, ELEMENT_REJECTED);
		tell(c, e, RSP_CLIENT_REJECTED, cause, NULL);
	}
	return true;
}

/* KA2.4: whether the sender of this keep-alive is a registrar that is not our home and wants to be. */
static bool
wants_us(const struct rsp_client *c, const struct client_link *link, const struct rsp_message *msg)
{
	const struct client_link *home = c->home;

	if (!(msg->flags & ASAP_FLAG_HOME) || link == home)
		return false;
	if (!home)
		return true;
	if (home->server_id)
		return home->server_id != msg->server_id;
	/* The home has not told its id yet. A sender of the same name is the home, over another connection. */
	return !*link->name || strcmp(link->name, home->name) != 0;
}

static void
keepalive(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg, struct client_element *e)
{
	struct rsp_message ack = {
		.protocol = RSP_ASAP,
		.type = ASAP_ENDPOINT_KEEP_ALIVE_ACK,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
		.handle = e->handle,
		.pe_id = e->pe_id,
	};
	bool leaving = e->state == ELEMENT_LEAVES || e->state == ELEMENT_LEAVING;
	bool adopt = wants_us(c, link, msg) && !leaving && e->state != ELEMENT_REJECTED;

	/* KA1: only what we registered; while it leaves nobody else is to take it over. And no flood: RFC 5355 2.13. */
	if ((!e->known && e->state != ELEMENT_REGISTERING) || (leaving && link != c->home) ||
	    (c->now < e->next_ack_ms && !adopt)) {
		c->dropped++;
		return;
	}
	e->next_ack_ms = c->now + c->config.timers.min_ack_ms;
	c->keepalives++;
	(void)rsp_client_send(c, link->id, &ack); /* KA2.3: to the sender, whoever the home is */
	if (adopt)
		rsp_client_adopt(c, link, e);
	else if (link == c->home && (msg->flags & ASAP_FLAG_HOME) && e->state == ELEMENT_WAITS && e->known &&
		 !e->expired && !e->changed)
		hold_adopted(c, e); /* the new home has taken this one over too: it need not register at once */
	if (link == c->home)
		note_keepalive(c, link);
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_KEEPALIVE);
	event.handle = e->handle;
	event.pe_id = e->pe_id;
	event.lifetime_s = e->lifetime_s;
	event.link = link->id;
	event.server = link->name;
	event.server_id = msg->server_id;
	event.changed = adopt;
	rsp_client_tell(c, &event);
}

void
rsp_client_element_keepalive(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg)
{
	struct client_element *e;
	bool any = false;

	link->server_id = msg->server_id;
	if (msg->has & RSP_HAS_PE_ID) {
		e = rsp_client_element_find(c, msg->handle, msg->pe_id);
		if (e)
			keepalive(c, link, msg, e);
		else
			c->dropped++;
		return;
	}
	/* RFC 5352 s.2.2.7 names no element: every one of that pool answers. */
	for (struct client_element *next = TAILQ_FIRST(&c->elements); next && next->state != ELEMENT_DEAD;) {
		e = next;
		next = TAILQ_NEXT(e, all);
		if (!rsp_bytes_equal(e->handle, msg->handle))
			continue;
		any = true;
		keepalive(c, link, msg, e);
	}
	if (!any)
		c->dropped++;
}
