#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define DIAL_TIMEOUT_MS 1000
#define LINK_TIMEOUT_MS 3000 /* RFC 9293 s.3.10.8: data is not acknowledged for so long */

static struct node *
node_of(const struct connection *c, unsigned side)
{
	return c->side[side].node;
}

bool
net_is_cut(const struct world *w, unsigned a, unsigned b)
{
	return w->blocked[a][b] || w->blocked[b][a];
}

static bool
is_cut(const struct connection *c)
{
	const struct node *a = node_of(c, 0), *b = node_of(c, 1);

	return net_is_cut(a->w, a->place, b->place) || !a->present || !b->present;
}

/* What side @from sends does not arrive, or its acknowledgement does not. TCP's own keep-alives are sent always, so that a
 * connection over which nothing is sent ends too; and they find out that the other host has closed it (net_changed()). */
static void
watch(struct world *w, struct connection *c, unsigned from)
{
	struct pipe *pipe = &c->to[!from];

	if (is_cut(c) && c->side[from].open && !pipe->unheard_ms)
		pipe->unheard_ms = w->now;
}

static void
put(struct world *w, struct connection *c, unsigned to, enum parcel_kind kind, enum rsp_err why, struct rsp_bytes octets)
{
	struct pipe *pipe = &c->to[to];
	struct parcel *p = calloc(1, sizeof(*p) + octets.n);

	if (!p)
		abort();
	p->kind = kind;
	p->why = why;
	p->n = octets.n;
	p->hop = w->hop + 1 > pipe->hop ? w->hop + 1 : pipe->hop;
	pipe->hop = p->hop;
	if (octets.n)
		memcpy(p->octets, octets.p, octets.n);
	*pipe->tail = p;
	pipe->tail = &p->next;
	watch(w, c, !to);
}

static void
put_kind(struct world *w, struct connection *c, unsigned to, enum parcel_kind kind, enum rsp_err why)
{
	put(w, c, to, kind, why, (struct rsp_bytes){ 0 });
}

static void
clear(struct connection *c, unsigned to)
{
	struct pipe *pipe = &c->to[to];

	while (pipe->head) {
		struct parcel *p = pipe->head;

		pipe->head = p->next;
		free(p);
	}
	pipe->tail = &pipe->head;
}

struct connection *
net_find(const struct node *n, uint32_t id, unsigned *ret_side)
{
	const struct world *w = n->w;

	for (unsigned i = 0; id && i < w->n_connections; i++)
		for (unsigned side = 0; side < 2; side++)
			if (w->connection[i]->side[side].node == n && w->connection[i]->side[side].id == id &&
			    w->connection[i]->side[side].life == n->life) {
				*ret_side = side;
				return w->connection[i];
			}
	return NULL;
}

/* The other node, which side has dialled, the protocol; and how many like it are older. */
uint64_t
net_name(const struct node *n, uint32_t id)
{
	const struct world *w = n->w;
	unsigned side = 0, older = 0;
	const struct connection *c = net_find(n, id, &side);

	if (!c)
		return 0;
	for (unsigned i = 0; w->connection[i] != c; i++) {
		const struct connection *d = w->connection[i];

		older += node_of(d, side) == n && node_of(d, !side) == node_of(c, !side) && d->protocol == c->protocol;
	}
	return 1u + side + 2u * (c->protocol == RSP_ENRP) + 4u * node_of(c, !side)->place + 64u * older;
}

uint32_t
net_dial(struct node *from, const struct rsp_dial *to)
{
	struct world *w = from->w;
	struct node *peer = NULL;

	for (unsigned i = 0; i < w->n_nodes; i++)
		if (to->ip.family ? rsp_ip_equal(&w->node[i].ip, &to->ip) : !strcmp(w->node[i].name, to->server_name))
			peer = &w->node[i];
	if (!peer || w->n_connections == CONNECTIONS_MAX) {
		w->broken = peer ? "more connections than a scope of this size can need" : w->broken;
		return 0;
	}
	struct connection *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	*c = (struct connection){ .serial = w->serial++, .protocol = to->protocol, .role = to->role, .port = to->port,
				  .dialled_ms = w->now };
	for (unsigned side = 0; side < 2; side++) {
		c->to[side].tail = &c->to[side].head;
		c->side[side].node = side ? peer : from;
		c->side[side].life = c->side[side].node->life;
	}
	c->side[0].open = true;
	c->side[0].id = ++from->next_id;
	w->connection[w->n_connections++] = c;
	put_kind(w, c, 1, PARCEL_HELLO, RSP_OK);
	return c->side[0].id;
}

void
net_send(struct node *from, uint32_t id, struct rsp_bytes message)
{
	unsigned side = 0;
	struct connection *c = net_find(from, id, &side);

	if (!c || !c->side[side].open)
		return;
	if (side == 0 && !c->established) { /* production would close the connection, and lose what waits for it */
		from->w->broken = "a message is sent over a connection that is not up";
		return;
	}
	if (!from->is_registrar && c->protocol == RSP_ASAP && message.n && message.p[0] == ASAP_REGISTRATION)
		from->said = from->said * 31 + message.p[message.n - 1] + 1;
	from->w->table_pages += c->protocol == RSP_ENRP && message.n && message.p[0] == ENRP_HANDLE_TABLE_RESPONSE;
	put(from->w, c, !side, PARCEL_MESSAGE, RSP_OK, message);
}

/* Close the socket of @side; what it sent is still on its way. */
static void
shut(struct world *w, struct connection *c, unsigned side, enum parcel_kind farewell)
{
	c->side[side].id = 0;
	c->side[side].open = false;
	clear(c, side);
	c->to[!side].unheard_ms = 0;
	if (c->side[!side].open || (side == 0 && !c->established))
		put_kind(w, c, !side, farewell, RSP_ECLOSED);
}

void
net_close(struct node *from, uint32_t id)
{
	unsigned side = 0;
	struct connection *c = net_find(from, id, &side);

	if (c)
		shut(from->w, c, side, PARCEL_FIN);
}

/* @side learns that the connection is over. */
static void
down(struct world *w, struct connection *c, unsigned side, enum rsp_err err)
{
	struct node *n = node_of(c, side);
	uint32_t id = c->side[side].id;
	struct rsp_why why = { 0 };

	world_say(w, "%s loses its %s connection to %s: %s", n->name, c->protocol == RSP_ENRP ? "ENRP" : "ASAP",
		  node_of(c, !side)->name, rsp_err_key(err));
	c->side[side].id = 0;
	c->side[side].open = false;
	clear(c, side);
	c->to[!side].unheard_ms = 0;
	if (!id || !n->up || c->side[side].life != n->life)
		return;
	(void)rsp_fail(&why, err, "link", "%s", rsp_err_text(err));
	if (n->registrar)
		rsp_registrar_link_down(n->registrar, w->now, id, &(const struct rsp_why){ .err = err });
	else
		rsp_client_link_down(n->client, w->now, id, err == RSP_ECLOSED ? RSP_STEP_ASAP : RSP_STEP_TCP, &why);
}

void
net_gone(struct node *n, bool reset)
{
	struct world *w = n->w;

	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned side = 0; side < 2; side++) {
			struct connection *c = w->connection[i];

			if (node_of(c, side) != n || !c->side[side].open)
				continue;
			if (reset) {
				shut(w, c, side, PARCEL_RST);
				continue;
			}
			c->side[side].id = 0;
			c->side[side].open = false;
			clear(c, side);
			clear(c, !side);
		}
}

static void
up(struct world *w, struct connection *c, unsigned side)
{
	struct node *n = node_of(c, side), *peer = node_of(c, !side);
	struct rsp_link_info info = {
		.protocol = c->protocol,
		.role = c->role,
		.secure = true,
		.identity = peer->identity,
		.remote = peer->ip,
		.local = n->ip,
		.remote_port = side == 0 ? c->port : (uint16_t)(30000 + peer->place),
	};
	enum rsp_err err = RSP_OK;

	if (!c->side[side].id)
		c->side[side].id = ++n->next_id;
	if (n->registrar)
		err = rsp_registrar_link_up(n->registrar, w->now, c->side[side].id, &info);
	else
		rsp_client_link_up(n->client, w->now, c->side[side].id, &info);
	if (err && c->side[side].id)
		shut(w, c, side, PARCEL_FIN);
}

static bool
listens(const struct node *n, const struct connection *c)
{
	if (!n->up)
		return false;
	if (n->is_registrar)
		return c->port == (c->protocol == RSP_ENRP ? 9902 : 3864);
	return c->port == 5000;
}

static void
hello(struct world *w, struct connection *c)
{
	if (!c->side[0].open)
		return;
	if (!listens(node_of(c, 1), c)) {
		put_kind(w, c, 0, PARCEL_RST, RSP_EUNREACHABLE);
		return;
	}
	c->side[1].open = true;
	c->side[1].life = node_of(c, 1)->life;
	put_kind(w, c, 0, PARCEL_ACCEPTED, RSP_OK);
	up(w, c, 1);
}

static void
receive(struct world *w, struct connection *c, unsigned side, const struct parcel *p)
{
	struct node *n = node_of(c, side);
	struct rsp_bytes octets = rsp_bytes_of(p->octets, p->n);

	if (!c->side[side].open || c->side[side].life != n->life) { /* no socket: its host resets the connection */
		if (c->side[!side].open)
			put_kind(w, c, !side, PARCEL_RST, RSP_ECLOSED);
	} else if (n->registrar) {
		rsp_registrar_receive(n->registrar, w->now, c->side[side].id, octets);
	} else {
		rsp_client_receive(n->client, w->now, c->side[side].id, octets);
	}
}

static void
say_parcel(const struct world *w, const struct connection *c, unsigned to, const struct parcel *p)
{
	static const char *const kind[] = { "dial", "accepted", "", "FIN", "RST" };
	struct rsp_message msg = { 0 };

	if (!world_verbose)
		return;
	if (p->kind == PARCEL_MESSAGE && rsp_message_decode(c->protocol, rsp_bytes_of(p->octets, p->n), &msg, NULL))
		msg.type = 0;
	world_say(w, "%s < %s %s%s flags %x target %08x pe %08x home %08x list %u%s", node_of(c, to)->name, node_of(c, !to)->name,
		  kind[p->kind], msg.type ? rsp_message_name(c->protocol, msg.type) : "", msg.flags, msg.target_id,
		  msg.has & RSP_HAS_ELEMENT ? msg.element.pe_id : msg.pe_id, msg.element.home_id, msg.n_list,
		  msg.protocol == RSP_ENRP && msg.type == ENRP_HANDLE_UPDATE ? msg.update_action ? " DEL" : " ADD" : "");
}

static void
take(struct world *w, struct connection *c, unsigned to, const struct parcel *p)
{
	switch (p->kind) {
	case PARCEL_HELLO:
		hello(w, c);
		break;
	case PARCEL_ACCEPTED:
		c->established = c->side[0].open;
		if (c->side[0].open)
			up(w, c, 0);
		break;
	case PARCEL_MESSAGE:
		receive(w, c, to, p);
		break;
	case PARCEL_FIN:
	case PARCEL_RST:
		if (c->side[to].open)
			down(w, c, to, p->why);
		break;
	}
}

/* Frees the connections that are open on no side. */
void
net_free_closed(struct world *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->n_connections; i++) {
		struct connection *c = w->connection[i];

		if (c->side[0].open || c->side[1].open || (c->to[1].head && c->to[1].head->kind == PARCEL_HELLO && c->side[0].open)) {
			w->connection[kept++] = c;
			continue;
		}
		clear(c, 0);
		clear(c, 1);
		free(c);
	}
	w->n_connections = kept;
}

void
net_deliver(struct world *w, struct connection *c, unsigned to)
{
	struct pipe *pipe = &c->to[to];
	struct parcel *p = pipe->head;

	pipe->head = p->next;
	if (!pipe->head)
		pipe->tail = &pipe->head;
	w->hop = p->hop > w->hop ? p->hop : w->hop;
	say_parcel(w, c, to, p);
	take(w, c, to, p);
	free(p);
}

bool
net_can_deliver(const struct world *w, const struct connection *c, unsigned to)
{
	const struct node *from = node_of(c, !to), *n = node_of(c, to);
	const struct pipe *pipe = &c->to[to];

	return pipe->head && !w->blocked[from->place][n->place] && from->present && n->present && !(n->up && n->paused) &&
	       !pipe->held && pipe->held_until <= w->now;
}

bool
net_is_busy(const struct world *w)
{
	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned to = 0; to < 2; to++) {
			const struct connection *c = w->connection[i];

			if (c->to[to].head && (!is_cut(c) || net_can_deliver(w, c, to)))
				return true;
		}
	return false;
}

static uint64_t
deadline_of(const struct connection *c, unsigned side)
{
	uint64_t at = RSP_NEVER;

	if (!c->side[side].open || node_of(c, side)->paused)
		return RSP_NEVER;
	if (c->to[!side].unheard_ms)
		at = c->to[!side].unheard_ms + LINK_TIMEOUT_MS;
	if (side == 0 && !c->established && c->dialled_ms + DIAL_TIMEOUT_MS < at)
		at = c->dialled_ms + DIAL_TIMEOUT_MS;
	return at;
}

uint64_t
net_deadline(const struct world *w, struct connection **ret, unsigned *ret_side)
{
	uint64_t first = RSP_NEVER;

	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned side = 0; side < 2; side++) {
			uint64_t at = deadline_of(w->connection[i], side);

			if (at >= first)
				continue;
			first = at;
			*ret = w->connection[i];
			*ret_side = side;
		}
	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned to = 0; to < 2; to++) { /* the end of a delay: nothing happens but that it ends */
			const struct pipe *pipe = &w->connection[i]->to[to];

			if (pipe->head && pipe->held_until > w->now && pipe->held_until < first) {
				first = pipe->held_until;
				*ret = NULL;
			}
		}
	return first;
}

void
net_tick(struct world *w)
{
	struct connection *c = NULL;
	unsigned side = 0;
	uint64_t at = net_deadline(w, &c, &side);

	w->now = at > w->now ? at : w->now;
	if (!c)
		return;
	if (c->to[!side].unheard_ms) {
		clear(c, !side);
	} else { /* the dial took too long: the other host finds the connection closed */
		put_kind(w, c, !side, PARCEL_RST, RSP_ECLOSED);
	}
	down(w, c, side, RSP_ETIMEOUT);
}

void
net_changed(struct world *w)
{
	for (unsigned i = 0; i < w->n_connections; i++)
		for (unsigned side = 0; side < 2; side++) {
			struct connection *c = w->connection[i];

			if (is_cut(c)) {
				watch(w, c, !side);
				continue;
			}
			c->to[side].unheard_ms = 0;
			if (c->side[side].open && !c->side[!side].open && !c->to[side].head && (side || c->established))
				put_kind(w, c, side, PARCEL_RST, RSP_ECLOSED);
		}
}

void
net_drop(struct world *w, struct connection *c)
{
	clear(c, 0);
	clear(c, 1);
	for (unsigned side = 0; side < 2; side++)
		if (c->side[side].open)
			put_kind(w, c, side, PARCEL_RST, RSP_ECLOSED);
}
