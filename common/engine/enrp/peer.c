#include "engine/enrp/peer.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/enrp/message.h"

#define KEPT_FREE     4 /* 1/KEPT_FREE of the peer list is kept for registrars that connect */
#define LATE_TAKEOVER 2 /* a takeover is late after so many times the silence after which a peer is declared dead */

bool
rsp_peer_may(enum rsp_peer_state from, enum rsp_peer_state to)
{
	return to != RSP_PEER_PROBED || from == RSP_PEER_ACTIVE;
}

#define SOON_MS 500

void
rsp_peer_presences_soon(struct rsp_enrp *n)
{
	if (rsp_timer_is_set(&n->heartbeat.timer) && n->heartbeat.timer.deadline_ms > n->core->now_ms + SOON_MS)
		rsp_enrp_set(n, &n->heartbeat, SOON_MS);
}

void
rsp_peer_enter(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_peer_state state, uint64_t in_ms)
{
	assert(rsp_peer_may(peer->state, state));
	if (peer->state == RSP_PEER_ACTIVE && state != RSP_PEER_ACTIVE) {
		peer->doubted_ms = n->core->now_ms;
		rsp_peer_presences_soon(n); /* they do not list it as heard any more */
	}
	peer->state = state;
	peer->spared = false;
	rsp_enrp_set(n, &peer->timer, in_ms);
}

struct rsp_peer *
rsp_peer_find(const struct rsp_enrp *n, uint32_t server_id)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (n->peer[i]->server_id == server_id)
			return n->peer[i];
	return NULL;
}

struct rsp_peer *
rsp_peer_get(struct rsp_enrp *n, uint32_t server_id)
{
	const struct rsp_registrar_config *config = &n->core->config;
	struct rsp_peer *peer = rsp_peer_find(n, server_id);

	if (peer)
		return peer;
	peer = n->n_peers < config->max_peers ? calloc(1, sizeof(*peer)) : NULL;
	if (!peer)
		return NULL;
	peer->server_id = server_id;
	peer->last_heard_ms = n->core->now_ms;
	peer->timer.kind = RSP_ENRP_TIMER_PEER;
	peer->download.timer.kind = RSP_ENRP_TIMER_DOWNLOAD;
	n->peer[n->n_peers++] = peer;
	rsp_peer_enter(n, peer, RSP_PEER_ACTIVE, config->max_time_last_heard_ms);
	return peer;
}

struct rsp_peer *
rsp_peer_get_listed(struct rsp_enrp *n, uint32_t server_id)
{
	uint32_t most = n->core->config.max_peers;
	struct rsp_peer *peer = rsp_peer_find(n, server_id);

	if (peer)
		return peer;
	peer = n->n_peers < most - most / KEPT_FREE ? rsp_peer_get(n, server_id) : NULL;
	for (unsigned i = 0; peer && i < n->n_contacts; i++) {
		const char *name = n->contact[i]->name;

		if (n->contact[i]->listed_id == server_id && name && strlen(name) < sizeof(peer->name))
			memcpy(peer->name, name, strlen(name) + 1);
	}
	return peer;
}

bool
rsp_peer_is_alive(const struct rsp_peer *peer)
{
	return peer->heard && (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED);
}

bool
rsp_peer_is_heard_of(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return rsp_peer_is_alive(peer) || rsp_peer_is_relayed(n, peer, false);
}

/* When a peer stated last that it hears @far; 0: none did within MAX-TIME-LAST-HEARD. @ended: the word of those that have died
 * since counts too. */
static uint64_t
listed_ms(const struct rsp_enrp *n, const struct rsp_peer *far, bool ended)
{
	uint64_t last_ms = ended ? far->relayed_ms : 0;

	for (unsigned i = 0; i < n->n_peers; i++) {
		const struct rsp_peer *peer = n->peer[i];

		if (peer->presence_ms > last_ms && peer->kind == RSP_PEER_STATES && (ended || rsp_peer_is_alive(peer)) &&
		    rsp_heard_list_find(&peer->heard_by_it, far->server_id))
			last_ms = peer->presence_ms;
	}
	return last_ms && n->core->now_ms - last_ms < n->core->config.max_time_last_heard_ms ? last_ms : 0;
}

bool
rsp_peer_is_listed(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return listed_ms(n, peer, false) > 0;
}

bool
rsp_peer_is_relayed(const struct rsp_enrp *n, const struct rsp_peer *peer, bool ended)
{
	return listed_ms(n, peer, ended) > peer->doubted_ms;
}

/* Whether a takeover that could begin at @since_ms is late. */
static bool
is_late(const struct rsp_enrp *n, uint64_t since_ms)
{
	const struct rsp_registrar_config *config = &n->core->config;
	uint64_t silence_ms = (uint64_t)config->max_time_last_heard_ms + config->max_time_no_response_ms;

	return n->core->now_ms - since_ms >= LATE_TAKEOVER * silence_ms;
}

bool
rsp_peer_is_unanswered(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	return peer->kind != RSP_PEER_PLAIN && peer->unanswered_ms && is_late(n, peer->unanswered_ms);
}

bool
rsp_peer_takeover_is_late(const struct rsp_enrp *n, const struct rsp_peer *peer)
{
	bool dead = peer->state == RSP_PEER_DEAD || peer->state == RSP_PEER_INACTIVE;
	/* the word of a PLAIN peer is not relayed, so it does not count that others hear it */
	bool heard_of = peer->kind != RSP_PEER_PLAIN && rsp_peer_is_heard_of(n, peer);

	return dead && !heard_of && is_late(n, peer->last_heard_ms);
}

bool
rsp_peer_is_dialled(const struct rsp_peer *peer)
{
	/* After a restart, the registrar at the contact has a new server id, and is another peer. */
	return peer->contact && peer->contact->state == RSP_CONTACT_UP && peer->contact->peer_id == peer->server_id;
}

uint32_t
rsp_peer_link(const struct rsp_peer *peer)
{
	return rsp_peer_is_dialled(peer) ? peer->contact->link : peer->link_in;
}

void
rsp_peer_send_presences(struct rsp_enrp *n, bool reply)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		rsp_enrp_presence(n, rsp_link_find(n->core, rsp_peer_link(n->peer[i])), 0, reply);
}

void
rsp_peer_send_presence(struct rsp_enrp *n, const struct rsp_peer *peer, bool reply)
{
	if (peer)
		rsp_enrp_presence(n, rsp_link_find(n->core, rsp_peer_link(peer)), peer->server_id, reply);
}

struct rsp_event
rsp_peer_event(enum rsp_event_kind kind, const struct rsp_peer *peer)
{
	return (struct rsp_event){ .kind = kind,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = peer->server_id,
				   .peer_name = *peer->name ? peer->name : NULL };
}

void
rsp_peer_record(struct rsp_enrp *n, enum rsp_event_kind kind, const struct rsp_peer *peer, enum rsp_reason reason)
{
	struct rsp_event event = rsp_peer_event(kind, peer);

	event.reason = reason;
	n->core->ops->record(n->core->ctx, &event);
}

void
rsp_peer_complain(struct rsp_enrp *n, uint32_t server_id, struct rsp_event event)
{
	const struct rsp_peer *peer = rsp_peer_find(n, server_id);

	event.protocol = RSP_ENRP;
	event.peer_id = server_id;
	event.peer_name = peer && *peer->name ? peer->name : NULL;
	rsp_core_record(n->core, peer ? rsp_link_find(n->core, peer->last_link) : NULL, event);
}

void
rsp_peer_refuse_element(struct rsp_enrp *n, const struct rsp_peer *peer, uint8_t message_type, struct rsp_bytes handle,
			uint32_t pe_id, uint16_t cause, enum rsp_reason reason)
{
	struct rsp_event event = { .kind = RSP_EVENT_REFUSED,
				   .message_type = message_type,
				   .handle = handle,
				   .pe_id = pe_id,
				   .cause = cause,
				   .reason = reason };

	n->core->stats.refused++;
	rsp_peer_complain(n, peer->server_id, event);
}

void
rsp_peer_note(struct rsp_enrp *n, struct rsp_peer *peer)
{
	if (peer->in_changed)
		return;
	peer->in_changed = true;
	TAILQ_INSERT_TAIL(&n->changed, peer, of_list);
}

void
rsp_peer_disconnect(struct rsp_enrp *n, struct rsp_peer *peer)
{
	struct rsp_core *core = n->core;
	struct rsp_link *link;

	/* a registrar that others invented has none: they must not cause a walk over all links for each */
	if (!peer->last_link)
		return;
	LIST_FOREACH(link, &core->all_links, of_all) {
		if (link->peer != peer)
			continue;
		if (link->contact)
			rsp_contact_reset(n, link->contact, true);
		rsp_link_cut(core, link);
	}
	peer->link_in = 0;
}

void
rsp_peer_remove(struct rsp_enrp *n, struct rsp_peer *peer)
{
	unsigned i = 0;

	rsp_peer_disconnect(n, peer);
	while (n->peer[i] != peer)
		i++;
	n->peer[i] = n->peer[--n->n_peers];
	for (i = 0; i < n->n_peers; i++)
		if (peer->kind == RSP_PEER_STATES && rsp_heard_list_find(&peer->heard_by_it, n->peer[i]->server_id) &&
		    n->peer[i]->relayed_ms < peer->presence_ms)
			n->peer[i]->relayed_ms = peer->presence_ms;
	rsp_wheel_cancel(&n->wheel, &peer->timer.timer);
	rsp_wheel_cancel(&n->wheel, &peer->download.timer.timer);
	rsp_walk_end(&peer->download.unlisted);
	if (peer->in_changed)
		TAILQ_REMOVE(&n->changed, peer, of_list);
	TAILQ_INSERT_TAIL(&n->removed, peer, of_list);
}

void
rsp_peer_reap(struct rsp_enrp *n)
{
	struct rsp_peer *peer;

	while ((peer = TAILQ_FIRST(&n->removed))) {
		TAILQ_REMOVE(&n->removed, peer, of_list);
		free(peer->takeover.missing);
		rsp_heard_list_done(&peer->heard_by_it);
		free(peer);
	}
}

void
rsp_peer_learn(struct rsp_enrp *n, uint32_t server_id, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port,
	       enum rsp_told_by by)
{
	const struct rsp_registrar_config *config = &n->core->config;
	bool ours = (n->core->name && rsp_bytes_equal(name, rsp_bytes_str(n->core->name))) ||
		    (port == config->enrp_port && rsp_ip_equal(ip, &config->enrp_ip));

	if (server_id == config->server_id || server_id == 0 || ours || !port || rsp_ip_unfit(ip))
		return;
	/* Over TLS, this registrar cannot dial a registrar without a name: the name selects the key. */
	if (!config->insecure && (name.n == 0 || memchr(name.p, 0, name.n)))
		return;
	if (config->insecure)
		/* in plain text, a name is not authenticated: contacts are found by address */
		name = (struct rsp_bytes){ 0 };
	bool itself = by == RSP_TOLD_BY_ITSELF;
	struct rsp_contact *contact = rsp_contact_learn(n, name, ip, port, itself);
	if (!contact)
		return;
	if (by == RSP_TOLD_BY_MENTOR)
		contact->listed_id = server_id;
	/* A registrar that has restarted is dialled at its contact, although the
	 * contact still has its former server id. */
	struct rsp_peer *peer = rsp_peer_find(n, server_id);
	bool bound = contact->peer_id != 0 && contact->peer_id != server_id &&
		     (contact->state == RSP_CONTACT_UP || !itself);
	if (peer && !peer->contact && !bound) {
		peer->contact = contact;
		contact->peer_id = server_id;
	}
	if (contact->state == RSP_CONTACT_IDLE && !rsp_timer_is_set(&contact->timer.timer))
		rsp_contact_dial(n, contact);
}
