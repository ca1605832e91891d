#include "told.h"

#include <stdlib.h>
#include <string.h>

#include "engine/registrar/hold.h"
#include "proto/message.h"

/* The home of an element has told a registrar that it is removed. */
struct removal {
	uint32_t home_id; /* 0: it has not, or it is there again */
	uint64_t at_ms;
	struct sim_number number;
};

/* A registrar has taken an element over. */
struct takeover {
	struct sim_number number;
	uint64_t at_ms; /* 0: it has not */
};

struct sim_told {
	struct removal *removal; /* [element][registrar] */
	struct takeover *taken;	 /* the same */
	uint64_t *asked_ms;	 /* [pool][registrar][client]: the oldest question without an answer; 0: none */
};

void
sim_told_new(struct sim *w)
{
	w->told = sim_alloc(1, sizeof(*w->told));
	w->told->removal = sim_alloc((size_t)w->load->room * w->n_registrars, sizeof(struct removal));
	w->told->taken = sim_alloc((size_t)w->load->room * w->n_registrars, sizeof(struct takeover));
	w->told->asked_ms = sim_alloc((size_t)w->plan.pools * w->n_registrars * w->n_nodes, sizeof(uint64_t));
}

void
sim_told_free(struct sim *w)
{
	free(w->told->removal);
	free(w->told->taken);
	free(w->told->asked_ms);
	free(w->told);
}

static size_t
index_of(const struct sim *w, const struct sim_element *e, const struct sim_node *n)
{
	return (size_t)(e - w->load->element) * w->n_registrars + n->place;
}

static struct removal *
removal_of(const struct sim *w, const struct sim_element *e, const struct sim_node *n)
{
	return &w->told->removal[index_of(w, e, n)];
}

void
sim_told_nothing(struct sim *w, const struct sim_node *n)
{
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		*removal_of(w, &w->load->element[i], n) = (struct removal){ 0 };
		w->told->taken[index_of(w, &w->load->element[i], n)] = (struct takeover){ 0 };
	}
}

static void
told_update(struct sim *w, const struct sim_node *n, const struct rsp_message *msg)
{
	const struct sim_element *e = sim_load_find(w, msg->handle, msg->element.pe_id);
	const struct rsp_statement *statement = &msg->element.statement;
	struct removal *removal = e ? removal_of(w, e, n) : NULL;
	struct sim_shown got;

	if (!removal || msg->element.home_id != msg->sender_id)
		return;
	*removal = (struct removal){ 0 };
	if (msg->update_action != ENRP_DEL_PE || (sim_inside_find(n, msg->handle, e->pe_id, &got) && got.linked))
		return; /* one that is linked is asked: judge.c */
	removal->home_id = msg->sender_id;
	removal->at_ms = w->now;
	removal->number = (struct sim_number){
		{ statement->epoch.epoch, statement->epoch.instance, statement->rank, msg->sender_id }
	};
}

static void
told_table(struct sim *w, const struct sim_node *n, uint32_t sender_id)
{
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		struct removal *removal = removal_of(w, &w->load->element[i], n);

		if (removal->home_id == sender_id)
			*removal = (struct removal){ 0 };
	}
}

/* Then an element whose clock was set back may begin below its removal. */
static bool
may_be_forgotten(const struct sim *w, const struct removal *removal)
{
	return w->now > removal->at_ms + w->plan.tombstone_ms / 2 || w->plan.max_tombstones < 100;
}

/* RFC 5352 s.3.2: what was taken over answers a look, but has not registered for its registration life. */
static void
look_at_taken(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	struct takeover *taken = &w->told->taken[index_of(w, e, n)];
	uint64_t life_ms = 1000 * (uint64_t)w->plan.lifetime_s + sim_bound_converged(&w->plan);
	bool is_taken = got->home_id == n->server_id && got->number.part[2] > 1 && !got->linked && !got->old;
	uint64_t since_ms = taken->at_ms > n->runs_ms ? taken->at_ms : n->runs_ms;
	const struct removal *removal = removal_of(w, e, n);

	/* it was removed, the tombstone was dropped, and another registrar brought it back: its life began anew */
	if (may_be_forgotten(w, removal) && removal->at_ms > since_ms)
		since_ms = removal->at_ms;
	if (!is_taken || !taken->at_ms || sim_number_compare(&got->number, &taken->number) != 0)
		*taken = is_taken ? (struct takeover){ got->number, w->now } : (struct takeover){ 0 };
	else if (sim_node_runs(n) && w->now > since_ms + life_ms)
		sim_violated(w, "not-expired", "%s shows pe %08x of %s, which it took over %llu ms ago", n->name, e->pe_id,
			     e->client->name, (unsigned long long)(w->now - taken->at_ms));
}

void
sim_told_look(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got)
{
	const struct removal *removal = removal_of(w, e, n);
	bool word = got->number.part[2] == 0; /* it has no number: the last that its home says holds */

	look_at_taken(w, n, e, got);
	/* another registrar has removed it too, and the home was asked about that: its answer is waited for */
	if (strcmp(got->phase, "foreign-waits") == 0)
		return;
	if (!removal->home_id || removal->home_id != got->home_id || got->linked || (got->old && !word) ||
	    w->now < removal->at_ms + w->plan.sample_ms || may_be_forgotten(w, removal))
		return;
	if (word || sim_number_compare(&got->number, &removal->number) < 0)
		sim_violated(w, "removed-shown", "%s shows pe %08x of %s at %08x, which told it %llu ms ago that it is removed",
			     n->name, e->pe_id, e->client->name, got->home_id,
			     (unsigned long long)(w->now - removal->at_ms));
}

static uint64_t *
asked_of(struct sim *w, const struct sim_node *n, const struct sim_node *user, unsigned pool)
{
	return &w->told->asked_ms[((size_t)pool * w->n_registrars + n->place) * w->n_nodes + user->place];
}

static void
question(struct sim *w, const struct sim_node *n, const struct sim_node *user, const struct rsp_message *msg)
{
	unsigned pool = sim_load_pool(w, msg->handle);
	uint64_t *asked_ms = pool < w->plan.pools ? asked_of(w, n, user, pool) : NULL;

	if (asked_ms && !*asked_ms)
		*asked_ms = w->now;
}

/* Whether a client has an element in @pool that was registered before all registrars were killed. */
static bool
is_registered(const struct sim *w, unsigned pool)
{
	for (unsigned i = 0; i < w->load->n_elements; i++) {
		const struct sim_element *e = &w->load->element[i];

		if (e->pool == pool && e->want == SIM_IN && e->kept != 0 && e->kept == e->client->life &&
		    sim_node_runs(e->client))
			return true;
	}
	return false;
}

/* Whether @n holds as many questions of @user as it may (hold.h): it answers a further one at once. */
static bool
holds_enough(struct sim *w, const struct sim_node *n, const struct sim_node *user)
{
	unsigned held = 0;

	for (unsigned pool = 0; pool < w->plan.pools; pool++)
		held += *asked_of(w, n, user, pool) != 0;
	return held >= RSP_HELD_LINK_MAX;
}

static void
answer(struct sim *w, const struct sim_node *n, const struct sim_node *user, const struct rsp_message *msg)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();
	unsigned pool = sim_load_pool(w, msg->handle);
	uint64_t asked_ms;

	if (pool >= w->plan.pools)
		return;
	if (n->served_ms == RSP_NEVER) /* RFC 5353 s.3.2.3: it knows nothing yet, and has no copy of what it knew either */
		sim_violated(w, "answered-unready", "%s answers %s about pool %u, and has not served yet", n->name, user->name, pool);
	asked_ms = *asked_of(w, n, user, pool);
	*asked_of(w, n, user, pool) = 0;
	if (!asked_ms || msg->n_list > 0 || !w->back.since_ms || !w->back.killed || n->serving_ms == RSP_NEVER ||
	    w->now >= n->serving_ms + config.hold_window_ms || w->now >= asked_ms + config.hold_ms || !is_registered(w, pool) ||
	    holds_enough(w, n, user))
		return;
	sim_violated(w, "answered-too-soon", "%s has begun to serve %llu ms ago, and answers a question about pool %u after "
		     "%llu ms that there is none", n->name, (unsigned long long)(w->now - n->serving_ms), pool,
		     (unsigned long long)(w->now - asked_ms));
}

void
sim_told_received(struct sim *w, const struct sim_node *n, const struct sim_node *from, enum rsp_protocol protocol,
		  struct rsp_bytes message)
{
	unsigned type = message.n ? message.p[0] : 0;
	bool update = protocol == RSP_ENRP && type == ENRP_HANDLE_UPDATE;
	bool table = protocol == RSP_ENRP && type == ENRP_HANDLE_TABLE_RESPONSE;
	bool asks = protocol == RSP_ASAP && type == ASAP_HANDLE_RESOLUTION;
	struct rsp_message msg;

	if (!n->is_registrar || !(update || table || asks) || rsp_message_decode(protocol, message, &msg, NULL))
		return;
	if (update)
		told_update(w, n, &msg);
	else if (table)
		told_table(w, n, msg.sender_id);
	else
		question(w, n, from, &msg);
}

void
sim_told_sent(struct sim *w, const struct sim_node *n, const struct sim_node *to, enum rsp_protocol protocol,
	      struct rsp_bytes message)
{
	struct rsp_message msg;

	if (n->is_registrar && protocol == RSP_ASAP && message.n && message.p[0] == ASAP_HANDLE_RESOLUTION_RESPONSE &&
	    !rsp_message_decode(protocol, message, &msg, NULL))
		answer(w, n, to, &msg);
}
