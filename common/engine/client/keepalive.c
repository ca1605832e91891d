#include "engine/client/keepalive.h"

#include <string.h>

#define LEARNED_AFTER 4	      /* after this number of keep-alives, their interval is considered known */
/* the keep-alives have stopped, if none arrived within so many times the longest interval */
#define SILENCE_FACTOR 4
#define FORGET 8 /* the longest interval shrinks by this part of it with each keep-alive */
#define MOST_INTERVALS 2 /* a longer interval was an outage, when another registrar says that it is the home */
#define SILENCE_INTERVAL_MS 1000 /* least value that is used for the longest interval */

/* Beyond the RFC: a connection can be dead without any sign, and a registrar that cannot reach this client removes its
 * elements. When the keep-alives of the home stop, the elements register again. Without a response, the client then
 * closes the connection to the home. */
static void
watch_silence(struct client_elements *elements, struct client_link *home)
{
	struct client_core *core = elements->core;
	uint64_t since_ms = core->now - home->keepalive_ms;

	/* one that was long because this process or its home was suspended is forgotten */
	home->longest_ms -= home->longest_ms / FORGET;
	if (home->n_keepalives++ > 0 && since_ms > home->longest_ms)
		home->longest_ms = since_ms;
	home->keepalive_ms = core->now;
	if (home->n_keepalives > LEARNED_AFTER)
		rsp_client_core_arm(core, &elements->silence,
				    SILENCE_FACTOR * (home->longest_ms > SILENCE_INTERVAL_MS ? home->longest_ms
											     : SILENCE_INTERVAL_MS));
}

/* Learn the interval between the keep-alives of the home to one element. Longer ones of the past are forgotten, as above. */
static void
learn_interval(const struct client_elements *elements, struct client_link *home, struct client_element *e)
{
	uint64_t since_ms = elements->core->now - e->kept_ms;

	if (e->kept_by == elements->links->homes) {
		home->interval_ms -= home->interval_ms / FORGET;
		if (since_ms > home->interval_ms)
			home->interval_ms = since_ms;
		home->n_intervals++;
	}
	e->kept_by = elements->links->homes;
	e->kept_ms = elements->core->now;
}

/* Whether the registrar behind @link is the home, perhaps over another connection. */
static bool
is_home(const struct client_links *links, const struct client_link *link)
{
	const struct client_link *home = links->home;

	if (!home || link == home)
		return home != NULL;
	if (home->server_id)
		return home->server_id == link->server_id;
	/* the server id of the home is unknown */
	return *link->name && strcmp(link->name, home->name) == 0;
}

/* Whether the connection to the home is alive: the home has been heard within the interval between its keep-alives. The
 * longest of a few may be one that the home drew short, as it varies them by half. */
static bool
hears_home(const struct client_links *links)
{
	const struct client_core *core = links->core;
	const struct client_link *home = links->home;

	if (!home)
		return false;
	uint64_t interval_ms = home->interval_ms > SILENCE_INTERVAL_MS ? home->interval_ms : SILENCE_INTERVAL_MS;
	uint64_t most_ms = MOST_INTERVALS * (uint64_t)core->config.timers.keepalive_ms;
	if (home->n_intervals < LEARNED_AFTER)
		interval_ms = core->config.timers.keepalive_ms;
	else if (interval_ms > most_ms)
		interval_ms = most_ms;
	return core->now - home->heard_ms <= interval_ms * 3 / 2;
}

/* RFC 5352 s.3.4 KA2.4: whether the sender of a keep-alive with the H flag becomes the home. @numbered: it sends
 * RSP_PARAM_EPOCH. Such a registrar goes on to be the home of no element that stays with a home that is alive. */
static bool
may_become_home(const struct client_links *links, const struct client_link *link, bool numbered)
{
	return link != links->home && (numbered ? !hears_home(links) : !is_home(links, link));
}

static void
send_ack(struct client_elements *elements, const struct client_link *link, const struct client_element *e)
{
	struct rsp_message ack = {
		.protocol = RSP_ASAP,
		.type = ASAP_ENDPOINT_KEEP_ALIVE_ACK,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | (elements->core->config.no_epoch ? 0 : RSP_HAS_EPOCH),
		.handle = e->handle,
		.pe_id = e->pe_id,
		.epoch = e->own,
	};

	(void)rsp_client_core_send(elements->core, link->id, &ack);
}

/* The number in the keep-alive @msg over @link. A registrar that sent numbers before and now sends none knows no statement
 * about the element any more. NULL: the registrar uses no numbers. */
static const struct rsp_epoch *
number_of(const struct client_core *core, struct client_link *link, const struct rsp_message *msg)
{
	static const struct rsp_epoch none = { 0 };
	const struct rsp_epoch *number = rsp_client_number_in(core, msg);

	link->numbered = link->numbered || number;
	return !number && link->numbered ? &none : number;
}

/* The home names @e with the H flag and without a number: it has taken @e over. The element registers there within
 * refresh_ms. */
static void
be_taken_over(struct client_elements *elements, struct client_element *e)
{
	const struct client_links *links = elements->links;

	e->named_by = links->homes;
	if (links->home == links->settled_home && !e->removed && rsp_client_element_is_current(e) &&
	    (e->state == ELEMENT_WAITING || e->state == ELEMENT_QUEUED))
		rsp_client_element_adopted(elements, e);
}

/*
 * The home sends @known, the number of the greatest statement about @e that it knows. If this is not the last statement of
 * @e, or the home has taken @e over (@named, the H flag), the element registers there again, with a greater number. An
 * acknowledgement alone would confirm the contents that the home has, which may be old.
 */
static void
answer_question(struct client_elements *elements, struct client_element *e, const struct rsp_epoch *known, bool named)
{
	const struct client_links *links = elements->links;
	bool settled = links->home == links->settled_home, refused = e->overruled > 0 || e->refusals > 0;
	uint16_t cause;

	if (!named && rsp_client_number_is_own(&e->own, known))
		return;
	if (!rsp_client_number_is_lost(&e->own, known, &cause))
		rsp_client_number_learn(&e->next, known);
	if (named && !settled) /* it registers at the end of the turn */
		e->asked_by = links->homes;
	else if (e->state == ELEMENT_REGISTERED || (named && e->state == ELEMENT_WAITING && !refused))
		(void)rsp_client_element_again(elements, e);
}

/* Whether @e may acknowledge a keep-alive: one of the home in min_ack_ms, and one of each other registrar that can be
 * connected. Registrars that find one home silent ask in the same moment. RFC 5355 s.2.13 */
static bool
may_acknowledge(const struct client_core *core, const struct client_element *e, bool home)
{
	return core->now >= e->next_ack_ms[home] || (!home && e->others_acknowledged < CLIENT_NOTIFY_MAX);
}

static void
count_acknowledged(const struct client_core *core, struct client_element *e, bool home)
{
	if (core->now >= e->next_ack_ms[home]) {
		e->next_ack_ms[home] = core->now + core->config.timers.min_ack_ms;
		e->others_acknowledged = home ? e->others_acknowledged : 0;
	}
	e->others_acknowledged += !home;
}

static void
keep_alive(struct client_elements *elements, struct client_link *link, const struct rsp_message *msg,
	   struct client_element *e)
{
	struct client_core *core = elements->core;
	struct client_links *links = elements->links;
	bool leaving = rsp_client_element_is_leaving(e), known = rsp_client_element_is_known(e);
	const struct rsp_epoch *number = number_of(core, link, msg);
	bool named = msg->flags & ASAP_FLAG_HOME;
	bool adopt = named && may_become_home(links, link, number) && !leaving && e->state != ELEMENT_REJECTED;
	bool acknowledges = may_acknowledge(core, e, link == links->home) || adopt;
	bool questioned = number && is_home(links, link) && e->state == ELEMENT_REGISTERED &&
			  !rsp_client_number_is_own(&e->own, number);
	uint16_t cause;

	/* KA1: answer only for an element that is registered, or whose registration is under way. While an element leaves,
	 * answer only its home. A sender that becomes the home is always answered, and a question of the home by a registration:
	 * it may follow a keep-alive that was late. */
	if ((!known && e->state != ELEMENT_REGISTERING) || (leaving && link != links->home) || (!acknowledges && !questioned)) {
		core->dropped++;
		return;
	}
	if (number && is_home(links, link) && e->state == ELEMENT_REGISTERED &&
	    rsp_client_number_is_lost(&e->own, number, &cause)) {
		rsp_client_element_displace(elements, e, cause);
		return;
	}
	if (!acknowledges) {
		answer_question(elements, e, number, named && link == links->home);
		return;
	}
	count_acknowledged(core, e, link == links->home);
	elements->keepalives++;
	send_ack(elements, link, e); /* KA2.3: answer the sender, which need not be the home */
	if (adopt) {
		rsp_client_core_disarm(core, &elements->silence); /* the timer is for the former home */
		rsp_client_hunt_adopt(elements->hunt, link);	  /* the elements follow at the end of the turn */
	}
	if (number && is_home(links, link))
		answer_question(elements, e, number, named && link == links->home);
	else if (link == links->home && named)
		be_taken_over(elements, e);
	if (link == links->home) {
		watch_silence(elements, link);
		learn_interval(elements, link, e);
	}
	rsp_client_element_note(elements, e, RSP_CLIENT_KEEPALIVE, RSP_CAUSE_NONE, 0);
	e->told.changed = adopt;
}

void
rsp_client_keepalive_received(struct client_elements *elements, struct client_link *link,
			      const struct rsp_message *msg)
{
	struct client_element *e, *next;
	bool any = false;

	elements->sender = link;
	link->server_id = msg->server_id;
	if (msg->has & RSP_HAS_PE_ID) {
		e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
		if (e)
			keep_alive(elements, link, msg, e);
		else
			elements->core->dropped++;
		return;
	}
	/* The message has no PE identifier, as in RFC 5352 s.2.2.7: answer for each element of the pool. */
	for (e = TAILQ_FIRST(&elements->all); e; e = next) {
		next = TAILQ_NEXT(e, all);
		if (!rsp_bytes_equal(e->handle, msg->handle))
			continue;
		any = true;
		keep_alive(elements, link, msg, e);
	}
	if (!any)
		elements->core->dropped++;
}
