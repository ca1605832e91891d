#include "net.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "coverage.h"
#include "invariants.h"
#include "reach.h"
#include "strip.h"
#include "told.h"

#define SMALL_MAX 256 /* items of messages up to so many octets are reused */

enum item_kind {
	HELLO,	  /* the dialling side's handshake */
	ACCEPTED, /* the answer: the dialling side is up */
	FINISHED, /* the accepting side is up */
	MESSAGE,
	FIN,
	RST /* .n is the reason */
};

struct item {
	struct item *next;
	enum item_kind kind;
	uint64_t at; /* not before */
	size_t n;
	uint8_t octets[];
};

/** One side of a connection, and what is on its way to it. */
struct sim_end {
	struct link *link;
	struct sim_node *node;
	uint32_t id;	 /* the engine's number for it; 0: the engine does not know it */
	uint32_t life;	 /* of @node, when it got that number */
	bool open;	 /* this side has a socket */
	bool closing;	 /* FIN was sent */
	bool scheduled;
	bool held;	/* a partition keeps items back: they are sent again when it ends */
	unsigned unprobed; /* probes without an answer */
	bool watched;	/* a timer runs for data that is not acknowledged */
	struct item *head, **tail;
	uint64_t last_at, unheard_ms; /* since when what this side sent is not acknowledged */
};

struct link {
	struct link *next, **self; /* in the list of all links, or of the free ones */
	struct sim_end end[2];	   /* of the node that dialled, and of the one that was dialled */
	uint32_t generation;
	bool established, wrong;
	uint32_t lag_ms; /* added to the delay of each message */
	enum rsp_protocol protocol;
	enum rsp_role role;
	uint16_t port;
};

struct sim_net {
	struct link *links, *free;
	struct item *small;
	uint64_t queued;
	uint32_t next_port;
	uint32_t generations; /* the last one: no two connections have the same */
};

static struct sim_end *
other(struct sim_end *end)
{
	return end == &end->link->end[0] ? &end->link->end[1] : &end->link->end[0];
}

void
sim_net_new(struct sim *w)
{
	w->net = sim_alloc(1, sizeof(*w->net));
	sim_reach_new(w);
}

static struct item *
item_new(struct sim_net *net, enum item_kind kind, struct rsp_bytes octets)
{
	bool small = octets.n <= SMALL_MAX;
	struct item *item = small ? net->small : NULL;

	if (item)
		net->small = item->next;
	else
		item = sim_alloc(1, sizeof(*item) + (small ? SMALL_MAX : octets.n));
	*item = (struct item){ .kind = kind, .n = octets.n };
	if (octets.n)
		memcpy(item->octets, octets.p, octets.n);
	net->queued += octets.n;
	return item;
}

static void
item_free(struct sim_net *net, struct item *item)
{
	net->queued -= item->n;
	if (item->n > SMALL_MAX) {
		free(item);
		return;
	}
	item->next = net->small;
	net->small = item;
}

static void
drop_items(struct sim_net *net, struct sim_end *end)
{
	while (end->head) {
		struct item *item = end->head;

		end->head = item->next;
		item_free(net, item);
	}
	end->tail = &end->head;
}

static struct link *
link_new(struct sim_net *net)
{
	struct link *link = net->free;

	if (link)
		net->free = link->next;
	else
		link = sim_alloc(1, sizeof(*link));
	*link = (struct link){ .generation = ++net->generations, .next = net->links, .self = &net->links };
	if (link->next)
		link->next->self = &link->next;
	net->links = link;
	for (unsigned i = 0; i < 2; i++) {
		link->end[i].link = link;
		link->end[i].tail = &link->end[i].head;
	}
	return link;
}

/* Free a connection that is open on no side. */
static void
link_settle(struct sim *w, struct link *link)
{
	struct sim_net *net = w->net;

	if (link->end[0].open || link->end[1].open)
		return;
	drop_items(net, &link->end[0]);
	drop_items(net, &link->end[1]);
	*link->self = link->next;
	if (link->next)
		link->next->self = link->self;
	link->generation = 0;
	link->next = net->free;
	net->free = link;
}

void
sim_net_free(struct sim *w)
{
	struct sim_net *net = w->net;

	while (net->links) {
		net->links->end[0].open = net->links->end[1].open = false;
		link_settle(w, net->links);
	}
	while (net->free) {
		struct link *link = net->free;

		net->free = link->next;
		free(link);
	}
	while (net->small) {
		struct item *item = net->small;

		net->small = item->next;
		free(item);
	}
	sim_reach_free(w);
	free(net);
}

/* The engine's number for a new end: the number that was freed last, as in production. */
static uint32_t
id_new(struct sim_node *n, struct sim_end *end)
{
	if (n->n_free) {
		end->id = n->free_id[--n->n_free];
	} else {
		if (n->n_ends == n->ends_room) {
			n->ends_room = n->ends_room ? 2 * n->ends_room : 16;
			n->end = reallocarray(n->end, n->ends_room, sizeof(struct sim_end *));
			n->free_id = reallocarray(n->free_id, n->ends_room, sizeof(*n->free_id));
			if (!n->end || !n->free_id)
				abort();
		}
		end->id = ++n->n_ends;
	}
	n->end[end->id - 1] = end;
	end->life = n->life;
	return end->id;
}

/* The engine does not know @end any more: its number is free. */
static void
id_free(struct sim_end *end)
{
	struct sim_node *n = end->node;

	if (!end->id)
		return;
	n->end[end->id - 1] = NULL;
	n->free_id[n->n_free++] = end->id;
	end->id = 0;
}

static struct sim_end *
end_of(const struct sim_node *n, uint32_t id)
{
	return id > 0 && id <= n->n_ends ? n->end[id - 1] : NULL;
}

uint32_t
sim_net_links(const struct sim_node *n)
{
	return n->n_ends - n->n_free;
}

uint64_t
sim_net_queued(const struct sim *w)
{
	return w->net->queued;
}

struct sim_node *
sim_net_joined(const struct sim_node *n, uint32_t id, uint32_t *ret_generation)
{
	struct sim_end *end = end_of(n, id);

	if (!end || !end->open || !end->link->established || !other(end)->open || !other(end)->id)
		return NULL;
	*ret_generation = end->link->generation;
	return other(end)->node;
}

/* Whether items that wait for @end cannot arrive now. */
static bool
stuck(const struct sim *w, struct sim_end *end)
{
	return sim_net_blocked(w, other(end)->node, end->node) || (end->node->up && end->node->paused);
}

static void on_deliver(struct sim *w, void *ctx, uint32_t generation);

static void
schedule(struct sim *w, struct sim_end *end)
{
	if (end->scheduled || !end->head)
		return;
	if (stuck(w, end)) {
		end->held |= sim_net_blocked(w, other(end)->node, end->node);
		return;
	}
	end->scheduled = true;
	sim_at(w, end->head->at, on_deliver, end, end->link->generation);
}

static uint64_t
delay(struct sim *w, const struct link *link, const struct sim_node *from)
{
	uint64_t ms = sim_between(&w->net_rng, w->plan.delay_min_ms, w->plan.delay_max_ms);

	return ms + link->lag_ms + from->slow_ms;
}

static void
put_item(struct sim *w, struct sim_end *to, struct item *item)
{
	uint64_t at = w->now + delay(w, to->link, other(to)->node);

	item->at = to->last_at = at > to->last_at ? at : to->last_at;
	*to->tail = item;
	to->tail = &item->next;
	schedule(w, to);
}

static void down(struct sim *w, struct sim_end *end, enum rsp_err why);

/* RFC 9293 s.3.10.8: a connection ends when data is not acknowledged for too long. */
static void
on_unheard(struct sim *w, void *ctx, uint32_t generation)
{
	struct sim_end *end = ctx;

	if (generation != end->link->generation || !end->watched)
		return;
	end->watched = false;
	if (!end->open || !end->unheard_ms || w->now < end->unheard_ms + w->plan.link_timeout_ms)
		return;
	drop_items(w->net, other(end));
	down(w, end, RSP_ETIMEOUT);
}

static void
watch(struct sim *w, struct sim_end *end)
{
	bool mute = sim_net_blocked(w, end->node, other(end)->node) || sim_net_blocked(w, other(end)->node, end->node);

	if (!mute || end->unheard_ms)
		return;
	end->unheard_ms = w->now;
	if (end->watched)
		return;
	end->watched = true;
	sim_at(w, w->now + w->plan.link_timeout_ms, on_unheard, end, end->link->generation);
}

static void
send_kind(struct sim *w, struct sim_end *from, enum item_kind kind, size_t reason)
{
	struct item *item = item_new(w->net, kind, (struct rsp_bytes){ 0 });

	item->octets[0] = (uint8_t)reason;
	put_item(w, other(from), item);
	watch(w, from);
}

static void
on_dial_timeout(struct sim *w, void *ctx, uint32_t generation)
{
	struct link *link = ctx;

	if (generation != link->generation || link->established || !link->end[0].open)
		return;
	if (link->end[0].node->paused) {
		sim_at(w, w->now + 100, on_dial_timeout, link, generation);
		return;
	}
	down(w, &link->end[0], RSP_ETIMEOUT);
}

uint32_t
sim_dial(struct sim_node *from, const struct rsp_dial *to)
{
	struct sim *w = from->w;
	struct sim_node *peer = to->ip.family ? sim_node_at(w, &to->ip) : sim_node_named(w, to->server_name);

	if (!peer)
		return 0;
	struct link *link = link_new(w->net);
	bool named = to->server_name && !w->plan.insecure;

	link->protocol = to->protocol;
	link->role = to->role;
	link->port = to->port;
	if (sim_chance(&w->net_rng, w->plan.lag_percent))
		link->lag_ms = (uint32_t)sim_between(&w->net_rng, 0, w->plan.lag_ms);
	link->wrong = named && strcmp(to->server_name, peer->name) != 0;
	link->end[0].node = from;
	link->end[1].node = peer;
	link->end[0].open = true;
	sim_trace(w, "%-5s dials %s as %s", from->name, peer->name, rsp_role_name(to->role));
	send_kind(w, &link->end[0], HELLO, 0);
	sim_at(w, w->now + w->plan.dial_timeout_ms, on_dial_timeout, link, link->generation);
	return id_new(from, &link->end[0]);
}

void
sim_send(struct sim_node *from, uint32_t id, struct rsp_bytes message)
{
	static uint8_t room[SIM_STRIP_ROOM];
	struct sim *w = from->w;
	struct sim_end *end = end_of(from, id);

	if (!end || !end->open || end->closing)
		return;
	if (!end->link->established) { /* production would close the connection, and lose all that waits for it */
		sim_violated(w, "sends-too-early", "%s sends %u over a connection to %s that is being made", from->name,
			     message.n ? message.p[0] : 0U, other(end)->node->name);
		return;
	}
	if (from->stripped || other(end)->node->stripped)
		message = sim_strip(end->link->protocol, message, room);
	sim_coverage_message(w->coverage, end->link->protocol, message);
	sim_check_sent(w, from, other(end)->node, end->link->protocol, message);
	sim_told_sent(w, from, other(end)->node, end->link->protocol, message);
	put_item(w, other(end), item_new(w->net, MESSAGE, message));
	watch(w, end);
}

/* Close the socket of this side. Data that it sent is still on its way, followed by @farewell. */
static void
shut(struct sim *w, struct sim_end *end, enum item_kind farewell)
{
	id_free(end);
	end->open = false;
	end->closing = true;
	drop_items(w->net, end);
	if (other(end)->open)
		send_kind(w, end, farewell, RSP_ECLOSED);
	link_settle(w, end->link);
}

void
sim_close(struct sim_node *from, uint32_t id)
{
	struct sim_end *end = end_of(from, id);

	if (end)
		shut(from->w, end, FIN);
}

/* This side learns that the connection is over. */
static void
down(struct sim *w, struct sim_end *end, enum rsp_err why)
{
	struct sim_node *n = end->node;
	uint32_t id = end->id, life = n->life;

	sim_trace(w, "%-5s link %u to %s down: %s", n->name, id, other(end)->node->name, rsp_err_key(why));
	id_free(end);
	end->open = false;
	end->closing = true;
	drop_items(w->net, end);
	link_settle(w, end->link);
	if (id && n->up && n->life == life)
		sim_node_link_down(n, id, why);
}

void
sim_net_gone(struct sim_node *n)
{
	struct sim *w = n->w;

	for (struct link *link = w->net->links, *next; link; link = next) {
		struct sim_end *end = link->end[0].node == n ? &link->end[0] : &link->end[1];

		next = link->next;
		if (end->node == n && !n->present) /* nor does its host send again what a closed connection had left */
			drop_items(w->net, other(end));
		if (end->node != n || !end->open)
			continue;
		if (n->present) {
			shut(w, end, RST);
			continue;
		}
		id_free(end); /* what it sent is lost, and what it is sent is not answered */
		end->open = false;
		end->closing = true;
		link_settle(w, link);
	}
	n->n_ends = n->n_free = 0;
}

static void
info_of(struct sim_end *end, struct rsp_link_info *info)
{
	const struct sim_node *peer = other(end)->node;
	const struct link *link = end->link;
	bool secure = !end->node->w->plan.insecure, dialled = end == &link->end[0];

	*info = (struct rsp_link_info){
		.protocol = link->protocol,
		.role = secure ? link->role : RSP_ROLE_NONE,
		.secure = secure,
		.identity = secure && (dialled || link->role != RSP_ROLE_USER) ? peer->name : NULL,
		.remote = peer->ip,
		.local = end->node->ip,
		.remote_port = dialled ? link->port : (uint16_t)(30000 + peer->life % 30000),
	};
}

static void
up(struct sim *w, struct sim_end *end)
{
	struct rsp_link_info info;

	info_of(end, &info);
	if (!end->id)
		(void)id_new(end->node, end);
	if (sim_node_link_up(end->node, end->id, &info) && end->id)
		shut(w, end, FIN);
}

/* Whether @n listens where @link leads: a registrar on two ports, an element if it has a listener. */
static bool
answers(const struct sim_node *n, const struct link *link)
{
	if (!n->up)
		return false;
	if (n->is_registrar)
		return link->port == (link->protocol == RSP_ENRP ? SIM_ENRP_PORT : SIM_ASAP_PORT);
	return n->role == RSP_ROLE_ELEMENT && n->w->plan.listens && link->port == SIM_NOTIFY_PORT;
}

static void
hello(struct sim *w, struct sim_end *end)
{
	struct link *link = end->link;

	if (!link->end[0].open) {
		link_settle(w, link);
		return;
	}
	if (!answers(end->node, link) || link->wrong) {
		send_kind(w, end, RST, link->wrong ? RSP_EAUTH : RSP_EUNREACHABLE);
		return;
	}
	end->open = true;
	send_kind(w, end, ACCEPTED, 0);
}

static void
trace_message(struct sim *w, struct sim_end *end, const struct item *item)
{
	struct rsp_message msg;
	const char *name = rsp_message_name(end->link->protocol, item->octets[0]);

	if (!w->verbose)
		return;
	if (rsp_message_decode(end->link->protocol, rsp_bytes_of(item->octets, item->n), &msg, NULL))
		msg = (struct rsp_message){ 0 };
	sim_trace(w, "%-5s < %-4s %s flags %x sender %08x target %08x pe %08x home %08x version %llu sum %04x list %u %s",
		  end->node->name, other(end)->node->name, name ? name : "?", msg.flags,
		  msg.sender_id ? msg.sender_id : msg.server_id, msg.target_id,
		  msg.has & RSP_HAS_ELEMENT ? msg.element.pe_id : msg.pe_id, msg.element.home_id,
		  (unsigned long long)msg.element.version, msg.checksum, msg.n_list,
		  msg.type == ENRP_HANDLE_UPDATE && msg.protocol == RSP_ENRP ? msg.update_action ? "DEL" : "ADD" : "");
}

/* RFC 9293 s.3.8.4, and net/tcp.c: a connection over which nothing is sent is probed, so that it does not outlive the
 * other side for ever. */
static void
on_probe(struct sim *w, void *ctx, uint32_t generation)
{
	struct link *link = ctx;

	if (generation != link->generation)
		return;
	sim_at(w, w->now + SIM_PROBE_MS, on_probe, link, generation);
	for (unsigned i = 0; i < 2 && generation == link->generation; i++) {
		struct sim_end *end = &link->end[i], *far = other(end);
		bool mute = sim_net_blocked(w, end->node, far->node) || sim_net_blocked(w, far->node, end->node);

		if (!end->open || end->node->paused)
			continue;
		end->unprobed = mute ? end->unprobed + 1 : 0;
		if (end->unprobed >= SIM_PROBES)
			down(w, end, RSP_ETIMEOUT);
		else if (!mute && !far->open && !end->head)
			send_kind(w, far, RST, RSP_ECLOSED);
	}
}

static void
take(struct sim *w, struct sim_end *end, struct item *item)
{
	switch (item->kind) {
	case HELLO:
		hello(w, end);
		break;
	case ACCEPTED:
		end->link->established = true;
		if (w->plan.more)
			sim_at(w, w->now + SIM_PROBE_MS, on_probe, end->link, end->link->generation);
		send_kind(w, end, FINISHED, 0);
		up(w, end);
		break;
	case FINISHED:
		up(w, end);
		break;
	case MESSAGE:
		w->delivered++;
		sim_mix(w, item->n ^ (uint64_t)end->node->place << 32 ^ item->octets[0]);
		trace_message(w, end, item);
		sim_check_received(w, end->node, end->link->protocol, rsp_bytes_of(item->octets, item->n));
		if (end->link->protocol == RSP_ASAP && end->node->is_registrar)
			sim_load_read(other(end)->node, rsp_bytes_of(item->octets, item->n),
				      other(end)->life != other(end)->node->life);
		sim_told_received(w, end->node, other(end)->node, end->link->protocol,
				  rsp_bytes_of(item->octets, item->n));
		sim_node_receive(end->node, end->id, rsp_bytes_of(item->octets, item->n));
		break;
	case FIN:
		down(w, end, RSP_ECLOSED);
		break;
	case RST:
		down(w, end, (enum rsp_err)item->octets[0]);
		break;
	}
}

static void
on_deliver(struct sim *w, void *ctx, uint32_t generation)
{
	struct sim_end *end = ctx;
	struct link *link = end->link;

	if (generation != link->generation)
		return;
	end->scheduled = false;
	if (!end->head || stuck(w, end) || end->head->at > w->now) {
		schedule(w, end);
		return;
	}
	struct item *item = end->head;
	end->head = item->next;
	if (!end->head)
		end->tail = &end->head;
	if (end->open || item->kind == HELLO)
		take(w, end, item);
	else if (item->kind == MESSAGE && other(end)->open) /* without a socket: its host resets it */
		send_kind(w, end, RST, RSP_ECLOSED);
	item_free(w->net, item);
	if (generation == link->generation)
		schedule(w, end);
}

void
sim_net_changed(struct sim *w)
{
	for (struct link *link = w->net->links; link; link = link->next)
		for (unsigned i = 0; i < 2; i++) {
			struct sim_end *end = &link->end[i];
			bool mute = sim_net_blocked(w, end->node, other(end)->node) ||
				    sim_net_blocked(w, other(end)->node, end->node);

			if (!mute)
				end->unheard_ms = 0;
			else if (other(end)->head && end->open)
				watch(w, end);
			if (end->held && end->head && !stuck(w, end)) {
				end->head->at = w->now + sim_between(&w->net_rng, 0, SIM_RETRANSMIT_MAX_MS);
				end->held = false;
			}
			schedule(w, end);
		}
}

bool
sim_net_cut_one(struct sim_node *n, bool to_registrar, struct rsp_rng *rng)
{
	struct sim *w = n->w;
	struct sim_end *chosen = NULL;
	unsigned seen = 0;

	for (uint32_t id = 1; id <= n->n_ends; id++) {
		struct sim_end *end = n->end[id - 1];

		if (end && end->link->established && end->open && other(end)->open &&
		    other(end)->node->is_registrar == to_registrar && rsp_rng_below(rng, ++seen) == 0)
			chosen = end;
	}
	if (!chosen)
		return false;
	struct sim_end *far = other(chosen);
	uint32_t generation = chosen->link->generation;
	sim_trace(w, "%-5s link to %s cut", n->name, far->node->name);
	sim_reach_tear(w, n, far->node);
	drop_items(w->net, chosen);
	drop_items(w->net, far);
	if (n->paused || far->node->paused) { /* a paused process learns of it later */
		send_kind(w, far, RST, RSP_ECLOSED);
		send_kind(w, chosen, RST, RSP_ECLOSED);
		return true;
	}
	down(w, chosen, RSP_ECLOSED);
	if (generation == far->link->generation && far->open)
		down(w, far, RSP_ECLOSED);
	return true;
}
