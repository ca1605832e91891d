#include <stdlib.h>

#include "engine/client/priv.h"

/* Resolutions and unreachable reports: RFC 5352 s.3.3, s.3.5, s.3.7.2. */

static struct client_lookup *
find(const struct rsp_client *c, struct rsp_bytes handle)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &c->lookups, all)
		if (rsp_bytes_equal(l->handle, handle))
			return l;
	return NULL;
}

/* Nothing of @l on its way, no timer, no place in the queue. */
static void
quiet(struct rsp_client *c, struct client_lookup *l)
{
	if (l->asked && c->in_flight)
		c->in_flight--;
	l->asked = false;
	if (l->queued)
		TAILQ_REMOVE(&c->lookup_work, l, work);
	l->queued = false;
	rsp_client_disarm(c, &l->timer);
}

static void
enqueue(struct rsp_client *c, struct client_lookup *l)
{
	if (l->queued || l->asked || !c->home)
		return;
	rsp_client_disarm(c, &l->timer);
	TAILQ_INSERT_TAIL(&c->lookup_work, l, work);
	l->queued = true;
}

static void
set_wanted(struct rsp_client *c, struct client_lookup *l, bool wanted)
{
	if (wanted && !l->wanted)
		c->n_wanted++;
	if (!wanted && l->wanted)
		c->n_wanted--;
	l->wanted = wanted;
}

/* Forget @l. Its octets live until the next time something happens outside. */
static void
bury(struct rsp_client *c, struct client_lookup *l)
{
	quiet(c, l);
	set_wanted(c, l, false);
	TAILQ_REMOVE(&c->lookups, l, all);
	TAILQ_INSERT_TAIL(&c->dead_lookups, l, all);
	c->n_lookups--;
}

void
rsp_client_lookups_reap(struct rsp_client *c)
{
	struct client_lookup *l;
	struct client_report *r;

	while ((l = TAILQ_FIRST(&c->dead_lookups)) != NULL) {
		TAILQ_REMOVE(&c->dead_lookups, l, all);
		free(l->octets);
		free(l);
	}
	while ((r = TAILQ_FIRST(&c->dead_reports)) != NULL) {
		TAILQ_REMOVE(&c->dead_reports, r, all);
		free(r->octets);
		free(r);
	}
}

static void
report_bury(struct rsp_client *c, struct client_report *r)
{
	TAILQ_REMOVE(&c->reports, r, all);
	TAILQ_INSERT_TAIL(&c->dead_reports, r, all);
	c->n_reports--;
	c->n_unsent -= !r->sent;
}

void
rsp_client_lookups_done(struct rsp_client *c)
{
	struct client_lookup *l;
	struct client_report *r;

	while ((l = TAILQ_FIRST(&c->lookups)) != NULL)
		bury(c, l);
	while ((r = TAILQ_FIRST(&c->reports)) != NULL)
		report_bury(c, r);
	rsp_client_lookups_reap(c);
}

enum rsp_err
rsp_client_resolve(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t items, bool watch)
{
	struct client_lookup *l = find(c, handle);

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX)
		return RSP_EVALUE;
	if (!l) {
		if (c->n_lookups >= c->config.max_resolutions)
			return RSP_ELIMIT;
		l = calloc(1, sizeof *l);
		uint8_t *octets = l ? rsp_bytes_dup(handle) : NULL;
		if (!octets) {
			free(l);
			return RSP_ENOMEM;
		}
		l->octets = octets;
		l->handle = rsp_bytes_of(octets, handle.n);
		l->timer.kind = TIMER_LOOKUP;
		TAILQ_INSERT_TAIL(&c->lookups, l, all);
		c->n_lookups++;
	}
	l->items = items;
	l->watch |= watch;
	set_wanted(c, l, true);
	enqueue(c, l);
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

void
rsp_client_unwatch(struct rsp_client *c, struct rsp_bytes handle)
{
	struct client_lookup *l = find(c, handle);

	if (l)
		bury(c, l);
}

void
rsp_client_lookup_send(struct rsp_client *c, struct client_lookup *l)
{
	struct rsp_message msg = {
		.protocol = RSP_ASAP,
		.type = ASAP_HANDLE_RESOLUTION,
		.flags = l->watch ? ASAP_FLAG_SUBSCRIBE : 0,
		.has = RSP_HAS_HANDLE | (l->items ? (unsigned)RSP_HAS_ITEM_COUNT : 0),
		.handle = l->handle,
		.item_count = l->items,
	};

	quiet(c, l);
	if (l->tries++ == 0)
		l->first_sent_ms = c->now;
	l->asked = true;
	c->in_flight++;
	rsp_client_arm(c, &l->timer, c->config.timers.t1_enrprequest_ms);
	(void)rsp_client_send(c, c->home->id, &msg); /* a handle that was taken fits */
}

static struct rsp_client_event
event_of(const struct rsp_client *c, const struct client_lookup *l, enum rsp_client_event_type type)
{
	struct rsp_client_event event = rsp_client_event_new(c, type);

	event.handle = l->handle;
	event.tries = l->tries;
	event.rtt_ms = l->tries ? (uint32_t)(c->now - l->first_sent_ms) : 0;
	return event;
}

/* The request is settled, one way or the other: a watch waits for its next poll, anything else is forgotten. */
static void
settle(struct rsp_client *c, struct client_lookup *l, bool poll)
{
	quiet(c, l);
	set_wanted(c, l, false);
	l->tries = l->expirations = 0;
	if (!l->watch)
		bury(c, l);
	else if (poll)
		rsp_client_arm(c, &l->timer, rsp_rng_jitter(&c->rng, c->config.timers.poll_ms, 50));
}

static void
refused(struct rsp_client *c, struct client_lookup *l, const struct rsp_message *msg, uint16_t cause)
{
	struct rsp_client_event event = event_of(c, l, RSP_CLIENT_UNRESOLVED);
	struct rsp_why why = { 0 };
	const char *name = rsp_cause_name(cause);

	(void)rsp_fail(&why, cause == RSP_CAUSE_UNKNOWN_POOL_HANDLE ? RSP_EUNKNOWN_POOL : RSP_EREJECTED, event.server,
		       "%s", name ? name : "refused");
	why.cause = cause;
	event.cause = cause;
	event.why = &why;
	event.message = msg;
	event.solicited = l->asked;
	settle(c, l, true); /* RFC 5352 s.2.2.5: after a negative answer no updates come */
	rsp_client_tell(c, &event);
}

void
rsp_client_lookup_answered(struct rsp_client *c, const struct rsp_message *msg)
{
	struct client_lookup *l = find(c, msg->handle);

	if (!l || (!l->asked && !l->watch)) {
		c->dropped++;
		return;
	}
	if (l->asked)
		rsp_client_home_answered(c);
	if (msg->has & RSP_HAS_ERROR) {
		refused(c, l, msg, rsp_message_cause(msg));
		return;
	}
	struct rsp_client_event event = event_of(c, l, RSP_CLIENT_RESOLVED);
	event.message = msg;
	event.solicited = l->asked;
	/* an update is proof enough that updates come */
	event.accepted = l->watch && (!l->asked || (msg->flags & ASAP_FLAG_ACCEPT));
	if (!l->asked && l->queued) /* an update overtook a request that is yet to be sent: both will be answered */
		event.solicited = false;
	else
		settle(c, l, !event.accepted);
	rsp_client_tell(c, &event);
}

bool
rsp_client_lookup_error(struct rsp_client *c, uint16_t cause)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &c->lookups, all)
		if (l->asked)
			break;
	if (!l)
		return false;
	refused(c, l, NULL, cause);
	return true;
}

void
rsp_client_lookup_due(struct rsp_client *c, struct client_timer *timer)
{
	struct client_lookup *l = RSP_CONTAINER(timer, struct client_lookup, timer);
	struct rsp_why why = { 0 };

	if (!l->asked) { /* the time to poll */
		enqueue(c, l);
		return;
	}
	if (++l->expirations <= c->config.timers.max_request_retransmit) {
		rsp_client_lookup_send(c, l);
		rsp_client_hunt(c); /* in parallel: RFC 5352 s.3.7.2 */
		return;
	}
	struct rsp_client_event event = event_of(c, l, RSP_CLIENT_FAILED);
	(void)rsp_fail(&why, RSP_ETIMEOUT, c->home ? c->home->name : "registrar", "no answer to %u requests", l->tries);
	event.why = &why;
	settle(c, l, false);
	rsp_client_tell(c, &event);
	rsp_client_leave_home(c, RSP_ETIMEOUT, "no answer to a request");
}

void
rsp_client_lookups_adopted(struct rsp_client *c)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &c->lookups, all) { /* RFC 5352 s.2.2.5: the new home knows of no subscriptions */
		quiet(c, l);
		enqueue(c, l);
	}
}

void
rsp_client_lookups_orphaned(struct rsp_client *c)
{
	struct client_lookup *l;

	TAILQ_FOREACH(l, &c->lookups, all)
		quiet(c, l);
}

static struct client_report *
report_find(const struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r;

	TAILQ_FOREACH(r, &c->reports, all)
		if (r->pe_id == pe_id && rsp_bytes_equal(r->handle, handle))
			return r;
	return NULL;
}

enum rsp_err
rsp_client_report_unreachable(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r = report_find(c, handle, pe_id), *oldest = TAILQ_FIRST(&c->reports);

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX)
		return RSP_EVALUE;
	if (r && !r->contacted)
		return RSP_EEXISTS; /* RFC 5352 s.3.5: once for each failure */
	if (r)
		report_bury(c, r);
	else if (c->n_reports >= c->config.max_reports && !oldest->sent)
		return RSP_ELIMIT;
	else if (c->n_reports >= c->config.max_reports)
		report_bury(c, oldest); /* forgotten */
	r = calloc(1, sizeof *r);
	uint8_t *octets = r ? rsp_bytes_dup(handle) : NULL;
	if (!octets) {
		free(r);
		return RSP_ENOMEM;
	}
	r->octets = octets;
	r->handle = rsp_bytes_of(octets, handle.n);
	r->pe_id = pe_id;
	TAILQ_INSERT_TAIL(&c->reports, r, all);
	c->n_reports++;
	c->n_unsent++;
	rsp_client_retry(c, now_ms);
	return RSP_OK;
}

void
rsp_client_contacted(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r = report_find(c, handle, pe_id);

	if (r)
		r->contacted = r->sent;
}

static struct client_report *
unsent(const struct rsp_client *c)
{
	struct client_report *r = TAILQ_LAST(&c->reports, client_reports);

	/* they are sent in order: the unsent ones are at the end */
	while (r && !r->sent) {
		struct client_report *before = TAILQ_PREV(r, client_reports, all);

		if (!before || before->sent)
			return r;
		r = before;
	}
	return NULL;
}

void
rsp_client_reports_send(struct rsp_client *c)
{
	struct client_report *r;

	while (c->n_unsent && c->home && (r = unsent(c)) != NULL) {
		struct rsp_message msg = {
			.protocol = RSP_ASAP,
			.type = ASAP_ENDPOINT_UNREACHABLE,
			.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
			.handle = r->handle,
			.pe_id = r->pe_id,
		};
		struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_REPORTED);

		r->sent = true;
		c->n_unsent--;
		(void)rsp_client_send(c, c->home->id, &msg);
		event.handle = r->handle;
		event.pe_id = r->pe_id;
		rsp_client_tell(c, &event);
	}
}
