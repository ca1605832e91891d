#include "engine/enrp/contact.h"

#include <stdlib.h>

#include "base/moves.h"

#define DIAL_DISTANCE_MS     100    /* least time between two dials of a contact; each failure doubles it */
#define DIAL_DISTANCE_MAX_MS 3000
#define DIAL_DISTANCE_LEAST_MS 1000 /* the distance may grow to this, however short the heartbeat cycle is */
#define LASTED_MS	     1000   /* a connection that was up for a shorter time counts as brief */
#define LEARNED_TRIES	     6	    /* a learned contact is forgotten after so many failures in a row */
/* a learned contact that was up in this time, and does not refuse connections, is kept: the network may be cut */
#define WORKED_MS	     3600000
#define LEARNED_MAX	     64	    /* most learned contacts at which no registrar ever answered */
#define UNREACHED_RECORD_MS  600000 /* least time between two records about a learned contact, for each error */

#define MOVE(from, to, event) { RSP_CONTACT_##from, RSP_CONTACT_##to },
static const struct rsp_move contact_moves[] = { RSP_CONTACT_MOVES(MOVE) };
#undef MOVE

bool
rsp_contact_may(enum rsp_contact_state from, enum rsp_contact_state to)
{
	return rsp_moves_list(contact_moves, RSP_COUNT(contact_moves), from, to);
}

/* Only this function changes the state of a contact and its timer. In state IDLE,
 * the caller sets the timer for the next dial. */
static void
enter_state(struct rsp_enrp *n, struct rsp_contact *contact, enum rsp_contact_state state)
{
	rsp_moves_check("contact", contact->state, state, rsp_contact_may(contact->state, state));
	contact->state = state;
	switch (state) {
	case RSP_CONTACT_IDLE:
		contact->link = 0;
		rsp_wheel_cancel(&n->wheel, &contact->timer.timer);
		break;
	case RSP_CONTACT_DIALLING:
		contact->dialled_ms = n->core->now_ms;
		rsp_wheel_cancel(&n->wheel, &contact->timer.timer);
		break;
	case RSP_CONTACT_UP:
		contact->up_ms = n->core->now_ms;
		rsp_enrp_set(n, &contact->timer, n->core->config.max_time_last_heard_ms);
		break;
	}
}

static struct rsp_contact *
make_contact(struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_contact *contact = n->n_contacts < RSP_CONTACTS_MAX ? calloc(1, sizeof(*contact)) : NULL;

	if (!contact)
		return NULL;
	contact->ip = *ip;
	contact->port = port;
	contact->timer.kind = RSP_ENRP_TIMER_CONTACT;
	if (name.n) {
		contact->name = strndup((const char *)name.p, name.n);
		if (!contact->name) {
			free(contact);
			return NULL;
		}
	}
	n->contact[n->n_contacts++] = contact;
	return contact;
}

void
rsp_contact_free(struct rsp_enrp *n, struct rsp_contact *contact)
{
	unsigned i = 0;

	while (n->contact[i] != contact)
		i++;
	n->contact[i] = n->contact[--n->n_contacts];
	if (contact->in_failed)
		TAILQ_REMOVE(&n->failed, contact, of_failed);
	rsp_wheel_cancel(&n->wheel, &contact->timer.timer);
	free(contact->name);
	free(contact);
}

enum rsp_err
rsp_contact_init(struct rsp_enrp *n)
{
	struct rsp_registrar_config *config = &n->core->config;

	n->contact = calloc(RSP_CONTACTS_MAX, sizeof(struct rsp_contact *));
	if (!n->contact)
		return RSP_ENOMEM;
	for (unsigned i = 0; i < config->n_contacts; i++) {
		const struct rsp_contact_config *c = &config->contacts[i];
		struct rsp_bytes name = c->name ? rsp_bytes_str(c->name) : (struct rsp_bytes){ 0 };
		struct rsp_contact *contact = make_contact(n, name, &c->ip, c->port);

		if (!contact)
			return RSP_ENOMEM;
		contact->configured = true;
	}
	config->contacts = NULL; /* this array belongs to the caller, who may free it */
	return RSP_OK;
}

/* Find the contact with that @name; in plain text, the contact with that address. */
static struct rsp_contact *
find_contact(const struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < n->n_contacts; i++) {
		struct rsp_contact *contact = n->contact[i];

		if (contact->name ? rsp_bytes_equal(rsp_bytes_str(contact->name), name)
				  : contact->port == port && rsp_ip_equal(&contact->ip, ip))
			return contact;
	}
	return NULL;
}

static unsigned
count_learned(const struct rsp_enrp *n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n->n_contacts; i++)
		count += !n->contact[i]->configured && !n->contact[i]->peer_id;
	return count;
}

/* Set the timer so that @contact is dialled again as soon as DIAL_DISTANCE_MS allows. */
static void
dial_soon(struct rsp_enrp *n, struct rsp_contact *contact)
{
	uint64_t earliest = contact->dialled_ms + DIAL_DISTANCE_MS;

	rsp_wheel_cancel(&n->wheel, &contact->timer.timer);
	if (earliest > n->core->now_ms)
		rsp_enrp_set(n, &contact->timer, earliest - n->core->now_ms);
}

struct rsp_contact *
rsp_contact_learn(struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port, bool itself)
{
	struct rsp_contact *contact = find_contact(n, name, ip, port);

	if (!contact)
		return count_learned(n) < LEARNED_MAX ? make_contact(n, name, ip, port) : NULL;
	/* The contact has a new address. An address that the configuration gives is replaced
	 * only by an address from the registrar itself. */
	if (contact->state != RSP_CONTACT_UP && (itself || !contact->configured || !contact->ip.family)) {
		bool elsewhere = port != contact->port || !rsp_ip_equal(ip, &contact->ip);

		/* Only the registrar itself can cause a dial at once. Other registrars
		 * could send new addresses again and again. */
		if (elsewhere && itself && contact->state == RSP_CONTACT_IDLE)
			dial_soon(n, contact);
		contact->ip = *ip;
		contact->port = port;
	}
	return contact;
}

static void
dial_later(struct rsp_enrp *n, struct rsp_contact *contact)
{
	unsigned doublings = contact->failures < 10 ? contact->failures : 10;
	uint64_t wait_ms = (uint64_t)DIAL_DISTANCE_MS << doublings;
	uint64_t most_ms = n->core->config.peer_heartbeat_cycle_ms / 2;

	/* a cut that heals is to show within a heartbeat cycle */
	most_ms = most_ms < DIAL_DISTANCE_MAX_MS ? most_ms : DIAL_DISTANCE_MAX_MS;
	most_ms = most_ms > DIAL_DISTANCE_LEAST_MS ? most_ms : DIAL_DISTANCE_LEAST_MS;
	wait_ms = wait_ms < most_ms ? wait_ms : most_ms;
	rsp_enrp_set(n, &contact->timer, rsp_rng_jitter(&n->core->rng, wait_ms, 25));
}

/* Whether to record that @contact cannot be reached. Peers send the same learned contacts again and again, so the
 * records about these are limited. */
static bool
may_record(struct rsp_enrp *n, const struct rsp_contact *contact, enum rsp_err err)
{
	struct rsp_bytes name = contact->name ? rsp_bytes_str(contact->name)
					      : rsp_bytes_of(contact->ip.ip, sizeof(contact->ip.ip));
	uint64_t subject = rsp_hash(&n->core->key, name) + contact->port;

	return contact->configured ||
	       rsp_limiter_pass(&n->unreachable, subject, err, UNREACHED_RECORD_MS, n->core->now_ms);
}

/* Record that @contact cannot be reached, if the failure differs from the
 * previous one. This registrar goes on dialling. */
static void
record_unreachable(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why)
{
	struct rsp_event event = { .kind = RSP_EVENT_PEER_UNREACHABLE,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .remote = contact->ip,
				   .remote_port = contact->port,
				   .peer_id = contact->peer_id,
				   .peer_name = contact->name,
				   .why = &contact->failed };
	bool same = contact->failed.err == why->err && strcmp(contact->failed.reason, why->reason) == 0;

	contact->failed = *why;
	if (!same && may_record(n, contact, why->err))
		n->core->ops->record(n->core->ctx, &event);
}

void
rsp_contact_failed(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why)
{
	contact->refused = why->err == RSP_EUNREACHABLE || why->err == RSP_ECLOSED;
	enter_state(n, contact, RSP_CONTACT_IDLE);
	if (contact->answer == RSP_MENTOR_NOT_ASKED || contact->answer == RSP_MENTOR_SILENT)
		contact->answer = contact->refused ? RSP_MENTOR_NOT_ASKED : RSP_MENTOR_SILENT;
	contact->failures++;
	dial_later(n, contact);
	record_unreachable(n, contact, why);
	if (contact->in_failed)
		return;
	contact->in_failed = true;
	TAILQ_INSERT_TAIL(&n->failed, contact, of_failed);
}

void
rsp_contact_dial(struct rsp_enrp *n, struct rsp_contact *contact)
{
	struct rsp_core *core = n->core;
	struct rsp_dial to = { .protocol = RSP_ENRP,
			       .role = core->config.insecure ? RSP_ROLE_NONE : RSP_ROLE_PEER,
			       .server_name = contact->name,
			       .ip = contact->ip,
			       .port = contact->port };
	struct rsp_why why = { 0 };

	if (contact->state != RSP_CONTACT_IDLE)
		return;
	enter_state(n, contact, RSP_CONTACT_DIALLING);
	uint32_t id = core->ops->dial(core->ctx, &to);
	struct rsp_link *link = id ? rsp_link_new(core, id) : NULL;
	if (!link) {
		if (id)
			core->ops->close(core->ctx, id);
		(void)rsp_fail(&why, RSP_ENOKEY, contact->name, "%s", rsp_err_text(RSP_ENOKEY));
		rsp_contact_failed(n, contact, &why);
		return;
	}
	link->dialled = true;
	link->contact = contact;
	link->info.protocol = RSP_ENRP;
	contact->link = id;
}

void
rsp_contact_up(struct rsp_enrp *n, struct rsp_contact *contact)
{
	enter_state(n, contact, RSP_CONTACT_UP);
}

void
rsp_contact_lost(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why)
{
	bool lasted = n->core->now_ms - contact->up_ms >= LASTED_MS;

	enter_state(n, contact, RSP_CONTACT_IDLE);
	contact->n_brief = lasted ? 0 : contact->n_brief + 1;
	contact->failures = contact->n_brief; /* those before it was up count no more */
	/* Dial again at once; but wait if the connections to this contact are lost
	 * again and again as soon as they are up. */
	rsp_enrp_set(n, &contact->timer, 0);
	if (contact->failures > 1)
		dial_later(n, contact);
	if (why)
		record_unreachable(n, contact, why);
}

void
rsp_contact_reset(struct rsp_enrp *n, struct rsp_contact *contact, bool later)
{
	enter_state(n, contact, RSP_CONTACT_IDLE);
	if (later)
		dial_later(n, contact);
	else
		contact->failures = 0;
}

void
rsp_contact_reached(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id)
{
	struct rsp_event event = { .kind = RSP_EVENT_PEER_REACHED,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = id,
				   .peer_name = link->contact->name };

	if (!link->contact->failed.err)
		return;
	link->contact->failed = (struct rsp_why){ 0 };
	rsp_core_record(n->core, link, event);
}

void
rsp_contact_due(struct rsp_enrp *n, struct rsp_contact *contact)
{
	struct rsp_link *link;

	switch (contact->state) {
	case RSP_CONTACT_IDLE:
		rsp_contact_dial(n, contact);
		break;
	case RSP_CONTACT_UP:
		/* As long as no peer is bound to a connection, no heartbeat supervises it:
		 * the connection may be dead without a sign. */
		link = rsp_link_find(n->core, contact->link);
		if (link && !link->peer)
			rsp_link_close(n->core, link, RSP_ETIMEOUT);
		break;
	case RSP_CONTACT_DIALLING:
		break;
	}
}

bool
rsp_contact_is_hopeless(const struct rsp_enrp *n, const struct rsp_contact *contact)
{
	bool worked = contact->up_ms && n->core->now_ms - contact->up_ms < WORKED_MS && !contact->refused;

	return !contact->configured && contact->failures >= LEARNED_TRIES && !worked;
}
