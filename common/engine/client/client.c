#include "engine/client/client.h"

#include <stdlib.h>

#include "engine/client/priv.h"

struct rsp_client_timers
rsp_client_timers_rfc(void)
{
	return (struct rsp_client_timers){
		/* RFC 5352 s.7.1 and s.7.3 */
		.t1_enrprequest_ms = 15000,
		.t2_registration_ms = 30000,
		.t3_deregistration_ms = 30000,
		.t4_reregistration_ms = 600000,
		.t5_serverhunt_ms = 10000,
		.t7_enrpoutdate_ms = 5000,
		.retran_max_ms = 60000,
		.max_reg_attempt = 2,
		.max_request_retransmit = 2,
		.stagger_ms = 250,
		.rejoin_ms = 200,
		.refresh_ms = 5000,
		.poll_ms = 5000,
		.min_ack_ms = 10,
	};
}

struct rsp_client_timers
rsp_client_timers_fast(void)
{
	struct rsp_client_timers t = rsp_client_timers_rfc();

	t.t1_enrprequest_ms = 2000;
	t.t2_registration_ms = 2000;
	t.t3_deregistration_ms = 2000;
	t.t5_serverhunt_ms = 2000;
	t.retran_max_ms = 8000;
	t.poll_ms = 1000;
	t.refresh_ms = 1000;
	return t;
}

const char *
rsp_client_step_name(enum rsp_client_step step)
{
	static const char *const name[] = {
		[RSP_STEP_DNS] = "dns", [RSP_STEP_TCP] = "tcp", [RSP_STEP_TLS] = "tls", [RSP_STEP_ASAP] = "asap"
	};

	return (unsigned)step < RSP_COUNT(name) ? name[step] : "";
}

const char *
rsp_client_event_name(enum rsp_client_event_type type)
{
	static const char *const name[] = {
		[RSP_CLIENT_ATTEMPT] = "attempt",
		[RSP_CLIENT_HOME] = "home",
		[RSP_CLIENT_HOME_LOST] = "home-lost",
		[RSP_CLIENT_ROUND_FAILED] = "round-failed",
		[RSP_CLIENT_GAVE_UP] = "gave-up",
		[RSP_CLIENT_REGISTERED] = "registered",
		[RSP_CLIENT_RENEWED] = "renewed",
		[RSP_CLIENT_REREGISTERED] = "reregistered",
		[RSP_CLIENT_REJECTED] = "rejected",
		[RSP_CLIENT_EXPIRED] = "expired",
		[RSP_CLIENT_DISPLACED] = "displaced",
		[RSP_CLIENT_DEREGISTERED] = "deregistered",
		[RSP_CLIENT_KEEPALIVE] = "keepalive",
		[RSP_CLIENT_RESOLVED] = "resolved",
		[RSP_CLIENT_UNRESOLVED] = "unresolved",
		[RSP_CLIENT_REPORTED] = "reported",
		[RSP_CLIENT_FAILED] = "failed",
		[RSP_CLIENT_HEARD] = "heard",
		[RSP_CLIENT_FORGOTTEN] = "forgotten",
		[RSP_CLIENT_ASAP_ERROR] = "asap-error",
		[RSP_CLIENT_PROTOCOL] = "protocol",
	};

	return (unsigned)type < RSP_COUNT(name) ? name[type] : "";
}

struct rsp_client_event
rsp_client_event_new(const struct rsp_client *c, enum rsp_client_event_type type)
{
	const struct client_link *home = c->home;

	return (struct rsp_client_event){
		.type = type,
		.now_ms = c->now,
		.cause = RSP_CAUSE_NONE,
		.link = home ? home->id : 0,
		.server = home ? home->name : "",
		.server_id = home ? home->server_id : 0,
	};
}

void
rsp_client_tell(struct rsp_client *c, const struct rsp_client_event *event)
{
	c->ops.event(c->ctx, event);
}

enum rsp_err
rsp_client_send(struct rsp_client *c, uint32_t link, const struct rsp_message *msg)
{
	size_t n;
	enum rsp_err err = rsp_message_encode(msg, c->scratch, RSP_MESSAGE_MAX + 1, &n);

	if (err)
		return err;
	c->sent++;
	c->ops.send(c->ctx, link, rsp_bytes_of(c->scratch, n));
	return RSP_OK;
}

void
rsp_client_arm(struct rsp_client *c, struct client_timer *timer, uint64_t in_ms)
{
	rsp_wheel_set(&c->wheel, &timer->timer, c->now + in_ms);
}

void
rsp_client_disarm(struct rsp_client *c, struct client_timer *timer)
{
	rsp_wheel_cancel(&c->wheel, &timer->timer);
}

bool
rsp_client_needs_home(const struct rsp_client *c)
{
	return c->n_held + c->n_unwell + c->n_lookups + c->n_unsent > 0;
}

static unsigned
waiting(const struct rsp_client *c)
{
	return c->n_unwell + c->n_wanted + c->n_unsent;
}

void
rsp_client_pump(struct rsp_client *c)
{
	struct client_element *e;
	struct client_lookup *l;

	if (!c->home) {
		if (rsp_client_needs_home(c) && !c->gave_up)
			rsp_client_hunt(c);
		return;
	}
	while (c->in_flight < CLIENT_WINDOW && (l = TAILQ_FIRST(&c->lookup_work)) != NULL)
		rsp_client_lookup_send(c, l);
	while (c->in_flight < CLIENT_WINDOW && (e = TAILQ_FIRST(&c->element_work)) != NULL)
		rsp_client_element_send(c, e);
	rsp_client_reports_send(c);
}

static bool
config_is_sound(const struct rsp_client_config *config)
{
	const struct rsp_client_timers *t = &config->timers;

	if (config->n_servers > RSP_CLIENT_SERVERS_MAX || (config->n_servers && !config->servers) ||
	    (!config->n_servers && !config->discover))
		return false;
	if (config->discover && (!t->t7_enrpoutdate_ms || config->n_registrars > RSP_CLIENT_REGISTRARS_MAX))
		return false;
	for (unsigned i = 0; config->discover && i < config->n_registrars; i++)
		if (config->registrars[i].n_ips > RSP_CLIENT_SERVER_IPS_MAX)
			return false;
	for (unsigned i = 0; i < config->n_servers; i++)
		if (config->servers[i].n_ips > RSP_CLIENT_SERVER_IPS_MAX ||
		    (!config->servers[i].host && !config->servers[i].name))
			return false;
	return t->t1_enrprequest_ms && t->t2_registration_ms && t->t3_deregistration_ms && t->t4_reregistration_ms &&
	       t->t5_serverhunt_ms && t->stagger_ms && t->poll_ms;
}

enum rsp_err
rsp_client_new(const struct rsp_client_config *config, const struct rsp_client_ops *ops, void *ctx, struct rsp_rng rng,
	       uint64_t now_ms, struct rsp_client **ret)
{
	if (!config_is_sound(config))
		return RSP_EUSAGE;
	struct rsp_client *c = calloc(1, sizeof *c);
	if (!c)
		return RSP_ENOMEM;

	c->ops = *ops;
	c->ctx = ctx;
	c->config = *config;
	c->config.max_elements = config->max_elements ? config->max_elements : 65536;
	c->config.max_resolutions = config->max_resolutions ? config->max_resolutions : 1024;
	c->config.max_reports = config->max_reports ? config->max_reports : 4096;
	c->rng = rng;
	c->key = (struct rsp_hash_key){ rsp_rng_u64(&c->rng), rsp_rng_u64(&c->rng) };
	c->now = now_ms;
	rsp_wheel_init(&c->wheel, now_ms);
	c->t5.kind = TIMER_T5;
	c->next.kind = TIMER_NEXT;
	c->deadline.kind = TIMER_DEADLINE;
	c->outage.kind = TIMER_OUTAGE;
	c->silence.kind = TIMER_SILENCE;
	c->hint_timer.kind = TIMER_HINTS;
	TAILQ_INIT(&c->elements);
	TAILQ_INIT(&c->element_work);
	TAILQ_INIT(&c->dead);
	TAILQ_INIT(&c->lookups);
	TAILQ_INIT(&c->lookup_work);
	TAILQ_INIT(&c->dead_lookups);
	TAILQ_INIT(&c->reports);
	TAILQ_INIT(&c->dead_reports);
	c->scratch = malloc(RSP_MESSAGE_MAX + 1);
	c->causes = malloc(CLIENT_CAUSES_MAX);
	enum rsp_err err = c->scratch && c->causes ? rsp_client_hunt_init(c) : RSP_ENOMEM;
	if (!err && config->discover)
		err = rsp_client_hints_init(c);
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
	rsp_client_elements_done(c);
	rsp_client_lookups_done(c);
	rsp_client_hints_done(c);
	rsp_client_hunt_done(c);
	free(c->scratch);
	free(c->causes);
	free(c);
}

void
rsp_client_enter(struct rsp_client *c, uint64_t now_ms)
{
	c->now = now_ms > c->now ? now_ms : c->now;
	rsp_client_elements_reap(c);
	rsp_client_lookups_reap(c);
}

/* RFC 5352 s.2.2.14: send @causes, which say what of a message was not understood. */
static void
send_error(struct rsp_client *c, const struct client_link *link, struct rsp_bytes causes)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ERROR, .has = RSP_HAS_ERROR, .error = causes };

	if (causes.n)
		(void)rsp_client_send(c, link->id, &msg);
}

/* @link said something that makes no sense: say so, and leave a registrar that goes on like that. */
static void
protest(struct rsp_client *c, struct client_link *link, const struct rsp_why *why)
{
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_PROTOCOL);
	bool enough = ++link->bad > CLIENT_BAD_MAX;

	event.link = link->id;
	event.server = link->name;
	event.server_id = link->server_id;
	event.cause = why->cause;
	event.why = why;
	rsp_client_tell(c, &event);
	if (!enough)
		return;
	if (link == c->home)
		rsp_client_leave_home(c, RSP_EPROTO, "too many messages without sense");
	else
		rsp_client_link_close(c, link);
}

static void
asap_error(struct rsp_client *c, const struct client_link *link, const struct rsp_message *msg)
{
	uint16_t cause = rsp_message_cause(msg);
	/* It does not say what it is about. If only one request is on its way there, it can be about nothing else. */
	bool taken = link == c->home && c->in_flight == 1 &&
		     (rsp_client_lookup_error(c, cause) || rsp_client_element_error(c, cause));

	if (taken)
		return;
	struct rsp_client_event event = rsp_client_event_new(c, RSP_CLIENT_ASAP_ERROR);
	event.link = link->id;
	event.server = link->name;
	event.server_id = link->server_id;
	event.cause = cause;
	rsp_client_tell(c, &event);
}

static void
dispatch(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg)
{
	bool from_home = link == c->home;
	struct rsp_why why = { 0 };

	switch (msg->type) {
	case ASAP_ENDPOINT_KEEP_ALIVE: /* from any registrar: RFC 5352 s.2.2.7 */
		rsp_client_element_keepalive(c, link, msg);
		break;
	case ASAP_ERROR:
		asap_error(c, link, msg);
		break;
	case ASAP_REGISTRATION_RESPONSE:
		from_home ? rsp_client_element_registered(c, msg) : (void)c->dropped++;
		break;
	case ASAP_DEREGISTRATION_RESPONSE:
		from_home ? rsp_client_element_deregistered(c, msg) : (void)c->dropped++;
		break;
	case ASAP_HANDLE_RESOLUTION_RESPONSE:
		from_home ? rsp_client_lookup_answered(c, msg) : (void)c->dropped++;
		break;
	case ASAP_SERVER_ANNOUNCE: /* belongs on the multicast channel, RFC 5352 s.3.6 */
		c->dropped++;
		break;
	default:
		(void)rsp_fail(&why, RSP_EPROTO, link->name, "%s is not for us",
			       rsp_message_name(RSP_ASAP, msg->type));
		why.cause = RSP_CAUSE_NONE;
		protest(c, link, &why);
	}
}

void
rsp_client_receive(struct rsp_client *c, uint64_t now_ms, uint32_t link_id, struct rsp_bytes message)
{
	struct client_link *link = rsp_client_link_find(c, link_id);
	struct rsp_why why = { 0 };
	struct rsp_message msg;

	rsp_client_enter(c, now_ms);
	if (!link || !link->up) {
		c->dropped++;
		return;
	}
	c->received++;
	if (rsp_message_decode(RSP_ASAP, message, &msg, &why)) {
		/* RFC 5354 s.3.12.2 to s.3.12.4: the parameter, or the message if its type is unknown */
		if (why.cause != RSP_CAUSE_NONE)
			send_error(c, link,
				   rsp_error_compose(why.cause, rsp_message_culprit(message, &why), c->causes,
						     CLIENT_CAUSES_MAX));
		protest(c, link, &why);
	} else {
		send_error(c, link, rsp_message_unrecognized(&msg, c->causes, CLIENT_CAUSES_MAX));
		dispatch(c, link, &msg);
	}
	rsp_client_pump(c);
}

static void
deadline_due(struct rsp_client *c)
{
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	if (waiting(c) == 0)
		return;
	rsp_client_attempts_late(c);
	if (c->home)
		(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_client_link_text(c, c->home, text), "no answer in time");
	else
		(void)rsp_client_verdict(c, &why);
	rsp_client_give_up(c, &why);
}

static void
outage_due(struct rsp_client *c)
{
	struct rsp_why why = { 0 };

	rsp_client_attempts_late(c);
	(void)rsp_client_verdict(c, &why);
	why.err = RSP_ELOST;
	rsp_client_give_up(c, &why);
}

void
rsp_client_tick(struct rsp_client *c, uint64_t now_ms)
{
	struct rsp_timer *due;

	rsp_client_enter(c, now_ms);
	while ((due = rsp_wheel_expired(&c->wheel, c->now)) != NULL) {
		struct client_timer *timer = RSP_CONTAINER(due, struct client_timer, timer);

		switch (timer->kind) {
		case TIMER_T5:
		case TIMER_NEXT:
			rsp_client_hunt_due(c, timer);
			break;
		case TIMER_DEADLINE:
			deadline_due(c);
			break;
		case TIMER_OUTAGE:
			outage_due(c);
			break;
		case TIMER_HINTS:
			rsp_client_hints_due(c);
			break;
		case TIMER_ELEMENT:
			rsp_client_element_due(c, timer);
			break;
		case TIMER_SILENCE:
			rsp_client_elements_renew(c);
			break;
		case TIMER_LOOKUP:
			rsp_client_lookup_due(c, timer);
			break;
		}
	}
	rsp_client_pump(c);
}

uint64_t
rsp_client_deadline(const struct rsp_client *c)
{
	return rsp_wheel_next(&c->wheel);
}

void
rsp_client_set_deadline(struct rsp_client *c, uint64_t now_ms, uint64_t deadline_ms)
{
	c->now = now_ms > c->now ? now_ms : c->now;
	rsp_wheel_set(&c->wheel, &c->deadline.timer, deadline_ms); /* RSP_NEVER cancels it */
}

void
rsp_client_retry(struct rsp_client *c, uint64_t now_ms)
{
	c->now = now_ms > c->now ? now_ms : c->now;
	c->gave_up = false;
	rsp_client_pump(c);
}

void
rsp_client_stats(const struct rsp_client *c, struct rsp_client_stats *ret)
{
	*ret = (struct rsp_client_stats){
		.home_link = c->home ? c->home->id : 0,
		.home_server_id = c->home ? c->home->server_id : 0,
		.home_server = c->home ? c->home->name : "",
		.elements = c->n_elements,
		.registered = c->n_held,
		.rejected = c->n_rejected,
		.resolutions = c->n_lookups,
		.waiting = waiting(c),
		.sent = c->sent,
		.received = c->received,
		.dropped = c->dropped,
		.keepalives = c->keepalives,
		.homes = c->homes,
		.hints = rsp_client_hints_count(c),
		.announcements = c->announcements,
		.announcements_dropped = c->announcements_dropped,
	};
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		ret->links += c->links[i].id != 0;
}
