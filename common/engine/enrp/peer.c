#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* The peer list, RFC 5353 s.3.4: who is there, who is silent, who is dead. And the contacts: where registrars can be
 * dialled. Each registrar dials all others, and sends over the connection that it dialled while it has it. */

struct rsp_peer *
rsp_peer_find(const struct rsp_registrar *r, uint32_t server_id)
{
	for (unsigned i = 0; i < r->n_peers; i++)
		if (r->peer[i]->server_id == server_id)
			return r->peer[i];
	return NULL;
}

struct rsp_peer *
rsp_peer_get(struct rsp_registrar *r, uint32_t server_id)
{
	struct rsp_peer *peer = rsp_peer_find(r, server_id);

	if (peer)
		return peer;
	peer = r->n_peers < r->config.max_peers ? calloc(1, sizeof(*peer)) : NULL;
	if (!peer)
		return NULL;
	peer->server_id = server_id;
	peer->last_heard_ms = r->now_ms;
	peer->timer.kind = RSP_TIMER_PEER;
	peer->taking.timer.kind = RSP_TIMER_TAKING;
	r->peer[r->n_peers++] = peer;
	rsp_enrp_set(r, &peer->timer, r->config.max_time_last_heard_ms);
	return peer;
}

struct rsp_peer *
rsp_peer_told(struct rsp_registrar *r, uint32_t server_id)
{
	bool known = rsp_peer_find(r, server_id) != NULL;
	struct rsp_peer *peer = rsp_peer_get(r, server_id);

	for (unsigned i = 0; peer && !known && i < r->n_contacts; i++) {
		const char *name = r->contact[i]->name;

		if (r->contact[i]->told_id == server_id && name && strlen(name) < sizeof(peer->name))
			memcpy(peer->name, name, strlen(name) + 1);
	}
	return peer;
}

/* Connections that may be half dead are ended: who is there after all is dialled anew, and told who we are. */
static void
peer_disconnect(struct rsp_registrar *r, const struct rsp_peer *peer)
{
	for (unsigned b = 0; b < RSP_LINK_BUCKETS; b++)
		for (struct rsp_link *link = r->link[b], *next; link; link = next) {
			next = link->next;
			if (link->peer != peer)
				continue;
			if (link->contact) {
				link->contact->link = 0;
				link->contact->up = false;
				rsp_contact_later(r, link->contact);
			}
			rsp_link_drop(r, link);
		}
}

void
rsp_peer_free(struct rsp_registrar *r, struct rsp_peer *peer)
{
	unsigned i = 0;

	peer_disconnect(r, peer);
	while (r->peer[i] != peer)
		i++;
	r->peer[i] = r->peer[--r->n_peers];
	rsp_wheel_cancel(&r->enrp, &peer->timer.timer);
	rsp_wheel_cancel(&r->enrp, &peer->taking.timer.timer);
	free(peer->missing);
	free(peer->initiators);
	free(peer);
}

void
rsp_peer_forget(struct rsp_registrar *r, struct rsp_peer *peer)
{
	uint32_t id = peer->server_id;

	rsp_peer_free(r, peer);
	rsp_takeovers_without(r, id);
}

void
rsp_peers_done(struct rsp_registrar *r)
{
	while (r->n_peers > 0)
		rsp_peer_free(r, r->peer[r->n_peers - 1]);
	while (r->n_contacts > 0)
		rsp_contact_forget(r, r->contact[r->n_contacts - 1]);
	free(r->peer);
	free(r->contact);
}

bool
rsp_peer_is_alive(const struct rsp_peer *peer)
{
	return peer->heard && (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED);
}

uint32_t
rsp_peer_link(const struct rsp_peer *peer)
{
	/* who answered the contact's dialling may be another one: a restart */
	bool ours = peer->contact && peer->contact->up && peer->contact->peer_id == peer->server_id;

	return ours ? peer->contact->link : peer->link_in;
}

static void
watch(struct rsp_registrar *r, struct rsp_peer *peer)
{
	peer->state = RSP_PEER_ACTIVE;
	peer->retries = 0;
	rsp_enrp_set(r, &peer->timer, r->config.max_time_last_heard_ms);
}

void
rsp_peer_heard(struct rsp_registrar *r, struct rsp_peer *peer)
{
	if (!peer->heard || peer->state != RSP_PEER_ACTIVE)
		r->merging_until_ms = r->now_ms + r->config.hold_window_ms;
	peer->heard = true;
	peer->last_heard_ms = r->now_ms;
	peer->n_initiators = 0; /* it is alive: their takeover is not acknowledged */
	if (peer->state == RSP_PEER_ACTIVE)
		return;
	if (peer->state == RSP_PEER_PROBED)
		peer->answered_ms = r->now_ms;
	if (peer->state == RSP_PEER_DEAD)
		rsp_takeover_abort(r, peer, "target-alive");
	watch(r, peer);
	rsp_enrp_record(r, RSP_EVENT_PEER_RETURNED, peer, NULL);
}

void
rsp_peer_probe(struct rsp_registrar *r, struct rsp_peer *peer, const char *reason)
{
	bool dialled = peer->contact && peer->contact->up && peer->contact->peer_id == peer->server_id;

	if (peer->state != RSP_PEER_ACTIVE)
		return;
	peer->state = RSP_PEER_PROBED;
	rsp_enrp_set(r, &peer->timer, r->config.max_time_no_response_ms);
	rsp_enrp_record(r, RSP_EVENT_PEER_SUSPECTED, peer, reason);
	if (dialled)
		rsp_enrp_presence(r, peer->contact->link, peer->server_id, true);
	if (peer->link_in)
		rsp_enrp_presence(r, peer->link_in, peer->server_id, true);
	/* a registrar that accepts connections and closes them at once is dialled when its time has come */
	if (peer->contact && !peer->contact->link &&
	    (peer->contact->n_brief <= 1 || !rsp_timer_is_set(&peer->contact->timer.timer)))
		rsp_contact_dial(r, peer->contact);
}

void
rsp_peer_dead(struct rsp_registrar *r, struct rsp_peer *peer, const char *reason)
{
	if (!r->serving) { /* we take nobody over before we know what is whose; whoever does tells us */
		rsp_takeover_yield(r, peer);
		if (peer->taking.on) /* it was our mentor */
			rsp_taking_end(r, peer, "peer-dead");
		return;
	}
	rsp_enrp_record(r, RSP_EVENT_PEER_DEAD, peer, reason);
	peer->state = RSP_PEER_DEAD;
	if (peer->taking.on)
		rsp_taking_end(r, peer, "peer-dead");
	rsp_takeover_begin(r, peer);
}

void
rsp_peer_due(struct rsp_registrar *r, struct rsp_peer *peer)
{
	uint64_t silent_ms = r->now_ms - peer->last_heard_ms;

	switch (peer->state) {
	case RSP_PEER_ACTIVE:
		if (silent_ms < r->config.max_time_last_heard_ms)
			rsp_enrp_set(r, &peer->timer, r->config.max_time_last_heard_ms - silent_ms);
		else
			rsp_peer_probe(r, peer, "silence");
		break;
	case RSP_PEER_PROBED:
		if (r->now_ms < r->spared_ms)
			rsp_enrp_set(r, &peer->timer, r->spared_ms - r->now_ms);
		else
			rsp_peer_dead(r, peer, "no-response");
		break;
	case RSP_PEER_INACTIVE: /* who wanted to take it over has not done so */
		rsp_peer_dead(r, peer, "not-taken-over");
		break;
	case RSP_PEER_DEAD:
		rsp_takeover_retry(r, peer);
		break;
	}
}

/* The same registrar, restarted: who it was is dead, and must not be waited for. */
static void
bury_former(struct rsp_registrar *r, const struct rsp_peer *now, const struct rsp_contact *contact)
{
	for (unsigned i = 0; i < r->n_peers; i++) {
		struct rsp_peer *peer = r->peer[i];
		bool same = *now->name ? strcmp(peer->name, now->name) == 0 : contact && peer->contact == contact;

		if (peer == now || !same || rsp_namesakes(r, peer, now))
			continue;
		if (peer->contact == now->contact)
			peer->contact = NULL;
		peer->link_in = 0;
		if (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED) {
			rsp_namesake_replaced(r, peer, now);
			rsp_peer_dead(r, peer, "restarted");
			i = UINT32_MAX; /* the list may be another one: from the front again */
		}
	}
}

static void
bind_link(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer)
{
	struct rsp_link *former = rsp_registrar_link(r, peer->link_in);

	link->peer = peer;
	if (link->contact) {
		link->contact->peer_id = peer->server_id;
		peer->contact = link->contact;
		return;
	}
	peer->link_in = link->id;
	if (former && former != link) { /* left behind half open */
		former->peer = NULL;
		if (peer->taking.on && peer->taking.link == former->id)
			rsp_taking_end(r, peer, "connection-lost");
		rsp_link_drop(r, former);
	}
}

/* RFC 5353 s.3.4.1. An id belongs to the name that it was first heard from; or that the mentor said it has, until
 * nobody has come by that name for so long that he is taken for dead. */
struct rsp_peer *
rsp_peer_of_link(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_peer *peer = link->peer;
	const char *name = link->info.identity;

	if (peer && peer->server_id == msg->sender_id)
		return peer;
	bool known = (peer = rsp_peer_find(r, msg->sender_id)) != NULL;
	bool others = known && name && *peer->name && strcmp(peer->name, name) != 0 &&
		      (peer->heard || peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED);
	if (link->peer || others) {
		if (!link->peer)
			rsp_same_id_heard(r, link, msg->sender_id, peer->name);
		rsp_enrp_refuse(r, link, msg, RSP_CAUSE_SECURITY, "server-id-of-another");
		rsp_enrp_link_down(r, link, RSP_EPROTO);
		rsp_link_drop(r, link);
		return NULL;
	}
	peer = rsp_peer_get(r, msg->sender_id);
	if (!peer) {
		struct rsp_event event = { .kind = RSP_EVENT_LIMIT,
					   .protocol = RSP_ENRP,
					   .message_type = msg->type,
					   .cause = RSP_CAUSE_NONE,
					   .reason = "peers",
					   .peer_id = msg->sender_id };

		rsp_registrar_record(r, link, event);
		return NULL;
	}
	bool joined = !known || !rsp_peer_link(peer);
	if (name && strlen(name) < sizeof(peer->name))
		memcpy(peer->name, name, strlen(name) + 1);
	bind_link(r, link, peer);
	if (joined)
		rsp_enrp_record(r, RSP_EVENT_PEER_JOINED, peer, NULL);
	if (link->contact)
		rsp_contact_reached(r, link);
	rsp_peer_heard(r, peer); /* first: if it was taken over, what follows might complete that, and it would be gone */
	rsp_namesake_heard(r, link, peer);
	bury_former(r, peer, link->contact);
	if (!link->dialled)
		rsp_enrp_presence(r, link->id, peer->server_id, true);
	rsp_takeovers_tell(r, peer);
	return peer;
}

void
rsp_enrp_link_up(struct rsp_registrar *r, struct rsp_link *link)
{
	struct rsp_contact *contact = link->contact;

	if (!contact)
		return;
	contact->up = true;
	contact->up_ms = r->now_ms;
	rsp_enrp_set(r, &contact->timer, r->config.max_time_last_heard_ms);
	rsp_enrp_presence(r, link->id, 0, true);
	rsp_join_step(r);
}

/* In plain text a registrar may be known at several addresses: one where it can be reached, if there is one. */
static struct rsp_contact *
best_contact(const struct rsp_registrar *r, const struct rsp_peer *peer)
{
	for (unsigned i = 0; i < r->n_contacts; i++)
		if (r->contact[i]->up && r->contact[i]->peer_id == peer->server_id)
			return r->contact[i];
	return peer->contact;
}

void
rsp_enrp_link_down(struct rsp_registrar *r, struct rsp_link *link, enum rsp_err why)
{
	struct rsp_contact *contact = link->contact;
	struct rsp_peer *peer = link->peer;

	link->peer = NULL;
	link->contact = NULL;
	if (peer && peer->taking.on && peer->taking.link == link->id)
		rsp_taking_end(r, peer, "connection-lost");
	if (peer && peer->link_in == link->id)
		peer->link_in = 0;
	if (contact && !contact->up) {
		rsp_contact_failed(r, contact, why);
		return;
	}
	if (contact)
		rsp_contact_lost(r, contact, peer ? RSP_OK : why);
	if (peer && peer->contact == contact)
		peer->contact = best_contact(r, peer);
	/* a broken connection is no proof, but a reason to look at once */
	if (peer && peer->state == RSP_PEER_ACTIVE)
		rsp_peer_probe(r, peer, "connection-lost");
	if (peer && peer->state == RSP_PEER_PROBED && !peer->link_in && !peer->contact)
		rsp_peer_dead(r, peer, "send-failed");
	rsp_join_step(r);
}

bool
rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret)
{
	if (i >= r->n_peers)
		return false;
	const struct rsp_peer *peer = r->peer[i];
	const struct rsp_contact *contact = peer->contact;
	bool out = contact && contact->up && contact->peer_id == peer->server_id;

	*ret = (struct rsp_peer_view){
		.server_id = peer->server_id,
		.name = *peer->name ? peer->name : NULL,
		.state = peer->state,
		.ip = peer->ip,
		.port = peer->port,
		.link_out = out ? contact->link : 0,
		.link_in = peer->link_in,
		.last_heard_ms = peer->last_heard_ms,
		.elements = rsp_home_count(r->space, peer->server_id),
		.checksum = rsp_home_checksum(r->space, peer->server_id),
		.failed = contact && contact->failed.err ? &contact->failed : NULL,
		.resyncing = peer->taking.on,
		.in_sync = peer->in_sync,
		.takeover_missing = peer->n_missing,
		.takeover_started_ms = peer->takeover_ms,
	};
	return true;
}

static bool
is_peer(const struct rsp_registrar *r, const struct rsp_contact *contact)
{
	for (unsigned i = 0; i < r->n_peers; i++) {
		const struct rsp_peer *peer = r->peer[i];

		if (peer->server_id == contact->peer_id || peer->contact == contact ||
		    (contact->name && strcmp(peer->name, contact->name) == 0))
			return true;
	}
	return false;
}

bool
rsp_registrar_absent(const struct rsp_registrar *r, unsigned i, struct rsp_absent_view *ret)
{
	for (unsigned c = 0; c < r->n_contacts; c++) {
		const struct rsp_contact *contact = r->contact[c];

		if (!contact->configured || is_peer(r, contact) || i-- > 0)
			continue;
		*ret = (struct rsp_absent_view){
			.name = contact->name,
			.ip = contact->ip,
			.port = contact->port,
			.failed = contact->failed.err ? &contact->failed : NULL,
		};
		return true;
	}
	return false;
}
