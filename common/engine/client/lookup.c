#include "engine/client/lookup.h"

#include <stdlib.h>

#define NO_NEWS RSP_CLIENT_ATTEMPT /* an event that is never about a lookup */

struct client_lookup {
	TAILQ_ENTRY(client_lookup) all;
	TAILQ_ENTRY(client_lookup) work; /* in lookups->work, in state QUEUED */
	struct client_timer timer;	 /* T1, or the next poll */
	uint8_t *octets;		 /* the memory of @handle */
	struct rsp_bytes handle;
	enum client_lookup_state state;
	uint64_t first_sent_ms;
	uint32_t items;	 /* most elements in the answer; 0: as many as the registrar sends */
	unsigned tries;	 /* requests sent since the last answer */
	unsigned t1_expired; /* number of expiries of T1 since the last answer */
	bool is_watch;
	bool subscribes; /* the last request has ASAP_FLAG_SUBSCRIBE: @is_watch may have been set after it was sent */
	bool is_wanted; /* the caller waits for an answer; else the watch sends requests by itself */

	struct client_news news;
	struct client_lookup_news {
		enum rsp_client_event_type type; /* NO_NEWS: nothing to report */
		uint16_t cause;
		unsigned tries;
		bool solicited, accepted; /* as in the event */
	} told;
};

void
rsp_client_lookup_init(struct client_lookups *lookups, struct client_core *core, struct client_links *links,
		       struct client_hunt *hunt)
{
	lookups->core = core;
	lookups->links = links;
	lookups->hunt = hunt;
	TAILQ_INIT(&lookups->all);
	TAILQ_INIT(&lookups->work);
}

static struct client_lookup *
find_lookup(const struct client_lookups *lookups, struct rsp_bytes handle)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &lookups->all, all)
		if (rsp_bytes_equal(l->handle, handle))
			return l;
	return NULL;
}

static void
free_lookup(struct client_lookup *l)
{
	free(l->octets);
	free(l);
}

void
rsp_client_lookup_done(struct client_lookups *lookups)
{
	struct client_lookup *l;

	while ((l = TAILQ_FIRST(&lookups->all)) != NULL) {
		TAILQ_REMOVE(&lookups->all, l, all);
		free_lookup(l);
	}
}

/* Change the state of @l; no other function does. Removes @l from the queue, stops its timer,
 * and starts T1 or the poll timer if @state has one. */
static void
lookup_enter(struct client_lookups *lookups, struct client_lookup *l, enum client_lookup_state state)
{
	struct client_core *core = lookups->core;

	rsp_client_state_check(MACHINE_LOOKUP, l->state, state);
	core->in_flight -= l->state == LOOKUP_ASKED;
	if (l->state == LOOKUP_QUEUED)
		TAILQ_REMOVE(&lookups->work, l, work);
	rsp_client_core_disarm(core, &l->timer);
	l->state = state;
	core->in_flight += state == LOOKUP_ASKED;
	if (state == LOOKUP_QUEUED)
		TAILQ_INSERT_TAIL(&lookups->work, l, work);
	else if (state == LOOKUP_ASKED)
		rsp_client_core_arm(core, &l->timer, core->config.timers.t1_enrprequest_ms);
	else if (state == LOOKUP_POLLING)
		rsp_client_core_arm(core, &l->timer, rsp_rng_jitter(&core->rng, core->config.timers.poll_ms, 50));
}

static void
set_wanted(struct client_lookups *lookups, struct client_lookup *l, bool wanted)
{
	lookups->n_wanted -= l->is_wanted;
	lookups->n_wanted += wanted;
	l->is_wanted = wanted;
}

/* Queue the request of @l, unless it is queued or has no answer yet. Without a home, @l waits for a home. */
static void
queue_lookup(struct client_lookups *lookups, struct client_lookup *l)
{
	if (l->state == LOOKUP_QUEUED || l->state == LOOKUP_ASKED || !lookups->links->home)
		return;
	lookup_enter(lookups, l, LOOKUP_QUEUED);
}

/* Remove @l; settle() frees it. */
static void
drop_lookup(struct client_lookups *lookups, struct client_lookup *l)
{
	lookup_enter(lookups, l, LOOKUP_DEAD);
	set_wanted(lookups, l, false);
	TAILQ_REMOVE(&lookups->all, l, all);
	lookups->n_all--;
	rsp_client_core_note(lookups->core, &l->news);
}

static struct client_lookup *
new_lookup(struct client_lookups *lookups, struct rsp_bytes handle)
{
	struct client_lookup *l = calloc(1, sizeof *l);
	uint8_t *octets = l ? rsp_bytes_dup(handle) : NULL;

	if (!octets) {
		free(l);
		return NULL;
	}
	l->octets = octets;
	l->handle = rsp_bytes_of(octets, handle.n);
	l->timer.kind = TIMER_LOOKUP;
	l->news.kind = NEWS_LOOKUP;
	TAILQ_INSERT_TAIL(&lookups->all, l, all);
	lookups->n_all++;
	return l;
}

enum rsp_err
rsp_client_lookup_resolve(struct client_lookups *lookups, struct rsp_bytes handle, uint32_t items, bool watch)
{
	struct client_lookup *l = find_lookup(lookups, handle);

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX)
		return RSP_EVALUE;
	if (!l && lookups->n_all >= lookups->core->config.max_resolutions)
		return RSP_ELIMIT;
	if (!l)
		l = new_lookup(lookups, handle);
	if (!l)
		return RSP_ENOMEM;
	l->items = items;
	l->is_watch |= watch;
	set_wanted(lookups, l, true);
	queue_lookup(lookups, l);
	return RSP_OK;
}

void
rsp_client_lookup_unwatch(struct client_lookups *lookups, struct rsp_bytes handle)
{
	struct client_lookup *l = find_lookup(lookups, handle);

	if (!l)
		return;
	l->told.type = NO_NEWS; /* the caller expects no event after this call */
	drop_lookup(lookups, l);
}

static void
send_request(struct client_lookups *lookups, struct client_lookup *l)
{
	struct rsp_message msg = {
		.protocol = RSP_ASAP,
		.type = ASAP_HANDLE_RESOLUTION,
		.flags = l->is_watch ? ASAP_FLAG_SUBSCRIBE : 0,
		.has = RSP_HAS_HANDLE | (l->items ? (unsigned)RSP_HAS_ITEM_COUNT : 0),
		.handle = l->handle,
		.item_count = l->items,
	};

	l->subscribes = l->is_watch;
	if (l->tries++ == 0)
		l->first_sent_ms = lookups->core->now;
	lookup_enter(lookups, l, LOOKUP_ASKED);
	/* cannot fail: rsp_client_lookup_resolve() has checked the length of the handle */
	(void)rsp_client_core_send(lookups->core, lookups->links->home->id, &msg);
}

void
rsp_client_lookup_send_queued(struct client_lookups *lookups)
{
	struct client_lookup *l;

	while (lookups->core->in_flight < CLIENT_WINDOW && (l = TAILQ_FIRST(&lookups->work)) != NULL)
		send_request(lookups, l);
}

static void
note_lookup_news(struct client_lookups *lookups, struct client_lookup *l, enum rsp_client_event_type type,
		 uint16_t cause)
{
	l->told = (struct client_lookup_news){
		.type = type, .cause = cause, .tries = l->tries, .solicited = l->state == LOOKUP_ASKED
	};
	rsp_client_core_note(lookups->core, &l->news);
}

/* The request of @l has ended: a watch enters the state @next, any other lookup is removed. */
static void
end_request(struct client_lookups *lookups, struct client_lookup *l, enum client_lookup_state next)
{
	set_wanted(lookups, l, false);
	l->tries = l->t1_expired = 0;
	if (l->is_watch)
		lookup_enter(lookups, l, next);
	else
		drop_lookup(lookups, l);
}

/* @l got a negative answer. RFC 5352 s.2.2.5: no updates follow it, so a watch polls. */
static void
refuse_lookup(struct client_lookups *lookups, struct client_lookup *l, uint16_t cause)
{
	note_lookup_news(lookups, l, RSP_CLIENT_UNRESOLVED, cause);
	end_request(lookups, l, LOOKUP_POLLING);
}

void
rsp_client_lookup_answered(struct client_lookups *lookups, const struct rsp_message *msg)
{
	struct client_lookup *l = find_lookup(lookups, msg->handle);
	bool asked = l && l->state == LOOKUP_ASKED;

	if (!l || (!asked && !l->is_watch)) {
		lookups->core->dropped++;
		return;
	}
	if (asked)
		rsp_client_hunt_home_answered(lookups->hunt);
	if (msg->has & RSP_HAS_ERROR) {
		refuse_lookup(lookups, l, rsp_message_cause(msg));
		return;
	}
	/* After the A bit, updates follow, with or without it. What answers no request otherwise may be the late answer to a request
	 * that another message has ended. */
	bool accepted = l->is_watch && l->subscribes &&
			((msg->flags & ASAP_FLAG_ACCEPT) || l->state == LOOKUP_FOLLOWING);
	note_lookup_news(lookups, l, RSP_CLIENT_RESOLVED, RSP_CAUSE_NONE);
	l->told.accepted = accepted;
	if (l->state == LOOKUP_QUEUED)
		return; /* the update came before the queued request was sent; the request is still needed */
	end_request(lookups, l, accepted ? LOOKUP_FOLLOWING : LOOKUP_POLLING);
	if (asked && l->is_watch && !l->subscribes)
		queue_lookup(lookups, l);
}

bool
rsp_client_lookup_error(struct client_lookups *lookups, uint16_t cause)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &lookups->all, all)
		if (l->state == LOOKUP_ASKED)
			break;
	if (!l)
		return false;
	refuse_lookup(lookups, l, cause);
	return true;
}

/* T1 of @l has expired: RFC 5352 s.3.7.2. */
static void
t1_due(struct client_lookups *lookups, struct client_lookup *l)
{
	if (++l->t1_expired <= lookups->core->config.timers.max_request_retransmit) {
		send_request(lookups, l);
		rsp_client_hunt_begin(lookups->hunt); /* a parallel hunt */
		return;
	}
	note_lookup_news(lookups, l, RSP_CLIENT_FAILED, RSP_CAUSE_NONE);
	end_request(lookups, l, LOOKUP_WAITING);
	rsp_client_hunt_leave_home(lookups->hunt, RSP_ETIMEOUT, "no answer to a request");
}

void
rsp_client_lookup_due(struct client_lookups *lookups, struct client_timer *timer)
{
	struct client_lookup *l = RSP_CONTAINER(timer, struct client_lookup, timer);

	switch (l->state) {
	case LOOKUP_ASKED:
		t1_due(lookups, l);
		break;
	case LOOKUP_POLLING:
		queue_lookup(lookups, l);
		break;
	case LOOKUP_WAITING:
	case LOOKUP_QUEUED:
	case LOOKUP_FOLLOWING:
	case LOOKUP_DEAD:
	case LOOKUP_STATES: /* states without timer */
		break;
	}
}

void
rsp_client_lookup_home_lost(struct client_lookups *lookups)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &lookups->all, all)
		lookup_enter(lookups, l, LOOKUP_WAITING);
}

void
rsp_client_lookup_home_found(struct client_lookups *lookups)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &lookups->all, all) {
		lookup_enter(lookups, l, LOOKUP_WAITING);
		queue_lookup(lookups, l);
	}
}

static void
tell_lookup(struct client_lookups *lookups, const struct client_lookup *l, const struct client_lookup_news *told)
{
	struct client_core *core = lookups->core;
	struct rsp_client_event event = rsp_client_link_event(lookups->links, told->type);
	const char *name = rsp_cause_name(told->cause);
	struct rsp_why why = { 0 };

	event.handle = l->handle;
	event.cause = told->cause;
	event.tries = told->tries;
	event.rtt_ms = told->tries ? (uint32_t)(core->now - l->first_sent_ms) : 0;
	event.solicited = told->solicited;
	event.accepted = told->accepted;
	if (told->type == RSP_CLIENT_FAILED) {
		(void)rsp_fail(&why, RSP_ETIMEOUT,
			       lookups->links->told_home ? lookups->links->told_home->name : "registrar",
			       "no answer to %u requests: check the registrar with rsp-peer ping, or give another "
			       "--server", told->tries);
		event.solicited = false;
		event.why = &why;
	} else if (told->type == RSP_CLIENT_UNRESOLVED) {
		bool unknown = told->cause == RSP_CAUSE_UNKNOWN_POOL_HANDLE;

		(void)rsp_fail(&why, unknown ? RSP_EUNKNOWN_POOL : RSP_EREJECTED, event.server, "%s",
			       name ? name : "refused");
		why.cause = told->cause;
		event.why = &why;
	}
	if (told->type != RSP_CLIENT_FAILED)
		event.message = core->answer;
	rsp_client_core_tell(core, &event);
}

void
rsp_client_lookup_tell(struct client_lookups *lookups, struct client_news *news)
{
	struct client_lookup *l = RSP_CONTAINER(news, struct client_lookup, news);
	struct client_lookup_news told = l->told;

	l->told.type = NO_NEWS;
	if (told.type != NO_NEWS)
		tell_lookup(lookups, l, &told);
	/* if the event callback has removed @l, @l is on the list of news again, and a later call frees it */
	if (l->state == LOOKUP_DEAD && !l->news.listed)
		free_lookup(l);
}
