#include "engine/client/element.h"

#include <stdlib.h>

#include "base/moves.h"
#include "engine/client/announce.h"

#define REMOVED_MS 1000
#define AGAIN_BURST 4 /* an element is registered again so many times at once, then once in AGAIN_MS */
#define AGAIN_MS 1000
#define OVERRULED_DOUBLINGS 8

#define MOVE(from, to, event) { ELEMENT_##from, ELEMENT_##to },
static const struct rsp_move element_moves[] = { CLIENT_ELEMENT_MOVES(MOVE) };
#undef MOVE

void
rsp_client_element_init(struct client_elements *elements, struct client_core *core, struct client_links *links,
			struct client_hunt *hunt)
{
	elements->core = core;
	elements->links = links;
	elements->hunt = hunt;
	elements->silence.kind = TIMER_SILENCE;
	TAILQ_INIT(&elements->all);
	TAILQ_INIT(&elements->work);
	for (size_t i = 0; i < CLIENT_BUCKETS; i++)
		LIST_INIT(&elements->bucket[i]);
}

void
rsp_client_element_free(struct client_element *e)
{
	free(e->octets);
	free(e->pe_octets);
	free(e);
}

void
rsp_client_element_done(struct client_elements *elements)
{
	struct client_element *e;

	while ((e = TAILQ_FIRST(&elements->all)) != NULL) {
		TAILQ_REMOVE(&elements->all, e, all);
		rsp_client_element_free(e);
	}
}

static struct client_bucket *
bucket_of(const struct client_elements *elements, struct rsp_bytes handle, uint32_t pe_id)
{
	uint64_t hash = rsp_hash(&elements->core->key, handle) ^ (pe_id * UINT64_C(0x9e3779b97f4a7c15));
	union { /* removes const: the caller may change the elements, but not the table */
		const struct client_bucket *in;
		struct client_bucket *out;
	} bucket = { &elements->bucket[hash % CLIENT_BUCKETS] };

	return bucket.out;
}

struct client_element *
rsp_client_element_find(const struct client_elements *elements, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e;

	LIST_FOREACH(e, bucket_of(elements, handle, pe_id), bucket)
		if (e->pe_id == pe_id && rsp_bytes_equal(e->handle, handle))
			return e;
	return NULL;
}

struct client_element *
rsp_client_element_new(struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->octets = rsp_bytes_dup(handle);
	if (!e->octets) {
		rsp_client_element_free(e);
		return NULL;
	}
	e->handle = rsp_bytes_of(e->octets, handle.n);
	e->pe_id = pe_id;
	e->timer.kind = TIMER_ELEMENT;
	e->news.kind = NEWS_ELEMENT;
	e->state = ELEMENT_WAITING;
	e->fixed_id = true;
	return e;
}

void
rsp_client_element_add(struct client_elements *elements, struct client_element *e)
{
	LIST_INSERT_HEAD(bucket_of(elements, e->handle, e->pe_id), e, bucket);
	TAILQ_INSERT_TAIL(&elements->all, e, all);
	elements->n_all++;
	elements->n_in[e->state]++;
}

static bool
is_in_flight(enum client_element_state state)
{
	return state == ELEMENT_REGISTERING || state == ELEMENT_DEREGISTERING;
}

static bool
is_queued(enum client_element_state state)
{
	return state == ELEMENT_QUEUED || state == ELEMENT_LEAVE_QUEUED;
}

bool
rsp_client_element_is_leaving(const struct client_element *e)
{
	return e->state == ELEMENT_LEAVING || e->state == ELEMENT_LEAVE_QUEUED || e->state == ELEMENT_DEREGISTERING;
}

bool
rsp_client_element_is_known(const struct client_element *e)
{
	return e->acknowledged > 0;
}

bool
rsp_client_element_is_current(const struct client_element *e)
{
	return rsp_client_element_is_known(e) && e->acknowledged == e->wanted;
}

/* T4. RFC 5352 s.7.1: 10 minutes, or 20 s less than the lifetime if that is less; for a lifetime of
 * at most 40 s, half of it. Then up to a tenth less, at random, so that elements that registered at
 * the same time do not renew at the same time for ever. */
static uint64_t
t4_ms(struct client_elements *elements, const struct client_element *e)
{
	uint64_t life_ms = (uint64_t)(uint32_t)e->lifetime_s * 1000;
	uint64_t t4 = elements->core->config.timers.t4_reregistration_ms;

	if (e->lifetime_s >= 0) {
		uint64_t most = life_ms > 40000 ? life_ms - 20000 : life_ms / 2;

		t4 = most < t4 ? most : t4;
	}
	return t4 - rsp_rng_below(&elements->core->rng, t4 / 10 + 1);
}

/* T2 or T3, which is @configured_ms. It is shorter for the first request after the registrar removed the element: the
 * connection may be dead, so that the registrar does not receive the request. */
static uint64_t
response_ms(const struct client_element *e, uint32_t configured_ms)
{
	return e->removed && e->attempts == 1 && configured_ms > REMOVED_MS ? REMOVED_MS : configured_ms;
}

void
rsp_client_element_enter(struct client_elements *elements, struct client_element *e, enum client_element_state state)
{
	struct client_core *core = elements->core;

	if (state != e->state)
		rsp_moves_check("element", e->state, state,
				rsp_moves_list(element_moves, RSP_COUNT(element_moves), e->state, state));
	core->in_flight -= is_in_flight(e->state);
	if (is_queued(e->state))
		TAILQ_REMOVE(&elements->work, e, work);
	rsp_client_core_disarm(core, &e->timer);
	elements->n_in[e->state]--;
	elements->n_in[state]++;
	e->state = state;
	core->in_flight += is_in_flight(state);
	if (is_queued(state))
		TAILQ_INSERT_TAIL(&elements->work, e, work);
	if (state == ELEMENT_REGISTERING)
		rsp_client_core_arm(core, &e->timer, response_ms(e, core->config.timers.t2_registration_ms));
	else if (state == ELEMENT_DEREGISTERING)
		rsp_client_core_arm(core, &e->timer, response_ms(e, core->config.timers.t3_deregistration_ms));
	else if (state == ELEMENT_REGISTERED)
		rsp_client_core_arm(core, &e->timer, t4_ms(elements, e));
}

void
rsp_client_element_queue(struct client_elements *elements, struct client_element *e)
{
	bool has_home = elements->links->home != NULL;

	if (rsp_client_element_is_leaving(e))
		rsp_client_element_enter(elements, e, has_home ? ELEMENT_LEAVE_QUEUED : ELEMENT_LEAVING);
	else
		rsp_client_element_enter(elements, e, has_home ? ELEMENT_QUEUED : ELEMENT_WAITING);
}

void
rsp_client_element_delay(struct client_elements *elements, struct client_element *e, uint64_t delay_ms)
{
	rsp_client_element_enter(elements, e, ELEMENT_WAITING);
	rsp_client_core_arm(elements->core, &e->timer, delay_ms);
}

uint64_t
rsp_client_element_rejoin_ms(struct client_elements *elements)
{
	return rsp_rng_below(&elements->core->rng, elements->core->config.timers.rejoin_ms + UINT64_C(1));
}

void
rsp_client_element_adopted(struct client_elements *elements, struct client_element *e)
{
	struct client_core *core = elements->core;

	rsp_client_element_enter(elements, e, ELEMENT_REGISTERED);
	e->removed = false;
	e->attempts = e->refusals = e->overruled = 0;
	e->home = 0; /* the registrar knows the element from a takeover, not from a registration */
	if (core->config.timers.refresh_ms < t4_ms(elements, e))
		rsp_client_core_arm(core, &e->timer,
				    rsp_rng_below(&core->rng, core->config.timers.refresh_ms + UINT64_C(1)));
}

void
rsp_client_element_note(struct client_elements *elements, struct client_element *e, enum rsp_client_event_type type,
			uint16_t cause, unsigned tries)
{
	e->told = (struct client_element_news){ .type = type, .cause = cause, .tries = tries };
	rsp_client_core_note(elements->core, &e->news);
}

void
rsp_client_element_drop(struct client_elements *elements, struct client_element *e)
{
	rsp_client_element_enter(elements, e, ELEMENT_DEAD);
	LIST_REMOVE(e, bucket);
	TAILQ_REMOVE(&elements->all, e, all);
	elements->n_all--;
	rsp_client_core_note(elements->core, &e->news);
}

/* The time until @e, which registrars have refused too often in a row, may be registered again. */
static uint64_t
back_off_ms(struct client_core *core, const struct client_element *e)
{
	unsigned n = e->overruled - CLIENT_OVERRULED_MAX - 1;
	uint64_t cap_ms = core->config.timers.retran_max_ms;
	uint64_t wait_ms = (uint64_t)AGAIN_MS << (n < OVERRULED_DOUBLINGS ? n : OVERRULED_DOUBLINGS);

	return rsp_rng_jitter(&core->rng, wait_ms < cap_ms ? wait_ms : cap_ms, 50);
}

/* Whether @e waits, and is registered again at @at_ms at the latest. */
static bool
is_due_within(const struct client_element *e, uint64_t at_ms)
{
	return e->state == ELEMENT_WAITING && rsp_timer_is_set(&e->timer.timer) && e->timer.timer.deadline_ms <= at_ms;
}

bool
rsp_client_element_again(struct client_elements *elements, struct client_element *e)
{
	struct client_core *core = elements->core;
	uint64_t wait_ms = rsp_client_announce_wait(e->again_full_ms, core->now, AGAIN_MS, AGAIN_BURST);
	bool too_often = e->overruled > CLIENT_OVERRULED_MAX;

	if (wait_ms && !too_often && is_due_within(e, core->now + wait_ms))
		return true; /* so a flood of questions does not put the registration off */
	rsp_client_announce_take(&e->again_full_ms, core->now, AGAIN_MS);
	e->attempts = 0;
	if (too_often)
		wait_ms = back_off_ms(core, e);
	if (wait_ms)
		rsp_client_element_delay(elements, e, wait_ms);
	else
		rsp_client_element_queue(elements, e);
	return !too_often;
}

/* Give @e another random identifier. It is an element that no registrar knows. */
static void
change_id(struct client_elements *elements, struct client_element *e)
{
	LIST_REMOVE(e, bucket);
	do
		e->pe_id = rsp_rng_id(&elements->core->rng);
	while (rsp_client_element_find(elements, e->handle, e->pe_id));
	LIST_INSERT_HEAD(bucket_of(elements, e->handle, e->pe_id), e, bucket);
	e->renamed = e->renamed || rsp_client_element_is_known(e);
	e->own = e->next = rsp_client_number_first(elements->core);
	e->acknowledged = e->home = e->named_by = e->asked_by = 0;
	e->removed = false;
}

void
rsp_client_element_displace(struct client_elements *elements, struct client_element *e, uint16_t cause)
{
	uint32_t old_id = e->pe_id;
	unsigned tries = e->attempts;

	if (e->fixed_id) {
		rsp_client_element_drop(elements, e);
	} else {
		change_id(elements, e);
		e->overruled++;
		(void)rsp_client_element_again(elements, e);
	}
	rsp_client_element_note(elements, e, RSP_CLIENT_DISPLACED, cause, tries);
	e->told.old_id = old_id;
}

void
rsp_client_element_leave(struct client_elements *elements, struct client_element *e)
{
	if (rsp_client_element_is_leaving(e))
		return;
	bool unsent = e->attempts == 0 || e->state == ELEMENT_REJECTED;
	if (!rsp_client_element_is_known(e) && unsent) {
		rsp_client_element_drop(elements, e);
		rsp_client_element_note(elements, e, RSP_CLIENT_DEREGISTERED, RSP_CAUSE_NONE, 0);
		return;
	}
	rsp_client_element_enter(elements, e, ELEMENT_LEAVING);
	e->attempts = e->overruled = 0;
	rsp_client_element_queue(elements, e);
}

void
rsp_client_element_leave_all(struct client_elements *elements)
{
	struct client_element *e, *next;

	for (e = TAILQ_FIRST(&elements->all); e; e = next) { /* @e may be removed from the list, but is freed later */
		next = TAILQ_NEXT(e, all);
		rsp_client_element_leave(elements, e);
	}
}

unsigned
rsp_client_element_pending(const struct client_elements *elements)
{
	return elements->n_all - elements->n_in[ELEMENT_REGISTERED] - elements->n_in[ELEMENT_REJECTED];
}

/* T2 or T3 of @e has expired: RFC 5352 s.3.1, s.3.2. */
static void
no_response(struct client_elements *elements, struct client_element *e)
{
	const struct client_core *core = elements->core;
	bool leaving = e->state == ELEMENT_DEREGISTERING;
	unsigned tries = e->attempts;

	rsp_client_element_enter(elements, e, leaving ? ELEMENT_LEAVING : ELEMENT_WAITING);
	if (tries > core->config.timers.max_reg_attempt) {
		if (!leaving && core->config.persistent)
			e->attempts = 0;
		else
			rsp_client_element_drop(elements, e);
		rsp_client_element_note(elements, e, RSP_CLIENT_FAILED, RSP_CAUSE_NONE, tries);
		e->told.what = leaving ? "deregistrations" : "registrations";
	}
	rsp_client_hunt_leave_home(elements->hunt, RSP_ETIMEOUT,
				   leaving ? "no answer to a deregistration" : "no answer to a registration");
}

void
rsp_client_element_due(struct client_elements *elements, struct client_timer *timer)
{
	struct client_element *e = RSP_CONTAINER(timer, struct client_element, timer);

	switch (e->state) {
	case ELEMENT_WAITING:	 /* the delay is over */
	case ELEMENT_REGISTERED: /* T4 */
		rsp_client_element_queue(elements, e);
		break;
	case ELEMENT_REGISTERING:   /* T2 */
	case ELEMENT_DEREGISTERING: /* T3 */
		no_response(elements, e);
		break;
	case ELEMENT_QUEUED:
	case ELEMENT_REJECTED:
	case ELEMENT_LEAVING:
	case ELEMENT_LEAVE_QUEUED:
	case ELEMENT_DEAD:
	case ELEMENT_STATES: /* states without timer */
		break;
	}
}

void
rsp_client_element_silence_due(struct client_elements *elements)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &elements->all, all)
		if (e->state == ELEMENT_REGISTERED)
			rsp_client_core_arm(elements->core, &e->timer, rsp_client_element_rejoin_ms(elements));
}

/* Cancel all queued and unanswered requests: the elements wait for a home. */
static void
stop_requests(struct client_elements *elements)
{
	struct client_element *e;

	TAILQ_FOREACH(e, &elements->all, all)
		if (e->state != ELEMENT_REJECTED)
			rsp_client_element_enter(elements, e,
						 rsp_client_element_is_leaving(e) ? ELEMENT_LEAVING : ELEMENT_WAITING);
}

void
rsp_client_element_home_lost(struct client_elements *elements)
{
	rsp_client_core_disarm(elements->core, &elements->silence);
	stop_requests(elements);
}

void
rsp_client_element_home_found(struct client_elements *elements)
{
	struct client_element *e;

	/* else a keep-alive of the new home has set the timer in this turn */
	if (elements->sender != elements->links->home)
		rsp_client_core_disarm(elements->core, &elements->silence);
	stop_requests(elements);
	TAILQ_FOREACH(e, &elements->all, all) {
		if (e->state == ELEMENT_REJECTED)
			continue;
		bool leaving = rsp_client_element_is_leaving(e), known = rsp_client_element_is_known(e);
		bool named = e->named_by == elements->links->homes, asked = e->asked_by == elements->links->homes;
		if (named && !leaving && rsp_client_element_is_current(e))
			rsp_client_element_adopted(elements, e);
		else if (known && !leaving && !asked) /* before, a keep-alive of the new home may name the element */
			rsp_client_core_arm(elements->core, &e->timer, rsp_client_element_rejoin_ms(elements));
		else
			rsp_client_element_queue(elements, e);
	}
}

static void
tell_element(struct client_elements *elements, const struct client_element *e, const struct client_element_news *told)
{
	struct client_core *core = elements->core;
	struct rsp_client_event event = rsp_client_link_event(elements->links, told->type);
	const char *home = elements->links->told_home ? elements->links->told_home->name : "registrar";
	struct rsp_why why = { 0 };

	event.handle = e->handle;
	event.pe_id = told->old_id ? told->old_id : e->pe_id;
	if (told->old_id && e->state != ELEMENT_DEAD)
		event.new_pe_id = e->pe_id;
	event.lifetime_s = e->lifetime_s;
	event.cause = told->cause;
	event.tries = told->tries;
	event.changed = told->changed;
	if (told->type == RSP_CLIENT_KEEPALIVE && elements->sender)
		rsp_client_link_event_from(&event, elements->sender);
	else
		event.rtt_ms = (uint32_t)(core->now - e->first_sent_ms);
	if (told->type == RSP_CLIENT_REJECTED)
		event.message = core->answer;
	if (told->type == RSP_CLIENT_FAILED) {
		if (told->what) {
			(void)rsp_fail(&why, RSP_ETIMEOUT, home, "no answer to %u %s", told->tries, told->what);
		} else {
			(void)rsp_fail(&why, RSP_EREJECTED, home, "%s",
				       told->cause == RSP_CAUSE_EPOCH_OLD
					       ? "refuses each number of the element as too old"
					       : "lacks resources");
			why.cause = told->cause;
		}
		event.why = &why;
	}
	rsp_client_core_tell(core, &event);
}

void
rsp_client_element_tell(struct client_elements *elements, struct client_news *news)
{
	struct client_element *e = RSP_CONTAINER(news, struct client_element, news);
	struct client_element_news told = e->told;

	e->told.type = CLIENT_NO_NEWS;
	if (told.type != CLIENT_NO_NEWS)
		tell_element(elements, e, &told);
	/* if the event callback has removed @e, @e is on the list of news again, and a later call frees it */
	if (e->state == ELEMENT_DEAD && !e->news.listed) {
		elements->n_in[ELEMENT_DEAD]--;
		rsp_client_element_free(e);
	}
}
