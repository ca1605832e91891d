#include "arbitration.h"

#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define PROTEST_MS 100 /* a registrar that says often that it is there says so again after this time at the earliest */

/* What one registrar knows of @target_id and @by_id. */
enum kind {
	ASKED,	 /* the second has asked it to agree to a takeover of the first */
	MISSING, /* the second has not acknowledged its own takeover of the first */
	CLAIMED, /* the second has said that it has taken over the first, which has not been heard since */
	RETURNED /* the first, which is the second too, has answered a probe */
};

struct fact {
	enum kind kind;
	uint32_t target_id, by_id;
	uint64_t at;
};

struct party {
	struct fact *fact;
	unsigned n, room;
	struct rsp_message last; /* the message that it read last; its views are not valid */
	uint64_t presence_ms; /* when it last sent a PRESENCE */
	uint64_t accused_ms;  /* when it was said to be dead; 0: not since it was judged */
};

struct sim_arbitration {
	struct party *party; /* [registrar] */
};

void
sim_arbitration_new(struct sim *w)
{
	w->arbitration = sim_alloc(1, sizeof(*w->arbitration));
	w->arbitration->party = sim_alloc(w->n_registrars, sizeof(struct party));
}

void
sim_arbitration_free(struct sim *w)
{
	for (unsigned i = 0; i < w->n_registrars; i++)
		free(w->arbitration->party[i].fact);
	free(w->arbitration->party);
	free(w->arbitration);
}

static struct party *
party_of(struct sim *w, const struct sim_node *n)
{
	return &w->arbitration->party[n->place];
}

void
sim_arbitration_started(struct sim *w, const struct sim_node *n)
{
	struct party *p = party_of(w, n);

	p->n = 0;
	p->presence_ms = p->accused_ms = 0;
	p->last = (struct rsp_message){ .protocol = RSP_ENRP };
}

/* Forget facts of @kind; id 0: about any target, by any registrar. */
static void
forget(struct party *p, enum kind kind, uint32_t target_id, uint32_t by_id)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->n; i++) {
		const struct fact *f = &p->fact[i];

		if (f->kind != kind || (target_id && f->target_id != target_id) || (by_id && f->by_id != by_id))
			p->fact[kept++] = *f;
	}
	p->n = kept;
}

static void
add(struct sim *w, struct party *p, enum kind kind, uint32_t target_id, uint32_t by_id)
{
	forget(p, kind, target_id, by_id);
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		p->fact = reallocarray(p->fact, p->room, sizeof(*p->fact));
		if (!p->fact)
			abort();
	}
	p->fact[p->n++] = (struct fact){ .kind = kind, .target_id = target_id, .by_id = by_id, .at = w->now };
}

/* Whether @peer has been heard, and is not dead: only such peers have to acknowledge (ownership.md 4.7). */
static bool
is_heard(const struct rsp_peer_view *peer)
{
	return peer->heard && (peer->state == RSP_PEER_ACTIVE || peer->state == RSP_PEER_PROBED);
}

static bool
is_there(const struct sim_node *n, uint32_t id)
{
	struct rsp_peer_view peer;

	for (unsigned i = 0; rsp_registrar_peer(n->registrar, i, &peer); i++)
		if (peer.server_id == id)
			return is_heard(&peer);
	return false;
}

/* Whether another registrar, which is heard, has said that it has taken @target_id over. */
static bool
is_claimed(const struct sim_node *n, const struct party *p, uint32_t target_id)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->fact[i].kind == CLAIMED && p->fact[i].target_id == target_id && is_there(n, p->fact[i].by_id))
			return true;
	return false;
}

/* Whether @n is reading the message by which @f was asked. If that is the first one of a registrar that has restarted, and is about
 * its former id, @n begins to take that over first (the connection shows that it restarted), and yields as it handles the message. */
static bool
is_being_read(const struct sim *w, const struct party *p, const struct fact *f)
{
	return f->at == w->now && p->last.type == ENRP_INIT_TAKEOVER && p->last.sender_id == f->by_id &&
	       p->last.target_id == f->target_id;
}

/* @n begins to take @target_id over. A registrar with a higher id that has asked it to agree, and is not dead itself, goes on
 * instead. */
static void
begun(struct sim *w, const struct sim_node *n, uint32_t target_id)
{
	struct party *p = party_of(w, n);
	struct rsp_peer_view peer;

	for (unsigned i = 0; i < p->n; i++) {
		const struct fact *f = &p->fact[i];

		if (f->kind == ASKED && f->target_id == target_id && f->by_id > n->server_id && is_there(n, f->by_id) &&
		    w->now < f->at + w->plan.last_heard_ms && !is_being_read(w, p, f))
			sim_violated(w, "arbitration", "%s begins to take over %08x, which %08x has asked it to agree to",
				     n->name, target_id, f->by_id);
	}
	forget(p, MISSING, target_id, 0);
	for (unsigned i = 0; rsp_registrar_peer(n->registrar, i, &peer); i++)
		if (peer.server_id != target_id && is_heard(&peer))
			add(w, p, MISSING, target_id, peer.server_id);
}

static void
done(struct sim *w, const struct sim_node *n, uint32_t target_id)
{
	struct party *p = party_of(w, n);

	for (unsigned i = 0; i < p->n; i++)
		if (p->fact[i].kind == MISSING && p->fact[i].target_id == target_id && is_there(n, p->fact[i].by_id))
			sim_violated(w, "unacknowledged", "%s took over %08x, and %08x has not acknowledged that", n->name,
				     target_id, p->fact[i].by_id);
}

void
sim_arbitration_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event)
{
	struct party *p = n->is_registrar ? party_of(w, n) : NULL;

	if (!p || !event->peer_id)
		return;
	switch ((int)event->kind) {
	case RSP_EVENT_TAKEOVER_STARTED:
		begun(w, n, event->peer_id);
		return;
	case RSP_EVENT_TAKEOVER_ABORTED:
		if (event->reason == RSP_REASON_OTHER_WINS && p->last.type == ENRP_INIT_TAKEOVER &&
		    p->last.sender_id < n->server_id && !is_claimed(n, p, event->peer_id))
			sim_violated(w, "arbitration", "%s yields to %08x, which has a lower id, and wants to take over %08x",
				     n->name, p->last.sender_id, event->peer_id);
		if (event->reason == RSP_REASON_UNACKNOWLEDGED) /* it is not on the list any more */
			forget(p, ASKED, event->peer_id, 0);
		return;
	case RSP_EVENT_TAKEOVER_DONE:
		done(w, n, event->peer_id);
		break;
	case RSP_EVENT_PEER_JOINED:
	case RSP_EVENT_PEER_RETURNED:
	case RSP_EVENT_PEER_DEAD:
	case RSP_EVENT_PEER_LEFT:
		break;
	default:
		return;
	}
	if (event->kind == RSP_EVENT_PEER_RETURNED)
		add(w, p, RETURNED, event->peer_id, event->peer_id);
	forget(p, MISSING, 0, event->peer_id); /* it need not acknowledge takeovers that began before */
}

void
sim_arbitration_sent(struct sim *w, const struct sim_node *n, struct rsp_bytes octets)
{
	struct rsp_message msg;

	if (octets.p[0] == ENRP_PRESENCE)
		party_of(w, n)->presence_ms = w->now;
	if (octets.p[0] == ENRP_INIT_TAKEOVER_ACK && !rsp_message_decode(RSP_ENRP, octets, &msg, NULL))
		forget(party_of(w, n), ASKED, msg.target_id, 0);
}

static uint32_t
sender_of(struct rsp_bytes octets)
{
	const uint8_t *p = octets.p + 4;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Beyond the RFC: as long as a registrar has just answered a probe, nobody is told that it may be taken over. */
static bool
has_just_answered(const struct sim *w, const struct party *p, uint32_t id)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->fact[i].kind == RETURNED && p->fact[i].target_id == id)
			return w->now <= p->fact[i].at + w->plan.no_response_ms / 2;
	return false;
}

void
sim_arbitration_received(struct sim *w, const struct sim_node *n, struct rsp_bytes octets)
{
	struct party *p = party_of(w, n);

	p->last.type = octets.p[0];
	if (octets.n >= 8) { /* the sender is alive: nothing that was asked or said about it before counts any more */
		forget(p, ASKED, sender_of(octets), 0);
		forget(p, CLAIMED, sender_of(octets), 0);
	}
	if ((octets.p[0] != ENRP_INIT_TAKEOVER && octets.p[0] != ENRP_INIT_TAKEOVER_ACK &&
	     octets.p[0] != ENRP_TAKEOVER_SERVER) ||
	    rsp_message_decode(RSP_ENRP, octets, &p->last, NULL))
		return;
	if (p->last.type == ENRP_INIT_TAKEOVER_ACK)
		forget(p, MISSING, p->last.target_id, p->last.sender_id);
	else if (p->last.target_id == n->server_id)
		p->accused_ms = w->now;
	else if (p->last.type == ENRP_TAKEOVER_SERVER)
		add(w, p, CLAIMED, p->last.target_id, p->last.sender_id);
	else if (p->last.type == ENRP_INIT_TAKEOVER && !has_just_answered(w, p, p->last.target_id))
		add(w, p, ASKED, p->last.target_id, p->last.sender_id);
}

uint32_t
sim_arbitration_target(const struct sim *w, const struct sim_node *n)
{
	return w->arbitration->party[n->place].last.target_id;
}

void
sim_arbitration_look(struct sim *w)
{
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *n = sim_registrar(w, i);
		struct party *p = party_of(w, n);

		if (!p->accused_ms || !sim_node_runs(n))
			continue;
		if (p->presence_ms + PROTEST_MS < p->accused_ms)
			sim_violated(w, "protest", "%s is said to be dead, and does not say that it is not", n->name);
		p->accused_ms = 0;
	}
}
