#include "engine/enrp/server_id.h"

#include <string.h>

#include "engine/enrp/download.h"
#include "engine/enrp/join.h"

void
rsp_server_id_is_shared(struct rsp_enrp *n, struct rsp_bytes name)
{
	struct rsp_core *core = n->core;
	struct rsp_shared_id *shared = &n->shared_id;
	uint64_t limit_ms = shared->next_ms > core->now_ms ? shared->next_ms - core->now_ms : 0;
	uint64_t wait_ms = 0;

	shared->heard_ms = core->now_ms;
	if (rsp_timer_is_set(&shared->timer.timer))
		return;
	shared->name[0] = '\0';
	if (name.n && name.n < sizeof(shared->name) && !core->config.insecure) {
		memcpy(shared->name, name.p, name.n);
		shared->name[name.n] = '\0';
	}
	if (core->state != RSP_REGISTRAR_JOINING)
		wait_ms = rsp_rng_jitter(&core->rng, RSP_SERVER_ID_WAIT_MS, 50);
	wait_ms = wait_ms > limit_ms ? wait_ms : limit_ms;
	shared->draw = wait_ms == 0;
	if (wait_ms)
		rsp_enrp_set(n, &shared->timer, wait_ms);
}

/* Whether the other registrar is a peer now, and so has another id. */
static bool
has_come_back(const struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (*n->shared_id.name && strcmp(n->peer[i]->name, n->shared_id.name) == 0 &&
		    rsp_peer_is_alive(n->peer[i]) && rsp_peer_link(n->peer[i]))
			return true;
	return false;
}

void
rsp_server_id_due(struct rsp_enrp *n)
{
	struct rsp_shared_id *shared = &n->shared_id;

	shared->draw = n->core->now_ms - shared->heard_ms < RSP_SERVER_ID_FORGET_MS && !has_come_back(n);
}

static bool
is_taken(const struct rsp_enrp *n, uint32_t id)
{
	return id == n->core->config.server_id || rsp_peer_find(n, id) || rsp_home_count(n->core->space, id) > 0;
}

static void
note_draw(struct rsp_enrp *n)
{
	struct rsp_shared_id *shared = &n->shared_id;
	uint64_t wait_ms = (uint64_t)RSP_SERVER_ID_DRAW_MS << (shared->draws < 6 ? shared->draws : 6);

	shared->draws++;
	shared->next_ms =
		n->core->now_ms + (wait_ms < RSP_SERVER_ID_DRAW_MAX_MS ? wait_ms : RSP_SERVER_ID_DRAW_MAX_MS);
	rsp_wheel_cancel(&n->wheel, &shared->timer.timer);
}

static void
record(struct rsp_enrp *n, uint32_t former, uint32_t now)
{
	struct rsp_event event = { .kind = RSP_EVENT_SERVER_ID_DRAWN,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .peer_id = former,
				   .peer_name = n->core->name,
				   .by_id = now,
				   .count = rsp_home_count(n->core->space, former) };

	n->core->ops->record(n->core->ctx, &event);
}

/* A connection belongs to the server id with which its first message was sent: close those to registrars, but not those to
 * monitors. */
static void
close_links(struct rsp_enrp *n)
{
	struct rsp_link *link;

	LIST_FOREACH(link, &n->core->all_links, of_all)
		if (link->info.protocol == RSP_ENRP && link->state == RSP_LINK_UP && link->info.role != RSP_ROLE_MONITOR)
			rsp_link_cut(n->core, link);
	for (unsigned i = 0; i < n->n_peers; i++) {
		n->peer[i]->link_in = 0;
		rsp_download_fail(n, n->peer[i], RSP_REASON_PEER_DISCONNECTED);
		rsp_gap_lost(&n->peer[i]->gap);
	}
}

/* Dial all contacts soon: those that refused the former id accept the new one. */
static void
dial_again(struct rsp_enrp *n)
{
	for (unsigned i = 0; i < n->n_contacts; i++) {
		struct rsp_contact *contact = n->contact[i];

		contact->failures = contact->n_brief = 0;
		if (contact->state != RSP_CONTACT_DIALLING)
			rsp_contact_reset(n, contact, true);
	}
}

/* This registrar is taking over peers: their elements get its new id. */
static void
move_takeovers(struct rsp_enrp *n, uint32_t former)
{
	for (unsigned i = 0; i < n->n_peers; i++) {
		struct rsp_takeover *takeover = &n->peer[i]->takeover;

		if (takeover->moving_to == former)
			takeover->moving_to = n->core->config.server_id;
	}
}

/* @m is linked: state that the new id has taken it over. Its next registration is above that. */
static void
take(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_element *e = rsp_member_element(m);
	struct rsp_statement taken = rsp_element_statement(e);

	if (taken.rank < RSP_RANK_TAKEN_MAX)
		taken.rank++;
	if (!rsp_element_restate(core->space, e, core->config.server_id, &taken))
		rsp_member_note(core, m, RSP_NEWS_ADD);
	/* else there is no memory for the new home: the other registrar looks at @m, and it registers again */
}

/* The statements about the own elements name @former as their home, which is the other registrar now. */
static void
move_elements(struct rsp_enrp *n, uint32_t former)
{
	struct rsp_element *e, *next;

	for (e = rsp_home_first(n->core->space, former); e; e = next) {
		struct rsp_member *m = rsp_member(e);

		next = rsp_home_next(e);
		if (rsp_member_is_linked(m))
			take(n->core, m);
		else if (m->phase != RSP_MEMBER_OLD)
			rsp_member_let_go(n->core, m); /* it may be an element of the other registrar, which looks at it */
	}
	if (rsp_home_count(n->core->space, former) > 0)
		(void)rsp_peer_get(n, former); /* if no registrar has this id now, it is taken over */
}

static void
change(struct rsp_enrp *n, uint32_t id)
{
	struct rsp_core *core = n->core;
	uint32_t former = core->config.server_id;

	record(n, former, id);
	close_links(n);
	dial_again(n);
	core->config.server_id = id;
	rsp_handlespace_count_pools_of(core->space, id);
	rsp_ring_restart(&n->ring);
	move_takeovers(n, former);
	move_elements(n, former);
	if (core->state == RSP_REGISTRAR_JOINING)
		rsp_join_begin(n);
}

bool
rsp_server_id_settle(struct rsp_enrp *n)
{
	uint32_t id;

	if (!n->shared_id.draw)
		return false;
	n->shared_id.draw = false;
	do
		id = rsp_rng_id(&n->core->rng);
	while (is_taken(n, id));
	note_draw(n);
	change(n, id);
	return true;
}
