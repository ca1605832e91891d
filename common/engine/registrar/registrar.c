#include "engine/registrar/registrar.h"

#include <stdlib.h>
#include <string.h>

#include "engine/registrar/liveness.h"
#include "engine/registrar/reach.h"
#include "engine/registrar/registration.h"
#include "engine/registrar/report.h"
#include "engine/registrar/rights.h"
#include "engine/registrar/state.h"

static bool
is_possible(const struct rsp_registrar_config *config)
{
	return config->server_id != 0 && config->max_items != 0 && config->max_links != 0 &&
	       config->keepalive_timeout_ms != 0 && config->max_bad_pe_report < UINT8_MAX &&
	       config->n_contacts <= RSP_CONTACTS_MAX && config->peer_heartbeat_cycle_ms != 0 &&
	       config->max_time_last_heard_ms != 0 && config->max_time_no_response_ms != 0 &&
	       config->max_adoptions != 0 && !(config->name && strlen(config->name) > RSP_OWNER_MAX);
}

static enum rsp_err
init_core(struct rsp_core *core, const struct rsp_registrar_config *config)
{
	core->key = (struct rsp_hash_key){ .k0 = rsp_rng_u64(&core->rng), .k1 = rsp_rng_u64(&core->rng) };
	core->config = *config;
	STAILQ_INIT(&core->changed);
	TAILQ_INIT(&core->first_looks);
	TAILQ_INIT(&core->looks);
	rsp_wheel_init(&core->expiry, core->now_ms);
	rsp_wheel_init(&core->liveness, core->now_ms);
	rsp_wheel_init(&core->push, core->now_ms);
	core->space = rsp_handlespace_new(&config->limits, core->key, sizeof(struct rsp_member));
	core->name = config->name ? strdup(config->name) : NULL;
	core->config.name = core->name;
	if (!core->space || (config->name && !core->name) ||
	    rsp_tombs_init(&core->tombs, config->max_tombstones, config->max_identity_tombstones, core->key) || rsp_link_init(core) ||
	    rsp_account_init(&core->accounts))
		return RSP_ENOMEM;
	rsp_handlespace_count_pools_of(core->space, config->server_id);
	return RSP_OK;
}

enum rsp_err
rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
		  struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret)
{
	if (!is_possible(config))
		return RSP_EUSAGE;
	struct rsp_registrar *r = calloc(1, sizeof(*r));
	if (!r)
		return RSP_ENOMEM;
	r->core.ops = ops;
	r->core.ctx = ctx;
	r->core.rng = rng;
	r->core.now_ms = now_ms;
	enum rsp_err err = init_core(&r->core, config);
	rsp_hold_init(&r->hold, &r->resolver);
	if (!err)
		err = rsp_resolve_init(&r->resolver, &r->core);
	if (!err)
		err = rsp_enrp_new(&r->core, &r->enrp);
	if (err) {
		rsp_registrar_free(r);
		return err;
	}
	*ret = r;
	return RSP_OK;
}

/* The end of the turn. Only here are links, elements, contacts and peers freed and takeovers
 * completed, and only here do peers and subscribers get messages about changes: one for each
 * changed object, even if it changed several times. */

static void
settle_link(struct rsp_registrar *r, struct rsp_link *link)
{
	struct rsp_core *core = &r->core;

	rsp_look_link_down(core, link);
	rsp_liveness_link_down(core, link);
	rsp_subscription_link_down(core, link);
	rsp_hold_link_down(&r->hold, link);
	if (link->info.protocol == RSP_ENRP)
		rsp_enrp_link_down(r->enrp, link);
	if (link->we_close)
		core->ops->close(core->ctx, link->id);
	rsp_link_free(core, link);
}

static void
settle_member(struct rsp_registrar *r, struct rsp_member *m)
{
	struct rsp_core *core = &r->core;
	unsigned news = m->news;

	STAILQ_REMOVE_HEAD(&core->changed, changed);
	m->in_changed = false;
	m->news = 0;
	rsp_enrp_settle_member(r->enrp, m, news);
	if (m->phase != RSP_MEMBER_GONE || m->in_changed)
		return;
	if (rsp_member_element(m)->pool->n_elements == 0)
		rsp_resolve_pool_gone(&r->resolver, rsp_member_element(m)->pool);
	rsp_member_free(core, m);
}

static enum rsp_hold_missing
missing(const struct rsp_registrar *r)
{
	if (!rsp_enrp_pools_may_be_missing(r->enrp))
		return RSP_HOLD_NOTHING;
	return rsp_enrp_is_behind(r->enrp) ? RSP_HOLD_KNOWN : RSP_HOLD_PERHAPS;
}

static void
settle(struct rsp_registrar *r)
{
	struct rsp_core *core = &r->core;

	for (;;) {
		if (!TAILQ_EMPTY(&core->closing))
			settle_link(r, TAILQ_FIRST(&core->closing));
		else if (rsp_enrp_settle(r->enrp))
			continue;
		else if (!STAILQ_EMPTY(&core->changed))
			settle_member(r, STAILQ_FIRST(&core->changed));
		else if (!rsp_look_settle(core))
			break;
	}
	rsp_enrp_reap(r->enrp);
	rsp_hold_settle(&r->hold, missing(r));
}

/* The beginning of the turn. A registrar with peers is called at least once in each heartbeat cycle. If the time since
 * the last call is so long that its peers may have taken it over, the process was suspended. */
static void
enter(struct rsp_registrar *r, uint64_t now_ms)
{
	struct rsp_core *core = &r->core;
	uint64_t away_ms = now_ms > core->now_ms ? now_ms - core->now_ms : 0;
	uint64_t cycle_ms = core->config.peer_heartbeat_cycle_ms;
	uint64_t most_ms = (uint64_t)core->config.max_time_last_heard_ms + core->config.max_time_no_response_ms;

	most_ms = most_ms > 2 * cycle_ms ? most_ms - cycle_ms : cycle_ms;
	core->now_ms = now_ms;
	if (away_ms > most_ms && core->state == RSP_REGISTRAR_SERVING && rsp_enrp_n_peers(r->enrp) > 0) {
		rsp_enrp_was_away(r->enrp, away_ms);
		settle(r);
	}
}

void
rsp_registrar_leave(struct rsp_registrar *r)
{
	r->core.state = RSP_REGISTRAR_LEAVING;
	rsp_link_close_all(&r->core);
	rsp_enrp_leave(r->enrp);
	settle(r);
}

/* Free the memory of all members, which the handlespace does not know. */
static void
forget_members(struct rsp_core *core)
{
	struct rsp_element *e;
	struct rsp_walk walk;

	rsp_walk_begin(core->space, &walk, 0);
	while ((e = rsp_walk_next(&walk))) {
		rsp_member_clear_reports(rsp_member(e));
		rsp_member_clear_pending(rsp_member(e));
	}
	rsp_walk_end(&walk);
}

void
rsp_registrar_free(struct rsp_registrar *r)
{
	if (!r)
		return;
	struct rsp_core *core = &r->core;
	if (r->enrp) {
		rsp_link_close_all(core);
		core->state = RSP_REGISTRAR_LEAVING;
		while (!TAILQ_EMPTY(&core->closing)) {
			TAILQ_FIRST(&core->closing)->we_close = false;
			settle_link(r, TAILQ_FIRST(&core->closing));
		}
	}
	rsp_enrp_free(r->enrp);
	if (core->space)
		forget_members(core);
	rsp_handlespace_free(core->space);
	rsp_tombs_done(&core->tombs);
	rsp_table_done(&core->dials);
	rsp_table_done(&core->links);
	rsp_resolve_done(&r->resolver);
	rsp_account_done(&core->accounts);
	free(core->name);
	free(r);
}

/* Events. Each function is one turn. */

static enum rsp_err
link_up(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_link_info *info)
{
	struct rsp_core *core = &r->core;
	struct rsp_why why = { 0 };
	enum rsp_err err = rsp_link_up(core, link, info);

	if (err) {
		why.err = err;
		rsp_link_lost(core, link, &why);
		return err;
	}
	if (info->protocol == RSP_ENRP)
		rsp_enrp_link_up(r->enrp, link);
	else if (link->dialled)
		rsp_look_link_up(core, link);
	return RSP_OK;
}

/* Whether this registrar accepts a connection. While it joins, users find another registrar, which knows more; but elements
 * register: if all registrars have started, none of them would take an element for some time. In plain text, the first
 * question shows that it is a user: resolution_received(). */
static bool
may_come(const struct rsp_core *core, const struct rsp_link_info *info)
{
	return core->state == RSP_REGISTRAR_SERVING || info->protocol == RSP_ENRP || info->role == RSP_ROLE_ELEMENT ||
	       core->config.insecure;
}

enum rsp_err
rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	struct rsp_core *core = &r->core;
	bool known = rsp_link_find(core, id) != NULL;

	enter(r, now_ms);
	struct rsp_link *link = rsp_link_find(core, id);
	if (known && !link)
		return RSP_ELIMIT; /* enter() has closed the link, because this registrar joins again */

	if (!may_come(core, info) && !link)
		return RSP_ELIMIT;
	if (core->state == RSP_REGISTRAR_LEAVING || (!link && core->n_links >= core->config.max_links))
		return RSP_ELIMIT;
	bool is_new = !link;
	if (!link)
		link = rsp_link_new(core, id);
	enum rsp_err err = link ? link_up(r, link, info) : RSP_ENOMEM;
	if (link && is_new)
		link->early = core->state == RSP_REGISTRAR_JOINING;
	settle(r);
	return err;
}

void
rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_why *why)
{
	enter(r, now_ms);
	struct rsp_link *link = rsp_link_find(&r->core, id);

	if (!link)
		return;
	rsp_link_lost(&r->core, link, why);
	settle(r);
}

/* RFC 5352 s.2.2.14: send an ASAP_ERROR with @causes, the parts of a message that were not understood. */
static void
send_error(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes causes)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ERROR, .has = RSP_HAS_ERROR, .error = causes };

	if (causes.n)
		rsp_core_send(core, link->id, &msg);
}

static void
not_understood(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes octets, const struct rsp_why *why)
{
	uint8_t room[1024];
	struct rsp_event event = { .kind = RSP_EVENT_MALFORMED,
				   .message_type = octets.n ? octets.p[0] : 0,
				   .cause = why->cause,
				   .why = why };

	core->stats.malformed++;
	rsp_core_record(core, link, event);
	if (why->cause != RSP_CAUSE_NONE && !rsp_registration_undecodable(core, link, octets, why))
		send_error(core, link,
			   rsp_error_compose(why->cause, rsp_message_culprit(octets, why), room, sizeof(room)));
}

/* RFC 5352 s.3.3 */
static void
resolution_received(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_question question;

	if (link->early && r->core.state == RSP_REGISTRAR_JOINING) {
		rsp_link_close(&r->core, link, RSP_ECLOSED);
		return;
	}
	if (!rsp_resolve_check(&r->resolver, link, msg, &question))
		return;
	if (!rsp_pool_find(r->core.space, msg->handle) && rsp_enrp_pools_may_be_missing(r->enrp) &&
	    rsp_hold_question(&r->hold, &question))
		return;
	rsp_resolve_answer(&r->resolver, &question);
}

/* Find the element that the sender over @link acknowledges: that of its identity; else any that is looked at over @link. */
static struct rsp_member *
find_acknowledged(const struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg)
{
	const struct rsp_pool *pool = rsp_pool_find(core->space, msg->handle);
	struct rsp_element *e = rsp_element_find(core->space, pool, msg->pe_id);

	while (e && rsp_member(e)->link != link->id)
		e = rsp_element_next_record(core->space, e);
	return e ? rsp_member(e) : NULL;
}

static void
keep_alive_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_member *m = find_acknowledged(core, link, msg);

	if (m && rsp_member_is_looked_at(m))
		rsp_look_acknowledged(core, link, msg, m);
	else if (m)
		rsp_liveness_acknowledged(core, link, msg, m);
	/* Beyond the RFC: this registrar removed the element, for example because it did not answer. This response makes
	 * it register again. */
	else if (!rsp_element_find(core->space, rsp_pool_find(core->space, msg->handle), msg->pe_id) &&
		 !rsp_rights_no_element(core, link))
		rsp_member_send_unknown(core, link, msg->handle, msg->pe_id, RSP_CAUSE_UNANSWERED);
}

static void
asap_received(struct rsp_registrar *r, struct rsp_link *link, struct rsp_bytes octets)
{
	struct rsp_core *core = &r->core;
	struct rsp_message msg;
	struct rsp_why why;
	uint8_t room[1024];

	if (rsp_message_decode(RSP_ASAP, octets, &msg, &why)) {
		not_understood(core, link, octets, &why);
		return;
	}
	send_error(core, link, rsp_message_unrecognized(&msg, room, sizeof(room)));
	switch (msg.type) {
	case ASAP_REGISTRATION:
		rsp_registration_received(core, link, &msg);
		break;
	case ASAP_DEREGISTRATION:
		rsp_registration_ended(core, link, &msg);
		break;
	case ASAP_HANDLE_RESOLUTION:
		resolution_received(r, link, &msg);
		break;
	case ASAP_ENDPOINT_KEEP_ALIVE_ACK:
		keep_alive_acknowledged(core, link, &msg);
		break;
	case ASAP_ENDPOINT_UNREACHABLE:
		rsp_report_received(core, link, &msg);
		break;
	default: /* RFC 5352 s.4: a registrar ignores all other ASAP messages */
		break;
	}
}

void
rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, struct rsp_bytes octets)
{
	enter(r, now_ms);
	struct rsp_link *link = rsp_link_find(&r->core, id);

	if (!link || link->state != RSP_LINK_UP)
		return;
	r->core.stats.received++;
	if (link->info.protocol == RSP_ENRP)
		rsp_enrp_receive(r->enrp, link, octets);
	else
		asap_received(r, link, octets);
	settle(r);
}

/* RFC 5352 s.3.2: the registration life of @m is over. */
static void
life_over(struct rsp_core *core, struct rsp_member *m)
{
	/* A new registration may have arrived, but not been read yet; or be at another registrar, and after a suspension it takes
	 * some exchanges over new connections until that one says so. */
	if (rsp_core_liveness_is_paused(core))
		rsp_wheel_set(&core->expiry, &m->expiry,
			      core->liveness_paused_until_ms + core->config.reconnect_grace_ms);
	else if (m->pending && !rsp_member_is_linked(m)) /* its registration was waited for */
		rsp_member_note(core, m, RSP_NEWS_DROPPED);
	else if (m->pending) /* what has ended is its registration here; the greater statement is not this registrar's to remove */
		rsp_liveness_drop_link(core, m);
	else
		rsp_member_remove(core, m, RSP_REMOVAL_EXPIRED, NULL, NULL);
}

/* @m, which is linked, has not answered a keep-alive in time, or has not registered after a question. */
static void
silent(struct rsp_core *core, struct rsp_member *m)
{
	if (rsp_core_liveness_is_paused(core))
		rsp_member_postpone(core, m, core->liveness_paused_until_ms);
	else
		rsp_liveness_drop_link(core, m);
}

/* The timer of @m has expired. phase.h gives the meaning for each phase. */
static void
member_due(struct rsp_registrar *r, struct rsp_member *m)
{
	switch (m->phase) {
	case RSP_MEMBER_HELD:
		rsp_enrp_member_due(r->enrp, m);
		rsp_member_ask(&r->core, m);
		break;
	case RSP_MEMBER_ASKED:
	case RSP_MEMBER_DOUBTED:
	case RSP_MEMBER_DISPLACED:
		silent(&r->core, m);
		break;
	case RSP_MEMBER_UNLINKED:
		rsp_enrp_member_due(r->enrp, m);
		rsp_look_due(&r->core, m);
		break;
	case RSP_MEMBER_LOOK_DIALLING:
	case RSP_MEMBER_LOOK_ASKED:
	case RSP_MEMBER_LOOK_ANSWERED:
		rsp_look_due(&r->core, m);
		break;
	case RSP_MEMBER_FOREIGN_WAITS:
	case RSP_MEMBER_FOREIGN_LOOK:
	case RSP_MEMBER_OLD:
		rsp_enrp_member_due(r->enrp, m);
		break;
	case RSP_MEMBER_FOREIGN:
	case RSP_MEMBER_LOOK_QUEUED:
	case RSP_MEMBER_GONE:
	case RSP_MEMBER_PHASES:
		break; /* phases without timer */
	}
}

void
rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms)
{
	struct rsp_core *core = &r->core;
	struct rsp_timer *timer;

	if (core->state == RSP_REGISTRAR_LEAVING)
		return;
	enter(r, now_ms);
	rsp_enrp_tick(r->enrp);
	while ((timer = rsp_core_expired(core, &core->expiry)))
		life_over(core, RSP_CONTAINER(timer, struct rsp_member, expiry));
	while ((timer = rsp_core_expired(core, &core->liveness)))
		member_due(r, RSP_CONTAINER(timer, struct rsp_member, timer));
	while ((timer = rsp_core_expired(core, &core->push)))
		rsp_resolve_push(&r->resolver, RSP_CONTAINER(timer, struct rsp_watched_pool, timer));
	settle(r);
}

static void
check_rights(struct rsp_core *core, struct rsp_member *m)
{
	struct rsp_pool_element pe = { 0 };

	if (rsp_member_is_own(core, m)) {
		if (!rsp_rights_own(core, m))
			rsp_member_remove(core, m, RSP_REMOVAL_RIGHTS, NULL, NULL);
		return;
	}
	const struct rsp_element *e = rsp_member_element(m);
	rsp_element_decode(e, &pe);
	/* while its home has it, each audit finds it missing here */
	if (rsp_rights_foreign(core, rsp_pool_handle(e->pool), &pe))
		rsp_member_forget(core, m);
}

void
rsp_registrar_rights_changed(struct rsp_registrar *r, uint64_t now_ms)
{
	struct rsp_core *core = &r->core;
	struct rsp_element *e;
	struct rsp_walk walk;

	enter(r, now_ms);
	if (core->config.insecure || core->state == RSP_REGISTRAR_LEAVING)
		return;
	rsp_walk_begin(core->space, &walk, 0);
	while ((e = rsp_walk_next(&walk)))
		if (e->owner)
			check_rights(core, rsp_member(e));
	rsp_walk_end(&walk);
	rsp_enrp_rights_changed(r->enrp);
	settle(r);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
rsp_registrar_deadline(const struct rsp_registrar *r)
{
	uint64_t next = rsp_wheel_next(&r->core.expiry);

	if (r->core.state == RSP_REGISTRAR_LEAVING)
		return RSP_NEVER;
	next = earlier(next, rsp_wheel_next(&r->core.liveness));
	next = earlier(next, rsp_wheel_next(&r->core.push));
	next = earlier(next, rsp_enrp_deadline(r->enrp));
	return earlier(next, rsp_hold_deadline(&r->hold));
}

/* Functions that only read */

bool
rsp_registrar_link_elements(const struct rsp_registrar *r, uint32_t id)
{
	const struct rsp_link *link = rsp_link_find(&r->core, id);

	return link && !LIST_EMPTY(&link->members);
}

bool
rsp_registrar_link_watches(const struct rsp_registrar *r, uint32_t id)
{
	const struct rsp_link *link = rsp_link_find(&r->core, id);

	return link && link->n_subscriptions > 0;
}

uint32_t
rsp_registrar_server_id(const struct rsp_registrar *r)
{
	return r->core.config.server_id;
}

enum rsp_registrar_state
rsp_registrar_state(const struct rsp_registrar *r)
{
	return r->core.state;
}

struct rsp_registrar_stats
rsp_registrar_stats(const struct rsp_registrar *r)
{
	const struct rsp_core *core = &r->core;
	struct rsp_registrar_stats stats = core->stats;

	stats.links = core->n_links;
	stats.pools = rsp_handlespace_pools(core->space);
	stats.elements = rsp_handlespace_elements(core->space);
	stats.own_elements = rsp_home_count(core->space, core->config.server_id);
	stats.subscriptions = core->n_subscriptions;
	stats.peers = rsp_enrp_n_peers(r->enrp);
	stats.tombstones = core->tombs.table.count;
	return stats;
}

bool
rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret)
{
	return rsp_enrp_view_peer(r->enrp, i, ret);
}

bool
rsp_registrar_absent(const struct rsp_registrar *r, unsigned i, struct rsp_absent_view *ret)
{
	return rsp_enrp_view_absent(r->enrp, i, ret);
}

const struct rsp_handlespace *
rsp_registrar_handlespace(const struct rsp_registrar *r)
{
	return r->core.space;
}
