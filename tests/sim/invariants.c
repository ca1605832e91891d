#include "invariants.h"

#include <stdlib.h>
#include <string.h>

#include "arbitration.h"
#include "base/attr.h"
#include "inside.h"
#include "judge.h"
#include "monitor.h"
#include "net.h"
#include "report.h"
#include "tally.h"
#include "told.h"
#include "truth.h"
#include "watch.h"

struct sim_check {
	bool strict;
	uint32_t *stamp; /* by element: the value of @look when it was last seen */
	uint32_t *times; /* by element: how many registrars have it, as of this sample, */
	struct sim_number *number; /* in the statement of this number */
	uint32_t look;
	uint32_t *id; /* all server ids of this run */
	unsigned n_ids, ids_room;
	uint64_t sent[16]; /* ENRP messages by type */
	uint64_t renewals;
};

static unsigned
index_of(const struct sim *w, const struct sim_element *e)
{
	return (unsigned)(e - w->load->element);
}

void
sim_check_new(struct sim *w)
{
	w->check = sim_alloc(1, sizeof(*w->check));
	sim_truth_new(w);
	sim_judge_new(w);
	sim_told_new(w);
	sim_tally_new(w);
	sim_arbitration_new(w);
	sim_watch_new(w);
	sim_monitor_new(w);
	w->check->stamp = sim_alloc(w->load->room, sizeof(*w->check->stamp));
	w->check->times = sim_alloc(w->load->room, sizeof(*w->check->times));
	w->check->number = sim_alloc(w->load->room, sizeof(*w->check->number));
}

void
sim_check_free(struct sim *w)
{
	free(w->check->stamp);
	free(w->check->times);
	free(w->check->number);
	free(w->check->id);
	free(w->check);
	sim_monitor_free(w);
	sim_watch_free(w);
	sim_arbitration_free(w);
	sim_tally_free(w);
	sim_told_free(w);
	sim_judge_free(w);
	sim_truth_free(w);
}

void
sim_check_strict(struct sim *w, bool strict)
{
	w->check->strict = strict;
	for (unsigned i = 0; i < w->load->n_elements; i++)
		w->load->element[i].stable = false;
}

/* @n has lost its table: elements that it does not show now were not removed. */
static void
forget_seen(struct sim *w, const struct sim_node *n)
{
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		w->load->element[i].seen[n->place] = SIM_UNSEEN;
		w->load->element[i].number[n->place] = (struct sim_number){ 0 };
	}
}

void
sim_check_started(struct sim *w, const struct sim_node *n)
{
	struct sim_check *c = w->check;

	forget_seen(w, n);
	sim_told_nothing(w, n);
	sim_arbitration_started(w, n);
	if (c->n_ids == c->ids_room) {
		c->ids_room = c->ids_room ? 2 * c->ids_room : 32;
		c->id = reallocarray(c->id, c->ids_room, sizeof(*c->id));
		if (!c->id)
			abort();
	}
	c->id[c->n_ids++] = n->server_id;
}

bool
sim_well(const struct sim_node *n)
{
	return sim_node_runs(n) && n->faults == 0;
}

/* Whether @n is well, and answers users from its table. */
static bool
serves(const struct sim_node *n)
{
	return sim_well(n) && !n->ill && rsp_registrar_state(n->registrar) == RSP_REGISTRAR_SERVING &&
	       n->w->now > n->well_ms + 100;
}

static void
check_checksums(struct sim *w, const struct sim_node *n)
{
	/* a full checksum takes time: some at each look */
	unsigned stride = w->n_registrars > 9 ? 50 : w->plan.handle_size > 100 ? 20 : 3;

	for (unsigned i = w->check->look % stride; i < w->check->n_ids; i += stride) {
		uint32_t id = w->check->id[i];
		uint16_t kept = sim_inside_checksum(n, id, false), full = sim_inside_checksum(n, id, true);

		if (kept != full)
			sim_violated(w, "checksum", "%s keeps %04x for %08x, which is %04x", n->name, kept, id, full);
		if (sim_inside_digest(n, id, false) != sim_inside_digest(n, id, true))
			sim_violated(w, "digest", "%s keeps a wrong digest for %08x", n->name, id);
	}
}

/* Whether the home of @e was well when @e left: then that home has announced the removal. */
static bool
home_was_well(const struct sim_element *e)
{
	return e->home && sim_well(e->home) && e->home->well_ms + 1000 < e->out_ms;
}

/* Whether @n has heard the registrar at which @e left since before: then it was told at once. */
static bool
hears_home(const struct sim *w, const struct sim_node *n, const struct sim_element *e)
{
	uint64_t since = n == e->home ? 0 : sim_truth_hear(w, n, e->home);

	if (n->stripped || e->home->stripped) /* the word of another implementation: judge.c */
		return false;
	return since != RSP_NEVER && since + sim_bound_converged(&w->plan) < e->out_ms;
}

uint64_t
sim_over(const struct sim *w)
{
	return w->joined_ms ? w->joined_ms + sim_bound_removal(&w->plan, true) + 1000 : 0;
}

/* @e has no EPOCH, and another registrar than the one at which it left numbered it while the two did not hear each other: the
 * removal may be below that. Then it is shown until that registrar has looked ("dead-shown"). */
static bool
is_numbered_elsewhere(const struct sim_element *e, const struct sim_shown *got)
{
	return e->client->no_epoch && got->home_id != e->home->server_id;
}

/* The registrar @n shows @e as @got: it must not show an element that left long ago. An element that restarts and leaves
 * at once may be registered by a request that was under way, after the removal of its former life. */
static void
see(struct sim *w, const struct sim_node *n, struct sim_element *e, const struct sim_shown *got)
{
	uint8_t *seen = &e->seen[n->place];
	bool kept = w->plan.max_tombstones > 100; /* a tombstone that was dropped tells nothing of what is shown again */

	if (e->want == SIM_IN || (*seen == SIM_BURIED ? kept && sim_inside_outlives(n, got) : e->want == SIM_LEAVING))
		*seen = SIM_SEEN;
	if (e->want != SIM_OUT)
		return;
	if (!w->check->strict || e->torn || !serves(n) || !home_was_well(e) || !hears_home(w, n, e) ||
	    w->now < sim_over(w) || is_numbered_elsewhere(e, got))
		return;
	/* the word of a registrar without statements has no number, and stands until that registrar ends it */
	if (*seen == SIM_BURIED && got->number.part[0] && kept)
		sim_violated(w, "resurrected", "%s shows pe %08x again, which it had removed", n->name, e->pe_id);
	else if (*seen == SIM_BURIED) /* its tombstone was dropped: "dead-shown" gives its home the time to look again */
		return;
	else if (e->reported_ms && w->now > e->reported_ms + sim_bound_report(&w->plan))
		sim_violated(w, "reported", "%s shows pe %08x, which was reported %llu ms ago", n->name, e->pe_id,
			     (unsigned long long)(w->now - e->reported_ms));
	else if (w->now > e->out_ms + e->out_bound_ms)
		sim_violated(w, "dead-element", "%s shows pe %08x, gone for %llu ms", n->name, e->pe_id,
			     (unsigned long long)(w->now - e->out_ms));
}

/* Of two statements about an element the newer one holds, in whichever order they arrive. */
static void
check_number(struct sim *w, const struct sim_node *n, struct sim_element *e, const struct sim_shown *got)
{
	struct sim_number *last = &e->number[n->place];
	uint64_t hidden = e->hidden_ms[n->place];

	/* While a registrar that was away joins again, the rest of its old table is no statement: others correct it. */
	if (got->old)
		return;
	e->hidden_ms[n->place] = 0;
	if ((hidden && w->now > hidden + w->plan.tombstone_ms) || w->plan.max_tombstones < 100)
		*last = (struct sim_number){ { 0 } }; /* its removal may be forgotten */
	if (sim_number_compare(&got->number, last) < 0)
		sim_violated(w, "older-statement", "%s shows pe %08x as of %llu, %llu, %llu, and has shown it as of %llu, %llu, %llu",
			     n->name, e->pe_id, (unsigned long long)got->number.part[0],
			     (unsigned long long)got->number.part[1], (unsigned long long)got->number.part[2],
			     (unsigned long long)last->part[0], (unsigned long long)last->part[1],
			     (unsigned long long)last->part[2]);
	*last = got->number;
}

/* Count how many registrars have @e in one version of it. */
static void
count(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	struct sim_check *c = w->check;
	unsigned i = index_of(w, e);

	if (n->ill)
		return;
	if (c->times[i] == 0)
		c->number[i] = got->number;
	c->times[i] += sim_number_compare(&got->number, &c->number[i]) == 0;
}

/* Whether @n may lack @e although it is stable: @n and the home of @e have not met. Then @n does not hear what becomes of @e there,
 * and removes it once it does not answer; when they meet, it is told of @e as of any. */
static bool
may_lack(const struct sim *w, const struct sim_node *n, const struct sim_element *e)
{
	const struct sim_node *home = sim_load_home(e->client);
	uint64_t met_ms = home && home != n ? sim_truth_met(w, n, home) : 0;

	return met_ms == RSP_NEVER || (met_ms && w->now <= met_ms + sim_truth_bound(w));
}

/* Check all elements that @n has. */
static void
look_at(struct sim *w, const struct sim_node *n)
{
	struct sim_check *c = w->check;
	struct sim_walk walk = { 0 };
	struct sim_shown got;

	c->look++;
	while (sim_inside_next(n, &walk, &got)) {
		struct sim_element *e = sim_load_find(w, got.handle, got.pe_id);

		if (!e) {
			sim_violated(w, "invented-element", "%s shows pe %08x", n->name, got.pe_id);
			return;
		}
		c->stamp[index_of(w, e)] = c->look;
		count(w, n, e, &got);
		see(w, n, e, &got);
		check_number(w, n, e, &got);
		sim_told_look(w, n, e, &got);
	}
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		if (c->stamp[i] == c->look)
			continue;
		if (!e->hidden_ms[n->place])
			e->hidden_ms[n->place] = w->now;
		if (e->want == SIM_OUT && e->seen[n->place] == SIM_SEEN)
			e->seen[n->place] = SIM_BURIED;
		/* a registrar without statements learns of each other one from that one: it joins with less */
		if (c->strict && e->stable && serves(n) && !n->stripped && !may_lack(w, n, e))
			sim_violated(w, "lost-element", "%s has lost pe %08x of %s", n->name, e->pe_id,
				     e->client->name);
	}
}

/* The numbers of peers, tombstones and links stay within bounds that follow from the size of the scope. */
static void
check_bounds(struct sim *w, const struct sim_node *n)
{
	struct rsp_registrar_stats stats = rsp_registrar_stats(n->registrar);
	uint32_t most_links = 4 * w->n_registrars + 4 * w->load->n_elements + 4 * w->n_nodes;

	if (stats.peers > w->check->n_ids)
		sim_violated(w, "peers", "%s has %u peers", n->name, stats.peers);
	if (stats.tombstones > w->load->n_elements)
		sim_violated(w, "tombstones", "%s remembers %u removed elements of %u", n->name, stats.tombstones,
			     w->load->n_elements);
	if (stats.links > most_links || sim_net_links(n) > most_links)
		sim_violated(w, "links", "%s has %u links, %u", n->name, stats.links, sim_net_links(n));
}

static void
check_accounts(struct sim *w, const struct sim_node *n)
{
	uint32_t kept = sim_inside_charged(n, false), full = sim_inside_charged(n, true);

	if (kept != full)
		sim_violated(w, "account", "%s has charged %u elements to identities, and is the home of %u", n->name, kept, full);
}

/* Whether @e is registered over a connection to @home: its client may have found another home that does not have it yet. */
static bool
is_linked_at(const struct sim_node *home, const struct sim_element *e)
{
	struct sim_shown got;

	return sim_inside_find(home, sim_load_handle(home->w, e->pool), e->pe_id, &got) && got.linked;
}

/* From now on no registrar may lose an element that all (@there many) have now, as long as nothing touches it. */
static void
mark_stable(struct sim *w, unsigned there)
{
	const struct sim_node *client = NULL, *home = NULL;
	uint64_t answer_ms = 2 * (uint64_t)w->plan.keepalive_timeout_ms;

	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct sim_element *e = &w->load->element[i];

		if (e->want != SIM_IN || !e->held || e->stable || e->torn || w->check->times[i] != there)
			continue;
		if (e->client != client) {
			client = e->client;
			home = sim_load_home(client);
		}
		e->stable = sim_well(client) && !client->ill && w->now > client->well_ms + answer_ms && home &&
			    sim_well(home) && !home->ill && is_linked_at(home, e);
	}
}

static void
on_sample(struct sim *w, void *ctx, uint32_t generation)
{
	struct sim_check *c = w->check;
	unsigned there = 0;
	bool paused = false;

	(void)ctx;
	(void)generation;
	sim_truth_look(w);
	sim_judge_look(w);
	sim_arbitration_look(w);
	memset(c->times, 0, w->load->n_elements * sizeof(*c->times));
	for (unsigned i = 0; i < w->n_registrars; i++) {
		const struct sim_node *n = sim_registrar(w, i);

		if (!n->up)
			continue;
		there += !n->ill;
		paused = paused || n->paused; /* its table is out of date */
		check_checksums(w, n);
		look_at(w, n);
		check_bounds(w, n);
		check_accounts(w, n);
	}
	if (c->strict && there && !w->split && !paused)
		mark_stable(w, there);
	sim_at(w, w->now + w->plan.sample_ms, on_sample, NULL, 0);
}

void
sim_check_start(struct sim *w)
{
	sim_at(w, w->now + w->plan.sample_ms, on_sample, NULL, 0);
}

void
sim_check_expired(struct sim *w, const struct sim_element *e)
{
	const struct sim_node *home = sim_load_home(e->client);

	/* of two keep-alives that a clock has brought together, an element answers one */
	if (home && w->now < home->runs_ms + 2 * (uint64_t)w->plan.keepalive_timeout_ms)
		return;
	if (w->check->strict && sim_well(e->client))
		sim_violated(w, "removed-alive", "%s was told that its pe %08x was removed", e->client->name,
			     e->pe_id);
}

/* Whether a correct registrar or element may be refused with @event: after a partition it may be out of date. */
static bool
may_be_refused(const struct sim *w, const struct sim_node *n, const struct rsp_event *event)
{
	bool parted = !w->check->strict || w->now < sim_over(w);

	if (w->same_id)
		return true;

	for (unsigned i = 0; i < w->n_registrars; i++)
		parted = parted || w->node[i].ill;
	if (event->reason == RSP_REASON_TAKEOVER_OF_LIVE) /* or its last message has just arrived, after its end */
		return parted || w->lied_of || !sim_node_of_id(w, sim_arbitration_target(w, n));
	/* what a process sent arrives after its end, and the one that followed it has registered */
	const struct sim_element *e = event->pe_id ? sim_load_find(w, event->handle, event->pe_id) : NULL;
	if (event->reason == RSP_REASON_DISPLACED)
		return e && e->client->life > 1;
	/* the former home of an element that has another home by now may announce a removal */
	return event->reason == RSP_REASON_ELEMENT_OF_REGISTRAR &&
	       w->plan.style != SIM_QUIET;
}

/* Whether both have run for long, and each has reached the other for long. With one contact each, they may not have met. */
static bool
hear_each_other(const struct sim *w, const struct sim_node *a, const struct sim_node *b)
{
	const struct sim_plan *p = &w->plan;
	uint64_t enough = p->last_heard_ms + 3 * (uint64_t)p->no_response_ms + sim_bound_exchange(p);
	uint64_t since = sim_net_since(w, a, b) > sim_net_since(w, b, a) ? sim_net_since(w, a, b)
									 : sim_net_since(w, b, a);

	since = a->runs_ms > since ? a->runs_ms : since;
	since = b->runs_ms > since ? b->runs_ms : since;
	bool met = w->plan.all_contacts || sim_truth_hear(w, a, b) != RSP_NEVER;
	return met && sim_node_runs(a) && sim_node_runs(b) && !a->slow_ms && !b->slow_ms && !sim_net_blocked(w, a, b) &&
	       !sim_net_blocked(w, b, a) && w->now > since + enough;
}

void
sim_check_record(struct sim *w, struct sim_node *n, const struct rsp_event *event)
{
	const struct sim_node *target = event->peer_id ? sim_node_of_id(w, event->peer_id) : NULL;
	struct sim_shown taken;

	sim_report_record(w, n, event);
	sim_tally_record(w, n, event);
	sim_arbitration_record(w, n, event);
	if (event->kind == RSP_EVENT_REJOINING) {
		forget_seen(w, n);
		sim_told_nothing(w, n);
	}
	/* when a partition ends, more elements may be contested than are recorded one by one */
	bool many = event->kind == RSP_EVENT_LIMIT && (w->plan.tight || event->reason == RSP_REASON_RECORDS);

	/* a late message of a registrar that has restarted, or that has drawn another id, looks like a second one */
	bool two = event->kind == RSP_EVENT_DUPLICATE_NAME && (w->strict ? !w->same_id : w->plan.style != SIM_STORM);

	if (event->kind == RSP_EVENT_MALFORMED || two ||
	    (event->kind == RSP_EVENT_DUPLICATE_SERVER_ID && !w->same_id) ||
	    (event->kind == RSP_EVENT_LIMIT && !many) ||
	    (event->kind == RSP_EVENT_REFUSED && !may_be_refused(w, n, event)))
		sim_violated(w, "refused", "%s: %s %s, message %u of %s", n->name, rsp_event_name(event->kind),
			     event->reason ? rsp_reason_word(event->reason) : "", event->message_type,
			     event->identity ? event->identity : "an unknown sender");
	if (event->kind == RSP_EVENT_TAKEOVER_DONE) {
		if (sim_inside_badly_taken(n, &taken))
			sim_violated(w, "takeover-version", "%s has pe %08x of %s in version %llu", n->name,
				     taken.pe_id, target ? target->name : "another",
				     (unsigned long long)taken.number.part[0]);
	}
	if (event->kind == RSP_EVENT_PEER_LEFT && target && hear_each_other(w, n, target))
		sim_violated(w, "takeover-of-the-living", "%s lets %08x take over %s, which it hears", n->name,
			     event->by_id, target->name);
	if (event->kind == RSP_EVENT_TAKEOVER_DONE && target && hear_each_other(w, n, target))
		sim_violated(w, "takeover-of-the-living", "%s took over %s, which it hears", n->name, target->name);
	if (event->kind == RSP_EVENT_PEER_DEAD && target && hear_each_other(w, n, target))
		sim_violated(w, "held-for-dead", "%s holds %s for dead, which it hears", n->name, target->name);
}

/* Each answer to a user has all elements of the pool that are stable. */
static void
check_answer(struct sim *w, const struct sim_node *n, const struct rsp_message *msg)
{
	struct sim_check *c = w->check;
	struct rsp_list_item item;
	unsigned pool = sim_load_pool(w, msg->handle);
	size_t cursor = 0;

	c->look++;
	while (rsp_list_next(msg, &cursor, &item)) {
		const struct sim_element *e = sim_load_find(w, msg->handle, item.element.pe_id);

		if (e)
			c->stamp[index_of(w, e)] = c->look;
	}
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (e->pool != pool || !e->stable || c->stamp[i] == c->look || may_lack(w, n, e))
			continue;
		if (msg->n_list < w->plan.max_items)
			sim_violated(w, "incomplete-answer", "%s answers %u elements of pool %u without pe %08x of %s",
			     n->name, msg->n_list, e->pool, e->pe_id, e->client->name);
	}
}

/* @msg goes to a registrar that is stopped. It reads @msg later, when the element may have registered elsewhere. */
static void
tear(struct sim *w, const struct rsp_message *msg)
{
	bool registers = msg->type == ASAP_REGISTRATION;
	struct sim_element *e = sim_load_find(w, msg->handle, registers ? msg->element.pe_id : msg->pe_id);

	if (e) {
		e->torn = true;
		e->stable = false;
	}
}

void
sim_check_sent(struct sim *w, const struct sim_node *n, const struct sim_node *to, enum rsp_protocol protocol,
	       struct rsp_bytes message)
{
	struct rsp_message msg;

	if (protocol == RSP_ENRP && message.n) {
		w->check->sent[message.p[0] & 15]++;
		if (n->is_registrar)
			sim_arbitration_sent(w, n, message);
	}
	if (protocol == RSP_ENRP && message.n > 1 && message.p[0] == ENRP_HANDLE_TABLE_RESPONSE &&
	    !(message.p[1] & (ENRP_FLAG_REJECT | ENRP_FLAG_MORE)))
		sim_tally_download(w);
	if (protocol != RSP_ASAP || !message.n)
		return;
	w->check->renewals += message.p[0] == ASAP_REGISTRATION_RESPONSE;
	if ((message.p[0] == ASAP_REGISTRATION || message.p[0] == ASAP_DEREGISTRATION) && to->paused &&
	    !rsp_message_decode(RSP_ASAP, message, &msg, NULL))
		tear(w, &msg);
	if (message.p[0] != ASAP_HANDLE_RESOLUTION_RESPONSE)
		return;
	if (rsp_message_decode(RSP_ASAP, message, &msg, NULL)) {
		sim_violated(w, "nonsense", "%s sends what cannot be decoded", n->name);
		return;
	}
	sim_judge_answer(w, n, &msg);
	if (w->check->strict && sim_well(n) && !n->ill && !n->stripped)
		check_answer(w, n, &msg);
}

/* Beyond the RFC each registrar asks one peer a heartbeat cycle for its list of peers. */
static bool
is_list(unsigned type)
{
	return type == ENRP_LIST_REQUEST || type == ENRP_LIST_RESPONSE;
}

void
sim_check_received(struct sim *w, const struct sim_node *n, enum rsp_protocol protocol, struct rsp_bytes message)
{
	struct rsp_message msg;
	struct sim_element *e;

	if (protocol == RSP_ENRP && message.n && n->is_registrar)
		sim_arbitration_received(w, n, message);
	if (protocol == RSP_ASAP && message.n && message.p[0] == ASAP_ENDPOINT_UNREACHABLE &&
	    !rsp_message_decode(RSP_ASAP, message, &msg, NULL))
		sim_judge_report(w, n, &msg);
	if (protocol != RSP_ENRP || !message.n || message.p[0] != ENRP_HANDLE_UPDATE ||
	    rsp_message_decode(RSP_ENRP, message, &msg, NULL) || msg.update_action != ENRP_DEL_PE)
		return;
	struct sim_shown got;
	/* only its home removes it */
	bool applies = !sim_inside_find(n, msg.handle, msg.element.pe_id, &got) || got.home_id == msg.sender_id;
	e = sim_load_find(w, msg.handle, msg.element.pe_id);
	if (e && e->want != SIM_IN && applies)
		e->seen[n->place] = SIM_BURIED;
}

/* Note in @agree, for each two registrars, whether the first one's digest of the second one's elements is right. */
static void
compare_digests(struct sim *w, bool *agree)
{
	for (unsigned i = 0; i < w->n_registrars; i++)
		for (unsigned j = 0; j < w->n_registrars; j++) {
			const struct sim_node *n = sim_registrar(w, i), *home = sim_registrar(w, j);

			if (!sim_well(n) || !sim_well(home) || n->stripped || home->stripped ||
			    sim_inside_digest(n, home->server_id, false) == sim_inside_digest(home, home->server_id, false))
				agree[i * w->n_registrars + j] = true;
		}
}

/* Go on for @ms. Beyond the RFC: meanwhile all registrars come to agree about all elements, with all attributes; not at
 * every moment, because elements register again. */
static void
run_and_agree(struct sim *w, uint64_t ms)
{
	unsigned n = w->n_registrars;
	bool *agree = sim_alloc((size_t)n * n, sizeof(*agree));
	uint64_t end = w->now + ms;

	while (!sim_failed(w) && w->now < end) {
		sim_run(w, w->now + w->plan.sample_ms < end ? w->now + w->plan.sample_ms : end);
		compare_digests(w, agree);
	}
	for (unsigned i = 0; i < n * n; i++)
		if (!agree[i])
			sim_violated(w, "digest", "%s never has the digest of %s's elements",
				     sim_registrar(w, i / n)->name, sim_registrar(w, i % n)->name);
	free(agree);
}

void
sim_check_traffic(struct sim *w, uint64_t ms)
{
	struct sim_check *c = w->check;
	const struct sim_plan *p = &w->plan;
	uint64_t pairs = (uint64_t)w->n_registrars * (w->n_registrars - 1);
	uint64_t rounds = ms / p->heartbeat_ms + 2;

	memset(c->sent, 0, sizeof(c->sent));
	c->renewals = 0;
	run_and_agree(w, ms);
	if (sim_failed(w))
		return;
	/* RFC 5353 s.3.4.2: one presence to each peer a cycle; s.3.3.1: a registration to each peer */
	if (c->sent[ENRP_PRESENCE] > pairs * rounds)
		sim_violated(w, "traffic", "%llu presences in %llu ms among %u registrars",
			     (unsigned long long)c->sent[ENRP_PRESENCE], (unsigned long long)ms, w->n_registrars);
	if (c->sent[ENRP_HANDLE_UPDATE] > c->renewals * (w->n_registrars - 1))
		sim_violated(w, "traffic", "%llu updates for %llu registrations among %u registrars",
			     (unsigned long long)c->sent[ENRP_HANDLE_UPDATE], (unsigned long long)c->renewals,
			     w->n_registrars);
	for (unsigned type = ENRP_HANDLE_TABLE_REQUEST; type <= ENRP_ERROR; type++)
		if (type != ENRP_HANDLE_UPDATE && c->sent[type] > (is_list(type) ? w->n_registrars * rounds : 0))
			sim_violated(w, "traffic", "%llu %s while nothing happens",
				     (unsigned long long)c->sent[type], rsp_message_name(RSP_ENRP, (uint8_t)type));
}
