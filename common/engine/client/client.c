#include "engine/client/client.h"

#include <stdlib.h>

#include "engine/client/announce.h"
#include "engine/client/attempt.h"
#include "engine/client/keepalive.h"
#include "engine/client/lookup.h"
#include "engine/client/registration.h"
#include "engine/client/report.h"
#include "engine/client/verdict.h"

/* The functions of client.h. Each sets the time, handles one input, and ends its turn with settle(). See core.h. */

#define BAD_MAX 8 /* malformed or unexpected messages over a link; after one more, the link is closed */

struct rsp_client {
	struct client_core core;
	struct client_links links;
	struct client_candidates cands;
	struct client_hunt hunt;
	struct client_elements elements;
	struct client_lookups lookups;
	struct client_reports reports;
	struct client_timer deadline;
	bool is_settling; /* settle() is running: a request from within an event callback belongs to this turn */
	uint64_t received;
	uint8_t *causes; /* CLIENT_CAUSES_MAX octets: the error causes of an ASAP_ERROR */

	/* the message of this turn is reported as the event @told: PROTOCOL
	 * because of @why, or ASAP_ERROR with @cause */
	struct client_news message;
	struct client_link *sender;
	enum rsp_client_event_type told;
	struct rsp_why why;
	uint16_t cause;
};

enum rsp_err
rsp_client_new(const struct rsp_client_config *config, const struct rsp_client_ops *ops, void *ctx, struct rsp_rng rng,
	       uint64_t now_ms, struct rsp_client **ret)
{
	if (!rsp_client_config_is_sound(config))
		return RSP_EUSAGE;
	struct rsp_client *c = calloc(1, sizeof *c);
	if (!c)
		return RSP_ENOMEM;

	enum rsp_err err = rsp_client_core_init(&c->core, config, ops, ctx, rng, now_ms);
	rsp_client_link_init(&c->links, &c->core);
	rsp_client_hunt_init(&c->hunt, &c->core, &c->links, &c->cands);
	rsp_client_element_init(&c->elements, &c->core, &c->links, &c->hunt);
	rsp_client_lookup_init(&c->lookups, &c->core, &c->links, &c->hunt);
	rsp_client_report_init(&c->reports, &c->core, &c->links);
	c->deadline.kind = TIMER_DEADLINE;
	c->message.kind = NEWS_MESSAGE;
	c->causes = malloc(CLIENT_CAUSES_MAX);
	if (!err && !c->causes)
		err = RSP_ENOMEM;
	if (!err)
		err = rsp_client_candidate_init(&c->cands, &c->core, &c->links);
	if (err) {
		rsp_client_free(c);
		return err;
	}
	*ret = c;
	return RSP_OK;
}

void
rsp_client_free(struct rsp_client *c)
{
	if (!c)
		return;
	rsp_client_element_done(&c->elements);
	rsp_client_lookup_done(&c->lookups);
	rsp_client_report_done(&c->reports);
	rsp_client_candidate_done(&c->cands);
	rsp_client_core_done(&c->core);
	free(c->causes);
	free(c);
}

static void
enter(struct rsp_client *c, uint64_t now_ms)
{
	c->core.now = now_ms > c->core.now ? now_ms : c->core.now;
}

static bool
needs_home(const struct rsp_client *c)
{
	unsigned n_rejected = c->elements.n_in[ELEMENT_REJECTED];

	return c->elements.n_all - n_rejected + c->lookups.n_all + c->reports.n_unsent > 0;
}

/* The number of requests that have no answer yet. */
static unsigned
count_waiting(const struct rsp_client *c)
{
	return rsp_client_element_pending(&c->elements) + c->lookups.n_wanted + c->reports.n_unsent;
}

/* If the home has changed since the last call, let elements and lookups use the new home. */
static void
settle_home(struct rsp_client *c)
{
	if (c->links.settled_home == c->links.home)
		return;
	c->links.settled_home = c->links.home;
	if (c->links.home) {
		rsp_client_lookup_home_found(&c->lookups);
		rsp_client_element_home_found(&c->elements);
		return;
	}
	rsp_client_lookup_home_lost(&c->lookups);
	rsp_client_element_home_lost(&c->elements);
	if (needs_home(c))
		rsp_client_hunt_await_home(&c->hunt);
}

static void
tell_message(struct rsp_client *c)
{
	struct rsp_client_event event = rsp_client_link_event(&c->links, c->told);
	struct rsp_why why = c->why;

	rsp_client_link_event_from(&event, c->sender);
	event.cause = c->cause;
	if (c->told == RSP_CLIENT_PROTOCOL)
		event.why = &why;
	rsp_client_core_tell(&c->core, &event);
}

static void
tell_news(struct rsp_client *c, struct client_news *news)
{
	switch (news->kind) {
	case NEWS_MESSAGE:
		tell_message(c);
		break;
	case NEWS_LINK:
		rsp_client_hunt_tell_link(&c->hunt, news);
		break;
	case NEWS_HUNT:
		rsp_client_hunt_tell(&c->hunt);
		break;
	case NEWS_HINT:
		rsp_client_announce_tell(&c->cands, news);
		break;
	case NEWS_ELEMENT:
		rsp_client_element_tell(&c->elements, news);
		break;
	case NEWS_LOOKUP:
		rsp_client_lookup_tell(&c->lookups, news);
		break;
	case NEWS_REPORT:
		rsp_client_report_tell(&c->reports, news);
		break;
	}
}

/* Send the queued requests to the home; without a home, begin the hunt if requests need one. */
static void
send_or_hunt(struct rsp_client *c)
{
	if (c->links.home) {
		rsp_client_lookup_send_queued(&c->lookups);
		rsp_client_registration_send_queued(&c->elements);
		rsp_client_report_send_all(&c->reports);
	} else if (c->hunt.state == HUNT_IDLE && needs_home(c)) {
		rsp_client_hunt_begin(&c->hunt);
	}
	if (c->hunt.step_due)
		rsp_client_hunt_step(&c->hunt);
}

/* End the turn: report all news, then send. The loop ends, because an object whose news were reported has news again
 * only after another input, or a request from an event callback. */
static void
settle(struct rsp_client *c)
{
	struct client_news *news;

	if (c->is_settling)
		return;
	c->is_settling = true;
	do {
		settle_home(c);
		while ((news = rsp_client_core_next_news(&c->core)) != NULL) {
			tell_news(c, news);
			settle_home(c);
		}
		rsp_client_link_reap(&c->links);
		send_or_hunt(c);
	} while (!TAILQ_EMPTY(&c->core.news) || c->hunt.step_due);
	rsp_client_link_reap(&c->links);
	c->core.answer = NULL;
	c->elements.sender = NULL;
	c->is_settling = false;
}

/* Send an ASAP_ERROR with @causes, the parts of a message that the client did not understand. RFC 5352 s.2.2.14 */
static void
send_error(struct rsp_client *c, const struct client_link *link, struct rsp_bytes causes)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ERROR, .has = RSP_HAS_ERROR, .error = causes };

	if (causes.n)
		(void)rsp_client_core_send(&c->core, link->id, &msg);
}

static void
note_message(struct rsp_client *c, struct client_link *sender, enum rsp_client_event_type type, uint16_t cause)
{
	c->sender = sender;
	c->told = type;
	c->cause = cause;
	rsp_client_core_note(&c->core, &c->message);
}

/* The registrar behind @link sent a malformed or unexpected message. After more
 * than BAD_MAX of them, the link is closed. */
static void
note_bad_message(struct rsp_client *c, struct client_link *link, const struct rsp_why *why)
{
	c->why = *why;
	note_message(c, link, RSP_CLIENT_PROTOCOL, why->cause);
	if (++link->n_bad <= BAD_MAX)
		return;
	if (link == c->links.home)
		rsp_client_hunt_leave_home(&c->hunt, RSP_EPROTO, "too many messages without sense");
	else
		rsp_client_link_close(&c->links, link);
}

/* An ASAP_ERROR does not name the request. If exactly one request to the home has
 * no answer, the error counts as its answer. */
static void
error_received(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg)
{
	uint16_t cause = rsp_message_cause(msg);
	bool only_one = link == c->links.home && c->core.in_flight == 1;

	if (!only_one || (!rsp_client_lookup_error(&c->lookups, cause) &&
			  !rsp_client_registration_error(&c->elements, cause)))
		note_message(c, link, RSP_CLIENT_ASAP_ERROR, cause);
}

/* Handle a response. Only the home may send one. */
static void
response_received(struct rsp_client *c, const struct client_link *link, const struct rsp_message *msg)
{
	if (link != c->links.home) {
		c->core.dropped++;
		return;
	}
	c->core.answer = msg;
	if (msg->type == ASAP_REGISTRATION_RESPONSE)
		rsp_client_registration_answered(&c->elements, msg);
	else if (msg->type == ASAP_DEREGISTRATION_RESPONSE)
		rsp_client_registration_ended(&c->elements, msg);
	else
		rsp_client_lookup_answered(&c->lookups, msg);
}

static void
dispatch(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg)
{
	struct rsp_why why = { 0 };

	switch (msg->type) {
	case ASAP_ENDPOINT_KEEP_ALIVE: /* any registrar may send a keep-alive: RFC 5352 s.2.2.7 */
		rsp_client_keepalive_received(&c->elements, link, msg);
		break;
	case ASAP_ERROR:
		error_received(c, link, msg);
		break;
	case ASAP_REGISTRATION_RESPONSE:
	case ASAP_DEREGISTRATION_RESPONSE:
	case ASAP_HANDLE_RESOLUTION_RESPONSE:
		response_received(c, link, msg);
		break;
	case ASAP_SERVER_ANNOUNCE: /* valid on the announcement channel only: RFC 5352 s.3.6 */
		c->core.dropped++;
		break;
	default: /* The decoder knows this message, but a client must not receive it. */
		(void)rsp_fail(&why, RSP_EPROTO, link->name, "%s is not for us",
			       rsp_message_name(RSP_ASAP, msg->type));
		why.cause = RSP_CAUSE_NONE;
		note_bad_message(c, link, &why);
	}
}

void
rsp_client_receive(struct rsp_client *c, uint64_t now_ms, uint32_t link_id, struct rsp_bytes message)
{
	struct client_link *link = rsp_client_link_find(&c->links, link_id);
	struct rsp_why why = { 0 };
	struct rsp_message msg;

	enter(c, now_ms);
	if (!link || rsp_client_link_is_attempt(link)) {
		c->core.dropped++;
		return;
	}
	c->received++;
	link->heard_ms = c->core.now;
	if (rsp_message_decode(RSP_ASAP, message, &msg, &why)) {
		/* RFC 5354 s.3.12.2 to s.3.12.4: the cause includes the parameter, or
		 * the message if its type is unknown */
		if (why.cause != RSP_CAUSE_NONE)
			send_error(c, link,
				   rsp_error_compose(why.cause, rsp_message_culprit(message, &why), c->causes,
						     CLIENT_CAUSES_MAX));
		note_bad_message(c, link, &why);
	} else {
		send_error(c, link, rsp_message_unrecognized(&msg, c->causes, CLIENT_CAUSES_MAX));
		dispatch(c, link, &msg);
	}
	settle(c); /* before @msg ends: the events have pointers into it */
}

void
rsp_client_link_up(struct rsp_client *c, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	struct client_link *link = rsp_client_link_find(&c->links, id);

	enter(c, now_ms);
	if (!link)
		rsp_client_link_accept(&c->links, id, info);
	else if (rsp_client_link_is_attempt(link))
		rsp_client_hunt_link_up(&c->hunt, link, info);
	settle(c);
}

void
rsp_client_link_down(struct rsp_client *c, uint64_t now_ms, uint32_t id, enum rsp_client_step step,
		     const struct rsp_why *why)
{
	struct client_link *link = rsp_client_link_find(&c->links, id);
	struct rsp_why closed = { 0 };

	enter(c, now_ms);
	if (!link)
		return;
	if (!why || !why->err) {
		(void)rsp_fail(&closed, RSP_ECLOSED, link->name, "connection closed");
		why = &closed;
	}
	rsp_client_hunt_link_down(&c->hunt, link, step, why);
	settle(c);
}

bool
rsp_client_announced(struct rsp_client *c, uint64_t now_ms, const struct rsp_ip *source, struct rsp_bytes datagram)
{
	enter(c, now_ms);
	bool usable = rsp_client_announce_hear(&c->cands, source, datagram);
	if (usable) {
		c->hunt.step_due = true;
		settle(c);
	}
	return usable;
}

static void
deadline_due(struct rsp_client *c)
{
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	if (count_waiting(c) == 0)
		return;
	rsp_client_attempt_expire_all(&c->cands);
	if (c->links.home)
		(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_client_verdict_link_text(&c->cands, c->links.home, text),
			       "no answer in time");
	else
		(void)rsp_client_verdict_of(&c->cands, &why);
	rsp_client_hunt_give_up(&c->hunt, &why);
}

static void
outage_due(struct rsp_client *c)
{
	struct rsp_why why = { 0 };

	rsp_client_attempt_expire_all(&c->cands);
	(void)rsp_client_verdict_of(&c->cands, &why);
	why.err = RSP_ELOST;
	rsp_client_hunt_give_up(&c->hunt, &why);
}

static void
timer_due(struct rsp_client *c, struct client_timer *timer)
{
	switch (timer->kind) {
	case TIMER_T5:
	case TIMER_HUNT:
		rsp_client_hunt_due(&c->hunt, timer);
		break;
	case TIMER_DEADLINE:
		deadline_due(c);
		break;
	case TIMER_OUTAGE:
		outage_due(c);
		break;
	case TIMER_ANNOUNCED:
		rsp_client_announce_expire(&c->cands);
		c->hunt.step_due = true;
		break;
	case TIMER_ELEMENT:
		rsp_client_element_due(&c->elements, timer);
		break;
	case TIMER_SILENCE:
		rsp_client_element_silence_due(&c->elements);
		break;
	case TIMER_LOOKUP:
		rsp_client_lookup_due(&c->lookups, timer);
		break;
	}
}

void
rsp_client_tick(struct rsp_client *c, uint64_t now_ms)
{
	struct rsp_timer *due;

	enter(c, now_ms);
	while ((due = rsp_wheel_expired(&c->core.wheel, c->core.now)) != NULL) {
		timer_due(c, RSP_CONTAINER(due, struct client_timer, timer));
		settle_home(c); /* if the home was lost, stop the timers of its requests before they expire */
	}
	settle(c);
}

uint64_t
rsp_client_deadline(const struct rsp_client *c)
{
	return rsp_wheel_next(&c->core.wheel);
}

enum rsp_err
rsp_client_register(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	enum rsp_err err = rsp_client_registration_add(&c->elements, handle, pe);

	if (!err)
		rsp_client_retry(c, now_ms);
	return err;
}

enum rsp_err
rsp_client_allow_new_id(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e = rsp_client_element_find(&c->elements, handle, pe_id);

	if (!e)
		return RSP_EUNKNOWN_PE;
	e->fixed_id = false;
	return RSP_OK;
}

enum rsp_err
rsp_client_update(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	enum rsp_err err = rsp_client_registration_update(&c->elements, handle, pe);

	if (!err)
		rsp_client_retry(c, now_ms);
	return err;
}

enum rsp_err
rsp_client_deregister(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_element *e = rsp_client_element_find(&c->elements, handle, pe_id);

	if (!e)
		return RSP_EUNKNOWN_PE;
	enter(c, now_ms);
	rsp_client_element_leave(&c->elements, e);
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

void
rsp_client_deregister_all(struct rsp_client *c, uint64_t now_ms)
{
	enter(c, now_ms);
	rsp_client_element_leave_all(&c->elements);
	rsp_client_retry(c, now_ms);
}

enum rsp_err
rsp_client_resolve(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t items, bool watch)
{
	enum rsp_err err = rsp_client_lookup_resolve(&c->lookups, handle, items, watch);

	if (!err)
		rsp_client_retry(c, now_ms);
	return err;
}

void
rsp_client_unwatch(struct rsp_client *c, struct rsp_bytes handle)
{
	rsp_client_lookup_unwatch(&c->lookups, handle);
	settle(c);
}

enum rsp_err
rsp_client_report_unreachable(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t pe_id)
{
	enum rsp_err err = rsp_client_report_add(&c->reports, handle, pe_id);

	if (!err)
		rsp_client_retry(c, now_ms);
	return err;
}

void
rsp_client_contacted(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	rsp_client_report_contacted(&c->reports, handle, pe_id);
}

void
rsp_client_set_deadline(struct rsp_client *c, uint64_t now_ms, uint64_t deadline_ms)
{
	enter(c, now_ms);
	rsp_wheel_set(&c->core.wheel, &c->deadline.timer, deadline_ms); /* RSP_NEVER cancels the timer */
}

enum rsp_err
rsp_client_set_servers(struct rsp_client *c, uint64_t now_ms, const struct rsp_client_server *servers, unsigned n)
{
	bool beside_home = c->links.home && rsp_client_hunt_is_on(&c->hunt);

	if (n > RSP_CLIENT_SERVERS_MAX || (n == 0 && !c->core.config.discover))
		return RSP_EUSAGE;
	enter(c, now_ms);
	if (rsp_client_candidate_same(&c->cands, servers, n))
		return RSP_OK;
	rsp_client_hunt_stop(&c->hunt); /* its attempts are attempts at the old servers */
	enum rsp_err err = rsp_client_candidate_replace(&c->cands, servers, n);
	if (beside_home)
		rsp_client_hunt_begin(&c->hunt);
	settle(c);
	return err;
}

void
rsp_client_retry(struct rsp_client *c, uint64_t now_ms)
{
	enter(c, now_ms);
	rsp_client_hunt_resume(&c->hunt);
	settle(c);
}

const struct rsp_client_attempt *
rsp_client_attempts(const struct rsp_client *c, unsigned *ret_n)
{
	return rsp_client_candidate_attempts(&c->cands, ret_n);
}

void
rsp_client_stats(const struct rsp_client *c, struct rsp_client_stats *ret)
{
	const struct client_link *home = c->links.home;

	*ret = (struct rsp_client_stats){
		.home_link = home ? home->id : 0,
		.home_server_id = home ? home->server_id : 0,
		.home_server = home ? home->name : "",
		.elements = c->elements.n_all,
		.registered = c->elements.n_in[ELEMENT_REGISTERED],
		.rejected = c->elements.n_in[ELEMENT_REJECTED],
		.resolutions = c->lookups.n_all,
		.links = rsp_client_link_count(&c->links),
		.waiting = count_waiting(c),
		.sent = c->core.sent,
		.received = c->received,
		.dropped = c->core.dropped,
		.keepalives = c->elements.keepalives,
		.homes = c->links.homes,
		.hints = rsp_client_announce_count(&c->cands),
		.announcements = c->cands.heard,
		.announcements_dropped = c->cands.dropped,
	};
}
