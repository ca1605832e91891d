#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* What must hold where nothing is left to do: shared/model/ownership.c, check(). Each registrar is asked as a user asks
 * it, so this file knows nothing of the inside of an engine. */

/* After a fault, each of these happens at most so much later than the one before: a registrar is declared dead, the
 * takeover is given up for late, each element is looked at. */
#define QUIET_MS 9000
#define REST_MS	 2500 /* two heartbeats, if nothing more is expected */
#define LOUD_MS	 120000
#define CHANGES_MAX 200

bool
check_is_quiet(struct world *w)
{
	uint64_t tables;

	if (net_is_busy(w))
		return false;
	tables = state_tables(w);
	if (tables != w->tables) {
		w->tables = tables;
		w->changed_ms = w->now;
		w->changes++;
	}
	if (w->changes > CHANGES_MAX || w->now > w->mended_ms + LOUD_MS)
		w->broken = "(5) the tables do not come to rest";
	uint64_t since = w->changed_ms > w->mended_ms ? w->changed_ms : w->mended_ms;
	return fault_deadline(w) == RSP_NEVER &&
	       (w->now >= since + QUIET_MS || (w->now >= since + REST_MS && state_rests(w)));
}

struct answer {
	struct shown element[8];
	unsigned n;
	bool none; /* no answer */
};

static struct answer
answer_of(const struct world *w, const struct parcel *p)
{
	struct answer a = { 0 };
	struct rsp_message msg;
	struct rsp_list_item item;

	(void)w;
	if (rsp_message_decode(RSP_ASAP, rsp_bytes_of(p->octets, p->n), &msg, NULL))
		return (struct answer){ .none = true };
	size_t cursor = 0;
	while (rsp_list_next(&msg, &cursor, &item))
		if (item.type == RSP_PARAM_POOL_ELEMENT && a.n < RSP_COUNT(a.element))
			a.element[a.n++] = (struct shown){ item.element.pe_id, item.element.home_id, item.element.user.port };
	return a;
}

/* Ask @r as a user does, over a connection that nothing else uses. */
static struct answer
ask(struct world *w, struct node *r)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_HANDLE_RESOLUTION, .has = RSP_HAS_HANDLE, .handle = world_pool() };
	struct rsp_link_info info = { .protocol = RSP_ASAP, .role = RSP_ROLE_USER, .secure = true, .remote = { 4, { 10, 0, 1, 1 } } };
	uint8_t octets[512];
	size_t n = 0;
	struct connection c = { .protocol = RSP_ASAP, .side = { { .node = r, .life = r->life, .id = ++r->next_id, .open = true }, { .node = r } } };
	struct answer a = { .none = true };

	c.to[0].tail = &c.to[0].head;
	c.to[1].tail = &c.to[1].head;
	c.established = true;
	w->connection[w->n_connections++] = &c;
	if (rsp_message_encode(&msg, octets, sizeof(octets), &n))
		abort();
	if (!rsp_registrar_link_up(r->registrar, w->now, c.side[0].id, &info))
		rsp_registrar_receive(r->registrar, w->now, c.side[0].id, rsp_bytes_of(octets, n));
	if (c.to[1].head)
		a = answer_of(w, c.to[1].head);
	rsp_registrar_link_down(r->registrar, w->now, c.side[0].id, &(const struct rsp_why){ .err = RSP_ECLOSED });
	while (c.to[1].head) {
		struct parcel *p = c.to[1].head;

		c.to[1].head = p->next;
		free(p);
	}
	w->n_connections--;
	return a;
}

static bool
hears(const struct world *w, unsigned r, unsigned of)
{
	return w->node[r].up && w->node[of].up && !net_is_cut(w, r, of);
}

/* Those of which @r hears, directly or through others, and that hear of it. */
static unsigned
near(const struct world *w, unsigned r)
{
	unsigned set = 1u << r, n = w->setup.registrars;

	for (unsigned round = 0; round < (w->setup.relay ? n : 1); round++) {
		unsigned from = w->setup.relay ? set : 1u << r;

		for (unsigned a = 0; a < n; a++)
			for (unsigned b = 0; b < n; b++)
				if (a != b && from >> a & 1 && hears(w, b, a))
					set |= 1u << b;
	}
	return set;
}

static const struct shown *
find(const struct answer *a, uint32_t pe_id)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->element[i].pe_id == pe_id)
			return &a->element[i];
	return NULL;
}

bool
check_shows(struct world *w, unsigned r, uint32_t pe_id, struct shown *ret)
{
	struct answer a = ask(w, &w->node[r]);
	const struct shown *found = find(&a, pe_id);

	if (found && ret)
		*ret = *found;
	return found != NULL;
}

struct node *
check_home(const struct node *n)
{
	struct rsp_client_stats stats;
	unsigned side = 0;
	const struct connection *c;

	if (!n->up)
		return NULL;
	rsp_client_stats(n->client, &stats);
	c = stats.home_link ? net_find(n, stats.home_link, &side) : NULL;
	return c && stats.registered ? c->side[!side].node : NULL;
}

static bool
lives(const struct node *n)
{
	return n->up && n->wants && !n->displaced;
}

static bool
reaches(const struct world *w, const struct node *n)
{
	for (unsigned r = 0; r < w->setup.registrars; r++)
		if (w->node[r].up && !net_is_cut(w, n->place, r))
			return true;
	return false;
}

static const char *
check_agree(const struct answer *a, const struct answer *b)
{
	for (unsigned i = 0; i < a->n; i++) {
		const struct shown *x = &a->element[i], *y = find(b, x->pe_id);

		if (!y)
			return "(1) registrars do not agree whether it is there";
		if (x->home_id != y->home_id)
			return "(1) registrars do not agree on the home";
		if (x->port != y->port)
			return "(1) registrars do not agree on the contents";
	}
	return NULL;
}

static const char *
check_element(const struct world *w, const struct node *n, const struct answer *a)
{
	const struct node *home = check_home(n);

	if (!home)
		return reaches(w, n) ? "(7) a live element is nowhere" : NULL;
	for (unsigned r = 0; r < w->setup.registrars; r++) {
		const struct shown *x = find(&a[r], n->pe_id);

		if (!w->node[r].up || !(near(w, r) >> home->place & 1))
			continue;
		if (!x)
			return "(2) a live element is not shown";
		if (x->home_id != home->server_id)
			return "(4) the home is not the registrar that the element is connected to";
		if (x->port != n->revision)
			return "(1) the contents are old";
	}
	return NULL;
}

static bool
is_there(const struct world *w, uint32_t pe_id)
{
	for (unsigned i = w->setup.registrars; i < w->n_nodes; i++)
		if (lives(&w->node[i]) && w->node[i].pe_id == pe_id)
			return true;
	return false;
}

static const char *
check_registrar(const struct world *w, unsigned r, const struct answer *a)
{
	if (a[r].none)
		return "(6) a registrar answers no user";
	for (unsigned i = 0; i < a[r].n; i++)
		if (!is_there(w, a[r].element[i].pe_id))
			return "(3) an element that is gone is shown";
	for (unsigned q = 0; q < w->setup.registrars; q++) {
		const char *wrong = q != r && near(w, r) >> q & 1 && w->node[q].up ? check_agree(&a[r], &a[q]) : NULL;

		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *
check(struct world *w)
{
	struct answer a[REGISTRARS_MAX];
	const char *wrong = w->broken;

	for (unsigned r = 0; r < w->setup.registrars; r++) {
		a[r] = w->node[r].up ? ask(w, &w->node[r]) : (struct answer){ 0 };
		for (unsigned i = 0; world_verbose && i < a[r].n; i++)
			world_say(w, "%s shows pe %08x home %08x contents %u", w->node[r].name, a[r].element[i].pe_id,
				  a[r].element[i].home_id, a[r].element[i].port);
	}
	for (unsigned r = 0; !wrong && r < w->setup.registrars; r++)
		if (w->node[r].up)
			wrong = check_registrar(w, r, a);
	for (unsigned i = w->setup.registrars; !wrong && i < w->n_nodes; i++)
		if (lives(&w->node[i]))
			wrong = check_element(w, &w->node[i], a);
	return wrong;
}
