#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Contacts: where other registrars can be dialled. Each registrar dials all others. RFC 5353 s.3.4 */

#define DIAL_LEAST_MS  100	/* between attempts; doubled with each failure */
#define DIAL_MOST_MS   5000
#define LASTED_MS      1000
#define HEARSAY_TRIES  6	/* a contact that we were only told of is given up after so many failures */
#define NEWS_MS	       600000	/* in which it is told once of such a one that it cannot be reached */
#define HEARSAY_MAX    64	/* so many contacts may be that we were told of and that never answered */

static struct rsp_contact *
contact_new(struct rsp_registrar *r, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_contact *contact = r->n_contacts < RSP_CONTACTS_MAX ? calloc(1, sizeof(*contact)) : NULL;

	if (!contact)
		return NULL;
	contact->ip = *ip;
	contact->port = port;
	contact->timer.kind = RSP_TIMER_CONTACT;
	if (name.n) {
		contact->name = strndup((const char *)name.p, name.n);
		if (!contact->name) {
			free(contact);
			return NULL;
		}
	}
	r->contact[r->n_contacts++] = contact;
	return contact;
}

void
rsp_contact_forget(struct rsp_registrar *r, struct rsp_contact *contact)
{
	unsigned i = 0;

	for (unsigned p = 0; p < r->n_peers; p++)
		if (r->peer[p]->contact == contact)
			r->peer[p]->contact = NULL;
	if (r->mentor == contact)
		r->mentor = NULL;
	while (r->contact[i] != contact)
		i++;
	r->contact[i] = r->contact[--r->n_contacts];
	rsp_wheel_cancel(&r->enrp, &contact->timer.timer);
	free(contact->name);
	free(contact);
}

enum rsp_err
rsp_contacts_init(struct rsp_registrar *r)
{
	r->heartbeat.kind = RSP_TIMER_HEARTBEAT;
	r->join.kind = RSP_TIMER_JOIN;
	r->contact = calloc(RSP_CONTACTS_MAX, sizeof(struct rsp_contact *));
	r->peer = calloc(r->config.max_peers ? r->config.max_peers : 1, sizeof(struct rsp_peer *));
	if (!r->contact || !r->peer)
		return RSP_ENOMEM;
	for (unsigned i = 0; i < r->config.n_contacts; i++) {
		const struct rsp_contact_config *config = &r->config.contacts[i];
		struct rsp_bytes name = config->name ? rsp_bytes_str(config->name) : (struct rsp_bytes){ 0 };
		struct rsp_contact *contact = contact_new(r, name, &config->ip, config->port);

		if (!contact)
			return RSP_ENOMEM;
		contact->configured = true;
	}
	r->config.contacts = NULL;
	return RSP_OK;
}

static struct rsp_contact *
contact_find(const struct rsp_registrar *r, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < r->n_contacts; i++) {
		struct rsp_contact *contact = r->contact[i];

		if (contact->name ? rsp_bytes_equal(rsp_bytes_str(contact->name), name)
				  : contact->port == port && rsp_ip_equal(&contact->ip, ip))
			return contact;
	}
	return NULL;
}

static unsigned
count_hearsay(const struct rsp_registrar *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_contacts; i++)
		n += !r->contact[i]->configured && !r->contact[i]->peer_id;
	return n;
}

/* It is tried at once, or as soon as the distance to the last attempt allows. */
static void
contact_soon(struct rsp_registrar *r, struct rsp_contact *contact)
{
	uint64_t earliest = contact->tried_ms + DIAL_LEAST_MS;

	rsp_wheel_cancel(&r->enrp, &contact->timer.timer);
	if (earliest > r->now_ms)
		rsp_enrp_set(r, &contact->timer, earliest - r->now_ms);
}

/* RFC 5353 s.3.4.1, s.3.2.2.2. Over TLS nobody is dialled who has no name: there would be no key. */
void
rsp_contact_heard_of(struct rsp_registrar *r, uint32_t server_id, struct rsp_bytes name, const struct rsp_ip *ip,
		     uint16_t port, enum rsp_hearsay by)
{
	bool ours = (r->name && rsp_bytes_equal(name, rsp_bytes_str(r->name))) ||
		    (port == r->config.enrp_port && rsp_ip_equal(ip, &r->config.enrp_ip));

	if (server_id == r->config.server_id || server_id == 0 || ours || !port || rsp_ip_unfit(ip))
		return;
	if (!r->config.insecure && (name.n == 0 || memchr(name.p, 0, name.n)))
		return;
	if (r->config.insecure)
		name = (struct rsp_bytes){ 0 }; /* anybody may call himself anything */
	bool itself = by == RSP_HEARSAY_ITSELF;
	struct rsp_peer *peer = rsp_peer_find(r, server_id);
	struct rsp_contact *contact = contact_find(r, name, ip, port);
	if (!contact) {
		if (count_hearsay(r) >= HEARSAY_MAX)
			return;
		contact = contact_new(r, name, ip, port);
		if (!contact)
			return;
	} else if (!contact->up && (itself || !contact->configured || !contact->ip.family)) {
		/* it has come back elsewhere; what others say of where it is does not count against the configuration */
		bool elsewhere = port != contact->port || !rsp_ip_equal(ip, &contact->ip);

		if (elsewhere && itself && !contact->link) /* others may say so as often as they like */
			contact_soon(r, contact);
		contact->ip = *ip;
		contact->port = port;
	}
	if (by == RSP_HEARSAY_MENTOR)
		contact->told_id = server_id;
	/* a restarted one is to be dialled where it was: that it is known there by its former id says nothing */
	bool bound = contact->peer_id != 0 && contact->peer_id != server_id && (contact->up || !itself);
	if (peer && !peer->contact && !bound) {
		peer->contact = contact;
		contact->peer_id = server_id;
	}
	if (!contact->link && !rsp_timer_is_set(&contact->timer.timer))
		rsp_contact_dial(r, contact);
}

void
rsp_contact_later(struct rsp_registrar *r, struct rsp_contact *contact)
{
	unsigned doublings = contact->failures < 10 ? contact->failures : 10;
	uint64_t wait_ms = (uint64_t)DIAL_LEAST_MS << doublings;

	rsp_enrp_set(r, &contact->timer, rsp_rng_jitter(&r->rng, wait_ms < DIAL_MOST_MS ? wait_ms : DIAL_MOST_MS, 25));
}

/* Whether it is time to tell that @contact cannot be reached. Of those that others told us of they tell us again. */
static bool
is_news(struct rsp_registrar *r, const struct rsp_contact *contact, enum rsp_err err)
{
	struct rsp_bytes name = contact->name ? rsp_bytes_str(contact->name)
					      : rsp_bytes_of(contact->ip.ip, sizeof(contact->ip.ip));
	uint64_t who = rsp_hash(&r->key, name) + contact->port;

	if (contact->configured)
		return true;
	for (unsigned i = 0; i < RSP_UNREACHED_MAX; i++) {
		const struct rsp_unreached *one = &r->unreached[i];

		if (one->told_ms && one->who == who && one->err == err && r->now_ms - one->told_ms < NEWS_MS)
			return false;
	}
	r->unreached[r->n_unreached++ % RSP_UNREACHED_MAX] =
		(struct rsp_unreached){ .who = who, .err = err, .told_ms = r->now_ms };
	return true;
}

/* It cannot be reached. Told once, and again when it is for another reason: the attempts go on. */
static void
contact_unreachable(struct rsp_registrar *r, struct rsp_contact *contact, enum rsp_err err)
{
	struct rsp_why why = { 0 };
	struct rsp_event event = { .kind = RSP_EVENT_PEER_UNREACHABLE,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .remote = contact->ip,
				   .remote_port = contact->port,
				   .peer_id = contact->peer_id,
				   .peer_name = contact->name,
				   .why = &contact->failed };

	if (r->failure)
		why = *r->failure;
	else
		(void)rsp_fail(&why, err, contact->name, "%s", rsp_err_text(err));
	bool same = contact->failed.err == why.err && strcmp(contact->failed.reason, why.reason) == 0;
	contact->failed = why; /* of several addresses now this one is the last, now that one */
	if (!same && is_news(r, contact, why.err))
		r->ops->record(r->ctx, &event);
}

void
rsp_contact_reached(struct rsp_registrar *r, const struct rsp_link *link)
{
	struct rsp_event event = { .kind = RSP_EVENT_PEER_REACHED,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = link->peer->server_id,
				   .peer_name = link->contact->name };

	if (!link->contact->failed.err)
		return;
	link->contact->failed = (struct rsp_why){ 0 };
	rsp_registrar_record(r, link, event);
}

/* What is to be done when nobody could be reached there. */
void
rsp_contact_failed(struct rsp_registrar *r, struct rsp_contact *contact, enum rsp_err why)
{
	struct rsp_peer *peer = contact->peer_id ? rsp_peer_find(r, contact->peer_id) : NULL;
	bool gone = why == RSP_EUNREACHABLE || why == RSP_ECLOSED;

	contact->link = 0;
	contact->up = false;
	contact->silent = !gone;
	contact->failures++;
	rsp_contact_later(r, contact);
	contact_unreachable(r, contact, why);
	/* RFC 5353 s.3.4.3: "if the send fails". Who does not answer is waited for; who refuses is not there */
	if (gone && peer && peer->state == RSP_PEER_PROBED && !rsp_peer_link(peer))
		rsp_peer_dead(r, peer, "send-failed");
	else if (!contact->configured && contact->failures >= HEARSAY_TRIES && (!peer || peer->link_in == 0))
		rsp_contact_forget(r, contact);
	rsp_join_step(r);
}

void
rsp_contact_dial(struct rsp_registrar *r, struct rsp_contact *contact)
{
	struct rsp_dial to = { .protocol = RSP_ENRP,
			       .role = r->config.insecure ? RSP_ROLE_NONE : RSP_ROLE_PEER,
			       .server_name = contact->name,
			       .ip = contact->ip,
			       .port = contact->port };

	if (contact->link)
		return;
	rsp_wheel_cancel(&r->enrp, &contact->timer.timer);
	contact->tried_ms = r->now_ms;
	uint32_t id = r->ops->dial(r->ctx, &to);
	struct rsp_link *link = id ? rsp_link_new(r, id) : NULL;
	if (!link) {
		if (id)
			r->ops->close(r->ctx, id);
		rsp_contact_failed(r, contact, RSP_ENOKEY);
		return;
	}
	link->dialled = true;
	link->contact = contact;
	link->info.protocol = RSP_ENRP;
	contact->link = id;
}

/* A connection over which nobody has ever said anything is not watched as a peer is: it may be dead without a sign. */
void
rsp_contact_due(struct rsp_registrar *r, struct rsp_contact *contact)
{
	struct rsp_link *link = contact->up ? rsp_registrar_link(r, contact->link) : NULL;

	if (!contact->up) {
		rsp_contact_dial(r, contact);
	} else if (link && !link->peer) {
		rsp_enrp_link_down(r, link, RSP_ETIMEOUT);
		rsp_link_drop(r, link);
	}
}

/* Dialled again at once; but not again and again, who closes at once what he accepts. @err: nothing was ever said. */
void
rsp_contact_lost(struct rsp_registrar *r, struct rsp_contact *contact, enum rsp_err err)
{
	bool lasted = r->now_ms - contact->up_ms >= LASTED_MS;

	contact->link = 0;
	contact->up = false;
	contact->failures = lasted ? 0 : contact->failures + 1;
	contact->n_brief = lasted ? 0 : contact->n_brief + 1;
	rsp_enrp_set(r, &contact->timer, 0);
	if (contact->failures > 1)
		rsp_contact_later(r, contact);
	if (err)
		contact_unreachable(r, contact, err);
}
