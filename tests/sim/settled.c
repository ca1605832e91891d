#include <stdarg.h>
#include <string.h>

#include "base/attr.h"
#include "inside.h"
#include "invariants.h"
#include "truth.h"

/* Whether the scope has settled: all registrars, elements and users agree. */

#define LOOK_MS 50 /* the time between two checks */

struct verdict {
	struct sim *w;
	const char *invariant;
	char *text;
	size_t cap;
};

static void RSP_PRINTF(3, 4)
find(struct verdict *v, const char *invariant, const char *fmt, ...)
{
	va_list args;

	if (v->invariant)
		return;
	v->invariant = invariant;
	va_start(args, fmt);
	(void)vsnprintf(v->text, v->cap, fmt, args);
	va_end(args);
}

/* RFC 5353 s.3.4: the peer list holds all registrars that run, and no others. */
static void
judge_peers(struct verdict *v, const struct sim_node *n)
{
	struct sim *w = v->w;
	struct rsp_peer_view peer;
	unsigned known = 0, there = 0;

	for (unsigned i = 0; rsp_registrar_peer(n->registrar, i, &peer); i++) {
		const struct sim_node *other = sim_node_of_id(w, peer.server_id);

		if (!other || !sim_well(other) || other == n)
			find(v, "dead-peer", "%s has the peer %08x (%s), which is not there", n->name, peer.server_id,
			     rsp_peer_state_name(peer.state));
		else if (peer.state != RSP_PEER_ACTIVE)
			find(v, "suspected-peer", "%s thinks %s %s", n->name, other->name,
			     rsp_peer_state_name(peer.state));
		else if (peer.resyncing)
			find(v, "resync", "%s still downloads from %s", n->name, other->name);
		known++;
	}
	for (unsigned i = 0; i < w->n_registrars; i++)
		there += sim_well(sim_registrar(w, i));
	if (known != there - 1)
		find(v, "missing-peer", "%s knows %u of %u peers", n->name, known, there - 1);
}

static void
judge_element(struct verdict *v, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	struct sim *w = v->w;
	const struct sim_node *home = sim_load_home(e->client), *owner;
	const struct rsp_policy_row *row = rsp_policy_row(w->load->pool[e->pool].policy);

	owner = sim_node_of_id(w, got->home_id);
	if (!owner || !sim_well(owner))
		find(v, "dead-owner", "%s has pe %08x with the home %08x, which is not there", n->name, e->pe_id,
		     got->home_id);
	else if (owner != home)
		find(v, "wrong-home", "%s has pe %08x at %s, but %s calls %s its home", n->name, e->pe_id, owner->name,
		     e->client->name, home ? home->name : "nobody");
	else if (owner == n && !got->linked)
		find(v, "unattached", "%s has pe %08x, but no connection to it", n->name, e->pe_id);
	uint64_t age_ms = w->load->running ? sim_bound_converged(&w->plan) + sim_bound_update(&w->plan) : 0;
	/* RFC 5353 s.3.6.2: its checksum does not cover contents, so the next renewal mends what was missed */
	if (n->stripped || (owner && owner->stripped))
		age_ms += 1000 * (uint64_t)w->plan.lifetime_s;
	if (row->n_values && sim_truth_age(w, e, sim_inside_value(got)) > age_ms)
		find(v, "attributes", "%s has pe %08x with the value %u, not %u", n->name, e->pe_id,
		     sim_inside_value(got), e->value);
	if (!w->plan.insecure && (!got->owner || strcmp(got->owner, e->client->name) != 0))
		find(v, "owner", "%s has pe %08x as %s's", n->name, e->pe_id, got->owner ? got->owner : "nobody");
}

static bool
wanted(const struct sim_element *e)
{
	return e->want == SIM_IN && sim_well(e->client);
}

static void
judge_table(struct verdict *v, const struct sim_node *n)
{
	struct sim *w = v->w;
	unsigned expected = 0;

	for (unsigned i = 0; i < w->load->n_elements && !v->invariant; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (!wanted(e))
			continue;
		expected++;
		struct sim_shown got;
		if (sim_inside_find(n, sim_load_handle(w, e->pool), e->pe_id, &got))
			judge_element(v, n, e, &got);
		else
			find(v, "lost-element", "%s does not have pe %08x of %s", n->name, e->pe_id, e->client->name);
	}
	if (sim_inside_count(n) != expected)
		find(v, "dead-element", "%s has %u elements instead of %u", n->name, sim_inside_count(n),
		     expected);
}

/* RFC 5353 s.3.6.1 */
static void
judge_checksums(struct verdict *v, const struct sim_node *n)
{
	struct sim *w = v->w;

	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *home = sim_registrar(w, i);

		if (!sim_well(home))
			continue;
		uint16_t ours = sim_inside_checksum(n, home->server_id, false);
		uint16_t theirs = sim_inside_checksum(home, home->server_id, false);
		if (ours != theirs)
			find(v, "checksum", "%s has %04x for %s, which has %04x", n->name, ours, home->name, theirs);
	}
}

static void
judge_clients(struct verdict *v)
{
	struct sim *w = v->w;

	for (unsigned i = 0; i < w->load->n_elements && !v->invariant; i++) {
		const struct sim_element *e = &w->load->element[i];
		const struct sim_node *home;

		if (e->want == SIM_OUT || !sim_well(e->client))
			continue;
		home = sim_load_home(e->client);
		if (e->want == SIM_LEAVING)
			find(v, "leaving", "%s cannot deregister pe %08x", e->client->name, e->pe_id);
		else if (!home || !sim_well(home))
			find(v, "homeless", "%s calls %s its home", e->client->name, home ? home->name : "nobody");
		else if (!e->held)
			find(v, "not-registered", "%s has not registered pe %08x", e->client->name, e->pe_id);
	}
}

const char *
sim_unsettled(struct sim *w, char *text, size_t cap)
{
	struct verdict v = { .w = w, .text = text, .cap = cap };

	judge_clients(&v);
	for (unsigned i = 0; i < w->n_registrars && !v.invariant; i++) {
		const struct sim_node *n = sim_registrar(w, i);

		if (!sim_well(n))
			continue;
		if (rsp_registrar_state(n->registrar) != RSP_REGISTRAR_SERVING)
			find(&v, "not-serving", "%s is %s", n->name,
			     rsp_registrar_state_name(rsp_registrar_state(n->registrar)));
		judge_peers(&v, n);
		judge_table(&v, n);
		judge_checksums(&v, n);
	}
	return v.invariant;
}

uint64_t
sim_settle(struct sim *w, uint64_t bound_ms)
{
	uint64_t began = w->now, step = w->n_registrars > 9 ? 20 * LOOK_MS : LOOK_MS;
	const char *invariant;
	char text[400];

	while (!sim_failed(w) && (invariant = sim_unsettled(w, text, sizeof(text)))) {
		if (w->now - began > bound_ms)
			sim_violated(w, invariant, "%s, %llu ms after the last fault", text,
				     (unsigned long long)(w->now - began));
		sim_run(w, w->now + step);
	}
	return w->now - began;
}

static void
dump_table(struct sim *w, const struct sim_node *n)
{
	struct sim_walk walk = { 0 };
	struct sim_shown e;

	while (sim_inside_next(n, &walk, &e)) {
		const struct sim_node *home = sim_node_of_id(w, e.home_id);

		sim_trace(w, "%-5s has pe %08x of %s at %08x (%s), number %llu, %llu, %llu, %s, %s", n->name, e.pe_id,
			  e.owner ? e.owner : "nobody", e.home_id, home ? home->name : "nobody",
			  (unsigned long long)e.number.part[0], (unsigned long long)e.number.part[1],
			  (unsigned long long)e.number.part[2],
			  e.linked ? "linked" : "not linked", e.phase);
	}
}

void
sim_dump(struct sim *w)
{
	for (unsigned i = 0; w->verbose && i < w->n_registrars; i++) {
		const struct sim_node *n = sim_registrar(w, i);
		struct rsp_peer_view peer;

		if (!n->up) {
			sim_trace(w, "%-5s is down", n->name);
			continue;
		}
		sim_trace(w, "%-5s is %08x, %s%s%s", n->name, n->server_id,
			  rsp_registrar_state_name(rsp_registrar_state(n->registrar)), n->paused ? ", paused" : "",
			  n->ill ? ", parted" : "");
		for (unsigned j = 0; rsp_registrar_peer(n->registrar, j, &peer); j++)
			sim_trace(w, "%-5s knows %08x, %s, out %u in %u%s%s", n->name, peer.server_id,
				  rsp_peer_state_name(peer.state), peer.link_out, peer.link_in,
				  peer.in_sync ? "" : ", out of sync", peer.resyncing ? ", downloading" : "");
		dump_table(w, n);
	}
}
