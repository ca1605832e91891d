#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "net.h"
#include "truth.h"

#define LARGE_STRIDE 50 /* of many registrars some are judged at each look */

/* What one registrar shows of one element. */
struct view {
	bool shown;
	uint8_t relation; /* enum sim_relation, to the home that is shown */
	uint32_t home_id;
	uint64_t since_ms; /* since when all this is as it is */
};

struct sim_judge {
	struct view *view; /* [element][registrar] */
	struct {
		uint64_t digest, since_ms; /* its digest of its own elements, and since when */
	} *own;			   /* [registrar] */
	uint64_t *agree_ms;	   /* [a][b]: when a last had b's digest of its own elements */
	uint32_t *stamp, look;	   /* [element]: the number of the look that found it last */
};

void
sim_judge_new(struct sim *w)
{
	size_t n = w->n_registrars;
	struct sim_judge *j = w->judge = sim_alloc(1, sizeof(*j));

	j->view = sim_alloc(w->load->room * n, sizeof(*j->view));
	j->own = sim_alloc(n, sizeof(*j->own));
	j->agree_ms = sim_alloc(n * n, sizeof(*j->agree_ms));
	j->stamp = sim_alloc(w->load->room, sizeof(*j->stamp));
}

void
sim_judge_free(struct sim *w)
{
	free(w->judge->view);
	free(w->judge->own);
	free(w->judge->agree_ms);
	free(w->judge->stamp);
	free(w->judge);
}

static unsigned
index_of(const struct sim *w, const struct sim_element *e)
{
	return (unsigned)(e - w->load->element);
}

static struct view *
view_of(const struct sim *w, const struct sim_node *n, const struct sim_element *e)
{
	return &w->judge->view[(size_t)index_of(w, e) * w->n_registrars + n->place];
}

/* Note what @n shows of @e; @got NULL: nothing. */
static const struct view *
note(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	struct view *view = view_of(w, n, e), now = { 0 };

	if (got) {
		now = (struct view){ .shown = true, .home_id = got->home_id };
		now.relation = (uint8_t)sim_truth_relation(w, n, sim_node_of_id(w, got->home_id));
	}
	if (now.shown != view->shown || now.relation != view->relation || now.home_id != view->home_id ||
	    !view->since_ms) {
		now.since_ms = w->now;
		*view = now;
	}
	return view;
}

/* For how long a registrar may show an element that has ended, if its home and what is heard of it do not change. */
static uint64_t
bound_of_dead(const struct sim *w, const struct view *view)
{
	uint64_t removal_ms = sim_bound_removal(&w->plan, false) + w->plan.dial_timeout_ms;
	/* a relay whose tombstone was dropped believes the element, its next audit tells the home, which looks once more */
	uint64_t again_ms = w->plan.max_tombstones < 100 ? removal_ms + sim_bound_converged(&w->plan) : 0;

	switch (view->relation) {
	case SIM_SELF:
	case SIM_HEARD:
		return removal_ms + sim_bound_converged(&w->plan);
	case SIM_RELAYED:
		return removal_ms + sim_bound_relayed(&w->plan) + again_ms;
	default:
		return sim_bound_orphan(&w->plan);
	}
}

static bool
judged(const struct sim_node *n)
{
	return sim_node_runs(n) && !n->slow_ms && n->serving_ms != RSP_NEVER;
}

static void
judge_dead(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct view *view)
{
	uint64_t since = view->since_ms > e->out_ms ? view->since_ms : e->out_ms, bound = bound_of_dead(w, view);

	since = since > n->serving_ms ? since : n->serving_ms;
	since = since > n->runs_ms ? since : n->runs_ms;
	if (e->want == SIM_OUT && w->now > since + bound)
		sim_violated(w, "dead-shown", "%s shows pe %08x of %s at %08x, gone for %llu ms, as for %llu ms",
			     n->name, e->pe_id, e->client->name, view->home_id,
			     (unsigned long long)(w->now - e->out_ms), (unsigned long long)(w->now - since));
}

/* While faults meet, an element may be removed by mistake, and is there again when its home has been told, and has asked it: one
 * without EPOCH, for which homes number by their clocks, and whose late deregistration says nothing of its age; and where @n
 * hears the home over another registrar only, and does not ask it (ownership.md 4.3). */
static bool
is_asked_for(const struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct view *view,
	     uint64_t bound_ms)
{
	uint64_t since_ms = view->shown ? w->now : view->since_ms; /* as of the last sample */
	bool relayed = sim_truth_relation(w, n, e->client->attached) == SIM_RELAYED;
	bool late = w->plan.style == SIM_LAYERS || (e->ended_late_ms && w->now <= e->ended_late_ms + bound_ms);
	bool excused = (w->plan.style == SIM_STORM || w->plan.style == SIM_LAYERS) &&
		       (relayed || (e->client->no_epoch && late));

	return excused && w->now <= since_ms + bound_ms;
}

/* @e is connected to a registrar of which @n has heard for long: @n has to show it as it is. */
static void
judge_alive(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got,
	    const struct view *view, uint64_t bound_ms)
{
	const struct sim_node *home = e->client->attached;
	const struct rsp_policy_row *row = rsp_policy_row(w->load->pool[e->pool].policy);

	if (!got && is_asked_for(w, n, e, view, bound_ms))
		return;
	if (!got) {
		sim_violated(w, "alive-missing", "%s does not show pe %08x of %s, connected to %s for %llu ms",
			     n->name, e->pe_id, e->client->name, home->name,
			     (unsigned long long)(w->now - e->client->attached_ms));
		return;
	}
	/* to one without statements all others are without: of several that say they have it, it cannot know which is right */
	bool knows = w->plan.style != SIM_LAYERS || !n->stripped;
	if (knows && got->home_id != home->server_id && w->now > view->since_ms + bound_ms)
		sim_violated(w, "other-home", "%s shows pe %08x of %s at %08x for %llu ms, but it is connected to %s",
			     n->name, e->pe_id, e->client->name, got->home_id,
			     (unsigned long long)(w->now - view->since_ms), home->name);
	if (!row->n_values || (w->now / w->plan.sample_ms + n->place) % 4 != 0) /* decoding takes time */
		return;
	uint64_t age = sim_truth_age(w, e, sim_inside_value(got));
	/* without numbers an old message that arrives late, or an update that is missed, is not found out: the next renewal
	 * mends that */
	bool numbered = !e->client->no_epoch && !n->stripped && !home->stripped;
	uint64_t renewal_ms = numbered ? 0 : 1000 * (uint64_t)w->plan.lifetime_s;
	/* a home that was paused reads an old registration when it continues; the other home asks the element: "other-home" */
	bool asked = !numbered && got->home_id != home->server_id;
	if (!asked && age > bound_ms + sim_bound_update(&w->plan) + renewal_ms)
		sim_violated(w, "old-contents", "%s shows pe %08x of %s with the value %u, not %u since %llu ms",
			     n->name, e->pe_id, e->client->name, sim_inside_value(got), e->value, (unsigned long long)age);
}

static void
judge_element(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	const struct view *view = note(w, n, e, got);
	uint64_t bound_ms;

	if (!judged(n))
		return;
	if (got)
		judge_dead(w, n, e, view);
	if (sim_truth_must_show(w, n, e, &bound_ms))
		judge_alive(w, n, e, got, view, bound_ms);
}

static void
judge_table(struct sim *w, const struct sim_node *n)
{
	struct sim_judge *j = w->judge;
	struct sim_walk walk = { 0 };
	struct sim_shown got;

	j->look++;
	while (!sim_failed(w) && sim_inside_next(n, &walk, &got)) {
		const struct sim_element *e = sim_load_find(w, got.handle, got.pe_id);

		if (!e)
			continue;
		j->stamp[index_of(w, e)] = j->look;
		judge_element(w, n, e, &got);
	}
	for (unsigned i = 0; i < w->load->n_elements && !sim_failed(w); i++)
		if (j->stamp[i] != j->look)
			judge_element(w, n, &w->load->element[i], NULL);
}

/* RFC 5353 s.3.6: the digest that @n has of what @home lists becomes the one of @home, unless that changes again. */
static void
judge_digest(struct sim *w, const struct sim_node *n, const struct sim_node *home)
{
	uint64_t *agree_ms = &w->judge->agree_ms[n->place * w->n_registrars + home->place];
	uint64_t since = sim_truth_hear(w, n, home), changed = w->judge->own[home->place].since_ms;

	if (since == RSP_NEVER || n == home || n->stripped || home->stripped) /* those have no digests */
		return;
	if (sim_inside_digest(n, home->server_id, false) == w->judge->own[home->place].digest)
		*agree_ms = w->now;
	since = since > changed ? since : changed;
	since = since > *agree_ms ? since : *agree_ms;
	/* an element that has moved while it was connected to its former home is asked there first: ownership.md 4.4 */
	uint64_t ask_ms = w->plan.style == SIM_LAYERS ? w->plan.keepalive_timeout_ms : 0;
	/* a table that was under way may bring an element back whose tombstone was dropped; the next one is requested later */
	uint64_t table_ms = w->plan.max_tombstones < 100 ? w->plan.no_response_ms + w->plan.heartbeat_ms : 0;
	if (w->now > since + sim_truth_bound(w) + ask_ms + table_ms)
		sim_violated(w, "digests-differ", "%s has not had %s's digest for %llu ms", n->name, home->name,
			     (unsigned long long)(w->now - since));
}

/* RFC 5353 s.3.4: the peer list of @n has each registrar that it hears, and none of those is dead. */
static void
judge_peers(struct sim *w, const struct sim_node *n)
{
	struct rsp_peer_view peer;
	uint64_t found = 0;

	for (unsigned i = 0; rsp_registrar_peer(n->registrar, i, &peer); i++) {
		bool there = peer.state != RSP_PEER_DEAD && peer.state != RSP_PEER_INACTIVE;

		for (unsigned k = 0; there && k < w->n_registrars; k++) /* two may have one id for a while */
			if (sim_registrar(w, k)->server_id == peer.server_id)
				found |= UINT64_C(1) << k;
	}
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *other = sim_registrar(w, i);
		uint64_t since = sim_truth_hear(w, n, other);

		if (n != other && since != RSP_NEVER && w->now > since + sim_bound_converged(&w->plan) &&
		    !(found >> i & 1))
			sim_violated(w, "peer-missing", "%s does not count %s among its peers, which it hears for %llu ms",
				     n->name, other->name, (unsigned long long)(w->now - since));
	}
}

static void
look_at_own(struct sim *w, const struct sim_node *n)
{
	uint64_t digest = sim_inside_digest(n, n->server_id, false);

	if (digest == w->judge->own[n->place].digest)
		return;
	w->judge->own[n->place].digest = digest;
	w->judge->own[n->place].since_ms = w->now;
}

void
sim_judge_look(struct sim *w)
{
	bool all = w->n_registrars <= 64;

	for (unsigned i = 0; i < w->n_registrars; i++)
		if (sim_registrar(w, i)->up)
			look_at_own(w, sim_registrar(w, i));
	for (unsigned i = 0; i < w->n_registrars && !sim_failed(w); i++) {
		const struct sim_node *n = sim_registrar(w, i);

		if (!n->up || (!all && (i + w->now / w->plan.sample_ms) % LARGE_STRIDE != 0))
			continue;
		judge_table(w, n);
		if (!judged(n) || !all)
			continue;
		for (unsigned k = 0; k < w->n_registrars; k++)
			if (sim_registrar(w, k)->up)
				judge_digest(w, n, sim_registrar(w, k));
		if (w->now % 1000 < w->plan.sample_ms)
			judge_peers(w, n);
	}
}

/* After all registrars were stopped, answers may be wrong for so long. A registrar with one contact knows only that one, and
 * learns of the others by its list: they exchange one in each heartbeat cycle, and then it dials them. */
static uint64_t
back_ms(const struct sim *w)
{
	return SIM_BACK_MS + (w->plan.all_contacts ? 0 : w->plan.heartbeat_ms + w->plan.no_response_ms);
}

/* All registrars were stopped, and are back; the one that is asked has served since @serving_ms: whether an answer must
 * have @e, which was registered before. */
static bool
is_kept(const struct sim *w, const struct sim_element *e, uint64_t serving_ms)
{
	struct rsp_client_stats stats;
	uint32_t generation = 0;

	if (!w->back.since_ms || w->plan.style != SIM_GENTLE || w->now <= w->back.since_ms + back_ms(w) ||
	    (serving_ms != RSP_NEVER && w->now <= serving_ms + back_ms(w)) || e->want != SIM_IN || e->kept == 0 ||
	    e->kept != e->client->life || !sim_node_runs(e->client))
		return false;
	if (w->back.killed)
		return true;
	rsp_client_stats(e->client->client, &stats);
	return sim_net_joined(e->client, stats.home_link, &generation) && generation == e->kept_generation;
}

/* Killed, they know nothing, and must not say that they do; paused, they know what they knew. */
static void
judge_kept(struct sim *w, const struct sim_node *n, const struct rsp_message *msg, unsigned pool)
{
	if (w->back.killed && msg->n_list > 0)
		return;
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (e->pool == pool && w->judge->stamp[i] != w->judge->look && is_kept(w, e, n->serving_ms))
			sim_violated(w, "forgotten", "%s answers %u elements of pool %u without pe %08x of %s, %llu ms "
				     "after all registrars came back", n->name, msg->n_list, e->pool, e->pe_id,
				     e->client->name, (unsigned long long)(w->now - w->back.since_ms));
	}
}

/* What was true at the last sample may have changed since: the element may have lost its connection. */
static bool
still_must_show(struct sim *w, const struct sim_node *n, const struct sim_element *e)
{
	uint64_t bound_ms;

	sim_truth_look(w);
	return sim_truth_must_show(w, n, e, &bound_ms) && !is_asked_for(w, n, e, view_of(w, n, e), bound_ms);
}

void
sim_judge_answer(struct sim *w, const struct sim_node *n, const struct rsp_message *msg)
{
	struct sim_judge *j = w->judge;
	struct rsp_list_item item;
	uint64_t bound_ms;
	unsigned pool = sim_load_pool(w, msg->handle);
	size_t cursor = 0;

	j->look++;
	while (rsp_list_next(msg, &cursor, &item)) {
		const struct sim_element *e = sim_load_find(w, msg->handle, item.element.pe_id);

		if (e)
			j->stamp[index_of(w, e)] = j->look;
	}
	if (msg->n_list >= w->plan.max_items)
		return;
	judge_kept(w, n, msg, pool);
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (e->pool == pool && j->stamp[i] != j->look && sim_truth_must_show(w, n, e, &bound_ms) &&
		    still_must_show(w, n, e))
			sim_violated(w, msg->n_list > 0 ? "short-answer" : "wrong-not-found",
				     "%s answers %u elements of pool %u without pe %08x of %s, connected to %s", n->name,
				     msg->n_list, e->pool, e->pe_id, e->client->name, e->client->attached->name);
	}
}

void
sim_judge_report(struct sim *w, const struct sim_node *n, const struct rsp_message *msg)
{
	struct sim_element *e = sim_load_find(w, msg->handle, msg->pe_id);
	struct sim_shown got;

	/* of an element that it does not know, as it has just moved or registered, a registrar asks nobody */
	if (e && e->want == SIM_OUT && !e->reported_ms && sim_inside_find(n, msg->handle, msg->pe_id, &got))
		e->reported_ms = w->now;
}
